"""Protection: a protected server is not stopped, restarted or deleted by anyone until a Manager lifts it."""

import uuid
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from servers.models import Activity, Sheet, Step
from servers.simulator import SimulatedServer, Simulator
from tests.conftest import HTMX
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

ADDRESS = "/servers/12345/protection/"
REASON = "web-server-01 is protected. A Manager must lift the protection first."
ACTS = [
    pytest.param("stop", {}, id="stop"),
    pytest.param("reboot", {}, id="reboot"),
    pytest.param("delete", {"confirm_name": "web-server-01"}, id="delete"),
]


def protect(client: Client, on: str = "on", server_id: int = 12345) -> None:
    assert client.post(f"/servers/{server_id}/protection/", {"protected": on}).status_code == 302


def button(page: Element, label: str) -> Element:
    """The button or link with this label, which the name of the server or a reason follows."""
    (found,) = [e for e in page.all("button") + page.all("a") if f"{e.text} ".startswith(f"{label} ")]
    return found


def is_off(page: Element, element: Element) -> bool:
    return element.attributes.get("aria-disabled") == "true" and page.described(element) == REASON


def leads_back(page: Element) -> None:
    """The page names the server, and leads to it."""
    assert page.one("h1").text == "web-server-01 stays as it is"
    assert button(page, "Back to web-server-01").attributes["href"] == "/servers/12345/"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("who", ["operator", "manager"])
@pytest.mark.parametrize(("action", "body"), ACTS)
def test_nobody_stops_restarts_or_deletes_a_protected_server_and_nothing_is_sent(
    sign_in: Callable[..., Client],
    simulator: Simulator,
    action: str,
    body: dict[str, str],
    who: str,
    headers: dict[str, str],
) -> None:
    client = sign_in("robin", "Manager" if action == "delete" else who.capitalize())
    mia = sign_in("mia", "Manager")
    # The page was opened before the protection: what it showed does not count.
    assert client.get(f"/servers/12345/{action}/").status_code == 200
    protect(mia)
    before = Activity.objects.count()
    simulator.seen.clear()
    response = client.post(f"/servers/12345/{action}/", body, headers=headers)
    assert response.status_code == 409
    assert REASON in read(response).text
    assert "mia" in read(response).text
    if not headers:
        leads_back(read(response))
    assert simulator.seen == []
    assert Activity.objects.count() == before
    assert simulator.account().servers[12345].status == "active"


@pytest.mark.parametrize("action", ["stop", "reboot", "delete"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "dialog"])
def test_there_is_no_question_to_confirm_for_a_protected_server(
    manager: Client, action: str, headers: dict[str, str]
) -> None:
    protect(manager)
    response = manager.get(f"/servers/12345/{action}/", headers=headers)
    assert response.status_code == 409
    page = read(response)
    assert REASON in page.text
    assert page.all("blockquote") == []
    if not headers:
        leads_back(page)


def test_protection_holds_for_a_server_that_nobody_has_looked_at(
    operator: Client, simulator: Simulator
) -> None:
    protect(operator)
    cache.clear()
    page = read(operator.post("/servers/12345/stop/"))
    assert page.one("h1").text == "The server stays as it is"
    assert "The server is protected. A Manager must lift the protection first." in page.text
    assert simulator.seen == []


def test_a_press_from_an_old_page_switches_its_buttons_off(operator: Client, manager: Client) -> None:
    protect(manager)
    partial = read(operator.post("/servers/12345/stop/", headers=HTMX))
    assert is_off(partial, button(partial.one(id="actions-12345"), "Stop"))
    assert partial.one(id="state-12345").text == "Running Protected"


def test_the_list_shows_it_in_words_and_switches_the_buttons_off(manager: Client, viewer: Client) -> None:
    protect(manager)
    page = read(manager.get("/servers/"))
    cell = page.one(id="state-12345")
    assert cell.text == "Running Protected"
    assert cell.one("svg").attributes["aria-hidden"] == "true"
    actions = page.one(id="actions-12345")
    assert all(is_off(page, button(actions, label)) for label in ("Restart", "Stop", "Delete forever"))
    assert not is_off(page, button(actions, "Edit"))
    assert page.one(id="state-12346").text == "Running"
    assert read(viewer.get("/servers/")).one(id="state-12345").text == "Running Protected"


