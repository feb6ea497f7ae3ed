"""Your own page: name, time zone and language, your open sessions, and leaving."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext, override
from django.views.decorators.http import require_http_methods, require_POST

from .. import drafts
from .. import members as rules
from ..member_forms import NameForm, ProfileForm
from ..open_sessions import end_others, open_sessions_of, row_id
from ..people import Profile
from ..request import PanelRequest
from . import language


@require_http_methods(["GET", "POST"])
def me(request: PanelRequest) -> HttpResponse:
    """What everybody may see and change of themselves."""
    profile = Profile.objects.filter(user=request.user).first() or Profile(user=request.user)
    name = NameForm(request.POST or None, instance=request.user)
    speech = ProfileForm(request.POST or None, instance=profile)
    draft = drafts.of(request)
    name.initial |= draft.fields
    speech.initial |= draft.fields
    if request.method == "POST" and name.is_valid() and speech.is_valid():
        User.objects.filter(pk=request.user.pk).update(**name.cleaned_data)
        Profile.objects.update_or_create(user=request.user, defaults=speech.cleaned_data)
        drafts.done(request)
        chosen = speech.cleaned_data.get("language", "")
        with override(language.from_now_on(request, chosen)):
            messages.success(request, gettext("Saved."))
        response = redirect("me")
        language.keep(response, chosen)
        return response
    context = {
        "name": name,
        "speech": speech,
        "draft": draft,
        "role": rules.role_of(request.user),
        "sessions": open_sessions_of(request.user),
        "here": row_id(request),
        "linked": rules.is_linked(request.user),
    }
    wrong = name.errors or speech.errors
    return render(request, "members/me.html", context, status=422 if wrong else 200)


@require_POST
def end_other_sessions(request: PanelRequest) -> HttpResponse:
    """Sign yourself out everywhere but here."""
    count = end_others(request)
    said = ngettext("%(n)d other session was ended.", "%(n)d other sessions were ended.", count)
    messages.success(request, said % {"n": count})
    return redirect("me")


@require_http_methods(["GET", "POST"])
def leave(request: PanelRequest) -> HttpResponse:
    """Switch yourself off; a Manager can switch you on again."""
    if request.method == "GET":
        return render(request, "members/leave.html")
    try:
        rules.switch_off(request.user, request.user)
    except rules.Refused as refused:
        return render(request, "members/leave.html", {"sentence": refused.sentence}, status=refused.status)
    return redirect("account_inactive")
