"""What the console itself keeps, database and cache: whether that is what failed, as opposed to a fault of ours."""

from typing import Final

from django.db import InterfaceError, InternalError, OperationalError

FAILED: tuple[type[Exception], ...] = (OperationalError, InterfaceError, InternalError)
"""Locked, read-only, full, or gone. (`InternalError` is PostgreSQL's for a database that only reads.)"""
try:
    from redis.exceptions import RedisError
except ImportError:  # no CACHE_URL can name a Redis then
    pass
else:
    FAILED = (*FAILED, RedisError)

TRY_AGAIN: Final = 10
"""After so many seconds it is worth another try."""


def failed(exception: BaseException | None) -> bool:
    """Whether the database or the cache is behind this. Django's sessions hide it behind errors of their own."""
    while exception is not None and not isinstance(exception, FAILED):
        exception = exception.__cause__ or exception.__context__
    return exception is not None
