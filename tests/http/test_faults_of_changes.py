"""Every fault of VPS.org and every change: its own status, its own sentence, its outcome in the log, sent once."""

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from django.test import Client

from servers import session
from servers.models import Activity
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.faults import (
    NAME,
    NOT_ALLOWED,
    NOT_REACHABLE,
    NOT_UNDERSTOOD,
    REFUSED,
    SERVER,
    WAIT,
    WAIT_20,
    Fault,
    text_of,
)

pytestmark = pytest.mark.usefixtures("log_without_key")

Outcome = Activity.Outcome


class Change(NamedTuple):
    """A press on a button: where it goes, with what, and the one request that it makes."""

    request: str
    method: str
    address: str
    fields: dict[str, str]
    headers: Mapping[str, str] = MappingProxyType({})

    def press(self, client: Client) -> Any:
        fields = self.fields | ({"form_key": str(uuid.uuid4())} if self.request == "create" else {})
        return client.post(self.address, fields, headers=dict(self.headers))


NEW = {"name": "web-9", "plan_id": "1", "os_id": "5", "location": "us-west"}
RENAMED = {"name": "web-9", "opened_name": NAME}
EDITED = {
    "name": "web-9",
    "hostname": "web01.example.com",
    "backups_enabled": "on",
    "opened_name": NAME,
    "opened_hostname": "web01.example.com",
    "opened_backups_enabled": "on",
}
CHANGES = {
    "create": Change("create", "POST", "/servers/new/", NEW),
    "edit": Change("replace", "PUT", SERVER + "edit/", EDITED),
    "rename": Change("change", "PATCH", SERVER + "rename/", RENAMED, HTMX),
    "backups": Change("change", "PATCH", SERVER + "backups/", {"backups_enabled": "off"}),
    "backups-switch": Change("change", "PATCH", SERVER + "backups/", {"backups_enabled": "off"}, HTMX),
    "delete": Change("delete", "DELETE", SERVER + "delete/", {"confirm_name": NAME}),
    "start": Change("start", "POST", SERVER + "start/", {}),
    "start-button": Change("start", "POST", SERVER + "start/", {}, HTMX),
    "stop": Change("stop", "POST", SERVER + "stop/", {}),
    "stop-button": Change("stop", "POST", SERVER + "stop/", {}, HTMX),
    "reboot": Change("reboot", "POST", SERVER + "reboot/", {}),
    "reboot-button": Change("reboot", "POST", SERVER + "reboot/", {}, HTMX),
}
every_change = pytest.mark.parametrize("change", CHANGES)

NOW_NOT = "VPS.org cannot do this with {name} just now. Nothing was changed."
MAY_HAVE_FAILED = (
    "VPS.org reported a fault of its own. We do not know yet whether it did this."
    " Do not press again: we are checking."
)
MAY_HAVE_HAPPENED = NOT_UNDERSTOOD + " The change may have happened. Do not press again: we are checking."
LOST = "We do not know yet whether VPS.org got this. Do not press again: we are checking."

REFUSALS = {
    "401": Fault("status", {"status": 401}, 409, REFUSED),
    "403": Fault("status", {"status": 403}, 403, NOT_ALLOWED),
    "409": Fault("status", {"status": 409}, 409, NOW_NOT),
    "429": Fault("status", {"status": 429, **WAIT_20}, 409, WAIT),
}
LOSSES = {
    "500": Fault("status", {"status": 500}, 502, MAY_HAVE_FAILED),
    "500-done": Fault("status", {"status": 500, "effect": True}, 502, MAY_HAVE_FAILED),
    "503": Fault("status", {"status": 503}, 502, MAY_HAVE_FAILED),
    "503-wait-0": Fault("status", {"status": 503, "headers": {"Retry-After": "0"}}, 502, MAY_HAVE_FAILED),
    "html-502": Fault("html", {}, 502, MAY_HAVE_FAILED),
    "redirect": Fault("redirect", {"location": "http://127.0.0.1:9/"}, 502, MAY_HAVE_HAPPENED),
    "cut": Fault("cut", {}, 504, LOST),
    "cut-done": Fault("cut_after_effect", {}, 504, LOST),
}


