"""The badge of a system."""

import re

import pytest

from servers.templatetags.looks import BADGE_COLOURS, badge


@pytest.mark.parametrize(
    ("system", "letters"),
    [
        ("Ubuntu 22.04 LTS", "Ub"),
        ("debian", "De"),
        ("7", "7"),
        ("உபுண்டு 22", "உ"),
        ("", "?"),
        ("<b>", "&lt;b"),
    ],
)
def test_a_badge_has_the_first_letters_of_the_family_and_one_of_the_colours(
    system: str, letters: str
) -> None:
    found = re.fullmatch(r'<span class="badge badge--(\d)" aria-hidden="true">(.*)</span>', badge(system))
    assert found
    assert found[2] == letters
    assert 1 <= int(found[1]) <= BADGE_COLOURS


def test_a_family_keeps_its_colour() -> None:
    assert badge("Ubuntu 22.04 LTS") == badge("ubuntu 26.04 Core")
    assert badge("Ubuntu 22.04 LTS")[:30] != badge("Debian 12")[:30]