def test_the_page_says_by_whom_and_when_and_why_its_buttons_are_off(
    operator: Client, manager: Client
) -> None:
    protect(operator)
    protect(manager)
    page = read(operator.get("/servers/12345/"))
    assert "Protected by otto, today 12:00." in page.one(id="protection").text
    shown = [text.text for text in page.one(id="actions-12345").all("p", **{"class": "help"})]
    assert shown == ["web-server-01 is already running.", REASON]
    assert all(is_off(page, button(page.one(id="actions-12345"), label)) for label in ("Restart", "Stop"))
    page = read(manager.get("/servers/12345/"))
    assert is_off(page, page.one(id="delete-12345").one("button"))


def test_an_operator_protects_and_only_a_manager_lifts(
    operator: Client, manager: Client, simulator: Simulator
) -> None:
    protect(operator)
    switch = read(operator.get("/servers/12345/")).one(id="protection-switch")
    assert switch.attributes["aria-checked"] == "true"
    assert switch.attributes["aria-disabled"] == "true"
    refused = operator.post(ADDRESS, {"protected": "off"})
    assert refused.status_code == 403
    assert "Managers can: mia." in read(refused).text
    assert operator.post("/servers/12345/stop/").status_code == 409
    protect(manager, "off")
    assert operator.post("/servers/12345/stop/").status_code == 302
    assert simulator.lines[-1] == ("POST", "/servers/12345/stop/")


def test_who_protected_and_who_lifted_stands_in_the_log(operator: Client, manager: Client) -> None:
    protect(operator)
    protect(manager)
    protect(manager, "off")
    protect(manager, "off")
    rows = list(Activity.objects.values_list("user_name", "action", "server_name", "outcome"))
    assert rows == [
        ("mia", "lift", "web-server-01", "done"),
        ("otto", "protect", "web-server-01", "done"),
    ]
    page = read(operator.get("/activity/"))
    assert "Lift the protection web-server-01" in page.text


def test_a_protected_server_can_be_started_and_edited(operator: Client, simulator: Simulator) -> None:
    protect(operator, server_id=12360)
    assert operator.post("/servers/12360/start/").status_code == 302
    assert operator.post("/servers/12360/backups/", {"backups_enabled": "on"}).status_code == 302
    assert [line[0] for line in simulator.lines] == ["POST", "PATCH"]


def test_htmx_gets_every_cell_that_the_switch_changes(manager: Client) -> None:
    partial = read(manager.post(f"{ADDRESS}?on=server", {"protected": "on"}, headers=HTMX))
    assert partial.one(id="protection-switch").attributes["aria-checked"] == "true"
    assert is_off(partial, button(partial.one(id="actions-12345"), "Stop"))
    assert is_off(partial, partial.one(id="delete-12345").one("button"))
    assert partial.one(id="messages").text == "web-server-01 is protected now."
    assert all("hx-swap-oob" in child.attributes for child in partial.children)
    partial = read(manager.post(ADDRESS, {"protected": "off"}, headers=HTMX))
    assert not is_off(partial, button(partial.one(id="actions-12345"), "Stop"))
    assert partial.one(id="messages").text == "web-server-01 is no longer protected."


def test_three_people_see_it_at_their_next_tick(operator: Client, manager: Client, viewer: Client) -> None:
    seen = {
        client: read(client.get("/servers/")).one(id="seen").field("seen").attributes["value"]
        for client in (operator, viewer)
    }
    protect(manager)
    for client in (operator, viewer):
        poll = f"/servers/poll/?ids=12345&seen={seen[client]}"
        assert read(client.get(f"{poll}&on=list")).one(id="state-12345").text == "Running Protected"
        page = read(client.get(f"{poll}&on=server"))
        assert page.one(id="protection-switch").attributes["aria-checked"] == "true"
        assert page.one(id="state-12345").attributes["data-said"] == "web-server-01: Running, Protected."


