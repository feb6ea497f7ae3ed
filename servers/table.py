"""A table as a file for spreadsheets."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Final

from django.http import StreamingHttpResponse

FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the wide forms start a formula as well
HIDDEN_FORMULA: Final = re.compile(rf"([;,|\t\r\n])(?=[\s\"']*[{re.escape(''.join(sorted(FORMULA)))}])")
"""A separator inside of a cell before what would be a formula, in a spreadsheet that separates by it."""


class _Line:
    """What csv.writer writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def as_csv(name: str, head: Iterable[object], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """The table as an attachment, line by line, so that a million rows need no more memory than one."""
    lines = _lines(head, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def cell(value: object) -> str:
    """The text of a cell. What a spreadsheet would take for a formula has an apostrophe in front of it: the cell, and
    what follows a separator in it, by which the spreadsheet may split it."""
    text = HIDDEN_FORMULA.sub(r"\1'", "" if value is None else str(value).replace("\0", ""))
    return f"'{text}" if text.lstrip(" ")[:1] in FORMULA and text.strip() else text


def _lines(head: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    # Spreadsheets take a file without this mark for another encoding.
    yield "\ufeff"
    yield writer.writerow([cell(value) for value in head])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])
