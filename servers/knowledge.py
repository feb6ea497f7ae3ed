"""What a team knows about a server beside VPS.org: notes, tags, and protection.

It belongs to the server's id and is shown to those whose key lists that server. A protected server is not stopped,
restarted or deleted by anyone: `actions` asks here at the moment of the act.
"""

import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from . import fleet
from .models import Activity, Note, Sheet
from .remote.objects import Server
from .roles import PERMISSION
from .session import Connection, connection
from .words import is_protected

Action = Activity.Action

LONGEST_NOTE: Final = 2000
LONGEST_TAG: Final = 30
MOST_TAGS: Final = 20
GUARDED: Final = frozenset({Action.STOP, Action.REBOOT, Action.DELETE})
"""What protection forbids."""


class NotTheAuthor(Exception):
    """Only the person who wrote a note deletes it."""


# --- looking ----------------------------------------------------------------------------------------------------


def of(server_ids: Iterable[str]) -> dict[str, Sheet]:
    """Tags and protection by server id, with one query. A server for which nothing was ever set is not among them."""
    return {sheet.server_id: sheet for sheet in Sheet.objects.filter(server_id__in=list(server_ids))}


def why_not(action: str, name: str, sheet: Sheet | None) -> str:
    """Why the protection forbids this action, or an empty text."""
    if sheet is not None and sheet.protected and action in GUARDED:
        return is_protected(name)
    return ""


def notes(server_id: str) -> QuerySet[Note]:
    """The notes about a server, newest first. The caller has seen that the key lists it."""
    return Note.objects.filter(server_id=server_id)


def tag_words(text: str) -> list[str]:
    """The words of a text that spaces or commas separate, lower-case, each once, sorted."""
    return sorted({unicodedata.normalize("NFC", word.lower()) for word in text.replace(",", " ").split()})


def is_tag(word: str) -> bool:
    """Whether this is letters (with the vowel signs of Indian scripts), digits and hyphens, 30 at most."""
    kinds = [unicodedata.category(character)[0] for character in word]
    return (
        0 < len(word) <= LONGEST_TAG
        and kinds[0] in "LN"
        and all(kind in "LMN" or character == "-" for kind, character in zip(kinds, word, strict=True))
    )


# --- changing ---------------------------------------------------------------------------------------------------


def add_note(request: HttpRequest, server_id: str, text: str) -> Note:
    """Write a note down. Raises PermissionDenied, and Gone for a server that the key does not list."""
    _reach(request, Action.EDIT, server_id)
    return Note.objects.create(
        server_id=server_id,
        author_id=request.user.pk,
        author_name=request.user.get_username(),
        text=text[:LONGEST_NOTE],
    )


def delete_note(request: HttpRequest, server_id: str, note_id: int) -> None:
    """Delete a note of one's own; one that is already gone counts as deleted. Raises NotTheAuthor besides."""
    _reach(request, Action.EDIT, server_id)
    note = notes(server_id).filter(pk=note_id).first()
    if note is not None and note.author_id != request.user.pk:
        raise NotTheAuthor
    if note is not None:
        note.delete()


def set_tags(
    request: HttpRequest, server_id: str, opened: Collection[str], wanted: Collection[str]
) -> list[str]:
    """Change the tags from what the form showed when it was opened to what is wanted; gives the tags there are now.

    Only the difference is applied, so that what a colleague has added or taken away meanwhile stays.
    """
    link, _ = _reach(request, Action.EDIT, server_id)
    with transaction.atomic():
        sheet = locked(server_id)
        sheet.tags = sorted((set(sheet.tags) | set(wanted)) - (set(opened) - set(wanted)))
        sheet.save(update_fields=["tags"])
    fleet.touch(link, server_id)
    return list(sheet.tags)


def protect(request: HttpRequest, server_id: str) -> Server:
    """Let nobody stop, restart or delete the server. One that is protected keeps by whom and since when."""
    return _switch(request, Action.PROTECT, server_id)


def lift(request: HttpRequest, server_id: str) -> Server:
    """Lift the protection."""
    return _switch(request, Action.LIFT, server_id)


def _switch(request: HttpRequest, action: Action, server_id: str) -> Server:
    link, server = _reach(request, action, server_id)
    on = action == Action.PROTECT
    with transaction.atomic():
        sheet = locked(server_id)
        if sheet.protected != on:
            sheet.protected = on
            sheet.protected_by = request.user.get_username() if on else ""
            sheet.protected_at = timezone.now() if on else None
            sheet.save(update_fields=["protected", "protected_by", "protected_at"])
            entry = Activity.begin(
                request.user, link.account, action, server_id=server_id, server_name=server.name
            )
            entry.finish(Activity.Outcome.DONE)
    fleet.touch(link, server_id)
    return server


def locked(server_id: str) -> Sheet:
    """The sheet of a server, made if there is none, and held until the transaction ends."""
    return Sheet.objects.select_for_update().get_or_create(server_id=server_id)[0]


def _reach(request: HttpRequest, action: Action, server_id: str) -> tuple[Connection, Server]:
    """The server, if the person may do this and the key lists it. Raises PermissionDenied and RemoteError."""
    if not request.user.has_perm(PERMISSION[action]):
        raise PermissionDenied(PERMISSION[action])
    link = connection(request)
    return link, fleet.find(link, server_id) or fleet.detail(link, server_id)
