"""The nine requests of VPS.org's servers API, one function each, in the order and words of the documentation.

Each takes the `Api` to speak through, gives a frozen value of `objects`, and raises a `RemoteError`.
"""

import functools
import logging
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from .errors import NotUnderstood
from .objects import (
    CreatedServer,
    ListPage,
    NewServer,
    PowerAnswer,
    PoweredServer,
    Server,
    ServerDetail,
    ServerList,
)
from .transport import Answer, Api, server_path

log = logging.getLogger(__name__)

MOST_PAGES = 100
ENTRIES_KEPT = 32_768
"""So many entries of the list: some 40 MB, where nothing else holds the servers."""

Value = TypeVar("Value")


def list_servers(api: Api, status: str = "", location: str = "") -> ServerList:
    """ "List all servers": GET /servers/ with its two optional filters.

    An entry that cannot be read is counted as hidden and logged. Paging is not documented: where an answer carries
    `next`, it is followed within the same origin and path, up to a bound.
    """
    filters = {"status": status, "location": location}
    page = _list_page(api, "/servers/", {name: value for name, value in filters.items() if value})
    servers: dict[str, Server] = {}
    hidden, count = _take(page, servers), page.count
    seen: set[str] = set()
    while page.next and len(seen) < MOST_PAGES:
        path = _path_of_next(api, page.next)
        if path is None or path in seen:
            break
        seen.add(path)
        page = _list_page(api, path)
        hidden += _take(page, servers)
    complete = page.next is None or page.next == ""
    return ServerList(
        tuple(servers.values()),
        max(count or 0, len(servers) + hidden),
        hidden,
        complete,
    )


def create_server(api: Api, new: NewServer) -> CreatedServer:
    """ "Create a new server": POST /servers/. Also raises NotEnoughCredit."""
    return _read("create", api.change("create", "POST", "/servers/", new), CreatedServer)


def get_server(api: Api, server_id: str) -> ServerDetail:
    """ "Get server details": GET /servers/{id}/."""
    answer = api.ask("detail", server_path(server_id))
    server = _read("detail", answer, ServerDetail)
    _about(server_id, server, "detail", answer)
    return server


def update_server(
    api: Api, server_id: str, *, name: str, hostname: str, backups_enabled: bool
) -> ServerDetail | None:
    """ "Update server": PUT /servers/{id}/, all three fields. The answer is not documented: None if it is no server."""
    body = {"name": name, "hostname": hostname, "backups_enabled": backups_enabled}
    return _updated(server_id, "replace", api.change("replace", "PUT", server_path(server_id), body))


def partially_update_server(api: Api, server_id: str, fields: dict[str, str | bool]) -> ServerDetail | None:
    """ "Partially update server": PATCH /servers/{id}/ with some of the same three fields."""
    return _updated(server_id, "change", api.change("change", "PATCH", server_path(server_id), fields))


def delete_server(api: Api, server_id: str) -> None:
    """ "Delete server": DELETE /servers/{id}/, answered 204 without a body. Cannot be undone."""
    api.change("delete", "DELETE", server_path(server_id))


def start_server(api: Api, server_id: str) -> PowerAnswer:
    """ "Start server": POST /servers/{id}/start/. WrongState: it is already running."""
    return _power(api, server_id, "start")


def stop_server(api: Api, server_id: str) -> PowerAnswer:
    """ "Stop server": POST /servers/{id}/stop/, which closes its programs properly first."""
    return _power(api, server_id, "stop")


def reboot_server(api: Api, server_id: str) -> PowerAnswer:
    """ "Reboot server": POST /servers/{id}/reboot/. WrongState: it is not running."""
    return _power(api, server_id, "reboot")


def _power(api: Api, server_id: str, command: str) -> PowerAnswer:
    answer = api.change(command, "POST", server_path(server_id, command))
    power = _read(command, answer, PowerAnswer)
    _about(server_id, power.server, command, answer)
    return power


def _about(server_id: str, server: Server | PoweredServer, name: str, answer: Answer) -> None:
    """Refuses an answer that is about another server than the one that was meant."""
    if str(server.id) != server_id:
        log.warning("%s: answer %d is about another server", name, answer.status)
        raise NotUnderstood(name, status=answer.status)


def _read(name: str, answer: Answer, kind: type[Value]) -> Value:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        log.warning("%s: answer %d not understood: %s", name, answer.status, _why(problem))
        raise NotUnderstood(name, status=answer.status) from None


def _updated(server_id: str, name: str, answer: Answer) -> ServerDetail | None:
    """What an edit answers is not documented: the server, or None if it is no answer about this server."""
    try:
        server = msgspec.json.decode(answer.body, type=ServerDetail)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        log.info("%s: answer %d is no server: %s", name, answer.status, _why(problem))
        return None
    return server if server.id == server_id else None


def _why(problem: Exception) -> str:
    """What could not be read, without what it was: msgspec's messages name the field and the types only."""
    return str(problem)[:200] if isinstance(problem, msgspec.ValidationError) else type(problem).__name__


def _list_page(api: Api, path: str, query: dict[str, str] | None = None) -> ListPage:
    return _read("list", api.ask("list", path, query), ListPage)


def _take(page: ListPage, servers: dict[str, Server]) -> int:
    """Add the servers of a page to `servers`; how many entries had to be left out."""
    wrong: list[str] = []
    for entry in page.results:
        try:
            server = _entry(bytes(entry))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            wrong.append(_why(problem))
            continue
        if str(server.id) in servers:
            wrong.append("an id stands twice")
            continue
        servers[str(server.id)] = server
    if wrong:
        log.warning("list: entries not understood: %d, the first: %s", len(wrong), wrong[0])
    return len(wrong)


@functools.lru_cache(maxsize=ENTRIES_KEPT)
def _entry(text: bytes) -> Server:
    """An entry of the list, read once: nearly all come again as they were, whoever asks."""
    return msgspec.json.decode(text, type=Server)


def _path_of_next(api: Api, address: str) -> str | None:
    """The path and query of a `next` address below our base address, or None if it leads anywhere else."""
    base = urlsplit(api.transport.base_url)
    try:
        target = urlsplit(address)
    except ValueError:
        log.warning("list: a next address that is none was not followed")
        return None
    same_origin = (target.scheme, target.netloc) in (
        ("", ""),
        (base.scheme, base.netloc),
    )
    if not same_origin or target.path != base.path + "/servers/":
        log.warning("list: a next address of another origin or path was not followed")
        return None
    return "/servers/" + ("?" + target.query if target.query else "")
