"""Links that are passed on: to become a member, and to choose a new password."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from servers.people import Invitation, OpenSession
from tests.conftest import PASSWORD
from tests.http.pages import read
from tests.http.people import at_once, browser, invite, page_of, signed_in, trace
from vpspanel.logs import OneLine

pytestmark = pytest.mark.usefixtures("clock")

commits = pytest.mark.django_db(transaction=True, serialized_rollback=True)

NEW = "three words in a row"
ANNA = {"username": "anna", "first_name": "", "last_name": "", "password1": NEW, "password2": NEW}
DAY = 24 * 60 * 60


def accept(link: str, **typed: str) -> Any:
    """A stranger's browser opens the link, fills in the form and sends it."""
    stranger = Client(raise_request_exception=False)
    assert stranger.get(link, follow=True).status_code == 200
    return stranger.post("/invited/", ANNA | typed)


def sentence(response: Any) -> str:
    return read(response).one("main").text


# --- an invitation, from the link to the door ---------------------------------------------------------------------


def test_whoever_is_invited_chooses_a_name_and_signs_in_with_the_role(
    manager: Client, viewer: Client
) -> None:
    stranger = Client(headers={"User-Agent": "x"})
    page = stranger.get(invite(manager, "Operator"), follow=True)
    assert "mia has invited you to this console as Operator." in read(page).text
    response = stranger.post("/invited/", ANNA | {"first_name": "Anna", "last_name": "Ode"}, follow=True)
    assert response.request["PATH_INFO"] == "/login/"
    assert "Welcome. Sign in with the name and the password that you chose." in read(response).text
    assert not signed_in(stranger)
    anna = User.objects.get(username="anna")
    assert (anna.get_full_name(), anna.is_staff, anna.is_superuser) == ("Anna Ode", False, False)
    assert list(anna.groups.values_list("name", flat=True)) == ["Operator"]
    assert signed_in(browser("anna", password=NEW))
    assert trace() == ["mia invited Anna Operator", "anna joined anna Operator"]


def test_whoever_has_the_longest_names_can_invite(manager: Client) -> None:
    User.objects.filter(username="mia").update(first_name="M" * 100, last_name="O" * 100)
    assert accept(invite(manager, "Viewer")).status_code == 302
    kept = Invitation._meta.get_field("made_by_name").max_length
    assert len(Invitation.objects.get().made_by_name) == kept


@pytest.mark.parametrize("field", ["is_superuser", "is_staff", "groups", "user_permissions", "role"])
def test_whoever_is_invited_gets_nothing_that_was_not_offered(manager: Client, field: str) -> None:
    assert accept(invite(manager, "Viewer"), **{field: "1"}).status_code == 302
    anna = User.objects.get(username="anna")
    assert (anna.is_staff, anna.is_superuser) == (False, False)
    assert list(anna.groups.values_list("name", flat=True)) == ["Viewer"]
    assert not anna.user_permissions.exists()


def test_a_link_works_once_and_says_so_the_second_time(manager: Client) -> None:
    link = invite(manager)
    assert accept(link).status_code == 302
    again = Client().get(link)
    assert again.status_code == 410
    assert "This link was used already. It works once." in sentence(again)
    assert "A Manager of your team can make you a new one." in sentence(again)
    assert User.objects.count() == 2


def test_a_form_that_was_open_when_the_link_was_used_makes_nobody(manager: Client) -> None:
    link, slow = invite(manager), Client()
    slow.get(link)
    assert accept(link).status_code == 302
    response = slow.post("/invited/", ANNA | {"username": "second"})
    assert (response.status_code, "used already" in sentence(response)) == (410, True)
    assert not User.objects.filter(username="second").exists()


@commits
def test_two_who_use_one_link_at_once_make_one_member(manager: Client) -> None:
    link, clients = invite(manager), [Client(), Client()]
    for client in clients:
        client.get(link)
    answers = at_once(
        *(
            lambda client=client, name=name: client.post("/invited/", ANNA | {"username": name}).status_code
            for client, name in zip(clients, ("anna", "anton"), strict=True)
        )
    )
    assert sorted(answers) == [302, 410]
    assert User.objects.filter(username__in=["anna", "anton"]).count() == 1


