"""A server as a page shows it: its state in words, and its buttons with the reason where one cannot be pressed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from . import knowledge
from .fleet import Fleet
from .models import Activity, Sheet
from .remote.objects import Server, ServerDetail
from .roles import May, Person, refusal
from .snapshot import Asked
from .words import Status, Words, cannot, status_words, waiting_words

Action = Activity.Action


@dataclass(frozen=True)
class Button:
    """One button; `reason` says why it cannot be pressed and is empty when it can, `why` is the id of that text."""

    action: str
    label: Words
    address: str
    reason: Words = ""
    why: str = ""
    asks_first: bool = False


@dataclass(frozen=True)
class Buttons:
    """The likely button, the other power buttons, and the pages.

    `reasons` says why some of them cannot be pressed, each reason once with its id; those of `like` and `delete` stand
    beside these.
    """

    likely: Button
    others: tuple[Button, ...]
    edit: Button
    like: Button
    delete: Button
    reasons: dict[Words, str]


@dataclass(frozen=True)
class Row:
    """What the partials `_state`, `_actions`, `_address` and `_tags` show of one server.

    `as_of` is set on old data; `sheet` holds tags and protection, if the team has ever set any; `protection_reason` is
    why this person cannot switch the protection.
    """

    server: Server
    status: Status
    buttons: Buttons
    as_of: datetime | None = None
    sheet: Sheet | None = None
    protection_reason: Words = ""


def rows(fleet: Fleet, servers: Iterable[Server], person: Person) -> list[Row]:
    """The servers of a fleet as rows for this person; tags and protection come with one query for all."""
    return [
        row_of(server, person, sheet, asked, as_of) for server, sheet, asked, as_of in shown(fleet, servers)
    ]


def shown(
    fleet: Fleet, servers: Iterable[Server]
) -> Iterator[tuple[Server, Sheet | None, Asked | None, datetime | None]]:
    """What a row shows besides its reader's rights: the server, its sheet, what was asked of it, as of when."""
    servers = list(servers)
    sheets = knowledge.of(str(server.id) for server in servers)
    as_of = fleet.checked_at if fleet.trouble else None
    for server in servers:
        yield server, sheets.get(str(server.id)), fleet.asked.get(str(server.id)), as_of


def row(fleet: Fleet, server: Server, person: Person) -> Row:
    """One server as a row."""
    return rows(fleet, [server], person)[0]


def row_of(
    server: Server, person: May, sheet: Sheet | None, asked: Asked | None, as_of: datetime | None
) -> Row:
    """A server as a row, from all that it shows; `asked` is a change that was sent and not answered."""
    status = waiting_words(asked.action, asked.at) if asked else status_words(server.status)
    return Row(
        server,
        status,
        buttons(server, person, sheet),
        as_of,
        sheet,
        refusal(person, Action.LIFT if sheet and sheet.protected else Action.PROTECT),
    )


def buttons(server: Server, person: May, sheet: Sheet | None) -> Buttons:
    """The buttons for this server as it is now, for this person."""
    delete = _page(Action.DELETE, gettext("Delete forever"), "server-delete", server, person, sheet)
    near = (
        _power(Action.START, gettext("Start"), "server-start", server, person, sheet),
        _power(Action.STOP, gettext("Stop"), "server-stop", server, person, sheet),
        _power(Action.REBOOT, gettext("Restart"), "server-reboot", server, person, sheet),
        _page(Action.EDIT, gettext("Edit"), "server-edit", server, person, sheet),
    )
    once = dict.fromkeys(button.reason for button in near if button.reason)
    reasons = {reason: f"why-{server.id}-{number}" for number, reason in enumerate(once, start=1)}
    start, stop, reboot, edit = (replace(button, why=reasons.get(button.reason, "")) for button in near)
    likely, others = (
        (start, (reboot, stop)) if server.status in ("stopped", "suspended") else (reboot, (start, stop))
    )
    return Buttons(
        likely,
        others,
        edit,
        _like(server, person),
        replace(delete, why=f"why-{server.id}-delete"),
        reasons,
    )


def _power(action: Action, label: str, view: str, server: Server, person: May, sheet: Sheet | None) -> Button:
    reason = (
        refusal(person, action)
        or knowledge.why_not(action, server.name, sheet)
        or cannot(action, server.status, server.name)
    )
    return Button(
        action,
        label,
        reverse(view, args=[server.id]),
        reason,
        asks_first=action != Action.START,
    )


def _page(action: Action, label: str, view: str, server: Server, person: May, sheet: Sheet | None) -> Button:
    reason = refusal(person, action) or knowledge.why_not(action, server.name, sheet)
    return Button(action, label, reverse(view, args=[server.id]), reason)


def _like(server: Server, person: May) -> Button:
    """The form of a new server, filled like this one; whether that has backups is only told where it is known."""
    told = {"like": server.id}
    if isinstance(server, ServerDetail) and server.backups_enabled is not None:
        told["backups_enabled"] = "on" if server.backups_enabled else "off"
    return Button(
        Action.CREATE,
        gettext("One more like this"),
        f"{reverse('server-new')}?{urlencode(told)}",
        refusal(person, Action.CREATE),
        why=f"why-{server.id}-like",
    )
