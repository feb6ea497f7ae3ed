"""Signing in with an account elsewhere: linked once by its member, and never a way around what a password must do."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from servers.people import OpenSession
from servers.simulator import Simulator
from tests.conftest import PASSWORD
from tests.http.pages import read
from tests.http.people import page_of, signed_in, trace
from tests.http.provider import ACCESS_TOKEN, STRANGER, Provider, running
from tests.http.steps import set_up_app
from tests.http.test_door import ELSEWHERE, leads_away
from tests.http.test_methods import everything_kept
from vpspanel import environment, single_sign_on

Later = Callable[[float], None]
NAME = "Okafor & Co"
CONFIGURATION = "/.well-known/openid-configuration"
FOREVER = 10**10


@pytest.fixture(scope="module")
def running_provider() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: Provider, settings: Any) -> Iterator[Provider]:
    """The provider that the console is set up for."""
    settings.SINGLE_SIGN_ON = settings.SINGLE_SIGN_ON | {"ISSUER": running_provider.issuer}
    running_provider.reset()
    yield running_provider
    running_provider.go_on.set()
    running_provider.issuer = f"http://127.0.0.1:{running_provider.server_address[1]}"


def led_to(response: Any) -> str:
    """Where the page leads that sends somebody to the provider."""
    assert response.status_code == 200
    page = read(response)
    address = page.one("main").one("a").attributes["href"]
    assert page.one("meta", **{"http-equiv": "refresh"}).attributes["content"] == f"0; url={address}"
    return address


def by_provider(provider: Provider, client: Client | None = None, following: str = "") -> tuple[Client, Any]:
    """A browser in which somebody has signed in at the provider, and the console's answer to that."""
    client = client or Client(raise_request_exception=False)
    address = led_to(client.post("/login/provider/", {"next": following}))
    return client, client.get(provider.visit(address))


def link(client: Client, provider: Provider) -> Any:
    """Link the account of who is at the provider with the member of this browser."""
    return client.get(provider.visit(led_to(client.post("/me/provider/link/"))))


def nobody_got_in(client: Client, response: Any, status: int) -> str:
    """What the page says, after making sure that it is one of ours, and that nobody is signed in."""
    assert response.status_code == status
    page = read(response)
    assert page.one("h1").text == "This did not work"
    assert page.one("main").one("a").attributes["href"] == "/login/"
    assert not signed_in(client)
    return page.text


# --- the way in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_member_links_an_account_signs_in_with_it_and_unlinks_it(
    operator: Client, provider: Provider, algorithm: str
) -> None:
    provider.algorithm = algorithm
    assert "Link Okafor & Co" in read(operator.get("/me/")).text
    response = link(operator, provider)
    assert (response.status_code, response["Location"]) == (302, "/me/")
    page = read(operator.get("/me/")).text
    assert "Linked. From now on you can sign in with Okafor & Co, too." in page
    assert "You can sign in with Okafor & Co." in page
    operator.post("/logout/")
    otto, response = by_provider(provider, following="/activity/?page=1")
    assert (response.status_code, response["Location"]) == (302, "/activity/?page=1")
    assert otto.get("/me/").context["user"].username == "otto"
    assert OpenSession.objects.filter(user__username="otto").count() == 1
    again = User.objects.get(username="otto")
    assert again.check_password(PASSWORD)
    assert otto.post("/me/provider/unlink/", {"again-password": PASSWORD}).status_code == 302
    assert "Unlinked. Okafor & Co signs you in no more." in read(otto.get("/me/")).text
    nobody_got_in(*by_provider(provider), 403)
    assert trace() == ["otto linked otto", "otto unlinked otto"]


def test_the_provider_is_asked_for_who_it_is_and_nothing_else(operator: Client, provider: Provider) -> None:
    link(operator, provider)
    by_provider(provider)
    first, second = provider.questions
    for question in (first, second):
        assert question["scope"] == "openid"
        assert question["response_type"] == "code"
        assert question["code_challenge_method"] == "S256"
        assert question["redirect_uri"] == "http://testserver/login/provider/back/"
        assert len(question["nonce"]) >= 32
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


