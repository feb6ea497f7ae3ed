"""What the first visit costs: everything that Chromium loads for the list, as the console is served for real."""

import gzip
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from servers.simulator import Simulator
from tests.browser.conftest import DESK
from tests.conftest import PASSWORD, TOKEN

MOST = 60 * 1024
MAKE_MEMBER = (
    "import django; django.setup(); from django.contrib.auth.models import Group, User;"
    f"User.objects.create_user('vera', password='{PASSWORD}').groups.add(Group.objects.get(name='Viewer'))"
)


@pytest.fixture
def served(simulator: Simulator, tmp_path: Path) -> Iterator[str]:
    """The console behind gunicorn, its static files collected and compressed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        environment = {
            "SECRET_KEY": "a key for this test only, which opens nothing outside of it",
            "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
            "STATIC_ROOT": str(tmp_path / "static"),
            "VPS_API_URL": simulator.base_url,  # type: ignore[attr-defined]
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "vpspanel.settings",
        }
        for command in (
            ["manage.py", "migrate", "-v0"],
            ["manage.py", "collectstatic", "-v0", "--no-input"],
            ["-c", MAKE_MEMBER],
        ):
            subprocess.run([sys.executable, *command], env=environment, check=True)
        options = [f"--bind=fd://{listener.fileno()}", "--worker-class=gthread", "--threads=4"]
        console = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "vpspanel.wsgi", *options, "--no-control-socket"],
            env=environment,
            pass_fds=[listener.fileno()],
        )
        yield f"http://127.0.0.1:{port}"
        console.terminate()
        console.wait()


@pytest.mark.slow
def test_the_first_visit_to_the_list_is_under_60_kilobytes(chromium: Browser, served: str) -> None:
    with chromium.new_context(base_url=served, viewport=DESK) as visitor:  # type: ignore[arg-type]
        page = visitor.new_page()
        page.goto("/login/")
        page.get_by_label("Name").fill("vera")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Key (API token)").fill(TOKEN)
        page.get_by_role("button", name="Connect").click()
        page.wait_for_url("**/servers/")
        session = visitor.storage_state()

    # A browser that has the session, and no file yet.
    with chromium.new_context(base_url=served, viewport=DESK, storage_state=session) as visitor:  # type: ignore[arg-type]
        page = visitor.new_page()
        loaded = []
        page.on("response", lambda response: loaded.append(response))
        page.goto("/servers/")
        page.wait_for_load_state("networkidle")
        # A proxy compresses the page itself: the console does not, because its secrets stand beside what was typed.
        weights = {
            response.url: len(gzip.compress(response.body()))
            if response.request.resource_type == "document"
            else response.request.sizes()["responseBodySize"]
            for response in loaded
        }
    assert any("htmx" in address for address in weights)
    assert sum(weights.values()) < MOST, weights
