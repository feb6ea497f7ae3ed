"""A marked key goes through every page, every fault and every mistake; then all that the console wrote is searched for
it: answers, log, mails, what is printed, the database with its files, and the cache."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from servers.session import SEALED
from servers.simulator import Simulator
from tests.canary import answer, everything_kept, layers, tells
from tests.conftest import TOKEN
from tests.http.faults import WAYS
from tests.http.pages import read
from tests.http.test_faults import ask, follow

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
