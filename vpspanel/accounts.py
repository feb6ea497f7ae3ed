"""How allauth behaves here: members are invited by a Manager, nobody signs up."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import InvalidToken
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from servers import fresh
from servers.session import box

log = logging.getLogger(__name__)

TOO_MANY = ("too_many_login_attempts", "rate_limited")


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed; allauth's own messages ("Successfully signed in as …") are not shown."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        """Saves nothing but the password, so that who was switched off meanwhile stays so."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("me")

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        return None

    def is_safe_url(self, url: str | None) -> bool:
        """Whether `next` leads to a page of ours; allauth fails on an address that is none."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def is_reauthentication_required(self, **kwargs: Any) -> bool:
        """allauth's pages about the second step ask for what ours ask for, too."""
        return not fresh.is_fresh(context.request)

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Too many tries are a page with its own status, not one more error in a form."""
        if code in TOO_MANY:
            from servers.views import problems

            raise ImmediateHttpResponse(problems.too_many(context.request))
        error: ValidationError = super().validation_error(code, *args)
        return error


class SecondSteps(DefaultMFAAdapter):  # type: ignore[misc]
    """The second step at sign-in: its secrets lie sealed in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This does not fit. A code works once, and one of the app for half a minute."),
    }

    def encrypt(self, text: str) -> str:
        return box(b"second step").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What cannot be opened any more becomes a secret that nobody knows: no code fits it."""
        try:
            return box(b"second step").decrypt(encrypted_text).decode()
        except InvalidToken:
            log.warning("A second step was sealed under another SECRET_KEY, so no code fits it.")
            secret: str = generate_totp_secret()
            return secret

    def get_totp_issuer(self) -> str:
        return gettext("VPS console")

    def _get_site_name(self) -> str:
        return gettext("VPS console")
