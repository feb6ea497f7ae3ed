"""Drafts: what was typed comes back until it was sent, to the person who typed it and to nobody else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from servers import drafts, member_forms
from servers import forms as server_forms
from servers.models import Activity, Draft
from servers.open_sessions import end
from servers.people import OpenSession
from servers.simulator import Simulator
from tests.conftest import HTMX, PASSWORD, TOKEN
from tests.http.pages import Element, read
from tests.http.people import invite

pytestmark = pytest.mark.usefixtures("clock")

NEW = "/servers/new/"
EDIT = "/servers/12345/edit/"
TYPED = {
    "name": "shop-9",
    "plan_id": "2",
    "os_id": "5",
    "location": "us-west",
    "hostname": "shop.example.com",
}
BULK = {"action": "stop", "servers": "12345", "key": "00000000-0000-4000-8000-000000000001"}
CAME_BACK = "This is what you typed"

FORMS = [
    pytest.param(NEW, NEW, {"name": "half-ty", "hostname": "shop."}, id="create"),
    pytest.param(
        EDIT, EDIT, {"name": "web-9", "hostname": "w.example.com", "opened_name": "web-server-01"}, id="edit"
    ),
    pytest.param("/servers/12345/notes/", "/servers/12345/notes/", {"text": "half a note"}, id="note"),
    pytest.param("/servers/12345/", "/servers/12345/notes/", {"text": "half a note"}, id="note-on-the-page"),
    pytest.param("/servers/12345/tags/", "/servers/12345/tags/", {"tags": "shop pro"}, id="tags"),
    pytest.param("/servers/12345/delete/", "/servers/12345/delete/", {"confirm_name": "web-"}, id="delete"),
    pytest.param("/members/invite/", "/members/invite/", {"meant_for": "Ann"}, id="invite"),
    pytest.param("/me/", "/me/", {"first_name": "Mi"}, id="me"),
    pytest.param("/bulk/new/?action=stop&server=12345", "/bulk/new/", {"one_by_one": "on"}, id="bulk"),
]


def signature(page: Element) -> str:
    """Names the draft of the only form of the page that has one."""
    return page.one("input", name="draft").attributes["value"]


def values(page: Element) -> dict[str, str]:
    """What stands in the fields of the page."""
    found = {}
    for field in page.all("input") + page.all("textarea"):
        kind = field.attributes.get("type", "text")
        if kind not in ("radio", "checkbox") or "checked" in field.attributes:
            empty = "on" if kind in ("radio", "checkbox") else field.text
            found[field.attributes.get("name", "")] = field.attributes.get("value", empty)
    return found


def type_into(client: Client, page: str, typed: dict[str, str]) -> str:
    """Keep what somebody is typing into the form of the page; gives the signature of the form."""
    shown = signature(read(client.get(page)))
    assert client.post("/drafts/", typed | {"draft": shown}).status_code == 204
    return shown


def end_session(name: str) -> None:
    end(OpenSession.objects.filter(user__username=name))


def sign_in_again(client: Client, name: str, page: str) -> Element:
    """Sign in and connect as the redirects of the console lead, and on to the page."""
    response = client.post("/login/", {"login": name, "password": PASSWORD, "next": page})
    assert response["Location"] == page
    leads = client.get(page)
    if leads.status_code == 302:
        form = read(client.get(leads["Location"])).one("main")
        response = client.post("/connect/", {"token": TOKEN, "next": form.field("next").attributes["value"]})
        assert response["Location"] == page
        leads = client.get(page)
    return read(leads)


@pytest.mark.parametrize(("page", "address", "typed"), FORMS)
class TestEachForm:
    def test_what_was_typed_stands_there_again(
        self, manager: Client, page: str, address: str, typed: dict[str, str]
    ) -> None:
        assert CAME_BACK not in read(manager.get(page)).text
        type_into(manager, page, typed)
        again = read(manager.get(page))
        assert typed.items() <= values(again).items()
        assert f"{CAME_BACK} today 12:00." in again.text

    def test_a_session_that_ended_loses_nothing_and_sends_nothing(
        self, manager: Client, simulator: Simulator, page: str, address: str, typed: dict[str, str]
    ) -> None:
        shown = signature(read(manager.get(page)))
        simulator.seen.clear()
        end_session("mia")
        response = manager.post(address, typed | BULK | {"draft": shown})
        assert response.status_code == 302
        assert simulator.seen == []
        back = page if page.startswith("/bulk") else address
        sign_in = read(manager.get(response["Location"]))
        assert sign_in.one("main").all("form")[0].field("next").attributes["value"] == back
        again = sign_in_again(manager, "mia", back)
        assert typed.items() <= values(again).items()
        assert [line for line in simulator.lines if line[0] != "GET"] == []

    def test_no_key_any_more_loses_nothing(
        self, manager: Client, simulator: Simulator, page: str, address: str, typed: dict[str, str]
    ) -> None:
        if address in ("/me/", "/members/invite/"):
            pytest.skip("needs no key")
        shown = signature(read(manager.get(page)))
        manager.post("/disconnect/")
        response = manager.post(address, typed | BULK | {"draft": shown})
        back = page if page.startswith("/bulk") else address
        form = read(manager.get(response["Location"])).all("form", **{"class": "form"})[0]
        assert form.field("next").attributes["value"] == back
        manager.post("/connect/", {"token": TOKEN})
        assert typed.items() <= values(read(manager.get(back))).items()

    def test_a_stale_page_keeps_it_and_leads_back_to_it(
        self, manager: Client, simulator: Simulator, page: str, address: str, typed: dict[str, str]
    ) -> None:
        shown = signature(read(manager.get(page)))
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = manager.cookies
        response = strict.post(address, typed | {"draft": shown})
        assert response.status_code == 403
        back = page if page.startswith("/bulk") else address
        (link,) = (a for a in read(response).all("a") if a.text == "Back to the form, filled as it was")
        assert link.attributes["href"] == back
        assert typed.items() <= values(read(manager.get(back))).items()

    def test_a_colleague_sees_none_of_it(
        self,
        manager: Client,
        sign_in: Callable[..., Client],
        page: str,
        address: str,
        typed: dict[str, str],
    ) -> None:
        type_into(manager, page, typed)
        other = read(sign_in("max", "Manager").get(page))
        assert CAME_BACK not in other.text
        assert not typed.items() <= values(other).items()

    def test_starting_over_forgets_it(
        self, manager: Client, page: str, address: str, typed: dict[str, str]
    ) -> None:
        type_into(manager, page, typed)
        button = next(b for b in read(manager.get(page)).all("button") if b.text == "Start over")
        response = manager.post("/drafts/", {"start_over": button.attributes["value"]})
        assert response["Location"] == (page if page.startswith("/bulk") else address)
        again = read(manager.get(page))
        assert CAME_BACK not in again.text
        assert not typed.items() <= values(again).items()


@pytest.mark.parametrize(
    ("page", "address", "whole"),
    [
        (NEW, NEW, TYPED),
        (EDIT, EDIT, {"name": "web-9", "opened_name": "web-server-01"}),
        ("/servers/12345/notes/", "/servers/12345/notes/", {"text": "A note."}),
        ("/servers/12345/tags/", "/servers/12345/tags/", {"tags": "shop"}),
        ("/servers/12345/delete/", "/servers/12345/delete/", {"confirm_name": "web-server-01"}),
        ("/members/invite/", "/members/invite/", {"role": "Viewer"}),
        ("/me/", "/me/", {"first_name": "Mia"}),
        ("/bulk/new/?action=stop&server=12345", "/bulk/new/", BULK),
    ],
)
def test_a_form_that_was_sent_leaves_no_draft(
    manager: Client, page: str, address: str, whole: dict[str, str]
) -> None:
    shown = type_into(manager, page, whole)
    assert Draft.objects.exists()
    hidden = {name: value for name, value in values(read(manager.get(page))).items() if "key" in name}
    assert manager.post(address, hidden | whole | {"draft": shown}).status_code in (200, 302)
    assert not Draft.objects.exists()


def test_a_rename_in_place_comes_back_and_ends_with_the_change(operator: Client) -> None:
    page = "/servers/12345/rename/"
    form = read(operator.get(page, headers=HTMX))
    shown = signature(form)
    operator.post("/drafts/", {"name": "web-9", "opened_name": "web-server-01", "draft": shown})
    again = read(operator.get(page, headers=HTMX))
    assert again.field("name").attributes["value"] == "web-9"
    assert CAME_BACK in again.text
    operator.post(page, {"name": "web-9", "opened_name": "web-server-01", "draft": shown}, headers=HTMX)
    assert not Draft.objects.exists()


@pytest.mark.parametrize(("part", "field"), [("rename", "name"), ("tags", "tags")])
def test_who_keeps_what_was_there_finds_nothing_typed_the_next_time(
    operator: Client, part: str, field: str
) -> None:
    page = f"/servers/12345/{part}/"
    form = read(operator.get(page, headers=HTMX))
    assert operator.post(page, {field: "A_B!", "draft": signature(form)}, headers=HTMX).status_code == 422
    assert read(operator.get(page, headers=HTMX)).field(field).attributes["value"] == "A_B!"
    operator.get(f"{page}?keep", headers=HTMX)
    again = read(operator.get(page, headers=HTMX))
    assert again.field(field).attributes.get("value") == form.field(field).attributes.get("value")
    assert CAME_BACK not in again.text


class TestCreate:
    def test_wrong_fields_come_back_even_on_another_day_in_another_browser(
        self, manager: Client, later: Callable[[float], None]
    ) -> None:
        shown = signature(read(manager.get(NEW)))
        assert manager.post(NEW, TYPED | {"name": "shop_9", "draft": shown}).status_code == 422
        later(60 * 60 * 24)
        other = Client()
        assert sign_in_again(other, "mia", NEW).field("name").attributes["value"] == "shop_9"

    def test_a_refused_key_loses_nothing(self, manager: Client, simulator: Simulator) -> None:
        page = read(manager.get(NEW))
        simulator.faults.next("status", "create", status=401, body={"detail": "Invalid token."})
        body = TYPED | {"form_key": page.field("form_key").attributes["value"], "draft": signature(page)}
        assert manager.post(NEW, body).status_code == 409
        manager.post("/connect/", {"token": TOKEN})
        again = read(manager.get(NEW))
        assert again.field("name").attributes["value"] == "shop-9"
        simulator.seen.clear()
        body |= {"form_key": again.field("form_key").attributes["value"], "draft": signature(again)}
        manager.post(NEW, body)
        assert simulator.lines == [("POST", "/servers/")]

    def test_the_form_that_comes_back_is_the_same_one_and_makes_one_server(
        self, manager: Client, simulator: Simulator
    ) -> None:
        page = read(manager.get(NEW))
        key = page.field("form_key").attributes["value"]
        manager.post("/drafts/", TYPED | {"form_key": key, "draft": signature(page)})
        assert read(manager.get(NEW)).field("form_key").attributes["value"] == key
        simulator.seen.clear()
        assert manager.post(NEW, TYPED | {"form_key": key}).status_code == 302
        again = read(manager.get(NEW))
        assert CAME_BACK not in again.text
        assert again.field("form_key").attributes["value"] != key
        assert again.field("name").attributes.get("value", "") == ""
        assert simulator.lines == [("POST", "/servers/")]

    def test_a_draft_of_an_attempt_that_vps_org_refused_has_a_new_key(
        self, manager: Client, simulator: Simulator
    ) -> None:
        page = read(manager.get(NEW))
        key = page.field("form_key").attributes["value"]
        simulator.faults.next("status", "create", status=402, body={"detail": "Not enough credit."})
        manager.post(NEW, TYPED | {"form_key": key, "draft": signature(page)})
        again = read(manager.get(NEW))
        assert again.field("name").attributes["value"] == "shop-9"
        assert again.field("form_key").attributes["value"] != key

    @pytest.mark.parametrize("key", ["", "nonsense", "\x00"])
    def test_a_key_that_is_none_is_replaced(self, manager: Client, key: str) -> None:
        type_into(manager, NEW, {"name": "shop-9", "form_key": key})
        assert len(read(manager.get(NEW)).field("form_key").attributes["value"]) == 36


def test_the_edit_form_that_comes_back_still_protects_what_a_colleague_changed(
    operator: Client, simulator: Simulator
) -> None:
    page = read(operator.get(EDIT))
    typed = values(page) | {"name": "mine"}
    operator.post("/drafts/", typed)
    simulator.account().servers[12345].name = "theirs"
    again = values(read(operator.get(EDIT)))
    assert (again["name"], again["opened_name"]) == ("mine", "web-server-01")
    assert operator.post(EDIT, again).status_code == 409
    assert [line for line in simulator.lines if line[0] != "GET"] == []


class TestSecrets:
    def test_no_form_that_has_a_draft_has_a_secret(self) -> None:
        for module in (server_forms, member_forms):
            for form in vars(module).values():
                if (
                    isinstance(form, type)
                    and issubclass(form, forms.BaseForm)
                    and form.__module__ == module.__name__
                ):
                    secret = {
                        name
                        for name, field in form.base_fields.items()  # type: ignore[attr-defined]
                        if isinstance(field.widget, forms.PasswordInput)
                    }
                    assert not secret & {name for names in drafts.KEPT.values() for name in names}

    def test_a_secret_typed_anywhere_is_in_no_draft(self, manager: Client) -> None:
        secret = "canary-secret-7261"
        link = invite(manager)
        shown = signature(read(manager.get(NEW)))
        fields = "login password token oldpassword password1 password2 new_password1 new_password2 username"
        everywhere = dict.fromkeys(fields.split(), secret) | {"draft": shown}
        newcomer = Client(raise_request_exception=False)
        newcomer.get(link)
        for client in (manager, newcomer):
            for address in ("/login/", "/connect/", "/password/", "/invited/", "/drafts/", NEW):
                client.post(address, everywhere)
        assert Draft.objects.count() == 1
        assert secret not in json.dumps(list(Draft.objects.values_list("address", "fields")))

    @pytest.mark.parametrize("address", ["/login/", "/connect/", "/password/", "/invited/"])
    def test_a_signature_for_a_form_with_a_secret_keeps_nothing(self, manager: Client, address: str) -> None:
        forged = Draft(user=User.objects.get(username="mia"), address=address).signature
        manager.post("/drafts/", {"draft": forged, "token": TOKEN, "password": PASSWORD, "login": "mia"})
        assert not Draft.objects.exists()


class TestBounds:
    @pytest.mark.parametrize("draft", ["", "nonsense", "WzEsIi9zZXJ2ZXJzL25ldy8iXQ:1abc:x"])
    def test_without_our_signature_nothing_is_kept(self, manager: Client, draft: str) -> None:
        assert manager.post("/drafts/", {"draft": draft, "name": "planted"}).status_code == 400
        manager.post(NEW, {"draft": draft, "name": "planted_"})
        assert not Draft.objects.exists()

    def test_a_stranger_cannot_plant_one_by_a_forged_form(self, manager: Client) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = manager.cookies
        assert strict.post(NEW, {"name": "planted"}).status_code == 403
        assert not Draft.objects.exists()

    def test_a_member_has_so_many_at_most_and_the_newest_stay(
        self, manager: Client, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drafts, "MOST", 3)
        for number in range(5):
            type_into(manager, f"{NEW}?again={number}", {"name": f"server-{number}"})
            later(1)
        names = [draft.fields["name"] for draft in Draft.objects.all()]
        assert names == ["server-4", "server-3", "server-2"]

    def test_one_that_is_too_long_is_not_kept(self, manager: Client) -> None:
        type_into(manager, "/servers/12345/notes/", {"text": "x" * (drafts.LARGEST + 1)})
        assert not Draft.objects.exists()

    def test_it_is_gone_after_three_days(self, manager: Client, later: Callable[[float], None]) -> None:
        type_into(manager, "/me/", {"first_name": "Mi"})
        later(drafts.LIFE.total_seconds() + 1)
        other = Client()
        assert CAME_BACK not in sign_in_again(other, "mia", "/me/").text
        other.post("/connect/", {"token": TOKEN})
        type_into(other, NEW, {"name": "x"})
        assert [draft.address for draft in Draft.objects.all()] == [NEW]

    def test_a_typed_confirmation_is_not_there_after_ten_minutes(
        self, manager: Client, later: Callable[[float], None]
    ) -> None:
        type_into(manager, "/servers/12345/delete/", {"confirm_name": "web-server-01"})
        later(601)
        assert CAME_BACK not in read(manager.get("/servers/12345/delete/")).text

    def test_another_member_cannot_forget_it(self, manager: Client, sign_in: Callable[..., Client]) -> None:
        shown = type_into(manager, NEW, {"name": "mine"})
        for client in (sign_in("max", "Manager"), Client()):
            client.post("/drafts/", {"start_over": shown})
        assert Draft.objects.get().fields["name"] == "mine"

    def test_a_body_that_is_too_large_is_a_clear_answer(self, manager: Client) -> None:
        shown = signature(read(manager.get(NEW)))
        assert manager.post(NEW, {"name": "x" * 70_000, "draft": shown}).status_code == 400

    def test_it_goes_with_its_member(self, manager: Client) -> None:
        type_into(manager, NEW, {"name": "mine"})
        User.objects.get(username="mia").delete()
        assert not Draft.objects.exists()


def test_typing_asks_vps_org_nothing_and_changes_nothing(manager: Client, simulator: Simulator) -> None:
    shown = signature(read(manager.get(NEW)))
    simulator.seen.clear()
    manager.post("/drafts/", TYPED | {"draft": shown})
    assert simulator.seen == []
    assert not Activity.objects.exists()


def test_every_form_of_the_table_is_reached_by_a_name() -> None:
    for name in drafts.KEPT:
        arguments: list[Any] = ["12345"] if name.startswith("server-") and name != "server-new" else []
        assert reverse(name, args=arguments)


class TestForHtmx:
    """What the page does with these answers is tested in the browser (test_nothing_is_lost.py)."""

    FIRST = "First-Go-To"

    @pytest.mark.parametrize("address", [NEW, EDIT, "/servers/12345/stop/", "/servers/12345/notes/"])
    def test_a_press_of_somebody_signed_out_is_told_where_to_go_first(
        self, manager: Client, simulator: Simulator, address: str
    ) -> None:
        end_session("mia")
        response = manager.post(address, TYPED, headers=HTMX)
        assert response[self.FIRST] == "/login/?next=%2Fsigned-in%2F"
        assert response.content == b""
        assert simulator.seen == []

    def test_a_press_without_a_key_is_told_to_connect_first(
        self, manager: Client, simulator: Simulator
    ) -> None:
        manager.post("/disconnect/")
        response = manager.post("/servers/12345/stop/", headers=HTMX)
        assert response[self.FIRST] == "/connect/?next=%2Fsigned-in%2F"
        assert simulator.seen == []

    def test_a_page_that_asks_by_itself_is_not(self, manager: Client) -> None:
        end_session("mia")
        for response in (
            manager.get("/servers/poll/?on=list", headers=HTMX),
            manager.post(f"/bulk/{BULK['key']}/drive/", headers=HTMX),
        ):
            assert self.FIRST not in response
            assert "You are signed out." in read(response).text

    def test_the_way_back_asks_for_the_key_and_then_says_who_it_is(self, manager: Client) -> None:
        answer = json.loads(manager.get("/signed-in/")["HX-Trigger"])["signed-in"]
        assert answer["member"] == str(User.objects.get(username="mia").pk)
        assert len(answer["csrf"]) == 64
        manager.post("/disconnect/")
        assert manager.get("/signed-in/")["Location"] == "/connect/?next=%2Fsigned-in%2F"

    def test_a_form_that_fills_a_page_leads_the_browser_on(self, manager: Client) -> None:
        response = manager.post("/me/", {"first_name": "Mia"}, headers=HTMX | {"HX-Target": "main"})
        assert (response.status_code, response["HX-Redirect"]) == (204, "/me/")
        assert "Location" not in response
        assert "Saved." in read(manager.get("/me/")).text


def test_deleting_a_note_keeps_the_one_that_is_being_typed(manager: Client) -> None:
    manager.post("/servers/12345/notes/", {"text": "An old one."})
    page = read(manager.get("/servers/12345/"))
    manager.post("/drafts/", {"draft": signature(page.one(id="notes")), "text": "half a note"})
    (delete,) = (form for form in page.one(id="notes").all("form") if "delete" in form.attributes["action"])
    notes = read(manager.post(delete.attributes["action"], headers=HTMX)).one(id="notes")
    assert "An old one." not in notes.text
    assert notes.one("textarea").text == "half a note"
    assert CAME_BACK in notes.text
