"""What keeps a reader out of a page: axe's serious and critical barriers."""

import contextlib
import importlib.resources

from playwright.sync_api import TimeoutError as Late

__all__ = ["AGAIN", "barriers"]

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# in the dark and on a phone the elements are the same: only what colours and widths decide is asked again
AGAIN = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size", "meta-viewport"]
# results of axe as "rule: element", for the two highest impacts
_LOOK = """async (only) => {
    const found = await axe.run(document, {resultTypes: ["violations"], preload: false, ...(only && {runOnly: only})});
    return found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
        .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join(" ").slice(0, 160)}`));
}"""


# what lies far below the window is laid out when a reader comes near
_READ = """async () => {
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
        scrollTo(0, y);
        await new Promise(requestAnimationFrame);
    }
    scrollTo(0, 0);
}"""


# a token of code looks as the first of its kind does: the others are left as plain text; so are all formulas but the first, in their own
# colour. The one saves a quarter of the time, the other nearly half of the rule cards'
_ONCE = """() => {
    const seen = new Set();
    for (const token of document.querySelectorAll(".highlight pre span[class]")) {
        if (seen.has(token.className)) token.replaceWith(...token.childNodes);
        seen.add(token.className);
    }
    for (const formula of [...document.querySelectorAll("mjx-container")].slice(1)) formula.replaceChildren("formula");
}"""

# the theme gives what can be scrolled a place among the tab stops, 300 ms after the page has changed; axe must not come before it
_REACHED = """() => [...document.querySelectorAll("pre")].every((e) => e.scrollWidth <= e.clientWidth || e.tabIndex === 0)"""


def barriers(page, only=None):
    """["rule: element and what is wrong", …] of a page that is open; its code and formulas are simplified for it. only: rules to ask."""
    page.evaluate(_READ)
    page.evaluate(_ONCE)
    with contextlib.suppress(Late):  # then axe says so
        page.wait_for_function(_REACHED, timeout=1500)
    page.evaluate(AXE)
    return page.evaluate(_LOOK, only)
