"""Delete forever: a page of its own, the name typed, and nothing sent before."""

import pytest
from django.test import Client

from servers.models import Activity
from servers.simulator import Simulator
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

SERVER = 12345
ADDRESS = f"/servers/{SERVER}/delete/"
SENT = ("DELETE", f"/servers/{SERVER}/")


def test_the_page_holds_the_facts_and_sends_nothing(manager: Client, simulator: Simulator) -> None:
    manager.post(f"/servers/{SERVER}/reboot/")
    simulator.seen.clear()
    page = read(manager.get(ADDRESS))
    assert page.one("h1").text == "Delete web-server-01 forever?"
    assert "Nobody can bring it back, VPS.org included." in page.text
    facts = [fact.text for fact in page.one("dl").all("dd")]
    assert facts == [
        "203.0.113.10",
        "2 processors, 4 GB memory, 80 GB disk",
        "35 GB used",
        "On",
        "Restart, mia, today 12:00",
    ]
    assert [child.text for child in page.one("p", **{"class": "buttons"}).children] == [
        "Keep the server",
        "Delete web-server-01 forever",
    ]
    assert simulator.lines == [("GET", f"/servers/{SERVER}/")]


@pytest.mark.parametrize("typed", ["web-server-01", "WEB-Server-01", "  web-server-01 "])
def test_the_name_in_any_case_deletes_with_one_request_without_a_body(
    manager: Client, simulator: Simulator, typed: str
) -> None:
    response = manager.post(ADDRESS, {"confirm_name": typed})
    assert (response.status_code, response["Location"]) == (302, "/servers/")
    (sent,) = simulator.seen
    assert (sent.line, sent.body) == (SENT, b"")
    assert SERVER not in simulator.account().servers
    page = read(manager.get("/servers/"))
    assert page.one(id="messages").text == "web-server-01 was deleted for ever."
    assert page.all(id=f"state-{SERVER}") == []
    entry = Activity.objects.get()
    assert (entry.action, entry.outcome, entry.server_name) == ("delete", "accepted", "web-server-01")


@pytest.mark.parametrize("typed", ["", "web-server-02", "web-server", "web server 01", "12345"])
def test_any_other_name_sends_nothing(manager: Client, simulator: Simulator, typed: str) -> None:
    response = manager.post(ADDRESS, {"confirm_name": typed})
    assert response.status_code == 422
    error = read(response).one(id="id_confirm_name_error").text
    assert error == "This is not the name of the server. Type web-server-01 to delete it."
    assert [line for line in simulator.lines if line[0] != "GET"] == []
    assert not Activity.objects.exists()


def test_after_another_name_the_page_holds_the_same_facts(manager: Client, simulator: Simulator) -> None:
    def facts(page: Element) -> list[str]:
        return [fact.text for fact in page.one("dl").all("dd")]

    before = facts(read(manager.get(ADDRESS)))
    assert facts(read(manager.post(ADDRESS, {"confirm_name": "no"}))) == before
    assert simulator.lines == [("GET", f"/servers/{SERVER}/")] * 2
    simulator.faults.next("status", "detail", status=500)
    response = manager.post(ADDRESS, {"confirm_name": "no"})
    assert (response.status_code, facts(read(response))[0]) == (422, "203.0.113.10")


def test_a_server_that_was_already_gone_counts_as_deleted(manager: Client, simulator: Simulator) -> None:
    del simulator.account().servers[SERVER]
    response = manager.post(ADDRESS, {"confirm_name": "web-server-01"})
    assert (response.status_code, response["Location"]) == (302, "/servers/")
    assert simulator.lines == [SENT]
    assert read(manager.get("/servers/")).all(id=f"state-{SERVER}") == []
    assert Activity.objects.get().outcome == "accepted"


def test_the_page_of_a_server_that_is_gone_says_so(manager: Client, simulator: Simulator) -> None:
    del simulator.account().servers[SERVER]
    response = manager.get(ADDRESS)
    assert response.status_code == 404
    assert "web-server-01 no longer exists at VPS.org." in read(response).text


def test_a_lost_answer_is_not_sent_again_and_is_settled_when_the_server_is_gone(
    manager: Client, simulator: Simulator
) -> None:
    simulator.faults.next("cut_after_effect", "delete")
    response = manager.post(ADDRESS, {"confirm_name": "web-server-01"})
    assert response.status_code == 504
    assert "Do not press again" in read(response).text
    assert simulator.lines == [SENT]
    assert read(manager.get("/servers/")).one(id=f"state-{SERVER}").text == "Asked to delete"

    assert read(manager.get("/servers/?now")).all(id=f"state-{SERVER}") == []
    assert Activity.objects.get().outcome == "done"


def test_it_is_seen_done_when_the_list_no_longer_shows_it(manager: Client, simulator: Simulator) -> None:
    manager.post(ADDRESS, {"confirm_name": "web-server-01"})
    manager.get(f"/servers/{SERVER}/")
    assert Activity.objects.get().outcome == "done"


def test_a_refusal_deletes_nothing_and_says_what_vps_org_said(manager: Client, simulator: Simulator) -> None:
    simulator.faults.next("status", "delete", status=403, body={"detail": "Locked by support."})
    response = manager.post(ADDRESS, {"confirm_name": "web-server-01"})
    assert response.status_code == 403
    assert "Your key is not allowed to do this. Nothing was changed." in read(response).text
    assert "VPS.org says: Locked by support." in read(response).text
    assert read(manager.get("/servers/")).one(id=f"state-{SERVER}").text == "Running"


def test_the_list_is_as_complete_as_before(manager: Client) -> None:
    manager.get("/servers/")
    assert manager.post(ADDRESS, {"confirm_name": "web-server-01"})["Location"] == "/servers/"
    assert "The list is not complete." not in manager.get("/servers/").content.decode()
