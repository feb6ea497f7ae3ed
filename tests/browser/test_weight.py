"""What the first visit costs: everything that Chromium loads for the list, as the console is served for real."""

import gzip
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import DESK

MOST = 60 * 1024


@pytest.mark.slow
def test_the_first_visit_to_the_list_is_under_60_kilobytes(
    chromium: Browser, served: str, visit: Any
) -> None:
    # A browser that has the session, and no file yet.
    with chromium.new_context(base_url=served, viewport=DESK, storage_state=visit) as visitor:  # type: ignore[arg-type]
        page = visitor.new_page()
        loaded = []
        page.on("response", lambda response: loaded.append(response))
        page.goto("/servers/")
        page.wait_for_load_state("networkidle")
        # A proxy compresses the page itself: the console does not, because its secrets stand beside what was typed.
        weights = {
            response.url: len(gzip.compress(response.body()))
            if response.request.resource_type == "document"
            else response.request.sizes()["responseBodySize"]
            for response in loaded
        }
    assert any("htmx" in address for address in weights)
    assert sum(weights.values()) < MOST, weights
