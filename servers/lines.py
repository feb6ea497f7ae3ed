"""What a server has used over time, as lines: where each point stands, and the same in words.

A picture is 600 wide and 100 high, whatever its size on the page; time runs from 0 to 600, the value from 100 up to 0.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import sightings
from .remote.objects import Plan
from .templatetags.looks import gigabytes, megabytes, percent
from .words import Words

WIDTH: Final = 600
HEIGHT: Final = 100
SMALLEST: Final = 0.1
"""What is smaller is nothing in words, and nearly nothing in a picture."""
MOST_ROWS: Final = 100
"""So many figures stand in the table of a picture."""

Point = tuple[datetime, float]


class Period(NamedTuple):
    """How far back the lines reach, and after how long without a figure a line is interrupted."""

    word: Words
    span: timedelta
    gap: timedelta


PERIODS: Final[dict[str, Period]] = {
    "day": Period(_("Last day"), timedelta(days=1), timedelta(minutes=90)),
    "month": Period(_("Last month"), timedelta(days=31), timedelta(hours=36)),
}


class Row(NamedTuple):
    """A figure as words, with its time for people and for machines."""

    at: str
    iso: str
    words: str


@dataclass(frozen=True)
class Line:
    """One picture: its path, what the top of it stands for, the figures in words, and the newest ones as a table."""

    field: str
    label: Words
    path: str
    top: str
    summary: str
    rows: list[Row]
    count: int


@dataclass(frozen=True)
class Lines:
    """The pictures of a period; none, as long as no two figures were seen in it."""

    period: str
    lines: list[Line]


class Figure(NamedTuple):
    """A figure of a sample: its name, its unit, how much of it a plan allows, and what its round figures are."""

    field: str
    label: Words
    unit: Callable[[float], str]
    limit: Callable[[Plan | None], float | None]
    step: Callable[[float], float]


# --- where things stand -----------------------------------------------------------------------------------------


def path(points: Sequence[Point], begin: datetime, end: datetime, top: float, gap: timedelta) -> str:
    """The points, oldest first, as the path of an SVG. After a gap the line begins anew; a lonely point is a dot."""
    pieces = []
    for stretch in stretches(points, gap):
        places = [f"{_across(at, begin, end)} {_down(value, top)}" for at, value in stretch]
        pieces.append("M" + "L".join(places) + ("h0" if len(places) == 1 else ""))
    return "".join(pieces)


def stretches(points: Iterable[Point], gap: timedelta) -> list[list[Point]]:
    """The points in stretches, between which nothing was seen for longer than `gap`."""
    found: list[list[Point]] = []
    for point in points:
        if found and point[0] - found[-1][-1][0] <= gap:
            found[-1].append(point)
        else:
            found.append([point])
    return found


def ceiling(highest: float, limit: float | None, step: Callable[[float], float]) -> float:
    """What the top of a picture stands for: the limit if the line comes half way up to it, else a round figure."""
    if limit and limit / 2 < highest <= limit:
        return limit
    return step(highest) if highest >= SMALLEST else 1


def decimal_step(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 … that is not below a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1, 2, 5) if step * power >= value), 10 * power)


def binary_step(value: float) -> float:
    """The next of 1, 2, 4, 8 … that is not below a positive value: memory comes in such sizes."""
    return 2.0 ** math.ceil(math.log2(value))


def _across(at: datetime, begin: datetime, end: datetime) -> str:
    part = (at - begin) / (end - begin)
    return f"{min(max(part, 0), 1) * WIDTH:.1f}"


def _down(value: float, top: float) -> str:
    return f"{(1 - min(max(value / top, 0), 1)) * HEIGHT:.1f}"


FIGURES: Final = (
    Figure("cpu_percent", _("Processor"), percent, lambda _plan: 100, decimal_step),
    Figure("memory_used", _("Memory"), megabytes, lambda plan: plan.memory if plan else None, binary_step),
    Figure("disk_used", _("Disk"), gigabytes, lambda plan: plan.storage if plan else None, decimal_step),
    Figure(
        "bandwidth_used", _("Traffic"), gigabytes, lambda plan: plan.bandwidth if plan else None, decimal_step
    ),
)


# --- the pictures -----------------------------------------------------------------------------------------------


def lines(server_id: str, plan: Plan | None, period: str) -> Lines:
    """The lines of a server; one query. A period that there is not counts as the last day."""
    period = period if period in PERIODS else "day"
    end = timezone.now()
    begin = end - PERIODS[period].span
    samples = sightings.samples(server_id, begin, hourly=period == "month")
    if len(samples) < 2:
        return Lines(period, [])
    # Formatted once for the tables of all pictures.
    times = {
        sample.at: (date_format(timezone.localtime(sample.at), "DATETIME_FORMAT"), sample.at.isoformat())
        for sample in samples[-MOST_ROWS:]
    }
    found = []
    for figure in FIGURES:
        points = [(s.at, value) for s in samples if (value := getattr(s, figure.field)) is not None]
        if points:
            top = ceiling(max(value for _at, value in points), figure.limit(plan), figure.step)
            drawn = path(points, begin, end, top, PERIODS[period].gap)
            found.append(_line(figure, points, drawn, top, times))
    return Lines(period, found)


def _line(
    figure: Figure, points: list[Point], drawn: str, top: float, times: dict[datetime, tuple[str, str]]
) -> Line:
    values = [value for _at, value in points]
    summary = gettext("Last %(last)s; lowest %(lowest)s, highest %(highest)s.") % {
        "last": figure.unit(values[-1]),
        "lowest": figure.unit(min(values)),
        "highest": figure.unit(max(values)),
    }
    rows = [Row(*times[at], figure.unit(value)) for at, value in reversed(points) if at in times]
    return Line(figure.field, figure.label, drawn, figure.unit(top), summary, rows, len(points))
