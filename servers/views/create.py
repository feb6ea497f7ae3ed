"""Create a server: one form, one server, whatever happens to the answer."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from .. import actions, catalogue, drafts, fleet, session
from ..forms import OTHER, CreateForm
from ..models import Activity, Draft
from ..remote.errors import KeyRefused, RemoteError
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
    """The form. What was sent once under its key is never sent again; `?again=` fills it with an earlier attempt."""
    refused: KeyRefused | None = None
    try:
        context = _offers(request)
    except KeyRefused as problem:
        if request.method == "GET":
            raise
        seen = fleet.seen(session.connection(request)).servers
        context, refused = {"offers": catalogue.offers(seen)}, problem
    draft = _draft(request)
    form = CreateForm(
        request.POST or None, offers=context["offers"], initial=_earlier(request) | draft.fields
    )
    context |= {"form": form, "draft": draft}
    _keep_chosen(form)
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


@require_GET
@permission_required("servers.create", raise_exception=True)
def outcome(request: PanelRequest, form_key: uuid.UUID) -> HttpResponse:
    """What became of a form. After a lost answer the console looks for the server before it offers anything."""
    entry = get_object_or_404(Activity, form_key=form_key, user_id=request.user.pk)
    looked = True
    if entry.outcome in (Outcome.SENT, Outcome.UNKNOWN):
        try:
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


def _offers(request: PanelRequest) -> dict[str, Any]:
    """The choices; when VPS.org does not answer, those of the catalogue, and what happened as a sentence."""
    try:
        return {"offers": catalogue.offers(fleet.look(session.connection(request)).servers)}
    except KeyRefused:
        raise
    except RemoteError as problem:
        return {"offers": catalogue.offers(()), "sentence": told(problem)}


def _keep_chosen(form: CreateForm) -> None:
    """What was chosen stays among the choices although it is not offered any more, or was typed by hand."""
    for field, choices in form.offers.items():
        chosen = str(form[field].value() or "")
        if chosen not in ("", OTHER, *(choice.value for choice in choices)):
            choices.append(catalogue.Choice(chosen, chosen))


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
