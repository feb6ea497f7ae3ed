"""Your own page: name, time zone, language, sessions, leaving."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from servers.browsers import in_words
from servers.people import OpenSession, Profile
from tests.conftest import HTMX, PASSWORD
from tests.http.pages import read
from tests.http.people import FIREFOX, IPHONE, browser, invite, signed_in, trace

pytestmark = pytest.mark.usefixtures("clock")

NEW = "three words in a row"


def save(client: Client, **typed: str) -> Any:
    return client.post("/me/", {"first_name": "", "last_name": "", "time_zone": ""} | typed, follow=True)


def look(client: Client) -> dict[str, str]:
    """What the page frame says about how the console looks to this person."""
    html = read(client.get("/me/")).one("html")
    return {name: value for name, value in html.attributes.items() if name.startswith("data-")}


def session_lines(client: Client) -> list[str]:
    return [row.text for row in read(client.get("/me/")).all("li", **{"class": "entry entry--session"})]


def test_everybody_reaches_it_by_the_menu_even_without_a_role(sign_in: Callable[..., Client]) -> None:
    nora = sign_in("nora", "", connected=False)
    response = nora.get("/me/")
    assert response.status_code == 200
    menu = read(response).one("details", **{"class": "menu frame__person"})
    assert "/me/" in [link.attributes["href"] for link in menu.all("a")]
    assert "/password/" in [link.attributes["href"] for link in read(response).one("main").all("a")]


def test_a_name_is_what_colleagues_then_see(viewer: Client, manager: Client) -> None:
    response = save(manager, first_name="Mia", last_name="Okafor")
    assert "Saved." in read(response).text
    assert "Managers can: Mia Okafor." in read(viewer.get("/servers/new/")).text


def test_saving_it_gives_no_rights_and_takes_none(viewer: Client) -> None:
    save(viewer, first_name="V", is_superuser="on", is_staff="on", is_active="", username="boss", groups="1")
    vera = User.objects.get(username="vera")
    assert (vera.first_name, vera.is_superuser, vera.is_staff, vera.is_active) == ("V", False, False, True)
    assert list(vera.groups.values_list("name", flat=True)) == ["Viewer"]


def test_colours_rows_and_keys_are_remembered_for_whoever_chose_them(
    manager: Client, operator: Client
) -> None:
    save(manager, theme="dark", rows="compact")
    assert look(manager) == {"data-theme": "dark", "data-rows": "compact", "data-keys": "off"}
    assert look(operator) == {}
    save(manager, theme="", rows="", keys="on")
    assert look(manager) == {}


def test_a_colour_that_there_is_not_is_refused(manager: Client) -> None:
    response = save(manager, theme="pink")
    assert response.status_code == 422
    assert look(manager) == {}


def test_times_are_shown_in_the_time_zone_of_whoever_looks(manager: Client, operator: Client) -> None:
    invite(manager)
    assert "today 12:00" in read(manager.get("/members/")).text
    save(manager, time_zone="Asia/Kolkata")
    assert "today 17:30" in read(manager.get("/members/")).text
    assert "today 12:00" in " ".join(session_lines(operator))
    save(manager, time_zone="")
    assert "today 12:00" in read(manager.get("/members/")).text


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "x" * 200])
def test_a_time_zone_that_there_is_not_is_refused(viewer: Client, zone: str) -> None:
    assert save(viewer, time_zone=zone).status_code == 422
    assert not Profile.objects.exists()


def test_a_zone_that_was_dropped_since_leaves_the_console_usable(viewer: Client) -> None:
    Profile.objects.create(user=User.objects.get(username="vera"), time_zone="Old/Town", language="xx")
    assert viewer.get("/servers/").status_code == 200
    assert "today 12:00" in session_lines(viewer)[0]


def test_no_language_is_asked_for_where_there_is_one(viewer: Client, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English")]
    assert "Language" not in read(viewer.get("/me/")).text


def test_the_language_chosen_is_the_language_of_the_pages(viewer: Client, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    assert read(viewer.get("/me/")).one("html").attributes["lang"] == "en"
    save(viewer, language="de")
    assert read(viewer.get("/me/")).one("html").attributes["lang"] == "de"
    assert viewer.get("/me/")["Content-Language"] == "de"
    save(viewer, language="")
    assert read(viewer.get("/me/")).one("html").attributes["lang"] == "en"


# --- sessions -----------------------------------------------------------------------------------------------------


def test_it_shows_where_you_are_signed_in_and_which_is_here(
    member: Callable[..., User], later: Callable[[float], None]
) -> None:
    member("vera", "Viewer")
    desk = browser("vera", FIREFOX)
    later(600)
    phone = browser("vera", IPHONE)
    assert session_lines(phone) == [
        "Safari on iPhone this browser since today 12:10 here now",
        "Firefox on Linux since today 12:00 last seen today 12:00",
    ]
    later(300)
    desk.get("/activity/")
    assert "Firefox on Linux since today 12:00 last seen today 12:15" in session_lines(phone)


def test_a_poll_is_not_somebody_being_seen(viewer: Client, later: Callable[[float], None]) -> None:
    row = OpenSession.objects.get()
    later(600)
    assert viewer.get("/servers/poll/", headers=HTMX).status_code in (200, 204)
    assert OpenSession.objects.get().seen_at == row.seen_at
    viewer.get("/servers/")
    assert (OpenSession.objects.get().seen_at - row.seen_at).total_seconds() == 600


def test_being_seen_is_written_once_a_minute(viewer: Client, later: Callable[[float], None]) -> None:
    with CaptureQueriesContext(connection) as looked:
        later(59)
        viewer.get("/me/leave/")
    assert not [query for query in looked.captured_queries if query["sql"].startswith("UPDATE")]
    later(2)
    viewer.get("/me/leave/")
    assert "last seen today 12:01" in read(browser("vera").get("/me/")).text


def test_ending_the_others_leaves_this_browser_and_everybody_else(viewer: Client, operator: Client) -> None:
    phone, tablet = browser("vera", IPHONE), browser("vera")
    response = viewer.post("/me/end-others/", follow=True)
    assert "2 other sessions were ended." in read(response).text
    assert not signed_in(phone)
    assert not signed_in(tablet)
    assert signed_in(viewer)
    assert signed_in(operator)


def test_signing_out_takes_the_session_off_the_list(viewer: Client) -> None:
    phone = browser("vera", IPHONE)
    phone.post("/logout/")
    assert len(session_lines(viewer)) == 1


def test_a_new_password_ends_the_others_and_says_so(viewer: Client) -> None:
    phone = browser("vera", IPHONE)
    typed = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    response = viewer.post("/password/", typed, follow=True)
    assert response.request["PATH_INFO"] == "/me/"
    assert "Your password was changed. You are signed in here only." in read(response).text
    assert len(session_lines(viewer)) == 1
    assert not signed_in(phone)


def test_signing_in_again_in_the_same_browser_is_one_session(viewer: Client) -> None:
    viewer.post("/login/", {"login": "vera", "password": PASSWORD})
    assert len(session_lines(viewer)) == 1


def test_another_person_in_the_same_browser_takes_over_no_session(
    viewer: Client, member: Callable[..., User]
) -> None:
    member("nora", "Viewer")
    viewer.post("/logout/")
    viewer.post("/login/", {"login": "nora", "password": PASSWORD})
    assert signed_in(viewer)
    assert list(OpenSession.objects.values_list("user__username", flat=True)) == ["nora"]


# --- leaving ------------------------------------------------------------------------------------------------------


def test_leaving_asks_first_and_then_signs_out_everywhere(viewer: Client) -> None:
    phone = browser("vera", IPHONE)
    assert "Leave this console?" in read(viewer.get("/me/leave/")).text
    assert signed_in(viewer)
    response = viewer.post("/me/leave/", follow=True)
    assert "Your account is switched off" in read(response).text
    assert not signed_in(viewer)
    assert not signed_in(phone)
    assert trace() == ["vera left vera"]


# --- browsers in words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari on Mac"),
        ("curl/8.0", "A browser that does not say its name"),
        ("", "A browser that does not say its name"),
        ("<script>alert(1)</script> Firefox/1", "Firefox"),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: str) -> None:
    assert in_words(user_agent) == words
