"""Who may do what: three roles, as Django groups with permissions (made by a migration)."""

from typing import Final, Protocol

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F, Min, Q
from django.utils.translation import gettext

from . import words
from .models import Activity

Action = Activity.Action
Person = User | AnonymousUser


class May(Protocol):
    """Whoever can be asked for permissions: a person, or what is known of one."""

    def has_perm(self, permission: str, /) -> bool: ...


PERMISSION: Final[dict[str, str]] = {
    Action.START: "servers.power",
    Action.STOP: "servers.power",
    Action.REBOOT: "servers.power",
    Action.EDIT: "servers.edit",
    Action.CREATE: "servers.create",
    Action.DELETE: "servers.delete",
    Action.PROTECT: "servers.edit",
    Action.LIFT: "servers.members",
}
"""What each change needs: the buttons show it, `actions` refuses by it."""

MOST_NAMES: Final = 5


def refusal(person: May, action: str) -> str:
    """Why this person may not do this, or an empty text."""
    if person.has_perm(PERMISSION[action]):
        return ""
    if action in (Action.CREATE, Action.DELETE, Action.LIFT):
        return gettext("Only Managers can do this.")
    return gettext("You can look at servers, but not change them.")


def refusal_with_names(person: Person, permission: str) -> str:
    """The same with who can help: "You can look at servers, but not change them. Operators can: …"."""
    if not person.has_perm("servers.look"):
        start = gettext("You have no role yet, so there is nothing to see.")
        who = gettext("Managers can give you one: %(names)s.")
        names = names_of("Manager")
    elif permission in ("servers.power", "servers.edit"):
        start = gettext("You can look at servers, but not change them.")
        who = gettext("Operators can: %(names)s.")
        names = names_of("Operator", "Manager")
    else:
        start = gettext("Your role does not allow this.")
        who = gettext("Managers can: %(names)s.")
        names = names_of("Manager")
    return f"{start} {who % {'names': names}}" if names else start


def names_of(*roles: str) -> str:
    """The members with one of these roles, as a list to read; a few names are enough."""
    have_it = Q(groups__name__in=roles) | Q(is_superuser=True)
    by_role = F("role").asc(nulls_last=True)
    here = User.objects.filter(have_it, is_active=True).annotate(role=Min("groups__id"))
    members = here.order_by(by_role, "username")
    names = [member.get_full_name() or member.username for member in members[:MOST_NAMES]]
    return words.one_of(names)
