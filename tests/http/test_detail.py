"""The page of one server: every documented field, its usage with units, and what may be done."""

from collections.abc import Callable

import pytest
from django.test import Client

from servers.simulator import SimulatedServer, Simulator
from tests.http.pages import Element, read

pytestmark = pytest.mark.usefixtures("clock")

PAGE = "/servers/12345/"
NOTHING = "\N{EN DASH}"


def facts(page: Element) -> dict[str, str]:
    """Its facts by their names."""
    terms = page.one("dl", **{"class": "facts"})
    return dict(
        zip(
            (str(term.inside[0]).strip() for term in terms.all("dt")),
            (fact.text for fact in terms.all("dd")),
            strict=True,
        )
    )


def test_it_shows_every_documented_field_with_one_request(viewer: Client, simulator: Simulator) -> None:
    page = read(viewer.get(PAGE))
    assert simulator.lines == [("GET", PAGE)]
    assert page.one("h1").text == "web-server-01"
    assert page.one(id="state-12345").text.startswith("Running")
    assert facts(page) == {
        "Internet name (hostname)": "web01.example.com Copy",
        "IP address": "203.0.113.10 Copy",
        "IPv6 address": "2001:0db8::1 Copy",
        "Location": "us-west",
        "Size": "2 processors, 4 GB memory, 80 GB disk, 2 TB traffic Standard VPS",
        "System": "Ubuntu 22.04 LTS",
        "Created": "10 Jan 2025",
        "Last changed": "16 Jan 2025",
        "Number at VPS.org": "12345",
    }
    switch = page.one("button", id="backups-switch")
    assert switch.attributes["aria-checked"] == "true"


def test_addresses_can_be_copied_whole(viewer: Client) -> None:
    copies = [
        button.attributes["data-copy"] for button in read(viewer.get(PAGE)).all("button", **{"class": "copy"})
    ]
    assert copies == ["web01.example.com", "203.0.113.10", "2001:0db8::1"]


def test_usage_is_told_in_units_with_a_meter_for_each(viewer: Client) -> None:
    page = read(viewer.get(PAGE))
    words = [usage.text for usage in page.all("span", **{"class": "usage__words"})]
    assert words == ["23.5 % used", "2 GB of 4 GB used", "35 GB of 80 GB used", "450 GB of 2 TB used"]
    meters = [meter.attributes for meter in page.all("meter")]
    assert [(meter["value"], meter["max"]) for meter in meters] == [
        *(("23.5", "100"), ("2048.0", "4096"), ("35.0", "80"), ("450.0", "2048")),
    ]


def test_what_is_not_known_is_not_made_up(viewer: Client, simulator: Simulator) -> None:
    simulator.faults.next(
        "status", "detail", status=200, body={"id": 12345, "name": "web-server-01", "status": "active"}
    )
    page = read(viewer.get(PAGE))
    assert "VPS.org gives no figures for this server just now." in page.text
    assert page.all("meter") == []
    assert page.one(id="backups").text.startswith("Not known.")
    shown = facts(page)
    assert {shown[name] for name in ("Location", "Size", "System", "Created", "IPv6 address")} == {NOTHING}


def test_a_new_server_has_no_address_yet(viewer: Client) -> None:
    page = read(viewer.get("/servers/12415/"))
    assert facts(page)["IP address"] == "Comes when set-up is finished."
    assert "Usually 2 to 5 minutes." in page.one(id="state-12415").text


def test_a_look_at_one_server_brings_the_list_up_to_date(viewer: Client, simulator: Simulator) -> None:
    simulator.account().servers[12345].status = "suspended"
    viewer.get(PAGE)
    assert read(viewer.get("/servers/")).one(id="state-12345").text == "Suspended"
    assert simulator.lines == [("GET", PAGE)]


def test_a_server_that_is_gone_is_said_to_be_gone_and_leaves_the_list(
    viewer: Client, simulator: Simulator
) -> None:
    del simulator.account().servers[12345]
    response = viewer.get(PAGE)
    assert response.status_code == 404
    assert "web-server-01 no longer exists at VPS.org." in read(response).text
    assert read(viewer.get("/servers/")).all(id="state-12345") == []


@pytest.mark.parametrize("fault", ["cut", "html", "wrong_types"])
def test_when_vps_org_fails_it_shows_what_the_list_last_showed(
    viewer: Client, simulator: Simulator, fault: str
) -> None:
    simulator.faults.next(fault, "detail", times=2)
    response = viewer.get(PAGE)
    page = read(response)
    assert response.status_code == 200
    assert "VPS.org does not answer." in page.one(id="outage").text
    assert page.one(id="state-12345").text.startswith("Running (as of 12:00)")
    assert facts(page)["IP address"] == "203.0.113.10 Copy"
    assert page.one(id="backups").text.startswith("Not known.")


def test_a_server_that_nobody_has_seen_is_not_shown_when_vps_org_fails(
    viewer: Client, simulator: Simulator
) -> None:
    simulator.faults.next("cut", "detail", times=2)
    response = viewer.get("/servers/999/")
    assert response.status_code == 504
    assert "VPS.org did not answer." in read(response).text


@pytest.mark.parametrize(
    ("role", "buttons"),
    [
        ("Viewer", {"Restart": False, "Start": False, "Stop": False, "Edit": False, "Delete forever": False}),
        ("Operator", {"Restart": True, "Start": False, "Stop": True, "Edit": True, "Delete forever": False}),
        ("Manager", {"Restart": True, "Start": False, "Stop": True, "Edit": True, "Delete forever": True}),
    ],
)
def test_what_cannot_be_pressed_is_off_and_says_why(
    sign_in: Callable[..., Client], role: str, buttons: dict[str, bool]
) -> None:
    page = read(sign_in("robin", role).get(PAGE))
    danger = page.one("section", **{"class": "danger"})
    found = {}
    for button in [
        e for part in (page.one(id="actions-12345"), danger) for e in part.all("a") + part.all("button")
    ]:
        if "popovertarget" in button.attributes:
            continue  # opens the others on a phone
        off = button.attributes.get("aria-disabled") == "true"
        word = button.text.removesuffix(" web-server-01")
        found[word] = not off
        assert bool(page.described(button)) is off
    assert found == buttons


def test_hostile_text_is_shown_as_text(viewer: Client, simulator: Simulator) -> None:
    name = "\"'><script>alert(1)</script>"
    simulator.account().servers[1] = SimulatedServer(
        1, name, "<b>up</b>", name, name, name, location="<i>here</i>"
    )
    page = read(viewer.get("/servers/1/"))
    assert page.one("h1").text == name
    assert page.one("title").text == f"{name} {NOTHING} VPS console"
    assert page.one(id="state-1").text.startswith("Unknown: “<b>up</b>”")
    assert facts(page)["Location"] == "<i>here</i>"
    assert all(script.attributes["src"].startswith("/static/") for script in page.all("script"))
    assert page.all("b") == page.all("i") == []
