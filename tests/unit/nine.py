"""The nine requests as the documentation shows them: how we call each, and what has to arrive at VPS.org."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from servers.remote import service
from servers.remote.objects import NewServer
from servers.remote.transport import Api

EXAMPLES = Path(__file__).parent.parent / "documented"
SERVER = "12345"


class Request(NamedTuple):
    """One of the nine: our function with the documented values, and the line that it sends."""

    call: Callable[[Api], Any]
    method: str
    path: str


def example(name: str) -> Any:
    """A documented answer ("list"), or a documented body ("create.request")."""
    return json.loads((EXAMPLES / f"{name}.json").read_text())


NINE = {
    "list": Request(service.list_servers, "GET", "/servers/"),
    "create": Request(
        lambda api: service.create_server(api, msgspec.convert(example("create.request"), NewServer)),
        "POST",
        "/servers/",
    ),
    "detail": Request(lambda api: service.get_server(api, SERVER), "GET", "/servers/12345/"),
    "replace": Request(
        lambda api: service.update_server(api, SERVER, **example("replace.request")),
        "PUT",
        "/servers/12345/",
    ),
    "change": Request(
        lambda api: service.partially_update_server(api, SERVER, example("change.request")),
        "PATCH",
        "/servers/12345/",
    ),
    "delete": Request(lambda api: service.delete_server(api, SERVER), "DELETE", "/servers/12345/"),
    "start": Request(lambda api: service.start_server(api, SERVER), "POST", "/servers/12345/start/"),
    "stop": Request(lambda api: service.stop_server(api, SERVER), "POST", "/servers/12345/stop/"),
    "reboot": Request(lambda api: service.reboot_server(api, SERVER), "POST", "/servers/12345/reboot/"),
}
READS = ("list", "detail")
CHANGES = tuple(name for name in NINE if name not in READS)
WITH_BODY = ("create", "replace", "change")

every_request = pytest.mark.parametrize("name", NINE)
every_read = pytest.mark.parametrize("name", READS)
every_change = pytest.mark.parametrize("name", CHANGES)
