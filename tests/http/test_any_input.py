"""Whatever is typed into a form or an address: no page fails, no other request is sent than the one meant, and it holds
the documented fields and no others."""

import json
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servers.forms import CreateForm, EditForm
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.test_hostile_data import HOSTILE

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]

LOOK = {("GET", "/servers/"), ("GET", "/servers/12345/")}
ODD = ("../12346/", "12345\r\nX-Evil: 1", "\0", "9" * 25, "-1", "on")
TEXTS = st.sampled_from([*HOSTILE.values(), *ODD]) | st.text(max_size=40)
VALID = {
    "name": ("web-9", "web-server-01"),
    "hostname": ("", "web01.example.com"),
    "plan_id": ("1", "other"),
    "plan_id_other": ("2",),
    "os_id": ("5",),
    "location": ("us-west",),
    "ssh_key_id": ("", "2"),
    "backups_enabled": ("on", "off"),
    "opened_name": ("web-server-01",),
    "opened_hostname": ("web01.example.com",),
    "confirm_name": ("web-server-01",),
    "servers": ("12345", "12345,12360"),
    "server": ("12345",),
    "action": ("stop", "delete", "backups_on"),
    "role": ("Viewer",),
    "tags": ("shop",),
    "text": ("A note.",),
    "protected": ("on", "off"),
    "status": ("active",),
    "token": ("vps_0123456789",),
    "language": ("ta",),
    "time_zone": ("UTC",),
    "on": ("list", "start", "server"),
    "ids": ("12345,12360",),
}
"""What a field may hold that is accepted, so that some of what is sent arrives."""
FOREIGN = (
    "id",
    "user",
    "is_superuser",
    "status",
    "plan",
    "password",
    "__proto__",
    "csrfmiddlewaretoken",
    "x" * 200,
)
"""Fields of no form."""
PATCHED = ("PATCH", "/servers/12345/")
"""How the edit form is sent where it has no hostname, which replacing needs."""


class Input(NamedTuple):
    """Where something is typed, the fields there, and what VPS.org may see of it: the change, with these fields."""

    method: str
    address: str
    fields: tuple[str, ...]
    change: tuple[str, str] | None = None
    documented: frozenset[str] = frozenset()


CREATE = tuple(set(CreateForm.base_fields) - {"form_key"})
EDIT = tuple(EditForm.base_fields)
THREE = frozenset({"name", "hostname", "backups_enabled"})
INPUTS = {
    "create": Input(
        "POST",
        "/servers/new/",
        CREATE,
        ("POST", "/servers/"),
        THREE | {"plan_id", "os_id", "location", "ssh_key_id"},
    ),
    "edit": Input("POST", "/servers/12345/edit/", EDIT, ("PUT", "/servers/12345/"), THREE),
    "rename": Input(
        "POST",
        "/servers/12345/rename/",
        ("name", "opened_name"),
        ("PATCH", "/servers/12345/"),
        frozenset({"name"}),
    ),
    "backups": Input(
        "POST",
        "/servers/12345/backups/",
        ("backups_enabled",),
        ("PATCH", "/servers/12345/"),
        frozenset({"backups_enabled"}),
    ),
    "delete": Input("POST", "/servers/12345/delete/", ("confirm_name",), ("DELETE", "/servers/12345/")),
    "stop": Input("POST", "/servers/12345/stop/", ("name",), ("POST", "/servers/12345/stop/")),
    "note": Input("POST", "/servers/12345/notes/", ("text",)),
    "tags": Input("POST", "/servers/12345/tags/", ("tags", "opened_tags")),
    "protection": Input("POST", "/servers/12345/protection/", ("protected",)),
    "bulk": Input("POST", "/bulk/new/", ("action", "servers", "key", "confirm_count", "one_by_one")),
    "bulk, looked at": Input(
        "GET", "/bulk/new/", ("action", "server", "all", "again", "which", "q", "status")
    ),
    "draft": Input("POST", "/drafts/", ("draft", "start_over", "text", "name")),
    "search": Input("GET", "/servers/", ("q", "sort", "page", "now")),
    "file": Input("GET", "/servers.csv", ("q", "sort", "page")),
    "poll": Input(
        "GET", "/servers/poll/", ("on", "ids", "drawn", "seen", "trouble", "new", "gone", "q", "shown")
    ),
    "server": Input("GET", "/servers/12345/", ("usage",)),
    "activity": Input("GET", "/activity/", ("server", "person", "outcome", "before")),
    "code": Input("POST", "/servers/12345/code/", (*EDIT, "language", "action")),
    "code of a new one": Input("POST", "/servers/new/code/", CREATE),
    "summary": Input("POST", "/servers/new/summary/", CREATE),
    "check": Input("GET", "/servers/check/", ("name", "hostname", "except")),
    "new, filled": Input("GET", "/servers/new/", ("like", "again", "backups_enabled", "name")),
    "invite": Input("POST", "/members/invite/", ("role", "meant_for")),
    "me": Input(
        "POST", "/me/", ("first_name", "last_name", "language", "time_zone", "theme", "rows", "keys")
    ),
    "key": Input("POST", "/connect/", ("token", "next")),
    "language": Input("POST", "/language/", ("language", "next")),
    "password": Input("POST", "/password/", ("oldpassword", "password1", "password2")),
}


@st.composite
def filled(draw: st.DrawFn, fields: tuple[str, ...]) -> dict[str, str]:
    """Some of the fields with what fits or with anything, and at times one that does not belong there."""
    values = {name: TEXTS | st.sampled_from(VALID.get(name, ("",))) for name in fields}
    accepted = {name: st.sampled_from(VALID.get(name, ("",))) for name in fields}
    typed = draw(st.fixed_dictionaries({}, optional=values) | st.fixed_dictionaries(accepted))
    return typed | draw(st.dictionaries(st.sampled_from(FOREIGN), TEXTS, max_size=1))


@pytest.mark.parametrize("name", INPUTS)
@given(data=st.data(), headers=st.sampled_from([{}, HTMX]))
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_it_is_taken_or_refused_and_nothing_else_is_sent(
    manager: Client, simulator: Simulator, name: str, data: st.DataObject, headers: dict[str, str]
) -> None:
    method, address, fields, change, documented = INPUTS[name]
    typed = data.draw(filled(fields))
    if name == "create":
        typed["form_key"] = str(uuid4())
    simulator.reset()
    cache.clear()
    response: Any = getattr(manager, method.lower())(address, typed, headers=headers)
    assert response.status_code < 500
    looks = LOOK | {("GET", f"/servers/{typed.get('like')}/")}
    changes = [seen for seen in simulator.seen if seen.line not in looks]
    if name == "edit" and not typed.get("hostname", "").strip():
        change = PATCHED
    assert [seen.line for seen in changes] in ([], [change])
    for seen in changes:
        sent = json.loads(seen.body or "{}")
        assert set(sent) <= documented
        assert seen.method != "PUT" or set(sent) == documented
        texts = {text.strip() for text in typed.values()} | {"web-server-01", "web01.example.com"}
        assert {value for value in sent.values() if isinstance(value, str)} <= texts
