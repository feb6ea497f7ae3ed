"""What a person chooses and what the system asks for: colours, close rows, forced colours."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from servers.people import Profile
from tests.browser.conftest import OpenPage
from tests.browser.eyes import too_small

SHAPES = """() => [...document.querySelectorAll(".pill")].map((pill) => {
    const shape = pill.querySelector(".pill__shape");
    const style = getComputedStyle(shape);
    const lines = ["Top", "Right", "Bottom", "Left"].map((side) =>
        `${style[`border${side}Style`]} ${style[`border${side}Width`]}`);
    return [pill.className.match(/pill--(\\w+)/)[1], [...lines, style.borderRadius, style.inlineSize,
        getComputedStyle(shape, "::before").content].join()];
})"""


@pytest.fixture
def looking(open_page: OpenPage, operator: Client) -> Callable[..., Page]:
    """Opens a page for somebody with these preferences."""

    def open_(address: str, *, dark: bool = False, **preferences: str) -> Page:
        Profile.objects.create(user=User.objects.get(username="otto"), **preferences)
        page = open_page(operator, dark=dark)
        page.goto(address)
        return page

    return open_


@pytest.mark.parametrize(("theme", "system_is_dark"), [("dark", False), ("light", True)])
def test_the_chosen_colours_stand_against_what_the_system_asks_for(
    looking: Callable[..., Page], theme: str, system_is_dark: bool
) -> None:
    page = looking("/servers/", theme=theme, dark=system_is_dark)
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert colour == {"dark": "rgb(20, 23, 28)", "light": "rgb(246, 247, 249)"}[theme]


@pytest.mark.parametrize("rows", ["", "compact"])
def test_close_rows_are_34_pixels_and_can_still_be_pressed(looking: Callable[..., Page], rows: str) -> None:
    page = looking("/servers/?q=db-main", rows=rows)
    expect(page.locator(".servers tbody tr")).to_have_count(1)
    height = page.locator(".servers tbody tr").evaluate("(row) => row.getBoundingClientRect().height")
    assert (height < 36) is (rows == "compact")
    assert too_small(page) == []


def test_in_forced_colours_each_status_keeps_a_shape_of_its_own(looking: Callable[..., Page]) -> None:
    page = looking("/servers/")
    page.emulate_media(forced_colors="active")
    shapes = dict(page.evaluate(SHAPES))
    assert set(shapes) == {"running", "stopped", "suspended", "changing", "unknown"}
    assert len(set(shapes.values())) == len(shapes)
    for status, shape in shapes.items():
        drawn = "solid" in shape or "dashed" in shape or '"?"' in shape
        assert drawn, status


def test_in_forced_colours_a_switch_shows_where_it_stands(looking: Callable[..., Page]) -> None:
    page = looking("/servers/12345/")
    page.emulate_media(forced_colors="active")
    knobs = page.get_by_role("switch").evaluate_all(
        "(all) => all.map((one) => [one, '::before'].map((part, i, [own]) => "
        "getComputedStyle(own, i ? part : null).backgroundColor))"
    )
    assert knobs
    assert all(own != knob for own, knob in knobs)
