"""What a page costs: questions to the database, and work that must not grow with the fleet."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from servers.models import Activity, Note, Profile, Sample
from servers.simulator import SimulatedServer, Simulator, seed
from tests.conftest import HTMX
from tests.http.pages import Element, read

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.one_process]

TOKEN = "vps_a.fleet.of.its.own"
MORNING = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SIGNED_IN = 3
"""The member, what the member may do, and the row of the session."""


@pytest.fixture
def with_fleet(simulator: Simulator, sign_in: Callable[..., Client]) -> Callable[..., Client]:
    """Signs a Manager in whose account has so many servers, already seen."""

    def enter(number: int, name: str = "mona") -> Client:
        token = f"{TOKEN}{number}"
        simulator.add_account(token, [SimulatedServer(number, "web-1", created_at=MORNING), *servers(number)])
        client = sign_in(name, "Manager", token=token)
        assert client.get("/servers/").status_code == 200
        return client

    return enter


def servers(number: int) -> list[SimulatedServer]:
    """So many but one, whose ids no fleet of another size has."""
    found = seed.more(number - 1)
    for server in found:
        server.id += number * 100_000
    return found


def row(client: Client) -> Element:
    """The only row of the list."""
    return read(client.get("/servers/")).one("tbody").one("tr")


def calls(work: Callable[[], object]) -> int:
    """How many functions this calls: the same on every machine, however busy it is."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("number", [1, 50])
