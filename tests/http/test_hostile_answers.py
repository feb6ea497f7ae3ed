"""An answer of any size or shape: memory stays within bounds, and no page of ours is a 500."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servers.remote.errors import RemoteError
from servers.remote.transport import Api, Token, Transport
from servers.simulator import Simulator
from tests.conftest import HTMX, TOKEN
from tests.unit.nine import NINE, example

MEGABYTE = 1024 * 1024
ANY_SIZE = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "\0", "-1", "1e999", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "x" * 10_000]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a documented answer."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


@st.composite
def answers(draw: st.DrawFn, name: str) -> bytes:
    """The documented answer with other values in one to three places, or any JSON, or any bytes."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if kind == 1:
        return json.dumps(draw(values)).encode("utf-8", "replace")
    body = {"": example(name)}
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([place for place in places(body[""]) if place]))
        inner = body[""]
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = draw(values)
    return json.dumps(body[""]).encode("utf-8", "replace")


ANSWERED_WITH = {"replace": "detail", "change": "detail", "delete": "detail"}


@pytest.mark.parametrize("name", NINE)
@given(data=st.data())
@ANY_SIZE
def test_any_answer_to_any_request_is_read_or_refused(
    simulator: Simulator, name: str, data: st.DataObject
) -> None:
    simulator.reset()
    api = Api(Transport(simulator.base_url, deadline=5), Token(TOKEN))  # type: ignore[attr-defined]
    body = data.draw(answers(ANSWERED_WITH.get(name, name)))
    status = data.draw(st.sampled_from([200, 200, 200, 201, 400, 404, 422, 429, 500]))
    simulator.faults.next("status", name, status=status, body=body)
    with suppress(RemoteError):
        NINE[name].call(api)
    assert len([line for line in simulator.lines if line == NINE[name][1:]]) == 1


PAGES = {
    "list": ("GET", "/servers/", {}),
    "detail": ("GET", "/servers/12345/", {}),
    "stop": ("POST", "/servers/12345/stop/", {}),
    "stop-part": ("POST", "/servers/12345/stop/", HTMX),
    "backups": ("POST", "/servers/12345/backups/", HTMX),
}


@pytest.mark.parametrize("page", PAGES)
@given(data=st.data())
@ANY_SIZE
def test_no_answer_makes_a_page_of_ours_fail(
    manager: Client, simulator: Simulator, page: str, data: st.DataObject
) -> None:
    method, address, headers = PAGES[page]
    name = {"backups": "change"}.get(page, page.removesuffix("-part"))
    simulator.reset()
    if method == "GET":
        cache.clear()
    body = data.draw(answers(ANSWERED_WITH.get(name, name)))
    simulator.faults.next("status", name, status=200, body=body)
    fields = {"backups_enabled": "off"} if page == "backups" else {}
    response = getattr(manager, method.lower())(address, fields, headers=headers)
    assert response.status_code in (200, 302, 502), body
    assert manager.get("/servers/").status_code in (200, 502), body
    cache.clear()
    assert manager.get("/servers/").status_code == 200


def memory(field: str) -> int:
    """Bytes of this process, by /proc: VmRSS now, VmHWM at most."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


@pytest.mark.parametrize("kind", ["big", "gzip_bomb"])
@pytest.mark.parametrize("page", ["list", "detail", "stop", "stop-part"])
def test_an_answer_of_100_mb_takes_less_than_100_mb_of_memory(
    manager: Client, simulator: Simulator, settings: Any, kind: str, page: str
) -> None:
    settings.VPS_API_DEADLINE = 120
    method, address, headers = PAGES[page]
    if method == "GET":
        cache.clear()
    Path("/proc/self/clear_refs").write_text("5")  # the most from now on
    before = memory("VmRSS")
    simulator.faults.next(kind, page.removesuffix("-part"), size_mb=100)
    assert getattr(manager, method.lower())(address, headers=headers).status_code == 502
    assert memory("VmHWM") - before < 100 * MEGABYTE
    assert memory("VmRSS") - before < 100 * MEGABYTE
