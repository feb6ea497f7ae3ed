"""Lets two consoles, each a process of its own, answer the tests in turn: `-p tests.load.in_turn`, on engines that they
share (tests/load/engines.py).

What a test does with a browser goes over HTTP, one request to the one process and the next to the other. A test that
looks into the process that answers, or changes something in it, keeps its own (`WITHIN`, and the mark `one_process`).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.test.client import ClientHandler

from servers.simulator import Simulator

from .programs import free_port, wait_for

WITHIN = {
    "settings",
    "for_real",
    "monkeypatch",
    "caplog",
    "rf",
    "django_assert_num_queries",
    "CaptureQueriesContext",
}
"""What a test names that reaches into the process of the console."""
WHERE = ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
"""What the test's browser says of the way, which is not this one's."""
OF_THE_WAY = {"Connection", "Date", "Server", "Transfer-Encoding"}
"""What gunicorn says besides the console."""


def outside(item: pytest.Item) -> bool:
    """Whether this test asks the console and no more, so that any other process of it can answer."""
    code = item.function.__code__  # type: ignore[attr-defined]
    named = set(item.fixturenames) - {"monkeypatch"}  # type: ignore[attr-defined]  # which pytest-django asks for
    named |= {*code.co_names, *code.co_varnames}
    marked = item.get_closest_marker("one_process") or item.get_closest_marker("urls")
    return "simulator" in named and not named & WITHIN and not marked


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if outside(item):
            # Another process sees only what is committed.
            item.add_marker(pytest.mark.django_db(transaction=True, serialized_rollback=True), append=False)


@pytest.fixture(scope="session")
def consoles(
    django_db_setup: None, django_db_blocker: Any, running_simulator: Simulator
) -> Iterator[list[int]]:
    """The ports of two consoles on the database and the cache of these tests."""
    ports = [free_port(), free_port()]
    engine, _, _ = os.environ["TEST_DATABASE_URL"].rpartition("/")
    environment = os.environ | {
        "TEST_DATABASE_URL": f"{engine}/{connection.settings_dict['NAME']}",
        "TEST_VPS_API_URL": running_simulator.base_url,  # type: ignore[attr-defined]
        "LOG_LEVEL": "CRITICAL",
    }
    serve = [sys.executable, "-m", "gunicorn", "--config", "python:vpspanel.serving", "tests.load.told"]
    programs = [
        subprocess.Popen(
            [*serve, "--bind", f"127.0.0.1:{port}", "--workers=1", "--threads=4"], env=environment
        )
        for port in ports
    ]
    for port in ports:
        wait_for(port)
    yield ports
    for program in programs:
        program.terminate()
    for program in programs:
        program.wait()


@pytest.fixture(autouse=True)
def _in_turn(request: pytest.FixtureRequest) -> Iterator[None]:
    if not outside(request.node):
        yield
        return
    turns = cycle(request.getfixturevalue("consoles"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ClientHandler, "__call__", lambda handler, environ: answer(next(turns), handler, environ)
        )
        yield


def answer(port: int, handler: ClientHandler, environ: dict[str, Any]) -> Any:
    """The answer of the console at a port to a request of Django's test client, as that client knows answers."""
    told = {
        "now": time.time() if time_machine.escape_hatch.is_travelling() else None,
        "environ": {name: environ[name] for name in WHERE if name in environ},
        "csrf": handler.enforce_csrf_checks,
    }
    headers = {"Told": json.dumps(told)}
    headers |= {
        name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")
    }
    headers.setdefault("Host", environ["SERVER_NAME"])
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    body = environ["wsgi.input"].read()
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or body:
        headers["Content-Length"] = str(len(body))
    target = quote(environ["PATH_INFO"].encode("latin-1"))
    if environ.get("QUERY_STRING"):
        target += f"?{environ['QUERY_STRING']}"
    link = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        link.putrequest(environ["REQUEST_METHOD"], target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            link.putheader(name, value)
        link.endheaders(body)
        came = link.getresponse()
        response = _as_django_has_it(came)
    finally:
        link.close()
    response.wsgi_request = WSGIRequest(environ)
    return response


def _as_django_has_it(came: HTTPResponse) -> Any:
    """An answer that came over HTTP, with what tests ask of the kinds of answers that Django has."""
    response: Any = HttpResponse(came.read(), status=came.status)
    del response.headers["Content-Type"]
    for name, value in came.getheaders():
        if name == "Set-Cookie":
            response.cookies.load(value)
        elif name not in OF_THE_WAY:
            response.headers[name] = value
    response.streaming_content = [response.content]
    response.url = came.headers["Location"]
    return response
