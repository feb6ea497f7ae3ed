"""The list as a CSV file: what is filtered, in its order, all pages of it, and no cell that runs."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from servers.models import Sheet
from servers.simulator import SimulatedServer, Simulator
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

TOKEN = "vps_an.account.of.its.own"
SERVERS = [
    SimulatedServer(1, "web-10", "active", "w10.example.com", "192.0.2.9", location="us-east"),
    SimulatedServer(2, "web-2", "stopped", None, None, created_at=datetime(2026, 1, 3, 9, 30, tzinfo=UTC)),
    SimulatedServer(3, "Alpha", "suspended", "a.example.com", "10.0.0.1"),
]


@pytest.fixture
def vera(simulator: Simulator, sign_in: Callable[..., Client]) -> Client:
    """A viewer whose account has three servers, just seen."""
    simulator.add_account(TOKEN, SERVERS)
    return sign_in("vera", "Viewer", token=TOKEN)


def table(response: Any) -> list[list[str]]:
    assert response.status_code == 200
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_it_holds_the_columns_of_the_list_with_tags_and_protection(
    vera: Client, simulator: Simulator
) -> None:
    Sheet.objects.create(server_id="2", tags=["eu", "shop"], protected=True)
    response = vera.get("/servers.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="servers-2026-11-24.csv"'
    head, *lines = table(response)
    assert head == [
        *("Name", "Hostname", "Status", "Address", "Location", "Size", "System", "Created"),
        *("Tags", "Protected", "Number at VPS.org", "Seen at VPS.org"),
    ]
    assert [line[0] for line in lines] == ["Alpha", "web-2", "web-10"]
    assert lines[1] == [
        *("web-2", "", "Stopped", "", "us-west", "2\xa0processors, 4\xa0GB memory, 80\xa0GB disk"),
        *(
            "Ubuntu 22.04 LTS",
            "2026-01-03T09:30:00+00:00",
            "eu shop",
            "Yes",
            "2",
            "2026-11-24T12:00:00+00:00",
        ),
    ]
    assert lines[0][8:10] == ["", "No"]
    assert simulator.seen == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=web",
        "q=tag:shop",
        "q=is:protected",
        "status=stopped",
        "location=us-east",
        "sort=-name",
        "sort=protected",
    ],
)
def test_it_holds_what_the_list_shows_in_the_same_order(vera: Client, query: str) -> None:
    Sheet.objects.create(server_id="1", tags=["shop"], protected=True)
    shown = [link.text for link in read(vera.get(f"/servers/?{query}")).all("a", **{"class": "server"})]
    assert shown
    assert [line[0] for line in table(vera.get(f"/servers.csv?{query}"))[1:]] == shown


def test_it_holds_all_pages(sign_in: Callable[..., Client], simulator: Simulator) -> None:
    many = [SimulatedServer(number, f"web-{number}") for number in range(1, 121)]
    simulator.add_account(TOKEN, many)
    client = sign_in("olga", "Operator", token=TOKEN)
    assert len(table(client.get("/servers.csv?page=2"))) == 121


def test_the_foot_of_the_list_leads_to_it_with_the_filters(vera: Client) -> None:
    page = read(vera.get("/servers/?q=web&sort=-name&page=1"))
    (link,) = [a for a in page.all("a") if a.text == "Download as CSV"]
    address = link.attributes["href"]
    assert address.startswith("/servers.csv?")
    assert [line[0] for line in table(vera.get(address))[1:]] == ["web-10", "web-2"]


def test_no_formula_hides_in_a_cell(sign_in: Callable[..., Client], simulator: Simulator) -> None:
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1"]  # noqa: RUF001 - runs as well
    servers = [SimulatedServer(number, name, hostname=name) for number, name in enumerate(hostile, 1)]
    simulator.add_account(TOKEN, servers)
    client = sign_in("vera", "Viewer", token=TOKEN)
    lines = table(client.get("/servers.csv"))[1:]
    assert len(lines) == len(hostile)
    for line in lines:
        assert line[0].startswith("'")
        assert line[1].startswith("'")


def test_whose_role_does_not_let_them_look_gets_no_file(sign_in: Callable[..., Client]) -> None:
    sign_in("mia", "Manager", connected=False)
    assert sign_in("nora", "", connected=False).get("/servers.csv").status_code == 403
