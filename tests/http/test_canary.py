"""A marked key goes through every page, every fault and every mistake; then all that the console wrote is searched for
it: answers, log, mails, what is printed, the database with its files, and the cache."""

import base64
import itertools
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from servers.session import ASIDE, SEALED
from servers.simulator import Simulator
from tests.canary import answer, everything_kept, layers, tells
from tests.conftest import HTMX, TOKEN
from tests.http.faults import CHANGES, FAULTS, QUESTIONS, WAYS, cells
from tests.http.pages import read
from tests.http.steps import grow_old
from tests.http.test_faults import ask, follow
from tests.http.test_methods import ADDRESS_OF_A_SERVER, addresses_of_the_admin, filled, send
from tests.http.test_metrics import BEARER
from tests.http.test_roles import TABLE
from tests.load.programs import Redis

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SignIn = Callable[..., Client]
Search = Callable[[Any], Any]


debug_off_and_on = pytest.mark.parametrize("debug", [False, True], ids=["DEBUG-off", "DEBUG-on"])


@pytest.fixture
def search(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], settings: Any, debug: bool
) -> Iterator[Search]:
    """Fails where an answer, or what was written on its way, tells the key; at the end, where what is kept does."""
    settings.DEBUG, settings.ADMINS = debug, [("Ada", "ada@example.com")]
    settings.VPS_API_DEADLINE = 60
    caplog.set_level("DEBUG")

    def through(response: Any) -> Any:
        request = response.request
        where = f"{request['REQUEST_METHOD']} {request['PATH_INFO']}"
        assert not tells(TOKEN, answer(response)), where
        lines = [f"{record.getMessage()} {record.args!r} {record.exc_text}" for record in caplog.records]
        written = "\n".join(
            (*lines, caplog.text, *capfd.readouterr(), *(str(m.message()) for m in mail.outbox))
        )
        assert not tells(TOKEN, written), where
        caplog.clear()
        mail.outbox.clear()
        return response

    yield through
    kept = everything_kept()
    assert any(SEALED.encode() in layer for layer in layers(kept)), "the search does not see the sessions"
    assert not tells(TOKEN, kept)


@pytest.mark.parametrize("debug", [False], ids=["DEBUG-off"])
@pytest.mark.parametrize("way", ["list", "detail", "stop", "edit", "edit-part", "create"])
def test_an_answer_that_repeats_it_shows_it_to_nobody(
    manager: Client, simulator: Simulator, search: Search, way: str
) -> None:
    in_base64 = base64.b64encode(f"Bearer {TOKEN}".encode()).decode()
    message = {"status": "error", "message": f"The token {TOKEN} is not so."}
    answers: list[tuple[int, Any]] = [
        (400, message),
        (400, {"detail": f"Authorization: {in_base64}"}),
        (400, {"name": [f"Bearer {TOKEN}"], TOKEN: ["Not so."]}),
        (400, {"errors": [TOKEN, {"why": TOKEN}]}),
        (400, f"<html><title>{TOKEN}</title>{TOKEN}</html>"),
        (422, TOKEN),
        *((status, message) for status in (200, 401, 403, 409, 500)),
    ]
    told = set()
    for status, body in answers:
        if SEALED not in manager.session:
            manager.post("/connect/", {"token": TOKEN})
        simulator.faults.next("status", WAYS[way].request, times=2, status=status, body=body)
        response = search(ask(manager, way))
        told |= {text for text in ("(the key)",) if text in read(search(follow(manager, response))).text}
        simulator.faults.clear()
    for address in ("/activity/", "/activity.csv", "/servers/12345/"):
        search(manager.get(address))
    assert bool(told) is (way in ("stop", "edit", "edit-part", "create"))


