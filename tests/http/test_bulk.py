"""The same change for many servers: what will happen, the page that does it, and what survives."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from servers import actions, drafts
from servers.models import Activity, Run, Step
from servers.request import PanelRequest
from servers.simulator import Simulator
from tests.conftest import HTMX, TOKEN
from tests.http.pages import read

RUNNING = ["12345", "12346"]
SignIn = Callable[..., Client]
Later = Callable[[float], None]


def confirm(client: Client, action: str, ids: list[str], **more: str) -> str:
    """Confirms a run for these servers and gives its address."""
    data = {
        "action": action,
        "servers": ",".join(ids),
        "key": str(uuid.uuid4()),
        "confirm_count": str(len(ids)),
    }
    response = client.post("/bulk/new/", data | more)
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


def drive(client: Client, address: str, times: int = 1) -> None:
    for _ in range(times):
        assert client.post(f"{address}drive/", headers=HTMX).status_code == 200


def running(simulator: Simulator) -> list[str]:
    return [str(s.id) for s in simulator.account().servers.values() if s.status == "active"]


def states(address: str) -> list[str]:
    return list(Step.objects.filter(run_id=address.split("/")[-2]).values_list("state", flat=True))


def test_the_confirmation_names_every_server_and_the_skipped_ones_with_the_reason(
    operator: Client, simulator: Simulator
) -> None:
    stopped = next(s for s in simulator.account().servers.values() if s.status == "stopped")
    page = operator.get(
        f"/bulk/new/?action=stop&server=12345&server=12346&server={stopped.id}"
    ).content.decode()
    assert "Stop 2 servers?" in page
    assert "web-server-01" in page and "db-server-01" in page
    assert f"{stopped.name} is not running." in page and "1 server is skipped" in page
    assert simulator.lines == []


def test_the_question_has_the_question_marks_of_the_language(operator: Client) -> None:
    chosen = "/bulk/new/?action=stop&server=12345&server=12346"
    spanish = operator.get(chosen, headers={"Accept-Language": "es"}).content.decode()
    assert "<h1>¿Detener 2 servidores?</h1>" in spanish
    arabic = operator.get(chosen, headers={"Accept-Language": "ar"}).content.decode()
    assert "<h1>إيقاف خادمين؟</h1>" in arabic


def test_it_stops_every_chosen_server_once_and_logs_each(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    drive(operator, address, times=4)
    assert simulator.lines == [("POST", "/servers/12345/stop/"), ("POST", "/servers/12346/stop/")]
    assert states(address) == ["accepted", "accepted"]
    assert Run.objects.get().state == "over"
    assert {a.server_id: a.outcome for a in Activity.objects.all()} == dict.fromkeys(RUNNING, "accepted")


def test_more_than_five_want_the_number_typed(operator: Client, simulator: Simulator) -> None:
    ids = running(simulator)[:6]
    data = {"action": "stop", "servers": ",".join(ids), "key": str(uuid.uuid4()), "confirm_count": "5"}
    response = operator.post("/bulk/new/", data)
    assert response.status_code == 422
    assert "Type 6 to confirm" in response.content.decode()
    assert not Run.objects.exists()
    assert operator.post("/bulk/new/", data | {"confirm_count": " 6 "}).status_code == 302


def test_one_confirmation_makes_one_run(operator: Client) -> None:
    key = str(uuid.uuid4())
    assert confirm(operator, "stop", RUNNING, key=key) == confirm(operator, "stop", RUNNING, key=key)
    assert Run.objects.count() == 1 and Step.objects.count() == 2


def test_a_confirmation_that_comes_twice_at_once_makes_one_run(
    operator: Client, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(operator, "stop", running(simulator)[2:3])
    key = str(uuid.uuid4())
    usual = drafts.done

    def meanwhile(request: PanelRequest) -> None:
        monkeypatch.setattr(drafts, "done", usual)
        confirm(operator, "stop", RUNNING, key=key)
        usual(request)

    monkeypatch.setattr(drafts, "done", meanwhile)
    assert confirm(operator, "stop", RUNNING, key=key) == f"/bulk/{key}/"
    assert Run.objects.count() == 2 and Run.objects.get(pk=key).steps.count() == 2


def test_all_that_match_are_those_of_the_filters(operator: Client, simulator: Simulator) -> None:
    page = operator.get("/bulk/new/?action=backups_on&all=1&location=ap-south").content.decode()
    expected = [s.name for s in simulator.account().servers.values() if s.location == "ap-south"]
    assert f"Switch on the backups of {len(expected)} servers?" in page
    assert all(name in page for name in expected)
    assert "web-server-01" not in page


def test_one_refusal_does_not_stop_the_others(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    simulator.faults.next("status", request="stop", status=403, body={"detail": "no"})
    assert "delay:50ms" in operator.post(f"{address}drive/", headers=HTMX).content.decode()
    drive(operator, address, times=2)
    assert states(address) == ["refused", "accepted"]
    page = operator.get(address).content.decode()
    assert "Your key is not allowed to do this." in page and "Try 1 again" in page


def test_the_failed_ones_can_be_tried_again_as_a_run_of_their_own(
    operator: Client, simulator: Simulator
) -> None:
    address = confirm(operator, "stop", RUNNING)
    simulator.faults.next("status", request="stop", status=403, body={"detail": "no"})
    drive(operator, address, times=3)
    page = operator.get(
        f"/bulk/new/?action=stop&again={address.split('/')[-2]}&which=failed"
    ).content.decode()
    assert "Stop 1 server?" in page and "web-server-01" in page and "db-server-01" not in page


def test_the_same_servers_can_be_started_again_afterwards(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    drive(operator, address, times=3)
    assert "Start these 2 again" in operator.get(address).content.decode()
    simulator.clock.advance(120)
    cache.clear()
    page = operator.get(f"/bulk/new/?action=start&again={address.split('/')[-2]}").content.decode()
    assert "Start 2 servers?" in page


def test_whoever_may_switch_servers_may_leave_the_rest_of_a_run_as_it_is(
    operator: Client, manager: Client, viewer: Client
) -> None:
    address = confirm(operator, "stop", RUNNING)
    for client, offered in ((operator, True), (manager, True), (viewer, False)):
        assert ("Leave the rest as they are" in client.get(address).content.decode()) is offered


def test_a_lost_answer_is_not_sent_again_and_pauses_the_run(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    simulator.faults.next("cut_after_effect", request="stop")
    drive(operator, address, times=4)
    assert simulator.lines.count(("POST", "/servers/12345/stop/")) == 1
    assert states(address) == ["unknown", "waiting"]
    assert "Paused" in operator.get(address).content.decode()
    operator.post(f"{address}resume/")
    drive(operator, address, times=2)
    assert states(address) == ["unknown", "accepted"]
    assert simulator.lines.count(("POST", "/servers/12345/stop/")) == 1


def test_being_asked_to_wait_lets_the_step_wait(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", ["12345"])
    simulator.faults.next("status", request="stop", status=429, headers={"Retry-After": "7"})
    response = operator.post(f"{address}drive/", headers=HTMX)
    hand = read(response).one("div", **{"class": "driver"}).attributes
    assert hand["hx-trigger"] == "load delay:7000ms, every 17000ms"
    assert states(address) == ["waiting"]
    drive(operator, address)
    assert states(address) == ["accepted"]


def test_a_step_waits_for_a_colleague_who_is_saving_the_same_server(
    operator: Client, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = confirm(operator, "backups_off", RUNNING[:1])
    usual = actions._merge

    def meanwhile(*given: Any) -> actions.Fields:
        monkeypatch.setattr(actions, "_merge", usual)
        answer = operator.post(f"{address}drive/", headers=HTMX)
        assert "delay:2000ms" in answer.content.decode()
        assert (states(address), Activity.objects.count()) == (["waiting"], 0)
        return usual(*given)

    monkeypatch.setattr(actions, "_merge", meanwhile)
    typed = {"name": "shop-web", "opened_name": "web-server-01"}
    assert operator.post("/servers/12345/rename/", typed, headers=HTMX).status_code == 200
    assert Run.objects.get().state == "running"
    drive(operator, address)
    assert states(address) == ["accepted"]
    assert [line[0] for line in simulator.lines] == ["GET", "PATCH", "PATCH"]


def test_pausing_asks_for_nothing_and_going_on_goes_on(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    operator.post(f"{address}pause/")
    drive(operator, address, times=2)
    assert simulator.lines == [] and states(address) == ["waiting", "waiting"]
    operator.post(f"{address}resume/")
    drive(operator, address, times=2)
    assert states(address) == ["accepted", "accepted"]


def test_stopping_the_rest_leaves_what_was_sent(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    drive(operator, address)
    operator.post(f"{address}stop/")
    drive(operator, address, times=2)
    assert states(address) == ["accepted", "stopped"]
    assert len(simulator.lines) == 1


def test_a_run_of_which_nothing_was_asked_keeps_its_name(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    operator.post(f"{address}stop/")
    page = read(operator.get(address))
    assert page.one("h1").text == "Stop 2 servers"
    assert "Ask the 2 that were left" in page.text
    assert simulator.lines == []


def test_stopping_the_rest_while_one_is_asked_takes_back_why_it_paused(
    operator: Client, simulator: Simulator
) -> None:
    address = confirm(operator, "stop", running(simulator)[:3])
    simulator.faults.next("cut", request="stop")
    drive(operator, address)
    assert Run.objects.get().reason
    Step.objects.filter(position=1).update(state="doing", claimed_at=timezone.now())
    for before in ("paused", "running"):
        Run.objects.update(state=before)
        operator.post(f"{address}stop/")
        assert (Run.objects.get().state, Run.objects.get().reason) == ("paused", "")
    assert states(address) == ["unknown", "doing", "stopped"]


def test_a_lost_answer_that_was_seen_done_since_is_not_tried_again(
    operator: Client, simulator: Simulator, later: Later
) -> None:
    address = confirm(operator, "stop", ["12345"])
    simulator.faults.next("cut_after_effect", request="stop")
    drive(operator, address)
    assert "Try 1 again" in operator.get(address).content.decode()
    later(60)
    operator.get(address, headers=HTMX)
    page = read(operator.get(address)).one(id="run")
    assert states(address) == ["accepted"] and "Try 1 again" not in page.text
    assert page.one("li").text == "web-server-01 seen stopped"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(None, "accepted"), ("sent", "unknown"), ("accepted", "accepted"), ("refused", "refused")],
    ids=["killed before it was sent", "while it was sent", "after the answer", "after a refusal"],
)
def test_a_killed_console_repeats_nothing_and_loses_nothing(
    operator: Client, simulator: Simulator, sent: str | None, expected: str
) -> None:
    address = confirm(operator, "stop", ["12345"])
    step = Step.objects.get()
    long_ago = timezone.now() - timedelta(minutes=2)
    Step.objects.update(state="doing", claimed_at=long_ago)
    if sent:
        entry = Activity.begin(
            User.objects.get(), Run.objects.get().account, "stop", server_id="12345", step=step
        )
        Activity.objects.filter(pk=entry.pk).update(outcome=sent)
    drive(operator, address, times=2)
    assert states(address) == [expected]
    assert len(simulator.lines) == (0 if sent else 1)


def test_what_a_console_was_doing_when_it_was_stopped_is_not_known_after_a_while(
    operator: Client, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(actions.POWER, "stop", stopped)
    address = confirm(operator, "stop", ["12345"])
    with pytest.raises(KeyboardInterrupt):
        drive(operator, address)
    later(40)
    drive(operator, address)
    assert states(address) == ["doing"]
    later(1)
    drive(operator, address)
    assert states(address) == ["unknown"]


def test_a_colleague_sees_it_and_cannot_drive_it_or_start_it_twice(
    operator: Client, sign_in: SignIn, simulator: Simulator
) -> None:
    address = confirm(operator, "stop", RUNNING)
    colleague = sign_in("olga", "Operator")
    assert "otto: Stop, 0 of 2 asked" in colleague.get("/servers/").content.decode()
    assert "driver" not in colleague.get(address).content.decode()
    assert colleague.post(f"{address}drive/", headers=HTMX).status_code == 404
    assert colleague.post(f"{address}resume/").status_code == 404
    page = colleague.get("/bulk/new/?action=stop&server=12345").content.decode()
    assert "Already in a work list of otto." in page
    assert simulator.lines == []


def test_somebody_with_another_key_does_not_see_it(
    operator: Client, sign_in: SignIn, simulator: Simulator
) -> None:
    address = confirm(operator, "stop", RUNNING)
    simulator.add_account("vps_another-key-1")
    other = sign_in("oda", "Operator", token="vps_another-key-1")
    assert other.get(address).status_code == 404
    assert "otto" not in other.get("/servers/").content.decode()


def test_a_run_that_was_left_keeps_its_servers_from_nobody(
    operator: Client, sign_in: SignIn, simulator: Simulator, later: Later
) -> None:
    address = confirm(operator, "stop", RUNNING)
    simulator.world.accounts["vps_second-key-1"] = simulator.account()
    ben = sign_in("ben", "Operator", token="vps_second-key-1")
    chosen = "/bulk/new/?action=stop&server=12345"
    later(3600)
    assert "Already in a work list of otto." in ben.get(chosen).content.decode()
    later(1)
    assert "Stop 1 server?" in ben.get(chosen).content.decode()
    operator.post(f"{address}resume/")
    assert "Already in a work list of otto." in ben.get(chosen).content.decode()


def test_a_run_that_was_left_goes_on_only_by_a_press(
    operator: Client, sign_in: SignIn, simulator: Simulator, later: Later
) -> None:
    address = confirm(operator, "stop", RUNNING)
    later(3600)
    drive(operator, address)
    assert states(address) == ["accepted", "waiting"]
    assert operator.get("/servers/").status_code == 200
    later(3601)
    drive(operator, address)
    assert states(address) == ["accepted", "waiting"]
    sentence = "Its page was closed for more than an hour, so it does not go on by itself."
    for client in (operator, sign_in("olga", "Operator")):
        page = read(client.get(address))
        assert f"Paused: 1 of 2 asked. {sentence}" in page.text
    assert "driver" not in operator.get(address).content.decode()
    operator.post(f"{address}resume/")
    drive(operator, address)
    assert states(address) == ["accepted", "accepted"]


def test_colleagues_are_told_for_a_day_of_a_run_that_was_left(operator: Client) -> None:
    confirm(operator, "stop", RUNNING)
    Run.objects.update(driven_at=timezone.now() - timedelta(hours=23))
    assert "otto: Stop, 0 of 2 asked" in operator.get("/servers/").content.decode()
    Run.objects.update(driven_at=timezone.now() - timedelta(hours=24))
    assert "otto: Stop" not in operator.get("/servers/").content.decode()


@pytest.mark.parametrize("command", ["", "stop/"])
def test_what_a_killed_console_left_is_settled_by_a_look_and_by_leaving_the_rest(
    operator: Client, simulator: Simulator, command: str
) -> None:
    address = confirm(operator, "stop", RUNNING)
    entry = Activity.begin(
        User.objects.get(), Run.objects.get().account, "stop", server_id="12345", step=Step.objects.first()
    )
    assert entry.outcome == "sent"
    Step.objects.filter(position=0).update(state="doing", claimed_at=timezone.now() - timedelta(minutes=2))
    if command:
        assert operator.post(address + command).status_code == 302
        assert states(address) == ["unknown", "stopped"]
    else:
        Step.objects.filter(position=1).update(state="stopped")
        assert "Over: 1 of 1 asked." in read(operator.get(address)).text
    assert (Run.objects.get().state, simulator.lines) == ("over", [])


def test_with_the_key_of_another_account_nothing_is_called_deleted(
    manager: Client, simulator: Simulator
) -> None:
    address = confirm(manager, "delete", ["12345", "12346", "12372"])
    drive(manager, address)
    simulator.add_account("vps_another-key-1")
    manager.post("/connect/", {"token": "vps_another-key-1"})
    drive(manager, address, times=2)
    assert states(address) == ["accepted", "refused", "waiting"]
    assert "db-server-01 is not in the account of your key." in read(manager.get(address)).one(id="run").text
    assert Run.objects.get().state == "paused"
    assert {12346, 12372} <= simulator.account().servers.keys()
    manager.post("/connect/", {"token": TOKEN})
    manager.post(f"{address}resume/")
    drive(manager, address, times=2)
    assert states(address) == ["accepted", "refused", "accepted"]


def test_another_key_of_the_same_account_goes_on(manager: Client, simulator: Simulator) -> None:
    address = confirm(manager, "delete", RUNNING)
    drive(manager, address)
    simulator.world.accounts["vps_second-key-1"] = simulator.account()
    manager.post("/connect/", {"token": "vps_second-key-1"})
    drive(manager, address)
    assert states(address) == ["accepted", "accepted"]
    assert ("DELETE", "/servers/12346/") in simulator.lines


def test_a_role_that_is_lowered_in_the_middle_pauses_the_run(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    drive(operator, address)
    User.objects.get(username="otto").groups.set([Group.objects.get(name="Viewer")])
    drive(operator, address, times=2)
    assert states(address) == ["accepted", "refused"]
    assert len(simulator.lines) == 1
    reasons = [Run.objects.get().reason, Step.objects.get(position=1).reason]
    assert reasons == ["Your role no longer allows this."] * 2


# --- how far it has come ------------------------------------------------------------------------------------------


def asks_on(client: Client, address: str) -> bool:
    """Whether the page of a run goes on asking how far it has come; htmx stops at this status."""
    status = client.get(address, headers=HTMX).status_code
    assert status in (200, 286)
    return status == 200


def test_its_page_asks_until_every_server_is_seen_as_asked(operator: Client, later: Later) -> None:
    address = confirm(operator, "stop", RUNNING)
    drive(operator, address)
    assert asks_on(operator, address)
    drive(operator, address, times=2)
    assert Run.objects.get().state == "over"
    assert asks_on(operator, address)
    later(120)
    assert not asks_on(operator, address)
    assert "every 2s" not in operator.get(address).content.decode()


def test_its_page_asks_no_more_where_all_were_refused(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    simulator.faults.next("status", request="stop", status=403, body={"detail": "no"}, times=2)
    drive(operator, address, times=3)
    assert states(address) == ["refused", "refused"]
    assert not asks_on(operator, address)


def test_its_page_waits_some_minutes_for_what_is_not_known(
    operator: Client, simulator: Simulator, later: Later
) -> None:
    address = confirm(operator, "reboot", ["12345"])
    simulator.faults.next("cut", request="reboot")
    drive(operator, address)
    operator.post(f"{address}resume/")
    drive(operator, address)
    assert (states(address), Run.objects.get().state) == (["unknown"], "over")
    later(400)
    assert asks_on(operator, address)
    later(1)
    assert not asks_on(operator, address)


def test_its_page_waits_for_nothing_whose_row_of_the_log_was_forgotten(operator: Client) -> None:
    address = confirm(operator, "stop", ["12345"])
    drive(operator, address)
    Activity.objects.all().delete()
    assert not asks_on(operator, address)


@pytest.mark.parametrize(
    ("action", "server", "offer"),
    [
        ("start", "12360", "Stop this one again"),
        ("stop", "12345", "Start this one again"),
        ("reboot", "12345", "Restart this one again"),
        ("backups_off", "12345", None),
    ],
)
def test_what_is_offered_afterwards_is_the_way_back(
    operator: Client, action: str, server: str, offer: str | None
) -> None:
    address = confirm(operator, action, [server])
    assert "this one again" not in operator.get(address).content.decode()
    drive(operator, address, times=2)
    links = [link.text for link in read(operator.get(address)).one(id="run").all("a", **{"class": "button"})]
    assert links == ([offer] if offer else [])


def test_it_counts_what_was_asked_of_what_could_be(
    operator: Client, sign_in: SignIn, simulator: Simulator
) -> None:
    stopped = "12360"
    address = confirm(operator, "stop", [*RUNNING, stopped, *running(simulator)[2:4]])
    simulator.faults.next("status", request="stop", status=403, body={"detail": "no"})
    drive(operator, address, times=2)
    page = read(operator.get(address))
    bar = page.one("progress").attributes
    assert (page.one("h1").text, bar["max"], bar["value"]) == ("Stop 4 servers", "4", "2")
    assert "otto: Stop, 2 of 4 asked" in sign_in("olga", "Operator").get("/servers/").content.decode()
    operator.post(f"{address}stop/")
    assert states(address) == ["refused", "accepted", "skipped", "stopped", "stopped"]
    page = read(operator.get(address))
    assert (page.one("progress").attributes["max"], page.one("h1").text) == ("2", "Stop 2 servers")
    offers = {
        link.text: link.attributes["href"] for link in page.one(id="run").all("a", **{"class": "button"})
    }
    assert list(offers) == [
        "Try 1 again that did not work",
        "Ask the 2 that were left",
        "Start this one again",
    ]
    simulator.clock.advance(120)
    cache.clear()
    behind = [read(operator.get(where)).one("h1").text for where in offers.values()]
    assert behind == ["Stop 1 server?", "Stop 2 servers?", "Start 1 server?"]


@pytest.mark.parametrize(("one_by_one", "soon"), [("", "delay:50ms"), ("on", "delay:2000ms")])
def test_the_next_step_comes_at_once_and_one_by_one_after_a_while(
    operator: Client, one_by_one: str, soon: str
) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one=one_by_one)
    assert soon in operator.post(f"{address}drive/", headers=HTMX).content.decode()


def test_never_more_than_four_are_asked_at_the_same_time(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", running(simulator)[:6])
    under_way = Step.objects.filter(position__lt=4)
    under_way.update(state="doing", claimed_at=timezone.now())
    assert "delay:2000ms" in operator.post(f"{address}drive/", headers=HTMX).content.decode()
    assert simulator.lines == []
    Step.objects.filter(position=0).update(state="accepted")
    drive(operator, address, times=2)
    assert states(address) == ["accepted", *["doing"] * 3, "accepted", "accepted"]


def test_what_came_of_a_step_stays_written(operator: Client, simulator: Simulator, later: Later) -> None:
    address = confirm(operator, "stop", RUNNING)
    simulator.faults.next("status", request="stop", status=403, body={"detail": "no"})
    drive(operator, address)
    why = Step.objects.get(position=0).reason
    later(60)
    drive(operator, address)
    assert why and Step.objects.get(position=0).reason == why


@pytest.mark.parametrize(("seconds", "expected"), [(40, "doing"), (41, "accepted")])
def test_a_step_belongs_to_who_claimed_it_as_long_as_a_call_may_take(
    operator: Client, later: Later, seconds: float, expected: str
) -> None:
    address = confirm(operator, "stop", ["12345"])
    Step.objects.update(state="doing", claimed_at=timezone.now())
    later(seconds)
    drive(operator, address)
    assert states(address) == [expected]


def test_a_command_is_for_its_own_run_alone(operator: Client) -> None:
    one, other = confirm(operator, "stop", ["12345"]), confirm(operator, "stop", ["12346"])

    def are() -> list[tuple[str, str]]:
        return list(Run.objects.order_by("asked_at").values_list("state", "reason"))

    operator.post(f"{one}pause/")
    assert are() == [("paused", ""), ("running", "")]
    operator.post(f"{other}pause/")
    operator.post(f"{one}resume/")
    assert are() == [("running", ""), ("paused", "")]
    operator.post(f"{one}stop/")
    assert are() == [("over", ""), ("paused", "")]


def test_colleagues_are_not_told_of_what_is_over(operator: Client, sign_in: SignIn) -> None:
    address = confirm(operator, "stop", ["12345"])
    olga = sign_in("olga", "Operator")
    assert "otto: Stop" in olga.get("/servers/").content.decode()
    drive(operator, address, times=2)
    assert "otto: Stop" not in olga.get("/servers/").content.decode()


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_what_is_over_stays_over(operator: Client, command: str) -> None:
    address = confirm(operator, "stop", ["12345"])
    drive(operator, address, times=2)
    operator.post(f"{address}{command}/")
    assert Run.objects.get().state == "over"


def test_going_on_opens_a_page_that_was_called_closed(
    operator: Client, sign_in: SignIn, later: Later
) -> None:
    address = confirm(operator, "stop", RUNNING)
    olga = sign_in("olga", "Operator")
    later(15)
    assert "has closed the page" not in read(olga.get(address)).text
    later(1)
    assert "otto has closed the page" in read(olga.get(address)).text
    drive(operator, address)
    assert "has closed the page" not in read(olga.get(address)).text
    operator.post(f"{address}pause/")
    later(60)
    operator.post(f"{address}resume/")
    assert "has closed the page" not in read(olga.get(address)).text


def test_why_it_paused_is_said_until_it_goes_on(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "stop", RUNNING)
    simulator.faults.next("cut", request="stop")
    drive(operator, address)
    why = Run.objects.get().reason
    assert why and why in read(operator.get(address)).one(id="run").text
    assert Step.objects.get(position=0).reason == why
    operator.post(f"{address}resume/")
    assert Run.objects.get().reason == ""


def test_the_key_of_a_colleagues_form_starts_nothing(
    operator: Client, sign_in: SignIn, simulator: Simulator
) -> None:
    key = str(uuid.uuid4())
    confirm(operator, "stop", RUNNING, key=key)
    body = {"action": "stop", "servers": "12360,12372", "key": key}
    assert sign_in("olga", "Operator").post("/bulk/new/", body).status_code == 404
    assert (Run.objects.get().user_name, Step.objects.count()) == ("otto", 2)


@pytest.mark.parametrize("action", ["start", "stop", "reboot", "backups_on", "backups_off", "delete"])
def test_a_viewer_may_not_even_ask(viewer: Client, action: str) -> None:
    assert viewer.get(f"/bulk/new/?action={action}&server=12345").status_code == 403


def test_an_operator_may_not_delete(operator: Client, simulator: Simulator) -> None:
    data = {"action": "delete", "servers": "12345", "key": str(uuid.uuid4())}
    assert operator.post("/bulk/new/", data).status_code == 403
    assert not Run.objects.exists() and simulator.lines == []


def test_backups_go_on_and_servers_go_for_good(manager: Client, simulator: Simulator) -> None:
    drive(manager, confirm(manager, "backups_off", ["12345"]), times=2)
    drive(manager, confirm(manager, "delete", ["12345"]), times=2)
    assert simulator.lines == [("PATCH", "/servers/12345/"), ("DELETE", "/servers/12345/")]
    assert simulator.seen[0].body == b'{"backups_enabled":false}'
    rows = Activity.objects.order_by("id").values_list(
        "step__run__action", "action", "server_id", "server_name", "fields"
    )
    assert list(rows) == [
        ("backups_off", "edit", "12345", "web-server-01", {"backups_enabled": False}),
        ("delete", "delete", "12345", "web-server-01", {}),
    ]


def test_without_javascript_a_press_takes_the_next_four(operator: Client, simulator: Simulator) -> None:
    ids = running(simulator)[:6]
    address = confirm(operator, "stop", ids)
    assert operator.post(f"{address}drive/").status_code == 302
    assert len(simulator.lines) == 4
    operator.post(f"{address}drive/")
    assert [line[1].split("/")[2] for line in simulator.lines] == ids


def test_the_page_has_four_hands_and_none_when_paused(operator: Client) -> None:
    address = confirm(operator, "stop", RUNNING)
    assert len(re.findall('class="driver"', operator.get(address).content.decode())) == 4
    operator.post(f"{address}pause/")
    assert "driver" not in operator.get(address).content.decode()


def test_a_run_whose_rest_is_stopped_while_a_server_is_asked_is_over_with_it(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = confirm(operator, "stop", RUNNING)
    usual = Activity.finish

    def finish(entry: Activity, *given: Any, **more: Any) -> None:
        assert operator.post(f"{address}stop/").status_code == 302
        usual(entry, *given, **more)

    monkeypatch.setattr(Activity, "finish", finish)
    drive(operator, address)
    assert states(address) == ["accepted", "stopped"]
    assert Run.objects.get().state == "over"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_tabs_at_once_take_no_step_twice(operator: Client, simulator: Simulator) -> None:
    ids = running(simulator)[:8]
    address = confirm(operator, "stop", ids)
    barrier = Barrier(4)

    def hand() -> None:
        client = Client()
        client.cookies = operator.cookies
        barrier.wait()
        for _ in range(4):
            client.post(f"{address}drive/", headers=HTMX)
        connection.close()

    hands = [Thread(target=hand) for _ in range(4)]
    for thread in hands:
        thread.start()
    for thread in hands:
        thread.join()
    drive(operator, address)
    assert sorted(line[1].split("/")[2] for line in simulator.lines) == sorted(ids)
    assert states(address) == ["accepted"] * 8


@pytest.mark.parametrize(
    ("role", "choices"),
    [
        ("Viewer", []),
        ("Operator", ["start", "stop", "reboot", "backups_on", "backups_off"]),
        ("Manager", ["start", "stop", "reboot", "backups_on", "backups_off", "delete"]),
    ],
)
def test_the_list_offers_what_the_role_may_do(sign_in: SignIn, role: str, choices: list[str]) -> None:
    page = read(sign_in("robin", role).get("/servers/"))
    offered = [
        option.attributes["value"] for form in page.all("form", id="bulk") for option in form.all("option")
    ]
    assert offered == choices
    assert len(page.all("input", name="server")) == (24 if choices else 0)
