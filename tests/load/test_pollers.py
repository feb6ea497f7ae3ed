"""200 open pages on one account, two processes on Redis: VPS.org is asked once per tick, whoever watches."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from servers.simulator import Simulator

from .programs import Console, Redis

POLLERS = 200
TICKS = 6
TICK = 2.0
METRICS_TOKEN = "for-the-prometheus-of-this-test"

pytestmark = pytest.mark.slow


@pytest.fixture
def panel(redis: Redis, vps: Simulator, tmp_path: Path) -> Iterator[Console]:
    """Two processes that share nothing but Redis and the database."""
    counts = tmp_path / "counts"
    counts.mkdir()
    told = {"METRICS_TOKEN": METRICS_TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(counts)}
    console = Console(tmp_path, vps.base_url, redis.url, **told)  # type: ignore[attr-defined]
    console.start(workers=2)
    yield console
    console.end()
    assert not counts.exists(), "what was counted ends with the console"


def test_two_hundred_pages_cause_one_question_per_tick(panel: Console, vps: Simulator) -> None:
    cookie = panel.people(vera="Viewer")["vera"].cookie
    host = panel.url.removeprefix("http://")
    started = time.monotonic() + 1
    answers: list[int] = []

    def page(number: int) -> None:
        link = http.client.HTTPConnection(host, timeout=30)
        for tick in range(TICKS):
            time.sleep(max(0, started + (tick + number / POLLERS) * TICK - time.monotonic()))
            link.request("GET", "/servers/poll/?ids=12345", headers={"Cookie": cookie, "HX-Request": "true"})
            response = link.getresponse()
            response.read()
            answers.append(response.status)
        link.close()

    vps.seen.clear()
    pages = [threading.Thread(target=page, args=(number,)) for number in range(POLLERS)]
    for thread in pages:
        thread.start()
    for thread in pages:
        thread.join()
    took = time.monotonic() - started
    assert len(answers) == POLLERS * TICKS and set(answers) <= {200, 204}
    assert set(vps.lines) == {("GET", "/servers/")}
    # By the time that it really took, so that a slow machine changes nothing about the ratio.
    per_tick = len(vps.lines) / (took / TICK)
    print(f"{len(vps.lines)} list calls in {took:.1f} s: {per_tick:.2f} per tick of {TICK:.0f} s")  # noqa: T201
    assert per_tick <= 1.2
    counted = requests.get(
        f"{panel.url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}, timeout=60
    )
    for status, times in Counter(answers).items():
        assert f'console_polls_total{{status="{status}"}} {times}.0\n' in counted.text, (
            "of both processes together"
        )
