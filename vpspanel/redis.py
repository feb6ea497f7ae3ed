"""Django's cache in Redis with a client that stays: Django makes one for each question, and that takes as long."""

from functools import cached_property
from typing import Any

from django.core.cache.backends import redis


class KeptClient(redis.RedisCacheClient):
    """A client may be shared; what must not be, a connection, it takes from the pool for each question."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The one client; there is one server."""
        return self._kept

    @cached_property
    def _kept(self) -> Any:
        return super().get_client(write=True)


class RedisCache(redis.RedisCache):
    """The same cache with that client."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient
