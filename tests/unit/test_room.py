"""How many calls may be under way: in all, of one account, and of its questions."""

from contextlib import ExitStack
from threading import Thread

import pytest

from servers.remote.errors import Crowded, NotReachable
from servers.remote.room import Room
from servers.remote.transport import Api, Token, Transport
from servers.simulator import Simulator
from tests.conftest import TOKEN
from tests.unit.nine import NINE


def fill(room: Room, stack: ExitStack, account: str, *, question: bool) -> int:
    """Take all the room that there is; how much it was."""
    for number in range(1000):
        try:
            stack.enter_context(room.taken("list", account, question=question))
        except Crowded:
            return number
    raise AssertionError("there is no end to it")


@pytest.mark.parametrize(
    ("threads", "questions", "calls", "all_calls"), [(16, 6, 8, 12), (11, 4, 5, 8), (8, 3, 4, 6)]
)
def test_questions_leave_room_for_changes_and_one_account_for_others(
    threads: int, questions: int, calls: int, all_calls: int
) -> None:
    room = Room(threads)
    with ExitStack() as stack:
        assert fill(room, stack, "a", question=True) == questions
        assert fill(room, stack, "a", question=False) == calls - questions
        assert fill(room, stack, "b", question=True) == min(questions, all_calls - calls)
        assert fill(room, stack, "b", question=False) == all_calls - calls - min(questions, all_calls - calls)
        assert fill(room, stack, "c", question=False) == 0
    assert all_calls < threads
    assert not room._calls and not room._questions


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_a_process_with_few_threads_still_calls(threads: int) -> None:
    room = Room(threads)
    with ExitStack() as stack:
        assert fill(room, stack, "a", question=True) == 1
        assert fill(room, stack, "a", question=False) == 1
        assert fill(room, stack, "b", question=False) == 1


def test_room_is_free_again_whatever_went_wrong() -> None:
    room = Room(16)
    for _ in range(100):
        with pytest.raises(ZeroDivisionError), room.taken("list", "a", question=True):
            raise ZeroDivisionError
    assert not room._calls and not room._questions


def test_threads_do_not_lose_count() -> None:
    room = Room(16)

    def work() -> None:
        for _ in range(500):
            try:
                with room.taken("list", "a", question=True):
                    pass
            except Crowded:
                pass

    threads = [Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not room._calls and not room._questions


@pytest.mark.parametrize("name", NINE)
def test_a_call_for_which_there_is_no_room_is_not_sent(base: str, simulator: Simulator, name: str) -> None:
    api = Api(Transport(base, deadline=2), Token(TOKEN))
    with ExitStack() as stack:
        fill(api.transport.room, stack, "another", question=False)
        fill(api.transport.room, stack, api.token, question=False)  # type: ignore[arg-type]
        with pytest.raises(Crowded) as caught:
            NINE[name].call(api)
    assert caught.value.seconds == 2
    assert caught.value.outcome_known and not isinstance(caught.value, NotReachable)
    assert simulator.seen == []
    if name == "start":
        simulator.account().servers[12345].status = "stopped"
    NINE[name].call(api)
    assert len(simulator.seen) == 1


def test_whoever_waits_for_anothers_answer_takes_room_as_if_asking(base: str) -> None:
    api = Api(Transport(base, threads=16), Token(TOKEN))
    another = Api(api.transport, Token(TOKEN + "x"))
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(api.waiting("list"))
        with pytest.raises(Crowded, match=r"^list: "), api.waiting("list"):
            pass
        with another.waiting("list"), api.transport.room.taken("stop", api.token, question=False):
            pass


def test_a_question_takes_the_room_of_questions_and_of_its_own_account(
    base: str, simulator: Simulator
) -> None:
    api = Api(Transport(base, deadline=2, threads=16), Token(TOKEN))
    simulator.add_account("vps_of_another")
    with ExitStack() as stack:
        fill(api.transport.room, stack, api.token, question=True)  # type: ignore[arg-type]
        with pytest.raises(Crowded, match=r"^list: "):
            NINE["list"].call(api)
        assert simulator.seen == []
        NINE["stop"].call(api)
        NINE["list"].call(Api(api.transport, Token("vps_of_another")))
    assert [line[0] for line in simulator.lines] == ["POST", "GET"]
