"""Create a server: one form, one server, whatever happens to the answer."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from .. import actions, catalogue, drafts, fleet, naming, session
from ..forms import OTHER, CreateForm
from ..models import Activity, Draft
from ..remote.errors import KeyRefused, RemoteError
from ..remote.objects import SERVER_ID, Server
from ..request import PanelRequest
from ..words import asked, told
from . import problems

Outcome = Activity.Outcome
AGAIN = (
    "name",
    "plan_id",
    "os_id",
    "location",
    "hostname",
    "ssh_key_id",
    "backups_enabled",
)


@require_http_methods(["GET", "POST"])
@permission_required("servers.create", raise_exception=True)
def new(request: PanelRequest) -> HttpResponse:
    """The form. What was sent once under its key is never sent again; `?again=` fills it with an earlier attempt,
    `?like=` with what a server is."""
    refused: KeyRefused | None = None
    sentence = ""
    try:
        servers = fleet.look(session.connection(request)).servers
    except KeyRefused as problem:
        if request.method == "GET":
            raise
        servers, refused = fleet.seen(session.connection(request)).servers, problem
    except RemoteError as problem:
        servers, sentence = (), told(problem)
    draft = _draft(request)
    form = _form(request, servers, draft)
    context: dict[str, Any] = {"form": form, "draft": draft, "offers": form.offers}
    context |= {"sentence": sentence, "suggestion": _suggestion(servers)}
    if refused:
        return problems.form(request, "servers/new.html", context, refused)
    if request.method == "GET" or not form.is_valid():
        return render(request, "servers/new.html", context, status=422 if form.errors else 200)
    form_key = form.cleaned_data["form_key"]
    try:
        server = actions.create(request, form.new_server(), form_key)
    except IntegrityError:
        drafts.done(request)
        return redirect("server-new-outcome", form_key)
    except RemoteError as problem:
        if not problem.outcome_known:
            drafts.done(request)
            return redirect("server-new-outcome", form_key)
        form.new_key()
        return problems.form(request, "servers/new.html", context, problem)
    drafts.done(request)
    messages.success(request, asked(Activity.Action.CREATE, server.name))
    return redirect("server-detail", server.id)


@require_POST
@permission_required("servers.create", raise_exception=True)
def summary(request: PanelRequest) -> HttpResponse:
    """What the form holds just now, as the summary beside it. Nothing is checked and nothing is sent."""
    form = _form(request, fleet.seen(session.connection(request)).servers)
    return render(request, "servers/_summary.html", {"form": form})


@require_safe
@permission_required("servers.edit", raise_exception=True)
def check(request: PanelRequest) -> HttpResponse:
    """What is to be said of a name or a hostname while it is typed: wrong, used by another server, or fine."""
    kind = "hostname" if "hostname" in request.GET else "name"
    typed = request.GET.get(kind, "").strip()
    others = [
        server
        for server in fleet.seen(session.connection(request)).servers
        if server.id != request.GET.get("except") and typed
    ]
    same = [server.name for server in others if (getattr(server, kind) or "").casefold() == typed.casefold()]
    context: dict[str, Any] = {"kind": kind, "typed": typed, "same": same[0] if same else ""}
    try:
        CreateForm.base_fields[kind].clean(typed)
    except ValidationError as problem:
        context["wrong"] = problem.messages
    return render(request, "_typed.html", context)


@require_safe
@permission_required("servers.create", raise_exception=True)
def outcome(request: PanelRequest, form_key: uuid.UUID) -> HttpResponse:
    """What became of a form. After a lost answer the console looks for the server before it offers anything."""
    entry = get_object_or_404(Activity, form_key=form_key, user_id=request.user.pk)
    looked = True
    if entry.outcome in (Outcome.SENT, Outcome.UNKNOWN):
        try:
            if request.htmx:
                looked = fleet.tick(session.connection(request)).trouble is None
            else:
                fleet.renew(session.connection(request))
        except fleet.NO_ANSWER:
            looked = False
        entry.refresh_from_db()
    if entry.server_id:
        messages.success(request, asked(Activity.Action.CREATE, entry.server_name))
        if request.htmx:
            return HttpResponseClientRedirect(reverse("server-detail", args=[entry.server_id]))
        return redirect("server-detail", entry.server_id)
    return render(request, "servers/outcome.html", {"entry": entry, "looked": looked})


def _form(request: PanelRequest, servers: Sequence[Server], draft: Draft | None = None) -> CreateForm:
    """The form as it was sent, or as it is opened. What was chosen stays among the choices although it is not offered
    any more, or was typed by hand."""
    offers = catalogue.offers(servers)
    initial = {} if request.method == "POST" else _initial(request, servers, offers)
    initial |= draft.fields if draft else {}
    form = CreateForm(request.POST or None, offers=offers, initial=initial)
    for field, choices in offers.items():
        chosen = str(form[field].value() or "")
        offered = ("", OTHER, *(choice.value for choice in choices))
        if f"{field}_other" in form.fields and chosen not in offered:
            choices.append(catalogue.Choice(chosen, chosen))
    return form


def _initial(
    request: PanelRequest, servers: Sequence[Server], offers: dict[str, list[catalogue.Choice]]
) -> dict[str, Any]:
    """What a new form holds: an earlier attempt, what another server is, or the system and location that most servers
    have. Never a size: it decides what the server costs, so that it is chosen."""
    if earlier := _earlier(request):
        return earlier
    if SERVER_ID.fullmatch(like := request.GET.get("like", "")):
        return _like(request, like, servers)
    return {field: catalogue.most_used(offers[field]) for field in ("os_id", "location")}


def _like(request: PanelRequest, server_id: str, servers: Sequence[Server]) -> dict[str, Any]:
    """The fields of one more server like this one, under the next name of its series. The list does not tell about
    backups: `backups_enabled` in the address does, where it is known."""
    link = session.connection(request)
    server = fleet.find(link, server_id) or fleet.detail(link, server_id)
    return {
        "like": server.name,
        "name": naming.next_name(server.name, [other.name for other in servers]),
        "plan_id": str(server.plan.id) if server.plan else "",
        "os_id": str(server.os.id) if server.os else "",
        "location": server.location or "",
        "hostname": naming.next_hostname(server.hostname or "", [other.hostname or "" for other in servers]),
        "backups_enabled": request.GET.get("backups_enabled") == "on",
    }


def _suggestion(servers: Sequence[Server]) -> str:
    """The name that continues the newest series of the account."""
    long_ago = datetime.min.replace(tzinfo=UTC)
    names = [server.name for server in sorted(servers, key=lambda server: server.created_at or long_ago)]
    return naming.next_name(naming.newest_series(names), names)


def _draft(request: PanelRequest) -> Draft:
    """What was typed before. If it was sent, it is over; if VPS.org refused it, it gets a key of its own."""
    draft = drafts.of(request)
    form_key = _key(draft.fields.pop("form_key", ""))
    entry = _sent(request, form_key)
    if entry and entry.outcome != Outcome.REFUSED:
        return Draft(user=request.user, address=draft.address)
    if form_key and not entry:
        draft.fields["form_key"] = form_key
    return draft


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _sent(request: PanelRequest, form_key: uuid.UUID | None) -> Activity | None:
    """The attempt that was made with a form of this member."""
    if form_key is None:
        return None
    return Activity.objects.filter(form_key=form_key, user_id=request.user.pk).first()


def _earlier(request: PanelRequest) -> dict[str, Any]:
    entry = _sent(request, _key(request.GET.get("again", "")))
    return {field: entry.fields[field] for field in AGAIN if field in entry.fields} if entry else {}
