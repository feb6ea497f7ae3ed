"""The console's own records fail, database or cache: a clear page, nothing let through, nobody signed out."""

import contextlib
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from servers import actions, receipts, session
from servers.models import Activity, Note
from servers.remote import service
from servers.remote.transport import Token
from servers.simulator import Simulator
from tests.conftest import HTMX, PASSWORD, TOKEN
from tests.http.pages import read
from tests.http.test_bulk import confirm, drive, states

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SENTENCE = "The console cannot read or write its own records just now."
Failure = Callable[[], AbstractContextManager[None]]


def pragma(setting: str) -> str:
    with connection.cursor() as cursor:
        return str(cursor.execute(f"PRAGMA {setting}").fetchone())


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Another program holds the database, for longer than anybody waits."""
    other = connection.copy()
    pragma("busy_timeout=50")
    with other.cursor() as cursor:
        cursor.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
    other.close()
    pragma("busy_timeout=10000")


@contextlib.contextmanager
def read_only() -> Iterator[None]:
    connection.cursor().execute("PRAGMA query_only=ON")
    try:
        yield
    finally:
        connection.cursor().execute("PRAGMA query_only=OFF")


@contextlib.contextmanager
def full(action: str) -> Iterator[None]:
    """The disk is full: the log takes no row of this action more."""
    cursor = connection.cursor()
    cursor.execute("VACUUM")
    cursor.execute(f"PRAGMA max_page_count={cursor.execute('PRAGMA page_count').fetchone()[0]}")
    user, account = User.objects.get(), session.account_of(Token(TOKEN))
    try:
        # Such rows as the change would write, but smaller.
        with contextlib.suppress(OperationalError):
            while True:
                Activity.begin(user, account, action, server_id="12345")
        yield
    finally:
        cursor.execute(f"PRAGMA max_page_count={2**30}")


@pytest.fixture
def no_cache(settings: Any) -> Failure:
    usual = settings.CACHES

    @contextlib.contextmanager
    def gone() -> Iterator[None]:
        settings.CACHES = {
            "default": {
                "BACKEND": "vpspanel.redis.RedisCache",
                "LOCATION": "redis://127.0.0.1:9/0",
            }
        }
        try:
            yield
        finally:
            settings.CACHES = usual

    return gone


@pytest.fixture(params=["locked", "read-only", "no cache"])
def failing(request: pytest.FixtureRequest, no_cache: Failure) -> Failure:
    """Each way in which the console's own records fail."""
    if request.param == "no cache":
        return no_cache
    if connection.vendor != "sqlite":
        pytest.skip("the ways of SQLite")
    return {"locked": locked, "read-only": read_only}[request.param]


def test_a_press_is_not_sent_and_the_page_says_so(
    operator: Client, simulator: Simulator, failing: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    cookies = {name: cookie.value for name, cookie in operator.cookies.items()}
    with failing(), caplog.at_level(logging.ERROR):
        response = operator.post("/servers/12345/stop/")
        pressed = operator.post("/servers/12345/stop/", headers=HTMX)
    assert simulator.seen == []
    assert response.status_code == pressed.status_code == 503
    assert response["Retry-After"] == pressed["Retry-After"] == "10"
    assert SENTENCE in read(response).one("main").text
    assert SENTENCE in read(pressed).one(id="alerts").text and pressed["HX-Reswap"] == "none"
    assert "Content-Security-Policy" in response and "no-store" in response["Cache-Control"]
    assert any("/servers/12345/stop/" in record.getMessage() for record in caplog.records)
    # Well again by itself, and still signed in.
    assert {name: cookie.value for name, cookie in operator.cookies.items()} == cookies
    assert not Activity.objects.exists()
    assert operator.post("/servers/12345/stop/").status_code == 302
    assert simulator.lines == [("POST", "/servers/12345/stop/")]


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("start/", {}),
        ("reboot/", {}),
        ("delete/", {"confirm_name": "web-server-01"}),
        ("backups/", {"backups_enabled": "off"}),
        ("rename/", {"name": "shop", "opened_name": "web-server-01"}),
        ("edit/", {"name": "shop", "opened_name": "web-server-01"}),
        ("notes/", {"text": "a note"}),
        ("protection/", {"protected": "on"}),
        ("tags/", {"tags": "shop", "opened_tags": ""}),
    ],
)
def test_no_change_goes_out_or_is_half_made(
    manager: Client, simulator: Simulator, failing: Failure, address: str, form: dict[str, str]
) -> None:
    with failing():
        assert manager.post(f"/servers/12345/{address}", form, headers=HTMX).status_code == 503
    assert [line for line in simulator.lines if line[0] != "GET"] == []
    assert not Activity.objects.exists() and not Note.objects.exists()
    assert manager.get("/servers/12345/").status_code == 200