def test_nothing_that_the_provider_gave_is_kept(operator: Client, provider: Provider) -> None:
    provider.claims = {"email": "otto@example.com", "name": "Otto the First"}
    link(operator, provider)
    client, _ = by_provider(provider)
    kept = repr(everything_kept()) + repr(dict(client.session))
    assert len(provider.tokens) == 2
    for secret in (ACCESS_TOKEN, *provider.tokens, "otto@example.com", "Otto the First"):
        assert secret not in kept
    assert not SocialToken.objects.exists()
    assert SocialAccount.objects.get().extra_data == {}


def test_a_session_that_somebody_planted_is_not_the_one_that_signs_in(
    operator: Client, provider: Provider
) -> None:
    link(operator, provider)
    client = Client()
    address = led_to(client.post("/login/provider/"))
    before = client.cookies["sessionid"].value
    client.get(provider.visit(address))
    assert signed_in(client)
    assert client.cookies["sessionid"].value != before
    thief = Client()
    thief.cookies["sessionid"] = before
    assert not signed_in(thief)


def test_next_never_leads_elsewhere(operator: Client, provider: Provider) -> None:
    link(operator, provider)
    for address in ELSEWHERE:
        cache.clear()  # so many tries are too many
        for response in (
            operator.post("/login/provider/", {"next": address}),
            by_provider(provider, following=address)[1],
        ):
            assert response.status_code == 302
            assert not leads_away(response["Location"])


def test_who_is_signed_in_already_is_led_on(operator: Client, provider: Provider) -> None:
    response = operator.post("/login/provider/", {"next": "/activity/"})
    assert (response.status_code, response["Location"]) == (302, "/activity/")
    assert provider.asked == []


def test_the_dialog_above_a_page_does_not_offer_it(simulator: Simulator) -> None:
    page = read(Client().get("/login/"))
    assert "Sign in with Okafor & Co" in page.one("main").text
    assert "Sign in with Okafor & Co" not in page.one("section", id="entry").text


# --- what it does not replace -------------------------------------------------------------------------------------


def test_a_second_step_is_asked_for_as_after_the_password(operator: Client, provider: Provider) -> None:
    link(operator, provider)
    _, codes = set_up_app(operator)
    otto, response = by_provider(provider, following="/activity/")
    assert (response.status_code, response["Location"]) == (302, "/login/second-step/")
    assert not signed_in(otto)
    response = otto.post("/login/second-step/", {"code": codes[0]})
    assert (response.status_code, response["Location"]) == (302, "/activity/")
    assert signed_in(otto)


def test_who_must_have_a_second_step_sets_it_up_first(
    manager: Client, operator: Client, provider: Provider
) -> None:
    link(operator, provider)
    manager.post("/members/second-step/", {"who": "everybody"})
    otto, _ = by_provider(provider)
    assert otto.get("/servers/")["Location"] == "/me/second-step/"


def test_it_makes_nothing_fresh(manager: Client, operator: Client, provider: Provider) -> None:
    link(manager, provider)
    mia, _ = by_provider(provider)
    assert signed_in(mia)
    assert "Is it you?" in read(mia.post(page_of("otto", "role/"), {"role": "Viewer"})).text
    assert trace() == ["mia linked mia"]


@pytest.mark.parametrize("act", ["link", "unlink"])
@pytest.mark.usefixtures("clock")
def test_linking_and_unlinking_ask_for_a_fresh_password(
    operator: Client, provider: Provider, later: Later, act: str
) -> None:
    if act == "unlink":
        link(operator, provider)
    before = SocialAccount.objects.count()
    later(6 * 60)
    provider.asked.clear()
    assert "Is it you?" in read(operator.post(f"/me/provider/{act}/")).text
    assert (provider.asked, SocialAccount.objects.count()) == ([], before)
    response = operator.post(f"/me/provider/{act}/", {"again-password": PASSWORD})
    if act == "link":
        operator.get(provider.visit(led_to(response)))
    assert SocialAccount.objects.count() == 1 - before


@pytest.mark.usefixtures("clock")
def test_who_takes_a_while_at_the_provider_is_linked_all_the_same(
    operator: Client, provider: Provider, later: Later
) -> None:
    address = led_to(operator.post("/me/provider/link/"))
    later(6 * 60)
    assert operator.get(provider.visit(address))["Location"] == "/me/"
    assert trace() == ["otto linked otto"]


