"""The type of our requests, after django-htmx and sign-in have looked at them."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .people import Profile
from .remote.errors import RemoteError


class PanelRequest(HttpRequest):
    """A request of a signed-in member."""

    id: str
    """The number of the request (vpspanel.middleware.numbered)."""
    htmx: HtmxDetails
    user: User
    profile: Profile
    open_session: Any
    """The row of the session, with what came along (signed_in.session_row)."""
    draft_done: bool
    """Whether the form was sent, so that its draft is over (drafts)."""
    logged: bool
    """Whether it changed something, or tried to, so that the log has a new row (actions)."""
    problem: RemoteError
    """What the answer tells of VPS.org, if it tells a problem."""
