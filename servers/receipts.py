"""What became of a change: every look at the fleet settles the rows of the activity log that it answers.

From the settled rows comes how long a change usually takes, and from that which one takes too long.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Final

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from .models import Activity
from .remote.objects import Server, ServerDetail

Action, Outcome = Activity.Action, Activity.Outcome
OPEN = (Outcome.SENT, Outcome.ACCEPTED, Outcome.UNKNOWN)

LONGEST_CALL = timedelta(minutes=2)
"""A row that is still "sent" after this long belongs to a console that was stopped in the middle of the call; until
then its own process writes what came of it, and nobody else. So does one that lies as far ahead, because the clock was
set back: should its process live, that has the last word."""
GIVEN_UP = timedelta(days=1)
"""How long the fleet is asked about a change; set-up takes minutes, so that after a day nothing more will come."""

CLOCKS_DIFFER: Final = timedelta(minutes=10)
"""How far the clock of VPS.org may be behind this one's."""
RECENT: Final = 20
"""Of how many changes the usual time is the median."""
TOO_LONG: Final = 10
"""After how many times its usual time a change is said to take too long."""


@dataclass(frozen=True)
class Receipt:
    """A row of the log as a line that stays: asked, accepted, seen done, and how long that took in seconds."""

    entry: Activity
    took: float | None = None
    usual: float | None = None
    overdue: bool = False


def receipts(entries: Iterable[Activity]) -> list[Receipt]:
    """The rows as receipts; the open ones that are still waited for are compared with their usual times, which takes
    two queries, however many they are."""
    rows = list(entries)
    for row in rows:
        give_up(row)
    given_up = timezone.now() - GIVEN_UP
    waiting = [row for row in rows if row.outcome in OPEN and row.asked_at > given_up]
    usual = _usual_of({(row.action, row.server_id) for row in waiting})
    return [_receipt(row, usual.get((row.action, row.server_id)) if row in waiting else None) for row in rows]


def _receipt(entry: Activity, usual: float | None) -> Receipt:
    if entry.seen_at is not None:
        took = (entry.seen_at - entry.asked_at).total_seconds()
        # Negative, where the clock was set back in between.
        return Receipt(entry, took=took if took >= 0 else None)
    waited = (timezone.now() - entry.asked_at).total_seconds()
    return Receipt(entry, usual=usual, overdue=usual is not None and waited > max(usual, 1) * TOO_LONG)


def give_up(entry: Activity) -> None:
    """A row that a stopped console left "sent" is not known: whoever comes across it says so."""
    if entry.outcome == Outcome.SENT and abs(timezone.now() - entry.asked_at) > LONGEST_CALL:
        entry.finish(Outcome.UNKNOWN)


def usual(action: str, server_id: str) -> float | None:
    """Seconds that this change usually takes: for this server, else for any; None if nobody has seen one done."""
    done = Activity.objects.filter(action=action, outcome=Outcome.DONE, seen_at__gte=F("asked_at"))
    for rows in (done.filter(server_id=server_id), done):
        times = [(row.seen_at - row.asked_at).total_seconds() for row in rows[:RECENT] if row.seen_at]
        if times:
            return median(times)
    return None


def _usual_of(changes: set[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """The same for many at once, by action and server."""
    if not changes:
        return {}
    newest_first = Window(RowNumber(), partition_by=["action", "server_id"], order_by="-id")
    done = (
        Activity.objects.filter(outcome=Outcome.DONE, seen_at__gte=F("asked_at"))
        .filter(action__in={action for action, _ in changes}, server_id__in={server for _, server in changes})
        .annotate(place=newest_first)
        .filter(place__lte=RECENT)
        .order_by()
    )
    times: dict[tuple[str, str], list[float]] = {}
    for row in done:
        if row.seen_at:
            took = (row.seen_at - row.asked_at).total_seconds()
            times.setdefault((row.action, row.server_id), []).append(took)
    found = {change: median(taken) for change, taken in times.items()}
    of_all = usual_of_all() if changes - found.keys() else {}
    return {(action, server): of_all[action] for action, server in changes if action in of_all} | found


def usual_of_all() -> dict[str, float]:
    """Seconds that each change usually takes, whatever the server, by the last ones of all; one query."""
    done = Activity.objects.filter(outcome=Outcome.DONE, seen_at__gte=F("asked_at"))[: RECENT * len(Action)]
    times: dict[str, list[float]] = {}
    for row in done:
        if row.seen_at and len(times.setdefault(row.action, [])) < RECENT:
            times[row.action].append((row.seen_at - row.asked_at).total_seconds())
    return {action: median(taken) for action, taken in times.items()}


def last(action: str, server_id: str) -> Activity | None:
    """Who asked for this last, and when; refused changes do not count."""
    return (
        Activity.objects.filter(server_id=server_id, action=action).exclude(outcome=Outcome.REFUSED).first()
    )


def unsettled(account: str) -> list[Activity]:
    """The account's open changes, to be settled by what VPS.org shows when it is asked after this."""
    recent = Q(asked_at__gt=timezone.now() - GIVEN_UP) | Q(outcome=Outcome.SENT)
    return list(Activity.objects.filter(recent, account=account, outcome__in=OPEN))


def settle(
    rows: Iterable[Activity],
    account: str,
    servers: Mapping[str, Server],
    *,
    whole: bool = False,
    gone: set[str] | None = None,
) -> None:
    """Settle those of these rows that are open changes of the account, by what VPS.org has shown.

    The rows were read before it was asked: a restart that was accepted in between would be taken for done, because the
    server was still running when the question came. `whole` says that a server which is not among `servers` does not
    exist; `gone` names servers known to be gone.
    """
    given_up = timezone.now() - GIVEN_UP
    for row in rows:
        if row.account != account or row.outcome not in OPEN:
            continue
        if row.outcome != Outcome.SENT and row.asked_at <= given_up:
            continue
        give_up(row)
        if row.outcome == Outcome.SENT:
            continue
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
    """After a lost answer: the server of that name which was not there before, which is no older, and which no other
    row of the log has made, is the one. What was there before is told by the last look, which may be long ago."""
    if row.outcome != Outcome.UNKNOWN:
        return
    name, before = row.fields.get("name"), row.fields.get("same_name_before", ())
    earliest = row.asked_at - CLOCKS_DIFFER
    found = [
        i
        for i, server in servers.items()
        if server.name == name and i not in before and (server.created_at or earliest) >= earliest
    ]
    claimed = Activity.objects.filter(action=Action.CREATE, server_id__in=found).values_list(
        "server_id", flat=True
    )
    for server_id in sorted(set(found) - set(claimed)):
        row.finish(Outcome.ACCEPTED, server_id=server_id)
        if _is_done(row, servers[server_id]):
            row.seen()
        return
