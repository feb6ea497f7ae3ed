"""The first Manager, and the way back in when there is none any more."""

from getpass import getpass
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from servers import members


class Command(BaseCommand):
    """A member who is there becomes a Manager and is switched on; a new one is asked for a password.

    Exit code 1 with a sentence if the name or the password will not do.
    """

    help = "Make somebody a Manager: a new member, whose password is asked for, or one who is there already."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name to sign in with")

    def handle(self, *args: object, name: str, **options: Any) -> None:
        known = User.objects.filter(username__iexact=name).first()
        user = known or new_user(name)
        with transaction.atomic():
            if known is None:
                user.save()
            members.make_manager(user)
        self.stdout.write(f"{user.username} is a Manager now, and can sign in.\n")


def new_user(name: str) -> User:
    """A user with a password typed twice, not yet saved. Raises CommandError."""
    user = User(username=name)
    try:
        user.clean_fields(exclude=["password"])
        password = getpass("Password: ")
        validate_password(password, user)
    except ValidationError as wrong:
        raise CommandError(" ".join(wrong.messages)) from None
    if getpass("The same password again: ") != password:
        raise CommandError("The two passwords differ. Nothing was changed.")
    user.set_password(password)
    return user
