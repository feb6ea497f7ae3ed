"""Without a mouse: to a menu, through the question and back; and from sign-in to sign-out, with the focus in sight."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Locator, Page, expect

from servers.models import Draft
from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.browser.eyes import covered
from tests.conftest import PASSWORD, TOKEN


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


def focus(page: Page, element: Locator) -> None:
    """Press Tab until this element has the focus; on the way nothing lies over what has it."""
    expect(element).to_be_visible()
    for _ in range(250):
        if element.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
        assert covered(page) == ""
    raise AssertionError(f"Tab never reaches {element}")


def press(page: Page, role: Any, name: str, key: str = "Enter", *, exact: bool = False) -> None:
    """Go to a button or link by Tab, and press it."""
    focus(page, page.get_by_role(role, name=name, exact=exact).first)
    page.keyboard.press(key)


def type_into(page: Page, label: str, text: str) -> None:
    """Go to a field by Tab, and type over what stands there."""
    focus(page, page.get_by_label(label, exact=True).first)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def test_somebody_without_a_mouse_does_everything(
    open_page: OpenPage, member: Callable[..., User], simulator: Simulator
) -> None:
    member("mia", "Manager")
    page = open_page()
    page.goto("/servers/")
    page.keyboard.type("mia")
    type_into(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    type_into(page, "Key (API token)", TOKEN)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Servers", exact=True)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("web-server")
    expect(page.locator("tbody tr")).to_have_count(1)
    press(page, "link", "Running")
    expect(page).to_have_url(re.compile("status=active"))
    focus(page, page.get_by_role("link", name="web-server-01", exact=True))
    page.keyboard.press("Enter")
    state = page.locator("#state-12345")

    press(page, "link", "Stop web-server-01")
    expect(page.get_by_role("link", name="Keep it running")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Stop web-server-01")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Keep it running")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(state).to_contain_text("Stopping…")
    simulator.clock.advance(300)
    expect(state).to_contain_text("Stopped")
    press(page, "button", "Start web-server-01", exact=True)
    expect(state).to_contain_text("Starting…")
    simulator.clock.advance(300)
    expect(state).to_contain_text("Running")

    page.reload()
    press(page, "link", "Rename")
    type_into(page, "Name", "diary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="diary", exact=True)).to_be_visible()
    press(page, "link", "Edit")
    type_into(page, "Internet name (hostname)", "diary.example.com")
    press(page, "checkbox", "Automatic backups", key="Space")
    press(page, "button", "Save the changes")
    expect(page.get_by_text("diary.example.com").first).to_be_visible()
    press(page, "link", "Add tags")
    type_into(page, "Tags", "shop")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Change the tags")).to_be_focused()
    type_into(page, "New note", "Ask Otto first.")
    press(page, "button", "Add the note")
    expect(page.get_by_role("heading", name="Notes")).to_be_focused()
    for checked in (True, False):
        page.reload()
        press(page, "switch", "Protection", key="Space")
        expect(page.get_by_role("switch", name="Protection")).to_be_checked(checked=checked)

    page.goto("/servers/?q=shop-web")
    for _ in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")
    focus(page, page.locator("#bulk-action"))
    page.keyboard.type("Stop")
    press(page, "button", "Go on…")
    press(page, "button", "Stop")
    expect(page.locator("#run")).to_contain_text("Over: 3 of 3 asked.")

    page.goto("/members/")
    press(page, "link", "Invite somebody")
    press(page, "button", "Make the link")
    expect(page.locator("code").first).to_contain_text("/invited/")

    page.goto("/servers/12345/delete/")
    type_into(page, "Type the name of the server", "diary")
    page.keyboard.press("Enter")
    expect(page.get_by_text("diary was deleted for ever.")).to_be_visible(timeout=15_000)
    assert 12345 not in simulator.account().servers
    focus(page, page.locator(".frame__person summary"))
    page.keyboard.press("Enter")
    press(page, "button", "Sign out")
    expect(page).to_have_url(re.compile("/login/"))


def test_escape_keeps_the_old_name_and_nothing_of_what_was_typed(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    morning = datetime(2026, 11, 24, 9, tzinfo=UTC)
    page.clock.install(time=morning)
    page.goto("/servers/12345/")
    page.clock.pause_at(morning + timedelta(hours=1))
    page.get_by_role("link", name="Rename").click()
    field = page.get_by_label("Name", exact=True)
    for key in ("Escape", "Enter"):
        with page.expect_response("**/drafts/"):
            field.fill("half-typed")
            page.clock.run_for(600)
        field.press("!")  # not kept yet
        if key == "Escape":
            field.press(key)
        else:
            page.get_by_role("link", name="Keep the old name").press(key)
        expect(page.get_by_role("heading", name="web-server-01", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Rename")).to_be_focused()
        page.clock.run_for(1000)
        assert not Draft.objects.exists()
        page.get_by_role("link", name="Rename").click()
        expect(field).to_have_value("web-server-01")
    assert [line for line in simulator.lines if line[0] != "GET"] == []
