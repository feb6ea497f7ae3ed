"""Fifty people at random, while VPS.org and the console itself fail: afterwards all books agree.

The seed gives each person's plan and the order of the faults; how far they come is a matter of the clock, and nothing
is asserted about it. SOAK_SECONDS says how long (30, if nothing is said); SOAK_SEED chooses another seed.
"""

import csv
import hashlib
import io
import json
import os
import re
import signal
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from servers.simulator import SimulatedServer, Simulator, api
from tests.conftest import TOKEN

from .programs import Browser, Console, Redis

SEED = os.environ.get("SOAK_SEED", "2026")
SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
PEOPLE = {f"person-{n}": ("Viewer", "Operator", "Operator", "Manager")[n % 4] for n in range(50)}
IDS = range(1, 41)

LOOKS = (
    "/servers/",
    "/servers/poll/?ids=1,2,3&on=list",
    "/",
    "/activity/",
    "/servers/{id}/",
    "/servers/?status=active",
)
PRESSES: Mapping[str, Mapping[str, str]] = {
    "/servers/{id}/start/": {},
    "/servers/{id}/stop/": {},
    "/servers/{id}/reboot/": {},
    "/servers/{id}/backups/": {"backups_enabled": "on"},
    "/servers/{id}/rename/": {"name": "web-{n}", "opened_name": "web-{id}"},
    "/servers/{id}/edit/": {
        "name": "web-{n}",
        "opened_name": "web-{id}",
        "hostname": "",
        "opened_hostname": "",
        "backups_enabled": "",
        "opened_backups_enabled": "",
    },
    "/servers/{id}/delete/": {"confirm_name": "web-{id}"},
    "/servers/{id}/protection/": {"protected": "on"},
    "/servers/{id}/protection/?lift": {"protected": "off"},
    "/servers/{id}/notes/": {"text": "a note"},
    "/servers/{id}/tags/": {"tags": "tag-{n}", "opened_tags": ""},
    "/servers/new/": {
        "name": "soak-{n}",
        "plan_id": "1",
        "os_id": "5",
        "location": "us-west",
        "form_key": "{key}",
    },
    "/bulk/new/": {"action": "backups_off", "servers": "{id},{other}", "key": "{key}"},
}
WEIGHTS = (6, 6, 6, 4, 3, 2, 1, 1, 4, 1, 2, 2, 2)
USUAL = {200, 204, 302, 403, 404, 409, 422, 429, 502, 503, 504, 0}
"""0: the console broke off, because the process was killed."""
OF_VPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 500}),
    ("status", {"status": 500, "effect": True}),
    ("status", {"status": 429, "headers": {"Retry-After": "1"}}),
    ("status", {"status": 403}),
    ("html", {"status": 502}),
    ("cut", {}),
    ("cut_after_effect", {}),
    ("cut_body", {}),
    ("delay", {"seconds": 1}),
    ("hang", {}),
    ("hang_after_effect", {}),
)
OF_OURS = ("kill a process", "lock the database", "lose the cache")
PATIENCE = 0.5
"""So many seconds a process waits for the database here; the lock of a soak lasts longer."""
Change = tuple[str, str, str]
"""What was asked for, of which server, and with which value."""
WORDS = {"active": "Running", "stopped": "Stopped"}
"""What the list says when nothing changes any more."""
AGREES = {
    "accepted": ("accepted", "done"),
    "refused": ("refused",),
    "unknown": ("accepted", "done", "refused", "unknown"),
    "doing": ("accepted", "done", "refused", "unknown", None),
}
"""What a step of a run may say, and what the row of the log that it wrote then says; the others have written none."""

pytestmark = pytest.mark.slow


class Step(NamedTuple):
    """What a person does next, how often it is pressed, and how long they think first."""

    path: str
    form: dict[str, str] | None
    times: int
    pause: float


def plan(seed: str, name: str) -> Iterator[Step]:
    """What a person will do, without an end."""
    chance = Random(f"{seed} {name}")  # noqa: S311
    for n in range(10**9):
        pause = chance.uniform(0.3, 2)
        words = {"id": str(chance.choice(IDS)), "other": str(chance.choice(IDS)), "n": f"{name}-{n}"}
        words["key"] = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        if chance.random() < 0.4:
            yield Step(chance.choice(LOOKS).format(**words), None, 1, pause)
            continue
        path = chance.choices(list(PRESSES), WEIGHTS)[0]
        form = {field: value.format(**words) for field, value in PRESSES[path].items()}
        times = 2 if "form_key" in form else chance.choice((1, 1, 1, 2))
        yield Step(path.format(**words), form, times, pause)


def faults(seed: str) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """What goes wrong, without an end: now and then with us, and at VPS.org."""
    chance = Random(f"{seed} faults")  # noqa: S311
    while True:
        yield chance.choice(OF_OURS), chance.choice(OF_VPS)


def fingerprint(seed: str) -> str:
    """Two plans with the same fingerprint are the same."""
    steps = [list(islice(plan(seed, name), 200)) for name in PEOPLE]
    return hashlib.sha256(json.dumps([steps, list(islice(faults(seed), 200))]).encode()).hexdigest()[:12]


