"""What is remembered of the servers: since when each has its status, and what its details told over time.

Nothing is asked for it: `fleet` and `actions` hand over what comes anyway. A look that shows nothing new writes
nothing.
"""

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from .models import Sample, Sighting
from .remote.objects import Server, ServerDetail, Usage

EVERY: Final = timedelta(minutes=5)
"""At most one sample of a server in this time."""
ALL_KEPT: Final = timedelta(days=1)
"""For so long every sample stays, then one of each hour."""
KEPT: Final = timedelta(days=31)
LARGEST: Final = 1e15
"""What is larger is no figure of a server."""


class Remembered(NamedTuple):
    """A row of `Sighting`, as it is read."""

    status: str
    since: datetime
    backups_enabled: bool | None
    disk_used: float | None
    disk_size: float | None
    disk_seen_at: datetime | None


class Sampled(NamedTuple):
    """A row of `Sample`, as it is read."""

    at: datetime
    hourly: bool
    cpu_percent: float | None
    memory_used: float | None
    disk_used: float | None
    bandwidth_used: float | None


# --- looking ----------------------------------------------------------------------------------------------------


def of(server_ids: Collection[str]) -> dict[str, Remembered]:
    """What is remembered by server id, with one query, and without a model for each of many rows."""
    rows = Sighting.objects.filter(server_id__in=server_ids).values_list("server_id", *Remembered._fields)
    return {server_id: Remembered(*told) for server_id, *told in rows}


def samples(server_id: str, since: datetime, *, hourly: bool = False) -> list[Sampled]:
    """The samples of a server from this time on, oldest first; `hourly`: one of each hour, and all of the last one.

    They are read once until the next one comes. The caller has seen that the key lists the server.
    """
    last_hour = timezone.now() - timedelta(hours=1)
    memo = _memo_of_samples(server_id, hourly=hourly)
    found: list[Sampled] | None = cache.get(memo)
    if found is None:
        wanted = Q(hourly=True) | Q(at__gte=last_hour) if hourly else Q()
        rows = Sample.objects.filter(wanted, server_id=server_id, at__gte=since).values_list(*Sampled._fields)
        found = [Sampled(*row) for row in rows]
        cache.set(memo, found, timeout=EVERY.total_seconds())
    return [s for s in found if s.at >= since and (not hourly or s.hourly or s.at >= last_hour)]


def _memo_of_samples(server_id: str, *, hourly: bool) -> str:
    return f"samples:{server_id}:{'hourly' if hourly else 'all'}"


# --- remembering ------------------------------------------------------------------------------------------------


def note(before: Mapping[str, Server], after: Mapping[str, Server]) -> None:
    """The fleet went from `before` to `after`: write down which servers have a new status, and since when."""
    changed = [
        i
        for i, server in after.items()
        if (old := before.get(i)) is not server and (old is None or old.status != server.status)
    ]
    if not changed:
        return
    known = dict(Sighting.objects.filter(server_id__in=changed).values_list("server_id", "status"))
    now = timezone.now()
    new = [
        Sighting(server_id=i, status=after[i].status, since=now)
        for i in changed
        if known.get(i) != after[i].status
    ]
    Sighting.objects.bulk_create(
        new,
        update_conflicts=True,
        unique_fields=["server_id"],
        update_fields=["status", "since"],
    )


def forget(server_ids: Collection[str]) -> None:
    """These servers are gone."""
    if server_ids:
        cache.delete_many(_told_of(server_id) for server_id in server_ids)
        Sample.objects.filter(server_id__in=list(server_ids)).delete()
        Sighting.objects.filter(server_id__in=list(server_ids)).delete()


def keep(server: ServerDetail) -> None:
    """Keep what the details of a server tell: its backups and its disk as last known, and a sample of what it uses."""
    now, memo = timezone.now(), _told_of(str(server.id))
    known: dict[str, object] = {"backups_enabled": server.backups_enabled, "plan": server.plan}
    if cache.get(memo) == known:
        return
    sighting, _ = Sighting.objects.get_or_create(
        server_id=server.id, defaults={"status": server.status, "since": now}
    )
    told: dict[str, object] = {
        "backups_enabled": server.backups_enabled,
        "disk_size": figure(server.plan.storage if server.plan else None),
    }
    changes = {name: value for name, value in told.items() if value not in (None, getattr(sighting, name))}
    usage = server.resource_usage
    # A clock that was set back makes the last sample lie ahead: then the next one is due as well.
    too_soon = sighting.sampled_at is not None and timedelta() <= now - sighting.sampled_at < EVERY
    if usage is None or too_soon:
        if changes:
            Sighting.objects.filter(pk=sighting.pk).update(**changes)
        if usage is not None and sighting.sampled_at is not None:
            due = sighting.sampled_at + EVERY
            cache.set(memo, known, timeout=(due - now).total_seconds())
        return
    if figure(usage.disk_used) is not None:
        changes |= {"disk_used": figure(usage.disk_used), "disk_seen_at": now}
    # Of two who look at once one keeps the sample: the row must still be as it was read.
    as_read = Sighting.objects.filter(pk=sighting.pk, sampled_at=sighting.sampled_at)
    if as_read.update(sampled_at=now, **changes):
        _sample(server, usage, now, first_of_hour=_hour(now) != _hour(sighting.sampled_at))


def note_backups(server_id: str, enabled: bool) -> None:
    """VPS.org has accepted that the automatic backups are on or off."""
    Sighting.objects.filter(server_id=server_id).update(backups_enabled=enabled)
    cache.delete(_told_of(server_id))


def _told_of(server_id: str) -> str:
    """Where it is remembered that everything a server's details told was written down, until the next sample is due."""
    return f"told:{server_id}"


def figure(value: float | None) -> float | None:
    """The value if it can be a figure of a server: a number, not negative, not without end."""
    if value is None or not math.isfinite(value) or not 0 <= value <= LARGEST:
        return None
    return float(value)


def _sample(server: ServerDetail, usage: Usage, now: datetime, *, first_of_hour: bool) -> None:
    """Keep a sample, and let the old ones of all servers go: two deletions, each along its index."""
    Sample.objects.create(
        server_id=server.id,
        at=now,
        hourly=first_of_hour,
        cpu_percent=figure(usage.cpu_percent),
        memory_used=figure(usage.memory_used),
        disk_used=figure(usage.disk_used),
        bandwidth_used=figure(usage.bandwidth_used),
    )
    cache.delete_many(_memo_of_samples(str(server.id), hourly=hourly) for hourly in (True, False))
    Sample.objects.filter(hourly=False, at__lt=now - ALL_KEPT).delete()
    Sample.objects.filter(hourly=True, at__lt=now - KEPT).delete()


def _hour(at: datetime | None) -> datetime | None:
    return at and at.replace(minute=0, second=0, microsecond=0)
