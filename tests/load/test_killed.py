"""kill -9 in the middle of a change: nothing is sent twice, nothing without its row, no row stays "sent"."""

import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.simulator import Simulator

from .fifty import agreed, stopping_fifty, until_over
from .programs import Browser, Console, Redis, until

pytestmark = pytest.mark.slow

POINTS = ("row", "call", "answer", "outcome")
"""While the row of the log is written, before the call, after its answer, after the outcome was written (mortal.py)."""

CHANGES = {
    "start": ("/servers/{stopped}/start/", {}),
    "stop": ("/servers/12345/stop/", {}),
    "reboot": ("/servers/12345/reboot/", {}),
    "delete": ("/servers/12345/delete/", {"confirm_name": "web-server-01"}),
    "edit": (
        "/servers/12345/edit/",
        {
            "name": "shop",
            "opened_name": "web-server-01",
            "backups_enabled": "on",
            "opened_backups_enabled": "True",
        }
        | dict.fromkeys(("hostname", "opened_hostname"), "web01.example.com"),
    ),
    "rename": ("/servers/12345/rename/", {"name": "shop", "opened_name": "web-server-01"}),
    "backups": ("/servers/12345/backups/", {"backups_enabled": "off"}),
    "create": ("/servers/new/", {"name": "shop-7", "plan_id": "1", "os_id": "5", "location": "us-west"}),
}


@pytest.fixture(scope="module")
def dies_at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed") / "dies-at"


@pytest.fixture(scope="module")
def console(redis: Redis, vps: Simulator, dies_at: Path) -> Iterator[Console]:
    """One worker, which gunicorn replaces when it is gone."""
    console = Console(dies_at.parent, vps.base_url, redis.url, DIES_AT=str(dies_at))  # type: ignore[attr-defined]
    console.start("tests.load.mortal:application")
    yield console
    console.end()


@pytest.fixture(scope="module")
def mia(console: Console) -> Browser:
    return console.people(mia="Manager")["mia"]


@pytest.fixture(autouse=True)
def anew(vps: Simulator, console: Console, redis: Redis) -> None:
    """The seeded fleet, an empty log, an empty cache."""
    vps.reset()
    for table in ("servers_activity", "servers_step", "servers_run", "servers_note", "servers_sheet"):
        console.rows(f"DELETE FROM {table}")  # noqa: S608
    redis.forget()


def changes(vps: Simulator) -> list[tuple[str, str]]:
    return [line for line in vps.lines if line[0] != "GET"]


def outcomes(console: Console) -> list[str]:
    return [row[0] for row in console.rows("SELECT outcome FROM servers_activity ORDER BY id")]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("change", CHANGES)
def test_killed_in_the_middle_of_a_change(
    console: Console, vps: Simulator, mia: Browser, dies_at: Path, change: str, point: str
) -> None:
    stopped = next(s.id for s in vps.account().servers.values() if s.status == "stopped")
    path, form = CHANGES[change]
    path, form = path.format(stopped=stopped), form | {"form_key": str(uuid.uuid4())}
    assert mia.get("/servers/").status_code == 200
    dies_at.write_text(point)
    assert mia.press(path, form, HX_Request="true") == 0
    assert not dies_at.exists()
    sent = len(changes(vps))
    assert sent == (point in ("answer", "outcome")), "never without a row in the log"
    assert outcomes(console) == {"row": [], "outcome": ["accepted"]}.get(point, ["sent"])
    # Minutes later somebody looks: what is known of it is said, and nothing is sent again.
    vps.clock.advance(600)
    console.minutes_go_by(3)
    assert mia.get("/servers/?now").status_code == 200
    assert mia.get("/activity/").status_code == 200
    assert "sent" not in outcomes(console)
    assert len(changes(vps)) == sent
    if change == "create":
        mia.press(path, form)
        assert changes(vps) == [("POST", "/servers/")] * (point != "call"), "one form, one server"
        assert len(outcomes(console)) == 1


@pytest.mark.parametrize(
    ("address", "form"), [("notes/", {"text": "a"}), ("protection/", {"protected": "on"})]
)
def test_killed_while_a_note_or_the_protection_is_saved(
    console: Console, vps: Simulator, mia: Browser, dies_at: Path, address: str, form: dict[str, str]
) -> None:
    assert mia.get("/servers/").status_code == 200
    dies_at.write_text("row")
    assert mia.press(f"/servers/12345/{address}", form) == 0
    protected = console.rows("SELECT protected FROM servers_sheet")
    assert protected in ([], [(0,)]) and outcomes(console) == [], "both, or neither"
    assert len(console.rows("SELECT 1 FROM servers_note")) <= 1
    assert mia.press(f"/servers/12345/{address}", form) == 302
    assert changes(vps) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_run_of_fifty_loses_and_repeats_nothing(
    console: Console, vps: Simulator, mia: Browser, how: signal.Signals
) -> None:
    with stopping_fifty(mia, vps):
        until(lambda: len(changes(vps)) >= 10)
        console.end(how)
        console.start("tests.load.mortal:application")
        until(lambda: len(changes(vps)) >= 30)
        console.end(how)
        console.start("tests.load.mortal:application")
        until_over(console)
    states = agreed(console, vps)
    if how == signal.SIGTERM:
        assert states == {"accepted": 50}
