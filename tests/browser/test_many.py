"""The open page of a run for many servers: it goes on when the console is back."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Route, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.http.test_bulk import confirm, states

SERVERS = ["12345", "12346", "12372"]
BAD_GATEWAY = "<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>"


def as_proxy(route: Route) -> None:
    route.fulfill(status=502, content_type="text/html", body=BAD_GATEWAY)


@pytest.mark.parametrize("away", [Route.abort, as_proxy], ids=["no network", "a proxy answers"])
def test_a_run_goes_on_when_the_console_is_back(
    open_page: OpenPage,
    operator: Client,
    simulator: Simulator,
    forgiven: list[str],
    away: Callable[[Route], None],
) -> None:
    address = confirm(operator, "stop", SERVERS)
    asked = []

    def answer(route: Route) -> None:
        asked.append(route.request.method)
        away(route)

    page = open_page(operator)
    page.clock.install()
    page.goto(address)
    title = page.title()
    page.route(f"**{address}**", answer)
    for _ in range(20):
        page.clock.run_for(500)
    assert asked.count("POST") >= 4 and asked.count("GET") >= 1
    assert (states(address), simulator.lines) == (["waiting"] * 3, [])
    expect(page.get_by_role("heading", name="Stop 3 servers")).to_be_visible()
    expect(page.get_by_text("Bad gateway")).to_have_count(0)
    assert page.title() == title
    page.unroute(f"**{address}**")
    page.clock.run_for(15_000)
    expect(page.locator("#run")).to_contain_text("Over: 3 of 3 asked.")
    assert states(address) == ["accepted"] * 3
    assert len([line for line in simulator.lines if line[0] == "POST"]) == 3
    forgiven += ["htmx:", "ERR_FAILED", "502", "drive", address]


def test_hands_and_looks_end_with_the_key(
    open_page: OpenPage, operator: Client, simulator: Simulator, forgiven: list[str]
) -> None:
    address = confirm(operator, "stop", SERVERS)
    simulator.faults.next("status", "stop", status=401, times=4)
    page = open_page(operator)
    page.goto(address)
    expect(page.get_by_role("link", name="Connect again")).to_be_visible()
    expect(page.locator("#main [hx-trigger]")).to_have_count(0)
    forgiven += ["htmx:", "409", "drive"]
