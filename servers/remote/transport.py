"""How a request travels: one pooled session per process, a deadline for the whole answer, nothing kept between people.

`Transport` belongs to the process, `Api` is a transport with one person's token. What is written by hand here, and why
no package does it: requests counts its read time-out per socket read, so an answer that trickles never times out.
"""

import contextvars
import io
import logging
import random
import re
import socket
import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.poolmanager import PoolManager

from .errors import NoAnswer, NotReachable, NotUnderstood, RemoteError, from_answer
from .objects import SERVER_ID

log = logging.getLogger(__name__)

TOKEN: Final = re.compile(r"[A-Za-z0-9_.-]{8,255}")
CHUNK: Final = 64 * 1024

_ends_at: contextvars.ContextVar[float] = contextvars.ContextVar("ends_at")


class Token:
    """An API token whose form is checked, so that it cannot break out of a header, and which never prints itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not TOKEN.fullmatch(value):
            raise ValueError("not the form of an API token")
        self._value = value

    def reveal(self) -> str:
        """The token itself, for the Authorization header and the seal."""
        return self._value

    @property
    def last_four(self) -> str:
        return self._value[-4:]

    def __repr__(self) -> str:
        return "Token(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class _Unprinted(str):
    """A text that a report of an error does not print with the local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer within 2xx, decoded from its transfer and content encodings."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Api:
    """VPS.org, spoken to with one person's token: what the nine requests take first."""

    transport: "Transport"
    token: Token

    def ask(self, name: str, path: str, query: dict[str, str] | None = None) -> Answer:
        """GET a path below the base address."""
        return self.transport.send(name, "GET", path + ("?" + urlencode(query) if query else ""), self.token)

    def change(
        self,
        name: str,
        method: str,
        path: str,
        body: object = None,
    ) -> Answer:
        """Send a change, once."""
        return self.transport.send(name, method, path, self.token, body)


def server_path(server_id: str, *command: str) -> str:
    """The path of one server, or of a command to it. The only place where an id enters a path."""
    if not SERVER_ID.fullmatch(server_id):
        raise ValueError("not the form of a server id")
    return "/".join(("/servers", quote(server_id, safe=""), *command, ""))