# --- who stays out ------------------------------------------------------------------------------------------------


def test_a_stranger_is_told_to_be_invited_whatever_name_or_address_of_mail_the_provider_tells(
    operator: Client, provider: Provider
) -> None:
    User.objects.filter(username="otto").update(email="otto@example.com")
    link(operator, provider)
    provider.who = "somebody else"
    provider.claims = {"preferred_username": "otto", "email": "otto@example.com", "email_verified": True}
    before = User.objects.count()
    said = nobody_got_in(*by_provider(provider), 403)
    assert "A Manager invites you first" in said
    assert User.objects.count() == before


def test_the_same_name_at_another_provider_is_somebody_else(
    operator: Client, provider: Provider, settings: Any
) -> None:
    link(operator, provider)
    provider.issuer = provider.issuer.replace("127.0.0.1", "localhost")
    settings.SINGLE_SIGN_ON = settings.SINGLE_SIGN_ON | {"ISSUER": provider.issuer}
    nobody_got_in(*by_provider(provider), 403)


def test_who_was_switched_off_stays_out(manager: Client, operator: Client, provider: Provider) -> None:
    link(operator, provider)
    manager.post(page_of("otto", "switch-off/"))
    client, response = by_provider(provider)
    assert (response.status_code, response["Location"]) == (302, "/inactive/")
    assert not signed_in(client)


def test_who_was_switched_off_at_the_provider_links_nothing(operator: Client, provider: Provider) -> None:
    address = led_to(operator.post("/me/provider/link/"))
    User.objects.filter(username="otto").update(is_active=False)
    nobody_got_in(operator, operator.get(provider.visit(address)), 400)
    assert not SocialAccount.objects.exists()


def test_an_account_is_linked_with_one_member(viewer: Client, operator: Client, provider: Provider) -> None:
    link(operator, provider)
    response = link(viewer, provider)
    assert response.status_code == 409
    assert "This account at Okafor & Co is linked with another member." in read(response).text
    assert [account.user.username for account in SocialAccount.objects.all()] == ["otto"]
    link(operator, provider)
    assert trace() == ["otto linked otto"]


def test_a_new_password_by_a_link_unlinks_what_a_thief_may_have_linked(
    manager: Client, operator: Client, provider: Provider
) -> None:
    link(operator, provider)
    secret = (
        read(manager.post(page_of("otto", "new-password/"))).one("p", **{"class": "link"}).one("code").text
    )
    newcomer = Client()
    newcomer.get(secret.removeprefix("http://testserver"), follow=True)
    new = "another good long password"
    assert newcomer.post("/invited/", {"new_password1": new, "new_password2": new}).status_code == 302
    nobody_got_in(*by_provider(provider), 403)


# --- what goes wrong ----------------------------------------------------------------------------------------------

FORGED: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "x" * 43}},
    "no nonce": {"claims": {"nonce": None}},
    "for another client": {"claims": {"aud": "another-client"}},
    "for nobody": {"claims": {"aud": None}},
    "given to another client": {"claims": {"aud": ["the-console", "x"], "azp": "x"}},
    "by another issuer": {"claims": {"iss": "https://evil.example"}},
    "by no issuer": {"claims": {"iss": None}},
    "expired": {"claims": {"exp": 1}},
    "without an end": {"claims": {"exp": None}},
    "of a time to come": {"claims": {"iat": FOREVER, "exp": 2 * FOREVER}},
    "about nobody": {"claims": {"sub": None}},
    "about an empty name": {"claims": {"sub": ""}},
    "about a number": {"claims": {"sub": 248289761001}},
    "about a name too long": {"claims": {"sub": "x" * 192}},
    "signed by a stranger": {"key": STRANGER},
    "signed by nobody": {"key": "", "header": {"alg": "none"}},
    "signed by our own secret": {
        "key": "what only the console and the provider know",
        "header": {"alg": "HS256"},
    },
    "by a key that nobody has": {"header": {"kid": "another"}},
    "by a key of another kind": {"header": {"kid": "ES256"}},
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_token_that_is_not_right_in_everything_lets_nobody_in(
    operator: Client, provider: Provider, forged: str
) -> None:
    link(operator, provider)
    for name, value in FORGED[forged].items():
        setattr(provider, name, value)
    client, response = by_provider(provider)
    said = nobody_got_in(client, response, 502)
    assert "Okafor & Co gave an answer that cannot be accepted." in said


