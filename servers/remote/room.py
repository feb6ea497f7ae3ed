"""How many calls may be under way at once, so that those that hang never hold every thread of the console."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from .errors import Crowded


class Room:
    """Counts the calls of a process that answers `threads` requests of people at once.

    All calls together take three quarters of the threads at most, those of one account half, its questions three
    eighths: pages that need no call are always answered, other accounts find room, and a change is not kept waiting by
    questions. Nobody queues here, because whoever waits holds a thread too.
    """

    def __init__(self, threads: int) -> None:
        self.most = max(3, threads * 3 // 4)
        self.most_of_one = max(2, threads // 2)
        self.most_questions = max(1, threads * 3 // 8)
        self._lock = threading.Lock()
        self._calls: Counter[Hashable] = Counter()
        self._questions: Counter[Hashable] = Counter()

    @contextmanager
    def taken(self, name: str, account: Hashable, *, question: bool) -> Iterator[None]:
        """Room for one call of this account while the block runs. Raises Crowded if there is none."""
        with self._lock:
            if (
                self._calls.total() >= self.most
                or self._calls[account] >= self.most_of_one
                or (question and self._questions[account] >= self.most_questions)
            ):
                raise Crowded(name, seconds=2)
            self._calls[account] += 1
            self._questions[account] += question
        try:
            yield
        finally:
            with self._lock:
                for counter, number in ((self._calls, 1), (self._questions, int(question))):
                    counter[account] -= number
                    if not counter[account]:
                        del counter[account]
