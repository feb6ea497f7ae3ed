"""How gunicorn serves the console (`./run serve`): its settings, by its own names for them.

As a program it says in one sentence which setting is not safe for real use, before anything is done.
"""

import os
from pathlib import Path
from shutil import rmtree
from typing import Final

from gunicorn.workers.gthread import ThreadWorker

from vpspanel import environment, logs

bind: Final = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers: Final = environment.workers()
threads: Final = environment.count("WEB_THREADS", 16)
worker_class: Final = "vpspanel.serving.Worker"
keepalive: Final = 30
graceful_timeout: Final = 9
"""Seconds that requests have to end when the console is stopped or reloaded."""
control_socket_disable: Final = True
forwarded_allow_ips: Final = ""
"""The console alone decides, by TRUST_PROXY, whom it believes about the original request: gunicorn believes nobody."""
logconfig_dict: Final = logs.config(environment.log_level(), environment.log_format())


def on_exit(server: object) -> None:
    """After the last worker has ended: what they counted ends with them."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        rmtree(folder, ignore_errors=True)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Refuses connections from the moment it is told to stop, so that the proxy says at once that nobody is there.

    gunicorn's own lets them wait for as long as it still answers others, and then drops them.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


def check() -> None:
    """Stops where a setting would be taken as it is, and is not safe with strangers at the door."""
    from vpspanel import settings  # which reads all of them, and stops at one that is wrong

    demo = Path(".demo/env")
    if demo.exists() and f"SECRET_KEY={settings.SECRET_KEY}\n" in demo.read_text():
        environment.stop("SECRET_KEY is the demo's; make one of its own for real use.")
    if settings.DEBUG:
        environment.stop("DEBUG is on and shows settings and code to strangers; leave it out.")
    if not settings.TRUST_PROXY:
        environment.stop("put a proxy that ends TLS in front of it, and set TRUST_PROXY=on.")
    if not environment.names("ALLOWED_HOSTS") or "*" in settings.ALLOWED_HOSTS:
        environment.stop(
            "set ALLOWED_HOSTS to the name under which people reach it, like console.example.com."
        )
    if not all(origin.startswith("https://") for origin in settings.CSRF_TRUSTED_ORIGINS):
        environment.stop("CSRF_TRUSTED_ORIGINS holds addresses that start with https://.")
    _writable("STATIC_ROOT", settings.STATIC_ROOT)
    database = settings.DATABASES["default"]
    if "sqlite3" in str(database["ENGINE"]):
        if database["NAME"] == ":memory:":
            environment.stop("DATABASE_URL names no file, so nothing would outlive a restart.")
        _writable("DATABASE_URL", Path(str(database["NAME"])).parent)


def _writable(name: str, folder: Path) -> None:
    """Whether a folder, or the nearest one above it that there is, takes new files."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        environment.stop(f"{name} is in {folder}, where this user may not write.")


if __name__ == "__main__":
    check()
