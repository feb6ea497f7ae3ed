"""One server: its page, its edit form, the two fields that are changed in place, and its end."""

import contextlib
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import actions, drafts, drawn, fleet, fresh, knowledge, receipts, session
from ..forms import DeleteForm, EditForm, RenameForm
from ..lines import PERIODS, lines
from ..models import Activity
from ..remote.errors import FieldsWrong, RemoteError
from ..remote.objects import ServerDetail
from ..request import PanelRequest
from ..roles import refusal_with_names
from ..session import NotConnected
from ..usage import meters
from ..words import asked
from . import problems
from .team import notes_context

RECENT: Final = 5


@require_safe
@permission_required("servers.look", raise_exception=True)
def detail(request: PanelRequest, server_id: str) -> HttpResponse:
    """Every documented field of one server: one remote call. When VPS.org fails, what the list last showed of it."""
    link = session.connection(request)
    recent = list(Activity.objects.filter(server_id=server_id)[:RECENT])
    try:
        server = fleet.detail(link, server_id, recent)
    except fleet.NO_ANSWER:
        known = fleet.find(link, server_id)
        if known is None:
            raise
        server = ServerDetail.from_list(known)
    current = fleet.seen(link)
    pieces = drawn.page(current, server, request.user)
    context = {
        "server": server,
        "fleet": current,
        "row": pieces.row,
        "drawn": pieces,
        "meters": meters(server),
        "lines": lines(server_id, server.plan, request.GET.get("usage", "")),
        "periods": tuple(PERIODS.items()),
        "receipts": receipts.receipts(recent),
        "refusal": ""
        if request.user.has_perm("servers.power")
        else refusal_with_names(request.user, "servers.power"),
    } | notes_context(request, server_id)
    return render(request, "servers/detail.html", context)


@require_safe
@permission_required("servers.look", raise_exception=True)
def usage(request: PanelRequest, server_id: str) -> HttpResponse:
    """The lines over time of one server, for another period; no remote call where the fleet knows the server."""
    period = request.GET.get("usage", "")
    if not request.htmx:
        return redirect(f"{reverse('server-detail', args=[server_id])}?{urlencode({'usage': period})}")
    link = session.connection(request)
    server = fleet.find(link, server_id) or fleet.detail(link, server_id)
    context = {
        "server": server,
        "lines": lines(server_id, server.plan, period),
        "periods": tuple(PERIODS.items()),
    }
    return render(request, "servers/_lines.html", context)