class Transport:
    """The way to one VPS.org. Thread-safe; one per process.

    `base_url` ends without a slash. `proxy` is an address or empty; the environment's proxies and .netrc do not count.
    `deadline` (seconds) holds for a whole call, a repetition included; `size_limit` (bytes) for the decoded body.
    """

    def __init__(
        self,
        base_url: str,
        *,
        proxy: str = "",
        connect_timeout: float = 3.05,
        read_timeout: float = 10.0,
        deadline: float = 15.0,
        size_limit: int = 32 * 1024 * 1024,
        pool_size: int = 32,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.deadline = deadline
        self.size_limit = size_limit
        self._timeouts = (connect_timeout, read_timeout)
        self._session = _StayingSession()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.proxies = {"http": proxy, "https": proxy} if proxy else {}
        adapter = _DeadlineAdapter(pool_connections=4, pool_maxsize=pool_size, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(
        self,
        name: str,
        method: str,
        path: str,
        token: Token,
        body: object = None,
    ) -> Answer:
        """Send one request and give its 2xx answer, or raise a RemoteError.

        `name` is what the errors and the log call the request. Only GET is repeated, once: a lost answer to "reboot"
        must not reboot twice. `body` None sends no body.
        """
        _ends_at.set(time.monotonic() + self.deadline)
        data = None if body is None else msgspec.json.encode(body)
        started = time.monotonic()
        for tries_left in (1, 0) if method == "GET" else (0,):
            try:
                answer = self._send_once(name, method, path, token, data)
            except RemoteError as problem:
                log.warning(
                    "%s %s: %s after %.0f ms",
                    method,
                    name,
                    problem,
                    (time.monotonic() - started) * 1000,
                )
                if not tries_left or problem.repeat_after is None:
                    raise
                pause = problem.repeat_after + random.uniform(0.05, 0.25)  # noqa: S311 - jitter, not a secret
                if time.monotonic() + pause > _ends_at.get():
                    raise
                time.sleep(pause)
            else:
                break
        log.info(
            "%s %s: %d after %.0f ms",
            method,
            name,
            answer.status,
            (time.monotonic() - started) * 1000,
        )
        return answer

    def _send_once(
        self,
        name: str,
        method: str,
        path: str,
        token: Token,
        data: bytes | None,
    ) -> Answer:
        headers = {
            "Authorization": _Unprinted(f"Bearer {token.reveal()}"),
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "vps-console",
        }
        try:
            with self._session.request(
                method,
                self.base_url + path,
                data=data,
                headers=headers,
                timeout=self._timeouts,
                stream=True,
                allow_redirects=False,
            ) as response:
                body = self._read(name, response)
                status = response.status_code
                answer_headers = {key.lower(): value for key, value in response.headers.items()}
        # "from None": the exceptions of requests hold the request, and the request holds the token.
        except requests.exceptions.ContentDecodingError:
            raise NotUnderstood(name) from None
        except requests.RequestException as problem:
            raise self._from_trouble(name, problem) from None
        if 200 <= status < 300:
            return Answer(status, body)
        raise from_answer(name, status, answer_headers, body)

    def _from_trouble(self, name: str, problem: requests.RequestException) -> RemoteError:
        """The error for an answer that never came whole: was anything sent, and was it cut or too slow?"""
        if isinstance(problem, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
            return NotReachable(name)
        reason = problem.args[0] if problem.args else None
        if isinstance(reason, MaxRetryError):
            reason = reason.reason
        # A certificate is looked at before anything is sent; any other trouble with TLS may come later.
        if isinstance(reason, NewConnectionError) or "CERTIFICATE_VERIFY_FAILED" in str(reason):
            return NotReachable(name)
        too_slow = isinstance(problem, requests.exceptions.Timeout) or isinstance(reason, ReadTimeoutError)
        return NoAnswer(name, repeat_after=None if too_slow else 0.0)

    def _read(self, name: str, response: requests.Response) -> bytes:
        """The decoded body, up to the size limit."""
        body = bytearray()
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > self.size_limit:
                log.warning("%s: answer larger than %d bytes", name, self.size_limit)
                raise NotUnderstood(name, status=response.status_code)
        return bytes(body)


class _StayingSession(requests.Session):
    """A session for which no answer is a redirect.

    Without this, requests looks at where a redirect leads even when it does not follow it: it fails on an address that
    is none, and reads the whole body first, whatever its size.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _DeadlineReader(io.RawIOBase):
    """A socket as a stream whose every read ends by the deadline of the call."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._stream = sock.makefile("rb", buffering=0)
        self._per_read = sock.gettimeout() or 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _ends_at.get() - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline for the whole answer has passed")
        self._sock.settimeout(min(left, self._per_read) if self._per_read else left)
        return cast("io.RawIOBase", self._stream).readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _DeadlineSocket:
    """A connected socket that hands out `_DeadlineReader`s, and is otherwise the socket that it wraps."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str = "rb", *args: Any, **kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._sock), 64 * 1024)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _DeadlineHTTPConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = cast("socket.socket", _DeadlineSocket(self.sock))


class _DeadlineHTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = cast("socket.socket", _DeadlineSocket(self.sock))


class _DeadlineHTTPPool(HTTPConnectionPool):
    ConnectionCls: Any = _DeadlineHTTPConnection


class _DeadlineHTTPSPool(HTTPSConnectionPool):
    ConnectionCls: Any = _DeadlineHTTPSConnection


class _DeadlineAdapter(HTTPAdapter):
    """requests' adapter over connections that keep the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._use_deadlines(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        self._use_deadlines(manager)
        return manager

    @staticmethod
    def _use_deadlines(manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = {
            "http": _DeadlineHTTPPool,
            "https": _DeadlineHTTPSPool,
        }
