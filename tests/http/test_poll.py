"""The poll: what a page has missed, as cells that replace those of the page; nothing when it has missed nothing."""

from collections.abc import Callable

import pytest
from django.test import Client

from servers.simulator import SimulatedServer, Simulator
from tests.conftest import HTMX, TOKEN
from tests.http.conftest import refused_by_gunicorn
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

WEB, NEW = 12345, 12415


def tick(client: Client, page: Element) -> Element | None:
    """One poll of this page; None when nothing was missed, else what is swapped into it."""
    response = client.get(page.tick(), headers=HTMX)
    if response.status_code == 204:
        assert response.content == b""
        return None
    assert response.status_code == 200
    answer = read(response)
    page.told(answer)
    return answer


def changed(client: Client, page: Element) -> Element:
    """The same where something was missed."""
    answer = tick(client, page)
    assert answer is not None
    return answer


@pytest.fixture
def drawn(viewer: Client) -> Element:
    """The list as a viewer has it open."""
    return read(viewer.get("/servers/"))


def test_it_says_nothing_and_asks_nobody_when_nothing_changed(
    viewer: Client, drawn: Element, simulator: Simulator
) -> None:
    assert tick(viewer, drawn) is None
    assert simulator.seen == []


def test_it_asks_once_for_all_pages_when_the_fleet_is_old(
    viewer: Client,
    operator: Client,
    drawn: Element,
    simulator: Simulator,
    later: Callable[[float], None],
) -> None:
    later(16)
    tick(viewer, drawn)
    tick(operator, drawn)
    assert simulator.lines == [("GET", "/servers/")]


def test_it_brings_the_cells_of_what_changed_out_of_band_and_nothing_else(
    viewer: Client, drawn: Element, simulator: Simulator, later: Callable[[float], None]
) -> None:
    later(61)
    tick(viewer, drawn)
    simulator.account().servers[WEB].status = "suspended"
    later(16)
    answer = changed(viewer, drawn)
    assert [child.attributes["id"] for child in answer.children] == [
        *(f"state-{WEB}", f"actions-{WEB}", f"address-{WEB}"),
        *("chips", "news", "seen"),
    ]
    assert all("hx-swap-oob" in child.attributes for child in answer.children)
    assert answer.one(id=f"state-{WEB}").text == "Suspended"
    assert answer.one(id=f"state-{WEB}").attributes["data-said"] == "web-server-01: Suspended."
    assert answer.all("form") == []
    assert tick(viewer, drawn) is None


