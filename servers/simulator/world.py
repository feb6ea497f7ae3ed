"""Accounts and their servers, and how a server's state moves by the clock.

No timer runs: a state that should have ended is settled when somebody next looks.
"""

import math
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .catalogue import PLANS, SYSTEMS, Plan, System
from .clock import Clock

USUAL_CREDIT = 500.0


class Change(NamedTuple):
    """A state that passes: what it becomes, after how many seconds at least and at most."""

    becomes: str
    shortest: float
    longest: float


CHANGES = {
    "provisioning": Change("active", 120, 300),
    "starting": Change("active", 20, 40),
    "stopping": Change("stopped", 15, 30),
    "rebooting": Change("active", 30, 60),
}
NOT_RUNNING = {"stopped", "suspended", "provisioning"}


@dataclass(slots=True)
class SimulatedServer:
    """One server. Tests may build it from an id and a name, and set any field at any time.

    `until` is the simulated second at which a passing status ends; None: it is set when somebody next looks;
    `math.inf`: the status stays. While the status is provisioning, answers show null for both addresses.
    `cpu_percent` and `memory_used` are what the server uses on average; `disk_used` and `bandwidth_used` are
    what it had used at the simulated second `counted_at`.
    """

    id: int
    name: str
    status: str = "active"
    hostname: str | None = None
    ip_address: str | None = "192.0.2.1"
    ipv6_address: str | None = None
    location: str = "us-west"
    plan: Plan = PLANS[1]
    os: System = SYSTEMS[5]
    backups_enabled: bool = False
    created_at: datetime = datetime(2025, 1, 10, 14, 30, tzinfo=UTC)
    updated_at: datetime = datetime(2025, 1, 15, 10, 20, tzinfo=UTC)
    cpu_percent: float = 20.0
    memory_used: int = 1024
    disk_used: float = 20.0
    bandwidth_used: float = 100.0
    until: float | None = None
    counted_at: float = 0.0

    def enter(self, status: str, elapsed: float, date: datetime) -> None:
        """Take a new status at a simulated second; one that passes ends when its time is over."""
        usage = self.usage(elapsed)
        self.disk_used, self.bandwidth_used = usage.disk_used, usage.bandwidth_used
        self.counted_at = elapsed
        self.status = status
        self.updated_at = date
        self.until = self._end(elapsed)

    def settle(self, clock: Clock) -> None:
        """End a passing status whose time is over."""
        if self.status in CHANGES:
            elapsed = clock.elapsed()
            if self.until is None:
                self.until = self._end(elapsed)
            elif elapsed >= self.until:
                self.enter(CHANGES[self.status].becomes, self.until, clock.date(self.until))

    def _end(self, elapsed: float) -> float | None:
        if (change := CHANGES.get(self.status)) is None:
            return None
        # Seeded by server and status, so that every run takes the same time.
        chance = random.Random(f"{self.id} {self.status}")  # nosec B311
        return elapsed + chance.uniform(change.shortest, change.longest)

    def usage(self, elapsed: float) -> "Usage":
        """What the server uses at a simulated second: smooth, and the same in every run."""
        if self.status in NOT_RUNNING:
            return Usage(0.0, 0, self.disk_used, self.bandwidth_used)
        hours = (elapsed - self.counted_at) / 3600
        wave = math.sin(elapsed * math.tau / (600 + self.id % 300))
        return Usage(
            cpu_percent=min(100.0, self.cpu_percent * (1 + 0.4 * wave)),
            memory_used=min(self.plan.memory, int(self.memory_used * (1 + 0.05 * wave))),
            disk_used=min(float(self.plan.storage), self.disk_used * (1 + 0.002 * hours)),
            bandwidth_used=self.bandwidth_used + hours * self.cpu_percent / 20,
        )


class Usage(NamedTuple):
    """Processor in percent, memory in MB, disk and traffic in GB."""

    cpu_percent: float
    memory_used: int
    disk_used: float
    bandwidth_used: float


@dataclass(slots=True)
class Account:
    """What one token opens."""

    servers: dict[int, SimulatedServer] = field(default_factory=dict)
    credit: float = USUAL_CREDIT


class World:
    """All accounts by their token, behind one lock: hold it while looking or changing."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget all accounts."""
        with self.lock:
            self.accounts: dict[str, Account] = {}
            self._last_id = 12000

    def add_account(self, token: str, servers: Iterable[SimulatedServer], credit: float) -> Account:
        """Open an account. ValueError: an id or the token is taken."""
        with self.lock:
            account = Account(credit=credit)
            taken = {server_id for other in self.accounts.values() for server_id in other.servers}
            for server in servers:
                if server.id in taken or server.id in account.servers:
                    raise ValueError(f"two servers have the id {server.id}")
                account.servers[server.id] = server
            if token in self.accounts:
                raise ValueError("two accounts have the same token")
            self.accounts[token] = account
            return account

    def account(self, token: str) -> Account | None:
        """The token's account as it is now; None when the token opens nothing."""
        with self.lock:
            account = self.accounts.get(token)
            for server in account.servers.values() if account else ():
                server.settle(self.clock)
            return account

    def create(self, account: Account, fields: dict[str, Any]) -> SimulatedServer:
        """A new server from the checked fields of a create request."""
        elapsed = self.clock.elapsed()
        date = self.clock.date(elapsed)
        server_id = self._next_id()
        server = SimulatedServer(
            id=server_id,
            name=fields["name"],
            hostname=fields.get("hostname"),
            ip_address=f"198.51.100.{server_id % 254 + 1}",
            ipv6_address=f"2001:db8:51::{server_id:x}",
            location=fields["location"],
            plan=PLANS[fields["plan_id"]],
            os=SYSTEMS[fields["os_id"]],
            backups_enabled=fields.get("backups_enabled", False),
            created_at=date,
            cpu_percent=4.0,
            memory_used=300,
            disk_used=3.0,
            bandwidth_used=0.0,
        )
        server.enter("provisioning", elapsed, date)
        account.servers[server_id] = server
        return server

    def delete(self, account: Account, server_id: int) -> None:
        """Remove a server for ever. KeyError: there is none."""
        del account.servers[server_id]
        self._last_id = max(self._last_id, server_id)

    def _next_id(self) -> int:
        """An id that no server has, nor had: a deleted server's id must not come to mean another one."""
        alive = (server_id for account in self.accounts.values() for server_id in account.servers)
        self._last_id = max(self._last_id, *alive, 0) + 1
        return self._last_id