def test_a_token_that_names_no_key_is_checked_with_the_only_one(operator: Client, provider: Provider) -> None:
    only = {"keys": provider.keys()["keys"][:1]}
    provider.instead["/keys"] = (200, json.dumps(only).encode())
    provider.header = {"kid": None}
    assert link(operator, provider)["Location"] == "/me/"


def test_a_clock_that_differs_by_half_a_minute_shuts_nobody_out(operator: Client, provider: Provider) -> None:
    provider.claims = {"iat": int(time.time()) + 30, "exp": int(time.time()) + 330}
    assert link(operator, provider)["Location"] == "/me/"


@pytest.mark.parametrize("how", ["of somebody else", "unknown", "missing", "used", "for linking"])
def test_only_who_set_out_comes_back(viewer: Client, operator: Client, provider: Provider, how: str) -> None:
    link(operator, provider)
    client = Client(raise_request_exception=False)
    came = provider.visit(led_to(client.post("/login/provider/")))
    match how:
        case "of somebody else":
            client = Client(raise_request_exception=False)
        case "unknown":
            came = came.replace("state=", "state=x")
        case "missing":
            came = came.split("&state=")[0]
        case "used":
            client.get(came)
            client.post("/logout/")
        case "for linking":
            came = provider.visit(led_to(viewer.post("/me/provider/link/")))
    said = nobody_got_in(client, client.get(came), 400)
    assert "Okafor & Co did not say who you are, or it took too long." in said


@pytest.mark.usefixtures("clock")
def test_who_comes_back_too_late_begins_again(operator: Client, provider: Provider, later: Later) -> None:
    link(operator, provider)
    client = Client(raise_request_exception=False)
    address = led_to(client.post("/login/provider/"))
    later(11 * 60)
    nobody_got_in(client, client.get(provider.visit(address)), 400)


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>"])
def test_a_no_of_the_provider_is_a_page_of_ours_without_its_words(
    operator: Client, provider: Provider, error: str
) -> None:
    link(operator, provider)
    provider.error = error
    client, response = by_provider(provider)
    nobody_got_in(client, response, 400)
    assert error not in read(response).one("main").text
    assert b"<script>alert" not in response.content
    assert b"<b>no</b>" not in response.content


ODD = [
    b"",
    b"null",
    b"5",
    b"[]",
    b'"x"',
    b"{}",
    b'{"keys": 5}',
    b'{"keys": [5, {"kty": "RSA"}]}',
    b"\xff",
    b"<html>",
]


SAYS_OF_ITSELF: dict[str, dict[str, object] | bytes] = {
    **{repr(body): body for body in ODD},
    "another issuer": {"issuer": "https://evil.example"},
    "no address for the token": {"token_endpoint": None},
    "an address that anybody reads": {"token_endpoint": "http://evil.example/token"},
    "a script for an address": {"authorization_endpoint": "javascript:alert(1)"},
}


@pytest.mark.parametrize("said", SAYS_OF_ITSELF)
def test_nobody_is_led_to_a_provider_that_is_not_the_one_that_was_meant(
    operator: Client, provider: Provider, said: str
) -> None:
    changed = SAYS_OF_ITSELF[said]
    body = changed if isinstance(changed, bytes) else json.dumps(provider.configuration() | changed).encode()
    provider.instead[CONFIGURATION] = (200, body)
    client = Client(raise_request_exception=False)
    nobody_got_in(client, client.post("/login/provider/"), 502)
    response = operator.post("/me/provider/link/")
    assert response.status_code == 502
    assert read(response).one("main").one("a").attributes["href"] == "/me/"


@pytest.mark.parametrize("path", ["/token", "/keys"])
def test_no_answer_of_the_provider_is_a_fault_of_ours(
    operator: Client, provider: Provider, path: str
) -> None:
    link(operator, provider)
    half = [
        b'{"access_token": 5}',
        b'{"access_token": "x", "id_token": 5}',
        b'{"access_token": "x", "id_token": "."}',
    ]
    for answer in [*((200, body) for body in ODD + half), (400, b"{}"), (500, b"")]:
        provider.instead[path] = answer
        client, response = by_provider(provider)
        nobody_got_in(client, response, 502)


