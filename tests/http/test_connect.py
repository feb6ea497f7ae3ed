"""Connecting: the key is checked, sealed, shown by its last four characters, and gone when it should be."""

import base64
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from servers.models import Activity
from servers.session import SEALED
from servers.simulator import Simulator
from tests.canary import everything_kept, layers, spellings, tells
from tests.conftest import HTMX, PASSWORD, TOKEN

SignIn = Callable[..., Client]

REFUSED = "vps_this-key-opens-nothing"


@pytest.fixture
def newcomer(sign_in: SignIn) -> Client:
    """Signed in, and not connected."""
    return sign_in("nina", "Operator", connected=False)


def test_it_asks_for_a_key_first_and_leads_back(newcomer: Client, simulator: Simulator) -> None:
    first = newcomer.get("/servers/?status=active")
    assert first.status_code == 302
    assert first["Location"] == "/connect/?next=" + quote("/servers/?status=active", safe="")
    page = newcomer.get(first["Location"])
    assert b'value="/servers/?status=active"' in page.content
    assert simulator.seen == []
    done = newcomer.post("/connect/", {"token": TOKEN, "next": "/servers/?status=active"})
    assert (done.status_code, done["Location"]) == (302, "/servers/?status=active")


def test_it_checks_a_key_with_one_look_before_it_keeps_it(newcomer: Client, simulator: Simulator) -> None:
    assert newcomer.post("/connect/", {"token": TOKEN}).status_code == 302
    assert simulator.lines == [("GET", "/servers/")]
    assert simulator.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    page = newcomer.get("/servers/")
    assert page.status_code == 200
    assert b"web-server-01" in page.content


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "vps_abc",
        "vps_abcdefgh\r\nX-Evil: 1",
        "vps_abcdefgh\0",
        "vps_abcd efgh",
        "vps_абвгдежз",
        "v" * 256,
        "v" * 2000,
        "Bearer " + TOKEN,
        f'"{TOKEN}"',
    ],
    ids=["empty", "short", "crlf", "nul", "space", "cyrillic", "256", "2000", "bearer", "quoted"],
)
def test_it_checks_the_form_of_a_key_before_any_call(
    newcomer: Client, simulator: Simulator, caplog: pytest.LogCaptureFixture, typed: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = newcomer.post("/connect/", {"token": typed})
    assert answer.status_code == 422
    assert b"field__error" in answer.content or b'role="alert"' in answer.content
    assert simulator.seen == []
    if typed:
        assert typed.encode() not in answer.content
        assert typed not in caplog.text
    assert SEALED not in newcomer.session


def test_blanks_around_a_pasted_key_do_not_matter(newcomer: Client) -> None:
    assert newcomer.post("/connect/", {"token": f"  {TOKEN}\n"}).status_code == 302


def test_it_does_not_keep_a_refused_key(newcomer: Client, simulator: Simulator) -> None:
    answer = newcomer.post("/connect/", {"token": REFUSED})
    assert answer.status_code == 422
    assert "VPS.org refused this key." in answer.content.decode()
    assert REFUSED.encode() not in answer.content
    assert len(simulator.seen) == 1
    assert SEALED not in newcomer.session
    assert newcomer.get("/servers/")["Location"].startswith("/connect/")


@pytest.mark.parametrize(
    ("kind", "details", "status", "sentence"),
    [
        ("status", {"status": 403}, 403, "Your key is not allowed to do this."),
        (
            "status",
            {"status": 429, "headers": {"Retry-After": "20"}},
            409,
            "VPS.org asks us to wait 20 seconds.",
        ),
        ("status", {"status": 500}, 502, "VPS.org reported a fault of its own."),
        ("html", {"status": 200}, 502, "VPS.org answered something this console does not understand."),
        ("hang", {}, 504, "VPS.org did not answer."),
    ],
    ids=["403", "429", "500", "html", "hang"],
)
def test_a_key_that_could_not_be_tried_is_not_kept(
    newcomer: Client, simulator: Simulator, kind: str, details: dict[str, Any], status: int, sentence: str
) -> None:
    simulator.faults.next(kind, **details)
    answer = newcomer.post("/connect/", {"token": TOKEN})
    page = answer.content.decode()
    assert answer.status_code == status
    assert sentence in page
    assert "The key was not kept; try again." in page
    assert TOKEN not in page
    assert SEALED not in newcomer.session


def test_it_shows_only_the_last_four_characters(viewer: Client) -> None:
    page = viewer.get("/connect/").content.decode()
    assert f"<code>{TOKEN[-4:]}</code>" in page
    assert TOKEN[-5:] not in page
    assert TOKEN[:8] not in page


def test_nothing_that_is_kept_holds_the_key(operator: Client) -> None:
    operator.get("/servers/?now")
    operator.post("/servers/12345/stop/")
    kept = everything_kept()
    assert b"web-server-01" in kept
    assert any(SEALED.encode() in layer for layer in layers(kept))
    assert not tells(TOKEN, kept)


def test_no_cookie_and_no_header_holds_the_key(newcomer: Client) -> None:
    answer = newcomer.post("/connect/", {"token": TOKEN})
    shown = f"{dict(answer.headers)} {answer.cookies} {newcomer.cookies}".encode()
    assert not any(token in shown for token in spellings(TOKEN))


def test_connecting_and_disconnecting_change_the_session_s_key(newcomer: Client) -> None:
    keys = [newcomer.session.session_key]
    newcomer.post("/connect/", {"token": TOKEN})
    keys.append(newcomer.session.session_key)
    newcomer.post("/disconnect/")
    keys.append(newcomer.session.session_key)
    assert len(set(keys)) == 3
    assert [row.session_key for row in Session.objects.all()] == keys[-1:]


def test_disconnecting_forgets_the_key_and_leaves_the_person_signed_in(
    viewer: Client, simulator: Simulator
) -> None:
    answer = viewer.post("/disconnect/", follow=True)
    assert "The console has forgotten your key." in answer.content.decode()
    assert SEALED not in viewer.session
    assert viewer.get("/connect/").status_code == 200
    assert viewer.get("/servers/")["Location"].startswith("/connect/")
    assert simulator.seen == []


def test_disconnecting_needs_a_press(viewer: Client) -> None:
    assert viewer.get("/disconnect/").status_code == 405
    assert SEALED in viewer.session


def test_signing_out_leaves_nothing_behind(viewer: Client, simulator: Simulator) -> None:
    old = viewer.cookies["sessionid"].value
    viewer.post("/logout/")
    assert not Session.objects.exists()
    late = Client()
    late.cookies["sessionid"] = old
    assert late.get("/servers/")["Location"].startswith("/login/")
    assert simulator.seen == []
    viewer.post("/login/", {"login": "vera", "password": PASSWORD})
    assert viewer.get("/servers/")["Location"].startswith("/connect/")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize(
    "seal",
    ["flipped", "cut", "nonsense", "ключ", "", 7, None, ["x"]],
    ids=["flipped", "cut", "nonsense", "cyrillic", "empty", "number", "null", "list"],
)
def test_a_seal_that_cannot_be_opened_means_connect_again(
    viewer: Client, simulator: Simulator, seal: object, headers: dict[str, str]
) -> None:
    session = viewer.session
    sealed = session[SEALED]
    middle = len(sealed) // 2
    flipped = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    session[SEALED] = {"flipped": flipped, "cut": sealed[:middle]}.get(str(seal), seal)
    session.save()
    answers = [
        viewer.get(address, headers=headers) for address in ("/servers/", "/servers/12345/", "/servers/poll/")
    ]
    for answer in answers:
        if headers:
            assert answer.status_code == 200
            assert b'href="/connect/"' in answer.content
        else:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/connect/?")
    assert viewer.get("/connect/").status_code == 200
    assert simulator.seen == []


def test_one_changed_byte_anywhere_in_the_seal_means_connect_again(
    viewer: Client, simulator: Simulator
) -> None:
    sealed = base64.urlsafe_b64decode(viewer.session[SEALED])
    assert len(sealed) > 80
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        session = viewer.session
        session[SEALED] = base64.urlsafe_b64encode(changed).decode()
        session.save()
        answer = viewer.get("/servers/")
        assert (answer.status_code, answer["Location"][:9]) == (302, "/connect/"), position
    assert simulator.seen == []


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_key_revoked_at_vps_org_is_dropped_and_the_person_stays(
    viewer: Client, simulator: Simulator, headers: dict[str, str]
) -> None:
    simulator.world.accounts.clear()
    answer = viewer.get("/servers/12345/", headers=headers)
    assert answer.status_code == 409
    assert "VPS.org refused your key. Nothing was changed." in answer.content.decode()
    assert "/connect/" in answer.content.decode()
    assert simulator.lines == [("GET", "/servers/12345/")]
    assert SEALED not in viewer.session
    viewer.get("/servers/")
    assert viewer.get("/connect/").status_code == 200
    assert len(simulator.seen) == 1


class TestWithATeamKey:
    """VPS_API_TOKEN: one key for everybody."""

    @pytest.fixture(autouse=True)
    def team_key(self, settings: Any) -> None:
        settings.VPS_API_TOKEN = TOKEN

    def test_nobody_is_asked(self, newcomer: Client, simulator: Simulator) -> None:
        assert newcomer.get("/servers/").status_code == 200
        assert simulator.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
        page = newcomer.get("/connect/").content.decode()
        assert TOKEN[-4:] in page
        assert TOKEN not in page
        assert 'name="token"' not in page

    def test_it_takes_no_other_key(self, newcomer: Client, simulator: Simulator) -> None:
        newcomer.post("/connect/", {"token": REFUSED})
        assert simulator.seen == []
        assert SEALED not in newcomer.session

    def test_it_comes_before_a_key_from_earlier(
        self, sign_in: SignIn, simulator: Simulator, settings: Any
    ) -> None:
        settings.VPS_API_TOKEN = ""
        simulator.add_account("vps_of_another")
        client = sign_in("olga", "Viewer", token="vps_of_another")
        settings.VPS_API_TOKEN = TOKEN
        assert b"web-server-01" in client.get("/servers/").content

    def test_a_refused_team_key_is_said_and_signs_nobody_out(
        self, newcomer: Client, simulator: Simulator
    ) -> None:
        simulator.world.accounts.clear()
        answer = newcomer.get("/servers/")
        assert answer.status_code == 409
        assert "VPS.org refused your key." in answer.content.decode()
        assert newcomer.get("/connect/").status_code == 200


def test_two_keys_are_two_accounts(sign_in: SignIn, simulator: Simulator) -> None:
    simulator.add_account("vps_of_another")
    one, other = sign_in("olga", "Operator"), sign_in("paul", "Operator", token="vps_of_another")
    assert b"web-server-01" in one.get("/servers/").content
    assert b"web-server-01" not in other.get("/servers/").content
    one.post("/servers/12345/stop/")
    other.post("/servers/12345/stop/")
    accounts = set(Activity.objects.values_list("account", flat=True))
    assert len(accounts) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", account) for account in accounts)
