"""Faults of our own, in every function of the client: what is reported about them holds no key."""

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import CO_NEWLOCALS, CO_OPTIMIZED
from itertools import product
from pathlib import Path
from traceback import walk_tb
from types import CodeType, FrameType
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.test import Client
from django.views.debug import ExceptionReporter

from servers import remote
from servers.models import Activity
from servers.session import SEALED, transport
from servers.simulator import Simulator
from tests.canary import holds
from tests.conftest import TOKEN

pytestmark = pytest.mark.usefixtures("clock")

CLIENT = str(Path(remote.__file__).parent)
EDIT = {
    "name": "web-2",
    "hostname": "w.example.com",
    "opened_name": "web-server-01",
    "opened_hostname": "web01.example.com",
}
CREATE = {"name": "new-1", "plan_id": "1", "os_id": "5", "location": "us-west"}
CREATE["form_key"] = "00000000-0000-4000-8000-000000000001"
REQUESTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "connect": ("POST", "/connect/", {"token": TOKEN}),
    "list": ("GET", "/servers/?now", {}),
    "filtered": ("GET", "/servers/?status=active", {}),
    "detail": ("GET", "/servers/12345/", {}),
    "stop": ("POST", "/servers/12345/stop/", {}),
    "reboot": ("POST", "/servers/12345/reboot/", {}),
    "start": ("POST", "/servers/12360/start/", {}),
    "edit": ("POST", "/servers/12345/edit/", EDIT),
    "backups": ("POST", "/servers/12345/backups/", {"backups_enabled": "off"}),
    "create": ("POST", "/servers/new/", CREATE),
    "delete": ("POST", "/servers/12345/delete/", {"confirm_name": "web-server-01"}),
}
TROUBLE: dict[str, dict[str, Any]] = {
    "answer": {},
    "refused": {"kind": "status", "status": 400, "body": '{"name": ["too odd"], "detail": "no"}'},
    "cut": {"kind": "cut"},
    "wait": {"kind": "status", "status": 429, "headers": {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}},
    "gone": {"kind": "status", "status": 404},
    "pages": {"kind": "status", "status": 200, "body": '{"results": [], "next": "?page=2"}'},
    "row": {"kind": "wrong_types"},
}
NOT_REACHED = {
    # TLS and a proxy; nothing here takes the key.
    "deadline._DeadlineHTTPSConnection.connect",
    "deadline.DeadlineAdapter.proxy_manager_for",
    # What these requests need not; it takes no key either.
    "objects.ServerDetail.from_list",
    "transport.Api.waiting",
    "transport.Token.__eq__",
    "transport.Transport.heard",
    # What prints the key as "…".
    "transport.Token.__repr__",
    "transport._Unprinted.__repr__",
}


def functions() -> set[str]:
    """Every function of the client, by file and name."""
    found = set()
    for file in Path(CLIENT).glob("*.py"):
        codes = [compile(file.read_text(), str(file), "exec")]
        for code in codes:
            codes += [inside for inside in code.co_consts if isinstance(inside, CodeType)]
            if code.co_flags & CO_NEWLOCALS and code.co_flags & CO_OPTIMIZED and "<" not in code.co_qualname:
                found.add(f"{file.stem}.{code.co_qualname}")
    return found


@contextmanager
def at_each_line(act: Callable[[str], None]) -> Iterator[None]:
    """Calls `act` with the function's name before each line of the client; what it raises, that line raises."""

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if not frame.f_code.co_filename.startswith(CLIENT):
            return None
        if event == "line":
            act(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname}")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


class Walk:
    """One person who asks for the same again, each time as if the console had just been started."""

    def __init__(self, client: Client, simulator: Simulator) -> None:
        self.client, self.simulator = client, simulator

    def ask(self, request: str, trouble: str, act: Callable[[str], None]) -> Any:
        """Send the request while this is the trouble, with `act` called at each line of the client."""
        self.simulator.reset()
        cache.clear()
        transport.cache_clear()
        Activity.objects.all().delete()
        if SEALED not in self.client.session:
            assert self.client.post("/connect/", {"token": TOKEN}).status_code == 302
            transport.cache_clear()
        if TROUBLE[trouble]:
            details = dict(TROUBLE[trouble])
            self.simulator.faults.next(details.pop("kind"), **details)
        method, address, body = REQUESTS[request]
        with at_each_line(act):
            return self.client.generic(
                method,
                address,
                urlencode(body) if method == "POST" else "",
                "application/x-www-form-urlencoded",
                headers={"Accept": "text/html"},
            )


def _count(lines: Counter[str]) -> Callable[[str], None]:
    return lambda name: lines.update([name])


@pytest.fixture
def reports(settings: Any) -> Iterator[list[str]]:
    """What Django would print about every error of ours: as a page, as text, and each variable of the client."""
    made: list[str] = []

    def report(request: HttpRequest, **kwargs: Any) -> None:
        kind, error, trace = sys.exc_info()
        made.append(repr(error))
        if not settings.DEBUG:  # with it, the answer itself is the page
            reporter = ExceptionReporter(request, kind, error, trace)
            made.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])
        for frame, _ in walk_tb(trace):
            # The key has to come in by one plain variable.
            if frame.f_code.co_filename.startswith(CLIENT) and frame.f_code.co_qualname != "Token.__init__":
                made.append(" ".join(repr(value) for value in frame.f_locals.values()))

    got_request_exception.connect(report)
    yield made
    got_request_exception.disconnect(report)


def test_no_fault_of_our_own_in_the_client_tells_the_key(
    manager: Client,
    simulator: Simulator,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    reports: list[str],
) -> None:
    settings.ADMINS = [("Ada", "ada@example.com")]
    settings.VPS_API_DEADLINE = (
        60  # Each walk has to reach the same lines as the one before, however slow it is.
    )
    walk = Walk(manager, simulator)
    reached: dict[str, tuple[str, str, int]] = {}
    walks = [*product(REQUESTS, ["answer"]), *product(["list", "edit"], TROUBLE), ("stop", "refused")]
    for request, trouble in walks:
        lines: Counter[str] = Counter()
        walk.ask(request, trouble, _count(lines))
        reached = {name: (request, trouble, count) for name, count in lines.items()} | reached
    assert functions() - reached.keys() <= NOT_REACHED
    caplog.set_level(logging.DEBUG)
    for (function, (request, trouble, last)), debug in product(reached.items(), (False, True)):
        settings.DEBUG = debug
        lines = Counter()

        def fail(name: str, function: str = function, last: int = last, lines: Counter[str] = lines) -> None:
            lines.update([name])
            if name == function and lines[name] == last:
                raise RuntimeError("a fault of our own")

        answer = walk.ask(request, trouble, fail)
        assert lines[function] == last, f"{function} was not reached again by {request}"
        written = [answer.content.decode(), str(answer.headers), *(str(m.message()) for m in mail.outbox)]
        written += [f"{record.getMessage()} {record.exc_text}" for record in caplog.records] + reports
        assert not [text for text in written if holds(TOKEN, text)], function
        assert answer.status_code != 500 or (b"Traceback" in answer.content) is debug
        for pile in (reports, caplog, mail.outbox):
            pile.clear()
