"""Usage over time on the page of a server: from what the console has seen anyway, as pictures with their tables."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from servers.models import Sample
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.conftest import turns_the_clock_of_the_cache
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

Later = Callable[[float], None]

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
PAGE = "/servers/12345/"
FIGURES = ["Processor", "Memory", "Disk", "Traffic"]


def lines(client: Client, address: str = PAGE) -> Element:
    """The section with the lines."""
    response = client.get(address)
    assert response.status_code == 200
    return read(response).one(id="lines")


def pictures(section: Element) -> list[Element]:
    return section.all("figure")


def look_for(client: Client, later: Later, minutes: int, times: int) -> None:
    """Look at the page so many times, with so many minutes in between."""
    for _ in range(times):
        client.get(PAGE)
        later(minutes * MINUTE)


@turns_the_clock_of_the_cache
def test_before_there_is_a_line_a_sentence_says_how_it_comes(viewer: Client, later: Later) -> None:
    for _ in range(2):
        section = lines(viewer)
        assert "A line appears here after the second look" in section.text
        assert section.all("svg") == []
        later(MINUTE)
    later(5 * MINUTE)
    assert len(pictures(lines(viewer))) == 4


def test_each_figure_has_a_picture_with_words_and_the_same_as_a_table(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    server = simulator.account().servers[12345]
    for memory in (1024, 3072, 2048):
        server.memory_used = memory
        simulator.clock.reset()
        viewer.get(PAGE)
        later(10 * MINUTE)
    section = lines(viewer, f"{PAGE}?usage=day")
    assert [picture.one("strong").text for picture in pictures(section)] == FIGURES
    memory_line = pictures(section)[1]
    said = memory_line.one("desc").text
    assert re.fullmatch(r"Last 2(\.\d)? GB; lowest 1 GB, highest 3 GB\.", said), said
    drawing = memory_line.one("svg").attributes
    assert drawing["role"] == "img"
    named = [section.one(id=name).text for name in drawing["aria-labelledby"].split()]
    assert named == ["Memory over the last day, as a line", said]
    table = memory_line.one("table")
    assert table.one("caption").text == "Memory: the newest 4 of 4 figures"
    assert [cell.text for cell in table.all("td")][1:] == ["2 GB", "3 GB", "1 GB"]
    times = [cell.attributes["datetime"] for cell in table.all("time")]
    assert times == sorted(times, reverse=True)
    assert times[-1] == "2026-11-24T12:00:00+00:00"
    assert len(times) == 4


def test_the_day_and_the_month_are_a_press_apart(
    viewer: Client, later: Later, sign_in: Callable[..., Client]
) -> None:
    look_for(viewer, later, 30, 4)
    later(3 * DAY)
    client = sign_in("later", "Viewer")
    look_for(client, later, 30, 3)
    day, month = lines(client), lines(client, f"{PAGE}?usage=month")
    assert [link.text for link in day.all("a", **{"aria-current": "true"})] == ["Last day"]
    assert [link.text for link in month.all("a", **{"aria-current": "true"})] == ["Last month"]
    assert len(pictures(day)[0].one("tbody").all("tr")) == 4
    assert len(pictures(month)[0].one("tbody").all("tr")) > 4
    assert pictures(day)[0].all("path")[1].attributes["d"].count("M") == 1
    assert pictures(month)[0].all("path")[1].attributes["d"].count("M") == 2, "three days are a gap"


def test_the_other_period_comes_without_a_remote_call(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    look_for(viewer, later, 10, 3)
    simulator.seen.clear()
    other = lines(viewer).one(id="period-month")
    assert other.attributes["href"] == f"{PAGE}?usage=month#lines"
    simulator.seen.clear()
    answer = read(viewer.get(other.attributes["hx-get"], headers=HTMX))
    assert simulator.seen == []
    assert [child.attributes["id"] for child in answer.children] == ["lines"]
    assert answer.one("a", **{"aria-current": "true"}).text == "Last month"


def test_without_htmx_the_address_of_the_lines_leads_to_the_page(viewer: Client) -> None:
    assert viewer.get(f"{PAGE}usage/?usage=month")["Location"] == f"{PAGE}?usage=month"


def test_a_key_that_does_not_list_the_server_sees_none_of_its_lines(
    viewer: Client, simulator: Simulator, later: Later, sign_in: Callable[..., Client]
) -> None:
    look_for(viewer, later, 10, 3)
    simulator.add_account("vps_another.account", [])
    stranger = sign_in("stella", "Manager", token="vps_another.account")
    for headers in ({}, HTMX):
        response = stranger.get(f"{PAGE}usage/", headers=headers, follow=True)
        assert response.status_code == 404
        assert b"<svg" not in response.content


@pytest.mark.parametrize("period", ["", "year", "<script>", "day&usage=month", "எ"])
def test_a_period_that_there_is_not_is_the_last_day(viewer: Client, period: str) -> None:
    response = viewer.get(f"{PAGE}usage/", {"usage": period}, headers=HTMX)
    assert read(response).one("a", **{"aria-current": "true"}).text == "Last day"


def test_when_vps_org_fails_the_lines_are_still_there(
    viewer: Client, simulator: Simulator, later: Later
) -> None:
    look_for(viewer, later, 10, 3)
    simulator.faults.next("status", "detail", times=2, status=500)
    assert len(pictures(lines(viewer))) == 4


def test_figures_that_are_missing_or_odd_leave_no_trace_in_a_picture(viewer: Client, later: Later) -> None:
    look_for(viewer, later, 10, 2)
    now = timezone.now()
    Sample.objects.create(server_id="12345", at=now, hourly=False, cpu_percent=1e15, memory_used=0.0)
    Sample.objects.filter(server_id="12345").update(disk_used=None)
    section = lines(viewer)
    assert [picture.one("strong").text for picture in pictures(section)] == FIGURES
    for path in section.all("path"):
        assert re.fullmatch(r"[MLHh0-9. ]+", path.attributes["d"])


def test_a_long_table_shows_its_newest_figures(viewer: Client) -> None:
    now = timezone.now()
    Sample.objects.bulk_create(
        Sample(server_id="12345", at=now - n * timedelta(minutes=6), hourly=False, cpu_percent=5.0)
        for n in range(1, 200)
    )
    picture = pictures(lines(viewer))[0]
    assert picture.one("caption").text == "Processor: the newest 100 of 200 figures"
    assert len(picture.one("tbody").all("tr")) == 100


@turns_the_clock_of_the_cache
def test_the_lines_cost_one_query_however_many_figures_there_are(viewer: Client, later: Later) -> None:
    look_for(viewer, later, 10, 3)
    with CaptureQueriesContext(connection) as queries:
        viewer.get(f"{PAGE}usage/", headers=HTMX)
    assert len([query for query in queries if "servers_sample" in query["sql"]]) == 1
