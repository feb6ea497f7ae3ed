"""The page on which a server is created, as a person fills it: by keyboard, by finger, without JavaScript."""

import re
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from servers.models import Offer
from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.browser.test_every_page import look_from_all_sides
from tests.browser.test_keyboard import tab_to

NEW = "/servers/new/"


def chosen(page: Page, group: str) -> str:
    """The words of the card that is chosen."""
    return page.get_by_role("group", name=group).locator(".choice:has(:checked)").inner_text()


def test_it_creates_a_server_by_keyboard_alone(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager)
    page.goto(NEW)
    summary = page.locator("#summary")
    expect(summary).to_contain_text("No size chosen yet")
    tab_to(page, "[data-fill]")
    page.keyboard.press("Enter")
    expect(page.locator("#id_name")).to_be_focused()
    expect(page.get_by_text("This name can be used.")).to_be_visible()
    expect(summary).to_contain_text("shop-web-4")

    tab_to(page, "[name=plan_id][value='1']")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert "Performance VPS" in chosen(page, "Size")
    expect(summary).to_contain_text("4 processors, 8 GB memory, 160 GB disk")
    page.keyboard.press("Tab")
    tab_to(page, "[name=os_id]:checked")
    page.keyboard.press("ArrowRight")
    expect(summary).to_contain_text("Ubuntu 24.04 LTS")
    tab_to(page, "#id_backups_enabled")
    page.keyboard.press("Space")
    expect(summary).to_contain_text("With automatic backups")
    expect(page.locator("#id_backups_enabled")).to_be_focused()
    tab_to(page, ".order .button--primary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="shop-web-4")).to_be_visible()
    (made,) = (server for server in simulator.account().servers.values() if server.name == "shop-web-4")
    assert (made.plan.id, made.os.id, made.location, made.backups_enabled) == (2, 6, "eu-central", True)


def test_after_back_the_summary_knows_what_the_browser_chose_again(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager)
    page.goto(NEW)
    page.get_by_label("Name", exact=True).fill("shop-web-9")
    page.locator("[name=plan_id][value='2']").check(force=True)
    page.get_by_role("button", name="Create the server").click()
    expect(page.get_by_role("heading", name="shop-web-9")).to_be_visible()
    page.go_back()
    assert "Performance VPS" in chosen(page, "Size")
    expect(page.locator("#summary")).to_contain_text("4 processors, 8 GB memory, 160 GB disk")


def test_what_is_typed_is_checked_beside_the_field_and_stays_as_it_is(
    open_page: OpenPage, manager: Client
) -> None:
    page = open_page(manager)
    page.goto(NEW)
    name = page.get_by_label("Name", exact=True)
    name.press_sequentially("shop web")
    expect(page.get_by_text("Use letters, numbers and hyphens only. You typed: shop web.")).to_be_visible()
    name.fill("wiki")
    expect(page.get_by_text("Another server is called wiki already.")).to_be_visible()
    name.press_sequentially("-2")
    expect(page.get_by_text("This name can be used.")).to_be_visible()
    expect(name).to_be_focused()
    expect(name).to_have_value("wiki-2")
    name.fill("")
    expect(page.get_by_role("button", name="Use this name")).to_be_visible()


def test_what_came_back_wrong_is_mended_while_it_is_typed(
    open_page: OpenPage, manager: Client, forgiven: list[str]
) -> None:
    page = open_page(manager)
    page.goto(NEW)
    page.get_by_label("Name", exact=True).fill("shop_web")
    page.get_by_role("button", name="Create the server").click()
    wrong = page.get_by_text("You typed: shop_web.")
    expect(wrong).to_be_visible()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    name.fill("shop-web")
    expect(wrong).to_be_hidden()
    expect(page.get_by_text("This name can be used.")).to_be_visible()
    forgiven.append("422")


def test_one_more_like_a_server_is_two_presses_away(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager)
    page.goto("/servers/12345/")
    page.get_by_role("link", name="One more like this").click()
    expect(page.locator("#summary")).to_contain_text("With automatic backups")
    page.get_by_role("button", name="Create the server").click()
    expect(page.get_by_role("heading", name="web-server-02")).to_be_visible()
    assert [line for line in simulator.lines if line[0] == "POST"] == [("POST", "/servers/")]


def test_without_javascript_it_shows_no_summary_that_could_not_follow(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager, javascript=False)
    page.goto(NEW)
    expect(page.locator("#summary")).to_be_hidden()
    expect(page.get_by_text("Next in the series: shop-web-4")).to_be_visible()
    expect(page.get_by_role("button", name="Use this name")).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("blog-1")
    page.get_by_role("radio", name="Standard VPS").check()
    page.get_by_role("button", name="Create the server").click()
    expect(page.get_by_role("heading", name="blog-1")).to_be_visible()


@pytest.mark.parametrize("pixels", [1280, 390])
def test_the_summary_and_the_button_stay_in_sight(open_page: OpenPage, manager: Client, pixels: int) -> None:
    page = open_page(manager, phone=pixels < 400)
    page.goto(f"{NEW}?like=12345")
    for part in ("start", "middle", "end"):
        page.evaluate(
            "part => scrollTo(0, {start: 0, middle: 0.5, end: 1}[part] * document.documentElement.scrollHeight)",
            part,
        )
        expect(page.locator("#summary")).to_be_in_viewport(ratio=0.9)
        expect(page.get_by_role("button", name="Create the server")).to_be_in_viewport(ratio=0.9)


def test_on_a_phone_the_bar_never_covers_what_has_the_focus(open_page: OpenPage, manager: Client) -> None:
    page = open_page(manager, phone=True)
    page.goto(NEW)
    for _ in range(25):
        page.keyboard.press("Tab")
        covered = page.evaluate("""() => {
            const focus = document.activeElement;
            if (!focus.closest(".create__fields")) return false;
            const card = (focus.closest(".choice") ?? focus).getBoundingClientRect();
            return card.bottom > document.querySelector(".order").getBoundingClientRect().top;
        }""")
        assert not covered, page.evaluate("document.activeElement.outerHTML")


def test_a_card_that_is_chosen_shows_it_without_colour_too(open_page: OpenPage, manager: Client) -> None:
    page = open_page(manager)
    page.emulate_media(forced_colors="active")
    page.goto(NEW)
    border = "element => getComputedStyle(element).borderTopWidth"
    location = page.get_by_role("group", name="Location")
    assert location.locator(".choice:has(:checked)").evaluate(border) == "3px"
    assert location.locator(".choice:not(:has(:checked))").first.evaluate(border) == "1px"


def test_while_the_console_does_not_answer_typing_is_not_disturbed(
    open_page: OpenPage, manager: Client, forgiven: list[str]
) -> None:
    page = open_page(manager)
    page.goto(NEW)
    page.route(re.compile("/servers/(check|new/summary)/"), lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: "/servers/check/" in request.url):
        page.get_by_label("Name", exact=True).fill("blog-1")
    expect(page.locator("#alerts")).to_have_text("")
    expect(page.get_by_label("Name", exact=True)).to_have_value("blog-1")
    forgiven += ["ERR_FAILED", "htmx:"]


def test_an_empty_account_many_sizes_long_names_and_right_to_left_look_well(
    open_page: OpenPage, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    simulator.account().servers.clear()
    cache.clear()
    for number in range(30):
        Offer.objects.create(
            kind="plan_id",
            value=str(100 + number),
            name=f"Size {number} {'with-a-long-name' * (number % 3)}",
            vcpus=1 + number,
            memory=1024 * (1 + number),
            storage=10_000 * (1 + number),
        )
    Offer.objects.create(
        kind="os_id", value="9", name="Enterprise Linux for the whole company, long-term " * 2
    )
    page = open_page(sign_in("mia", "Manager"))
    page.goto(NEW)
    expect(page.get_by_role("group", name="Size").get_by_role("radio")).to_have_count(30)
    look_from_all_sides(page)
    page.evaluate("document.documentElement.dir = 'rtl'")
    look_from_all_sides(page)
