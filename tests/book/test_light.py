"""Pages are light: formulas need no script, nothing is there that nobody asks for, and what waits for its layout is not lost."""

import multiprocessing
import os
import re
import select
import sys

import pytest

from tests.book.conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import gd_figures
import gd_light
import gd_math

pytestmark = pytest.mark.slow

SHEETS = ("gd.css", "gd-live.css", "pygments.css")  # that the build writes or we do
CHAPTER = "chapters/03_learning_rate.html"  # the longest


@pytest.fixture
def page(chromium):
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


def test_a_formula_is_set_with_mathml_beside_it():
    html, css, errors = gd_math.set_page(r'<p>at <span class="math notranslate">\(\class{gd-h-lr}{\eta} &lt; 2\)</span>.</p>')
    assert html.startswith('<p>at <span class="math notranslate"><mjx-container') and html.endswith("</mjx-container></span>.</p>")
    assert '<mi class="gd-h-lr">η</mi><mo>&lt;</mo><mn>2</mn>' in html and not errors
    assert ".mjx-c1D702" in css and ".mjx-c1D703" not in css  # the style of η, and not of θ, which is not there


def test_a_numbered_formula_and_one_without_brackets_stand_in_lines_of_their_own():
    number = '<div class="math notranslate" id="e">\n<span class="eqno">(1)<a href="#e">#</a></span>\\[x = 1\\]</div>'
    aligned = '<div class="math notranslate">\\begin{align} a &amp;= b \\\\ c &amp;= d \\end{align}</div>'
    html, _, errors = gd_math.set_page(number + aligned)
    assert '<span class="eqno">(1)<a href="#e">#</a></span><mjx-container' in html and "mjx-mtable" in html and not errors


def test_an_unknown_command_is_an_error():
    assert gd_math.typeset([(r"\nosuch", False)])["errors"] == [[r"\nosuch", r"Undefined control sequence \nosuch"]]


def test_processes_that_write_pages_ask_the_one_engine():
    here = gd_math.typeset([("x", False)])
    with multiprocessing.get_context("fork").Pool(2) as writers:  # V8 itself would never answer there
        assert writers.apply_async(gd_math.typeset, ([("x", False)],)).get(timeout=30) == here


def test_the_engine_holds_nothing_open_of_those_who_started_it():
    reader, writer = os.pipe()
    gd_math.engine.cache_clear()
    gd_math.engine()
    os.close(writer)
    assert select.select([reader], [], [], 5)[0]  # its end has come: a browser that waits for this ends as well
    os.close(reader)


def test_a_drawing_keeps_its_groups_with_a_meaning_and_loses_the_others():
    svg = '<svg>\n <g>\n  <g id="a">\n   <g><path d="M 0.50 0 L 1 1"/></g>\n  </g>\n </g>\n</svg>'
    assert '<svg role="img" aria-label="x"><g id="a"><path d="M.5.0 1 1"/></g></svg>' in gd_figures.inline(svg, "x")


def test_code_keeps_what_a_style_or_the_lighting_of_symbols_asks_for():
    code = '<span class="bp">self</span><span class="o">.</span><span class="n">lr</span><span class="w"> </span><span class="n">x</span>'
    assert gd_light.plainer(f'{code}<span class="k">if</span>') == 'self.<span class="n">lr</span> x<span class="k">if</span>'
    assert gd_light.plainer("<pre><span></span>x</pre><li><span></span></li>") == "<pre>x</pre><li><span></span></li>"


def test_the_themes_files_were_changed(book):
    """Where a new theme is written in another way, pages work but are slow: this says so."""
    static = book.html / "_static"
    assert ".fa-bars" not in (static / "styles" / "pydata-sphinx-theme.css").read_text("utf-8")
    script = (static / "scripts" / "pydata-sphinx-theme.js").read_text("utf-8")
    assert "new IntersectionObserver(([n],o)=>{n.isIntersecting&&(o.disconnect(),e.tabIndex=e.scrollWidth>" in script
    assert (static / "basic.css").exists()


def test_a_page_waits_for_one_style_sheet_and_all_that_it_points_to_is_there(book):
    for page in book.pages:
        sheets = re.findall(r'<link\b[^>]*rel="stylesheet"[^>]*href="([^"?]*)|<link\b[^>]*href="([^"?]*)[^>]*rel="stylesheet"',
                            (book.html / f"{page}.html").read_text("utf-8"))  # fmt: skip
        assert ["".join(sheet).removeprefix("../") for sheet in sheets] == ["_static/styles/book.css"], page
    folder = book.html / "_static" / "styles"
    css = (folder / "book.css").read_text("utf-8")
    assert all((book.html / "_static" / name).read_text("utf-8").strip()[-200:] in css for name in SHEETS)
    files = [name.partition("?")[0] for name in re.findall(r"""url\(["']?((?!data:|#)[^"')]+)""", css)]
    assert len(files) > 3 and [name for name in files if not (folder / name).exists()] == []


def test_formulas_and_drawings_need_no_script(book, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((book.html / CHAPTER).as_uri())
    assert page.locator(".math mjx-container").count() == page.locator(".math").count() > 100
    assert all(drawing.is_visible() for drawing in page.locator(".gd-figure-box svg").all())
    context.close()


def test_formulas_have_their_fonts(book, page):
    failed = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto((book.html / CHAPTER).as_uri())
    page.locator(".math").first.scroll_into_view_if_needed()
    assert page.evaluate("async () => { await document.fonts.ready; return document.fonts.check('16px MJXTEX') }") and not failed


def test_the_layout_of_what_is_far_waits(book, page):
    page.goto((book.html / CHAPTER).as_uri())
    waits = "(e) => !e.firstElementChild.checkVisibility({contentVisibilityAuto: true})"
    assert page.locator(".bd-article .cell").last.evaluate(waits)
    page.locator(".bd-article .cell").last.scroll_into_view_if_needed()
    page.wait_for_function(f"() => !({waits})([...document.querySelectorAll('.bd-article .cell')].at(-1))")


def test_links_within_a_page_land(book, page):
    """Also where everything above has not been laid out yet."""
    page.goto((book.html / CHAPTER).as_uri())
    anchors = page.eval_on_selector_all(".bd-article section[id]", "(all) => all.map((e) => e.id)")
    for anchor in (anchors[len(anchors) // 2], anchors[-3]):
        page.goto("about:blank")
        page.goto(f"{(book.html / CHAPTER).as_uri()}#{anchor}")
        page.wait_for_timeout(500)
        top = page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", anchor)
        assert -5 < top < 150, anchor


def test_code_that_scrolls_can_be_reached_with_the_keyboard(book, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((book.html / CHAPTER).as_uri())
    wide = "() => [...document.querySelectorAll('.cell_input pre')].find((e) => e.scrollWidth > e.clientWidth)"
    code = page.evaluate_handle(wide).as_element()
    code.scroll_into_view_if_needed()
    page.wait_for_function("(e) => e.tabIndex === 0", arg=code)


def test_print_is_complete(book, page):
    page.goto((book.html / CHAPTER).as_uri())
    page.emulate_media(media="print")
    hidden = "(all) => all.filter((e) => getComputedStyle(e).contentVisibility !== 'visible').length"
    assert page.eval_on_selector_all(".bd-article section > *", hidden) == 0
