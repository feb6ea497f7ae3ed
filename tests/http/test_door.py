"""The door: forged forms, where `next` leads, sessions that somebody planted, and addresses that are none."""

from collections.abc import Callable
from urllib.parse import quote, urljoin

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from servers.remote.objects import SERVER_ID, one_line
from servers.simulator import Simulator
from tests.conftest import HTMX, PASSWORD, TOKEN
from tests.http.conftest import refused_by_gunicorn
from tests.http.pages import read
from tests.http.test_methods import everything_kept
from tests.http.test_roles import TABLE

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_no_address_takes_a_form_without_the_key_against_forged_ones(
    manager: Client, simulator: Simulator, headers: dict[str, str]
) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.cookies = manager.cookies
    kept = everything_kept()
    for row in TABLE:
        if row.method == "POST":
            response = strict.post(row.address, row.body, headers=headers)
            assert response.status_code == 403, row.address
    assert simulator.seen == []
    assert everything_kept() == kept


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_nor_does_a_stranger_s_form_get_through_without_it(
    simulator: Simulator, headers: dict[str, str]
) -> None:
    for row in TABLE:
        if row.method == "POST":
            client = Client(enforce_csrf_checks=True, raise_request_exception=False)
            assert client.post(row.address, row.body, headers=headers).status_code == 403, row.address


ELSEWHERE = [
    *(
        "https://evil.example/",
        "http://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "////evil.example",
    ),
    *("/\\evil.example/", "\\\\evil.example/", "/\t/evil.example/", "/\n/evil.example/", "\t//evil.example/"),
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"),
    *(
        "https:evil.example",
        "https:/evil.example",
        "http:///evil.example",
        "ftp://evil.example/",
        "evil.example",
    ),
    *("https://testserver@evil.example/", "https://testserver.evil.example/", "//testserver:x@evil.example/"),
    *(
        "/\x00/evil.example",
        "\x00//evil.example",
        "\x01//evil.example",
        " //evil.example",
        "//evil.example\\@testserver",
    ),
    *(
        "https://[evil.example/",
        "//[::1",
        "//%65vil.example/",
        "//evil。example/",
        "?//evil.example",
        "#//evil.example",
    ),
]


def leads_away(address: str) -> bool:
    """Whether a browser that reads this on a page of ours would leave the console."""
    read_as = address.translate({9: "", 10: "", 13: ""}).strip("\x00\x01 ").replace("\\", "/")
    try:
        return not urljoin("http://testserver/login/", read_as).startswith("http://testserver/")
    except ValueError:
        return True


@pytest.mark.parametrize("address", ELSEWHERE)
def test_next_never_leads_elsewhere(
    sign_in: Callable[..., Client], simulator: Simulator, address: str
) -> None:
    client = sign_in("nina", "Operator", connected=False)
    page = read(client.get("/connect/", {"next": address}))
    assert not [field for field in page.all("input", name="next") if leads_away(field.attributes["value"])]
    for response in (
        client.post("/connect/", {"token": TOKEN, "next": address}),
        client.post("/language/", {"language": "en", "next": address}),
        client.get("/login/", {"next": address}),
        client.post("/logout/", {"next": address}),
        client.post("/login/", {"login": "nina", "password": PASSWORD, "next": address}),
    ):
        assert response.status_code == 302
        assert not leads_away(response["Location"]), response["Location"]


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "x"])
def test_a_draft_that_is_not_signed_by_us_leads_nowhere(manager: Client, address: str) -> None:
    assert manager.post("/drafts/", {"start_over": address}).status_code == 400


def test_a_session_that_somebody_planted_is_not_the_one_that_signs_in(
    member: Callable[..., object], simulator: Simulator
) -> None:
    member("mia", "Manager")
    thief = Client()
    planted = thief.session
    planted["planted"] = "by the thief"
    planted.save()
    client = Client()
    client.cookies["sessionid"] = str(planted.session_key)
    client.get("/login/")
    before = client.cookies["sessionid"].value, client.cookies["csrftoken"].value
    client.post("/login/", {"login": "mia", "password": PASSWORD})
    after = client.cookies["sessionid"].value, client.cookies["csrftoken"].value
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert thief.get("/servers/")["Location"].startswith("/login/")


@given(typed=st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9./%?#\\-]{1,60}", fullmatch=True))
@example(typed="../bulk/new")
@example(typed="12345/../12346")
@example(typed="12345%2fstop")
@example(typed="12345?x=1")
@example(typed="12345#x")
@example(typed="12345\r\nX-Evil: 1")
@example(typed="12345\0")
@example(typed="1" * 1_000_000)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@refused_by_gunicorn
def test_an_address_reaches_its_own_server_or_nothing(
    operator: Client, simulator: Simulator, typed: str
) -> None:
    simulator.seen.clear()
    response = operator.post(f"/servers/{quote(typed, safe='')}/stop/")
    assert response.status_code < 500
    meant = [("POST", f"/servers/{typed}/stop/")] if SERVER_ID.fullmatch(typed) else []
    assert simulator.lines in ([], meant)


HOSTILE = [
    "../",
    "%2f",
    "?x=1",
    "#x",
    "\r\nX-Evil: 1",
    "\0",
    "&status=active",
    pytest.param("x" * 1_000_000, marks=refused_by_gunicorn),
    "\u202e",
    "'\"<>",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
@pytest.mark.parametrize("name", ["q", "status", "location", "sort", "page"])
def test_a_filter_is_quoted_and_never_another_request(
    operator: Client, simulator: Simulator, name: str, text: str
) -> None:
    response = operator.get("/servers/", {name: text})
    assert response.status_code in (200, 400)
    sent = quote(one_line(text), safe="").replace("%20", "+")
    filtered = [("GET", f"/servers/?{name}={sent}")] if name in ("status", "location") else []
    assert all(line in [("GET", "/servers/"), *filtered] for line in simulator.lines)
    for seen in simulator.seen:
        assert "x-evil" not in seen.headers