@pytest.mark.parametrize(
    ("action", "address", "form"),
    [
        ("stop", "stop/", {}),
        ("reboot", "reboot/", {}),
        ("delete", "delete/", {"confirm_name": "web-server-01"}),
        ("edit", "rename/", {"name": "shop", "opened_name": "web-server-01"}),
    ],
)
def test_on_a_full_disk_no_change_goes_out_without_its_row(
    manager: Client, simulator: Simulator, action: str, address: str, form: dict[str, str]
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a way of SQLite")
    with full(action):
        rows = Activity.objects.count()
        press = manager.post(f"/servers/12345/{address}", form, headers=HTMX)
        looked = manager.get("/servers/")
    assert [line for line in simulator.lines if line[0] != "GET"] == []
    assert press.status_code == 503 and SENTENCE in read(press).one(id="alerts").text
    assert looked.status_code == 200 and Activity.objects.count() == rows
    Activity.objects.all().delete()
    assert manager.post(f"/servers/12345/{address}", form, headers=HTMX).status_code < 400
    assert len([line for line in simulator.lines if line[0] != "GET"]) == 1


def test_no_server_is_ordered_and_the_same_form_orders_one_afterwards(
    manager: Client, simulator: Simulator, failing: Failure
) -> None:
    form = {"name": "shop-7", "plan_id": "1", "os_id": "5", "location": "us-west"}
    form |= {"form_key": str(uuid.uuid4())}
    with failing():
        assert manager.post("/servers/new/", form).status_code == 503
    assert ("POST", "/servers/") not in simulator.lines
    assert manager.post("/servers/new/", form).status_code == 302
    assert manager.post("/servers/new/", form).status_code == 302
    assert simulator.lines.count(("POST", "/servers/")) == 1


def test_nobody_signs_in_without_the_records(
    member: Callable[..., Any], simulator: Simulator, failing: Failure
) -> None:
    member("nora", "Viewer")
    client = Client(raise_request_exception=False)
    with failing():
        response = client.post("/login/", {"login": "nora", "password": PASSWORD})
        assert response.status_code == 503
        assert "sessionid" not in client.cookies
    assert client.get("/servers/").status_code == 302
    assert client.post("/login/", {"login": "nora", "password": PASSWORD}).status_code == 302


def test_pages_come_again_by_themselves_and_a_poll_is_quiet_meanwhile(
    viewer: Client, no_cache: Failure
) -> None:
    with no_cache():
        page = viewer.get("/servers/?status=active")
        poll = viewer.get("/servers/poll/?ids=12345", headers=HTMX)
        assert Client().get("/healthz").status_code == 200
    assert page.status_code == 503
    again = read(page).one("main").one("a")
    assert (again.text, again.attributes["href"]) == ("Try again", "/servers/?status=active")
    assert (poll.status_code, poll.content, poll["HX-Reswap"]) == (503, b"", "none")
    assert viewer.get("/servers/?status=active").status_code == 200


def test_a_cache_that_lost_everything_signs_nobody_out(operator: Client, simulator: Simulator) -> None:
    cache.clear()
    assert operator.get("/servers/").status_code == 200
    assert operator.post("/servers/12345/stop/").status_code == 302


def test_a_session_that_cannot_be_saved_is_not_called_a_wrong_request(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Session.save

    def save(self: Session, **options: Any) -> None:
        if options["force_update"]:
            raise OperationalError("database is locked")
        usual(self, **options)

    monkeypatch.setattr(Session, "save", save)
    response = viewer.post("/disconnect/")
    assert response.status_code == 503 and SENTENCE in response.content.decode()


def test_what_was_sent_before_the_records_failed_is_settled_by_the_next_look(
    operator: Client, simulator: Simulator, failing: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.ExitStack() as failure:
        usual = service.stop_server

        def stop_then_fail(*given: Any) -> Any:
            answer = usual(*given)
            failure.enter_context(failing())
            return answer

        monkeypatch.setitem(actions.POWER, "stop", stop_then_fail)
        assert operator.post("/servers/12345/stop/").status_code == 503
    entry = Activity.objects.get()
    assert entry.outcome in ("sent", "accepted")
    simulator.clock.advance(120)
    later = timezone.now() + receipts.LONGEST_CALL
    with time_machine.travel(later, tick=False):
        assert operator.get("/servers/?now").status_code == 200
    entry.refresh_from_db()
    assert entry.outcome == "done"
    assert [line for line in simulator.lines if line[0] == "POST"] == [("POST", "/servers/12345/stop/")]


def test_the_hands_of_a_run_go_on_when_the_records_are_back(
    operator: Client, simulator: Simulator, no_cache: Failure
) -> None:
    address = confirm(operator, "stop", ["12345", "12346"])
    with no_cache():
        response = operator.post(f"{address}drive/", headers=HTMX)
    # The hand of the page stays, and asks again.
    assert (response.status_code, response["HX-Reswap"], response.content) == (503, "none", b"")
    drive(operator, address, times=2)
    assert states(address) == ["accepted", "accepted"]
