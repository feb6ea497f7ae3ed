"""How log lines look: one event, one line."""

import logging
import re
from typing import Final

SECRET_IN_ADDRESS: Final = re.compile(r"(/invited/)[^/\s?]+")


class OneLine(logging.Formatter):
    """Escapes line breaks and control characters, so that no text from outside can forge a line.

    The address of an invitation holds its secret, and Django writes addresses to the log; the secret is left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = SECRET_IN_ADDRESS.sub(r"\1…", super().format(record))
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
