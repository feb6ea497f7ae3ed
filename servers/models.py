"""What the console itself keeps: who did what, and what can be ordered. The servers live at VPS.org alone."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .memory import Sample, Sighting
from .people import Draft, Invitation, MemberChange, OpenSession, Profile, SecondStepRule
from .remote.errors import plain

__all__ = [
    "AccountKey",
    "Activity",
    "Draft",
    "Invitation",
    "MemberChange",
    "Offer",
    "OpenSession",
    "Profile",
    "Sample",
    "SecondStepRule",
    "Sighting",
]


class Activity(models.Model):
    """One change that somebody asked for, from before it was sent until it was seen done.

    The row outlives the user and the server: who and which are kept as text too.
    """

    class Action(models.TextChoices):
        """The changes of the API, in the words of the console, and what a team does to protect a server."""

        CREATE = "create", _("Create")
        EDIT = "edit", _("Edit")
        START = "start", _("Start")
        STOP = "stop", _("Stop")
        REBOOT = "reboot", _("Restart")
        DELETE = "delete", _("Delete forever")
        PROTECT = "protect", _("Protect")
        LIFT = "lift", _("Lift the protection")

    class Outcome(models.TextChoices):
        """How far a change has come."""

        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        DONE = "done", _("Seen done")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("Not known")

    account = models.CharField(max_length=64, editable=False)
    """The keyed hash of the token that was used (session.Connection.account)."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    user_name = models.CharField(max_length=150)
    action = models.CharField(max_length=10, choices=Action)
    server_id = models.CharField(max_length=64, blank=True)
    server_name = models.CharField(max_length=300, blank=True)
    fields = models.JSONField(default=dict)
    """What was asked for, as sent to VPS.org (create and edit)."""
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.SENT)
    said = models.CharField(max_length=300, blank=True)
    """What VPS.org wrote about a refusal."""
    form_key = models.UUIDField(null=True, unique=True, editable=False)
    """The key of the form that asked, so that one form makes one server."""
    step = models.OneToOneField("Step", models.SET_NULL, null=True, related_name="activity", editable=False)
    """The step of a bulk run that asked, so that one step sends one change."""
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["server_id", "-id"]),
            models.Index(fields=["account", "-id"]),
            models.Index(fields=["action", "outcome", "-id"]),
            models.Index(
                fields=["account"],
                condition=models.Q(outcome__in=("sent", "accepted", "unknown")),
                name="open_changes",
            ),
        )
        default_permissions = ()
        permissions = (
            ("look", "Look at servers and activity"),
            ("power", "Start, stop and restart servers"),
            ("edit", "Edit servers"),
            ("create", "Create servers"),
            ("delete", "Delete servers"),
            ("members", "Manage members and the catalogue"),
        )

    def __str__(self) -> str:
        return f"{self.user_name}: {self.action} {self.server_name or self.server_id} ({self.outcome})"

    @classmethod
    def begin(
        cls,
        user: AbstractBaseUser | AnonymousUser,
        account: str,
        action: str,
        *,
        server_id: str = "",
        server_name: str = "",
        fields: dict[str, Any] | None = None,
        form_key: uuid.UUID | None = None,
        step: "Step | None" = None,
    ) -> "Activity":
        """Write the row before the change is sent. Raises IntegrityError if the form or the step has sent before."""
        return cls.objects.create(
            user_id=user.pk,
            user_name=user.get_username(),
            account=account,
            action=action,
            server_id=server_id,
            server_name=server_name,
            fields=fields or {},
            form_key=form_key,
            step=step,
        )

    def finish(
        self,
        outcome: str,
        *,
        said: str = "",
        server_id: str = "",
        server_name: str = "",
    ) -> None:
        """Write what came of it. A change that the fleet has already shown done stays done."""
        self.outcome, self.said, self.answered_at = outcome, plain(said), timezone.now()
        self.server_id = server_id or self.server_id
        self.server_name = server_name or self.server_name
        kept = {
            "said": self.said,
            "answered_at": self.answered_at,
            "server_id": self.server_id,
        }
        Activity.objects.filter(pk=self.pk).exclude(outcome=self.Outcome.DONE).update(
            outcome=outcome, server_name=self.server_name, **kept
        )

    def seen(self, *, server_id: str = "") -> None:
        """Write that the fleet has shown the change done, unless somebody has seen it before."""
        self.outcome, self.seen_at = self.Outcome.DONE, timezone.now()
        self.server_id = server_id or self.server_id
        Activity.objects.filter(pk=self.pk).exclude(outcome=self.Outcome.DONE).update(
            outcome=self.outcome, seen_at=self.seen_at, server_id=self.server_id
        )


