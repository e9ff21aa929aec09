"""The bibliography: every cited source is there, every entry is complete, and the page is made from it."""

import re

import pytest
from pybtex.database import parse_file, parse_string

from tests.book.conftest import ROOT
from tools.references import anchor, labels, page

ENTRIES = parse_file(ROOT / "book" / "references.bib").entries
NEEDED = {
    "article": {"author", "title", "journal", "year"},
    "book": {"author", "title", "publisher", "year"},
    "incollection": {"author", "title", "booktitle", "publisher", "pages", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "misc": {"author", "title", "year"},
}


def cited():
    sources = [*(ROOT / "book").glob("*.md"), *(ROOT / "chapters").glob("[0-9]*.ipynb")]
    texts = [path.read_text("utf-8") for path in sources]
    return {link for text in texts for link in re.findall(r"references\.md#([^)]*)\)", text)}


def test_every_cited_source_is_known():
    assert cited() and not cited() - {anchor(label) for label in labels(ENTRIES).values()}


def test_the_page_is_up_to_date():
    assert (ROOT / "book" / "references.md").read_text("utf-8") == page(), "run: python tools/references.py > book/references.md"


def test_sources_of_the_same_people_and_year_are_told_apart():
    rest = "author = {Nesterov, Yurii and de Vries, Hugo}, title = {T}, publisher = {P}, year = 2018}"
    text = "".join(f"@book{{{key}, {rest}" for key in "xy")
    assert labels(parse_string(text, "bibtex").entries) == {"x": "Nesterov and de Vries 2018a", "y": "Nesterov and de Vries 2018b"}
    assert anchor("Nesterov and de Vries 2018a") == "nesterov-and-de-vries-2018a"


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_is_complete(key):
    entry = ENTRIES[key]
    fields = {name for name, value in entry.fields.items() if value.strip()} | ({"author"} if entry.persons.get("author") else set())
    assert NEEDED[entry.type] <= fields, NEEDED[entry.type] - fields
    assert entry.type != "misc" or {"eprint", "howpublished"} & fields, "say where it was published"
    year, name = entry.fields["year"], entry.persons["author"][0].last_names[-1]
    assert re.fullmatch(r"1[89]\d\d|20\d\d", year)
    assert re.fullmatch(r"[a-z]+\d{4}[a-z]+", key) and year in key
    assert key.startswith(re.sub(r"[^a-z]", "", name.lower())), "a key begins with the surname of the first author"
    if "pages" in entry.fields:
        assert re.fullmatch(r"\d+--\d+", entry.fields["pages"])
    if "eprint" in entry.fields:
        assert re.fullmatch(r"\d{4}\.\d{4,5}", entry.fields["eprint"]) and entry.fields["archiveprefix"] == "arXiv"
    if "doi" in entry.fields:
        assert re.fullmatch(r"10\.\d{4,}/\S+", entry.fields["doi"])


def test_entries_are_in_order():
    assert list(ENTRIES) == sorted(ENTRIES)
