"""What the cache holds of an account's servers, and how it is changed without losing anybody's change.

Used by `fleet` alone. A snapshot that was read is never changed in place: `change` works on a copy of its own, under a
short lock that all processes share.
"""

import contextlib
import secrets
import time
from collections.abc import Callable, Hashable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final, Generic, TypeVar

import msgspec
from django.core.cache import cache

from .remote.objects import Server, ServerList

KEPT: Final = 24 * 60 * 60
ASKED_FOR: Final = timedelta(minutes=2)
"""How long a change whose answer was lost is shown as "Asked to …", if nothing else is seen before."""
AS_ASKED: Final = {"start": "active", "stop": "stopped"}
"""The status that shows a change as done, also where the server had it before; the log goes by the same."""
MOST_WORKED_OUT: Final = 32
"""So many filters and orders of a snapshot are kept beside it."""
MEMORIES: Final = 64
"""How many decoded snapshots a process keeps beside the cache."""
SERVERS_KEPT: Final = 32_768
"""So many servers that were unpacked: some 40 MB, where nothing else holds them."""


Memo = dict[Hashable, Any]
Value = TypeVar("Value")
Entry = TypeVar("Entry")


class Asked(msgspec.Struct, frozen=True):
    """A change that was sent and not answered."""

    action: str
    at: datetime


class SnapshotOf(msgspec.Struct, Generic[Entry], dict=True):
    """All servers of an account as last seen, each as an `Entry`.

    `version` grows with every change to it. By server: `changed` is the version at which it last looked different,
    `added` the one at which it first stood here, `patched` the one at which we changed or deleted it ourselves.
    """

    servers: dict[str, Entry]
    checked_at: float
    version: int
    count: int = 0
    hidden: int = 0
    complete: bool = True
    changed: dict[str, int] = {}
    added: dict[str, int] = {}
    patched: dict[str, int] = {}
    asked: dict[str, Asked] = {}

    @cached_property
    def worked_out(self) -> Memo:
        """What follows from this snapshot alone, for `once`; it stays in this process."""
        return {}


Snapshot = SnapshotOf[Server]


class Trouble(msgspec.Struct, frozen=True):
    """VPS.org does not answer: how often in a row, since when, and until when nobody asks."""

    failures: int
    since: datetime
    rest_until: float


def once(memo: Memo, key: Hashable, work: Callable[[], Value]) -> Value:
    """What `work` gives, worked out once for everybody who asks for it under this key."""
    with contextlib.suppress(KeyError):
        found: Value = memo[key]
        return found
    if len(memo) >= MOST_WORKED_OUT:
        memo.clear()
    memo[key] = value = work()
    return value


# --- reading and changing ---------------------------------------------------------------------------------------

_memory: dict[str, tuple[int, Snapshot]] = {}


def read(account: str) -> Snapshot | None:
    """The snapshot, decoded once per process and version. Not to be changed."""
    return _known(account, cache.get(f"fleet:{account}:stamp"))


def read_with_trouble(account: str) -> tuple[Snapshot | None, Trouble | None]:
    """The same, and why it is not fresh, with one question to the cache."""
    stamp, told = f"fleet:{account}:stamp", f"fleet:{account}:trouble"
    found = cache.get_many([stamp, told])
    return _known(account, found.get(stamp)), _trouble(found.get(told))


def _known(account: str, stamp: int | None) -> Snapshot | None:
    if stamp is None:
        return None
    remembered = _memory.get(account)
    if remembered is not None and remembered[0] == stamp:
        return remembered[1]
    snapshot = _load(account)
    if snapshot is not None:
        _remember(account, stamp, snapshot)
    return snapshot


def change(account: str, act: Callable[[Snapshot], None]) -> tuple[Snapshot, Snapshot] | None:
    """Change the snapshot, if there is one: as it was, and as it is now."""
    with locked(account):
        known = read(account)
        if known is None:
            return None
        snapshot = _copy(known)
        act(snapshot)
        if (snapshot.version, snapshot.checked_at) != (known.version, known.checked_at):
            _save(account, snapshot)
        return known, snapshot


def take_over(account: str, answer: ServerList, before: int) -> Snapshot:
    """Make the answer to a question that was asked at version `before` the snapshot; what we changed since stays."""
    with locked(account):
        snapshot = merge(read(account), answer, before)
        _save(account, snapshot)
        return snapshot


def trouble(account: str) -> Trouble | None:
    """Why the snapshot is not fresh, if VPS.org does not answer."""
    return _trouble(cache.get(f"fleet:{account}:trouble"))


def _trouble(packed: bytes | None) -> Trouble | None:
    return msgspec.msgpack.decode(packed, type=Trouble) if packed else None


def note_trouble(account: str, trouble: Trouble | None) -> None:
    """Remember that VPS.org failed, or (None) that it answers."""
    if trouble is None:
        cache.delete(f"fleet:{account}:trouble")
    else:
        cache.set(f"fleet:{account}:trouble", msgspec.msgpack.encode(trouble), timeout=KEPT)


@contextlib.contextmanager
def locked(account: str) -> Iterator[None]:
    """A short lock across processes. Whoever holds it makes no remote call, so it is free again within milliseconds."""
    flag = f"fleet:{account}:lock"
    ends_at = time.monotonic() + 5
    while not cache.add(flag, 1, timeout=5) and time.monotonic() < ends_at:
        time.sleep(0.005)
    try:
        yield
    finally:
        cache.delete(flag)


