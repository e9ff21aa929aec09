"""What keeps a reader out of a page: axe's serious and critical barriers."""

import contextlib
import importlib.resources

from playwright.sync_api import TimeoutError as Late

__all__ = ["barriers"]

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# in the dark and on a phone the elements are the same: only what colours and widths decide is asked again
AGAIN = ["scrollable-region-focusable", "target-size", "meta-viewport"]
COLOURS = ["color-contrast", "link-in-text-block"]  # two thirds of the time: asked of the first of each kind of element
# results of axe as "rule: element", for the two highest impacts: of the whole page, and of the colours of what is new
_LOOK = """async ([again, colours, known]) => {
    const seen = new Set(known), fresh = [], kinds = [];
    for (const e of document.querySelectorAll("body, body *")) {
        if (![...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim()) || !e.checkVisibility()) continue;
        let kind = "";
        for (let p = e; p; p = p.parentElement)
            kind += `${p.localName}.${p.className.baseVal ?? p.className} ${p.getAttribute("style") ?? ""}/`;
        if (!seen.has(kind)) { seen.add(kind); kinds.push(kind); fresh.push(e); }
    }
    const options = {resultTypes: ["violations"], preload: false};
    const rules = Object.fromEntries(colours.map((rule) => [rule, {enabled: false}]));
    const found = [await axe.run(document, {...options, ...(again ? {runOnly: again} : {rules})})];
    if (fresh.length) found.push(await axe.run({include: fresh}, {...options, runOnly: colours}));
    const lines = found.flatMap((f) => f.violations).filter((v) => ["serious", "critical"].includes(v.impact))
        .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join(" ").slice(0, 160)}`));
    return [lines, kinds];
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
_REACHED = """() => [...document.querySelectorAll("pre, .pst-scrollable-table-container")]
    .every((e) => e.scrollWidth <= e.clientWidth || e.tabIndex === 0 || !e.checkVisibility())"""


def barriers(page, again=False, known=None):
    """["rule: element and what is wrong", …] of a page that is open; its code and formulas are simplified for it.

    again: ask only what may differ on another screen. known: a set of the kinds of element whose colours were judged already (an element's
    tags, classes and styles up to the root: with them the style sheets decide); it takes up those of this page.
    """
    page.evaluate(_ONCE)
    page.evaluate(_READ)
    with contextlib.suppress(Late):  # then axe says so
        page.wait_for_function(_REACHED, timeout=1500)
    page.evaluate(AXE)
    lines, kinds = page.evaluate(_LOOK, [AGAIN if again else None, COLOURS, sorted(known or ())])
    if known is not None:
        known.update(kinds)
    return lines
