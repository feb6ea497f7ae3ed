"""The simulated servers themselves: states by the clock, usage, the seeded fleet, accounts, the command."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from servers.simulator import SimulatedServer, Simulator
from tests.unit.test_simulator import REQUESTS, TOKEN, ask, example

ROOT = Path(__file__).parents[2]
POWER = {"start": ("stopped", "starting"), "stop": ("active", "stopping"), "reboot": ("active", "rebooting")}
STATUSES = [
    *("active", "stopped", "suspended", "migrating"),
    *("provisioning", "starting", "stopping", "rebooting"),
]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """One server and a clock that stands still."""
    simulator = Simulator(
        TOKEN, [SimulatedServer(12345, "web-01")], speed=0, now=datetime(2026, 3, 1, tzinfo=UTC)
    )
    yield simulator
    simulator.stop()


@pytest.fixture
def base(simulator: Simulator) -> str:
    return simulator.start()


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("command", POWER)
def test_a_power_request_needs_the_right_state(
    simulator: Simulator, base: str, command: str, status: str
) -> None:
    simulator.account().servers[12345].status = status
    needed, begun = POWER[command]
    reply = ask(base, *REQUESTS[command])
    now = simulator.account().servers[12345].status
    assert (reply.status, now) == ((200, begun) if status == needed else (400, status))


@pytest.mark.parametrize(
    ("command", "shortest", "longest", "becomes"),
    [("start", 20, 40, "active"), ("stop", 15, 30, "stopped"), ("reboot", 30, 60, "active")],
)
def test_a_power_request_is_done_after_its_time(
    simulator: Simulator, base: str, command: str, shortest: int, longest: int, becomes: str
) -> None:
    simulator.account().servers[12345].status, passing = POWER[command]
    asked = ask(base, *REQUESTS[command]).json["server"]
    simulator.clock.advance(shortest - 1)
    on_the_way = ask(base, *REQUESTS["detail"]).json
    simulator.clock.advance(longest - shortest + 1)
    done = ask(base, *REQUESTS["detail"]).json
    assert [asked["status"], on_the_way["status"], done["status"]] == [passing, passing, becomes]
    assert on_the_way["updated_at"] == "2026-03-01T00:00:00Z"
    # What nobody looked at is dated by when it happened, not by when it was found.
    assert (
        "2026-03-01T00:00:00Z" < done["updated_at"] <= f"2026-03-01T00:{longest // 60:02}:{longest % 60:02}Z"
    )


def test_a_new_server_gets_its_addresses_when_it_is_set_up(simulator: Simulator, base: str) -> None:
    created = ask(base, *REQUESTS["create"], example("create.request")).json
    path = f"/servers/{created['id']}/"
    simulator.clock.advance(119)
    waiting = ask(base, "GET", path).json
    simulator.clock.advance(181)
    ready = ask(base, "GET", path).json
    assert (created["status"], waiting["status"], ready["status"]) == (
        "provisioning",
        "provisioning",
        "active",
    )
    assert created["ip_address"] is waiting["ip_address"] is waiting["ipv6_address"] is None
    assert ip_address(ready["ip_address"]).version == 4
    assert ip_address(ready["ipv6_address"]).version == 6


def test_a_state_can_be_made_to_stay(simulator: Simulator, base: str) -> None:
    server = simulator.account().servers[12345]
    server.status, server.until = "provisioning", float("inf")
    simulator.clock.advance(1_000_000)
    assert ask(base, *REQUESTS["detail"]).json["status"] == "provisioning"


def test_an_edit_that_changes_nothing_is_not_dated(simulator: Simulator, base: str) -> None:
    before = ask(base, *REQUESTS["detail"]).json["updated_at"]
    simulator.clock.advance(60)
    assert ask(base, *REQUESTS["change"], {"name": "web-01"}).json["updated_at"] == before
    assert ask(base, *REQUESTS["change"], {"name": "web-02"}).json["updated_at"] == "2026-03-01T00:01:00Z"


def test_usage_moves_with_the_clock_and_stays_possible(simulator: Simulator, base: str) -> None:
    used = []
    for _ in range(48):
        used.append(ask(base, *REQUESTS["detail"]).json["resource_usage"])
        simulator.clock.advance(3607)
    assert len({usage["cpu_percent"] for usage in used}) > 24
    assert all(0 <= usage["cpu_percent"] <= 100 and 0 < usage["memory_used"] <= 4096 for usage in used)
    for field in ("disk_used", "bandwidth_used"):
        amounts = [usage[field] for usage in used]
        assert amounts == sorted(amounts)
        assert amounts[0] < amounts[-1]


def test_a_stopped_server_uses_no_processor_and_keeps_its_files(simulator: Simulator, base: str) -> None:
    simulator.clock.advance(500_000)
    running = ask(base, *REQUESTS["detail"]).json["resource_usage"]
    ask(base, *REQUESTS["stop"])
    simulator.clock.advance(30)
    stopped = ask(base, *REQUESTS["detail"]).json["resource_usage"]
    simulator.clock.advance(500_000)
    assert ask(base, *REQUESTS["detail"]).json["resource_usage"] == stopped
    assert (stopped["cpu_percent"], stopped["memory_used"]) == (0, 0)
    assert stopped["disk_used"] == running["disk_used"] > 0
    assert stopped["bandwidth_used"] >= running["bandwidth_used"]


def test_time_stands_still_at_speed_0_and_runs_at_another() -> None:
    still, fast = Simulator(TOKEN, [], speed=0), Simulator(TOKEN, [], speed=1e12)
    assert still.clock.elapsed() == 0
    assert fast.clock.elapsed() > 1
    # The changes go faster, the dates do not.
    assert (datetime.now(UTC) - fast.clock.date(fast.clock.elapsed())).total_seconds() > -1


def test_the_seeded_fleet_has_every_state_and_what_strains_a_page() -> None:
    simulator = Simulator(TOKEN, speed=0)
    fleet = simulator.account().servers
    assert list(fleet)[:2] == [12345, 12346]
    assert {server.status for server in fleet.values()} == set(STATUSES)
    assert {server.location for server in fleet.values()} == {"us-west", "us-east", "eu-central", "ap-south"}
    assert max(len(server.name) for server in fleet.values()) == 60
    assert max(len(server.hostname or "") for server in fleet.values()) == 80
    assert any(server.hostname is None for server in fleet.values())
    assert any(86 <= 100 * server.disk_used / server.plan.storage < 87 for server in fleet.values())


def test_the_seeded_fleet_is_possible_and_nobody_elses() -> None:
    simulator = Simulator(TOKEN, speed=0, extra=1000)
    fleet = simulator.account().servers
    networks = [
        ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    assert len(fleet) == 1024
    for server in fleet.values():
        assert re.fullmatch("[a-z0-9-]{1,63}", server.name)
        assert server.memory_used <= server.plan.memory
        assert server.disk_used <= server.plan.storage
        assert server.created_at <= server.updated_at
        for address in (server.ip_address, server.ipv6_address):
            assert address is None or any(ip_address(address) in network for network in networks)


def test_every_run_shows_the_same_fleet() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    first, second = (Simulator(TOKEN, speed=0, extra=50, now=now).account().servers for _ in range(2))
    assert first == second


def test_each_token_opens_its_own_account(simulator: Simulator, base: str) -> None:
    simulator.add_account("vps_of_another", [SimulatedServer(7, "theirs")], credit=0)
    other = {"Authorization": "Bearer vps_of_another"}
    assert [row["id"] for row in ask(base, "GET", "/servers/", **other).json["results"]] == [7]
    assert [row["id"] for row in ask(base, "GET", "/servers/").json["results"]] == [12345]
    assert ask(base, "DELETE", "/servers/12345/", **other).status == 404
    assert ask(base, "DELETE", "/servers/7/").status == 404
    assert simulator.account("vps_of_another").servers.keys() == {7}


def test_an_id_belongs_to_one_server_alone(simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="12345"):
        simulator.add_account("vps_of_another", [SimulatedServer(12345, "theirs")])
    with pytest.raises(ValueError, match="token"):
        simulator.add_account(TOKEN)


def test_a_reset_makes_everything_as_new(simulator: Simulator, base: str) -> None:
    ask(base, *REQUESTS["replace"], example("replace.request"))
    ask(base, *REQUESTS["create"], example("create.request"))
    simulator.add_account("vps_of_another")
    simulator.clock.advance(60)
    simulator.faults.next("cut")
    simulator.reset()
    assert simulator.seen == []
    assert simulator.clock.elapsed() == 0
    assert [row["name"] for row in ask(base, *REQUESTS["list"]).json["results"]] == ["web-01"]
    assert ask(base, *REQUESTS["list"], Authorization="Bearer vps_of_another").status == 401


def test_it_imports_nothing_but_the_standard_library() -> None:
    # -S leaves the installed packages out, -I everything of this environment.
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import servers.simulator; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-ISc", program], capture_output=True, text=True, check=True)
    assert "servers.simulator" in run.stdout
    assert "django" not in run.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_runs_until_it_is_told_to_end(number: signal.Signals) -> None:
    program = (
        "from django.conf import settings; settings.configure(); import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "from servers.management.commands.runsimulator import Command\n"
        f"call_command(Command(), port=0, token={TOKEN!r}, extra=3)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            base = process.stdout.readline().strip()
            assert ask(base, "GET", "/servers/").json["count"] == 27
            process.send_signal(number)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