def _load(account: str) -> Snapshot | None:
    packed = cache.get(f"fleet:{account}")
    if packed is None:
        return None
    try:
        raw = msgspec.msgpack.decode(packed, type=SnapshotOf[msgspec.Raw])
        servers = {server_id: _server(bytes(entry)) for server_id, entry in raw.servers.items()}
    except msgspec.DecodeError:
        # Another release of the console wrote it.
        return None
    return Snapshot(**{field: getattr(raw, field) for field in raw.__struct_fields__} | {"servers": servers})


@lru_cache(maxsize=SERVERS_KEPT)
def _server(packed: bytes) -> Server:
    """A server out of the cache, unpacked once: of a fleet that has changed nearly all are as they were."""
    return msgspec.msgpack.decode(packed, type=Server)


def _save(account: str, snapshot: Snapshot) -> None:
    stamp = secrets.randbits(63)
    packed = msgspec.msgpack.encode(snapshot)
    # Together, or a process that is killed in between would leave a stamp that is not of this snapshot.
    cache.set_many({f"fleet:{account}": packed, f"fleet:{account}:stamp": stamp}, timeout=KEPT)
    _remember(account, stamp, snapshot)


def _copy(known: Snapshot) -> Snapshot:
    """A snapshot of one's own, to be changed; the servers themselves are never changed."""
    return msgspec.structs.replace(
        known,
        servers=dict(known.servers),
        changed=dict(known.changed),
        added=dict(known.added),
        patched=dict(known.patched),
        asked=dict(known.asked),
    )


def _remember(account: str, stamp: int, snapshot: Snapshot) -> None:
    if len(_memory) >= MEMORIES:
        _memory.clear()
    _memory[account] = (stamp, snapshot)


# --- what changes -----------------------------------------------------------------------------------------------


def put(snapshot: Snapshot, server: Server) -> None:
    """We changed this server."""
    _show(snapshot, server)
    snapshot.patched[str(server.id)] = snapshot.version


def see(snapshot: Snapshot, server: Server, before: int) -> None:
    """VPS.org showed this server when asked at version `before`: take it over, unless we changed it since."""
    if is_news(snapshot, server, before):
        _show(snapshot, server)


def is_news(snapshot: Snapshot, server: Server, before: int) -> bool:
    """Whether `see` would change anything."""
    server_id = str(server.id)
    if snapshot.patched.get(server_id, 0) > before:
        return False
    return snapshot.servers.get(server_id) != server or _is_as_asked(server, snapshot.asked.get(server_id))


def forget(snapshot: Snapshot, server_id: str) -> None:
    """This server is gone."""
    snapshot.version = next_version(snapshot)
    snapshot.count -= server_id in snapshot.servers
    for by_server in (snapshot.servers, snapshot.changed, snapshot.added, snapshot.asked):
        by_server.pop(server_id, None)
    snapshot.patched[server_id] = snapshot.version


def ask(snapshot: Snapshot, server_id: str, action: str) -> None:
    """A change of this server was sent and not answered."""
    if server_id in snapshot.servers:
        snapshot.version = snapshot.changed[server_id] = next_version(snapshot)
        snapshot.asked[server_id] = Asked(action, datetime.now(UTC))


def touch(snapshot: Snapshot, server_id: str) -> None:
    """What the console itself knows about this server has changed: it looks different."""
    if server_id in snapshot.servers:
        snapshot.version = snapshot.changed[server_id] = next_version(snapshot)


def _show(snapshot: Snapshot, server: Server) -> None:
    server_id = str(server.id)
    snapshot.version = next_version(snapshot)
    snapshot.servers[server_id] = server
    snapshot.changed[server_id] = snapshot.version
    snapshot.added.setdefault(server_id, snapshot.version)
    snapshot.asked.pop(server_id, None)


def _is_as_asked(server: Server, asked: Asked | None) -> bool:
    return asked is not None and AS_ASKED.get(asked.action) == server.status


def merge(current: Snapshot | None, answer: ServerList, before: int) -> Snapshot:
    """The snapshot after an answer to a question that was asked at version `before`."""
    version = next_version(current)
    servers = {str(server.id): server for server in answer.servers}
    sent = len(servers)
    new = Snapshot(servers, time.time(), version, answer.count, answer.hidden, answer.complete)
    if current is None:
        new.changed = dict.fromkeys(servers, version)
        new.added = dict(new.changed)
        return new
    new.patched = {server_id: at for server_id, at in current.patched.items() if at > before}
    for server_id in new.patched:
        if server_id in current.servers:
            servers[server_id] = current.servers[server_id]
        else:
            servers.pop(server_id, None)
    # VPS.org counted what it sent, without what we have made or deleted since.
    new.count += len(servers) - sent
    now = datetime.now(UTC)
    same = {server_id for server_id, server in servers.items() if current.servers.get(server_id) == server}
    new.asked = {
        i: asked
        for i, asked in current.asked.items()
        if i in same and abs(now - asked.at) < ASKED_FOR and not _is_as_asked(servers[i], asked)
    }
    same = {i for i in same if (i in new.asked) == (i in current.asked)}
    new.changed = {i: current.changed.get(i, version) if i in same else version for i in servers}
    new.added = {i: current.added.get(i, version) for i in servers}
    if len(same) == len(servers) == len(current.servers):
        new.version = current.version
    return new


def next_version(snapshot: Snapshot | None) -> int:
    """Higher than the last one, and, should the cache lose everything, higher than any that a page still remembers."""
    return max((snapshot.version if snapshot else 0) + 1, int(time.time() * 1000))
