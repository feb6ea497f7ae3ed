"""Start, stop and restart: one click, one remote call, one small partial."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from .. import actions, fleet, knowledge, receipts, session
from ..request import PanelRequest
from ..rows import row
from ..words import asked


@require_http_methods(["GET", "POST"])
@permission_required("servers.power", raise_exception=True)
def power(request: PanelRequest, server_id: str, action: str) -> HttpResponse:
    """POST acts; GET is the confirming page, or the same as a dialog."""
    link = session.connection(request)
    full = request.GET.get("on") == "server"
    if request.method == "GET":
        server = fleet.find(link, server_id) or fleet.detail(link, server_id)
        actions.refuse_if_protected(action, server_id, server.name)
        context = {
            "server": server,
            "action": action,
            "full": full,
            "last": receipts.last(action, server_id),
            "usual": receipts.usual(action, server_id),
            "note": knowledge.notes(server_id).first(),
        }
        template = "servers/_confirm.html" if request.htmx else "servers/confirm.html"
        return render(request, template, context)
    server = actions.power(request, action, server_id)
    sentence = asked(action, server.name)
    if request.htmx:
        context = {
            "rows": [row(fleet.seen(link), server, request.user)],
            "full": full,
            "sentence": sentence,
        }
        return render(request, "servers/_changed.html", context)
    messages.success(request, sentence)
    return redirect("server-detail", server_id)
