"""The page of members: who is one, and what a Manager can do about them."""

from collections.abc import Callable
from functools import partial
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from servers.people import OpenSession
from servers.simulator import Simulator
from tests.conftest import HTMX, PASSWORD, TOKEN
from tests.http.pages import read
from tests.http.people import IPHONE, at_once, browser, page_of, signed_in, trace

pytestmark = pytest.mark.usefixtures("clock")

commits = pytest.mark.django_db(transaction=True, serialized_rollback=True)
"""Each request commits by itself, as it does in use, so that threads see each other's rows."""


def roles_of(name: str) -> list[str]:
    return list(User.objects.get(username=name).groups.values_list("name", flat=True))


def table(client: Client) -> list[list[str]]:
    body = read(client.get("/members/")).one("table", **{"class": "people"}).one("tbody")
    return [[cell.text for cell in row.children] for row in body.all("tr")]


# --- looking ------------------------------------------------------------------------------------------------------


def test_it_shows_everybody_with_role_state_last_sign_in_and_open_sessions(
    manager: Client, operator: Client, member: Callable[..., User]
) -> None:
    browser("otto", IPHONE)
    zoe = member("zoe")
    User.objects.filter(pk=zoe.pk).update(is_active=False, first_name="Ada", last_name="Zoe")
    assert table(manager) == [
        ["mia you", "Manager", "Switched on", "Last sign-in today 12:00", "Signed in now in 1 browser"],
        ["otto", "Operator", "Switched on", "Last sign-in today 12:00", "Signed in now in 2 browsers"],
        ["Ada Zoe zoe", "None", "Switched off", "Last sign-in Never", "Signed in now No"],
    ]


def test_a_superuser_stands_there_as_a_manager_and_is_out_of_reach(manager: Client) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    assert ["root", "Manager", "Switched on"] in [row[:3] for row in table(manager)]
    assert "can be changed only there" in read(manager.get(page_of("root"))).text
    for act in ("role/", "switch-off/", "switch-on/", "end-sessions/", "new-password/"):
        response = manager.post(page_of("root", act), {"role": "Viewer"})
        assert response.status_code == 403
        assert "root was set up on the console's own machine" in read(response).text
    root = User.objects.get(username="root")
    assert (root.is_active, root.is_superuser, root.groups.count()) == (True, True, 0)


def test_a_session_that_expired_is_not_counted(
    manager: Client, operator: Client, later: Callable[[float], None]
) -> None:
    later(settings.SESSION_COOKIE_AGE + 1)
    mia = browser("mia")
    assert [row[4] for row in table(mia)] == ["Signed in now in 1 browser", "Signed in now No"]


def test_the_header_leads_to_it_and_it_leads_to_the_catalogue(manager: Client, operator: Client) -> None:
    nav = read(manager.get("/activity/")).one("nav", **{"class": "frame__nav"})
    assert "/members/" in [link.attributes["href"] for link in nav.all("a")]
    assert "Members" not in read(operator.get("/activity/")).one("nav", **{"class": "frame__nav"}).text
    links = [link.attributes["href"] for link in read(manager.get("/members/")).all("a")]
    assert "/admin/" in links


@pytest.mark.parametrize(
    ("method", "act"),
    [("GET", ""), ("POST", "role/"), ("POST", "switch-off/"), ("POST", "end-sessions/"), ("GET", "../")],
)
def test_who_may_not_is_told_who_can(manager: Client, operator: Client, method: str, act: str) -> None:
    address = "/members/" if act == "../" else page_of("mia", act)
    response = operator.generic(method, address)
    assert response.status_code == 403
    assert "Your role does not allow this. Managers can: mia." in read(response).text
    assert trace() == []


@pytest.mark.parametrize("number", ["0", "99999", "9" * 40])
def test_a_member_that_there_is_not_is_a_page_that_there_is_not(manager: Client, number: str) -> None:
    assert manager.get(f"/members/{number}/").status_code == 404
    assert manager.post(f"/members/{number}/switch-off/").status_code == 404


# --- roles --------------------------------------------------------------------------------------------------------