def test_our_secret_follows_no_redirect(operator: Client, provider: Provider) -> None:
    link(operator, provider)
    provider.leads["/token"] = f"{provider.issuer}/elsewhere"
    nobody_got_in(*by_provider(provider), 502)
    assert "/elsewhere" not in provider.asked


def test_a_provider_that_nobody_reaches_is_a_sentence_and_the_password_still_works(
    operator: Client, simulator: Simulator
) -> None:
    client = Client(raise_request_exception=False)
    said = nobody_got_in(client, client.post("/login/provider/"), 502)
    assert "Okafor & Co does not answer just now. Your password and your passkeys still work." in said
    assert client.post("/login/", {"login": "otto", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("path", [CONFIGURATION, "/token", "/keys"])
def test_a_provider_that_is_silent_is_waited_for_until_the_deadline(
    operator: Client, provider: Provider, path: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(raise_request_exception=False)
    came = provider.visit(led_to(client.post("/login/provider/")))
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 60  # for each read alone, which is not what ends this
    monkeypatch.setattr(single_sign_on, "DEADLINE", 0.4)
    provider.silent.add(path)
    response = client.post("/login/provider/") if path == CONFIGURATION else client.get(came)
    assert response.status_code in (502, 504)
    nobody_got_in(client, response, response.status_code)


def test_tries_are_limited_and_the_provider_is_asked_no_more(
    provider: Provider, simulator: Simulator
) -> None:
    for _ in range(60):
        assert Client().post("/login/provider/").status_code == 200
    provider.asked.clear()
    response = Client().post("/login/provider/")
    assert response.status_code == 429
    assert "Retry-After" in response
    assert provider.asked == []


# --- the settings -------------------------------------------------------------------------------------------------

ALL_FOUR = {
    "OIDC_NAME": NAME,
    "OIDC_ISSUER": "https://login.example.com/",
    "OIDC_CLIENT_ID": "the-console",
    "OIDC_CLIENT_SECRET": "secret",
}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"OIDC_NAME": ""}, "single sign-on needs OIDC_NAME too"),
        (
            {"OIDC_CLIENT_ID": " ", "OIDC_CLIENT_SECRET": ""},
            "single sign-on needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET too",
        ),
        ({"OIDC_ISSUER": "http://login.example.com"}, "OIDC_ISSUER is an address like"),
        ({"OIDC_ISSUER": "login.example.com"}, "OIDC_ISSUER is an address like"),
        ({"OIDC_ISSUER": "https://login.example.com/?x=1"}, "OIDC_ISSUER is an address like"),
    ],
)
def test_settings_that_are_half_there_or_wrong_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], sentence: str
) -> None:
    for name, value in (ALL_FOUR | changed).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stopped:
        environment.single_sign_on()
    assert sentence in str(stopped.value)
    assert "secret" not in str(stopped.value)


def test_a_package_that_is_missing_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ALL_FOUR.items():
        monkeypatch.setenv(name, value)
    assert environment.single_sign_on()["ISSUER"] == "https://login.example.com"
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(SystemExit, match="needs the packages of the extra sso"):
        environment.single_sign_on()


WITHOUT = """
import django, sys
sys.modules["jwt"] = sys.modules["oauthlib"] = None  # as if they were not installed
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
page = Client().get("/login/", headers={"host": "localhost"})
lost = Client().post("/login/provider/", headers={"host": "localhost"})
print(page.status_code, b"provider" in page.content, lost.status_code)
print([name for name in sys.modules if name.startswith("allauth.socialaccount.")])
"""


@pytest.mark.slow
def test_without_the_settings_nothing_of_it_is_there(tmp_path: Any) -> None:
    """With the debug pages, because no static files were collected."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OIDC_")}
    own = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "DJANGO_SETTINGS_MODULE": "vpspanel.settings",
        "DEBUG": "on",
    }
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], env=clean | own, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[:2] == ["200 False 404", "[]"]
