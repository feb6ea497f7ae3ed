"""Start, stop and restart: one press, one request to VPS.org, and an answer that everybody can trust."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from servers.models import Activity
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

RUNNING, STOPPED = 12345, 12360
EACH = [
    pytest.param("start", STOPPED, "mail-02", "Starting…", id="start"),
    pytest.param("stop", RUNNING, "web-server-01", "Stopping…", id="stop"),
    pytest.param("reboot", RUNNING, "web-server-01", "Restarting…", id="reboot"),
]
SAID = {
    "start": "Asked VPS.org to start mail-02. This page will say when it is running.",
    "stop": "Asked VPS.org to stop web-server-01. This page will say when it is stopped.",
    "reboot": "Asked VPS.org to restart web-server-01. This page will say when it is running again.",
}
each_power = pytest.mark.parametrize(("action", "server_id", "name", "state"), EACH)


def last_row() -> Activity:
    entry = Activity.objects.first()
    assert entry is not None
    return entry


@each_power
def test_one_press_makes_one_request_without_a_body_and_answers_with_the_cells(
    operator: Client, simulator: Simulator, action: str, server_id: int, name: str, state: str
) -> None:
    response = operator.post(f"/servers/{server_id}/{action}/", headers=HTMX)
    assert response.status_code == 200
    partial = read(response)
    cells = ["state", "actions", "address"] + ["tags"] * (action != "start")
    assert [child.attributes["id"] for child in partial.children] == [
        *(f"{cell}-{server_id}" for cell in cells),
        *("messages", "alerts"),
    ]
    assert all("hx-swap-oob" in child.attributes for child in partial.children)
    assert partial.one(id=f"state-{server_id}").text == state
    buttons = partial.one(id=f"actions-{server_id}")
    power = [button for button in buttons.all("button") if "id" in button.attributes]
    assert len(power) == 3
    assert all(f"{name} is just changing" in partial.described(button) for button in power)
    assert partial.one(id="messages").text == SAID[action]
    address = simulator.account().servers[server_id].ip_address
    assert address and partial.one(id=f"address-{server_id}").text == address
    assert read(operator.get("/servers/")).one(id=f"state-{server_id}").text == state

    (sent,) = simulator.seen
    assert sent.line == ("POST", f"/servers/{server_id}/{action}/")
    assert sent.body == b""
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["authorization"].startswith("Bearer vps_")


@each_power
def test_without_htmx_it_leads_to_the_page_of_the_server_with_the_same_sentence(
    operator: Client, simulator: Simulator, action: str, server_id: int, name: str, state: str
) -> None:
    response = operator.post(f"/servers/{server_id}/{action}/")
    assert (response.status_code, response["Location"]) == (302, f"/servers/{server_id}/")
    assert simulator.lines == [("POST", f"/servers/{server_id}/{action}/")]
    page = read(operator.get(f"/servers/{server_id}/"))
    assert page.one(id="messages").text == SAID[action]
    assert state in page.one(id=f"state-{server_id}").text


@pytest.mark.parametrize(
    ("action", "server_id", "question", "consequence", "buttons"),
    [
        pytest.param(
            *("stop", RUNNING, "Stop web-server-01?"),
            "Websites on it go offline until someone starts it again. Files are kept. It may still cost money.",
            ["Stop web-server-01", "Keep it running"],
            id="stop",
        ),
        pytest.param(
            *("reboot", RUNNING, "Restart web-server-01?"),
            "People using it are disconnected for a short while.",
            ["Restart web-server-01", "Keep it running"],
            id="reboot",
        ),
        pytest.param(
            *("start", STOPPED, "Start mail-02?", "Switches the server on."),
            ["Start mail-02", "Leave it as it is"],
            id="start",
        ),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "dialog"])
def test_the_question_names_the_server_and_what_happens_and_sends_nothing(
    operator: Client,
    simulator: Simulator,
    headers: dict[str, str],
    action: str,
    server_id: int,
    question: str,
    consequence: str,
    buttons: list[str],
) -> None:
    response = operator.get(f"/servers/{server_id}/{action}/", headers=headers)
    page = read(response)
    assert page.one("h1").text == question
    assert consequence in page.text
    form = page.one("form", **{"class": "buttons"})
    assert [child.text for child in form.children if child.tag != "input"] == buttons
    assert form.attributes["action"] == f"/servers/{server_id}/{action}/"
    assert (page.all("html") == []) is bool(headers)
    assert simulator.seen == []
    assert not Activity.objects.exists()


def test_the_question_about_a_server_not_seen_yet_looks_for_it_once(
    operator: Client, simulator: Simulator
) -> None:
    cache.clear()
    assert read(operator.get("/servers/12345/stop/")).one("h1").text == "Stop web-server-01?"
    assert simulator.lines == [("GET", "/servers/12345/")]


def test_a_server_that_nobody_has_looked_at_is_stopped_and_named_by_the_answer(
    operator: Client, simulator: Simulator
) -> None:
    cache.clear()
    partial = read(operator.post("/servers/12345/stop/", headers=HTMX))
    assert partial.one(id="state-12345").text == "Stopping…"
    assert partial.one(id="messages").text == SAID["stop"]
    assert simulator.lines == [("POST", "/servers/12345/stop/")]
    assert last_row().server_name == "web-server-01"


@pytest.mark.parametrize(
    ("action", "server_id", "sentence"),
    [
        ("start", RUNNING, "web-server-01 is already running. Nothing was changed."),
        ("stop", STOPPED, "mail-02 is not running. Nothing was changed."),
        ("reboot", STOPPED, "mail-02 is not running, so it cannot restart."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_wrong_state_is_told_as_it_is(
    operator: Client,
    simulator: Simulator,
    headers: dict[str, str],
    action: str,
    server_id: int,
    sentence: str,
) -> None:
    response = operator.post(f"/servers/{server_id}/{action}/", headers=headers)
    assert response.status_code == 409
    assert sentence in read(response).text
    assert simulator.lines == [("POST", f"/servers/{server_id}/{action}/")]
    assert last_row().outcome == "refused"
    assert last_row().said.startswith("Server is")


def test_after_a_wrong_state_the_next_look_asks_vps_org(operator: Client, simulator: Simulator) -> None:
    simulator.account().servers[RUNNING].status = "stopped"
    page = operator.post(f"/servers/{RUNNING}/stop/", headers=HTMX)
    assert page.status_code == 409
    assert "Running" in read(page).one(id=f"state-{RUNNING}").text
    assert "Stopped" in read(operator.get("/servers/?now")).one(id=f"state-{RUNNING}").text


def test_a_colleague_sees_it_at_the_next_tick_without_another_request(
    operator: Client, viewer: Client, simulator: Simulator
) -> None:
    page = read(viewer.get("/servers/?q=web-server"))
    operator.post(f"/servers/{RUNNING}/stop/", headers=HTMX)
    tick = viewer.get(page.tick(), headers=HTMX)
    assert read(tick).one(id=f"state-{RUNNING}").text == "Stopping…"
    assert simulator.lines == [("POST", f"/servers/{RUNNING}/stop/")]


@each_power
def test_it_is_seen_done_when_the_fleet_shows_it(
    operator: Client,
    simulator: Simulator,
    later: Callable[[float], None],
    action: str,
    server_id: int,
    name: str,
    state: str,
) -> None:
    operator.post(f"/servers/{server_id}/{action}/")
    assert last_row().outcome == "accepted"
    later(61)
    operator.get("/servers/?now")
    assert last_row().outcome == "done"
    assert last_row().seen_at is not None


# --- the answer is lost -----------------------------------------------------------------------------------------


@each_power
def test_a_lost_answer_is_not_known_and_is_not_sent_again(
    operator: Client, simulator: Simulator, action: str, server_id: int, name: str, state: str
) -> None:
    simulator.faults.next("cut", action)
    response = operator.post(f"/servers/{server_id}/{action}/", headers=HTMX)
    assert response.status_code == 504
    assert simulator.lines == [("POST", f"/servers/{server_id}/{action}/")]
    partial = read(response)
    assert "We do not know yet whether VPS.org got this. Do not press again" in partial.text
    word = {"start": "Asked to start", "stop": "Asked to stop", "reboot": "Asked to restart"}[action]
    assert partial.one(id=f"state-{server_id}").text == word
    assert last_row().outcome == "unknown"


def test_a_hang_counts_as_a_lost_answer(operator: Client, simulator: Simulator, settings: Any) -> None:
    settings.VPS_API_DEADLINE = 1
    simulator.faults.next("hang", "stop")
    response = operator.post(f"/servers/{RUNNING}/stop/")
    assert response.status_code == 504
    assert "Do not press again" in read(response).text
    assert simulator.lines == [("POST", f"/servers/{RUNNING}/stop/")]


def test_a_lost_answer_with_effect_is_settled_by_the_next_looks(
    operator: Client, viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    simulator.faults.next("cut_after_effect", "stop")
    operator.post(f"/servers/{RUNNING}/stop/", headers=HTMX)
    assert last_row().outcome == "unknown"

    assert read(viewer.get("/servers/?now")).one(id=f"state-{RUNNING}").text == "Stopping…"
    assert last_row().outcome == "unknown"
    later(31)
    assert read(viewer.get("/servers/?now")).one(id=f"state-{RUNNING}").text == "Stopped"
    assert last_row().outcome == "done"


def test_a_lost_answer_without_effect_is_given_up_after_two_minutes(
    operator: Client, viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    simulator.faults.next("cut", "stop")
    operator.post(f"/servers/{RUNNING}/stop/", headers=HTMX)
    later(100)
    assert read(viewer.get("/servers/?now")).one(id=f"state-{RUNNING}").text == "Asked to stop"
    later(21)
    assert read(viewer.get("/servers/?now")).one(id=f"state-{RUNNING}").text == "Running"
    assert last_row().outcome == "unknown"


def test_a_restart_whose_answer_was_lost_is_never_called_done(
    operator: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    simulator.faults.next("cut", "reboot")
    operator.post(f"/servers/{RUNNING}/reboot/", headers=HTMX)
    later(200)
    operator.get("/servers/?now")
    assert last_row().outcome == "unknown"


# --- other refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_server_that_is_gone_is_said_to_be_gone_and_leaves_the_list(
    operator: Client, simulator: Simulator, headers: dict[str, str]
) -> None:
    del simulator.account().servers[RUNNING]
    response = operator.post(f"/servers/{RUNNING}/stop/", headers=headers)
    assert response.status_code == 404
    assert (
        "web-server-01 no longer exists at VPS.org. It may have been deleted elsewhere."
        in read(response).text
    )
    assert read(operator.get("/servers/")).all(id=f"state-{RUNNING}") == []


@each_power
def test_a_viewer_is_refused_and_told_who_can_help(
    sign_in: Callable[..., Client],
    viewer: Client,
    simulator: Simulator,
    action: str,
    server_id: int,
    name: str,
    state: str,
) -> None:
    sign_in("otto", "Operator", connected=False)
    for headers in ({}, HTMX):
        response = viewer.post(f"/servers/{server_id}/{action}/", headers=headers)
        assert response.status_code == 403
        assert "Operators can: otto." in read(response).text
    assert simulator.seen == []
    assert not Activity.objects.exists()