def test_a_new_role_counts_from_the_next_request(
    manager: Client, operator: Client, simulator: Simulator
) -> None:
    assert operator.get("/servers/new/").status_code == 403
    response = manager.post(page_of("otto", "role/"), {"role": "Manager"}, follow=True)
    assert "otto is now: Manager." in read(response).text
    assert roles_of("otto") == ["Manager"]
    assert operator.get("/servers/new/").status_code == 200
    assert manager.post(page_of("otto", "role/"), {"role": "Viewer"}).status_code == 302
    assert operator.post("/servers/12345/stop/").status_code == 403
    assert ("POST", "/servers/12345/stop/") not in simulator.lines
    assert trace() == ["mia role otto Operator Manager", "mia role otto Manager Viewer"]


def test_the_same_role_again_leaves_no_trace(manager: Client, operator: Client) -> None:
    assert manager.post(page_of("otto", "role/"), {"role": "Operator"}).status_code == 302
    assert roles_of("otto") == ["Operator"]
    assert trace() == []


@pytest.mark.parametrize("role", ["", "manager", "Superuser"])
def test_what_is_no_role_changes_nothing(manager: Client, operator: Client, role: str) -> None:
    response = manager.post(page_of("otto", "role/"), {"role": role})
    assert response.status_code == 422
    assert "Choose a role." in read(response).text
    assert roles_of("otto") == ["Operator"]


def test_groups_beside_the_roles_stay(manager: Client, operator: Client) -> None:
    User.objects.get(username="otto").groups.add(Group.objects.create(name="Bowling"))
    manager.post(page_of("otto", "role/"), {"role": "Viewer"})
    assert sorted(roles_of("otto")) == ["Bowling", "Viewer"]


# --- the last Manager ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "body"),
    [("role/", {"role": "Viewer"}), ("switch-off/", {}), ("leave", {})],
)
def test_nobody_takes_away_the_last_manager(
    manager: Client, operator: Client, member: Callable[..., User], act: str, body: dict[str, str]
) -> None:
    User.objects.filter(pk=member("gone", "Manager").pk).update(is_active=False)
    address = "/me/leave/" if act == "leave" else page_of("mia", act)
    response = manager.post(address, body)
    assert response.status_code == 409
    text = read(response).text
    assert "mia is the last Manager who can sign in. Make somebody else a Manager first." in text
    assert roles_of("mia") == ["Manager"]
    assert User.objects.get(username="mia").is_active
    assert signed_in(manager)
    assert trace() == []


def test_with_a_second_manager_the_first_may_go(manager: Client, member: Callable[..., User]) -> None:
    member("max", "Manager")
    response = manager.post(page_of("mia", "role/"), {"role": "Viewer"})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert manager.get("/members/").status_code == 403


@commits
@pytest.mark.parametrize(("act", "body"), [("role/", {"role": "Viewer"}), ("switch-off/", {})])
def test_two_managers_who_take_each_other_away_at_once_leave_one(
    sign_in: Callable[..., Client], act: str, body: dict[str, str]
) -> None:
    for attempt in range(5):
        one, two = f"one{attempt}", f"two{attempt}"
        first = sign_in(one, "Manager", connected=False)
        second = sign_in(two, "Manager", connected=False)
        User.objects.exclude(username__in=[one, two]).update(is_active=False)
        at_once(
            partial(first.post, page_of(two, act), body),
            partial(second.post, page_of(one, act), body),
        )
        left = User.objects.filter(is_active=True, groups__name="Manager")
        assert left.count() == 1


# --- switching off and on -----------------------------------------------------------------------------------------


def test_switching_off_ends_the_sessions_at_once_and_shuts_the_door(
    manager: Client, operator: Client
) -> None:
    phone = browser("otto", IPHONE)
    keys = [client.session.session_key for client in (operator, phone)]
    response = manager.post(page_of("otto", "switch-off/"), follow=True)
    assert "otto is switched off and signed out everywhere." in read(response).text
    assert not Session.objects.filter(session_key__in=keys).exists()
    assert not OpenSession.objects.filter(user__username="otto").exists()
    for client in (operator, phone):
        assert client.get("/servers/")["Location"].startswith("/login/")
    door = Client().post("/login/", {"login": "otto", "password": PASSWORD}, follow=True)
    assert "Your account is switched off" in read(door).text
    assert trace() == ["mia off otto"]


