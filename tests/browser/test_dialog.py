"""The question before a stop or a restart: the way back has the focus, and changes nothing."""

import pytest
from django.test import Client
from playwright.sync_api import Page, Route, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage

LIKELY = "#likely-12345"
"""On the list the likely button of a running server asks whether to restart it."""
MORE = "#more-12345"


@pytest.fixture
def page(open_page: OpenPage, operator: Client) -> Page:
    page = open_page(operator)
    page.goto("/servers/")
    return page


def posts(simulator: Simulator) -> list[tuple[str, str]]:
    return [line for line in simulator.lines if line[0] != "GET"]


def test_it_opens_with_the_focus_on_the_way_back_and_sends_nothing(page: Page, simulator: Simulator) -> None:
    page.locator(LIKELY).click()
    dialog = page.get_by_role("dialog", name="Restart web-server-01?")
    expect(dialog.get_by_role("link", name="Keep it running")).to_be_focused()
    assert posts(simulator) == []


@pytest.mark.parametrize("way_back", ["Escape", "Keep it running", "a click beside it"])
def test_it_changes_nothing_on_the_way_back_and_returns_the_focus(
    page: Page, simulator: Simulator, way_back: str
) -> None:
    page.locator(LIKELY).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Keep it running")).to_be_focused()
    match way_back:
        case "Escape":
            page.keyboard.press("Escape")
        case "Keep it running":
            page.keyboard.press("Enter")
        case _:
            page.mouse.click(5, 5)
    expect(dialog).to_be_hidden()
    expect(page.locator(LIKELY)).to_be_focused()
    assert posts(simulator) == []
    assert page.url.endswith("/servers/")


def test_it_returns_the_focus_to_the_menu_that_the_button_stood_in(page: Page, simulator: Simulator) -> None:
    page.locator(MORE).click()
    page.get_by_role("link", name="Stop web-server-01").click()
    expect(page.get_by_role("dialog", name="Stop web-server-01?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(MORE)).to_be_focused()
    expect(page.locator("details.menu[open]")).to_have_count(0)
    assert posts(simulator) == []


def test_it_returns_the_focus_after_the_press_although_the_button_was_swapped(
    page: Page, simulator: Simulator
) -> None:
    page.locator(LIKELY).click()
    page.get_by_role("button", name="Restart web-server-01").click()
    expect(page.get_by_text("Asked VPS.org to restart web-server-01.")).to_be_visible()
    expect(page.locator("#state-12345")).to_contain_text("Restarting…")
    expect(page.locator(LIKELY)).to_be_focused()
    assert posts(simulator) == [("POST", "/servers/12345/reboot/")]


def test_it_does_not_put_the_pressing_button_where_the_first_button_was(page: Page) -> None:
    first = page.locator(LIKELY).bounding_box()
    page.locator(LIKELY).click()
    press = page.get_by_role("button", name="Restart web-server-01").bounding_box()
    assert first
    assert press
    assert press["x"] + press["width"] < first["x"] or press["y"] > first["y"] + first["height"]


def test_it_does_not_restart_twice_on_a_double_click(page: Page, simulator: Simulator) -> None:
    page.locator(LIKELY).click()
    page.get_by_role("button", name="Restart web-server-01").dblclick()
    expect(page.get_by_text("Asked VPS.org to restart web-server-01.")).to_be_visible()
    assert posts(simulator) == [("POST", "/servers/12345/reboot/")]


@pytest.mark.parametrize("answered", [True, False])
def test_it_holds_until_the_answer_is_there_once_it_was_pressed(
    page: Page, simulator: Simulator, forgiven: list[str], answered: bool
) -> None:
    held: list[Route] = []
    page.route(
        "**/servers/12345/reboot/", lambda r: held.append(r) if r.request.method == "POST" else r.continue_()
    )
    page.locator(LIKELY).click()
    dialog = page.get_by_role("dialog")
    with page.expect_request(lambda request: request.method == "POST"):
        dialog.get_by_role("button", name="Restart web-server-01").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    dialog.get_by_role("link", name="Keep it running").click()
    page.mouse.click(5, 5)
    expect(dialog.get_by_role("link", name="Keep it running")).to_have_css("opacity", "0.6")
    if answered:
        held[0].continue_()
        expect(page.get_by_text("Asked VPS.org to restart web-server-01.")).to_be_visible()
    else:
        forgiven += ["ERR_", "htmx:sendError", "htmx:afterRequest"]
        held[0].abort()
        expect(page.locator("#alerts")).to_contain_text("The console did not answer.")
    expect(dialog).to_be_hidden()
    expect(page.locator(LIKELY)).to_be_focused()
    assert posts(simulator) == [("POST", "/servers/12345/reboot/")] * answered
