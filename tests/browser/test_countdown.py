"""Delete forever counts down: for 10 seconds it can be taken back, because nothing was sent yet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage

ADDRESS = "/servers/12345/delete/"
SENTENCE = "web-server-01 will be deleted in 10 seconds."
MORNING = datetime(2026, 11, 24, 9, tzinfo=UTC)
KEPT = "Nothing was sent, so nothing was deleted."


def changes(simulator: Simulator) -> list[tuple[str, str]]:
    return [line for line in simulator.lines if line[0] != "GET"]


@pytest.fixture
def page(open_page: OpenPage, manager: Client) -> Page:
    """The page that deletes, with the name typed, its button pressed, and a clock that stands still."""
    page = open_page(manager)
    page.clock.install(time=MORNING)
    page.goto(ADDRESS)
    page.clock.pause_at(MORNING + timedelta(hours=1))
    page.get_by_label("Type the name of the server").fill("Web-Server-01")
    page.get_by_role("button", name="Delete web-server-01 forever").click()
    expect(page.get_by_text(SENTENCE)).to_be_visible()
    return page


def test_it_is_sent_when_the_seconds_are_over_and_not_before(page: Page, simulator: Simulator) -> None:
    page.clock.run_for(9_000)
    expect(page.locator("progress")).to_have_js_property("value", 9)
    assert changes(simulator) == []
    page.clock.run_for(1_000)
    expect(page.get_by_text("web-server-01 was deleted for ever.")).to_be_visible()
    assert changes(simulator) == [("DELETE", "/servers/12345/")]


@pytest.mark.parametrize(
    "way_back",
    [
        pytest.param(
            lambda page: page.get_by_role("button", name="Undo: keep web-server-01").click(), id="undo"
        ),
        pytest.param(lambda page: page.keyboard.press("Escape"), id="escape"),
        pytest.param(lambda page: page.keyboard.press("Enter"), id="enter-on-the-way-back"),
    ],
)
def test_it_is_taken_back(page: Page, simulator: Simulator, way_back: Callable[[Page], None]) -> None:
    page.clock.run_for(5_000)
    way_back(page)
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.get_by_role("button", name="Delete web-server-01 forever")).to_be_focused()
    page.clock.run_for(60_000)
    assert changes(simulator) == []
    assert 12345 in simulator.account().servers


@pytest.mark.parametrize("leave", [lambda page: page.goto("/servers/"), lambda page: page.close()])
def test_leaving_the_page_sends_nothing(
    page: Page, manager: Client, simulator: Simulator, leave: Callable[[Page], None]
) -> None:
    page.clock.run_for(9_000)
    leave(page)
    assert manager.get("/servers/").status_code == 200
    assert changes(simulator) == []


def test_two_presses_send_it_once(page: Page, simulator: Simulator) -> None:
    page.get_by_label("Type the name of the server").press("Enter")
    page.clock.run_for(30_000)
    expect(page.get_by_text("web-server-01 was deleted for ever.")).to_be_visible()
    assert changes(simulator) == [("DELETE", "/servers/12345/")]


def test_it_counts_for_many_as_well(open_page: OpenPage, manager: Client, simulator: Simulator) -> None:
    page = open_page(manager)
    page.clock.install(time=MORNING)
    page.goto("/bulk/new/?action=delete&server=12345&server=12346")
    page.clock.pause_at(MORNING + timedelta(hours=1))
    page.get_by_role("button", name="Delete 2 servers forever").click()
    expect(page.get_by_text("2 servers will be deleted in 10 seconds.")).to_be_visible()
    page.get_by_role("button", name="Undo: keep them").click()
    page.clock.run_for(60_000)
    expect(page.get_by_text(KEPT)).to_be_visible()
    assert changes(simulator) == []
    page.get_by_role("button", name="Delete 2 servers forever").click()
    page.clock.run_for(10_000)
    expect(page.locator("#run")).to_be_visible()
