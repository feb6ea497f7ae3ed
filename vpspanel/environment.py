"""The settings that come from the environment, read and checked once.

A wrong or missing value stops the start with one sentence that says what to do.
"""

import re
import sys
from importlib.util import find_spec
from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ

read = environ.Env()


def stop(sentence: str) -> NoReturn:
    """End the program with one sentence on standard error."""
    sys.exit(f"The console cannot start: {sentence}")


def secret_key() -> str:
    """SECRET_KEY: at least 50 characters, because everything sealed and signed hangs on it."""
    value: str = read.str("SECRET_KEY", default="")
    if _is_weak(value):
        stop("set SECRET_KEY to a secret of at least 50 random characters, the same at every start.")
    return value


def secret_key_fallbacks() -> list[str]:
    """SECRET_KEY_FALLBACKS: whoever knows one of them can forge a session, so they are as long."""
    values = names("SECRET_KEY_FALLBACKS")
    if any(map(_is_weak, values)):
        stop(
            "SECRET_KEY_FALLBACKS holds earlier values of SECRET_KEY, each of at least 50 random characters."
        )
    return values


def _is_weak(secret: str) -> bool:
    return len(secret) < 50 or len(set(secret)) < 10


def switch(name: str) -> bool:
    """An on/off setting, off by default."""
    value = read.str(name, default="off").strip().lower()
    if value not in ("on", "off", "true", "false", "1", "0", "yes", "no", ""):
        stop(f"{name} is on or off, not {value!r}.")
    return value in ("on", "true", "1", "yes")


def number(name: str, default: float) -> float:
    """A number above zero."""
    value = read.str(name, default=str(default))
    try:
        result = float(value)
    except ValueError:
        stop(f"{name} is a number, not {value!r}.")
    if not 0 < result < 1e9:
        stop(f"{name} is a number above zero, not {value!r}.")
    return result


def count(name: str, default: int) -> int:
    """A whole number from 1 on."""
    value: str = read.str(name, default=str(default)).strip()
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 10_000):
        stop(f"{name} is a whole number above zero, not {value!r}.")
    return int(value)


def time_zone() -> str:
    """TIME_ZONE, a name of the time zone database."""
    value: str = read.str("TIME_ZONE", default="UTC")
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        stop(f"TIME_ZONE is a name like Europe/Berlin or UTC, not {value!r}.")
    return value


def log_level() -> str:
    """LOG_LEVEL, one of the names of Python's logging."""
    value: str = read.str("LOG_LEVEL", default="INFO").upper()
    if value not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        stop(f"LOG_LEVEL is DEBUG, INFO, WARNING, ERROR or CRITICAL, not {value!r}.")
    return value


def log_format() -> str:
    """LOG_FORMAT: "text" for people, "json" for programs that collect logs."""
    value: str = read.str("LOG_FORMAT", default="text").lower()
    if value not in ("text", "json"):
        stop(f"LOG_FORMAT is text or json, not {value!r}.")
    return value


def names(name: str) -> list[str]:
    """A list with commas between its items."""
    return [item.strip() for item in read.str(name, default="").split(",") if item.strip()]


