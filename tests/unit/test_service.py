"""The nine requests: each sends what the documentation shows, and reads what the documentation answers."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from servers.remote import service
from servers.remote.errors import NotUnderstood
from servers.remote.objects import NewServer, Plan, PoweredServer, System, Usage
from servers.remote.transport import Api
from servers.simulator import Simulator
from tests.conftest import TOKEN
from tests.unit.nine import NINE, WITH_BODY, every_request, example

Says = Callable[..., None]


@every_request
def test_it_sends_what_the_documentation_shows(api: Api, simulator: Simulator, name: str) -> None:
    if name == "start":
        simulator.account().servers[12345].status = "stopped"
    NINE[name].call(api)
    [seen] = simulator.seen
    assert seen.line == (NINE[name].method, NINE[name].path)
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["content-type"] == "application/json"
    if name in WITH_BODY:
        assert json.loads(seen.body) == example(f"{name}.request")
    else:
        assert seen.body == b""


def test_it_sends_nothing_but_documented_fields_in_a_bare_creation(api: Api, simulator: Simulator) -> None:
    service.create_server(api, NewServer(name="web-9", plan_id=1, os_id=5, location="us-west"))
    bare = {"name": "web-9", "plan_id": 1, "os_id": 5, "location": "us-west"}
    assert json.loads(simulator.seen[0].body) == bare


@pytest.mark.parametrize(
    ("filters", "path"),
    [
        ({"status": "active"}, "/servers/?status=active"),
        ({"location": "us-west"}, "/servers/?location=us-west"),
        ({"status": "stopped", "location": "us-east"}, "/servers/?status=stopped&location=us-east"),
        ({"location": "a&b=c d/é"}, "/servers/?location=a%26b%3Dc+d%2F%C3%A9"),
    ],
    ids=["status", "location", "both", "what-has-to-be-quoted"],
)
def test_it_sends_the_filters_as_documented(
    api: Api, simulator: Simulator, filters: dict[str, str], path: str
) -> None:
    service.list_servers(api, **filters)
    assert simulator.lines == [("GET", path)]


def test_it_reads_the_documented_list(api: Api, says: Says) -> None:
    says(example("list"))
    answer = service.list_servers(api)
    first, second = answer.servers
    assert (answer.count, answer.hidden, answer.complete) == (2, 0, True)
    assert (first.id, first.name, first.status) == ("12345", "web-server-01", "active")
    assert (first.hostname, first.ip_address) == ("web01.example.com", "203.0.113.10")
    assert (second.id, second.location) == ("12346", "us-east")
    assert second.plan == Plan(id=2, name="Performance VPS", vcpus=4, memory=8192, storage=160)
    assert second.os == System(id=3, name="Debian 12")
    assert second.created_at == datetime(2025, 1, 12, 9, 15, tzinfo=UTC)
    assert second.updated_at == datetime(2025, 1, 16, 8, 45, tzinfo=UTC)


def test_it_reads_the_documented_creation(api: Api, says: Says) -> None:
    says(example("create"), status=201)
    server = NINE["create"].call(api)
    assert (server.id, server.status, server.ip_address) == ("12347", "provisioning", None)
    assert server.backups_enabled is True
    assert server.changing
    assert server.message == "Server is being provisioned. This may take 2-5 minutes."


@pytest.mark.parametrize("name", ["detail", "replace", "change"])
def test_it_reads_the_documented_details(api: Api, says: Says, name: str) -> None:
    says(example("detail"))
    server = NINE[name].call(api)
    assert (server.id, server.ipv6_address) == ("12345", "2001:0db8::1")
    assert server.plan == Plan(id=1, name="Standard VPS", vcpus=2, memory=4096, storage=80, bandwidth=2048)
    assert server.backups_enabled is True
    assert server.resource_usage == Usage(
        cpu_percent=23.5, memory_used=2048, disk_used=35, bandwidth_used=450
    )
    assert server.updated_at == datetime(2025, 1, 16, 15, 45, tzinfo=UTC)


@pytest.mark.parametrize("name", ["start", "stop", "reboot"])
def test_it_reads_the_documented_power_answers(api: Api, says: Says, name: str) -> None:
    says(example(name))
    answer = NINE[name].call(api)
    documented = example(name)
    assert answer.server == PoweredServer(
        id=12345, **{k: documented["server"][k] for k in ("name", "status")}
    )
    assert (answer.status, answer.message) == ("success", documented["message"])


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'{"message": "saved"}', b"<p>saved</p>", b'{"id": {}}'],
    ids=["empty", "null", "list", "message", "html", "no-server"],
)
@pytest.mark.parametrize("name", ["replace", "change"])
def test_an_edit_is_done_whatever_its_undocumented_answer_holds(
    api: Api, says: Says, name: str, body: bytes
) -> None:
    says(body)
    assert NINE[name].call(api) is None


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_deletion_is_done_with_any_success(api: Api, says: Says, status: int) -> None:
    says(b"", status=status)
    service.delete_server(api, "12345")


@pytest.mark.parametrize("name", ["create", "start"])
@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"ok", b"\xff", b"[" * 100_000],
    ids=["empty", "no-fields", "list", "null", "text", "bytes", "nested"],
)
def test_a_success_that_says_nothing_is_not_understood(
    api: Api, simulator: Simulator, says: Says, name: str, body: bytes
) -> None:
    says(body)
    with pytest.raises(NotUnderstood) as caught:
        NINE[name].call(api)
    assert not caught.value.outcome_known
    assert len(simulator.seen) == 1


@pytest.mark.parametrize(
    ("request_name", "place", "value"),
    [
        ("list", ("count",), "hush-hush"),
        ("list", ("results",), "hush-hush"),
        ("create", ("name",), ["hush-hush"]),
        ("detail", ("status",), {"hush": "hush"}),
        ("detail", ("hostname",), ["hush-hush"]),
        ("detail", ("plan", "memory"), "hush-hush"),
        ("detail", ("os", "name"), ["hush-hush"]),
        ("detail", ("resource_usage", "disk_used"), "hush-hush"),
        ("detail", ("created_at",), "hush-hush"),
        ("detail", ("backups_enabled",), "hush-hush"),
        ("stop", ("server", "status"), ["hush-hush"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_type_names_the_field_in_the_log_and_nothing_secret(
    api: Api,
    says: Says,
    caplog: pytest.LogCaptureFixture,
    request_name: str,
    place: tuple[str, ...],
    value: object,
) -> None:
    body = example(request_name)
    inner = body
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    says(body)
    with caplog.at_level(logging.DEBUG), pytest.raises(NotUnderstood) as caught:
        NINE[request_name].call(api)
    assert f"$.{'.'.join(place)}" in caplog.text
    for secret in ("hush", TOKEN):
        assert secret not in caplog.text
        assert secret not in f"{caught.value!s} {caught.value!r} {vars(caught.value)}"
