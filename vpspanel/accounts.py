"""How allauth behaves here: members are made by a Manager, nobody signs up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed; allauth's own messages ("Successfully signed in as …") are not shown."""

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
