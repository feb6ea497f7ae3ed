"""The simulator when it is wrong on purpose, what it remembers of a request, how it starts and stops."""

import gzip
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest

from servers.simulator import SimulatedServer, Simulator
from tests.unit.test_simulator import REQUESTS, TOKEN, Reply, ask, every_request, example

STOP = REQUESTS["stop"]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    simulator = Simulator(TOKEN, [SimulatedServer(12345, "web-01"), SimulatedServer(12346, "db-01")], speed=0)
    yield simulator
    simulator.stop()


@pytest.fixture
def base(simulator: Simulator) -> str:
    return simulator.start()


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """Asks while the test goes on."""
    with ThreadPoolExecutor() as pool:
        yield pool


def status_of(simulator: Simulator) -> str:
    return simulator.account().servers[12345].status


def wait_until_seen(simulator: Simulator, count: int = 1) -> None:
    waiting = threading.Event()
    for _ in range(2000):
        if len(simulator.seen) >= count:
            return
        waiting.wait(0.01)
    raise AssertionError("the request did not arrive")


def test_it_remembers_each_request_as_it_arrived(simulator: Simulator, base: str) -> None:
    ask(base, "GET", "/servers/?status=active&q=%20", **{"X-Request-Id": "Seven"})
    ask(base, "PATCH", "/servers/12345/", b'{"name": "x"}')
    ask(base.removesuffix("/api/v1"), "GET", "/elsewhere/")
    first, second, third = simulator.seen
    assert simulator.lines == [first.line, second.line, third.line]
    assert first.line == ("GET", "/servers/?status=active&q=%20")
    assert (first.headers["x-request-id"], first.body) == ("Seven", b"")
    assert (second.line, second.body) == (("PATCH", "/servers/12345/"), b'{"name": "x"}')
    assert third.path == "/elsewhere/"


@pytest.mark.parametrize("kind", ["cut", "cut_after_effect"])
def test_a_cut_gives_no_answer(simulator: Simulator, base: str, kind: str) -> None:
    simulator.faults.next(kind)
    with pytest.raises(RemoteDisconnected):
        ask(base, *STOP)
    assert status_of(simulator) == ("stopping" if kind == "cut_after_effect" else "active")


@pytest.mark.parametrize("kind", ["hang", "hang_after_effect"])
@pytest.mark.parametrize("way", ["stop", "reset"])
def test_a_hang_lasts_until_stop_or_reset(
    simulator: Simulator, base: str, aside: ThreadPoolExecutor, kind: str, way: str
) -> None:
    simulator.faults.next(kind)
    hanging = aside.submit(ask, base, *STOP)
    wait_until_seen(simulator)
    # Another request is answered meanwhile, so what hangs is the one that took the fault.
    assert ask(base, *REQUESTS["list"]).status == 200
    assert not hanging.done()
    getattr(simulator, way)()
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        hanging.result(timeout=20)
    if way == "reset":
        assert status_of(simulator) == "active"


def test_a_hang_after_effect_has_its_effect(
    simulator: Simulator, base: str, aside: ThreadPoolExecutor
) -> None:
    simulator.faults.next("hang_after_effect", request="create")
    hanging = aside.submit(ask, base, *REQUESTS["create"], example("create.request"))
    names = set[str]()
    deadline = monotonic() + 20
    while "web-server-02" not in names and monotonic() < deadline:
        names = {row["name"] for row in ask(base, *REQUESTS["list"]).json["results"]}
    assert "web-server-02" in names
    assert not hanging.done()
    simulator.faults.clear()
    assert isinstance(hanging.exception(timeout=20), RemoteDisconnected)


def test_a_delayed_change_does_not_happen_once_the_faults_are_cleared(
    simulator: Simulator, base: str, aside: ThreadPoolExecutor
) -> None:
    simulator.faults.next("delay", seconds=3600)
    late = aside.submit(ask, base, *STOP)
    wait_until_seen(simulator)
    simulator.faults.clear()
    assert isinstance(late.exception(timeout=20), RemoteDisconnected)
    assert status_of(simulator) == "active"


