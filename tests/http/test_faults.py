"""Every fault of VPS.org with every request, as a page and as a partial: the table in faults.py."""

import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from servers.models import Activity
from servers.simulator import Simulator
from servers.simulator.api import NAMES
from servers.simulator.faults import DETAILS
from tests.http.faults import CHANGES, FAULTS, METHODS, QUESTIONS, WAYS, Told, cells, text_of, told
from vpspanel.logs import OneLine

pytestmark = pytest.mark.usefixtures("log_without_key")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The lines of the log from WARNING on, as the console writes them."""
    written: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Handler(logging.WARNING)
    handler.setFormatter(OneLine("%(request_id)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def ask(client: Client, way: str) -> Any:
    """The answer to a page or a press."""
    asked = WAYS[way]
    if way in QUESTIONS:
        return client.get(asked.address, headers=dict(asked.headers))
    fields = dict(asked.fields) | ({"form_key": str(uuid.uuid4())} if asked.request == "create" else {})
    return client.post(asked.address, fields, headers=dict(asked.headers))


def follow(client: Client, response: Any) -> Any:
    """The page that an answer leads to, or the answer itself."""
    while leads_to := response.headers.get("Location") or response.headers.get("HX-Redirect"):
        response = client.get(leads_to)
    return response


@pytest.mark.parametrize(("fault", "way"), cells(), ids=lambda name: name)
def test_every_fault_says_what_happened_to_the_server(
    manager: Client, simulator: Simulator, settings: Any, lines: list[str], fault: str, way: str
) -> None:
    wrong, expected = FAULTS[fault], told(fault, way)
    assert isinstance(expected, Told)
    request = WAYS[way].request
    settings.VPS_API_DEADLINE = wrong.deadline
    if not wrong.kind:
        settings.VPS_API_URL = "http://127.0.0.1:1/api/v1"
    if way in QUESTIONS:
        cache.clear()
    elif request == "start":
        simulator.account().servers[12345].status = "stopped"
    if wrong.kind:
        simulator.faults.next(wrong.kind, request, times=2 if way in QUESTIONS else 1, **wrong.details)

    response = ask(manager, way)
    outcomes = [entry.outcome for entry in Activity.objects.all()]
    page = follow(manager, response)

    assert expected.sentence in text_of(page)
    assert page.status_code == expected.status
    sent = [method for method, _ in simulator.lines if method == "GET" or way in CHANGES]
    assert sent.count(METHODS[request]) == expected.calls
    assert set(sent) <= {"GET", METHODS[request]}
    assert outcomes == ([expected.outcome] if expected.outcome else [])
    number = response["X-Request-ID"]
    assert [line.split()[0] for line in lines] == [number] * expected.lines
    if expected.status >= 400 and expected.status != 422:  # a form that comes back says it at its fields
        assert number in text_of(page)
    if WAYS[way].headers.get("HX-Request") and "HX-Target" not in WAYS[way].headers and page is response:
        assert "<html" not in text_of(page)


def test_no_request_and_no_fault_is_left_out() -> None:
    assert {way.request for way in WAYS.values()} == set(NAMES.values()) == set(METHODS)
    assert {fault.kind for fault in FAULTS.values()} == (set(DETAILS) - {"delay"}) | {""}
    parts = {way.request for way in WAYS.values() if way.headers.get("HX-Request")}
    pages = {way.request for way in WAYS.values() if not way.headers.get("HX-Request")}
    assert parts == pages == set(NAMES.values())
    assert not QUESTIONS.keys() & CHANGES.keys()
    assert len(cells()) > 1000
