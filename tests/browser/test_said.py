"""What a screen reader is told: each change of a server's status once, errors at once, and nothing said before."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.browser.test_live import change_elsewhere

LISTEN = """
    window.said = [];
    document.addEventListener("DOMContentLoaded", () => {
        const listen = (element) => new MutationObserver(() => {
            const text = element.innerText.trim() || element.textContent.trim();
            if (text) window.said.push([element.getAttribute("role"), text.replace(/\\s+/g, " ")]);
        }).observe(element, { childList: true, subtree: true, characterData: true });
        document.querySelectorAll("[role=status], [role=alert], [aria-live]").forEach(listen);
    });
"""
SETTLED = 300


@pytest.fixture
def page(open_page: OpenPage, operator: Client) -> Page:
    page = open_page(operator)
    page.add_init_script(LISTEN)
    return page


def said(page: Page) -> list[list[str]]:
    """Every text that came into a live region since the page was loaded, with the role of the region."""
    texts: list[list[str]] = page.evaluate("window.said")
    return texts


def polled(page: Page, times: int = 2) -> None:
    """Wait until the page has been brought up to date so often by its poll."""
    for _ in range(times):
        with page.expect_response("**/servers/poll/**"):
            pass


def test_how_many_servers_a_search_finds_is_told(page: Page) -> None:
    page.goto("/servers/")
    field = page.get_by_role("searchbox")
    field.fill("mail")
    expect(page.locator("#announce")).to_have_text("2 servers.")
    field.fill("mail nothing")
    expect(page.locator("#announce")).to_have_text("No server matches")
    assert said(page) == [["status", "2 servers."], ["status", "No server matches"]]


@pytest.mark.parametrize("address", ["/", "/servers/", "/servers/12345/", "/me/"])
def test_what_will_speak_is_there_before(page: Page, address: str) -> None:
    page.goto(address)
    hidden = """
        [...document.querySelectorAll("main :is([role=status], [role=alert]), #announce")]
            .filter((region) => !region.checkVisibility()).map((region) => region.id)
    """
    assert page.locator("[role=status], [role=alert]").count() > 1
    assert page.evaluate(hidden) == []


@pytest.mark.parametrize("address", ["/servers/?q=web-server-01", "/servers/12345/"])
def test_a_stop_is_told_once_when_it_is_asked_and_once_when_it_is_seen(
    page: Page, simulator: Simulator, address: str
) -> None:
    page.goto(address)
    if "?" in address:
        page.locator("#more-12345").click()
    page.get_by_role("link", name="Stop web-server-01").click()
    page.get_by_role("button", name="Stop web-server-01").click()
    expect(page.locator("#state-12345")).to_contain_text("Stopping…")
    polled(page)
    simulator.clock.advance(SETTLED)
    expect(page.locator("#state-12345")).to_contain_text("Stopped")
    polled(page)
    mine = [(role, text) for role, text in said(page) if "web-server-01" in text]
    assert mine == [
        ("status", "Asked VPS.org to stop web-server-01. This page will say when it is stopped."),
        ("status", "web-server-01: Stopped."),
    ]


def test_what_a_colleague_writes_about_a_server_is_not_told_as_its_status(
    page: Page, simulator: Simulator, manager: Client
) -> None:
    page.goto("/servers/12345/")
    manager.post("/servers/12345/tags/", {"tags": "shop"})
    manager.post("/servers/12345/backups/", {"backups_enabled": "off"})
    polled(page)
    assert said(page) == []
    manager.post("/servers/12345/protection/", {"protected": "on"})
    expect(page.locator("#announce")).to_have_text("web-server-01: Running, Protected.")
    assert said(page) == [["status", "web-server-01: Running, Protected."]]


def test_a_status_that_changed_while_vps_org_was_silent_is_told_when_it_answers(
    page: Page, simulator: Simulator
) -> None:
    page.goto("/servers/12345/")
    simulator.faults.next("status", "list", times=1, status=500)
    expect(page.locator("#outage")).to_contain_text("VPS.org does not answer.")
    change_elsewhere(simulator, 12345, status="stopped")
    expect(page.locator("#outage")).to_be_empty()
    expect(page.locator("#announce")).to_have_text("web-server-01: Stopped.")
    polled(page)
    assert [text.split(".org")[0] for _, text in said(page)] == ["VPS", "web-server-01: Stopped."]


def test_an_error_is_an_alert_and_takes_the_place_of_what_went_well(
    page: Page, simulator: Simulator, forgiven: list[str]
) -> None:
    page.goto("/servers/12345/")
    page.get_by_role("switch", name="Automatic backups").click()
    expect(page.locator("#messages")).to_contain_text("Automatic backups are")
    simulator.faults.next("status", "change", status=500)
    page.get_by_role("switch", name="Automatic backups").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(page.locator("#messages")).to_be_empty()
    assert [role for role, _ in said(page)] == ["status", "alert"]
    page.get_by_role("switch", name="Automatic backups").click()
    expect(page.locator("#messages")).to_contain_text("Automatic backups are")
    expect(page.get_by_role("alert")).to_be_empty()
    forgiven += ["502", "htmx:"]


def test_the_end_of_a_run_for_many_servers_is_told_once(page: Page, simulator: Simulator) -> None:
    page.goto("/bulk/new/?action=stop&server=12345&server=12346&server=12372")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#announce")).to_contain_text("Over: 3 of 3 asked.")
    assert said(page) == [["status", "Over: 3 of 3 asked."]]