def database() -> dict[str, object]:
    """DATABASE_URL as Django's settings; SQLite waits for its lock instead of failing."""
    wrong = "DATABASE_URL is an address like sqlite:////srv/console/db.sqlite3 or postgres://user:password@host/name."
    if not read.str("DATABASE_URL", default="sqlite:").startswith(("sqlite:", "postgres:", "postgresql:")):
        stop(wrong)
    try:
        settings: dict[str, object] = dict(read.db_url("DATABASE_URL", default="sqlite:///db.sqlite3"))
    except ValueError:
        stop(wrong)
    if "sqlite3" in str(settings["ENGINE"]):
        settings["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        # Opening the file takes longer than what a page asks of it. A file that was put back is noticed in a minute.
        settings["CONN_MAX_AGE"] = 60
    else:
        settings["CONN_MAX_AGE"] = None
        settings["CONN_HEALTH_CHECKS"] = True
    return settings


def cache() -> dict[str, object]:
    """CACHE_URL as Django's settings; without one, a cache inside this process."""
    address = read.str("CACHE_URL", default="")
    if not address:
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
    if not address.startswith(("redis://", "rediss://", "unix://")):
        stop("CACHE_URL is the address of a Redis, like redis://127.0.0.1:6379/0.")
    return {
        "BACKEND": "vpspanel.redis.RedisCache",
        "LOCATION": address,
        # One that is stopped in the middle says nothing at all, and would be waited for without an end.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }


def metrics_token() -> str:
    """METRICS_TOKEN, with which /metrics is read, or empty: then nothing is counted and there is no such address."""
    value: str = read.str("METRICS_TOKEN", default="")
    if value and not re.fullmatch(r"[A-Za-z0-9_.-]{20,}", value):
        stop("METRICS_TOKEN is at least 20 random letters and digits, for Prometheus to bring along.")
    if value and find_spec("prometheus_client") is None:
        stop("METRICS_TOKEN needs the package prometheus-client, which ./run serve installs.")
    return value


def workers() -> int:
    """WEB_WORKERS, the number of processes; more than one have to share a cache."""
    value = count("WEB_WORKERS", 1)
    if value > 1 and not read.str("CACHE_URL", default=""):
        stop("WEB_WORKERS above 1 needs CACHE_URL, because without one each process has a cache of its own.")
    return value


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def keeps_secrets(address: str) -> bool:
    """Whether what is sent to this address is read by nobody on the way: https, or plain http to this machine."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def api_url() -> str:
    """VPS_API_URL: https, or plain http to this machine."""
    value: str = read.str("VPS_API_URL", default="https://admin.vps.org/api/v1").rstrip("/")
    parts = urlsplit(value)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        stop("VPS_API_URL is an address like https://admin.vps.org/api/v1.")
    if not keeps_secrets(value):
        stop("VPS_API_URL starts with https:// (plain http is for a stand-in on this machine only).")
    return value


def api_proxy() -> str:
    """VPS_API_PROXY: the address of a proxy, or empty."""
    value: str = read.str("VPS_API_PROXY", default="").strip()
    if value and not (value.startswith(("http://", "https://")) and urlsplit(value).hostname):
        stop("VPS_API_PROXY is an address like http://proxy.example.com:3128.")
    return value


def api_token() -> str:
    """VPS_API_TOKEN: one key for the whole team, or empty."""
    from servers.remote.transport import TOKEN

    value: str = read.str("VPS_API_TOKEN", default="").strip()
    if value and not TOKEN.fullmatch(value):
        stop("VPS_API_TOKEN does not look like a key of VPS.org (8 to 255 letters, digits and _ . -).")
    return value


def single_sign_on() -> dict[str, str]:
    """OIDC_NAME, OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET by the word behind OIDC_; empty without any."""
    words = ("NAME", "ISSUER", "CLIENT_ID", "CLIENT_SECRET")
    values = {word: read.str(f"OIDC_{word}", default="").strip() for word in words}
    missing = [f"OIDC_{word}" for word, value in values.items() if not value]
    if len(missing) == len(words):
        return {}
    if missing:
        stop(f"single sign-on needs {' and '.join(missing)} too; set all four OIDC_ settings, or none.")
    issuer = values["ISSUER"] = values["ISSUER"].rstrip("/")
    parts = urlsplit(issuer)
    if not keeps_secrets(issuer) or parts.query or parts.fragment or parts.username or len(issuer) > 200:
        stop("OIDC_ISSUER is an address like https://login.example.com (plain http to this machine only).")
    if find_spec("jwt") is None:
        stop("single sign-on needs the packages of the extra sso, which ./run serve installs.")
    return values
