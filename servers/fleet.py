"""Looking: the account's servers as last seen, shared by everybody with the same token, with their age.

One snapshot per account lies in the cache. Whoever looks gets it at once; the polls of the pages that are open keep it
fresh, one caller at a time. A change patches it with its answer, and an older question never overwrites that. When
VPS.org fails, the last known servers stay, with their age and the reason.
"""

import logging
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec
from django.core.cache import cache

from . import receipts, sightings, snapshot
from .models import Activity
from .remote import service
from .remote.errors import (
    Crowded,
    Failed,
    Gone,
    NoAnswer,
    NotReachable,
    NotUnderstood,
    RemoteError,
    WaitFirst,
)
from .remote.objects import Server, ServerDetail, ServerList
from .session import Connection
from .snapshot import Asked, Memo, Snapshot, Trouble

log = logging.getLogger(__name__)

FRESH: Final = 15.0
FRESH_WHILE_CHANGING: Final = 2.0
FILTERED_BY_VPS: Final = frozenset({"active", "stopped", "suspended"})
"""The values of `status` that the documentation names for its filter."""
CHANGING, UNKNOWN = "changing", "unknown"
GROUPS: Final = frozenset({CHANGING, UNKNOWN})
"""Values of `status` that are ours: the statuses that pass by themselves, and those that the documentation has not."""
NO_ANSWER: Final = (NotReachable, NoAnswer, Failed, NotUnderstood, WaitFirst)
"""What says nothing about the servers: the last known ones stay."""
MANY_FAILURES: Final = 5
REST: Final = 10.0
"""After so many failures in a row VPS.org is asked only every so many seconds."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Fleet:
    """The servers that a view shows. `trouble`: VPS.org does not answer; `whole`: no filter was sent for them."""

    servers: tuple[Server, ...]
    checked_at: datetime
    version: int
    count: int
    hidden: int = 0
    complete: bool = True
    whole: bool = True
    trouble: Trouble | None = None
    asked: Mapping[str, Asked] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)
    by_id: Mapping[str, Server] = field(default_factory=dict)
    """Every server of the account, whatever the filters."""
    worked_out: Memo = field(default_factory=dict, repr=False)

    def once(self, key: Hashable, work: Callable[[], Value]) -> Value:
        """What follows from `servers` alone, worked out once for all who are shown the same."""
        return snapshot.once(self.worked_out, key, work)

    @property
    def age(self) -> int:
        """Seconds since VPS.org was asked; never below zero, whatever the clock does."""
        return max(0, round((datetime.now(UTC) - self.checked_at).total_seconds()))

    @property
    def missing(self) -> int:
        """How many servers VPS.org counts that did not come, not even unreadable."""
        return max(0, self.count - len(self.servers) - self.hidden) if self.whole else 0


def fits(server: Server, status: str, location: str = "") -> bool:
    """Whether the filters of the list let this server through. `status` is a value of the API, or one of `GROUPS`."""
    if location not in ("", server.location):
        return False
    return status in ("", group(server)) or (status == server.status and status not in GROUPS)


def group(server: Server) -> str:
    """What the server is counted under: its status where it is settled, else one of `GROUPS`."""
    if server.changing:
        return CHANGING
    return server.status if server.status in FILTERED_BY_VPS else UNKNOWN


def look(connection: Connection, status: str = "", location: str = "", *, now: bool = False) -> Fleet:
    """The servers of the account, filtered if asked.

    With a snapshot the filters work in place and nobody waits for VPS.org, unless `now` asks for a fresh one. Without,
    the filters go along with the one request. Raises a RemoteError when there is nothing to show.
    """
    known, trouble = snapshot.read_with_trouble(connection.account)
    if known is not None and (not now or _is_fresh(known)):
        return _fleet(known, trouble, status, location)
    if location or status in FILTERED_BY_VPS:
        return _ask_filtered(connection, known, trouble, status, location)
    try:
        known = _refresh(connection, known, trouble)
    except NO_ANSWER:
        if known is None:
            raise
    return _fleet(known, snapshot.trouble(connection.account), status, location)


def tick(connection: Connection) -> Fleet:
    """The same for a poll, which asks VPS.org where that is due. Raises a RemoteError when there is nothing to show."""
    return look(connection, now=True)


def seen(connection: Connection) -> Fleet:
    """Every server as last seen; no remote call, and no servers if nobody has looked yet."""
    known, trouble = snapshot.read_with_trouble(connection.account)
    return _fleet(known, trouble) if known else Fleet((), datetime.now(UTC), 0, 0)


def find(connection: Connection, server_id: str) -> Server | None:
    """The server as last seen; no remote call."""
    known = snapshot.read(connection.account)
    return known.servers.get(server_id) if known else None


def detail(connection: Connection, server_id: str, changes: list[Activity] | None = None) -> ServerDetail:
    """One server in detail: one remote call, which also brings the snapshot up to date. Raises RemoteError.

    It settles the open changes of the account, or those rows of the log that the caller has read anyway (`changes`).
    """
    known, trouble = snapshot.read_with_trouble(connection.account)
    before = known.version if known else 0
    if changes is None:
        changes = receipts.unsettled(connection.account)
    try:
        server = _ask(connection, trouble, lambda: service.get_server(connection.api, server_id))
    except Gone as problem:
        if known is not None and server_id in known.servers:
            problem.server_name = known.servers[server_id].name
        forget(connection, server_id)
        receipts.settle(receipts.unsettled(connection.account), connection.account, {}, gone={server_id})
        raise
    listed = server.listed()
    current = snapshot.read(connection.account)
    if current is not None and snapshot.is_news(current, listed, before):
        _change(connection, lambda own: snapshot.see(own, listed, before))
    sightings.keep(server)
    receipts.settle(changes, connection.account, {server_id: server})
    return server


def renew(connection: Connection) -> None:
    """Ask for the whole list now, however fresh the known one is: to try a new token, or to find what a lost answer has
    left behind. Raises RemoteError."""
    known, changes = snapshot.read(connection.account), receipts.unsettled(connection.account)
    _take_over(connection, service.list_servers(connection.api), known, changes)
    snapshot.note_trouble(connection.account, None)


# --- our own changes --------------------------------------------------------------------------------------------


def patch(connection: Connection, server: ServerDetail) -> None:
    """A change of ours was answered: everybody sees it at their next tick."""
    _change(connection, lambda current: snapshot.put(current, server.listed()))
    sightings.keep(server)


def patch_fields(connection: Connection, server_id: str, fields: Mapping[str, Any]) -> Server | None:
    """The same for an answer that holds some fields only; the server as it stands now, if the snapshot has it."""

    def put(current: Snapshot) -> None:
        if server_id in current.servers:
            snapshot.put(current, msgspec.structs.replace(current.servers[server_id], **fields))

    current = _change(connection, put)
    return current.servers.get(server_id) if current else None


def forget(connection: Connection, server_id: str) -> None:
    """The server is gone. What is remembered of it goes too, if it was a server of this account."""
    known = snapshot.read(connection.account)
    if known is not None and server_id in known.servers:
        sightings.forget([server_id])
    snapshot.change(connection.account, lambda current: snapshot.forget(current, server_id))


def touch(connection: Connection, server_id: str) -> None:
    """Tags or protection of the server have changed: the pages that show it are told at their next tick."""
    snapshot.change(connection.account, lambda current: snapshot.touch(current, server_id))


def doubt(connection: Connection, server_id: str, problem: RemoteError, action: str) -> None:
    """A change failed: what we knew was out of date, or is unknown now. The next tick asks VPS.org."""

    def stale(current: Snapshot) -> None:
        current.checked_at = min(current.checked_at, time.time() - FRESH)
        if not problem.outcome_known:
            snapshot.ask(current, server_id, action)

    if isinstance(problem, Gone):
        forget(connection, server_id)
    snapshot.change(connection.account, stale)


def _change(connection: Connection, act: Callable[[Snapshot], None]) -> Snapshot | None:
    """Change the snapshot, if there is one, and remember which servers have a new status by it."""
    changed = snapshot.change(connection.account, act)
    if changed is None:
        return None
    before, current = changed
    sightings.note(before.servers, current.servers)
    return current


# --- asking -----------------------------------------------------------------------------------------------------


def _refresh(connection: Connection, known: Snapshot | None, trouble: Trouble | None) -> Snapshot:
    """Ask for the whole list, unless somebody is asking already; theirs is waited for if there is nothing to show."""
    deadline = connection.api.transport.deadline
    flag = f"fleet:{connection.account}:asking"
    if not cache.add(flag, 1, timeout=deadline * 2):
        return known or _wait_for_first(connection, flag, deadline)
    try:
        changes = receipts.unsettled(connection.account)
        answer = _ask(connection, trouble, lambda: service.list_servers(connection.api))
        return _take_over(connection, answer, known, changes)
    finally:
        cache.delete(flag)


def _take_over(
    connection: Connection, answer: ServerList, known: Snapshot | None, changes: list[Activity]
) -> Snapshot:
    """`known` and the open `changes` are as they were before the question."""
    current = snapshot.take_over(connection.account, answer, known.version if known else 0)
    before = known.servers if known else {}
    # Where VPS.org counts more than it sent, or not all could be read, a server that did not come may well live.
    whole = answer.complete and answer.count <= len(answer.servers)
    sightings.note(before, current.servers)
    if whole:
        sightings.forget(before.keys() - current.servers.keys())
    receipts.settle(changes, connection.account, current.servers, whole=whole)
    return current


def _wait_for_first(connection: Connection, flag: str, deadline: float) -> Snapshot:
    """Whoever waits in vain does not ask in turn: that would be two deadlines for one page."""
    ends_at = time.monotonic() + deadline
    with connection.api.waiting("list"):
        while cache.get(flag) and time.monotonic() < ends_at:
            time.sleep(0.05)
    known = snapshot.read(connection.account)
    if known is None:
        log.warning("list: NoAnswer to the one who asked")
        raise NoAnswer("list")
    return known


def _ask_filtered(
    connection: Connection, known: Snapshot | None, trouble: Trouble | None, status: str, location: str
) -> Fleet:
    """Ask with the filters along. The answer brings single servers of the snapshot up to date, not the whole."""
    before = known.version if known else 0
    sent = status if status in FILTERED_BY_VPS else ""
    try:
        answer = _ask(connection, trouble, lambda: service.list_servers(connection.api, sent, location))
    except NO_ANSWER:
        if known is None:
            raise
        return _fleet(known, snapshot.trouble(connection.account), status, location)

    def see(current: Snapshot) -> None:
        for server in answer.servers:
            snapshot.see(current, server, before)

    current = _change(connection, see)
    return Fleet(
        servers=tuple(server for server in answer.servers if fits(server, status)),
        checked_at=datetime.now(UTC),
        version=current.version if current else 0,
        count=answer.count,
        hidden=answer.hidden,
        complete=answer.complete,
        whole=False,
        asked=current.asked if current else {},
    )


def _ask(connection: Connection, trouble: Trouble | None, question: Callable[[], Value]) -> Value:
    """Put one question to VPS.org, unless it has failed so often that it is left in peace for a while."""
    if trouble is not None and 0 < trouble.rest_until - time.time() <= REST * 6:
        log.warning("not asked: VPS.org failed %d times in a row", trouble.failures)
        raise NoAnswer("none")
    try:
        answer = question()
    except Crowded:
        raise
    except NO_ANSWER as problem:
        failures = trouble.failures + 1 if trouble else 1
        rest = (
            problem.seconds if isinstance(problem, WaitFirst) else REST if failures >= MANY_FAILURES else 0.0
        )
        since = trouble.since if trouble else datetime.now(UTC)
        snapshot.note_trouble(connection.account, Trouble(failures, since, time.time() + rest))
        raise
    except RemoteError:
        _note_answer(connection, trouble)
        raise
    _note_answer(connection, trouble)
    return answer


def _note_answer(connection: Connection, trouble: Trouble | None) -> None:
    if trouble is not None:
        snapshot.note_trouble(connection.account, None)


# --- what is shown ----------------------------------------------------------------------------------------------


def _is_fresh(known: Snapshot) -> bool:
    changing = bool(known.asked) or snapshot.once(
        known.worked_out, "changing", lambda: any(server.changing for server in known.servers.values())
    )
    age = time.time() - known.checked_at
    # A clock that was set back makes an age negative: then the snapshot is not fresh either.
    return 0 <= age < (FRESH_WHILE_CHANGING if changing else FRESH)


def _fleet(known: Snapshot, trouble: Trouble | None, status: str = "", location: str = "") -> Fleet:
    def chosen() -> tuple[tuple[Server, ...], Memo]:
        servers = known.servers.values()
        if status or location:
            return tuple(server for server in servers if fits(server, status, location)), {}
        return tuple(servers), {}

    servers, worked_out = snapshot.once(known.worked_out, (status, location), chosen)
    return Fleet(
        servers=servers,
        checked_at=datetime.fromtimestamp(known.checked_at, UTC),
        version=known.version,
        count=known.count,
        hidden=known.hidden,
        complete=known.complete,
        whole=not (status or location),
        trouble=trouble,
        asked=known.asked,
        changed=known.changed,
        added=known.added,
        by_id=known.servers,
        worked_out=worked_out,
    )
