"""The sealed token: one API token per user, in the session, readable by this console alone."""

import base64
import hmac
from dataclasses import dataclass, field
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest

from .remote.transport import Api, Token, Transport

SEALED = "sealed_token"


class NotConnected(Exception):
    """There is no API token in this session, or none that can be opened: connect first."""


@dataclass(frozen=True)
class Connection:
    """A way to one VPS.org account: the token, and the keyed hash by which everything about it is filed."""

    api: Api
    account: str
    last_four: str = field(repr=False)


@cache
def transport() -> Transport:
    """The one transport of this process."""
    return Transport(
        settings.VPS_API_URL,
        proxy=settings.VPS_API_PROXY,
        deadline=settings.VPS_API_DEADLINE,
        threads=settings.WEB_THREADS,
    )


def connection(request: HttpRequest) -> Connection:
    """The connection of this session: the team's token if there is one, else the person's own. Raises NotConnected."""
    return connection_with(team_token() or _open(request))


def connection_with(token: Token) -> Connection:
    """The connection that this token gives."""
    return Connection(Api(transport(), token), account_of(token), token.last_four)


def team_token() -> Token | None:
    """VPS_API_TOKEN: every member's session gets this one."""
    return Token(settings.VPS_API_TOKEN) if settings.VPS_API_TOKEN else None


def connect(request: HttpRequest, token: Token) -> None:
    """Keep a token that was checked, under a new session key."""
    request.session.cycle_key()
    request.session[SEALED] = _box().encrypt(token.reveal().encode()).decode()


def disconnect(request: HttpRequest) -> None:
    """Forget the token, and give the session a new key."""
    request.session.pop(SEALED, None)
    request.session.cycle_key()


def account_of(token: Token) -> str:
    """A keyed hash of the token: names the account in cache and log, and tells nothing about the token."""
    key = _derive(settings.SECRET_KEY, b"account")
    return hmac.new(key, token.reveal().encode(), "sha256").hexdigest()[:32]


def _open(request: HttpRequest) -> Token:
    sealed = request.session.get(SEALED, "")
    try:
        return Token(_box().decrypt(sealed).decode())
    except (InvalidToken, TypeError, ValueError):
        raise NotConnected from None


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(key, b"sealed token"))) for key in keys])


@cache
def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"vps console, " + purpose).derive(
        secret.encode()
    )
