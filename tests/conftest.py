"""What the tests share: VPS.org's stand-in on a real port, and people who have signed in and connected."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.test import Client

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
def simulator(running_simulator: Simulator, settings: Any) -> Iterator[Simulator]:
    """VPS.org with its seeded fleet and a clock that stands still; answers may take five seconds at most."""
    settings.VPS_API_URL = running_simulator.base_url  # type: ignore[attr-defined]
    settings.VPS_API_DEADLINE = 5
    cache.clear()
    running_simulator.reset()
    yield running_simulator
    running_simulator.reset()


@pytest.fixture(autouse=True)
def _roles_survive(django_db_serialized_rollback: None) -> None:
    """A test whose requests commit leaves the database as the migrations made it, with the roles."""


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