def sent(simulator: Simulator, change: Change) -> int:
    """How many changes VPS.org has seen; no other than this one."""
    methods = [method for method, _ in simulator.lines if method != "GET"]
    assert set(methods) <= {change.method}
    return len(methods)


@every_change
@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refused_change_is_told_and_logged_as_refused(
    manager: Client, simulator: Simulator, change: str, fault: str
) -> None:
    pressed, wrong = CHANGES[change], REFUSALS[fault]
    name = "web-9" if change == "create" else NAME
    simulator.faults.next(wrong.kind, pressed.request, **wrong.details)
    response = pressed.press(manager)
    assert response.status_code == wrong.status
    assert wrong.sentence.format(name=name) in text_of(response)
    assert sent(simulator, pressed) == 1
    entry = Activity.objects.get()
    assert (entry.outcome, entry.server_name, entry.user_name) == (Outcome.REFUSED, name, "mia")


@every_change
@pytest.mark.parametrize("fault", LOSSES)
def test_a_change_without_a_whole_answer_is_unknown_and_never_sent_again(
    manager: Client, simulator: Simulator, change: str, fault: str
) -> None:
    pressed, wrong = CHANGES[change], LOSSES[fault]
    if pressed.request == "start":
        simulator.account().servers[12345].status = "stopped"
    simulator.faults.next(wrong.kind, pressed.request, **wrong.details)
    response = pressed.press(manager)
    entry = Activity.objects.get()
    assert entry.outcome == Outcome.UNKNOWN
    if change == "create":
        assert response.status_code == 302
        assert response["Location"] == f"/servers/new/{entry.form_key}/"
    else:
        assert response.status_code == wrong.status
        assert wrong.sentence in text_of(response)
    assert sent(simulator, pressed) == 1


@pytest.mark.parametrize("change", ["create", "stop", "stop-button"])
def test_a_change_that_hangs_is_unknown(manager: Client, simulator: Simulator, change: str) -> None:
    simulator.faults.next("hang_after_effect", CHANGES[change].request)
    response = CHANGES[change].press(manager)
    if change != "create":
        assert response.status_code == 504
        assert LOST in text_of(response)
    assert Activity.objects.get().outcome == Outcome.UNKNOWN
    assert sent(simulator, CHANGES[change]) == 1


@pytest.mark.parametrize("change", [name for name in CHANGES if name not in ("edit", "rename")])
def test_a_change_without_a_connection_was_not_sent(manager: Client, settings: Any, change: str) -> None:
    settings.VPS_API_URL = "http://127.0.0.1:1/api/v1"
    session.transport.cache_clear()
    response = CHANGES[change].press(manager)
    assert response.status_code == 502
    assert NOT_REACHABLE in text_of(response)
    assert Activity.objects.get().outcome == Outcome.REFUSED


@pytest.mark.parametrize("change", [name for name in CHANGES if name not in ("create", "delete")])
def test_a_change_to_a_server_that_is_gone_is_told_by_its_name(
    manager: Client, simulator: Simulator, change: str
) -> None:
    simulator.faults.next("status", CHANGES[change].request, status=404)
    response = CHANGES[change].press(manager)
    assert response.status_code == 404
    assert f"{NAME} no longer exists at VPS.org. It may have been deleted elsewhere." in text_of(response)
    assert Activity.objects.get().outcome == Outcome.REFUSED


def test_a_deletion_of_what_is_gone_is_done(manager: Client, simulator: Simulator) -> None:
    simulator.faults.next("status", "delete", status=404)
    assert CHANGES["delete"].press(manager).status_code == 302
    assert Activity.objects.get().outcome == Outcome.ACCEPTED


def test_too_little_credit_keeps_every_choice(manager: Client, simulator: Simulator) -> None:
    simulator.account().credit = 0
    response = CHANGES["create"].press(manager)
    text = text_of(response)
    assert response.status_code == 422
    assert "Not enough credit at VPS.org, so the server was not created. Your choices are kept." in text
    assert 'value="web-9"' in text
    assert Activity.objects.get().outcome == Outcome.REFUSED
