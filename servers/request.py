"""The type of our requests, after django-htmx and sign-in have looked at them."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .people import Profile


class PanelRequest(HttpRequest):
    """A request of a signed-in member."""

    htmx: HtmxDetails
    user: User
    profile: Profile
    draft_done: bool
    """Whether the form was sent, so that its draft is over (drafts)."""
