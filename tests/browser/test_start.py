"""The start page and the lines over time, as a person at a browser meets them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from servers.models import Sample
from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.browser.test_every_page import LONG, look_from_all_sides


def samples(server_id: str) -> None:
    """A month of figures, with a gap in each period."""
    now = timezone.now()
    ages = [timedelta(minutes=20 * n) for n in range(60) if not 20 < n < 30]
    ages += [timedelta(hours=4 * n) for n in range(6, 180) if not 60 < n < 80]
    Sample.objects.bulk_create(
        Sample(
            server_id=server_id,
            at=now - age,
            hourly=age.total_seconds() % 3600 == 0,
            cpu_percent=age.total_seconds() / 60 % 97,
            memory_used=1500.0 + age.total_seconds() / 60 % 400,
            disk_used=50.0,
        )
        for age in ages
    )


def test_the_numbers_follow_the_fleet_and_the_focus_stays(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    page = open_page(operator)
    page.goto("/")
    suspended = page.get_by_role("link", name="Suspended")
    suspended.focus()
    before = suspended.text_content() or ""
    simulator.account().servers[12345].status = "suspended"
    simulator.account().servers[12346].status = "suspended"
    assert before.split()[0] == "2"
    expect(suspended).to_contain_text("4")
    expect(suspended).to_be_focused()
    expect(page.locator("#announce")).to_contain_text("web-server-01: Suspended.")
    expect(page.get_by_role("link", name="web-server-01")).to_be_visible()
    suspended.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(4)


def test_all_that_needs_attention_is_accessible(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    for server in [*simulator.account().servers]:
        manager.get(f"/servers/{server}/")
    manager.post(f"/servers/{LONG}/reboot/")
    page = open_page(manager)
    page.goto("/")
    page.get_by_role("link", name="servers more").click()
    expect(page.get_by_role("link", name="game-night")).to_be_visible()
    look_from_all_sides(page)


def test_the_start_page_of_an_account_without_servers(
    open_page: OpenPage, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    simulator.account().servers.clear()
    page = open_page(sign_in("vera", "Viewer"))
    page.goto("/")
    expect(page.get_by_role("heading", name="You have no servers yet")).to_be_visible()
    look_from_all_sides(page)


@pytest.mark.parametrize("javascript", [True, False])
def test_the_lines_of_another_period_and_their_tables(
    open_page: OpenPage, operator: Client, javascript: bool
) -> None:
    samples("12345")
    page = open_page(operator, javascript=javascript)
    page.goto("/servers/12345/")
    expect(page.get_by_role("img", name="Processor over the last day, as a line")).to_be_visible()
    page.get_by_role("link", name="Last month").focus()
    page.keyboard.press("Enter")
    picture = page.get_by_role("img", name="Processor over the last month, as a line")
    expect(picture).to_be_visible()
    assert page.url.endswith("usage=month") or page.url.endswith("usage=month#lines")
    assert picture.locator("path").last.get_attribute("d", timeout=5000)
    if javascript:
        expect(page.get_by_role("link", name="Last month")).to_be_focused()
        page.get_by_text("As a table").first.click()
        expect(page.get_by_role("table", name="Processor")).to_be_visible()
        look_from_all_sides(page)
