"""Who may do what: every address of the console with what each role gets there."""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from servers.models import Activity, SecondStepRule
from servers.simulator import Simulator
from tests.conftest import HTMX, PASSWORD
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

NOBODY = 10**9
ABOUT_THE_CONSOLE = ("keys", "words", "accessibility", "manifest", "language")
FORM_KEY = UUID("00000000-0000-4000-8000-000000000001")
OF_ONESELF = ("account", "me-", "invited", "mfa_", "totp-", "again")
CREATE = {"name": "new-1", "plan_id": "1", "os_id": "5", "location": "us-west", "form_key": str(FORM_KEY)}
BULK = {"servers": "12345", "key": str(FORM_KEY)}
EDIT = {
    "name": "web-2",
    "hostname": "w.example.com",
    "opened_name": "web-server-01",
    "opened_hostname": "web01.example.com",
}


class Row(NamedTuple):
    """An address: with whose help it is reached, what is posted there, and the answer for each role.

    `without_step` is the answer to a Manager who must have a second step and has none; None: led to where it is set up.
    """

    name: str
    method: str
    viewer: int
    operator: int
    manager: int
    signed_out: int = 302
    body: dict[str, str] | None = None
    arguments: tuple[object, ...] = ("12345",)
    without_step: int | None = None

    @property
    def address(self) -> str:
        return reverse(self.name, args=self.arguments)


