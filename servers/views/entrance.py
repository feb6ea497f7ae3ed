"""Signing in beyond name and password: passkeys, the second step, and the question who it is, once more."""

import json
from typing import Any

from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from .. import fresh, session
from ..people import MemberChange
from ..request import PanelRequest
from .account import safe_next


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("again-password", "again-credential")
def again(request: PanelRequest) -> HttpResponse:
    """Ask for the password or a passkey once more, and lead on to `next`. Where it was asked for a key that was pasted
    (`pasted`), that key counts from now; a password that was given for something else takes none in."""
    if question := fresh.ask(request):
        return question
    if "pasted" in request.POST:
        session.take_in(request)
    return redirect(safe_next(request))


class PasskeyLogin(LoginWebAuthnView):  # type: ignore[misc]
    """Sign in with a passkey, which is both steps at once: GET what to sign (JSON), POST the signature."""

    def form_valid(self, form: Any) -> HttpResponse:
        authenticator = form.cleaned_data["credential"]
        login = Login(user=authenticator.user, redirect_url=get_next_redirect_url(self.request))
        response: HttpResponse = perform_passwordless_login(self.request, authenticator, login)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        context = {
            "wrong_passkey": True,
            "redirect_field_name": "next",
            "redirect_field_value": get_next_redirect_url(self.request),
        }
        return render(self.request, "account/login.html", context, status=422)


class SecondStep(AuthenticateView):  # type: ignore[misc]
    """After the password: a code of the app, a recovery code or a passkey."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if is_mfa_enabled(self.stage.login.user, [Authenticator.Type.WEBAUTHN]):
            context["options"] = json.dumps(context["js_data"]["request_options"])
        return context


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """Make a passkey: one that signs in by itself, so it has to check who uses it."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = begin_registration(self.request.user, passwordless=True)
        return context | {"options": json.dumps(options)}


class SecondSteps(IndexView):  # type: ignore[misc]
    """One's own second steps; and who took one away, until there is a new one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if not context["is_mfa_enabled"]:
            taken = MemberChange.objects.filter(
                member=self.request.user, action=MemberChange.Action.STEP_GONE
            )
            context["taken"] = taken.first()
        return context


@require_safe
def totp_picture(request: PanelRequest) -> HttpResponse:
    """The picture for the app's camera, of the secret that the page beside it has just made."""
    secret = request.session.get(SECRET_SESSION_KEY)
    if not secret or not fresh.is_fresh(request):
        raise Http404
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    return HttpResponse(picture, content_type="image/svg+xml")
