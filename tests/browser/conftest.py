"""A person at a browser: Debian's Chromium, without windows, before the console and the simulator, both on real ports.

Every test that opens a page here fails at its end if the browser complained: an error or a warning in its console, an
exception in a script, anything that the Content-Security-Policy stopped, or a focus that a swap by htmx lost.
"""

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from servers.simulator import Simulator
from tests.conftest import PASSWORD, TOKEN

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REPORT_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
        console.error(`the policy stopped ${blockedURI} (${violatedDirective})`));
"""
LEAVE_QUIETLY = """
    // What the page that is left still asked for is stopped, which htmx calls an error.
    addEventListener("beforeunload", () => {
        const { error } = console;
        console.error = () => {};
        setTimeout(() => { console.error = error; }, 500);
    });
"""
MAKE_MEMBER = (
    "import django; django.setup(); from django.contrib.auth.models import Group, User;"
    f"User.objects.create_user('mia', password='{PASSWORD}').groups.add(Group.objects.get(name='Manager'))"
)
REPORT_LOST_FOCUS = """
    let held = null;
    let look;
    const hold = () => { if (document.activeElement !== document.body) held = document.activeElement; };
    document.addEventListener("htmx:beforeSwap", hold);
    document.addEventListener("htmx:oobBeforeSwap", hold);
    document.addEventListener("htmx:afterOnLoad", () => {
        // Where a second answer follows at once, its swap has 25 ms, too.
        clearTimeout(look);
        look = setTimeout(() => {
            // A dialog that was closed meanwhile took its focus with it.
            if (held && document.activeElement === document.body && !held.closest("dialog:not([open])"))
                console.error(`a swap lost the focus that stood on ${held.outerHTML.slice(0, 200)}`);
            held = null;
        }, 25);
    });
"""
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs Chromium."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip("needs Debian's chromium-headless-shell"))


@pytest.fixture(scope="session")
def running_chromium() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    roles = connection._test_serialized_contents  # type: ignore[attr-defined]
    with sync_playwright() as playwright:
        # In a thread with a loop Django opens another connection, which must know what the migrations made, too.
        connection._test_serialized_contents = roles  # type: ignore[attr-defined]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)
        browser.close()


@pytest.fixture
def chromium(
    transactional_db: None,
    django_db_serialized_rollback: None,
    running_chromium: tuple[Browser, asyncio.AbstractEventLoop],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Browser]:
    """The browser, started once. Its event loop stays in this thread between two calls, and Django then takes the test
    for asynchronous code with database connections of its own; so the loop is shown only while a test uses it."""
    browser, loop = running_chromium
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    asyncio._set_running_loop(loop)
    yield browser
    connections.close_all()
    asyncio._set_running_loop(None)


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about."""
    return []


@pytest.fixture
def forgiven() -> list[str]:
    """What a test provokes on purpose, like "422": complaints that hold one of these texts do not count."""
    return []


@pytest.fixture
def open_page(
    chromium: Browser,
    live_server: Any,
    simulator: Simulator,
    complaints: list[str],
    forgiven: list[str],
) -> Iterator[OpenPage]:
    """Opens a browser window of its own, signed in as nobody or with the session of a Django test client."""
    contexts = []

    def open_(
        client: Client | None = None, *, javascript: bool = True, phone: bool = False, dark: bool = False
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            java_script_enabled=javascript,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            color_scheme="dark" if dark else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        if client is not None:
            context.add_cookies(
                [
                    {"name": name, "value": cookie.value, "url": live_server.url}
                    for name, cookie in client.cookies.items()
                ]
            )
        context.add_init_script(REPORT_VIOLATIONS)
        context.add_init_script(REPORT_LOST_FOCUS)
        context.add_init_script(LEAVE_QUIETLY)
        context.on(
            "console",
            lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        return context.new_page()

    yield open_
    for context in contexts:
        context.close()
    assert [text for text in complaints if not any(part in text for part in forgiven)] == []


@pytest.fixture(scope="session")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files, collected and compressed; those of Django's admin, which take longest, are left out."""
    root = tmp_path_factory.mktemp("static")
    environment = {
        "SECRET_KEY": "a key for these tests only, which opens nothing outside of it",
        "STATIC_ROOT": str(root),
        "DJANGO_SETTINGS_MODULE": "vpspanel.settings",
    }
    command = [sys.executable, "manage.py", "collectstatic", "-v0", "--no-input", "--ignore=admin"]
    subprocess.run(command, env=environment, check=True)
    return root


@pytest.fixture
def served(simulator: Simulator, static_root: Path, tmp_path: Path) -> Iterator[str]:
    """The console behind gunicorn, as it is served for real."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        environment = {
            "SECRET_KEY": "a key for these tests only, which opens nothing outside of it",
            "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
            "STATIC_ROOT": str(static_root),
            "VPS_API_URL": simulator.base_url,  # type: ignore[attr-defined]
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "vpspanel.settings",
        }
        for command in (["manage.py", "migrate", "-v0"], ["-c", MAKE_MEMBER]):
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


@pytest.fixture
def visit(chromium: Browser, served: str) -> Any:
    """What a browser keeps of a Manager who has signed in to the served console and connected: its cookies."""
    with chromium.new_context(base_url=served) as visitor:
        page = visitor.new_page()
        page.goto("/login/")
        page.get_by_label("Name").fill("mia")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_label("Key (API token)", exact=True).fill(TOKEN)
        page.get_by_role("button", name="Connect").click()
        page.wait_for_url(lambda address: "/connect/" not in address)
        return visitor.storage_state()
