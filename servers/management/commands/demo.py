"""The whole console on this machine: a simulated VPS.org, three users, and gunicorn."""

import hashlib
import http.client
import math
import os
import signal
import socket
import subprocess  # nosec B404 # with lists of arguments only
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from servers.models import Sample, Sighting
from servers.simulator import SimulatedServer, seed
from servers.simulator.world import NOT_RUNNING

LOOPBACK = "127.0.0.1"
TOKEN = "vps_demo_token_for_the_simulator"  # noqa: S105 # nosec B105 # it opens nothing but the simulator
PASSWORDS = {
    "viewer": "viewer-demo-2026",
    "operator": "operator-demo-2026",
    "manager": "manager-demo-2026",
}
Programs = Mapping[str, "subprocess.Popen[bytes]"]
SECONDS_TO_START = 30
SECONDS_TO_STOP = 10


class Command(BaseCommand):
    """Runs until Ctrl-C or SIGTERM (exit code 0), or until one of the two programs ends by itself (1).

    The settings come from the environment, made by `./run demo`: the database and the static files lie in .demo/.
    """

    help = "Run the console with a simulated VPS.org and three users, on this machine alone."
    requires_system_checks = ()

    stopping = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--speed",
            type=float,
            default=20,
            help="how much faster than real the simulator's clock runs (20)",
        )

    def handle(self, *args: object, speed: float, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        panel = listen_at(port_from(os.environ))
        simulator_port = free_port()

        call_command("migrate", interactive=False, verbosity=0)
        collect_static_files()

        port = panel.getsockname()[1]
        os.environ |= {
            "VPS_API_URL": f"http://{LOOPBACK}:{simulator_port}/api/v1",
            "ALLOWED_HOSTS": f"{LOOPBACK},localhost",
            "PORT": str(port),
        }
        # The commands are lists of our own, without a shell.
        pretended = simulator_command(simulator_port, speed)
        simulator = subprocess.Popen(pretended, stdout=subprocess.DEVNULL)  # nosec B603
        console = subprocess.Popen(console_command(panel), pass_fds=[panel.fileno()])  # nosec B603
        programs = {"the simulator": simulator, "the console": console}
        panel.close()  # gunicorn has its own hold on it; with ours, a request after its end would wait instead of fail
        try:
            make_users()
            pretend_a_past()
            self.wait_until_up(programs, {simulator_port: "/api/v1/servers/", port: "/healthz"})
            self.welcome(port)
            while not self.stopping:
                self.notice_an_end(programs)
                time.sleep(0.1)
        finally:
            end(programs)

    def stop(self, signal_number: int, frame: FrameType | None) -> None:
        """Only remembers: what is being done is finished, and the loop above sees it."""
        self.stopping = True

    def wait_until_up(self, programs: Programs, paths: Mapping[int, str]) -> None:
        """Return when an HTTP answer has come from each port and path, or when the demo is to stop."""
        give_up_at = time.monotonic() + SECONDS_TO_START
        while not self.stopping and not all(answers(port, path) for port, path in paths.items()):
            self.notice_an_end(programs)
            if time.monotonic() > give_up_at:
                fail(f"nothing answered within {SECONDS_TO_START} seconds; is this machine very busy?")
            time.sleep(0.1)

    def notice_an_end(self, programs: Programs) -> None:
        """End the demo when one of the programs did not wait to be told. Ctrl-C reaches them too: that is no news."""
        for name, program in programs.items():
            if program.poll() is not None and not self.stopping:
                fail(f"{name} ended by itself (exit code {program.returncode}); what it said stands above.")

    def welcome(self, port: int) -> None:
        """Say where it is and how to get in."""
        if self.stopping:
            return
        users = "\n".join(f"    {name:<10} {password}" for name, password in PASSWORDS.items())
        self.stdout.write(
            f"\nThe console runs at http://{LOOPBACK}:{port}/ with a simulated VPS.org: nothing is real.\n\n"
            f"  Sign in as (name, password)\n{users}\n\n"
            f"  and connect with this API token\n    {TOKEN}\n\n"
            f"Ctrl-C ends it.\n"
        )
        self.stdout.flush()


def fail(sentence: str) -> NoReturn:
    """End the demo with one sentence on standard error and exit code 1."""
    sys.exit(f"The demo cannot run: {sentence}")


def port_from(environment: Mapping[str, str]) -> int:
    """PORT, 8000 without one. Ends the demo if it is no port."""
    value = environment.get("PORT") or "8000"
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        fail(f"PORT is a number from 1 to 65535, not {value!r}.")
    return int(value)


def listen_at(port: int) -> socket.socket:
    """The console's socket, taken before anything is made, so that a second demo finds it taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except PermissionError:
        fail(f"port {port} is not for everybody; choose one above 1023: PORT=8000 ./run demo")
    except OSError:
        fail(
            f"port {port} is used by another program; choose another one: PORT={port % 65535 + 1} ./run demo"
        )
    return listener


def free_port() -> int:
    """A port that nobody uses, chosen by the operating system."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        return int(listener.getsockname()[1])


def simulator_command(port: int, speed: float) -> list[str]:
    """The simulator as a program of its own: it shares nothing with the console but HTTP."""
    options = [f"--port={port}", f"--token={TOKEN}", f"--speed={speed}"]
    return [sys.executable, "manage.py", "runsimulator", *options]


def console_command(listener: socket.socket) -> list[str]:
    """gunicorn as `./run serve` starts it, on the socket that is already there."""
    gunicorn = [sys.executable, "-m", "gunicorn", "vpspanel.wsgi:application"]
    threads = ["--workers=1", "--threads=16", "--worker-class=gthread", "--keep-alive=30"]
    quiet = ["--no-control-socket", "--log-level=warning", "--graceful-timeout=3", "--forwarded-allow-ips="]
    return [*gunicorn, f"--bind=fd://{listener.fileno()}", *threads, *quiet]


def collect_static_files() -> None:
    """Collect the static files, unless none was touched since the last time: compressing them takes seconds."""
    root = Path(settings.STATIC_ROOT)
    stamp = root.with_name(f"{root.name}.collected")
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            file = Path(storage.path(name)).stat()
            seen.update(f"{name} {file.st_size} {file.st_mtime_ns}\n".encode())
    if (root / "staticfiles.json").exists() and stamp.exists() and stamp.read_text() == seen.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(seen.hexdigest())


def make_users() -> None:
    """A user for each role, with the password that is shown even if somebody changed it meanwhile."""
    for name, password in PASSWORDS.items():
        user, _ = User.objects.get_or_create(username=name)
        if not (user.is_active and user.check_password(password)):
            user.is_active = True
            user.set_password(password)  # ends the user's sessions, so not without need
            user.save()
        user.groups.set([Group.objects.get(name=name.capitalize())])


def pretend_a_past() -> None:
    """Practice mode only: what the console would remember if somebody had looked at the pretended servers for a month,
    so that a newcomer sees lines over time. Made once; what is really seen then follows."""
    if Sample.objects.exists():
        return
    now = timezone.now()
    ages = [timedelta(hours=2 * n) for n in range(12, 366)] + [
        timedelta(minutes=10 * n) for n in range(1, 144)
    ]
    for server in seed.fleet(now):
        Sighting.objects.get_or_create(
            server_id=str(server.id),
            defaults={
                "status": server.status,
                "since": max(now - timedelta(days=40), server.updated_at),
                "backups_enabled": server.backups_enabled,
                "disk_used": server.disk_used,
                "disk_size": server.plan.storage,
                "disk_seen_at": now - ages[12],
            },
        )
        Sample.objects.bulk_create(pretended_sample(server, now - age, age) for age in ages)


def pretended_sample(server: SimulatedServer, at: datetime, age: timedelta) -> Sample:
    """What a pretended server used: more by day than by night, and a little more every day."""
    day = math.sin((at.hour * 60 + at.minute) / 1440 * math.tau - math.pi / 2 + server.id % 7)
    days = age.total_seconds() / 86400
    running = server.status not in NOT_RUNNING
    return Sample(
        server_id=str(server.id),
        at=at,
        hourly=at.minute < 10 or age >= timedelta(days=1),
        cpu_percent=min(100.0, server.cpu_percent * (1 + 0.5 * day) * running),
        memory_used=server.memory_used * (1 + 0.1 * day) * running,
        disk_used=server.disk_used * (1 - 0.004 * days * running),
        bandwidth_used=max(0.0, server.bandwidth_used * (1 - days / 31 * running)),
    )


def answers(port: int, path: str) -> bool:
    """Whether an HTTP answer comes from that port of this machine; which one does not matter."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def end(programs: Programs) -> None:
    """Ask all to end, wait for them, and end by force what does not."""
    for program in programs.values():
        program.terminate()
    for program in programs.values():
        try:
            program.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
