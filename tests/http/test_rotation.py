"""A new SECRET_KEY: the old one as a fallback first, then gone. Three starts of the console, one browser."""

import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from servers import session
from servers.models import AccountKey, Activity
from servers.remote.transport import Token
from servers.session import SEALED
from servers.simulator import Simulator
from tests.conftest import TOKEN
from tests.http.pages import read
from tests.http.people import at_once
from tests.http.steps import code_of, set_up_app
from tests.http.test_second_step import STEP, give_password

pytestmark = pytest.mark.usefixtures("clock")

FIRST, SECOND, THIRD = (
    f"key number {number} for the tests, which opens nothing outside of them" for number in "123"
)

EARLIER = "the key of an earlier release, which opens nothing outside of the tests"
SEALED_THEN = (
    "gAAAAABrB-bKdhqbGT_es8RNmcucph0L2ZxvlZC9UQmcuIHN-j8pjPKgiNMi6CYOnE14ty8UD0DgpGq0I5mo0DMz1r-nzKlBhSV7Gu43"
    "TwnQ_vi7meUDfFh8Vi-X56TLU2-hEVusCLnA"
)
"""A key of VPS.org as the console has sealed it from its first day; what opens it must not change."""

Start = Callable[..., None]


@pytest.fixture(params=["redis", "in-process"])
def start(request: pytest.FixtureRequest, settings: Any) -> Start:
    """Starts the console anew with this SECRET_KEY and these fallbacks; a cache within the process begins empty."""

    def start_with(secret_key: str, *fallbacks: str) -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secret_key, list(fallbacks)
        session._account_key.cache_clear()
        if request.param == "in-process":
            cache.clear()

    return start_with


@pytest.fixture(autouse=True)
def first_start(start: Start, db: None) -> None:
    start(FIRST)


