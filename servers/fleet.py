"""Looking: the account's servers as last seen, shared by everybody with the same token, with their age.

One snapshot per account lies in the cache. A look at a fresh one costs no remote call; a stale one is asked for anew by
one caller at a time, and the others meanwhile get what is there. A change patches the snapshot with its answer, and a
refresh that was already under way never overwrites it.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from django.core.cache import cache

from . import receipts
from .remote import service
from .remote.errors import Gone, KeyRefused, NoAnswer, RemoteError
from .remote.objects import Server, ServerDetail, ServerList
from .session import Connection

FRESH: Final = 15.0
FRESH_WHILE_CHANGING: Final = 2.0
KEPT: Final = 24 * 60 * 60
FILTERED_BY_VPS: Final = frozenset({"active", "stopped", "suspended"})
"""The values of `status` that the documentation names for its filter."""


ASKED_FOR: Final = 120.0
"""How long a change whose answer was lost is shown as "Asked to …", in seconds, if nothing else is seen before."""


class Asked(msgspec.Struct, frozen=True):
    """A change that was sent and not answered."""

    action: str
    at: datetime


class Snapshot(msgspec.Struct):
    """What the cache holds. `version` grows with every change to it; `changed` is the version at which each server last
    looked different, `patched` the same for what our own changes did, deletions included."""

    servers: dict[str, Server]
    checked_at: float
    version: int
    count: int = 0
    hidden: int = 0
    complete: bool = True
    changed: dict[str, int] = {}
    patched: dict[str, int] = {}
    asked: dict[str, Asked] = {}


@dataclass(frozen=True)
class Fleet:
    """The servers that a view shows. `problem`: why they are not fresh; `whole`: no filter was sent for them."""

    servers: tuple[Server, ...]
    checked_at: datetime
    version: int
    count: int
    hidden: int = 0
    complete: bool = True
    whole: bool = True
    problem: RemoteError | None = None
    asked: Mapping[str, Asked] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many servers VPS.org counts that did not come, not even unreadable."""
        return max(0, self.count - len(self.servers) - self.hidden) if self.whole else 0


def look(connection: Connection, status: str = "", location: str = "") -> Fleet:
    """The servers of the account, filtered if asked.

    With a fresh snapshot the filters work in place; without one they go along with the one request. When VPS.org fails,
    the last known servers come with the `problem`. Raises a RemoteError when there are none, and KeyRefused always.
    """
    snapshot = _load(connection.account)
    if snapshot is not None and _is_fresh(snapshot):
        return _fleet(snapshot, status, location)
    if location or status in FILTERED_BY_VPS:
        return _ask_filtered(connection, snapshot, status, location)
    try:
        return _fleet(_refresh(connection, snapshot), status, location)
    except KeyRefused:
        raise
    except RemoteError as problem:
        if snapshot is None:
            raise
        return _fleet(snapshot, status, location, problem)


def find(connection: Connection, server_id: str) -> Server | None:
    """The server as the snapshot last showed it; no remote call."""
    snapshot = _load(connection.account)
    return snapshot.servers.get(server_id) if snapshot else None


def seen(connection: Connection) -> Fleet:
    """Every server as the snapshot last showed it; no remote call, and no servers if nobody has looked yet."""
    snapshot = _load(connection.account)
    return _fleet(snapshot) if snapshot else Fleet((), datetime.now(UTC), 0, 0)


def check(connection: Connection) -> None:
    """Try a new token with one look at all servers, whatever is known already. Raises RemoteError."""
    answer = service.list_servers(connection.api)
    with _locked(connection.account):
        current = _load(connection.account)
        _save(
            connection.account,
            _merge(current, answer, current.version if current else 0),
        )


def detail(connection: Connection, server_id: str) -> ServerDetail:
    """One server in detail: one remote call, which also brings the snapshot up to date. Raises RemoteError."""
    before = _version(connection.account)
    try:
        server = service.get_server(connection.api, server_id)
    except Gone as problem:
        known = find(connection, server_id)
        problem.server_name = known.name if known else ""
        _change(connection.account, lambda snapshot: _forget(snapshot, server_id))
        receipts.settle(connection.account, {}, gone={server_id})
        raise
    _change(connection.account, lambda snapshot: _see(snapshot, server.listed(), before))
    receipts.settle(connection.account, {server_id: server})
    return server


