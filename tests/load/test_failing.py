"""The cache is frozen or stopped, and the disk is full, under a console that runs: it says so, and is well again."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests

from servers.simulator import Simulator

from .programs import Browser, Console, Redis

pytestmark = pytest.mark.slow

SENTENCE = "The console cannot read or write its own records just now."
Fails = Callable[[Redis], AbstractContextManager[None]]

LONGEST = 20
"""Seconds until a page must have come. The cache is waited for two seconds a time, and twice at most."""


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder, and where this is root a small disk of its own."""
    folder = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    yield folder
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def console(redis: Redis, vps: Simulator, disk: Path) -> Iterator[Console]:
    console = Console(disk, vps.base_url, redis.url)  # type: ignore[attr-defined]
    console.log = disk.parent / "console.log"
    console.start()
    yield console
    console.end()


@pytest.fixture(scope="module")
def mia(console: Console) -> Browser:
    mia = console.people(mia="Manager")["mia"]
    mia.patience = LONGEST
    return mia


@pytest.fixture(autouse=True)
def anew(vps: Simulator, redis: Redis, console: Console) -> None:
    vps.reset()
    redis.forget()
    console.rows("DELETE FROM servers_activity")


def changes(vps: Simulator) -> list[tuple[str, str]]:
    return [line for line in vps.lines if line[0] != "GET"]


@contextlib.contextmanager
def frozen(redis: Redis) -> Iterator[None]:
    redis.freeze()
    try:
        yield
    finally:
        redis.thaw()


@contextlib.contextmanager
def stopped(redis: Redis) -> Iterator[None]:
    redis.stop()
    try:
        yield
    finally:
        redis.start()


@pytest.mark.parametrize("fails", [frozen, stopped])
def test_without_its_cache_it_says_so_in_time_and_signs_nobody_out(
    console: Console, redis: Redis, vps: Simulator, mia: Browser, fails: Fails
) -> None:
    assert mia.get("/servers/").status_code == 200
    asked = [
        lambda: mia.get("/servers/"),
        lambda: mia.post("/servers/12345/stop/"),
        lambda: mia.get("/servers/poll/", HX_Request="true"),
        lambda: requests.get(f"{console.url}/healthz", timeout=LONGEST),
    ]
    with fails(redis), ThreadPoolExecutor() as tabs:
        page, press, poll, health = (tab.result() for tab in [tabs.submit(ask) for ask in asked])
    assert [answer.status_code for answer in (page, press, poll, health)] == [503, 503, 503, 200]
    assert SENTENCE in page.text and SENTENCE in press.text and poll.text == ""
    assert page.headers["Retry-After"] == "10" and "Set-Cookie" not in page.headers
    assert changes(vps) == [] and console.rows("SELECT * FROM servers_activity") == []
    assert mia.get("/servers/").status_code == 200
    assert mia.post("/servers/12345/stop/").status_code == 302
    assert changes(vps) == [("POST", "/servers/12345/stop/")]


def test_on_a_full_disk_nothing_is_sent_and_there_is_room_again_afterwards(
    console: Console, vps: Simulator, mia: Browser, disk: Path
) -> None:
    if not disk.is_mount():
        pytest.skip("a disk of its own needs root, and a mount that is allowed")
    assert mia.get("/servers/").status_code == 200
    # SQLite writes into the room that its log has already; so that goes first.
    console.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    rest = disk / "full"
    with pytest.raises(OSError, match="No space left"), rest.open("wb", buffering=0) as file:  # noqa: PT012
        while True:
            file.write(bytes(4096))
    page, press = mia.post("/servers/12345/stop/"), mia.post("/servers/12345/stop/", HX_Request="true")
    assert page.status_code == press.status_code == 503
    assert SENTENCE in page.text and SENTENCE in press.text
    assert changes(vps) == []
    assert mia.get("/servers/").status_code in (200, 503)
    rest.unlink()
    assert mia.post("/servers/12345/stop/").status_code == 302
    assert changes(vps) == [("POST", "/servers/12345/stop/")]
    assert console.rows("SELECT outcome FROM servers_activity") == [("accepted",)]
