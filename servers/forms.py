"""The forms of the console. Fields are named as in the API; what is wrong is said at the field, in a plain sentence."""

import re
import uuid
from typing import Any, ClassVar, Final, cast

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import knowledge
from .actions import Conflict, Fields
from .catalogue import Choice
from .naming import HOSTNAME, LONGEST_NAME, SERVER_NAME
from .remote.errors import FieldsWrong
from .remote.objects import NewServer, ServerDetail
from .remote.transport import TOKEN

OTHER: Final = "other"
LARGEST_ID: Final = 2**63 - 1


class NameField(forms.CharField):
    """The name of a server: letters, digits and hyphens, as documented."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Name"),
            max_length=LONGEST_NAME,
            help_text=_("Letters, numbers and hyphens, for example shop-web-1."),
            error_messages={"required": _("Give the server a name, for example shop-web-1.")},
            **kwargs,
        )
        self.widget.attrs |= {
            "autocomplete": "off",
            "autocapitalize": "none",
            "spellcheck": "false",
        }

    def run_validators(self, value: str) -> None:
        super().run_validators(value)
        if value and not SERVER_NAME.fullmatch(value):
            raise forms.ValidationError(
                gettext("Use letters, numbers and hyphens only. You typed: %(value)s.") % {"value": value}
            )


class HostnameField(forms.CharField):
    """The hostname of a server, a full name with dots (FQDN)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Internet name (hostname)"),
            max_length=253,
            help_text=_("Like web01.example.com. Changing it here does not change your domain settings."),
            **kwargs,
        )
        self.widget.attrs |= {
            "autocomplete": "off",
            "autocapitalize": "none",
            "spellcheck": "false",
        }

    def run_validators(self, value: str) -> None:
        super().run_validators(value)
        if value and not HOSTNAME.fullmatch(value):
            raise forms.ValidationError(
                gettext("Use a full name with dots, like web01.example.com. You typed: %(value)s.")
                % {"value": value}
            )


class PanelForm(forms.Form):
    """Takes the refusal of VPS.org into the form: each text at its field, the rest above the form."""

    refused = False
    """Whether VPS.org was asked and refused; else what is wrong was found here and nothing was sent."""

    def refuse(self, problem: FieldsWrong) -> None:
        """Show what VPS.org found wrong with the fields."""
        self.refused = True
        for name, texts in problem.fields.items():
            for text in texts:
                said = gettext("VPS.org says: %(text)s") % {"text": text}
                self.add_error(name if name in self.fields else None, said)
        if problem.said or not problem.fields:
            said = problem.said or gettext("no reason given")
            self.add_error(None, gettext("VPS.org did not accept this: %(text)s") % {"text": said})


class ConnectForm(forms.Form):
    """The API token."""

    token = forms.CharField(
        label=_("Key (API token)"),
        strip=True,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        validators=[
            RegexValidator(
                re.compile(rf"\A{TOKEN.pattern}\Z"),
                _(
                    "This does not look like a key of VPS.org. Copy it whole, without spaces; it starts with vps_."
                ),
            )
        ],
        error_messages={"required": _("Paste the key here.")},
    )


