"""About the console itself: its single keys, its words, how accessible it is, and what a phone needs to install it."""

from datetime import date
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi, gettext
from django.views.decorators.http import require_safe

from ..request import PanelRequest
from ..terms import GROUPS

CHECKED_ON: Final = date(2026, 11, 25)
"""When somebody last held the statement on accessibility against the tests, and saw them pass."""
ICONS: Final = {"icons/192.png": "192x192", "icons/512.png": "512x512"}
MASKABLE: Final = {"icons/maskable-512.png": "512x512"}


@require_safe
def keys(request: PanelRequest) -> HttpResponse:
    """The list of keys: a page, and the same in the dialog."""
    return render(request, "about/_keys.html" if request.htmx else "about/keys.html")


@require_safe
def words(request: PanelRequest) -> HttpResponse:
    """What the words of the console mean: a page, and the same in the dialog."""
    template = "about/_words.html" if request.htmx else "about/words.html"
    return render(request, template, {"groups": GROUPS})


@require_safe
@login_not_required
def accessibility(request: HttpRequest) -> HttpResponse:
    """What was tested for people who see, hear, move or read differently, and what was not."""
    return render(request, "about/accessibility.html", {"checked_on": CHECKED_ON})


@require_safe
@login_not_required
def manifest(request: HttpRequest) -> HttpResponse:
    """How the console looks as an installed application."""
    icons = [
        {"src": static(file), "sizes": sizes, "type": "image/png", "purpose": purpose}
        for files, purpose in ((ICONS, "any"), (MASKABLE, "maskable"))
        for file, sizes in files.items()
    ]
    described = {
        "id": reverse("home"),
        "name": gettext("VPS console"),
        "short_name": gettext("VPS console"),
        "start_url": reverse("home"),
        "scope": reverse("home"),
        "display": "standalone",
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "background_color": "#f6f7f9",
        "theme_color": "#f6f7f9",
        "icons": icons,
    }
    return JsonResponse(described, content_type="application/manifest+json")
