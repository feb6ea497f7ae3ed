"""The deadline of a call holds while it connects, too: a name without an answer, silence before TLS, many addresses."""

import socket
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from servers.remote.errors import NoAnswer, NotReachable, RemoteError
from servers.remote.transport import Api, Token, Transport
from servers.simulator import Simulator
from tests.conftest import TOKEN
from tests.unit.conftest import Stranger
from tests.unit.nine import NINE, every_request


@pytest.fixture
def freed() -> Iterator[threading.Event]:
    """Lets what hangs go on; set at the end at the latest."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a listener that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=32) as listener:
        yield listener.getsockname()[1]


def to(address: str, deadline: float = 0.2) -> Api:
    return Api(Transport(address, deadline=deadline), Token(TOKEN))


@every_request
def test_a_name_that_nobody_answers_ends_at_the_deadline_and_nothing_was_sent(
    name: str, freed: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    over: list[bool] = []

    def hang(*args: Any, **kwargs: Any) -> Any:
        over.append(freed.wait(20))
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(NotReachable) as caught:
        NINE[name].call(to("https://vps.invalid/api/v1"))
    assert over == []  # The resolver still hangs: it was the deadline that ended the call.
    left_behind = [thread for thread in threading.enumerate() if thread.name == "connect"]
    assert left_behind and all(thread.daemon for thread in left_behind), "the console can end meanwhile"
    assert caught.value.outcome_known


def test_a_connection_that_comes_too_late_is_closed_and_carries_nothing(
    base: str, simulator: Simulator, freed: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, close, closed = socket.getaddrinfo, socket.socket.close, threading.Event()

    def late(*args: Any, **kwargs: Any) -> Any:
        freed.wait(20)
        return resolve(*args, **kwargs)

    def close_and_tell(self: socket.socket) -> None:
        close(self)
        closed.set()

    monkeypatch.setattr(socket, "getaddrinfo", late)
    with pytest.raises(NotReachable):
        NINE["stop"].call(to(base))
    monkeypatch.setattr(socket.socket, "close", close_and_tell)
    freed.set()
    assert closed.wait(20)
    assert simulator.seen == []


@pytest.mark.parametrize("name", ["list", "stop"])
def test_silence_before_tls_ends_at_the_deadline_and_nothing_was_sent(name: str, silent: int) -> None:
    with pytest.raises(NotReachable):
        NINE[name].call(to(f"https://127.0.0.1:{silent}/api/v1"))


@pytest.mark.parametrize("name", ["list", "stop"])
def test_an_answer_that_is_no_tls_means_that_nothing_was_sent(name: str, stranger: Stranger) -> None:
    address = stranger.address.replace("http:", "https:")
    with pytest.raises(NotReachable):
        NINE[name].call(to(address, deadline=20))
    assert TOKEN.encode() not in b"".join(stranger.came)


def test_many_addresses_that_hang_have_one_deadline(
    freed: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Any] = []
    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [address] * 50)

    def hang(self: socket.socket, address: Any) -> None:
        tried.append(address)
        freed.wait(self.gettimeout())
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", hang)
    with pytest.raises(NotReachable):
        NINE["list"].call(to("http://vps.invalid/api/v1"))
    assert len(tried) == 1


SLOW: dict[str, dict[str, Any]] = {"hang": {}, "slow_head": {"seconds": 1}, "slow_body": {"seconds": 1}}


@pytest.mark.parametrize("kind", SLOW)
@pytest.mark.parametrize("name", ["list", "stop"])
def test_the_time_out_is_kept_within_two_seconds(
    base: str, simulator: Simulator, kind: str, name: str
) -> None:
    """Three tries, because this machine may be busy, with connecting as well; none would do without the deadline."""
    took = []
    for _ in range(3):
        simulator.faults.next(kind, **SLOW[kind])
        began = monotonic()
        with pytest.raises(RemoteError) as caught:
            NINE[name].call(to(base, deadline=0.3))
        took.append((type(caught.value), monotonic() - began))
        if took[-1][0] is NoAnswer and took[-1][1] < 2.3:
            return
    raise AssertionError(f"0.3 seconds became {took}")
