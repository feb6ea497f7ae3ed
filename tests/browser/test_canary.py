"""What a browser is told and keeps: no key anywhere, nothing of the account in its storage; and what is left in another
tab when somebody signs out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, Request, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.browser.test_journey import create, newest, sign_in_and_connect
from tests.browser.test_start import samples
from tests.canary import holds, tells
from tests.conftest import TOKEN

KEPT = """async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope),
    cookies: document.cookie,
    history: history.state,
    name: window.name,
})"""
"""All that a script of the page could find in the browser's storage."""

NOTHING = {
    "local": {},
    "session": {},
    "databases": [],
    "caches": [],
    "workers": [],
    "cookies": "",
    "name": "",
}


def kept(page: Page) -> dict[str, Any]:
    """What the browser keeps of the page, without the mark that htmx leaves on an address that it has pushed."""
    stored: dict[str, Any] = page.evaluate(KEPT)
    assert stored.pop("history") in (None, {"htmx": True})
    return stored


@pytest.fixture
def mia(member: Callable[..., User]) -> User:
    return member("mia", "Manager")


def test_a_whole_journey_leaves_neither_the_key_nor_anything_of_the_account_in_the_browser(
    open_page: OpenPage, simulator: Simulator, mia: User, forgiven: list[str]
) -> None:
    forgiven.append("htmx:")  # A poll that is under way when somebody leaves the page ends without an answer.
    page = open_page()
    asked: list[Request] = []
    page.context.on("request", lambda request: asked.append(request))

    sign_in_and_connect(page)
    assert kept(page) == NOTHING
    page.go_back()
    expect(page.get_by_label("Key (API token)", exact=True)).to_have_value("")
    page.go_forward()
    page.get_by_role("link", name="Servers", exact=True).click()
    page.get_by_role("searchbox").fill("shop")
    page.wait_for_url("**/servers/?q=shop**")
    assert kept(page) == NOTHING

    samples("12345")
    page.goto("/servers/12345/")
    page.get_by_role("link", name="Last month").click()
    page.wait_for_url("**/servers/12345/?usage=month")
    page.get_by_role("link", name="Stop web-server-01").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop web-server-01").click()
    expect(page.get_by_text("Asked VPS.org to stop web-server-01.")).to_be_visible()
    assert kept(page) == NOTHING

    page.goto("/servers/12345/edit/")
    page.get_by_label("Internet name (hostname)", exact=True).fill("diary.example.com")
    page.get_by_role("button", name="Save the changes").click()
    expect(page.get_by_text("Saved the changes to web-server-01 at VPS.org.")).to_be_visible()
    assert kept(page) == NOTHING

    page.goto("/servers/")
    create(page, "blog-1")
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    assert kept(page) == NOTHING

    page.goto(f"/servers/{newest(simulator)}/delete/")
    page.get_by_label("Type the name of the server").fill("blog-1")
    page.clock.install()
    page.get_by_role("button", name="Delete blog-1 forever").click()
    page.clock.run_for(10_000)
    expect(page.get_by_text("blog-1 was deleted for ever.")).to_be_visible()
    assert kept(page) == NOTHING

    page.goto("/connect/")
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("The console has forgotten your key.")).to_be_visible()
    assert kept(page) == NOTHING
    assert not tells(TOKEN, str(page.context.storage_state()))

    assert len(asked) > 50
    ours = page.url.removesuffix("/connect/") + "/"
    for request in asked:
        headers = request.all_headers()
        assert request.url.startswith(ours)
        assert headers.get("referer", ours).startswith(ours)
        # The key is in the one form that was sent, and nowhere else.
        assert not holds(TOKEN, f"{request.url} {headers}")
    assert sum(holds(TOKEN, request.post_data or "") for request in asked) == 1


def test_after_signing_out_another_tab_leads_to_sign_in_and_shows_no_row_any_more(
    open_page: OpenPage, manager: Client, simulator: Simulator, forgiven: list[str]
) -> None:
    forgiven.append("htmx:")
    left = open_page(manager)
    left.goto("/servers/")
    expect(left.get_by_role("row", name="web-server-01")).to_be_visible()
    detail = left.context.new_page()
    detail.goto("/servers/12345/")
    expect(detail.locator("#address-12345")).to_contain_text("203.0.113.10")
    leaving = left.context.new_page()
    leaving.goto("/me/")
    leaving.locator(".frame__person summary").click()
    leaving.get_by_role("button", name="Sign out").click()
    leaving.wait_for_url("**/login/**")
    simulator.seen.clear()
    for page in (left, detail):
        expect(page.locator("#alerts")).to_contain_text("You are signed out.")
        expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
        expect(page.get_by_text("web-server-01")).to_have_count(0)
        expect(page.get_by_text("203.0.113.10")).to_have_count(0)
        assert "203.0.113.10" not in page.content()
        page.get_by_role("link", name="Sign in again").click()
        page.wait_for_url("**/login/**")
        page.go_back()
        expect(page.get_by_text("web-server-01")).to_have_count(0)
    assert simulator.seen == []
