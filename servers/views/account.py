"""The API token of the person who is signed in: connect and disconnect."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from .. import fleet, fresh, session
from ..forms import ConnectForm
from ..remote.errors import KeyRefused, RemoteError
from ..remote.transport import Token
from ..request import PanelRequest
from ..words import told


@require_http_methods(["GET", "POST"])
@permission_required("servers.look", raise_exception=True)
@sensitive_post_parameters("token")
def connect(request: PanelRequest) -> HttpResponse:
    """Ask for a key, try it with one look at the servers, and keep it sealed if VPS.org takes it. Where the sign-in is
    not fresh, the key waits, sealed, until it is: nobody has to paste it twice."""
    back = safe_next(request)
    form = ConnectForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid() and not session.team_token():
        try:
            token = Token(form.cleaned_data["token"])
            fleet.renew(session.connection_with(token))
        except KeyRefused:
            form.add_error(
                "token",
                gettext("VPS.org refused this key. Copy it again, or make a new one."),
            )
        except RemoteError as problem:
            form.add_error(None, f"{told(problem)} {gettext('The key was not kept; try again.')}")
            status = problem.panel_status
        else:
            known = fresh.is_fresh(request)
            session.connect(request, token, aside=not known)
            question = urlencode({"next": back, "pasted": "on"})
            return redirect(back if known else f"{reverse('again')}?{question}")
    status = 422 if form.errors and status == 200 else status
    context = {
        "form": form,
        "next": back,
        "team": bool(session.team_token()),
        "last_four": _last_four(request),
    }
    return render(request, "account/connect.html", context, status=status)


@require_safe
def signed_in(request: PanelRequest) -> HttpResponse:
    """For the dialog above a page whose session had ended: who it is now, and the new key against forged forms."""
    try:
        session.connection(request)
    except session.NotConnected:
        if request.user.has_perm("servers.look"):
            back = urlencode({"next": request.path})
            return redirect(f"{reverse('connect')}?{back}")
    who = {"member": str(request.user.pk), "csrf": get_token(request)}
    return trigger_client_event(HttpResponse(status=204), "signed-in", who)


@require_POST
def disconnect(request: PanelRequest) -> HttpResponse:
    """Forget the key."""
    session.disconnect(request)
    messages.success(request, gettext("Disconnected. The console has forgotten your key."))
    return redirect("connect")


def safe_next(request: HttpRequest) -> str:
    """Where `next` leads, if that is a page of ours; else the list."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if ours and address.startswith("/") else "/servers/"


def _last_four(request: HttpRequest) -> str:
    try:
        return session.connection(request).last_four
    except session.NotConnected:
        return ""
