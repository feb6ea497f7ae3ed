"""The console as a program of its own, for which a test turns the clock and says who asks (tests/load/in_turn.py)."""

import json
import os
from collections.abc import Callable
from typing import Any

import django
import time_machine
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponseBase

django.setup(set_prefix=False)


class Request(WSGIRequest):
    """A form needs its CSRF token only where the test's browser is one that must send it."""

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        self._dont_enforce_csrf_checks = not environ["told.csrf"]


class Console(WSGIHandler):
    """It is as late in this process as in the test's, which stands still or goes."""

    request_class = Request
    clock: tuple[float, time_machine.travel] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
        told = json.loads(environ.pop("HTTP_TOLD"))
        self._turn(told["now"])
        environ |= told["environ"] | {"told.csrf": told["csrf"]}

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, ("Answered-By", str(os.getpid()))], *error)

        return super().__call__(environ, start)

    def _turn(self, now: float | None) -> None:
        if self.clock and now != self.clock[0]:
            self.clock[1].stop()
            self.clock = None
        if now is not None and not self.clock:
            self.clock = now, time_machine.travel(now, tick=False)
            self.clock[1].start()


application = Console()