TABLE = [
    Row("home", "GET", 200, 200, 200, arguments=()),
    Row("server-list", "GET", 200, 200, 200, arguments=()),
    Row("poll", "GET", 204, 204, 204, arguments=()),
    Row("draft", "POST", 400, 400, 400, arguments=(), signed_out=400, without_step=400),
    Row("activity", "GET", 200, 200, 200, arguments=()),
    Row("activity-csv", "GET", 200, 200, 200, arguments=()),
    Row("connect", "GET", 200, 200, 200, arguments=()),
    Row("connect", "POST", 422, 422, 422, arguments=(), body={"token": "too short"}),
    Row("signed-in", "GET", 204, 204, 204, arguments=()),
    Row("disconnect", "POST", 302, 302, 302, arguments=()),
    Row("readyz", "GET", 200, 200, 200, arguments=(), signed_out=200, without_step=200),
    Row("metrics", "GET", 401, 401, 401, arguments=(), signed_out=401, without_step=401),
    Row("healthz", "GET", 200, 200, 200, arguments=(), signed_out=200, without_step=200),
    Row("server-detail", "GET", 200, 200, 200),
    Row("server-start", "GET", 403, 200, 200),
    Row("server-start", "POST", 403, 302, 302, arguments=("12360",)),
    Row("server-stop", "GET", 403, 200, 200),
    Row("server-stop", "POST", 403, 302, 302),
    Row("server-reboot", "GET", 403, 200, 200),
    Row("server-reboot", "POST", 403, 302, 302),
    Row("server-usage", "GET", 302, 302, 302),
    Row("server-recent", "GET", 302, 302, 302),
    Row("server-edit", "GET", 403, 200, 200),
    Row("server-edit", "POST", 403, 302, 302, body=EDIT),
    Row("server-rename", "GET", 403, 302, 302),
    Row("server-rename", "POST", 403, 302, 302, body={"name": "web-2", "opened_name": "web-server-01"}),
    Row("server-backups", "POST", 403, 302, 302, body={"backups_enabled": "off"}),
    Row("code", "GET", 200, 200, 200, arguments=()),
    Row("server-code", "GET", 200, 200, 200),
    Row("server-code", "POST", 200, 200, 200, body=EDIT),
    Row("server-new-code", "POST", 403, 403, 200, arguments=(), body=CREATE),
    Row("server-notes", "GET", 200, 200, 200),
    Row("server-notes", "POST", 403, 302, 302, body={"text": "A note."}),
    Row("note-delete", "POST", 403, 302, 302, arguments=("12345", 1)),
    Row("server-tags", "GET", 403, 200, 200),
    Row("server-tags", "POST", 403, 302, 302, body={"tags": "shop"}),
    Row("server-protection", "POST", 403, 302, 302, body={"protected": "on"}),
    Row("server-protection", "POST", 403, 403, 302, body={"protected": "off"}),
    Row("server-csv", "GET", 200, 200, 200, arguments=()),
    Row("server-new", "GET", 403, 403, 200, arguments=()),
    Row("server-new", "POST", 403, 403, 302, arguments=(), body=CREATE),
    Row("server-new-summary", "POST", 403, 403, 200, arguments=(), body=CREATE),
    Row("server-check", "GET", 403, 200, 200, arguments=(), body={"name": "web-2"}),
    Row("server-new-outcome", "GET", 403, 403, 404, arguments=(FORM_KEY,)),
    Row("server-delete", "GET", 403, 403, 200),
    Row("server-delete", "POST", 403, 403, 302, body={"confirm_name": "web-server-01"}),
    Row("bulk-new", "GET", 403, 200, 200, arguments=(), body={"action": "stop", "server": "12345"}),
    Row("bulk-new", "POST", 403, 302, 302, arguments=(), body=BULK | {"action": "stop"}),
    Row("bulk-new", "POST", 403, 302, 302, arguments=(), body=BULK | {"action": "backups_off"}),
    Row("bulk-new", "POST", 403, 403, 302, arguments=(), body=BULK | {"action": "delete"}),
    Row("bulk", "GET", 404, 404, 404, arguments=(FORM_KEY,)),
    Row("bulk-drive", "POST", 404, 404, 404, arguments=(FORM_KEY,)),
    Row("bulk-command", "POST", 403, 404, 404, arguments=(FORM_KEY, "stop")),
    Row("members", "GET", 403, 403, 200, arguments=()),
    Row("members-invite", "GET", 403, 403, 200, arguments=()),
    Row("members-invite", "POST", 403, 403, 200, arguments=(), body={"role": "Viewer"}),
    Row("members-withdraw", "POST", 403, 403, 404, arguments=(NOBODY,)),
    Row("member", "GET", 403, 403, 404, arguments=(NOBODY,)),
    Row("member-role", "POST", 403, 403, 404, arguments=(NOBODY,), body={"role": "Viewer"}),
    Row("member-switch-off", "POST", 403, 403, 404, arguments=(NOBODY,)),
    Row("member-switch-on", "POST", 403, 403, 404, arguments=(NOBODY,)),
    Row("member-end-sessions", "POST", 403, 403, 404, arguments=(NOBODY,)),
    Row("member-new-password", "POST", 403, 403, 404, arguments=(NOBODY,)),
    Row("members-second-step", "GET", 403, 403, 200, arguments=()),
    Row("members-second-step", "POST", 403, 403, 302, arguments=(), body={"who": "nobody"}),
    Row("member-no-second-step", "POST", 403, 403, 404, arguments=(NOBODY,)),
    Row("again", "GET", 302, 302, 302, arguments=(), without_step=302),
    Row("again", "POST", 302, 302, 302, arguments=(), without_step=302),
    Row("mfa_login_webauthn", "GET", 302, 302, 302, arguments=()),
    Row("mfa_login_webauthn", "POST", 302, 302, 302, arguments=(), signed_out=422),
    Row("mfa_authenticate", "GET", 302, 302, 302, arguments=()),
    Row("mfa_authenticate", "POST", 302, 302, 302, arguments=()),
    Row("mfa_index", "GET", 200, 200, 200, arguments=(), without_step=200),
    Row("mfa_activate_totp", "GET", 200, 200, 200, arguments=(), without_step=200),
    Row("mfa_activate_totp", "POST", 200, 200, 200, arguments=(), without_step=200),
    Row("totp-picture", "GET", 404, 404, 404, arguments=(), without_step=404),
    Row("mfa_deactivate_totp", "GET", 404, 404, 404, arguments=()),
    Row("mfa_deactivate_totp", "POST", 404, 404, 404, arguments=()),
    Row("mfa_add_webauthn", "GET", 200, 200, 200, arguments=(), without_step=200),
    Row("mfa_add_webauthn", "POST", 200, 200, 200, arguments=(), without_step=200),
    Row("mfa_remove_webauthn", "GET", 404, 404, 404, arguments=(NOBODY,)),
    Row("mfa_remove_webauthn", "POST", 404, 404, 404, arguments=(NOBODY,)),
    Row("mfa_view_recovery_codes", "GET", 404, 404, 404, arguments=(), without_step=404),
    Row("mfa_generate_recovery_codes", "GET", 200, 200, 200, arguments=()),
    Row("mfa_generate_recovery_codes", "POST", 200, 200, 200, arguments=()),
    Row("me", "GET", 200, 200, 200, arguments=()),
    Row("me", "POST", 302, 302, 302, arguments=(), body={"first_name": "Robin"}),
    Row("me-end-others", "POST", 302, 302, 302, arguments=()),
    Row("me-leave", "GET", 200, 200, 200, arguments=()),
    Row("me-leave", "POST", 302, 302, 409, arguments=()),
    Row("me-link", "POST", 502, 502, 502, arguments=()),
    Row("me-unlink", "POST", 302, 302, 302, arguments=()),
    Row("invited", "GET", 409, 409, 409, arguments=(), signed_out=404),
    Row("invited", "POST", 409, 409, 409, arguments=(), signed_out=404),
    Row("invited-link", "GET", 404, 404, 404, arguments=("no-secret",), signed_out=404),
    Row("keys", "GET", 200, 200, 200, arguments=()),
    Row("words", "GET", 200, 200, 200, arguments=()),
    Row("accessibility", "GET", 200, 200, 200, arguments=(), signed_out=200, without_step=200),
    Row(
        "language",
        "POST",
        302,
        302,
        302,
        arguments=(),
        signed_out=302,
        body={"language": "en", "next": "/login/"},
        without_step=302,
    ),
    Row("manifest", "GET", 200, 200, 200, arguments=(), signed_out=200, without_step=200),
    Row("account_login", "GET", 302, 302, 302, arguments=(), signed_out=200),
    Row("account_login", "POST", 302, 302, 302, arguments=(), signed_out=200),
    Row("account_logout", "GET", 200, 200, 200, arguments=(), without_step=200),
    Row("account_logout", "POST", 302, 302, 302, arguments=(), without_step=302),
    Row("account_change_password", "GET", 200, 200, 200, arguments=()),
    Row("account_change_password", "POST", 200, 200, 200, arguments=()),
    Row("account_provider", "POST", 302, 302, 302, arguments=(), signed_out=502),
    Row("account_provider_back", "GET", 400, 400, 400, arguments=(), signed_out=400),
    Row("account_inactive", "GET", 200, 200, 200, arguments=(), signed_out=200, without_step=200),
]
each_row = pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.method}-{row.name}") for row in TABLE])


