"""Finds text for people that is not marked for translation, in templates and in Python: `python -m vpspanel.unmarked`.

In templates it is every word outside of `translate` and `blocktranslate`, in the text and in those attributes that are
read; in Python the plain strings where Django shows them: labels, help, errors, messages, choices.
"""

import ast
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from django.template.base import Lexer, Token, TokenType

ROOT: Final = Path(__file__).resolve().parent.parent
WORD: Final = re.compile(r"[^\W\d_]+")
STRING: Final = re.compile(r"""(?<!_\()(["'])(.*?)\1""")

NAMES: Final = re.compile(r"VPS\.org|\b(CSV|cURL|Python|JavaScript|PHP)\b")
"""What is called the same in every language."""

READ_ALOUD: Final = frozenset(
    {
        "aria-label",
        "aria-description",
        "aria-roledescription",
        "aria-valuetext",
        "title",
        "placeholder",
        "alt",
    }
    | {"label", "hx-confirm", "hx-prompt"}
)
NOT_FOR_PEOPLE: Final = frozenset({"code", "kbd", "pre", "samp", "script", "style"})
FILTERS_WITH_WORDS: Final = re.compile(r"\|(default|default_if_none|yesno|pluralize):$")

SAID: Final = frozenset({"success", "info", "warning", "error"})
"""The functions of django.contrib.messages."""
WORDS_IN: Final = frozenset(
    {"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label", "short_description"}
    | {"required", "invalid", "placeholder", "title", "aria-label"}
)
"""Arguments, attributes of a class, and keys, whose value people read."""


def in_template(source: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each unmarked text of a template."""
    reader = Reader()
    translated = ""
    for token in Lexer(source).tokenize():
        kept = "\n" * token.contents.count("\n")
        if token.token_type == TokenType.TEXT:
            kept = kept if translated else token.contents
        elif token.token_type != TokenType.COMMENT and not translated:
            yield from in_tag(token, reader.inside_a_tag)
            kept = "…" if token.token_type == TokenType.VAR else kept
        if token.token_type == TokenType.BLOCK:
            name = token.split_contents()[0]
            if name in ("blocktranslate", "comment"):
                translated = f"end{name}"
            elif token.contents == "block width":  # base.html makes a class of it
                translated = "endblock"
            elif name == translated:
                translated = ""
        reader.feed(kept)
    reader.close()
    yield from reader.found


def in_tag(token: Token, in_attribute: bool) -> Iterator[tuple[int, str]]:
    """The same for the strings inside `{% … %}` and `{{ … }}` that are shown as they are."""
    if token.token_type == TokenType.BLOCK and token.split_contents()[0] in ("translate", "blocktranslate"):
        return
    for string in STRING.finditer(token.contents):
        before, text = token.contents[: string.start()], string[2]
        sentence = " " in text or text[:1].isupper()
        if before.endswith("="):
            shown = sentence
        else:
            shown = bool(FILTERS_WITH_WORDS.search(before)) and (sentence or not in_attribute)
        if shown and words(text):
            yield token.lineno or 0, text


def words(text: str) -> list[str]:
    """What of a text people would read."""
    return WORD.findall(NAMES.sub("", text))


class Reader(HTMLParser):
    """Reads the HTML between the tags of Django."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.found: list[tuple[int, str]] = []

    @property
    def inside_a_tag(self) -> bool:
        """Whether what comes next is part of an attribute."""
        return self.rawdata.rfind("<") > self.rawdata.rfind(">")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_FOR_PEOPLE:
            self.inside.append(tag)
        kinds = dict(attrs)
        for name, value in attrs:
            if value and words(value) and is_read(tag, name, value, kinds):
                self.found.append((self.getpos()[0], f'{name}="{value}"'))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, data: str) -> None:
        for number, line in enumerate(data.split("\n")):
            if words(line) and not self.inside:
                self.found.append((self.getpos()[0] + number, line.strip()))


def is_read(tag: str, name: str, value: str, kinds: dict[str, str | None]) -> bool:
    """Whether people read this attribute."""
    if name == "value":
        return tag == "input" and kinds.get("type") in ("submit", "button", "reset")
    if name == "content":
        return kinds.get("name") in ("description", "application-name", "apple-mobile-web-app-title")
    if name.startswith("data-"):
        return " " in value or value[:1].isupper()
    return name in READ_ALOUD


def in_python(source: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each unmarked text of a module."""
    for node in ast.walk(ast.parse(source)):
        for shown in shown_by(node):
            text = plain(shown)
            if text is not None and words(text):
                yield shown.lineno, text


def shown_by(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that Django shows to people."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name("messages"), attr=said), args=[_, text, *_]) if (
            said in SAID
        ):
            yield text
        case ast.Call(
            func=ast.Name("ValidationError") | ast.Attribute(attr="ValidationError"), args=[text, *_]
        ):
            yield text
        case ast.Call(func=ast.Attribute(attr="add_error"), args=[_, text, *_]):
            yield text
        case ast.Call(func=ast.Name("RegexValidator"), args=[_, text, *_]):
            yield text
        case ast.keyword(arg=name, value=text) if name in WORDS_IN:
            yield text
        case ast.Assign(targets=[ast.Name(name) | ast.Attribute(attr=name)], value=text) if name in WORDS_IN:
            yield text
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value in WORDS_IN:
                    yield value
        case ast.ClassDef(bases=[ast.Attribute(attr="TextChoices" | "IntegerChoices")], body=body):
            for line in body:
                match line:
                    case ast.Assign(value=ast.Tuple(elts=[_, text])):
                        yield text


def plain(text: ast.expr) -> str | None:
    """The letters of a string that no function has translated; None for everything else."""
    match text:
        case ast.Constant(value=str(said)):
            return said
        case ast.JoinedStr(values=values):
            return "".join(plain(value) or "" for value in values)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return plain(left)
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return plain(value)
    return None


def main() -> None:
    """Look through the whole console; end with 1 when something was found."""
    found = 0
    templates = [
        *ROOT.glob("templates/**/*.html"),
        *ROOT.glob("servers/**/*.html"),
        *ROOT.glob("vpspanel/**/*.html"),
    ]
    modules = [*ROOT.glob("servers/**/*.py"), *ROOT.glob("vpspanel/**/*.py")]
    for file in sorted(templates + modules):
        if file.parent.name in ("simulator", "migrations", "commands"):
            continue
        look = in_template if file.suffix == ".html" else in_python
        for line, text in look(file.read_text(encoding="utf-8")):
            found += 1
            print(f"{file.relative_to(ROOT)}:{line}: not marked for translation: {text}")  # noqa: T201
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
