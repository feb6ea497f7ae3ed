"""What the tests of the service module share: a way to the stand-in, as one person has it."""

from collections.abc import Callable, Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest

from servers.remote.transport import Api, Token, Transport
from servers.simulator import Simulator
from tests.conftest import TOKEN


@pytest.fixture
def base(simulator: Simulator) -> str:
    """The base address of the stand-in."""
    address: str = simulator.base_url  # type: ignore[attr-defined]
    return address


@pytest.fixture
def api(base: str) -> Api:
    """The stand-in, spoken to with the usual token; whole answers take a second at most."""
    return Api(Transport(base, deadline=2), Token(TOKEN))


@pytest.fixture
def says(simulator: Simulator) -> Callable[..., None]:
    """Lets the next request be answered with this status, body and these headers."""

    def queue(body: Any = b"", status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        simulator.faults.next("status", status=status, body=body, headers=named)

    return queue


class Stranger:
    """Another host: counts who comes, and answers each with the same bytes, one connection each."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        self.came: list[bytes] = []
        stranger = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                stranger.came.append(self.request.recv(65536))
                self.request.sendall(stranger.answer)

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """A second listener, on another port, to which nothing of ours must ever go unasked."""
    stranger = Stranger()
    yield stranger
    stranger.close()
