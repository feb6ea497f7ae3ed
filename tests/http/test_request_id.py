"""Each request has a number: on the page of an error, in the header, and in every line of the log about it."""

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import include, path

from servers.simulator import Simulator
from servers.views import problems
from tests.conftest import HTMX
from tests.http.pages import read
from tests.http.test_frame import broken
from vpspanel.logs import NotToldYet, OneLine

urlpatterns = [path("broken/", broken), path("", include("vpspanel.urls"))]
handler400, handler403 = problems.bad_request, problems.not_allowed
handler404, handler500 = problems.not_found, problems.our_fault

NEW = {"name": "web-9", "plan_id": "1", "os_id": "5", "location": "us-west"}
NUMBER = re.compile(r"If you ask for help, give this number: (\d{5}-\d{5})")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """The lines of the log from WARNING on, as the console writes them."""
    written: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Handler(logging.WARNING)
    handler.setFormatter(OneLine("%(levelname)s %(request_id)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
@pytest.mark.parametrize("address", ["stop/", "edit/"])
def test_an_error_tells_the_number_of_its_one_line_in_the_log(
    manager: Client, simulator: Simulator, lines: list[str], address: str, headers: dict[str, str]
) -> None:
    simulator.faults.next("status", status=500)
    if address == "stop/":
        response = manager.post("/servers/12345/stop/", headers=headers)
    else:
        response = manager.post("/servers/12345/edit/", EDITED, headers=headers)
    [number] = NUMBER.findall(read(response).text)
    assert response["X-Request-ID"] == number
    assert len(lines) == 1
    assert lines[0].startswith(f"WARNING {number} servers.remote.transport ")


EDITED = {
    "name": "web-9",
    "hostname": "",
    "opened_name": "web-server-01",
    "opened_hostname": "",
}


def test_the_form_of_a_new_server_tells_it_too(
    manager: Client, simulator: Simulator, lines: list[str]
) -> None:
    simulator.account().credit = 0
    response = manager.post("/servers/new/", NEW | {"form_key": "6f2c1d5e-8d59-4c39-9b5e-0d2f3a7c1b11"})
    [number] = NUMBER.findall(read(response).text)
    assert [line.split()[1] for line in lines] == [number]


@pytest.mark.urls("tests.http.test_request_id")
def test_a_fault_of_our_own_tells_it_too(operator: Client, lines: list[str]) -> None:
    [number] = NUMBER.findall(operator.get("/broken/").content.decode())
    assert [line.split()[:3] for line in lines] == [["ERROR", number, "django.request"]]


def test_a_line_that_django_writes_afterwards_has_the_number_as_well(
    operator: Client, lines: list[str]
) -> None:
    response = operator.get("/nothing/like/this/")
    assert lines == [f"WARNING {response['X-Request-ID']} django.request Not Found: /nothing/like/this/"]


def test_no_two_requests_have_the_same_number(viewer: Client) -> None:
    assert len({viewer.get("/healthz")["X-Request-ID"] for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("trusted", "brought", "taken"),
    [
        (True, "7f3a1c-from-the-proxy", True),
        (False, "7f3a1c-from-a-stranger", False),
        (True, "short", False),
        (True, "forged\\nERROR 1 x y", False),
        (True, "forged ERROR line", False),
        (True, "<b>number</b>", False),
        (True, "9" * 65, False),
    ],
)
def test_only_a_trusted_proxy_brings_a_number(
    viewer: Client, settings: Any, trusted: bool, brought: str, taken: bool
) -> None:
    settings.TRUST_PROXY = trusted
    number = viewer.get("/healthz", headers={"X-Request-ID": brought})["X-Request-ID"]
    assert (number == brought) is taken
    assert re.fullmatch(r"[A-Za-z0-9-]{8,64}", number)


def test_what_vps_org_says_forges_no_line(viewer: Client, simulator: Simulator, lines: list[str]) -> None:
    cache.clear()
    forged = "no\r\n2026-11-25 WARNING 00000-00000 forged\u2028line\x1b[31m"
    simulator.faults.next("status", status=403, body={"detail": forged}, headers={"X-Evil": "a b"})
    simulator.faults.next("wrong_types", "list", fields={"name": [forged], "id": forged})
    viewer.get("/servers/")
    viewer.get("/servers/?q=" + "%0d%0aforged")
    assert len(lines) == 2
    assert all(line.isprintable() and "forged" not in line for line in lines)


def test_the_number_travels_to_vps_org_with_every_request(manager: Client, simulator: Simulator) -> None:
    number = manager.get("/servers/12345/")["X-Request-ID"]
    assert simulator.seen[-1].headers["x-request-id"] == number
    number = manager.post("/servers/12345/stop/")["X-Request-ID"]
    assert simulator.seen[-1].headers["x-request-id"] == number
    simulator.faults.next("status", status=503)
    number = manager.get("/servers/12345/")["X-Request-ID"]
    assert [seen.headers["x-request-id"] for seen in simulator.seen[-2:]] == [number, number]


FORGED = "x\r\n2026-11-25 ERROR 00000-00000 forged\u2028line\x1b[31m\x85\0"


def test_nothing_that_is_sent_to_the_console_forges_a_line(
    manager: Client, simulator: Simulator, lines: list[str]
) -> None:
    quoted = quote(FORGED)
    simulator.faults.next("status", "stop", status=500)
    requests: list[Callable[[], Any]] = [
        lambda: manager.get(f"/nothing/{quoted}/"),
        lambda: manager.get(f"/servers/{quoted}/"),
        lambda: manager.post(f"/members/{quoted}/role/"),
        lambda: manager.post("/servers/12345/stop/", {"name": FORGED}, headers={"Referer": quoted}),
        lambda: manager.post("/servers/12345/notes/", {"text": FORGED}),
        lambda: manager.post("/servers/12345/backups/", {"backups_enabled": FORGED}),
        lambda: manager.get("/login/", headers={"Host": "evil.example\tforged", "User-Agent": FORGED}),
        lambda: Client().post("/login/", {"login": FORGED, "password": FORGED}),
        lambda: manager.generic("GET", "/invited/" + quoted + "/"),
    ]
    for number, send in enumerate(requests):
        lines.clear()
        send()
        assert len(lines) <= 1, number
        assert all(line.isprintable() and re.match(r"\w+ [\d-]+ [\w.]+ ", line) for line in lines), number


def test_a_line_between_requests_has_no_number() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "idle", None, None)
    assert OneLine("%(request_id)s %(message)s").format(record) == "- idle"
    assert NotToldYet().filter(record)
