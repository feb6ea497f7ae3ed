"""Without a mouse: to a server's menu, through the question, and back."""

from django.test import Client
from playwright.sync_api import Page, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until it has the focus."""
    for _ in range(200):
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector}")


def test_it_stops_a_server_by_keyboard_and_comes_back(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    page.goto("/servers/?q=web-server")
    tab_to(page, "#more-12345")
    page.keyboard.press("Enter")
    tab_to(page, "#stop-12345")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Keep it running")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Stop web-server-01")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#state-12345")).to_contain_text("Stopping…")
    expect(page.locator("#more-12345")).to_be_focused()
    assert ("POST", "/servers/12345/stop/") in simulator.lines


def test_it_opens_a_menu_and_escape_closes_it_with_the_focus_on_it(
    open_page: OpenPage, operator: Client
) -> None:
    page = open_page(operator)
    page.goto("/servers/?q=web-server")
    tab_to(page, "#more-12345")
    page.keyboard.press("Space")
    expect(page.locator("details.menu[open]")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    expect(page.locator("#more-12345")).to_be_focused()


def test_it_skips_to_the_content(open_page: OpenPage, operator: Client) -> None:
    page = open_page(operator)
    page.goto("/servers/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_it_reaches_a_button_that_cannot_be_pressed_and_reads_the_reason(
    open_page: OpenPage, viewer: Client, simulator: Simulator
) -> None:
    page = open_page(viewer)
    page.goto("/servers/12345/")
    tab_to(page, "#stop-12345")
    page.keyboard.press("Enter")
    expect(page.locator("#stop-12345")).to_be_focused()
    expect(page.locator("#stop-12345")).to_have_accessible_description(
        "You can look at servers, but not change them."
    )
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [line for line in simulator.lines if line[0] != "GET"] == []
