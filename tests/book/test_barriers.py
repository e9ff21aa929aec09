"""No page keeps anybody out: axe finds no serious or critical barrier, in light and in dark, on a screen and on a phone."""

import importlib.resources

import pytest

from tests.book.chromium import serve

pytestmark = pytest.mark.slow

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
WAYS = {
    "light screen": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
}
# in the dark and on a phone the elements are the same: only what colours and widths decide is asked again
AGAIN = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size", "meta-viewport"]
# results of axe as "rule: element", for the two highest impacts
_LOOK = """async (only) => {
    const found = await axe.run(document, {resultTypes: ["violations"], ...(only && {runOnly: only})});
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


def barriers(page, only=None):
    page.evaluate(_READ)
    page.evaluate(_ONCE)
    page.evaluate(AXE)
    return page.evaluate(_LOOK, only)


@pytest.mark.parametrize("way", WAYS)
def test_no_page_has_a_serious_barrier(book, chromium, way):
    with serve(book.html) as address:
        context = chromium.new_context(**WAYS[way], reduced_motion="reduce")
        found = {}
        for name in [*book.pages, "search.html?q=gradient"]:
            page = context.new_page()
            page.goto(f"{address}/{name if '?' in name else f'{name}.html'}")
            found |= {name: barriers(page, AGAIN if way == "dark phone" else None)}
            page.close()
        context.close()
    assert not {name: seen for name, seen in found.items() if seen}


def test_a_barrier_is_found(chromium):
    page = chromium.new_page()
    page.set_content('<html lang="en"><title>t</title><main><p style="color: #bbb">pale</p><button></button></main></html>')
    assert {line.split(":")[0] for line in barriers(page)} >= {"color-contrast", "button-name"}
    assert {line.split(":")[0] for line in barriers(page, AGAIN)} == {"color-contrast"}
    page.set_content("""<html lang="en"><title>t</title><main class="highlight"><pre tabindex="0"><span class="k">if</span>
        <span class="k">else</span> <span class="s" style="color: #bbb">pale</span></pre></main></html>""")
    assert ["pale" in line for line in barriers(page)] == [True]
    page.set_content("""<html lang="en"><title>t</title><main><mjx-container><i>a</i></mjx-container>
        <mjx-container style="color: #bbb"><i>b</i></mjx-container></main></html>""")
    assert ["color-contrast" in line for line in barriers(page)] == [True]
    page.close()
