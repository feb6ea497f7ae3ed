"""What every kind of answer carries in real use, behind a proxy that ends TLS, scored by MDN's rules."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as in_use
from django.contrib.auth.decorators import login_not_required
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from servers.simulator import Simulator
from servers.views import problems
from tests.conftest import HTMX, PASSWORD, TOKEN
from tests.http.people import invite

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    """A view with a mistake in it."""
    raise ZeroDivisionError


urlpatterns = [path("broken/", broken), path("", include("vpspanel.urls"))]
handler400, handler403 = problems.bad_request, problems.not_allowed
handler404, handler500 = problems.not_found, problems.our_fault

HALF_A_YEAR = 15_768_000
BY_HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def mia(for_real: None, member: Callable[..., Any], simulator: Simulator) -> Client:
    """A Manager who came through the proxy, by https."""
    member("mia", "Manager")
    client = Client(raise_request_exception=False, headers=BY_HTTPS)
    assert client.post("/login/", {"login": "mia", "password": PASSWORD}).status_code == 302
    assert client.post("/connect/", {"token": TOKEN}).status_code == 302
    client.get("/servers/")
    return client


KINDS: dict[str, tuple[str, str, dict[str, str], int]] = {
    "page": ("GET", "/servers/", {}, 200),
    "server": ("GET", "/servers/12345/", {}, 200),
    "partial": ("GET", "/servers/12345/stop/", HTMX, 200),
    "partial of the list": ("GET", "/servers/", HTMX | {"HX-Target": "list"}, 200),
    "changed": ("POST", "/servers/12345/stop/", HTMX, 200),
    "nothing new": ("GET", "/servers/poll/", HTMX, 204),
    "leads on": ("POST", "/servers/12345/reboot/", {}, 302),
    "file": ("GET", "/servers.csv", {}, 200),
    "form with errors": ("POST", "/servers/new/", {}, 422),
    "wrong field": ("POST", "/servers/12345/backups/", {}, 400),
    "gone": ("GET", "/servers/999/", {}, 404),
    "gone, to htmx": ("GET", "/servers/999/stop/", HTMX, 404),
    "no such page": ("GET", "/nothing/", {}, 404),
    "wrong method": ("GET", "/disconnect/", {}, 405),
    "our fault": ("GET", "/broken/", {}, 500),
    "about the person": ("GET", "/me/", {}, 200),
    "key": ("GET", "/connect/", {}, 200),
    "admin": ("GET", "/admin/", {}, 200),
    "manifest": ("GET", "/manifest.webmanifest", {}, 200),
    "load balancer": ("GET", "/healthz", {}, 200),
    "counts": ("GET", "/metrics", {}, 401),
    "ready": ("GET", "/readyz", {}, 200),
}
BEFORE_SIGN_IN: dict[str, tuple[str, dict[str, str], int]] = {
    "sign-in": ("/login/", {}, 200),
    "signed out": ("/servers/", {}, 302),
    "signed out, to htmx": ("/servers/", HTMX, 200),
    "no such page": ("/nothing/", {}, 404),
    "wrong host": ("/login/", {"Host": "evil.example"}, 400),
    "our fault": ("/broken/", {}, 500),
    "static": ("/static/icon.svg", {}, 200),
}


def policy_of(response: Any) -> dict[str, list[str]]:
    """The directives of the Content-Security-Policy."""
    words = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {directive: sources for directive, *sources in words}


def score(response: Any) -> int:
    """The points of MDN's HTTP Observatory for one answer (its rules of 2025); 100 and more is an A+."""
    points = 100
    policy = policy_of(response)
    scripts = policy.get("script-src", policy["default-src"])
    assert not {"'unsafe-inline'", "'unsafe-eval'", "data:", "https:", "*"} & {*scripts, *policy["style-src"]}
    points += 10 if policy["default-src"] == ["'none'"] else 5
    points += 5 if policy["frame-ancestors"] == ["'none'"] else -20
    for cookie in response.cookies.values():
        assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] in ("Lax", "Strict")
        assert cookie.key.startswith("__Host-") and cookie["path"] == "/" and not cookie["domain"]
    points += 5 if response.cookies else 0
    points -= 50 if "Access-Control-Allow-Origin" in response else 0
    age, *more = response["Strict-Transport-Security"].split("; ")
    assert int(age.removeprefix("max-age=")) >= HALF_A_YEAR
    points += 5 if more == ["includeSubDomains", "preload"] else 0
    points += 5 if response["Referrer-Policy"] in ("no-referrer", "same-origin", "strict-origin") else -5
    points -= 0 if response["X-Content-Type-Options"] == "nosniff" else 5
    points += 10 if response["Cross-Origin-Resource-Policy"] == "same-origin" else 0
    return points


