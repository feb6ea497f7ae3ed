"""How log lines look: one event, one line, with the number of the request that it belongs to."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

SECRET_IN_ADDRESS: Final = re.compile(r"(/invited/)[^/\s?]+")

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The number of the request that is being answered (middleware.numbered); empty between requests."""


def number_of(record: logging.LogRecord) -> str:
    """The number of the request that an event belongs to, or empty.

    Django also writes a line when a request is over already; that one brings its request along.
    """
    number: str = getattr(getattr(record, "request", None), "id", request_id.get())
    return number


def without_secret(text: str) -> str:
    """The address of an invitation holds its secret, and Django writes addresses to the log; the secret is left out."""
    return SECRET_IN_ADDRESS.sub(r"\1…", text)


class OneLine(logging.Formatter):
    """Escapes line breaks and control characters, so that no text from outside can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = number_of(record) or "-"
        line = without_secret(super().format(record))
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


class JsonLine(logging.Formatter):
    """The same event as a JSON object on a line of its own, for programs that collect logs.

    Nothing goes out but what is named here: Django hangs whole requests on its records. `vps` are the facts of a call
    to VPS.org (transport).
    """

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": number_of(record),
            "message": without_secret(record.getMessage()),
        }
        if hasattr(record, "vps"):
            event["vps"] = record.vps
        if record.exc_info:
            event["exception"] = without_secret(self.formatException(record.exc_info))
        return json.dumps(event)


class NotToldYet(logging.Filter):
    """Leaves out Django's line about an answer that tells of a problem with VPS.org: that has a line of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not hasattr(getattr(record, "request", None), "problem")


def config(level: str, form: str) -> dict[str, Any]:
    """Python's logging as the console and gunicorn have it: all of it to standard error, as "text" or "json"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {
                "()": OneLine,
                "format": "%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s",
            },
            "json": {"()": JsonLine},
        },
        "filters": {"not_told_yet": {"()": NotToldYet}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"propagate": True, "handlers": []},
            "django.request": {"filters": ["not_told_yet"]},
            # Its warning of a header that is none quotes the header, and VPS.org may have repeated the key there.
            "urllib3.connection": {"level": "ERROR"},
            "gunicorn.error": {"propagate": True, "handlers": []},
        },
    }
