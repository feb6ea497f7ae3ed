"""The rules about members: who may become, be and stay one. Everything that is done leaves a row in MemberChange."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from . import open_sessions
from .people import Invitation, MemberChange, OpenSession, Role, SecondStepRule
from .second_step import STEPS

Action = MemberChange.Action
Who = SecondStepRule.Who
LONGEST_NAME: Final = 150
MANAGERS = Q(is_superuser=True) | Q(groups__name=Role.MANAGER)


class Refused(Exception):
    """This is against a rule: the sentence that says so, and the status of the answer (403 or 409)."""

    def __init__(self, sentence: str, status: int = 409) -> None:
        self.sentence, self.status = sentence, status
        super().__init__(sentence)


class LinkClosed(Exception):
    """The link is unknown, used, withdrawn or expired: the sentence that says which."""

    def __init__(self, sentence: str, status: int = 410) -> None:
        self.sentence, self.status = sentence, status
        super().__init__(sentence)


def name_of(user: User) -> str:
    """A member's name as it is shown: the full one, or the one to sign in with; as long as one that is kept may be."""
    return (user.get_full_name() or user.get_username())[:LONGEST_NAME]


def role_of(user: User) -> Role | None:
    """A member's role, None for somebody without one. A superuser, set up on the console's machine, is a Manager."""
    if user.is_superuser:
        return Role.MANAGER
    names = {group.name for group in user.groups.all()}
    return next((role for role in reversed(Role) if role in names), None)


def everybody() -> list[User]:
    """The members by name, those who can sign in first, each with `open_count`, the number of open sessions."""
    living = open_sessions.living("open_sessions__")
    users = User.objects.prefetch_related("groups").annotate(open_count=Count("open_sessions", filter=living))
    return sorted(users, key=lambda user: (not user.is_active, name_of(user).casefold()))


# --- changes ------------------------------------------------------------------------------------------------------
# Each raises Refused where a rule forbids it.


def change_role(by: User, member: User, role: Role) -> None:
    """Give a member another role; it counts from the member's next request on."""
    with _one_manager_stays(by, member):
        before = role_of(member)
        if before == role:
            return
        member.groups.remove(*Group.objects.filter(name__in=Role.values))
        member.groups.add(Group.objects.get(name=role))
        _withdraw_all(Invitation.still_open().filter(made_by=member))
        _trace(by, Action.ROLE, member, role_before=before or "", role=role)


def make_manager(member: User) -> None:
    """Give somebody the role of a Manager from the console's own machine, switched on."""
    with transaction.atomic():
        User.objects.filter(pk=member.pk).update(is_active=True)
        before = role_of(member)
        member.groups.remove(*Group.objects.filter(name__in=Role.values))
        member.groups.add(Group.objects.get(name=Role.MANAGER))
        _trace(None, Action.ROLE, member, role_before=before or "", role=Role.MANAGER)


def switch_off(by: User, member: User) -> None:
    """Let a member in no more: all sessions end at once, and the links that this member made or was given."""
    with _one_manager_stays(by, member):
        User.objects.filter(pk=member.pk).update(is_active=False)
        _withdraw_all(Invitation.still_open().filter(Q(made_by=member) | Q(member=member)))
        _trace(by, Action.LEFT if by == member else Action.SWITCHED_OFF, member)
    open_sessions.end(OpenSession.objects.filter(user=member))


def switch_on(by: User, member: User) -> None:
    """Let a member in again, with the role and the password from before; a session that began meanwhile counts not."""
    _touch(by, member)
    open_sessions.end(OpenSession.objects.filter(user=member))
    if User.objects.filter(pk=member.pk, is_active=False).update(is_active=True):
        _trace(by, Action.SWITCHED_ON, member)


def end_sessions(by: User, member: User) -> int:
    """Sign a member out everywhere; how many sessions there were."""
    _touch(by, member)
    count = open_sessions.end(OpenSession.objects.filter(user=member))
    if count:
        _trace(by, Action.ENDED, member)
    return count


