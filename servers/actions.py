"""Changing: the one door for everything that changes a server.

Permission, protection, a row in the activity log before the call, one call, its outcome in the log, the fleet patched
with the answer. "Every change is allowed, logged and told" is true because there is no other way.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from typing import Final

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext

from . import fleet, knowledge, metrics, receipts, sightings
from .models import Activity, Sheet, Step
from .remote import service
from .remote.errors import Gone, RemoteError
from .remote.objects import (
    CreatedServer,
    NewServer,
    PowerAnswer,
    Server,
    ServerDetail,
    fields_of,
)
from .remote.transport import Api
from .roles import PERMISSION
from .session import Connection, connection

Action, Outcome = Activity.Action, Activity.Outcome
Fields = dict[str, str | bool]

POWER: Final[dict[str, Callable[[Api, str], PowerAnswer]]] = {
    Action.START: service.start_server,
    Action.STOP: service.stop_server,
    Action.REBOOT: service.reboot_server,
}


LISTED: Final = frozenset(Server.__struct_fields__)


class Conflict(Exception):
    """The server was changed since the form was opened: `now` is how it is, `fields` those that both have changed."""

    def __init__(self, now: ServerDetail, fields: list[str]) -> None:
        self.now, self.fields = now, fields


class Busy(Exception):
    """A colleague is saving changes to the same server at this moment."""


class Protected(Exception):
    """The team has protected the server `name` from this, so nothing was sent; the text says so."""

    def __init__(self, server_id: str, name: str, reason: str) -> None:
        self.server_id, self.name = server_id, name
        super().__init__(reason)


def power(request: HttpRequest, action: str, server_id: str, *, step: Step | None = None) -> Server:
    """Start, stop or restart a server with one remote call; the server as it stands now.

    Raises PermissionDenied, Protected and RemoteError, like every function here.
    """
    link = connection(request)
    with _logged(request, link, action, server_id, step=step) as entry:
        answer = POWER[action](link.api, server_id)
        try:
            # Before the log: whoever finds a restart accepted there must not find the server still running here.
            server = fleet.patch_fields(link, server_id, {"status": answer.server.status})
        finally:
            entry.finish(Outcome.ACCEPTED, server_name=answer.server.name)
    return server or Server(id=server_id, name=answer.server.name, status=answer.server.status)


def create(request: HttpRequest, new: NewServer, form_key: uuid.UUID) -> CreatedServer:
    """Create a server, once per form. Raises IntegrityError if the form was sent before."""
    link = connection(request)
    same_name = [str(server.id) for server in fleet.seen(link).servers if server.name == new.name]
    fields = fields_of(new) | {"same_name_before": same_name}
    with _logged(request, link, Action.CREATE, name=new.name, fields=fields, form_key=form_key) as entry:
        server = service.create_server(link.api, new)
        entry.finish(Outcome.ACCEPTED, server_id=str(server.id), server_name=server.name)
        fleet.patch(link, server)
    return server


def replace(request: HttpRequest, server_id: str, opened: Fields, wanted: Fields) -> Fields:
    """Save the edit form with all three fields (PUT); gives what was changed, {} if nothing.

    Where not all three are known, only what was changed is sent (PATCH). `opened` is what the form showed when it was
    opened. What only a colleague has changed since is kept; what both have changed raises Conflict before anything is
    sent.
    """
    link = connection(request)
    _permit(request, Action.EDIT)
    mine = {field: value for field, value in wanted.items() if value != opened.get(field)}
    if not mine:
        return {}
    with _one_at_a_time(link, server_id):
        now = service.get_server(link.api, server_id)
        sightings.keep(now)
        changes = _merge(now, opened, mine)
        if changes:
            whole = {
                field: getattr(now, field) for field in ("name", "hostname", "backups_enabled")
            } | changes
            with _logged(request, link, Action.EDIT, server_id, now.name, changes) as entry:
                # Replacing needs a hostname, which not every server has, and would switch off backups of which VPS.org
                # tells nothing.
                if whole["hostname"] and whole["backups_enabled"] is not None:
                    answer = service.update_server(
                        link.api,
                        server_id,
                        name=str(whole["name"]),
                        hostname=str(whole["hostname"]),
                        backups_enabled=bool(whole["backups_enabled"]),
                    )
                else:
                    answer = service.partially_update_server(link.api, server_id, changes)
                _saved(link, entry, server_id, answer, changes)
    return changes


def rename(request: HttpRequest, server_id: str, opened: str, name: str) -> None:
    """Change the name in place (PATCH). Raises Conflict if it is no longer what the page showed."""
    link = connection(request)
    _permit(request, Action.EDIT)
    if name == opened:
        return
    with _one_at_a_time(link, server_id):
        now = service.get_server(link.api, server_id)
        sightings.keep(now)
        if changes := _merge(now, {"name": opened}, {"name": name}):
            with _logged(request, link, Action.EDIT, server_id, now.name, changes) as entry:
                answer = service.partially_update_server(link.api, server_id, changes)
                _saved(link, entry, server_id, answer, changes)


def switch_backups(request: HttpRequest, server_id: str, enabled: bool, *, step: Step | None = None) -> None:
    """Switch automatic backups on or off in place (PATCH): one remote call, as it overwrites nobody's words.

    It waits for a colleague who saves the whole form (Busy), or that would switch them back.
    """
    link = connection(request)
    _permit(request, Action.EDIT)
    changes: Fields = {"backups_enabled": enabled}
    with (
        _one_at_a_time(link, server_id),
        _logged(request, link, Action.EDIT, server_id, fields=changes, step=step) as entry,
    ):
        answer = service.partially_update_server(link.api, server_id, changes)
        _saved(link, entry, server_id, answer, changes)


def delete(request: HttpRequest, server_id: str, *, step: Step | None = None) -> None:
    """Delete a server for ever. One that is already gone counts as deleted."""
    link = connection(request)
    with _logged(request, link, Action.DELETE, server_id, step=step) as entry:
        with contextlib.suppress(Gone):
            service.delete_server(link.api, server_id)
        entry.finish(Outcome.ACCEPTED)
        fleet.forget(link, server_id)


def refuse_if_protected(action: str, server_id: str, name: str) -> None:
    """Raises Protected if the team has protected the server from this action, by the database as it is now."""
    _refuse(action, server_id, name, knowledge.of([server_id]).get(server_id))


def name_of(link: Connection, server_id: str) -> str:
    """The server's name as last seen, or an empty text; no remote call."""
    server = fleet.find(link, server_id)
    return server.name if server else ""