@pytest.mark.parametrize(("after", "status"), [(7 * DAY - 1, 302), (7 * DAY, 410)])
def test_a_link_works_for_seven_days(
    manager: Client, later: Callable[[float], None], after: float, status: int
) -> None:
    link = invite(manager)
    later(after)
    response = Client().get(link)
    assert response.status_code == status
    if status == 410:
        assert "This link has expired. It worked for seven days." in sentence(response)


@pytest.mark.parametrize("secret", ["x", "A" * 43, "%00", "a" * 5000, "எண்"])
@pytest.mark.django_db
def test_a_link_that_was_never_made_says_so(secret: str) -> None:
    response = Client(raise_request_exception=False).get(f"/invited/{secret}/")
    assert response.status_code == 404
    assert "This link leads nowhere. Perhaps it was not copied whole." in sentence(response)


@pytest.mark.django_db
def test_the_form_without_a_link_says_so() -> None:
    for response in (Client().get("/invited/"), Client().post("/invited/", ANNA)):
        assert response.status_code == 404
    assert not User.objects.exists()


def test_who_is_signed_in_is_asked_to_sign_out_first_and_the_link_stays_good(
    manager: Client, viewer: Client
) -> None:
    link = invite(manager)
    response = viewer.get(link, follow=True)
    assert response.status_code == 409
    assert "You are signed in as vera, so the link was not used." in sentence(response)
    assert viewer.post("/invited/", ANNA).status_code == 409
    assert accept(link).status_code == 302


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"username": "mia"}, "Somebody else has this name."),
        ({"username": "MIA"}, "Somebody else has this name."),
        ({"username": ""}, "Choose a name to sign in with."),
        ({"username": "an na"}, "Enter a valid username."),
        ({"password1": "short", "password2": "short"}, "This password is too short."),
        ({"password1": "password123", "password2": "password123"}, "This password is too common."),
        (
            {"username": "annabella-o", "password1": "annabella-o1", "password2": "annabella-o1"},
            "too similar",
        ),
        ({"password2": "another"}, "The two password fields"),
        ({"password1": "", "password2": ""}, "Choose a password."),
    ],
)
def test_what_will_not_do_is_said_at_the_field_and_the_link_stays_good(
    manager: Client, typed: dict[str, str], complaint: str
) -> None:
    link = invite(manager)
    response = accept(link, **typed)
    assert response.status_code == 422
    assert complaint in read(response).text
    assert NEW not in response.content.decode()
    assert User.objects.count() == 1
    assert accept(link).status_code == 302


# --- what a Manager sees of it ------------------------------------------------------------------------------------


def test_the_link_is_shown_once_and_only_its_hash_is_kept(manager: Client) -> None:
    link = invite(manager)
    secret = link.split("/")[2]
    assert len(secret) == 43
    assert secret not in manager.get("/members/").content.decode()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            assert secret not in str(cursor.fetchall())


def test_open_invitations_are_listed_until_they_are_used(manager: Client) -> None:
    link = invite(manager, "Viewer", "Anna from the shop")
    assert "Invitation for Anna from the shop as Viewer" in read(manager.get("/members/")).text
    accept(link)
    assert "Invitation for" not in read(manager.get("/members/")).text


def test_a_withdrawn_link_leads_nowhere(manager: Client, operator: Client) -> None:
    link = invite(manager)
    address = f"/members/links/{Invitation.objects.get().pk}/withdraw/"
    assert operator.post(address).status_code == 403
    response = manager.post(address, follow=True)
    assert "The link was withdrawn. It leads nowhere now." in read(response).text
    closed = Client().get(link)
    assert (closed.status_code, "withdrawn by your team" in sentence(closed)) == (410, True)
    assert "Nothing was changed." in read(manager.post(address, follow=True)).text
    assert trace() == ["mia invited Anna Operator", "mia withdrew Anna Operator"]


