"""The table of what VPS.org can do wrong: faults and requests, what a person is told, and what the log says.

Nothing here is worked out by the console: the sentences are written down. `told` finds the cell of a fault and a way; a
cell that is missing is a KeyError, and so fails the test that asks for it.
"""

import html
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from servers.models import Activity
from tests.conftest import HTMX, TOKEN
from tests.unit.nine import example

SERVER = "/servers/12345/"
NAME = "web-server-01"
WAIT_20 = {"headers": {"Retry-After": "20"}}

DONE, UNKNOWN = Activity.Outcome.ACCEPTED, Activity.Outcome.UNKNOWN
NOT_DONE = Activity.Outcome.REFUSED

# --- the ways of asking -----------------------------------------------------------------------------------------


class Way(NamedTuple):
    """A page or a press: the request that it makes, where it goes and with what. Presses that look before they change
    say so."""

    request: str
    address: str
    fields: Mapping[str, str] = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})
    looks_first: bool = False


LIST_PART = MappingProxyType(HTMX | {"HX-Target": "list"})
FORM_PART = MappingProxyType(HTMX | {"HX-Target": "main"})
NEW = MappingProxyType({"name": "web-9", "plan_id": "1", "os_id": "5", "location": "us-west"})
EDITED = MappingProxyType(
    {
        "name": "web-9",
        "hostname": "web01.example.com",
        "backups_enabled": "on",
        "opened_name": NAME,
        "opened_hostname": "web01.example.com",
        "opened_backups_enabled": "on",
    }
)
OFF = MappingProxyType({"backups_enabled": "off"})
CONFIRMED = MappingProxyType({"confirm_name": NAME})

QUESTIONS: Final = {
    "list": Way("list", "/servers/"),
    "list-part": Way("list", "/servers/?q=web", headers=LIST_PART),
    "filtered": Way("list", "/servers/?status=active&location=us-west"),
    "detail": Way("detail", SERVER),
    "usage-part": Way("detail", SERVER + "usage/", headers=HTMX),
    "edit-form": Way("detail", SERVER + "edit/"),
    "rename-part": Way("detail", SERVER + "rename/", headers=HTMX),
    "stop-page": Way("detail", SERVER + "stop/"),
    "stop-dialog": Way("detail", SERVER + "stop/", headers=HTMX),
    "delete-page": Way("detail", SERVER + "delete/"),
}
CHANGES: Final = {
    "create": Way("create", "/servers/new/", NEW),
    "create-part": Way("create", "/servers/new/", NEW, FORM_PART),
    "edit": Way("replace", SERVER + "edit/", EDITED, looks_first=True),
    "edit-part": Way("replace", SERVER + "edit/", EDITED, FORM_PART, looks_first=True),
    "rename-part-sent": Way(
        "change", SERVER + "rename/", {"name": "web-9", "opened_name": NAME}, HTMX, looks_first=True
    ),
    "backups": Way("change", SERVER + "backups/", OFF),
    "backups-part": Way("change", SERVER + "backups/", OFF, HTMX),
    "delete": Way("delete", SERVER + "delete/", CONFIRMED),
    "delete-part": Way("delete", SERVER + "delete/", CONFIRMED, HTMX),
} | {
    f"{action}{part}": Way(action, f"{SERVER}{action}/", headers=headers)
    for action in ("start", "stop", "reboot")
    for part, headers in (("", {}), ("-part", HTMX))
}
WAYS: Final = QUESTIONS | CHANGES

METHODS: Final = {
    "list": "GET",
    "detail": "GET",
    "create": "POST",
    "replace": "PUT",
    "change": "PATCH",
    "delete": "DELETE",
    "start": "POST",
    "stop": "POST",
    "reboot": "POST",
}

