"""What is this?: every word that needs it is explained where it stands, and all of them on one page."""

import pytest
from django.core.cache import cache
from django.test import Client

from servers.simulator import Simulator
from servers.terms import GROUPS, TERMS
from tests.conftest import HTMX
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")


def explained(page: Element) -> list[str]:
    """The words of a page that have their "What is this?", which must lead to the meaning."""
    found = []
    for button in page.all("button", **{"class": "what"}):
        meaning = page.one(id=button.attributes["popovertarget"])
        assert "popover" in meaning.attributes
        word = meaning.one("strong").text
        assert button.attributes["aria-label"] == f"What is this? {word}"
        assert meaning.one("span").text.endswith(".")
        found.append(word)
    return found


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "/servers/12345/",
            [
                *("tag", "hostname", "ip_address", "ipv6_address", "location", "size", "system", "number"),
                *("backups", "protection", "note"),
            ],
        ),
        ("/servers/12345/edit/", ["name", "hostname", "backups"]),
        ("/servers/new/", ["name", "size", "system", "location", "hostname", "backups", "ssh_key"]),
        ("/connect/", ["key"]),
        ("/members/", ["role"]),
        ("/me/", ["role"]),
    ],
)
def test_words_are_explained_where_they_stand(manager: Client, address: str, words: list[str]) -> None:
    assert explained(read(manager.get(address))) == [str(TERMS[word].word) for word in words]


@pytest.mark.parametrize("address", ["/servers/", "/activity/?outcome=sent", "/servers/12345/stop/"])
def test_every_page_leads_to_all_words(manager: Client, simulator: Simulator, address: str) -> None:
    page = read(manager.get(address))
    assert page.one("a", id="words").attributes["href"] == "/words/"
    simulator.seen.clear()
    for headers in ({}, HTMX):
        words = read(manager.get("/words/", headers=headers))
        shown = dict(
            zip([word.text for word in words.all("dt")], [m.text for m in words.all("dd")], strict=True)
        )
        for _, terms in GROUPS:
            for term in terms:
                assert shown[str(term.word)] == str(term.meaning)
        assert {"Running", "Not known", "Server", "Sign-in key (SSH key)"} < set(shown)
    assert simulator.seen == []


def test_every_term_is_a_sentence() -> None:
    for term in TERMS.values():
        assert str(term.meaning).endswith(".")
        assert len(str(term.meaning)) < 200


def test_an_empty_page_says_what_would_stand_there(
    manager: Client, viewer: Client, simulator: Simulator
) -> None:
    server = read(manager.get("/servers/12345/"))
    assert "No tags yet." in server.one(id="tags").text
    assert "Nobody has written anything down about this server yet." in server.one(id="notes").text
    assert "Every start, stop, restart and edit of this server will stand here" in server.text
    assert "none with this server, person and outcome" in read(manager.get("/activity/?server=nothing")).text
    simulator.account().servers.clear()
    cache.clear()
    assert "Create the first one" in read(manager.get("/servers/")).text


def test_a_viewer_of_an_empty_account_is_told_who_fills_it(viewer: Client, simulator: Simulator) -> None:
    simulator.account().servers.clear()
    cache.clear()
    page = read(viewer.get("/servers/"))
    assert "as soon as a Manager of your team has created one" in page.text


def test_the_only_member_is_told_whom_the_page_is_for(manager: Client) -> None:
    page = read(manager.get("/members/"))
    assert "Only you are a member so far." in page.text
