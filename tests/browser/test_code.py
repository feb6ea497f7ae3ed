"""The same as code, in place: opened where it stands, a language chosen, copied whole."""

from django.test import Client
from playwright.sync_api import expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.browser.test_every_page import look_from_all_sides


def test_it_opens_in_place_and_is_copied_in_the_language_that_is_chosen(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    page.goto("/servers/12345/")
    page.get_by_text("The same as code").click()
    expect(page.get_by_role("radio", name="cURL")).to_be_checked()
    look_from_all_sides(page)
    page.get_by_role("radio", name="cURL").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Stop", exact=True).click()
    expect(page.get_by_role("radio", name="Python")).to_be_checked()
    expect(page.get_by_role("link", name="Stop", exact=True)).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Copy Python").click()
    expect(page.locator("#announce")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".code__text--python code").text_content()
    assert "requests.post(url, headers=headers)" in copied
    expect(page.locator("#code pre:visible")).to_have_count(1)
    assert page.url.endswith("/servers/12345/")
    assert not [line for line in simulator.lines if line[0] != "GET"]


def test_the_code_of_a_form_follows_what_is_typed(open_page: OpenPage, operator: Client) -> None:
    page = open_page(operator)
    page.goto("/servers/12345/edit/")
    page.get_by_label("Name", exact=True).fill("web-9")
    page.get_by_text("The same as code").click()
    expect(page.locator(".code__text--curl code")).to_contain_text('"name": "web-9"')
    page.get_by_label("Name", exact=True).fill("web-10")
    page.get_by_label("Internet name (hostname)", exact=True).focus()
    expect(page.locator(".code__text--curl code")).to_contain_text('"name": "web-10"')
    expect(page.get_by_label("Internet name (hostname)", exact=True)).to_be_focused()
    look_from_all_sides(page)


def test_it_is_a_page_of_its_own_without_javascript(open_page: OpenPage, operator: Client) -> None:
    page = open_page(operator, javascript=False)
    page.goto("/servers/?status=stopped")
    page.get_by_text("The same as code").click()
    page.get_by_role("link", name="Show it on a page of its own").click()
    expect(page.locator(".code__text--curl code")).to_contain_text("/servers/?status=stopped")
    page.get_by_role("radio", name="PHP").check()
    expect(page.locator(".code__text--php code")).to_be_visible()
    expect(page.locator(".code__text--curl code")).to_be_hidden()
    page.goto("/servers/12345/edit/")
    page.get_by_label("Name", exact=True).fill("web-9")
    page.get_by_text("The same as code").click()
    page.get_by_role("button", name="Show it on a page of its own").click()
    expect(page.locator(".code__text--curl code")).to_contain_text('"name": "web-9"')


def test_the_code_of_the_list_follows_its_filters(open_page: OpenPage, operator: Client) -> None:
    page = open_page(operator)
    page.goto("/servers/")
    page.get_by_role("link", name="Stopped").click()
    page.get_by_text("The same as code").click()
    expect(page.locator(".code__text--curl code")).to_contain_text("/servers/?status=stopped")
    look_from_all_sides(page)


def test_the_code_of_a_new_server_holds_what_was_chosen(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager)
    page.goto("/servers/new/")
    page.get_by_label("Name", exact=True).fill("web-9")
    page.get_by_text("The same as code").click()
    code = page.locator(".code__text--curl code")
    expect(code).to_contain_text('"name": "web-9"')
    page.get_by_role("group", name="Size").get_by_role("radio").first.check()
    expect(code).to_contain_text('"plan_id": ')
    look_from_all_sides(page)
    assert not [line for line in simulator.lines if line[0] != "GET"]