def take_away_second_step(by: User, member: User) -> bool:
    """Take away the second step of a member who has lost it, recovery codes included; False if there was none."""
    _touch(by, member)
    with transaction.atomic():
        count, _ = Authenticator.objects.filter(user=member).delete()
        if count:
            _trace(by, Action.STEP_GONE, member)
    return bool(count)


def ask_for_second_step(by: User, who: SecondStepRule.Who) -> None:
    """Decide who must have a second step at sign-in; it counts from everybody's next request on."""
    actions = {
        Who.NOBODY: Action.ASKED_NONE,
        Who.MANAGERS: Action.ASKED_SOME,
        Who.EVERYBODY: Action.ASKED_ALL,
    }
    with transaction.atomic():
        if who != second_step_rule():
            SecondStepRule.objects.update_or_create(pk=1, defaults={"who": who})
            _trace(by, actions[who], "")


def second_step_rule() -> SecondStepRule.Who:
    """Who must have a second step at sign-in."""
    rule = SecondStepRule.objects.first()
    return Who(rule.who) if rule else Who.NOBODY


def has_second_step(member: User) -> bool:
    """Whether a member signs in with a second step."""
    return bool(Authenticator.objects.filter(user=member, type__in=STEPS).exists())


def without_second_step() -> list[User]:
    """The members who can sign in and have no second step, by name."""
    own = Authenticator.objects.filter(user=OuterRef("pk"), type__in=STEPS)
    users = User.objects.filter(~Exists(own), is_active=True)
    return sorted(users, key=lambda user: name_of(user).casefold())


def link(member: User, provider: str, account: str) -> bool:
    """Let a member sign in with an account at a provider too; False if it is linked with somebody else.

    `provider` is the address that says who vouches (the issuer), `account` what it calls the account (`sub`).
    """
    from allauth.socialaccount.models import SocialAccount

    with transaction.atomic():
        linked, made = SocialAccount.objects.get_or_create(
            provider=provider, uid=account, defaults={"user": member}
        )
        if made:
            _trace(member, Action.LINKED, member)
    return bool(linked.user_id == member.pk)


def unlink(member: User) -> bool:
    """Let a member sign in with no account elsewhere any more; False if none was linked."""
    if not settings.SINGLE_SIGN_ON:
        return False
    from allauth.socialaccount.models import SocialAccount

    with transaction.atomic():
        count, _ = SocialAccount.objects.filter(user=member).delete()
        if count:
            _trace(member, Action.UNLINKED, member)
    return bool(count)


def is_linked(member: User) -> bool:
    """Whether a member can sign in with an account elsewhere."""
    if not settings.SINGLE_SIGN_ON:
        return False
    from allauth.socialaccount.models import SocialAccount

    linked = SocialAccount.objects.filter(user=member, provider=settings.SINGLE_SIGN_ON["ISSUER"])
    return bool(linked.exists())


# --- links --------------------------------------------------------------------------------------------------------


