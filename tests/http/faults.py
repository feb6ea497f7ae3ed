"""What the tables of faults share: a fault with what has to come of it, the sentences, and a look for the key."""

import html
from typing import Any, NamedTuple

from tests.conftest import TOKEN

SERVER = "/servers/12345/"
NAME = "web-server-01"
WAIT_20 = {"headers": {"Retry-After": "20"}}

REFUSED = "VPS.org refused your key. Nothing was changed."
NOT_ALLOWED = "Your key is not allowed to do this. Nothing was changed."
WAIT = "VPS.org asks us to wait 20 seconds. Nothing was changed."
NOT_REACHABLE = "VPS.org cannot be reached. Nothing was sent, so nothing was changed."
NOT_UNDERSTOOD = "VPS.org answered something this console does not understand."


class Fault(NamedTuple):
    """What goes wrong, and what has to come of it: our status, the sentence, how often VPS.org is asked."""

    kind: str
    details: dict[str, Any]
    status: int
    sentence: str
    calls: int = 1


def text_of(response: Any) -> str:
    """What the person reads, after a look for the key in all of the answer."""
    assert TOKEN not in f"{response.content.decode()} {response.headers} {response.cookies}"
    return " ".join(html.unescape(response.content.decode()).split())
