"""VPS.org does not answer: the last known list stays, with its age, and goes on by itself."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from servers.simulator import SimulatedServer, Simulator
from tests.conftest import HTMX
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

Later = Callable[[float], None]


def poll(client: Client, **parameters: str) -> str:
    response = client.get("/servers/poll/", {"ids": "12345", "on": "list"} | parameters, headers=HTMX)
    return response.content.decode() if response.status_code == 200 else ""


def fail(simulator: Simulator, times: int = 1) -> None:
    simulator.faults.next("status", times=times, status=500, body="out of order")


def test_the_last_known_list_stays_with_its_age_and_one_sentence(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    later(600)
    fail(simulator)
    poll(viewer)
    page = read(viewer.get("/servers/"))
    assert "VPS.org does not answer. This is what we saw today" in page.one(id="outage").text
    assert "(as of " in page.one(id="state-12345").text
    assert page.one(id="age").text == "10 minutes ago"
    assert len(page.one("tbody").all("tr")) == 24


def test_a_page_that_is_open_is_told_once_and_again_when_it_is_over(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    version = read(viewer.get("/servers/")).one("input", name="seen").attributes["value"]
    later(60)
    fail(simulator)
    told = poll(viewer, seen=version, drawn=version, trouble="0")
    assert "VPS.org does not answer." in told and 'id="state-12345"' in told
    fail(simulator)
    assert poll(viewer, seen=version, drawn=version, trouble="1") == ""
    over = read(viewer.get("/servers/poll/", {"ids": "12345", "seen": version, "trouble": "1"}, headers=HTMX))
    assert over.one(id="outage").text == ""
    assert over.one(id="state-12345").text == "Running"


def test_after_five_failures_it_asks_every_ten_seconds_whoever_clicks(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    later(60)
    fail(simulator, times=100)
    for _ in range(5):
        poll(viewer)
    assert len(simulator.lines) == 5
    for _ in range(3):
        poll(viewer)
        assert viewer.get("/servers/12345/").status_code == 200
    assert len(simulator.lines) == 5
    later(11)
    poll(viewer)
    poll(viewer)
    assert len(simulator.lines) == 6


def test_a_change_is_still_sent_while_questions_rest(
    operator: Client, simulator: Simulator, later: Later
) -> None:
    later(60)
    fail(simulator, times=5)
    for _ in range(5):
        poll(operator)
    simulator.seen.clear()
    assert operator.post("/servers/12345/stop/", headers=HTMX).status_code == 200
    assert simulator.lines == [("POST", "/servers/12345/stop/")]


def test_without_any_known_list_the_page_says_so_and_is_not_an_empty_account(
    viewer: Client, simulator: Simulator
) -> None:
    cache.clear()
    fail(simulator)
    response = viewer.get("/servers/")
    assert response.status_code == 502
    page = read(response)
    assert "VPS.org reported a fault of its own." in page.text
    assert "no servers" not in page.text
    assert [link.text for link in page.one("main").all("a")] == ["Try again", "All servers"]


def test_the_page_of_a_server_shows_what_the_list_knew(viewer: Client, simulator: Simulator) -> None:
    fail(simulator)
    response = viewer.get("/servers/12345/")
    assert response.status_code == 200
    page = read(response)
    assert page.one("h1").text == "web-server-01"
    assert "VPS.org does not answer" in page.one(id="outage").text


def test_a_view_never_waits_for_an_old_list_to_be_renewed(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    later(300)
    page = read(viewer.get("/servers/"))
    assert simulator.lines == []
    assert page.one(id="age").text == "5 minutes ago"


def test_without_javascript_an_old_list_is_renewed_by_the_page_itself(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    later(300)
    assert 'content="0; url=/servers/?now="' in viewer.get("/servers/").content.decode()
    page = read(viewer.get("/servers/?now="))
    assert simulator.lines == [("GET", "/servers/")]
    assert page.one(id="age").text == "1 second ago"


def test_new_and_vanished_servers_are_a_quiet_line_and_no_row(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    version = read(viewer.get("/servers/")).one("input", name="seen").attributes["value"]
    servers = simulator.account().servers
    del servers[12345]
    servers[99001] = SimulatedServer(99001, "late-1")
    later(20)
    ids = ",".join(str(i) for i in [12345, *servers] if i != 99001)
    told = read(viewer.get("/servers/poll/", {"ids": ids, "seen": version, "drawn": version}, headers=HTMX))
    assert told.one(id="news").text == "1 new server. 1 server here is gone. Show"
    assert "late-1" not in told.text
    known = {"new": "1", "gone": "1", "seen": told.one("input", name="seen").attributes["value"]}
    assert poll(viewer, ids=ids, drawn=version, **known) == ""


def test_only_try_again_asks_at_once_and_the_other_links_do_not(viewer: Client) -> None:
    page = read(viewer.get("/servers/?status=active&now="))
    links = [
        link.attributes["href"] for link in page.one(id="list").all("a") if "?" in link.attributes["href"]
    ]
    assert len(links) > 10
    assert not [address for address in links if "now" in address]
