"""Signing in with name and password: who gets in, how often it may be tried, and how long it lasts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client

from servers.people import OpenSession
from tests.conftest import HTMX, PASSWORD, TOKEN
from tests.http.pages import read
from tests.http.people import browser
from tests.http.steps import set_up_app

pytestmark = pytest.mark.usefixtures("clock", "simulator")

Later = Callable[[float], None]
TRIES = 5


def give(name: str, typed: str = "wrong", *, place: str = "192.0.2.1", **headers: str) -> Any:
    """One try to sign in from a place on the net."""
    client = Client(raise_request_exception=False, REMOTE_ADDR=place)
    return client.post("/login/", {"login": name, "password": typed}, headers=headers)


# --- how often ----------------------------------------------------------------------------------------------------


def test_an_account_is_closed_for_some_minutes_after_five_wrong_passwords_from_anywhere(
    member: Callable[..., User], later: Later
) -> None:
    member("vera", "Viewer")
    for number in range(TRIES):
        assert give("vera", place=f"192.0.2.{number}").status_code == 200
    refused = give("vera", PASSWORD, place="192.0.2.99")
    assert (refused.status_code, refused["Retry-After"]) == (429, "300")
    assert "Wait some minutes, then try again." in read(refused).text
    later(int(refused["Retry-After"]) + 1)
    assert give("vera", PASSWORD).status_code == 302


def test_trying_on_meanwhile_locks_nobody_out_for_longer(member: Callable[..., User], later: Later) -> None:
    member("vera", "Viewer")
    for number in range(TRIES * 4):
        give("vera", place=f"192.0.2.{number}")
        later(10)
    later(300 - TRIES * 4 * 10 + 1)
    assert give("vera", PASSWORD).status_code == 302


def test_from_one_place_it_is_tried_ten_times_a_minute_whatever_the_names(later: Later, db: None) -> None:
    answers = [give(f"name-{number}").status_code for number in range(11)]
    assert answers == [200] * 10 + [429]
    assert give("another", place="192.0.2.2").status_code == 200
    later(301)
    assert give("another").status_code == 200


def test_a_made_up_place_counts_as_the_place_it_came_from(db: None) -> None:
    answers = [
        give(f"name-{number}", **{"X-Forwarded-For": f"198.51.100.{number}"}).status_code
        for number in range(11)
    ]
    assert answers[-1] == 429


def test_behind_the_proxy_only_what_the_proxy_wrote_counts(for_real: None, db: None) -> None:
    """What a client makes up stands before the address that our proxy adds."""

    def from_place(name: str, places: str) -> int:
        forwarded = {"X-Forwarded-For": places, "X-Forwarded-Proto": "https"}
        return int(give(name, **forwarded).status_code)

    answers = [from_place(f"name-{number}", f"198.51.100.{number}, 203.0.113.7") for number in range(11)]
    assert answers == [200] * 10 + [429]
    assert from_place("another", "203.0.113.8") == 200


def test_right_passwords_use_nothing_up(member: Callable[..., User]) -> None:
    member("vera", "Viewer")
    assert [give("vera", PASSWORD).status_code for _ in range(40)] == [302] * 40


def test_the_tries_are_counted_in_the_cache_that_all_processes_share(member: Callable[..., User]) -> None:
    member("vera", "Viewer")
    for _ in range(TRIES):
        give("vera")
    assert give("vera").status_code == 429
    caches["default"].clear()
    assert give("vera").status_code == 200


def test_codes_of_the_second_step_are_counted_as_well(operator: Client) -> None:
    set_up_app(operator)
    otto = Client(raise_request_exception=False)
    otto.post("/login/", {"login": "otto", "password": PASSWORD})
    answers = [otto.post("/login/second-step/", {"code": f"{n:06}"}) for n in range(TRIES + 1)]
    assert [answer.status_code for answer in answers] == [200] * TRIES + [429]
    assert answers[-1]["Retry-After"] == "300"


def test_so_are_the_codes_with_which_an_app_is_set_up(operator: Client) -> None:
    operator.get("/me/second-step/app/")
    answers = [operator.post("/me/second-step/app/", {"code": f"{n:06}"}) for n in range(TRIES + 1)]
    assert [answer.status_code for answer in answers] == [200] * TRIES + [429]


def test_so_is_the_password_that_is_asked_for_once_more(manager: Client, later: Later) -> None:
    later(360)
    answers = [manager.post("/again/", {"again-password": str(n)}) for n in range(TRIES + 1)]
    assert [answer.status_code for answer in answers] == [422] * TRIES + [429]


# --- who ----------------------------------------------------------------------------------------------------------


def test_an_unknown_name_and_a_wrong_password_look_and_take_the_same(
    member: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    member("vera", "Viewer")
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def count(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    answers = []
    for name in ("vera", "nobody", "v" * 150):
        hashed.clear()
        page = read(give(name))
        page.one(id="id_login").attributes["value"] = ""
        answers.append((page.one("main").text, len(hashed)))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1] == 1


def test_signing_in_changes_the_session_and_the_key_against_forged_forms(member: Callable[..., User]) -> None:
    member("vera", "Viewer")
    client = Client(enforce_csrf_checks=True)
    page = read(client.get("/login/"))
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = str(session.session_key)
    client.cookies["sessionid"] = before
    secret = client.cookies["csrftoken"].value
    token = page.one("main").all("input", name="csrfmiddlewaretoken")[0].attributes["value"]
    typed = {"login": "vera", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/login/", typed).status_code == 302
    assert client.cookies["sessionid"].value != before
    assert client.cookies["csrftoken"].value != secret
    stranger = Client()
    stranger.cookies["sessionid"] = before
    assert stranger.get("/me/")["Location"].startswith("/login/")


def test_nobody_signs_up(db: None) -> None:
    for address in ("/signup/", "/accounts/signup/", "/login/signup/"):
        assert Client().get(address).status_code in (302, 404)
    assert not User.objects.exists()


# --- how long -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        "/servers/poll/",
        "/servers/12345/recent/",
        "/servers/?now=",
        "/?now=",
        "/servers/new/00000000-0000-4000-8000-000000000001/",
    ],
)
def test_a_session_ends_when_nobody_was_there_for_two_hours_although_the_page_asks(
    operator: Client, later: Later, asked: str
) -> None:
    for _ in range(12):
        later(10 * 60)
        operator.get(asked, headers=HTMX)
    answer = operator.get("/servers/poll/", headers=HTMX)
    assert "You are signed out." in read(answer).text
    assert operator.get("/servers/")["Location"].startswith("/login/")
    assert not OpenSession.objects.exists()


def test_whoever_does_something_stays_signed_in(operator: Client, later: Later) -> None:
    for _ in range(12):
        later(30 * 60)
        assert operator.get("/servers/").status_code == 200


def test_a_session_ends_after_twelve_hours_whatever_is_done(operator: Client, later: Later) -> None:
    for _ in range(23):
        later(30 * 60)
        assert operator.get("/activity/").status_code == 200
        operator.post("/connect/", {"token": TOKEN})  # saves the session, which moves its own end
    later(30 * 60)
    assert operator.get("/activity/")["Location"].startswith("/login/")


def test_signing_in_again_begins_the_time_anew(operator: Client, later: Later) -> None:
    later(3600)
    operator.post("/logout/")
    operator.post("/login/", {"login": "otto", "password": PASSWORD})
    later(7000)
    assert operator.get("/me/").status_code == 200


def test_a_session_in_which_nobody_was_for_long_is_not_shown_as_open(
    manager: Client, operator: Client, later: Later
) -> None:
    browser("mia")
    later(3600)
    manager.get("/me/")
    later(3601)
    assert "Only in this browser." in read(manager.get("/me/")).text
    assert "No" in read(manager.get("/members/")).one("table", **{"class": "people"}).text
