"""The same as code: what the console would send, to copy into a program. Nothing is sent by looking at it."""

import re
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import fleet, session, snippets
from ..request import PanelRequest
from ..search import asked_for
from ..snippets import Request, Value
from ..words import Words

ACTIONS: Final[dict[str, Words]] = {
    "detail": _("Look"),
    "start": _("Start"),
    "stop": _("Stop"),
    "reboot": _("Restart"),
    "rename": _("Rename"),
    "replace": _("Edit"),
    "backups_on": _("Backups on"),
    "backups_off": _("Backups off"),
    "delete": _("Delete forever"),
}
"""What can be shown as code of one server."""
NUMBERS: Final = ("plan_id", "os_id", "ssh_key_id")
FIELDS: Final = ("name", "plan_id", "os_id", "location", "hostname", "ssh_key_id")


@require_safe
@permission_required("servers.look", raise_exception=True)
def servers(request: PanelRequest) -> HttpResponse:
    """The list with the filters that VPS.org knows; the search is the console's own."""
    filters = asked_for(request.GET, "status", "location")
    return _answer(request, snippets.list_servers(**filters), searched=bool(request.GET.get("q")))


@require_http_methods(["GET", "POST"])
@permission_required("servers.look", raise_exception=True)
def server(request: PanelRequest, server_id: str) -> HttpResponse:
    """One of the requests about a server (`?action=`); a POST brings the fields of the edit form as they are typed."""
    chosen = "replace" if request.method == "POST" else request.GET.get("action", "")
    if chosen not in ACTIONS:
        chosen = "detail"
    live = request.path if request.method == "POST" else ""
    shown = _request(request, server_id, chosen)
    return _answer(request, shown, server_id=server_id, chosen=chosen, actions=ACTIONS, live=live)


@require_POST
@permission_required("servers.look", raise_exception=True)
def new(request: PanelRequest) -> HttpResponse:
    """What the form for a new server holds, whether or not it is complete."""
    if not request.user.has_perm("servers.create"):
        raise PermissionDenied("servers.create")
    fields: dict[str, Value] = {}
    for name in FIELDS:
        value = request.POST.get(name, "").strip()
        if value in ("", "other"):
            value = request.POST.get(f"{name}_other", "").strip()
        if value:
            fields[name] = int(value) if name in NUMBERS and re.fullmatch(r"[0-9]{1,19}", value) else value
    if request.POST.get("backups_enabled"):
        fields["backups_enabled"] = True
    return _answer(request, snippets.create_server(fields), live=request.path)


def _request(request: PanelRequest, server_id: str, chosen: str) -> Request:
    """What the console sends for this; the words of a server that are to be changed are those that it has now."""
    match chosen:
        case "backups_on" | "backups_off":
            return snippets.on_server(server_id, "change", {"backups_enabled": chosen == "backups_on"})
        case "rename":
            link = session.connection(request)
            known = fleet.find(link, server_id) or fleet.detail(link, server_id)
            return snippets.on_server(server_id, "change", {"name": known.name})
        case "replace" if request.method == "POST":
            name, hostname = (request.POST.get(field, "").strip() for field in ("name", "hostname"))
            enabled = bool(request.POST.get("backups_enabled"))
        case "replace":
            now = fleet.detail(session.connection(request), server_id)
            name, hostname, enabled = now.name, now.hostname or "", bool(now.backups_enabled)
        case _:
            return snippets.on_server(server_id, chosen)
    fields: dict[str, Value] = {"name": name, "hostname": hostname, "backups_enabled": enabled}
    if not hostname:  # replacing needs one, here as in actions.replace
        return snippets.on_server(server_id, "change", {"name": name, "backups_enabled": enabled})
    return snippets.on_server(server_id, "replace", fields)


def _answer(request: PanelRequest, shown: Request, **context: object) -> HttpResponse:
    """The code in place for htmx, otherwise as a page."""
    base_url = settings.VPS_API_URL.rstrip("/")
    found = snippets.snippets(base_url, shown)
    asked = request.POST.get("language") or request.GET.get("language", "")
    context |= {
        "snippets": found,
        "language": asked if asked in [snippet.name for snippet in found] else found[0].name,
        "changes": shown.method != "GET",
    }
    template = "servers/_code.html" if request.htmx else "servers/code.html"
    return render(request, template, context)
