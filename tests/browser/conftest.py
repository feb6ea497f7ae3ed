"""A person at a browser: Debian's Chromium in front of the console and the simulator, both on real ports.

Every test that opens a page here fails at its end if the browser complained: an error or a warning in its console, an
exception in a script, or anything that the Content-Security-Policy stopped.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from servers.simulator import Simulator

CHROMIUM = shutil.which("chromium")
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
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs Chromium."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip("needs Debian's chromium"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Playwright's event loop runs in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about. A test that provokes an answer of 4xx or 5xx takes it off with `expected`."""
    return []


@pytest.fixture
def open_page(
    chromium: Browser,
    live_server: Any,
    django_db_serialized_rollback: None,
    simulator: Simulator,
    complaints: list[str],
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
        context.on(
            "console",
            lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        return context.new_page()

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def expected(complaints: list[str]) -> Callable[[str], None]:
    """Takes the complaint about an answer that the test provoked off the list: there has to be one."""

    def take(text: str) -> None:
        matching = [complaint for complaint in complaints if text in complaint]
        assert matching, f"nobody complained about {text!r}, but about {complaints}"
        complaints[:] = [complaint for complaint in complaints if complaint not in matching]

    return take
