"""A page of the console as a test reads it: by id, by tag, as text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

VOID = {"meta", "link", "input", "br", "hr", "img"}
WITHIN_SENTENCES = {"bdi", "time", "strong"}


@dataclass
class Element:
    """An element with its attributes and what is in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What a person reads in it, with single spaces."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for piece in self.inside:
            if isinstance(piece, str):
                yield piece
            elif piece.tag != "template":
                gap = "" if piece.tag in WITHIN_SENTENCES else " "
                yield from (gap, *piece._texts(), gap)

    @property
    def children(self) -> list["Element"]:
        """The elements directly in it."""
        return [piece for piece in self.inside if isinstance(piece, Element)]

    def all(self, tag: str = "", **attributes: str) -> list["Element"]:
        """The elements in it with this tag and these attributes, in the order of the page."""
        found = []
        for child in self.children:
            if tag in ("", child.tag) and attributes.items() <= child.attributes.items():
                found.append(child)
            found += child.all(tag, **attributes)
        return found

    def one(self, tag: str = "", **attributes: str) -> "Element":
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag} {attributes}> in: {self.text[:300]}"
        return found[0]

    def field(self, name: str) -> "Element":
        """The input of a form by its name."""
        return self.one("input", name=name)

    def described(self, element: "Element") -> str:
        """What describes an element of this page to a screen reader: why a button cannot be pressed."""
        ids = element.attributes.get("aria-describedby", "").split()
        return " ".join(self.one(id=i).text for i in ids)

    def table(self) -> list[list[str]]:
        """The rows of the list as texts, without the first column, which is ticked, and the last, with the buttons."""
        body = self.one("table", **{"class": "servers"}).one("tbody")
        return [[cell.text for cell in row.children][1:-1] for row in body.all("tr")]

    def tick(self) -> str:
        """The address that the poll of this page asks next."""
        told = {field.attributes["name"]: field.attributes["value"] for field in self.one(id="seen").children}
        return f"{self.one(id='live').attributes['hx-get']}&{urlencode(told)}"

    def told(self, answer: "Element") -> None:
        """Take over from a poll's answer what the page has been told."""
        self.one(id="seen").inside = answer.one(id="seen").inside


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read(response: Any) -> Element:
    """The answer of the console as a tree; fails on tags that are not closed in order."""
    reader = _Reader()
    reader.feed(response.content.decode())
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is not closed"
    return reader.open[0]