@pytest.mark.urls("tests.http.test_headers")
@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_to_a_member_is_an_a_plus_and_kept_by_no_cache(mia: Client, kind: str) -> None:
    method, address, headers, status = KINDS[kind]
    send = mia.post if method == "POST" else mia.get
    response = send(address, {"name": "not a name"} if method == "POST" else None, headers=headers)
    assert response.status_code == status
    assert score(response) >= 130
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert "camera=()" in response["Permissions-Policy"]
    assert "no-store" in response["Cache-Control"]


@pytest.mark.urls("tests.http.test_headers")
@pytest.mark.parametrize("kind", BEFORE_SIGN_IN)
def test_every_answer_to_a_stranger_is_an_a_plus(for_real: None, simulator: Simulator, kind: str) -> None:
    address, headers, status = BEFORE_SIGN_IN[kind]
    client = Client(raise_request_exception=False, headers=BY_HTTPS)
    response = client.get(address, headers=headers)
    response.close()
    assert response.status_code == status
    assert score(response) >= 130
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_page_of_an_invitation_is_kept_by_no_cache(manager: Client) -> None:
    stranger = Client()
    response = stranger.get(invite(manager), follow=True)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


def test_plain_http_leads_to_the_same_page_by_https(for_real: None) -> None:
    response = Client().get("/servers/?q=web")
    assert (response.status_code, response["Location"]) == (301, "https://testserver/servers/?q=web")
    statuses = {path: Client().get(path).status_code for path in ("/healthz", "/readyz", "/metrics")}
    assert statuses == {"/healthz": 200, "/readyz": 200, "/metrics": 401}, "machines inside ask by plain http"


def test_every_cookie_is_for_this_host_by_https_and_for_no_script(mia: Client) -> None:
    mia.post("/language/", {"language": "ta"})
    mia.post("/servers/12345/backups/", {"backups_enabled": "off"})  # leaves a message for the next page
    assert set(mia.cookies) == {"__Host-session", "__Host-csrf", "__Host-language"}
    for cookie in mia.cookies.values():
        assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"
        assert cookie["path"] == "/" and not cookie["domain"]


def test_a_cookie_that_is_taken_back_is_taken_back_by_the_same_rules(mia: Client) -> None:
    mia.post("/language/", {"language": "ta"})
    mia.post("/logout/")
    assert mia.cookies["__Host-session"].value == ""


def test_without_trust_nobody_says_who_asked_or_how(settings: Any, member: Callable[..., Any]) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "444"}
    response = Client(headers=forged).get("/login/")
    assert not response.wsgi_request.is_secure()
    assert "evil.example" not in response.content.decode()
    assert response.wsgi_request.get_host() == "testserver"
    assert "Strict-Transport-Security" not in response


def test_not_even_a_trusted_proxy_names_the_host(for_real: None) -> None:
    response = Client(headers=BY_HTTPS | {"X-Forwarded-Host": "evil.example"}).get("/servers/")
    assert response["Location"].startswith("/login/")
    assert response.wsgi_request.get_host().split(":")[0] == "testserver"


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver:x", "a@testserver", ""]
)
def test_another_host_is_refused_before_anything_else(
    for_real: None, simulator: Simulator, host: str
) -> None:
    response = Client(raise_request_exception=False).get("/login/", headers=BY_HTTPS | {"Host": host or " "})
    assert response.status_code == 400
    assert not response.cookies
    assert host == "" or host not in response.content.decode()


def test_django_finds_nothing_to_warn_of_in_real_use(for_real: None, settings: Any) -> None:
    settings.SECRET_KEY = "0123456789 abcdefghij KLMNOPQRST uvwxyz *+-/ 6f1Ba9Zq"
    assert in_use.DEBUG is False
    call_command("check", deploy=True, fail_level="WARNING")
