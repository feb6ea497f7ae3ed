"""One class for each thing that a person can be told when a request to VPS.org does not do what was asked.

The documentation shows no error body, so `read_error_body` accepts the usual shapes. What is kept of it is
short and plain text; it is still somebody else's text, so templates escape it like any other.
"""

import html
import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import ClassVar

import msgspec

from .objects import LONGEST_TEXT, UNSEEN

WITH_FIELDS = frozenset({"create", "replace", "change"})
"""The requests with a body of fields, which may be what is wrong."""
QUESTIONS = frozenset({"list", "detail"})
"""The requests that ask for nothing to be changed."""
MOST_FIELDS = 20
LONGEST_WAIT = 60
SHORT_WAIT = 2.0

_TAGS = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_NOT_PRINTABLE = re.compile(rf"[{UNSEEN}\s]+")


class RemoteError(Exception):
    """A request to VPS.org that did not do what was asked.

    `outcome_known` is whether we know that nothing was changed. `said` is what VPS.org wrote about it, `fields`
    the same for single fields; both may be empty. `panel_status` is the status code of our own answer.
    `repeat_after` is after how many seconds a question (never a change) may be asked once more; None: not at all.
    `why` is for the log alone. `action`, `server_name` and `server_status` are filled in on the way up by whoever knows
    them, for the sentence that is told.
    """

    outcome_known: ClassVar[bool] = True
    panel_status: ClassVar[int] = 502

    def __init__(
        self,
        request: str,
        *,
        status: int | None = None,
        said: str = "",
        fields: dict[str, list[str]] | None = None,
        seconds: int = 0,
        repeat_after: float | None = None,
        why: str = "",
    ) -> None:
        self.request = request
        self.status = status
        self.said = said
        self.fields = fields or {}
        self.seconds = seconds
        self.repeat_after = repeat_after
        self.action = ""
        self.server_name = ""
        self.server_status = ""
        super().__init__(
            f"{request}: {type(self).__name__}"
            + (f" ({status})" if status else "")
            + (f", {why}" if why else "")
        )

    @property
    def reason(self) -> str:
        """All that VPS.org wrote about it as one text, that of single fields after their names."""
        by_field = (f"{name}: {' '.join(texts)}" for name, texts in self.fields.items())
        return " ".join(filter(None, (self.said, *by_field)))


class KeyRefused(RemoteError):
    """401: the token is wrong, or no longer valid."""

    panel_status = 409


class NotAllowed(RemoteError):
    """403: the token is valid and may not do this."""

    panel_status = 403


class NotEnoughCredit(RemoteError):
    """402: "Payment required - insufficient credits" (create)."""

    panel_status = 422


class Gone(RemoteError):
    """404: the server does not exist (any more)."""

    panel_status = 404


class WrongState(RemoteError):
    """400 to a power request (already running, not running), or 409."""

    panel_status = 409


class FieldsWrong(RemoteError):
    """400 or 422 to create, replace or change: some of the fields are wrong."""

    panel_status = 422


class WaitFirst(RemoteError):
    """429: too many requests; `seconds` says how long to wait, 60 at most."""

    panel_status = 409


class Crowded(WaitFirst):
    """Not sent: as many calls as may be under way at once are waiting for VPS.org already (Room)."""


class NotReachable(RemoteError):
    """No connection came about: nothing was sent."""


class NoAnswer(RemoteError):
    """Sent, but no whole answer came back in time. A change may have happened."""

    outcome_known = False
    panel_status = 504


class Failed(RemoteError):
    """VPS.org answered with a fault of its own (5xx). A change may have happened."""

    outcome_known = False


class NotUnderstood(RemoteError):
    """VPS.org answered something this console does not understand. A change may have happened."""

    outcome_known = False