@pytest.mark.parametrize("debug", [False], ids=["DEBUG-off"])
def test_a_header_or_a_next_page_that_repeats_it_is_not_told_either(
    manager: Client, simulator: Simulator, search: Search
) -> None:
    for headers in ({"X-Says": f"1\r\nno header at all {TOKEN}"}, {"Location": f"/{TOKEN}/"}):
        simulator.faults.next("status", "detail", status=500, headers=headers)
        search(manager.get("/servers/12345/"))
        assert simulator.lines[-1] == ("GET", "/servers/12345/")
    body = {"results": [], "next": f"/api/v1/servers/?page=2&key={TOKEN}"}
    simulator.faults.next("status", "list", status=200, body=body)
    search(manager.get("/servers/?status=active"))
    assert TOKEN not in str(simulator.lines)


class Person:
    """Somebody of a role, who comes in anew, as another member, wherever a press led out."""

    def __init__(self, role: str, sign_in: Callable[..., Client]) -> None:
        self._role, self._sign_in = role, sign_in
        self._numbers = itertools.count(1)
        self._browser = Client()

    @property
    def browser(self) -> Client:
        if SEALED not in self._browser.session:
            name = f"{self._role}-{next(self._numbers)}".lower()
            self._browser = self._sign_in(name, self._role)
        return self._browser


ELSEWHERE = (
    "/servers/?now",
    "/servers/?status=active&location=us-west",
    "/servers/12345/code/?action=delete",
    "/no-such-page/",
    "/servers/no-such-server/",
    "/metrics",
)


def visits(person: Person, simulator: Simulator) -> Iterator[Any]:
    """The answer of every address to every method that it takes, as a page and by htmx, and of where it leads.

    Each time VPS.org is as new and nothing is remembered of it, so that it is asked again.
    """

    def as_new() -> Client:
        simulator.reset()
        cache.clear()
        return person.browser

    for row, headers in itertools.product(TABLE, ({}, HTMX)):
        browser = as_new()
        response = send(browser, row.method, row, headers)
        yield response
        leads_to = response.headers.get("Location") or response.headers.get("HX-Redirect") or ""
        if leads_to.startswith("/"):
            yield browser.get(leads_to)
    for address in (*ELSEWHERE, *map(filled, addresses_of_the_admin())):
        yield as_new().get(address, headers=BEARER)


@pytest.mark.parametrize(
    ("role", "debug"),
    [("Viewer", False), ("Operator", True), ("Manager", False), ("Manager", True)],
    ids=["viewer-DEBUG-off", "operator-DEBUG-on", "manager-DEBUG-off", "manager-DEBUG-on"],
)
def test_no_page_tells_it(
    sign_in: Callable[..., Client], simulator: Simulator, search: Search, role: str, debug: bool
) -> None:
    person = Person(role, sign_in)
    answers = [search(response) for response in visits(person, simulator)]
    shown = sum(ADDRESS_OF_A_SERVER in response.getvalue() for response in answers)
    assert len(answers) > 2 * len(TABLE) + 40
    assert shown > 9
    assert (
        person.browser
    )  # The last press may have led out, and then no session would be left to be searched.


@debug_off_and_on
def test_no_fault_of_vps_org_tells_it(
    sign_in: Callable[..., Client], simulator: Simulator, search: Search, settings: Any, debug: bool
) -> None:
    person = Person("Manager", sign_in)
    met = {fault: [way for other, way in cells() if other == fault] for fault in FAULTS}
    for number, (fault, ways) in enumerate(met.items()):
        wrong = FAULTS[fault]
        looks, changes = ([way for way in ways if way in kind] for kind in (QUESTIONS, CHANGES))
        for way in ("connect", *(some[number % len(some)] for some in (looks, changes) if some)):
            simulator.reset()
            cache.clear()
            browser = person.browser
            settings.VPS_API_DEADLINE = min(wrong.deadline / 2, 1)
            if not wrong.kind:
                settings.VPS_API_URL = "http://127.0.0.1:1/api/v1"
            else:
                request = "list" if way == "connect" else WAYS[way].request
                simulator.faults.next(wrong.kind, request, times=2, **wrong.details)
            if way == "connect":
                search(browser.post("/connect/", {"token": TOKEN}))
            else:
                search(follow(browser, search(ask(browser, way))))
            settings.VPS_API_URL = simulator.base_url  # type: ignore[attr-defined]


