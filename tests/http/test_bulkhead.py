"""Calls that hang never take every thread: the console answers on, and other accounts are served."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from servers.models import Activity
from servers.simulator import Simulator
from tests.conftest import HTMX

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

THREADS = 16
"""As many as ./run serve has."""
HANGING = 6
"""How many of them the questions of one account may hold (Room)."""
OF_ANOTHER = "vps_of_another_account"


@pytest.fixture
def console(simulator: Simulator, settings: Any) -> Iterator[Callable[..., Future[Any]]]:
    """Answers requests with as many threads as gunicorn has; what hangs goes on only at the end of the test."""
    settings.VPS_API_DEADLINE = 60
    with ThreadPoolExecutor(THREADS) as threads:

        def answer(client: Client, method: str, address: str, headers: dict[str, str]) -> Any:
            try:
                return client.generic(method, address, headers=headers)
            finally:
                connection.close()

        def ask(client: Client, address: str, method: str = "GET", **headers: str) -> Future[Any]:
            return threads.submit(answer, client, method, address, headers)

        yield ask
        simulator.faults.clear()


def wait_until_seen(simulator: Simulator, number: int) -> None:
    pause = Event()
    for _ in range(2000):
        if len(simulator.seen) >= number:
            return
        pause.wait(0.01)
    raise AssertionError(f"{len(simulator.seen)} requests arrived")


def test_forty_pages_that_hang_leave_the_console_and_other_accounts_alone(
    sign_in: Callable[..., Client], simulator: Simulator, console: Callable[..., Future[Any]]
) -> None:
    simulator.add_account(OF_ANOTHER)
    anna, ben = sign_in("anna", "Operator"), sign_in("ben", "Operator", token=OF_ANOTHER)
    simulator.faults.next("hang", "detail", times=40)
    pages = [console(anna, f"/servers/{12345 + number % 2}/") for number in range(40)]
    wait_until_seen(simulator, HANGING)
    others = [console(ben, "/healthz"), console(ben, "/servers/"), console(ben, "/servers/?now")]
    others += [console(anna, "/servers/"), console(anna, "/servers/poll/?on=list&ids=12345&seen=0", **HTMX)]
    done = [page.result(timeout=30).status_code for page in others]
    # All of that while the pages that hang still do; those for which there is no room show what is known.
    hanging = [page for page in pages if not page.done()]
    assert done[:4] == [200] * 4 and done[4] in (200, 204)
    assert len(hanging) == HANGING == len(simulator.seen)
    assert {page.result().status_code for page in pages if page.done()} == {200}
    simulator.faults.clear()
    assert not wait(hanging, timeout=30).not_done


def test_forty_polls_of_an_account_that_nobody_knows_yet_leave_room_too(
    sign_in: Callable[..., Client], simulator: Simulator, console: Callable[..., Future[Any]]
) -> None:
    simulator.add_account(OF_ANOTHER)
    anna, ben = sign_in("anna", "Operator"), sign_in("ben", "Operator", token=OF_ANOTHER)
    cache.clear()
    simulator.faults.next("hang", "list")
    polls = [console(anna, "/servers/poll/?on=list&ids=12345&seen=0", **HTMX) for _ in range(40)]
    wait_until_seen(simulator, 1)
    assert console(ben, "/healthz").result(timeout=30).status_code == 200
    assert console(ben, "/servers/").result(timeout=30).status_code == 200
    # One asks, the others that found room wait for its answer.
    assert len([poll for poll in polls if not poll.done()]) == HANGING
    assert {poll.result().status_code for poll in polls if poll.done()} == {204}
    assert len(simulator.seen) == 2


def test_a_change_finds_room_while_questions_hang(
    sign_in: Callable[..., Client], simulator: Simulator, console: Callable[..., Future[Any]]
) -> None:
    anna = sign_in("anna", "Operator")
    simulator.faults.next("hang", "detail", times=40)
    for _ in range(10):
        console(anna, "/servers/12345/")
    wait_until_seen(simulator, HANGING)
    assert console(anna, "/servers/12345/stop/", "POST", **HTMX).result(timeout=30).status_code == 200
    assert simulator.lines[-1] == ("POST", "/servers/12345/stop/")


def test_a_change_without_room_was_not_sent_and_says_so(
    sign_in: Callable[..., Client],
    simulator: Simulator,
    console: Callable[..., Future[Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    anna = sign_in("anna", "Operator")
    simulator.faults.next("hang", "stop", times=40)
    pressed = [console(anna, "/servers/12345/stop/", "POST", **HTMX) for _ in range(8)]
    wait_until_seen(simulator, 8)
    response = console(anna, "/servers/12346/stop/", "POST", **HTMX).result(timeout=30)
    assert response.status_code == 409
    assert "Nothing was sent, so nothing was changed." in response.content.decode()
    assert Activity.objects.get(server_id="12346").outcome == Activity.Outcome.REFUSED
    assert not any(press.done() for press in pressed)
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.startswith("POST stop: Crowded")
    assert "VPS.org does not answer" not in anna.get("/servers/").content.decode()
    assert len(simulator.seen) == 8
