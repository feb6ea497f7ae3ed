"""Two people at once: with one key they share what they see, with two keys they see nothing of each other."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from servers import actions
from servers.models import Activity, Sheet
from servers.simulator import SimulatedServer, Simulator
from tests.conftest import HTMX
from tests.http.pages import read
from tests.http.people import at_once

pytestmark = [
    pytest.mark.usefixtures("clock"),
    # Each request commits by itself, as it does in use, so that threads see each other's rows.
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

OTHER_TOKEN = "vps_an.account.of.its.own"
ADDRESS = "/servers/12345/edit/"


@pytest.fixture
def other(sign_in: Callable[..., Client], simulator: Simulator) -> Client:
    """A manager with a key of another account."""
    simulator.add_account(OTHER_TOKEN, [SimulatedServer(1, "theirs-1"), SimulatedServer(2, "theirs-2")])
    return sign_in("olga", "Manager", token=OTHER_TOKEN)


def names(client: Client) -> list[str]:
    return [link.text for link in read(client.get("/servers/?q=s")).all("a", **{"class": "server"})]


def test_two_keys_never_see_each_others_servers(
    manager: Client, other: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    for _ in range(2):
        assert "theirs-1" not in names(manager)
        assert names(other) == ["theirs-1", "theirs-2"]
        later(16)
        manager.get("/servers/poll/")
        other.get("/servers/poll/")


@pytest.mark.parametrize("page", ["", "edit/", "delete/", "rename/", "stop/", "start/", "reboot/"])
def test_a_server_of_another_account_is_not_there(
    manager: Client, other: Client, simulator: Simulator, page: str
) -> None:
    for client, foreign, name in ((manager, 1, "theirs-1"), (other, 12345, "web-server-01")):
        response = client.get(f"/servers/{foreign}/{page}", headers={"HX-Request": "true"})
        assert response.status_code == 404
        assert name not in response.content.decode()


@pytest.mark.parametrize(
    ("page", "typed"),
    [("stop/", {}), ("backups/", {"backups_enabled": "off"}), ("delete/", {"confirm_name": "theirs-1"})],
)
def test_a_server_of_another_account_cannot_be_changed(
    manager: Client, other: Client, simulator: Simulator, page: str, typed: dict[str, str]
) -> None:
    assert manager.post(f"/servers/1/{page}", typed).status_code == 404
    theirs = simulator.account(OTHER_TOKEN).servers[1]
    assert theirs.status == "active"
    assert names(other) == ["theirs-1", "theirs-2"]


def test_two_hundred_interleaved_requests_in_sixteen_threads_show_each_person_their_own(
    manager: Client, other: Client, later: Callable[[float], None]
) -> None:
    later(16)
    addresses = (
        "/servers/?now",
        "/servers/1/",
        "/servers/12345/",
        "/servers.csv",
        "/servers/poll/?ids=1,12345&on=list",
    )
    threads = [[(n % 2, addresses[n // 2 % len(addresses)]) for n in range(t, 208, 16)] for t in range(16)]

    def ask(thread: list[tuple[int, str]]) -> list[tuple[int, str, str]]:
        tabs = [Client(raise_request_exception=False), Client(raise_request_exception=False)]
        for tab, person in zip(tabs, (manager, other), strict=True):
            tab.cookies.load({name: cookie.value for name, cookie in person.cookies.items()})
        return [(who, address, tabs[who].get(address).getvalue().decode()) for who, address in thread]

    answers = [answer for thread in at_once(*(lambda t=t: ask(t) for t in threads)) for answer in thread]
    assert len(answers) == 208
    for who, address, page in answers:
        mine, foreign = ("web-server-01", "theirs-1") if who == 0 else ("theirs-1", "web-server-01")
        assert foreign not in page, (who, address)
        assert mine in page or address not in ("/servers/?now", "/servers.csv"), (who, address)


def test_many_who_look_at_once_cost_one_request(
    manager: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    later(16)
    simulator.latency = 0.2
    try:
        answers = at_once(*(lambda: manager.get("/servers/poll/").status_code for _ in range(5)))
    finally:
        simulator.latency = 0
    assert set(answers) <= {200, 204}
    assert simulator.lines == [("GET", "/servers/")]


def test_two_who_stop_one_server_at_once_each_see_the_true_result(
    manager: Client, operator: Client, simulator: Simulator
) -> None:
    statuses = at_once(
        *(
            lambda client=client: client.post("/servers/12345/stop/").status_code
            for client in (manager, operator)
        )
    )
    assert sorted(statuses) == [302, 409]
    assert sorted(Activity.objects.values_list("outcome", flat=True)) == ["accepted", "refused"]
    for client in (manager, operator):
        assert "Stopping…" in read(client.get("/servers/?now")).one(id="state-12345").text


def saving(client: Client, **typed: str) -> Callable[[], int]:
    """A form opened on the server as it is, and what pressing Save in it gives."""
    opened = {"opened_name": "web-server-01", "opened_hostname": "web01.example.com"}
    form = opened | {"opened_backups_enabled": "True", "backups_enabled": "on"}
    form |= {"name": "web-server-01", "hostname": "web01.example.com"} | typed
    return lambda: client.post(ADDRESS, form).status_code


def test_what_one_changes_the_other_sees_in_the_form(manager: Client, operator: Client) -> None:
    assert saving(manager, hostname="shop.example.com")() == 302
    page = read(operator.get(ADDRESS))
    assert page.field("hostname").attributes["value"] == "shop.example.com"


@pytest.mark.parametrize(("page", "done"), [("rename/", 200), ("edit/", 302)])
def test_two_who_save_two_servers_at_once_do_not_wait_for_each_other(
    manager: Client, operator: Client, simulator: Simulator, page: str, done: int
) -> None:
    def renaming(client: Client, server_id: int) -> Callable[[], int]:
        server = simulator.account().servers[server_id]
        typed = {"name": f"{server.name}-new", "opened_name": server.name}
        typed |= {"hostname": server.hostname or "", "opened_hostname": server.hostname or ""}
        typed |= {"backups_enabled": "on", "opened_backups_enabled": "True"}
        headers = HTMX if page == "rename/" else {}
        return lambda: client.post(f"/servers/{server_id}/{page}", typed, headers=headers).status_code

    simulator.latency = 0.2
    try:
        assert at_once(renaming(manager, 12345), renaming(operator, 12346)) == [done, done]
    finally:
        simulator.latency = 0


@pytest.fixture
def ben(sign_in: Callable[..., Client], simulator: Simulator) -> Client:
    """An operator with a key of his own for the same account."""
    simulator.world.accounts[OTHER_TOKEN] = simulator.account()
    return sign_in("ben", "Operator", token=OTHER_TOKEN)


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        ("edit/", {"hostname": "shop.example.com"}),
        ("rename/", {"name": "shop-web", "opened_name": "web-server-01"}),
        ("backups/", {"backups_enabled": "off"}),
    ],
)
def test_nothing_is_saved_between_a_colleagues_look_and_what_is_sent_after_it_whoevers_key_it_is(
    manager: Client,
    ben: Client,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    typed: dict[str, str],
) -> None:
    opened = {"opened_name": "web-server-01", "opened_hostname": "web01.example.com", "name": "web-server-01"}
    form = opened | {"opened_backups_enabled": "True", "backups_enabled": "on"} | typed
    usual = actions._merge
    told: list[Any] = []

    def meanwhile(*given: Any) -> actions.Fields:
        monkeypatch.setattr(actions, "_merge", usual)
        told.append(manager.post(f"/servers/12345/{page}", form, headers=HTMX))
        return usual(*given)

    monkeypatch.setattr(actions, "_merge", meanwhile)
    assert saving(ben, name="web-of-ben")() == 302
    assert [answer.status_code for answer in told] == [409]
    assert "A colleague is saving changes to this server." in told[0].content.decode()
    assert [line[0] for line in simulator.lines] == ["GET", "PUT"]
    assert Activity.objects.get().user_name == "ben"


def test_two_who_change_the_tags_at_once_both_keep_theirs(manager: Client, operator: Client) -> None:
    def saving_tags(client: Client, tag: str) -> Callable[[], int]:
        return lambda: client.post("/servers/12345/tags/", {"tags": tag, "opened_tags": ""}).status_code

    for number in range(8):
        pair = saving_tags(manager, f"m{number}"), saving_tags(operator, f"o{number}")
        assert at_once(*pair) == [302, 302]
    expected = sorted(f"{who}{number}" for who in "mo" for number in range(8))
    assert Sheet.objects.get().tags == expected


def test_protection_is_saved_before_the_check_of_a_stop_or_after_its_row(
    manager: Client, operator: Client, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def protecting() -> None:
        manager.post("/servers/12345/protection/", {"protected": "on"})
        connection.close()

    colleague = threading.Thread(target=protecting)
    usual = Activity.begin

    def begin(*given: Any, **more: Any) -> Activity:
        """Between the check and the row of the stop a colleague protects the server, if that can be."""
        if given[2] == "stop":
            colleague.start()
            colleague.join(0.5)
        return usual(*given, **more)

    monkeypatch.setattr(Activity, "begin", begin)
    assert operator.post("/servers/12345/stop/").status_code == 302
    colleague.join()
    assert list(Activity.objects.order_by("id").values_list("action", flat=True)) == ["stop", "protect"]
    assert operator.post("/servers/12345/reboot/").status_code == 409
    assert simulator.lines == [("POST", "/servers/12345/stop/")]
