"""/metrics: what Prometheus reads, for whoever brings the token, and that it names nobody and nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from servers.models import Activity
from servers.remote import errors
from servers.simulator import Simulator
from tests.conftest import HTMX, TOKEN

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db, pytest.mark.one_process]

OPERATE = Path(__file__).resolve().parents[2] / "docs" / "operate.md"
BEARER = {"Authorization": "Bearer for-the-prometheus-of-the-tests"}
Counts = dict[tuple[str, ...], float]


def counts() -> Counts:
    """What is counted so far: the name and the labels' values of each line."""
    response = Client().get("/metrics", headers=BEARER)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@pytest.fixture
def more(simulator: Simulator) -> Callable[[], Counts]:
    """What was counted since the test began."""
    before = counts()

    def since() -> Counts:
        return {
            name: value - before.get(name, 0) for name, value in counts().items() if value != before.get(name)
        }

    return since


@pytest.mark.parametrize(
    "brought",
    [
        {},
        {"Authorization": "Bearer another"},
        {"Authorization": "for-the-prometheus-of-the-tests"},
        {"Authorization": "Bearer é"},
    ],
)
def test_without_the_token_nothing_is_told(manager: Client, brought: dict[str, str]) -> None:
    response = manager.get("/metrics", headers=brought)
    assert (response.status_code, response.content) == (401, b"")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("brought", [{}, BEARER, {"Authorization": "Bearer "}])
def test_without_the_setting_there_is_no_such_page(settings: Any, brought: dict[str, str]) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers=brought).status_code == 404


def test_calls_are_counted_by_request_and_by_how_they_ended(
    operator: Client, simulator: Simulator, more: Callable[[], Counts]
) -> None:
    operator.get("/servers/12345/")
    simulator.faults.next("status", "stop", status=500)
    operator.post("/servers/12345/stop/")
    operator.post("/servers/999/stop/")
    found = more()
    assert found["console_vps_calls_total", "answered", "detail"] == 1
    assert found["console_vps_calls_total", "Failed", "stop"] == 1
    assert found["console_vps_calls_total", "Gone", "stop"] == 1
    assert found["console_vps_call_seconds_count", "stop"] == 2
    assert found["console_vps_call_seconds_bucket", "+Inf", "stop"] == 2


def test_when_vps_org_last_answered_is_a_moment(
    operator: Client, simulator: Simulator, later: Callable[[float], None]
) -> None:
    def moment() -> float:
        return counts()["console_vps_answered_timestamp_seconds",]

    operator.get("/servers/12345/")
    answered = moment()
    later(60)
    simulator.faults.next("status", "stop", status=500)
    operator.post("/servers/12345/stop/")
    assert moment() == answered
    operator.post("/servers/999/stop/")
    assert moment() == answered + 60


def test_changes_are_counted_by_what_came_of_them(
    operator: Client, simulator: Simulator, more: Callable[[], Counts]
) -> None:
    operator.post("/servers/12345/reboot/")
    operator.post("/servers/12345/start/")
    simulator.faults.next("cut", "stop")
    operator.post("/servers/12345/stop/")
    found = {name[1:]: value for name, value in more().items() if name[0] == "console_changes_total"}
    assert found == {("reboot", "accepted"): 1, ("start", "refused"): 1, ("stop", "unknown"): 1}


def test_polls_are_counted_with_the_age_of_what_they_show(
    viewer: Client, simulator: Simulator, later: Callable[[float], None], more: Callable[[], Counts]
) -> None:
    viewer.get("/servers/")
    assert viewer.get("/servers/poll/", headers=HTMX).status_code == 204
    later(20)
    simulator.faults.next("status", "list", status=500)
    assert viewer.get("/servers/poll/?ids=12345&on=list&seen=0", headers=HTMX).status_code == 200
    found = more()
    assert (found["console_polls_total", "204"], found["console_polls_total", "200"]) == (1, 1)
    assert found["console_fleet_age_seconds_count",] == 2
    assert found["console_fleet_age_seconds_sum",] == 20


def test_labels_come_from_closed_sets_and_name_nobody(manager: Client, simulator: Simulator) -> None:
    assert manager.get("/servers/?q=nobody-knows-this").status_code == 200
    for act, form in {"stop/": {}, "delete/": {"confirm_name": "web-server-01"}}.items():
        assert manager.post(f"/servers/12345/{act}", form).status_code == 302
    text = Client().get("/metrics", headers=BEARER).content.decode()
    assert not [word for word in ("12345", "web-", "mia", "nobody-knows", TOKEN, TOKEN[-4:]) if word in text]
    allowed = {
        "outcome": {"answered", *kinds(errors.RemoteError), *Activity.Outcome.values},
        "request": {"list", "create", "detail", "replace", "change", "delete", "start", "stop", "reboot"},
        "action": set(Activity.Action.values),
        "status": {"200", "204"},
    }
    for label, value in re.findall(r'[{,](\w+)="([^"]*)"', text):
        assert label == "le" or value in allowed[label], f"{label}={value}"


def test_what_is_counted_is_what_is_documented(simulator: Simulator) -> None:
    documented = set(re.findall(r"^\| `(console_\w+)`", OPERATE.read_text(), re.MULTILINE))
    families = text_string_to_metric_families(Client().get("/metrics", headers=BEARER).content.decode())
    counted = {family.name + "_total" * (family.type == "counter") for family in families}
    assert documented == {name for name in counted if not name.endswith("_created")}


def kinds(error: type[Exception]) -> set[str]:
    """The names of this error and of all that are one."""
    return {error.__name__}.union(*map(kinds, error.__subclasses__()))
