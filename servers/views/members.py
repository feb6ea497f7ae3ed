"""The members, for those who may manage them: who is one, what a Manager can do about them, and what was done."""

from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import drafts, fresh
from .. import members as rules
from ..member_forms import ROLE_MEANINGS, InviteForm, RoleForm, SecondStepForm
from ..open_sessions import open_sessions_of
from ..people import Invitation, MemberChange, Role, SecondStepRule
from ..request import PanelRequest

CHANGES_PER_PAGE: Final = 20

manager = permission_required("servers.members", raise_exception=True)


@require_safe
@manager
def members(request: PanelRequest) -> HttpResponse:
    """Everybody with role, last sign-in and open sessions; the open invitations; what was done."""
    changes = Paginator(MemberChange.objects.all(), CHANGES_PER_PAGE)
    context = {
        "members": [(member, rules.role_of(member)) for member in rules.everybody()],
        "links": Invitation.still_open().select_related("member"),
        "page": changes.get_page(request.GET.get("page")),
    }
    return render(request, "members/members.html", context)


@require_http_methods(["GET", "POST"])
@manager
@fresh.required
def invite(request: PanelRequest) -> HttpResponse:
    """Make an invitation; the answer shows its link, this one time."""
    draft = drafts.of(request)
    form = InviteForm(request.POST or None, initial={"role": Role.OPERATOR} | draft.fields)
    if request.method == "POST" and form.is_valid():
        meant_for = form.cleaned_data["meant_for"]
        secret = rules.invite(request.user, Role(form.cleaned_data["role"]), meant_for)
        drafts.done(request)
        return _link(request, secret, meant_for)
    context = {"form": form, "draft": draft, "meanings": _meanings(form["role"].value())}
    return render(request, "members/invite.html", context, status=422 if form.errors else 200)


@require_POST
@manager
def withdraw(request: PanelRequest, invitation_id: int) -> HttpResponse:
    """Make the link of an invitation stop working."""
    if rules.withdraw(request.user, get_object_or_404(Invitation, pk=invitation_id)):
        messages.success(request, gettext("The link was withdrawn. It leads nowhere now."))
    else:
        messages.warning(request, gettext("This link had stopped working before. Nothing was changed."))
    return redirect("members")


@require_safe
@manager
def member(request: PanelRequest, member_id: int) -> HttpResponse:
    """One member, with what can be done."""
    return _page(request, get_object_or_404(User, pk=member_id))


@require_POST
@manager
@fresh.required
def role(request: PanelRequest, member_id: int) -> HttpResponse:
    """Another role for a member."""
    somebody = get_object_or_404(User, pk=member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, somebody, gettext("Choose a role."), 422)
    wanted = Role(form.cleaned_data["role"])
    try:
        rules.change_role(request.user, somebody, wanted)
    except rules.Refused as refused:
        return _page(request, somebody, refused.sentence, refused.status)
    words = {"name": rules.name_of(somebody), "role": wanted.label}
    messages.success(request, gettext("%(name)s is now: %(role)s.") % words)
    return redirect("home") if somebody == request.user else redirect("member", member_id)


@require_POST
@manager
@fresh.required
def switch(request: PanelRequest, member_id: int, on: bool) -> HttpResponse:
    """Let a member in no more, or again."""
    somebody = get_object_or_404(User, pk=member_id)
    try:
        (rules.switch_on if on else rules.switch_off)(request.user, somebody)
    except rules.Refused as refused:
        return _page(request, somebody, refused.sentence, refused.status)
    said = (
        gettext("%(name)s can sign in again.")
        if on
        else gettext("%(name)s is switched off and signed out everywhere.")
    )
    messages.success(request, said % {"name": rules.name_of(somebody)})
    return redirect("member", member_id)


@require_POST
@manager
def end_sessions(request: PanelRequest, member_id: int) -> HttpResponse:
    """Sign a member out everywhere."""
    somebody = get_object_or_404(User, pk=member_id)
    try:
        count = rules.end_sessions(request.user, somebody)
    except rules.Refused as refused:
        return _page(request, somebody, refused.sentence, refused.status)
    said = ngettext("%(n)d session of %(name)s was ended.", "%(n)d sessions of %(name)s were ended.", count)
    messages.success(request, said % {"n": count, "name": rules.name_of(somebody)})
    return redirect("member", member_id)


@require_POST
@manager
@fresh.required
def password_link(request: PanelRequest, member_id: int) -> HttpResponse:
    """A link with which a member who has lost the password chooses a new one, shown this one time."""
    somebody = get_object_or_404(User, pk=member_id)
    try:
        secret = rules.link_for_new_password(request.user, somebody)
    except rules.Refused as refused:
        return _page(request, somebody, refused.sentence, refused.status)
    return _link(request, secret, rules.name_of(somebody), somebody)


@require_POST
@manager
@fresh.required
def take_away_second_step(request: PanelRequest, member_id: int) -> HttpResponse:
    """For a member who has lost the phone, the passkey and the recovery codes."""
    somebody = get_object_or_404(User, pk=member_id)
    try:
        done = rules.take_away_second_step(request.user, somebody)
    except rules.Refused as refused:
        return _page(request, somebody, refused.sentence, refused.status)
    said = (
        gettext("%(name)s now signs in without a second step, and can set up a new one.")
        if done
        else gettext("%(name)s has no second step. Nothing was changed.")
    )
    messages.success(request, said % {"name": rules.name_of(somebody)})
    return redirect("member", member_id)


@require_http_methods(["GET", "POST"])
@manager
@fresh.required
def second_step(request: PanelRequest) -> HttpResponse:
    """Who must have a second step at sign-in."""
    form = SecondStepForm(request.POST or None, initial={"who": rules.second_step_rule()})
    if request.method == "POST" and form.is_valid():
        rules.ask_for_second_step(request.user, SecondStepRule.Who(form.cleaned_data["who"]))
        messages.success(request, gettext("Saved. It counts from the next click on."))
        return redirect("members")
    context = {"form": form, "without": rules.without_second_step()}
    return render(request, "members/second_step.html", context, status=422 if form.errors else 200)


def _page(request: PanelRequest, somebody: User, sentence: str = "", status: int = 200) -> HttpResponse:
    their_role = rules.role_of(somebody)
    context = {
        "member": somebody,
        "name": rules.name_of(somebody),
        "role": their_role,
        "meanings": _meanings(their_role),
        "sessions": open_sessions_of(somebody),
        "second_step": rules.has_second_step(somebody),
        "reach": request.user.is_superuser or not somebody.is_superuser,
        "sentence": sentence,
    }
    return render(request, "members/member.html", context, status=status)


def _link(request: PanelRequest, secret: str, name: str, somebody: User | None = None) -> HttpResponse:
    address = request.build_absolute_uri(reverse("invited-link", args=[secret]))
    return render(request, "members/link.html", {"address": address, "name": name, "member": somebody})


def _meanings(chosen: str | None) -> list[tuple[Role, object, bool]]:
    """The roles to choose from, each with what it means."""
    return [(role, meaning, role == chosen) for role, meaning in ROLE_MEANINGS.items()]
