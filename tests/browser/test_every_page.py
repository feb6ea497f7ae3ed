"""Every page, light and dark, wide and narrow, both ways: no finding of axe, all in reach, nothing scrolls sideways."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from servers.simulator import SimulatedServer, Simulator
from tests.browser.conftest import DESK, PHONE, OpenPage
from tests.browser.eyes import findings, moving, too_small, width
from tests.conftest import PASSWORD
from tests.http.steps import grow_old, set_up_app

LONG = "12396"
"""The server with the longest name of the seeded fleet."""


def look_from_all_sides(page: Page) -> None:
    """Both colour schemes, directions and layouts, a laptop at 200 % zoom, a small phone; what is open stays open."""
    page.emulate_media(reduced_motion="reduce")
    for scheme, viewport, direction in (("light", DESK, "ltr"), ("dark", PHONE, "rtl")):
        side = f"{scheme}, {viewport['width']} pixels, {direction}"
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.evaluate("(dir) => (document.documentElement.dir = dir)", direction)
        assert findings(page) == [], side
        assert too_small(page) == [], side
        assert width(page) <= viewport["width"], side
    assert moving(page) == []
    for pixels in (DESK["width"] // 2, 320):
        for direction in ("rtl", "ltr"):
            page.set_viewport_size({"width": pixels, "height": 640})
            page.evaluate("(dir) => (document.documentElement.dir = dir)", direction)
            assert width(page) <= pixels, f"{pixels} pixels, {direction}"


PAGES = {
    "start": "/",
    "list": "/servers/",
    "filtered list": "/servers/?q=shop&status=active",
    "no match": "/servers/?q=nothing-has-this-name",
    "server": "/servers/12345/",
    "server with a long name": f"/servers/{LONG}/",
    "server that is being set up": "/servers/12415/",
    "new server": "/servers/new/",
    "edit": f"/servers/{LONG}/edit/",
    "stop": f"/servers/{LONG}/stop/",
    "delete": f"/servers/{LONG}/delete/",
    "activity": "/activity/",
    "activity, no match": "/activity/?server=nothing",
    "many at once": f"/bulk/new/?action=stop&server=12345&server={LONG}&server=12372",
    "members": "/members/",
    "invitation": "/members/invite/",
    "the person's own page": "/me/",
    "second step": "/me/second-step/",
    "app for codes": "/me/second-step/app/",
    "passkey": "/me/second-step/passkey/",
    "who must have a second step": "/members/second-step/",
    "key": "/connect/",
    "password": "/password/",
    "sign out": "/logout/",
    "shortcuts": "/keys/",
    "accessibility": "/accessibility/",
}


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES.keys())
def test_it_is_accessible_and_does_not_scroll_sideways(
    open_page: OpenPage, manager: Client, address: str
) -> None:
    manager.post(f"/servers/{LONG}/reboot/")
    page = open_page(manager)
    response = page.goto(address)
    assert response
    assert response.status == 200
    look_from_all_sides(page)


def test_sign_in(open_page: OpenPage, forgiven: list[str]) -> None:
    page = open_page()
    page.goto("/login/")
    look_from_all_sides(page)
    page.goto("/login/provider/back/")
    expect(page.get_by_role("heading", name="This did not work")).to_be_visible()
    look_from_all_sides(page)
    forgiven.append("400")


def test_the_second_step_and_what_is_set_up(open_page: OpenPage, manager: Client) -> None:
    set_up_app(manager)
    page = open_page(manager)
    for address in ("", "codes/", "codes/new/", "app/remove/"):
        page.goto(f"/me/second-step/{address}")
        look_from_all_sides(page)
    page.context.clear_cookies()
    page.goto("/login/")
    page.get_by_label("Name").fill("mia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill("1")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("This does not fit.")).to_be_visible()
    look_from_all_sides(page)


def test_the_question_who_it_is(open_page: OpenPage, manager: Client) -> None:
    grow_old(manager)
    page = open_page(manager)
    page.goto("/again/")
    expect(page.get_by_label("Your password")).to_be_focused()
    look_from_all_sides(page)


def test_a_key_is_asked_for(open_page: OpenPage, sign_in: Callable[..., Client]) -> None:
    page = open_page(sign_in("mia", "Manager", connected=False))
    page.goto("/servers/")
    expect(page.get_by_label("Key (API token)", exact=True)).to_be_visible()
    look_from_all_sides(page)


def test_the_list_and_a_server_for_somebody_who_may_only_look(open_page: OpenPage, viewer: Client) -> None:
    page = open_page(viewer)
    for address in ("/servers/?q=shop", "/servers/12345/"):
        page.goto(address)
        look_from_all_sides(page)


def test_an_account_without_servers(
    open_page: OpenPage, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    simulator.account().servers.clear()
    page = open_page(sign_in("mia", "Manager"))
    page.goto("/servers/")
    expect(page.get_by_role("heading", name="You have no servers yet")).to_be_visible()
    look_from_all_sides(page)


def test_more_than_fifty_servers(
    open_page: OpenPage, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    simulator.account().servers.update(
        {i: SimulatedServer(id=i, name=f"worker-{i}") for i in range(30001, 30061)}
    )
    page = open_page(sign_in("mia", "Manager"))
    page.goto("/servers/")
    expect(page.locator("tbody tr")).to_have_count(50)
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    for pixels in (1280, 960, 768, 390, 320):
        page.set_viewport_size({"width": pixels, "height": 800})
        assert width(page) <= pixels


@pytest.mark.parametrize(
    ("address", "status"), [("/servers/nothing/here/", 404), ("/servers/99999/", 404), ("/servers/new/", 403)]
)
def test_a_page_that_there_is_not(
    open_page: OpenPage, operator: Client, forgiven: list[str], address: str, status: int
) -> None:
    page = open_page(operator)
    page.goto(address)
    expect(page.get_by_role("link", name="All servers")).to_be_visible()
    look_from_all_sides(page)
    forgiven.append(str(status))


def test_vps_org_could_not_be_asked(
    open_page: OpenPage,
    sign_in: Callable[..., Client],
    simulator: Simulator,
    forgiven: list[str],
) -> None:
    manager = sign_in("mia", "Manager")
    simulator.faults.next("status", "detail", times=2, status=500)
    page = open_page(manager)
    page.goto("/servers/12345/")
    expect(page.get_by_role("link", name="Try again")).to_be_visible()
    look_from_all_sides(page)
    forgiven.append("502")


def test_the_list_as_it_was_last_seen(open_page: OpenPage, operator: Client, simulator: Simulator) -> None:
    page = open_page(operator)
    page.goto("/servers/?q=shop")
    simulator.faults.next("status", "list", times=20, status=500)
    expect(page.locator("#outage")).to_contain_text("VPS.org does not answer.")
    look_from_all_sides(page)


def test_a_form_with_errors(open_page: OpenPage, manager: Client, forgiven: list[str]) -> None:
    page = open_page(manager)
    page.goto("/servers/new/")
    page.get_by_label("Name", exact=True).fill("shop_web!")
    page.get_by_role("button", name="Create the server").click()
    expect(page.get_by_text("Choose a size.")).to_be_visible()
    look_from_all_sides(page)
    forgiven.append("422")


def test_two_people_edit_the_same_server(
    open_page: OpenPage, manager: Client, simulator: Simulator, forgiven: list[str]
) -> None:
    page = open_page(manager)
    page.goto("/servers/12345/edit/")
    simulator.account().servers[12345].name = "renamed-by-somebody-else-with-a-rather-long-name-for-a-phone"
    page.get_by_label("Name", exact=True).fill("mine")
    page.get_by_role("button", name="Save the changes").click()
    expect(page.get_by_text("Somebody changed this server while you were editing.")).to_be_visible()
    look_from_all_sides(page)
    forgiven.append("409")


def test_a_dialog(open_page: OpenPage, manager: Client) -> None:
    page = open_page(manager)
    page.goto("/servers/?q=customer-portal")
    page.get_by_role("link", name="Restart customer-portal").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look_from_all_sides(page)


def test_a_menu(open_page: OpenPage, manager: Client) -> None:
    page = open_page(manager)
    page.goto("/servers/?q=customer-portal")
    page.locator(f"#more-{LONG}").click()
    expect(page.get_by_role("link", name="Delete forever")).to_be_visible()
    look_from_all_sides(page)


def test_a_name_that_is_being_changed_and_a_message(
    open_page: OpenPage, manager: Client, forgiven: list[str]
) -> None:
    page = open_page(manager)
    page.goto(f"/servers/{LONG}/")
    page.get_by_role("switch", name="Automatic backups").click()
    expect(page.locator("#messages")).to_contain_text("Automatic backups are on.")
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("not a name")
    page.get_by_role("button", name="Save the name").click()
    expect(page.get_by_text("Use letters, numbers and hyphens only.")).to_be_visible()
    look_from_all_sides(page)
    forgiven += ["422", "htmx:"]


def test_ticked_rows(open_page: OpenPage, manager: Client) -> None:
    page = open_page(manager)
    page.goto("/servers/?q=web")
    page.get_by_role("checkbox", name="Choose web-server-01").check()
    expect(page.get_by_role("form", name="Many at once")).to_be_visible()
    look_from_all_sides(page)


def test_a_server_that_may_or_may_not_have_been_created(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager)
    page.goto("/servers/new/")
    page.get_by_label("Name", exact=True).fill("shop-web-4")
    for group in ("Size", "System", "Location"):
        page.get_by_role("group", name=group).get_by_role("radio").first.check()
    simulator.faults.next("cut", "create")
    page.get_by_role("button", name="Create the server").click()
    expect(page.get_by_role("heading", name="Was shop-web-4 created?")).to_be_visible()
    look_from_all_sides(page)


def test_many_at_once_until_all_are_asked(open_page: OpenPage, manager: Client, simulator: Simulator) -> None:
    page = open_page(manager)
    page.goto(f"/bulk/new/?action=stop&server=12345&server=12346&server={LONG}")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#run").get_by_text("Over: 3 of 3 asked.")).to_be_visible()
    look_from_all_sides(page)
    stops = [path for method, path in simulator.lines if path.endswith("/stop/")]
    assert sorted(stops) == ["/servers/12345/stop/", "/servers/12346/stop/", f"/servers/{LONG}/stop/"]


def test_signing_in_again_above_a_page(open_page: OpenPage, manager: Client, forgiven: list[str]) -> None:
    page = open_page(manager)
    page.goto("/servers/12345/edit/")
    page.get_by_label("Name", exact=True).fill("web-server-02")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save the changes").click()
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    look_from_all_sides(page)


def test_what_was_typed_and_comes_again(open_page: OpenPage, manager: Client) -> None:
    page = open_page(manager)
    page.goto("/servers/12345/edit/")
    with page.expect_response("**/drafts/"):
        page.get_by_label("Name", exact=True).fill("web-server-02")
    page.reload()
    expect(page.get_by_text("This is what you typed today")).to_be_visible()
    look_from_all_sides(page)


def test_a_deletion_that_can_still_be_taken_back(open_page: OpenPage, manager: Client) -> None:
    page = open_page(manager)
    page.goto("/servers/12345/delete/")
    page.locator("[data-countdown]").evaluate("(form) => (form.dataset.countdown = 10_000)")
    page.get_by_label("Type the name of the server").fill("web-server-01")
    page.get_by_role("button", name="Delete web-server-01 forever").click()
    expect(page.get_by_role("button", name="Undo: keep web-server-01")).to_be_visible()
    look_from_all_sides(page)


@pytest.mark.parametrize("address", ["/servers/", "/servers/12345/", "/servers/12345/edit/", "/servers/new/"])
def test_the_same_as_code(open_page: OpenPage, manager: Client, address: str) -> None:
    page = open_page(manager)
    page.goto(address)
    page.get_by_text("The same as code").click()
    expect(page.get_by_text("YOUR_API_TOKEN").first).to_be_visible()
    look_from_all_sides(page)


@pytest.mark.parametrize("link", ["Shortcuts", "What the words mean"])
def test_a_page_of_the_foot_above_another(open_page: OpenPage, manager: Client, link: str) -> None:
    page = open_page(manager)
    page.goto("/servers/")
    page.get_by_role("contentinfo").get_by_role("link", name=link).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look_from_all_sides(page)
