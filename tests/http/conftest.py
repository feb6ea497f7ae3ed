"""What the tests of the views share besides: a clock of the console that stands still until a test turns it."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from servers.simulator import Simulator
from tests.conftest import TOKEN

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """It is noon in the console until a test says `clock.shift(seconds)`, so that nothing gets old by itself."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def later(clock: time_machine.Traveller, simulator: Simulator) -> Callable[[float], None]:
    """Lets so many seconds go by, here and at VPS.org."""

    def pass_by(seconds: float) -> None:
        clock.shift(timedelta(seconds=seconds))
        simulator.clock.advance(seconds)

    return pass_by


@pytest.fixture
def log_without_key(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails the test if any line of the log, DEBUG included, holds the key."""
    with caplog.at_level(logging.DEBUG):
        yield
    for record in [*caplog.get_records("setup"), *caplog.get_records("call")]:
        assert TOKEN not in f"{record.getMessage()} {record.exc_text or ''}"