def _refuse(action: str, server_id: str, name: str, sheet: Sheet | None) -> None:
    if reason := knowledge.why_not(action, name, sheet):
        raise Protected(server_id, name, reason)


def _permit(request: HttpRequest, action: str) -> None:
    if not request.user.has_perm(PERMISSION[action]):
        raise PermissionDenied(PERMISSION[action])


@contextlib.contextmanager
def _logged(
    request: HttpRequest,
    link: Connection,
    action: str,
    server_id: str = "",
    name: str = "",
    fields: Fields | dict[str, object] | None = None,
    form_key: uuid.UUID | None = None,
    step: Step | None = None,
) -> Iterator[Activity]:
    """The row of a change: "sent" before the call, so that it survives a crash, then what came of it."""
    _permit(request, action)
    name = name or name_of(link, server_id)
    with transaction.atomic():
        # The sheet is held from the check to the row: protection is saved before both, so that nothing is sent, or
        # after both, so that its row in the log is the later one.
        if action in knowledge.GUARDED:
            _refuse(action, server_id, name or gettext("The server"), knowledge.locked(server_id))
        entry = Activity.begin(
            request.user,
            link.account,
            action,
            server_id=server_id,
            server_name=name,
            fields=dict(fields or {}),
            form_key=form_key,
            step=step,
        )
    request.logged = True  # type: ignore[attr-defined]
    try:
        yield entry
    except RemoteError as problem:
        problem.action, problem.server_name = action, entry.server_name
        # As it is known after the answer: a colleague may have been faster.
        known = fleet.find(link, server_id)
        problem.server_status = known.status if known else ""
        entry.finish(
            Outcome.REFUSED if problem.outcome_known else Outcome.UNKNOWN,
            said=problem.reason,
        )
        fleet.doubt(link, server_id, problem, action)
        raise
    finally:
        metrics.changed(action, entry.outcome)


def _merge(now: ServerDetail, opened: Fields, mine: Fields) -> Fields:
    """What has to be sent, given how the server is now. Raises Conflict for fields that both sides have changed."""
    changes = {field: value for field, value in mine.items() if getattr(now, field) != value}
    clashes = [
        field for field in changes if field in opened and (getattr(now, field) or "") != (opened[field] or "")
    ]
    if clashes:
        raise Conflict(now, clashes)
    return changes


def _saved(
    link: Connection,
    entry: Activity,
    server_id: str,
    answer: ServerDetail | None,
    changes: Fields,
) -> None:
    """The answer to PUT and PATCH is not documented: where it holds no server, take what was sent."""
    entry.finish(Outcome.ACCEPTED, server_name=str(changes.get("name", "")))
    if answer is not None:
        fleet.patch(link, answer)
    else:
        fleet.patch_fields(
            link,
            server_id,
            {name: value for name, value in changes.items() if name in LISTED},
        )
    if "backups_enabled" in changes and (answer is None or answer.backups_enabled is None):
        sightings.note_backups(server_id, bool(changes["backups_enabled"]))
    if answer is not None:
        receipts.settle([entry], link.account, {str(answer.id): answer})


@contextlib.contextmanager
def _one_at_a_time(link: Connection, server_id: str) -> Iterator[None]:
    """Two colleagues who save at once are compared with each other's result, not with the same old state. By the
    server's id alone, like notes: members with keys of their own change the same servers."""
    flag = f"edit:{server_id}"
    if not cache.add(flag, 1, timeout=link.api.transport.deadline * 2 + 5):
        raise Busy
    try:
        yield
    finally:
        cache.delete(flag)