def from_answer(request: str, status: int, headers: dict[str, str], body: bytes) -> RemoteError:
    """The error that an answer outside 2xx stands for. `headers` has lower-case names."""
    said, fields = read_error_body(body, headers.get("content-type", ""))
    kind: type[RemoteError]
    match status:
        case 400 | 409 | 422 if request in QUESTIONS:
            kind = NotUnderstood
        case 400:
            kind = FieldsWrong if request in WITH_FIELDS else WrongState
        case 401:
            kind = KeyRefused
        case 402:
            kind = NotEnoughCredit
        case 403:
            kind = NotAllowed
        case 404 | 410 if request not in ("list", "create"):
            kind = Gone
        case 409:
            kind = WrongState
        case 422:
            kind = FieldsWrong if request in WITH_FIELDS else WrongState
        case 429:
            kind = WaitFirst
        case _ if status >= 500:
            kind = Failed
        case _:
            kind = NotUnderstood
    wait = retry_after(headers.get("retry-after", ""))
    return kind(
        request,
        status=status,
        said=said,
        fields=fields,
        seconds=max(1, round(min(LONGEST_WAIT, LONGEST_WAIT if wait is None else wait)))
        if status == 429
        else 0,
        repeat_after=pause_before_repeat(status, wait),
    )


def pause_before_repeat(status: int, wait: float | None) -> float | None:
    """Seconds to wait before a question is asked once more after this answer, or None not to ask again.

    `wait` is what Retry-After asks for; more than two seconds is not worth a person's waiting.
    """
    if status in (502, 503, 504) and wait is None:
        return 0.0
    if status in (429, 502, 503, 504) and wait is not None and wait <= SHORT_WAIT:
        return wait
    return None


def retry_after(value: str) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date), or None for nonsense."""
    if re.fullmatch(r"[0-9]{1,12}", value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, moment.timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def read_error_body(body: bytes, content_type: str) -> tuple[str, dict[str, list[str]]]:
    """(text, texts by field) of an error body: `{"detail"}`, `{"message"}`, `{"error"}`, `{"errors": …}`,
    `{field: [messages]}`, a list, plain text or HTML. Bounded; never raises."""
    text = body[:20_000].decode("utf-8", "replace")
    try:
        value = msgspec.json.decode(body) if len(body) <= 1_000_000 else text
    except (msgspec.DecodeError, RecursionError):
        value = text
    if isinstance(value, dict):
        return _read_mapping(value)
    if isinstance(value, str) and ("html" in content_type or value.lstrip().startswith("<")):
        title = re.search(r"<title[^>]*>(.*?)</title>", value[: LONGEST_TEXT * 20], re.IGNORECASE | re.DOTALL)
        value = title.group(1) if title else value
    return plain(" ".join(_texts(value))), {}


def _read_mapping(value: dict[str, object]) -> tuple[str, dict[str, list[str]]]:
    said: list[str] = []
    fields: dict[str, list[str]] = {}
    for name, content in list(value.items())[:MOST_FIELDS]:
        if name in ("errors", "error") and isinstance(content, dict):
            inner_said, inner_fields = _read_mapping(content)
            said.append(inner_said)
            fields.update(inner_fields)
        elif name in (
            "detail",
            "message",
            "error",
            "errors",
            "non_field_errors",
            "title",
            "__all__",
        ):
            said.extend(_texts(content))
        elif name not in ("status", "code", "success", "type"):
            fields[plain(name)] = [plain(text) for text in _texts(content)]
    return plain(" ".join(said)), {name: texts for name, texts in fields.items() if texts}


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < 3:
        for item in value[:5]:
            yield from _texts(item, depth + 1)
    elif isinstance(value, dict) and depth < 3:
        for item in list(value.values())[:5]:
            yield from _texts(item, depth + 1)


def plain(text: str) -> str:
    """`text` on one line, without markup, control or direction characters, 300 characters at most."""
    text = html.unescape(_TAGS.sub(" ", text[: LONGEST_TEXT * 20]))
    text = _NOT_PRINTABLE.sub(" ", text).strip()
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