def test_many_at_once_skip_the_protected_and_say_why(
    operator: Client, manager: Client, simulator: Simulator
) -> None:
    protect(manager)
    page = read(operator.get("/bulk/new/?action=stop&server=12345&server=12346"))
    assert "Stop 1 server?" in page.text
    assert REASON in page.text
    data = {"action": "stop", "servers": "12345,12346", "key": str(uuid.uuid4())}
    address = operator.post("/bulk/new/", data)["Location"]
    for _ in range(3):
        operator.post(f"{address}drive/", headers=HTMX)
    assert simulator.lines == [("POST", "/servers/12346/stop/")]
    assert REASON in read(operator.get(address)).text


def test_what_the_confirmed_page_called_skipped_is_skipped_although_it_is_protected_no_more(
    manager: Client, simulator: Simulator
) -> None:
    protect(manager)
    form = read(manager.get("/bulk/new/?action=delete&server=12345&server=12346&server=12372"))
    protect(manager, "off")
    protect(manager, server_id=12346)
    names = ("action", "servers", "left_out", "key")
    data = {name: form.field(name).attributes["value"] for name in names}
    address = manager.post("/bulk/new/", data)["Location"]
    for _ in range(3):
        manager.post(f"{address}drive/", headers=HTMX)
    assert simulator.lines == [("DELETE", "/servers/12372/")]
    assert list(Step.objects.values_list("state", "reason")) == [
        ("skipped", "It was left out when this was confirmed."),
        ("skipped", "db-server-01 is protected. A Manager must lift the protection first."),
        ("accepted", ""),
    ]


def test_a_run_that_is_under_way_skips_what_is_protected_meanwhile_and_goes_on(
    operator: Client, manager: Client, simulator: Simulator
) -> None:
    data = {"action": "reboot", "servers": "12345,12346", "key": str(uuid.uuid4())}
    address = operator.post("/bulk/new/", data)["Location"]
    protect(manager)
    taken = [operator.post(f"{address}drive/", headers=HTMX) for _ in range(3)]
    assert [response.status_code for response in taken] == [200] * 3
    assert "delay:50ms" in taken[0].content.decode()
    assert simulator.lines == [("POST", "/servers/12346/reboot/")]
    assert list(Step.objects.values_list("state", "reason")) == [("skipped", REASON), ("accepted", "")]


def test_the_protected_are_found_and_stand_first(operator: Client) -> None:
    protect(operator, server_id=12345)
    protect(operator, server_id=12360)

    def names(query: str) -> list[str]:
        return [e.text for e in read(operator.get(f"/servers/?{query}")).all("a", **{"class": "server"})]

    assert names("q=is:protected") == ["mail-02", "web-server-01"]
    assert names("q=is:protected+web") == ["web-server-01"]
    everything = names("")
    rest = [name for name in everything if name not in ("mail-02", "web-server-01")]
    assert names("sort=protected") == ["mail-02", "web-server-01", *rest]
    assert names("sort=-protected") == [*rest, "mail-02", "web-server-01"]


def test_whose_key_does_not_list_the_server_protects_and_lifts_nothing(
    operator: Client, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    protect(operator)
    simulator.add_account("vps_of-somebody-else", [SimulatedServer(1, "other")])
    stranger = sign_in("sam", "Manager", token="vps_of-somebody-else")
    assert stranger.post(ADDRESS, {"protected": "off"}).status_code == 404
    assert stranger.post("/servers/12346/protection/", {"protected": "on"}).status_code == 404
    assert [sheet.server_id for sheet in Sheet.objects.filter(protected=True)] == ["12345"]


def test_it_holds_for_every_key_that_lists_the_server(
    operator: Client, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    protect(operator)
    sheet = Sheet.objects.get()
    assert (sheet.server_id, sheet.protected_by) == ("12345", "otto")
    colleague = sign_in("ole", "Operator")
    assert colleague.post("/servers/12345/reboot/").status_code == 409
    assert simulator.seen == []
