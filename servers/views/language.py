"""The language, chosen at the foot of every page: kept for a member, and in the browser for whoever signs in at it."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.http import require_POST

from ..people import Profile
from .account import safe_next


@require_POST
@login_not_required
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on; what is none leaves everything as it is."""
    chosen = request.POST.get("language", "")
    response = redirect(safe_next(request))
    if chosen in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            Profile.objects.update_or_create(user=request.user, defaults={"language": chosen})
        keep(response, chosen)
    return response


def from_now_on(request: HttpRequest, chosen: str) -> str:
    """The language of the next page: the one just chosen, or without one what the browser asks for."""
    if chosen:
        return chosen
    request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
    return translation.get_language_from_request(request)


def keep(response: HttpResponse, chosen: str) -> None:
    """Let this browser remember the language, for the pages before sign-in; without one, forget it."""
    if not chosen:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