def test_the_list_asks_two_questions_whatever_the_number_of_rows(
    with_fleet: Callable[..., Client], django_assert_max_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    client = with_fleet(number)
    with django_assert_max_num_queries(SIGNED_IN + 2):
        page = read(client.get("/servers/"))
    assert len(page.table()) == number


def test_a_poll_asks_nothing_more_than_who_is_there(
    with_fleet: Callable[..., Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = with_fleet(50)
    page = read(client.get("/servers/"))
    live = page.one(id="live").attributes["hx-get"].replace("&amp;", "&")
    seen = page.one("input", name="seen").attributes["value"]
    with django_assert_max_num_queries(SIGNED_IN):
        assert client.get(f"{live}&seen={seen}&trouble=0&new=0&gone=0").status_code == 204


@pytest.mark.parametrize("kept", [1, 40])
def test_the_page_of_a_server_asks_three_questions_whatever_is_kept_of_it(
    with_fleet: Callable[..., Client], django_assert_max_num_queries: DjangoAssertNumQueries, kept: int
) -> None:
    client = with_fleet(1)
    Note.objects.bulk_create(Note(server_id="1", author_name="mona", text="a note") for _ in range(kept))
    now = timezone.now()
    Sample.objects.bulk_create(
        Sample(server_id="1", at=now - timedelta(minutes=6 * n), hourly=False, cpu_percent=5)
        for n in range(kept)
    )
    # The first look keeps a sample, and the second finds that none is due.
    client.get("/servers/1/")
    client.get("/servers/1/")
    with django_assert_max_num_queries(SIGNED_IN + 3):
        assert "a note" in read(client.get("/servers/1/")).text


def test_a_press_asks_six_questions_with_its_rows_of_the_log(with_fleet: Callable[..., Client]) -> None:
    client = with_fleet(50)
    client.post("/servers/50/tags/", {"opened_tags": "", "tags": "shop"})
    with CaptureQueriesContext(connection) as queries:
        assert client.post("/servers/50/stop/", headers=HTMX).status_code == 200
    asked = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= SIGNED_IN + 6, asked


def test_the_log_asks_no_more_after_a_change_of_fifty_servers(with_fleet: Callable[..., Client]) -> None:
    client = with_fleet(60)
    ids = [str(server.id) for server in servers(60)]

    def log(open_changes: list[str]) -> int:
        Activity.objects.bulk_create(
            Activity(user_name="mona", action="stop", server_id=i, outcome="accepted") for i in open_changes
        )
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/activity/").content.count(b"Usually") == Activity.objects.count() - 1
        return len(queries)

    asked_at = timezone.now()
    Activity.objects.create(
        user_name="mona",
        action="stop",
        server_id=ids[0],
        outcome="done",
        asked_at=asked_at - timedelta(seconds=9),
        seen_at=asked_at,
    )
    assert log(ids[:2]) == log(ids[2:49])


def test_a_page_of_the_list_is_no_more_work_in_a_large_fleet(with_fleet: Callable[..., Client]) -> None:
    small, large = with_fleet(100, "ann"), with_fleet(1000, "ben")

    def page(client: Client) -> int:
        client.get("/servers/?page=2")
        return calls(lambda: client.get("/servers/?page=2"))

    assert page(large) < page(small) * 1.2


def test_a_press_and_the_page_of_a_server_are_no_more_work_in_a_large_fleet(
    with_fleet: Callable[..., Client],
) -> None:
    small, large = with_fleet(100, "ann"), with_fleet(1000, "ben")

    def click(client: Client, number: int) -> int:
        def press_and_look() -> None:
            assert client.post(f"/servers/{number}/stop/", headers=HTMX).status_code == 200
            assert client.get(f"/servers/{number}/").status_code == 200

        client.get(f"/servers/{number}/")
        return calls(press_and_look)

    assert click(large, 1000) < click(small, 100) * 1.2


def test_what_vps_answers_once_more_is_not_read_once_more(
    with_fleet: Callable[..., Client], simulator: Simulator, clock: time_machine.Traveller
) -> None:
    client = with_fleet(1000)

    def refresh() -> int:
        clock.shift(timedelta(minutes=1))
        return calls(lambda: client.get("/servers/?now&q=none"))

    again = refresh()
    for server in simulator.account(f"{TOKEN}1000").servers.values():
        server.location = "moved"
    assert again * 1.5 < refresh()


def test_a_row_is_drawn_once_and_then_only_shown(with_fleet: Callable[..., Client]) -> None:
    client = with_fleet(99)
    drawn = calls(lambda: client.get("/servers/?page=2"))
    shown = calls(lambda: client.get("/servers/?page=2"))
    assert shown * 5 < drawn, (shown, drawn)


def test_a_row_that_a_manager_was_shown_is_another_for_a_viewer(
    with_fleet: Callable[..., Client], sign_in: Callable[..., Client]
) -> None:
    manager = with_fleet(1)
    viewer = sign_in("vera", "Viewer", token=f"{TOKEN}1")
    assert row(manager).one("input", name="server")
    assert row(viewer).all("input", name="server") == []
    assert "Only Managers can do this." in row(viewer).text
    assert "Only Managers can do this." not in row(manager).text


def test_a_row_speaks_the_language_of_whoever_looks(with_fleet: Callable[..., Client]) -> None:
    client = with_fleet(1)
    assert "Running" in row(client).text
    Profile.objects.create(user_id=client.session["_auth_user_id"], language="es")
    assert "Running" not in row(client).text and "En marcha" in row(client).text


def test_a_row_tells_the_time_where_the_reader_is_and_of_the_day_that_it_is(
    with_fleet: Callable[..., Client], clock: time_machine.Traveller
) -> None:
    client = with_fleet(1)
    assert "today 09:30" in row(client).text
    Profile.objects.create(user_id=client.session["_auth_user_id"], time_zone="Pacific/Noumea")
    assert "today 20:30" in row(client).text
    clock.shift(timedelta(minutes=61))
    assert "yesterday 20:30" in row(client).text


@pytest.mark.parametrize(
    ("address", "fields", "before", "after"),
    [
        ("tags", {"opened_tags": "", "tags": "shop"}, "Running", "shop"),
        ("protection", {"protected": "on"}, "Running", "Protected"),
        ("stop", {}, "Running", "Stopping…"),
        ("rename", {"opened_name": "web-1", "name": "web-one"}, "web-1", "web-one"),
    ],
)
def test_a_row_shows_what_was_changed_at_once(
    with_fleet: Callable[..., Client], address: str, fields: dict[str, str], before: str, after: str
) -> None:
    client = with_fleet(1)
    text = read(client.get("/servers/")).one("tbody").text
    assert before in text and after not in text
    assert client.post(f"/servers/1/{address}/", fields, headers=HTMX).status_code == 200
    assert after in read(client.get("/servers/")).one("tbody").text


def test_the_page_of_a_server_is_drawn_for_whoever_looks_and_as_it_is_at_that_moment(
    with_fleet: Callable[..., Client], sign_in: Callable[..., Client], clock: time_machine.Traveller
) -> None:
    manager = with_fleet(1)
    viewer = sign_in("vera", "Viewer", token=f"{TOKEN}1")

    def page(client: Client) -> Element:
        return read(client.get("/servers/1/"))

    for client, may in ((manager, True), (viewer, False)) * 2:
        assert bool(page(client).all("a", id="rename")) == may
        assert bool(page(client).all("a", id="retag")) == may
        assert ("Only Managers can do this." in page(client).text) != may
    assert "today 09:30" in page(manager).text and "New note" in page(manager).text
    profile = Profile.objects.create(user_id=manager.session["_auth_user_id"], language="es")
    assert "hoy 09:30" in page(manager).text and "New note" not in page(manager).text
    profile.time_zone = "Pacific/Noumea"
    profile.save()
    assert "hoy 20:30" in page(manager).text
    assert "today 09:30" in page(viewer).text
    clock.shift(timedelta(minutes=61))
    assert "ayer 20:30" in page(manager).text


@pytest.mark.parametrize(
    ("address", "fields", "place", "after"),
    [
        ("tags", {"opened_tags": "", "tags": "zebra"}, "tags", "zebra"),
        ("protection", {"protected": "on"}, "state-1", "Protected"),
        ("stop", {}, "state-1", "Stopping…"),
        ("rename", {"opened_name": "web-1", "name": "web-one"}, "name", "web-one"),
    ],
)
def test_the_page_of_a_server_shows_what_was_changed_at_once(
    with_fleet: Callable[..., Client], address: str, fields: dict[str, str], place: str, after: str
) -> None:
    client = with_fleet(1)
    assert after not in read(client.get("/servers/1/")).one(id=place).text
    assert client.post(f"/servers/1/{address}/", fields, headers=HTMX).status_code == 200
    assert after in read(client.get("/servers/1/")).one(id=place).text


def test_the_page_of_a_server_shows_what_vps_has_changed(
    with_fleet: Callable[..., Client], simulator: Simulator
) -> None:
    client = with_fleet(1)
    client.get("/servers/1/")
    simulator.account(f"{TOKEN}1").servers[1].hostname = "moved.example.net"
    assert "moved.example.net" in read(client.get("/servers/1/")).text


def test_the_frame_of_a_page_is_nobody_elses(
    with_fleet: Callable[..., Client], sign_in: Callable[..., Client]
) -> None:
    manager, viewer = with_fleet(1), sign_in("vera", "Viewer", token=f"{TOKEN}1")
    for client, name, members in ((manager, "mona", True), (viewer, "vera", False)) * 2:
        page = read(client.get("/servers/"))
        assert name in page.one("header").text and ("Members" in page.one("header").text) == members


def test_nothing_but_its_values_can_be_shown_in_a_piece_that_is_kept() -> None:
    piece = Template(
        "{% load remembered %}{% remembered name=user %}{{ name }}, not {{ user }}{{ secret }}{% endremembered %}"
    )
    assert piece.render(Context({"user": "<mia>", "secret": "of mia"})) == "&lt;mia&gt;, not "
    assert piece.render(Context({"user": "vera", "secret": "of vera"})) == "vera, not "
    assert piece.render(Context({"user": "<mia>"})) == "&lt;mia&gt;, not "