def test_the_same_seed_gives_the_same_plan() -> None:
    assert fingerprint("1") == fingerprint("1") != fingerprint("2")


@pytest.fixture
def vps() -> Iterator[Simulator]:
    """Forty servers, and twenty seconds in one."""
    fleet = [SimulatedServer(number, f"web-{number}") for number in IDS]
    simulator = Simulator(TOKEN, fleet, speed=20, credit=10_000)
    simulator.base_url = simulator.start()  # type: ignore[attr-defined]
    yield simulator
    simulator.stop()


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """Every change that took effect at VPS.org, whether or not anybody heard of it."""
    found = []
    usual = api.answer

    def answer(world: Any, method: str, target: str, headers: Any, body: bytes) -> api.Answer:
        given = usual(world, method, target, headers, body)
        if method != "GET" and given.status < 300:
            found.append(of_request(method, target, body))
        return given

    monkeypatch.setattr(api, "answer", answer)
    return found


@pytest.fixture
def console(redis: Redis, vps: Simulator, tmp_path: Path) -> Iterator[Console]:
    patience = {"VPS_API_DEADLINE": "2", "DATABASE_PATIENCE": str(PATIENCE)}
    console = Console(tmp_path, vps.base_url, redis.url, **patience)  # type: ignore[attr-defined]
    console.start(workers=2)
    yield console
    console.end()


def of_request(method: str, target: str, body: bytes) -> Change:
    """What a request asks for."""
    parts = target.strip("/").split("/")
    if len(parts) == 1:
        return "create", "", value(json.loads(body))
    action = parts[2] if len(parts) == 3 else {"DELETE": "delete"}.get(method, "edit")
    return action, parts[1], value(json.loads(body or "{}"))


def of_row(action: str, server_id: str, fields: str) -> Change:
    """The same by a row of the log, which knows the number of a new server."""
    return action, "" if action == "create" else server_id, value(json.loads(fields))


def value(fields: dict[str, Any]) -> str:
    """A name that only one step of the plan gives, or else how the backups are switched."""
    return str(fields.get("name", fields.get("backups_enabled", "")))


def live(browser: Browser, name: str, ends_at: float, statuses: Counter[int], broken: list[str]) -> None:
    """Carry out a person's plan until the time is over."""
    for step in plan(SEED, name):
        time.sleep(step.pause)
        if time.monotonic() > ends_at:
            return
        for _ in range(step.times):
            status = browser.look(step.path) if step.form is None else browser.press(step.path, step.form)
            if step.form and "key" in step.form and status == 302:
                for _ in range(3):
                    statuses[browser.press(f"/bulk/{step.form['key']}/drive/", HX_Request="true")] += 1
            statuses[status] += 1
            if status not in USUAL:
                broken.append(f"{status} {step}")


def go_wrong(console: Console, redis: Redis, vps: Simulator, ends_at: float) -> tuple[Counter[str], set[int]]:
    """Let things go wrong until the time is over; how often which did, and the rows that a kill may have left open."""
    ours: Counter[str] = Counter()
    left: set[int] = set()
    for turn, (what, (kind, details)) in enumerate(faults(SEED)):
        time.sleep(0.5)
        if time.monotonic() > ends_at:
            return ours, left
        vps.faults.next(kind, **details)
        if turn % 10 != 9:
            continue
        ours[what] += 1
        if what == "kill a process":
            left |= kill(console)
        elif what == "lock the database":
            with sqlite3.connect(console.database, timeout=30, isolation_level=None) as link:
                link.execute("BEGIN IMMEDIATE")
                time.sleep(PATIENCE * 3)
                link.execute("ROLLBACK")
            link.close()
        else:
            redis.stop()
            time.sleep(0.3)
            redis.start()
    raise AssertionError("the faults have no end")


def kill(console: Console) -> set[int]:
    """End a process as by SIGKILL; the rows of the log whose change was under way then, in any process."""
    victim = console.workers()[0]
    os.kill(victim, signal.SIGKILL)
    while victim in console.workers():
        time.sleep(0.01)
    return {row[0] for row in console.rows("SELECT id FROM servers_activity WHERE outcome = 'sent'")}


def test_after_a_soak_vps_org_the_fleet_and_the_log_agree(
    console: Console, redis: Redis, vps: Simulator, effects: list[Change]
) -> None:
    people = console.people(**PEOPLE)
    vps.seen.clear()
    ends_at = time.monotonic() + SECONDS
    statuses: Counter[int] = Counter()
    broken: list[str] = []
    threads = [
        threading.Thread(target=live, args=(browser, name, ends_at, statuses, broken))
        for name, browser in people.items()
    ]
    for thread in threads:
        thread.start()
    ours, left = go_wrong(console, redis, vps, ends_at)
    vps.faults.clear()
    for thread in threads:
        thread.join()
    print(  # noqa: T201
        f"seed {SEED}, plan {fingerprint(SEED)}, {SECONDS:.0f} s: {statuses.total()} answers"
        f" {dict(sorted(statuses.items()))}, {len(effects)} changes at VPS.org, {dict(ours)}"
    )
    assert broken == []
    settle(console, people["person-3"], vps)
    compare_changes(console, vps, Counter(effects), left)
    compare_what_was_not_sent(console, vps, left)
    compare_steps(console)
    compare_protection(console)
    compare_fleet(console, people["person-3"], vps)


