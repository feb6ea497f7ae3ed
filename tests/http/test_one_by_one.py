"""A run that asks one server after the other: it waits until each is seen done, and halts where one did not work."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from servers import bulk, fleet
from servers.models import Activity, Run, Step
from servers.session import Connection
from servers.simulator import Simulator
from tests.conftest import HTMX, TOKEN
from tests.http.pages import read
from tests.http.test_bulk import RUNNING, Later, SignIn, confirm, drive, running, states


def test_it_waits_until_each_is_seen_done(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    drive(operator, address, times=3)
    assert states(address) == ["accepted", "waiting"]
    simulator.clock.advance(120)
    cache.clear()
    drive(operator, address)
    assert states(address) == ["accepted", "accepted"]


def test_it_halts_at_the_first_failure(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    simulator.faults.next("status", request="reboot", status=403, body={"detail": "no"})
    drive(operator, address, times=3)
    assert states(address) == ["refused", "waiting"]
    assert "web-server-01 did not work, so the run halted." in operator.get(address).content.decode()


@pytest.mark.parametrize(
    ("fault", "more", "state"),
    [
        ("status", {"status": 403}, "refused"),
        ("status", {"status": 401}, "refused"),
        ("status", {"status": 500}, "unknown"),
        ("cut", {}, "unknown"),
    ],
)
def test_going_on_goes_on_after_a_failure(
    operator: Client, simulator: Simulator, fault: str, more: dict[str, Any], state: str
) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    simulator.faults.next(fault, request="reboot", **more)
    operator.post(f"{address}drive/", headers=HTMX)
    operator.post("/connect/", {"token": TOKEN})
    drive(operator, address)
    assert (states(address), Run.objects.get().state) == ([state, "waiting"], "paused")
    operator.post(f"{address}resume/")
    drive(operator, address)
    assert states(address) == [state, "accepted"]


def test_no_other_hand_slips_past_a_failure(
    operator: Client, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    simulator.faults.next("status", request="reboot", status=403)
    usual = bulk.pause

    def meanwhile(run: Run, reason: str = "") -> None:
        monkeypatch.setattr(bulk, "pause", usual)
        drive(operator, address)
        usual(run, reason)

    monkeypatch.setattr(bulk, "pause", meanwhile)
    drive(operator, address)
    assert states(address) == ["refused", "waiting"]


def test_what_a_killed_console_left_unknown_halts_until_somebody_says_go_on(
    operator: Client, simulator: Simulator
) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    Activity.begin(
        User.objects.get(), Run.objects.get().account, "reboot", server_id="12345", step=Step.objects.first()
    )
    Step.objects.filter(position=0).update(state="doing", claimed_at=timezone.now() - timedelta(minutes=2))
    drive(operator, address, times=2)
    assert (states(address), Run.objects.get().state) == (["unknown", "waiting"], "paused")
    assert "web-server-01 did not work, so the run halted." in operator.get(address).content.decode()
    operator.post(f"{address}resume/")
    drive(operator, address)
    assert states(address) == ["unknown", "accepted"]


def test_it_waits_while_vps_org_does_not_say_how_the_last_server_is(
    operator: Client, simulator: Simulator, later: Later
) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    drive(operator, address)
    cache.clear()
    simulator.faults.next("status", request="list", status=500)
    answer = operator.post(f"{address}drive/", headers=HTMX)
    assert (answer.status_code, answer["HX-Reswap"]) == (200, "outerHTML")
    assert "delay:2000ms" in answer.content.decode()
    later(60)
    drive(operator, address)
    assert states(address) == ["accepted", "accepted"]


def test_a_key_that_is_refused_while_it_waits_pauses_the_run(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    drive(operator, address)
    cache.clear()
    simulator.faults.next("status", request="list", status=401)
    assert operator.post(f"{address}drive/", headers=HTMX).status_code == 409
    assert (Run.objects.get().state, states(address)) == ("paused", ["accepted", "waiting"])
    assert Run.objects.get().reason.startswith("VPS.org refused your key.")


def test_it_goes_on_where_the_row_of_the_log_was_forgotten(operator: Client) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    drive(operator, address)
    Activity.objects.all().delete()
    drive(operator, address)
    assert states(address) == ["accepted", "accepted"]


def test_a_page_that_waits_for_a_server_is_open(
    operator: Client, sign_in: SignIn, simulator: Simulator, later: Later
) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    drive(operator, address)
    olga = sign_in("olga", "Operator")
    simulator.faults.next("status", request="list", status=500, times=10)
    later(16)
    assert "otto has closed the page" in read(olga.get(address)).text
    drive(operator, address)
    assert "has closed the page" not in read(olga.get(address)).text
    assert states(address) == ["accepted", "waiting"]


def test_nothing_is_asked_beside_the_one_that_is_under_way(operator: Client, simulator: Simulator) -> None:
    address = confirm(operator, "reboot", RUNNING, one_by_one="on")
    Step.objects.filter(position=0).update(state="doing", claimed_at=timezone.now())
    drive(operator, address)
    assert simulator.lines == []


def test_nothing_is_asked_beside_what_another_page_took_meanwhile(
    operator: Client, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = confirm(operator, "reboot", running(simulator)[:3], one_by_one="on")
    drive(operator, address)
    simulator.clock.advance(120)
    cache.clear()
    usual = fleet.tick

    def meanwhile(link: Connection) -> fleet.Fleet:
        Step.objects.filter(position=1).update(state="doing", claimed_at=timezone.now())
        return usual(link)

    monkeypatch.setattr(fleet, "tick", meanwhile)
    drive(operator, address)
    assert Activity.objects.get().outcome == "done"
    assert states(address) == ["accepted", "doing", "waiting"]


@pytest.mark.parametrize("taken", [0, 1])
def test_what_was_taken_since_a_hand_looked_is_waited_for(
    operator: Client, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    address = confirm(operator, "reboot", running(simulator)[:3], one_by_one="on")
    drive(operator, address, times=taken)
    simulator.clock.advance(120)
    cache.clear()
    usual = bulk._last_taken

    def another_hand_is_faster(run: Run) -> Step | None:
        last = usual(run)
        monkeypatch.setattr(bulk, "_last_taken", usual)
        drive(operator, address)
        return last

    monkeypatch.setattr(bulk, "_last_taken", another_hand_is_faster)
    drive(operator, address)
    assert states(address) == ["accepted"] * (taken + 1) + ["waiting"] * (2 - taken)