def invite(by: User, role: Role, meant_for: str) -> str:
    """Invite somebody; gives the secret of the link, which is kept nowhere."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        Invitation.objects.create(
            secret_hash=_hash(secret),
            role=role,
            meant_for=meant_for,
            made_by=by,
            made_by_name=name_of(by),
        )
        _trace(by, Action.INVITED, meant_for, role=role)
    return secret


def link_for_new_password(by: User, member: User) -> str:
    """Make a link with which a member chooses a new password; gives its secret. An older one stops working."""
    _touch(by, member)
    if not member.is_active:
        raise Refused(gettext("%(name)s is switched off. Switch on first.") % {"name": name_of(member)})
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        _withdraw_all(Invitation.still_open().filter(member=member))
        Invitation.objects.create(
            secret_hash=_hash(secret), member=member, made_by=by, made_by_name=name_of(by)
        )
        _trace(by, Action.LINK, member)
    return secret


def withdraw(by: User, invitation: Invitation) -> bool:
    """Make a link stop working; False if it was used, withdrawn or expired before."""
    with transaction.atomic():
        done = _withdraw_all(Invitation.still_open().filter(pk=invitation.pk))
        if done:
            _trace(by, Action.WITHDREW, invitation.member or invitation.meant_for, role=invitation.role)
    return bool(done)


def find(secret: str) -> Invitation:
    """The invitation of a link. Raises LinkClosed if it cannot be used any more, or never could."""
    return check(Invitation.objects.filter(secret_hash=_hash(secret)).first())


def check(invitation: Invitation | None) -> Invitation:
    """The same invitation. Raises LinkClosed if it cannot be used any more, or never could."""
    if invitation is None:
        raise LinkClosed(gettext("This link leads nowhere. Perhaps it was not copied whole."), 404)
    if invitation.used_at:
        raise LinkClosed(gettext("This link was used already. It works once."))
    if invitation.withdrawn_at:
        raise LinkClosed(gettext("This link was withdrawn by your team."))
    if invitation.ends_at <= timezone.now():
        raise LinkClosed(gettext("This link has expired. It worked for seven days."))
    return invitation


@contextmanager
def using(invitation: Invitation) -> Iterator[None]:
    """Use up a link together with what the block does, or neither. Raises LinkClosed if somebody was faster."""
    with transaction.atomic():
        if not Invitation.still_open().filter(pk=invitation.pk).update(used_at=timezone.now()):
            check(Invitation.objects.filter(pk=invitation.pk).first())
            raise LinkClosed(gettext("This link was used already. It works once."))
        yield


def join(invitation: Invitation, user: User) -> None:
    """Make a new user a member with the invitation's role. To be called within `using`."""
    user.groups.add(Group.objects.get(name=invitation.role))
    _trace(user, Action.JOINED, user, role=invitation.role)


def new_password(user: User, password: str) -> None:
    """Keep the password that a member has chosen with a link: whoever knew the old one is out, and so is the account
    elsewhere that may have been linked with it. Within `using`."""
    user.set_password(password)
    user.save(update_fields=["password"])
    open_sessions.end(OpenSession.objects.filter(user=user))
    unlink(user)
    _trace(user, Action.PASSWORD, user)


# --- what they share ----------------------------------------------------------------------------------------------


def _touch(by: User, member: User) -> None:
    """Who was set up on the server itself is out of the reach of Managers who were invited."""
    if member.is_superuser and not by.is_superuser:
        sentence = gettext("%(name)s was set up on the console's own machine, and can be changed only there.")
        raise Refused(sentence % {"name": name_of(member)}, 403)


@contextmanager
def _one_manager_stays(by: User, member: User) -> Iterator[None]:
    """Do what the block does unless nobody would be left who can manage members; one such change at a time."""
    _touch(by, member)
    with transaction.atomic():
        Group.objects.select_for_update().get(name=Role.MANAGER)
        was = User.objects.filter(MANAGERS, pk=member.pk, is_active=True).exists()
        yield
        if was and not User.objects.filter(MANAGERS, is_active=True).exists():
            sentence = gettext(
                "%(name)s is the last Manager who can sign in. Make somebody else a Manager first."
            )
            raise Refused(sentence % {"name": name_of(member)})


def _withdraw_all(links: QuerySet[Invitation]) -> int:
    return links.update(withdrawn_at=timezone.now())


def _trace(
    by: User | None, action: Action, member: User | str, *, role_before: str = "", role: str = ""
) -> None:
    MemberChange.objects.create(
        by=by,
        by_name=by.get_username() if by else "",
        action=action,
        member=member if isinstance(member, User) else None,
        member_name=member.get_username() if isinstance(member, User) else member,
        role_before=role_before,
        role=role,
    )


def _hash(secret: str) -> str:
    """The secret has 256 random bits, so a plain hash tells nothing about it."""
    return hashlib.sha256(secret.encode()).hexdigest()
