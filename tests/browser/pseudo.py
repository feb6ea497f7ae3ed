"""Two languages that nobody speaks, made from the strings of the sources: ⟦Šţöþ ĺóř⟧ is "Stop", accented, bracketed and
longer. What stands on a page without brackets was not marked; what is cut or covered would be so in other languages.
"""

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE

# Codes that Unicode knows, so that times and lists work; the console itself does not offer them.
LEFT_TO_RIGHT: Final = "en-001"
RIGHT_TO_LEFT: Final = "ar-001"
SIDES: Final = (DESK, PHONE)

ACCENTED: Final = str.maketrans(
    "acdeghijklnorstuwyzACDEGHIJKLNORSTUWYZ", "áçďéğĥíĵķĺñóřšţúŵýžÁÇĎÉĞĤÍĴĶĹÑÓŘŠŢÚŴÝŽ"
)
LEFT_ALONE: Final = re.compile(r"(%\(\w+\)[a-z]|%[a-z%]|<[^>]+>|&\w+;)")
FILLER: Final = "ĺóřém ípšúm ďóĺóř šíţ áméţ çóñšéçţéţúř "

MONTHS: Final = ("September", "November", "December")
"""Borrowed for one language only; a date is as long as it is."""

EXTRACT: Final = """
import sys
from babel.messages.pofile import write_po
from vpspanel import catalogues
write_po(sys.stdout.buffer, catalogues.extract())
"""


