"""Every fault of VPS.org and every question: its own status, its own sentence, and no more calls than help."""

from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.test import Client

from servers import session
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.faults import (
    NAME,
    NOT_ALLOWED,
    NOT_REACHABLE,
    NOT_UNDERSTOOD,
    REFUSED,
    SERVER,
    WAIT,
    WAIT_20,
    Fault,
    text_of,
)

pytestmark = pytest.mark.usefixtures("log_without_key")


class Question(NamedTuple):
    """An address that asks VPS.org when nothing is known yet."""

    request: str
    address: str
    headers: dict[str, str]


LIST_PART = HTMX | {"HX-Target": "list"}
QUESTIONS = {
    "list": Question("list", "/servers/", {}),
    "list-part": Question("list", "/servers/?q=web", LIST_PART),
    "filtered": Question("list", "/servers/?status=active&location=us-west", {}),
    "detail": Question("detail", SERVER, {}),
    "edit-form": Question("detail", SERVER + "edit/", {}),
    "rename-form": Question("detail", SERVER + "rename/", HTMX),
    "stop-page": Question("detail", SERVER + "stop/", {}),
    "stop-dialog": Question("detail", SERVER + "stop/", HTMX),
    "delete-page": Question("detail", SERVER + "delete/", {}),
}


FAILED = "VPS.org reported a fault of its own. Try again in a minute."
WRONG_QUESTION = {
    "401": Fault("status", {"status": 401}, 409, REFUSED),
    "403": Fault("status", {"status": 403}, 403, NOT_ALLOWED),
    "429": Fault("status", {"status": 429, **WAIT_20}, 409, WAIT),
    "500": Fault("status", {"status": 500}, 502, FAILED),
    "503": Fault("status", {"status": 503}, 502, FAILED, calls=2),
    "503-wait": Fault("status", {"status": 503, **WAIT_20}, 502, FAILED),
    "html-502": Fault("html", {}, 502, FAILED, calls=2),
    "html-200": Fault("html", {"status": 200}, 502, NOT_UNDERSTOOD),
    "redirect": Fault("redirect", {"location": "http://127.0.0.1:9/"}, 502, NOT_UNDERSTOOD),
    "no-fields": Fault("status", {"status": 200, "body": {}}, 502, NOT_UNDERSTOOD),
    "cut": Fault("cut", {}, 504, "VPS.org did not answer.", calls=2),
    "cut-body": Fault("cut_body", {}, 504, "VPS.org did not answer.", calls=2),
}


@pytest.mark.parametrize("fault", WRONG_QUESTION)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_goes_wrong_is_told_as_what_it_is(
    manager: Client, simulator: Simulator, question: str, fault: str
) -> None:
    asked, wrong = QUESTIONS[question], WRONG_QUESTION[fault]
    cache.clear()
    simulator.faults.next(wrong.kind, asked.request, times=2, **wrong.details)
    response = manager.get(asked.address, headers=asked.headers)
    assert response.status_code == wrong.status
    assert wrong.sentence in text_of(response)
    assert len(simulator.seen) == wrong.calls
    if asked.headers:
        assert "<html" not in text_of(response)


@pytest.mark.parametrize("fault", WRONG_QUESTION)
def test_a_poll_tells_what_concerns_the_key_and_is_silent_about_the_rest(
    viewer: Client, simulator: Simulator, fault: str
) -> None:
    wrong = WRONG_QUESTION[fault]
    cache.clear()
    simulator.faults.next(wrong.kind, "list", times=2, **wrong.details)
    response = viewer.get("/servers/poll/?on=list&ids=12345&seen=0", headers=HTMX)
    if fault in ("401", "403"):
        assert response.status_code == wrong.status
        assert wrong.sentence in text_of(response)
    else:
        assert response.status_code == 204
        assert text_of(response) == ""
    assert len(simulator.seen) == wrong.calls


@pytest.mark.parametrize("question", ["list", "detail"])
def test_a_question_that_hangs_ends_at_the_deadline(
    viewer: Client, simulator: Simulator, question: str
) -> None:
    asked = QUESTIONS[question]
    cache.clear()
    simulator.faults.next("hang")
    response = viewer.get(asked.address, headers=asked.headers)
    assert response.status_code == 504
    assert "VPS.org did not answer." in text_of(response)
    assert len(simulator.seen) == 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_without_a_connection_is_told_as_that(
    manager: Client, settings: Any, question: str
) -> None:
    asked = QUESTIONS[question]
    settings.VPS_API_URL = "http://127.0.0.1:1/api/v1"
    session.transport.cache_clear()
    cache.clear()
    response = manager.get(asked.address, headers=asked.headers)
    assert response.status_code == 502
    assert NOT_REACHABLE in text_of(response)


@pytest.mark.parametrize("question", [name for name, asked in QUESTIONS.items() if asked.request == "detail"])
def test_a_server_that_is_gone_is_told_by_its_name(
    manager: Client, simulator: Simulator, question: str
) -> None:
    asked = QUESTIONS[question]
    del simulator.account().servers[12345]
    if question in ("rename-form", "stop-page", "stop-dialog"):
        cache.clear()  # or else they show what is known, and ask nothing
    response = manager.get(asked.address, headers=asked.headers)
    assert response.status_code == 404
    assert "no longer exists at VPS.org. It may have been deleted elsewhere." in text_of(response)


@pytest.mark.parametrize("fault", [name for name, wrong in WRONG_QUESTION.items() if wrong.status > 500])
def test_a_known_list_stays_when_vps_org_fails(manager: Client, simulator: Simulator, fault: str) -> None:
    wrong = WRONG_QUESTION[fault]
    simulator.faults.next(wrong.kind, times=2, **wrong.details)
    manager.post(SERVER + "stop/")
    simulator.faults.clear()
    simulator.faults.next(wrong.kind, "list", times=2, **wrong.details)
    response = manager.get("/servers/?now")
    text = text_of(response)
    assert response.status_code == 200
    assert "This is what we saw" in text
    assert NAME in text


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": "9999-12-31T23:59:59-14:00"},
        {"plan": {"id": 1, "memory": 2**64}},
        {"name": ["hush"]},
        {"id": "../12345"},
    ],
    ids=str,
)
def test_one_strange_server_hides_one_row(
    viewer: Client, simulator: Simulator, fields: dict[str, Any]
) -> None:
    cache.clear()
    simulator.faults.next("wrong_types", "list", fields=fields)
    response = viewer.get("/servers/")
    text = text_of(response)
    assert response.status_code == 200
    assert "1 server is not shown" in text
    assert NAME not in text
    assert "db-server-01" in text
