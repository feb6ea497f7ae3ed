"""The figures and their goals. Each is measured in rounds, next to its yardstick, and told as a ratio or a count."""

import html
import http.client
import json
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import brotli
import requests

from .programs import KEYS, Bench, Visitor, cpu, memory

LIST, SECOND, EMPTY = "/servers/", "/servers/?page=2", "/bench/empty/"
SERVER: Final = 21_000
"""The last server of the account with a thousand; those that are pressed are the first."""
TICK: Final = 2.0
"""Seconds between two polls of a page (static/js/panel.js)."""
ASKING: Final = {"Authorization": f"Bearer {KEYS['usual']}", "Content-Type": "application/json"}
"""What the documentation asks for in the head of each request."""
QUALITY: Final = 5
"""Of brotli, as proxies compress pages while they are sent."""


@dataclass(frozen=True)
class Figure:
    """A figure: what is measured, the goal, and whether it is to be `goal` at most or at least."""

    name: str
    goal: float
    measure: Callable[[Bench], list[float]]
    least: bool = False

    def met(self, values: list[float]) -> bool:
        """Whether the middle one of the rounds meets the goal."""
        middle = statistics.median(values)
        return middle >= self.goal if self.least else middle <= self.goal


Cost = Callable[[], float]


def rounds(top: Cost, bottom: Cost, times: int = 7) -> list[float]:
    """The ratio of two costs, each measured right after the other, so many times."""
    top()
    bottom()
    return [top() / bottom() for _ in range(times)]


# --- what a page costs ------------------------------------------------------------------------------------------


def page(bench: Bench, path: str, who: str = "usual", times: int = 25) -> Cost:
    """The CPU of a page of the console."""
    return _cpu_of(bench, bench.visitors[who], path, times)


def _cpu_of(bench: Bench, visitor: Visitor, path: str, times: int) -> Cost:
    console = bench.plain if visitor is bench.stranger else bench.console

    def cost() -> float:
        before = cpu(console)
        for _ in range(times):
            visitor.ask(path)
        return (cpu(console) - before) / times

    return cost


def bare(bench: Bench) -> Cost:
    """The CPU of a Django that only says "ok"."""
    return _cpu_of(bench, bench.stranger, "/", 200)


def poll(bench: Bench) -> Cost:
    """The CPU of a poll that brings nothing new, with a fresh fleet."""
    _, body = bench.visitors["usual"].ask(LIST)
    found = re.search(r'hx-get="([^"]*/servers/poll/[^"]*)"', body.decode())
    seen = re.search(r'name="seen" value="(\d+)"', body.decode())
    assert found
    assert seen
    path = f"{html.unescape(found[1])}&seen={seen[1]}"
    assert bench.visitors["usual"].ask(path)[0].status == 204
    return page(bench, path, times=50)


def hundred(bench: Bench, *, fetched: bool) -> Cost:
    """The seconds for a hundred rows of the list: two pages."""

    def cost() -> float:
        spent = 0.0
        for _ in range(4):
            if fetched:
                bench.forget_fleet()
            spent += _seconds(bench, LIST) + _seconds(bench, SECOND)
        return spent

    return cost


def admin(bench: Bench) -> Cost:
    """The seconds for a hundred rows of the same servers in Django's admin."""
    return lambda: sum(_seconds(bench, "/admin/bench/row/") for _ in range(4))


def _seconds(bench: Bench, path: str) -> float:
    began = time.perf_counter()
    bench.visitors["usual"].ask(path)
    return time.perf_counter() - began


# --- what somebody waits for ------------------------------------------------------------------------------------


def added(bench: Bench, act: Callable[[], None], calls: int) -> list[float]:
    """What the console adds to its remote calls, half of the time at least, as a multiple of one bare call."""
    with requests.Session() as session:
        session.headers.update(ASKING)

        def bare_call() -> None:
            session.get(f"{bench.vps_url}/servers/{SERVER}/", timeout=30).raise_for_status()

        ratios = []
        for _ in range(5):
            ours, theirs = _half_within(act), _half_within(bare_call)
            ratios.append((ours - calls * theirs) / theirs)
        return ratios


def _half_within(act: Callable[[], None]) -> float:
    spent = []
    for _ in range(20):
        began = time.perf_counter()
        act()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def presses(bench: Bench) -> Iterator[str]:
    """The address that stops a running server, each time another's."""
    running = [
        server.id for server in bench.vps.account(KEYS["usual"]).servers.values() if server.status == "active"
    ]
    return (f"/servers/{server_id}/stop/?on=list" for server_id in running)


