"""What the team knows about a server: notes, tags, and protection."""

from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Window
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_POST

from .. import drafts, drawn, fleet, knowledge, session
from ..forms import NoteForm, TagsForm
from ..people import Draft
from ..remote.objects import Server
from ..request import PanelRequest
from ..rows import row

NEWEST: Final = 5
"""How many notes stand on the page of a server."""
PER_PAGE: Final = 50


def notes_context(request: PanelRequest, server_id: str, form: NoteForm | None = None) -> dict[str, Any]:
    """What the section of notes shows: the form with its draft, the newest notes, and how many there are."""
    notes = list(knowledge.notes(server_id).annotate(total=Window(Count("pk")))[:NEWEST])
    draft = _draft(request, server_id)
    if form is None and draft.fields:
        form = NoteForm(initial=draft.fields)
    return {
        "note_form": form,
        "empty_note": "" if form else drawn.empty_note(get_language()),
        "draft": draft,
        "notes": notes,
        "note_count": notes[0].total if notes else 0,
    }


@require_http_methods(["GET", "POST"])
@permission_required("servers.look", raise_exception=True)
def notes(request: PanelRequest, server_id: str) -> HttpResponse:
    """GET shows all notes, a page at a time; POST writes one more."""
    if request.method == "POST" and not request.user.has_perm("servers.edit"):
        raise PermissionDenied("servers.edit")
    server = _server(request, server_id)
    draft = _draft(request, server_id)
    form = NoteForm(request.POST or None, initial=draft.fields)
    if request.method == "POST" and form.is_valid():
        knowledge.add_note(request, server_id, form.cleaned_data["text"])
        drafts.done(request)
        return _told(request, server, gettext("The note was added."))
    if request.htmx:
        context = {"server": server} | notes_context(request, server_id, form)
        return render(request, "servers/_notes.html", context, status=422 if form.errors else 200)
    page = Paginator(knowledge.notes(server_id), PER_PAGE).get_page(request.GET.get("page"))
    context = {"server": server, "note_form": form, "draft": draft, "page": page, "notes": page.object_list}
    return render(request, "servers/notes.html", context, status=422 if form.errors else 200)


@require_POST
@permission_required("servers.edit", raise_exception=True)
def delete_note(request: PanelRequest, server_id: str, note_id: int) -> HttpResponse:
    """Delete a note of one's own."""
    knowledge.delete_note(request, server_id, note_id)
    return _told(request, _server(request, server_id), gettext("The note was deleted."))


@require_http_methods(["GET", "POST"])
@permission_required("servers.edit", raise_exception=True)
def tags(request: PanelRequest, server_id: str) -> HttpResponse:
    """The tags, changed where they stand; without htmx on a page of their own."""
    server = _server(request, server_id)
    now = row(fleet.seen(session.connection(request)), server, request.user)
    draft = drafts.of(request, request.path)
    if request.method == "GET" and "keep" in request.GET:
        drafts.give_up(draft)
        return render(request, "servers/_tagged.html", {"server": server, "row": now, "swapped": True})
    if request.method == "POST":
        form = TagsForm(request.POST)
    else:
        form = TagsForm.of(now.sheet.tags if now.sheet else [])
        form.initial |= draft.fields
    if request.method == "GET" or not form.is_valid():
        template = "servers/_retag.html" if request.htmx else "servers/tags.html"
        context = {"server": server, "form": form, "draft": draft}
        return render(request, template, context, status=422 if form.errors else 200)
    knowledge.set_tags(request, server_id, form.cleaned_data["opened_tags"], form.cleaned_data["tags"])
    drafts.done(request)
    sentence = gettext("The tags of %(name)s were saved.") % {"name": server.name}
    if request.htmx:
        saved = row(fleet.seen(session.connection(request)), server, request.user)
        context = {"server": server, "row": saved, "sentence": sentence, "swapped": True}
        return render(request, "servers/_retagged.html", context)
    messages.success(request, sentence)
    return redirect("server-detail", server_id)


@require_POST
@permission_required("servers.edit", raise_exception=True)
def protection(request: PanelRequest, server_id: str) -> HttpResponse:
    """Protect the server, or (`protected=off`) lift its protection."""
    if request.POST.get("protected") == "off":
        server = knowledge.lift(request, server_id)
        sentence = gettext("%(name)s is no longer protected.")
    else:
        server = knowledge.protect(request, server_id)
        sentence = gettext("%(name)s is protected now.")
    sentence %= {"name": server.name}
    if request.htmx:
        now = row(fleet.seen(session.connection(request)), server, request.user)
        return render(request, "servers/_changed.html", {"rows": [now], "full": True, "sentence": sentence})
    messages.success(request, sentence)
    return redirect("server-detail", server_id)


def _draft(request: PanelRequest, server_id: str) -> Draft:
    """What this member has begun to write about the server."""
    return drafts.of(request, reverse("server-notes", args=[server_id]))


def _server(request: PanelRequest, server_id: str) -> Server:
    """The server, if the key lists it. Raises RemoteError."""
    link = session.connection(request)
    return fleet.find(link, server_id) or fleet.detail(link, server_id)


def _told(request: PanelRequest, server: Server, sentence: str) -> HttpResponse:
    """The section of notes as it is now, with what was done; or the page of all notes, if that was it (`page`)."""
    if request.htmx:
        context = {"server": server, "sentence": sentence} | notes_context(request, str(server.id))
        return render(request, "servers/_noted.html", context)
    messages.success(request, sentence)
    if page := request.GET.get("page"):
        return redirect(f"{reverse('server-notes', args=[server.id])}?{urlencode({'page': page})}")
    return redirect(reverse("server-detail", args=[server.id]) + "#notes")
