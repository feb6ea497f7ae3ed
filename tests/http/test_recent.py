"""What was done to a server stands on its page, and comes anew after each change."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

PAGE = "/servers/12345/"
CHANGES = [
    pytest.param("stop/", {}, "Accepted Stop", id="power"),
    pytest.param("rename/", {"name": "web-9", "opened_name": "web-server-01"}, "Seen done Edit", id="name"),
    pytest.param("backups/", {"backups_enabled": "off"}, "Seen done Edit", id="backups"),
]


def events(response: Any) -> str:
    """What an answer tells the page besides what it shows."""
    return str(response.headers.get("HX-Trigger", ""))


def entries(client: Client) -> list[str]:
    response = client.get(f"{PAGE}recent/", headers=HTMX)
    assert response.status_code == 200
    return [entry.text for entry in read(response).one("section", id="recent").all("li")]


@pytest.mark.parametrize(("act", "body", "said"), CHANGES)
def test_a_change_tells_its_page_which_asks_for_what_was_done(
    operator: Client, simulator: Simulator, act: str, body: dict[str, str], said: str
) -> None:
    section = read(operator.get(PAGE)).one("section", id="recent")
    assert section.all("li") == []
    assert section.attributes["hx-get"] == f"{PAGE}recent/"
    assert section.attributes["hx-trigger"] == "logged from:body"
    assert "logged" in events(operator.post(f"{PAGE}{act}", body, headers=HTMX))
    simulator.seen.clear()
    [entry] = entries(operator)
    assert entry.startswith(f"{said} ")
    assert " otto " in entry
    assert simulator.seen == []


def test_what_vps_org_refuses_stands_there_too(operator: Client, simulator: Simulator) -> None:
    response = operator.post("/servers/12360/stop/", headers=HTMX)
    assert response.status_code == 409
    assert "logged" in events(response)


def test_what_is_not_sent_tells_nothing(operator: Client, viewer: Client) -> None:
    assert events(operator.get(f"{PAGE}stop/", headers=HTMX)) == ""
    assert events(viewer.post(f"{PAGE}stop/", headers=HTMX)) == ""
    assert events(operator.post(f"{PAGE}rename/", {"name": "", "opened_name": "x"}, headers=HTMX)) == ""
    operator.post("/logout/")
    assert events(operator.post(f"{PAGE}stop/", headers=HTMX)) == ""


def test_without_htmx_the_answer_is_a_page_and_tells_nothing(operator: Client) -> None:
    assert events(operator.post(f"{PAGE}stop/")) == ""
    response = operator.get(f"{PAGE}recent/")
    assert (response.status_code, response["Location"]) == (302, PAGE)


def test_a_colleagues_change_tells_the_page_of_the_server_at_its_next_tick(
    operator: Client, viewer: Client, later: Callable[[float], None]
) -> None:
    viewer.get("/servers/")
    page, listed = read(viewer.get(PAGE)), read(viewer.get("/servers/"))
    assert events(viewer.get(page.tick(), headers=HTMX)) == ""
    operator.post(f"{PAGE}stop/", headers=HTMX)
    assert "logged" in events(viewer.get(page.tick(), headers=HTMX))
    assert events(viewer.get(listed.tick(), headers=HTMX)) == ""
    assert [entry.split()[0] for entry in entries(viewer)] == ["Accepted"]
    later(60)
    assert "logged" in events(viewer.get(page.tick(), headers=HTMX))
    assert "seen stopped" in entries(viewer)[0]


def test_a_key_that_does_not_list_the_server_sees_nothing_of_it(
    operator: Client, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    operator.post(f"{PAGE}stop/", headers=HTMX)
    simulator.add_account("vps_another.account", [])
    stranger = sign_in("sam", "Viewer", token="vps_another.account")
    simulator.seen.clear()
    response = stranger.get(f"{PAGE}recent/", headers=HTMX)
    assert (response.status_code, response.content) == (204, b"")
    assert simulator.seen == []


def test_it_never_covers_what_the_press_was_told(operator: Client, simulator: Simulator) -> None:
    operator.get("/servers/")
    del simulator.account().servers[12345]
    gone = operator.post(f"{PAGE}stop/", headers=HTMX)
    assert "web-server-01 no longer exists at VPS.org." in read(gone).one(id="alerts").text
    assert operator.get(f"{PAGE}recent/", headers=HTMX).status_code == 204
    simulator.faults.next("status", "stop", status=401)
    refused = operator.post("/servers/12346/stop/", headers=HTMX)
    assert "VPS.org refused your key." in read(refused).one(id="alerts").text
    assert operator.get("/servers/12346/recent/", headers=HTMX).status_code == 204


def test_it_says_what_the_fleet_shows_although_another_process_has_not_written_it_down_yet(
    operator: Client, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.post(f"{PAGE}stop/", headers=HTMX)
    later(60)
    monkeypatch.setattr("servers.receipts.unsettled", lambda account: [])
    operator.get("/servers/?now")
    assert "seen stopped" in entries(operator)[0]
