"""Faults on demand: what shall go wrong with the next matching requests.

kind               what happens                                                  details
delay              the usual answer, late                                        seconds
hang               no answer and no effect                                       -
hang_after_effect  the change takes effect, no answer                            -
cut                the connection closes before an answer, no effect             -
cut_after_effect   the change takes effect, then the connection closes           -
cut_body           half of the usual answer's body, then the connection closes   -
slow_head          the usual answer, status line and headers one byte at a time  seconds (each byte)
slow_body          the usual answer, its body one byte at a time                 seconds (each byte)
status             another answer; the change happens only with `effect`         status, body, headers, effect
body_204           204, which has no body, with a body; no effect                 -
html               an HTML page as a proxy makes it, no effect                   status
redirect           a redirect, no effect                                         status, location
wrong_types        the usual answer but for `fields`; a list: in its first row   fields
big                the usual answer and padding, its length not announced        size_mb
gzip_bomb          the same, gzip-encoded: small on the wire                     size_mb

Hangs and waits end when the faults are cleared: the connection closes without an answer, and without effect
where there was none yet.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .api import NAMES

DETAILS: dict[str, set[str]] = {
    "delay": {"seconds"},
    "hang": set(),
    "hang_after_effect": set(),
    "cut": set(),
    "cut_after_effect": set(),
    "cut_body": set(),
    "slow_head": {"seconds"},
    "slow_body": {"seconds"},
    "status": {"status", "body", "headers", "effect"},
    "body_204": set(),
    "html": {"status"},
    "redirect": {"status", "location"},
    "wrong_types": {"fields"},
    "big": {"size_mb"},
    "gzip_bomb": {"size_mb"},
}
NEEDS_BODY = {"cut_body", "slow_body", "wrong_types"}
USUAL_STATUS = {"status": 500, "html": 502, "redirect": 302}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong once. `freed` is set when the faults are cleared."""

    kind: str
    freed: threading.Event
    request: str | None = None
    seconds: float = 0.1
    status: int = 500
    body: str | bytes | Mapping[str, Any] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    effect: bool = False
    location: str = "/elsewhere/"
    fields: Mapping[str, Any] = field(default_factory=lambda: {"id": [12345], "name": 12345})
    size_mb: int = 64


class Faults:
    """The queue of faults; each request takes the first that matches it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []
        self._freed = threading.Event()

    def next(self, kind: str, request: str | None = None, times: int = 1, **details: Any) -> None:
        """Queue a fault for the next `times` requests named `request` ("stop" or "POST stop"; None: any).

        ValueError: there is no such kind or request, or the kind cannot happen to it. TypeError: the kind has
        no such detail.
        """
        if kind not in DETAILS:
            raise ValueError(f"no fault is called {kind!r}; there are {', '.join(DETAILS)}")
        if unknown := details.keys() - DETAILS[kind]:
            raise TypeError(f"{kind} takes no {', '.join(sorted(unknown))}")
        if request is not None and request not in NAMES and request not in NAMES.values():
            raise ValueError(f"no request is called {request!r}; there are {', '.join(NAMES.values())}")
        name = NAMES.get(request, request) if request else None
        if name == "delete" and kind in NEEDS_BODY:
            raise ValueError(f"{kind} cannot happen to delete: its answer has no body")
        if kind in USUAL_STATUS:
            details.setdefault("status", USUAL_STATUS[kind])
        with self._lock:
            self._queue += [Fault(kind, self._freed, name, **details)] * times

    def take(self, request: str | None) -> Fault | None:
        """The first fault for a request of this name (None: not one of the nine), taken off the queue."""
        with self._lock:
            for fault in self._queue:
                if fault.request in (None, request):
                    self._queue.remove(fault)
                    return fault
            return None

    def clear(self) -> None:
        """Forget all faults, and free the requests that hang."""
        with self._lock:
            self._queue.clear()
            self._freed.set()
            self._freed = threading.Event()

    @property
    def freed(self) -> threading.Event:
        """Is set when the faults are cleared the next time."""
        with self._lock:
            return self._freed
