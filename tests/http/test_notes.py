"""Notes about a server: who writes and reads them, and where the newest one is shown."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from servers.models import Note
from servers.simulator import SimulatedServer, Simulator
from tests.conftest import HTMX
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

NOTES = "/servers/12345/notes/"
HOSTILE = "<script>alert(1)</script> \"'><img src=x> {{ text }}"


def texts(client: Client, address: str = "/servers/12345/") -> list[str]:
    return [note.text for note in read(client.get(address)).all("p", **{"class": "note__text"})]


def test_a_note_is_shown_to_everybody_with_its_author_and_time_the_newest_first(
    operator: Client, manager: Client, viewer: Client, simulator: Simulator
) -> None:
    for client, text in ((operator, "Invoices run at six."), (manager, "Moved to the new network.")):
        response = client.post(NOTES, {"text": text})
        assert response.status_code == 302
        assert response["Location"] == "/servers/12345/#notes"
    assert simulator.seen == []
    assert texts(viewer) == ["Moved to the new network.", "Invoices run at six."]
    assert "otto, today 12:00" in read(viewer.get("/servers/12345/")).one(id="notes").text


def test_htmx_gets_the_section_and_what_was_done(operator: Client) -> None:
    partial = read(operator.post(NOTES, {"text": "Written in place."}, headers=HTMX))
    assert [child.attributes["id"] for child in partial.children] == ["notes", "messages", "alerts"]
    assert "Written in place." in partial.one(id="notes").text
    assert partial.one(id="messages").text == "The note was added."


def test_on_the_page_of_all_notes_that_page_follows(operator: Client) -> None:
    for number in range(52):
        operator.post(NOTES, {"text": f"Note {number}."})
    page = read(operator.get(f"{NOTES}?page=2"))
    notes = page.one(id="notes")
    delete, *_ = (form for form in notes.all("form") if "delete" in form.attributes["action"])
    write = page.one("form", **{"class": "form note-form"})
    assert not any("hx-post" in form.attributes for form in (delete, write))
    assert operator.post(delete.attributes["action"])["Location"] == f"{NOTES}?page=2"
    assert operator.post(write.attributes["action"], {"text": "One more."})["Location"] == f"{NOTES}?page=1"
    assert len(texts(operator, f"{NOTES}?page=2")) == 2


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("text", ["", " \n ", "x" * 2001])
def test_an_empty_or_endless_note_comes_back_as_it_was_typed(
    operator: Client, text: str, headers: dict[str, str]
) -> None:
    response = operator.post(NOTES, {"text": text}, headers=headers)
    assert response.status_code == 422
    page = read(response)
    assert page.one("textarea").text == " ".join(text.split())
    assert page.one(id="id_text_error").text
    assert not Note.objects.exists()


def test_hostile_text_is_shown_as_text_wherever_a_note_stands(manager: Client) -> None:
    manager.post(NOTES, {"text": HOSTILE})
    for address in ("", "notes/", "stop/", "reboot/", "delete/"):
        response = manager.get(f"/servers/12345/{address}")
        assert b"<script>alert" not in response.content
        assert b"<img" not in response.content
        assert read(response).one("p", **{"class": "note__text"}).text == " ".join(HOSTILE.split())


@pytest.mark.parametrize("action", ["stop", "reboot", "delete"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "dialog"])
def test_whoever_is_about_to_act_reads_the_newest_note_with_its_author_and_date(
    operator: Client, manager: Client, action: str, headers: dict[str, str]
) -> None:
    operator.post(NOTES, {"text": "An old one."})
    operator.post(NOTES, {"text": "Backups run until two."})
    quote = read(manager.get(f"/servers/12345/{action}/", headers=headers)).one("blockquote")
    assert quote.text == "Backups run until two. Newest note, by otto, today 12:00"


def test_a_confirmation_without_a_note_says_nothing_about_notes(operator: Client) -> None:
    operator.post("/servers/12346/notes/", {"text": "Of another server."})
    assert read(operator.get("/servers/12345/stop/")).all("blockquote") == []


def test_one_deletes_ones_own_note_and_nobody_elses(operator: Client, manager: Client) -> None:
    operator.post(NOTES, {"text": "Mine."})
    address = f"{NOTES}{Note.objects.get().pk}/delete/"
    assert address not in manager.get("/servers/12345/").content.decode()
    refused = manager.post(address)
    assert refused.status_code == 403
    assert "Only the person who wrote a note can delete it." in read(refused).text
    assert texts(manager) == ["Mine."]
    assert address in operator.get("/servers/12345/").content.decode()
    assert operator.post(address).status_code == 302
    assert texts(manager) == []
    assert operator.post(address).status_code == 302


def test_a_note_is_not_deleted_through_the_address_of_another_server(operator: Client) -> None:
    operator.post(NOTES, {"text": "Stays."})
    operator.post(f"/servers/12346/notes/{Note.objects.get().pk}/delete/")
    assert texts(operator) == ["Stays."]


def test_a_note_outlives_its_author(operator: Client, viewer: Client) -> None:
    operator.post(NOTES, {"text": "Still true."})
    User.objects.get(username="otto").delete()
    assert "otto, today 12:00" in read(viewer.get("/servers/12345/")).one(id="notes").text


def test_the_page_of_a_server_shows_the_newest_and_leads_to_the_rest(
    operator: Client, viewer: Client
) -> None:
    for number in range(7):
        operator.post(NOTES, {"text": f"Note {number}"})
    assert texts(viewer) == [f"Note {number}" for number in (6, 5, 4, 3, 2)]
    assert read(viewer.get("/servers/12345/")).one("a", href=NOTES).text == "All 7 notes"
    assert texts(viewer, NOTES) == [f"Note {number}" for number in (6, 5, 4, 3, 2, 1, 0)]


def test_a_viewer_reads_and_does_not_write(viewer: Client) -> None:
    assert read(viewer.get("/servers/12345/")).all("textarea") == []
    for text in ("Let me in.", ""):
        assert viewer.post(NOTES, {"text": text}).status_code == 403
    assert not Note.objects.exists()


def test_whose_key_does_not_list_the_server_reads_and_writes_nothing(
    operator: Client, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    operator.post(NOTES, {"text": "A secret of the shop."})
    note = Note.objects.get()
    simulator.add_account("vps_of-somebody-else", [SimulatedServer(1, "other")])
    stranger = sign_in("sam", "Manager", token="vps_of-somebody-else")
    for response in (
        stranger.get(NOTES),
        stranger.get("/servers/12345/stop/"),
        stranger.post(NOTES, {"text": "I was here."}),
        stranger.post(f"{NOTES}{note.pk}/delete/"),
    ):
        assert response.status_code == 404
        assert "A secret" not in response.content.decode()
    assert list(Note.objects.all()) == [note]
