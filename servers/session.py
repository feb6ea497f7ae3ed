"""The sealed token: one API token per user, in the session, readable by this console alone."""

import base64
import functools
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.cached_db import KEY_PREFIX
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from vpspanel.logs import request_id

from . import metrics
from .models import AccountKey
from .remote.transport import Api, Token, Transport

GetResponse = Callable[[HttpRequest], HttpResponse]

SEALED = "sealed_token"
ASIDE = "token_aside"
"""A token that was pasted, sealed, and when: it waits until whoever pasted it has shown again who they are."""
WAITS_FOR: Final = 5 * 60
"""Seconds after which it counts no more, or it would wait for a password that is given for something else."""


class NotConnected(Exception):
    """There is no API token in this session, or none that can be opened: connect first."""


@dataclass(frozen=True)
class Connection:
    """A way to one VPS.org account: the token, and the keyed hash by which everything about it is filed."""

    api: Api
    account: str
    last_four: str = field(repr=False)


@functools.cache
def transport() -> Transport:
    """The one transport of this process."""
    return Transport(
        settings.VPS_API_URL,
        proxy=settings.VPS_API_PROXY,
        deadline=settings.VPS_API_DEADLINE,
        threads=settings.WEB_THREADS,
        told=metrics.called,
    )


def connection(request: HttpRequest) -> Connection:
    """The connection of this session: the team's token if there is one, else the person's own. Raises NotConnected."""
    return connection_with(team_token() or _open(request))


def connection_with(token: Token) -> Connection:
    """The connection that this token gives."""
    return Connection(Api(transport(), token, request_id.get()), account_of(token), token.last_four)


def team_token() -> Token | None:
    """VPS_API_TOKEN: every member's session gets this one."""
    return Token(settings.VPS_API_TOKEN) if settings.VPS_API_TOKEN else None


def connect(request: HttpRequest, token: Token, *, aside: bool) -> None:
    """Keep a token that was checked, under a new session key; `aside`, it counts only from `take_in` on."""
    sealed = _seal(token.reveal().encode())
    request.session.cycle_key()
    if aside:
        request.session[ASIDE] = [sealed, time.time()]
    else:
        request.session[SEALED] = sealed
        request.session.pop(ASIDE, None)


def take_in(request: HttpRequest) -> None:
    """Use the token that was laid aside a moment ago, if there is one."""
    if ASIDE in request.session:
        sealed, at = request.session.pop(ASIDE)
        if 0 <= time.time() - at < WAITS_FOR:
            request.session[SEALED] = sealed


def disconnect(request: HttpRequest) -> None:
    """Forget the token, and give the session a new key."""
    forget(request)
    request.session.cycle_key()


def forget(request: HttpRequest) -> None:
    """Forget the token. The session keeps its key: other tabs, whose requests are on their way with it, would be signed
    out by a new one."""
    request.session.pop(SEALED, None)
    request.session.pop(ASIDE, None)


def kept_through_rotation(get_response: GetResponse) -> GetResponse:
    """While an old SECRET_KEY is a fallback, sessions from before go on under their own key. Django would give each a
    new one at its first request, and what other tabs of the same browser have sent under the old one would find nobody
    signed in and take the cookie away."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.SECRET_KEY_FALLBACKS and HASH_SESSION_KEY in request.session:
            member = User.objects.filter(pk=request.session[SESSION_KEY]).first()
            old = member.get_session_auth_fallback_hash() if member else ()
            if member and request.session[HASH_SESSION_KEY] in old:
                _renew(request.session, HASH_SESSION_KEY, member.get_session_auth_hash())
        return get_response(request)

    return middleware


def account_of(token: Token) -> str:
    """A keyed hash of the token: names the account in cache and log, and tells nothing about the token."""
    return hmac.new(_account_key(_secrets()), token.reveal().encode(), "sha256").hexdigest()[:32]


@functools.cache
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
        _renew(request.session, SEALED, _seal(opened))
    return token


def _renew(session: SessionBase, field: str, new: str) -> None:
    """Write one field into the session as it is kept now, and nothing else of what this request has read.

    Sessions are saved whole: a page that only looks would take away what another tab has saved meanwhile.
    """
    old, modified = session[field], session.modified
    with transaction.atomic():
        row = Session.objects.select_for_update().filter(pk=session.session_key).first()
        kept = row.get_decoded() if row else {}
        if row and kept.get(field) == old:
            Session.objects.save(row.session_key, kept | {field: new}, row.expire_date)
    cache.delete(f"{KEY_PREFIX}{session.session_key}")  # or the next request would read what it was
    session[field], session.modified = new, modified


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


@functools.cache
def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"vps console, " + purpose).derive(
        secret.encode()
    )
