"""The list of servers, and the poll that keeps a page up to date."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from .. import bulk, drawn, fleet, metrics, session
from ..remote.objects import SERVER_ID, Server, one_line
from ..request import PanelRequest
from ..roles import refusal_with_names
from ..rows import rows
from ..search import SORTS, asked_for, find
from ..words import GROUPS, STATUSES, status_words
from . import start

Query = Mapping[str, str]

PER_PAGE: Final = 50
MOST_POLLED: Final = 200

ORDERS: Final[dict[str, object]] = {
    "": _("By name"),
    "status": _("By status"),
    "location": _("By location"),
    "-size": _("Largest first"),
    "-created": _("Newest first"),
    "protected": _("Protected first"),
}
"""The orders that are offered beside the search; the heads of the columns give every other."""


class News(NamedTuple):
    """How many servers came that a page does not show, and how many went that it still does."""

    new: int = 0
    gone: int = 0


@dataclass(frozen=True)
class Page:
    """What a poll tells about its page: the servers that it shows, the versions at which it was drawn and last brought
    up to date, its filters, and what it has already been told."""

    on: str
    ids: list[str]
    drawn: int
    seen: int
    trouble: bool
    news: News
    filters: dict[str, str]

    @classmethod
    def of(cls, query: Query) -> "Page":
        """The page that these parameters of a poll describe; what cannot be read counts as nothing seen."""

        def number(name: str) -> int:
            value = query.get(name, "")
            return int(value) if value.isdecimal() and len(value) < 18 else 0

        return cls(
            on=query.get("on", ""),
            ids=[i for i in query.get("ids", "").split(",")[:MOST_POLLED] if SERVER_ID.fullmatch(i)],
            drawn=number("drawn"),
            seen=number("seen"),
            trouble=query.get("trouble") == "1",
            news=News(number("new"), number("gone")),
            filters=asked_for(query),
        )

    def changed(self, current: fleet.Fleet, *, everything: bool) -> list[Server]:
        """The servers on this page that look different now."""
        shown = [current.by_id[i] for i in self.ids if i in current.by_id]
        return [server for server in shown if everything or current.changed[str(server.id)] > self.seen]

    def news_of(self, current: fleet.Fleet) -> News:
        """What came and went since the page was drawn; on a server's own page only whether that one went."""
        gone = sum(i not in current.by_id for i in self.ids)
        if self.on == "server" or self.drawn in (0, current.version):
            return News(0, gone)
        newest = current.once("newest", lambda: max(current.added.values(), default=0))
        if newest <= self.drawn:
            return News(0, gone)
        came = [i for i, version in current.added.items() if version > self.drawn and i not in self.ids]
        servers = [current.by_id[i] for i in came]
        fitting = [s for s in find(servers, self.filters["q"]) if fleet.fits(s, "", self.filters["location"])]
        return News(len(fitting), gone)


@dataclass(frozen=True)
class Chip:
    """A filter that can be pressed: the API's value, where it leads, its word, and how many servers it would show
    (None: not known)."""

    value: str
    href: str
    word: object
    count: int | None
    chosen: bool


@require_safe
@permission_required("servers.look", raise_exception=True)
def servers(request: PanelRequest) -> HttpResponse:
    """The list. `status` and `location` are the API's filters; text, sort and pages are ours."""
    link = session.connection(request)
    filters = asked_for(request.GET)
    text, status, location, sort = filters.values()
    seen = fleet.look(link, status, location, now="now" in request.GET)
    found = _ordered(seen, text, sort)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    everything = seen if seen.whole else fleet.seen(link)
    context = {
        **filters,
        "fleet": seen,
        "page": page,
        "rows": drawn.rows(seen, page.object_list, request.user),
        "ids": ",".join(str(server.id) for server in page.object_list),
        "orders": tuple(_orders(sort).items()),
        "filtered": bool(text or status or location),
        "runs": bulk.unfinished(link),
        "bulk_actions": bulk.permitted(request.user),
        "refusal": ""
        if request.user.has_perm("servers.power")
        else refusal_with_names(request.user, "servers.power"),
    } | _filters(everything, filters)
    template = "servers/_found.html" if request.htmx.target == "list" else "servers/list.html"
    return render(request, template, context)


