"""Activity: who asked for what, when, and what came of it; written before VPS.org hears of it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from servers.models import Activity
from servers.simulator import SimulatedServer, Simulator
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

OTHER_TOKEN = "vps_an.account.of.its.own"
CONFIRMED = {"confirm_name": "web-server-01"}


def entries(client: Client, query: str = "") -> list[Element]:
    """The rows of the log, newest first."""
    return read(client.get(f"/activity/{query}")).all("li", **{"class": "entry"})


def words(client: Client, query: str = "") -> list[str]:
    """The same as outcome, action, server and person."""
    return [" ".join(part.text for part in entry.children[:3]) for entry in entries(client, query)]


def test_it_is_empty_until_something_was_changed(viewer: Client, simulator: Simulator) -> None:
    viewer.get("/servers/")
    assert read(viewer.get("/activity/")).one("h2").text == "Nothing was changed yet"
    assert simulator.seen == []


def test_each_change_stands_in_it_with_who_what_which_when_and_its_outcome(
    manager: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    manager.post("/servers/12345/stop/")
    later(31)
    manager.get("/servers/?now")
    manager.post("/servers/12345/stop/")
    manager.post("/servers/12345/start/")
    simulator.faults.next("cut", "reboot")
    manager.post("/servers/12346/reboot/")
    assert words(manager) == [
        "Not known Restart db-server-01 mia",
        "Accepted Start web-server-01 mia",
        "Refused Stop web-server-01 VPS.org says: Server is stopped, not active. mia",
        "Seen done Stop web-server-01 mia",
    ]
    assert "today 12:00" in entries(manager)[-1].text
    assert "asked 12:00, accepted 12:00, seen stopped 12:00 (31 seconds)" in entries(manager)[-1].text


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_row_is_there_before_vps_org_answers(
    manager: Client, simulator: Simulator, settings: Any
) -> None:
    settings.VPS_API_DEADLINE = 60
    simulator.faults.next("hang", "stop")

    def press() -> None:
        manager.post("/servers/12345/stop/")
        connection.close()

    pressing = threading.Thread(target=press)
    pressing.start()
    while not simulator.seen and pressing.is_alive():
        pressing.join(0.01)
    entry = Activity.objects.get()
    assert (entry.outcome, entry.action, entry.server_id, entry.user_name) == ("sent", "stop", "12345", "mia")
    simulator.faults.clear()
    pressing.join()
    entry.refresh_from_db()
    assert entry.outcome == "unknown"


def test_a_row_that_a_stopped_console_left_as_sent_becomes_not_known(
    operator: Client, later: Callable[[float], None]
) -> None:
    operator.post("/servers/12345/stop/")
    Activity.objects.update(outcome="sent", action="reboot", answered_at=None)
    later(121)
    operator.get("/servers/?now")
    assert Activity.objects.get().outcome == "unknown"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?server=12345", ["Stop web-server-01 otto", "Restart web-server-01 mia"]),
        ("?server=DB-server", ["Restart db-server-01 otto"]),
        ("?person=mia", ["Restart web-server-01 mia"]),
        ("?outcome=refused", ["Stop web-server-01 otto"]),
        ("?person=otto&outcome=accepted", ["Restart db-server-01 otto"]),
        ("?outcome=no-such-outcome&person=mia", ["Restart web-server-01 mia"]),
        ("?server=nothing-like-it", []),
    ],
)
def test_it_filters_by_server_person_and_outcome(
    manager: Client, operator: Client, simulator: Simulator, query: str, found: list[str]
) -> None:
    manager.post("/servers/12345/reboot/")
    operator.post("/servers/12346/reboot/")
    operator.post("/servers/12345/stop/")
    assert [
        row.partition(" ")[2].replace(" VPS.org says: Server is rebooting, not active.", "")
        for row in words(manager, query)
    ] == found
    if not found:
        assert read(manager.get(f"/activity/{query}")).one("h2").text == "Nothing matches"


def test_it_offers_the_people_who_stand_in_it(manager: Client, operator: Client) -> None:
    manager.post("/servers/12345/reboot/")
    operator.post("/servers/12346/reboot/")
    select = read(manager.get("/activity/?person=otto")).one("select", name="person")
    assert [option.text for option in select.all("option")] == ["Everybody", "mia", "otto"]
    assert [option.text for option in select.all("option", selected="")] == ["otto"]


def test_people_of_another_account_do_not_see_it(
    sign_in: Callable[..., Client], operator: Client, simulator: Simulator
) -> None:
    simulator.add_account(OTHER_TOKEN, [SimulatedServer(1, "theirs")])
    other = sign_in("olga", "Operator", token=OTHER_TOKEN)
    operator.post("/servers/12345/stop/")
    other.post("/servers/1/stop/")
    assert words(operator) == ["Accepted Stop web-server-01 otto"]
    assert words(other) == ["Accepted Stop theirs olga"]
    assert words(other, "?person=otto") == words(other, "?server=12345") == []


def test_colleagues_with_another_key_of_the_same_account_see_it(
    sign_in: Callable[..., Client], operator: Client, simulator: Simulator
) -> None:
    simulator.world.accounts["vps_second.key"] = simulator.account()
    operator.post("/servers/12345/stop/")
    assert words(sign_in("olga", "Viewer", token="vps_second.key")) == ["Accepted Stop web-server-01 otto"]


def test_it_outlives_the_member_and_the_server(manager: Client, operator: Client) -> None:
    operator.post("/servers/12345/reboot/")
    manager.post("/servers/12345/delete/", CONFIRMED)
    User.objects.get(username="otto").delete()
    assert words(manager) == [
        "Accepted Delete forever web-server-01 mia",
        "Accepted Restart web-server-01 otto",
    ]


def test_it_comes_in_pages_of_fifty(operator: Client) -> None:
    operator.post("/servers/12345/stop/")
    pattern = Activity.objects.get()
    for _ in range(59):
        pattern.pk = None
        pattern.save()
    first = read(operator.get("/activity/?person=otto"))
    assert len(first.all("li", **{"class": "entry"})) == 50
    earlier = first.one("a", rel="next").attributes["href"]
    assert "person=otto" in earlier
    assert len(read(operator.get(earlier)).all("li", **{"class": "entry"})) == 10


def test_the_page_of_a_server_shows_its_last_five(operator: Client) -> None:
    operator.post("/servers/12346/reboot/")
    for _ in range(6):
        operator.post("/servers/12345/reboot/")
    page = read(operator.get("/servers/12345/"))
    assert len(page.all("li", **{"class": "entry"})) == 5
    assert "db-server-01" not in page.one("ul", **{"class": "entries"}).text


def test_hostile_text_is_shown_as_text(operator: Client, simulator: Simulator) -> None:
    said = '"quoted" & \u202e<b>bold</b>, 5 < 6, <img onerror=x'
    simulator.faults.next("status", "stop", status=400, body={"detail": said})
    operator.post("/servers/12345/stop/")
    assert 'VPS.org says: "quoted" & bold , 5 < 6, <img onerror=x' in entries(operator)[0].text
    page = read(operator.get("/activity/", {"server": '"><script>'}))
    assert page.field("server").attributes["value"] == '"><script>'