def settle(console: Console, manager: Browser, vps: Simulator) -> None:
    """Ten minutes later somebody looks, until nothing is open that can be known."""
    vps.clock.advance(600)
    console.minutes_go_by(10)
    asked = len(vps.seen)
    for _ in range(300):
        manager.get("/servers/poll/?ids=1&on=list")
        if ("GET", "/servers/") in vps.lines[asked:]:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("VPS.org is not asked any more")
    assert manager.get("/activity/").status_code == 200


def compare_changes(console: Console, vps: Simulator, effects: Counter[Change], left: set[int]) -> None:
    """Each change by itself: what VPS.org saw, what took effect there, and what the log says."""
    seen = changes_seen(vps)
    log: dict[Change, Counter[str]] = {}
    open_then: Counter[Change] = Counter()
    question = "SELECT id, action, server_id, fields, outcome, user_name FROM servers_activity"
    for number, action, server_id, fields, outcome, who in console.rows(question):
        assert PEOPLE[who] != "Viewer"
        if action not in ("protect", "lift"):
            change = of_row(action, server_id, fields)
            log.setdefault(change, Counter())[outcome] += 1
            open_then[change] += number in left
    assert effects, "the soak did something"
    assert set(seen) <= set(log), "no change without a row in the log"
    for change, rows in log.items():
        assert rows["sent"] == 0, f"{change} is sent for ever"
        # Each request has its row. A row without one was refused here, or its process was killed before it was sent.
        never_sent = rows.total() - seen[change]
        assert 0 <= never_sent <= rows["refused"] + open_then[change], (change, rows, seen[change])
        # Each effect is one that was accepted, or one of which nobody heard; what was refused had none.
        assert rows["accepted"] <= effects[change], (change, rows, effects[change])
        assert effects[change] <= rows["accepted"] + rows["done"] + rows["unknown"], (change, rows)
        if change[0] == "create":
            assert rows.total() == 1 and effects[change] <= 1, "one form, one server"


def compare_what_was_not_sent(console: Console, vps: Simulator, left: set[int]) -> None:
    """Each kind of change by itself: the rows without a request are as many as the console says that it did not send,
    and besides only such as a killed process has left."""
    said = re.findall(r"(?:POST|PUT|PATCH|DELETE) (\w+): (?:Crowded|NotReachable)", console.log.read_text())
    not_sent = Counter("edit" if name in ("change", "replace") else name for name in said)
    rows: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for number, action in console.rows("SELECT id, action FROM servers_activity"):
        rows[action] += 1
        lost[action] += number in left
    requests: Counter[str] = Counter()
    for (action, _, _), count in changes_seen(vps).items():
        requests[action] += count
    for action in set(rows) - {"protect", "lift"}:
        without = rows[action] - requests[action]
        assert not_sent[action] <= without <= not_sent[action] + lost[action], action


def changes_seen(vps: Simulator) -> Counter[Change]:
    """Every change that arrived at VPS.org."""
    return Counter(of_request(one.method, one.path, one.body) for one in vps.seen if one.method != "GET")


def compare_steps(console: Console) -> None:
    """Each step of a run says what its row of the log says."""
    question = (
        "SELECT s.id, s.state, a.outcome FROM servers_step s LEFT JOIN servers_activity a ON a.step_id = s.id"
    )
    for step in console.rows(question):
        assert step[2] in AGREES.get(step[1], (None,)), step


def compare_protection(console: Console) -> None:
    """Each server is protected as the last row about that says."""
    for server_id, protected, last in console.rows(
        "SELECT server_id, protected, (SELECT action FROM servers_activity a WHERE a.server_id = s.server_id"
        " AND action IN ('protect', 'lift') ORDER BY id DESC LIMIT 1) FROM servers_sheet s"
    ):
        assert bool(protected) == (last == "protect"), server_id


def compare_fleet(console: Console, manager: Browser, vps: Simulator) -> None:
    """The list shows what there is; beside a change that is not known it may say what was asked for, for a while."""
    listed = manager.get("/servers.csv").content.decode("utf-8-sig")
    shown = {row["Number at VPS.org"]: row for row in csv.DictReader(io.StringIO(listed))}
    there = {str(one.id): one for one in vps.account().servers.values()}
    assert {number: row["Name"] for number, row in shown.items()} == {i: one.name for i, one in there.items()}
    open_yet = console.rows("SELECT DISTINCT server_id FROM servers_activity WHERE outcome = 'unknown'")
    for number, row in shown.items():
        asked = (number,) in open_yet and row["Status"].startswith("Asked to ")
        assert asked or row["Status"] == WORDS[there[number].status], row
