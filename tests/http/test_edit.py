"""Edit, rename and backups: what is sent, and that nobody's words are overwritten unseen."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from servers.models import Activity
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.conftest import turns_the_clock_of_the_cache
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

SERVER = 12345
ADDRESS, PAGE = f"/servers/{SERVER}/edit/", f"/servers/{SERVER}/"
LOOKED = ("GET", PAGE)


def form_on(page: Element) -> dict[str, str]:
    """What a browser sends of the form on a page."""
    return {
        field.attributes["name"]: field.attributes.get("value", "on")
        for field in page.one("form", **{"class": "form"}).all("input")
        if field.attributes.get("type") != "checkbox" or "checked" in field.attributes
    }


@pytest.fixture
def opened(operator: Client, simulator: Simulator) -> dict[str, str]:
    """The form as the operator has it open."""
    form = form_on(read(operator.get(ADDRESS)))
    simulator.seen.clear()
    return form


def body(simulator: Simulator) -> Any:
    return json.loads(simulator.seen[-1].body)


def above(page: Element) -> str:
    """What is said above the form."""
    return page.one("form", id="form").one("div", role="alert").text


def elsewhere(simulator: Simulator, **fields: Any) -> None:
    """Somebody changes the server without this console."""
    for name, value in fields.items():
        setattr(simulator.account().servers[SERVER], name, value)


# --- the whole form ---------------------------------------------------------------------------------------------


def test_it_opens_with_the_server_as_it_is(opened: dict[str, str]) -> None:
    del opened["csrfmiddlewaretoken"], opened["draft"]
    assert opened == {
        "name": "web-server-01",
        "hostname": "web01.example.com",
        "backups_enabled": "on",
        "opened_name": "web-server-01",
        "opened_hostname": "web01.example.com",
        "opened_backups_enabled": "True",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"name": "shop-web"},
        {"hostname": "shop.example.com"},
        {"backups_enabled": False},
        {"name": "a", "hostname": "b.c", "backups_enabled": False},
    ],
)
def test_it_sends_all_three_fields_after_one_look(
    operator: Client, simulator: Simulator, opened: dict[str, str], change: dict[str, Any]
) -> None:
    typed = opened | change
    if "backups_enabled" in change:
        del typed["backups_enabled"]
    response = operator.post(ADDRESS, typed)
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert simulator.lines == [LOOKED, ("PUT", PAGE)]
    whole = {"name": "web-server-01", "hostname": "web01.example.com", "backups_enabled": True}
    assert body(simulator) == whole | change
    page = read(operator.get("/servers/"))
    assert page.one(id="messages").text == f"Saved the changes to {typed['name']} at VPS.org."
    assert typed["name"] in [link.text for link in page.all("a", **{"class": "server"})]
    entry = Activity.objects.get()
    assert (entry.outcome, entry.fields) == ("done", change)


def test_nothing_changed_is_nothing_sent(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    response = operator.post(ADDRESS, opened)
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert simulator.seen == []
    assert not Activity.objects.exists()
    assert "Nothing was different, so nothing was sent." in read(operator.get(PAGE)).text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "web_01"}, "Use letters, numbers and hyphens only. You typed: web_01."),
        ({"name": ""}, "Give the server a name, for example shop-web-1."),
        ({"hostname": "web01"}, "Use a full name with dots, like web01.example.com. You typed: web01."),
        ({"hostname": "a..b"}, "Use a full name with dots, like web01.example.com. You typed: a..b."),
    ],
)
def test_it_says_at_the_field_what_is_wrong_and_sends_nothing(
    operator: Client,
    simulator: Simulator,
    opened: dict[str, str],
    typed: dict[str, str],
    sentence: str,
) -> None:
    response = operator.post(ADDRESS, opened | typed)
    assert response.status_code == 422
    (field,) = typed
    page = read(response)
    assert page.one(id=f"id_{field}_error").text == sentence
    assert above(page) == "Something is missing or wrong below. Nothing was sent."
    assert simulator.seen == []


def test_what_vps_org_finds_wrong_stands_at_its_field(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    typed = opened | {"name": "x" * 64, "hostname": "shop.example.com"}
    response = operator.post(ADDRESS, typed)
    page = read(response)
    assert response.status_code == 422
    assert page.one(id="id_name_error").text == "VPS.org says: Use 1 to 63 letters, digits and hyphens."
    assert above(page) == "VPS.org did not accept what was entered. Nothing was changed."
    assert form_on(page)["hostname"] == "shop.example.com"
    entry = Activity.objects.get()
    assert (entry.outcome, entry.said) == ("refused", "name: Use 1 to 63 letters, digits and hyphens.")


@pytest.mark.parametrize("request_name", ["detail", "replace"])
@pytest.mark.parametrize(
    ("answer", "status", "sentence"),
    [
        pytest.param({"status": 401}, 409, "VPS.org refused your key. Nothing was changed.", id="401"),
        pytest.param({"status": 403}, 403, "Your key is not allowed to do this.", id="403"),
        pytest.param(
            {"status": 429, "headers": {"Retry-After": "20"}}, 409, "asks us to wait 20 seconds", id="429"
        ),
        pytest.param({"status": 503, "headers": {"Retry-After": "9"}}, 502, "a fault of its own", id="503"),
    ],
)
def test_the_form_comes_back_filled_whatever_vps_org_says(
    operator: Client,
    simulator: Simulator,
    opened: dict[str, str],
    request_name: str,
    answer: dict[str, Any],
    status: int,
    sentence: str,
) -> None:
    simulator.faults.next("status", request_name, **answer)
    typed = opened | {"name": "shop-web", "hostname": "shop.example.com"}
    response = operator.post(ADDRESS, typed)
    page = read(response)
    assert response.status_code == status
    assert sentence in page.text
    again = form_on(page)
    assert {name: again[name] for name in typed} == typed | {
        "csrfmiddlewaretoken": again["csrfmiddlewaretoken"]
    }
    assert simulator.account().servers[SERVER].name == "web-server-01"


def test_a_lost_answer_is_sent_once_and_settled_by_the_next_look(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    simulator.faults.next("cut_after_effect", "replace")
    response = operator.post(ADDRESS, opened | {"name": "shop-web"})
    assert response.status_code == 504
    assert simulator.lines == [LOOKED, ("PUT", PAGE)]
    assert Activity.objects.get().outcome == "unknown"
    assert read(operator.get("/servers/")).one(id=f"state-{SERVER}").text == "Asked to change"
    assert read(operator.get(PAGE)).one("h1").text == "shop-web"
    assert Activity.objects.get().outcome == "done"


@pytest.mark.parametrize("answer", [b"", b"{}", b"saved", b'{"server": {"name": "other"}}'])
def test_any_answer_of_success_will_do_as_none_is_documented(
    operator: Client, simulator: Simulator, opened: dict[str, str], answer: bytes
) -> None:
    simulator.faults.next("status", "replace", status=200, body=answer, effect=True)
    assert operator.post(ADDRESS, opened | {"name": "shop-web"}).status_code == 302
    names = [link.text for link in read(operator.get("/servers/")).all("a", **{"class": "server"})]
    assert "shop-web" in names
    assert "web-server-01" not in names


def test_a_server_without_a_hostname_gets_the_one_that_was_typed(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    elsewhere(simulator, hostname=None)
    typed = {"name": "shop-web", "hostname": "shop.example.com"}
    assert operator.post(ADDRESS, opened | {"opened_hostname": ""} | typed).status_code == 302
    assert body(simulator) == typed | {"backups_enabled": True}


def test_a_server_without_a_hostname_is_renamed_without_one(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    elsewhere(simulator, hostname=None)
    none = {"opened_hostname": "", "hostname": ""}
    assert operator.post(ADDRESS, opened | none | {"name": "shop-web"}).status_code == 302
    assert simulator.lines[-1] == ("PATCH", f"/servers/{SERVER}/")
    assert body(simulator) == {"name": "shop-web"}
    assert simulator.account().servers[SERVER].name == "shop-web"


def test_backups_of_which_vps_org_tells_nothing_are_not_switched_by_another_change(
    operator: Client, simulator: Simulator
) -> None:
    simulator.faults.next("wrong_types", "detail", times=3, fields={"backups_enabled": None})
    form = form_on(read(operator.get(ADDRESS)))
    assert operator.post(ADDRESS, form | {"name": "shop-web"}).status_code == 302
    assert simulator.lines[-1] == ("PATCH", PAGE)
    assert body(simulator) == {"name": "shop-web"}
    assert simulator.account().servers[SERVER].backups_enabled
    switched = form | {"name": "web-2", "opened_name": "shop-web", "backups_enabled": "on"}
    assert operator.post(ADDRESS, switched).status_code == 302
    whole = {"name": "web-2", "hostname": "web01.example.com", "backups_enabled": True}
    assert (simulator.lines[-1], body(simulator)) == (("PUT", PAGE), whole)


@turns_the_clock_of_the_cache
def test_a_console_that_dies_while_saving_keeps_others_out_for_two_calls_and_no_longer(
    operator: Client,
    opened: dict[str, str],
    later: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    with monkeypatch.context() as dead:
        dead.setattr(cache, "delete", lambda key: None)
        assert operator.post(ADDRESS, opened | {"name": "shop-web"}).status_code == 302
    again = form_on(read(operator.get(ADDRESS))) | {"hostname": "shop.example.com"}
    # Each of the two calls ends at its deadline at the latest; five seconds more are for what else there is to do.
    later(2 * settings.VPS_API_DEADLINE + 4.5)
    response = operator.post(ADDRESS, again)
    assert response.status_code == 409
    assert "A colleague is saving changes to this server." in read(response).text
    later(1)
    assert operator.post(ADDRESS, again).status_code == 302


# --- somebody else was faster -----------------------------------------------------------------------------------


def test_what_only_a_colleague_changed_is_kept(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    elsewhere(simulator, hostname="colleague.example.com", backups_enabled=False)
    assert operator.post(ADDRESS, opened | {"name": "shop-web"}).status_code == 302
    assert body(simulator) == {
        "name": "shop-web",
        "hostname": "colleague.example.com",
        "backups_enabled": False,
    }


def test_what_both_changed_is_shown_and_nothing_is_sent_until_it_was_seen(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    elsewhere(simulator, name="colleague", backups_enabled=False)
    response = operator.post(ADDRESS, opened | {"name": "mine", "hostname": "mine.example.com"})
    page = read(response)
    assert response.status_code == 409
    assert simulator.lines == [LOOKED]
    assert not Activity.objects.exists()
    rows = [[cell.text for cell in row.children] for row in page.one("tbody").all("tr")]
    assert rows == [["Name", "colleague", "mine"]]

    again = form_on(page)
    assert (again["name"], again["hostname"]) == ("mine", "mine.example.com")
    assert "backups_enabled" not in again, "the colleague's switch is taken over"
    assert operator.post(ADDRESS, again).status_code == 302
    assert body(simulator) == {"name": "mine", "hostname": "mine.example.com", "backups_enabled": False}


def test_the_same_change_by_both_is_no_conflict(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    elsewhere(simulator, name="shop-web")
    assert operator.post(ADDRESS, opened | {"name": "shop-web"}).status_code == 302
    assert simulator.lines == [LOOKED]


# --- in place ---------------------------------------------------------------------------------------------------

RENAME = f"/servers/{SERVER}/rename/"


def test_rename_swaps_the_heading_for_a_field_and_back(operator: Client, simulator: Simulator) -> None:
    form = read(operator.get(RENAME, headers=HTMX))
    assert form.one("form").attributes["id"] == "name"
    assert form.field("name").attributes["value"] == "web-server-01"
    assert read(operator.get(f"{RENAME}?keep", headers=HTMX)).one("h1").text == "web-server-01"
    assert simulator.seen == []
    assert operator.get(RENAME)["Location"] == ADDRESS, "without htmx the edit page does the same"


def test_rename_sends_the_name_alone(operator: Client, simulator: Simulator) -> None:
    response = operator.post(RENAME, {"name": "shop-web", "opened_name": "web-server-01"}, headers=HTMX)
    partial = read(response)
    assert response.status_code == 200
    assert partial.one("h1").text == "shop-web"
    assert partial.one(id="messages").text == "Saved the changes to shop-web at VPS.org."
    assert simulator.lines == [LOOKED, ("PATCH", PAGE)]
    assert body(simulator) == {"name": "shop-web"}
    assert Activity.objects.get().fields == {"name": "shop-web"}


def test_a_name_that_stays_is_not_sent(operator: Client, simulator: Simulator) -> None:
    same = {"name": "web-server-01", "opened_name": "web-server-01"}
    assert operator.post(RENAME, same, headers=HTMX).status_code == 200
    assert simulator.seen == []


def test_rename_shows_the_name_that_somebody_else_gave_before_it_overwrites_it(
    operator: Client, simulator: Simulator
) -> None:
    elsewhere(simulator, name="colleague")
    typed = {"name": "mine", "opened_name": "web-server-01"}
    response = operator.post(RENAME, typed, headers=HTMX)
    form = read(response)
    assert response.status_code == 409
    assert "The name was changed to colleague meanwhile. Save again to use yours." in form.text
    assert simulator.lines == [LOOKED]
    again = {name: form.field(name).attributes["value"] for name in ("name", "opened_name")}
    assert again == {"name": "mine", "opened_name": "colleague"}
    assert operator.post(RENAME, again, headers=HTMX).status_code == 200
    assert body(simulator) == {"name": "mine"}


@pytest.mark.parametrize(
    ("name", "sentence", "calls"),
    [
        ("web_01", "Use letters, numbers and hyphens only. You typed: web_01.", 0),
        ("x" * 64, "VPS.org says: Use 1 to 63 letters, digits and hyphens.", 2),
    ],
)
def test_a_wrong_name_is_told_at_the_field(
    operator: Client, simulator: Simulator, name: str, sentence: str, calls: int
) -> None:
    response = operator.post(RENAME, {"name": name, "opened_name": "web-server-01"}, headers=HTMX)
    assert response.status_code == 422
    assert read(response).one(id="id_name_error").text == sentence
    assert len(simulator.seen) == calls


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("value", ["on", "off"])
def test_the_switch_sends_backups_alone_with_one_request(
    operator: Client, simulator: Simulator, headers: dict[str, str], value: str
) -> None:
    elsewhere(simulator, backups_enabled=value == "off")
    response = operator.post(f"/servers/{SERVER}/backups/", {"backups_enabled": value}, headers=headers)
    assert simulator.lines == [("PATCH", PAGE)]
    assert body(simulator) == {"backups_enabled": value == "on"}
    page = read(response if headers else operator.get(PAGE))
    assert page.one("button", id="backups-switch").attributes["aria-checked"] == str(value == "on").lower()
    assert page.one(id="messages").text == f"Automatic backups are {value}."
    entry = Activity.objects.get()
    assert (entry.outcome, entry.server_name) == ("done", "web-server-01")


def test_the_switch_stays_as_it_was_when_vps_org_refuses(operator: Client, simulator: Simulator) -> None:
    simulator.faults.next("status", "change", status=429, headers={"Retry-After": "20"})
    response = operator.post(f"/servers/{SERVER}/backups/", {"backups_enabled": "off"}, headers=HTMX)
    assert response.status_code == 409
    assert response["HX-Reswap"] == "none"
    assert "wait 20 seconds" in read(response).text


@pytest.mark.parametrize("typed", ["", "maybe"])
def test_the_switch_takes_on_and_off_and_nothing_else(
    operator: Client, simulator: Simulator, typed: str
) -> None:
    response = operator.post(f"/servers/{SERVER}/backups/", {"backups_enabled": typed})
    assert response.status_code == 400
    assert simulator.seen == []


def test_the_log_has_the_name_before_a_rename_that_was_refused_and_after_one_that_was_not(
    operator: Client, simulator: Simulator
) -> None:
    simulator.faults.next("status", request="change", status=403)
    for _ in range(2):
        operator.post(RENAME, {"name": "web-2", "opened_name": "web-server-01"}, headers=HTMX)
    rows = Activity.objects.order_by("id").values_list("outcome", "server_id", "server_name", "fields")
    assert list(rows) == [
        ("refused", "12345", "web-server-01", {"name": "web-2"}),
        ("done", "12345", "web-2", {"name": "web-2"}),
    ]


def test_the_log_has_the_name_that_vps_org_has_just_told_not_the_one_last_seen(
    operator: Client, simulator: Simulator, opened: dict[str, str]
) -> None:
    elsewhere(simulator, name="colleague")
    simulator.faults.next("status", "replace", status=403)
    operator.post(ADDRESS, opened | {"hostname": "shop.example.com"})
    simulator.faults.next("status", "change", status=403)
    operator.post(RENAME, {"name": "mine", "opened_name": "colleague"}, headers=HTMX)
    rows = Activity.objects.values_list("outcome", "server_name")
    assert list(rows) == [("refused", "colleague")] * 2


@pytest.mark.parametrize("answer", [b"", b"{}"])
def test_a_rename_shows_in_the_list_whatever_the_answer_of_success(
    operator: Client, simulator: Simulator, answer: bytes
) -> None:
    simulator.faults.next("status", "change", status=200, body=answer, effect=True)
    operator.post(RENAME, {"name": "shop-web", "opened_name": "web-server-01"}, headers=HTMX)
    names = [link.text for link in read(operator.get("/servers/")).all("a", **{"class": "server"})]
    assert "shop-web" in names
    assert "web-server-01" not in names
