"""allauth's forms for passkeys, which refuse whatever a stranger sends instead of one."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms

WRONG: Final = (KeyError, TypeError, ValueError, AttributeError)
"""What reading a passkey raises that is none."""


class LoginForm(forms.LoginWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        return _read(super().clean_credential)


class SecondStepForm(forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        return _read(super().clean_credential)


class AgainForm(forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        return _read(super().clean_credential)


class AddForm(forms.AddWebAuthnForm):  # type: ignore[misc]
    def clean(self) -> Any:
        return _read(super().clean)


def _read(clean: Callable[[], Any]) -> Any:
    try:
        return clean()
    except WRONG as wrong:
        raise get_adapter().validation_error("incorrect_code") from wrong