class CreateForm(PanelForm):
    """A new server. Size, system and location are chosen from what is offered, or typed as an id."""

    name = NameField()
    plan_id = forms.CharField(label=_("Size"), required=False)
    plan_id_other = forms.CharField(label=_("Another size, by its number at VPS.org"), required=False)
    os_id = forms.CharField(label=_("System"), required=False)
    os_id_other = forms.CharField(label=_("Another system, by its number at VPS.org"), required=False)
    location = forms.CharField(label=_("Location"), required=False)
    location_other = forms.CharField(
        label=_("Another location, by its code at VPS.org"),
        required=False,
        max_length=64,
    )
    hostname = HostnameField(required=False)
    ssh_key_id = forms.CharField(
        label=_("Sign-in key (SSH key)"),
        required=False,
        help_text=_("Lets a technical colleague sign in. Ask them which number. You can leave this empty."),
    )
    backups_enabled = forms.BooleanField(
        label=_("Automatic backups"),
        required=False,
        help_text=_("VPS.org copies the server regularly."),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, offers: dict[str, list[Choice]], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("form_key", uuid.uuid4())
        super().__init__(data, **kwargs)
        self.offers = offers

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        self._choose(cleaned, "plan_id", gettext("Choose a size."))
        self._choose(cleaned, "os_id", gettext("Choose a system."))
        self._choose(cleaned, "location", gettext("Choose a location."))
        self._number(cleaned, "plan_id")
        self._number(cleaned, "os_id")
        self._number(cleaned, "ssh_key_id")
        return cleaned

    def holds(self) -> dict[str, str]:
        """What the form holds just now in words, wrong or not: what is not chosen yet is an empty text."""
        held = {field: str(self[field].value() or "").strip() for field in ("name", "hostname")}
        for field, choices in self.offers.items():
            value = str(self[field].value() or "")
            if value in ("", OTHER) and f"{field}_other" in self.fields:
                value = str(self[f"{field}_other"].value() or "").strip()
            named = (choice.spelled_out or choice.name for choice in choices if choice.value == value)
            held[field] = next(named, value)
        return held

    def new_key(self) -> None:
        """Give the form a key of its own: what was sent with the old one was refused."""
        data = cast("QueryDict", self.data).copy()
        data["form_key"] = str(uuid.uuid4())
        self.data = data

    def new_server(self) -> NewServer:
        """The body of the request, from cleaned data."""
        chosen = {field: self.cleaned_data[field] for field in ("name", "plan_id", "os_id", "location")}
        return NewServer(
            **chosen,
            hostname=self.cleaned_data["hostname"] or None,
            ssh_key_id=self.cleaned_data["ssh_key_id"] or None,
            backups_enabled=self.cleaned_data["backups_enabled"],
        )

    def _choose(self, cleaned: dict[str, Any], field: str, sentence: str) -> None:
        """The offered value, or the one typed where "other" is chosen."""
        value = cleaned.get(field, "")
        if value in ("", OTHER):
            value = cleaned.get(f"{field}_other", "")
        if not value:
            self.add_error(field, sentence)
        cleaned[field] = value

    def _number(self, cleaned: dict[str, Any], field: str) -> None:
        value = cleaned.get(field)
        if not value:
            return
        if re.fullmatch(r"[0-9]{1,19}", str(value)) and int(value) <= LARGEST_ID:
            cleaned[field] = int(value)
        else:
            self.add_error(
                field,
                gettext("Use a whole number. You typed: %(value)s.") % {"value": value},
            )


class EditForm(PanelForm):
    """All three fields of a server, and what they were when the form was opened."""

    name = NameField()
    hostname = HostnameField(required=False)
    backups_enabled = forms.BooleanField(
        label=_("Automatic backups"),
        required=False,
        help_text=_("VPS.org copies the server regularly."),
    )
    opened_name = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    opened_hostname = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    opened_backups_enabled = forms.BooleanField(required=False, widget=forms.HiddenInput)

    FIELDS: ClassVar = ("name", "hostname", "backups_enabled")

    @classmethod
    def of(cls, server: ServerDetail) -> "EditForm":
        """The form as it is opened for this server."""
        now = _three_fields(server)
        return cls(initial=now | {f"opened_{field}": value for field, value in now.items()})

    def wanted(self) -> Fields:
        """The three fields as the person wants them."""
        return {field: self.cleaned_data[field] for field in self.FIELDS}

    def opened(self) -> Fields:
        """The three fields as the form showed them."""
        return {field: self.cleaned_data[f"opened_{field}"] for field in self.FIELDS}

    def after(self, conflict: Conflict) -> "EditForm":
        """The same form, opened anew on what the server is now, with what the person typed."""
        now = _three_fields(conflict.now)
        mine = self.wanted()
        opened = self.opened()
        kept = {field: mine[field] if mine[field] != opened[field] else now[field] for field in self.FIELDS}
        return EditForm(initial=kept | {f"opened_{field}": value for field, value in now.items()})

    def both(self, conflict: Conflict) -> list[tuple[str, str | bool, str | bool]]:
        """Label, how the server is now and what the person typed, for each field that both have changed."""
        now, mine = _three_fields(conflict.now), self.wanted()
        return [(str(self.fields[field].label), now[field], mine[field]) for field in conflict.fields]


class RenameForm(PanelForm):
    """The name alone, changed in place."""

    name = NameField()
    opened_name = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def after(self, conflict: Conflict) -> "RenameForm":
        """The same form on the name that the server has now, which is said at the field."""
        data = cast("QueryDict", self.data).copy()
        data["opened_name"] = conflict.now.name
        form = RenameForm(data)
        sentence = gettext("The name was changed to %(now)s meanwhile. Save again to use yours.")
        form.add_error("name", sentence % {"now": conflict.now.name})
        return form


def _three_fields(server: ServerDetail) -> Fields:
    return {
        "name": server.name,
        "hostname": server.hostname or "",
        "backups_enabled": bool(server.backups_enabled),
    }


class DeleteForm(forms.Form):
    """The name of the server, typed to confirm; any case, paste allowed."""

    confirm_name = forms.CharField(
        label=_("Type the name of the server"),
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )

    def __init__(self, data: Any = None, *, name: str) -> None:
        super().__init__(data)
        self.name = name
        self.fields["confirm_name"].widget.attrs["data-expected"] = name.strip()

    def clean_confirm_name(self) -> str:
        typed: str = self.cleaned_data["confirm_name"]
        if typed.casefold() != self.name.strip().casefold():
            raise forms.ValidationError(
                gettext("This is not the name of the server. Type %(name)s to delete it.")
                % {"name": self.name}
            )
        return typed


class NoteForm(forms.Form):
    """A note about a server."""

    text = forms.CharField(
        label=_("New note"),
        max_length=knowledge.LONGEST_NOTE,
        help_text=_("Everybody whose key lists this server can read it. No passwords, please."),
        error_messages={"required": _("Write something first.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class TagsForm(forms.Form):
    """The tags of a server as one line of words, and what they were when the form was opened."""

    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=1000,
        help_text=_("Words with spaces or commas between them, for example: shop production."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    opened_tags = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, tags: list[str]) -> "TagsForm":
        """The form as it is opened for these tags."""
        line = " ".join(tags)
        return cls(initial={"tags": line, "opened_tags": line})

    def clean_tags(self) -> list[str]:
        words = knowledge.tag_words(self.cleaned_data["tags"])
        for word in words:
            if not knowledge.is_tag(word):
                raise forms.ValidationError(
                    gettext("Use letters, digits and hyphens, %(most)d at most. You typed: %(word)s.")
                    % {"most": knowledge.LONGEST_TAG, "word": word}
                )
        if len(words) > knowledge.MOST_TAGS:
            raise forms.ValidationError(
                gettext("A server has %(most)d tags at most.") % {"most": knowledge.MOST_TAGS}
            )
        return words

    def clean_opened_tags(self) -> list[str]:
        return knowledge.tag_words(self.cleaned_data["opened_tags"])
