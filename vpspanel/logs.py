"""How log lines look: one event, one line."""

import logging


class OneLine(logging.Formatter):
    """Escapes line breaks and control characters, so that no text from outside can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
