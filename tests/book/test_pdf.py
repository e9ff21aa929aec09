"""The book on paper: one file with an outline, a number on each sheet, and links that lead to its own sheets."""

import re

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
    chapters = ["chapters/02_gradient", "chapters/03_learning_rate"]
    parts = [("", ["book/paths"]), ("Part I: Foundations", chapters), ("", ["book/references"])]
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


def links(paper):
    """(sheet, where it leads: the number of a sheet or an address, height there) of each link."""
    for i, page in enumerate(paper.pages):
        for link in (a.get_object() for a in page.get("/Annots", ())):
            if link.get("/Subtype") == "/Link" and "/Dest" in link:
                yield i, paper.get_page_number(link["/Dest"][0].get_object()), link["/Dest"][3] if len(link["/Dest"]) > 3 else None
            elif link.get("/Subtype") == "/Link":
                yield i, link["/A"]["/URI"], None


def test_the_contents_tell_the_sheet_on_which_a_chapter_begins(paper):
    sheet, contents = next((i, p.extract_text()) for i, p in enumerate(paper.pages) if p.extract_text().startswith("Contents"))
    start = int(re.search(r"2 Gradient: which way is down\s+(\d+)", contents)[1])
    assert "Gradient: which way is down" in " ".join(paper.pages[start - 1].extract_text().split())
    assert start - 1 in {to for at, to, _ in links(paper) if at == sheet}


def test_links_between_its_pages_stay_inside_and_lead_to_the_place(paper):
    outside = [to for _, to, _ in links(paper) if isinstance(to, str)]
    assert not [uri for uri in outside if re.search(r"(chapters/02_gradient|chapters/03_learning_rate|references)\.html", uri)]
    inside = [(to, height) for _, to, height in links(paper) if isinstance(to, int)]
    first = next(i for i, p in enumerate(paper.pages) if p.extract_text().startswith("References"))
    cited = {(to, height) for to, height in inside if to >= first}
    assert len(cited) > 10 and len({to for to, _ in cited}) > 5  # not all to the chapter's head
    assert not paper.named_destinations  # two pages may have places of one name


def test_the_table_of_contents_is_read_in_order():
    part = {"caption": "P", "chapters": [{"file": "b", "sections": [{"file": "e"}]}]}
    toc = {"root": "book/intro", "parts": [{"chapters": [{"file": "a"}]}, part]}
    assert pdf.contents(toc) == [("", ["book/intro"]), ("", ["a"]), ("P", ["b"])]
    assert pdf.contents(toc, exercises=True)[-1] == ("P", ["b", "e"])


def test_without_a_built_book_it_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="run `make book` first"):
        pdf.main([str(tmp_path)])


def test_no_sheet_is_half_empty_but_where_a_page_ends(paper):
    """What stands in one piece, a figure or a row of a table, is no larger than half a sheet; code and tables go on overleaf."""
    names = ("Paths through", "Contents", "CHAPTER 2", "CHAPTER 3", "References")
    begins = [i for i, page in enumerate(paper.pages) if page.extract_text().lstrip().startswith(names)]
    assert len(begins) == len(names)
    for i, page in enumerate(paper.pages):
        if i + 1 not in begins and i + 1 < len(paper.pages):
            assert min(h for h in heights(page) if h > 45) < 0.5 * page.mediabox.height, i + 1  # below 45 points stands the number


def heights(page):
    """Where the words of a sheet stand, in points above its lower edge."""
    found = []
    page.extract_text(visitor_text=lambda text, cm, tm, *_: text.strip() and found.append(tm[4] * cm[1] + tm[5] * cm[3] + cm[5]))
    return found