# --- many at once -----------------------------------------------------------------------------------------------


def throughput(bench: Bench) -> list[float]:
    """Pages by two processes for 200 people, with VPS.org 150 ms away, as a part of those without the distance."""
    ratios = []
    for _ in range(3):
        near = _pages_within(bench, 5)
        bench.vps.latency = 0.15
        far = _pages_within(bench, 5)
        bench.vps.latency = 0
        ratios.append(far / near)
    return ratios


def _pages_within(bench: Bench, seconds: float) -> int:
    ends_at = time.monotonic() + seconds
    counts: list[int] = []

    def person() -> None:
        visitor = Visitor(bench.pair, bench.pair_cookie)
        count = 0
        while time.monotonic() < ends_at:
            visitor.ask("/servers/?q=web-00")
            visitor.ask("/servers/poll/?on=list&ids=20001", HX_Request="true")
            count += 2
        counts.append(count)

    _all_at_once([person] * 200)
    return sum(counts)


def pollers(bench: Bench, console_name: str) -> list[float]:
    """The list calls in two seconds while 200 pages are open."""
    console = bench.pair if console_name == "pair" else bench.console
    began = time.monotonic() + 1
    ticks = 6

    def open_page(number: int) -> None:
        visitor = Visitor(console, bench.pair_cookie)
        for tick in range(ticks):
            time.sleep(max(0, began + (tick + number / 200) * TICK - time.monotonic()))
            visitor.ask("/servers/poll/?on=list&ids=20001", HX_Request="true")

    bench.vps.seen.clear()
    _all_at_once([lambda n=n: open_page(n) for n in range(200)])  # type: ignore[misc]
    return [len(bench.vps.lines) / ((time.monotonic() - began) / TICK)]


