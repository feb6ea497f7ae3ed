"""Searching: which servers of the fleet a text finds, and in which order they stand.

Words look into name, hostname and address; `tag:shop` and `is:protected` into what the team has set.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from . import knowledge
from .models import Sheet
from .remote.objects import Server, one_line

TAG: Final = "tag:"
PROTECTED: Final = "is:protected"

KEPT: Final = 32_768
"""Of so many names it is known where they stand."""

FILTERS: Final = ("q", "status", "location", "sort")


@lru_cache(maxsize=KEPT)
def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """web-2 before web-10; kept, because the fleet is sorted anew at each change of one server."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text.casefold())
    return tuple(
        (int(part), "") if part.isascii() and part.isdigit() and len(part) < 18 else (0, part)
        for part in parts
    )


SORTS: Final[dict[str, Any]] = {
    "name": lambda server: _natural(server.name),
    "status": lambda server: server.status,
    "address": lambda server: [int(part) for part in re.findall(r"[0-9]+", server.ip_address or "")],
    "location": lambda server: server.location or "",
    "size": lambda server: (
        (server.plan.vcpus or 0, server.plan.memory or 0, server.plan.storage or 0)
        if server.plan
        else (0, 0, 0)
    ),
    "system": lambda server: _natural((server.os and server.os.name) or ""),
    "created": lambda server: server.created_at.timestamp() if server.created_at else 0.0,
}
"""The columns that VPS.org's fields give; `protected` (first) comes besides."""


def asked_for(query: Mapping[str, str], *names: str) -> dict[str, str]:
    """What an address asks for with these parameters, as texts that can be shown, like those of the servers."""
    return {name: one_line(query.get(name, "")) for name in names or FILTERS}


def find(servers: Iterable[Server], text: str, sort: str = "") -> list[Server]:
    """The servers that fit the text, by any column; a hyphen in front turns it round. Names decide between equals.

    What the team has set is asked for only where text or order need it: one query.
    """
    words = text.split()
    tags = {tag for word in words if word.startswith(TAG) for tag in knowledge.tag_words(word[len(TAG) :])}
    plain = [word.casefold() for word in words if not word.startswith(TAG) and word != PROTECTED]
    found = sorted((server for server in servers if _has(server, plain)), key=SORTS["name"])
    column, turned = sort.removeprefix("-"), sort.startswith("-")
    if column in SORTS:
        found.sort(key=SORTS[column], reverse=turned)
    if not tags and PROTECTED not in words and column != "protected":
        return found
    sheets = knowledge.of(str(server.id) for server in found)

    def sheet(server: Server) -> Sheet:
        return sheets.get(str(server.id)) or Sheet()

    if column == "protected":
        found.sort(key=lambda server: sheet(server).protected, reverse=not turned)
    return [
        server
        for server in found
        if tags <= set(sheet(server).tags) and (PROTECTED not in words or sheet(server).protected)
    ]


def _has(server: Server, words: list[str]) -> bool:
    searched = f"{server.name} {server.hostname or ''} {server.ip_address or ''}".casefold()
    return all(word in searched for word in words)
