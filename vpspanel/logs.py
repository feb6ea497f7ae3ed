"""How log lines look: one event, one line, with the number of the request that it belongs to."""

import logging
import re
from contextvars import ContextVar
from typing import Final

SECRET_IN_ADDRESS: Final = re.compile(r"(/invited/)[^/\s?]+")

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The number of the request that is being answered (middleware.numbered); empty between requests."""


class OneLine(logging.Formatter):
    """Escapes line breaks and control characters, so that no text from outside can forge a line.

    The address of an invitation holds its secret, and Django writes addresses to the log; the secret is left out.
    Django also writes a line when a request is over already; that one brings its request along.
    """

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = getattr(getattr(record, "request", None), "id", request_id.get()) or "-"
        line = SECRET_IN_ADDRESS.sub(r"\1…", super().format(record))
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


class NotToldYet(logging.Filter):
    """Leaves out Django's line about an answer that tells of a problem with VPS.org: that has a line of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not hasattr(getattr(record, "request", None), "problem")
