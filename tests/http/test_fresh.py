"""A fresh sign-in: what could take over servers or the console asks for the password once more after five minutes."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from servers.people import Draft, Invitation
from servers.session import ASIDE, SEALED
from servers.simulator import Simulator
from tests.conftest import HTMX, PASSWORD, TOKEN
from tests.http.pages import read
from tests.http.passkey import Passkey, options_of
from tests.http.people import page_of, trace
from tests.http.steps import set_up_app

pytestmark = pytest.mark.usefixtures("clock")

Later = Callable[[float], None]
MINUTES = 6 * 60
AGAIN = {"again-password": PASSWORD}
KEY = "00000000-0000-4000-8000-000000000001"
ACTS: list[tuple[str, dict[str, str]]] = [
    ("/servers/12345/delete/", {"confirm_name": "web-server-01"}),
    ("/bulk/new/", {"action": "delete", "servers": "12345", "key": KEY}),
    ("role/", {"role": "Viewer"}),
    ("switch-off/", {}),
    ("switch-on/", {}),
    ("new-password/", {}),
    ("no-second-step/", {}),
    ("/members/invite/", {"role": "Manager", "meant_for": "Eve"}),
    ("/members/second-step/", {"who": "everybody"}),
]
each_act = pytest.mark.parametrize(("address", "body"), ACTS, ids=[address for address, _ in ACTS])


def full(address: str) -> str:
    return address if address.startswith("/") else page_of("otto", address)


def changes(simulator: Simulator) -> list[tuple[str, str]]:
    return [line for line in simulator.lines if line[0] != "GET"]


@each_act
def test_it_is_asked_for_after_five_minutes_and_nothing_is_done_before(
    manager: Client, operator: Client, simulator: Simulator, later: Later, address: str, body: dict[str, str]
) -> None:
    later(MINUTES)
    response = manager.post(full(address), body)
    assert "Is it you?" in read(response).text
    assert (changes(simulator), trace(), Invitation.objects.count()) == ([], [], 0)
    assert User.objects.get(username="otto").is_active


@each_act
def test_the_same_is_done_with_the_answer_without_typing_it_again(
    manager: Client, operator: Client, simulator: Simulator, later: Later, address: str, body: dict[str, str]
) -> None:
    later(MINUTES)
    page = read(manager.post(full(address), body))
    form = page.one("section", id="entry").all("form")[0]
    fields = {
        field.attributes["name"]: field.attributes.get("value", "")
        for field in form.all("input")
        if field.attributes.get("name", "csrfmiddlewaretoken") != "csrfmiddlewaretoken"
    }
    assert form.attributes["action"] == full(address)
    assert fields == body | {"again-password": ""}
    response = manager.post(full(address), fields | AGAIN)
    assert response.status_code in (200, 302)
    assert b"Is it you?" not in response.content
    if address == "/servers/12345/delete/":
        assert changes(simulator) == [("DELETE", "/servers/12345/")]
    if address == "role/":
        assert trace() == ["mia role otto Operator Viewer"]


def test_a_wrong_password_does_nothing(manager: Client, operator: Client, later: Later) -> None:
    later(MINUTES)
    response = manager.post(page_of("otto", "role/"), {"role": "Viewer", "again-password": "wrong"})
    assert response.status_code == 422
    assert "This is not your password." in read(response).text
    assert b'"wrong"' not in response.content
    assert trace() == []


def test_what_takes_nothing_over_is_not_asked_about(
    manager: Client, operator: Client, simulator: Simulator, later: Later
) -> None:
    later(MINUTES)
    assert manager.post("/servers/12345/stop/").status_code == 302
    assert manager.post(page_of("otto", "end-sessions/")).status_code == 302
    body = {"action": "stop", "servers": "12346", "key": KEY}
    assert manager.post("/bulk/new/", body)["Location"] == f"/bulk/{KEY}/"


def test_once_answered_it_is_not_asked_again_for_a_while(
    manager: Client, operator: Client, later: Later
) -> None:
    later(MINUTES)
    assert manager.post(page_of("otto", "role/"), {"role": "Viewer"} | AGAIN).status_code == 302
    later(200)
    assert manager.post(page_of("otto", "role/"), {"role": "Operator"}).status_code == 302
    later(200)
    assert manager.post(page_of("otto", "role/"), {"role": "Viewer"}).status_code == 200


def test_a_clock_that_was_set_back_makes_nothing_fresh(manager: Client, operator: Client, clock: Any) -> None:
    clock.shift(-3600)
    assert "Is it you?" in read(manager.post(page_of("otto", "role/"), {"role": "Viewer"})).text


@pytest.mark.parametrize(("seconds", "asks"), [(299, False), (300, True)])
def test_a_sign_in_is_fresh_for_five_minutes(
    manager: Client, operator: Client, later: Later, seconds: float, asks: bool
) -> None:
    later(seconds)
    response = manager.post(page_of("otto", "role/"), {"role": "Viewer"})
    assert (b"Is it you?" in response.content) is asks


def test_a_passkey_answers_it_and_what_was_asked_for_is_done(
    manager: Client, operator: Client, later: Later
) -> None:
    passkey = Passkey("on mia's laptop")
    passkey.set_up(manager)
    later(MINUTES)
    asked = manager.post(page_of("otto", "role/"), {"role": "Viewer"})
    form = read(asked).one("form", **{"data-passkey": "get"})
    assert (form.attributes["action"], form.field("role").attributes["value"]) == (
        page_of("otto", "role/"),
        "Viewer",
    )
    assert [allowed["id"] for allowed in options_of(asked)["allowCredentials"]] == [passkey.name]
    answer = {"role": "Viewer", "again-credential": passkey.sign(asked)}
    assert manager.post(page_of("otto", "role/"), answer).status_code == 302
    assert Authenticator.objects.get(type="webauthn").last_used_at == timezone.now()
    later(200)
    assert manager.post(page_of("otto", "role/"), {"role": "Operator"}).status_code == 302
    assert trace() == ["mia role otto Operator Viewer", "mia role otto Viewer Operator"]


def test_the_passkey_of_a_colleague_answers_nothing(manager: Client, operator: Client, later: Later) -> None:
    of_mia, of_otto = Passkey("on mia's laptop"), Passkey("on otto's phone")
    of_mia.set_up(manager)
    of_otto.set_up(operator)
    later(MINUTES)
    asked = manager.post(page_of("otto", "role/"), {"role": "Viewer"})
    response = manager.post(
        page_of("otto", "role/"), {"role": "Viewer", "again-credential": of_otto.sign(asked)}
    )
    assert response.status_code == 422
    assert "This does not fit." in read(response).text
    assert trace() == []


def test_a_passkey_is_asked_for_only_where_there_is_one_of_ones_own(
    manager: Client, operator: Client, later: Later
) -> None:
    Passkey("on otto's phone").set_up(operator)
    set_up_app(manager)
    later(MINUTES)
    page = read(manager.post(page_of("otto", "role/"), {"role": "Viewer"}))
    assert page.all("form", **{"data-passkey": "get"}) == []


def test_the_question_keeps_the_whole_address_and_no_sign_of_an_old_page(
    manager: Client, later: Later
) -> None:
    later(MINUTES)
    address = "/servers/12345/delete/?from=list"
    page = read(manager.post(address, {"confirm_name": "web", "csrfmiddlewaretoken": "old"}))
    form = page.one("section", id="entry").one("form")
    assert form.attributes["action"] == address
    signs = [field.attributes["value"] for field in form.all("input", name="csrfmiddlewaretoken")]
    assert len(signs) == 1 and signs != ["old"]


def test_the_question_alone_leads_on_to_where_it_was_asked(operator: Client, later: Later) -> None:
    later(MINUTES)
    form = read(operator.get("/again/?next=/activity/")).one("section", id="entry").one("form")
    assert (form.attributes["action"], form.field("next").attributes["value"]) == ("/again/", "/activity/")


def test_htmx_asks_in_the_dialog_and_keeps_what_was_typed(
    manager: Client, simulator: Simulator, later: Later
) -> None:
    page = read(manager.get("/servers/12345/delete/"))
    draft = page.one("main").field("draft").attributes["value"]
    later(MINUTES)
    body = {"confirm_name": "web-server-01", "draft": draft}
    first = manager.post("/servers/12345/delete/", body, headers=HTMX)
    assert first["First-Go-To"] == "/again/?next=%2Fsigned-in%2F"
    assert first.content == b""
    assert changes(simulator) == []
    assert Draft.objects.get().fields == {"confirm_name": "web-server-01"}
    wrong = manager.post("/again/", {"next": "/signed-in/", "again-password": "no"}, headers=HTMX)
    assert wrong.status_code == 422
    assert "First-Go-To" not in wrong
    right = manager.post("/again/", {"next": "/signed-in/"} | AGAIN, headers=HTMX)
    assert (right.status_code, right["Location"]) == (302, "/signed-in/")
    assert manager.post("/servers/12345/delete/", body, headers=HTMX).status_code == 302
    assert changes(simulator) == [("DELETE", "/servers/12345/")]


PASTED = "The console then works with the key that was pasted a moment ago."
FOR_THE_KEY = {"next": "/activity/", "pasted": "on"} | AGAIN


def test_a_key_that_was_pasted_waits_sealed_and_counts_with_the_answer(
    sign_in: Callable[..., Client], simulator: Simulator, later: Later
) -> None:
    nina = sign_in("nina", "Operator", connected=False)
    later(MINUTES)
    response = nina.post("/connect/", {"token": TOKEN, "next": "/activity/"})
    assert response["Location"] == "/again/?next=%2Factivity%2F&pasted=on"
    assert SEALED not in nina.session
    assert TOKEN not in str(nina.session[ASIDE])
    assert nina.get("/servers/")["Location"].startswith("/connect/")
    page = nina.get(response["Location"])
    assert TOKEN.encode() not in page.content
    for asked in (page, nina.post("/again/", {"next": "/activity/", "pasted": "on", "again-password": "no"})):
        entry = read(asked).one("section", id="entry")
        assert PASTED in entry.text
        fields = {name: entry.one("form").field(name).attributes["value"] for name in ("next", "pasted")}
        assert fields == {"next": "/activity/", "pasted": "on"}
    response = nina.post("/again/", FOR_THE_KEY)
    assert response["Location"] == "/activity/"
    assert nina.get("/servers/").status_code == 200
    assert ASIDE not in nina.session


@pytest.fixture
def strangers_key(manager: Client, simulator: Simulator, later: Later) -> str:
    """The end of a key of another account, which a passer-by has pasted in the browser of a Manager."""
    key = "vps_an.account.of.a.stranger"
    simulator.add_account(key)
    later(MINUTES)
    assert manager.post("/connect/", {"token": key})["Location"].startswith("/again/")
    return key[-4:]


def end_of_key(client: Client) -> str:
    """The last four characters of the key that the session works with."""
    return read(client.get("/connect/")).one("main").all("code")[0].text


def test_a_password_that_is_given_for_something_else_takes_no_key_in(
    manager: Client, strangers_key: str, simulator: Simulator
) -> None:
    simulator.seen.clear()
    for next_page in ("/signed-in/", "/me/second-step/app/"):
        assert PASTED not in read(manager.get("/again/", {"next": next_page})).text
    body = {"confirm_name": "web-server-01"}
    asked = manager.post("/servers/12345/delete/", body, headers=HTMX)
    assert asked["First-Go-To"] == "/again/?next=%2Fsigned-in%2F"
    manager.post("/again/", {"next": "/signed-in/"} | AGAIN, headers=HTMX)
    assert end_of_key(manager) == TOKEN[-4:]
    assert manager.post("/servers/12345/delete/", body, headers=HTMX).status_code == 302
    assert changes(simulator) == [("DELETE", "/servers/12345/")]


@pytest.mark.parametrize(("seconds", "counts"), [(0, True), (299, True), (300, False), (-1, False)])
def test_a_key_that_was_pasted_waits_for_five_minutes(
    manager: Client, strangers_key: str, clock: Any, seconds: float, counts: bool
) -> None:
    clock.shift(seconds)
    assert manager.post("/again/", FOR_THE_KEY)["Location"] == "/activity/"
    assert end_of_key(manager) == (strangers_key if counts else TOKEN[-4:])
    assert ASIDE not in manager.session


def test_a_key_that_is_connected_later_takes_the_place_of_one_that_waits(
    manager: Client, strangers_key: str
) -> None:
    manager.post("/again/", AGAIN)
    assert manager.post("/connect/", {"token": TOKEN})["Location"] == "/servers/"
    assert ASIDE not in manager.session
    manager.post("/again/", FOR_THE_KEY)
    assert end_of_key(manager) == TOKEN[-4:]


def test_disconnecting_forgets_a_key_that_waits(
    sign_in: Callable[..., Client], simulator: Simulator, later: Later
) -> None:
    nina = sign_in("nina", "Operator", connected=False)
    later(MINUTES)
    nina.post("/connect/", {"token": TOKEN})
    nina.post("/disconnect/")
    nina.post("/again/", FOR_THE_KEY)
    assert nina.get("/servers/")["Location"].startswith("/connect/")


@pytest.mark.parametrize("address", ["app/", "app/remove/", "passkey/", "codes/", "codes/new/"])
def test_the_pages_about_the_second_step_ask_too(operator: Client, later: Later, address: str) -> None:
    set_up_app(operator)
    later(MINUTES)
    # Who has an app is led from setting one up to removing it; both ask first.
    page = f"/me/second-step/{address}"
    asked = "/again/?next=" + page.replace("/", "%2F")
    assert operator.get(page)["Location"] == asked
    if address != "codes/":
        assert operator.post(page)["Location"] == asked
    assert operator.post("/again/", {"next": page} | AGAIN)["Location"] == page


def test_a_code_of_the_app_is_no_password(operator: Client, manager: Client, later: Later) -> None:
    set_up_app(manager)
    later(MINUTES)
    session = manager.session
    records = session["account_authentication_methods"]
    records.append(
        {"method": "mfa", "type": "totp", "reauthenticated": True, "at": records[-1]["at"] + MINUTES}
    )
    session.save()
    assert "Is it you?" in read(manager.post(page_of("otto", "role/"), {"role": "Viewer"})).text


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_it_leads_to_ourselves_only(manager: Client, later: Later, address: str) -> None:
    assert manager.get("/again/", {"next": address})["Location"] == "/servers/"
    later(MINUTES)
    assert manager.post("/again/", {"next": address} | AGAIN)["Location"] == "/servers/"