def test_a_poll_of_somebody_switched_off_leads_to_sign_in(manager: Client, operator: Client) -> None:
    manager.post(page_of("otto", "switch-off/"))
    answer = read(operator.get("/servers/poll/", headers=HTMX))
    assert "You are signed out." in answer.text


def test_switching_on_lets_in_again_but_no_old_session(manager: Client, operator: Client) -> None:
    manager.post(page_of("otto", "switch-off/"))
    manager.post(page_of("otto", "switch-on/"))
    assert not signed_in(operator)
    assert signed_in(browser("otto"))
    assert roles_of("otto") == ["Operator"]
    assert trace() == ["mia off otto", "mia on otto"]


def test_a_session_that_began_while_its_owner_was_switched_off_stays_shut(
    manager: Client, operator: Client
) -> None:
    User.objects.filter(username="otto").update(is_active=False)
    assert OpenSession.objects.filter(user__username="otto").exists()
    manager.post(page_of("otto", "switch-on/"))
    assert not signed_in(operator)


# --- sessions -----------------------------------------------------------------------------------------------------


def test_ending_somebodys_sessions_signs_out_every_browser_and_leaves_the_others(
    manager: Client, operator: Client, viewer: Client
) -> None:
    phone = browser("otto", IPHONE)
    assert "Safari on iPhone" in read(manager.get(page_of("otto"))).text
    response = manager.post(page_of("otto", "end-sessions/"), follow=True)
    assert "2 sessions of otto were ended." in read(response).text
    assert not signed_in(operator)
    assert not signed_in(phone)
    assert signed_in(viewer)
    assert signed_in(manager)
    assert trace() == ["mia ended otto"]


def test_an_ended_session_is_gone_from_the_store_with_its_key(manager: Client, operator: Client) -> None:
    key = operator.session.session_key
    store = import_module(settings.SESSION_ENGINE).SessionStore
    assert "sealed_token" in store(key).load()
    manager.post(page_of("otto", "end-sessions/"))
    assert store(key).load() == {}
    assert not store().exists(key)


def test_what_a_cache_still_holds_of_an_ended_session_opens_nothing(
    manager: Client, operator: Client
) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    name = store(operator.session.session_key).cache_key
    kept = cache.get(name)
    manager.post(page_of("otto", "end-sessions/"))
    cache.set(name, kept)
    assert not signed_in(operator)
    assert cache.get(name) is None


def test_connecting_gives_the_session_a_new_key_and_it_can_still_be_ended(
    manager: Client, sign_in: Callable[..., Client]
) -> None:
    otto = sign_in("otto", "Operator", connected=False)
    before = otto.session.session_key
    assert otto.post("/connect/", {"token": TOKEN}).status_code == 302
    after = otto.session.session_key
    assert before != after
    assert OpenSession.objects.get(user__username="otto").session_key == after
    manager.post(page_of("otto", "end-sessions/"))
    assert not import_module(settings.SESSION_ENGINE).SessionStore().exists(after)
    assert not signed_in(otto)


# --- what was done ------------------------------------------------------------------------------------------------


def test_what_was_done_stands_there_with_who_and_when_newest_first(
    manager: Client, operator: Client, later: Callable[[float], None]
) -> None:
    manager.post(page_of("otto", "role/"), {"role": "Viewer"})
    later(120)
    manager.post(page_of("otto", "switch-off/"))
    rows = read(manager.get("/members/")).all("li", **{"class": "entry entry--change"})
    assert [row.text for row in rows] == [
        "Access switched off otto mia today 12:02",
        "Role changed otto: Operator → Viewer mia today 12:00",
    ]


def test_what_was_done_outlives_its_people(manager: Client, operator: Client) -> None:
    manager.post(page_of("otto", "switch-off/"))
    User.objects.get(username="otto").delete()
    assert trace() == ["mia off otto"]
    assert "Access switched off otto" in read(manager.get("/members/")).text
