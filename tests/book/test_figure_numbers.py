"""Figures have numbers that a text can name, and on a phone their words can be read."""

import re
import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document

from tests.book.conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import gd_figure_numbers

pytestmark = pytest.mark.slow


def test_each_figure_of_a_chapter_has_the_next_number(book, chapters):
    total = 0
    for name in chapters:
        page = (book.html / "chapters" / f"{name}.html").read_text("utf-8")
        chapter = int(name[:2])
        labels = re.findall(r'<p class="gd-number" id="figure-(\d+)-(\d+)"><a href="#figure-\1-\2">Figure \1\.\2</a></p>', page)
        assert labels == [(str(chapter), str(k + 1)) for k in range(len(labels))], name
        figures = BeautifulSoup(page, "html.parser").select("figure.gd-live, figure.gd-figure-box:not(figure.gd-live *), img.gd-picture")
        assert len(labels) == len(figures), name
        total += len(labels)
    assert total > 200


def linked(text, told):
    document = new_document("a")
    document += nodes.paragraph("", text)
    env = SimpleNamespace(gd_figure_counts={3: ("chapters/03_x", 2)})
    app = SimpleNamespace(env=env, builder=SimpleNamespace(get_relative_uri=lambda here, page: f"{page}.html"))
    gd_figure_numbers._LOG = SimpleNamespace(warning=lambda words, *values, **_: told.append(words % values))
    gd_figure_numbers._link(app, document, "chapters/03_x" if "here" in text else "book/y")
    assert document.astext() == text
    return [(link.astext(), link["refuri"]) for link in document.findall(nodes.reference)]


def test_a_text_that_names_a_figure_leads_to_it(monkeypatch):
    monkeypatch.setattr(gd_figure_numbers, "_LOG", None)
    told = []
    assert linked("As Figure 3.1 and Figure 3.2 show", told) == [
        ("Figure 3.1", "chapters/03_x.html#figure-3-1"), ("Figure 3.2", "chapters/03_x.html#figure-3-2")]  # fmt: skip
    assert linked("Figure 3.1, here", told) == [("Figure 3.1", "#figure-3-1")] and not told
    assert not linked("Figure 3.3 is not there, nor is Figure 9.1", told)
    assert told == ["the text names Figure 3.3, and chapter 3 has 2 figures.", "the text names Figure 9.1, and chapter 9 has 0 figures."]


def test_on_a_phone_a_still_figure_is_enlarged_and_moved_in_its_box(book, chromium):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto((book.html / "chapters" / "03_learning_rate.html").as_uri())
    label = page.locator("#figure-3-2")
    button, box = label.locator("button"), label.locator("xpath=preceding-sibling::*[1]").locator(".gd-figure-box")
    text = "(box) => box.querySelector('svg').getBoundingClientRect().width"
    small, stops = box.evaluate(text), box.get_attribute("tabindex")
    button.click()
    assert box.get_attribute("tabindex") == "0"
    large, scrolls = box.evaluate(text), box.evaluate("(box) => box.scrollWidth > box.clientWidth")
    assert large > 1.3 * small and scrolls and page.evaluate("document.documentElement.scrollWidth") == 390
    box.click()
    assert box.evaluate(text) == small and button.inner_text() == "Enlarge" and box.get_attribute("tabindex") == stops
    page.set_viewport_size({"width": 1280, "height": 900})
    box.click()
    assert not button.is_visible() and box.get_attribute("class") == "gd-figure-box"
    page.close()