class AccountKey(models.Model):
    """The key of the hash that names accounts, sealed (session.account_of). Usually one row."""

    sealed = models.TextField(editable=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk}"


class Run(models.Model):
    """The same change for many servers: a work list in the database, driven by the page that its author has open."""

    class Action(models.TextChoices):
        """What can be done to many at once."""

        START = "start", _("Start")
        STOP = "stop", _("Stop")
        REBOOT = "reboot", _("Restart")
        BACKUPS_ON = "backups_on", _("Automatic backups on")
        BACKUPS_OFF = "backups_off", _("Automatic backups off")
        DELETE = "delete", _("Delete forever")

    class State(models.TextChoices):
        """Whether the next step may be taken."""

        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        OVER = "over", _("Over")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Also the key of the form that asked, so that one confirmation makes one run."""
    account = models.CharField(max_length=64, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    user_name = models.CharField(max_length=150)
    action = models.CharField(max_length=12, choices=Action)
    one_by_one = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    reason = models.CharField(max_length=300, blank=True)
    """Why it was paused by itself."""
    asked_at = models.DateTimeField(default=timezone.now)
    driven_at = models.DateTimeField(default=timezone.now)
    """When its page last asked for a step: a closed page asks no more."""

    class Meta:
        ordering = ("-asked_at",)
        default_permissions = ()
        indexes = (
            models.Index(fields=["account"], condition=~models.Q(state="over"), name="unfinished_runs"),
        )

    def __str__(self) -> str:
        return f"{self.user_name}: {self.action} ({self.state})"


class Step(models.Model):
    """One server of a run."""

    class State(models.TextChoices):
        """How far a step has come."""

        WAITING = "waiting", _("Waiting")
        DOING = "doing", _("Being asked")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("Not known")
        SKIPPED = "skipped", _("Skipped")
        STOPPED = "stopped", _("Not asked")

    run = models.ForeignKey(Run, models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    server_id = models.CharField(max_length=64)
    server_name = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    """Why it was skipped or refused."""
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position",)
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["run", "position"], name="one_step_per_position"),)
        indexes = (
            models.Index(
                fields=["server_id"], condition=models.Q(state__in=("waiting", "doing")), name="open_steps"
            ),
        )

    def __str__(self) -> str:
        return f"{self.server_name} ({self.state})"


class Sheet(models.Model):
    """What the team has set for a server: its tags, and whether it is protected. One row, so that a list asks once."""

    server_id = models.CharField(max_length=64, unique=True)
    tags = models.JSONField(default=list)
    """Lower-case words, sorted."""
    protected = models.BooleanField(default=False)
    protected_by = models.CharField(max_length=150, blank=True)
    protected_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.server_id}: {' '.join(self.tags)}{' (protected)' if self.protected else ''}"


class Note(models.Model):
    """What a member wrote down about a server. It outlives its author, whose name is kept as text too."""

    server_id = models.CharField(max_length=64)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    text = models.TextField(max_length=2000)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        default_permissions = ()
        indexes = (models.Index(fields=["server_id", "-id"]),)

    def __str__(self) -> str:
        return f"{self.author_name} about {self.server_id}"


class Offer(models.Model):
    """An entry of the catalogue that a Manager keeps: what can be chosen when a server is created.

    The API has no request for it. What the account's servers use is offered anyway.
    """

    class Kind(models.TextChoices):
        PLAN = "plan_id", _("Size")
        SYSTEM = "os_id", _("System")
        LOCATION = "location", _("Location")
        SSH_KEY = "ssh_key_id", _("Sign-in key (SSH key)")

    kind = models.CharField(max_length=12, choices=Kind)
    value = models.CharField(
        _("id at VPS.org"),
        max_length=64,
        help_text=_("A number; for a location its code."),
    )
    name = models.CharField(max_length=100)
    vcpus = models.PositiveIntegerField(_("processors"), null=True, blank=True)
    memory = models.PositiveIntegerField(_("memory in MB"), null=True, blank=True)
    storage = models.PositiveIntegerField(_("disk in GB"), null=True, blank=True)

    class Meta:
        verbose_name = _("catalogue entry")
        verbose_name_plural = _("catalogue entries")
        ordering = ("kind", "name")
        constraints = (models.UniqueConstraint(fields=["kind", "value"], name="one_offer_per_value"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"
