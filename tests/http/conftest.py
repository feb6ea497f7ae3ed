"""What the tests of the views share besides: a clock of the console that stands still until a test turns it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from servers.simulator import Simulator

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
