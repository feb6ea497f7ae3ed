"""The lists in requirements/: the same versions in each, and nothing but versions and their hashes."""

import re
from pathlib import Path

import pytest

LISTS = Path(__file__).resolve().parents[2] / "requirements"


def versions(name: str) -> set[str]:
    """The packages of a list, each with its version, like django==5.2.1."""
    return set(re.findall(r"^\S+==\S+", (LISTS / f"{name}.txt").read_text(), re.MULTILINE))


@pytest.mark.parametrize(("smaller", "larger"), [("demo", "serve"), ("serve", "test")])
def test_the_larger_list_holds_the_smaller_one(smaller: str, larger: str) -> None:
    assert versions(smaller)
    assert versions(smaller) < versions(larger)


@pytest.mark.parametrize("name", ["demo", "serve", "test"])
def test_a_list_holds_no_address(name: str) -> None:
    pinned = re.compile(r"[a-z0-9.-]+==[\w.]+( ; [\w .'<>=!]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    lines = (LISTS / f"{name}.txt").read_text().splitlines()
    assert [line for line in lines if not pinned.fullmatch(line)] == []
