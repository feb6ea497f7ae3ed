"""The list of servers, and the poll that keeps a page up to date."""

import re
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from .. import fleet, session
from ..remote.objects import SERVER_ID, Server
from ..request import PanelRequest
from ..roles import refusal_with_names
from ..rows import row, rows
from ..words import STATUSES, status_words

PER_PAGE: Final = 50
MOST_POLLED: Final = 200

SORTS: Final[dict[str, Any]] = {
    "name": lambda server: _natural(server.name),
    "status": lambda server: server.status,
    "address": lambda server: [int(part) for part in re.findall(r"[0-9]+", server.ip_address or "")],
    "location": lambda server: server.location or "",
    "size": lambda server: (
        (server.plan.vcpus or 0, server.plan.memory or 0, server.plan.storage or 0)
        if server.plan
        else (0, 0, 0)
    ),
    "system": lambda server: _natural((server.os and server.os.name) or ""),
    "created": lambda server: server.created_at.timestamp() if server.created_at else 0.0,
}

ORDERS: Final[dict[str, object]] = {
    "": _("By name"),
    "status": _("By status"),
    "location": _("By location"),
    "-size": _("Largest first"),
    "-created": _("Newest first"),
}
"""The orders that are offered beside the search; the heads of the columns give every other."""


@dataclass(frozen=True)
class Chip:
    """A filter that can be pressed: the API's value, its word, and how many servers it would show (None: not known)."""

    value: str
    word: object
    count: int | None
    chosen: bool


@require_GET
@permission_required("servers.look", raise_exception=True)
def home(request: PanelRequest) -> HttpResponse:
    """The front door leads to the list."""
    return redirect("server-list")


@require_GET
@permission_required("servers.look", raise_exception=True)
def servers(request: PanelRequest) -> HttpResponse:
    """The list. `status` and `location` are the API's filters; text, sort and pages are ours."""
    link = session.connection(request)
    asked = {name: request.GET.get(name, "")[:100] for name in ("q", "status", "location", "sort")}
    seen = fleet.look(link, asked["status"], asked["location"])
    found = _sorted(
        [server for server in seen.servers if _matches(server, asked["q"])],
        asked["sort"],
    )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    everything = seen.servers if seen.whole else fleet.seen(link).servers
    context = {
        **asked,
        "fleet": seen,
        "page": page,
        "rows": rows(seen, page.object_list, request.user),
        "statuses": _chips(
            everything,
            "status",
            asked["status"],
            counted=seen.whole or bool(everything),
        ),
        "locations": _chips(
            everything,
            "location",
            asked["location"],
            counted=seen.whole or bool(everything),
        ),
        "orders": _orders(asked["sort"]),
        "filtered": bool(asked["q"] or asked["status"] or asked["location"]),
        "refusal": ""
        if request.user.has_perm("servers.power")
        else refusal_with_names(request.user, "servers.power"),
    }
    template = "servers/_list.html" if request.htmx.target == "list" else "servers/list.html"
    return render(request, template, context)


@require_GET
@permission_required("servers.look", raise_exception=True)
def poll(request: PanelRequest) -> HttpResponse:
    """What a page has missed since it was drawn, as out-of-band cells; 204 when it has missed nothing."""
    link = session.connection(request)
    version = int(v) if (v := request.GET.get("seen", "")).isdecimal() and len(v) < 16 else 0
    shown = [i for i in request.GET.get("ids", "").split(",")[:MOST_POLLED] if SERVER_ID.fullmatch(i)]
    seen, changed = fleet.changes_since(link, version, shown)
    if not changed:
        return HttpResponse(status=204)
    context = {
        "rows": [row(seen, server, request.user) for server in changed],
        "version": seen.version,
        "full": request.GET.get("on") == "server",
    }
    return render(request, "servers/_ticks.html", context)


def _matches(server: Server, text: str) -> bool:
    words = text.casefold().split()
    searched = f"{server.name} {server.hostname or ''} {server.ip_address or ''}".casefold()
    return all(word in searched for word in words)


def _sorted(servers: list[Server], sort: str) -> list[Server]:
    """By any column; a hyphen in front turns it round. Names decide between equals."""
    column = sort.removeprefix("-")
    by_name = sorted(servers, key=SORTS["name"])
    if column not in SORTS:
        return by_name
    return sorted(by_name, key=SORTS[column], reverse=sort.startswith("-"))


def _orders(chosen: str) -> dict[str, object]:
    """What is offered beside the search. An order from the head of a column is among it, so that a search keeps it."""
    if chosen in ORDERS or chosen.removeprefix("-") not in SORTS:
        return ORDERS
    return ORDERS | {chosen: gettext("By the column you chose")}


def _natural(text: str) -> list[tuple[int, str]]:
    """web-2 before web-10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text.casefold())
    return [
        (int(part), "") if part.isascii() and part.isdigit() and len(part) < 18 else (0, part)
        for part in parts
    ]


def _chips(servers: tuple[Server, ...], field: str, chosen: str, *, counted: bool) -> list[Chip]:
    counts: dict[str, int] = {}
    for server in servers:
        if value := getattr(server, field):
            counts[value] = counts.get(value, 0) + 1
    if chosen:
        counts.setdefault(chosen, 0)
    order = list(STATUSES)
    values = sorted(counts, key=lambda v: (order.index(v) if v in order else len(order), v))
    return [
        Chip(
            value,
            status_words(value).word if field == "status" else value,
            counts[value] if counted else None,
            value == chosen,
        )
        for value in values
    ]
