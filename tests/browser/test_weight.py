"""What the first visit costs: everything that Chromium loads for the list, as the console is served for real."""

from typing import Any

import brotli
import pytest
from playwright.sync_api import Browser, Page, Response

from servers.simulator import Simulator
from servers.simulator.seed import more
from tests.browser.conftest import DESK, REPORT_VIOLATIONS

MOST = 40 * 1024
MOST_REQUESTS = 6

pytestmark = pytest.mark.slow


@pytest.fixture
def many_servers(simulator: Simulator) -> None:
    """So many that a page of the list is full."""
    simulator.account().servers.update({server.id: server for server in more(1000)})


def test_the_first_visit_to_a_full_list_is_under_40_kilobytes_and_6_requests(
    chromium: Browser, many_servers: None, served: str, visit: Any
) -> None:
    # A browser that has the session, and no file yet.
    with chromium.new_context(base_url=served, viewport=DESK, storage_state=visit) as visitor:  # type: ignore[arg-type]
        page = visitor.new_page()
        loaded: list[Response] = []
        page.on("response", lambda response: loaded.append(response))
        page.goto("/servers/")
        page.wait_for_load_state("networkidle")
        assert page.locator(".servers tbody tr").count() == 50
        # A proxy compresses the page itself: the console does not, because its secrets stand beside what was typed.
        weights = {
            response.url: len(brotli.compress(response.body(), quality=5))
            if response.request.resource_type == "document"
            else response.request.sizes()["responseBodySize"]
            for response in loaded
        }
        kept = [response.headers["cache-control"] for response in loaded if "/static/" in response.url]
    print(sum(weights.values()), weights)  # noqa: T201
    assert any("htmx" in address for address in weights)
    assert len(loaded) <= MOST_REQUESTS and sum(weights.values()) < MOST, weights
    assert len(kept) >= 3 and all("immutable" in words for words in kept)


def test_what_was_put_into_one_file_works_as_its_parts_do(chromium: Browser, served: str, visit: Any) -> None:
    complaints: list[str] = []
    with chromium.new_context(base_url=served, viewport=DESK, storage_state=visit) as visitor:  # type: ignore[arg-type]
        visitor.add_init_script(REPORT_VIOLATIONS)
        visitor.on("console", lambda message: complaints.append(message.text))
        visitor.on("weberror", lambda error: complaints.append(str(error.error)))
        page: Page = visitor.new_page()
        page.goto("/servers/")
        # A module of each kind: the menus of panel.js, the keys, and the countdown, which the list has no use for.
        page.locator("summary").first.click()
        page.keyboard.press("Escape")
        assert page.locator("details.menu[open]").count() == 0
        page.locator("body").press("/")
        assert page.evaluate("document.activeElement.id") == "q"
        parts = page.evaluate(
            "[...document.styleSheets].flatMap((s) => [...s.cssRules]).map((r) => r.constructor.name)"
        )
        assert "CSSImportRule" not in parts and parts.count("CSSLayerBlockRule") > 10
    assert complaints == []
