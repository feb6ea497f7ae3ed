"""Pictures of every page, to be looked at: phone and desktop, light and dark, in each script that the console speaks.

`./run test tests/browser/screenshots.py` writes them to .screenshots/<language>-<device>-<colours>/<page>.png; with `-k
"ta and phone"` only some. Not a test, so it runs by name only.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page

from servers import knowledge
from servers.models import Sheet
from servers.people import Profile
from servers.simulator import SimulatedServer, Simulator
from tests.browser.conftest import OpenPage

FOLDER: Final = settings.BASE_DIR / ".screenshots"
LANGUAGES: Final = ("en", "ta", "ar")
EMPTY: Final = {"start": "/", "list": "/servers/", "activity": "/activity/", "new": "/servers/new/"}
LONG: Final = 12396
"""The server with the longest name of the seeded fleet."""

PAGES: Final = {
    "start": "/",
    "list": "/servers/",
    "list-filtered": "/servers/?q=shop",
    "list-no-match": "/servers/?q=nothing-has-this-name",
    "server": "/servers/12345/",
    "server-long": f"/servers/{LONG}/",
    "server-new": "/servers/12415/",
    "new": "/servers/new/",
    "edit": "/servers/12345/edit/",
    "stop": "/servers/12345/stop/",
    "delete": "/servers/12345/delete/",
    "notes": "/servers/12345/notes/",
    "protected": "/servers/12346/stop/",
    "activity": "/activity/",
    "many": f"/bulk/new/?action=stop&server=12345&server=12346&server={LONG}&server=12372",
    "members": "/members/",
    "invite": "/members/invite/",
    "me": "/me/",
    "second-step": "/me/second-step/",
    "app": "/me/second-step/app/",
    "passkey": "/me/second-step/passkey/",
    "second-step-rule": "/members/second-step/",
    "key": "/connect/",
    "password": "/password/",
    "keys": "/keys/",
    "accessibility": "/accessibility/",
    "missing": "/nothing/here/",
}


def stop_dialog(page: Page) -> None:
    page.goto(f"/servers/{LONG}/")
    stop = page.locator(f"#stop-{LONG}")
    if not stop.is_visible():  # on a phone it stands in the menu at the foot
        page.locator(f"#more-{LONG}").click()
    stop.click()
    page.locator("dialog[open]").wait_for()


def menu(page: Page) -> None:
    page.goto("/servers/?q=shop")
    page.locator(".servers .menu summary").first.click()


def ticked(page: Page) -> None:
    page.goto("/servers/?q=shop")
    for box in page.locator(".servers__tick input").all()[:2]:
        box.check()


def wrong_form(page: Page) -> None:
    page.goto("/servers/new/")
    page.locator("#id_name").fill("shop_web!")
    page.locator("main form.form button.button--primary").click()
    page.locator(".errors").first.wait_for()


STATES: Final[dict[str, Callable[[Page], None]]] = {
    "dialog": stop_dialog,
    "menu": menu,
    "ticked": ticked,
    "new-wrong": wrong_form,
}


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def team(manager: Client, operator: Client, simulator: Simulator) -> Client:
    """A Manager of a team that has used the console for a while."""
    User.objects.filter(username=manager_name(manager)).update(first_name="Mia", last_name="Okafor")
    for server_id, action in (
        ("12372", "reboot"),
        ("12345", "stop"),
        ("12374", "reboot"),
        (str(LONG), "reboot"),
    ):
        operator.post(f"/servers/{server_id}/{action}/")
    simulator.clock.advance(60)
    manager.get("/servers/?now")
    operator.post("/servers/12345/start/")
    simulator.clock.advance(60)
    manager.get("/servers/?now")
    for server_id in ("12345", "12346", str(LONG)):
        manager.get(f"/servers/{server_id}/")
    operator.post("/servers/12345/notes/", {"text": "Restart only after 18:00: the shop closes then."})
    Sheet.objects.update_or_create(server_id="12345", defaults={"tags": ["production", "shop", "web"]})
    Sheet.objects.update_or_create(server_id="12372", defaults={"tags": ["shop"]})
    manager.post("/servers/12346/protection/", {"protected": "on"})
    assert knowledge.of(["12346"])["12346"].protected
    return manager


def manager_name(client: Client) -> str:
    return str(User.objects.get(pk=client.session["_auth_user_id"]).username)


def shoot(page: Page, folder: Path, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.screenshot(path=folder / f"{name}.png", full_page=True)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_pictures(
    open_page: OpenPage,
    team: Client,
    simulator: Simulator,
    forgiven: list[str],
    language: str,
    phone: bool,
    dark: bool,
) -> None:
    forgiven.append("")  # what the browser says is the business of the tests
    folder = FOLDER / f"{language}-{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}"
    folder.mkdir(parents=True, exist_ok=True)
    user = User.objects.get(username=manager_name(team))
    Profile.objects.update_or_create(user=user, defaults={"language": language})
    page = open_page(team, phone=phone, dark=dark)
    for name, address in PAGES.items():
        page.goto(address)
        shoot(page, folder, name)
    for name, reach in STATES.items():
        reach(page)
        shoot(page, folder, name)

    fill(simulator)
    page.goto("/servers/?now")
    shoot(page, folder, "list-long")
    simulator.faults.next("status", "list", times=40, status=500)
    page.goto("/servers/?now")
    page.wait_for_timeout(2500)
    shoot(page, folder, "outage")
    simulator.faults.next("status", "detail", times=2, status=500)
    page.goto("/servers/99999/")
    shoot(page, folder, "problem")

    signed_out = open_page(phone=phone, dark=dark)
    signed_out.set_extra_http_headers({"Accept-Language": language})
    signed_out.goto("/login/")
    shoot(signed_out, folder, "login")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_pictures_of_an_empty_account(
    open_page: OpenPage,
    sign_in: Callable[..., Client],
    simulator: Simulator,
    forgiven: list[str],
    phone: bool,
) -> None:
    forgiven.append("")
    simulator.account().servers.clear()
    folder = FOLDER / f"en-{'phone' if phone else 'desktop'}-light"
    folder.mkdir(parents=True, exist_ok=True)
    for name, role in (("empty", "Manager"), ("empty-viewer", "Viewer")):
        page = open_page(sign_in(name, role), phone=phone)
        for part, address in (
            ("start", "/"),
            ("list", "/servers/"),
            ("activity", "/activity/"),
            ("new", "/servers/new/"),
        ):
            page.goto(address)
            shoot(page, folder, f"{name}-{part}")


def fill(simulator: Simulator) -> None:
    many: dict[int, Any] = {i: SimulatedServer(id=i, name=f"worker-{i}") for i in range(30001, 30061)}
    simulator.account().servers.update(many)
