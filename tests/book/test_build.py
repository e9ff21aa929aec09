"""The book builds with warnings as errors and no network, and an unchanged book is not read again."""

import re

import jinja2
import pytest
import yaml

from tests.book.conftest import ROOT, build

pytestmark = pytest.mark.slow


def test_every_chapter_has_its_page(book, chapters):
    assert {f"chapters/{name}" for name in chapters} == {page for page in book.pages if page.startswith("chapters/")}


def test_every_page_of_the_contents_is_there(book):
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    files = [entry["file"] for part in contents["parts"] for entry in part["chapters"] if "file" in entry]
    assert {contents["root"], *files} <= set(book.pages)


def test_each_chapter_is_followed_by_its_exercises(book):
    """They are pages to read, after their chapter and before the next one."""
    names = sorted(path.stem for path in (book.source / "exercises").glob("[0-9]*.ipynb"))
    assert len(names) >= 3 and {f"exercises/{name}" for name in names} == {page for page in book.pages if page.startswith("exercises/")}
    for name in names:
        html = (book.html / f"exercises/{name}.html").read_text("utf-8")
        assert f"<code>make lab</code> and open <code>exercises/{name}.ipynb</code>" in html and 'href="../book/exercises.html"' in html
        following = re.search(r'class="right-next"\s+href="([^"]+)"', (book.html / f"chapters/{name}.html").read_text("utf-8"))
        assert following[1] == f"../exercises/{name}.html"


def test_the_plan_knows_every_chapter(chapters):
    plan = yaml.safe_load((ROOT / "book" / "chapters.yml").read_text("utf-8"))
    names = [name for part in plan for name, *_ in part["chapters"]]
    assert len(names) == len(set(names)) == 30 and [int(name[:2]) for name in names] == list(range(1, 31))
    assert set(chapters) <= set(names)


def test_index_leads_to_the_first_page(book):
    index = (book.html / "index.html").read_text("utf-8")
    assert "url=book/intro.html" in index and "<title>Gradient Descent for Deep Learning</title>" in index


def test_a_wrong_address_of_any_depth_leads_home(book, chromium):
    page = chromium.new_page()
    page.route("**/*", lambda route: route.fulfill(body=(book.html / "404.html").read_text("utf-8"), content_type="text/html"))
    for place in ("nothing.html", "chapters/nothing.html", "book/deep/nothing.html"):
        page.goto(f"http://localhost/project/{place}")
        assert page.title() == "No such page · Gradient Descent for Deep Learning"
        found = page.eval_on_selector_all("a", "(all) => all.map((a) => a.href)")
        assert found == ["http://localhost/project/book/intro.html", "http://localhost/project/search.html"], place
    page.close()


def test_who_shares_a_chapter_shows_its_title(book, chapters):
    for name in chapters:
        html = (book.html / f"chapters/{name}.html").read_text("utf-8")
        title, words = (re.search(f'<meta property="og:{key}" content="([^"]+)"', html)[1] for key in ("title", "description"))
        assert len(title) > 8 and len(words) > 40 and 'og:site_name" content="Gradient Descent for Deep Learning"' in html


def test_each_page_says_how_to_cite_it_and_where_to_report_an_error(book):
    for page in book.pages:
        html = (book.html / f"{page}.html").read_text("utf-8")
        assert "#cite-this-book\"" in html and "#when-something-is-wrong\"" in html, page


def test_with_a_repository_pages_can_be_run_elsewhere():
    template = jinja2.Environment().from_string((ROOT / "book/_templates/gd_page.html").read_text("utf-8"))
    known = {"pathto": lambda name: f"{name}.html", "theme_repository_url": "https://github.com/some/book", "theme_repository_branch": ""}
    chapter, glossary = (template.render(pagename=name, **known) for name in ("chapters/06_momentum", "book/glossary"))
    assert "https://colab.research.google.com/github/some/book/blob/main/chapters/06_momentum.ipynb" in chapter
    assert "https://mybinder.org/v2/gh/some/book/main?labpath=chapters/06_momentum.ipynb" in chapter
    assert "https://github.com/some/book/issues/new?title=In%20book/glossary%3A%20" in glossary and "Colab" not in glossary


def test_pages_name_no_other_host_to_load_from(book):
    """Links may lead elsewhere; scripts, styles, pictures and strings in scripts may not."""
    for page in book.pages:
        html = (book.html / f"{page}.html").read_text("utf-8")
        loaded = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=\"(https?://[^\"]+)", html)
        scripts = "\n".join(re.findall(r"<script\b[^>]*>(.*?)</script>", html, flags=re.DOTALL))
        named = re.findall(r"https?://\S+", scripts)
        assert not loaded + named, f"{page} names {loaded + named}"


def test_no_thebe(book):
    assert not list(book.html.rglob("*thebe*"))


def test_the_book_is_small(book):
    """About 8 MB of it are the theme and MathJax."""
    size = sum(path.stat().st_size for path in book.html.rglob("*") if path.is_file())
    assert size < 20e6 + 1e6 * len(book.pages), f"{size / 1e6:.0f} MB"


def test_an_unchanged_book_is_not_read_again(book):
    status, log = build(book.source, book.output)
    assert status == 0, log
    assert "0 added, 0 changed, 0 removed" in log
    assert "no targets are out of date" in log


def test_pages_load_only_what_they_use(book):
    """No script of 1.5 MB for a dozen icons, no search where nobody searches, and none that the text has to wait for."""
    for page in book.pages:
        html = (book.html / f"{page}.html").read_text("utf-8")
        scripts = re.findall(r"<script\b[^>]*\bsrc=[^>]*>", html)
        assert scripts and not [s for s in scripts if "fontawesome" in s], page
        at_once = [s for s in scripts if "defer" not in s and "documentation_options.js" not in s]
        assert not at_once or page == "search", (page, at_once)
        assert page == "search" or "searchindex.js" not in html
        assert ("/gd-live" in html) == ('class="gd-live"' in html or "gd-symbols" in html), page


def test_the_script_of_living_figures_is_small_on_every_page(book):
    sizes = {path.name: path.stat().st_size for path in (book.html / "_static").glob("gd-live*.js")}
    assert len(sizes) >= 3 and max(sizes.values()) <= 60_000, sizes