@pytest.mark.parametrize(("act", "body"), [("switch-off/", {}), ("role/", {"role": "Operator"})])
def test_the_open_invitations_of_somebody_who_stops_being_a_manager_are_withdrawn(
    manager: Client, sign_in: Callable[..., Client], act: str, body: dict[str, str]
) -> None:
    max_ = sign_in("max", "Manager", connected=False)
    link, other = invite(max_, "Manager"), invite(manager, meant_for="Ben")
    manager.post(page_of("max", act), body)
    assert Client().get(link).status_code == 410
    assert Client().get(other).status_code == 302


@pytest.mark.parametrize("role", ["", "Superuser"])
def test_an_invitation_needs_a_role_that_there_is(manager: Client, role: str) -> None:
    response = manager.post("/members/invite/", {"role": role, "meant_for": "Anna"})
    assert response.status_code == 422
    assert "Choose a role." in read(response).text
    assert not Invitation.objects.exists()


# --- a new password -----------------------------------------------------------------------------------------------


def password_link(manager: Client, name: str) -> str:
    response = manager.post(page_of(name, "new-password/"))
    link = read(response).one("p", **{"class": "link"}).one("code").text
    return link.removeprefix("http://testserver")


def test_a_lost_password_is_chosen_anew_and_whoever_knew_the_old_one_is_out(
    manager: Client, operator: Client
) -> None:
    link, stranger = password_link(manager, "otto"), Client()
    assert signed_in(operator)
    assert "You sign in with the name otto" in read(stranger.get(link, follow=True)).text
    typed = {"new_password1": NEW, "new_password2": NEW}
    assert stranger.post("/invited/", typed)["Location"] == "/login/"
    assert not OpenSession.objects.filter(user__username="otto").exists()
    assert not signed_in(operator)
    assert signed_in(browser("otto", password=NEW))
    assert stranger.get(link).status_code == 410
    assert trace() == ["mia link otto", "otto password otto"]


def test_a_bad_new_password_is_refused_and_the_link_stays_good(manager: Client, operator: Client) -> None:
    link, stranger = password_link(manager, "otto"), Client()
    stranger.get(link)
    response = stranger.post("/invited/", {"new_password1": "short", "new_password2": "short"})
    assert response.status_code == 422
    assert signed_in(operator)
    assert stranger.get(link).status_code == 302


def test_a_newer_link_for_a_password_replaces_the_older_one(manager: Client, operator: Client) -> None:
    older, newer = password_link(manager, "otto"), password_link(manager, "otto")
    assert Client().get(older).status_code == 410
    assert Client().get(newer).status_code == 302


def test_who_is_switched_off_gets_in_by_no_link(manager: Client, operator: Client) -> None:
    link = password_link(manager, "otto")
    manager.post(page_of("otto", "switch-off/"))
    assert Client().get(link).status_code == 410
    response = manager.post(page_of("otto", "new-password/"))
    assert (response.status_code, "otto is switched off." in sentence(response)) == (409, True)
    assert User.objects.get(username="otto").check_password(PASSWORD)


# --- where the secret must not be ---------------------------------------------------------------------------------


def test_the_secret_leaves_the_address_before_a_page_is_drawn(manager: Client) -> None:
    link, stranger = invite(manager), Client()
    response = stranger.get(link)
    assert (response.status_code, response["Location"]) == (302, "/invited/")
    secret = link.split("/")[2]
    assert secret not in stranger.get("/invited/").content.decode()
    assert secret not in str(dict(stranger.session))


def test_the_log_holds_no_secret(manager: Client, caplog: pytest.LogCaptureFixture) -> None:
    link = invite(manager)
    secret = link.split("/")[2]
    accept(link)
    with caplog.at_level(logging.DEBUG):
        assert Client().get(link).status_code == 410
        assert Client(enforce_csrf_checks=True).post(link).status_code in (403, 405)
        assert Client().get(f"/invited/{secret}").status_code == 301
    lines = [OneLine("%(message)s").format(record) for record in caplog.records]
    assert any("/invited/" in line for line in lines)
    assert not any(secret in line for line in lines)
