"""The rows of the list, and the pieces of a server's own page that show it and nothing else, as HTML: each drawn once
and kept in this process, because most pages show what another has just shown.

What a piece shows is what it is kept under: the server itself, what the team and the console know of it, what the
reader may do, the language, the time zone and the day. So none can be old, and nobody gets another person's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from . import bulk
from .fleet import Fleet
from .forms import NoteForm
from .models import Sheet
from .remote.objects import Server, ServerDetail
from .roles import PERMISSION, Person
from .rows import Row, row_of, shown
from .snapshot import Asked
from .terms import TERMS

KEPT: Final = 4096
"""So many rows: some 12 MB."""
PAGES_KEPT: Final = 512
"""The pieces of so many servers' pages: some 10 MB."""


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

    @property
    def perms(self) -> dict[str, dict[str, bool]]:
        """The same as templates ask it: `perms.servers.edit`."""
        return {"servers": {permission.removeprefix("servers."): True for permission in self.permissions}}


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


class Page(NamedTuple):
    """The row of a server, and the pieces of its own page that show the same."""

    row: Row
    head: SafeString
    actions: SafeString
    facts: SafeString
    delete: SafeString


def page(fleet: Fleet, server: ServerDetail, person: Person) -> Page:
    """The pieces of the page of this server for this person, with one query."""
    [(_, sheet, asked, as_of)] = shown(fleet, [server])
    sheet = sheet or Sheet()
    # What it uses is another figure at each look, and stands in none of the pieces.
    settled = msgspec.structs.replace(server, resource_usage=None)
    protection = (sheet.protected, sheet.protected_by, sheet.protected_at)
    return _page(Reader.of(person), settled, asked, as_of, tuple(sheet.tags), protection)


@lru_cache(maxsize=PAGES_KEPT)
def _page(
    reader: Reader,
    server: ServerDetail,
    asked: Asked | None,
    as_of: datetime | None,
    tags: tuple[str, ...],
    protection: tuple[bool, str, datetime | None],
) -> Page:
    protected, by, at = protection
    sheet = Sheet(server_id=str(server.id), tags=tags, protected=protected, protected_by=by, protected_at=at)
    row = row_of(server, reader, sheet, asked, as_of)
    context: dict[str, Any] = {
        "server": server,
        "row": row,
        "perms": reader.perms,
        "terms": TERMS,
        "full": True,
    }
    pieces = (render_to_string(f"servers/_{name}.html", context) for name in Page._fields[1:])
    return Page(row, *pieces)


@lru_cache
def empty_note(language: str | None) -> SafeString:
    """The field for a new note as long as nothing stands in it, in the language that is spoken."""
    return render_to_string("_field.html", {"field": NoteForm()["text"]})
