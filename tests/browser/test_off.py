"""Why a button cannot be pressed can be read by whoever reaches it: with the mouse, the keyboard or a finger."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from servers.models import Sheet
from tests.browser.conftest import OpenPage
from tests.browser.eyes import findings, width

REASON = "Only Managers can do this."
UNREADABLE = """() => [...document.querySelectorAll("[aria-disabled=true]")].flatMap((button) => {
    if (!button.checkVisibility()) return [];
    button.focus();
    if (document.activeElement !== button) return [`no focus: ${button.textContent}`];
    return button.getAttribute("aria-describedby").split(" ").flatMap((id) => {
        const reason = document.getElementById(id);
        const box = reason.getBoundingClientRect();
        const shown = reason.checkVisibility({ visibilityProperty: true })
            && box.left >= 0 && box.right <= document.documentElement.clientWidth && box.width > 20;
        const hints = [...document.querySelectorAll(".hint")].map((hint) => hint.textContent).join();
        const said = hints.includes(reason.textContent);
        return shown || (reason.matches(".unseen") && said) ? [] : [`${button.textContent}: ${reason.textContent}`];
    });
})"""
"""The buttons whose reason is not shown inside of the window while they have the focus."""


@pytest.mark.parametrize("role", ["Viewer", "Operator", "Manager"])
def test_each_reason_is_in_sight_while_its_button_has_the_focus(
    open_page: OpenPage, sign_in: Callable[..., Client], role: str
) -> None:
    client = sign_in("robin", role)
    Sheet.objects.create(server_id="12345", protected=True)
    page = open_page(client)
    for address in ("/servers/", "/servers/12345/", "/servers/12360/"):
        page.goto(address)
        for pixels in (1280, 390, 320):
            page.set_viewport_size({"width": pixels, "height": 700})
            for direction in ("ltr", "rtl"):
                page.evaluate("(dir) => (document.documentElement.dir = dir)", direction)
                assert page.evaluate(UNREADABLE) == [], f"{address}, {pixels} pixels, {direction}"
                assert width(page) <= pixels


def test_a_menu_shows_its_reasons(open_page: OpenPage, viewer: Client) -> None:
    page = open_page(viewer, phone=True)
    page.goto("/servers/?q=web-server-01")
    page.locator("#more-12345").click()
    expect(page.locator("#why-12345-1")).to_have_text("You can look at servers, but not change them.")
    expect(page.locator("#why-12345-1")).to_be_visible()
    expect(page.locator("#why-12345-delete")).to_be_visible()
    assert page.evaluate(UNREADABLE) == []
    assert findings(page) == []


@pytest.fixture
def page(open_page: OpenPage, operator: Client) -> Page:
    page = open_page(operator)
    page.goto("/servers/")
    return page


def test_the_mouse_shows_it_and_can_move_onto_it(page: Page) -> None:
    reason = page.get_by_text(REASON).first
    expect(reason).to_be_hidden()
    page.get_by_role("button", name="New server").hover()
    expect(reason).to_be_visible()
    reason.hover()
    expect(reason).to_be_visible()
    page.mouse.move(5, 500)
    expect(reason).to_be_hidden()


def test_the_keyboard_shows_it_escape_takes_it_away_and_the_focus_stays(page: Page) -> None:
    button = page.get_by_role("button", name="New server")
    reason = page.locator("#why-new")
    button.focus()
    expect(reason).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(reason).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(reason).to_be_visible()
    page.keyboard.press("Enter")
    assert page.url.endswith("/servers/")


def test_a_finger_shows_it_without_javascript(open_page: OpenPage, operator: Client) -> None:
    page = open_page(operator, phone=True, javascript=False)
    page.goto("/servers/?q=web-server-01")
    page.get_by_role("button", name="New server").tap(force=True)
    expect(page.locator("#why-new")).to_be_visible()
