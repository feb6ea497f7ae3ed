"""One person with many tabs, whose key VPS.org no longer takes: nobody is signed out by it."""

from typing import Any

import pytest
from django.test import Client

from servers import session
from servers.simulator import Simulator
from tests.conftest import HTMX
from tests.http.pages import read
from tests.http.people import at_once

TABS = 20
PAGE = "/servers/12345/"
REFUSED, NO_KEY = "VPS.org refused your key. Nothing was changed.", "You are not connected to VPS.org."


def tab(viewer: Client) -> Client:
    """One more tab of the same browser, with the cookies that it has now."""
    browser = Client(raise_request_exception=False)
    browser.cookies.load({name: cookie.value for name, cookie in viewer.cookies.items()})
    return browser


def test_a_tab_whose_request_was_on_its_way_when_another_was_refused_stays_signed_in(
    viewer: Client, simulator: Simulator
) -> None:
    first, second, third = tab(viewer), tab(viewer), tab(viewer)
    simulator.world.accounts.clear()
    assert first.get(PAGE).status_code == 409
    assert second.get(PAGE)["Location"] == "/connect/?next=%2Fservers%2F12345%2F"
    assert NO_KEY in third.get(PAGE, headers=HTMX).content.decode()
    assert [one.get("/me/").status_code for one in (first, second, third)] == [200, 200, 200]
    assert len(simulator.seen) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_twenty_tabs_with_a_revoked_key_get_one_message_each_for_one_call_each_at_most(
    viewer: Client, simulator: Simulator, settings: Any
) -> None:
    # Room for all of them at VPS.org: who finds none is shown the server as last known.
    settings.WEB_THREADS = 4 * TABS
    simulator.world.accounts.clear()
    tabs = [tab(viewer) for _ in range(TABS)]
    answers = at_once(*(lambda one=one: one.get(PAGE, headers=HTMX) for one in tabs))
    for answer in answers:
        message = read(answer).one(id="alerts").text
        assert answer.status_code in (200, 409)
        assert message.count(REFUSED) + message.count(NO_KEY) == 1, message
    assert 1 <= len(simulator.seen) <= TABS
    assert session.SEALED not in viewer.session
    assert {one.get("/me/").status_code for one in tabs} == {200}
