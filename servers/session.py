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

from .models import AccountKey
from .remote.transport import Api, Token, Transport

SEALED = "sealed_token"
ASIDE = "sealed_token_aside"
"""A token that was pasted, and waits until whoever pasted it has shown again who they are."""


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


def connect(request: HttpRequest, token: Token, *, aside: bool = False) -> None:
    """Keep a token that was checked, under a new session key; `aside`, it counts only from `take_in` on."""
    sealed = _seal(token.reveal().encode())
    request.session.cycle_key()
    request.session[ASIDE if aside else SEALED] = sealed


def take_in(request: HttpRequest) -> None:
    """Use the token that was laid aside, if there is one."""
    if ASIDE in request.session:
        request.session[SEALED] = request.session.pop(ASIDE)


def disconnect(request: HttpRequest) -> None:
    """Forget the token, and give the session a new key."""
    request.session.pop(SEALED, None)
    request.session.pop(ASIDE, None)
    request.session.cycle_key()


def account_of(token: Token) -> str:
    """A keyed hash of the token: names the account in cache and log, and tells nothing about the token."""
    return hmac.new(_account_key(_secrets()), token.reveal().encode(), "sha256").hexdigest()[:32]


@cache
def _account_key(secrets: tuple[str, ...]) -> bytes:
    """The key of that hash: the same through every rotation of SECRET_KEY, or the log would lose its accounts.

    So it lies in the database, sealed like a token and sealed anew by the first process that opens it under a new key.
    Where none can be opened one more is added, because a process with another SECRET_KEY may still open the others.
    """
    for row in AccountKey.objects.order_by("pk"):
        try:
            key, is_old = _unseal(row.sealed)
        except (InvalidToken, ValueError):
            continue
        if is_old:
            AccountKey.objects.filter(pk=row.pk).update(sealed=_seal(key))
        return key
    key = _derive(secrets[-1], b"account")
    AccountKey.objects.create(sealed=_seal(key))
    return key


def _open(request: HttpRequest) -> Token:
    try:
        opened, is_old = _unseal(request.session.get(SEALED, ""))
        token = Token(opened.decode())
    except (InvalidToken, TypeError, ValueError):
        raise NotConnected from None
    if is_old:
        request.session[SEALED] = _seal(opened)
    return token


def _seal(secret: bytes) -> str:
    return _box(settings.SECRET_KEY).encrypt(secret).decode()


def _unseal(sealed: str) -> tuple[bytes, bool]:
    """What was sealed, and whether under a key of SECRET_KEY_FALLBACKS, so that it is to be sealed anew."""
    current, *old = map(_box, _secrets())
    try:
        return current.decrypt(sealed), False
    except InvalidToken:
        return MultiFernet([current, *old]).decrypt(sealed), True


def _secrets() -> tuple[str, ...]:
    """SECRET_KEY and its fallbacks, the newest first."""
    return settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS


def box(purpose: bytes) -> MultiFernet:
    """Seals something else that this console alone may read, and opens what an earlier SECRET_KEY has sealed."""
    return MultiFernet([_box(secret, purpose) for secret in _secrets()])


def _box(secret: str, purpose: bytes = b"sealed token") -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derive(secret, purpose)))


@cache
def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"vps console, " + purpose).derive(
        secret.encode()
    )
