"""What programs need around them: a cache, and VPS.org."""

import shutil
from collections.abc import Iterator

import pytest

from servers.simulator import Simulator
from tests.conftest import TOKEN

from .programs import Redis


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("needs Debian's redis-server")
    server = Redis()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def vps() -> Iterator[Simulator]:
    simulator = Simulator(TOKEN, speed=0)
    simulator.base_url = simulator.start()  # type: ignore[attr-defined]
    yield simulator
    simulator.stop()
