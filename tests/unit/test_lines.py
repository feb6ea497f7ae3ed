"""Where the points of a line stand: within the picture whatever the figures, with gaps where nothing was seen."""

import itertools
import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.lines import HEIGHT, WIDTH, Point, binary_step, ceiling, decimal_step, path, stretches
from servers.sightings import LARGEST, figure

BEGIN = datetime(2026, 11, 24, tzinfo=UTC)
END = BEGIN + timedelta(days=1)
GAP = timedelta(minutes=90)

seconds = st.integers(-1000, 100_000)
anything = st.floats() | st.integers(-(2**70), 2**70).map(float)


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def numbers_of(drawn: str) -> list[tuple[float, float]]:
    """The places of a path."""
    assert re.fullmatch(r"(M[0-9.]+ [0-9.]+(L[0-9.]+ [0-9.]+)*(h0)?)*", drawn), drawn
    pairs = re.findall(r"[ML]([0-9.]+) ([0-9.]+)", drawn)
    return [(float(across), float(down)) for across, down in pairs]


def test_nothing_is_drawn_of_nothing() -> None:
    assert path([], BEGIN, END, 100, GAP) == ""


def test_a_single_figure_is_a_dot() -> None:
    assert path([(at(12), 25.0)], BEGIN, END, 100, GAP) == "M300.0 75.0h0"


def test_figures_that_follow_each_other_are_one_line() -> None:
    points = [(at(0), 0.0), (at(1), 50.0), (at(2), 100.0)]
    assert path(points, BEGIN, END, 100, GAP) == "M0.0 100.0L25.0 50.0L50.0 0.0"


def test_where_nobody_looked_the_line_is_interrupted() -> None:
    points = [(at(0), 10.0), (at(1.5), 10.0), (at(3.1), 10.0), (at(4), 10.0), (at(24), 10.0)]
    assert path(points, BEGIN, END, 100, GAP).count("M") == 3


@given(st.lists(st.tuples(seconds, anything)), st.none() | anything.filter(lambda x: x > 0))
def test_every_place_is_within_the_picture(samples: list[tuple[int, float]], limit: float | None) -> None:
    points: list[Point] = [
        (BEGIN + timedelta(seconds=second), value)
        for second, given_value in sorted(samples, key=lambda sample: sample[0])
        if (value := figure(given_value)) is not None
    ]
    for step in (decimal_step, binary_step):
        top = ceiling(max((value for _at, value in points), default=0), limit, step)
        places = numbers_of(path(points, BEGIN, END, top, GAP))
        assert len(places) == len(points)
        assert all(0 <= across <= WIDTH and 0 <= down <= HEIGHT for across, down in places)


@given(st.lists(seconds))
def test_stretches_leave_no_figure_out_and_hold_no_gap(times: list[int]) -> None:
    points: list[Point] = [(BEGIN + timedelta(seconds=second), 1.0) for second in sorted(times)]
    found = stretches(points, GAP)
    assert [point for stretch in found for point in stretch] == points
    for stretch in found:
        assert all(b[0] - a[0] <= GAP for a, b in itertools.pairwise(stretch))
    for earlier, later in itertools.pairwise(found):
        assert later[0][0] - earlier[-1][0] > GAP


@given(st.floats(0.1, LARGEST))
def test_the_top_is_a_round_figure_not_far_above_the_line(highest: float) -> None:
    for step, most in ((decimal_step, 2.51), (binary_step, 2.01)):
        top = ceiling(highest, None, step)
        assert highest <= top * (1 + 1e-9)
        assert top <= highest * most


@pytest.mark.parametrize(
    ("highest", "limit", "top"),
    [
        (51, 100, 100),
        (50, 100, 50),
        (23.5, 100, 50),
        (0, 100, 1),
        (0.0001, None, 1),
        (120, 80, 200),
        (61, 80, 80),
    ],
)
def test_the_limit_is_the_top_where_the_line_comes_near_it(
    highest: float, limit: float | None, top: float
) -> None:
    assert ceiling(highest, limit, decimal_step) == top


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, -1.0, -0.001, LARGEST * 2, 1e308])
def test_what_is_no_figure_is_none(value: float | None) -> None:
    assert figure(value) is None
