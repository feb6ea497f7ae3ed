"""What machines are told: /healthz, whether the process lives; /readyz, whether it can work."""

import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from servers.simulator import Simulator
from servers.views import probes

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db, pytest.mark.one_process]

NEVER_ASKED = {"answers": None, "last_answer_seconds_ago": None}
REDIS = "vpspanel.redis.RedisCache"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A Redis that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        yield listener


def cache_at(settings: Any, port: int) -> None:
    options = {"socket_timeout": 5}
    settings.CACHES = {
        "default": {"BACKEND": REDIS, "LOCATION": f"redis://127.0.0.1:{port}/0", "OPTIONS": options}
    }


def test_the_process_answers_without_a_look_at_anything(
    simulator: Simulator, django_assert_num_queries: Any, settings: Any
) -> None:
    cache_at(settings, 9)
    with django_assert_num_queries(0):
        response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response.cookies == {}
    assert simulator.seen == []


def test_it_is_ready_when_database_and_cache_answer(simulator: Simulator) -> None:
    response = Client().get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "database": "ok", "cache": "ok", "vps_org": NEVER_ASKED}
    assert response.cookies == {}
    assert simulator.seen == []


def test_it_tells_how_long_ago_vps_org_answered(
    viewer: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    viewer.get("/servers/12345/")
    later(30)
    assert ready(200)["vps_org"] == {"answers": True, "last_answer_seconds_ago": 30}


@pytest.mark.parametrize(
    ("fault", "details", "answers"),
    [
        ("status", {"status": 500}, False),
        ("cut", {}, False),
        ("status", {"status": 404}, True),
        ("status", {"status": 401}, True),
    ],
    ids=["fault", "cut", "gone", "refused"],
)
def test_vps_org_being_down_is_told_and_changes_no_status(
    viewer: Client,
    simulator: Simulator,
    later: Callable[[float], None],
    fault: str,
    details: dict[str, Any],
    answers: bool,
) -> None:
    viewer.get("/servers/12345/")
    later(30)
    for _ in range(2):  # a question is asked once more
        simulator.faults.next(fault, **details)
    viewer.get("/servers/12345/")
    assert ready(200)["vps_org"] == {
        "answers": answers,
        "last_answer_seconds_ago": 0 if answers else 30,
    }


def ready(status: int) -> dict[str, Any]:
    response = Client().get("/readyz")
    assert response.status_code == status
    told: dict[str, Any] = response.json()
    assert told["ready"] is (status == 200)
    return told


def test_without_its_cache_it_is_not_ready(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    usual = settings.CACHES
    cache_at(settings, 9)
    with caplog.at_level(logging.ERROR):
        told = ready(503)
    assert (told["database"], told["cache"]) == ("ok", "failed")
    assert [record.getMessage() for record in caplog.records[:1]] == ["cache: ConnectionError"]
    settings.CACHES = usual
    assert ready(200)["cache"] == "ok"


def test_without_its_database_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "NAME", "/nowhere/at-all")
    told = ready(503)
    assert (told["database"], told["cache"]) == ("failed", "ok")


def test_a_cache_that_says_nothing_is_not_waited_for_and_not_asked_twice(
    settings: Any, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "WAITED", 0.2)
    cache_at(settings, silent.getsockname()[1])
    assert [ready(503)["cache"] for _ in range(3)] == ["no answer"] * 3
    silent.accept()[0].close()
    silent.settimeout(0.2)
    with pytest.raises(TimeoutError):
        silent.accept()
