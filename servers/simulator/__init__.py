"""A stand-in for VPS.org: the same nine requests, its own clock, and faults on demand.

Small, volatile and wrong on purpose; for the demo and the tests. Listens on loopback alone and needs nothing
but the standard library.
"""

import copy
import threading
from collections.abc import Sequence
from datetime import datetime

from . import seed
from .clock import Clock
from .faults import Faults
from .server import PREFIX, Listener, Seen
from .world import USUAL_CREDIT, Account, SimulatedServer, World

__all__ = ["Account", "Seen", "SimulatedServer", "Simulator"]


class Simulator:
    """One simulated VPS.org.

    `token` opens the first account, with `credit` and with `servers`, or else with the seeded fleet and
    `extra` servers more. `speed` is how many simulated seconds go by in a real one; 0: only `clock.advance`
    lets time go by. `now` is the date at its start (None: the real one). `latency` is how many seconds each
    answer takes at least; it may be set at any time.
    """

    def __init__(
        self,
        token: str,
        servers: Sequence[SimulatedServer] | None = None,
        *,
        credit: float = USUAL_CREDIT,
        extra: int = 0,
        speed: float = 1.0,
        latency: float = 0.0,
        now: datetime | None = None,
    ) -> None:
        self.clock = Clock(speed, now)
        self.faults = Faults()
        self.world = World(self.clock)
        self.latency = latency
        self.seen: list[Seen] = []
        """Every request that arrived, in order."""
        self._token = token
        self._servers = copy.deepcopy(servers)
        self._credit = credit
        self._extra = extra
        self._listener: Listener | None = None
        self.reset()

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Method and path of every request that arrived, in order."""
        return [seen.line for seen in self.seen]

    def account(self, token: str | None = None) -> Account:
        """The account of a token (None: the first one), its states as they are now. KeyError: no such token.

        Its `servers` and `credit` may be changed; a state that passes later needs another look through here.
        """
        account = self.world.account(token or self._token)
        if account is None:
            raise KeyError("no account has this token")
        return account

    def add_account(
        self, token: str, servers: Sequence[SimulatedServer] = (), credit: float = USUAL_CREDIT
    ) -> Account:
        """Open one more account, until the next reset. ValueError: the token or a server's id is taken."""
        return self.world.add_account(token, copy.deepcopy(servers), credit)

    def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Listen in a background thread and return the base address; port 0 takes a free one.

        ValueError: the host is not loopback. OSError: the port is taken. RuntimeError: it runs already.
        """
        if self._listener:
            raise RuntimeError("the simulator runs already")
        self._listener = Listener(host, port, self.world, self.faults, self.seen, lambda: self.latency)
        threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, name="simulator", daemon=True
        ).start()
        return f"http://{host}:{self._listener.server_address[1]}{PREFIX}"

    def stop(self) -> None:
        """Stop listening, free the requests that hang, cut the kept connections. May be called twice."""
        self.faults.clear()
        if self._listener:
            self._listener.close()
            self._listener = None

    def reset(self) -> None:
        """Everything as new: the first account with its first fleet and no other, clock, faults, `seen`."""
        self.faults.clear()
        with self.world.lock:
            self.clock.reset()
            fleet = copy.deepcopy(self._servers)
            if fleet is None:
                fleet = [*seed.fleet(self.clock.date(0)), *seed.more(self._extra)]
            self.world.clear()
            self.world.add_account(self._token, fleet, self._credit)
            self.seen.clear()
