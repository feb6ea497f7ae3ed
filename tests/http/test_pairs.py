"""Each pair of two people's changes to one server, in both orders and truly at once: all books agree afterwards."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Barrier
from typing import Final, NamedTuple

import pytest
from django.test import Client

from servers.models import Activity
from servers.simulator import SimulatedServer, Simulator
from tests.conftest import HTMX
from tests.http.pages import read
from tests.http.people import at_once

ROUNDS = 50

pytestmark = [
    pytest.mark.usefixtures("clock"),
    # Each request commits by itself, as it does in use, so that threads see each other's rows.
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

OPENED: Final = {
    "name": "web-{n}",
    "opened_name": "web-{n}",
    "hostname": "{n}.example.com",
    "opened_hostname": "{n}.example.com",
    "opened_backups_enabled": "False",
}
WORDS: Final = {
    "active": "Running",
    "stopped": "Stopped",
    "starting": "Starting…",
    "stopping": "Stopping…",
    "rebooting": "Restarting…",
}


class Act(NamedTuple):
    """What somebody does to a server: how the log calls it, the last part of its address, its form, what VPS.org is
    asked, what is said when it is accepted, and what the server is then. `{n}` is the number of the server."""

    action: str
    address: str
    form: dict[str, str]
    request: tuple[str, str] | None
    sentence: str
    then: dict[str, str]


def power(action: str, verb: str, status: str) -> Act:
    request = ("POST", f"/servers/{{n}}/{action}/")
    return Act(action, action, {}, request, f"Asked VPS.org to {verb} web-{{n}}.", {"status": status})


def edit(**new: str) -> Act:
    sentence = f"Saved the changes to {new.get('name', 'web-{n}')} at VPS.org."
    return Act("edit", "edit", OPENED | new, ("PUT", "/servers/{n}/"), sentence, new)


START, STOP, RESTART = (
    power("start", "start", "starting"),
    power("stop", "stop", "stopping"),
    power("reboot", "restart", "rebooting"),
)
TYPED: Final = {"confirm_name": "web-{n}"}
DELETE = Act("delete", "delete", TYPED, ("DELETE", "/servers/{n}/"), "web-{n} was deleted for ever.", {})
PROTECT = Act("protect", "protection", {"protected": "on"}, None, "web-{n} is protected now.", {})


class Pair(NamedTuple):
    """Two acts on a server of this status, which of the two are accepted, in this order and in the other, and what
    whoever is refused may be told."""

    status: str
    acts: tuple[Act, Act]
    in_order: tuple[bool, bool]
    in_the_other: tuple[bool, bool]
    refusals: tuple[str, ...] = ()


CHANGING: Final = "web-{n} is just changing."
RUNNING: Final = "web-{n} is already running. Nothing was changed."
GONE: Final = " no longer exists at VPS.org."
PROTECTED: Final = "web-{n} is protected."
CHANGED: Final = "Somebody changed this server while you were editing. Nothing was saved yet."

NAMED, NAMED_OTHERWISE, HOST = edit(name="shop-{n}"), edit(name="blog-{n}"), edit(hostname="{n}.example.org")
YES, FIRST, SECOND = (True, True), (True, False), (False, True)
PAIRS: Final = {
    "stop and start": Pair("active", (STOP, START), FIRST, FIRST, (CHANGING, RUNNING)),
    "start and start": Pair("stopped", (START, START), FIRST, SECOND, (CHANGING, RUNNING)),
    "delete and restart": Pair("active", (DELETE, RESTART), FIRST, YES, (GONE,)),
    "protect and stop": Pair("active", (PROTECT, STOP), FIRST, YES, (PROTECTED,)),
    "stop and delete": Pair("active", (STOP, DELETE), YES, SECOND, (GONE,)),
    "edit two fields": Pair("active", (NAMED, HOST), YES, YES),
    "edit one field": Pair("active", (NAMED, NAMED_OTHERWISE), FIRST, SECOND, (CHANGED,)),
}


@dataclass
class Person:
    """Somebody at a browser, every text that they were shown, and those of refusals by the server."""

    name: str
    client: Client
    shown: list[str] = field(default_factory=list)
    refusals: dict[int, str] = field(default_factory=dict)

    def press(self, act: Act, n: int) -> bool:
        """Whether it was accepted. Who is told that a colleague is saving does as told, and saves again."""
        form = {name: value.format(n=n) for name, value in act.form.items()}
        response = self.client.post(f"/servers/{n}/{act.address}/", form, headers=HTMX)
        assert response.status_code in (200, 302, 404, 409), response.content.decode()
        text = read(response).text
        self.shown.append(text)
        if "A colleague is saving changes to this server." in text:
            time.sleep(0.02)
            return self.press(act, n)
        if response.status_code >= 400:
            self.refusals[n] = text
        return response.status_code < 400

    def look(self) -> dict[int, tuple[str, str]]:
        """The servers of the list, each with its name and state; what was said meanwhile is heard."""
        page = read(self.client.get("/servers/"))
        self.shown.append(page.one(id="messages").text)
        shown = {}
        for row in (row for body in page.all("tbody") for row in body.all("tr")):
            name = row.one("a", **{"class": "server"})
            number = name.attributes["href"].split("/")[2]
            shown[int(number)] = name.text, row.one(id=f"state-{number}").text
        return shown


def prepare(pair: Pair, simulator: Simulator, sign_in: Callable[..., Client], count: int) -> list[Person]:
    """So many servers for the pair, and two people who look at them."""
    servers = simulator.account().servers
    servers.clear()
    for n in range(1, count + 1):
        servers[n] = SimulatedServer(n, f"web-{n}", pair.status, f"{n}.example.com")
    people = [Person(name, sign_in(name, "Manager")) for name in ("mia", "moritz")]
    simulator.seen.clear()
    return people


def books_agree(
    pair: Pair, people: list[Person], simulator: Simulator, accepted: dict[int, tuple[bool, bool]]
) -> None:
    """What VPS.org got and has, the log, the lists and what each person was told, for these servers."""
    sent = Counter(line for line in simulator.lines if line[0] != "GET")
    log = list(Activity.objects.values_list("server_id", "user_name", "action", "outcome"))
    lists = [person.look() for person in people]
    told = ["\n".join(person.shown) for person in people]
    rows_sent: Counter[tuple[str, str]] = Counter()
    for n, both in accepted.items():
        expected = {"status": pair.status, "name": f"web-{n}", "hostname": f"{n}.example.com"}
        for act, was_accepted, person, text in zip(pair.acts, both, people, told, strict=True):
            outcomes = [row[3] for row in log if row[:3] == (str(n), person.name, act.action)]
            if was_accepted:
                assert outcomes in (["accepted"], ["done"]), (n, act)
                expected |= {name: value.format(n=n) for name, value in act.then.items()}
            else:
                assert outcomes in (["refused"], []), (n, act)
                assert any(refusal.format(n=n) in person.refusals[n] for refusal in pair.refusals), (n, act)
            assert text.count(act.sentence.format(n=n)) == was_accepted, (n, act, text)
            if act.request and outcomes:
                rows_sent[act.request[0], act.request[1].format(n=n)] += 1
        there = simulator.account().servers.get(n)
        protected = " Protected" if PROTECT in pair.acts else ""
        assert (there is None) == any(yes and act is DELETE for act, yes in zip(pair.acts, both, strict=True))
        if there is not None:
            assert {name: getattr(there, name) for name in expected} == expected
        shown = {page.get(n) for page in lists}
        assert shown == {(there.name, WORDS[there.status] + protected) if there else None}
    assert sent == rows_sent, "each request has its row, and each row its request"
    assert len(log) == sum(rows_sent.values()) + sum(act is PROTECT for act in pair.acts) * len(accepted)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in this order", "in the other"])
@pytest.mark.parametrize("name", PAIRS)
def test_one_after_the_other(
    name: str, order: tuple[int, int], simulator: Simulator, sign_in: Callable[..., Client]
) -> None:
    pair = PAIRS[name]
    people = prepare(pair, simulator, sign_in, 1)
    came = {place: people[place].press(pair.acts[place], 1) for place in order}
    assert (came[0], came[1]) == (pair.in_order if order == (0, 1) else pair.in_the_other)
    books_agree(pair, people, simulator, {1: (came[0], came[1])})


def test_who_starts_what_a_colleague_has_just_stopped_is_not_told_that_it_runs(
    simulator: Simulator, sign_in: Callable[..., Client]
) -> None:
    mia, moritz = prepare(PAIRS["stop and start"], simulator, sign_in, 1)
    assert mia.press(STOP, 1) and not moritz.press(START, 1)
    assert CHANGING.format(n=1) in moritz.refusals[1] and RUNNING.format(n=1) not in moritz.refusals[1]


@pytest.mark.parametrize("name", PAIRS)
def test_truly_at_once(name: str, simulator: Simulator, sign_in: Callable[..., Client]) -> None:
    pair = PAIRS[name]
    people = prepare(pair, simulator, sign_in, ROUNDS)
    both = Barrier(2, timeout=60)

    def press_in_every_round(person: Person, act: Act) -> list[bool]:
        return [person.press(act, n) for n in range(1, ROUNDS + 1) if both.wait() is not None]

    rounds = at_once(
        lambda: press_in_every_round(people[0], pair.acts[0]),
        lambda: press_in_every_round(people[1], pair.acts[1]),
    )
    accepted = dict(enumerate(zip(*rounds, strict=True), 1))
    assert set(accepted.values()) <= {pair.in_order, pair.in_the_other}
    books_agree(pair, people, simulator, accepted)
