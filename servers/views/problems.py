"""Pages and partials for what did not work. Each says what happened to the server, and what to do."""

import contextlib
import sys
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext

from .. import drafts, fleet, records, session
from ..actions import Protected
from ..forms import PanelForm
from ..open_sessions import BY_ITSELF
from ..remote.errors import FieldsWrong, KeyRefused, RemoteError
from ..request import PanelRequest
from ..roles import names_of, refusal_with_names
from ..rows import row
from ..words import told

RETRY_AFTER = 300
"""Seconds: the longest of the limits on tries (ACCOUNT_RATE_LIMITS), so that whoever waits so long may try again."""
SAID = 200
"""For what htmx is to swap and no browser is to call an error: a session that ended while a page stood open."""


def remote_problem(request: PanelRequest, problem: RemoteError) -> HttpResponse:
    """What went wrong at VPS.org, as a page or as a message with the cells of the server that it is about."""
    _told(request, problem)
    context: dict[str, Any] = {
        "problem": problem,
        "sentence": told(problem),
        "connect": isinstance(problem, KeyRefused),
    }
    if request.htmx:
        context |= {"stop": isinstance(problem, KeyRefused)}
        if request.method == "POST":
            context |= _cells(request)
        return _partial(request, "_problem.html", context, problem.panel_status)
    context |= {"draft_at": drafts.address(request)}
    return render(request, "problem.html", context, status=problem.panel_status)


def form(request: PanelRequest, template: str, context: dict[str, Any], problem: RemoteError) -> HttpResponse:
    """The same as a form that comes back filled, with what VPS.org found wrong at its fields."""
    _told(request, problem)
    filled = context["form"]
    if isinstance(problem, FieldsWrong) and isinstance(filled, PanelForm):
        filled.refuse(problem)
    else:
        context |= {
            "sentence": told(problem),
            "connect": isinstance(problem, KeyRefused),
        }
    return render(request, template, context, status=problem.panel_status)


def busy_sentence() -> str:
    """What is said when two people save the same server at the same moment."""
    return gettext("A colleague is saving changes to this server. Wait a moment, then save again.")


def busy(request: PanelRequest) -> HttpResponse:
    """Two people save the same server at the same moment."""
    return _sentence(request, busy_sentence(), 409, drafts.address(request))


def protected(request: PanelRequest, problem: Protected) -> HttpResponse:
    """A server that must not be stopped, restarted or deleted: says who can lift the protection."""
    names = names_of("Manager")
    sentence = f"{problem} {gettext('Managers: %(names)s.') % {'names': names}}" if names else str(problem)
    if request.htmx:
        return _partial(request, "_problem.html", {"sentence": sentence} | _cells(request), 409)
    context = {"sentence": sentence, "server_id": problem.server_id, "name": problem.name}
    return render(request, "servers/protected.html", context, status=409)


def not_the_author(request: PanelRequest) -> HttpResponse:
    """Somebody else's note."""
    return _sentence(request, gettext("Only the person who wrote a note can delete it."), 403)


def signed_out(request: HttpRequest) -> HttpResponse:
    """For htmx: a press is sent after signing in, in a dialog; what asks by itself stops, and takes the rows away."""
    if _pressed(request):
        return first(reverse("account_login"))
    current = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
    sign_in = f"{reverse('account_login')}?{urlencode({'next': current or reverse('server-list')})}"
    context = {
        "sentence": gettext("You are signed out. Nothing was changed."),
        "sign_in": sign_in,
        "stop": True,
    }
    return _partial(request, "_problem.html", context, SAID)


def not_connected(request: PanelRequest) -> HttpResponse:
    """For htmx: the session holds no key any more. A press is sent after connecting; what asks by itself stops."""
    if _pressed(request):
        return first(reverse("connect"))
    context = {
        "sentence": gettext("You are not connected to VPS.org. Nothing was changed."),
        "connect": True,
        "stop": True,
    }
    return _partial(request, "_problem.html", context, SAID)


@login_not_required
def not_allowed(request: PanelRequest, exception: Exception) -> HttpResponse:
    """403: says who can help."""
    permission = str(exception) if str(exception).startswith("servers.") else _permission_of(request)
    sentence = refusal_with_names(request.user, permission)
    return _sentence(request, sentence, 403)


@login_not_required
def not_found(request: PanelRequest, exception: Exception) -> HttpResponse:
    """404: a page that there is not."""
    return _sentence(
        request,
        gettext("There is no such page here. It may have moved, or the address is mistyped."),
        404,
    )


