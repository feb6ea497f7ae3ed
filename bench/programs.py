"""What is started: VPS.org's stand-in, the console as in production, a bare Django; and who visits them."""

import http.client
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import redis

from servers.simulator import SimulatedServer, Simulator, seed
from tests.load.programs import Console, Redis

SIZES: Final = {"small": 100, "usual": 1_000, "large": 10_000}
"""How many servers the accounts have that are measured."""
KEYS: Final = {name: f"vps_bench_{name}_account" for name in SIZES}
ROWS: Final = """
from bench.models import Row
from servers.simulator import seed
Row.objects.bulk_create(
    Row(
        name=s.name, status=s.status, hostname=s.hostname, ip_address=s.ip_address,
        location=s.location, system=s.os.name, size=s.plan.name,
    )
    for s in seed.more(1000)
)
from servers.models import Sheet
Sheet.objects.bulk_create(Sheet(server_id=s.id) for s in seed.more(1000))  # as after the first press of each
from django.contrib.auth.models import User
User.objects.update(is_superuser=True)
"""


class Visitor:
    """A signed-in browser that keeps its connection, as browsers do."""

    def __init__(self, console: Console, cookie: str = "") -> None:
        self._link = http.client.HTTPConnection(console.url.removeprefix("http://"), timeout=60)
        self._headers = {"Cookie": f"{cookie}; csrftoken={'c' * 32}", "X-CSRFToken": "c" * 32}

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        """The answer and its body. AssertionError: it was refused."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._link.request(method, path, headers=self._headers | more)
            response = self._link.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):
            # A connection that was idle for long was ended by the console; the next request opens another.
            self._link.close()
            self._link.request(method, path, headers=self._headers | more)
            response = self._link.getresponse()
        body = response.read()
        assert response.status in (200, 204), f"{method} {path}: {response.status}"
        return response, body

    def press(self, path: str) -> None:
        """A power action, as a page with htmx sends it."""
        self.ask(path, "POST", HX_Request="true")


class Bare(Console):
    """A Django without records: there is nothing to make for it."""

    def manage(self, *command: str) -> None:
        pass


class Bench:
    """Everything that runs while it is measured."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.vps = Simulator(KEYS["usual"], seed.more(SIZES["usual"]), speed=0)
        self.vps_url = self.vps.start()
        stack.callback(self.vps.stop)
        for name, start in (("small", 100_000), ("large", 200_000)):
            self.vps.add_account(KEYS[name], _numbered(seed.more(SIZES[name]), start))

        self._redis = Redis()
        self._redis.start()
        stack.callback(self._redis.stop)
        self._cache = redis.Redis.from_url(self._redis.url)

        self.console = self._console(folder)
        self.console.manage("migrate", "--run-syncdb", "-v0")
        self.console.manage("collectstatic", "--no-input", "-v0")
        cookies = {
            name: self.console.people(key, **{name: "Manager"})[name].cookie for name, key in KEYS.items()
        }
        self.console.python("-c", f"import django; django.setup(){ROWS}")
        self.console.start()
        stack.callback(self.console.end)

        self.pair = self._console(folder)
        self.pair.start(workers=2)
        stack.callback(self.pair.end)

        self.plain = Bare(folder, self.vps_url, DJANGO_SETTINGS_MODULE="bench.bare")
        self.plain.start("bench.bare_wsgi:application")
        stack.callback(self.plain.end)

        self.stranger = Visitor(self.plain)
        self.visitors = {name: Visitor(self.console, cookie) for name, cookie in cookies.items()}
        self.pair_cookie = cookies["usual"]

    def _console(self, folder: Path) -> Console:
        return Console(
            folder,
            self.vps_url,
            self._redis.url,
            DJANGO_SETTINGS_MODULE="bench.settings",
            STATIC_ROOT=str(folder / "static"),
        )

    def forget_fleet(self) -> None:
        """The next page has to ask VPS.org for all servers."""
        for key in self._cache.scan_iter("*fleet:*"):
            self._cache.delete(key)


def _numbered(servers: list[SimulatedServer], start: int) -> list[SimulatedServer]:
    for number, server in enumerate(servers):
        server.id = start + number
    return servers


def cpu(console: Console) -> int:
    """How much CPU the console's processes have used, in nanoseconds."""
    tasks = [task for pid in console.workers() for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


def memory(console: Console) -> float:
    """The largest of the console's processes, in MB that lie in memory."""
    sizes = []
    for pid in console.workers():
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        sizes += [int(line.split()[1]) for line in lines if line.startswith("VmRSS")]
    return max(sizes) / 1024


@contextmanager
def running() -> Iterator[Bench]:
    """Starts everything, and ends it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="console-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        yield Bench(folder, stack)
