"""The frame of every request: sign in first, one road for problems with VPS.org, nothing stored on the way."""

import logging
from collections.abc import Callable
from urllib.parse import urlencode

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django_htmx.http import trigger_client_event
from django_htmx.middleware import HtmxDetails

from . import drafts
from .actions import Busy, Protected
from .knowledge import NotTheAuthor
from .remote.errors import RemoteError
from .request import PanelRequest
from .session import NotConnected
from .views import problems

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


class SignInFirst(LoginRequiredMiddleware):
    """Every view is for signed-in people unless it says otherwise; a press on a button leads to sign-in as well."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if getattr(request, "htmx", None):
            return problems.signed_out(request)
        if form := drafts.address(request):
            return redirect_to_login(form)
        return super().handle_no_permission(request, view_func)


def never_stored(get_response: GetResponse) -> GetResponse:
    """No answer is kept by a cache, not even one to a stranger: the page of an invitation tells about the team."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        patch_cache_control(response, no_store=True, private=True)
        return response

    return middleware


def followed_by_the_page(get_response: GetResponse) -> GetResponse:
    """A form that fills a page, sent by htmx: where it leads on, the browser goes itself, to a whole page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
        if htmx.target == "main" and response.status_code == 302:
            response.status_code = 204
            response["HX-Redirect"] = response["Location"]
            del response["Location"]
        return response

    return middleware


def told_to_the_page(get_response: GetResponse) -> GetResponse:
    """A change that htmx sent: what the page shows of the log comes anew, also where VPS.org refused (`logged`)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
        if htmx and getattr(request, "logged", False):
            trigger_client_event(response, "logged")
        return response

    return middleware


class RemoteProblems:
    """The one place where what went wrong at VPS.org becomes a page or a partial."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: PanelRequest, exception: Exception) -> HttpResponse | None:
        """Django calls this with what a view raised; None leaves it to Django."""
        match exception:
            case ReauthenticationRequired():
                return redirect(f"{reverse('again')}?{urlencode({'next': request.path})}")
            case NotConnected():
                return _connect_first(request)
            case RemoteError():
                return problems.remote_problem(request, exception)
            case Busy():
                return problems.busy(request)
            case Protected():
                return problems.protected(request, exception)
            case NotTheAuthor():
                return problems.not_the_author(request)
        return None


def _connect_first(request: PanelRequest) -> HttpResponse:
    """On to the page that asks for a key, and back afterwards."""
    if request.htmx:
        return problems.not_connected(request)
    page = request.get_full_path() if request.method == "GET" else drafts.address(request)
    return redirect(reverse("connect") + "?" + urlencode({"next": page or reverse("server-list")}))
