"""The second step as people take it: the app on a phone, and the codes on paper."""

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from tests.http.pages import read


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))
    return code


def set_up_app(client: Client) -> tuple[str, list[str]]:
    """Set up an app for codes at the front door: its secret, and the recovery codes that come with it."""
    page = read(client.get("/me/second-step/app/"))
    secret = page.one("p", **{"class": "link"}).one("code").text
    response = client.post("/me/second-step/app/", {"code": code_of(secret)})
    assert (response.status_code, response["Location"]) == (302, "/me/second-step/codes/")
    codes = (
        read(client.get("/me/second-step/codes/")).one("div", **{"class": "codes"}).one("code").text.split()
    )
    return secret, codes


def grow_old(client: Client) -> None:
    """Lets the sign-in of this session be an hour old, so that it is not fresh any more."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