def changes_since(connection: Connection, version: int, server_ids: list[str]) -> tuple[Fleet, list[Server]]:
    """What a page that shows these servers has missed since `version`. Refreshes the snapshot where that is due; when
    VPS.org fails, what is known stays. Raises KeyRefused."""
    try:
        look(connection)
    except KeyRefused:
        raise
    except RemoteError:
        return seen(connection), []
    snapshot = _load(connection.account)
    if snapshot is None or snapshot.version == version:
        return seen(connection), []
    changed = [i for i in server_ids if snapshot.changed.get(i, 0) > version and i in snapshot.servers]
    return _fleet(snapshot), [snapshot.servers[i] for i in changed]


def patch(connection: Connection, server: Server) -> None:
    """A change of ours was answered: everybody sees it at their next tick."""
    _change(connection.account, lambda snapshot: _put(snapshot, server))


def patch_fields(connection: Connection, server_id: str, fields: Mapping[str, Any]) -> Server | None:
    """The same for an answer that holds some fields only; the server as it stands now, if the snapshot has it."""

    def put(snapshot: Snapshot) -> None:
        if server_id in snapshot.servers:
            _put(snapshot, msgspec.structs.replace(snapshot.servers[server_id], **fields))

    snapshot = _change(connection.account, put)
    return snapshot.servers.get(server_id) if snapshot else None


def doubt(connection: Connection, server_id: str, problem: RemoteError, action: str) -> None:
    """A change failed: what we knew was out of date, or is unknown now. The next look asks VPS.org."""

    def stale(snapshot: Snapshot) -> None:
        snapshot.checked_at = min(snapshot.checked_at, time.time() - FRESH)
        if isinstance(problem, Gone):
            _forget(snapshot, server_id)
        elif not problem.outcome_known and server_id in snapshot.servers:
            snapshot.version = snapshot.changed[server_id] = _next_version(snapshot)
            snapshot.asked[server_id] = Asked(action, datetime.now(UTC))

    _change(connection.account, stale)


def forget(connection: Connection, server_id: str) -> None:
    """The server was deleted."""
    _change(connection.account, lambda snapshot: _forget(snapshot, server_id))


# --- asking -----------------------------------------------------------------------------------------------------


def _refresh(connection: Connection, old: Snapshot | None) -> Snapshot:
    """Ask for the whole list, unless somebody is asking already; theirs is waited for if there is nothing to show."""
    deadline = connection.api.transport.deadline
    flag = f"fleet:{connection.account}:asking"
    if not cache.add(flag, 1, timeout=deadline * 2):
        if old is not None:
            return old
        return _wait_for_first(connection, flag, deadline)
    try:
        before = old.version if old else 0
        answer = service.list_servers(connection.api)
        with _locked(connection.account):
            snapshot = _merge(_load(connection.account), answer, before)
            _save(connection.account, snapshot)
    finally:
        cache.delete(flag)
    receipts.settle(
        connection.account,
        snapshot.servers,
        whole=snapshot.complete and not snapshot.hidden,
    )
    return snapshot


def _wait_for_first(connection: Connection, flag: str, deadline: float) -> Snapshot:
    ends_at = time.monotonic() + deadline
    while time.monotonic() < ends_at:
        snapshot = _load(connection.account)
        if snapshot is not None:
            return snapshot
        if not cache.get(flag):
            return _refresh(connection, None)
        time.sleep(0.05)
    raise NoAnswer("list")


def _ask_filtered(connection: Connection, snapshot: Snapshot | None, status: str, location: str) -> Fleet:
    before = snapshot.version if snapshot else 0
    try:
        answer = service.list_servers(connection.api, status if status in FILTERED_BY_VPS else "", location)
    except KeyRefused:
        raise
    except RemoteError as problem:
        if snapshot is None:
            raise
        return _fleet(snapshot, status, location, problem)

    def see(current: Snapshot) -> None:
        for server in answer.servers:
            _see(current, server, before)

    current = _change(connection.account, see)
    return Fleet(
        servers=tuple(server for server in answer.servers if not status or server.status == status),
        checked_at=datetime.now(UTC),
        version=current.version if current else 0,
        count=answer.count,
        hidden=answer.hidden,
        complete=answer.complete,
        whole=False,
        asked=current.asked if current else {},
    )


# --- the snapshot -----------------------------------------------------------------------------------------------


def _is_fresh(snapshot: Snapshot) -> bool:
    changing = snapshot.asked or any(server.changing for server in snapshot.servers.values())
    age = time.time() - snapshot.checked_at
    # A clock that was set back makes an age negative: then the snapshot is not fresh either.
    return 0 <= age < (FRESH_WHILE_CHANGING if changing else FRESH)


