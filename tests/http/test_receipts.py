"""Every click leaves a line that stays: asked, accepted, seen done, and how long that took."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from servers import fleet
from servers.models import Activity, Run
from servers.remote import service
from servers.simulator import Simulator
from servers.table import cell
from tests.conftest import HTMX, TOKEN
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

Later = Callable[[float], None]


def stop_and_see(operator: Client, later: Later, seconds: int) -> None:
    operator.post("/servers/12345/stop/", headers=HTMX)
    later(seconds)
    operator.get("/servers/poll/", headers=HTMX)


def done_before(action: str, server_id: str, *seconds: int) -> None:
    for took in seconds:
        asked_at = timezone.now() - timedelta(hours=2)
        Activity.objects.create(
            user_name="ines",
            action=action,
            server_id=server_id,
            outcome="done",
            asked_at=asked_at,
            seen_at=asked_at + timedelta(seconds=took),
        )


def test_the_line_says_asked_accepted_and_seen_with_the_time_it_took(operator: Client, later: Later) -> None:
    stop_and_see(operator, later, 41)
    for page in (operator.get("/servers/12345/"), operator.get("/activity/")):
        line = read(page).one("li").text
        assert "asked 12:00, accepted 12:00, seen stopped 12:00 (41 seconds)" in line
        assert "otto" in line


def test_the_usual_time_is_the_median_of_this_server(operator: Client) -> None:
    done_before("stop", "12345", 10, 20, 60)
    done_before("stop", "12346", 500)
    question = read(operator.get("/servers/12345/stop/")).one("main").text
    assert "Usually takes 20 seconds. Last stopped by ines, today 10:00." in question


def test_a_server_that_was_never_stopped_takes_the_usual_time_of_all(operator: Client) -> None:
    done_before("stop", "12346", 30)
    assert "Usually takes 30 seconds." in read(operator.get("/servers/12345/stop/")).one("main").text


def test_nothing_is_usual_before_anything_was_seen_done(operator: Client) -> None:
    assert "Usually" not in read(operator.get("/servers/12345/stop/")).one("main").text


def test_a_change_that_takes_ten_times_its_usual_time_says_so(
    operator: Client, simulator: Simulator, later: Later
) -> None:
    done_before("reboot", "12345", 2)
    operator.post("/servers/12345/reboot/", headers=HTMX)
    assert "Usually 2 seconds." in read(operator.get("/servers/12345/")).all("li")[0].text
    later(21)
    assert (
        "Takes much longer than usual (2 seconds)." in read(operator.get("/servers/12345/")).all("li")[0].text
    )


def test_the_pages_of_the_log_go_by_rows(operator: Client) -> None:
    done_before("stop", "12345", *range(1, 121))
    page = read(operator.get("/activity/"))
    seen = [line.text for line in page.all("li")]
    while earlier := [link for link in page.all("a") if link.text == "Earlier"]:
        page = read(operator.get(earlier[0].attributes["href"]))
        seen += [line.text for line in page.all("li")]
    assert len(seen) == 120


def test_old_activity_is_forgotten_by_command_whatever_came_of_it(operator: Client, later: Later) -> None:
    for server_id in ("12345", "12346"):
        operator.post(f"/servers/{server_id}/stop/", headers=HTMX)
    Activity.objects.filter(server_id="12346").update(outcome="sent")
    done_before("stop", "12345", 5)
    later(40 * 24 * 60 * 60)
    done_before("start", "12345", 5)
    call_command("forget_activity", "30")
    assert list(Activity.objects.values_list("action", "server_id")) == [("start", "12345")]
    with pytest.raises(CommandError):
        call_command("forget_activity", "3")


@pytest.mark.parametrize(
    ("state", "kept"),
    [("running", True), ("paused", True), ("over", False)],
    ids=["running", "paused", "over"],
)
def test_what_a_run_that_is_not_over_has_sent_is_not_forgotten(
    operator: Client, simulator: Simulator, later: Later, state: str, kept: bool
) -> None:
    key = "7bb2b9a4-5d0e-4f0c-9a3e-1b7a4c6d8e01"
    operator.post("/bulk/new/", {"action": "stop", "servers": "12345,12346", "key": key})
    for _ in range(2):
        operator.post(f"/bulk/{key}/drive/", headers=HTMX)
    Activity.objects.filter(server_id="12346").update(outcome="refused")
    Run.objects.update(state=state)
    later(40 * 24 * 60 * 60)
    call_command("forget_activity", "30")
    assert Activity.objects.count() == (2 if kept else 0)
    assert Run.objects.exists() is kept


def test_the_log_comes_as_a_file_with_its_filters_and_without_formulas(operator: Client) -> None:
    done_before("stop", "12345", *range(1, 61))
    Activity.objects.update(server_name="=1+1", said=" @SUM(A1)")
    done_before("start", "12346", 5)
    response = operator.get("/activity.csv?server=12345")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert response["Content-Disposition"] == 'attachment; filename="activity.csv"'
    assert len(lines) == 61
    assert ",12345,'=1+1,Seen done,' @SUM(A1)," in lines[1]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", " =1", "＝1"])  # noqa: RUF001
def test_no_formula_hides_in_a_cell(text: str) -> None:
    written = cell(text)
    assert written.startswith("'")
    assert written.replace("'", "") == text


@pytest.mark.parametrize("text", ["web-01", "203.0.113.10", "", "1 + 1", "a=b"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_a_lost_creation_is_not_taken_for_a_colleagues_server_of_the_same_name(
    manager: Client, simulator: Simulator, sign_in: Callable[..., Client]
) -> None:
    form = {"name": "twin-1", "plan_id": "1", "os_id": "5", "location": "us-west"}
    simulator.faults.next("cut", request="create")
    lost = manager.post("/servers/new/", form | {"form_key": "7bb2b9a4-5d0e-4f0c-9a3e-1b7a4c6d8e01"})[
        "Location"
    ]
    colleague = sign_in("moritz", "Manager")
    colleague.post("/servers/new/", form | {"form_key": "7bb2b9a4-5d0e-4f0c-9a3e-1b7a4c6d8e02"})
    assert "VPS.org shows no new server of the name twin-1" in manager.get(lost).content.decode()
    assert sorted(Activity.objects.values_list("user_name", "outcome")) == [
        ("mia", "unknown"),
        ("moritz", "accepted"),
    ]


def sent_before(
    seconds: float, action: str = "start", server_id: str = "12345", account: str = ""
) -> Activity:
    """The row of a change whose console was stopped so many seconds ago, before it could write the answer."""
    return Activity.objects.create(
        user_name="ines",
        account=account or Activity.objects.latest("id").account,
        action=action,
        server_id=server_id,
        asked_at=timezone.now() - timedelta(seconds=seconds),
    )


def test_a_change_that_is_being_sent_is_settled_by_nobody_else(operator: Client, later: Later) -> None:
    operator.post("/servers/12346/stop/")
    entry = sent_before(60)
    later(16)
    operator.get("/servers/poll/", headers=HTMX)
    entry.refresh_from_db()
    assert entry.outcome == "sent", "the server ran before it was started, so that tells nothing"
    later(60)
    operator.get("/servers/poll/", headers=HTMX)
    entry.refresh_from_db()
    assert entry.outcome == "done"


@pytest.mark.parametrize("seconds", [121, 90_000, 9_000_000])
def test_what_a_stopped_console_left_sent_is_not_known_after_the_next_look(
    operator: Client, later: Later, seconds: float
) -> None:
    operator.post("/servers/12346/stop/")
    entry = sent_before(seconds, "reboot")
    later(16)
    operator.get("/servers/poll/", headers=HTMX)
    entry.refresh_from_db()
    assert entry.outcome == "unknown"


def test_what_was_left_sent_by_a_key_that_nobody_uses_any_more_is_settled_by_who_reads_it(
    operator: Client,
) -> None:
    entry = sent_before(121, account="an account whose key was revoked")
    assert "not known" in read(operator.get("/activity/")).all("li")[0].text.lower()
    entry.refresh_from_db()
    assert entry.outcome == "unknown"


@pytest.mark.parametrize(
    ("usually", "waited", "late"), [(2, 20, False), (2, 21, True), (0, 10, False), (0, 11, True)]
)
def test_ten_times_the_usual_time_is_too_long_and_less_than_a_second_counts_as_one(
    operator: Client, later: Later, usually: int, waited: float, late: bool
) -> None:
    done_before("reboot", "12346", 500)
    done_before("reboot", "12345", usually)
    operator.post("/servers/12345/reboot/", headers=HTMX)
    later(waited)
    text = read(operator.get("/activity/")).all("li")[0].text
    assert ("Takes much longer than usual" in text) is late


def test_what_was_seen_at_once_took_no_time(operator: Client) -> None:
    done_before("stop", "12345", 0)
    line = read(operator.get("/activity/")).one("li").text
    assert "seen stopped 10:00 (0 seconds)" in line


def test_of_many_times_the_last_twenty_count(operator: Client) -> None:
    operator.post("/servers/12345/stop/")
    done_before("stop", "12345", *[500] * 10, *[10] * 11, *[30] * 9)
    assert "Usually takes 10 seconds." in read(operator.get("/servers/12345/stop/")).one("main").text
    assert "Usually 10 seconds." in read(operator.get("/activity/")).text
    done_before("stop", "12345", *[30] * 2)
    assert "Usually takes 30 seconds." in read(operator.get("/servers/12345/stop/")).one("main").text
    assert "Usually 30 seconds." in read(operator.get("/activity/")).text


def test_each_line_of_the_log_has_the_usual_time_of_its_own_change(operator: Client) -> None:
    done_before("stop", "12345", 10)
    done_before("stop", "12360", 90)
    done_before("reboot", "12346", 40)
    for action, server_id in (("stop", "12345"), ("stop", "12346"), ("reboot", "12345"), ("start", "12345")):
        sent_before(0, action, server_id, account="any")
    Activity.objects.create(user_name="rob", action="stop", server_id="12345", outcome="refused")
    lines = [line.text for line in read(operator.get("/activity/")).all("li")[:5]]
    told = [re.findall("Usually [^.]*", line) for line in lines]
    # Of stops in general the median of 10 and 90.
    assert told == [[], [], ["Usually 40 seconds"], ["Usually 50 seconds"], ["Usually 10 seconds"]]


@pytest.mark.parametrize(("early", "late"), [(1, True), (0, False)])
def test_a_change_of_which_nothing_is_expected_any_more_is_not_called_late(
    operator: Client, early: float, late: bool
) -> None:
    done_before("stop", "12345", 10)
    entry = sent_before(24 * 60 * 60 - early, "stop", account="any")
    Activity.objects.filter(pk=entry.pk).update(outcome="accepted")
    text = read(operator.get("/activity/")).all("li")[0].text
    assert ("Takes much longer than usual" in text, "Usually" in text) == (late, False)


def test_only_what_was_done_and_only_this_change_says_what_is_usual(operator: Client) -> None:
    done_before("start", "12345", 5)
    done_before("stop", "12345", 7)
    Activity.objects.filter(action="stop").update(outcome="unknown")
    assert "Usually" not in read(operator.get("/servers/12345/stop/")).one("main").text


def test_who_asked_last_is_told_of_this_server_and_not_of_what_was_refused(operator: Client) -> None:
    done_before("stop", "12345", 5)
    for server_id, action, outcome in (("12345", "stop", "refused"), ("12346", "stop", "done")):
        Activity.objects.create(user_name="rob", action=action, server_id=server_id, outcome=outcome)
    Activity.objects.create(user_name="rob", action="reboot", server_id="12345", outcome="done")
    question = read(operator.get("/servers/12345/stop/")).one("main").text
    assert "Last stopped by ines, today 10:00." in question


@pytest.mark.parametrize(("seconds", "outcome"), [(120, "sent"), (121, "unknown")])
def test_a_call_may_take_two_minutes(operator: Client, seconds: float, outcome: str) -> None:
    entry = sent_before(seconds, account="any")
    operator.get("/activity/")
    entry.refresh_from_db()
    assert entry.outcome == outcome


def open_change(action: str, outcome: str, seconds: float = 60, **more: object) -> Activity:
    """The row of a change that VPS.org has answered, or has not, so many seconds ago, and that nobody has seen done."""
    entry = sent_before(seconds, action)
    Activity.objects.filter(pk=entry.pk).update(outcome=outcome, **more)
    return entry


def look(client: Client, simulator: Simulator, later: Later, status: str) -> None:
    """A look at the list, in which the server has this status."""
    simulator.account().servers[12345].status = status
    later(16)
    assert client.get("/servers/poll/", headers=HTMX).status_code < 400


@pytest.mark.parametrize(
    ("action", "outcome", "status", "expected"),
    [
        ("start", "accepted", "active", "done"),
        ("start", "unknown", "active", "done"),
        ("start", "accepted", "stopped", "accepted"),
        ("start", "refused", "active", "refused"),
        ("stop", "accepted", "stopped", "done"),
        ("stop", "unknown", "active", "unknown"),
        ("reboot", "accepted", "active", "done"),
        ("reboot", "accepted", "stopped", "accepted"),
        ("reboot", "unknown", "active", "unknown"),
        ("create", "accepted", "active", "done"),
        ("create", "accepted", "provisioning", "accepted"),
        ("delete", "accepted", "active", "accepted"),
    ],
)
def test_a_change_is_done_when_the_list_shows_what_was_asked_for(
    operator: Client,
    simulator: Simulator,
    later: Later,
    action: str,
    outcome: str,
    status: str,
    expected: str,
) -> None:
    operator.post("/servers/12346/stop/")
    entry = open_change(action, outcome)
    look(operator, simulator, later, status)
    entry.refresh_from_db()
    assert entry.outcome == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "web-server-01"}, "done"),
        ({"name": "web-server-01", "hostname": "other.example.com"}, "accepted"),
        ({"name": "web-server-01", "backups_enabled": True}, "accepted"),
    ],
)
def test_an_edit_is_done_when_the_list_shows_every_field_of_it(
    operator: Client, simulator: Simulator, later: Later, fields: dict[str, object], expected: str
) -> None:
    operator.post("/servers/12346/stop/")
    entry = open_change("edit", "accepted", fields=fields)
    look(operator, simulator, later, "active")
    entry.refresh_from_db()
    assert entry.outcome == expected


@pytest.mark.parametrize(("backups", "expected"), [(True, "done"), (False, "accepted")])
def test_whether_backups_are_as_asked_for_is_seen_on_the_page_of_the_server(
    operator: Client, backups: bool, expected: str
) -> None:
    operator.post("/servers/12346/stop/")
    entry = open_change("edit", "accepted", fields={"backups_enabled": backups})
    assert operator.get("/servers/12345/").status_code == 200
    entry.refresh_from_db()
    assert entry.outcome == expected


def test_a_refusal_has_its_line_too(operator: Client, simulator: Simulator) -> None:
    simulator.faults.next("status", request="stop", status=403, body={"detail": "no"})
    operator.post("/servers/12345/stop/")
    assert "asked 12:00, refused 12:00" in read(operator.get("/activity/")).one("li").text


def outcome_of_restart() -> str:
    return Activity.objects.get(action="reboot").outcome


@pytest.mark.parametrize(
    ("place", "question", "press"),
    [
        (service, "list_servers", lambda manager: manager.get("/servers/?now")),
        (service, "list_servers", lambda manager: manager.post("/connect/", {"token": TOKEN})),
        (service, "get_server", lambda manager: manager.get("/servers/12345/edit/")),
        (service, "get_server", lambda manager: manager.get("/servers/12345/")),
        (
            service,
            "partially_update_server",
            lambda manager: manager.post("/servers/12345/backups/", {"backups_enabled": "off"}),
        ),
        (fleet, "find", lambda manager: manager.get("/servers/12345/recent/", headers=HTMX)),
    ],
    ids=["list", "connect", "edit", "detail", "backups", "recent"],
)
def test_a_restart_is_not_seen_done_by_what_was_shown_before_it(
    manager: Client,
    operator: Client,
    later: Later,
    monkeypatch: pytest.MonkeyPatch,
    place: Any,
    question: str,
    press: Callable[[Client], Any],
) -> None:
    usual = getattr(place, question)

    def overtaken(*given: Any, **more: Any) -> Any:
        """The server as it runs is on its way while a colleague restarts it."""
        monkeypatch.setattr(place, question, usual)
        answer = usual(*given, **more)
        assert operator.post("/servers/12345/reboot/").status_code == 302
        return answer

    if question == "list_servers":
        cache.clear()
    monkeypatch.setattr(place, question, overtaken)
    assert press(manager).status_code in (200, 302)
    assert outcome_of_restart() == "accepted"
    later(60)
    manager.get("/servers/?now")
    assert outcome_of_restart() == "done"


def test_a_restart_is_not_seen_done_before_the_list_says_that_it_began(
    manager: Client, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = fleet.patch_fields

    def at_last(*given: Any) -> Any:
        assert manager.get("/servers/12345/recent/", headers=HTMX).status_code == 200
        assert outcome_of_restart() == "sent"
        return usual(*given)

    monkeypatch.setattr(fleet, "patch_fields", at_last)
    assert operator.post("/servers/12345/reboot/").status_code == 302
    assert outcome_of_restart() == "accepted"


def test_what_two_looks_at_once_show_done_was_done_when_the_first_showed_it(
    manager: Client, operator: Client, simulator: Simulator, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = service.list_servers
    operator.post("/servers/12345/stop/")
    later(41)

    def slow(*given: Any) -> Any:
        answer = usual(*given)
        assert operator.get("/servers/12345/").status_code == 200
        later(9)
        return answer

    monkeypatch.setattr(service, "list_servers", slow)
    manager.get("/servers/?now")
    assert "(41 seconds)" in read(manager.get("/activity/")).all("li")[0].text


@pytest.mark.parametrize("address", ["/servers/poll/", "/servers/12345/"])
@pytest.mark.parametrize(("early", "expected"), [(1, "done"), (0, "accepted")])
def test_after_a_day_nothing_more_is_expected(
    operator: Client, simulator: Simulator, later: Later, address: str, early: float, expected: str
) -> None:
    operator.post("/servers/12346/stop/")
    later(16)
    entry = open_change("start", "accepted", 24 * 60 * 60 - early)
    operator.get(address, headers=HTMX if "poll" in address else {})
    entry.refresh_from_db()
    assert entry.outcome == expected


def test_the_look_of_one_account_settles_nothing_of_another(
    operator: Client, simulator: Simulator, later: Later
) -> None:
    operator.post("/servers/12346/stop/")
    entry = open_change("start", "accepted", account="another")
    look(operator, simulator, later, "active")
    operator.get("/servers/12345/")
    entry.refresh_from_db()
    assert entry.outcome == "accepted"


def test_a_row_that_nothing_is_expected_of_keeps_no_earlier_one_open(operator: Client) -> None:
    operator.post("/servers/12346/stop/")
    entry = open_change("start", "accepted")
    open_change("start", "accepted", 2 * 24 * 60 * 60)
    open_change("start", "accepted", account="another")
    operator.get("/servers/12345/")
    entry.refresh_from_db()
    assert entry.outcome == "done"


def test_what_is_told_of_one_server_says_of_no_other_that_it_is_gone(
    operator: Client, simulator: Simulator
) -> None:
    operator.post("/servers/12346/stop/")
    entry = open_change("delete", "accepted", server_id="12346")
    simulator.seen.clear()
    operator.post("/servers/12345/backups/", {"backups_enabled": "off"})
    assert simulator.lines == [("PATCH", "/servers/12345/")]
    entry.refresh_from_db()
    assert entry.outcome == "accepted"


@pytest.mark.parametrize(("seconds", "outcome"), [(16, "accepted"), (600, "done")])
def test_a_lost_creation_is_settled_by_the_one_new_server_of_its_name(
    manager: Client, simulator: Simulator, later: Later, seconds: float, outcome: str
) -> None:
    form = {"name": "web-server-01", "plan_id": "1", "os_id": "5", "location": "us-west"}
    simulator.faults.next("cut_after_effect", request="create")
    manager.post("/servers/new/", form | {"form_key": "7bb2b9a4-5d0e-4f0c-9a3e-1b7a4c6d8e01"})
    made = max(simulator.account().servers)
    # Somebody has pressed something else at it, elsewhere: that made no server.
    sent_before(30, "stop", str(made))
    later(seconds)
    assert manager.get("/servers/poll/", headers=HTMX).status_code < 400
    entry = Activity.objects.get(action="create")
    assert (entry.outcome, entry.server_id, entry.server_name) == (outcome, str(made), "web-server-01")
    later(600)
    manager.get("/servers/poll/", headers=HTMX)
    entry.refresh_from_db()
    assert entry.outcome == "done"


@pytest.mark.parametrize(
    ("age", "adopted"),
    [(timedelta(minutes=10), True), (timedelta(minutes=10, seconds=1), False), (None, True)],
)
def test_a_lost_creation_is_not_settled_by_an_older_server_that_nobody_has_looked_at(
    manager: Client, simulator: Simulator, age: timedelta | None, adopted: bool
) -> None:
    twin: dict[str, object] = {"id": 7, "name": "twin-1", "status": "active"}
    if age is not None:
        twin["created_at"] = (timezone.now() - age).isoformat()
    form = {"name": "twin-1", "plan_id": "1", "os_id": "5", "location": "us-west"}
    simulator.faults.next("cut", request="create")
    manager.post("/servers/new/", form | {"form_key": "7bb2b9a4-5d0e-4f0c-9a3e-1b7a4c6d8e01"})
    simulator.faults.next("status", "list", status=200, body={"count": 1, "results": [twin]})
    manager.get("/servers/?now")
    entry = Activity.objects.get()
    assert (entry.outcome, entry.server_id) == (("done", "7") if adopted else ("unknown", ""))
