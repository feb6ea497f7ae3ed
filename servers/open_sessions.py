"""Who is signed in where: a row for each signed-in browser, and its end.

The row decides, not the session store: a session without its row is signed out at its next request, whatever a cache
still holds, and so is one that is too old, or in which nobody was seen for too long. The session remembers the row's
id, so the row survives the new keys that it gets.
"""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext

from . import signed_in
from .people import OpenSession, Profile

ROW: Final = "open_session"
SEEN_EVERY: Final = timedelta(minutes=1)
BY_ITSELF: Final = frozenset({"poll", "bulk", "bulk-drive", "server-recent", "server-new-outcome"})
"""The names of the addresses that a page asks by itself: nobody was seen there."""


def begin(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A member has signed in (Django's signal): write the row, or keep it if this browser was signed in already."""
    if request.session.session_key is None:
        request.session.save()
    key = str(request.session.session_key)
    OpenSession.objects.filter(user=user).exclude(session_key__in=living_keys()).exclude(
        session_key=key
    ).delete()
    now = timezone.now()
    again = OpenSession.objects.filter(pk=row_id(request), user=user)
    if again.update(session_key=key, started_at=now, seen_at=now):
        return
    agent = request.META.get("HTTP_USER_AGENT", "")[:300]
    row, _ = OpenSession.objects.update_or_create(
        session_key=key, defaults={"user": user, "user_agent": agent}
    )
    request.session[ROW] = row.pk


def row_id(request: HttpRequest) -> int:
    """The row of this session; 0 if it has none."""
    return int(request.session.get(ROW) or 0)


def forget(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """A member has signed out (Django's signal)."""
    if user is not None:
        OpenSession.objects.filter(pk=row_id(request), user=user).delete()


def password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A member has changed the password (allauth's signal): whoever knew the old one is out."""
    end_others(request)
    messages.success(request, gettext("Your password was changed. You are signed in here only."))


def living_keys() -> "QuerySet[Session, str]":
    """The keys of the sessions that have not expired."""
    return Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")  # type: ignore[return-value]


def living(path: str = "") -> Q:
    """The rows of sessions that are not over, neither by their age nor because nobody was there for long."""
    now = timezone.now()
    return Q(
        **{
            f"{path}session_key__in": living_keys(),
            f"{path}started_at__gt": now - timedelta(seconds=settings.SESSION_COOKIE_AGE),
            f"{path}seen_at__gt": now - timedelta(seconds=settings.SIGN_OUT_IDLE),
        }
    )


def open_sessions_of(user: User) -> "QuerySet[OpenSession]":
    """The browsers in which this member is signed in, last seen first."""
    return OpenSession.objects.filter(living(), user=user)


def end(sessions: "QuerySet[OpenSession]") -> int:
    """End sessions at once, in the database and in the cache, the sealed key in them included; how many there were."""
    keys = list(sessions.values_list("session_key", flat=True))
    OpenSession.objects.filter(session_key__in=keys).delete()
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for key in keys:
        store.delete(key)
    return len(keys)


def end_others(request: HttpRequest) -> int:
    """End the sessions of this member but the one of this request; how many there were."""
    return end(OpenSession.objects.filter(user_id=request.user.pk or 0).exclude(pk=row_id(request)))


GetResponse = Callable[[HttpRequest], HttpResponse]


def members_only(get_response: GetResponse) -> GetResponse:
    """Signs out a session that was ended, notes that the others were seen, and speaks to them as their profile says; it
    stays at the request for whoever draws the page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # Itself, and not the lazy stand-in: a page asks it some two hundred times.
        request.user = get_user(request)
        row = _row(request)
        if row is None and request.user.is_authenticated:
            logout(request)
        request.open_session = row  # type: ignore[attr-defined]
        request.profile = signed_in.profile_of(row)  # type: ignore[attr-defined]
        with timezone.override(_speak(request.profile)):  # type: ignore[attr-defined]
            response = get_response(request)
        if row is not None:
            _note(request, row)
        return response

    return middleware


def _row(request: HttpRequest) -> OpenSession | None:
    if not request.user.is_authenticated:
        return None
    row = signed_in.session_row(row_id(request), request.user.pk or 0)
    now = timezone.now()
    too_old = row and (now - row.started_at).total_seconds() >= settings.SESSION_COOKIE_AGE
    too_idle = row and (now - row.seen_at).total_seconds() >= settings.SIGN_OUT_IDLE
    return None if too_old or too_idle else row


def _speak(profile: Profile) -> ZoneInfo | None:
    """Switch to the member's language; gives the time zone, None for that of the settings."""
    if profile.language in dict(settings.LANGUAGES):
        translation.activate(profile.language)
    try:
        return ZoneInfo(profile.time_zone) if profile.time_zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # this machine has it no more
        return None


def _note(request: HttpRequest, row: OpenSession) -> None:
    """Note the new key of a session that was given one, and that its owner was here."""
    rows = OpenSession.objects.filter(pk=row.pk)
    key = request.session.session_key
    if key and key != row.session_key and row_id(request) == row.pk:
        rows.update(session_key=key)
    match = request.resolver_match
    # A page without JavaScript loads itself anew with `now`.
    by_itself = match is not None and (match.url_name in BY_ITSELF or "now" in request.GET)
    now = timezone.now()
    if not by_itself and abs(now - row.seen_at) > SEEN_EVERY:
        rows.update(seen_at=now)
