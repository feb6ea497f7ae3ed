"""What is remembered of the servers: thinned, only when something is new, and without a remote call more."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from servers import sightings
from servers.models import Activity, Sample, Sighting
from servers.remote.objects import Plan, ServerDetail, Usage
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.conftest import NOON

pytestmark = pytest.mark.usefixtures("clock", "db")

Later = Callable[[float], None]

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
USAGE = Usage(cpu_percent=10.0, memory_used=1024, disk_used=20.0, bandwidth_used=5.0)


def details(server_id: str = "1", usage: Usage | None = USAGE, **fields: Any) -> ServerDetail:
    plan = Plan(id=1, storage=80)
    return ServerDetail(
        id=server_id, name="web-1", status="active", plan=plan, resource_usage=usage, **fields
    )


def writes(queries: CaptureQueriesContext) -> list[str]:
    """What was written about servers."""
    mine = [
        query["sql"]
        for query in queries
        if "servers_sighting" in query["sql"] or "servers_sample" in query["sql"]
    ]
    return [sql for sql in mine if not sql.startswith("SELECT")]


@pytest.fixture(autouse=True)
def _no_cache_of_another_test() -> None:
    cache.clear()


# --- status and since when --------------------------------------------------------------------------------------


def test_the_first_look_writes_every_status_down_and_the_next_ones_write_nothing(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    assert Sighting.objects.count() == 24
    assert set(Sighting.objects.values_list("since", flat=True)) == {NOON}
    simulator.account().servers[12415].until = float("inf")
    later(61)
    viewer.get("/servers/poll/")
    for _ in range(3):
        later(16)
        with CaptureQueriesContext(connection) as queries:
            viewer.get("/servers/poll/")
        assert writes(queries) == []
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        viewer.get("/servers/")
    assert writes(queries) == []


def test_a_status_is_written_down_when_it_changes_whoever_changed_it(
    operator: Client, simulator: Simulator, later: Later
) -> None:
    later(HOUR)
    simulator.account().servers[12345].status = "suspended"
    operator.get("/servers/poll/")
    assert Sighting.objects.get(server_id="12345").status == "suspended"
    assert Sighting.objects.get(server_id="12345").since == NOON + timedelta(hours=1)
    operator.get("/keys/")
    later(HOUR)
    operator.post("/servers/12346/stop/", headers=HTMX)
    assert Sighting.objects.get(server_id="12346").status == "stopping"
    assert Sighting.objects.get(server_id="12346").since == NOON + timedelta(hours=2)
    later(31)
    operator.get("/servers/poll/")
    assert Sighting.objects.get(server_id="12346").status == "stopped"
    assert Sighting.objects.get(server_id="12345").since == NOON + timedelta(hours=1)


def test_ten_thousand_new_servers_take_few_questions(simulator: Simulator) -> None:
    after = {str(n): details(str(n)).listed() for n in range(10_000)}
    sightings.note({}, after)
    with CaptureQueriesContext(connection) as queries:
        sightings.note({}, after)
    assert Sighting.objects.count() == 10_000
    assert len(queries) == 1


# --- samples ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "kept"), [(0, 1), (5 * MINUTE - 1, 1), (5 * MINUTE, 2), (HOUR, 2), (-HOUR, 2)]
)
def test_one_sample_in_five_minutes_is_kept(
    viewer: Client, clock: time_machine.Traveller, seconds: int, kept: int
) -> None:
    viewer.get("/servers/12345/")
    clock.shift(seconds)
    viewer.get("/servers/12345/")
    assert Sample.objects.count() == kept


def test_a_day_is_kept_whole_then_an_hour_each_for_a_month_then_nothing(
    clock: time_machine.Traveller,
) -> None:
    for _ in range(35 * 24 * 2):
        clock.shift(30 * MINUTE)
        sightings.keep(details())
    now = timezone.now()
    ages = [now - at for at in Sample.objects.values_list("at", flat=True)]
    assert len([age for age in ages if age <= timedelta(days=1)]) == 24 * 2 + 1
    older = [age for age in ages if age > timedelta(days=1)]
    assert len(older) == 30 * 24
    assert all(age % timedelta(hours=1) == timedelta() for age in older)
    assert max(ages) <= timedelta(days=31)


def test_what_nobody_looks_at_any_more_goes_with_the_samples_of_others(clock: time_machine.Traveller) -> None:
    sightings.keep(details("1"))
    clock.shift(32 * DAY)
    sightings.keep(details("2"))
    assert list(Sample.objects.values_list("server_id", flat=True)) == ["2"]


def test_a_look_takes_the_same_few_queries_however_much_is_kept(clock: time_machine.Traveller) -> None:
    counts = []
    for rounds in (1, 300):
        for _ in range(rounds):
            clock.shift(6 * MINUTE)
            with CaptureQueriesContext(connection) as queries:
                sightings.keep(details())
        counts.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))
    assert counts[1] == 5
    clock.shift(MINUTE)
    with CaptureQueriesContext(connection) as queries:
        sightings.keep(details())
    assert len(queries) == 1


def test_old_samples_are_found_along_an_index() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's plan")
    now = timezone.now()
    for old in (
        Sample.objects.filter(hourly=False, at__lt=now),
        Sample.objects.filter(hourly=True, at__lt=now),
    ):
        assert "USING INDEX samples_of_a_" in old.order_by().explain()


@pytest.mark.parametrize(
    "figure", [None, -1.0, -0.1, float("nan"), float("inf"), float("-inf"), 1e300, 10**18]
)
def test_what_is_no_figure_is_kept_as_not_known(figure: float) -> None:
    sightings.keep(details(usage=Usage(figure, figure, figure, figure)))
    sample = Sample.objects.get()
    assert (sample.cpu_percent, sample.memory_used, sample.disk_used, sample.bandwidth_used) == (None,) * 4
    assert Sighting.objects.get().disk_used is None


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"cpu_percent": None},
        {"cpu_percent": -5, "memory_used": 10**17},
        {"cpu_percent": 1e308, "disk_used": 0},
        {"bandwidth_used": 2**63},
    ],
)
def test_odd_figures_from_vps_org_break_nothing(viewer: Client, simulator: Simulator, usage: object) -> None:
    body = {"id": 12345, "name": "web-server-01", "status": "active", "resource_usage": usage}
    simulator.faults.next("status", "detail", status=200, body=body)
    assert viewer.get("/servers/12345/").status_code == 200
    assert viewer.get("/").status_code == 200


def test_what_an_answer_leaves_out_stays_as_last_known(clock: time_machine.Traveller) -> None:
    sightings.keep(details(backups_enabled=True))
    clock.shift(10 * MINUTE)
    sightings.keep(ServerDetail(id="1", name="web-1", status="active", resource_usage=Usage(cpu_percent=3.0)))
    sighting = Sighting.objects.get()
    assert (sighting.backups_enabled, sighting.disk_used, sighting.disk_size) == (True, 20.0, 80.0)
    assert sighting.disk_seen_at == NOON
    assert Sample.objects.count() == 2


# --- which answers are kept, and which go -----------------------------------------------------------------------


def test_every_answer_with_details_is_kept_and_none_is_asked_for(
    manager: Client, simulator: Simulator
) -> None:
    new = {
        "name": "new-1",
        "plan_id": "1",
        "os_id": "5",
        "location": "us-west",
        "form_key": str(uuid.uuid4()),
    }
    manager.post("/servers/new/", new | {"backups_enabled": "on"})
    assert [line[0] for line in simulator.lines] == ["POST"]
    assert Sighting.objects.get(status="provisioning", backups_enabled=True).disk_size == 80
    manager.post("/servers/12345/backups/", {"backups_enabled": "off"})
    assert [line[0] for line in simulator.lines] == ["POST", "PATCH"]
    assert Sample.objects.filter(server_id="12345").count() == 1
    assert Sighting.objects.get(server_id="12345").backups_enabled is False
    form = {
        "name": "db-2",
        "opened_name": "db-server-01",
        "hostname": "",
        "opened_hostname": "db01.example.com",
    }
    manager.post("/servers/12346/edit/", form)
    assert Sample.objects.filter(server_id="12346").count() == 1


def test_a_list_alone_brings_no_samples(viewer: Client) -> None:
    viewer.get("/servers/")
    viewer.get("/")
    assert not Sample.objects.exists()


def kept_of(server_id: str) -> int:
    """How many rows are kept of a server."""
    tables = (Sample.objects, Sighting.objects)
    return sum(table.filter(server_id=server_id).count() for table in tables)


def test_a_server_that_is_deleted_here_is_forgotten(manager: Client) -> None:
    manager.get("/servers/12345/")
    assert kept_of("12345") == 2
    manager.post("/servers/12345/delete/", {"confirm_name": "web-server-01"})
    assert kept_of("12345") == 0


@pytest.mark.parametrize("address", ["/servers/12345/", "/servers/poll/"])
def test_a_server_that_was_deleted_elsewhere_is_forgotten(
    viewer: Client, simulator: Simulator, later: Later, address: str
) -> None:
    viewer.get("/servers/12345/")
    del simulator.account().servers[12345]
    later(16)
    viewer.get(address)
    assert kept_of("12345") == 0
    assert kept_of("12346") == 1


def test_an_answer_with_rows_that_cannot_be_read_makes_nobody_forgotten(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    viewer.get("/servers/12345/")
    later(16)
    simulator.faults.next("status", "list", status=200, body={"count": 24, "results": [{"id": 12345}]})
    viewer.get("/servers/poll/")
    assert kept_of("12345") == 2


def test_a_list_that_vps_org_says_is_longer_makes_nobody_forgotten_and_nothing_deleted(
    manager: Client, simulator: Simulator, later: Later
) -> None:
    manager.get("/servers/12345/")
    simulator.faults.next("cut", "delete")
    manager.post("/servers/12345/delete/", {"confirm_name": "web-server-01"})
    rest = [{"id": 12346, "name": "db-server-01", "status": "active"}]
    for count in (2, 1):
        assert kept_of("12345") == 2
        assert Activity.objects.get(action="delete").outcome == "unknown"
        later(16)
        simulator.faults.next("status", "list", status=200, body={"count": count, "results": rest})
        manager.get("/servers/?now")
    assert kept_of("12345") == 2, "another list did not have it before"
    assert Activity.objects.get(action="delete").outcome == "done"


def test_somebody_whose_key_does_not_list_a_server_cannot_make_it_forgotten(
    viewer: Client, simulator: Simulator, sign_in: Callable[..., Client]
) -> None:
    viewer.get("/servers/12345/")
    simulator.add_account("vps_another.account", [])
    stranger = sign_in("stella", "Manager", token="vps_another.account")
    assert stranger.get("/servers/12345/").status_code == 404
    stranger.post("/servers/12345/delete/", {"confirm_name": "web-server-01"})
    stranger.post("/servers/12345/stop/")
    assert kept_of("12345") == 2
