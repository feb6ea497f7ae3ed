"""What a server may be named, and which name comes next in a series: after web-01 and web-02, web-03."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

SERVER_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
LONGEST_NAME: Final = 255
HOSTNAME: Final = re.compile(
    r"(?=.{1,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?"
)
NUMBERED: Final = re.compile(r"([A-Za-z0-9-]*?)([0-9]{1,9})")
"""What stands before the number at the end, and the number. Longer ones are dates and keys: their end counts."""


def newest_series(names: Sequence[str]) -> str:
    """The newest name that ends in a number: one of a series of two or more if there is any. `names`: oldest first."""
    numbered = [(name, found[1].casefold()) for name in names if (found := NUMBERED.fullmatch(name))]
    members = Counter(stem for _, stem in numbered)
    in_series = [name for name, stem in numbered if members[stem] > 1]
    return (in_series or [name for name, _ in numbered] or [""])[-1]


def next_name(name: str, taken: Collection[str]) -> str:
    """The name that continues the series of this one, or an empty text if it is no name that the API takes.

    It goes on after the highest number of the series, as wide as the number of `name`; one without a number becomes -2.
    """
    if not SERVER_NAME.fullmatch(name):
        return ""
    found = NUMBERED.fullmatch(name)
    stem, digits = found.groups() if found else (name.rstrip("-") + "-", "1")
    used = {other.casefold() for other in taken}
    numbers = [int(digits)]
    for other in used:
        match = NUMBERED.fullmatch(other)
        if match and match[1] == stem.casefold():
            numbers.append(int(match[2]))
    number = max(numbers) + 1
    while (following := f"{stem}{number:0{len(digits)}}").casefold() in used:
        number += 1
    return following if len(following) <= LONGEST_NAME else ""


def next_hostname(hostname: str, taken: Collection[str]) -> str:
    """The same for a hostname whose first part ends in a number (web01.example.com); for others an empty text."""
    first, _, rest = hostname.partition(".")
    if not NUMBERED.fullmatch(first):
        return ""
    beside = [
        other.partition(".")[0] for other in taken if other.partition(".")[2].casefold() == rest.casefold()
    ]
    following = f"{next_name(first, beside)}.{rest}"
    return following if HOSTNAME.fullmatch(following) else ""
