"""Every address with every method, by everybody: what the table of test_roles.py does not name is refused, and looking
changes nothing."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.test_roles import TABLE, Row

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
SAFE = ("GET", "HEAD", "OPTIONS")
ROLES = ("Viewer", "Operator", "Manager")
OPEN_TO_ALL = {row.name for row in TABLE if row.signed_out != 302} | {"language", "account_login"}
"""The addresses that answer before sign-in."""
NOTED_BY_LOOKING = ("django_session", "servers_opensession", "sqlite_sequence")
"""The tables that a look may touch: when somebody was here."""
ADDRESS_OF_A_SERVER = b"203.0.113.10"
"""What only VPS.org can have told."""

each_address = pytest.mark.parametrize("name", sorted({row.name for row in TABLE}))
by_page_and_htmx = pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])


def rows_of(name: str) -> list[Row]:
    return [row for row in TABLE if row.name == name]


def send(client: Client, method: str, row: Row, headers: dict[str, str]) -> Any:
    """A request with the fields of the row, as a form or in the address."""
    if method in ("GET", "POST"):
        return getattr(client, method.lower())(row.address, row.body, headers=headers)
    return client.generic(method, row.address, headers=headers)


def everything_kept() -> dict[str, list[Any]]:
    """Each table of the database with its rows."""
    with connection.cursor() as cursor:
        kept = {}
        for table in set(connection.introspection.table_names(cursor)) - set(NOTED_BY_LOOKING):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - the tables' own names
            kept[table] = cursor.fetchall()
    return kept


@each_address
@by_page_and_htmx
def test_an_address_takes_the_methods_of_its_rows_and_no_other(
    manager: Client, simulator: Simulator, name: str, headers: dict[str, str]
) -> None:
    taken = {row.method for row in rows_of(name)}
    kept = everything_kept()
    for method in set(METHODS) - taken - {"HEAD"}:
        assert send(manager, method, rows_of(name)[0], headers).status_code == 405, method
    assert simulator.seen == []
    assert everything_kept() == kept
    response = send(manager, "HEAD", rows_of(name)[0], headers)
    assert response.getvalue() == b""
    if taken == {"GET"} and name != "account_provider_back":  # who comes back there signs in by it
        looked = send(manager, "GET", rows_of(name)[0], headers)
        assert response.status_code == looked.status_code
    else:
        assert response.status_code in (200, 302, 404, 405)
    for method in sorted(taken):
        assert send(manager, method, rows_of(name)[0], headers).status_code != 405, method


@by_page_and_htmx
@pytest.mark.parametrize("role", ROLES)
def test_looking_changes_nothing_here_or_at_vps_org(
    sign_in: Callable[..., Client], simulator: Simulator, role: str, headers: dict[str, str]
) -> None:
    client = sign_in("robin", role)
    client.get("/servers/12345/")
    simulator.seen.clear()
    kept = everything_kept()
    for method in SAFE:
        for row in TABLE:
            send(client, method, row, headers)
        assert everything_kept() == kept, method
    assert {method for method, _ in simulator.lines} <= {"GET"}


@by_page_and_htmx
@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_gets_nothing_by_any_method(
    sign_in: Callable[..., Client], simulator: Simulator, method: str, headers: dict[str, str]
) -> None:
    sign_in("mia-okafor", "Manager").get("/servers/")
    simulator.seen.clear()
    kept = everything_kept()
    for row in TABLE:
        response = send(Client(raise_request_exception=False), method, row, headers)
        if row.name not in OPEN_TO_ALL and response.status_code != 405:
            assert led_to(response).startswith("/login/"), row.address
        assert ADDRESS_OF_A_SERVER not in response.content
        assert b"mia-okafor" not in response.content
    assert simulator.seen == []
    assert everything_kept() == kept


@by_page_and_htmx
@pytest.mark.parametrize("method", METHODS)
def test_without_a_key_nothing_is_sent_by_any_method(
    sign_in: Callable[..., Client], simulator: Simulator, method: str, headers: dict[str, str]
) -> None:
    sign_in("mia", "Manager").get("/servers/")
    client = sign_in("nina", "Manager", connected=False)
    for row in TABLE:
        if row.name not in ("account_logout", "account_login", "me-leave"):
            response = send(client, method, row, headers)
            # At the address of the tests' provider nobody answers, which is a 502.
            assert response.status_code < 500 or row.name == "me-link", row.address
            assert ADDRESS_OF_A_SERVER not in response.getvalue(), row.address
    assert simulator.seen == []


@pytest.mark.parametrize("role", ROLES)
def test_who_may_not_open_a_page_may_not_ask_for_it_by_htmx(
    sign_in: Callable[..., Client], simulator: Simulator, role: str
) -> None:
    client = sign_in("robin", role)
    kept = everything_kept()
    for row in TABLE:
        if {"Viewer": row.viewer, "Operator": row.operator, "Manager": row.manager}[role] == 403:
            assert send(client, row.method, row, HTMX).status_code == 403, f"{row.method} {row.address}"
    assert simulator.seen == []
    assert everything_kept() == kept


def led_to(response: Any) -> str:
    """Where a page or htmx is sent to sign in."""
    if response.request["REQUEST_METHOD"] == "HEAD":
        return "/login/" if response.content == b"" else ""
    if response.status_code == 302:
        return str(response["Location"])
    if "First-Go-To" in response:
        return str(response["First-Go-To"])
    assert b'href="/login/' in response.content
    return "/login/"


def addresses_of_the_admin() -> Iterator[str]:
    """Every address of Django's admin, with something in the place of what it takes."""
    stack: list[tuple[str, URLPattern | URLResolver]] = [
        ("", found)
        for found in get_resolver().url_patterns
        if isinstance(found, URLResolver) and found.app_name == "admin"
    ]
    while stack:
        before, pattern = stack.pop()
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield "/" + route
        else:
            stack += [(route, inner) for inner in pattern.url_patterns]


def filled(route: str) -> str:
    """The route with 1 for each of its parameters; the last is a pattern that takes all the rest."""
    return re.sub(r"<[^>]+>", "1", route).replace("(?P1.*)$", "anything/")


@pytest.mark.parametrize("role", ["signed out", "", "Viewer", "Operator"])
def test_the_admin_is_for_managers_alone(
    sign_in: Callable[..., Client], simulator: Simulator, role: str
) -> None:
    signed_out = role == "signed out"
    client = Client(raise_request_exception=False) if signed_out else sign_in("robin", role, connected=False)
    kept = everything_kept()
    addresses = [filled(route) for route in addresses_of_the_admin()]
    assert len(addresses) > 10
    for method in METHODS:
        for address in addresses:
            response = client.generic(method, address)
            if signed_out and response.status_code == 302:
                assert response["Location"].startswith(("/login/", "/admin/login/")), address
            elif response.status_code != 302 or "/admin/" not in response["Location"]:
                assert response.status_code in (403, 404, 405), f"{method} {address}"
    assert simulator.seen == []
    assert everything_kept() == kept