@login_not_required
def bad_request(request: PanelRequest, exception: Exception) -> HttpResponse:
    """400: an address or a form that no browser sends by itself, or a session that could not be saved."""
    if records.failed(exception):
        return records_failed(request)
    return _sentence(
        request,
        gettext("The console could not read this request. Nothing was changed."),
        400,
    )


@login_not_required
def our_fault(request: HttpRequest) -> HttpResponse:
    """500: our own fault. Without the page frame, which may be what failed."""
    if records.failed(sys.exception()):
        return records_failed(request)
    return render(None, "500.html", {"request": request}, status=500)


def records_failed(request: HttpRequest) -> HttpResponse:
    """503: database or cache fail. Says nothing of what was done: the row of the log may be what could not be written.

    What a page asks by itself goes on asking, and shows meanwhile how old is what it shows.
    """
    name = ""
    with contextlib.suppress(Resolver404):  # what failed may have done so before Django did this
        name = resolve(request.path_info).url_name or ""
    context: dict[str, Any] = {"sentence": _records_sentence(), "request": request}
    if _by_htmx(request):
        quiet = name in BY_ITSELF
        response = HttpResponse(status=503) if quiet else render(None, "_problem.html", context, status=503)
        response["HX-Reswap"] = "none"
    else:
        context["again"] = request.get_full_path() if request.method == "GET" else ""
        response = render(None, "503.html", context, status=503)
    response["Retry-After"] = str(records.TRY_AGAIN)
    response["Cache-Control"] = "no-store"
    return response


@login_not_required
def csrf_failure(request: PanelRequest, reason: str = "") -> HttpResponse:
    """A form from before signing in or out: reload and press again; what was typed is there again."""
    sentence = gettext("This page is out of date, so nothing was sent. Reload it and press again.")
    return _sentence(request, sentence, 403, drafts.address(request))


def too_many(request: HttpRequest) -> HttpResponse:
    """429: too many tries to sign in within a short time, from one place or with one name."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def _records_sentence() -> str:
    return gettext(
        "The console cannot read or write its own records just now. This signs nobody out, and the servers"
        " go on as they are. If you have pressed a button, look at the server before you press it again."
    )


def _by_htmx(request: HttpRequest) -> bool:
    """By the header alone: what failed may have done so before htmx's middleware."""
    return request.headers.get("HX-Request") == "true"


def _pressed(request: HttpRequest) -> bool:
    """Whether a person asked for a change, and not the page by itself."""
    match = request.resolver_match
    return request.method == "POST" and not (match and match.url_name in BY_ITSELF)


def first(address: str) -> HttpResponse:
    """Tells the page where to go first, in a dialog; then it sends the same once more (forms.js)."""
    back = urlencode({"next": reverse("signed-in")})
    return HttpResponse(headers={"First-Go-To": f"{address}?{back}"})


def _permission_of(request: HttpRequest) -> str:
    """What the refused address needs, by its name."""
    name = request.resolver_match.url_name if request.resolver_match else ""
    needs = {
        "server-new": "servers.create",
        "server-new-outcome": "servers.create",
        "server-new-summary": "servers.create",
        "server-delete": "servers.delete",
    }
    if (name or "").startswith("member"):
        return "servers.members"
    return needs.get(name or "", "servers.power")


def _told(request: PanelRequest, problem: RemoteError) -> None:
    """What every answer about a problem does. A refused key is asked for once more; the person stays signed in."""
    request.problem = problem
    if isinstance(problem, KeyRefused) and not session.team_token():
        session.forget(request)


def _cells(request: PanelRequest) -> dict[str, Any]:
    """The cells of the server that the request was about, as they are known now."""
    server_id = request.resolver_match.kwargs.get("server_id") if request.resolver_match else None
    if server_id is None:
        return {}
    try:
        seen = fleet.seen(session.connection(request))
    except session.NotConnected:
        return {}
    rows = [row(seen, server, request.user) for server in seen.servers if server.id == server_id]
    return {"rows": rows, "full": request.GET.get("on") == "server"}


def _sentence(request: HttpRequest, sentence: str, status: int, draft_at: str = "") -> HttpResponse:
    context = {"sentence": sentence, "draft_at": draft_at}
    if getattr(request, "htmx", None):
        return _partial(request, "_problem.html", context, status)
    return render(request, "problem.html", context, status=status)


def _partial(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["HX-Reswap"] = "none"
    return response
