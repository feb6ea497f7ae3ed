"""What can be ordered from the simulated VPS.org. The API itself has no request for any of this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """A size of server: memory in MB, storage and bandwidth in GB, `price` in credit for a month."""

    id: int
    name: str
    vcpus: int
    memory: int
    storage: int
    bandwidth: int
    price: float


@dataclass(frozen=True, slots=True)
class System:
    """An operating system."""

    id: int
    name: str


# Plans 1 and 2 and systems 3 and 5 are documented. An account's usual credit does not pay for plan 6.
PLANS = {
    plan.id: plan
    for plan in (
        Plan(1, "Standard VPS", 2, 4096, 80, 2048, 20.0),
        Plan(2, "Performance VPS", 4, 8192, 160, 4096, 40.0),
        Plan(3, "Starter VPS", 1, 1024, 25, 1024, 6.0),
        Plan(4, "Business VPS", 8, 16384, 320, 8192, 80.0),
        Plan(5, "Memory VPS", 4, 32768, 160, 4096, 120.0),
        Plan(6, "Giant VPS", 32, 131072, 1280, 20480, 640.0),
    )
}
SYSTEMS = {
    system.id: system
    for system in (
        System(1, "Debian 11"),
        System(2, "AlmaLinux 9"),
        System(3, "Debian 12"),
        System(5, "Ubuntu 22.04 LTS"),
        System(6, "Ubuntu 24.04 LTS"),
        System(7, "Rocky Linux 9"),
        System(8, "Windows Server 2022"),
    )
}
LOCATIONS = ("us-west", "us-east", "eu-central", "ap-south")
SSH_KEYS = frozenset({1, 2, 3})
