"""What is this?: the meaning of a word opens in place, without a script, inside of the window, and goes on Escape."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.eyes import findings, width

OUTSIDE = """() => [...document.querySelectorAll(".what")].flatMap((button) => {
    if (!button.checkVisibility()) return [];
    button.scrollIntoView({ block: "center" });
    button.click();
    const meaning = button.nextElementSibling;
    const box = meaning.getBoundingClientRect();
    const shown = meaning.matches(":popover-open") && box.left >= 0 && box.top >= 0
        && box.right <= document.documentElement.clientWidth && box.bottom <= innerHeight;
    meaning.hidePopover();
    const target = button.getBoundingClientRect();
    const big = target.width >= 24 && target.height >= 24;
    return shown && big ? [] : [`${button.ariaLabel}: ${[box.left, box.right, box.top, box.bottom]}`];
})"""
"""The words whose meaning does not open inside of the window, or whose button is smaller than a finger needs."""


@pytest.mark.parametrize("address", ["/servers/12345/", "/servers/12345/edit/", "/members/", "/connect/"])
def test_each_meaning_opens_inside_of_the_window(open_page: OpenPage, manager: Client, address: str) -> None:
    page = open_page(manager)
    page.goto(address)
    for pixels in (1280, 320):
        page.set_viewport_size({"width": pixels, "height": 640})
        for direction in ("ltr", "rtl"):
            page.evaluate("(dir) => (document.documentElement.dir = dir)", direction)
            assert page.evaluate(OUTSIDE) == [], f"{pixels} pixels, {direction}"
            assert width(page) <= pixels
    assert findings(page) == []


def test_the_keyboard_opens_and_closes_it_without_javascript(open_page: OpenPage, viewer: Client) -> None:
    page = open_page(viewer, javascript=False)
    page.goto("/servers/12345/")
    button = page.get_by_role("button", name="What is this? Location")
    meaning = page.get_by_text("Where the server stands.")
    expect(meaning).to_be_hidden()
    button.press("Enter")
    expect(meaning).to_be_visible()
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    expect(button).to_be_focused()


def test_all_words_stand_in_a_dialog_and_the_focus_comes_back(open_page: OpenPage, viewer: Client) -> None:
    page = open_page(viewer)
    page.goto("/servers/")
    page.locator("#words-here").click()
    dialog = page.get_by_role("dialog", name="What the words mean")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("heading", name="What the words mean")).to_be_focused()
    for pixels in (1280, 320):
        page.set_viewport_size({"width": pixels, "height": 640})
        assert width(page) <= pixels
        assert findings(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#words-here")).to_be_focused()
