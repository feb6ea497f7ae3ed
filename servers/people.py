"""What the console keeps about its members, beside Django's user: sessions, invitations, changes, drafts."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.core import signing
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

INVITATION_VALID: Final = timedelta(days=7)


class Role(models.TextChoices):
    """The three roles; the values are the names of the groups that a migration makes."""

    VIEWER = "Viewer", _("Viewer")
    OPERATOR = "Operator", _("Operator")
    MANAGER = "Manager", _("Manager")


class Profile(models.Model):
    """How a member wants the console to speak and to look; an empty text leaves it to the browser and the settings."""

    class Theme(models.TextChoices):
        """The colours; without a choice as the browser asks."""

        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Rows(models.TextChoices):
        """How close the rows of a list stand; without a choice comfortable."""

        COMPACT = "compact", _("Close together")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    theme = models.CharField(max_length=10, blank=True, choices=Theme)
    rows = models.CharField(max_length=10, blank=True, choices=Rows)
    keys = models.BooleanField(default=True)
    """Whether single keys like "/" do something."""

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user}: {self.language or 'any'}, {self.time_zone or 'any'}"


class OpenSession(models.Model):
    """A browser in which a member is signed in. A session without its row is signed out at its next request."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True, editable=False)
    user_agent = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    """The last request that a person made, to the minute; a poll is not one."""

    class Meta:
        ordering = ("-seen_at",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user}, since {self.started_at:%Y-%m-%d %H:%M}"


class SecondStepRule(models.Model):
    """Who must have a second step at sign-in. There is one row at most; without it nobody must."""

    class Who(models.TextChoices):
        """Whom it is about."""

        NOBODY = "nobody", _("Nobody; everybody may")
        MANAGERS = "managers", _("Managers")
        EVERYBODY = "everybody", _("Everybody")

    who = models.CharField(max_length=10, choices=Who, default=Who.NOBODY)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.who


class Invitation(models.Model):
    """A link that works once: to become a member, or, with `member`, to choose a new password.

    The link holds a secret of which only the hash is here, so nobody can find the link in the database.
    """

    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(max_length=10, choices=Role, blank=True)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="password_links"
    )
    meant_for = models.CharField(max_length=100, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="invitations"
    )
    made_by_name = models.CharField(max_length=150)
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.role or self.member} ({self.made_at:%Y-%m-%d})"

    @property
    def ends_at(self) -> datetime:
        """When the link stops working by itself."""
        return self.made_at + INVITATION_VALID

    @classmethod
    def still_open(cls) -> "models.QuerySet[Invitation]":
        """The links that can still be used."""
        return cls.objects.filter(
            used_at=None, withdrawn_at=None, made_at__gt=timezone.now() - INVITATION_VALID
        )


class MemberChange(models.Model):
    """One thing that was done to a member, by whom and when. The row outlives both: who and whom are kept as text."""

    class Action(models.TextChoices):
        """What can be done."""

        INVITED = "invited", _("Invitation")
        WITHDREW = "withdrew", _("Invitation withdrawn")
        JOINED = "joined", _("Invitation accepted")
        ROLE = "role", _("Role changed")
        SWITCHED_OFF = "off", _("Access switched off")
        SWITCHED_ON = "on", _("Access switched on")
        ENDED = "ended", _("Sessions ended")
        LINK = "link", _("Link for a new password")
        PASSWORD = "password", _("New password")
        LEFT = "left", _("Left the console")
        LINKED = "linked", _("Another way to sign in linked")
        UNLINKED = "unlinked", _("Another way to sign in unlinked")
        STEP_GONE = "step-gone", _("Second step taken away")
        ASKED_NONE = "ask-nobody", _("Second step: asked of nobody")
        ASKED_SOME = "ask-some", _("Second step: asked of Managers")
        ASKED_ALL = "ask-all", _("Second step: asked of everybody")

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150)
    action = models.CharField(max_length=10, choices=Action)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    member_name = models.CharField(max_length=150, blank=True)
    role_before = models.CharField(max_length=10, choices=Role, blank=True)
    role = models.CharField(max_length=10, choices=Role, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.by_name}: {self.action} {self.member_name}"


class Draft(models.Model):
    """What a member typed into the form of a page and has not sent."""

    LONGEST_ADDRESS: ClassVar = 2500
    SALT: ClassVar = "draft"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    address = models.CharField(max_length=LONGEST_ADDRESS)
    """Of the page that shows the form, with its query: where the member comes back to."""
    fields = models.JSONField(default=dict)
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-at",)
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["user", "address"], name="one_draft_per_form"),)

    def __str__(self) -> str:
        return f"{self.user}: {self.address}"

    @property
    def signature(self) -> str:
        """Stands in the form that it was shown with: whoever sends it may write this draft, and not read it."""
        return signing.dumps([self.user_id, self.address], salt=self.SALT)