def _fleet(
    snapshot: Snapshot,
    status: str = "",
    location: str = "",
    problem: RemoteError | None = None,
) -> Fleet:
    servers = snapshot.servers.values()
    return Fleet(
        servers=tuple(
            server
            for server in servers
            if (not status or server.status == status) and (not location or server.location == location)
        ),
        checked_at=datetime.fromtimestamp(snapshot.checked_at, UTC),
        version=snapshot.version,
        count=snapshot.count,
        hidden=snapshot.hidden,
        complete=snapshot.complete,
        whole=not (status or location),
        problem=problem,
        asked=snapshot.asked,
    )


def _merge(current: Snapshot | None, answer: ServerList, before: int) -> Snapshot:
    """The snapshot after a refresh that began at version `before`: what we changed since then stays as it is."""
    version = _next_version(current)
    new = Snapshot(
        servers={str(server.id): server for server in answer.servers},
        checked_at=time.time(),
        version=version,
        count=answer.count,
        hidden=answer.hidden,
        complete=answer.complete,
    )
    if current is None:
        new.changed = dict.fromkeys(new.servers, version)
        return new
    new.patched = {server_id: at for server_id, at in current.patched.items() if at > before}
    for server_id in new.patched:
        if server_id in current.servers:
            new.servers[server_id] = current.servers[server_id]
        else:
            new.servers.pop(server_id, None)
    long_ago = datetime.now(UTC) - timedelta(seconds=ASKED_FOR)
    for server_id, asked in current.asked.items():
        same = server_id in new.servers and new.servers[server_id] == current.servers.get(server_id)
        if same and asked.at > long_ago:
            new.asked[server_id] = asked
    new.changed = {
        server_id: current.changed.get(server_id, version)
        if current.servers.get(server_id) == server
        else version
        for server_id, server in new.servers.items()
    }
    if new.changed == current.changed and new.servers.keys() == current.servers.keys():
        new.version = current.version
    return new


def _put(snapshot: Snapshot, server: Server) -> None:
    server_id = str(server.id)
    snapshot.version = _next_version(snapshot)
    snapshot.servers[server_id] = server
    snapshot.changed[server_id] = snapshot.patched[server_id] = snapshot.version
    snapshot.asked.pop(server_id, None)


def _see(snapshot: Snapshot, server: Server, before: int) -> None:
    """Take over a server that was asked about at version `before`, unless we changed it since."""
    server_id = str(server.id)
    if snapshot.patched.get(server_id, 0) > before or snapshot.servers.get(server_id) == server:
        return
    snapshot.version = _next_version(snapshot)
    snapshot.servers[server_id] = server
    snapshot.changed[server_id] = snapshot.version
    snapshot.asked.pop(server_id, None)


def _forget(snapshot: Snapshot, server_id: str) -> None:
    snapshot.version = _next_version(snapshot)
    snapshot.servers.pop(server_id, None)
    snapshot.changed.pop(server_id, None)
    snapshot.patched[server_id] = snapshot.version
    snapshot.asked.pop(server_id, None)


def _next_version(snapshot: Snapshot | None) -> int:
    """Higher than the last one, and, should the cache lose everything, higher than any that a page still remembers."""
    return max((snapshot.version if snapshot else 0) + 1, int(time.time() * 1000))


# --- the cache --------------------------------------------------------------------------------------------------


def _version(account: str) -> int:
    snapshot = _load(account)
    return snapshot.version if snapshot else 0


def _load(account: str) -> Snapshot | None:
    packed = cache.get(f"fleet:{account}")
    if packed is None:
        return None
    try:
        return msgspec.msgpack.decode(packed, type=Snapshot)
    except msgspec.DecodeError:
        return None


def _save(account: str, snapshot: Snapshot) -> None:
    cache.set(f"fleet:{account}", msgspec.msgpack.encode(snapshot), timeout=KEPT)


def _change(account: str, change: Callable[[Snapshot], None]) -> Snapshot | None:
    """Change the snapshot if there is one, under its lock."""
    with _locked(account):
        snapshot = _load(account)
        if snapshot is not None:
            change(snapshot)
            _save(account, snapshot)
        return snapshot


@contextlib.contextmanager
def _locked(account: str) -> Iterator[None]:
    """A short lock across processes. Whoever holds it makes no remote call, so it is free again within milliseconds."""
    flag = f"fleet:{account}:lock"
    ends_at = time.monotonic() + 5
    while not cache.add(flag, 1, timeout=5) and time.monotonic() < ends_at:
        time.sleep(0.005)
    try:
        yield
    finally:
        cache.delete(flag)
