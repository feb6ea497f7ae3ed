"""A run that stops fifty servers, and what has to be true of it afterwards."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from servers.simulator import Simulator

from .programs import Browser, Console, until


def fleet_of_fifty(vps: Simulator) -> list[str]:
    """Fifty servers that run."""
    account = vps.account()
    first = next(iter(account.servers.values()))
    kind = type(first)
    account.servers.clear()
    account.servers.update({number: kind(number, f"web-{number}") for number in range(1, 51)})
    return [str(number) for number in account.servers]


@contextmanager
def stopping_fifty(somebody: Browser, vps: Simulator) -> Iterator[None]:
    """Fifty servers are being stopped, from four windows that go on whatever the console does."""
    key = str(uuid.uuid4())
    form = {"action": "stop", "servers": ",".join(fleet_of_fifty(vps)), "key": key, "confirm_count": "50"}
    until(lambda: ">web-50<" in somebody.get("/servers/?now").text)
    assert somebody.press("/bulk/new/", form) == 302
    vps.latency = 0.02
    over = threading.Event()

    def window() -> None:
        while not over.is_set():
            if somebody.press(f"/bulk/{key}/drive/", HX_Request="true") == 0:
                time.sleep(0.05)

    windows = [threading.Thread(target=window) for _ in range(4)]
    for thread in windows:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in windows:
            thread.join()
        vps.latency = 0
    somebody.get("/servers/?now")


def until_over(console: Console) -> None:
    """Waits for the end of the run; what a killed process left is settled some minutes later."""
    until(lambda: console.rows("SELECT 1 FROM servers_step WHERE state = 'waiting'") == [])
    console.minutes_go_by(3)
    until(lambda: console.rows("SELECT state FROM servers_run") == [("over",)])


def agreed(console: Console, vps: Simulator) -> Counter[str]:
    """VPS.org, the steps and the log tell the same of each server; how many steps ended in which state."""
    sent = Counter(path.split("/")[2] for method, path in vps.lines if method != "GET")
    rows = console.rows(
        "SELECT s.server_id, s.state, a.outcome FROM servers_step s LEFT JOIN servers_activity a ON a.step_id = s.id"
    )
    assert len(rows) == 50 and max(sent.values()) == 1
    assert {server for server, _, outcome in rows if outcome} >= set(sent), "none without its row"
    for server, state, outcome in rows:
        assert outcome in ("accepted", "done", "unknown"), (server, state, outcome)
        assert state in ("accepted", "unknown")
        assert sent[server] == 1 or (outcome == "unknown" and state == "unknown")
    return Counter(state for _, state, _ in rows)
