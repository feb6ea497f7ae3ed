"""Single keys: what they do, where they do nothing, and how they are switched off."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from servers.people import Profile
from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.browser.eyes import covered

TYPED = """
    ([key, code, shiftKey]) =>
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true }))
"""


@pytest.fixture
def page(open_page: OpenPage, operator: Client) -> Page:
    page = open_page(operator)
    page.goto("/servers/?q=web")
    return page


def names(page: Page) -> list[str]:
    return page.locator(".servers .server").all_inner_texts()


def focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.innerText")
    return text


def test_slash_goes_to_the_search_and_types_nothing(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("web")
    page.keyboard.type("/")
    expect(page.get_by_role("searchbox")).to_have_value("/")


def test_slash_leads_from_elsewhere_to_the_search_of_the_list(page: Page) -> None:
    page.goto("/servers/12345/")
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/servers/#q$"))
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_j_and_k_go_through_the_rows_and_enter_opens(page: Page) -> None:
    first, second, third, *_ = names(page)
    for key, name in (("j", first), ("j", second), ("j", third), ("k", second), ("k", first), ("k", first)):
        page.keyboard.press(key)
        assert focused(page) == name
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=second, exact=True)).to_be_visible()


def test_j_goes_on_from_the_row_that_has_the_focus(page: Page) -> None:
    page.get_by_role("checkbox").nth(1).focus()
    page.keyboard.press("j")
    assert focused(page) == names(page)[2]


def test_a_row_below_the_window_comes_into_sight_and_nothing_covers_it(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto("/servers/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    for _ in range(12):
        page.keyboard.press("j")
        assert covered(page) == ""


def test_x_ticks_the_row(page: Page) -> None:
    page.keyboard.press("x")
    expect(page.locator(".servers__tick :checked")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox").first).to_be_checked()
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox").first).not_to_be_checked()


def test_the_question_mark_lists_the_keys_and_escape_returns(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Shortcuts with single keys")
    expect(dialog).to_contain_text("Next row")
    expect(dialog.get_by_role("link", name="Close this list")).to_be_focused()
    page.keyboard.press("j")
    expect(dialog.get_by_role("link", name="Close this list")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert focused(page) == names(page)[0]


def test_they_do_nothing_behind_a_question(page: Page) -> None:
    page.goto("/servers/12345/")
    page.get_by_role("link", name="Stop web-server-01").click()
    way_back = page.get_by_role("link", name="Keep it running")
    expect(way_back).to_be_focused()
    for key in ("/", "j", "?"):
        page.keyboard.press(key)
    expect(way_back).to_be_focused()
    expect(page).to_have_url(re.compile("/servers/12345/$"))


def test_the_list_of_keys_opens_from_the_foot_and_is_a_page_without_javascript(
    open_page: OpenPage, page: Page, operator: Client
) -> None:
    page.get_by_role("contentinfo").get_by_role("link", name="Shortcuts").click()
    expect(page.get_by_role("dialog", name="Shortcuts with single keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("contentinfo").get_by_role("link", name="Shortcuts")).to_be_focused()

    plain = open_page(operator, javascript=False)
    plain.goto("/servers/12345/")
    plain.get_by_role("contentinfo").get_by_role("link", name="Shortcuts").click()
    expect(plain.get_by_role("heading", name="Shortcuts with single keys")).to_be_visible()
    plain.get_by_role("link", name="Switch them off").click()
    plain.get_by_label("Shortcuts with single keys").uncheck()
    plain.get_by_role("button", name="Save").click()
    assert not Profile.objects.get(user__username="otto").keys


def test_they_do_nothing_while_somebody_types_or_holds_another_key(page: Page) -> None:
    page.get_by_role("searchbox").fill("")
    page.keyboard.type("j/k?x")
    expect(page.get_by_role("searchbox")).to_have_value("j/k?x")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.goto("/servers/?q=web")
    for held in ("Control", "Alt", "Meta"):
        page.keyboard.press(f"{held}+j")
        assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("Shift+J")
    assert page.evaluate("document.activeElement === document.body")


def test_they_do_nothing_when_they_are_switched_off(page: Page, simulator: Simulator) -> None:
    Profile.objects.create(user=User.objects.get(username="otto"), keys=False)
    page.goto("/servers/?q=web")
    for key in ("/", "j", "x", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.body")
    expect(page.locator("#dialog")).to_be_hidden()


@pytest.mark.parametrize(
    ("down", "slash", "question"),
    [
        pytest.param("ப", "/", "?", id="tamil"),
        pytest.param("र", "य", "य़", id="hindi"),
        pytest.param("ت", "ظ", "؟", id="arabic"),
        pytest.param("ξ", "ж", "Ж", id="greek-and-cyrillic"),
    ],
)
def test_a_keyboard_with_other_letters_has_them_at_the_same_places(
    page: Page, down: str, slash: str, question: str
) -> None:
    page.evaluate(TYPED, [down, "KeyJ", False])
    assert focused(page) == names(page)[0]
    page.evaluate(TYPED, [question, "Slash", True])
    expect(page.get_by_role("dialog", name="Shortcuts with single keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.evaluate(TYPED, [slash, "Slash", False])
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_latin_keyboard_counts_by_what_is_written_on_the_keys(page: Page) -> None:
    page.evaluate(TYPED, ["h", "KeyJ", False])
    assert page.evaluate("document.activeElement === document.body")
    page.evaluate(TYPED, ["j", "KeyC", False])
    assert focused(page) == names(page)[0]
    page.evaluate(TYPED, ["/", "Digit7", True])
    expect(page.get_by_role("searchbox")).to_be_focused()
