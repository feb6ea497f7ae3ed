"""The links that Managers pass on, for people who are not signed in: to become a member, or to get a new password."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from .. import members as rules
from ..member_forms import JoinForm, name_passwords
from ..people import Invitation

OPENED = "invitation"


@login_not_required
@require_safe
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """The address that was passed on. The secret leaves the address at once: the session remembers which link it is."""
    try:
        invitation = rules.find(secret)
    except rules.LinkClosed as closed:
        return _closed(request, closed)
    request.session[OPENED] = invitation.pk
    return redirect("invited")


@login_not_required
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password1", "password2", "new_password1", "new_password2")
def invited(request: HttpRequest) -> HttpResponse:
    """The form behind the link; it works once, and sign-in comes after it."""
    if request.user.is_authenticated:
        return render(request, "members/signed_in.html", status=409)
    try:
        invitation = rules.check(Invitation.objects.filter(pk=request.session.get(OPENED, 0)).first())
        if invitation.member is not None:
            return _new_password(request, invitation, invitation.member)
        return _join(request, invitation)
    except rules.LinkClosed as closed:
        return _closed(request, closed)


def _join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with rules.using(invitation):
                rules.join(invitation, form.save())
        except IntegrityError:
            form.add_error("username", gettext("Somebody else has this name. Choose another one."))
        else:
            return _sign_in(
                request, gettext("Welcome. Sign in with the name and the password that you chose.")
            )
    context = {"form": form, "invitation": invitation}
    return render(request, "members/invited.html", context, status=422 if form.errors else 200)


def _new_password(request: HttpRequest, invitation: Invitation, member: User) -> HttpResponse:
    form = SetPasswordForm(member, request.POST or None)
    name_passwords(form.fields["new_password1"], form.fields["new_password2"])
    if request.method == "POST" and form.is_valid():
        with rules.using(invitation):
            rules.new_password(member, form.cleaned_data["new_password1"])
        return _sign_in(request, gettext("Your password was changed. Sign in with the new one."))
    context = {"form": form, "member": member}
    return render(request, "members/new_password.html", context, status=422 if form.errors else 200)


def _sign_in(request: HttpRequest, sentence: str) -> HttpResponse:
    del request.session[OPENED]
    messages.success(request, sentence)
    return redirect("account_login")


def _closed(request: HttpRequest, closed: rules.LinkClosed) -> HttpResponse:
    return render(request, "members/closed.html", {"sentence": closed.sentence}, status=closed.status)
