"""What somebody types outlives a reload, a Back, a session that ended, a network that failed; and is sent once."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, Route, expect

from servers.models import Activity, Draft
from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.conftest import PASSWORD, TOKEN

NEW = "/servers/new/"


@pytest.fixture
def page(open_page: OpenPage, manager: Client) -> Page:
    return open_page(manager)


def changes(simulator: Simulator) -> list[tuple[str, str]]:
    return [line for line in simulator.lines if line[0] != "GET"]


def fill(page: Page, name: str = "blog-1") -> None:
    """Fill in the form for a new server."""
    page.goto(NEW)
    for group, choice in (("Size", "Standard VPS"), ("System", "Debian 12"), ("Location", "us-west")):
        page.get_by_role("group", name=group).get_by_role("radio", name=choice).check()
    with page.expect_response("**/drafts/"):
        page.get_by_label("Name", exact=True).fill(name)


def press(page: Page, name: str = "Create the server") -> None:
    page.get_by_role("button", name=name).click()


def sign_in(page: Page, name: str = "mia", password: str = PASSWORD) -> None:
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Password").fill(password)
    dialog.get_by_role("button", name="Sign in", exact=True).click()


def connect(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="Key for VPS.org")
    dialog.get_by_label("Key (API token)", exact=True).fill(TOKEN)
    dialog.get_by_role("button", name="Connect").click()


def sign_out_elsewhere(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def test_a_reload_and_a_back_bring_it_again(page: Page) -> None:
    fill(page)
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("blog-1")
    expect(page.get_by_role("radio", name="Debian 12")).to_be_checked()
    expect(page.get_by_text("This is what you typed today")).to_be_visible()
    page.get_by_role("link", name="Create nothing").click()
    expect(page.get_by_role("heading", name="Servers", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Name", exact=True)).to_have_value("blog-1")
    press(page, "Start over")
    expect(page.get_by_text("This is what you typed")).to_have_count(0)
    expect(page.get_by_label("Name", exact=True)).not_to_have_value("blog-1")


def test_after_signing_in_in_the_dialog_the_form_is_sent_once(page: Page, simulator: Simulator) -> None:
    fill(page)
    sign_out_elsewhere(page)
    press(page)
    expect(page.get_by_role("dialog", name="Sign in").get_by_label("Name")).to_be_focused()
    expect(page.get_by_role("button", name="Create the server")).to_have_count(0)
    assert changes(simulator) == []
    sign_in(page)
    connect(page)
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    assert changes(simulator) == [("POST", "/servers/")]
    assert not Draft.objects.exists()


def test_a_wrong_password_is_said_in_the_dialog_and_sends_nothing(page: Page, simulator: Simulator) -> None:
    fill(page)
    sign_out_elsewhere(page)
    press(page)
    sign_in(page, password="not the password")
    expect(page.get_by_role("dialog").get_by_text("password you specified are not correct")).to_be_visible()
    assert changes(simulator) == []
    sign_in(page)
    connect(page)
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    assert changes(simulator) == [("POST", "/servers/")]


def test_another_member_sends_and_sees_nothing_of_it(
    page: Page, simulator: Simulator, member: Callable[..., User]
) -> None:
    member("max", "Manager")
    fill(page, "of-mia")
    sign_out_elsewhere(page)
    press(page)
    sign_in(page, "max")
    connect(page)
    expect(page.get_by_role("heading", name="New server", exact=True)).to_be_visible()
    expect(page.get_by_text("max")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Name", exact=True)).not_to_have_value("of-mia")
    assert "of-mia" not in page.content()
    assert changes(simulator) == []
    assert Draft.objects.get().user.username == "mia"


def test_closing_the_dialog_leads_to_sign_in_and_back_to_the_filled_form(
    page: Page, simulator: Simulator
) -> None:
    fill(page)
    sign_out_elsewhere(page)
    press(page)
    expect(page.get_by_role("dialog", name="Sign in").get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_url("**/login/?next=/servers/new/")
    page.get_by_label("Name").fill("mia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Key (API token)", exact=True).fill(TOKEN)
    press(page, "Connect")
    expect(page.get_by_label("Name", exact=True)).to_have_value("blog-1")
    assert changes(simulator) == []


def test_a_key_that_is_missing_is_asked_for_above_the_page(
    page: Page, manager: Client, simulator: Simulator
) -> None:
    fill(page)
    manager.post("/disconnect/")
    page.context.add_cookies(
        [
            {
                "name": "sessionid",
                "value": manager.cookies["sessionid"].value,
                "url": page.evaluate("location.origin"),
            }
        ]
    )
    press(page)
    connect(page)
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    assert changes(simulator) == [("POST", "/servers/")]


def test_a_note_and_a_press_are_sent_after_signing_in_and_no_row_stays_meanwhile(
    page: Page, simulator: Simulator
) -> None:
    page.goto("/servers/12345/")
    page.get_by_label("New note").fill("Ask Ravi first.")
    sign_out_elsewhere(page)
    press(page, "Add the note")
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    expect(page.get_by_text("web-server-01")).to_have_count(0)
    sign_in(page)
    connect(page)
    expect(page.locator(".note__text")).to_have_text("Ask Ravi first.")
    page.get_by_role("link", name="Stop web-server-01").click()
    sign_out_elsewhere(page)
    press(page, "Stop web-server-01")
    sign_in(page)
    connect(page)
    expect(page.locator("#state-12345")).to_contain_text("Stopping…")
    assert changes(simulator) == [("POST", "/servers/12345/stop/")]


def test_a_console_that_is_not_reached_leaves_the_form_as_it_is(
    page: Page, simulator: Simulator, forgiven: list[str]
) -> None:
    forgiven += ["ERR_", "htmx:sendError", "htmx:afterRequest"]
    fill(page)
    page.context.set_offline(True)
    press(page)
    expect(page.locator("#alerts")).to_contain_text("The console did not answer.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("blog-1")
    page.context.set_offline(False)
    press(page)
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    assert changes(simulator) == [("POST", "/servers/")]


def test_nothing_can_be_typed_into_a_note_while_it_is_being_sent(page: Page, forgiven: list[str]) -> None:
    forgiven += ["ERR_", "htmx:sendError", "htmx:afterRequest"]
    sent: list[Route] = []

    def hold(route: Route) -> None:
        sent.append(route)

    page.route("**/servers/12345/notes/", hold)
    page.goto("/servers/12345/")
    note = page.get_by_label("New note")
    note.fill("Ask Ravi")
    with page.expect_request("**/servers/12345/notes/"):
        press(page, "Add the note")
    note.press_sequentially(" now")
    expect(note).to_have_value("Ask Ravi")
    sent.pop().abort()
    expect(page.locator("#alerts")).to_contain_text("The console did not answer.")
    note.press("End")
    note.press_sequentially(" first.")
    with page.expect_request("**/servers/12345/notes/"):
        press(page, "Add the note")
    expect(note).to_have_value("Ask Ravi first.")
    sent.pop().continue_()
    expect(page.locator(".note__text")).to_have_text("Ask Ravi first.")
    expect(note).to_be_editable()


def test_a_second_press_after_a_lost_answer_makes_no_second_server(
    page: Page, simulator: Simulator, forgiven: list[str]
) -> None:
    forgiven += ["ERR_", "htmx:sendError", "htmx:afterRequest"]
    fill(page)

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route("**/servers/new/", lose)
    press(page)
    expect(page.locator("#alerts")).to_contain_text("The console did not answer.")
    page.unroute("**/servers/new/")
    press(page)
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    assert changes(simulator) == [("POST", "/servers/")]
    assert Activity.objects.filter(action="create").count() == 1


def test_what_is_wrong_comes_back_in_place_with_the_focus(
    page: Page, simulator: Simulator, forgiven: list[str]
) -> None:
    forgiven.append("422")
    fill(page, "blog_1")
    press(page)
    expect(page.get_by_text("Use letters, numbers and hyphens only.")).to_be_visible()
    field = page.get_by_label("Name", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value("blog_1")
    field.fill("blog-1")
    press(page)
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()
    assert changes(simulator) == [("POST", "/servers/")]


def test_without_javascript_it_comes_back_after_signing_in_and_is_not_sent_by_itself(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager, javascript=False)
    page.goto("/servers/12345/edit/")
    page.get_by_label("Internet name (hostname)", exact=True).fill("half.example.com")
    sign_out_elsewhere(page)
    press(page, "Save the changes")
    page.get_by_label("Name").fill("mia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Key (API token)", exact=True).fill(TOKEN)
    press(page, "Connect")
    expect(page.get_by_label("Internet name (hostname)", exact=True)).to_have_value("half.example.com")
    assert changes(simulator) == []
    press(page, "Save the changes")
    expect(page.get_by_role("heading", name="web-server-01")).to_be_visible()
    assert changes(simulator) == [("PUT", "/servers/12345/")]


def test_nothing_of_it_lies_in_the_storage_of_the_browser(page: Page) -> None:
    fill(page, "of-mia-alone")
    stored = page.evaluate(
        """async () => JSON.stringify([
            { ...localStorage }, { ...sessionStorage }, await indexedDB.databases(), await caches.keys()
        ])"""
    )
    assert stored.startswith("[{},{")
    assert stored.endswith("},[],[]]")
    assert "of-mia-alone" not in stored