def ask(client: Client, row: Row) -> int:
    send = client.post if row.method == "POST" else client.get
    return send(row.address, row.body).status_code


@each_row
@pytest.mark.parametrize("role", ["Viewer", "Operator", "Manager"])
def test_each_role_gets_what_the_table_says(
    sign_in: Callable[..., Client], simulator: Simulator, row: Row, role: str
) -> None:
    expected = {"Viewer": row.viewer, "Operator": row.operator, "Manager": row.manager}[role]
    assert ask(sign_in("robin", role), row) == expected
    if expected == 403:
        assert simulator.seen == []
        assert not Activity.objects.exists()


@each_row
@pytest.mark.django_db
def test_a_stranger_is_led_to_sign_in_and_nothing_is_sent(simulator: Simulator, row: Row) -> None:
    client = Client(raise_request_exception=False)
    send = client.post if row.method == "POST" else client.get
    response = send(row.address, row.body)
    assert response.status_code == row.signed_out
    if row.signed_out == 302:
        assert response["Location"].startswith("/login/")
    assert simulator.seen == []


@each_row
def test_somebody_without_a_role_reaches_no_server(
    sign_in: Callable[..., Client], simulator: Simulator, row: Row
) -> None:
    sign_in("mia", "Manager", connected=False)
    client = sign_in("nora", "", connected=False)
    about_themselves = row.name.startswith(OF_ONESELF) or row.name == "me"
    about_servers = (
        row.name
        not in ("healthz", "readyz", "metrics", "disconnect", "draft", "signed-in", *ABOUT_THE_CONSOLE)
        and not about_themselves
    )
    assert (ask(client, row) == 403) is about_servers
    if about_servers:
        response = client.post(row.address) if row.method == "POST" else client.get(row.address)
        assert "You have no role yet" in read(response).text
        assert "mia" in read(response).text
    assert simulator.seen == []


