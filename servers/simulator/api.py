"""The nine documented requests, told apart and carried out. Knows the world, and nothing of sockets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from . import answers
from .bodies import BadBody, read_fields
from .catalogue import PLANS
from .world import Account, SimulatedServer, World

COLLECTION = {"GET": "list", "POST": "create"}
MEMBER = {"GET": "detail", "PUT": "replace", "PATCH": "change", "DELETE": "delete"}
POWER = {"start": ("stopped", "starting"), "stop": ("active", "stopping"), "reboot": ("active", "rebooting")}
"""The status that each power request needs, and the one it begins."""

NAMES = {
    **{f"{method} {name}": name for method, name in COLLECTION.items()},
    **{f"{method} {name}": name for method, name in MEMBER.items()},
    **{f"POST {name}": name for name in POWER},
}
"""The nine requests by method and name, as in "POST stop"."""

WITH_BODY = {"create", "replace", "change"}
SERVER_ID = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status code, the JSON to send (None: no body at all) and further headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def request_name(method: str, target: str) -> str | None:
    """Which of the nine requests this is ("list", "stop"); None: none of them. `target` is below /api/v1."""
    methods, _ = _route(target)
    return methods.get(method)


def answer(world: World, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Carry out a request and tell what to answer. Hold the world's lock; header names are in lower case."""
    account = _account(world, headers.get("authorization", ""))
    if account is None:
        detail = "Invalid or missing API token."
        return Answer(401, {"detail": detail}, {"WWW-Authenticate": "Bearer"})
    methods, server_id = _route(target)
    if not methods:
        return Answer(404, {"detail": "There is nothing at this address."})
    name = methods.get(method)
    if name is None:
        detail = f"Method {method} is not allowed."
        return Answer(405, {"detail": detail}, {"Allow": ", ".join(methods)})
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return Answer(400, {"detail": "The header Content-Type: application/json is required."})
    if body and name not in WITH_BODY:
        return Answer(400, {"detail": "This request takes no body."})
    query = parse_qs(target.partition("?")[2], keep_blank_values=True)
    if undocumented := query.keys() - ({"status", "location"} if name == "list" else set()):
        return Answer(400, {key: ["This parameter is not documented."] for key in sorted(undocumented)})
    try:
        if name == "list":
            return _list(account, query)
        if name == "create":
            return _create(world, account, body)
        server = account.servers.get(int(server_id)) if SERVER_ID.fullmatch(server_id) else None
        if server is None:
            return Answer(404, {"detail": "There is no such server."})
        return _one_server(world, account, server, name, body)
    except BadBody as problem:
        return Answer(400, problem.errors)


def _list(account: Account, query: Mapping[str, list[str]]) -> Answer:
    status, location = query.get("status", [""])[-1], query.get("location", [""])[-1]
    found = [
        answers.listed(server)
        for server in account.servers.values()
        if status in ("", server.status) and location in ("", server.location)
    ]
    return Answer(200, {"count": len(found), "results": found})


def _create(world: World, account: Account, body: bytes) -> Answer:
    fields = read_fields("create", body)
    if account.credit < PLANS[fields["plan_id"]].price:
        return Answer(402, {"detail": "Insufficient credits."})
    return Answer(201, answers.created(world.create(account, fields)))


def _one_server(world: World, account: Account, server: SimulatedServer, name: str, body: bytes) -> Answer:
    elapsed = world.clock.elapsed()
    date = world.clock.date(elapsed)
    if name in POWER:
        needed, status = POWER[name]
        if server.status != needed:
            return Answer(400, {"detail": f"Server is {server.status}, not {needed}."})
        server.enter(status, elapsed, date)
        return Answer(200, answers.powered(server))
    if name == "delete":
        world.delete(account, server.id)
        return Answer(204)
    if name in WITH_BODY:
        for field_name, value in read_fields(name, body).items():
            if getattr(server, field_name) != value:
                setattr(server, field_name, value)
                server.updated_at = date
    return Answer(200, answers.detailed(server, elapsed))


def _account(world: World, authorization: str) -> Account | None:
    scheme, _, token = authorization.partition(" ")
    return world.account(token) if scheme == "Bearer" else None


def _route(target: str) -> tuple[Mapping[str, str], str]:
    """The methods that the path takes, each with its request's name, and the server's id."""
    # Percent signs are decoded first, as real servers do: an id smuggled in as "1%2Fstop" does stop a server.
    match unquote(target.partition("?")[0]).split("/"):
        case ["", "servers", ""]:
            return COLLECTION, ""
        case ["", "servers", server_id, ""]:
            return MEMBER, server_id
        case ["", "servers", server_id, "start" | "stop" | "reboot" as power, ""]:
            return {"POST": power}, server_id
    return {}, ""
