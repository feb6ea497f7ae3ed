"""Sentences of Django and allauth that people read here, marked once more, so that our catalogues translate them too.

allauth speaks no Tamil and no Hindi, and Django's Tamil is short of most of these. What stands in our catalogues counts
before what comes with the packages.
"""

from typing import Final

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

SENTENCES: Final = (
    # any form
    _("This field is required."),
    _("Select a valid choice. %(value)s is not one of the available choices."),
    _("Enter a valid UUID."),
    _("Null characters are not allowed."),
    _("(Hidden field %(name)s) %(error)s"),
    # months that Django's Hindi misspells
    _("September"),
    _("November"),
    _("December"),
    # signing in
    _("The username and/or password you specified are not correct."),
    _("This account is currently inactive."),
    _("Too many failed login attempts. Try again later."),
    _("Be patient, you are sending too many requests."),
    # choosing a name and a password
    _("A user with that username already exists."),
    _("Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."),
    _("The two password fields didn’t match."),  # noqa: RUF001 - Django writes it so
    _("The password is too similar to the %(verbose_name)s."),
    _("This password is too common."),
    _("Your password can’t be too similar to your other personal information."),  # noqa: RUF001 - Django's apostrophe
    _("Your password can’t be a commonly used password."),  # noqa: RUF001
    _("username"),
    _("first name"),
    _("last name"),
    _("email address"),
    # changing the password
    _("Current Password"),
    _("New Password"),
    _("New Password (again)"),
    _("Please type your current password."),
    _("You must type the same password each time."),
)

NUMBERED: Final = (
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
    ngettext_lazy(
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
        "limit_value",
    ),
)
