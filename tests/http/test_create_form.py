"""The form of a new server before it is sent: what it proposes, what it says while one types, and its summary."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from servers.models import Offer
from servers.simulator import SimulatedServer, Simulator
from tests.conftest import HTMX
from tests.http.pages import Element, read
from tests.http.test_create import ALL_TYPED, opened, sent_by

pytestmark = pytest.mark.usefixtures("clock")

NEW = "/servers/new/"


def form(client: Client, address: str = NEW) -> dict[str, str]:
    """The form as it is opened, without what only guards it."""
    fields = opened(client, address)
    return {
        name: value
        for name, value in fields.items()
        if value and name not in ("form_key", "csrfmiddlewaretoken", "draft")
    }


def said(client: Client, **typed: str) -> str:
    """What is said at the field while it is typed."""
    return read(client.get("/servers/check/", typed, headers=HTMX)).text


def summed_up(client: Client, fields: dict[str, str]) -> list[str]:
    """The summary, line by line."""
    return [line.text for line in read(client.post("/servers/new/summary/", fields, headers=HTMX)).all("dd")]


# --- what is chosen already -------------------------------------------------------------------------------------


def test_the_system_and_the_location_of_most_servers_are_chosen_and_no_size(manager: Client) -> None:
    assert form(manager) == {"os_id": "3", "location": "eu-central"}


def test_nothing_is_chosen_in_an_account_without_servers(manager: Client, simulator: Simulator) -> None:
    simulator.account().servers.clear()
    cache.clear()
    Offer.objects.create(kind="os_id", value="3", name="Debian 12")
    Offer.objects.create(kind="location", value="us-east", name="New York")
    page = read(manager.get(NEW))
    assert "New York" in page.text
    assert [field for field in sent_by(page) if field in ("plan_id", "os_id", "location")] == []
    assert page.all("button", **{"class": "copy"}) == []


def test_sizes_that_are_used_alike_stand_from_small_to_large(manager: Client, simulator: Simulator) -> None:
    simulator.account().servers.clear()
    cache.clear()
    for value, vcpus, memory in (("11", 8, 8192), ("12", 1, 1024), ("13", 2, 4096), ("14", 2, 2048)):
        Offer.objects.create(kind="plan_id", value=value, name=f"A {value}", vcpus=vcpus, memory=memory)
    size = read(manager.get(NEW)).all("fieldset")[0]
    offered = [choice.one("input").attributes["value"] for choice in size.all("label", **{"class": "choice"})]
    assert offered == ["12", "14", "13", "11"]


def test_a_system_has_the_letters_of_its_family_for_the_eye_only(manager: Client) -> None:
    system = read(manager.get(NEW)).all("fieldset")[1]
    badges = [element for element in system.all("span") if "badge" in element.attributes.get("class", "")]
    assert [badge.text for badge in badges] == ["De", "Ub", "Ub", "Al", "De", "Ro", "Wi"]
    assert {badge.attributes["aria-hidden"] for badge in badges} == {"true"}


def test_the_page_costs_no_remote_call_and_one_question_for_the_catalogue(
    manager: Client, simulator: Simulator, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    manager.get(NEW)
    with django_assert_max_num_queries(6):
        manager.get(f"{NEW}?like=12345")
    assert simulator.seen == []


# --- the next name ----------------------------------------------------------------------------------------------


def test_it_proposes_the_next_name_of_the_newest_series(manager: Client, simulator: Simulator) -> None:
    button = read(manager.get(NEW)).one("button", **{"class": "copy"})
    assert (button.text, button.attributes["value"]) == ("Use this name", "shop-web-4")
    simulator.account().servers[30001] = SimulatedServer(
        id=30001, name="mail-09", created_at=datetime(2026, 11, 24, 11, 59, 30, tzinfo=UTC)
    )
    cache.clear()
    assert read(manager.get(NEW)).one("button", **{"class": "copy"}).attributes["value"] == "mail-10"


def test_it_proposes_nothing_where_a_name_stands_already(manager: Client) -> None:
    page = read(manager.post(NEW, opened(manager) | {"name": "mine"}))
    assert page.all("button", **{"class": "copy"}) == []


# --- one more like this -----------------------------------------------------------------------------------------


def test_one_more_like_a_server_is_filled_from_the_list_under_the_next_names(
    manager: Client, simulator: Simulator
) -> None:
    assert form(manager, f"{NEW}?like=12415") == {
        "name": "shop-web-4",
        "plan_id": "2",
        "os_id": "6",
        "location": "eu-central",
        "hostname": "www4.example.com",
    }
    assert (
        "Whether that has automatic backups is not known here" in read(manager.get(f"{NEW}?like=12415")).text
    )
    assert simulator.seen == []


def test_its_page_leads_there_with_what_is_known_about_backups(manager: Client, simulator: Simulator) -> None:
    page = read(manager.get("/servers/12345/"))
    (link,) = (link for link in page.all("a") if link.text == "One more like this web-server-01")
    simulator.seen.clear()
    assert form(manager, link.attributes["href"]) == {
        "name": "web-server-02",
        "plan_id": "1",
        "os_id": "5",
        "location": "us-west",
        "hostname": "web02.example.com",
        "backups_enabled": "on",
    }
    assert "Filled in like web-server-01" in read(manager.get(link.attributes["href"])).text
    assert "not known" not in read(manager.get(link.attributes["href"])).text
    assert simulator.seen == []


def test_the_menu_of_its_row_leads_there_too(manager: Client) -> None:
    menu = read(manager.get("/servers/?q=web-server-01")).one(id="actions-12345")
    (link,) = (link for link in menu.all("a") if link.text == "One more like this web-server-01")
    assert link.attributes["href"] == f"{NEW}?like=12345"


def test_who_may_not_create_is_told_so_at_the_button(operator: Client) -> None:
    for address in ("/servers/?q=web-server-01", "/servers/12345/"):
        page = read(operator.get(address))
        (button,) = (found for found in page.all("button") if found.text.startswith("One more like this"))
        assert button.attributes["aria-disabled"] == "true"
        assert page.described(button) == "Only Managers can do this."


@pytest.mark.parametrize("like", ["", "../12345", "1" * 65, "%00"])
def test_what_is_no_number_of_a_server_asks_nobody(manager: Client, simulator: Simulator, like: str) -> None:
    assert form(manager, f"{NEW}?like={like}") == {"os_id": "3", "location": "eu-central"}
    assert simulator.seen == []


def test_one_more_like_a_server_that_is_gone_says_so(manager: Client, simulator: Simulator) -> None:
    response = manager.get(f"{NEW}?like=99999")
    assert response.status_code == 404
    assert "no longer exists at VPS.org" in read(response).text
    assert simulator.lines == [("GET", "/servers/99999/")]


# --- said while one types ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "shop-web-4"}, "This name can be used."),
        ({"name": "shop web"}, "Use letters, numbers and hyphens only. You typed: shop web."),
        (
            {"name": "Shop-Web-1"},
            "Another server is called shop-web-1 already. The two would be easy to mix up.",
        ),
        ({"name": "shop-web-1", "except": "12348"}, "This name can be used."),
        ({"name": "  "}, ""),
        ({"hostname": "www9.example.com"}, "This internet name can be used."),
        ({"hostname": "www9"}, "Use a full name with dots, like web01.example.com. You typed: www9."),
        ({"hostname": "WWW1.example.com"}, "The server shop-web-1 has this internet name already."),
        ({"hostname": ""}, ""),
        ({}, ""),
    ],
)
def test_one_sentence_is_said_while_a_name_is_typed(
    operator: Client, simulator: Simulator, typed: dict[str, str], sentence: str
) -> None:
    assert said(operator, **typed) == sentence
    assert simulator.seen == []


@pytest.mark.parametrize("address", [NEW, "/servers/12345/edit/", "/servers/12345/rename/"])
def test_every_form_with_a_name_asks_about_it_and_leaves_the_server_itself_out(
    manager: Client, address: str
) -> None:
    asks = regions(read(manager.get(address, headers=HTMX if "rename" in address else {})))
    assert asks
    for region in asks:
        asked, field = region.attributes["hx-get"], region.attributes["hx-include"].removeprefix("#id_")
        joint = "&" if "?" in asked else "?"
        answer = read(manager.get(f"{asked}{joint}{field}=web-server-01", headers=HTMX)).text
        assert ("Another server" in answer) is (address == NEW and field == "name")


def regions(page: Element) -> list[Element]:
    """The places in which something is said while a field is typed."""
    return page.all("div", **{"class": "field__typed"})


def test_a_field_that_came_back_wrong_says_why_where_the_next_answer_comes(manager: Client) -> None:
    page = read(manager.post(NEW, opened(manager) | {"name": "web_01"}))
    name, hostname = regions(page)
    assert "You typed: web_01." in name.text
    assert hostname.text == ""


# --- the summary ------------------------------------------------------------------------------------------------


def test_the_summary_spells_out_what_the_form_holds(manager: Client, simulator: Simulator) -> None:
    Offer.objects.create(kind="ssh_key_id", value="2", name="Key of Kim")
    Offer.objects.create(kind="location", value="us-west", name="Oregon")
    assert summed_up(manager, ALL_TYPED) == [
        *("shop-web-9", "2 processors, 4 GB memory, 80 GB disk", "Ubuntu 22.04 LTS", "Oregon"),
        *("With automatic backups", "www9.example.com", "Key of Kim"),
    ]
    assert simulator.seen == []


def test_the_summary_says_what_is_not_chosen_yet_and_takes_what_is_wrong_as_it_is(manager: Client) -> None:
    assert summed_up(manager, {"name": ""}) == [
        *("No name yet", "No size chosen yet", "No system chosen yet", "No location chosen yet"),
        "Without automatic backups",
    ]
    wrong = {"name": "a b", "plan_id": "other", "plan_id_other": "77", "os_id": "99", "form_key": "none"}
    assert summed_up(manager, wrong)[:3] == ["a b", "77", "99"]


def test_the_page_brings_its_summary_along(manager: Client) -> None:
    summary = read(manager.get(f"{NEW}?like=12345")).one(id="summary")
    assert [line.text for line in summary.all("dd")] == summed_up(
        manager, opened(manager, f"{NEW}?like=12345")
    )


def test_a_name_of_the_account_of_somebody_else_is_nobodys(
    sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    simulator.world.add_account("vps_another_account", [SimulatedServer(id=1, name="theirs-1")], 0)
    theirs = sign_in("max", "Manager", token="vps_another_account")
    assert said(theirs, name="shop-web-1") == "This name can be used."
    assert said(theirs, name="theirs-1").startswith("Another server")