def test_the_filters_follow_with_their_counts_and_keep_what_the_list_was_asked_for(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    page = read(viewer.get("/servers/?q=web&status=active&sort=-created"))
    later(61)
    tick(viewer, page)
    simulator.account().servers[WEB].status = "suspended"
    later(16)
    before, after = (
        {chip.text.rpartition(" ")[0]: chip for chip in drawn.one("nav", id="chips").all("a")}
        for drawn in (page, changed(viewer, page))
    )
    assert int(after["Suspended"].text.split()[-1]) == int(before["Suspended"].text.split()[-1]) + 1
    assert {name: chip.attributes for name, chip in after.items()} == {
        name: chip.attributes for name, chip in before.items()
    }
    assert after["us-west"].attributes["href"] == (
        "/servers/?q=web&status=active&sort=-created&location=us-west"
    )


def test_it_leaves_out_servers_that_the_page_does_not_show(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    page = read(viewer.get("/servers/?q=db-server"))
    simulator.account().servers[WEB].status = "suspended"
    later(16)
    assert tick(viewer, page) is None


def test_it_follows_a_server_until_it_settles(
    viewer: Client, drawn: Element, later: Callable[[float], None]
) -> None:
    assert drawn.one(id=f"state-{NEW}").text == "Being set up"
    later(301)
    answer = changed(viewer, drawn)
    assert answer.one(id=f"state-{NEW}").text == "Running"
    assert answer.one(id=f"address-{NEW}").text == "192.0.2.14"


def test_while_something_changes_vps_org_is_asked_every_two_seconds(
    viewer: Client, drawn: Element, simulator: Simulator, later: Callable[[float], None]
) -> None:
    later(1.9)
    tick(viewer, drawn)
    assert simulator.seen == []
    later(0.2)
    tick(viewer, drawn)
    assert simulator.lines == [("GET", "/servers/")]


def test_on_the_page_of_a_server_the_cells_stand_open(
    operator: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    page = read(operator.get(f"/servers/{WEB}/"))
    simulator.account().servers[WEB].status = "stopped"
    later(16)
    answer = changed(operator, page)
    assert "Switched off. Files are kept." in answer.one(id=f"state-{WEB}").text
    assert answer.all("details") == []


def test_it_tells_in_one_line_what_came_and_went_and_tells_it_once(
    viewer: Client, drawn: Element, simulator: Simulator, later: Callable[[float], None]
) -> None:
    servers = simulator.account().servers
    del servers[WEB]
    servers[7], servers[8] = SimulatedServer(7, "one"), SimulatedServer(8, "two")
    later(16)
    answer = changed(viewer, drawn)
    assert answer.one(id="news").text == "2 new servers. 1 server here is gone. Show"
    assert answer.one(id=f"state-{WEB}").text == "No longer exists"
    assert answer.one(id=f"actions-{WEB}").children == []
    assert tick(viewer, drawn) is None


def test_the_page_of_a_server_says_when_that_server_is_gone(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    page = read(viewer.get(f"/servers/{WEB}/"))
    del simulator.account().servers[WEB]
    later(16)
    answer = changed(viewer, page)
    assert answer.one(id="news").text == "This server no longer exists at VPS.org. All servers"
    assert answer.one(id=f"state-{WEB}").text == "No longer exists"
    assert answer.one(id=f"actions-{WEB}").children == []
    assert answer.one(id=f"delete-{WEB}").children == []


@pytest.mark.parametrize("fault", ["cut", "html", "status"])
def test_an_outage_shows_once_and_goes_by_itself(
    viewer: Client,
    drawn: Element,
    simulator: Simulator,
    later: Callable[[float], None],
    fault: str,
) -> None:
    simulator.faults.next(fault, "list", times=4)
    later(16)
    answer = changed(viewer, drawn)
    assert "VPS.org does not answer. This is what we saw today 12:00." in answer.one(id="outage").text
    assert answer.one(id=f"state-{WEB}").text == "Running (as of 12:00)"
    assert tick(viewer, drawn) is None

    simulator.faults.clear()
    answer = changed(viewer, drawn)
    assert answer.one(id="outage").text == ""
    assert answer.one(id=f"state-{WEB}").text == "Running"


def test_try_again_leads_back_to_the_page_that_polled(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    address = "/servers/?status=active&sort=-name"
    page = read(viewer.get(address))
    simulator.faults.next("cut", "list", times=2)
    later(16)
    answer = read(viewer.get(page.tick(), headers=HTMX | {"HX-Current-URL": f"http://testserver{address}"}))
    assert answer.one(id="outage").one("a").attributes["href"] == address


def test_it_stops_and_leads_to_the_key_when_the_key_is_refused(
    viewer: Client, drawn: Element, simulator: Simulator, later: Callable[[float], None]
) -> None:
    del simulator.world.accounts[TOKEN]
    later(16)
    for status in (409, 200):
        response = viewer.get(drawn.tick(), headers=HTMX)
        assert response.status_code == status
        assert read(response).one(id="live").attributes["hx-swap-oob"] == "delete"
        assert read(response).one("a").attributes["href"] == "/connect/"
    assert len(simulator.seen) == 1, "a refused key is not tried again"


def test_it_stops_and_leads_to_sign_in_when_the_person_is_signed_out(viewer: Client, drawn: Element) -> None:
    viewer.post("/logout/")
    response = viewer.get(drawn.tick(), headers=HTMX)
    assert read(response).one(id="live").attributes["hx-swap-oob"] == "delete"
    assert read(response).one("a").attributes["href"] == "/login/?next=%2Fservers%2F"
    assert "web-server-01" not in response.content.decode()


@pytest.mark.parametrize("number", ["", "-1", "one", "9" * 40, "²"])
@pytest.mark.parametrize(
    "ids", ["", "../../etc", f"<b>,{WEB}", pytest.param("," * 5000, marks=refused_by_gunicorn)]
)
def test_it_survives_any_address(viewer: Client, simulator: Simulator, number: str, ids: str) -> None:
    query = {"ids": ids} | dict.fromkeys(("seen", "drawn", "new", "gone", "trouble"), number)
    response = viewer.get("/servers/poll/", query, headers=HTMX)
    assert response.status_code in (200, 204)
    shown = read(response).all("div", **{"class": "state"})
    assert [cell.attributes["id"] for cell in shown] == ([f"state-{WEB}"] if str(WEB) in ids else [])
    assert simulator.seen == []
