"""What VPS.org answers, read tolerantly where that is safe and strictly where it is not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servers.remote import service
from servers.remote.errors import NotUnderstood, RemoteError
from servers.remote.objects import PowerAnswer, Server, ServerDetail, ServerList
from servers.remote.transport import Api
from servers.simulator import Simulator
from tests.unit.nine import NINE, every_request, example

Says = Callable[..., None]

NEEDED = {"id": 12345, "name": "web-01", "status": "active"}
OPTIONAL = sorted(example("detail").keys() - NEEDED)


@pytest.mark.parametrize("field", OPTIONAL)
@pytest.mark.parametrize("way", ["missing", "null"])
def test_an_optional_field_may_be_missing_or_null(api: Api, says: Says, field: str, way: str) -> None:
    body = example("detail")
    if way == "missing":
        del body[field]
    else:
        body[field] = None
    says(body)
    server = service.get_server(api, "12345")
    assert getattr(server, field) is None
    assert all(getattr(server, other) is not None for other in OPTIONAL if other != field)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("plan", "name"), ("plan", "bandwidth"), ("os", "name"), ("resource_usage", "cpu_percent")],
)
def test_a_field_inside_may_be_null(api: Api, says: Says, outer: str, inner: str) -> None:
    body = example("detail")
    body[outer][inner] = None
    says(body)
    assert getattr(getattr(service.get_server(api, "12345"), outer), inner) is None


@pytest.mark.parametrize("field", sorted(NEEDED))
def test_a_server_has_an_id_a_name_and_a_status(api: Api, says: Says, field: str) -> None:
    says({name: value for name, value in NEEDED.items() if name != field})
    with pytest.raises(NotUnderstood):
        service.get_server(api, "12345")


def test_fields_that_nobody_documented_are_ignored(api: Api, says: Says) -> None:
    says({**NEEDED, "rack": {"row": [1]}, "plan": {"id": 1, "colour": "blue"}})
    server = service.get_server(api, "12345")
    assert (server.name, server.plan and server.plan.id) == ("web-01", 1)


@pytest.mark.parametrize("status", ["migrating", "", "ACTIVE", "<b>on</b>", "இயங்குகிறது"])
def test_a_status_that_nobody_documented_is_kept_as_it_is(api: Api, says: Says, status: str) -> None:
    says({**NEEDED, "status": status})
    server = service.get_server(api, "12345")
    assert (server.status, server.changing) == (status, False)


@pytest.mark.parametrize("server_id", [12345, "12345"], ids=["number", "text"])
def test_an_id_is_text_however_it_came(api: Api, says: Says, server_id: object) -> None:
    says({**NEEDED, "id": server_id})
    assert service.get_server(api, "12345").id == "12345"


def test_an_id_may_be_a_uuid(api: Api, says: Says, simulator: Simulator) -> None:
    uuid = "3f2b7c1e-5d4a-4e0b-9a57-0c9d8e1f2a3b"
    says({**NEEDED, "id": uuid})
    assert service.get_server(api, uuid).id == uuid
    assert simulator.lines == [("GET", f"/servers/{uuid}/")]


def test_a_time_without_a_zone_is_utc(api: Api, says: Says) -> None:
    says({**NEEDED, "created_at": "2025-01-10T14:30:00", "updated_at": "2025-01-10T16:30:00+02:00"})
    server = service.get_server(api, "12345")
    assert server.created_at == server.updated_at == datetime(2025, 1, 10, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"updated_at": "9999-12-31T23:59:59-14:00"},
        {"plan": {"id": 1, "memory": 2**64}},
        {"plan": {"id": 1, "storage": -1}},
        {"plan": {"id": 2**64}},
        {"os": {"id": -(2**64)}},
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_not_understood(api: Api, says: Says, fields: dict[str, Any]) -> None:
    says({**NEEDED, **fields})
    with pytest.raises(NotUnderstood):
        service.get_server(api, "12345")


def test_a_detail_is_also_an_entry_of_the_list(api: Api, says: Says) -> None:
    says(example("detail"))
    entry = service.get_server(api, "12345").listed()
    assert type(entry) is Server
    assert (entry.id, entry.name, entry.plan and entry.plan.memory) == ("12345", "web-server-01", 4096)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@every_request
@given(data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_json_is_a_complete_value_or_an_error_that_a_person_can_be_told(
    api: Api, says: Says, name: str, data: st.DataObject
) -> None:
    """The documented answer with one field of it replaced by anything, or anything alone."""
    usual = example(name if name not in ("replace", "change", "delete") else "detail")
    place = data.draw(st.sampled_from([None, *usual]))
    value = data.draw(JSON)
    body = value if place is None else {**usual, place: value}
    status = data.draw(st.sampled_from([200, 201, 400, 404, 422, 500]))
    says(json.dumps(body).encode(), status=status)
    try:
        answer = NINE[name].call(api)
    except RemoteError as caught:
        problem = caught
    else:
        assert status < 300
        assert answer is None or isinstance(answer, ServerList | ServerDetail | PowerAnswer)
        return
    texts = [problem.said, *(text for field in problem.fields.items() for text in (field[0], *field[1]))]
    assert all(len(text) <= 300 and not any(category(c) == "Cc" for c in text) for text in texts)
