"""What the tests of the views share besides: a clock of the console that stands still until a test turns it."""

import importlib.util
import logging
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as in_use

from servers.simulator import Simulator
from tests.conftest import TOKEN

OF_THE_PROXY = (
    "ALLAUTH_TRUSTED",
    "CSRF_",
    "LANGUAGE_COOKIE",
    "SECURE_",
    "SESSION_",
    "TRUST_",
    "USE_X",
    "X_FRAME",
)
"""The settings that TRUST_PROXY decides begin so."""
turns_the_clock_of_the_cache = pytest.mark.skipif(
    "TEST_CACHE_URL" in os.environ, reason="Redis has a clock of its own, which no test turns"
)
refused_by_gunicorn = pytest.mark.one_process
"""An address that is too long for the console's own process to see it."""
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


@pytest.fixture
def for_real(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings as they are behind a proxy, and one static file."""
    monkeypatch.setitem(os.environ, "TRUST_PROXY", "on")
    spec = importlib.util.spec_from_file_location(
        "vpspanel.settings_for_real", in_use.BASE_DIR / "vpspanel" / "settings.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in vars(module).items():
        if name.startswith(OF_THE_PROXY):
            setattr(settings, name, value)
    (tmp_path / "icon.svg").write_text("<svg/>")
    settings.STATIC_ROOT = tmp_path
