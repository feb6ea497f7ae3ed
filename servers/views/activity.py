"""Who did what: the log of changes."""

from typing import Final

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from .. import fleet, session
from ..models import Activity
from ..request import PanelRequest

PER_PAGE: Final = 50


@require_GET
@permission_required("servers.look", raise_exception=True)
def activity(request: PanelRequest) -> HttpResponse:
    """The changes to the servers that this key shows, newest first; by server, person and outcome."""
    link = session.connection(request)
    shown = [str(server.id) for server in fleet.seen(link).servers]
    entries = Activity.objects.filter(Q(account=link.account) | Q(server_id__in=shown))
    asked = {name: request.GET.get(name, "")[:100] for name in ("server", "person", "outcome")}
    if asked["server"]:
        entries = entries.filter(Q(server_id=asked["server"]) | Q(server_name__icontains=asked["server"]))
    if asked["person"]:
        entries = entries.filter(user_name=asked["person"])
    if asked["outcome"] in Activity.Outcome.values:
        entries = entries.filter(outcome=asked["outcome"])
    context = {
        **asked,
        "page": Paginator(entries, PER_PAGE).get_page(request.GET.get("page")),
        "outcomes": Activity.Outcome.choices,
        "people": Activity.objects.filter(account=link.account)
        .order_by("user_name")
        .values_list("user_name", flat=True)
        .distinct(),
        "filtered": any(asked.values()),
    }
    return render(request, "servers/activity.html", context)
