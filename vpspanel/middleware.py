"""What every answer of the console carries."""

import re
import secrets
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from .logs import request_id

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")


def numbered(get_response: GetResponse) -> GetResponse:
    """Gives each request a number (`request.id`): it stands in every line of the log, on the page of an error, and in
    the header X-Request-ID. A proxy may bring its own, but only the proxy that we trust."""

    def middleware(request: HttpRequest) -> HttpResponse:
        brought = request.headers.get("X-Request-ID", "") if settings.TRUST_PROXY else ""
        number = brought if REQUEST_ID.fullmatch(brought) else _digits()
        request.id = number  # type: ignore[attr-defined]
        before = request_id.set(number)
        try:
            response = get_response(request)
        finally:
            request_id.reset(before)
        response["X-Request-ID"] = number
        return response

    return middleware


def _digits() -> str:
    """Ten digits that can be read out on the telephone."""
    digits = f"{secrets.randbelow(10**10):010}"
    return f"{digits[:5]}-{digits[5:]}"


NOT_NEEDED: Final = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
"""What a browser is to refuse to any script here."""


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Sends SECURE_CSP, as Django 6 does with the setting of the same name, and what stands beside it."""
    policy = "; ".join(
        f"{directive} {' '.join(sources)}" for directive, sources in settings.SECURE_CSP.items()
    )

    permissions = ", ".join(f"{feature}=()" for feature in NOT_NEEDED)

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", permissions)
        return response

    return middleware


METHODS: Final = ("GET", "HEAD", "POST")


def known_methods(get_response: GetResponse) -> GetResponse:
    """Refuses the methods that no page of ours uses, whatever a view of a package would make of them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)

    return middleware
