"""What the tests share: VPS.org's stand-in on a real port, and people who have signed in and connected."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.core.signals import setting_changed
from django.db import connection
from django.dispatch import receiver
from django.test import Client, override_settings

from servers import session
from servers.simulator import Simulator
from tests.credentials import PASSWORD, TOKEN

__all__ = ["PASSWORD", "TOKEN"]

# What Django and the tests load stays anyway; to look through it again and again takes a tenth of all the time.
gc.set_threshold(100_000, 50, 50)

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/servers/"}


@receiver(setting_changed)
def connect_anew(setting: str, **kwargs: object) -> None:
    """The process keeps one way to VPS.org, made by the settings as they were then."""
    if setting.startswith("VPS_API_") or setting == "WEB_THREADS":
        session.transport.cache_clear()


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    simulator = Simulator(TOKEN, speed=0)
    simulator.base_url = simulator.start()  # type: ignore[attr-defined]
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """VPS.org with its seeded fleet and a clock that stands still."""
    with override_settings(VPS_API_URL=running_simulator.base_url):  # type: ignore[attr-defined]
        cache.clear()
        running_simulator.reset()
        yield running_simulator
        running_simulator.reset()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A test whose requests commit leaves the tables as the migrations made them, with the roles."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        for table in tables:
            cursor.execute(f"DROP TABLE IF EXISTS kept_{table}")
            cursor.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")  # noqa: S608
    # Every foreign key is looked at when all of this is done.
    flush = [f"DELETE FROM {table}" for table in tables]  # noqa: S608
    flush += [f"INSERT INTO {table} SELECT * FROM kept_{table}" for table in tables]  # noqa: S608
    connection._test_serialized_contents = "[]"  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.ops, "sql_flush", lambda *args, **options: flush)
        yield


@pytest.fixture(autouse=True)
def _flush_is_all(django_db_serialized_rollback: None) -> None:
    """Django would otherwise make the roles' permissions anew, with other numbers."""


@pytest.fixture
def member(db: None) -> Callable[..., User]:
    """Makes a member with a role."""

    def make(name: str, role: str = "") -> User:
        user = User.objects.create_user(name, password=PASSWORD)
        if role:
            user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def sign_in(member: Callable[..., User], simulator: Simulator) -> Callable[..., Client]:
    """Signs a new member in at the front door and, if asked, connects; `seen` is empty afterwards."""

    def enter(name: str, role: str, *, connected: bool = True, token: str = TOKEN) -> Client:
        member(name, role)
        client = Client(raise_request_exception=False)
        assert client.post("/login/", {"login": name, "password": PASSWORD}).status_code == 302
        if connected:
            assert client.post("/connect/", {"token": token}).status_code == 302
        simulator.seen.clear()
        return client

    return enter


@pytest.fixture
def viewer(sign_in: Callable[..., Client]) -> Client:
    return sign_in("vera", "Viewer")


@pytest.fixture
def operator(sign_in: Callable[..., Client]) -> Client:
    return sign_in("otto", "Operator")


@pytest.fixture
def manager(sign_in: Callable[..., Client]) -> Client:
    return sign_in("mia", "Manager")