def test_it_loses_neither_the_session_nor_the_key_nor_an_open_change(
    start: Start, operator: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    simulator.faults.next("cut_after_effect", "stop")
    assert operator.post("/servers/12345/stop/").status_code == 504
    account = Activity.objects.get().account
    start(SECOND, FIRST)
    assert operator.get("/servers/").status_code == 200
    start(SECOND)
    later(60)
    assert operator.get("/servers/?now").status_code == 200
    row = Activity.objects.get()
    assert (row.outcome, row.account) == (Activity.Outcome.DONE, account)
    assert operator.post("/servers/12345/start/").status_code == 302
    assert list(Activity.objects.values_list("account", flat=True)) == [account, account]


def test_what_was_seen_before_is_shown_after_it(start: Start, viewer: Client, simulator: Simulator) -> None:
    start(SECOND, FIRST)
    if cache.get(f"fleet:{session.account_of(Token(TOKEN))}") is None:
        pytest.skip("a cache within the process does not outlive it")
    simulator.seen.clear()
    assert b"web-server-01" in viewer.get("/servers/").content
    assert simulator.seen == []


def test_it_goes_on_for_as_many_keys_as_there_are(start: Start, viewer: Client) -> None:
    account = session.account_of(Token(TOKEN))
    start(SECOND, FIRST)
    assert viewer.get("/servers/").status_code == 200
    assert Client().get("/login/").status_code == 200
    start(THIRD, SECOND)
    assert viewer.get("/servers/").status_code == 200
    start(THIRD)
    assert viewer.get("/servers/").status_code == 200
    assert session.account_of(Token(TOKEN)) == account
    assert AccountKey.objects.count() == 1


def test_whoever_did_not_come_while_the_old_key_was_listed_signs_in_and_connects_again(
    start: Start, viewer: Client, simulator: Simulator
) -> None:
    start(SECOND)
    answer = viewer.get("/servers/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(("/login/", "/connect/"))
    assert simulator.seen == []


def test_a_key_is_sealed_anew_when_it_is_used_and_then_left_alone(start: Start, viewer: Client) -> None:
    sealed = viewer.session[SEALED]
    viewer.get("/servers/")
    assert viewer.session[SEALED] == sealed
    start(SECOND, FIRST)
    viewer.get("/servers/")
    resealed = viewer.session[SEALED]
    assert resealed != sealed
    viewer.get("/servers/")
    assert viewer.session[SEALED] == resealed


def test_what_another_tab_has_saved_or_ended_meanwhile_stays_so(start: Start, viewer: Client) -> None:
    start(SECOND, FIRST)
    assert viewer.session[SEALED], "read, so that it lies in the cache as it was"
    row = Session.objects.get()
    Session.objects.save(row.pk, row.get_decoded() | {SEALED: "another"}, row.expire_date)
    assert viewer.get("/servers/").status_code == 200
    assert Session.objects.get().get_decoded()[SEALED] == "another"
    start(THIRD, SECOND, FIRST)
    assert viewer.session[HASH_SESSION_KEY]
    Session.objects.all().delete()
    assert viewer.get("/servers/").status_code == 302
    assert not Session.objects.exists()


def test_a_member_who_was_removed_meanwhile_is_asked_to_sign_in(start: Start, viewer: Client) -> None:
    start(SECOND, FIRST)
    User.objects.all().delete()
    assert viewer.get("/servers/")["Location"].startswith("/login/")


def test_a_session_from_before_a_new_password_is_over_all_the_same(start: Start, viewer: Client) -> None:
    start(SECOND, FIRST)
    member = User.objects.get()
    member.set_password("another one than the session was opened with")
    member.save()
    assert viewer.get("/servers/")["Location"].startswith("/login/")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_another_tab_is_not_signed_out_and_loses_nothing_while_the_key_is_sealed_anew(
    start: Start, operator: Client, simulator: Simulator, settings: Any
) -> None:
    settings.VPS_API_DEADLINE = 60
    other_tab = Client()
    other_tab.cookies.load(operator.cookies)
    start(SECOND, FIRST)
    simulator.faults.next("hang", "detail")

    def look() -> int:
        return int(operator.get("/servers/12345/").status_code)

    def press_meanwhile() -> str:
        while not simulator.seen:
            time.sleep(0.01)
        pressed = other_tab.post("/servers/12345/backups/", {"backups_enabled": "off"})
        simulator.faults.clear()
        return str(pressed["Location"])

    assert at_once(look, press_meanwhile) == [200, "/servers/12345/"]
    assert "Automatic backups are off." in read(other_tab.get("/servers/")).text
    start(SECOND)
    assert operator.get("/servers/12345/").status_code == 200


def test_the_log_keeps_its_accounts_though_nobody_came_meanwhile(
    start: Start, operator: Client, sign_in: Callable[..., Client], later: Callable[[float], None]
) -> None:
    assert operator.post("/servers/12345/stop/").status_code == 302
    later(60)
    start(SECOND, FIRST)
    session.account_of(Token("vps_of_anybody_else"))
    start(SECOND)
    assert sign_in("otis", "Operator").post("/servers/12345/start/").status_code == 302
    before, after = Activity.objects.values_list("account", flat=True)
    assert before == after


def test_a_process_that_still_runs_with_the_old_key_takes_nothing_away(start: Start, viewer: Client) -> None:
    account = session.account_of(Token(TOKEN))
    for keys in ((SECOND, FIRST), (THIRD, SECOND), (SECOND,), (THIRD, SECOND), (THIRD,)):
        start(*keys)
        named = session.account_of(Token(TOKEN))
        assert named == account or keys == (SECOND,)


def test_second_steps_and_accounts_outlive_the_old_key_once_they_are_sealed_anew(
    start: Start, operator: Client, later: Callable[[float], None]
) -> None:
    secret, codes = set_up_app(operator)
    account = session.account_of(Token(TOKEN))
    start(SECOND, FIRST)
    assert sealed_anew() == "3 sealed anew, 0 that no key opens.\n"
    start(SECOND)
    later(60)
    for code in (code_of(secret), codes[0]):
        assert give_password("otto").post(STEP, {"code": code}).status_code == 302
    assert session.account_of(Token(TOKEN)) == account


def test_what_no_key_opens_is_counted_and_left_alone(start: Start, operator: Client) -> None:
    set_up_app(operator)
    before = list(Authenticator.objects.order_by("pk").values_list("data", flat=True))
    start(SECOND)
    assert sealed_anew() == "0 sealed anew, 3 that no key opens.\n"
    assert list(Authenticator.objects.order_by("pk").values_list("data", flat=True)) == before


def sealed_anew() -> str:
    """What `./run manage seal_anew` says."""
    said = StringIO()
    call_command("seal_anew", stdout=said)
    return said.getvalue()


@pytest.mark.parametrize("damage", ["flipped", "", "ключ"])
def test_a_damaged_key_of_the_accounts_gives_no_error_page(start: Start, viewer: Client, damage: str) -> None:
    row = AccountKey.objects.get()
    row.sealed = (
        row.sealed[:40] + chr(ord(row.sealed[40]) ^ 1) + row.sealed[41:] if damage == "flipped" else damage
    )
    row.save()
    start(FIRST)
    assert viewer.get("/servers/").status_code == 200
    account = session.account_of(Token(TOKEN))
    for keys in ((SECOND, FIRST), (SECOND,)):
        start(*keys)
        assert session.account_of(Token(TOKEN)) == account, "the one that was added is found behind it"


def test_a_key_that_an_earlier_release_has_sealed_still_opens(
    start: Start, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    start(EARLIER)
    simulator.add_account("vps_sealed-by-an-earlier-release")
    client = sign_in("nina", "Operator", connected=False)
    kept = client.session
    kept[SEALED] = SEALED_THEN
    kept.save()
    assert client.get("/servers/").status_code == 200
    assert simulator.seen[0].headers["authorization"] == "Bearer vps_sealed-by-an-earlier-release"