def _all_at_once(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- what is sent, asked and kept -------------------------------------------------------------------------------


def html_by_json(bench: Bench) -> list[float]:
    """The list's page as a multiple of the answer of VPS.org about the same servers, both compressed."""
    _, body = bench.visitors["usual"].ask(LIST)
    answer = requests.get(f"{bench.vps_url}/servers/", headers=ASKING, timeout=30).json()
    shown = {int(number) for number in re.findall(rb'id="state-(\d+)"', body)}
    servers = [server for server in answer["results"] if server["id"] in shown]
    assert len(servers) == 50
    told = json.dumps(answer | {"results": servers}).encode()
    return [len(brotli.compress(body, quality=QUALITY)) / len(brotli.compress(told, quality=QUALITY))]


def first_visit(bench: Bench) -> dict[str, int]:
    """Everything that a browser loads for the list the first time, with its compressed size."""
    visitor = bench.visitors["usual"]
    _, body = visitor.ask(LIST)
    weights = {LIST: len(brotli.compress(body, quality=QUALITY))}
    waiting = _loaded(body.decode(), LIST)
    while waiting:
        path = waiting.pop()
        if path in weights:
            continue
        response, content = visitor.ask(path, Accept_Encoding="br")
        weights[path] = len(content)
        text = brotli.decompress(content) if response.headers["Content-Encoding"] == "br" else content
        if path.endswith(".js"):
            waiting += [path.rpartition("/")[0] + "/" + name for name in _imported(text.decode())]
    return weights


def _loaded(page: str, path: str) -> list[str]:
    """Style sheets, scripts, and the icon of the tab."""
    tags = re.findall(r"<(?:link|script)[^>]*>", page)
    wanted = [
        tag for tag in tags if "<script" in tag or re.search(r'rel="(stylesheet|icon|modulepreload)"', tag)
    ]
    return [found[1] for tag in wanted if (found := re.search(r'(?:href|src)="([^"]+)"', tag))]


def _imported(script: str) -> list[str]:
    return re.findall(r'import[^"\';]*["\']\./([^"\']+)["\']', script)


def queries(bench: Bench, path: str) -> list[float]:
    """The database queries of a page, beyond those that ask who is there. The first looks keep what they see."""
    visitor = bench.visitors["usual"]
    for _ in range(2):
        visitor.ask(path)
    return [_count(visitor.ask(path)[0]) - _count(visitor.ask(EMPTY)[0])]


def _count(response: http.client.HTTPResponse) -> float:
    return float(response.headers["Bench-Queries"])


def queries_of_a_press(bench: Bench) -> list[float]:
    """The database queries of a power action, those of its rows in the log included."""
    visitor, address = bench.visitors["usual"], presses(bench)
    visitor.press(next(address))
    response, _ = visitor.ask(next(address), "POST", HX_Request="true")
    return [_count(response) - _count(visitor.ask(EMPTY)[0])]


def remote_calls(bench: Bench, act: Callable[[], None]) -> list[float]:
    """The calls to VPS.org of one click."""
    bench.visitors["usual"].ask(LIST)
    bench.vps.seen.clear()
    act()
    return [float(len(bench.vps.lines))]


def megabytes(bench: Bench) -> list[float]:
    """The memory of a process after pages of 10,000 servers and its pollers."""
    for _ in range(60):
        bench.visitors["large"].ask(LIST)
    return [memory(bench.console)]


def level(bench: Bench) -> list[float]:
    """The memory after as many pages once more, as a multiple."""
    megabytes(bench)
    return [megabytes(bench)[0] / before for before in megabytes(bench)]


def figures() -> list[Figure]:
    """All figures, in the order in which they are measured."""

    def press(bench: Bench) -> Callable[[], None]:
        addresses = presses(bench)
        return lambda: bench.visitors["usual"].press(next(addresses))

    def ask(bench: Bench, path: str) -> Callable[[], None]:
        return lambda: bench.visitors["usual"].ask(path) and None

    detail = f"/servers/{SERVER}/"
    return [
        Figure("list of 50 of 1,000: CPU ÷ bare view", 40, lambda b: rounds(page(b, LIST), bare(b))),
        Figure(
            "list of 50 of 1,000: CPU ÷ signed-in empty page",
            7,
            lambda b: rounds(page(b, LIST), page(b, EMPTY)),
        ),
        Figure("signed-in empty page: CPU ÷ bare view", 6, lambda b: rounds(page(b, EMPTY), bare(b))),
        Figure(
            "100 of 1,000 rows: pages/s ÷ Django's admin, fresh fleet",
            8,
            lambda b: rounds(admin(b), hundred(b, fetched=False), 5),
            least=True,
        ),
        Figure(
            "100 of 1,000 rows: pages/s ÷ Django's admin, fleet fetched each time",
            5,
            lambda b: rounds(admin(b), hundred(b, fetched=True), 5),
            least=True,
        ),
        Figure(
            "list page: CPU at 10,000 servers ÷ at 100",
            1.2,
            lambda b: rounds(page(b, LIST, "large"), page(b, LIST, "small")),
        ),
        # Before anything is pressed: what is stopping makes the fleet look different at its next refresh.
        Figure(
            "unchanged poll: CPU ÷ signed-in empty page",
            1.3,
            lambda b: rounds(poll(b), page(b, EMPTY, times=50)),
        ),
        Figure("list: what half of the visits add ÷ a bare call", 7, lambda b: added(b, ask(b, LIST), 0)),
        Figure("server: what half of the visits add ÷ a bare call", 4, lambda b: added(b, ask(b, detail), 1)),
        Figure("power: what half of the presses add ÷ a bare call", 3, lambda b: added(b, press(b), 1)),
        Figure("list: HTML ÷ VPS.org's JSON, both compressed", 1.5, html_by_json),
        Figure("first visit to the list: KB", 40, lambda b: [sum(first_visit(b).values()) / 1024]),
        Figure("first visit to the list: requests", 6, lambda b: [float(len(first_visit(b)))]),
        Figure("database queries: list", 2, lambda b: queries(b, LIST)),
        Figure("database queries: server", 3, lambda b: queries(b, detail)),
        Figure("database queries: power, with its rows of the log", 6, queries_of_a_press),
        Figure("database queries: poll", 1, lambda b: queries(b, "/servers/poll/?on=list&ids=20001")),
        Figure("remote calls: list, fresh fleet", 0, lambda b: remote_calls(b, ask(b, LIST))),
        Figure("remote calls: server", 1, lambda b: remote_calls(b, ask(b, detail))),
        Figure("remote calls: power", 1, lambda b: remote_calls(b, press(b))),
        Figure("200 open pages, one process: list calls in 2 s", 1.2, lambda b: pollers(b, "console")),
        Figure("200 open pages, two processes: list calls in 2 s", 1.2, lambda b: pollers(b, "pair")),
        Figure(
            "200 people, two processes: pages/s with VPS.org 150 ms away ÷ at 0", 0.9, throughput, least=True
        ),
        Figure("memory of a process after pages of 10,000 servers: MB", 200, megabytes),
        Figure("memory of a process after as many pages again ÷ before", 1.02, level),
    ]
