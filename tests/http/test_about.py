"""The foot of every page, the statement on accessibility, the list of keys, and the manifest."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.conftest import HTMX
from tests.http.pages import read

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.django_db
def test_a_stranger_reads_how_accessible_the_console_is_and_is_asked_for_nothing() -> None:
    client = Client()
    assert read(client.get("/login/")).one("footer").one("a", href="/accessibility/").text == "Accessibility"
    page = read(client.get("/accessibility/"))
    assert "level AA" in page.text
    assert "Nobody has used this console with a screen reader" in page.text
    assert [link.text for link in page.one("footer").all("a")] == ["Accessibility"]


def test_the_list_of_keys_is_a_page_and_the_same_in_a_dialog(viewer: Client) -> None:
    page = read(viewer.get("/keys/"))
    dialog = read(viewer.get("/keys/", headers=HTMX))
    assert [kbd.text for kbd in page.all("kbd")] == ["/", "j", "k", "x", "Enter", "?", "Esc"]
    assert [kbd.text for kbd in dialog.all("kbd")] == [kbd.text for kbd in page.all("kbd")]
    assert page.one("main").one("a").attributes["href"] == "/me/#id_keys"
    assert dialog.all("html") == []


def test_the_list_of_keys_says_when_they_are_switched_off(viewer: Client) -> None:
    viewer.post("/me/", {"first_name": "Vera"})
    page = read(viewer.get("/keys/"))
    assert page.one("html").attributes["data-keys"] == "off"
    assert "You have switched these shortcuts off." in page.text


@pytest.mark.django_db
def test_the_manifest_describes_an_application_with_icons_of_our_own() -> None:
    client = Client()
    address = read(client.get("/login/")).one("link", rel="manifest").attributes["href"]
    response = client.get(address)
    manifest = response.json()
    assert response["Content-Type"] == "application/manifest+json"
    assert (manifest["start_url"], manifest["display"], manifest["dir"]) == ("/", "standalone", "ltr")
    for icon in manifest["icons"]:
        picture = (Path(settings.BASE_DIR) / icon["src"].lstrip("/")).read_bytes()
        wide, high = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
        assert picture.startswith(PNG)
        assert f"{wide}x{high}" == icon["sizes"]


@pytest.mark.parametrize(
    ("theme", "colours"), [("", ["#f6f7f9", "#14171c"]), ("light", ["#f6f7f9"]), ("dark", ["#14171c"])]
)
def test_the_frame_of_the_browser_has_the_colour_of_the_page(
    viewer: Client, theme: str, colours: list[str]
) -> None:
    viewer.post("/me/", {"theme": theme})
    metas = read(viewer.get("/servers/")).all("meta", name="theme-color")
    assert [meta.attributes["content"] for meta in metas] == colours
