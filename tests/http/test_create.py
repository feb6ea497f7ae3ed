"""Create a server: what is offered, what is sent, and that one form never makes two servers."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from servers.models import Activity, Offer
from servers.simulator import Simulator
from tests.conftest import HTMX, TOKEN
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

# Each request commits by itself, as it does in use: a form's key that is taken would spoil the test's transaction.
commits = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TYPED = {"name": "shop-web-9", "plan_id": "1", "os_id": "5", "location": "us-west"}
ALL_TYPED = TYPED | {"hostname": "www9.example.com", "ssh_key_id": "2", "backups_enabled": "on"}


def opened(client: Client, address: str = "/servers/new/") -> dict[str, str]:
    """The form as a browser would send it back untouched."""
    return sent_by(read(client.get(address)))


def sent_by(page: Element) -> dict[str, str]:
    """What a browser sends of the form on a page."""
    fields = {}
    for field in page.one("form", **{"class": "form"}).all("input"):
        kind = field.attributes.get("type", "text")
        if kind not in ("radio", "checkbox") or "checked" in field.attributes:
            fields[field.attributes["name"]] = field.attributes.get(
                "value", "on" if kind == "checkbox" else ""
            )
    return fields


def created(simulator: Simulator) -> list[Any]:
    """The bodies of the requests to create."""
    return [json.loads(seen.body) for seen in simulator.seen if seen.line == ("POST", "/servers/")]


def made(simulator: Simulator, name: str = "shop-web-9") -> list[int]:
    """The ids of the servers of that name at VPS.org."""
    return [server.id for server in simulator.account().servers.values() if server.name == name]


def row() -> Activity:
    return Activity.objects.get()


# --- what is offered --------------------------------------------------------------------------------------------


def test_it_offers_what_the_servers_use_the_most_used_first_and_the_catalogue(manager: Client) -> None:
    Offer.objects.create(kind="location", value="eu-north", name="Stockholm")
    Offer.objects.create(kind="location", value="us-east", name="New York")
    Offer.objects.create(kind="ssh_key_id", value="3", name="Key of Kim")
    page = read(manager.get("/servers/new/"))
    size, system, location, _ = page.all("fieldset")
    assert [choice.text for choice in location.all("label", **{"class": "choice"})] == [
        *("New York used by 7 servers", "eu-central used by 7 servers", "us-west used by 6 servers"),
        *("ap-south used by 4 servers", "Stockholm"),
    ]
    used = [
        int(choice.text.rsplit("used by ")[1].split()[0])
        for choice in size.all("label", **{"class": "choice"})
    ]
    assert used == sorted(used, reverse=True)
    assert "2 processors 4 GB memory 80 GB disk Standard VPS used by 8 servers" in size.text
    assert "Debian 12" in system.text
    assert "Key of Kim: 3" in page.text


def test_it_still_offers_the_catalogue_when_vps_org_does_not_answer(
    manager: Client, simulator: Simulator
) -> None:
    Offer.objects.create(kind="location", value="eu-north", name="Stockholm")
    cache.clear()
    simulator.faults.next("cut", "list", times=2)
    response = manager.get("/servers/new/")
    assert response.status_code == 200
    assert "VPS.org did not answer." in read(response).text
    assert "Stockholm" in read(response).text


# --- what is sent -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "body"),
    [
        pytest.param(
            TYPED, {"name": "shop-web-9", "plan_id": 1, "os_id": 5, "location": "us-west"}, id="required-only"
        ),
        pytest.param(
            ALL_TYPED | {"extra": "1", "message": "no"},
            {
                "name": "shop-web-9",
                "plan_id": 1,
                "os_id": 5,
                "location": "us-west",
                "hostname": "www9.example.com",
                "ssh_key_id": 2,
                "backups_enabled": True,
            },
            id="all-documented",
        ),
        pytest.param(
            TYPED
            | {"plan_id": "other", "plan_id_other": "3", "os_id": "", "os_id_other": "7"}
            | {"location": "other", "location_other": "ap-south"},
            {"name": "shop-web-9", "plan_id": 3, "os_id": 7, "location": "ap-south"},
            id="ids-by-hand",
        ),
    ],
)
def test_it_sends_the_documented_fields_once_and_leads_to_the_new_server(
    manager: Client, simulator: Simulator, typed: dict[str, str], body: dict[str, object]
) -> None:
    response = manager.post("/servers/new/", opened(manager) | typed)
    (server_id,) = made(simulator)
    assert (response.status_code, response["Location"]) == (302, f"/servers/{server_id}/")
    assert simulator.lines == [("POST", "/servers/")]
    assert created(simulator) == [body]
    page = read(manager.get("/servers/"))
    assert page.one(id=f"state-{server_id}").text == "Being set up"
    assert page.one(id="messages").text.startswith("Asked VPS.org to create shop-web-9.")
    assert simulator.lines == [("POST", "/servers/")], "the answer is enough for the list"
    assert (row().outcome, row().server_id, row().server_name) == ("accepted", str(server_id), "shop-web-9")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "web_01"}, "Use letters, numbers and hyphens only. You typed: web_01."),
        ({"name": ""}, "Give the server a name, for example shop-web-1."),
        ({"name": "ü"}, "Use letters, numbers and hyphens only. You typed: ü."),
        ({"plan_id": ""}, "Choose a size."),
        ({"plan_id": "other", "plan_id_other": "big"}, "Use a whole number. You typed: big."),
        ({"plan_id": "9" * 30}, "Use a whole number."),
        ({"os_id": "other"}, "Choose a system."),
        ({"location": ""}, "Choose a location."),
        ({"ssh_key_id": "mine"}, "Use a whole number. You typed: mine."),
        ({"hostname": "web01"}, "Use a full name with dots, like web01.example.com. You typed: web01."),
        ({"form_key": "not-a-key"}, "Something is missing or wrong below."),
    ],
)
def test_it_says_at_the_field_what_is_wrong_and_sends_nothing(
    manager: Client, simulator: Simulator, typed: dict[str, str], sentence: str
) -> None:
    response = manager.post("/servers/new/", opened(manager) | ALL_TYPED | typed)
    assert response.status_code == 422
    assert sentence in read(response).text
    assert simulator.seen == []
    assert not Activity.objects.exists()


# --- refused ----------------------------------------------------------------------------------------------------

REFUSALS = [
    pytest.param({"status": 401}, 409, "VPS.org refused your key. Nothing was changed.", id="401"),
    pytest.param(
        {"status": 402}, 422, "Not enough credit at VPS.org, so the server was not created.", id="402"
    ),
    pytest.param({"status": 403}, 403, "Your key is not allowed to do this. Nothing was changed.", id="403"),
    pytest.param(
        {"status": 429, "headers": {"Retry-After": "20"}},
        409,
        "VPS.org asks us to wait 20 seconds.",
        id="429",
    ),
    pytest.param(
        {"status": 400, "body": {"name": ["Taken."], "plan_id": ["Sold out."]}}, 422, "Sold out.", id="400"
    ),
]


@pytest.mark.parametrize(("answer", "status", "sentence"), REFUSALS)
def test_a_refusal_keeps_every_choice_under_a_new_key(
    manager: Client, simulator: Simulator, answer: dict[str, Any], status: int, sentence: str
) -> None:
    first = opened(manager) | ALL_TYPED
    simulator.faults.next("status", "create", **answer)
    response = manager.post("/servers/new/", first)
    assert response.status_code == status
    assert sentence in read(response).text
    again = sent_by(read(response))
    assert {name: again[name] for name in ALL_TYPED} == ALL_TYPED
    assert again["form_key"] != first["form_key"]
    assert (row().outcome, made(simulator)) == ("refused", [])


def test_what_vps_org_finds_wrong_with_a_field_stands_at_that_field(
    manager: Client, simulator: Simulator
) -> None:
    body = {"errors": {"name": ["Taken."], "plan_id": "Sold <b>out</b>.", "colour": ["No such field."]}}
    simulator.faults.next("status", "create", status=400, body=body)
    page = read(manager.post("/servers/new/", opened(manager) | ALL_TYPED))
    assert page.one(id="id_name_error").text == "VPS.org says: Taken."
    assert page.one(id="id_plan_id_error").text == "VPS.org says: Sold out ."
    assert row().said == "name: Taken. plan_id: Sold out . colour: No such field."
    assert "VPS.org says: No such field." in page.one("main").all("div", role="alert")[1].text


def test_above_fields_that_vps_org_refused_it_does_not_say_that_nothing_was_sent(
    manager: Client, simulator: Simulator
) -> None:
    typed = opened(manager) | ALL_TYPED | {"ssh_key_id": "999999"}
    page = read(manager.post("/servers/new/", typed))
    said = page.one("form", id="form").all("div", role="alert")[0].text
    assert said == "VPS.org did not accept what was entered. Nothing was changed."
    assert len(simulator.seen) == 1


def test_after_a_refusal_the_same_form_can_be_sent_again(manager: Client, simulator: Simulator) -> None:
    simulator.account().credit = 0
    response = manager.post("/servers/new/", opened(manager) | ALL_TYPED)
    assert response.status_code == 422
    simulator.account().credit = 500
    assert manager.post("/servers/new/", sent_by(read(response))).status_code == 302
    assert len(made(simulator)) == 1


@pytest.mark.parametrize("restarted", [False, True], ids=["list-known", "list-not-known"])
def test_a_key_refused_while_the_form_was_open_keeps_what_was_typed(
    manager: Client, simulator: Simulator, restarted: bool
) -> None:
    form = opened(manager) | ALL_TYPED
    if restarted:
        cache.clear()
    del simulator.world.accounts[TOKEN]
    response = manager.post("/servers/new/", form)
    assert response.status_code == 409
    again = sent_by(read(response))
    assert {name: again[name] for name in ALL_TYPED} == ALL_TYPED
    assert "VPS.org refused your key." in read(response).text
    assert len(simulator.seen) == 1


# --- one form, one server ---------------------------------------------------------------------------------------


@commits
def test_the_same_form_sent_twice_makes_one_server(manager: Client, simulator: Simulator) -> None:
    form = opened(manager) | TYPED
    first, second = manager.post("/servers/new/", form), manager.post("/servers/new/", form)
    (server_id,) = made(simulator)
    assert first["Location"] == f"/servers/{server_id}/"
    assert second["Location"] == f"/servers/new/{form['form_key']}/"
    assert manager.get(second["Location"])["Location"] == f"/servers/{server_id}/"
    assert created(simulator) == [json.loads(simulator.seen[0].body)]


@commits
def test_the_same_form_sent_twice_at_once_makes_one_server(manager: Client, simulator: Simulator) -> None:
    form = opened(manager) | TYPED
    barrier = threading.Barrier(2)
    answers: list[str] = []

    def press() -> None:
        tab = Client(raise_request_exception=False)
        tab.cookies = manager.cookies
        barrier.wait()
        answers.append(tab.post("/servers/new/", form).get("Location", "no redirect"))
        connection.close()

    tabs = [threading.Thread(target=press) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    (server_id,) = made(simulator)
    assert sorted(answers) == [f"/servers/{server_id}/", f"/servers/new/{form['form_key']}/"]
    assert len(created(simulator)) == 1


@commits
@pytest.mark.parametrize("fault", ["cut_after_effect", "cut_body"])
def test_a_lost_answer_with_effect_leads_to_the_server_that_was_made(
    manager: Client, simulator: Simulator, fault: str
) -> None:
    form = opened(manager) | TYPED
    simulator.faults.next(fault, "create")
    response = manager.post("/servers/new/", form)
    outcome = f"/servers/new/{form['form_key']}/"
    assert (response.status_code, response["Location"]) == (302, outcome)
    assert row().outcome == "unknown"

    (server_id,) = made(simulator)
    found = manager.get(outcome)
    assert (found.status_code, found["Location"]) == (302, f"/servers/{server_id}/")
    assert (row().outcome, row().server_id) == ("accepted", str(server_id))
    assert manager.post("/servers/new/", form)["Location"] == outcome
    assert len(created(simulator)) == 1


@commits
def test_a_lost_answer_without_effect_says_so_and_offers_the_form_under_a_new_key(
    manager: Client, simulator: Simulator
) -> None:
    form = opened(manager) | ALL_TYPED
    simulator.faults.next("cut", "create")
    outcome = manager.post("/servers/new/", form)["Location"]
    page = read(manager.get(outcome))
    assert page.one("h1").text == "Was shop-web-9 created?"
    assert "VPS.org shows no new server of the name shop-web-9 so far." in page.text
    (again,) = (link for link in page.all("a") if "again" in link.attributes["href"])
    filled = opened(manager, again.attributes["href"])
    assert {name: filled[name] for name in ALL_TYPED} == ALL_TYPED
    assert filled["form_key"] != form["form_key"]

    assert manager.post("/servers/new/", form)["Location"] == outcome, "a reload sends nothing"
    assert made(simulator) == []
    assert manager.post("/servers/new/", filled).status_code == 302
    assert len(made(simulator)) == 1
    assert len(created(simulator)) == 2


def test_what_was_typed_by_hand_is_still_chosen_when_the_form_is_offered_again(
    manager: Client, simulator: Simulator
) -> None:
    simulator.faults.next("cut", "create")
    form = opened(manager) | ALL_TYPED | {"plan_id": "other", "plan_id_other": "77"}
    manager.post("/servers/new/", form)
    again = opened(manager, f"/servers/new/?again={form['form_key']}")
    assert again["plan_id"] == "77"


def test_a_server_of_that_name_which_was_there_before_is_not_taken_for_the_new_one(
    manager: Client, simulator: Simulator
) -> None:
    form = opened(manager) | TYPED | {"name": "web-server-01"}
    simulator.faults.next("cut", "create")
    page = read(manager.get(manager.post("/servers/new/", form)["Location"]))
    assert page.one("h1").text == "Was web-server-01 created?"
    assert row().outcome == "unknown"


def test_the_page_of_a_lost_answer_asks_no_more_often_than_every_other_page(
    manager: Client, simulator: Simulator
) -> None:
    simulator.faults.next("cut", "create")
    outcome = manager.post("/servers/new/", opened(manager) | TYPED)["Location"]
    for _ in range(5):
        page = read(manager.get(outcome, headers=HTMX))
    assert simulator.lines.count(("GET", "/servers/")) == 1
    live = page.one(id="live").attributes
    assert (live["hx-trigger"], live["hx-get"]) == ("tick", outcome)


@commits
def test_the_page_of_a_lost_answer_leads_to_the_server_by_itself(
    manager: Client, simulator: Simulator
) -> None:
    simulator.faults.next("cut_after_effect", "create")
    outcome = manager.post("/servers/new/", opened(manager) | TYPED)["Location"]
    simulator.faults.next("cut", "list", times=2)
    assert "VPS.org does not answer just now." in read(manager.get(outcome, headers=HTMX)).text
    assert row().outcome == "unknown"
    (server_id,) = made(simulator, TYPED["name"])
    assert manager.get(outcome, headers=HTMX)["HX-Redirect"] == f"/servers/{server_id}/"


def test_while_vps_org_does_not_answer_nothing_is_offered_but_to_look_again(
    manager: Client, simulator: Simulator
) -> None:
    simulator.faults.next("cut", "create")
    outcome = manager.post("/servers/new/", opened(manager) | TYPED)["Location"]
    simulator.faults.next("cut", "list", times=2)
    page = read(manager.get(outcome)).one("main")
    assert [link.attributes["href"] for link in page.all("a")] == [outcome]
    assert "VPS.org does not answer just now." in page.text


def test_the_form_of_somebody_else_is_not_there(
    sign_in: Callable[..., Client], manager: Client, simulator: Simulator
) -> None:
    simulator.faults.next("cut", "create")
    form = opened(manager) | TYPED
    outcome = manager.post("/servers/new/", form)["Location"]
    other = sign_in("max", "Manager")
    assert other.get(outcome).status_code == 404
    assert opened(other, f"/servers/new/?again={form['form_key']}").get("name") == ""
