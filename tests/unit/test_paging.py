"""The list when it comes in pages, which is not documented, and when single entries of it cannot be read."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from servers.remote import service
from servers.remote.objects import ServerList
from servers.remote.transport import Api
from servers.simulator import Simulator
from tests.unit.conftest import Stranger

Says = Callable[..., None]


def entries(*ids: object) -> list[dict[str, Any]]:
    return [{"id": server_id, "name": f"web-{server_id}", "status": "active"} for server_id in ids]


def ids_of(answer: ServerList) -> list[str]:
    return [str(server.id) for server in answer.servers]


@pytest.mark.parametrize("start", ["", "/api/v1/servers/", "http"], ids=["whole", "path", "origin"])
def test_it_follows_next_to_the_end(
    api: Api, simulator: Simulator, says: Says, base: str, start: str
) -> None:
    address = "/api/v1/servers/?page={}" if start == "/api/v1/servers/" else base + "/servers/?page={}"
    says({"count": 3, "next": address.format(2), "results": entries(1)})
    says({"count": 3, "next": address.format(3), "results": entries(2)})
    says({"count": 3, "next": None, "results": entries(3)})
    answer = service.list_servers(api)
    assert (ids_of(answer), answer.count, answer.complete) == (["1", "2", "3"], 3, True)
    assert [path for _, path in simulator.lines] == ["/servers/", "/servers/?page=2", "/servers/?page=3"]


@pytest.mark.parametrize(
    "other",
    [
        "http://127.0.0.1:{port}/api/v1/servers/?page=2",
        "//127.0.0.1:{port}/api/v1/servers/",
        "http://127.0.0.1:{own}@127.0.0.1:{port}/api/v1/servers/",
        "http://u:p@127.0.0.1:{own}/api/v1/servers/",
        "https://127.0.0.1:{own}/api/v1/servers/",
        "http://localhost:{own}/api/v1/servers/",
        "http://127.0.0.1:{own}/api/v1/servers/12345/stop/",
        "http://127.0.0.1:{own}/api/v1/servers/../elsewhere/",
        "http://127.0.0.1:{own}/api/v1/servers/%2e%2e/",
        "http://127.0.0.1:{own}/api/v2/servers/",
        "http://127.0.0.1:{own}/servers/",
        "http://[bad/api/v1/servers/",
        "http://℀/",
        "javascript:alert(1)",
        "elsewhere",
    ],
)
def test_it_never_follows_next_anywhere_else(
    api: Api, simulator: Simulator, says: Says, base: str, stranger: Stranger, other: str
) -> None:
    own = base.split(":")[2].split("/")[0]
    port = stranger.address.rpartition(":")[2]
    says({"next": other.format(own=own, port=port), "results": entries(1)})
    answer = service.list_servers(api)
    assert (ids_of(answer), answer.complete) == (["1"], False)
    assert simulator.lines == [("GET", "/servers/")]
    assert stranger.came == []


def test_it_does_not_go_round_in_circles(api: Api, simulator: Simulator, says: Says, base: str) -> None:
    for page, following in enumerate(["?page=1", "?page=2", "?page=1"]):
        says({"next": f"{base}/servers/{following}", "results": entries(page)})
    answer = service.list_servers(api)
    assert (ids_of(answer), answer.complete) == (["0", "1", "2"], False)
    assert len(simulator.seen) == 3


def test_it_ends_after_many_pages(api: Api, simulator: Simulator, says: Says, base: str) -> None:
    for page in range(1, service.MOST_PAGES + 3):
        says({"next": f"{base}/servers/?page={page}", "results": entries(page)})
    answer = service.list_servers(api)
    assert not answer.complete
    assert len(simulator.seen) == len(answer.servers) == service.MOST_PAGES + 1


@pytest.mark.parametrize(
    ("count", "told"),
    [(5, 5), (2, 2), (0, 2), (-1, 2), (None, 2)],
    ids=["more", "as-many", "none", "below", "null"],
)
def test_it_tells_how_many_there_are(api: Api, says: Says, count: int | None, told: int) -> None:
    says({"count": count, "results": entries(1, 2)})
    answer = service.list_servers(api)
    assert (answer.count, len(answer.servers), answer.hidden) == (told, 2, 0)


@pytest.mark.parametrize(
    "entry",
    [
        {"id": 9, "name": "web-9"},
        {"id": 9, "name": ["hush-hush"], "status": "active"},
        {"id": 9, "name": None, "status": "active"},
        {"id": None, "name": "hush-hush", "status": "active"},
        {"id": True, "name": "hush-hush", "status": "active"},
        {"id": 9.5, "name": "hush-hush", "status": "active"},
        {"id": "../hush-hush", "name": "web-9", "status": "active"},
        {"id": "9" * 65, "name": "web-9", "status": "active"},
        {"id": "", "name": "web-9", "status": "active"},
        {"id": 9, "name": "web-9", "status": "active", "created_at": "hush-hush"},
        {"id": 9, "name": "web-9", "status": "active", "plan": "hush-hush"},
        {"id": 9, "name": "web-9", "status": "active", "plan": {"name": "without an id"}},
        "hush-hush",
        None,
        [],
    ],
    ids=str,
)
def test_one_bad_entry_hides_one_row(
    api: Api, says: Says, caplog: pytest.LogCaptureFixture, entry: object
) -> None:
    says({"count": 500, "results": [*entries(*range(300)), entry, *entries(*range(301, 500))]})
    with caplog.at_level(logging.DEBUG):
        answer = service.list_servers(api)
    assert ids_of(answer) == [str(number) for number in range(500) if number != 300]
    assert (answer.hidden, answer.count) == (1, 500)
    assert "entries not understood: 1, " in caplog.text
    assert "hush" not in caplog.text


def test_an_id_that_stands_twice_is_shown_once(
    api: Api, says: Says, caplog: pytest.LogCaptureFixture
) -> None:
    twice = entries(1, "1", 2)
    twice[1]["name"] = "another"
    says({"results": twice})
    answer = service.list_servers(api)
    assert [server.name for server in answer.servers] == ["web-1", "web-2"]
    assert answer.hidden == 1
    assert "an id stands twice" in caplog.text