@require_safe
@permission_required("servers.look", raise_exception=True)
def recent(request: PanelRequest, server_id: str) -> HttpResponse:
    """What was done to one server lately, for its page. It asks by itself, so that it never speaks of a problem: what
    was pressed just before has its own answer."""
    if not request.htmx:
        return redirect("server-detail", server_id)
    try:
        link = session.connection(request)
    except NotConnected:
        return HttpResponse(status=204)
    entries = list(Activity.objects.filter(server_id=server_id)[:RECENT])
    server = fleet.find(link, server_id)
    if server is None:
        return HttpResponse(status=204)
    # Whoever brought this state may not have come to the log yet.
    receipts.settle(entries, link.account, {server_id: server})
    context = {"server": server, "receipts": receipts.receipts(entries)}
    return render(request, "servers/_recent.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("servers.edit", raise_exception=True)
def edit(request: PanelRequest, server_id: str) -> HttpResponse:
    """All three fields (PUT). What was changed elsewhere since the form was opened is shown, never overwritten."""
    draft = drafts.of(request)
    context: dict[str, Any] = {"server_id": server_id, "draft": draft}
    if request.method == "GET":
        form = EditForm.of(fleet.detail(session.connection(request), server_id))
        form.initial |= draft.fields
        return render(request, "servers/edit.html", context | {"form": form})
    form = EditForm(request.POST)
    context["form"] = form
    if not form.is_valid():
        return render(request, "servers/edit.html", context, status=422)
    try:
        changed = actions.replace(request, server_id, form.opened(), form.wanted())
    except actions.Conflict as conflict:
        context |= {"form": form.after(conflict), "both": form.both(conflict)}
        return render(request, "servers/edit.html", context, status=409)
    except RemoteError as problem:
        return problems.form(request, "servers/edit.html", context, problem)
    drafts.done(request)
    sentence = asked(Activity.Action.EDIT, form.cleaned_data["name"])
    messages.success(
        request,
        sentence if changed else gettext("Nothing was different, so nothing was sent."),
    )
    return redirect("server-detail", server_id)


@require_http_methods(["GET", "POST"])
@permission_required("servers.edit", raise_exception=True)
def rename(request: PanelRequest, server_id: str) -> HttpResponse:
    """The name, changed where it stands (PATCH); without htmx the edit page does the same."""
    link = session.connection(request)
    if not request.htmx:
        return redirect("server-edit", server_id)
    draft = drafts.of(request, request.path)
    if request.method == "GET":
        server = fleet.find(link, server_id) or fleet.detail(link, server_id)
        if "keep" in request.GET:
            drafts.give_up(draft)
            return render(request, "servers/_name.html", {"server": server})
        form = RenameForm(initial={"name": server.name, "opened_name": server.name} | draft.fields)
        return render(request, "servers/_rename.html", {"form": form, "server": server, "draft": draft})
    form = RenameForm(request.POST)
    context: dict[str, object] = {"form": form, "server": {"id": server_id}, "draft": draft}
    if not form.is_valid():
        return render(request, "servers/_rename.html", context, status=422)
    name = form.cleaned_data["name"]
    try:
        actions.rename(request, server_id, form.cleaned_data["opened_name"], name)
    except actions.Conflict as conflict:
        context["form"] = form.after(conflict)
        return render(request, "servers/_rename.html", context, status=409)
    except FieldsWrong as problem:
        return problems.form(request, "servers/_rename.html", context, problem)
    drafts.done(request)
    context = {
        "server": {"id": server_id, "name": name},
        "sentence": asked(Activity.Action.EDIT, name),
    }
    return render(request, "servers/_renamed.html", context)


@require_POST
@permission_required("servers.edit", raise_exception=True)
def backups(request: PanelRequest, server_id: str) -> HttpResponse:
    """Automatic backups, on or off (PATCH)."""
    wanted = request.POST.get("backups_enabled")
    if wanted not in ("on", "off"):
        raise BadRequest("backups_enabled is on or off")
    enabled = wanted == "on"
    actions.switch_backups(request, server_id, enabled)
    sentence = gettext("Automatic backups are on.") if enabled else gettext("Automatic backups are off.")
    if request.htmx:
        context = {
            "server": {"id": server_id, "backups_enabled": enabled},
            "sentence": sentence,
            "swapped": True,
        }
        return render(request, "servers/_backups.html", context)
    messages.success(request, sentence)
    return redirect("server-detail", server_id)


@require_http_methods(["GET", "POST"])
@permission_required("servers.delete", raise_exception=True)
@fresh.required
def delete(request: PanelRequest, server_id: str) -> HttpResponse:
    """Delete for ever: a page of its own with the facts, and the name to type."""
    link = session.connection(request)
    server = fleet.detail(link, server_id) if request.method == "GET" else fleet.find(link, server_id)
    if server is None:
        server = fleet.detail(link, server_id)
    actions.refuse_if_protected(Activity.Action.DELETE, server_id, server.name)
    draft = drafts.of(request)
    form = DeleteForm(request.POST or None, name=server.name)
    form.initial |= draft.fields
    if request.method == "POST" and form.is_valid():
        actions.delete(request, server_id)
        drafts.done(request)
        messages.success(request, asked(Activity.Action.DELETE, server.name))
        return redirect("server-list")
    if form.errors and not isinstance(server, ServerDetail):
        # Only now: what deletes costs no call for facts that nobody reads.
        with contextlib.suppress(*fleet.NO_ANSWER):
            server = fleet.detail(link, server_id)
    last = Activity.objects.filter(server_id=server_id).first()
    context = {
        "form": form,
        "draft": draft,
        "server": server,
        "last": last,
        "note": knowledge.notes(server_id).first(),
    }
    return render(request, "servers/delete.html", context, status=422 if form.errors else 200)
