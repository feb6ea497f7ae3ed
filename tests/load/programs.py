"""Consoles and their cache as programs of their own, on free ports, which a test may kill."""

import atexit
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.credentials import PASSWORD, TOKEN

SIGN_IN = """
import django, json, sys
django.setup()
from django.contrib.auth.models import Group, User
from django.test import Client
cookies = {}
for name, role in json.loads(sys.argv[1]).items():
    user = User.objects.create_user(name, password=sys.argv[3])
    user.groups.add(Group.objects.get(name=role))
    browser = Client()
    browser.post("/login/", {"login": name, "password": sys.argv[3]})
    assert browser.post("/connect/", {"token": sys.argv[2]}).headers["Location"] == "/servers/"
    cookies[name] = browser.cookies["sessionid"].value
print(json.dumps(cookies))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {port}")


def until(true: Callable[[], object]) -> None:
    """Waits a minute at most until this is true."""
    for _ in range(1200):
        if true():
            return
        time.sleep(0.05)
    raise TimeoutError


@cache
def _migrated() -> Path:
    """A database as `migrate` makes it: once for all consoles, because it takes longer than most tests."""
    folder = tempfile.mkdtemp(prefix="console-migrated-")
    atexit.register(shutil.rmtree, folder)
    database = Path(folder) / "db.sqlite3"
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "a key for this test only, which opens nothing outside of it",
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "tests.load.settings",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, check=True)
    return database


class Redis:
    """A Redis on a port of its own, which forgets everything when it is stopped."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._program = subprocess.Popen([*command, "--loglevel", "warning"])
        wait_for(self.port)

    def stop(self) -> None:
        self._program.send_signal(signal.SIGCONT)
        self._program.kill()
        self._program.wait()

    def forget(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as link:
            link.sendall(b"FLUSHALL\r\n")
            assert link.recv(5) == b"+OK\r\n"

    def freeze(self) -> None:
        """It holds its connections and says nothing."""
        self._program.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._program.send_signal(signal.SIGCONT)


class Postgres:
    """A PostgreSQL with a database of its own. It refuses to be root, who starts it as the user of Debian's package."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"postgres://console@127.0.0.1:{self.port}/postgres"
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._folder = folder
        if self._as:
            shutil.chown(folder, "postgres")

    @staticmethod
    def programs() -> Path | None:
        """Where Debian keeps the newest server's programs."""
        return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)

    def start(self) -> None:
        programs, data = self.programs(), self._folder / "data"
        make = [f"{programs}/initdb", "-D", str(data), "-U", "console", "-A", "trust", "--no-sync"]
        subprocess.run([*self._as, *make], check=True, capture_output=True, cwd="/")
        serve = [f"{programs}/postgres", "-D", str(data), "-p", str(self.port), "-k", str(self._folder)]
        quick = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "log_min_messages=fatal"]
        self._program = subprocess.Popen([*self._as, *serve, *quick], cwd="/")
        wait_for(self.port)

    def stop(self) -> None:
        self._program.terminate()
        self._program.wait()


class Console:
    """The console under gunicorn, with a database of its own."""

    def __init__(self, folder: Path, vps_url: str, cache_url: str = "", **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "db.sqlite3"
        self.log = folder / "console.log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "a key for this test only, which opens nothing outside of it",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "CACHE_URL": cache_url,
            "VPS_API_URL": vps_url,
            "ALLOWED_HOSTS": "127.0.0.1,testserver",
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "tests.load.settings",
            **environment,
        }
        if self._on_postgres:
            self.manage("migrate", "-v0")
        elif not self.database.exists():  # several consoles may share one
            shutil.copy(_migrated(), self.database)

    @property
    def _on_postgres(self) -> bool:
        return self.environment["DATABASE_URL"].startswith("postgres")

    def manage(self, *command: str) -> None:
        self.python("manage.py", *command)

    def python(self, *command: str) -> str:
        """What a Python program in the console's environment prints."""
        program = [sys.executable, *command]
        return subprocess.run(
            program, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def start(
        self,
        application: str = "vpspanel.wsgi:application",
        *options: str,
        workers: int = 1,
        preload: bool = True,
    ) -> None:
        """As `./run serve` starts it; with `preload`, ready sooner: all processes come from one that has loaded."""
        command = ["-m", "gunicorn", "--config", "python:vpspanel.serving", application]
        command += ["--bind", f"127.0.0.1:{self.port}", "--workers", str(workers), *options]
        command += ["--preload"] * preload
        with self.log.open("a") as log:
            self._program = subprocess.Popen(
                [sys.executable, *command], env=self.environment, stderr=log, start_new_session=True
            )
        wait_for(self.port)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """SIGTERM goes to gunicorn alone, as in use; SIGKILL to its workers as well."""
        if how == signal.SIGKILL:
            os.killpg(self._program.pid, how)
        else:
            self._program.send_signal(how)
        self._program.wait(30)

    def tell(self, number: signal.Signals) -> None:
        """A signal to gunicorn alone."""
        self._program.send_signal(number)

    def has_ended(self) -> bool:
        return self._program.poll() is not None

    def workers(self) -> list[int]:
        """The numbers of gunicorn's processes."""
        main = self._program.pid
        return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]

    def people(self, key: str = TOKEN, **roles: str) -> dict[str, "Browser"]:
        """New members who have signed in and connected with this key."""
        cookies = json.loads(self.python("-c", SIGN_IN, json.dumps(roles), key, PASSWORD))
        return {name: Browser(self.url, cookie) for name, cookie in cookies.items()}

    def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database answers, past the console; what is changed so is kept."""
        link: Any
        if self._on_postgres:
            link = psycopg.connect(self.environment["DATABASE_URL"])
        else:
            link = sqlite3.connect(self.database, timeout=30)
        try:
            with link:
                found: list[tuple[Any, ...]] = link.execute(question, values).fetchall()
                return found
        finally:
            link.close()

    def minutes_go_by(self, minutes: int) -> None:
        """All changes and steps were asked for so much earlier."""
        for table, column in (("servers_activity", "asked_at"), ("servers_step", "claimed_at")):
            earlier = f"datetime({column}, '-{minutes} minutes')"
            if self._on_postgres:
                earlier = f"{column} - interval '{minutes} minutes'"
            self.rows(f"UPDATE {table} SET {column} = {earlier} RETURNING 1")  # noqa: S608


BROKEN_OFF = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
"""What a browser meets when the process that answers it is killed, before the answer or in its middle."""


class Browser:
    """A signed-in browser that asks once, whatever happens, and waits for so many seconds (`patience`)."""

    patience = 60

    def __init__(self, url: str, cookie: str) -> None:
        self._url = url
        self.cookie = f"sessionid={cookie}"
        self._cookies = {"sessionid": cookie, "csrftoken": "c" * 32}

    def get(self, path: str, **headers: str) -> requests.Response:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(self._url + path, cookies=self._cookies, headers=headers, timeout=self.patience)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> requests.Response:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"X-CSRFToken": "c" * 32}
        return requests.post(
            self._url + path,
            form,
            cookies=self._cookies,
            headers=headers,
            timeout=self.patience,
            allow_redirects=False,
        )

    def look(self, path: str) -> int:
        """The status of a page; 0 if the console broke off."""
        try:
            return self.get(path).status_code
        except BROKEN_OFF:
            return 0

    def press(self, path: str, form: dict[str, str] | None = None, **headers: str) -> int:
        """The status of the answer to a press; 0 if the console broke off."""
        try:
            return self.post(path, form, **headers).status_code
        except BROKEN_OFF:
            return 0
