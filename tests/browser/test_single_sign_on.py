"""The whole way to a provider and back in Chromium, under the policy that is shipped."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.conftest import PASSWORD
from tests.http.provider import Provider, running


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with running() as provider:
        settings.SINGLE_SIGN_ON = settings.SINGLE_SIGN_ON | {"ISSUER": provider.issuer}
        yield provider


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_an_account_elsewhere_is_linked_signs_in_and_is_unlinked(
    open_page: OpenPage, operator: Client, provider: Provider, javascript: bool
) -> None:
    page = open_page(operator, javascript=javascript)
    page.goto("/me/")
    page.get_by_role("button", name="Link Okafor & Co").click()
    expect(page.get_by_text("Linked. From now on you can sign in with Okafor & Co, too.")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/login/?next=/me/")
    page.get_by_role("button", name="Sign in with Okafor & Co").click()
    page.wait_for_url("**/me/")
    page.get_by_role("button", name="Unlink Okafor & Co").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Unlinked. Okafor & Co signs you in no more.")).to_be_visible()
    assert not SocialAccount.objects.exists()