JUNK = (
    TOKEN + "\r\nX-Evil: 1",
    TOKEN[:12] + "\n" + TOKEN[12:],
    TOKEN + "\0",
    TOKEN + "\u0430",
    f"{TOKEN} {TOKEN}",
    f"Bearer {TOKEN}",
    f"<b>{TOKEN}</b>",
    f'"{TOKEN}"',
    "x" * 300 + TOKEN,
    "x" * 2000 + TOKEN,
    TOKEN + "%0d%0a{{ 7 }}",
)


@debug_off_and_on
def test_no_mistake_with_a_pasted_key_tells_it(
    sign_in: Callable[..., Client], simulator: Simulator, search: Search, settings: Any, debug: bool
) -> None:
    nina = sign_in("nina", "Manager", connected=False)
    for headers, pasted in itertools.product(({}, HTMX), JUNK):
        assert search(nina.post("/connect/", {"token": pasted}, headers=headers)).status_code == 422
    assert simulator.seen == []
    search(nina.post("/connect/", {"key": TOKEN}))
    search(nina.post("/connect/", {"token": TOKEN, "next": "//elsewhere.example/"}))
    search(nina.post("/connect/", {"token": SimpleUploadedFile("key.txt", TOKEN.encode())}))
    search(nina.post("/connect/", {"token": TOKEN}, content_type="application/json"))
    search(nina.post("/connect/", TOKEN.encode(), content_type="multipart/form-data; boundary=x"))
    search(nina.post("/connect/", TOKEN.encode() * 4000, content_type="application/x-www-form-urlencoded"))
    search(nina.post("/connect/", {"token": [TOKEN] * 1100}))
    search(nina.put("/connect/", {"token": TOKEN}))
    search(nina.post("/no-such-page/", {"token": TOKEN}))
    search(Client().post("/login/", {"login": "nina", "password": TOKEN}))
    search(Client().post("/connect/", {"token": TOKEN}))
    stale = Client(enforce_csrf_checks=True, raise_request_exception=False)
    stale.cookies = nina.cookies
    assert search(stale.post("/connect/", {"token": TOKEN})).status_code == 403
    grow_old(nina)
    assert search(nina.post("/connect/", {"token": TOKEN}))["Location"].startswith("/again/")
    assert ASIDE in nina.session
    search(nina.get("/again/"))
    settings.VPS_API_URL = None
    assert search(nina.post("/connect/", {"token": TOKEN})).status_code == 500
    settings.VPS_API_TOKEN = TOKEN
    assert search(nina.get("/servers/")).status_code == 500
    assert search(nina.get("/no-such-page/")).status_code == 404


def test_redis_holds_it_sealed_alone(
    sign_in: Callable[..., Client], simulator: Simulator, settings: Any
) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("needs Debian's redis-server")
    redis = Redis()
    redis.start()
    try:
        settings.CACHES = {"default": {"BACKEND": "vpspanel.redis.RedisCache", "LOCATION": redis.url}}
        mia = sign_in("mia", "Manager")
        for address in ("/", "/servers/?now", "/servers/12345/"):
            assert mia.get(address).status_code == 200
        mia.post("/servers/12345/stop/")
        nina = sign_in("nina", "Operator", connected=False)
        grow_old(nina)
        assert nina.post("/connect/", {"token": TOKEN})["Location"].startswith("/again/")
        kept = everything_kept()
        for seen in (SEALED, ASIDE, "web-server-01", "stamp"):
            assert seen.encode() in kept
        assert not tells(TOKEN, kept)
    finally:
        redis.stop()
