"""The forms about members: to invite, to accept, to choose a password, and one's own page."""

from typing import Any, ClassVar, Final
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from .people import Profile, Role, SecondStepRule
from .remote.objects import one_line

AREAS: Final = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)

ROLE_MEANINGS: Final = {
    Role.VIEWER: _("Looks at servers and activity."),
    Role.OPERATOR: _("Also starts, stops, restarts and edits servers."),
    Role.MANAGER: _("Also creates and deletes servers, and keeps members and the catalogue."),
}


class LineField(forms.CharField):
    """A text that stands in sentences: what would break or turn the line around it is replaced."""

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


NAMES: Final = {"first_name": LineField, "last_name": LineField}


class RoleForm(forms.Form):
    """A role, chosen from the three."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role.")},
    )


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    meant_for = LineField(
        label=_("For whom (you can leave this empty)"),
        required=False,
        max_length=100,
        help_text=_("Only to tell open invitations apart. Nothing is sent: you pass the link on yourself."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("meant_for", "role")


class SecondStepForm(forms.Form):
    """Who must have a second step at sign-in."""

    who = forms.ChoiceField(
        label=_("Who must have a second step"),
        choices=SecondStepRule.Who.choices,
        widget=forms.RadioSelect,
    )


class JoinForm(UserCreationForm):  # type: ignore[type-arg]
    """Accepting an invitation: a name to sign in with, a full name, a password."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name")
        field_classes: ClassVar = {**UserCreationForm.Meta.field_classes, **NAMES}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["username"]
        name.label = _("Name to sign in with")
        name.help_text = _("Letters, numbers and . _ - + @, for example anna.")
        name.error_messages |= {"required": _("Choose a name to sign in with.")}
        name.widget.attrs |= {"spellcheck": "false"}
        for field, label, fills in (
            ("first_name", _("First name (you can leave this empty)"), "given-name"),
            ("last_name", _("Last name (you can leave this empty)"), "family-name"),
        ):
            self.fields[field].label = label
            self.fields[field].widget.attrs["autocomplete"] = fills
        name_passwords(self.fields["password1"], self.fields["password2"])

    def clean_username(self) -> str:
        """A name that differs from another one in case only is taken: sign-in does not tell them apart."""
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("Somebody else has this name. Choose another one."))
        return name


def name_passwords(first: forms.Field, second: forms.Field) -> None:
    """The words for the two fields of a new password."""
    first.label, second.label = _("Password"), _("The same password again")
    first.help_text = _("10 characters or more. A few words in a row are easy to remember.")
    second.help_text = ""
    first.error_messages |= {"required": _("Choose a password.")}
    second.error_messages |= {"required": _("Type the password a second time.")}


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    """One's own name, as colleagues see it."""

    class Meta:
        model = User
        fields = ("first_name", "last_name")
        field_classes: ClassVar = NAMES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """The language and the time zone in which the console speaks to somebody, and how it looks."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("Times are shown as they are there.")
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    theme = forms.ChoiceField(
        label=_("Colours"),
        required=False,
        choices=[("", _("As the browser asks")), *Profile.Theme.choices],
        widget=forms.RadioSelect,
    )
    rows = forms.ChoiceField(
        label=_("Rows of lists"),
        required=False,
        choices=[("", _("Comfortable")), *Profile.Rows.choices],
        widget=forms.RadioSelect,
    )
    keys = forms.BooleanField(
        label=_("Shortcuts with single keys"),
        required=False,
        help_text=_(
            "For example / to search. Switch them off if you speak to your computer, or type with one hand."
        ),
    )

    class Meta:
        model = Profile
        fields = ("language", "time_zone", "theme", "rows", "keys")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) > 1:
            choices = [("", _("As the browser asks")), *settings.LANGUAGES]
            self.fields["language"] = forms.ChoiceField(label=_("Language"), required=False, choices=choices)
        else:
            del self.fields["language"]
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("", _("As the console is set up (%(zone)s)") % {"zone": settings.TIME_ZONE}),
            ("UTC", "UTC"),
            *zones(),
        ]


def zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """The time zones that are named after a place, by area of the world."""
    known = sorted(available_timezones())
    return [
        (
            area,
            [
                (name, name.partition("/")[2].replace("_", " "))
                for name in known
                if name.startswith(f"{area}/")
            ],
        )
        for area in AREAS
    ]
