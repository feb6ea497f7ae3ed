"""The poll: what a page has missed, as cells that replace those of the page; nothing when it has missed nothing."""

from collections.abc import Callable

import pytest
from django.test import Client

from servers.simulator import Simulator
from tests.conftest import HTMX, TOKEN
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

WEB, DB = "12345", "12346"


def seen(client: Client) -> str:
    """The version that a page drawn now remembers."""
    return read(client.get("/servers/")).one("input", id="seen").attributes["value"]


def poll(client: Client, version: str, ids: str = f"{WEB},{DB}", on: str = "list") -> Element | None:
    """One tick; None when nothing was missed."""
    response = client.get("/servers/poll/", {"on": on, "ids": ids, "seen": version}, headers=HTMX)
    if response.status_code == 204:
        assert response.content == b""
        return None
    assert response.status_code == 200
    return read(response)


def test_it_says_nothing_and_asks_nobody_when_nothing_changed(viewer: Client, simulator: Simulator) -> None:
    assert poll(viewer, seen(viewer)) is None
    assert simulator.seen == []


def test_it_asks_once_for_all_pages_when_the_fleet_is_old(
    viewer: Client, operator: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    version = seen(viewer)
    later(16)
    poll(viewer, version)
    poll(operator, version)
    assert simulator.lines == [("GET", "/servers/")]


def test_it_brings_the_cells_of_what_changed_out_of_band_and_nothing_else(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    version = seen(viewer)
    simulator.account().servers[12345].status = "suspended"
    later(16)
    tick = poll(viewer, version)
    assert tick is not None
    assert [child.attributes["id"] for child in tick.children] == [
        *(f"state-{WEB}", f"actions-{WEB}", f"address-{WEB}"),
        *("announce", "seen"),
    ]
    assert all("hx-swap-oob" in child.attributes for child in tick.children)
    assert tick.one(id=f"state-{WEB}").text == "Suspended"
    assert tick.one(id="announce").text == "web-server-01: Suspended."
    assert tick.all("form") == []
    assert poll(viewer, tick.one(id="seen").attributes["value"]) is None


def test_it_leaves_out_servers_that_the_page_does_not_show(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    version = seen(viewer)
    simulator.account().servers[12345].status = "suspended"
    later(16)
    assert poll(viewer, version, ids=DB) is None


def test_it_follows_a_server_until_it_settles(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    new = "12415"
    page = read(viewer.get("/servers/"))
    assert page.one(id=f"state-{new}").text == "Being set up"
    later(301)
    tick = poll(viewer, page.one(id="seen").attributes["value"], ids=new)
    assert tick is not None
    assert tick.one(id=f"state-{new}").text == "Running"
    assert tick.one(id=f"address-{new}").text == "192.0.2.14"


def test_while_something_changes_the_fleet_is_looked_at_every_two_seconds(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    version = seen(viewer)
    later(1.9)
    poll(viewer, version)
    assert simulator.seen == []
    later(0.2)
    poll(viewer, version)
    assert simulator.lines == [("GET", "/servers/")]


def test_on_the_page_of_a_server_the_cells_stand_open(
    operator: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    version = seen(operator)
    simulator.account().servers[12345].status = "stopped"
    later(16)
    tick = poll(operator, version, ids=WEB, on="server")
    assert tick is not None
    assert "Switched off. Files are kept." in tick.one(id=f"state-{WEB}").text
    assert tick.all("details") == []


@pytest.mark.parametrize("fault", ["cut", "html", "status"])
def test_it_leaves_the_page_as_it_is_when_vps_org_fails(
    viewer: Client, simulator: Simulator, later: Callable[[float], None], fault: str
) -> None:
    version = seen(viewer)
    later(16)
    simulator.faults.next(fault, "list", times=2)
    assert poll(viewer, version) is None


def test_it_stops_and_leads_to_the_key_when_the_key_is_refused(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    version = seen(viewer)
    del simulator.world.accounts[TOKEN]
    later(16)
    for _ in range(2):
        response = viewer.get("/servers/poll/", {"ids": WEB, "seen": version}, headers=HTMX)
        assert response.status_code == 286, "htmx stops polling at 286"
        assert read(response).one("a").attributes["href"] == "/connect/"
    assert len(simulator.seen) == 1, "a refused key is not tried again"


def test_it_stops_and_leads_to_sign_in_when_the_person_is_signed_out(viewer: Client) -> None:
    version = seen(viewer)
    viewer.post("/logout/")
    response = viewer.get("/servers/poll/", {"ids": WEB, "seen": version}, headers=HTMX)
    assert response.status_code == 286
    assert read(response).one("a").attributes["href"] == "/login/?next=%2Fservers%2F"
    assert "web-server-01" not in response.content.decode()


@pytest.mark.parametrize("version", ["", "-1", "one", "9" * 40, "²"])
@pytest.mark.parametrize("ids", ["", "../../etc", f"<b>,{WEB}", "," * 5000])
def test_it_survives_any_address(viewer: Client, version: str, ids: str) -> None:
    response = viewer.get("/servers/poll/", {"ids": ids, "seen": version}, headers=HTMX)
    assert response.status_code == (200 if WEB in ids else 204)
