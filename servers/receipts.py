"""What became of a change: every look at the fleet settles the rows of the activity log that it answers."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from .models import Activity
from .remote.objects import Server, ServerDetail

Action, Outcome = Activity.Action, Activity.Outcome
OPEN = (Outcome.SENT, Outcome.ACCEPTED, Outcome.UNKNOWN)

LONGEST_CALL = timedelta(minutes=2)
"""A row that is still "sent" after this long belongs to a console that was stopped in the middle of the call."""
GIVEN_UP = timedelta(days=1)
"""How long the fleet is asked about a change; set-up takes minutes, so that after a day nothing more will come."""


def settle(
    account: str,
    servers: Mapping[str, Server],
    *,
    whole: bool = False,
    gone: set[str] | None = None,
) -> None:
    """Settle the account's open changes by what VPS.org has just shown.

    `whole` says that a server which is not among `servers` does not exist; `gone` names servers known to be gone.
    """
    now = timezone.now()
    rows = Activity.objects.filter(account=account, outcome__in=OPEN, asked_at__gt=now - GIVEN_UP)
    for row in rows:
        if row.outcome == Outcome.SENT and row.asked_at < now - LONGEST_CALL:
            row.finish(Outcome.UNKNOWN)
        if row.action == Action.CREATE and not row.server_id:
            _settle_creation(row, servers)
        elif row.server_id in servers:
            if _is_done(row, servers[row.server_id]):
                row.seen()
        elif (whole or row.server_id in (gone or ())) and row.action == Action.DELETE:
            row.seen()


def _is_done(row: Activity, server: Server) -> bool:
    """Whether the server now is what the change asked for."""
    match row.action:
        case Action.START:
            return server.status == "active"
        case Action.REBOOT:
            # Only an accepted restart: after a lost answer "active" tells nothing.
            return row.outcome == Outcome.ACCEPTED and server.status == "active"
        case Action.STOP:
            return server.status == "stopped"
        case Action.CREATE:
            return server.status != "provisioning"
        case Action.EDIT:
            return all(_matches(server, field, value) for field, value in row.fields.items())
    return False


def _matches(server: Server, field: str, value: object) -> bool:
    if field == "backups_enabled" and not isinstance(server, ServerDetail):
        return False
    return bool(getattr(server, field) == value)


def _settle_creation(row: Activity, servers: Mapping[str, Server]) -> None:
    """After a lost answer: the server of that name which was not there before is the one that was made."""
    if row.outcome != Outcome.UNKNOWN:
        return
    for server_id, server in servers.items():
        if server.name == row.fields.get("name") and server_id not in row.fields.get("same_name_before", ()):
            row.finish(Outcome.ACCEPTED, server_id=server_id, server_name=server.name)
            if _is_done(row, server):
                row.seen()
            return
