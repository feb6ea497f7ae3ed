"""Hostile text in every field: shown as text on every page, in no other shape than harmless text."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from servers.models import Activity, Note, Offer, Sample, Sheet
from servers.remote.objects import LONGEST_TEXT, UNSEEN, Server, one_line
from servers.simulator import SimulatedServer, Simulator
from servers.simulator.catalogue import Plan, System
from servers.table import FORMULA
from tests.conftest import HTMX
from tests.http.pages import read
from tests.http.people import browser

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.one_process]

TOKEN = "vps_an.account.of.its.own"
FORM_KEY = UUID("00000000-0000-4000-8000-000000000001")
RUN = UUID("00000000-0000-4000-8000-000000000002")
HARMLESS = ("web-7", "not a name")
"""With a name that continues a series, and with one that does not: the form for a new server proposes the next."""
HOSTILE = {
    "markup": "<script>alert(1)</script>--></title></textarea></option></svg><img src=x onerror=alert(1)>"
    "\" autofocus onfocus=alert(1) x='`{{ 7*7 }}{% csrf_token %}${7*7}&lt;b&gt;&#x3c;i>%(name)s{name}%s",
    "address": "javascript:alert(1)//../%2f?#&amp;x=1",
    "unseen": "a\0b\r\nSet-Cookie: x=1\r\n\r\n\x1b[31m\x08\x85\u2028\u2029\tgpj.\u202eexe\u2066x\u2069\u200f\u061c"
    "\U0001f469\u200d\U0001f469\u200d\U0001f466 க்ஷி ي\u0301\u0489 ﷽",
    "long": "x" * 10_000,
    "long number": "9" * 10_000,
    "formula": '=HYPERLINK("http://evil.example";A1);=1+1,@SUM(A1)|-1;"=2"',
    "blank": " \u200b\ufeff ",
}
each_text = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def servers(text: str) -> list[SimulatedServer]:
    """Servers of which each field that can be a text is this one."""
    plan = Plan(31, text, 2, 4096, 80, 4000, 20)
    return [
        SimulatedServer(
            number,
            text,
            status,
            hostname=text,
            ip_address=text,
            ipv6_address=text,
            location=text,
            plan=plan,
            os=System(41, text),
        )
        for number, status in ((1, text), (2, "active"), (3, "stopped"))
    ]


def records(text: str) -> None:
    """What the console keeps, as its own forms and what VPS.org answered left it."""
    mia = User.objects.get(username="mia")
    now = timezone.now()
    for minutes in (0, 30):
        Sample.objects.create(server_id="2", at=now - timedelta(minutes=minutes), hourly=True, cpu_percent=20)
    Sheet.objects.create(server_id="2", tags=["shop"], protected=True, protected_by="mia")
    Note.objects.create(server_id="2", author=mia, author_name="mia", text=one_line(text))
    for kind, value in (("plan_id", "32"), ("os_id", "42"), ("location", "eu"), ("ssh_key_id", "7")):
        Offer.objects.create(kind=kind, value=value, name=one_line(text)[:100])
    Activity.objects.create(
        user=mia,
        user_name="mia",
        action="stop",
        server_id="2",
        server_name=one_line(text),
        said=one_line(text),
    )
    Activity.objects.create(
        user=mia,
        user_name="mia",
        account="",
        action="create",
        server_name=one_line(text),
        outcome="refused",
        said=one_line(text),
        form_key=FORM_KEY,
    )


def unnumbered(address: str) -> str:
    """The same for each row of the console's own, which PostgreSQL numbers on and on."""
    return re.sub(r"(?<!/servers)/\d+/", "/1/", address)