# --- what is told -----------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """What comes of a fault: our status, the sentence, how often VPS.org is asked, the outcome in the activity log
    (None: no row), and how many lines from WARNING on."""

    status: int
    sentence: str
    calls: int = 1
    outcome: Activity.Outcome | None = None
    lines: int = 1


class Never(str):
    """Why a fault cannot happen to a request."""


REFUSED = "VPS.org refused your key. Nothing was changed."
NOT_ALLOWED = "Your key is not allowed to do this. Nothing was changed."
NO_CREDIT = "Not enough credit at VPS.org. Nothing was changed."
NOT_REACHABLE = "VPS.org cannot be reached. Nothing was sent, so nothing was changed."
NOT_UNDERSTOOD = "VPS.org answered something this console does not understand."
SILENT = "VPS.org did not answer."
FAILED = "VPS.org reported a fault of its own. Try again in a minute."
GONE = "{name} no longer exists at VPS.org. It may have been deleted elsewhere."
NOW_NOT = "VPS.org cannot do this with {name} just now. Nothing was changed."
WRONG_FIELDS = "VPS.org did not accept what was entered. Nothing was changed."
MAY_HAVE_FAILED = (
    "VPS.org reported a fault of its own. We do not know yet whether it did this."
    " Do not press again: we are checking."
)
MAY_HAVE_HAPPENED = NOT_UNDERSTOOD + " The change may have happened. Do not press again: we are checking."
LOST = "We do not know yet whether VPS.org got this. Do not press again: we are checking."
LOOKED_FOR = "and got no answer, so we look for the server before anything is sent again."

HIDDEN = Told(200, "1 server is not shown")
CREATE_LOST = Told(200, LOOKED_FOR, outcome=UNKNOWN)
CREATE_FOUND = Told(200, "Asked VPS.org to create web-9.", outcome=UNKNOWN)
NO_BODY = Never("the answer to a deletion has no body")
ONE = Never("the answer is about one server")
ACCEPTED = {
    "start": Told(200, "Asked VPS.org to start web-server-01.", outcome=DONE, lines=0),
    "stop": Told(200, "Asked VPS.org to stop web-server-01.", outcome=DONE, lines=0),
    "reboot": Told(200, "Asked VPS.org to restart web-server-01.", outcome=DONE, lines=0),
    "replace": Told(200, "Saved the changes to web-9 at VPS.org.", outcome=DONE, lines=0),
    "change": Told(200, "Automatic backups are off.", outcome=DONE, lines=0),
    "rename-part-sent": Told(200, "Saved the changes to web-9 at VPS.org.", outcome=DONE, lines=0),
    "delete": Told(200, "web-server-01 was deleted for ever.", outcome=DONE, lines=0),
}
SAVED = {name: ACCEPTED[name] for name in ("replace", "change", "rename-part-sent")}
POWERED = {name: ACCEPTED[name] for name in ("start", "stop", "reboot")}
NOT_POSSIBLE = {
    "start": Told(409, "web-server-01 is already running. Nothing was changed.", outcome=NOT_DONE),
    "stop": Told(409, "web-server-01 is not running. Nothing was changed.", outcome=NOT_DONE),
    "reboot": Told(409, "web-server-01 is not running, so it cannot restart.", outcome=NOT_DONE),
    "delete": Told(409, NOW_NOT, outcome=NOT_DONE),
}


class Fault(NamedTuple):
    """What goes wrong (a kind of the simulator's, or "" for no connection), and what has to come of it: for a question,
    for a change, and where it is different for a request or a way."""

    kind: str
    details: dict[str, Any]
    question: Told | Never
    change: Told | Never
    but: Mapping[str, Told | Never] = MappingProxyType({})
    deadline: float = 20


def status(number: int, body: Any = b"", **headers: str) -> dict[str, Any]:
    """The details of an answer of this kind."""
    return {"status": number, "body": body, "headers": {k.replace("_", "-"): v for k, v in headers.items()}}


def wait(header: str, seconds: str, calls: int = 1) -> Fault:
    """429 with this Retry-After."""
    sentence = f"VPS.org asks us to wait {seconds}. Nothing was changed."
    return Fault(
        "status",
        status(429, retry_after=header),
        Told(409, sentence, calls),
        Told(409, sentence, outcome=NOT_DONE),
    )


def silence(kind: str, *, calls: int = 1, found: bool, body: bool = False, **details: Any) -> Fault:
    """No whole answer. `found`: it took effect, so that a new server is found; `body`: only a body can be so."""
    return Fault(
        kind,
        details,
        Told(504, SILENT, calls),
        Told(504, LOST, outcome=UNKNOWN),
        {"create": CREATE_FOUND if found else CREATE_LOST} | ({"delete": NO_BODY} if body else {}),
        deadline=20 if calls > 1 else 0.4,
    )


def wrong_400(body: Any, at_field: str, above: str, content_type: str = "application/json") -> Fault:
    """400 in one shape: what the forms then say at a field, or above all fields."""
    said = Told(422, at_field or above, outcome=NOT_DONE)
    return Fault(
        "status",
        status(400, body, content_type=content_type),
        Told(502, NOT_UNDERSTOOD),
        Told(422, WRONG_FIELDS, outcome=NOT_DONE),
        NOT_POSSIBLE | {"create": said, "replace": said, "rename-part-sent": said},
    )


def not_understood(kind: str, details: dict[str, Any], **but: Told | Never) -> Fault:
    """An answer that nobody can read."""
    return Fault(
        kind,
        details,
        Told(502, NOT_UNDERSTOOD),
        Told(502, MAY_HAVE_HAPPENED, outcome=UNKNOWN),
        {"create": CREATE_LOST} | but,
    )


def no_answer_at_all(body: bytes) -> Fault:
    """200 with a body that is none of the documented ones; edits and deletions need no body."""
    return not_understood("status", status(200, body), **SAVED, delete=ACCEPTED["delete"])


def wrong_fields(fields: dict[str, Any], **but: Told | Never) -> Fault:
    """The usual answer with some fields that are wrong; the change took effect."""
    return not_understood(
        "wrong_types", {"fields": fields}, **SAVED, **{"create": CREATE_FOUND, "delete": NO_BODY, **but}
    )


TWICE = example("list")
TWICE["results"][1] = TWICE["results"][0]
NO_CONNECTION = Told(502, NOT_REACHABLE, calls=0, outcome=NOT_DONE)
SAYS_NO = "VPS.org did not accept this: Not so."

FAULTS: Final = {
    "refused": Fault(
        "",
        {},
        Told(502, NOT_REACHABLE, calls=0),
        NO_CONNECTION,
        {way: NO_CONNECTION._replace(outcome=None) for way in CHANGES if CHANGES[way].looks_first},
    ),
    "hang": silence("hang", found=False),
    "hang-done": silence("hang_after_effect", found=True),
    "cut": silence("cut", calls=2, found=False),
    "cut-done": silence("cut_after_effect", calls=2, found=True),
    "cut-body": silence("cut_body", calls=2, found=True, body=True),
    "drip-head": silence("slow_head", found=True, seconds=1),
    "drip-body": silence("slow_body", found=True, body=True, seconds=1),
    "301": not_understood("redirect", {"status": 301, "location": "http://127.0.0.1:9/"}),
    "400-detail": wrong_400({"detail": "Not so."}, "", SAYS_NO),
    "400-message": wrong_400({"status": "error", "message": "Not so."}, "", SAYS_NO),
    "400-fields": wrong_400({"name": ["Not so."]}, "VPS.org says: Not so.", ""),
    "400-errors": wrong_400({"errors": {"name": "Not so."}}, "VPS.org says: Not so.", ""),
    "400-list": wrong_400(["Not so."], "", SAYS_NO),
    "400-html": wrong_400(
        "<html><head><title>Not so.</title></head><body><hr>nginx</body></html>", "", SAYS_NO, "text/html"
    ),
    "401": Fault("status", status(401), Told(409, REFUSED), Told(409, REFUSED, outcome=NOT_DONE)),
    "402": Fault(
        "status",
        status(402),
        Told(422, NO_CREDIT),
        Told(422, NO_CREDIT, outcome=NOT_DONE),
        {
            "create": Told(
                422,
                "Not enough credit at VPS.org, so the server was not created. Your choices are kept.",
                outcome=NOT_DONE,
            )
        },
    ),
    "403": Fault("status", status(403), Told(403, NOT_ALLOWED), Told(403, NOT_ALLOWED, outcome=NOT_DONE)),
    "404": Fault(
        "status",
        status(404),
        Told(404, "The server no longer exists at VPS.org. It may have been deleted elsewhere."),
        Told(404, GONE, outcome=NOT_DONE),
        {
            "list": Told(502, NOT_UNDERSTOOD),
            "create": CREATE_LOST,
            # It is gone, as was asked; the line of the log says why.
            "delete": ACCEPTED["delete"]._replace(lines=1),
        },
    ),
    "405": not_understood("status", status(405)),
    "409": Fault("status", status(409), Told(502, NOT_UNDERSTOOD), Told(409, NOW_NOT, outcome=NOT_DONE)),
    "422": Fault(
        "status",
        status(422, {"name": ["Not so."]}),
        Told(502, NOT_UNDERSTOOD),
        Told(409, NOW_NOT, outcome=NOT_DONE),
        {
            name: Told(422, "VPS.org says: Not so.", outcome=NOT_DONE)
            for name in ("create", "replace", "rename-part-sent")
        }
        | {"change": Told(422, WRONG_FIELDS, outcome=NOT_DONE)},
    ),
    "429-1": wait("1", "1 second", calls=2),
    "429-86400": wait("86400", "60 seconds"),
    "429-date-to-come": wait("Fri, 31 Dec 2100 23:59:59 GMT", "60 seconds"),
    "429-date-gone": wait("Wed, 21 Oct 2015 07:28:00 GMT", "1 second", calls=2),
    "429-nonsense": wait("soon", "60 seconds"),
    "429-negative": wait("-5", "60 seconds"),
    "429-huge": wait("1000000000", "60 seconds"),
    "500": Fault(
        "status",
        status(500),
        Told(502, FAILED),
        Told(502, MAY_HAVE_FAILED, outcome=UNKNOWN),
        {"create": CREATE_LOST},
    ),
    "500-done": Fault(
        "status",
        status(500) | {"effect": True},
        Told(502, FAILED),
        Told(502, MAY_HAVE_FAILED, outcome=UNKNOWN),
        {"create": CREATE_FOUND},
    ),
    "502-html": Fault(
        "html",
        {},
        Told(502, FAILED, calls=2),
        Told(502, MAY_HAVE_FAILED, outcome=UNKNOWN),
        {"create": CREATE_LOST},
    ),
    "503": Fault(
        "status",
        status(503),
        Told(502, FAILED, calls=2),
        Told(502, MAY_HAVE_FAILED, outcome=UNKNOWN),
        {"create": CREATE_LOST},
    ),
    "204-body": not_understood("body_204", {}, **SAVED, delete=ACCEPTED["delete"]),
    "200-empty": no_answer_at_all(b""),
    "200-truncated": no_answer_at_all(b'{"count": 1, "results": [{"id": 12345, "na'),
    "200-null": no_answer_at_all(b"null"),
    "200-list": no_answer_at_all(json.dumps([example("detail")]).encode()),
    "numbers-as-strings": wrong_fields(
        {"plan": {"id": "1", "vcpus": "2", "memory": "4096"}}, list=HIDDEN, **POWERED
    ),
    "nan": wrong_fields({"resource_usage": {"cpu_percent": float("nan")}}),
    "duplicate-ids": Fault("status", status(200, TWICE), ONE, ONE, {"list": HIDDEN}),
    "another-server": wrong_fields(
        {"id": 999},
        list=Never("a list is about every server"),
        create=Never("nobody knows the number of a new server before"),
    ),
    "100-mb": not_understood("big", {"size_mb": 100}, create=CREATE_FOUND),
    "gzip-bomb": not_understood("gzip_bomb", {"size_mb": 100}, create=CREATE_FOUND),
    "dates-that-are-none": wrong_fields({"created_at": "2025-02-30T25:61:00Z"}, list=HIDDEN, **POWERED),
}


def told(fault: str, way: str) -> Told | Never:
    """What has to come of a fault that meets a way, its sentence with the server's name."""
    row, request = FAULTS[fault], WAYS[way].request
    group = row.question if way in QUESTIONS else row.change
    cell = row.but.get(way, row.but.get(request, group))
    if isinstance(cell, Never):
        return cell
    return cell._replace(sentence=cell.sentence.format(name="web-9" if request == "create" else NAME))


def cells() -> list[tuple[str, str]]:
    """Every fault with every way that it can meet."""
    return [(fault, way) for fault in FAULTS for way in WAYS if isinstance(told(fault, way), Told)]


def text_of(response: Any) -> str:
    """What the person reads, after a look for the key in all of the answer."""
    assert TOKEN not in f"{response.content.decode()} {response.headers} {response.cookies}"
    return " ".join(html.unescape(response.content.decode()).split())
