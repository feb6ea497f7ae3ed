"""What is too large or too much is refused with a page in our words, or is taken; nothing of it is a 500."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from servers.models import Note
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.pages import read

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]

SENTENCE = "The console could not read this request. Nothing was changed."
FORM = "application/x-www-form-urlencoded"
POSTED = [
    "/servers/12345/notes/",
    "/servers/new/",
    "/drafts/",
    "/bulk/new/",
    "/members/invite/",
    "/connect/",
    "/me/",
]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("address", POSTED)
@pytest.mark.parametrize(
    "body",
    ["text=" + "x" * 64 * 1024, urlencode([("text", "x")] * 101)],
    ids=["64 KB", "101 fields"],
)
def test_a_form_that_is_too_large_is_refused_in_our_words(
    manager: Client, simulator: Simulator, address: str, body: str, headers: dict[str, str]
) -> None:
    response = manager.post(address, body, content_type=FORM, headers=headers)
    assert response.status_code == 400
    assert SENTENCE in read(response).text
    assert simulator.seen == []
    assert not Note.objects.exists()


@pytest.mark.parametrize("body", ["login=" + "x" * 64 * 1024, "login=x&" * 101], ids=["64 KB", "101 fields"])
def test_so_is_a_stranger_s(simulator: Simulator, body: str) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    response = strict.post("/login/", body, content_type=FORM)
    assert response.status_code == 400
    assert SENTENCE in read(response).text


@pytest.mark.parametrize(
    "address", ["/", "/servers/", "/servers.csv", "/servers/poll/", "/activity/", "/login/", "/x/"]
)
def test_an_address_with_too_many_fields_is_refused_in_our_words(manager: Client, address: str) -> None:
    response = manager.get(address + "?" + "q=x&" * 101)
    assert response.status_code == (404 if address == "/x/" else 400)
    assert address == "/x/" or SENTENCE in read(response).text


def test_a_form_of_the_largest_size_is_taken(manager: Client) -> None:
    fields = [("text", "x")] + [(f"field-{number}", "y" * 600) for number in range(99)]
    assert manager.post("/servers/12345/notes/", urlencode(fields), content_type=FORM).status_code == 302
    assert Note.objects.get().text == "x"


HEADERS = (
    "Accept",
    "Accept-Language",
    "Cookie",
    "HX-Current-URL",
    "HX-Target",
    "HX-Trigger",
    "If-None-Match",
    "Origin",
    "Range",
    "Referer",
    "User-Agent",
    "X-CSRFToken",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Request-ID",
)


@pytest.mark.parametrize("trusted", [False, True])
def test_no_header_makes_a_page_fail(manager: Client, settings: Any, trusted: bool) -> None:
    settings.TRUST_PROXY = trusted
    for name in HEADERS:
        for value in ("x" * 100_000, "%00%0d%0aX: 1", '=;,;="', "http://[", "\u00ff\u0085<script>"):
            response = manager.get(
                "/servers/", headers=HTMX | {name: value} if "HX" in name else {name: value}
            )
            assert response.status_code < 500, (name, value[:20])
