"""The console's clock is set back by an hour: nothing waits until it has caught up, nothing negative is shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from servers import actions
from servers.models import Activity, Run
from servers.remote import service
from servers.simulator import Simulator
from tests.conftest import HTMX, PASSWORD
from tests.http.pages import read
from tests.http.test_bulk import confirm, drive, states

pytestmark = pytest.mark.usefixtures("clock")

HOUR = timedelta(hours=1)
Later = Callable[[float], None]


@pytest.fixture
def back(clock: time_machine.Traveller) -> Callable[[], None]:
    """Sets the clock back by an hour, to eleven."""
    return lambda: clock.shift(-HOUR)


def left_sent(action: str = "reboot") -> Activity:
    """A row that a console wrote and could not finish, because it was stopped."""
    return Activity.objects.create(
        user_name="ines",
        account=Activity.objects.latest("id").account,
        action=action,
        server_id="12345",
        asked_at=Activity.objects.latest("id").asked_at,
    )


@pytest.mark.parametrize("address", ["/servers/poll/", "/activity/"])
def test_what_a_stopped_console_left_sent_is_not_known_at_once(
    operator: Client, back: Callable[[], None], address: str
) -> None:
    operator.post("/servers/12346/stop/")
    entry = left_sent()
    back()
    operator.get(address)
    entry.refresh_from_db()
    assert entry.outcome == "unknown"


def during_a_stop(monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], object]) -> None:
    """Lets this happen, one after the other, while VPS.org is being asked to stop a server."""
    usual = service.stop_server

    def stop(*given: Any) -> Any:
        monkeypatch.setitem(actions.POWER, "stop", usual)
        for act in acts:
            act()
        return usual(*given)

    monkeypatch.setitem(actions.POWER, "stop", stop)


def test_a_change_that_is_under_way_still_says_itself_what_came_of_it(
    operator: Client, viewer: Client, back: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    during_a_stop(monkeypatch, back, lambda: viewer.get("/activity/"))
    assert operator.post("/servers/12345/stop/").status_code == 302
    assert Activity.objects.get().outcome == "accepted"


def test_a_step_that_a_stopped_console_left_claimed_is_taken_at_once(
    operator: Client, simulator: Simulator, back: Callable[[], None]
) -> None:
    address = confirm(operator, "stop", ["12345"])
    run = Run.objects.get()
    run.steps.update(state="doing", claimed_at=run.asked_at)
    back()
    drive(operator, address, times=2)
    assert states(address) == ["accepted"]
    assert simulator.lines == [("POST", "/servers/12345/stop/")]


def test_a_step_that_is_under_way_is_not_sent_twice(
    operator: Client, simulator: Simulator, back: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = confirm(operator, "stop", ["12345", "12346"])
    during_a_stop(monkeypatch, back, lambda: drive(operator, address, times=3))
    drive(operator, address, times=2)
    assert states(address) == ["accepted", "accepted"]
    assert sorted(simulator.lines) == [("POST", "/servers/12345/stop/"), ("POST", "/servers/12346/stop/")]


def test_a_closed_page_of_a_run_is_called_closed(
    operator: Client, sign_in: Callable[..., Client], back: Callable[[], None]
) -> None:
    address = confirm(operator, "stop", ["12345"])
    colleague = sign_in("olga", "Operator")
    assert "has closed the page" not in read(colleague.get(address)).text
    back()
    assert "otto has closed the page" in read(colleague.get(address)).text


def test_a_lost_answer_is_not_shown_as_asked_for_an_hour(
    operator: Client, simulator: Simulator, back: Callable[[], None]
) -> None:
    simulator.faults.next("cut", request="reboot")
    operator.post("/servers/12345/reboot/")
    assert read(operator.get("/servers/")).one(id="state-12345").text.startswith("Asked to restart")
    back()
    operator.get("/servers/poll/")
    assert read(operator.get("/servers/")).one(id="state-12345").text == "Running"


def test_the_list_is_renewed_at_once_and_its_age_is_not_negative(
    viewer: Client, simulator: Simulator, back: Callable[[], None]
) -> None:
    simulator.account().servers[12345].status = "suspended"
    back()
    page = read(viewer.get("/servers/"))
    assert page.one(id="age").text == "1 second ago" and page.one(id="state-12345").text == "Running"
    assert viewer.get("/servers/poll/", headers=HTMX)["Fleet-Age"] == "0"
    assert read(viewer.get("/servers/")).one(id="state-12345").text == "Suspended"


def test_a_clock_that_goes_an_hour_ahead_signs_nobody_out_and_renews_the_list(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    simulator.account().servers[12345].status = "suspended"
    later(HOUR.total_seconds())
    assert read(viewer.get("/servers/")).one(id="age").text == "1 hour ago"
    assert viewer.get("/servers/poll/", headers=HTMX)["Fleet-Age"] == "0"
    assert read(viewer.get("/servers/")).one(id="state-12345").text == "Suspended"


def test_vps_org_is_not_left_in_peace_for_an_hour(
    viewer: Client, simulator: Simulator, later: Later, back: Callable[[], None]
) -> None:
    simulator.faults.next("status", status=500, times=10)
    for _ in range(5):
        later(16)
        viewer.get("/servers/poll/")
    simulator.faults.clear()
    back()
    simulator.seen.clear()
    viewer.get("/servers/poll/")
    assert simulator.lines == [("GET", "/servers/")]


def test_no_negative_time_is_shown_or_counted_as_usual(
    operator: Client, simulator: Simulator, back: Callable[[], None]
) -> None:
    operator.post("/servers/12345/stop/")
    simulator.clock.advance(60)
    back()
    operator.get("/servers/poll/")
    assert Activity.objects.get().outcome == "done"
    line = read(operator.get("/activity/")).all("li")[0].text
    assert "seen stopped 11:00" in line and "(" not in line
    assert "Usually" not in read(operator.get("/servers/12345/stop/")).one("main").text


def test_people_stay_signed_in_and_are_signed_out_two_hours_after_they_were_last_here(
    viewer: Client, later: Later, back: Callable[[], None]
) -> None:
    back()
    assert viewer.get("/servers/").status_code == 200
    later(2 * 60 * 60)
    assert viewer.get("/servers/").status_code == 302


@pytest.mark.parametrize("address", ["/servers/12345/delete/", "/me/second-step/app/"])
def test_what_could_take_over_servers_asks_for_the_password_again(
    manager: Client, simulator: Simulator, later: Later, back: Callable[[], None], address: str
) -> None:
    form = {"confirm_name": "web-server-01"}

    def asks() -> bool:
        answer = manager.post(address, form)
        return b"again-password" in answer.content or answer.get("Location", "").startswith("/again/")

    def answers() -> None:
        assert manager.post("/again/", {"again-password": PASSWORD}).status_code == 302

    later(301)
    answers()
    back()
    assert asks()
    assert 12345 in simulator.account().servers
    answers()
    assert not asks()


def test_what_was_typed_stays_but_no_confirmation_does(
    manager: Client, simulator: Simulator, back: Callable[[], None]
) -> None:
    for address, form in (("notes/", {"text": "half a no"}), ("delete/", {"confirm_name": "web-ser"})):
        page = read(manager.get(f"/servers/12345/{address}"))
        signature = page.all("input", name="draft")[0].attributes["value"]
        manager.post("/drafts/", form | {"draft": signature})
    assert read(manager.get("/servers/12345/delete/")).field("confirm_name").attributes["value"] == "web-ser"
    back()
    assert "half a no" in manager.get("/servers/12345/notes/").content.decode()
    assert "value" not in read(manager.get("/servers/12345/delete/")).field("confirm_name").attributes
