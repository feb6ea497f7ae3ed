"""The connection of a session: what names an account, and what a connection shows of its token."""

from contextlib import suppress
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.contrib.sessions.backends.cache import SessionStore
from django.http import HttpRequest

from servers.remote import service
from servers.remote.transport import Token
from servers.session import (
    SEALED,
    NotConnected,
    account_of,
    box,
    connect,
    connection,
    connection_with,
    team_token,
)
from tests.conftest import TOKEN
from tests.unit.conftest import Stranger


def test_each_token_is_an_account_of_its_own() -> None:
    tokens = [TOKEN, TOKEN + "x", TOKEN.upper(), TOKEN[:-1]]
    accounts = [account_of(Token(token)) for token in tokens]
    assert len(set(accounts)) == len(tokens)
    assert accounts == [account_of(Token(token)) for token in tokens]


def test_the_name_of_an_account_hangs_on_the_secret_key(settings: Any) -> None:
    before = account_of(Token(TOKEN))
    settings.SECRET_KEY = "another key for the tests only, which opens nothing outside of them"
    assert account_of(Token(TOKEN)) != before


def test_a_connection_shows_nothing_of_its_token() -> None:
    link = connection_with(Token(TOKEN))
    shown = f"{link} {link!r} {link.api} {link.account} {vars(link.api.transport)}"
    assert not any(TOKEN[start : start + 5] in shown for start in range(len(TOKEN) - 4))
    assert link.last_four == TOKEN[-4:]


@pytest.mark.parametrize("typed", ["\0", "\n", "=", "-", "A", "é", "\ud800", "", "\U0001f511"])
def test_another_character_anywhere_in_the_seal_is_never_an_error_of_ours(typed: str) -> None:
    request = HttpRequest()
    request.session = SessionStore()
    connect(request, Token(TOKEN), aside=False)
    sealed = request.session[SEALED]
    for position in range(len(sealed)):
        request.session[SEALED] = sealed[:position] + typed + sealed[position + 1 :]
        # Base64 has spellings that mean the same: then it is the same seal.
        with suppress(NotConnected):
            assert connection(request).account == account_of(Token(TOKEN))


@pytest.mark.usefixtures("simulator")
def test_the_way_to_vps_org_is_as_the_settings_say(settings: Any, stranger: Stranger) -> None:
    settings.VPS_API_URL, settings.VPS_API_PROXY = "http://vps.invalid/api/v1", stranger.address
    settings.VPS_API_DEADLINE, settings.WEB_THREADS = 17, 40
    stranger.answer = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"results":[]}'
    api = connection_with(Token(TOKEN)).api
    service.list_servers(api)
    assert stranger.came[0].startswith(b"GET http://vps.invalid/api/v1/servers/ HTTP/1.1")
    assert (api.transport.deadline, api.transport.room.most) == (17, 30)


def test_without_a_team_key_there_is_none(settings: Any) -> None:
    assert team_token() is None
    settings.VPS_API_TOKEN = TOKEN
    assert team_token() == Token(TOKEN)


def test_a_team_key_of_a_wrong_form_is_not_sent(settings: Any) -> None:
    settings.VPS_API_TOKEN = "vps_abcdefgh\r\nX-Evil: 1"
    with pytest.raises(ValueError, match="not the form of an API token"):
        team_token()


def test_what_is_sealed_for_one_purpose_opens_for_no_other() -> None:
    sealed = box(b"one").encrypt(b"a secret")
    assert box(b"one").decrypt(sealed) == b"a secret"
    with pytest.raises(InvalidToken):
        box(b"another").decrypt(sealed)


def test_what_an_earlier_release_has_sealed_for_a_purpose_still_opens(settings: Any) -> None:
    settings.SECRET_KEY = "the key of an earlier release, which opens nothing outside of the tests"
    sealed_then = (
        "gAAAAABrB-bK5i_qXQ83GnoBA89aavkM5XzfK8kAIgV7JuNTjqJoWVY_7d2ka6NCe2RpAyvt8vut3eH26iBtdGnsrkdxBlxcB_3lC1qW"
        "I2PfmAWChLIk1vQ="
    )
    assert box(b"second step").decrypt(sealed_then) == b"JBSWY3DPEHPK3PXP"
