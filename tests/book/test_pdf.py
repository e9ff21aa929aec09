"""The book on paper: one file with an outline, a number on each sheet, and links that lead to its own sheets."""

import pytest
from pypdf import PdfReader

from tools import pdf

pytestmark = pytest.mark.slow


def titles(items, depth=0):
    for item in items:
        if isinstance(item, list):
            yield from titles(item, depth + 1)
        else:
            yield depth, item.title


@pytest.fixture(scope="module")
def paper(book, chromium, tmp_path_factory):
    target = tmp_path_factory.mktemp("paper") / "deep" / "book.pdf"
    parts = [("", ["book/paths"]), ("Part I: Foundations", ["chapters/02_gradient", "chapters/03_learning_rate"])]
    assert pdf.write(chromium, book.html, parts, target) == len(PdfReader(target).pages)
    assert [path.name for path in target.parent.iterdir()] == ["book.pdf"]
    return PdfReader(target)


def test_the_outline_has_parts_chapters_and_sections(paper):
    found = [*titles(paper.outline)]
    assert (0, "Paths through the book") in found and (0, "Part I: Foundations") in found
    assert (1, "2 Gradient: which way is down") in found and any(depth == 2 for depth, _ in found)
    assert paper.metadata.title == "Gradient Descent for Deep Learning"


def test_each_sheet_bears_its_number(paper):
    assert all(str(i) in page.extract_text().split() for i, page in enumerate(paper.pages, 1))


def test_links_between_its_pages_stay_inside(paper):
    first = next(i for i, page in enumerate(paper.pages) if "Gradient: which way is down" in page.extract_text() and i > 2)
    inside, outside = set(), []
    for page in paper.pages[:first]:
        for link in (a.get_object() for a in page.get("/Annots", ())):
            if "/Dest" in link and not isinstance(link["/Dest"], str):
                inside.add(paper.get_page_number(link["/Dest"][0].get_object()))
            elif "/A" in link and "/URI" in link["/A"]:
                outside.append(link["/A"]["/URI"])
    assert first in inside and len(inside) == 2  # of the many chapters that the paths name two are here
    assert not [uri for uri in outside if uri.endswith(("02_gradient.html", "03_learning_rate.html"))]


def test_the_table_of_contents_is_read_in_order():
    part = {"caption": "P", "chapters": [{"file": "b", "sections": [{"file": "e"}]}]}
    toc = {"root": "book/intro", "parts": [{"chapters": [{"file": "a"}]}, part]}
    assert pdf.contents(toc) == [("", ["book/intro"]), ("", ["a"]), ("P", ["b"])]
    assert pdf.contents(toc, exercises=True)[-1] == ("P", ["b", "e"])


def test_without_a_built_book_it_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="run `make book` first"):
        pdf.main([str(tmp_path)])
