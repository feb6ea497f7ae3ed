"""The start page: numbers that lead to the lists that they count, what needs attention, and what was done today."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from servers.models import Activity
from servers.simulator import SimulatedServer, Simulator
from servers.simulator.catalogue import PLANS
from tests.conftest import HTMX, PASSWORD
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

Later = Callable[[float], None]

MINUTE, DAY = 60, 24 * 60 * 60
STATUSES = (
    *("active", "active", "stopped", "suspended", "provisioning", "starting", "stopping", "rebooting"),
    *("migrating", "changing", "unknown", "Active", "", "<b>&status=active", "a,b", "'\""),
)
PLACES = ("us-west", "us west & east", "a=b&status=stopped", "<i>here</i>", "எங்கோ", "us-west")


@pytest.fixture
def odd(simulator: Simulator, sign_in: Callable[..., Client]) -> Client:
    """A manager whose servers have every status there is, and some there are not."""
    servers = [
        SimulatedServer(n, f"server-{n}", status, location=PLACES[n % len(PLACES)], until=float("inf"))
        for n, status in enumerate(STATUSES, 1)
    ]
    simulator.account().servers.clear()
    simulator.account().servers.update({server.id: server for server in servers})
    return sign_in("odette", "Manager")


def start(client: Client, address: str = "/") -> Element:
    response = client.get(address)
    assert response.status_code == 200
    return read(response)


def numbers(page: Element) -> dict[str, int]:
    """The numbers of the start page that count servers, by the address that each leads to."""
    links = [
        link
        for link in page.one(id="start").all("a")
        if re.match(r"count-|place-", link.attributes.get("id", ""))
    ]
    return {link.attributes["href"]: int(link.text.split()[0]) for link in links}


def listed(client: Client, address: str) -> int:
    """How many servers this list has."""
    page = read(client.get(address))
    return len(page.table()) if page.all("table") else 0


def concerns(page: Element) -> dict[str, list[str]]:
    """What needs attention: the sentences by the name of the server, from top to bottom."""
    return {
        line.one("a").text: [reason.text for reason in line.one("ul").all("li")]
        for line in page.all("li", **{"class": "concern"})
    }


def tick(client: Client, page: Element) -> Element | None:
    """One poll of this page; None when nothing was missed."""
    response = client.get(page.tick(), headers=HTMX)
    if response.status_code == 204:
        return None
    assert response.status_code == 200
    answer = read(response)
    page.told(answer)
    return answer


# --- numbers ----------------------------------------------------------------------------------------------------


def test_each_number_is_that_of_the_list_to_which_it_leads(odd: Client) -> None:
    counted = numbers(start(odd))
    assert len(counted) == 6 + len(set(PLACES))
    assert {address: listed(odd, address) for address in counted} == counted


def test_the_kinds_of_servers_make_up_all_of_them(odd: Client) -> None:
    counted = numbers(start(odd))
    by_kind = [n for address, n in counted.items() if "status=" in address and "location" not in address]
    assert sum(by_kind) == counted["/servers/"] == len(STATUSES)
    assert counted["/servers/?status=changing"] == 4
    assert counted["/servers/?status=unknown"] == 8


def test_each_filter_of_the_list_counts_what_it_shows(odd: Client) -> None:
    for address in (
        "/servers/",
        "/servers/?status=changing",
        "/servers/?status=unknown",
        "/servers/?status=nothing",
    ):
        chips = read(odd.get(address)).all("a", **{"class": "chip"})
        assert len(chips) > 10
        for chip in chips:
            leads_to, here = chip.attributes["href"], chip.attributes.get("aria-current")
            shown = listed(odd, address if here else leads_to)
            if here or "status=" not in address:
                assert int(chip.text.split()[-1]) == shown, chip.text


def test_a_list_of_all_that_is_changing_can_be_downloaded_and_chosen(odd: Client) -> None:
    response: Any = odd.get("/servers.csv?status=changing")
    assert len(b"".join(response.streaming_content).splitlines()) == 1 + 4
    page = read(odd.get("/bulk/new/?action=backups_on&all=1&status=changing"))
    assert page.one("h1").text == "Switch on the backups of 4 servers?"


def test_the_documented_values_alone_go_to_vps_org(odd: Client, simulator: Simulator) -> None:
    cache.clear()
    odd.get("/servers/?status=changing&location=us-west")
    assert simulator.lines == [("GET", "/servers/?location=us-west")]


def test_it_says_how_large_the_servers_are_together(
    simulator: Simulator, sign_in: Callable[..., Client]
) -> None:
    simulator.account().servers.clear()
    simulator.account().servers.update({n: SimulatedServer(n, f"s-{n}", plan=PLANS[1]) for n in (1, 2)})
    page = start(sign_in("mia", "Manager"))
    sums = {
        link.attributes["id"]: link.text
        for link in page.one(id="start").all("a")
        if "sum-" in link.attributes["id"]
    }
    assert sums == {"sum-processors": "4", "sum-memory": "8 GB", "sum-disk": "160 GB"}


# --- the page ---------------------------------------------------------------------------------------------------


def test_it_costs_no_remote_call_on_a_fresh_fleet_and_few_queries_however_many_servers(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    with CaptureQueriesContext(connection) as few:
        start(viewer)
    simulator.account().servers.update({n: SimulatedServer(n, f"many-{n}") for n in range(500, 600)})
    later(16)
    viewer.get("/servers/poll/")
    simulator.seen.clear()
    with CaptureQueriesContext(connection) as many:
        assert numbers(start(viewer))["/servers/"] == 124
    assert simulator.seen == []
    about_the_page = [
        query["sql"] for query in many if "servers_" in query["sql"] and "opensession" not in query["sql"]
    ]
    assert len(about_the_page) <= 3
    assert len(many) == len(few)


def test_it_is_where_one_arrives_after_signing_in(viewer: Client) -> None:
    client = Client()
    answer = client.post("/login/", {"login": "vera", "password": PASSWORD})
    assert answer["Location"] == "/"
    answer = client.post(
        "/login/?next=/activity/", {"login": "vera", "password": PASSWORD, "next": "/activity/"}
    )
    navigation = start(viewer).one("nav", **{"class": "frame__nav"}).all("a")
    assert [(link.text, link.attributes["href"]) for link in navigation[:2]] == [
        ("Start", "/"),
        ("Servers", "/servers/"),
    ]
    assert navigation[0].attributes["aria-current"] == "page"


def test_without_a_known_fleet_a_failure_is_not_an_empty_account(
    viewer: Client, simulator: Simulator
) -> None:
    cache.clear()
    simulator.faults.next("status", "list", times=2, status=500)
    response = viewer.get("/")
    assert response.status_code == 502
    assert "no servers" not in read(response).text


def test_an_outage_shows_the_last_known_fleet_with_its_age(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    later(10 * MINUTE)
    simulator.faults.next("status", "list", times=2, status=500)
    viewer.get("/servers/poll/")
    page = start(viewer)
    assert "VPS.org does not answer. This is what we saw today 12:00." in page.one(id="outage").text
    assert page.one(id="age").text == "10 minutes ago"
    assert numbers(page)["/servers/"] == 24


@pytest.mark.parametrize(("role", "offered"), [("Viewer", 0), ("Operator", 0), ("Manager", 2)])
def test_an_empty_account_says_so_and_offers_what_the_role_may_do(
    simulator: Simulator, sign_in: Callable[..., Client], role: str, offered: int
) -> None:
    simulator.account().servers.clear()
    page = start(sign_in("robin", role))
    assert "You have no servers yet" in page.text
    assert numbers(page) == {}
    assert len(page.all("a", href="/servers/new/")) == offered


def test_what_was_done_today_stands_there_and_what_was_done_yesterday_does_not(
    operator: Client, later: Later, sign_in: Callable[..., Client]
) -> None:
    assert "Nothing was changed today." in start(operator).text
    operator.post("/servers/12345/reboot/")
    line = start(operator).one("li", **{"class": "entry"}).text
    assert "Restart web-server-01" in line
    assert "otto" in line
    later(DAY)
    assert "Nothing was changed today." in start(sign_in("next-day", "Viewer")).text


def test_names_and_words_from_outside_are_text(simulator: Simulator, sign_in: Callable[..., Client]) -> None:
    name = "\"'><script>alert(1)</script>"
    simulator.account().servers[1] = SimulatedServer(1, name, "<b>up</b>", location="<i>x</i>")
    client = sign_in("mia", "Manager")
    page = start(client, "/?attention=all")
    assert concerns(page)[name] == [
        "VPS.org reports the state “<b>up</b>”, which this console does not know."
    ]
    assert page.one(id="start").all("script") == page.all("b") == page.all("i") == []
    page.one(id="seen").one("input", name="seen").attributes["value"] = "0"
    answer = tick(client, page)
    assert answer is not None
    assert answer.all("script") == answer.all("b") == []


# --- what needs attention ---------------------------------------------------------------------------------------


@pytest.fixture
def calm(simulator: Simulator, sign_in: Callable[..., Client]) -> Client:
    """A manager with one server that runs, has backups and an empty disk, and was looked at."""
    simulator.account().servers.clear()
    server = SimulatedServer(1, "web-1", backups_enabled=True, plan=PLANS[1], disk_used=8.0)
    simulator.account().servers[1] = server
    client = sign_in("mia", "Manager")
    client.get("/servers/1/")
    return client


def become(client: Client, simulator: Simulator, later: Later, status: str) -> None:
    """The only server comes into this status and stays there; the console has seen it."""
    server = simulator.account().servers[1]
    server.status, server.until = status, float("inf")
    later(16)
    client.get("/servers/poll/")


def look(client: Client, simulator: Simulator, later: Later, **fields: Any) -> dict[str, list[str]]:
    """What needs attention after VPS.org has shown the only server with these fields."""
    for field, value in fields.items():
        setattr(simulator.account().servers[1], field, value)
    later(6 * MINUTE)
    client.get("/servers/1/")
    return concerns(start(client))


def test_where_all_is_well_one_sentence_says_so(calm: Client) -> None:
    page = start(calm)
    assert concerns(page) == {}
    assert "Nothing needs attention." in page.text
    assert "not known yet" not in page.text


def test_backups_are_spoken_of_only_when_they_are_known(viewer: Client, simulator: Simulator) -> None:
    page = start(viewer, "/?attention=all")
    assert "No automatic backups." not in page.one(id="start").text
    assert "Of 24 servers it is not known yet" in page.text
    viewer.get("/servers/12396/")
    page = start(viewer, "/?attention=all")
    assert [name for name, said in concerns(page).items() if "No automatic backups." in said] == [
        simulator.account().servers[12396].name
    ]
    assert "Of 23 servers it is not known yet" in page.text


@pytest.mark.parametrize("answer", [None, {}, {"id": 1, "name": "web-1", "status": "active"}])
def test_backups_switched_here_count_at_once(
    calm: Client, simulator: Simulator, answer: dict[str, Any] | None
) -> None:
    if answer is not None:
        simulator.faults.next("status", "change", times=2, status=200, body=answer)
    calm.post("/servers/1/backups/", {"backups_enabled": "off"})
    assert concerns(start(calm)) == {"web-1": ["No automatic backups."]}
    calm.post("/servers/1/backups/", {"backups_enabled": "on"})
    assert concerns(start(calm)) == {}


@pytest.mark.parametrize(
    ("used", "said"),
    [(67.9, []), (68.0, ["85"]), (69.5, ["86"]), (79.99, ["99"]), (80.0, ["100"]), (500.0, ["100"])],
)
def test_a_disk_is_nearly_full_from_85_percent_on(
    calm: Client, simulator: Simulator, later: Later, used: float, said: list[str]
) -> None:
    body = {"id": 1, "name": "web-1", "status": "active", "plan": {"id": 1, "storage": 80}}
    simulator.faults.next("status", "detail", status=200, body=body | {"resource_usage": {"disk_used": used}})
    later(6 * MINUTE)
    calm.get("/servers/1/")
    expected = [f"The disk is {percent} % full. Seen today 12:06." for percent in said]
    assert concerns(start(calm)).get("web-1", []) == expected


@pytest.mark.parametrize(("days", "said"), [(29, []), (30, ["30 days"]), (400, ["400 days"])])
def test_a_server_that_is_stopped_for_long_may_still_cost_money(
    calm: Client,
    simulator: Simulator,
    later: Later,
    sign_in: Callable[..., Client],
    days: int,
    said: list[str],
) -> None:
    become(calm, simulator, later, "stopped")
    later(days * DAY)
    expected = [f"Stopped for {time}. It may still cost money." for time in said]
    assert concerns(start(sign_in("later", "Viewer"))).get("web-1", []) == expected


def test_since_when_it_is_stopped_survives_an_empty_cache(
    calm: Client, simulator: Simulator, later: Later, sign_in: Callable[..., Client]
) -> None:
    become(calm, simulator, later, "stopped")
    later(31 * DAY)
    cache.clear()
    page = start(sign_in("later", "Viewer"))
    assert concerns(page) == {"web-1": ["Stopped for 31 days. It may still cost money."]}


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("starting", "Starting for 12 minutes."),
        ("stopping", "Stopping for 12 minutes."),
        ("rebooting", "Restarting for 12 minutes."),
        ("provisioning", "Being set up for 12 minutes."),
    ],
)
def test_a_server_that_is_changing_for_more_than_ten_minutes(
    calm: Client, simulator: Simulator, later: Later, status: str, sentence: str
) -> None:
    become(calm, simulator, later, status)
    later(10 * MINUTE)
    assert concerns(start(calm)) == {}
    later(2 * MINUTE)
    assert concerns(start(calm)) == {"web-1": [sentence]}


@pytest.mark.parametrize(
    ("usual", "waited", "said"),
    [
        (30, 5 * MINUTE, []),
        (30, 6 * MINUTE, ["Starting for 6 minutes. Usually this takes 30 seconds."]),
        (1, 2 * MINUTE, []),
        (1, 3 * MINUTE, ["Starting for 3 minutes. Usually this takes 1 second."]),
        (180, 29 * MINUTE, []),
    ],
)
def test_where_the_usual_time_is_known_ten_times_of_it_count(
    calm: Client, simulator: Simulator, later: Later, usual: int, waited: int, said: list[str]
) -> None:
    asked_at = timezone.now() - timedelta(days=2)
    seen_at = asked_at + timedelta(seconds=usual)
    Activity.objects.create(action="start", server_id="7", outcome="done", asked_at=asked_at, seen_at=seen_at)
    become(calm, simulator, later, "starting")
    later(waited)
    assert concerns(start(calm)).get("web-1", []) == said


def test_what_is_usual_is_told_by_the_last_twenty_that_were_seen_done(
    calm: Client, simulator: Simulator, later: Later
) -> None:
    asked_at = timezone.now() - timedelta(days=2)
    # From the oldest to the newest; the clock was set back during the last start.
    took = [("start", 60)] * 11 + [("start", 30)] * 10 + [("start", -1)] + [("stop", 5)] * 20
    Activity.objects.bulk_create(
        Activity(
            action=action,
            server_id="7",
            outcome="done",
            asked_at=asked_at,
            seen_at=asked_at + timedelta(seconds=seconds),
        )
        for action, seconds in took
    )
    become(calm, simulator, later, "starting")
    later(12 * MINUTE)
    assert concerns(start(calm)) == {"web-1": ["Starting for 12 minutes. Usually this takes 45 seconds."]}


def test_two_minutes_are_nothing_to_speak_of_however_short_a_start_usually_is(
    calm: Client, simulator: Simulator, later: Later
) -> None:
    asked_at = timezone.now() - timedelta(days=2)
    seen_at = asked_at + timedelta(seconds=1)
    Activity.objects.create(action="start", server_id="7", outcome="done", asked_at=asked_at, seen_at=seen_at)
    become(calm, simulator, later, "starting")
    later(5 * MINUTE)
    simulator.account().servers[2] = SimulatedServer(2, "web-2", "starting", until=float("inf"))
    calm.get("/servers/poll/")
    later(100)
    assert list(concerns(start(calm))) == ["web-1"]


def test_suspended_and_unknown_servers_need_attention(
    calm: Client, simulator: Simulator, later: Later
) -> None:
    become(calm, simulator, later, "suspended")
    assert concerns(start(calm)) == {"web-1": ["VPS.org or your account has put it on hold."]}
    become(calm, simulator, later, "migrating")
    said = "VPS.org reports the state “migrating”, which this console does not know."
    assert concerns(start(calm)) == {"web-1": [said]}


def test_the_gravest_comes_first_and_the_others_are_a_press_away(
    simulator: Simulator, sign_in: Callable[..., Client]
) -> None:
    servers = simulator.account().servers
    servers.clear()
    servers.update({n: SimulatedServer(n, f"web-{n:02}") for n in range(1, 13)})
    servers[12].status = "suspended"
    client = sign_in("mia", "Manager")
    for n in servers:
        client.get(f"/servers/{n}/")
    page = start(client)
    assert list(concerns(page)) == ["web-12", *(f"web-{n:02}" for n in range(1, 8))]
    more = page.one("a", id="concerns-all")
    assert more.text == "and 4 servers more"
    page = start(client, more.attributes["href"].partition("#")[0])
    assert len(concerns(page)) == 12
    assert "attention=all" in page.tick()


# --- the poll ---------------------------------------------------------------------------------------------------


def test_polls_that_bring_nothing_ask_the_database_once_in_a_minute_for_all_pages(
    viewer: Client, operator: Client, simulator: Simulator, later: Later
) -> None:
    simulator.account().servers[12415].status = "active"
    later(61)
    viewer.get("/servers/poll/")
    pages = {client: start(client) for client in (viewer, operator)}
    simulator.seen.clear()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            for client, page in pages.items():
                assert tick(client, page) is None
    assert len([query for query in queries if "servers_sighting" in query["sql"]]) == 1
    assert not [query for query in queries if re.search("servers_(activity|sample|sheet)", query["sql"])]
    assert simulator.seen == []


def test_backups_that_a_colleague_switches_off_show_within_a_minute(calm: Client, later: Later) -> None:
    page = start(calm)
    assert tick(calm, page) is None
    calm.post("/servers/1/backups/", {"backups_enabled": "off"})
    later(60)
    answer = tick(calm, page)
    assert answer is not None
    assert concerns(answer) == {"web-1": ["No automatic backups."]}


def test_a_poll_brings_the_new_numbers_and_says_what_changed(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    page = start(viewer)
    later(61)
    tick(viewer, page)
    assert tick(viewer, page) is None
    simulator.account().servers[12345].status = "suspended"
    later(16)
    answer = tick(viewer, page)
    assert answer is not None
    assert [child.attributes["id"] for child in answer.children] == ["start", "announce", "seen"]
    assert all("hx-swap-oob" in child.attributes for child in answer.children)
    assert answer.one(id="announce").text == "web-server-01: Suspended."
    assert answer.one(id="count-suspended").text == "3 Suspended"
    assert answer.one(id="count-suspended").attributes["href"] == "/servers/?status=suspended"
    assert answer.all("form") == []
    assert tick(viewer, page) is None


def test_a_poll_brings_what_needs_attention_when_only_time_has_passed(
    calm: Client, simulator: Simulator, later: Later
) -> None:
    become(calm, simulator, later, "starting")
    page = start(calm)
    later(12 * MINUTE)
    answer = tick(calm, page)
    assert answer is not None
    assert concerns(answer) == {"web-1": ["Starting for 12 minutes."]}


def test_a_poll_tells_of_an_outage_once_and_of_its_end(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    page = start(viewer)
    simulator.faults.next("status", "list", times=4, status=500)
    later(16)
    answer = tick(viewer, page)
    assert answer is not None
    assert "VPS.org does not answer." in answer.one(id="outage").text
    assert tick(viewer, page) is None
    simulator.faults.clear()
    answer = tick(viewer, page)
    assert answer is not None
    assert answer.one(id="outage").text == ""


@pytest.mark.parametrize("value", ["", "-1", "²", "9" * 40, "<script>"])
def test_a_poll_survives_any_address(viewer: Client, value: str) -> None:
    query = {"on": "start"} | dict.fromkeys(("seen", "shown", "trouble", "attention"), value)
    response = viewer.get("/servers/poll/", query, headers=HTMX)
    assert response.status_code == 200
    assert "<script>" not in response.content.decode()
