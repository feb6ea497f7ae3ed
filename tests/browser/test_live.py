"""What happens to an open page by itself: the poll brings what changed, and disturbs nothing that a person does."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage

MORNING = datetime(2026, 11, 24, 9, tzinfo=UTC)
MARK = "document.body.dataset.mark = 'the same page'"
BOXES = """
    [...document.querySelectorAll(".server, .actions, .pill__shape")].map((e) => e.getBoundingClientRect().toJSON())
"""


def reloaded(page: Page) -> bool:
    """Whether the page was loaded anew since MARK."""
    return page.evaluate("document.body.dataset.mark") is None


def change_elsewhere(simulator: Simulator, server_id: int, **fields: object) -> None:
    """Somebody changes a server at VPS.org itself."""
    for name, value in fields.items():
        setattr(simulator.account().servers[server_id], name, value)


def test_it_shows_a_status_that_changes_by_itself_without_a_reload(
    open_page: OpenPage, viewer: Client, simulator: Simulator
) -> None:
    page = open_page(viewer)
    page.goto("/servers/")
    page.evaluate(MARK)
    builder = page.get_by_role("row", name="builder-1")
    expect(builder).to_contain_text("Starting…")
    simulator.clock.advance(60)
    expect(builder).to_contain_text("Running")
    expect(page.locator("#announce")).to_contain_text("builder-1: Running.")
    assert not reloaded(page)


def test_it_moves_nothing_when_a_status_changes(
    open_page: OpenPage, viewer: Client, simulator: Simulator
) -> None:
    page = open_page(viewer)
    page.goto("/servers/?q=builder")
    before = page.evaluate(BOXES)
    simulator.clock.advance(60)
    expect(page.get_by_role("row", name="builder-1")).to_contain_text("Running")
    assert page.evaluate(BOXES) == before


def test_a_press_stands_in_what_was_done_and_so_does_what_came_of_it(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    page.goto("/servers/12360/")
    page.evaluate(MARK)
    done = page.get_by_role("region", name="What was done")
    expect(done).to_contain_text("Nothing was changed through this console yet.")
    page.get_by_role("button", name="Start mail-02", exact=True).click()
    expect(done.get_by_role("listitem")).to_contain_text("Accepted Start mail-02 otto")
    simulator.clock.advance(60)
    expect(done.get_by_role("listitem")).to_contain_text("seen running")
    assert not reloaded(page)


def test_it_leaves_a_half_typed_name_and_the_focus_alone(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    page.goto("/servers/12345/")
    page.get_by_role("link", name="Rename").click()
    field = page.get_by_label("Name", exact=True)
    field.fill("half-ty")
    change_elsewhere(simulator, 12345, status="stopped")
    expect(page.locator("#state-12345")).to_contain_text("Stopped")
    expect(field).to_have_value("half-ty")
    expect(field).to_be_focused()
    page.keyboard.type("ped")
    expect(field).to_have_value("half-typed")


def test_it_leaves_an_open_menu_and_ticked_rows_alone(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    page.goto("/servers/")
    page.get_by_role("checkbox", name="Choose db-main").check()
    page.locator("#more-12345").click()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.id")
    simulator.clock.advance(60)
    expect(page.get_by_role("row", name="builder-1")).to_contain_text("Running")
    expect(page.locator("#actions-12345 details")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.id") == focused
    expect(page.get_by_role("checkbox", name="Choose db-main")).to_be_checked()


def test_it_keeps_a_menu_open_whose_own_server_changes(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    page.goto("/servers/")
    page.locator("#more-12345").click()
    change_elsewhere(simulator, 12345, status="stopped")
    expect(page.locator("#state-12345")).to_contain_text("Stopped")
    expect(page.locator("#actions-12345 details")).to_have_attribute("open", "")
    expect(page.locator("#more-12345")).to_be_focused()


def test_it_filters_while_somebody_types_and_back_undoes_it(
    open_page: OpenPage, viewer: Client, simulator: Simulator
) -> None:
    page = open_page(viewer)
    page.goto("/servers/")
    page.evaluate(MARK)
    everything = page.locator("tbody tr").count()
    page.get_by_role("searchbox").press_sequentially("mail")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/servers/\?q=mail&"))
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert not reloaded(page)
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(everything)
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_it_keeps_the_filters_of_an_address_that_was_shared(open_page: OpenPage, viewer: Client) -> None:
    page = open_page(viewer)
    page.goto("/servers/?q=shop&status=active&sort=-created")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.get_by_role("searchbox")).to_have_value("shop")
    expect(page.get_by_role("link", name="Running", exact=False)).to_have_attribute("aria-current", "true")


def test_a_press_after_the_session_ended_says_so_and_leads_to_sign_in(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    page.goto("/servers/12345/")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("link", name="Stop web-server-01").click()
    message = page.locator("#alerts")
    expect(message).to_contain_text("You are signed out. Nothing was changed.")
    expect(page.get_by_role("dialog")).to_have_count(0)
    message.get_by_role("link", name="Sign in again").click()
    expect(page).to_have_url(re.compile("/login/.next=%2Fservers%2F12345%2F$"))
    assert [line for line in simulator.lines if line[0] != "GET"] == []


def test_the_poll_says_that_the_session_ended(open_page: OpenPage, operator: Client) -> None:
    page = open_page(operator)
    page.goto("/servers/")
    page.context.clear_cookies(name="sessionid")
    expect(page.locator("#alerts")).to_contain_text("You are signed out.")
    expect(page.locator("#live")).to_have_count(0)
    expect(page.locator("tbody tr")).to_have_count(0)


def test_a_press_says_so_when_the_console_cannot_be_reached(
    open_page: OpenPage, operator: Client, simulator: Simulator, forgiven: list[str]
) -> None:
    page = open_page(operator)
    page.goto("/servers/12346/")
    page.get_by_role("link", name="Stop db-server-01").click()
    press = page.get_by_role("button", name="Stop db-server-01")
    expect(press).to_be_visible()
    page.context.set_offline(True)
    press.click()
    expect(page.locator("#alerts")).to_contain_text("The console did not answer.")
    page.context.set_offline(False)
    forgiven += ["ERR_INTERNET_DISCONNECTED", "htmx:"]
    assert [line for line in simulator.lines if line[0] != "GET"] == []


def test_a_lost_change_stays_on_the_page_whatever_is_answered_or_fails_later(
    open_page: OpenPage, operator: Client, forgiven: list[str]
) -> None:
    forgiven += ["ERR_", "htmx:"]
    page = open_page(operator)
    page.clock.install()
    page.goto("/servers/12360/")
    page.route("**/start/*", lambda route: route.abort())
    page.get_by_role("button", name="Start mail-02", exact=True).click()
    expect(page.locator("#alerts")).to_contain_text("We do not know whether this was sent")
    page.route("**/rename/", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.get_by_role("link", name="Rename").click()
    for _ in range(2):
        with page.expect_response("**/poll/*"):
            page.clock.fast_forward(5000)
    expect(page.locator("#alerts")).to_contain_text("We do not know whether this was sent")


def test_a_question_without_an_answer_is_no_lost_change_and_is_not_spoken_of_for_ever(
    open_page: OpenPage, operator: Client, forgiven: list[str]
) -> None:
    forgiven += ["ERR_", "htmx:"]
    page = open_page(operator)
    page.clock.install()
    page.goto("/servers/12345/")
    page.route("**/stop/*", lambda route: route.abort())
    page.get_by_role("link", name="Stop web-server-01").click()
    expect(page.locator("#alerts")).to_have_text("The console did not answer. Try again.")
    page.clock.fast_forward(5000)
    expect(page.locator("#alerts")).to_be_empty()


def test_a_search_that_found_no_console_is_sent_again(
    open_page: OpenPage, viewer: Client, forgiven: list[str]
) -> None:
    forgiven += ["ERR_INTERNET_DISCONNECTED", "htmx:"]
    page = open_page(viewer)
    page.goto("/servers/")
    page.context.set_offline(True)
    page.get_by_role("searchbox").fill("mail")
    expect(page.locator("#alerts")).to_have_text("The console did not answer. Try again.")
    page.context.set_offline(False)
    expect(page.locator("tbody tr")).to_have_count(2)


def test_an_outage_shows_above_the_list_and_goes_by_itself(
    open_page: OpenPage, viewer: Client, simulator: Simulator
) -> None:
    page = open_page(viewer)
    page.goto("/servers/")
    simulator.faults.next("status", "list", times=1, status=500)
    expect(page.locator("#outage")).to_contain_text("VPS.org does not answer.")
    expect(page.locator("#state-12345")).to_contain_text("Running (as of")
    expect(page.locator("#outage")).to_be_empty()
    expect(page.locator("#state-12345")).to_have_text("Running")


def test_the_page_of_a_lost_answer_looks_by_itself_and_leads_on_to_the_server(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager)
    page.goto("/servers/new/")
    page.get_by_label("Name", exact=True).fill("shop-web-4")
    for group in ("Size", "System", "Location"):
        page.get_by_role("group", name=group).get_by_role("radio").first.check()
    simulator.faults.next("status", "list", status=500)
    simulator.faults.next("cut_after_effect", "create")
    page.get_by_role("button", name="Create the server").click()
    expect(page.get_by_role("heading", name="Was shop-web-4 created?")).to_be_visible()
    expect(page.get_by_text("Asked VPS.org to create shop-web-4.")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("heading", name="shop-web-4", exact=True)).to_be_visible()
    assert [line for line in simulator.lines if line[0] != "GET"] == [("POST", "/servers/")]


@pytest.fixture
def timed(open_page: OpenPage, viewer: Client) -> Page:
    """The list, whose clock stands still until a test lets time go by, which can be hidden, and counts when it asks."""
    page = open_page(viewer)
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.isHidden === true })")
    page.clock.install(time=MORNING)
    page.goto("/servers/")
    page.clock.pause_at(MORNING + timedelta(hours=1))
    page.evaluate("window.asked = 0; document.addEventListener('tick', () => { window.asked += 1; })")
    return page


def asked(page: Page, seconds: int) -> int:
    """How often the page asks in this time."""
    before = page.evaluate("window.asked")
    page.clock.run_for(seconds * 1000)
    return int(page.evaluate("window.asked") - before)


def test_a_hidden_tab_asks_once_a_minute_and_at_once_when_it_is_shown_again(timed: Page) -> None:
    assert asked(timed, 60) == 30
    timed.evaluate("window.isHidden = true")
    assert asked(timed, 5 * 60) in (4, 5)
    timed.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    assert asked(timed, 0) == 0
    assert timed.evaluate("window.asked") in (35, 36)


def test_a_browser_whose_clock_is_set_back_by_an_hour_goes_on_asking(timed: Page) -> None:
    timed.clock.set_system_time(MORNING)
    assert asked(timed, 60) == 30


def test_the_age_goes_on_counting_while_the_console_cannot_be_reached(
    timed: Page, forgiven: list[str]
) -> None:
    forgiven += ["ERR_INTERNET_DISCONNECTED", "htmx:"]
    age = timed.locator("#age")
    expect(age).to_have_text(re.compile("second"))
    timed.context.set_offline(True)
    timed.clock.run_for(90_000)
    expect(age).to_have_text("1 minute ago")
    timed.clock.run_for(60_000)
    expect(age).to_have_text("2 minutes ago")
