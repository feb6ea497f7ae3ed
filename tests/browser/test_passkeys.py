"""Passkeys and the second step in Chromium, with an authenticator that it pretends to have."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from servers.simulator import Simulator
from tests.browser.conftest import OpenPage
from tests.conftest import PASSWORD, TOKEN
from tests.http.steps import code_of, grow_old, set_up_app

RATHER = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def with_device(open_page: OpenPage) -> Callable[..., Page]:
    """Opens a window whose browser can keep a passkey, like a laptop with a fingerprint reader."""

    def open_(client: Client | None = None) -> Page:
        page = open_page(client)
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": RATHER})
        return page

    return open_


def delete(page: Page, signed_in: Client) -> None:
    """Press and let the seconds pass that a deletion can be taken back in, with a sign-in that is not fresh."""
    page.clock.install()
    page.goto("/servers/12345/delete/")
    page.get_by_label("Type the name of the server").fill("web-server-01")
    grow_old(signed_in)
    page.get_by_role("button", name="Delete web-server-01 forever").click()
    page.clock.run_for(10_000)


def add_passkey(page: Page) -> None:
    page.goto("/me/second-step/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("A name for it").fill("my laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_passkey_is_made_signs_in_by_itself_and_is_removed(
    with_device: Callable[..., Page], manager: Client
) -> None:
    page = with_device(manager)
    add_passkey(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator(".entry__what")).to_contain_text("my laptop")
    page.goto("/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto("/login/?next=/activity/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("textbox", name="Key (API token)").fill(TOKEN)
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url("**/activity/")
    page.goto("/me/second-step/")
    expect(page.get_by_text("last used")).to_be_visible()
    page.get_by_role("link", name="Remove my laptop").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_role("link", name="Add a passkey")).to_be_visible()
    assert not Authenticator.objects.exists()


def test_after_the_password_a_passkey_is_the_second_step(
    with_device: Callable[..., Page], manager: Client
) -> None:
    page = with_device(manager)
    add_passkey(page)
    page.context.clear_cookies()
    page.goto("/login/")
    page.get_by_label("Name").fill("mia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="The second step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("textbox", name="Key (API token)")).to_be_visible()


def test_a_passkey_answers_the_question_who_it_is_and_what_was_pressed_is_sent_once(
    with_device: Callable[..., Page], manager: Client, simulator: Simulator
) -> None:
    page = with_device(manager)
    add_passkey(page)
    delete(page, manager)
    dialog = page.get_by_role("dialog", name="Is it you?")
    expect(dialog.get_by_label("Your password")).to_be_focused()
    assert all(method == "GET" for method, _ in simulator.lines)
    dialog.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("web-server-01 was deleted for ever")).to_be_visible()
    assert [line for line in simulator.lines if line[0] != "GET"] == [("DELETE", "/servers/12345/")]


def test_the_password_answers_it_too_and_a_wrong_one_is_said_in_the_dialog(
    open_page: OpenPage, manager: Client, simulator: Simulator, forgiven: list[str]
) -> None:
    forgiven += ["422", "htmx:"]
    page = open_page(manager)
    delete(page, manager)
    dialog = page.get_by_role("dialog", name="Is it you?")
    dialog.get_by_label("Your password").fill("wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("This is not your password.")).to_be_visible()
    dialog.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("web-server-01 was deleted for ever")).to_be_visible()
    assert [line for line in simulator.lines if line[0] != "GET"] == [("DELETE", "/servers/12345/")]


def test_whoever_is_as_quick_as_the_dialog_is_answered_in_it(open_page: OpenPage, manager: Client) -> None:
    page = open_page(manager)
    page.add_init_script(f"""
        document.addEventListener("DOMContentLoaded", () => {{
            new MutationObserver((_, observer) => {{
                const field = document.querySelector("#entry [type=password]");
                if (!field) return;
                observer.disconnect();
                field.value = "{PASSWORD}";
                field.form.requestSubmit();
            }}).observe(document.getElementById("sign-in"), {{ childList: true, subtree: true }});
        }});
    """)
    delete(page, manager)
    expect(page.get_by_text("web-server-01 was deleted for ever")).to_be_visible()


@pytest.mark.parametrize("pressed", ["Escape", "Send nothing"])
def test_closing_the_question_does_nothing_and_keeps_what_was_typed(
    open_page: OpenPage, manager: Client, simulator: Simulator, pressed: str
) -> None:
    page = open_page(manager)
    delete(page, manager)
    dialog = page.get_by_role("dialog", name="Is it you?")
    expect(dialog.get_by_label("Your password")).to_be_focused()
    if pressed == "Escape":
        page.keyboard.press(pressed)
    else:
        dialog.get_by_role("button", name=pressed).click()
    expect(page.get_by_label("Type the name of the server")).to_have_value("web-server-01")
    assert all(method == "GET" for method, _ in simulator.lines)


def test_a_session_that_ended_asks_for_both_steps_in_the_dialog_and_sends_once(
    open_page: OpenPage, operator: Client, simulator: Simulator
) -> None:
    _, codes = set_up_app(operator)
    page = open_page(operator)
    page.goto("/servers/12345/")
    User.objects.get(username="otto").open_sessions.all().delete()
    page.get_by_role("switch", name="Automatic backups").click()
    dialog = page.locator("#sign-in")
    dialog.get_by_label("Name").fill("otto")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(dialog.get_by_label("Code")).to_be_focused()
    dialog.get_by_label("Code").fill(codes[0])
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    dialog.get_by_role("textbox", name="Key (API token)").fill(TOKEN)
    dialog.get_by_role("button", name="Connect").click()
    expect(page.locator("#messages")).to_contain_text("Automatic backups are")
    assert [line[0] for line in simulator.lines if line[0] != "GET"] == ["PATCH"]


def test_where_the_browser_makes_none_it_says_so_and_tries_again(
    open_page: OpenPage, manager: Client, forgiven: list[str]
) -> None:
    page = open_page(manager)
    page.add_init_script(
        "navigator.credentials.create = navigator.credentials.get = async () => { throw 0; }"
    )
    page.goto("/me/second-step/passkey/")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("No passkey was made. You can try again.")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was used. You can try again.")).to_be_visible()


def test_without_javascript_the_app_works_and_passkeys_are_not_offered(
    open_page: OpenPage, manager: Client, simulator: Simulator
) -> None:
    page = open_page(manager, javascript=False)
    page.goto("/me/second-step/passkey/")
    expect(page.get_by_text("This browser cannot make a passkey here")).to_be_visible()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    page.goto("/me/second-step/app/")
    secret = page.locator("p.link code").inner_text()
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Set up this app").click()
    codes = page.locator(".codes code").inner_text().split()
    page.context.clear_cookies()
    page.goto("/login/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    page.get_by_label("Name").fill("mia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("textbox", name="Key (API token)")).to_be_visible()
