"""`manage.py demo` as a person meets it: programs, ports and signals, nothing replaced."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from servers.management.commands.demo import collect_static_files

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]
Demo = subprocess.Popen[str]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def child_of(parent: int, word: str) -> int:
    """The process that this one started with that word in its command line."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status, command = (process / "status").read_text(), (process / "cmdline").read_text()
        except OSError:
            continue  # it ended meanwhile
        if f"\nPPid:\t{parent}\n" in status and word in command:
            return int(process.name)
    raise LookupError(word)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demos of this file keep their data and static files, one after the other."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def start(state: Path) -> Iterator[Callable[[int], Demo]]:
    """Starts a demo at a port; all are ended after the test."""
    demos: list[Demo] = []

    def start_demo(port: int) -> Demo:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("VPS_API_")
        } | {
            "DJANGO_SETTINGS_MODULE": "vpspanel.settings",
            "SECRET_KEY": "a key for the tests only, which opens nothing outside of them",
            "DATABASE_URL": f"sqlite:///{state}/db.sqlite3",
            "STATIC_ROOT": str(state / "static"),
            "CACHE_URL": "",
            "TRUST_PROXY": "off",
            "PORT": str(port),
        }
        demos.append(
            subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=CHECKOUT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return demos[-1]

    yield start_demo
    for demo in demos:
        demo.terminate()
        demo.communicate(timeout=60)


def welcome(demo: Demo) -> str:
    """What the demo says, up to its last line."""
    assert demo.stdout
    said = ""
    for line in demo.stdout:
        said += line
        if line.startswith("Ctrl-C"):
            return said
    assert demo.stderr
    pytest.fail(f"the demo ended: {said}{demo.stderr.read()}")


def send(browser: requests.Session, page: str, **fields: str) -> requests.Response:
    """Fill in the form of a page and send it."""
    key = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(page, timeout=30).text)[0]
    return browser.post(page, data={"csrfmiddlewaretoken": key} | fields, timeout=30)


def test_its_welcome_is_all_that_is_needed_to_see_the_servers(start: Callable[[int], Demo]) -> None:
    said = welcome(start(free_port()))
    address = re.findall(r"http://127\.0\.0\.1:\d+/", said)[0]
    token = re.findall(r"\bvps_\w+", said)[0]
    people = re.findall(r"(\w+) +(\w+-demo-\d+)", said)
    assert [name for name, _ in people] == ["viewer", "operator", "manager"]
    for name, password in people:
        with requests.Session() as browser:
            browser.trust_env = False
            send(browser, f"{address}login/", login=name, password=password)
            send(browser, f"{address}connect/", token=token)
            assert "web-server-01" in browser.get(f"{address}servers/", timeout=30).text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_of_it(start: Callable[[int], Demo], number: signal.Signals) -> None:
    port = free_port()
    demo = start(port)
    welcome(demo)
    simulator = child_of(demo.pid, "runsimulator")
    demo.send_signal(number)
    _, said = demo.communicate(timeout=60)
    assert (demo.returncode, said) == (0, "")
    assert not answers(port)
    assert not Path(f"/proc/{simulator}").exists()


@pytest.mark.parametrize(
    ("program", "other", "name"),
    [("runsimulator", "gunicorn", "the simulator"), ("gunicorn", "runsimulator", "the console")],
)
def test_it_does_not_go_on_with_half_of_it(
    start: Callable[[int], Demo], program: str, other: str, name: str
) -> None:
    demo = start(free_port())
    welcome(demo)
    survivor = child_of(demo.pid, other)
    os.kill(child_of(demo.pid, program), signal.SIGKILL)
    _, said = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert f"{name} ended by itself" in said.splitlines()[-1]
    assert not Path(f"/proc/{survivor}").exists()


def test_a_second_one_says_that_the_port_is_used_and_leaves_the_first_alone(
    start: Callable[[int], Demo],
) -> None:
    port = free_port()
    welcome(start(port))
    second = start(port)
    _, said = second.communicate(timeout=60)
    assert second.returncode == 1
    assert said.count("\n") == 1
    assert f"port {port} is used" in said
    assert answers(port)


def test_static_files_are_collected_again_when_one_has_changed_and_only_then(
    tmp_path: Path, settings: Any
) -> None:
    settings.STATICFILES_DIRS = [tmp_path / "static"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    sheet, collected = tmp_path / "static" / "sheet.css", tmp_path / "collected" / "sheet.css"
    sheet.parent.mkdir()
    sheet.write_text("body { color: black }")
    collect_static_files()
    assert collected.read_text() == "body { color: black }"

    collected.write_text("not touched")
    os.utime(collected, (0, 0))  # older than the sheet, so that collecting would replace it
    collect_static_files()
    assert collected.read_text() == "not touched"

    sheet.write_text("body { color: navy }")
    collect_static_files()
    assert collected.read_text() == "body { color: navy }"

    (collected.parent / "staticfiles.json").unlink()
    collect_static_files()
    assert (collected.parent / "staticfiles.json").exists()
