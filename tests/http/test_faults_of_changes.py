"""A change whose answer is lost: sent once, shown as asked for, and settled by the next look at the fleet."""

from typing import Any

import pytest
from django.test import Client

from servers.models import Activity
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.faults import CHANGES, METHODS, text_of
from tests.http.pages import read
from tests.http.test_faults import ask

pytestmark = pytest.mark.usefixtures("log_without_key", "clock")

Outcome = Activity.Outcome
LOST: dict[str, dict[str, Any]] = {
    "hang_after_effect": {},
    "cut_after_effect": {},
    "status": {"status": 500, "effect": True},
}
# After a lost restart "running" tells nothing, and the list does not tell about backups: nobody claims to know.
SEEN = {
    "edit": Outcome.DONE,
    "delete": Outcome.DONE,
    "start": Outcome.DONE,
    "stop": Outcome.DONE,
    "reboot": Outcome.UNKNOWN,
    "backups": Outcome.UNKNOWN,
}


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("way", SEEN)
def test_a_lost_answer_is_settled_by_the_next_fleet_and_nothing_is_sent_again(
    manager: Client, simulator: Simulator, settings: Any, way: str, fault: str
) -> None:
    settings.VPS_API_DEADLINE = 0.4
    change = CHANGES[way]
    if change.request == "start":
        simulator.account().servers[12345].status = "stopped"
    simulator.faults.next(fault, change.request, **LOST[fault])
    ask(manager, way)
    assert Activity.objects.get().outcome == Outcome.UNKNOWN
    simulator.clock.advance(3600)
    for _ in range(3):
        manager.get("/servers/?now")
        manager.get("/servers/poll/?on=list&ids=12345&seen=0", headers=HTMX)
    assert Activity.objects.get().outcome == SEEN[way]
    assert [method for method, _ in simulator.lines if method != "GET"] == [METHODS[change.request]]


@pytest.mark.parametrize(
    ("way", "status", "shown"), [("start", "active", "Running"), ("stop", "stopped", "Stopped")]
)
@pytest.mark.parametrize("look", ["/servers/?now", "/servers/12345/"])
def test_what_the_log_calls_done_is_not_shown_as_asked_for(
    manager: Client, simulator: Simulator, look: str, way: str, status: str, shown: str
) -> None:
    """It was so already when it was asked for, and the answer was lost."""
    simulator.account().servers[12345].status = status
    manager.get("/servers/12345/")
    simulator.faults.next("status", CHANGES[way].request, status=500)
    ask(manager, way)
    assert "Asked to" in read(manager.get("/servers/")).one(id="state-12345").text
    manager.get(look)
    assert Activity.objects.get().outcome == Outcome.DONE
    assert read(manager.get("/servers/")).one(id="state-12345").text == shown


def test_too_little_credit_keeps_every_choice(manager: Client, simulator: Simulator) -> None:
    simulator.account().credit = 0
    response = ask(manager, "create")
    text = text_of(response)
    assert response.status_code == 422
    assert "Not enough credit at VPS.org, so the server was not created. Your choices are kept." in text
    assert 'value="web-9"' in text
    assert Activity.objects.get().outcome == Outcome.REFUSED
