"""Who did what: the log of changes."""

from typing import Final

from django.contrib.auth.decorators import permission_required
from django.db.models import Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from .. import fleet, session
from ..models import Activity
from ..receipts import receipts
from ..request import PanelRequest
from ..search import asked_for
from ..table import as_csv

PER_PAGE: Final = 50
FILTERS: Final = ("server", "person", "outcome")


@require_safe
@permission_required("servers.look", raise_exception=True)
def activity(request: PanelRequest) -> HttpResponse:
    """The changes to the servers that this key shows, newest first; by server, person and outcome.

    Pages go by the number of the row (`before`), so that the thousandth costs no more than the first.
    """
    everything = of_this_key(request)
    asked = _asked(request)
    entries = _filtered(everything, **asked)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        entries = entries.filter(id__lt=int(before))
    found = list(entries[: PER_PAGE + 1])
    context = {
        **asked,
        "before": before,
        "receipts": receipts(found[:PER_PAGE]),
        "earlier": found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None,
        "outcomes": Activity.Outcome.choices,
        "people": sorted(set(everything.order_by().values_list("user_name", flat=True).distinct()[:200])),
        "filtered": any(asked.values()),
    }
    return render(request, "servers/activity.html", context)


@require_safe
@permission_required("servers.look", raise_exception=True)
def activity_csv(request: PanelRequest) -> StreamingHttpResponse:
    """The same as a file, all pages of it, with the same filters."""
    entries = _filtered(of_this_key(request), **_asked(request)).iterator(chunk_size=2000)
    rows = (
        (
            entry.asked_at.isoformat(timespec="seconds"),
            entry.user_name,
            entry.get_action_display(),
            entry.server_id,
            entry.server_name,
            entry.get_outcome_display(),
            entry.said,
            entry.answered_at and entry.answered_at.isoformat(timespec="seconds"),
            entry.seen_at and entry.seen_at.isoformat(timespec="seconds"),
        )
        for entry in entries
    )
    head = (
        gettext("Asked"),
        gettext("Person"),
        gettext("Change"),
        gettext("Number at VPS.org"),
        gettext("Server"),
        gettext("Outcome"),
        gettext("VPS.org said"),
        gettext("Answered"),
        gettext("Seen done"),
    )
    return as_csv("activity", head, rows)


def _asked(request: PanelRequest) -> dict[str, str]:
    return asked_for(request.GET, *FILTERS)


def of_this_key(request: PanelRequest) -> QuerySet[Activity]:
    """What was done with this key, and what was done to its servers with another one."""
    link = session.connection(request)
    return Activity.objects.filter(Q(account=link.account) | Q(server_id__in=list(fleet.seen(link).by_id)))


def _filtered(entries: QuerySet[Activity], server: str, person: str, outcome: str) -> QuerySet[Activity]:
    if server:
        entries = entries.filter(Q(server_id=server) | Q(server_name__icontains=server))
    if person:
        entries = entries.filter(user_name=person)
    if outcome in Activity.Outcome.values:
        entries = entries.filter(outcome=outcome)
    return entries
