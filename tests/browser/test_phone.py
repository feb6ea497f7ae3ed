"""On a phone: what can be done stands where the thumb is, covers nothing, and the console can be installed."""

import pytest
from django.test import Client
from playwright.sync_api import FloatRect, Locator, Page, expect

from servers.simulator import Simulator
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.test_live import change_elsewhere

THUMB = 44


@pytest.fixture
def page(open_page: OpenPage, operator: Client) -> Page:
    page = open_page(operator, phone=True)
    page.goto("/servers/12345/")
    return page


def box(element: Locator) -> FloatRect:
    found = element.bounding_box()
    assert found
    return found


def test_the_likely_action_stands_at_the_bottom_and_the_others_open_above(page: Page) -> None:
    likely, more = page.locator("#likely-12345"), page.locator("#more-12345")
    for button in (likely, more):
        assert box(button)["y"] > PHONE["height"] - 80
        assert box(button)["height"] >= THUMB
    expect(page.locator("#stop-12345")).to_be_hidden()
    more.tap()
    for name in ("start", "stop"):
        assert box(page.locator(f"#{name}-12345"))["height"] >= THUMB
        assert box(page.locator(f"#{name}-12345"))["y"] < box(likely)["y"]
    expect(page.locator("#others-12345 .help")).to_have_text("web-server-01 is already running.")
    page.keyboard.press("Escape")
    expect(page.locator("#stop-12345")).to_be_hidden()
    expect(more).to_be_focused()


def test_the_end_of_the_page_is_not_behind_the_bar(page: Page) -> None:
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    foot = page.get_by_role("contentinfo")
    assert box(foot)["y"] + box(foot)["height"] <= box(page.locator("#actions-12345"))["y"]


def test_a_server_is_stopped_by_touch_and_the_way_back_leads_to_the_menu(
    page: Page, simulator: Simulator
) -> None:
    page.locator("#more-12345").tap()
    page.locator("#stop-12345").tap()
    page.get_by_role("link", name="Keep it running").tap()
    expect(page.locator("#more-12345")).to_be_focused()
    page.locator("#more-12345").tap()
    page.locator("#stop-12345").tap()
    page.get_by_role("button", name="Stop web-server-01").tap()
    expect(page.locator("#state-12345")).to_contain_text("Stopping…")
    assert [line for line in simulator.lines if line[0] != "GET"] == [("POST", "/servers/12345/stop/")]


def test_the_open_menu_stays_open_when_its_buttons_come_anew(page: Page, simulator: Simulator) -> None:
    page.locator("#more-12345").tap()
    page.locator("#stop-12345").focus()
    change_elsewhere(simulator, 12345, status="suspended")
    expect(page.locator("#state-12345")).to_contain_text("Suspended")
    expect(page.locator("#stop-12345")).to_be_visible()
    expect(page.locator("#stop-12345")).to_be_focused()


def test_ticked_rows_bring_a_bar_at_the_bottom(page: Page) -> None:
    page.goto("/servers/?q=web")
    page.get_by_role("checkbox").first.check()
    bar = page.get_by_role("form", name="Many at once")
    assert round(box(bar)["y"] + box(bar)["height"]) == PHONE["height"]
    assert round(box(bar)["width"]) == PHONE["width"]
    assert all(box(control)["height"] >= THUMB for control in bar.locator("select, .button").all())


def test_the_menu_opens_without_javascript(open_page: OpenPage, operator: Client) -> None:
    page = open_page(operator, javascript=False, phone=True)
    page.goto("/servers/12345/")
    page.locator("#more-12345").tap()
    page.locator("#stop-12345").tap()
    expect(page.get_by_role("heading", name="Stop web-server-01?")).to_be_visible()


def test_chromium_finds_nothing_that_is_in_the_way_of_installing(page: Page) -> None:
    cdp = page.context.new_cdp_session(page)
    manifest = cdp.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/manifest.webmanifest")
    found = [error["errorId"] for error in cdp.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert [error for error in found if error != "in-incognito"] == []  # every context of a test is one
