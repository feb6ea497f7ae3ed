"""What a fault leaves standing: the poll is silent about most, a known list stays, one bad row hides no other."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.faults import FAULTS, NAME, QUESTIONS, SERVER, Told, text_of, told

pytestmark = pytest.mark.usefixtures("log_without_key")

OF_THE_LIST = [
    fault
    for fault, wrong in FAULTS.items()
    if wrong.kind and wrong.deadline > 1 and isinstance(told(fault, "list"), Told)
]
ERRORS = [fault for fault in OF_THE_LIST if told(fault, "list").status >= 500]  # type: ignore[union-attr]


@pytest.mark.parametrize("fault", [fault for fault in OF_THE_LIST if not fault.startswith(("429", "402"))])
def test_a_poll_tells_what_concerns_the_key_and_is_silent_about_the_rest(
    viewer: Client, simulator: Simulator, fault: str
) -> None:
    wrong, expected = FAULTS[fault], told(fault, "list")
    assert isinstance(expected, Told)
    cache.clear()
    simulator.faults.next(wrong.kind, "list", times=2, **wrong.details)
    response = viewer.get("/servers/poll/?on=list&ids=12345&seen=0", headers=HTMX)
    if fault in ("401", "403"):
        assert response.status_code == expected.status
        assert expected.sentence in text_of(response)
    elif expected.status >= 400:
        assert response.status_code == 204
        assert text_of(response) == ""
    assert len(simulator.seen) == expected.calls


@pytest.mark.parametrize("question", [name for name, asked in QUESTIONS.items() if asked.request == "detail"])
def test_a_server_that_is_gone_is_told_by_its_name(
    manager: Client, simulator: Simulator, question: str
) -> None:
    asked = QUESTIONS[question]
    del simulator.account().servers[12345]
    if question in ("usage-part", "rename-part", "stop-page", "stop-dialog"):
        cache.clear()  # or else they show what is known, and ask nothing
    response = manager.get(asked.address, headers=dict(asked.headers))
    assert response.status_code == 404
    assert "no longer exists at VPS.org. It may have been deleted elsewhere." in text_of(response)


@pytest.mark.parametrize("fault", ERRORS)
def test_a_known_list_stays_when_vps_org_fails(manager: Client, simulator: Simulator, fault: str) -> None:
    wrong = FAULTS[fault]
    simulator.faults.next("status", "stop", status=409)
    manager.post(SERVER + "stop/")
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
