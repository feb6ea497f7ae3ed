"""LOG_FORMAT=json: each event is a JSON object on a line of its own, and holds nothing but what it is to hold."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path

from servers.simulator import Simulator
from servers.views import problems
from tests.http.test_frame import broken
from vpspanel.logs import JsonLine

urlpatterns = [path("broken/", broken), path("", include("vpspanel.urls"))]
handler400, handler403 = problems.bad_request, problems.not_allowed
handler404, handler500 = problems.not_found, problems.our_fault

ALWAYS = {"time", "level", "logger", "request", "message"}


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """What the console writes to its log, read line by line."""
    written: list[dict[str, Any]] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = self.format(record)
            assert line.isprintable() and line.isascii()
            written.append(json.loads(line))

    handler = Handler(logging.INFO)
    handler.setFormatter(JsonLine())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.mark.usefixtures("clock")
def test_a_call_to_vps_org_is_told_with_its_facts(
    operator: Client, simulator: Simulator, events: list[dict[str, Any]]
) -> None:
    simulator.faults.next("status", status=500)
    number = operator.post("/servers/12345/stop/")["X-Request-ID"]
    [event] = events
    assert event["vps"].pop("milliseconds") >= 0
    assert event.pop("message").startswith("POST stop: Failed (500) after ")
    assert event == {
        "time": "2026-11-24T12:00:00.000+00:00",
        "level": "WARNING",
        "logger": "servers.remote.transport",
        "request": number,
        "vps": {"request": "stop", "outcome": "Failed", "status": 500},
    }


@pytest.mark.parametrize(
    ("fault", "outcome", "status"),
    [
        (None, "answered", 200),
        ("cut", "NoAnswer", None),
        ("hang", "NoAnswer", None),
    ],
)
def test_each_end_of_a_call_has_its_name(
    operator: Client,
    simulator: Simulator,
    events: list[dict[str, Any]],
    fault: str | None,
    outcome: str,
    status: int | None,
) -> None:
    if fault:
        simulator.faults.next(fault)
    operator.post("/servers/12345/stop/")
    [told] = [event["vps"] for event in events if "vps" in event]
    assert (told["request"], told["outcome"], told["status"]) == ("stop", outcome, status)


@pytest.mark.urls("tests.http.test_json_log")
def test_a_fault_of_our_own_brings_its_trace_and_not_its_request(
    operator: Client, events: list[dict[str, Any]]
) -> None:
    number = operator.get("/broken/")["X-Request-ID"]
    [event] = events
    assert event.keys() == ALWAYS | {"exception"}
    assert (event["level"], event["request"]) == ("ERROR", number)
    assert event["exception"].startswith("Traceback") and "\n" in event["exception"]


@pytest.mark.django_db
def test_the_secret_of_an_invitation_is_left_out(events: list[dict[str, Any]]) -> None:
    Client().get("/invited/a-secret-of-an-invitation/")
    [event] = events
    assert event.keys() == ALWAYS
    assert event["message"] == "Not Found: /invited/…/" and event["logger"] == "django.request"


def test_between_requests_the_number_is_empty() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "a\nb", None, None)
    event = json.loads(JsonLine().format(record))
    assert (event["request"], event["message"]) == ("", "a\nb")