def test_a_delay_and_a_latency_hold_the_answer_back(simulator: Simulator, base: str) -> None:
    simulator.faults.next("delay", seconds=0.2)
    simulator.latency = 0.1
    began = monotonic()
    assert ask(base, *STOP).json == {
        "status": "success",
        "message": "Server is stopping",
        "server": {"id": 12345, "name": "web-01", "status": "stopping"},
    }
    assert monotonic() - began >= 0.3


def test_a_cut_body_ends_before_its_promised_length(simulator: Simulator, base: str) -> None:
    whole = ask(base, *REQUESTS["list"]).body
    simulator.faults.next("cut_body")
    with pytest.raises(IncompleteRead) as cut:
        ask(base, *REQUESTS["list"])
    assert cut.value.partial == whole[: len(whole) // 2]
    assert cut.value.expected == len(whole) - len(whole) // 2


@pytest.mark.parametrize("kind", ["slow_head", "slow_body"])
def test_a_slow_answer_is_the_usual_one_in_drops(simulator: Simulator, base: str, kind: str) -> None:
    usual = ask(base, *REQUESTS["list"])
    simulator.faults.next(kind, seconds=0.001)
    began = monotonic()
    slow = ask(base, *REQUESTS["list"])
    assert (slow.status, slow.json) == (200, usual.json)
    assert monotonic() - began >= 0.001 * (len(usual.body) if kind == "slow_body" else 80)


def test_a_slow_answer_ends_when_the_faults_are_cleared(
    simulator: Simulator, base: str, aside: ThreadPoolExecutor
) -> None:
    simulator.faults.next("slow_body", seconds=3600)
    slow = aside.submit(ask, base, *REQUESTS["list"])
    wait_until_seen(simulator)
    simulator.faults.clear()
    assert isinstance(slow.exception(timeout=20), IncompleteRead)


@pytest.mark.parametrize("effect", [False, True])
def test_a_status_fault_gives_the_answer_that_was_asked_for(
    simulator: Simulator, base: str, effect: bool
) -> None:
    body = {"message": "later"}
    simulator.faults.next("status", status=429, body=body, headers={"retry-after": "20"}, effect=effect)
    reply = ask(base, *STOP)
    assert (reply.status, reply.json, reply.headers["retry-after"]) == (429, body, "20")
    assert reply.headers["content-type"] == "application/json"
    assert status_of(simulator) == ("stopping" if effect else "active")


@pytest.mark.parametrize(
    ("body", "sent"), [("வணக்கம்", "வணக்கம்".encode()), (b"\xff\x00", b"\xff\x00"), ("", b"")]
)
def test_a_status_fault_sends_text_and_bytes_as_they_are(
    simulator: Simulator, base: str, body: str | bytes, sent: bytes
) -> None:
    simulator.faults.next("status", status=799, body=body, headers={"content-type": "text/x"})
    reply = ask(base, *STOP)
    assert (reply.status, reply.body, reply.headers["content-type"]) == (799, sent, "text/x")


def test_an_html_fault_is_a_page_of_a_proxy(simulator: Simulator, base: str) -> None:
    simulator.faults.next("html")
    reply = ask(base, *STOP)
    assert (reply.status, reply.headers["content-type"]) == (502, "text/html")
    assert b"<h1>502 Bad Gateway</h1>" in reply.body
    assert status_of(simulator) == "active"


def test_a_redirect_leads_where_it_was_told_to(simulator: Simulator, base: str) -> None:
    simulator.faults.next("redirect", status=307, location="http://127.0.0.2:9/")
    reply = ask(base, *STOP)
    assert (reply.status, reply.headers["location"]) == (307, "http://127.0.0.2:9/")
    assert status_of(simulator) == "active"


@pytest.mark.parametrize("name", ["list", "create", "detail", "replace", "change", "stop", "reboot"])
def test_wrong_types_stand_in_one_server_alone(simulator: Simulator, base: str, name: str) -> None:
    body = example(f"{name}.request") if name in {"create", "replace", "change"} else None
    simulator.faults.next("wrong_types", request=name)
    simulator.faults.next("wrong_types", request="list", fields={"status": {}})
    answer = ask(base, *REQUESTS[name], body).json
    server = answer["results"][0] if name == "list" else answer.get("server", answer)
    assert (server["id"], server["name"]) == ([12345], 12345)
    rows = ask(base, *REQUESTS["list"]).json["results"]
    assert (rows[0]["status"], rows[1]["status"]) == ({}, "active")


@pytest.mark.parametrize("name", ["list", "delete"])
def test_a_big_answer_is_the_usual_one_with_padding(simulator: Simulator, base: str, name: str) -> None:
    usual = ask(base, *REQUESTS["list"]).json
    simulator.faults.next("big", size_mb=3)
    big = ask(base, *REQUESTS[name])
    assert big.status == 200
    assert "content-length" not in big.headers
    answer = big.json
    assert len(answer.pop("padding")) == 3_000_000
    assert answer == (usual if name == "list" else {"detail": ""})


def test_a_gzip_bomb_is_small_on_the_wire(simulator: Simulator, base: str) -> None:
    usual = ask(base, *REQUESTS["list"]).json
    simulator.faults.next("gzip_bomb", size_mb=3)
    bomb = ask(base, *REQUESTS["list"])
    assert bomb.headers["content-encoding"] == "gzip"
    assert len(bomb.body) < 10_000
    decoded = json.loads(gzip.decompress(bomb.body))
    assert len(decoded.pop("padding")) == 3_000_000
    assert decoded == usual


@every_request
def test_a_fault_waits_for_the_request_it_is_meant_for(simulator: Simulator, base: str, name: str) -> None:
    method = REQUESTS[name][0]
    simulator.faults.next("status", request=name, status=418)
    simulator.faults.next("status", request=f"{method} {name}", status=419)
    others = [ask(base, *line).status for other, line in REQUESTS.items() if other not in (name, "delete")]
    assert not {418, 419} & set(others)
    assert [ask(base, *REQUESTS[name]).status for _ in range(2)] == [418, 419]


def test_faults_come_in_order_and_as_often_as_asked(simulator: Simulator, base: str) -> None:
    simulator.faults.next("status", status=500, times=2)
    simulator.faults.next("status", request="list", status=503)
    simulator.faults.next("status", request="detail", status=504)
    statuses = [ask(base, *REQUESTS["list"]).status for _ in range(4)]
    assert statuses == [500, 500, 503, 200]
    assert ask(base, *REQUESTS["detail"]).status == 504


@pytest.mark.parametrize(
    ("kind", "details", "error"),
    [
        ("explode", {}, ValueError),
        ("hang", {"request": "resize"}, ValueError),
        ("hang", {"request": "GET stop"}, ValueError),
        ("cut_body", {"request": "delete"}, ValueError),
        ("hang", {"seconds": 3}, TypeError),
        ("delay", {"second": 3}, TypeError),
    ],
)
def test_a_fault_that_cannot_be_is_refused_at_once(
    simulator: Simulator, kind: str, details: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        simulator.faults.next(kind, **details)


def test_a_kept_connection_is_answered_on_and_ends_with_the_simulator(
    simulator: Simulator, base: str
) -> None:
    url = urlsplit(base)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with closing(HTTPConnection(url.hostname or "", url.port, timeout=20)) as connection:
        connection.request("DELETE", f"{url.path}/servers/12346/", headers=headers)
        assert connection.getresponse().read() == b""
        kept = connection.sock
        connection.request("GET", f"{url.path}/servers/", headers=headers)
        assert json.loads(connection.getresponse().read())["count"] == 1
        assert connection.sock is kept
        simulator.stop()
        assert kept.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        ask(base, *REQUESTS["list"])


def test_it_starts_again_after_a_stop(simulator: Simulator, base: str) -> None:
    with pytest.raises(RuntimeError):
        simulator.start()
    simulator.stop()
    simulator.stop()
    assert ask(simulator.start(), *REQUESTS["list"]).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "localhost", ""])  # noqa: S104
def test_it_listens_on_loopback_alone(simulator: Simulator, host: str) -> None:
    with pytest.raises(ValueError, match=r"loopback|Expected|empty"):
        simulator.start(host=host)


def test_only_one_of_many_stops_at_once_is_taken(
    simulator: Simulator, base: str, aside: ThreadPoolExecutor
) -> None:
    replies: list[Future[Reply]] = [aside.submit(ask, base, *STOP) for _ in range(40)]
    assert sorted(reply.result(timeout=20).status for reply in replies) == [200] + [400] * 39
    assert simulator.lines == [STOP] * 40
