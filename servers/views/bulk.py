"""Many at once: what will happen, then a page that does it and shows how far it has come."""

import contextlib
import uuid
from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap

from .. import bulk, drafts, fleet, fresh, session
from ..models import Run
from ..remote.objects import Server
from ..request import PanelRequest
from ..words import asked_of_many
from .fleet import matching

TYPED_FROM: Final = 6
"""From so many servers on the number has to be typed."""
STOP_POLLING: Final = 286
"""htmx swaps an answer with this status and polls no more."""
COMMANDS: Final[dict[str, Callable[[Run], None]]] = {
    "pause": bulk.pause,
    "resume": bulk.resume,
    "stop": bulk.stop_the_rest,
}


@require_http_methods(["GET", "POST"])
@permission_required("servers.look", raise_exception=True)
def new(request: PanelRequest) -> HttpResponse:
    """GET names every chosen server, and the skipped ones with the reason; POST writes the work list."""
    given = request.POST if request.method == "POST" else request.GET
    action = given.get("action", "")
    if action not in Run.Action.values:
        raise Http404
    if request.method == "POST" and Run.objects.filter(pk=_key(request), user_id=request.user.pk).exists():
        return redirect("bulk", _key(request))
    draft = drafts.of(request)
    left_out = request.POST.get("left_out", "").split(",")
    chosen = bulk.candidates(request, action, _chosen(request)[: bulk.MOST], left_out)
    able = [candidate for candidate in chosen if not candidate.reason]
    skipped = [candidate for candidate in chosen if candidate.reason]
    error = ""
    if request.method == "POST" and able:
        error = _wrong_number(request.POST.get("confirm_count", ""), len(able))
        if action == Run.Action.DELETE and (question := fresh.ask(request)):
            return question
        if not error:
            drafts.done(request)
            key, one_by_one = _key(request), request.POST.get("one_by_one") == "on"
            return redirect("bulk", bulk.start(request, key, action, chosen, one_by_one=one_by_one).pk)
    context = {
        "action": action,
        "title": asked_of_many(action, len(able)),
        "able": able,
        "skipped": skipped,
        "ids": ",".join(str(candidate.server.id) for candidate in chosen),
        "left_out": ",".join(str(candidate.server.id) for candidate in skipped),
        "key": uuid.uuid4(),
        "typed": len(able) >= TYPED_FROM,
        "error": error,
        "draft": draft,
        "filled": request.POST or draft.fields,
        "too_many": len(chosen) == bulk.MOST,
        "most": number_format(bulk.MOST, force_grouping=True),
    }
    return render(request, "bulk/new.html", context, status=422 if error else 200)


@require_safe
@permission_required("servers.look", raise_exception=True)
def run(request: PanelRequest, run_id: uuid.UUID) -> HttpResponse:
    """The progress page: its author's page drives the run, a colleague's watches it."""
    current = _get(request, run_id)
    if not request.htmx:
        return render(request, "bulk/run.html", _context(request, current))
    with contextlib.suppress(*fleet.NO_ANSWER):
        fleet.tick(session.connection(request))
    context = _context(request, current)
    status = STOP_POLLING if context["progress"].settled else 200
    return reswap(render(request, "bulk/_run.html", context, status=status), "outerHTML")


@require_POST
@permission_required("servers.look", raise_exception=True)
def drive(request: PanelRequest, run_id: uuid.UUID) -> HttpResponse:
    """Take one step for htmx; without it as many as fit into some seconds, for a person who presses "Go on"."""
    current = _get(request, run_id)
    if current.user_id != request.user.pk:
        raise Http404
    wait = bulk.drive(request, current)
    if request.htmx:
        current.refresh_from_db()
        context = _context(request, current) | {"wait": max(round(wait * 1000), 50), "oob": True}
        return reswap(render(request, "bulk/_driven.html", context), "outerHTML")
    for _ in range(bulk.AT_A_TIME - 1):
        if wait == 0:
            wait = bulk.drive(request, current)
    return redirect("bulk", run_id)


@require_POST
@permission_required("servers.power", raise_exception=True)
def command(request: PanelRequest, run_id: uuid.UUID, command: str) -> HttpResponse:
    """Pause, go on, or stop the rest. Going on is for the author, whose key the run uses; stopping for anybody."""
    current = _get(request, run_id)
    if command not in COMMANDS or (command == "resume" and current.user_id != request.user.pk):
        raise Http404
    COMMANDS[command](current)
    return redirect("bulk", run_id)


def _get(request: PanelRequest, run_id: uuid.UUID) -> Run:
    """A run of this account, or of this person."""
    account = session.connection(request).account
    found = Run.objects.filter(pk=run_id).first()
    if found is None or (found.account != account and found.user_id != request.user.pk):
        raise Http404
    bulk.pause_if_left(found)
    return found


def _context(request: PanelRequest, current: Run) -> dict[str, Any]:
    return {"progress": bulk.progress(current), "mine": current.user_id == request.user.pk, "wait": 200}


def _chosen(request: PanelRequest) -> list[Server]:
    """The servers that were ticked, that match the list's filters, or that an earlier run is done again with."""
    link = session.connection(request)
    current = fleet.look(link)
    if request.method == "POST":
        ids = request.POST.get("servers", "").split(",")
    elif "again" in request.GET:
        ids = _of_earlier_run(request)
    elif "all" in request.GET:
        return matching(current, request.GET)
    else:
        ids = request.GET.getlist("server")
    return [current.by_id[i] for i in dict.fromkeys(ids) if i in current.by_id]


def _of_earlier_run(request: PanelRequest) -> list[str]:
    try:
        earlier = _get(request, uuid.UUID(request.GET["again"]))
    except ValueError:
        raise Http404 from None
    states = bulk.AGAIN.get(request.GET.get("which", ""), bulk.AGAIN["asked"])
    return list(earlier.steps.filter(state__in=states).values_list("server_id", flat=True))


def _wrong_number(typed: str, number: int) -> str:
    if number < TYPED_FROM or typed.strip() == str(number):
        return ""
    return gettext("Type %(number)d to confirm. Nothing was sent.") % {"number": number}


def _key(request: PanelRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        raise Http404 from None
