"""Tags: set in one line, shown in the list and on the page, searched for by `tag:word`."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from servers.models import Sheet
from servers.simulator import SimulatedServer, Simulator
from tests.conftest import HTMX
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

TAGS = "/servers/12345/tags/"


def save(client: Client, words: str, opened: str = "", server_id: int = 12345) -> None:
    address = f"/servers/{server_id}/tags/"
    assert client.post(address, {"tags": words, "opened_tags": opened}).status_code == 302


def tags(client: Client, server_id: int = 12345) -> list[str]:
    """The tags on the page of a server."""
    shown = read(client.get(f"/servers/{server_id}/")).one(id=f"tags-{server_id}")
    return [link.text.removeprefix("Tag: ") for link in shown.all("a")]


def names(client: Client, query: str) -> list[str]:
    return [link.text for link in read(client.get(f"/servers/?{query}")).all("a", **{"class": "server"})]


def test_words_with_spaces_or_commas_between_them_become_tags(operator: Client, simulator: Simulator) -> None:
    save(operator, " Shop,production  eu-2,shop ,கடை ")
    assert simulator.seen == []
    assert tags(operator) == ["eu-2", "production", "shop", "கடை"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize(
    "line",
    [
        "under_score",
        "<b>",
        "=1+1",
        "-hyphen",
        "a" * 31,
        "tag:shop",
        "right\u202eleft",
        " ".join(f"t{n}" for n in range(21)),
    ],
)
def test_what_is_no_tag_comes_back_as_it_was_typed(
    operator: Client, line: str, headers: dict[str, str]
) -> None:
    response = operator.post(TAGS, {"tags": line, "opened_tags": ""}, headers=headers)
    assert response.status_code == 422
    page = read(response)
    assert page.field("tags").attributes["value"] == line
    assert page.one(id="id_tags_error").text
    assert not Sheet.objects.exists()


def test_the_longest_tag_and_the_most_tags_are_taken(operator: Client) -> None:
    line = " ".join(["a" * 30, *(f"t{n}" for n in range(19))])
    save(operator, line)
    assert len(tags(operator)) == 20


def test_htmx_gets_the_form_and_then_the_tags_where_they_stand(operator: Client) -> None:
    save(operator, "shop")
    form = read(operator.get(TAGS, headers=HTMX)).one("form", id="tags")
    assert form.field("tags").attributes["value"] == "shop"
    assert form.field("opened_tags").attributes["value"] == "shop"
    partial = read(operator.post(TAGS, {"tags": "shop eu", "opened_tags": "shop"}, headers=HTMX))
    assert [child.attributes["id"] for child in partial.children] == ["tags", "messages", "alerts"]
    assert "Tag: eu Tag: shop" in partial.one(id="tags").text
    kept = read(operator.get(f"{TAGS}?keep", headers=HTMX))
    assert "Tag: eu Tag: shop" in kept.one(id="tags").text


def test_without_javascript_the_form_is_a_page_of_its_own(operator: Client) -> None:
    page = read(operator.get(TAGS))
    assert page.one("h1").text == "Tags of web-server-01"
    assert page.one("form", id="tags").attributes["action"] == TAGS


def test_two_people_who_change_the_tags_at_once_both_keep_theirs(operator: Client, manager: Client) -> None:
    save(operator, "old shop")
    # Both open the form on "old shop"; one adds, the other adds and takes away.
    save(operator, "old shop eu", opened="old shop")
    save(manager, "shop production", opened="old shop")
    assert tags(operator) == ["eu", "production", "shop"]


def test_a_row_shows_three_tags_and_how_many_more(viewer: Client, operator: Client) -> None:
    save(operator, "a b c d e")
    shown = read(viewer.get("/servers/")).one(id="tags-12345")
    assert [link.text for link in shown.all("a")] == ["Tag: a", "Tag: b", "Tag: c", "2 more"]


def test_a_tag_leads_to_the_servers_that_have_it_and_no_others(operator: Client) -> None:
    save(operator, "shop eu", server_id=12345)
    save(operator, "shop", server_id=12346)
    save(operator, "shop-eu", server_id=12348)
    link = read(operator.get("/servers/")).one(id="tags-12346").one("a")
    assert link.attributes["href"] == "/servers/?q=tag:shop"
    assert names(operator, "q=tag:shop") == ["db-server-01", "web-server-01"]
    assert names(operator, "q=TAG:shop") == []
    assert names(operator, "q=tag:SHOP+tag:eu") == ["web-server-01"]
    assert names(operator, "q=tag:shop+db-") == ["db-server-01"]
    assert names(operator, "q=tag:nothing") == []


def test_the_servers_that_have_a_tag_can_be_chosen_all_at_once(operator: Client) -> None:
    save(operator, "shop", server_id=12346)
    page = read(operator.get("/bulk/new/?action=stop&all=1&q=tag:shop"))
    assert "Stop 1 server?" in page.text
    assert "db-server-01" in page.text


def test_the_colleagues_list_shows_new_and_removed_tags_at_its_next_tick(
    operator: Client, viewer: Client
) -> None:
    def tick(seen: str) -> list[str]:
        response = viewer.get(f"/servers/poll/?on=list&ids=12345,12346&seen={seen}", headers=HTMX)
        cells = read(response)
        assert cells.all(id="tags-12346") == []
        return [link.text for link in cells.one(id="tags-12345").all("a")]

    def seen() -> str:
        return read(viewer.get("/servers/")).one(id="seen").field("seen").attributes["value"]

    before = seen()
    save(operator, "shop")
    assert tick(before) == ["Tag: shop"]
    before = seen()
    save(operator, "", opened="shop")
    assert tick(before) == []


def test_the_list_asks_for_the_tags_of_its_page_with_one_query(
    sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    many = [SimulatedServer(number, f"web-{number}") for number in range(1, 121)]
    simulator.add_account("vps_with-many-servers", many)
    client = sign_in("olga", "Operator", token="vps_with-many-servers")
    Sheet.objects.bulk_create(Sheet(server_id=str(number), tags=["shop"]) for number in range(1, 121))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = read(client.get("/servers/"))
    assert len(page.all("a", href="/servers/?q=tag:shop")) == 50
    (asked,) = [query["sql"] for query in queries if "servers_sheet" in query["sql"]]
    assert asked.count("'") == 100


def test_a_viewer_sees_tags_and_does_not_change_them(viewer: Client, operator: Client) -> None:
    save(operator, "shop")
    page = read(viewer.get("/servers/12345/"))
    assert page.all(id="retag") == []
    assert viewer.post(TAGS, {"tags": "", "opened_tags": "shop"}).status_code == 403
    assert tags(viewer) == ["shop"]


def test_whose_key_does_not_list_the_server_sets_no_tags(
    operator: Client, sign_in: Callable[..., Client], simulator: Simulator
) -> None:
    save(operator, "shop")
    simulator.add_account("vps_of-somebody-else", [SimulatedServer(1, "other")])
    stranger = sign_in("sam", "Manager", token="vps_of-somebody-else")
    assert stranger.get(TAGS).status_code == 404
    assert stranger.post(TAGS, {"tags": "mine", "opened_tags": "shop"}).status_code == 404
    assert names(stranger, "q=tag:shop") == []
    assert tags(operator) == ["shop"]