class Walk:
    """A way through every page and partial that shows something of the account or of its members."""

    def __init__(self, client: Client, simulator: Simulator, text: str) -> None:
        self.client, self.simulator, self.text = client, simulator, text
        self.answers: dict[str, Any] = {}
        self.look()
        self.change()

    def get(
        self, address: str, data: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.keep("GET", address, self.client.get(address, data, headers=headers))

    def post(
        self, address: str, data: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.keep("POST", address, self.client.post(address, data, headers=headers))

    def keep(self, method: str, address: str, response: Any) -> None:
        self.answers[f"{len(self.answers)} {method} {unnumbered(address)}"] = response

    def look(self) -> None:
        """Everything that is only looked at."""
        text = self.text if len(self.text) <= LONGEST_TEXT else one_line(self.text)
        self.client.post("/me/", {"first_name": text[:100], "last_name": text[:100]})
        self.post("/members/invite/", {"role": "Viewer", "meant_for": text[:100]})
        for address in (
            "/",
            "/?attention=all",
            "/servers/",
            "/servers/?sort=address",
            "/servers/?sort=-system",
        ):
            self.get(address)
        self.get("/servers/", {"q": text})
        self.get("/servers/", {"location": text, "status": text})
        self.get("/servers/code/", {"location": text, "status": text})
        for on in ("list", "server", "start"):
            self.get("/servers/poll/", {"on": on, "ids": "1,2,3", "drawn": "1", "seen": "0"}, headers=HTMX)
        for number in (1, 2):
            for page in ("", "edit/", "delete/", "notes/", "tags/", "stop/", "start/", "code/"):
                self.get(f"/servers/{number}/{page}")
            for part in ("rename/", "rename/?keep", "delete/", "tags/", "reboot/", "usage/"):
                self.get(f"/servers/{number}/{part}", headers=HTMX)
        for action in ("rename", "replace"):
            self.get("/servers/2/code/", {"action": action})
        for form in ("", "?like=2"):
            self.get(f"/servers/new/{form}")
        self.get("/servers/check/", {"name": text}, headers=HTMX)
        self.get("/servers/check/", {"hostname": text}, headers=HTMX)
        self.get(f"/servers/new/{FORM_KEY}/")
        self.get("/bulk/new/?action=stop&server=1&server=2&server=3")
        for address in ("/activity/", "/members/", "/me/", "/connect/", "/admin/servers/offer/"):
            self.get(address)
        self.get("/activity/", {"server": text, "person": text})
        self.get(f"/members/{User.objects.get(username='mia').pk}/")

    def change(self) -> None:
        """What is changed, and what VPS.org says against it."""
        refused = {"name": [self.text], self.text[:50]: [self.text], "detail": self.text}
        now = Server(id=3, name=self.text, status="", hostname=self.text)
        edited = {"name": "web-9", "opened_name": now.name, "opened_hostname": now.hostname or ""}
        created = edited | {"plan_id": "31", "os_id": "41", "location": "eu"}
        for name, address, fields, headers in (
            ("replace", "/servers/3/edit/", edited, {}),
            ("change", "/servers/3/rename/", edited, HTMX),
            ("create", "/servers/new/", created | {"form_key": str(UUID(int=5))}, {}),
            ("start", "/servers/3/start/", {}, HTMX),
            ("start", "/servers/3/start/", {}, {}),
        ):
            self.simulator.faults.next("status", name, status=400, body=refused)
            self.post(address, fields, headers)
        self.simulator.faults.next(
            "status", "detail", times=2, status=503, body=f"<title>{self.text}</title>"
        )
        self.get("/servers/3/")
        self.post("/servers/3/edit/", {"name": f"{now.name} !", "hostname": f"{now.name} !"})
        self.post("/servers/3/tags/", {"tags": f"{now.name} !"}, headers=HTMX)
        self.post("/servers/3/notes/", {"text": "A note."}, headers=HTMX)
        self.post("/bulk/new/", {"action": "start", "servers": "1,2,3", "key": str(RUN)})
        self.get(f"/bulk/{RUN}/")
        self.post(f"/bulk/{RUN}/drive/", headers=HTMX)
        self.post("/servers/2/stop/", headers=HTMX)
        self.post("/servers/2/stop/")
        self.post("/servers/3/protection/", {"protected": "on"}, headers=HTMX)
        self.post("/servers/2/protection/", {"protected": "off"})
        self.get("/servers/2/")
        self.post("/servers/2/reboot/", headers=HTMX)
        self.get("/servers/")


def in_world(simulator: Simulator, text: str) -> Client:
    """Mia, where each field is this text."""
    cache.clear()
    simulator.reset()
    simulator.add_account(TOKEN, servers(text))
    records(text)
    client = browser("mia")
    assert client.post("/connect/", {"token": TOKEN}).status_code == 302
    return client


@dataclass
class Shape:
    """What a page is made of, whatever its texts: elements with their attributes, and where they lead."""

    status: int
    elements: Counter[tuple[str, tuple[str, ...]]]
    leads: set[tuple[str, str, str]]

    @classmethod
    def of(cls, response: Any) -> "Shape":
        elements = [] if response.status_code in (204, 302) else read(response).all()
        return cls(
            response.status_code,
            Counter((element.tag, tuple(sorted(element.attributes))) for element in elements),
            {
                (
                    element.tag,
                    name,
                    unnumbered(value.partition("?")[0]),
                )
                for element in elements
                for name, value in element.attributes.items()
                if name in LEADING
            },
        )

    def __or__(self, other: "Shape") -> "Shape":
        """What either of them is made of."""
        return Shape(self.status, self.elements | other.elements, self.leads | other.leads)


LEADING = {"href", "src", "action", "formaction", "hx-get", "hx-post", "hx-target", "hx-trigger", "style"}
"""The attributes that lead somewhere or do something: up to the query they do not depend on the data."""

harmless: dict[str, Shape] = {}
"""The shapes of walks through harmless worlds, from the first test that needs them."""


@pytest.fixture(autouse=True)
def mia(member: Callable[..., User], simulator: Simulator) -> None:
    """A Manager."""
    member("mia", "Manager")


@pytest.fixture
def usual(mia: None, simulator: Simulator) -> dict[str, Shape]:
    """What walks through harmless worlds look like."""
    for text in HARMLESS if not harmless else ():
        with transaction.atomic():
            for name, response in Walk(in_world(simulator, text), simulator, text).answers.items():
                shape = Shape.of(response)
                harmless[name] = shape | harmless.get(name, shape)
            transaction.set_rollback(True)
    return harmless


@each_text
def test_no_page_has_another_shape_than_with_harmless_text(
    usual: dict[str, Shape], simulator: Simulator, text: str
) -> None:
    for name, response in Walk(in_world(simulator, text), simulator, text).answers.items():
        shape = Shape.of(response)
        assert shape.status == usual[name].status, name
        assert shape.elements - usual[name].elements == Counter(), name
        assert shape.leads - usual[name].leads == set(), name
        words = response.content.decode()
        assert not re.search(f"[{UNSEEN}]", words.replace("\n", "")), name
        assert not re.search(rf"x{{{LONGEST_TEXT + 1}}}|9{{{LONGEST_TEXT + 1}}}", words), name
        assert len(words) < 300_000, name
        if "</head>" in words:
            assert len(read(response).one("head").one("title").text) < LONGEST_TEXT + 100, name


@each_text
def test_it_is_shown_as_the_text_that_it_is(simulator: Simulator, text: str) -> None:
    client = in_world(simulator, text)
    shown = " ".join(one_line(text).split())
    name = "1" if text == HOSTILE["blank"] else shown
    page = read(client.get("/servers/"))
    row = next(cells for cells in page.table() if "Unknown" in cells[1])
    assert row[0] == f"{name} {shown}".strip()
    assert row[2][:30] == shown[:30]
    assert shown[:20] in row[1]
    assert [cell[:30] for cell in (row[3], row[5])] == [shown[:30]] * 2
    page = read(client.get("/servers/1/"))
    assert page.one("h1").text == name
    assert page.one("head").one("title").text.startswith(f"{name} ")
    assert page.one("div", id="state-1").attributes["data-said"].startswith(f"{name}: Unknown")


def opened(text: str, separator: str) -> list[list[str]]:
    """A file as a spreadsheet reads it that takes this for the separator."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


@each_text
def test_no_formula_hides_behind_a_separator_of_a_file(simulator: Simulator, text: str) -> None:
    client = in_world(simulator, text)
    for address, columns in (("/servers.csv", 12), ("/activity.csv", 9)):
        file = client.get(address).getvalue().decode("utf-8-sig")
        assert {len(line) for line in opened(file, ",")} == {columns}
        for separator in ",;|\t":
            cells = [cell for line in opened(file, separator) for cell in line]
            assert not [c for c in cells if c.strip(' "')[:1] in FORMULA and c.strip(' "')]


def test_a_note_turns_nothing_but_itself(simulator: Simulator) -> None:
    client = in_world(simulator, HARMLESS[0])
    client.post("/servers/3/notes/", {"text": "\u202egpj.exe <b>\r\nsecond line"})
    for address in ("/servers/3/", "/servers/3/notes/", "/servers/3/delete/"):
        note = read(client.get(address)).one("p", **{"class": "note__text"})
        assert note.attributes["dir"] == "auto"
        assert note.inside == ["\u202egpj.exe <b>\r\nsecond line"]


def test_a_date_that_is_none_hides_its_server_alone_and_is_shown_nowhere(simulator: Simulator) -> None:
    client = in_world(simulator, HARMLESS[0])
    cache.clear()
    simulator.faults.next("wrong_types", "list", fields={"created_at": HOSTILE["markup"]})
    page = client.get("/servers/")
    assert len(read(page).table()) == 2
    assert "onerror" not in page.content.decode()
