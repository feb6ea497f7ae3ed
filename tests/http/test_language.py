"""The language: asked for by the browser, chosen by the person, kept for both."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import translation

from servers.people import Profile
from servers.views.problems import our_fault
from tests.http.pages import read
from tests.http.people import browser

ARABIC = {"Accept-Language": "ar-EG,ar;q=0.9,en;q=0.5"}


def spoken(response: Any) -> tuple[str, str, str]:
    """The language of the page, its direction, and what the answer says of it."""
    html = read(response).one("html").attributes
    return html["lang"], html["dir"], response["Content-Language"]


def choose(client: Client, language: str, to: str = "/accessibility/") -> Any:
    return client.post("/language/", {"language": language, "next": to})


@pytest.mark.django_db
def test_the_browser_says_which_language_and_gets_english_where_it_speaks_none_of_ours(
    client: Client,
) -> None:
    assert spoken(client.get("/login/", headers=ARABIC)) == ("ar", "rtl", "ar")
    assert spoken(client.get("/login/", headers={"Accept-Language": "ta-IN"})) == ("ta", "ltr", "ta")
    assert spoken(client.get("/login/", headers={"Accept-Language": "xx"})) == ("en", "ltr", "en")
    assert "Accept-Language" in client.get("/accessibility/", headers=ARABIC)["Vary"]


@pytest.mark.django_db
def test_a_language_chosen_before_sign_in_is_kept_in_the_browser_and_counts_before_what_it_asks(
    client: Client,
) -> None:
    response = choose(client, "hi")
    assert response["Location"] == "/accessibility/"
    cookie = response.cookies["django_language"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] > 0
    assert spoken(client.get("/login/", headers=ARABIC)) == ("hi", "ltr", "hi")
    assert not Profile.objects.exists()


def test_a_member_has_it_everywhere_and_before_the_next_sign_in(viewer: Client) -> None:
    Profile.objects.create(user=User.objects.get(username="vera"), theme="dark")
    choose(viewer, "ar")
    profile = Profile.objects.get(user__username="vera")
    assert (profile.language, profile.theme) == ("ar", "dark")
    assert spoken(browser("vera").get("/me/")) == ("ar", "rtl", "ar")
    viewer.post("/logout/")
    assert spoken(viewer.get("/login/")) == ("ar", "rtl", "ar")


def test_ones_own_page_keeps_it_in_the_browser_too_and_can_leave_it_to_the_browser_again(
    viewer: Client,
) -> None:
    viewer.post("/me/", {"language": "es"})
    assert viewer.cookies["django_language"].value == "es"
    assert spoken(viewer.get("/me/")) == ("es", "ltr", "es")
    viewer.post("/me/", {"language": ""})
    assert viewer.cookies["django_language"].value == ""
    assert spoken(viewer.get("/me/", headers=ARABIC)) == ("ar", "rtl", "ar")


@pytest.mark.parametrize(("chosen", "saved"), [("es", "Guardado."), ("en", "Saved."), ("", "تم الحفظ.")])
def test_that_it_was_saved_is_said_in_the_language_just_chosen(
    viewer: Client, chosen: str, saved: str
) -> None:
    viewer.post("/me/", {"language": "ta"})
    viewer.get("/me/")
    page = read(viewer.post("/me/", {"language": chosen}, headers=ARABIC, follow=True))
    assert page.one(id="messages").text == saved


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["", "xx", "../ta", "ta\r\nSet-Cookie: a=b"])
def test_what_is_no_language_changes_nothing(client: Client, language: str) -> None:
    response = choose(client, language)
    assert response.status_code == 302
    assert not response.cookies


@pytest.mark.django_db
@pytest.mark.parametrize(
    "to", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""]
)
def test_it_leads_back_to_a_page_of_ours_only(client: Client, to: str) -> None:
    assert choose(client, "ta", to)["Location"] == "/servers/"


@pytest.mark.django_db
@pytest.mark.parametrize("spoken", ["en", "ta"])
def test_every_page_offers_all_languages_in_their_own_words_before_sign_in_too(
    client: Client, spoken: str
) -> None:
    buttons = read(client.get("/login/", headers={"accept-language": spoken})).all("button", name="language")
    assert [button.attributes["value"] for button in buttons] == ["en", "ta", "hi", "es", "ar"]
    assert [button.text for button in buttons] == ["English", "தமிழ்", "हिन्दी", "Español", "العربية"]
    assert {button.attributes["lang"] for button in buttons} == {"en", "ta", "hi", "es", "ar"}


@pytest.mark.django_db
def test_only_a_post_with_its_token_changes_the_language() -> None:
    assert Client().get("/language/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/language/", {"language": "ta"}).status_code == 403


def test_the_page_of_our_own_faults_speaks_the_language_too(rf: RequestFactory) -> None:
    with translation.override("ar"):
        html = read(our_fault(rf.get("/"))).one("html").attributes
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
