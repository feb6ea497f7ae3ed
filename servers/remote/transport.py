"""How a request travels: one pooled session per process, a deadline for the whole answer, nothing kept between people.

`Transport` belongs to the process, `Api` is a transport with one person's token.
"""

import base64
import logging
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Final
from urllib.parse import urlencode

import msgspec
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError

from .deadline import DeadlineAdapter, ends_at
from .errors import Crowded, NoAnswer, NotReachable, NotUnderstood, RemoteError, from_answer
from .objects import SERVER_ID
from .room import Room

log = logging.getLogger(__name__)

TOKEN: Final = re.compile(r"[A-Za-z0-9_.-]{8,255}")
CHUNK: Final = 64 * 1024
ANSWERED: Final = "answered"
IN_PLACE_OF_THE_KEY: Final = b"(the key)"


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

    def taken_out_of(self, text: bytes) -> bytes:
        """The text with "(the key)" wherever it holds the token, as it is or in base64."""
        for spelling in _spellings(self):
            text = text.replace(spelling.encode(), IN_PLACE_OF_THE_KEY)
        return text

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


def _spellings(token: Token) -> Iterator[_Unprinted]:
    """The token as it is, and as it stands in a longer text in base64 at each offset, but for what it shares there."""
    yield _Unprinted(token.reveal())
    for offset in range(3):
        first, last = -(-offset * 8 // 6), (offset + len(token.reveal())) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield _Unprinted(encode(bytes(offset) + token.reveal().encode())[first:last].decode())


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer within 2xx, decoded from its transfer and content encodings."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """How a call to VPS.org ended: ANSWERED, or the name of the RemoteError; `status` is None without an answer."""

    request: str
    outcome: str
    status: int | None
    milliseconds: int

    @property
    def answered(self) -> bool:
        """Whether VPS.org answered: a refusal is an answer too, a fault of theirs (5xx) is none."""
        return self.status is not None and self.status < 500


@dataclass(frozen=True, slots=True)
class Heard:
    """Whether VPS.org answered the last call of this process, and how long ago it last answered any (None: never)."""

    answers: bool | None
    seconds_ago: int | None


@dataclass(frozen=True, slots=True)
class Api:
    """VPS.org, spoken to with one person's token: what the nine requests take first.

    `number` is that of the request of ours that asks, or empty; VPS.org gets it as X-Request-ID.
    """

    transport: "Transport"
    token: Token
    number: str = ""

    def ask(self, name: str, path: str, query: dict[str, str] | None = None) -> Answer:
        """GET a path below the base address."""
        path += "?" + urlencode(query) if query else ""
        return self.transport.send(name, "GET", path, self.token, number=self.number)

    def change(
        self,
        name: str,
        method: str,
        path: str,
        body: object = None,
    ) -> Answer:
        """Send a change, once."""
        return self.transport.send(name, method, path, self.token, body, number=self.number)

    def waiting(self, name: str) -> AbstractContextManager[None]:
        """While somebody waits for the answer to another one's question: that holds a thread as well as asking."""
        return self.transport.room.taken(name, self.token, question=True)


def server_path(server_id: str, *command: str) -> str:
    """The path of one server, or of a command to it. The only place where an id enters a path.

    Letters, digits and hyphens stand in a path as they are.
    """
    if not SERVER_ID.fullmatch(server_id):
        raise ValueError("not the form of a server id")
    return "/".join(("/servers", server_id, *command, ""))


def _headers(token: Token, number: str) -> dict[str, str]:
    headers = {
        "Authorization": _Unprinted(f"Bearer {token.reveal()}"),
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": "vps-console",
    }
    return headers | {"X-Request-ID": number} if number else headers


class Transport:
    """The way to one VPS.org. Thread-safe; one per process.

    `base_url` ends without a slash. `proxy` is an address or empty; the environment's proxies and .netrc do not count.
    `deadline` (seconds) holds for a whole call, a repetition included; `size_limit` (bytes) for the decoded body.
    `threads` is how many requests of people the process answers at once (see Room); `told` gets each call that ended.
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
        threads: int = 16,
        told: Callable[[Call], None] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.deadline = deadline
        self.size_limit = size_limit
        self.room = Room(threads)
        self._told = told
        self._answers: bool | None = None
        self._answered_at: float | None = None
        self._timeouts = (connect_timeout, read_timeout)
        self._session = _StayingSession()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.proxies = {"http": proxy, "https": proxy} if proxy else {}
        adapter = DeadlineAdapter(pool_connections=4, pool_maxsize=pool_size, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(
        self,
        name: str,
        method: str,
        path: str,
        token: Token,
        body: object = None,
        *,
        number: str,
    ) -> Answer:
        """Send one request and give its 2xx answer, or raise a RemoteError.

        `name` is what the errors and the log call the request. Only GET is repeated, once: a lost answer to "reboot"
        must not reboot twice. `body` None sends no body; `number` goes along as X-Request-ID, unless it is empty.
        """
        started = time.monotonic()
        ends_at.set(started + self.deadline)
        data = None if body is None else msgspec.json.encode(body)
        try:
            with self.room.taken(name, token, question=method == "GET"):
                answer = self._send_or_repeat(name, method, path, token, number, data)
        except RemoteError as problem:
            call = self._ended(name, type(problem).__name__, problem.status, started)
            log.warning("%s %s after %d ms", method, problem, call.milliseconds, extra={"vps": asdict(call)})
            raise
        call = self._ended(name, ANSWERED, answer.status, started)
        log.info(
            "%s %s: %d after %d ms",
            method,
            name,
            answer.status,
            call.milliseconds,
            extra={"vps": asdict(call)},
        )
        return answer

    def heard(self) -> Heard:
        """What this process last heard of VPS.org."""
        at = self._answered_at
        # Never below zero, whatever the clock does.
        return Heard(self._answers, None if at is None else max(0, round(time.time() - at)))

    def _ended(self, name: str, outcome: str, status: int | None, started: float) -> Call:
        call = Call(name, outcome, status, round((time.monotonic() - started) * 1000))
        if outcome != Crowded.__name__:
            self._answers = call.answered
            if call.answered:
                self._answered_at = time.time()
        if self._told:
            self._told(call)
        return call

    def _send_or_repeat(
        self, name: str, method: str, path: str, token: Token, number: str, data: bytes | None
    ) -> Answer:
        try:
            return self._send_once(name, method, path, token, number, data)
        except RemoteError as problem:
            if method != "GET" or problem.repeat_after is None:
                raise
            pause = problem.repeat_after + random.uniform(0.05, 0.25)  # noqa: S311 # nosec B311 # jitter
            if time.monotonic() + pause > ends_at.get():
                raise
            log.info("%s %s, asked once more", method, problem)
        time.sleep(pause)
        return self._send_once(name, method, path, token, number, data)

    def _send_once(
        self,
        name: str,
        method: str,
        path: str,
        token: Token,
        number: str,
        data: bytes | None,
    ) -> Answer:
        try:
            with self._session.request(
                method,
                self.base_url + path,
                data=data,
                headers=_headers(token, number),
                timeout=self._timeouts,
                stream=True,
                allow_redirects=False,
            ) as response:
                # Before anything reads it: an answer may repeat what was sent.
                body = token.taken_out_of(self._read(name, response))
                status = response.status_code
                answer_headers = {key.lower(): value for key, value in response.headers.items()}
        # "from None": the exceptions of requests hold the request, and the request holds the token.
        except requests.exceptions.ContentDecodingError:
            raise NotUnderstood(name, why="answer not decoded") from None
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
        if isinstance(reason, NewConnectionError):
            return NotReachable(name)
        return NoAnswer(name, repeat_after=None if isinstance(reason, ReadTimeoutError) else 0.0)

    def _read(self, name: str, response: requests.Response) -> bytes:
        """The decoded body, up to the size limit."""
        body = bytearray()
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > self.size_limit:
                why = f"answer larger than {self.size_limit} bytes"
                raise NotUnderstood(name, status=response.status_code, why=why)
        return bytes(body)


class _StayingSession(requests.Session):
    """A session for which no answer is a redirect.

    Without this, requests looks at where a redirect leads even when it does not follow it: it fails on an address that
    is none, and reads the whole body first, whatever its size.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None