@require_safe
@permission_required("servers.look", raise_exception=True)
def poll(request: PanelRequest) -> HttpResponse:
    """What a page has missed since it was drawn, as out-of-band cells; 204 when it has missed nothing."""
    link = session.connection(request)
    page = Page.of(request.GET)
    try:
        current = fleet.tick(link)
    except fleet.NO_ANSWER:
        metrics.polled(204, None)
        return HttpResponse(status=204)
    response = start.ticks(request, link, current) if page.on == "start" else _ticks(request, page, current)
    metrics.polled(response.status_code, current.age)
    response["Fleet-Age"] = str(current.age)
    return response


def _ticks(request: PanelRequest, page: Page, current: fleet.Fleet) -> HttpResponse:
    """The cells that a list or a server's page has missed."""
    toggled = page.trouble != bool(current.trouble)
    changed = page.changed(current, everything=toggled)
    news = page.news_of(current)
    if not (toggled or changed or news != page.news):
        return HttpResponse(status=204)
    context = {
        "rows": rows(current, changed, request.user),
        "fleet": current,
        "news": news,
        "gone": [i for i in page.ids if i not in current.by_id] if news.gone != page.news.gone else [],
        "toggled": toggled,
        "full": page.on == "server",
    }
    if page.on == "list":
        context |= _filters(current, page.filters, request.GET)
    response = render(request, "servers/_ticks.html", context)
    if changed and page.on == "server":
        trigger_client_event(response, "logged")
    return response


def matching(current: fleet.Fleet, query: Query) -> list[Server]:
    """The servers that the list shows for these filters, in its order."""
    text, status, location, sort = asked_for(query).values()
    found = [server for server in current.servers if fleet.fits(server, status, location)]
    return find(found, text, sort)


def _orders(chosen: str) -> dict[str, object]:
    """What is offered beside the search. An order from the head of a column is among it, so that a search keeps it."""
    if chosen in ORDERS or chosen.removeprefix("-") not in SORTS:
        return ORDERS
    return ORDERS | {chosen: gettext("By the column you chose")}


def _ordered(seen: fleet.Fleet, text: str, sort: str) -> list[Server]:
    """The servers in the order asked for; one that the fleet alone decides is worked out once for everybody."""
    if text.split() or sort.removeprefix("-") not in ("", *SORTS):
        return find(seen.servers, text, sort)
    return seen.once(("order", sort), lambda: find(seen.servers, "", sort))


def _counts(servers: tuple[Server, ...], field: str) -> Counter[str]:
    counts = Counter(value for server in servers if (value := getattr(server, field)))
    if field == "status":
        # A status of a group's name belongs to that group, which is a chip where it is chosen.
        groups = Counter(fleet.group(server) for server in servers)
        for group in fleet.GROUPS:
            counts[group] = groups[group]
    return counts


def _filters(
    everything: fleet.Fleet, filters: Query, polled: QueryDict | None = None
) -> dict[str, tuple[Chip, ...]]:
    """The filters of a list that was asked for with these, each with what it would show now. A poll names those
    that its page shows, and no other comes or goes, so that nothing moves under the mouse."""
    chips = {}
    for name, field in (("statuses", "status"), ("locations", "location")):
        if polled is None:
            values = _offered(everything, field, filters[field])
        else:
            values = [one_line(value) for value in polled.getlist(name)[:MOST_POLLED]]
        chips[name] = _chips(everything, field, filters, values)
    return chips


def _offered(everything: fleet.Fleet, field: str, chosen: str) -> list[str]:
    """The values of this field that there are, and the chosen one."""
    counts = everything.once(("counts", field), lambda: _counts(everything.servers, field))
    shown = {value for value in counts if field == "location" or value not in fleet.GROUPS}
    order = list(STATUSES)
    return sorted(shown | {chosen} - {""}, key=lambda v: (order.index(v) if v in order else len(order), v))


def _chips(everything: fleet.Fleet, field: str, filters: Query, values: Iterable[str]) -> tuple[Chip, ...]:
    """The filters by these values of this field. Without the whole fleet nothing can be counted."""
    chosen, others = filters[field], {name: asked for name, asked in filters.items() if asked}
    counted = everything.whole and everything.version > 0
    counts = everything.once(("counts", field), lambda: _counts(everything.servers, field))
    return tuple(
        Chip(
            value,
            _list_with(others | {field: "" if value == chosen else value}),
            (GROUPS.get(value) or status_words(value).word) if field == "status" else value,
            counts[value] if counted else None,
            value == chosen,
        )
        for value in values
    )


def _list_with(filters: Query) -> str:
    """The address of the list with these filters."""
    asked = urlencode({name: value for name, value in filters.items() if value})
    return f"{reverse('server-list')}?{asked}" if asked else reverse("server-list")
