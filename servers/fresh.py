"""A fresh sign-in: what could take over servers or the console asks for the password or a passkey once more.

Who has signed in, or has been asked, within the last minutes (FRESH_FOR) is not asked again. A form that is sent
without JavaScript comes back with the question and everything that it held, and is sent on with the answer; htmx asks
in the dialog above the page and then sends the same once (forms.js).
"""

import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from .passkeys import AgainForm
from .request import PanelRequest

Rest = ParamSpec("Rest")

PREFIX = "again"
"""The fields of the question begin so, beside those of the form that waits for the answer."""


def is_fresh(request: HttpRequest) -> bool:
    """Whether a password or a passkey was given within the last minutes. A code of an app alone does not count, nor
    does a sign-in elsewhere (single_sign_on): that may have asked for nothing."""
    now = time.time()
    return any(
        0 <= now - record["at"] < settings.FRESH_FOR
        for record in get_authentication_records(request, request.user)
        if record["method"] == "password" or record.get("type") == Authenticator.Type.WEBAUTHN
    )


def required(
    view: Callable[Concatenate[PanelRequest, Rest], HttpResponse],
) -> Callable[Concatenate[PanelRequest, Rest], HttpResponse]:
    """For a view whose POST needs a fresh sign-in."""

    @wraps(view)
    def asks_first(request: PanelRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        question = ask(request) if request.method == "POST" else None
        return question or view(request, *args, **kwargs)

    return asks_first


def ask(request: PanelRequest) -> HttpResponse | None:
    """The question who it is; None where that is fresh, or was just answered."""
    if is_fresh(request):
        return None
    proof = _proof(request)
    if proof is not None and proof.is_valid():
        _note(request, proof)
        return None
    if proof is None and request.htmx and request.path != reverse("again"):
        from .views import problems

        return problems.first(reverse("again"))
    return _page(request, proof)


def _proof(request: PanelRequest) -> Any:
    """The filled form: a password or a passkey; None if neither came."""
    if request.POST.get(f"{PREFIX}-credential"):
        return AgainForm(request.POST, user=request.user, prefix=PREFIX)
    if f"{PREFIX}-password" in request.POST:
        return ReauthenticateForm(request.POST, user=request.user, prefix=PREFIX)
    return None


def _note(request: PanelRequest, proof: Any) -> None:
    if isinstance(proof, AgainForm):
        proof.save()
    else:
        reauthenticate_by_password(request)


def _page(request: PanelRequest, proof: Any) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    context = {
        "action": request.get_full_path() if request.method == "POST" else request.path,
        "fields": [
            (name, value)
            for name, values in sent.lists()
            for value in values
            if name != "csrfmiddlewaretoken" and not name.startswith(f"{PREFIX}-")
        ],
        "errors": [error for errors in proof.errors.values() for error in errors] if proof else [],
    }
    if Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN).exists():
        context["options"] = json.dumps(begin_authentication(request.user))
    return render(request, "account/again.html", context, status=422 if proof else 200)