@each_row
def test_who_must_set_up_a_second_step_first_reaches_nothing_else(
    sign_in: Callable[..., Client], simulator: Simulator, row: Row
) -> None:
    client = sign_in("robin", "Manager")
    SecondStepRule.objects.create(who=SecondStepRule.Who.EVERYBODY)
    send = client.post if row.method == "POST" else client.get
    response = send(row.address, row.body)
    led = response.get("Location") == reverse("mfa_index")
    assert response.status_code == (302 if led else row.without_step)
    assert led is (row.without_step is None)
    assert simulator.seen == []
    assert not Activity.objects.exists()


def names_of(resolver: URLResolver) -> Iterator[str]:
    """The names of all addresses of the console; those of Django's admin are looked at in test_admin.py."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name or str(pattern.pattern)
        elif pattern.app_name != "admin":
            yield from names_of(pattern)


def test_every_address_has_its_row_in_the_table() -> None:
    assert set(names_of(get_resolver())) == {row.name for row in TABLE}


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/servers/12345/stop/", "You can look at servers, but not change them. Operators can: otto or mia."),
        (
            "/servers/12345/backups/",
            "You can look at servers, but not change them. Operators can: otto or mia.",
        ),
        (
            "/bulk/new/?action=backups_on&server=12345",
            "You can look at servers, but not change them. Operators can: otto or mia.",
        ),
        ("/servers/new/", "Your role does not allow this. Managers can: mia."),
        ("/servers/12345/delete/", "Your role does not allow this. Managers can: mia."),
        (f"/servers/new/{FORM_KEY}/", "Your role does not allow this. Managers can: mia."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_who_may_not_is_told_who_can(
    sign_in: Callable[..., Client], address: str, sentence: str, headers: dict[str, str]
) -> None:
    sign_in("otto", "Operator", connected=False)
    sign_in("mia", "Manager", connected=False)
    response = sign_in("vera", "Viewer").generic(
        "GET" if "/new/" in address and address != "/servers/new/" else "POST", address, headers=headers
    )
    assert response.status_code == 403
    assert sentence in read(response).text


def who_can_help(viewer: Client) -> str:
    return read(viewer.post("/servers/12345/stop/")).one("main").text


def test_who_can_help_is_named_once_by_the_name_that_is_known_and_only_if_still_here(
    viewer: Client, member: Callable[..., User]
) -> None:
    User.objects.filter(pk=member("zoe", "Operator").pk).update(first_name="Anna", last_name="Ode")
    member("otto", "Operator")
    member("mia", "Manager")
    User.objects.filter(pk=member("gone", "Operator").pk).update(is_active=False)
    User.objects.create_superuser("adam", password=PASSWORD)
    assert "Operators can: otto, Anna Ode, mia, or adam." in who_can_help(viewer)
    User.objects.get(username="adam").groups.set(Group.objects.exclude(name="Viewer"))
    assert "Operators can: adam, otto, Anna Ode, or mia." in who_can_help(viewer)


def test_of_many_who_can_help_five_are_named(viewer: Client, member: Callable[..., User]) -> None:
    for name in ("ann", "ben", "cleo", "dora", "emil", "fritz"):
        member(name, "Operator")
    assert "Operators can: ann, ben, cleo, dora, or emil." in who_can_help(viewer)


def test_where_nobody_can_help_nobody_is_promised(viewer: Client) -> None:
    sentence = who_can_help(viewer)
    assert "You can look at servers, but not change them." in sentence
    assert "can:" not in sentence


def test_a_role_that_was_lowered_counts_from_the_next_press(operator: Client, simulator: Simulator) -> None:
    assert operator.get("/servers/12345/stop/").status_code == 200
    User.objects.get(username="otto").groups.set([Group.objects.get(name="Viewer")])
    assert operator.post("/servers/12345/stop/").status_code == 403
    assert simulator.seen == []
