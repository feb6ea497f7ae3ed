"""What a test sees of a page: findings of axe, what sticks out, what is too small to press, and where the focus is."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OPTIONS = {"resultTypes": ["violations"]}
FOCUS_IS_COVERED = """() => {
    const focused = document.activeElement;
    const seen = ({ x, y, width, height }) => {
        const hit = document.elementFromPoint(x + Math.min(width / 2, 12), y + height / 2);
        return hit && (focused.contains(hit) || hit.contains(focused) && hit.matches("label, summary"));
    };
    return [...focused.getClientRects()].some(seen) ? "" : focused.outerHTML.slice(0, 150);
}"""
"""The focused element, if nothing of it can be seen where it stands."""


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
