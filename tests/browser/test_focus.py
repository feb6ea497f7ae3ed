"""A swap never takes the focus away: it stays, or goes to what came in its place. Other tests are watched too."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.browser.test_live import change_elsewhere
from tests.http.test_bulk import confirm


@pytest.fixture
def page(open_page: OpenPage, manager: Client) -> Page:
    page = open_page(manager)
    page.goto("/servers/12345/")
    return page


def test_a_name_that_is_changed_in_place(page: Page, forgiven: list[str]) -> None:
    rename, field = page.get_by_role("link", name="Rename"), page.get_by_label("Name", exact=True)
    rename.press("Enter")
    expect(field).to_be_focused()
    field.fill("not a name")
    page.get_by_role("button", name="Save the name").press("Enter")
    expect(page.get_by_text("Use letters, numbers and hyphens only.")).to_be_visible()
    expect(field).to_be_focused()
    field.fill("diary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="diary")).to_be_visible()
    expect(rename).to_be_focused()
    rename.press("Enter")
    page.get_by_role("link", name="Keep the old name").press("Enter")
    expect(rename).to_be_focused()
    forgiven += ["422", "htmx:"]


def test_tags_that_are_changed_in_place(page: Page, forgiven: list[str]) -> None:
    field = page.get_by_label("Tags")
    page.get_by_role("link", name="tags").press("Enter")
    expect(field).to_be_focused()
    field.fill("a/b")
    page.get_by_role("button", name="Save the tags").press("Enter")
    expect(page.get_by_text("Use letters, digits and hyphens")).to_be_visible()
    expect(field).to_be_focused()
    field.fill("shop")
    page.get_by_role("button", name="Save the tags").press("Enter")
    expect(page.get_by_role("link", name="Change the tags")).to_be_focused()
    forgiven += ["422", "htmx:"]


def test_a_note_that_is_empty_or_added_or_deleted(page: Page, forgiven: list[str]) -> None:
    field = page.get_by_label("New note")
    field.fill(" ")
    page.get_by_role("button", name="Add the note").press("Enter")
    expect(page.get_by_text("Write something first.")).to_be_visible()
    expect(field).to_be_focused()
    field.fill("A note.")
    page.get_by_role("button", name="Add the note").press("Enter")
    expect(page.get_by_role("heading", name="Notes")).to_be_focused()
    page.get_by_role("button", name="Delete the note").press("Enter")
    expect(page.get_by_text("The note was deleted.")).to_be_visible()
    expect(page.get_by_role("heading", name="Notes")).to_be_focused()
    forgiven += ["422", "htmx:"]


@pytest.mark.parametrize("name", ["Automatic backups", "Protection"])
def test_a_switch(page: Page, name: str) -> None:
    switch = page.get_by_role("switch", name=name)
    before = switch.get_attribute("aria-checked")
    switch.press("Enter")
    expect(switch).not_to_have_attribute("aria-checked", str(before))
    expect(switch).to_be_focused()


def test_the_search_while_somebody_types(page: Page) -> None:
    page.goto("/servers/")
    page.get_by_role("searchbox").press_sequentially("mail")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.get_by_role("searchbox")).to_be_focused()


@pytest.mark.parametrize("name", ["Copy", "Edit", "Stop", "Delete forever"])
def test_what_a_poll_brings_anew_under_the_focus(page: Page, simulator: Simulator, name: str) -> None:
    pressable = page.locator(
        "#address-12345 button, #actions-12345 :is(a, button), #delete-12345 :is(a, button)"
    ).filter(has_text=name)
    pressable.focus()
    change_elsewhere(simulator, 12345, status="suspended")
    expect(page.locator("#state-12345")).to_contain_text("Suspended")
    expect(pressable).to_be_focused()


def test_the_buttons_of_a_run_that_is_over(page: Page) -> None:
    page.goto("/bulk/new/?action=stop&server=12345&server=12346&server=12372")
    page.get_by_role("button", name="Stop").press("Enter")
    page.get_by_role("button", name="Pause").focus()
    expect(page.get_by_text("Over: 3 of 3 asked.").first).to_be_visible()
    expect(page.locator("body")).not_to_be_focused()


@pytest.mark.parametrize("own", [True, False], ids=["own", "a colleague's"])
def test_the_link_of_a_server_in_a_run_that_comes_anew(
    page: Page, manager: Client, operator: Client, forgiven: list[str], own: bool
) -> None:
    address = confirm(manager if own else operator, "stop", ["12345", "12346"])
    page.route("**/drive/", lambda route: route.abort())
    page.goto(address)
    link = page.get_by_role("link", name="db-server-01")
    link.focus()
    for _ in range(2):
        with page.expect_response(lambda response: response.url.endswith(address)):
            pass
    expect(link).to_be_focused()
    forgiven += ["drive", "htmx:", "ERR_FAILED"]


def test_the_question_that_was_answered_or_refused(
    page: Page, simulator: Simulator, forgiven: list[str]
) -> None:
    stop = page.get_by_role("link", name="Stop web-server-01")
    stop.press("Enter")
    simulator.faults.next("status", "stop", status=500)
    page.get_by_role("button", name="Stop web-server-01").press("Enter")
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(stop).to_be_focused()
    forgiven += ["502", "htmx:"]
