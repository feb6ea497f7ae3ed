"""Two processes that share PostgreSQL and Redis alone: one is killed while 200 pages poll and a run stops fifty."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.simulator import Simulator

from .fifty import agreed, stopping_fifty, until_over
from .programs import Browser, Console, Postgres, Redis, until

PAGES = 200
TICKS = 3

pytestmark = pytest.mark.slow


@pytest.fixture
def panel(postgres: Postgres, redis: Redis, vps: Simulator, tmp_path: Path) -> Iterator[Console]:
    console = Console(tmp_path, vps.base_url, redis.url, DATABASE_URL=postgres.url)  # type: ignore[attr-defined]
    console.start(workers=2)
    yield console
    console.end()


def test_a_killed_process_costs_no_page_and_no_change(panel: Console, vps: Simulator) -> None:
    otto = panel.people(otto="Operator")["otto"]
    answers: list[list[int]] = [[] for _ in range(PAGES)]
    pages = [threading.Thread(target=poll, args=(otto, number, answers[number])) for number in range(PAGES)]
    with stopping_fifty(otto, vps):
        for page in pages:
            page.start()
        until(lambda: len(vps.lines) >= 10)
        first, second = panel.workers()
        os.kill(first, signal.SIGKILL)
        until(lambda: first not in panel.workers() and len(panel.workers()) == 2)
        until_over(panel)
        for page in pages:
            page.join()
    assert second in panel.workers()
    for told in answers:
        assert set(told) <= {0, 200, 204} and told.count(0) <= 1, (
            "one may break off with the process, and no more"
        )
    agreed(panel, vps)


def poll(somebody: Browser, number: int, told: list[int]) -> None:
    """A page that has asked when it was answered often enough, each time at its own moment of two seconds."""
    time.sleep(2 * number / PAGES)
    while len(told) - told.count(0) < TICKS:
        told.append(somebody.look("/servers/poll/?on=list&ids=1"))
        time.sleep(2)
