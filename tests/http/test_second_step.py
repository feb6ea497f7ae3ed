"""The second step at sign-in: set up, asked for, lost, taken away, and demanded by a Manager."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from servers.simulator import Simulator
from tests.conftest import HTMX, PASSWORD
from tests.http.pages import read
from tests.http.people import page_of, trace
from tests.http.steps import code_of, set_up_app

pytestmark = pytest.mark.usefixtures("clock")

Later = Callable[[float], None]
STEP = "/login/second-step/"


def give_password(name: str, following: str = "") -> Client:
    """A browser in which somebody has typed name and password, and stands before the second step."""
    client = Client(raise_request_exception=False)
    response = client.post("/login/", {"login": name, "password": PASSWORD, "next": following})
    assert (response.status_code, response["Location"]) == (302, STEP)
    return client


def ask_of(manager: Client, who: str) -> None:
    assert manager.post("/members/second-step/", {"who": who}).status_code == 302


# --- setting it up and using it -----------------------------------------------------------------------------------


def test_with_an_app_the_password_alone_signs_nobody_in(operator: Client, later: Later) -> None:
    secret, _ = set_up_app(operator)
    later(60)
    otto = give_password("otto", "/activity/")
    assert otto.get("/servers/")["Location"].startswith("/login/")
    assert "The second step" in read(otto.get(STEP)).text
    response = otto.post(STEP, {"code": code_of(secret)})
    assert (response.status_code, response["Location"]) == (302, "/activity/")
    assert otto.get("/me/").status_code == 200


def test_a_wrong_code_signs_nobody_in(operator: Client) -> None:
    set_up_app(operator)
    otto = give_password("otto")
    response = otto.post(STEP, {"code": "000000"})
    assert "This does not fit." in read(response).text
    assert otto.get("/servers/")["Location"].startswith("/login/")


def test_a_code_of_the_app_works_once(operator: Client, later: Later) -> None:
    secret, _ = set_up_app(operator)
    later(60)
    code = code_of(secret)
    assert give_password("otto").post(STEP, {"code": code}).status_code == 302
    assert give_password("otto").post(STEP, {"code": code}).status_code == 200


def test_a_recovery_code_works_once(operator: Client) -> None:
    _, codes = set_up_app(operator)
    assert len(set(codes)) == 10
    assert give_password("otto").post(STEP, {"code": codes[3]}).status_code == 302
    otto = give_password("otto")
    assert otto.post(STEP, {"code": codes[3]}).status_code == 200
    assert otto.post(STEP, {"code": codes[4]}).status_code == 302
    assert "8 codes are left." in read(otto.get("/me/second-step/")).text


def test_new_recovery_codes_end_the_old_ones(operator: Client) -> None:
    _, codes = set_up_app(operator)
    assert operator.post("/me/second-step/codes/new/").status_code == 302
    assert give_password("otto").post(STEP, {"code": codes[0]}).status_code == 200


def test_it_is_sealed_in_the_database(operator: Client) -> None:
    secret, codes = set_up_app(operator)
    kept = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not any(code in kept for code in codes)
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        assert secret not in repr(cursor.fetchall())


def test_no_code_fits_what_was_sealed_under_a_key_that_is_gone(operator: Client, later: Later) -> None:
    secret, codes = set_up_app(operator)
    for row in Authenticator.objects.all():
        field = "secret" if row.type == "totp" else "seed"
        row.data[field] = "gAAAA" + row.data[field][5:][::-1]
        row.save()
    later(60)
    otto = give_password("otto")
    for code in (code_of(secret), codes[0], ""):
        assert otto.post(STEP, {"code": code}).status_code == 200


def test_the_picture_is_a_file_of_our_own_and_only_beside_its_page(viewer: Client, operator: Client) -> None:
    assert viewer.get("/me/second-step/app/picture/").status_code == 404
    image = read(viewer.get("/me/second-step/app/")).one("main").one("img")
    picture = viewer.get(image.attributes["src"])
    assert picture["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture["Cache-Control"]
    assert b"style=" not in picture.content
    assert operator.get(image.attributes["src"]).status_code == 404


def test_a_removed_app_leaves_no_codes_behind(operator: Client) -> None:
    set_up_app(operator)
    assert "Keep the app" in read(operator.get("/me/second-step/app/remove/")).text
    assert operator.post("/me/second-step/app/remove/").status_code == 302
    assert not Authenticator.objects.exists()
    response = Client().post("/login/", {"login": "otto", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize(
    "credential",
    [
        *("", "{", "null", "5", "[]", '"x"', "{}", '{"id": 1}', '{"response": 7}', '{"response": {}}'),
        '{"id": "AAAA", "rawId": "é", "type": "public-key", "response": {}}',
    ],
)
def test_nonsense_instead_of_a_passkey_is_refused(operator: Client, credential: str) -> None:
    stranger = Client(raise_request_exception=False)
    stranger.get("/login/passkey/", headers={"Accept": "application/json"})
    response = stranger.post("/login/passkey/", {"credential": credential})
    assert response.status_code == 422
    assert "This passkey is not known here." in read(response).text
    operator.get("/me/second-step/passkey/")
    answer = operator.post("/me/second-step/passkey/", {"credential": credential, "passwordless": "on"})
    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


# --- lost ---------------------------------------------------------------------------------------------------------


def test_a_manager_takes_away_what_was_lost_and_it_is_written_down_and_told(
    manager: Client, operator: Client
) -> None:
    set_up_app(operator)
    assert "Take away the second step of otto" in read(manager.get(page_of("otto"))).text
    response = manager.post(page_of("otto", "no-second-step/"), follow=True)
    assert "otto now signs in without a second step" in read(response).text
    assert not Authenticator.objects.exists()
    assert trace() == ["mia step-gone otto"]
    assert "Second step taken away otto" in read(manager.get("/members/")).text
    assert "mia took your second step away, today 12:00." in read(operator.get("/me/second-step/")).text
    set_up_app(operator)
    assert "took your second step away" not in read(operator.get("/me/second-step/")).text


def test_taking_away_what_is_not_there_leaves_no_trace(manager: Client, operator: Client) -> None:
    response = manager.post(page_of("otto", "no-second-step/"), follow=True)
    assert "otto has no second step. Nothing was changed." in read(response).text
    assert trace() == []


def test_nobody_takes_it_from_who_was_set_up_on_the_machine(manager: Client) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    Authenticator.objects.create(user=root, type="totp", data={"secret": "x"})
    assert manager.post(page_of("root", "no-second-step/")).status_code == 403
    assert Authenticator.objects.exists()


# --- demanded -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/servers/", "/connect/", "/me/", "/members/", "/servers/12345/"])
def test_who_must_have_one_sets_it_up_before_anything_else(
    manager: Client, operator: Client, simulator: Simulator, address: str
) -> None:
    ask_of(manager, "everybody")
    response = operator.get(address)
    assert (response.status_code, response["Location"]) == (302, "/me/second-step/")
    assert "Your team asks you for a second step." in read(operator.get("/me/second-step/")).text
    assert simulator.seen == []


@pytest.mark.parametrize(
    ("method", "address"),
    [("GET", "/servers/poll/"), ("POST", "/servers/12345/stop/"), ("POST", "/servers/12345/rename/")],
)
def test_htmx_leads_there_too_and_nothing_is_sent(
    manager: Client, operator: Client, simulator: Simulator, method: str, address: str
) -> None:
    ask_of(manager, "everybody")
    response = operator.generic(method, address, headers=HTMX)
    assert response["HX-Redirect"] == "/me/second-step/"
    assert simulator.seen == []


def test_with_it_everything_works_again(manager: Client, operator: Client) -> None:
    ask_of(manager, "everybody")
    set_up_app(operator)
    assert operator.get("/servers/").status_code == 200
    assert operator.post("/me/second-step/app/remove/")["Location"] == "/me/second-step/"
    assert operator.get("/servers/")["Location"] == "/me/second-step/"


def test_it_can_be_asked_of_managers_alone(manager: Client, operator: Client) -> None:
    ask_of(manager, "managers")
    assert operator.get("/servers/").status_code == 200
    assert manager.get("/members/")["Location"] == "/me/second-step/"
    User.objects.get(username="otto").groups.set([Group.objects.get(name="Manager")])
    assert operator.get("/servers/")["Location"] == "/me/second-step/"


def test_each_decision_is_written_down_once(manager: Client) -> None:
    set_up_app(manager)
    for who in ("everybody", "everybody", "managers", "nobody"):
        ask_of(manager, who)
    assert trace() == ["mia ask-all", "mia ask-some", "mia ask-nobody"]
    assert manager.post("/members/second-step/", {"who": "strangers"}).status_code == 422


def test_the_page_names_who_has_none(manager: Client, operator: Client) -> None:
    set_up_app(manager)
    names = read(manager.get("/members/second-step/")).one("ul", **{"class": "names"})
    assert names.text == "otto"


def test_the_rule_costs_no_query(operator: Client, manager: Client) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert operator.get(address).status_code == 200
        return len(captured)

    operator.get("/keys/")
    before = queries("/keys/")
    set_up_app(operator)
    ask_of(manager, "everybody")
    assert queries("/keys/") == before


@pytest.mark.django_db
def test_what_is_refused_before_it_is_known_who_asks_is_refused_with_a_page() -> None:
    response = Client(raise_request_exception=False).get("/login/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "The console could not read this request." in read(response).text


def test_signing_out_works_before_it_is_set_up(manager: Client, operator: Client) -> None:
    ask_of(manager, "everybody")
    response: Any = operator.post("/logout/")
    assert response["Location"] == "/login/"
