"""What every answer carries, and what stands around the servers: errors, practice mode, the load balancer's page."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from servers.simulator import Simulator
from servers.views import problems
from tests.conftest import HTMX
from tests.http.pages import read
from tests.http.test_roles import TABLE

pytestmark = pytest.mark.usefixtures("clock")


def broken(request: HttpRequest) -> HttpResponse:
    """A view with a mistake in it."""
    raise ZeroDivisionError("vps_canary in the text of an exception")


# The addresses of the console and a broken one: no address of the console itself fails on demand.
urlpatterns = [path("broken/", broken), path("", include("vpspanel.urls"))]
handler400, handler403 = problems.bad_request, problems.not_allowed
handler404, handler500 = problems.not_found, problems.our_fault

EVERY_KIND = [
    pytest.param("/servers/", 200, id="page"),
    pytest.param("/servers/12345/", 200, id="detail"),
    pytest.param("/servers/999/", 404, id="gone"),
    pytest.param("/servers/new/", 403, id="not-allowed"),
    pytest.param("/nothing/like/this/", 404, id="no-such-page"),
    pytest.param("/disconnect/", 405, id="wrong-method"),
    pytest.param("/", 200, id="start"),
    pytest.param("/login/", 302, id="redirect"),
    pytest.param("/healthz", 200, id="healthz"),
    pytest.param("/readyz", 200, id="readyz"),
    pytest.param("/servers/poll/", 204, id="poll"),
    pytest.param("/broken/", 500, id="our-fault"),
]


@pytest.mark.parametrize(("address", "status"), EVERY_KIND)
@pytest.mark.urls("tests.http.test_frame")
def test_every_answer_carries_the_policy_and_is_kept_by_no_cache(
    operator: Client, address: str, status: int
) -> None:
    response = operator.get(address)
    assert response.status_code == status
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in response
    if address != "/broken/":
        assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        pytest.param("/login/", {}, id="sign-in"),
        pytest.param("/servers/", {}, id="signed-out"),
        pytest.param("/servers/", HTMX, id="signed-out-htmx"),
        pytest.param("/login/", {"Host": "evil.example"}, id="wrong-host"),
        pytest.param("/nothing/", {}, id="no-such-page"),
    ],
)
@pytest.mark.parametrize("redirects_to_https", [False, True])
@pytest.mark.django_db
def test_the_policy_is_on_answers_to_strangers_too(
    settings: Any, address: str, headers: dict[str, str], redirects_to_https: bool
) -> None:
    settings.SECURE_SSL_REDIRECT = redirects_to_https
    response = Client(raise_request_exception=False).get(address, headers=headers)
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.urls("tests.http.test_frame")
def test_a_mistake_of_ours_says_so_and_tells_nothing_about_it(operator: Client) -> None:
    response = operator.get("/broken/")
    text = response.content.decode()
    assert "This is our fault, not yours." in text
    assert "canary" not in text
    assert "ZeroDivisionError" not in text


def test_a_page_that_there_is_not_is_a_page_with_a_way_on(viewer: Client) -> None:
    response = viewer.get("/servers/12345/format/")
    page = read(response)
    assert response.status_code == 404
    assert "There is no such page here." in page.text
    assert page.one("main").one("a").attributes["href"] == "/servers/"


@pytest.mark.parametrize("server_id", ["a" * 65, "12%2F34", "1.2", "%00", "1%0d%0aX-Evil:1", "எண்"])
def test_what_is_no_server_id_never_reaches_vps_org(
    operator: Client, simulator: Simulator, server_id: str
) -> None:
    assert operator.get(f"/servers/{server_id}/").status_code == 404
    assert operator.post(f"/servers/{server_id}/stop/").status_code == 404
    assert simulator.seen == []


def test_a_stale_form_says_reload_and_changes_nothing(operator: Client, simulator: Simulator) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    for headers in ({}, HTMX):
        response = strict.post("/servers/12345/stop/", headers=headers)
        assert response.status_code == 403
        assert "This page is out of date, so nothing was sent." in read(response).text
    assert simulator.seen == []


@pytest.mark.parametrize("practice", [True, False])
def test_it_says_on_every_page_that_nothing_is_real_when_nothing_is(
    viewer: Client, settings: Any, practice: bool
) -> None:
    settings.PRACTICE_MODE = practice
    for address in ("/servers/", "/servers/12345/", "/activity/", "/connect/", "/nothing/", "/servers/new/"):
        assert ("Practice mode." in read(viewer.get(address)).text) is practice
    viewer.post("/logout/")
    assert ("Practice mode." in read(viewer.get("/login/")).text) is practice


def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(manager: Client) -> None:
    pages = 0
    for client, row in [(manager, row) for row in TABLE] + [(Client(), row) for row in TABLE]:
        answer = client.get(row.address, row.body) if row.method == "GET" else None
        if answer is None or not answer["Content-Type"].startswith("text/html") or not answer.content:
            continue
        pages += 1
        page = read(answer)
        for element in page.all():
            assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
            for name in ("src", "srcset", "href", "action", "formaction", "hx-get", "hx-post"):
                assert "//" not in element.attributes.get(name, ""), row.address
        assert page.all("style") == []
        assert all(script.inside == [] for script in page.all("script"))
    assert pages > 30
