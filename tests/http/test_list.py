"""The list of servers: what it shows, in which order, and what it asks VPS.org for."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from servers.simulator import SimulatedServer, Simulator, seed
from servers.simulator.catalogue import PLANS, SYSTEMS
from tests.conftest import HTMX
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

TOKEN = "vps_an.account.of.its.own"


def day(number: int) -> datetime:
    return datetime(2026, 1, number, 9, 30, tzinfo=UTC)


FIVE = [
    SimulatedServer(1, "web-10", "active", "w10.example.com", "192.0.2.9", created_at=day(3)),
    SimulatedServer(2, "web-2", "stopped", "w2.example.com", "192.0.2.80", plan=PLANS[3], created_at=day(1)),
    SimulatedServer(3, "Alpha", "suspended", None, "10.0.0.1", location="us-east", created_at=day(5)),
    SimulatedServer(4, "mail", "active", "shop.example.org", None, location="ap-south", created_at=day(2)),
    SimulatedServer(5, "db", "active", "db.example.com", "203.0.113.7", plan=PLANS[5], created_at=day(4)),
]
FIVE[1].os, FIVE[2].os = SYSTEMS[3], SYSTEMS[8]
FIVE[4].location = "eu-central"


@pytest.fixture
def five(simulator: Simulator, sign_in: Callable[..., Client]) -> Client:
    """An operator whose account has five servers, just seen."""
    simulator.add_account(TOKEN, FIVE)
    return sign_in("fiona", "Operator", token=TOKEN)


def names(response: Any) -> list[str]:
    """The names in the list, from top to bottom."""
    return [link.text for link in read(response).all("a", **{"class": "server"})]


def test_it_shows_every_server_with_its_columns(five: Client) -> None:
    page = read(five.get("/servers/"))
    head = [cell.text for cell in page.one("thead").all("th")]
    assert head == ["Choose", "Name", "Status", "Address", "Location", "Size", "System", "Created", "Actions"]
    rows = page.table()
    assert len(rows) == 5
    assert rows[4] == [
        "web-10 w10.example.com",
        "Running",
        "192.0.2.9",
        "us-west",
        "2 processors, 4 GB memory, 80 GB disk",
        "Ubuntu 22.04 LTS",
        "3 Jan 2026",
    ]
    assert rows[2][2] == "Comes when set-up is finished."
    assert "5 servers. Checked 1 second ago." in page.text


@pytest.mark.parametrize("age", [0, 16, 3600])
def test_it_shows_at_once_what_is_known_however_old_and_says_how_old(
    five: Client, simulator: Simulator, later: Callable[[float], None], age: int
) -> None:
    later(age)
    words = {0: "1 second ago", 16: "16 seconds ago", 3600: "1 hour ago"}[age]
    for address in ("/servers/", "/servers/?status=active&location=us-west", "/servers/?q=web&sort=-name"):
        assert f"Checked {words}." in read(five.get(address)).text
    assert simulator.seen == []


def test_without_script_it_asks_once_when_what_is_known_is_old(
    five: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    five.get("/servers/?now")
    assert simulator.seen == []
    later(16)
    refresh = read(five.get("/servers/?sort=-name")).one("noscript").one("meta").attributes["content"]
    assert refresh == "0; url=/servers/?sort=-name&now="
    five.get("/servers/?sort=-name&now=")
    five.get("/servers/?sort=-name&now=")
    assert simulator.lines == [("GET", "/servers/")]


# --- filters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "sent", "shown"),
    [
        ("status=active", "/servers/?status=active", ["db", "mail", "web-10"]),
        ("status=suspended", "/servers/?status=suspended", ["Alpha"]),
        ("location=us-west", "/servers/?location=us-west", ["web-2", "web-10"]),
        ("location=us-west&status=stopped", "/servers/?status=stopped&location=us-west", ["web-2"]),
        ("status=starting", "/servers/", []),
        ("location=a%26status%3Db", "/servers/?location=a%26status%3Db", []),
    ],
)
def test_it_sends_the_filters_as_documented_when_it_has_to_ask_and_filters_in_place_otherwise(
    five: Client, simulator: Simulator, query: str, sent: str, shown: list[str]
) -> None:
    assert names(five.get(f"/servers/?{query}")) == shown
    assert simulator.lines == []
    cache.clear()
    assert names(five.get(f"/servers/?{query}")) == shown
    assert simulator.lines == [("GET", sent)]


def test_it_offers_each_status_and_location_with_its_count(five: Client) -> None:
    page = read(five.get("/servers/?status=active"))
    chips = {chip.text: chip.attributes for chip in page.all("a", **{"class": "chip"})}
    assert list(chips) == [
        *("Running 3", "Stopped 1", "Suspended 1"),
        *("ap-south 1", "eu-central 1", "us-east 1", "us-west 2"),
    ]
    assert chips["Running 3"]["aria-current"] == "true"
    assert chips["Running 3"]["href"] == "/servers/"
    assert chips["us-west 2"]["href"] == "/servers/?status=active&location=us-west"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("WEB", ["web-2", "web-10"]),
        ("shop.example", ["mail"]),
        ("192.0.2", ["web-2", "web-10"]),
        ("10", ["Alpha", "web-10"]),
        ("web example.com w10", ["web-10"]),
        ("  ", ["Alpha", "db", "mail", "web-2", "web-10"]),
    ],
)
def test_it_searches_name_hostname_and_address(five: Client, text: str, shown: list[str]) -> None:
    response = five.get("/servers/", {"q": text})
    assert names(response) == shown
    assert read(response).one("form", role="search").field("q").attributes["value"] == text


# --- order and pages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "order", "reverse"),
    [
        ("name", "Alpha db mail web-2 web-10", "web-10 web-2 mail db Alpha"),
        ("status", "db mail web-10 web-2 Alpha", "Alpha web-2 db mail web-10"),
        ("address", "mail Alpha web-10 web-2 db", "db web-2 web-10 Alpha mail"),
        ("location", "mail db Alpha web-2 web-10", "web-2 web-10 Alpha db mail"),
        ("size", "web-2 Alpha mail web-10 db", "db Alpha mail web-10 web-2"),
        ("system", "web-2 db mail web-10 Alpha", "Alpha db mail web-10 web-2"),
        ("created", "web-2 mail web-10 db Alpha", "Alpha db web-10 mail web-2"),
    ],
)
def test_it_sorts_by_each_column_both_ways(five: Client, column: str, order: str, reverse: str) -> None:
    up, down = five.get(f"/servers/?sort={column}"), five.get(f"/servers/?sort=-{column}")
    assert names(up) == order.split()
    assert names(down) == reverse.split()
    head = read(up).all("th", **{"aria-sort": "ascending"})
    assert [cell.text.lower() for cell in head] == [column]
    assert head[0].one("a").attributes["href"] == f"/servers/?sort=-{column}"
    assert [cell.text.lower() for cell in read(down).all("th", **{"aria-sort": "descending"})] == [column]


def test_it_shows_an_unknown_order_by_name(five: Client) -> None:
    assert names(five.get("/servers/?sort=price")) == ["Alpha", "db", "mail", "web-2", "web-10"]


@pytest.mark.parametrize("sort", ["", "name", "-name", "status", "-address", "system", "-size", "-created"])
def test_a_search_keeps_the_order_and_the_filters(five: Client, sort: str) -> None:
    page = read(five.get("/servers/", {"sort": sort, "status": "active", "location": "us-west"}))
    form = page.one("form", role="search")
    chosen = [option.attributes["value"] for option in form.all("option") if "selected" in option.attributes]
    assert chosen == [sort]
    assert form.field("status").attributes["value"] == "active"
    assert form.field("location").attributes["value"] == "us-west"


def test_it_shows_pages_of_fifty_and_keeps_everything_in_the_address(
    sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    simulator.add_account(TOKEN, seed.more(120))
    client = sign_in("fiona", "Viewer", token=TOKEN)
    pages = [client.get(f"/servers/?sort=created&page={number}") for number in (1, 2, 3)]
    assert [len(names(page)) for page in pages] == [50, 50, 20]
    assert len({name for page in pages for name in names(page)}) == 120
    middle = read(pages[1])
    assert "Page 2 of 3" in middle.text
    assert "120 servers." in middle.text
    assert middle.one("a", rel="prev").attributes["href"] == "/servers/?sort=created&page=1"
    assert middle.one("a", rel="next").attributes["href"] == "/servers/?sort=created&page=3"
    assert names(client.get("/servers/?sort=created&page=99")) == names(pages[2])
    assert names(client.get("/servers/?sort=created&page=last,please")) == names(pages[0])
    assert simulator.seen == []


def test_a_search_gets_the_list_and_how_many_were_found(five: Client) -> None:
    response = five.get("/servers/?q=web", headers=HTMX | {"HX-Target": "list"})
    listed, told = read(response).children
    assert (listed.attributes["id"], told.attributes["id"], told.text) == ("list", "announce", "2 servers.")
    assert names(response) == ["web-2", "web-10"]


# --- nothing to show, for three reasons -------------------------------------------------------------------------


def test_an_empty_account_is_told_that_it_is_empty(
    sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    simulator.add_account(TOKEN)
    page = read(sign_in("mia", "Manager", token=TOKEN).get("/servers/"))
    assert page.one("h2").text == "You have no servers yet"
    assert [link.attributes["href"] for link in page.one(id="list").all("a")] == ["/servers/new/"]


def test_no_match_is_told_apart_from_no_servers(five: Client) -> None:
    page = read(five.get("/servers/?q=nothing-like-it"))
    assert page.one("h2").text == "No server matches"
    assert page.one("a", **{"class": "button"}).attributes["href"] == "/servers/"


def test_could_not_ask_is_told_apart_from_no_servers(five: Client, simulator: Simulator) -> None:
    cache.clear()
    simulator.faults.next("cut", "list", times=2)
    response = five.get("/servers/?sort=-name")
    page = read(response)
    assert response.status_code == 504
    assert "VPS.org did not answer." in page.text
    assert "no servers" not in page.text
    assert page.one("a", **{"class": "button button--primary"}).attributes["href"] == "/servers/?sort=-name"


def test_an_account_whose_servers_cannot_be_read_is_not_called_empty(
    sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    simulator.add_account(TOKEN, FIVE[:1])
    simulator.faults.next("wrong_types", "list", fields={"name": None})
    text = read(sign_in("fiona", "Viewer", token=TOKEN).get("/servers/")).one(id="list").text
    assert "1 server is not shown" in text
    assert "no servers" not in text


# --- what is not as it should be --------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "status=active", "location=us-east", "status=stopped&sort=-name"])
def test_it_shows_the_last_known_list_with_its_age_when_vps_org_fails(
    five: Client, simulator: Simulator, later: Callable[[float], None], query: str
) -> None:
    expected = names(five.get(f"/servers/?{query}"))
    later(3600)
    simulator.faults.next("status", "list", status=500)
    response = five.get(f"/servers/?{query}&now=")
    page = read(response)
    assert response.status_code == 200
    assert names(response) == expected
    outage = page.one(id="outage")
    assert "VPS.org does not answer. This is what we saw today 12:00." in outage.text
    assert all("(as of 12:00)" in pill.text for pill in page.all("div", **{"class": "state"}))
    again = outage.one("a").attributes["href"]
    assert set(again.partition("?")[2].split("&")) == {*query.split("&"), "now="} - {""}
    assert names(five.get(again)) == expected
    assert len(simulator.seen) == 2, "the next look asks again"


def test_it_says_that_a_row_is_hidden_when_it_cannot_be_read(
    five: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    later(16)
    simulator.faults.next("wrong_types", "list", fields={"status": ["active"]})
    response = five.get("/servers/?now")
    assert names(response) == ["Alpha", "db", "mail", "web-2"]
    assert "1 server is not shown, because VPS.org described it" in read(response).text


def test_it_says_when_vps_org_counts_more_servers_than_it_sent(
    five: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    later(16)
    entry = {"id": 7, "name": "only-one", "status": "active"}
    simulator.faults.next("status", "list", status=200, body={"count": 4, "results": [entry]})
    response = five.get("/servers/?now")
    assert names(response) == ["only-one"]
    assert "VPS.org counts 3 servers more than it sent." in read(response).text


def test_it_shows_an_unknown_status_as_it_is_and_lets_nobody_guess(
    operator: Client, simulator: Simulator
) -> None:
    moving = next(s for s in simulator.account().servers.values() if s.status == "migrating")
    page = read(operator.get("/servers/?q=moving-house"))
    assert page.one(id=f"state-{moving.id}").text == "Unknown: “migrating”"
    likely = page.one("button", id=f"likely-{moving.id}")
    assert likely.attributes["aria-disabled"] == "true"
    assert "this console does not know" in page.described(likely)


def test_it_tells_a_viewer_why_the_buttons_are_off_and_who_can_help(
    sign_in: Callable[..., Client], viewer: Client
) -> None:
    sign_in("otto", "Operator", connected=False)
    page = read(viewer.get("/servers/"))
    assert "You can look at servers, but not change them. Operators can: otto." in page.text
    actions = page.all("div", **{"class": "actions"})
    assert len(actions) > 20
    assert not any(cell.all("a") for cell in actions)
    assert all(
        button.attributes.get("aria-disabled") == "true" for cell in actions for button in cell.all("button")
    )
