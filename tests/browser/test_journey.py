"""From sign-in to deletion, as a person does it: with JavaScript and without."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.conftest import PASSWORD, TOKEN

SETTLED = 300
"""After so many simulated seconds every change is over."""


def sign_in_and_connect(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("mia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Key (API token)", exact=True).fill(TOKEN)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Servers", exact=True)).to_be_visible()


def create(page: Page, name: str) -> None:
    page.get_by_role("link", name="New server").click()
    page.get_by_label("Name", exact=True).fill(name)
    for group, choice in (("Size", "Standard VPS"), ("System", "Debian 12"), ("Location", "us-west")):
        page.get_by_role("group", name=group).get_by_role("radio", name=choice).check()
    page.get_by_label("Internet name (hostname)", exact=True).fill("blog.example.com")
    page.get_by_role("button", name="Create the server").click()


def newest(simulator: Simulator) -> int:
    return max(simulator.account().servers)


@pytest.fixture
def mia(member: Callable[..., User]) -> User:
    return member("mia", "Manager")


def test_it_leads_from_sign_in_to_deletion(open_page: OpenPage, simulator: Simulator, mia: User) -> None:
    page = open_page()
    sign_in_and_connect(page)

    create(page, "blog-1")
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    server = newest(simulator)
    state = page.locator(f"#state-{server}")
    expect(state).to_contain_text("Being set up")
    expect(page.locator(f"#address-{server}")).to_have_text("Comes when set-up is finished.")
    simulator.clock.advance(SETTLED)
    expect(state).to_contain_text("Running")
    expect(page.locator(f"#address-{server}")).to_contain_text("198.51.100.")

    page.get_by_role("link", name="Stop blog-1").click()
    dialog = page.get_by_role("dialog", name="Stop blog-1?")
    dialog.get_by_role("button", name="Stop blog-1").click()
    expect(dialog).to_be_hidden()
    expect(state).to_contain_text("Stopping…")
    expect(page.get_by_text("Asked VPS.org to stop blog-1.")).to_be_visible()
    simulator.clock.advance(SETTLED)
    expect(state).to_contain_text("Stopped")

    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("diary")
    page.get_by_role("button", name="Save the name").click()
    expect(page.get_by_role("heading", name="diary")).to_be_visible()

    switch = page.get_by_role("switch", name="Automatic backups")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()

    page.get_by_role("link", name="Delete forever").click()
    page.get_by_label("Type the name of the server").fill("Diary")
    page.clock.install()
    page.get_by_role("button", name="Delete diary forever").click()
    expect(page.get_by_text("diary will be deleted in 10 seconds.")).to_be_visible()
    page.clock.run_for(10_000)
    expect(page.get_by_text("diary was deleted for ever.")).to_be_visible()
    assert server not in simulator.account().servers
    expect(page.get_by_role("link", name="diary")).to_have_count(0)
    changes = [(method, path) for method, path in simulator.lines if method != "GET"]
    assert changes == [
        ("POST", "/servers/"),
        ("POST", f"/servers/{server}/stop/"),
        ("PATCH", f"/servers/{server}/"),
        ("PATCH", f"/servers/{server}/"),
        ("DELETE", f"/servers/{server}/"),
    ]


def test_it_leads_from_sign_in_to_deletion_without_javascript(
    open_page: OpenPage, simulator: Simulator, mia: User
) -> None:
    page = open_page(javascript=False)
    sign_in_and_connect(page)

    create(page, "blog-1")
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    server = newest(simulator)
    state = page.locator(f"#state-{server}")
    expect(state).to_contain_text("Being set up")
    simulator.clock.advance(SETTLED)
    page.reload()
    expect(state).to_contain_text("Running")

    page.get_by_role("link", name="Stop blog-1").click()
    expect(page.get_by_role("heading", name="Stop blog-1?")).to_be_visible()
    page.get_by_role("button", name="Stop blog-1").click()
    expect(page.get_by_text("Asked VPS.org to stop blog-1.")).to_be_visible()
    simulator.clock.advance(SETTLED)
    page.reload()
    expect(state).to_contain_text("Stopped")

    page.get_by_role("button", name="Start blog-1", exact=True).click()
    expect(page.get_by_text("Asked VPS.org to start blog-1.")).to_be_visible()
    expect(state).to_contain_text("Starting…")

    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("diary")
    page.get_by_role("button", name="Save the changes").click()
    expect(page.get_by_role("heading", name="diary")).to_be_visible()

    page.get_by_role("switch", name="Automatic backups").click()
    expect(page.get_by_text("Automatic backups are on.")).to_be_visible()
    expect(page.get_by_role("switch", name="Automatic backups")).to_be_checked()

    page.get_by_role("link", name="Delete forever").click()
    page.get_by_label("Type the name of the server").fill("diary")
    page.get_by_role("button", name="Delete diary forever").click()
    expect(page.get_by_text("diary was deleted for ever.")).to_be_visible()
    assert server not in simulator.account().servers


def test_it_keeps_a_mistyped_server_and_says_why(
    open_page: OpenPage, manager: Client, simulator: Simulator, forgiven: list[str]
) -> None:
    page = open_page(manager)
    page.goto("/servers/12345/delete/")
    page.get_by_label("Type the name of the server").fill("web-server-02")
    page.get_by_role("button", name="Delete web-server-01 forever").click()
    expect(page.get_by_text("This is not the name of the server.")).to_be_visible()
    assert 12345 in simulator.account().servers
    forgiven.append("422")
