"""What programs need around them: a cache, and VPS.org."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.simulator import Simulator
from tests.conftest import TOKEN

from .programs import Postgres, Redis


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("needs Debian's redis-server")
    server = Redis()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    if Postgres.programs() is None:
        pytest.skip("needs Debian's postgresql")
    # Outside of the folders of pytest, which only their owner may enter.
    with tempfile.TemporaryDirectory(prefix="console-postgres-") as folder:
        server = Postgres(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="module")
def vps() -> Iterator[Simulator]:
    simulator = Simulator(TOKEN, speed=0)
    simulator.base_url = simulator.start()  # type: ignore[attr-defined]
    yield simulator
    simulator.stop()
