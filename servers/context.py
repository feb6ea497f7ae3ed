"""What the page frame shows on every page."""

from django.conf import settings
from django.http import HttpRequest

from . import second_step
from .people import Profile
from .session import SEALED
from .terms import TERMS


def frame(request: HttpRequest) -> dict[str, object]:
    """How this person wants it to look, what words mean, whether the servers are pretended, where else one may sign in,
    and whether there is a key to disconnect."""
    session = getattr(request, "session", {})
    return {
        "look": getattr(request, "profile", Profile()),
        "terms": TERMS,
        "practice_mode": settings.PRACTICE_MODE,
        "second_step_missing": second_step.is_missing(request),
        "provider": settings.SINGLE_SIGN_ON.get("NAME", ""),
        "own_key": not settings.VPS_API_TOKEN and SEALED in session,
    }
