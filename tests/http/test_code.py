"""The same as code: what is copied from the console, run, sends what the console itself sends."""

import json
import shutil
import subprocess
import sys
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from servers import snippets
from servers.remote.objects import one_line
from servers.simulator import Seen, Simulator
from tests.conftest import HTMX, TOKEN
from tests.http.pages import Element, read

RUN = {
    "curl": ["sh", "-c"],
    "python": [sys.executable, "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
    "php": ["php", "-r"],
}
PROGRAM = {"curl": "curl", "python": sys.executable, "javascript": "node", "php": "php"}

CREATE = {"name": "web-2", "plan_id": "1", "os_id": "other", "os_id_other": "5", "location": "us-west"}
FULL = {"hostname": "web2.example.com", "ssh_key_id": "2", "backups_enabled": "on"}
EDIT = {"name": "web-9", "hostname": "web01.example.com", "backups_enabled": "on"}
OPENED = {
    "opened_name": "web-server-01",
    "opened_hostname": EDIT["hostname"],
    "opened_backups_enabled": "True",
}
HOSTILE = "'\"\\ \n $HOME `id` $(id) {$x} \\' </script> ?> தமிழ் \u202e \U0001f600 %s &amp;"
PRINTABLE = "'\"\\ $HOME `id` {$x} \\' \\\\ </script> ?> தமிழ் \\"


class Act(NamedTuple):
    """What a person does in the console, where the same stands as code, and what is posted to either."""

    address: str
    code: str
    body: dict[str, str] | None = None
    code_body: dict[str, str] | None = None


def on(action: str, server: int = 12345) -> Act:
    return Act(f"/servers/{server}/{action}/", f"/servers/{server}/code/?action={action}", {})


ACTS = {
    "list": Act("/servers/", "/servers/code/"),
    "filtered list": Act(
        "/servers/?status=stopped&location=us-west", "/servers/code/?status=stopped&location=us-west&q=web"
    ),
    "hostile filter": Act(
        "/servers/?location=%27%22%0A%24%60%26", "/servers/code/?location=%27%22%0A%24%60%26"
    ),
    "detail": Act("/servers/12345/", "/servers/12345/code/"),
    "create": Act("/servers/new/", "/servers/new/code/", CREATE, CREATE),
    "create with everything": Act("/servers/new/", "/servers/new/code/", CREATE | FULL, CREATE | FULL),
    "edit": Act("/servers/12345/edit/", "/servers/12345/code/", EDIT | OPENED, EDIT | OPENED),
    "start": on("start", 12360),
    "stop": on("stop"),
    "reboot": on("reboot"),
    "backups on": Act(
        "/servers/12345/backups/", "/servers/12345/code/?action=backups_on", {"backups_enabled": "on"}
    ),
    "backups off": Act(
        "/servers/12345/backups/", "/servers/12345/code/?action=backups_off", {"backups_enabled": "off"}
    ),
    "delete": Act(
        "/servers/12345/delete/", "/servers/12345/code/?action=delete", {"confirm_name": "web-server-01"}
    ),
}


def send(client: Client, address: str, body: dict[str, str] | None, **headers: str) -> Any:
    if body is None:
        return client.get(address, headers=headers)
    return client.post(address, body, headers=headers)


def code_on(page: Element) -> dict[str, str]:
    """The code that stands on a page, by its language, letter by letter."""
    names = [radio.attributes["value"] for radio in page.all("input", name="language")]
    texts = ["".join(map(str, code.inside)) for code in page.all("code", translate="no")]
    return dict(zip(names, texts, strict=True))


def run(language: str, code: str) -> None:
    """Do with a piece of code what people do: put in the key, and run it."""
    if shutil.which(PROGRAM[language]) is None:
        pytest.skip(f"needs {PROGRAM[language]}")
    done = subprocess.run(
        [*RUN[language], code.replace(snippets.KEY, TOKEN)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def sent(seen: Seen) -> tuple[str, str, str, str, Any]:
    """What of a request has to be the same."""
    headers = (seen.headers["authorization"], seen.headers["content-type"])
    return seen.method, seen.path, *headers, json.loads(seen.body) if seen.body else None


@pytest.mark.parametrize("language", RUN)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_the_code_sends_what_the_console_sends(
    manager: Client, simulator: Simulator, act: Act, language: str
) -> None:
    code = code_on(read(send(manager, act.code, act.code_body)))[language]
    simulator.seen.clear()
    cache.clear()  # who looks at the list first waits for VPS.org, and the filters go along
    send(manager, act.address, None if act.body is None else act.body | {"form_key": str(uuid4())})
    console = simulator.seen[-1]
    simulator.reset()
    run(language, code)
    assert [sent(seen) for seen in simulator.seen] == [sent(console)]


@pytest.mark.parametrize("language", RUN)
def test_the_code_of_a_rename_sends_the_name_alone(
    manager: Client, simulator: Simulator, language: str
) -> None:
    code = code_on(read(manager.get("/servers/12345/code/?action=rename")))[language]
    simulator.seen.clear()
    run(language, code)
    assert simulator.lines == [("PATCH", "/servers/12345/")]
    assert json.loads(simulator.seen[0].body) == {"name": "web-server-01"}


@pytest.mark.parametrize("language", RUN)
def test_hostile_text_arrives_as_it_was(simulator: Simulator, language: str) -> None:
    body: dict[str, snippets.Value] = {"name": HOSTILE, "hostname": PRINTABLE, "backups_enabled": False}
    request = snippets.on_server("12345", "replace", body)
    base_url = simulator.base_url  # type: ignore[attr-defined]
    found = {snippet.name: snippet.code for snippet in snippets.snippets(base_url, request)}
    run(language, found[language])
    assert json.loads(simulator.seen[0].body) == body


@pytest.mark.parametrize("language", RUN)
def test_the_hostile_name_of_a_server_arrives_as_it_is_shown(
    manager: Client, simulator: Simulator, language: str
) -> None:
    simulator.account().servers[12345].name = name = HOSTILE + "<?php exit(1) ?>\0\r\x1b"
    cache.clear()
    code = code_on(read(manager.get("/servers/12345/code/?action=rename")))[language]
    simulator.seen.clear()
    run(language, code)
    assert [json.loads(seen.body) for seen in simulator.seen] == [{"name": one_line(name)}]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_neither_the_key_nor_a_request_is_needed_to_show_it(
    manager: Client, simulator: Simulator, act: Act
) -> None:
    manager.get("/servers/")
    simulator.seen.clear()
    for headers in ({}, HTMX):
        response = send(manager, act.code, act.code_body, **headers)
        assert response.status_code == 200
        assert TOKEN not in response.content.decode()
        texts = code_on(read(response))
        assert len(texts) == 4
        assert all(text.count(snippets.KEY) == 1 for text in texts.values())
    assert simulator.seen == []


def test_the_edit_form_is_shown_as_vps_org_has_the_server(manager: Client, simulator: Simulator) -> None:
    code = code_on(read(manager.get("/servers/12345/code/?action=replace")))["curl"]
    assert '"hostname": "web01.example.com"' in code
    assert '"backups_enabled": true' in code
    assert simulator.lines == [("GET", "/servers/12345/")]


def test_a_server_without_a_hostname_is_changed_as_the_console_does_it(
    manager: Client, simulator: Simulator
) -> None:
    simulator.account().servers[12345].hostname = None
    code = code_on(read(manager.get("/servers/12345/code/?action=replace")))["curl"]
    assert "-X PATCH" in code and "hostname" not in code


def test_half_a_form_is_half_a_request(manager: Client) -> None:
    code = code_on(read(manager.post("/servers/new/code/", {"name": "web-2", "plan_id": "nine"})))["curl"]
    assert '"name": "web-2",\n    "plan_id": "nine"\n  }' in code


def test_the_language_stays_the_chosen_one(viewer: Client) -> None:
    page = read(viewer.get("/servers/code/?language=php", headers=HTMX))
    chosen = [radio.attributes["value"] for radio in page.all("input") if "checked" in radio.attributes]
    assert chosen == ["php"]


def test_a_search_is_said_not_to_be_part_of_it(viewer: Client) -> None:
    page = read(viewer.get("/servers/"))
    assert "Your search is not part of this" not in read(viewer.get(opened(page))).text
    page = read(viewer.get("/servers/?q=web&status=active&page=2&sort=size"))
    address = opened(page)
    assert address == "/servers/code/?q=web&status=active"
    assert "Your search is not part of this" in read(viewer.get(address)).text


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/servers/12345/", "/servers/12345/code/"),
        ("/servers/12345/stop/", "/servers/12345/code/?action=stop"),
        ("/servers/12360/start/", "/servers/12360/code/?action=start"),
        ("/servers/12345/delete/", "/servers/12345/code/?action=delete"),
    ],
)
def test_pages_lead_to_their_code(manager: Client, address: str, code: str) -> None:
    page = read(manager.get(address))
    assert opened(page) == code
    assert page.one("details", id="code").one("a").attributes["href"] == code


@pytest.mark.parametrize(
    ("address", "code"),
    [("/servers/12345/edit/", "/servers/12345/code/"), ("/servers/new/", "/servers/new/code/")],
)
def test_forms_lead_to_the_code_of_what_they_hold(manager: Client, address: str, code: str) -> None:
    page = read(manager.get(address))
    details = page.one("details", id="code")
    assert details.attributes["hx-post"] == code
    button = details.one("button").attributes
    assert (button["form"], button["formaction"]) == ("form", code)
    assert page.one("form", id="form")


def opened(page: Element) -> str:
    """The address that the closed "The same as code" of a page opens."""
    return page.one("details", id="code").attributes["hx-get"]
