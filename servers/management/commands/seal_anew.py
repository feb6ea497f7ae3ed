"""Seals anew what an earlier SECRET_KEY has sealed in the database, so that the earlier one can be taken away."""

from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand
from django.db import transaction

from servers.models import AccountKey
from servers.session import box

SEALED_IN_DATA = ("secret", "seed")
"""Where allauth keeps the secret of an app for codes, and that of recovery codes."""


class Command(BaseCommand):
    """The keys of VPS.org are not among it: they lie in sessions, which end by themselves."""

    help = "Seals anew under SECRET_KEY what one of SECRET_KEY_FALLBACKS has sealed in the database."

    def handle(self, *args: Any, **options: Any) -> None:
        self.kept = self.lost = 0
        with transaction.atomic():
            for key in AccountKey.objects.select_for_update():
                key.sealed = self.anew(b"sealed token", key.sealed)
                key.save(update_fields=["sealed"])
            for step in Authenticator.objects.select_for_update():
                for name in step.data.keys() & set(SEALED_IN_DATA):
                    step.data[name] = self.anew(b"second step", step.data[name])
                step.save(update_fields=["data"])
        self.stdout.write(f"{self.kept} sealed anew, {self.lost} that no key opens.\n")

    def anew(self, purpose: bytes, sealed: str) -> str:
        """The same secret under the newest key; what cannot be opened stays as it is."""
        try:
            fresh = box(purpose).rotate(sealed).decode()
        except (InvalidToken, TypeError, ValueError):
            self.lost += 1
            return sealed
        self.kept += 1
        return fresh
