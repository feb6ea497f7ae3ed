"""People in several browsers at once, and links that are passed on."""

import threading
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from servers.people import MemberChange
from tests.conftest import PASSWORD
from tests.http.pages import read

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


def browser(name: str, user_agent: str = FIREFOX, password: str = PASSWORD) -> Client:
    """One more browser in which somebody signs in at the front door."""
    client = Client(raise_request_exception=False, headers={"User-Agent": user_agent})
    assert client.post("/login/", {"login": name, "password": password}).status_code == 302
    return client


def signed_in(client: Client) -> bool:
    """Whether the next request of this browser is one of somebody who is signed in."""
    return client.get("/me/").status_code == 200


def page_of(name: str, act: str = "") -> str:
    """The address of a member's page, or of what can be done there."""
    return f"/members/{User.objects.get(username=name).pk}/{act}"


def invite(manager: Client, role: str = "Operator", meant_for: str = "Anna") -> str:
    """The path of the link of a new invitation, as the Manager copies it."""
    response = manager.post("/members/invite/", {"role": role, "meant_for": meant_for})
    assert response.status_code == 200
    link = read(response).one("p", **{"class": "link"}).one("code").text
    assert link.startswith("http://testserver/invited/")
    return link.removeprefix("http://testserver")


def trace() -> list[str]:
    """What was done to members, oldest first: by whom, what, to whom and the role."""
    rows = MemberChange.objects.order_by("id").values_list(
        "by_name", "action", "member_name", "role_before", "role"
    )
    return [" ".join(filter(None, row)) for row in rows]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What these give when they begin at the same moment, each in a thread of its own."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = acts[number]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
