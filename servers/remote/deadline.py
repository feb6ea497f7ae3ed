"""Connections that keep the deadline of a call, whatever the other side does.

requests counts its time-outs per address while connecting and per read afterwards, and the system's resolver has none:
a name that nobody answers, or an answer that trickles, would never end.
"""

import contextvars
import io
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.poolmanager import PoolManager

ends_at: contextvars.ContextVar[float] = contextvars.ContextVar("ends_at")
"""When the call that is under way has to be over, on the clock of `time.monotonic`."""


def _left() -> float:
    return max(0.0, ends_at.get() - time.monotonic())


def _connect(connection: HTTPConnection, connect: Callable[[], None]) -> None:
    """Find the address, connect, and agree on TLS, by the deadline.

    No program can hurry the resolver, so this happens in a thread that is left behind when the time is over. Nothing of
    the request was sent by then: whatever goes wrong here is one and the same error.
    """
    done: Future[None] = Future()

    def run() -> None:
        try:
            connect()
        except Exception as problem:
            done.set_exception(problem)
        else:
            done.set_result(None)

    Thread(target=run, name="connect", daemon=True).start()
    try:
        done.result(_left())
    except Exception as problem:
        done.add_done_callback(lambda _: connection.close())
        raise NewConnectionError(connection, type(problem).__name__) from None
    connection.sock = cast("socket.socket", _DeadlineSocket(connection.sock))


class _DeadlineReader(io.RawIOBase):
    """A socket as a stream whose every read ends by the deadline of the call."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._stream = sock.makefile("rb", buffering=0)
        self._per_read = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _left()
        if not left:
            raise TimeoutError("the deadline for the whole answer has passed")
        self._sock.settimeout(min(left, self._per_read or left))
        return cast("io.RawIOBase", self._stream).readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _DeadlineSocket:
    """A connected socket that hands out `_DeadlineReader`s, and is otherwise the socket that it wraps."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, *args: Any, **kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._sock), 64 * 1024)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _DeadlineHTTPConnection(HTTPConnection):
    def connect(self) -> None:
        _connect(self, super().connect)


class _DeadlineHTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        _connect(self, super().connect)


class _DeadlineHTTPPool(HTTPConnectionPool):
    ConnectionCls: Any = _DeadlineHTTPConnection


class _DeadlineHTTPSPool(HTTPSConnectionPool):
    ConnectionCls: Any = _DeadlineHTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter over connections that keep the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._use_deadlines(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        self._use_deadlines(manager)
        return manager

    @staticmethod
    def _use_deadlines(manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = {
            "http": _DeadlineHTTPPool,
            "https": _DeadlineHTTPSPool,
        }
