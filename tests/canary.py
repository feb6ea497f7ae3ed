"""Looking for a key: as it is, as it would look if somebody had only wrapped it, and in all that the console keeps."""

import base64
import contextlib
import gzip
import re
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.core.cache import cache as store
from django.db import connection

BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


@cache
def spellings(token: str) -> list[bytes]:
    """The token as it is, and at each offset within base64."""
    raw = token.encode()
    shifted = [base64.b64encode(b"x" * offset + raw)[4:-4] for offset in range(3)]
    return [raw, *shifted, *(text.translate(bytes.maketrans(b"+/", b"-_")) for text in shifted)]


@cache
def escaped(token: str) -> list[bytes]:
    """Eight of its characters in a row, as hex, an address, JSON and HTML write them where they want to be sure."""
    ways = ("%02x", "%%%02x", "\\u%04x", "&#x%x;", "&#%d;")
    return ["".join(way % ord(character) for character in token[:8]).encode() for way in ways]


def holds(token: str, written: str | bytes) -> bool:
    """Whether something that was written holds the token, or eight of its characters in a row."""
    text = written.encode() if isinstance(written, str) else written
    parts = [token[start : start + 8].encode() for start in range(len(token) - 7)]
    small = text.lower()
    return any(spelling in text for spelling in (*parts, *spellings(token))) or any(
        spelling in small for spelling in escaped(token)
    )


def layers(written: bytes, depth: int = 3) -> Iterator[bytes]:
    """What was written, and what is packed in it by base64, zlib or gzip, as Django packs sessions and messages."""
    yield written
    if not depth:
        return
    with contextlib.suppress(zlib.error, EOFError):
        yield from layers(zlib.decompress(written, wbits=zlib.MAX_WBITS | 32), depth - 1)
    for found in BASE64.findall(written):
        text = found.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        with contextlib.suppress(ValueError):
            yield from layers(base64.b64decode(text + b"=" * (-len(text) % 4)), depth - 1)


def tells(token: str, written: str | bytes) -> bool:
    """Whether something that was written holds the token in any of its layers."""
    return any(
        holds(token, layer)
        for layer in layers(written.encode("utf-8", "replace") if isinstance(written, str) else written)
    )


def answer(response: Any) -> bytes:
    """All of an answer: its status line, headers, cookies and body."""
    head = f"{response.status_code} {response.reason_phrase}\n{response.headers}\n{response.cookies}\n"
    body: bytes = response.getvalue()
    return head.encode() + (
        gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body
    )


def everything_kept() -> bytes:
    """All that lies in the database, as its tables tell it and as its files hold it, and in the cache."""
    return b"\n".join((*_tables(), *_files(), *_cached()))


def _tables() -> Iterator[bytes]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - the tables' own names
            for row in cursor.fetchall():
                yield b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)


def _files() -> Iterator[bytes]:
    """What SQLite has written, its log of writes and what was deleted but not overwritten included."""
    if connection.vendor == "sqlite":
        database = Path(str(connection.settings_dict["NAME"]))
        for file in database.parent.glob(database.name + "*"):
            yield file.read_bytes()


def _cached() -> Iterator[bytes]:
    """The keys of the cache and their values, as they lie there."""
    inside: Any = store._cache  # type: ignore[attr-defined]
    if isinstance(inside, dict):
        for key, value in inside.items():
            yield key.encode() + b"\n" + value
        return
    redis = inside.get_client(None)
    for key in redis.scan_iter():
        yield key + b"\n" + redis.get(key)
