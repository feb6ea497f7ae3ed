"""However often somebody presses, goes back, reloads or opens the form once more: one intention makes one server."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from servers.models import Activity
from servers.simulator import Simulator
from tests.browser.conftest import OpenPage

THREE_TIMES = "for (let n = 0; n < 3; n++) document.getElementById('form').requestSubmit()"
CREATE = "Create the server"


def filled(open_page: OpenPage, manager: Client) -> Page:
    """The form for a new server, with everything in it."""
    page = open_page(manager)
    page.goto("/servers/new/")
    for group, choice in (("Size", "Standard VPS"), ("System", "Debian 12"), ("Location", "us-west")):
        page.get_by_role("group", name=group).get_by_role("radio", name=choice).check()
    with page.expect_response("**/drafts/"):
        page.get_by_label("Name", exact=True).fill("blog-1")
    return page


def orders(simulator: Simulator) -> int:
    return simulator.lines.count(("POST", "/servers/"))


@pytest.mark.parametrize("fault", ["", "hang_after_effect"])
def test_three_presses_make_one_server_and_lead_to_it_even_if_the_answer_is_lost(
    open_page: OpenPage, manager: Client, simulator: Simulator, settings: Any, fault: str
) -> None:
    page = filled(open_page, manager)
    if fault:
        settings.VPS_API_DEADLINE = 1
        simulator.faults.next(fault, "create")
    page.evaluate(THREE_TIMES)
    expect(page.get_by_role("heading", name="blog-1", exact=True)).to_be_visible()
    assert orders(simulator) == 1
    assert [s.name for s in simulator.account().servers.values()].count("blog-1") == 1


def test_back_and_again_and_a_reload_make_no_second_server(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = filled(open_page, manager)
    page.get_by_role("button", name=CREATE).click()
    expect(page.get_by_role("heading", name="blog-1", exact=True)).to_be_visible()
    page.reload()
    page.go_back()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    page.get_by_role("button", name=CREATE).click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    assert orders(simulator) == 1


def test_the_form_in_two_tabs_makes_one_server(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    first = filled(open_page, manager)
    second = first.context.new_page()
    second.goto("/servers/new/")
    for page in (first, second):
        page.get_by_role("button", name=CREATE).click()
        expect(page.get_by_role("heading", name="blog-1", exact=True)).to_be_visible()
    assert orders(simulator) == 1 and Activity.objects.count() == 1
