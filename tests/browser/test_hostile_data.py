"""Hostile text from VPS.org in the browser: nothing runs, nothing is asked of the policy, and nothing sticks out."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from servers.models import Note, Sheet
from servers.remote.objects import one_line
from servers.simulator import Simulator
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.eyes import width
from tests.http.test_hostile_data import HOSTILE, TOKEN, servers

REPORT = """
    window.ran = [];
    for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => window.ran.push(name);
"""


@pytest.fixture(params=["markup", "long"])
def text(request: pytest.FixtureRequest, simulator: Simulator) -> str:
    """What stands in every field of the account."""
    text = HOSTILE[request.param]
    simulator.add_account(TOKEN, servers(text))
    return text


@pytest.fixture
def page(open_page: OpenPage, sign_in: Callable[..., Client], text: str) -> Page:
    """The phone of a Manager of that account."""
    manager = sign_in("mia", "Manager", token=TOKEN)
    Note.objects.create(server_id="2", author_name="mia", text=text[:2000])
    Sheet.objects.create(server_id="2", tags=["shop"])
    page = open_page(manager, phone=True)
    page.add_init_script(REPORT)
    return page


def is_harmless(page: Page) -> None:
    """Nothing of it has run, became an element, or is wider than the page."""
    assert page.evaluate("window.ran") == []
    assert page.locator("[onerror], [onfocus], img[src=x]").count() == 0
    assert width(page) == PHONE["width"]


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/servers/",
        "/servers/1/",
        "/servers/2/edit/",
        "/servers/2/delete/",
        "/servers/new/?like=2",
        "/bulk/new/?action=stop&server=1&server=2",
        "/activity/",
    ],
)
def test_a_page_holds_it_as_text(page: Page, address: str) -> None:
    page.goto(address)
    is_harmless(page)


def test_a_dialog_a_rename_and_a_press_hold_it_as_text(page: Page, text: str) -> None:
    page.goto("/servers/2/")
    page.locator("#more-2").tap()
    page.locator("#stop-2").tap()
    expect(page.locator("#dialog-title")).to_contain_text(one_line(text)[:60])
    is_harmless(page)
    page.get_by_role("link", name="Keep it running").tap()
    page.locator("#rename").tap()
    expect(page.get_by_label("Name", exact=True)).to_have_value(one_line(text))
    is_harmless(page)
    page.goto("/servers/3/")
    page.locator("#likely-3").tap()
    expect(page.locator("#messages")).to_contain_text(one_line(text)[:60])
    is_harmless(page)


def test_the_code_that_is_copied_is_the_text(page: Page, text: str) -> None:
    page.goto("/servers/2/")
    page.get_by_text("The same as code").tap()
    page.locator("#code-replace").tap()
    code = page.locator(".code__text--python code")
    expect(code).to_contain_text("requests.put")
    page.get_by_role("radio", name="Python").check()
    page.get_by_role("button", name="Copy Python").tap()
    expect(page.locator("#announce")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == code.text_content()
    is_harmless(page)
