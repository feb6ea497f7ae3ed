"""What cannot be pressed, on every page and for every role: it stays reachable and says why in a text of the page."""

from collections.abc import Callable

import pytest
from django.test import Client

from servers.models import Sheet
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

PAGES = [
    "/servers/",
    "/servers/?status=stopped",
    "/servers/?location=us-west&q=web",
    "/servers/12345/",
    "/servers/12346/",
    "/servers/12360/",
    "/servers/12415/",
    "/servers/12345/notes/",
    "/servers/12345/code/",
    "/activity/",
    "/connect/",
    "/me/",
    "/servers/new/",
    "/servers/12345/edit/",
    "/servers/12345/stop/",
    "/servers/12345/delete/",
    "/servers/12345/tags/",
    "/bulk/new/?action=stop&server=12345&server=12346&server=12360",
    "/members/",
    "/members/invite/",
]


@pytest.mark.parametrize("role", ["Viewer", "Operator", "Manager"])
def test_everything_that_cannot_be_pressed_says_why(sign_in: Callable[..., Client], role: str) -> None:
    client = sign_in("robin", role)
    Sheet.objects.create(server_id="12346", protected=True)
    found = 0
    for address in PAGES:
        page = read(client.get(address))
        for element in page.all():
            if element.attributes.get("aria-disabled") != "true":
                assert "disabled" not in element.attributes, element
                continue
            found += 1
            assert page.described(element).endswith((".", "!")), f"{address}: {element.text}"
            assert "title" not in element.attributes
            assert element.tag == "button"
            assert element.attributes["type"] == "button"
    assert found > 20


@pytest.mark.parametrize("role", ["Viewer", "Operator", "Manager"])
def test_no_id_stands_twice_on_a_page(sign_in: Callable[..., Client], role: str) -> None:
    client = sign_in("robin", role)
    Sheet.objects.create(server_id="12346", protected=True)
    for address in PAGES:
        page = read(client.get(address))
        ids = [e.attributes["id"] for e in page.all() if "id" in e.attributes]
        assert sorted(set(ids)) == sorted(ids), address


def test_a_reason_stands_once_beside_the_buttons_of_a_server(viewer: Client) -> None:
    page = read(viewer.get("/servers/12345/"))
    actions = page.one(id="actions-12345")
    assert [text.text for text in actions.all("p")] == ["You can look at servers, but not change them."]
    assert page.described(page.one(id="backups-switch")) == "You can look at servers, but not change them."
    assert "You can look at servers, but not change them." in page.described(page.one(id="protection-switch"))
    assert page.described(page.one(id="delete-12345").one("button")) == "Only Managers can do this."


OF_OPERATORS = {"Start", "Stop", "Restart", "Edit", "backups-switch", "protection-switch"}
OF_MANAGERS = OF_OPERATORS | {"One more like this", "Delete forever", "to lift it"}


def pressable(client: Client, server_id: str, name: str) -> set[str]:
    """The buttons, links and switches of a server's page, of those above, that can be pressed."""
    page = read(client.get(f"/servers/{server_id}/")).one("main")
    found = [
        e for e in page.all() if e.attributes.get("aria-disabled") != "true" and e.tag in ("a", "button")
    ]
    names = {e.text.removesuffix(f" {name}") for e in found} | {e.attributes.get("id", "") for e in found}
    return names & OF_MANAGERS


@pytest.mark.parametrize(
    ("role", "expected"), [("Viewer", set()), ("Operator", OF_OPERATORS), ("Manager", OF_MANAGERS)]
)
def test_each_role_can_press_what_it_may_do(
    sign_in: Callable[..., Client], role: str, expected: set[str]
) -> None:
    client = sign_in("robin", role)
    found = pressable(client, "12345", "web-server-01") | pressable(client, "12360", "mail-02")
    Sheet.objects.create(server_id="12345", protected=True)
    if "protection-switch" in pressable(client, "12345", "web-server-01"):
        found.add("to lift it")
    assert found == expected
