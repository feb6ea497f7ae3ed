"""Every page in languages that nobody speaks: nothing on it is unmarked, cut, covered or too wide."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.translation import override
from playwright.sync_api import Page

from servers.people import Profile
from servers.simulator import Simulator
from servers.simulator.catalogue import LOCATIONS, PLANS, SYSTEMS
from tests.browser import pseudo
from tests.browser.conftest import DESK, OpenPage
from tests.browser.eyes import findings
from tests.browser.screenshots import STATES
from tests.browser.test_every_page import LONG, PAGES

languages = pytest.mark.parametrize("language", [pseudo.LEFT_TO_RIGHT, pseudo.RIGHT_TO_LEFT])


@pytest.fixture(scope="session")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    pseudo.write(folder)
    return folder


@pytest.fixture
def speak(settings: Any, catalogues: Path) -> None:
    pseudo.speak(settings, catalogues)


@pytest.fixture
def data(simulator: Simulator) -> set[str]:
    """What stands on the pages as servers and people are called."""
    servers = simulator.account().servers.values()
    texts = {text for server in servers for text in (server.name, server.hostname, server.location) if text}
    texts |= {plan.name for plan in PLANS.values()} | {system.name for system in SYSTEMS.values()}
    return texts | set(LOCATIONS) | {"mia", "vera", "otto", "migrating", "shop", "shop_web!", "Okafor & Co"}


def of_member(client: Client, language: str) -> Client:
    user = User.objects.get(pk=client.session["_auth_user_id"])
    Profile.objects.update_or_create(user=user, defaults={"language": language})
    return client


def look(page: Page, data: set[str], language: str) -> None:
    assert page.locator("html").get_attribute("lang") == language
    assert "\n".join(pseudo.faults(page, data)) == ""
    if language == pseudo.RIGHT_TO_LEFT:
        assert page.locator("html").get_attribute("dir") == "rtl"
        assert findings(page) == []
    page.set_viewport_size(DESK)  # type: ignore[arg-type]


@languages
@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES.keys())
def test_a_page(
    open_page: OpenPage, manager: Client, speak: None, data: set[str], language: str, address: str
) -> None:
    page = open_page(of_member(manager, language))
    manager.post(f"/servers/{LONG}/reboot/")
    response = page.goto(address)
    assert response
    assert response.status == 200
    look(page, data, language)


@languages
@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_a_state_of_a_page(
    open_page: OpenPage,
    manager: Client,
    speak: None,
    data: set[str],
    forgiven: list[str],
    language: str,
    state: Callable[[Page], None],
) -> None:
    page = open_page(of_member(manager, language))
    state(page)
    look(page, data, language)
    forgiven += ["422", "htmx:", "HTMLElement"]


@languages
def test_what_is_seen_before_sign_in(
    open_page: OpenPage, simulator: Simulator, speak: None, data: set[str], forgiven: list[str], language: str
) -> None:
    page = open_page()
    page.goto("/login/")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])
    page.goto("/login/")
    look(page, data, language)
    page.locator("#id_login").fill("nobody")
    page.locator("#id_password").fill("nothing")
    page.locator("main form button.button--primary").click()
    page.locator(".message--error").wait_for()
    look(page, data, language)
    page.goto("/login/provider/back/")
    look(page, data, language)
    forgiven.append("400")


@languages
def test_a_list_without_servers_and_one_that_could_not_be_asked_for(
    open_page: OpenPage,
    manager: Client,
    simulator: Simulator,
    speak: None,
    data: set[str],
    forgiven: list[str],
    language: str,
) -> None:
    page = open_page(of_member(manager, language))
    page.goto("/nothing/here/")
    look(page, data, language)
    simulator.faults.next("status", "detail", times=2, status=500)
    page.goto("/servers/12345/")
    look(page, data, language)
    simulator.account().servers.clear()
    page.goto("/servers/?now")
    page.goto("/servers/")
    look(page, data, language)
    forgiven += ["404", "502"]


def test_it_is_longer_bracketed_and_leaves_placeholders_and_tags_alone() -> None:
    said = pseudo.pretend("Stop <b>%(name)s</b> at 5 %%…")
    assert said.startswith("⟦Šţóp <b>%(name)s</b> áţ 5 %%…")
    assert said.endswith("⟧")
    assert len(pseudo.pretend("Nothing was changed.")) > 1.4 * len("Nothing was changed.")
    assert pseudo.pretend("\n  Stop ").startswith("\n  ⟦Šţóp")
    assert pseudo.pretend("") == ""


def test_it_finds_what_is_unmarked_cut_and_overlapping(open_page: OpenPage, speak: None) -> None:
    with override("en"):
        page = open_page()
        page.set_content("""
            <main><p id="wide">⟦ŵíďé⟧</p></main>
            <p>⟦Mářķéď <b>%(name)s</b>⟧ web-1</p><p>Unmarked</p><button aria-label="Spoken">⟦x⟧</button>
            <p id="cut"><span>⟦ţóó ĺóñğ ťó bé šééñ⟧</span></p><a href="/1/">⟦one⟧</a><a href="/2/" id="over">⟦two⟧</a>
        """)
        page.locator("#cut").evaluate("(p) => { p.style.width = '20px'; p.style.overflow = 'hidden'; }")
        page.locator("#over").evaluate("(a) => { a.style.marginInlineStart = '-20px'; }")
        page.locator("#wide").evaluate("(p) => { p.style.width = '2000px'; }")
        found = "\n".join(pseudo.faults(page, {"web-1"}))
    assert "not marked: 'Unmarked'" in found
    assert "not marked: 'Spoken'" in found
    assert "web-1" not in found
    assert 'sticking out at 1280: <p id="wide"' in found
    assert "scrolls sideways at 390" in found
    assert 'cut at 1280: <p id="cut"' in found
    assert 'overlapping at 390: <a href="/1/"' in found