def pretend(text: str) -> str:
    """The same text in the language that nobody speaks: 40 % longer, and its placeholders and tags as they are."""
    if not text.strip():
        return text
    inside = text.strip()
    longer = "".join(
        part if LEFT_ALONE.fullmatch(part) else part.translate(ACCENTED) for part in LEFT_ALONE.split(inside)
    )
    missing = max(2, round(len(LEFT_ALONE.sub("", inside)) * 0.4))
    filler = (FILLER * (missing // len(FILLER) + 1))[:missing].strip()
    return text.replace(inside, f"⟦{longer} {filler}⟧")


def write(folder: Path) -> None:
    """Write the two languages as catalogues that Django reads."""
    made = subprocess.run([sys.executable, "-c", EXTRACT], capture_output=True, check=True)
    strings = read_po(io.BytesIO(made.stdout))
    catalog = Catalog(locale="en")
    for message in strings:
        if message.id and message.id not in MONTHS:
            both = (message.id,) if isinstance(message.id, str) else message.id
            said = tuple(pretend(text) for text in both)
            catalog.add(message.id, said if message.pluralizable else said[0], context=message.context)
    for code in ("en_001", "ar_001"):
        file = folder / code / "LC_MESSAGES" / "django.mo"
        file.parent.mkdir(parents=True)
        with file.open("wb") as target:
            write_mo(target, catalog)


def speak(settings: Any, folder: Path) -> None:
    """Let the console offer the two languages."""
    settings.LOCALE_PATHS = [folder]
    settings.LANGUAGES = [*settings.LANGUAGES, (LEFT_TO_RIGHT, "⟦→⟧"), (RIGHT_TO_LEFT, "⟦←⟧")]


DATA: Final = re.compile(
    r"""
    vps\.org | [\w.-]+\.example(\.\w+)? | [\w.-]+\.(com|org|net)\b           # names on the internet
    | [0-9a-f]*:[0-9a-f:]{3,}                                                # an IPv6 address
    | \b\d{1,2}\ \w{3,9}\ \d{4}\b | \butc\b | \b\d+\ (second|minute|hour)s?(\ ago)?\b   # dates and times
    | \b(ssh|csv|curl|python|javascript|php|api|gb|mb|tb)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)

UNMARKED: Final = """() => {
    const foreign = (element) => element.closest(
        "script, style, template, noscript, code, kbd, pre, samp, textarea, [hidden], [lang]:not(html)," +
        " #id_time_zone, #id_language, .badge");
    const found = [];
    const look = (text, where) => { if (/\\p{L}/u.test(text)) found.push([text.trim(), where]); };
    let depth = 0;
    const outside = (text) => {
        let left = "";
        for (const letter of text) {
            if (letter === "⟦") depth += 1;
            else if (letter === "⟧") depth -= 1;
            else if (depth === 0) left += letter;
        }
        return left;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (foreign(node.parentElement)) continue;
        look(outside(node.data), node.parentElement.outerHTML.slice(0, 160));
    }
    const attributes = ["aria-label", "aria-description", "aria-valuetext", "title", "placeholder", "alt"];
    attributes.push("data-copied");
    for (const element of document.querySelectorAll(attributes.map((name) => `[${name}]`).join())) {
        if (foreign(element)) continue;
        for (const name of attributes) {
            const text = element.getAttribute(name) ?? "";
            look(outside(text), `${name} of ${element.outerHTML.slice(0, 160)}`);
        }
    }
    look(outside(document.title), "title of the page");
    return found;
}"""
"""The texts outside of brackets, each with where it stands."""

CUT: Final = """() => {
    const unseen = (element) => element.closest(".unseen, .skip, [hidden], option") || !element.checkVisibility();
    return [...document.querySelectorAll("body *")].filter((element) => {
        if (unseen(element) || !element.innerText?.trim() || element.matches("input, select, textarea")) return false;
        const style = getComputedStyle(element);
        const pressed = element.matches("button, a.button, summary, .pill");
        const wide = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
        if (element.clientWidth === 1) return false; // shown to screen readers only
        const high = element.scrollHeight > element.clientHeight + 1 && element.clientHeight > 0;
        const clips = ["hidden", "clip"].includes(style.overflowX);
        return wide && (clips || pressed) || high && ["hidden", "clip"].includes(style.overflowY);
    }).map((element) => element.outerHTML.slice(0, 160));
}"""
"""The elements whose text does not fit into them."""

STICKING_OUT: Final = """() => {
    const main = document.querySelector("main");
    const { left, right } = main.getBoundingClientRect();
    const sticksOut = ({ left: start, right: end }) => start < left - 1 || end > right + 1;
    const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
        || element.parentElement !== main && scrolls(element.parentElement);
    const inView = (element) => element.checkVisibility() && !element.closest(".unseen, dialog, .menu__items")
        && !scrolls(element);
    return [...main.querySelectorAll("*")].filter((one) => inView(one) && sticksOut(one.getBoundingClientRect()))
        .map((element) => element.outerHTML.slice(0, 110)).slice(0, 3);
}"""
"""The elements that are wider than the column in which everything stands."""

OVERLAPPING: Final = """() => {
    const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary";
    const pressed = [...document.querySelectorAll(kinds)]
        .filter((element) => element.checkVisibility() && !element.closest(".unseen, .skip"));
    const layer = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const { position } = getComputedStyle(one);
            if (["fixed", "sticky"].includes(position) || one.matches("dialog, .menu__items")) return one;
        }
        return null;
    };
    const boxes = pressed.map((element) => ({ element, layer: layer(element), rects: [...element.getClientRects()] }));
    const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    const found = [];
    boxes.forEach((one, number) => boxes.slice(number + 1).forEach((other) => {
        if (one.layer !== other.layer) return;
        if (one.element.contains(other.element) || other.element.contains(one.element)) return;
        if (one.rects.some((a) => other.rects.some((b) => overlap(a, b))))
            found.push(`${one.element.outerHTML.slice(0, 110)} / ${other.element.outerHTML.slice(0, 110)}`);
    }));
    return found;
}"""
"""The pairs that can be pressed and lie upon each other."""


def unmarked(page: Page, data: set[str]) -> list[str]:
    """The texts that are neither marked for translation nor data."""
    found = []
    known = re.compile("|".join(re.escape(text) for text in sorted(data, key=len, reverse=True)))
    for text, where in page.evaluate(UNMARKED):
        left = DATA.sub("", known.sub("", text))
        # Arabic is what Unicode and Django say of times; nothing of ours is Arabic in this language.
        if re.search(r"[^\W\d_]", re.sub(r"[\u0600-\u06ff]", "", left)):
            found.append(f"{left.strip()!r} in {where}")
    return found


def faults(page: Page, data: set[str]) -> list[str]:
    """What is wrong with this page, on a wide and on a narrow screen."""
    found = [f"not marked: {text}" for text in unmarked(page, data)]
    for size in SIDES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        pixels = size["width"]
        found += [f"cut at {pixels}: {element}" for element in page.evaluate(CUT)]
        found += [f"sticking out at {pixels}: {element}" for element in page.evaluate(STICKING_OUT)]
        found += [f"overlapping at {pixels}: {pair}" for pair in page.evaluate(OVERLAPPING)]
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        found += [f"scrolls sideways at {pixels}: {wide}"] if wide > pixels else []
    return found
