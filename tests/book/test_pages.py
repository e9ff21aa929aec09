"""Each page in a real browser: over http on a phone in the dark, and from the disk on a large screen in the light."""

import functools
from urllib.parse import urldefrag

import pytest

from tests.book.barriers import barriers
from tests.book.chromium import serve, visit

pytestmark = pytest.mark.slow

PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "reduced_motion": "reduce", "has_touch": True}
SCREEN = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}


@pytest.fixture(scope="module")
def http(book):
    with serve(book.html) as address:
        yield address


def on_phone(page, known):
    return {"barriers": barriers(page, again=True, known=known), "cut": []}


def on_screen(page, known):
    """Also what is wider than the column, on screens as wide as a laptop's; formulas and code stay as they are until axe comes."""
    cut = []
    for width in (1024, 1200, 1366, SCREEN["viewport"]["width"]):
        page.set_viewport_size(SCREEN["viewport"] | {"width": width})
        cut += [f"{width}: {words}" for words in page.eval_on_selector_all("article pre", WIDE)]
    page.emulate_media(reduced_motion="reduce")
    return {"barriers": barriers(page, known=known), "cut": cut}


WIDE = "(all) => all.filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent.slice(0, 200))"


@pytest.fixture(scope="module")
def visits(book, chromium, http):
    """{(way, page): what was seen}, for both ways: each page is loaded once a way, for all that is asked of it."""
    seen = {}
    for way, base, settings, more in (("http", http, PHONE, on_phone), ("file", book.html.as_uri(), SCREEN, on_screen)):
        context, known = chromium.new_context(**settings), set()
        for page in [*book.pages, "search.html?q=gradient"]:
            address = f"{base}/{page if '?' in page else f'{page}.html'}"
            seen[way, page] = visit(context, address, base, functools.partial(more, known=known))
        context.close()
    return seen


def complaints(visits, fact):
    return {f"{way}: {page}": seen[fact] for (way, page), seen in visits.items() if seen[fact]}


@pytest.mark.parametrize("fact", ["elsewhere", "failed", "errors", "bad_math", "raw_math", "nameless", "pale", "sentinels", "wide", "cut",
                                  "barriers"])  # fmt: skip
def test_nothing_to_complain_of(visits, fact):
    """Requests to other hosts or that failed, errors in the console, broken or unset formulas, pictures without a name,
    figure text that is hard to read on its ground, colours that should have become the page's, things wider than the screen, code
    and output wider than the column of a laptop, and what axe calls a serious barrier."""
    assert not complaints(visits, fact)


def test_both_themes_were_seen(visits):
    assert {(way, seen["theme"]) for (way, _), seen in visits.items()} == {("http", "dark"), ("file", "light")}


def test_formulas_and_figures_were_seen(visits, chapters):
    for name in chapters:
        for way in ("http", "file"):
            seen = visits[way, f"chapters/{name}"]
            assert seen["formulas"] > 10 and seen["figures"] > 2, (way, name)


def test_no_page_scrolls_sideways(visits):
    wide = {key: seen["page_width"] for key, seen in visits.items() if seen["page_width"] > seen["window_width"]}
    assert not wide


def test_titles(visits):
    for (way, page), seen in visits.items():
        assert len(seen["headings"]) == 1, (way, page, seen["headings"])
        heading = seen["headings"][0].removesuffix("#").strip()
        assert seen["title"].startswith(heading), (way, page, seen["title"])
        assert seen["title"].count("Gradient Descent for Deep Learning") == 1
    numbered = {page: seen["title"] for (_, page), seen in visits.items() if page.startswith("chapters/")}
    assert all(title.startswith(f"{int(page[9:11])} ") for page, title in numbered.items()), numbered


def test_every_page_describes_itself(visits):
    bare = {page for (_, page), seen in visits.items() if len(seen["description"]) < 40 and not page.startswith("search")}
    assert not bare


def test_links_lead_somewhere(visits, book):
    """Each link within the book to a page that is there, each anchor to an id on it."""
    base = book.html.as_uri()
    ids = {f"{base}/{page}.html": set(visits["file", page]["ids"]) for page in book.pages}
    dead = {}
    for page in book.pages:
        for link in visits["file", page]["links"]:
            url, anchor = urldefrag(link)
            if not url.startswith(base) or url == f"{base}/index.html":
                continue
            if url in ids:
                good = not anchor or anchor in ids[url] or anchor.startswith("race=")  # which the explorer reads
            else:
                good = (book.html / url.removeprefix(f"{base}/")).exists() or url.startswith(f"{base}/search.html")
            if not good:
                dead.setdefault(page, []).append(link)
    assert not dead


def test_ids_are_unique(visits):
    double = {page: {i for i in seen["ids"] if seen["ids"].count(i) > 1} for (_, page), seen in visits.items()}
    assert not {page: ids for page, ids in double.items() if ids}


def test_search_finds(chromium, http, book):
    for base in (http, book.html.as_uri()):
        page = chromium.new_page()
        page.goto(f"{base}/search.html?q=curvature")
        page.wait_for_selector("#search-results li a[href*='book/notation.html']", timeout=10_000)
        page.close()


def test_keyboard_focus_is_visible(chromium, http):
    page = chromium.new_page()
    page.goto(f"{http}/chapters/01_loss.html")
    for _ in range(8):
        page.keyboard.press("Tab")
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outline")
        assert "solid 3px" in outline
    page.close()


def test_code_that_is_wide_can_be_scrolled_on_a_phone(chromium, http):
    page = chromium.new_context(**PHONE).new_page()
    page.goto(f"{http}/chapters/01_loss.html")
    look = "(boxes) => boxes.map((e) => [e.scrollWidth > e.clientWidth, getComputedStyle(e).overflowX])"
    boxes = page.eval_on_selector_all(".cell_input pre", look)
    assert any(wide for wide, _ in boxes) and all(overflow == "auto" for _, overflow in boxes)
    page.close()


def test_paper_is_white_and_its_ink_dark_also_from_a_dark_page(chromium, http):
    page = chromium.new_context(**PHONE).new_page()
    page.goto(f"{http}/chapters/01_loss.html")
    page.emulate_media(media="print", color_scheme="dark")
    ink = "(all) => all.map((e) => Math.max(...getComputedStyle(e).color.match(/\\d+/g).slice(0, 3).map(Number)))"
    for selector in ("article p", ".cell_input span", ".gd-claims span", ".cell_output pre"):
        assert max(page.eval_on_selector_all(selector, ink)) <= 0x50, selector
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
