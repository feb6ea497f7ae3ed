"""The rows of the list as HTML, each drawn once and kept in this process: most pages show what another has just shown.

What a row shows is what it is kept under: the server itself, what the team and the console know of it, what the reader
may do, the language, the time zone and the day. So none can be old, and nobody gets another person's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from . import bulk
from .fleet import Fleet
from .models import Sheet
from .remote.objects import Server
from .roles import PERMISSION, Person
from .rows import row_of, shown
from .snapshot import Asked

KEPT: Final = 4096
"""So many rows: some 12 MB."""


@dataclass(frozen=True)
class Reader:
    """What of a person, and of the moment, decides how a server looks."""

    permissions: frozenset[str]
    language: str
    time_zone: str
    today: date

    @classmethod
    def of(cls, person: Person) -> "Reader":
        """The reader that this person is now."""
        return cls(
            frozenset(permission for permission in PERMISSION.values() if person.has_perm(permission)),
            get_language() or "",
            timezone.get_current_timezone_name(),
            timezone.localdate(),
        )

    def has_perm(self, permission: str) -> bool:
        """As Django's users answer it."""
        return permission in self.permissions


def rows(fleet: Fleet, servers: Iterable[Server], person: Person) -> list[SafeString]:
    """The rows of these servers for this person; tags and protection come with one query for all."""
    reader, none = Reader.of(person), Sheet()
    return [
        _row(reader, server, asked, as_of, tuple((sheet or none).tags), (sheet or none).protected)
        for server, sheet, asked, as_of in shown(fleet, servers)
    ]


@lru_cache(maxsize=KEPT)
def _row(
    reader: Reader,
    server: Server,
    asked: Asked | None,
    as_of: datetime | None,
    tags: tuple[str, ...],
    protected: bool,
) -> SafeString:
    sheet = Sheet(server_id=str(server.id), tags=tags, protected=protected)
    context = {
        "row": row_of(server, reader, sheet, asked, as_of),
        "bulk_actions": bulk.permitted(reader),
    }
    return render_to_string("servers/_row.html", context)
