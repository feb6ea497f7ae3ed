"""The fleet in numbers, for the start page: each number is the one that its link's list shows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from . import fleet
from .remote.objects import Server
from .words import GROUPS, STATUSES, Words

ALWAYS: Final = ("active", "stopped")
"""Counted also where there is none."""
MOST_PLACES: Final = 12


class Count(NamedTuple):
    """How many servers the list shows with this value of a filter."""

    value: str
    word: Words
    shape: str
    n: int


@dataclass(frozen=True)
class Overview:
    """How many servers there are of each kind, at each location, and how large they are together.

    `elsewhere` counts the servers at locations that are not shown, `nowhere` those without one, `unsized` those whose
    size is not known.
    """

    total: int
    states: list[Count]
    places: list[Count]
    elsewhere: int
    nowhere: int
    processors: int
    memory: int
    disk: int
    unsized: int


def overview(servers: Iterable[Server]) -> Overview:
    """Count the servers. Memory comes in MB, disk in GB, as VPS.org gives them."""
    servers = list(servers)
    states = Counter(fleet.group(server) for server in servers)
    places = Counter(server.location or "" for server in servers)
    nowhere = places.pop("", 0)
    most = sorted(places, key=lambda place: (-places[place], place))[:MOST_PLACES]
    plans = [server.plan for server in servers if server.plan is not None]
    return Overview(
        total=len(servers),
        states=[
            _state(value, states[value])
            for value in ("active", fleet.CHANGING, "stopped", "suspended", fleet.UNKNOWN)
            if states[value] or value in ALWAYS
        ],
        places=[Count(place, place, "", places[place]) for place in most],
        elsewhere=places.total() - sum(places[place] for place in most),
        nowhere=nowhere,
        processors=sum(plan.vcpus or 0 for plan in plans),
        memory=sum(plan.memory or 0 for plan in plans),
        disk=sum(plan.storage or 0 for plan in plans),
        unsized=len(servers) - sum(None not in (plan.vcpus, plan.memory, plan.storage) for plan in plans),
    )


def _state(value: str, n: int) -> Count:
    if value in GROUPS:
        return Count(value, GROUPS[value], value, n)
    return Count(value, STATUSES[value].word, STATUSES[value].shape, n)
