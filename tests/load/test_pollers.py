"""200 open pages on one account, two processes on Redis: VPS.org is asked once per tick, whoever watches."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from servers.simulator import Simulator
from tests.conftest import PASSWORD, TOKEN

POLLERS = 200
TICKS = 6
TICK = 2.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs Debian's redis-server"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {port}")


@pytest.fixture
def redis() -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]
    )
    wait_for(port)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait()


@pytest.fixture
def vps() -> Iterator[Simulator]:
    simulator = Simulator(TOKEN, speed=0)
    simulator.base_url = simulator.start()  # type: ignore[attr-defined]
    yield simulator
    simulator.stop()


@pytest.fixture
def panel(redis: str, vps: Simulator, tmp_path: Path) -> Iterator[str]:
    """The console as it is run for real: two gunicorn processes that share nothing but Redis and the database."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "a key for this test only, which opens nothing outside of it",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "STATIC_ROOT": str(tmp_path / "static"),
        "CACHE_URL": redis,
        "VPS_API_URL": vps.base_url,  # type: ignore[attr-defined]
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "vpspanel.settings",
    }
    make_member = (
        "import django; django.setup(); from django.contrib.auth.models import Group, User;"
        f"User.objects.create_user('vera', password='{PASSWORD}').groups.add(Group.objects.get(name='Viewer'))"
    )
    for command in (
        ["manage.py", "migrate", "-v0"],
        ["manage.py", "collectstatic", "-v0", "--no-input"],
        ["-c", make_member],
    ):
        subprocess.run([sys.executable, *command], env=environment, check=True)
    command = ["-m", "gunicorn", "vpspanel.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    command += ["--threads", "16", "--worker-class", "gthread", "--keep-alive", "30", "--no-control-socket"]
    server = subprocess.Popen([sys.executable, *command], env=environment)
    wait_for(port)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()


def signed_in(panel: str) -> str:
    """The session cookie of somebody who has signed in and connected."""
    browser = requests.Session()
    for address, form in (
        ("/login/", {"login": "vera", "password": PASSWORD}),
        ("/connect/", {"token": TOKEN}),
    ):
        page = browser.get(panel + address)
        assert page.status_code == 200
        form |= {
            "csrfmiddlewaretoken": page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        }
        browser.post(panel + address, form).raise_for_status()
    return f"sessionid={browser.cookies['sessionid']}"


def test_two_hundred_pages_cause_one_question_per_tick(panel: str, vps: Simulator) -> None:
    cookie = signed_in(panel)
    host = panel.removeprefix("http://")
    started = time.monotonic() + 1
    answers: list[int] = []

    def page(number: int) -> None:
        link = http.client.HTTPConnection(host, timeout=30)
        for tick in range(TICKS):
            time.sleep(max(0, started + (tick + number / POLLERS) * TICK - time.monotonic()))
            link.request("GET", "/servers/poll/?ids=12345", headers={"Cookie": cookie, "HX-Request": "true"})
            response = link.getresponse()
            response.read()
            answers.append(response.status)
        link.close()

    vps.seen.clear()
    pages = [threading.Thread(target=page, args=(number,)) for number in range(POLLERS)]
    for thread in pages:
        thread.start()
    for thread in pages:
        thread.join()
    took = time.monotonic() - started
    assert len(answers) == POLLERS * TICKS and set(answers) <= {200, 204}
    assert set(vps.lines) == {("GET", "/servers/")}
    # By the time that it really took, so that a slow machine changes nothing about the ratio.
    per_tick = len(vps.lines) / (took / TICK)
    print(f"{len(vps.lines)} list calls in {took:.1f} s: {per_tick:.2f} per tick of {TICK:.0f} s")  # noqa: T201
    assert per_tick <= 1.2
