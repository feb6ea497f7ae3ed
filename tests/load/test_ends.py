"""The console is stopped by SIGTERM or reloaded by SIGHUP while people work: nobody loses anything."""

import json
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from servers.simulator import Simulator, api
from vpspanel import serving

from .programs import Browser, Console, until

pytestmark = pytest.mark.slow

STOP = ("POST", "/servers/12345/stop/")


@pytest.fixture(scope="module")
def console(vps: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Console:
    """Its database; the tests start and end it."""
    folder = tmp_path_factory.mktemp("ends")
    told = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json"}
    return Console(folder, vps.base_url, VPS_API_DEADLINE="60", **told)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def mia(console: Console) -> Browser:
    return console.people(mia="Manager")["mia"]


@pytest.fixture
def answers(vps: Simulator, console: Console, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """VPS.org answers no change before this is set. Nothing has happened yet, and no console is left behind."""
    may_answer = threading.Event()
    usual = api.answer

    def answer(world: Any, method: str, *more: Any) -> api.Answer:
        if method != "GET":
            may_answer.wait(60)
        return usual(world, method, *more)

    monkeypatch.setattr(api, "answer", answer)
    vps.reset()
    console.rows("DELETE FROM servers_activity")
    yield may_answer
    may_answer.set()
    if not console.has_ended():
        console.end(signal.SIGKILL)


def press_stop(browser: Browser, vps: Simulator) -> Callable[[], int]:
    """Press "Stop" and return when VPS.org has the request; what is given back waits for the answer's status."""
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(browser.press("/servers/12345/stop/")))
    thread.start()
    until(lambda: STOP in vps.lines)

    def status() -> int:
        thread.join()
        return statuses[0]

    return status


def outcomes(console: Console) -> list[str]:
    return [row[0] for row in console.rows("SELECT outcome FROM servers_activity")]


def test_a_change_under_way_is_answered_before_the_console_stops(
    console: Console, mia: Browser, vps: Simulator, answers: threading.Event
) -> None:
    console.start()
    status = press_stop(mia, vps)
    console.tell(signal.SIGTERM)
    until(lambda: not listens(console))
    assert outcomes(console) == ["sent"] and not console.has_ended()
    answers.set()
    assert status() == 302
    until(console.has_ended)
    assert outcomes(console) == ["accepted"]
    assert vps.lines.count(STOP) == 1
    events = [json.loads(line) for line in console.log.read_text().splitlines()]
    assert {"gunicorn.error", "servers.remote.transport"} <= {event["logger"] for event in events}


def test_one_that_vps_org_never_answers_holds_no_stop_up_and_keeps_its_row(
    console: Console, mia: Browser, vps: Simulator, answers: threading.Event
) -> None:
    assert serving.graceful_timeout < 10
    console.start("vpspanel.wsgi:application", "--graceful-timeout", "1")
    status = press_stop(mia, vps)
    console.tell(signal.SIGTERM)
    until(console.has_ended)
    assert status() == 0
    assert outcomes(console) == ["sent"]
    assert vps.lines.count(STOP) == 1


def test_no_request_fails_while_it_is_reloaded(
    console: Console, mia: Browser, vps: Simulator, answers: threading.Event
) -> None:
    console.start(preload=False)
    before = set(console.workers())
    status = press_stop(mia, vps)
    over = threading.Event()
    looks: Counter[int] = Counter()
    people = [threading.Thread(target=look, args=(console, over, looks)) for _ in range(2)]
    for person in people:
        person.start()
    try:
        console.tell(signal.SIGHUP)
        until(lambda: set(console.workers()) - before)
        answers.set()
        until(lambda: not before & set(console.workers()))
        so_far = looks.total()
        until(lambda: looks.total() > so_far + 10)
    finally:
        over.set()
        for person in people:
            person.join()
    assert set(looks) == {200}
    assert status() == 302
    assert outcomes(console) == ["accepted"]


def look(console: Console, over: threading.Event, looks: Counter[int]) -> None:
    """One request after the other, each with a connection of its own."""
    while not over.is_set():
        try:
            looks[requests.get(f"{console.url}/healthz", timeout=60).status_code] += 1
        except requests.RequestException:
            looks[0] += 1


def listens(console: Console) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", console.port)) == 0
