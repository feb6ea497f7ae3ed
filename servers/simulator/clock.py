"""The simulator's own time: with real time, faster, or only when a test turns it."""

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Counts simulated seconds: `speed` of them for each real one, and what `advance` adds.

    At speed 0 it stands still until it is turned. Dates do not run ahead with the speed: at speed 20 a change
    that lasts 60 seconds is done, and dated, 3 seconds later, so that no date lies in the future.
    """

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        if speed < 0:
            raise ValueError("time does not run backwards: speed is 0 or more")
        self._speed = speed
        self._given_start = start
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Back to 0 seconds, at the start that was given, or else at this moment."""
        with self._lock:
            self._began = time.monotonic()
            self._turned = 0.0
            self._start = (self._given_start or datetime.now(UTC)).replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Let that many simulated seconds go by at once."""
        if seconds < 0:
            raise ValueError("time does not run backwards: advance by 0 or more seconds")
        with self._lock:
            self._turned += seconds

    def elapsed(self) -> float:
        """Simulated seconds since the start."""
        with self._lock:
            return (time.monotonic() - self._began) * self._speed + self._turned

    def date(self, elapsed: float) -> datetime:
        """When it was, or will be, that many simulated seconds after the start, in UTC."""
        with self._lock:
            return self._start + timedelta(seconds=elapsed / (self._speed or 1.0))
