"""The second step at sign-in: who must have one, who has one, and what waits until it is there."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from .people import SecondStepRule
from .roles import Person

STEPS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts; codes on paper come with one of these."""

OPEN: Final = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "totp-picture",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "again",
        "draft",
        "language",
        "accessibility",
        "manifest",
        "healthz",
        "readyz",
        "metrics",
        "account_logout",
        "account_inactive",
    }
)
"""The names of the addresses that work before the second step is set up."""


def is_missing(request: HttpRequest) -> bool:
    """Whether this member must set up a second step before anything else."""
    row: Any = getattr(request, "open_session", None)
    if row is None or row.has_second_step:
        return False
    return asked_of(row.second_step_rule, request.user)


def asked_of(who: str | None, person: Person) -> bool:
    """Whether a rule is about this person."""
    match who:
        case SecondStepRule.Who.EVERYBODY:
            return True
        case SecondStepRule.Who.MANAGERS:
            return person.has_perm("servers.members")
    return False


class SecondStepFirst:
    """Leads whoever must have a second step and has none to the page that sets one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if (match and match.view_name in OPEN) or not is_missing(request):
            return None
        address = reverse("mfa_index")
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(address)
        return redirect(address)
