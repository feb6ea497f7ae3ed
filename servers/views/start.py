"""The start page: the fleet in numbers, what needs attention, and what the team did today."""

import time
import zlib
from typing import Final

from django.contrib.auth.decorators import permission_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from .. import attention, fleet, sightings
from ..overview import overview
from ..receipts import receipts
from ..request import PanelRequest
from ..session import Connection, connection
from ..words import Words, status_words
from .activity import of_this_key

AT_FIRST: Final = 8
"""So many servers that need attention are shown until all are asked for."""
TODAY: Final = 5
MOST_ANNOUNCED: Final = 5


@require_safe
@permission_required("servers.look", raise_exception=True)
def start(request: PanelRequest) -> HttpResponse:
    """The front door. No remote call on a fresh fleet; a poll keeps the page up to date."""
    seen = fleet.look(connection(request), now="now" in request.GET)
    everything = request.GET.get("attention") == "all"
    return render(request, "start/start.html", _facts(seen, everything=everything) | _today(request))


def ticks(request: PanelRequest, link: Connection, current: fleet.Fleet) -> HttpResponse:
    """The answer to the poll of the start page: what it shows, if that is different now; else 204.

    What all pages show of this fleet in this minute is worked out once, so that most polls ask the database nothing.
    """
    told = request.GET
    everything = told.get("attention") == "all"
    toggled = told.get("trouble") != ("1" if current.trouble else "0")
    new = toggled or told.get("seen") != str(current.version)
    memo = f"start:{link.account}:{current.version}:{int(time.time()) // 60}:{get_language()}:{everything}"
    if not new and cache.get(memo) == told.get("shown", ""):
        return HttpResponse(status=204)
    context = _facts(current, everything=everything)
    cache.set(memo, context["shown"], timeout=60)
    if not new and context["shown"] == told.get("shown"):
        return HttpResponse(status=204)
    context |= {"toggled": toggled, "changed": _changed(current, told.get("seen", ""))}
    return render(request, "start/_ticks.html", context | _today(request))


def _changed(current: fleet.Fleet, since: str) -> list[tuple[str, Words]]:
    """The servers that look different than at this version, with their status; a few are enough to be read out."""
    last = int(since) if since.isdecimal() and len(since) < 18 else current.version
    changed = [current.by_id[i] for i, version in current.changed.items() if version > last]
    return [(server.name, status_words(server.status).word) for server in changed[:MOST_ANNOUNCED]]


def _facts(seen: fleet.Fleet, *, everything: bool) -> dict[str, object]:
    """The numbers and the sentences. `shown` is a checksum of them, by which a poll knows what the page shows."""
    numbers = overview(seen.servers)
    found = attention.attention(seen.servers, sightings.of(list(seen.by_id)))
    concerns = found.concerns if everything else found.concerns[:AT_FIRST]
    shown = (
        numbers,
        [(c.server.id, c.server.name, c.server.status, [r.sentence for r in c.reasons]) for c in concerns],
        len(found.concerns),
        found.not_known,
    )
    return {
        "fleet": seen,
        "overview": numbers,
        "concerns": concerns,
        "others": len(found.concerns) - len(concerns),
        "not_known": found.not_known,
        "everything": everything,
        "shown": str(zlib.crc32(repr(shown).encode())),
    }


def _today(request: PanelRequest) -> dict[str, object]:
    """The last changes, as far as they are of today."""
    today = timezone.localdate()
    last = [entry for entry in of_this_key(request)[:TODAY] if timezone.localdate(entry.asked_at) == today]
    return {"receipts": receipts(last)}
