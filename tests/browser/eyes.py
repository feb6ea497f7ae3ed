"""What a test sees of a page: findings of axe, what sticks out, what is too small to press, and where the focus is."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Without its own look at the stylesheets: it seeks what they import beside the page, where there is nothing.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
FOCUS_IS_COVERED = """() => {
    const focused = document.activeElement;
    const seen = ({ x, y, width, height }) => {
        const hit = document.elementFromPoint(x + Math.min(width / 2, 12), y + height / 2);
        return hit && (focused.contains(hit) || hit.contains(focused) && hit.matches("label, summary"));
    };
    return focused === document.body || [...focused.getClientRects()].some(seen) ? "" : focused.outerHTML.slice(0, 150);
}"""
"""The focused element, if nothing of it can be seen where it stands."""

TOO_SMALL = """() => {
    const selector = "a[href], button, input:not([type=hidden]), select, textarea, summary";
    const inSentence = (element) => element.matches("a, button") && getComputedStyle(element).display === "inline"
        && [...element.parentElement.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const targets = [...(document.querySelector("dialog[open], :popover-open") ?? document).querySelectorAll(selector)]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }))
        .filter((element) => !element.closest(".unseen, .skip"))
        .map((element) => ({ element, box: (element.closest("label") ?? element).getBoundingClientRect() }))
        .filter(({ box }) => box.width && box.height);
    const small = ({ box }) => box.width < 23.5 || box.height < 23.5;
    const centre = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
    const away = ([x, y], box) => Math.hypot(
        Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
    const between = ([a, b], [c, d]) => Math.hypot(a - c, b - d);
    return targets.filter(small).filter(({ element, box }) => !inSentence(element) && targets.some((other) =>
        other.element !== element && !other.element.contains(element) && (away(centre(box), other.box) < 12
            || small(other) && between(centre(box), centre(other.box)) < 24)))
        .map(({ element, box }) =>
            `${Math.round(box.width)} x ${Math.round(box.height)}: ${element.outerHTML.slice(0, 100)}`);
}"""
"""What is smaller than 24 pixels (with its label), no link within a sentence, and has another target within reach (WCAG
2.5.8)."""
MOVING = """() => [...document.querySelectorAll("*")].filter((element) => ["", "::before", "::after"].some((part) => {
    const style = getComputedStyle(element, part || null);
    return style.animationName !== "none" || !/^0s(, 0s)*$/.test(style.transitionDuration);
})).map((element) => element.outerHTML.slice(0, 100))"""


def findings(page: Page) -> list[str]:
    """What axe finds, each with the elements it is about."""
    result = Axe().run(page, options=OPTIONS).response["violations"]
    return [f"{found['id']}: {[node['html'][:120] for node in found['nodes'][:4]]}" for found in result]


def width(page: Page) -> int:
    """How wide the page is, in pixels, what sticks out included."""
    pixels: int = page.evaluate("document.scrollingElement.scrollWidth")
    return pixels


def covered(page: Page) -> str:
    """What has the focus, if it is out of sight or something lies over all of it; else nothing."""
    element: str = page.evaluate(FOCUS_IS_COVERED)
    return element


def too_small(page: Page) -> list[str]:
    """What is too small to be pressed for sure."""
    elements: list[str] = page.evaluate(TOO_SMALL)
    return elements


def moving(page: Page) -> list[str]:
    """What moves or fades."""
    elements: list[str] = page.evaluate(MOVING)
    return elements
