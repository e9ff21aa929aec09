"""The sidebar: every page of the table of contents is one step away, the page's own part is open, and it is marked once."""

import re

import pytest
import yaml

from tests.book.conftest import ROOT

pytestmark = pytest.mark.slow


def rows(tree):
    """Each page of a table of contents, with those below it."""
    for entry in tree.get("chapters", tree.get("sections", [])):
        yield entry["file"]
        yield from rows(entry)


def test_it_leads_everywhere_and_shows_where_one_is(book):
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    wanted = {page: part.get("caption") for part in contents for page in rows(part)}
    assert len(wanted) > 60 and sum(page.startswith("exercises/") for page in wanted) == 30
    for name in book.pages:
        text = (book.html / f"{name}.html").read_text("utf-8")
        nav = text[text.index('<nav class="bd-links') :].partition("</nav>")[0]
        here = (book.html / name).parent
        found = {here / place if place != "#" else book.html / f"{name}.html" for place in re.findall(r'href="([^"]+)"', nav)}
        assert {path.resolve() for path in found} == {book.html.resolve() / f"{page}.html" for page in wanted}, name
        opened = re.findall(r"<details open><summary>([^<]+)", nav)
        assert opened == ([wanted[name]] if wanted.get(name) else []), name
        assert nav.count('aria-current="page"') == (name in wanted), name
    assert '>3 The learning rate: how far before you look again</a><a class="gd-do" href=' in text
