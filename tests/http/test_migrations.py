"""A console of an earlier release is brought up to date: what it kept is still there, and shown."""

import hmac
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps.registry import Apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone

from servers import session
from servers.models import Activity
from servers.simulator import Simulator
from tests.conftest import PASSWORD, TOKEN
from tests.http.pages import read
from tests.http.test_bulk import drive, states

RUN = uuid.UUID("7bb2b9a4-5d0e-4f0c-9a3e-1b7a4c6d8e01")
THEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MIGRATIONS = sorted(name for app, name in MigrationLoader(None).graph.nodes if app == "servers")
EARLIER = ["0005_knowledge", MIGRATIONS[-2]]

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def account() -> str:
    """The name of the account in the log, as consoles made it before they kept a key for that in the database."""
    key = session._derive(settings.SECRET_KEY, b"account")
    return hmac.new(key, TOKEN.encode(), "sha256").hexdigest()[:32]


@pytest.fixture
def earlier() -> Iterator[Callable[[str], Apps]]:
    """Takes the database back to a migration; gives the models of that time."""

    def go_back(name: str) -> Apps:
        executor = MigrationExecutor(connection)
        executor.migrate([("servers", name)])
        session._account_key.cache_clear()
        return executor.loader.project_state([("servers", name)]).apps

    yield go_back
    forward()
    session._account_key.cache_clear()


def forward() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def fill(apps: Apps) -> None:
    """A row or more in every table of the console, as far as that release had it."""
    mia = apps.get_model("auth", "User").objects.create(username="mia", password=make_password(PASSWORD))
    mia.groups.add(apps.get_model("auth", "Group").objects.get(name="Manager"))
    who = {"user": mia, "user_name": "mia", "account": account()}
    about = {"server_id": "12345", "server_name": "web-server-01"}
    soon = timezone.now() - timedelta(days=1)
    rows: dict[str, list[dict[str, Any]]] = {
        "run": [who | {"id": RUN, "action": "stop", "asked_at": THEN, "driven_at": THEN}],
        "step": [
            about | {"run_id": RUN, "position": 0, "state": "accepted"},
            {"run_id": RUN, "position": 1, "server_id": "12346", "server_name": "db-server-01"},
        ],
        "activity": [
            who | about | {"action": "stop", "outcome": outcome, "asked_at": THEN, "said": f"it {outcome}"}
            for outcome in ("accepted", "done", "refused", "unknown", "sent")
        ],
        "offer": [{"kind": "location", "value": "moon-1", "name": "The moon"}],
        "invitation": [
            {
                "secret_hash": "0" * 64,
                "role": "Viewer",
                "meant_for": "Anna",
                "made_by_name": "mia",
                "made_at": soon,
            }
        ],
        "memberchange": [{"by_name": "mia", "action": "role", "member_name": "zoe", "role": "Viewer"}],
        "opensession": [{"user": mia, "session_key": "s" * 32, "user_agent": "Firefox/140.0"}],
        "profile": [{"user": mia, "language": "en", "time_zone": "Asia/Kolkata"}],
        "sheet": [{"server_id": "12345", "tags": ["shop"], "protected": True, "protected_by": "mia"}],
        "note": [{"server_id": "12345", "author": mia, "author_name": "mia", "text": "Ask Anna first."}],
        "sighting": [{"server_id": "12345", "status": "active", "since": THEN, "backups_enabled": False}],
        "sample": [{"server_id": "12345", "at": soon, "hourly": True, "disk_used": 35.0}],
        "draft": [{"user": mia, "address": "/servers/new/", "fields": {"name": "blog-7"}, "at": soon}],
        "accountkey": [{"sealed": session._seal(session._derive(settings.SECRET_KEY, b"account"))}],
        "secondsteprule": [{"who": "nobody"}],
    }
    for model in apps.get_app_config("servers").get_models():
        for row in rows[model._meta.model_name or ""]:
            model._default_manager.create(**row)
    step = apps.get_model("servers", "Step").objects.get(position=0)
    apps.get_model("servers", "Activity").objects.filter(outcome="accepted").update(step=step)


def kept(apps: Apps) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the console."""
    models = apps.get_app_config("servers").get_models()
    return {
        str(model._meta.model_name): list(model._default_manager.order_by("pk").values()) for model in models
    }


@pytest.mark.parametrize("release", EARLIER)
def test_every_row_of_an_earlier_release_is_still_there_and_shown(
    release: str, simulator: Simulator, earlier: Callable[[str], Apps]
) -> None:
    apps = earlier(release)
    fill(apps)
    before = kept(apps)
    assert all(before.values()), "a table without a row proves nothing"
    forward()
    executor = MigrationExecutor(connection)
    after = kept(executor.loader.project_state(executor.loader.graph.leaf_nodes()).apps)
    for table, rows in before.items():
        for row, now in zip(rows, after[table], strict=True):
            assert row.items() <= now.items(), table

    client = Client(raise_request_exception=False)
    assert client.post("/login/", {"login": "mia", "password": PASSWORD}).status_code == 302
    assert client.post("/connect/", {"token": TOKEN}).status_code == 302
    entries = [entry.text for entry in read(client.get("/activity/")).all("li")]
    assert len(entries) == 5 and all("web-server-01" in entry and "asked 15:00" in entry for entry in entries)
    assert not Activity.objects.filter(outcome="sent").exists(), "what was left half done is not known"
    server = read(client.get("/servers/12345/")).one("main").text
    assert "Ask Anna first." in server and "Protected by mia" in server and "shop" in server
    members = read(client.get("/members/")).one("main").text
    assert "Invitation for Anna as Viewer" in members and "Role changed zoe: Viewer" in members
    assert "The moon" in read(client.get("/servers/new/")).one("main").text
    # What it forbade is still forbidden, and what it had begun goes on by a press.
    assert client.post("/servers/12345/stop/").status_code == 409
    assert client.post(f"/bulk/{RUN}/resume/").status_code == 302
    drive(client, f"/bulk/{RUN}/", times=2)
    assert states(f"/bulk/{RUN}/") == ["accepted", "accepted"]
    assert [line for line in simulator.lines if line[0] != "GET"] == [("POST", "/servers/12346/stop/")]
