"""The index, the openers of the parts and the reader's progress: every link arrives, and nothing is left out."""

import json
import re
import sys
from html import unescape

import pytest
import yaml

from gdcore.rules import RULES, TOLD, WRAPPERS
from tests.book.conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import gd_index

pytestmark = pytest.mark.slow


def glossary():
    page = (ROOT / "book" / "glossary.md").read_text("utf-8")
    return set(re.findall(r"^([^\s`:#][^\n]*)\n  \S", page.partition(":sorted:")[2], flags=re.M))


def test_every_word_and_every_rule_is_there_and_every_link_arrives(book):
    page = (book.html / "book" / "index_of_terms.html").read_text("utf-8")
    body = page[page.index('class="gd-letters"') :].partition("</article>")[0]
    body = re.sub(r'<span class="gd-held">([^<]*)</span>', r"\1", body)
    listed = {unescape(name) for name in re.findall(r"<li><a [^>]*>([^<]+)</a>", body)}
    terms = glossary()
    assert len(terms) > 200 and not (terms | {cls.__name__ for cls in RULES + WRAPPERS + TOLD}) - listed
    files = {}
    for address in set(re.findall(r'href="([^"]+)"', body)):
        file, _, anchor = address.partition("#")
        path = (book.html / "book" / (file or "index_of_terms.html")).resolve()
        text = files.setdefault(path, path.read_text("utf-8"))
        assert not anchor or f'id="{anchor}"' in text, address
    assert len(files) > 25


def test_a_word_leads_to_the_section_that_is_about_it():
    chapter = [("Look first", "momentum here", ""), ("What momentum is", "it is **momentum**", ""), ("Code", "", "Adam(Adam)")]
    assert gd_index.places({"a": chapter}, "momentum") == [("a", 1)]
    assert gd_index.places({"a": chapter, "b": [("Other", "no word of it", "")]}, "Adam") == [("a", 2)]
    find = gd_index.pattern
    assert find("batch size").search("Batch-sizes") and not find("SAM").search("sam") and not find("rate").search("moderate")
    assert find("evolution strategy").search("Evolution strategies") and find("mean-field").search("mean–field")


def test_a_word_is_found_as_the_chapters_say_it():
    chapters = {"a": [("Saddles", "The intervals are Wilson's. That is the **bootstrap** interval. PyTorch calls it FSDP.", "")]}
    for term in ("Wilson interval", "bootstrap interval", "ZeRO, FSDP"):
        assert gd_index.places(chapters, term) == [("a", 0)], term
    assert not gd_index.places({"a": [("Saddles", "Wilson says so", "")]}, "Wilson interval")


def test_a_word_leads_to_what_explains_it_not_to_the_quiz():
    chapter = [("A fair table", "in pairs", ""), ("Quiz", "in pairs, in pairs, **in pairs**", "")]
    assert gd_index.places({"a": chapter}, "paired comparison") == [("a", 0)]
    assert gd_index.places({"a": [chapter[1]]}, "paired comparison") == [("a", 0)]


def test_every_word_of_the_glossary_has_its_chapter_and_every_way_to_say_it_is_said():
    chapters = {path.stem: gd_index.sections(json.loads(path.read_text("utf-8"))) for path in (ROOT / "chapters").glob("*.ipynb")}
    assert {term for term in glossary() if not gd_index.places(chapters, term)} == {"iterate", "low-rank adaptation", "pytree"}
    assert not set(gd_index.SAID) - glossary()
    prose = "\n".join(heading + "\n" + text.replace("*", "") for chapter in chapters.values() for heading, text, _ in chapter)
    assert not [way for ways in gd_index.SAID.values() for way in ways if not gd_index.pattern(way).search(prose)]


def test_a_part_names_its_chapters_with_what_they_promise(book):
    for k, part in enumerate(yaml.safe_load((ROOT / "book" / "chapters.yml").read_text("utf-8")), 1):
        page = (book.html / "book" / f"part_{k}.html").read_text("utf-8")
        body = page.partition("<article")[2].partition("</article>")[0]
        for name, *_ in part["chapters"]:
            assert f"chapters/{name}.html" in body, (k, name)
        assert len(re.findall(r"<td><p>you \w+", body)) == len(part["chapters"]), k


def test_a_chapter_read_to_its_end_is_ticked_on_the_map_until_it_is_forgotten(book, chromium):
    context = chromium.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    page.goto((book.html / "book" / "intro.html").as_uri())
    assert page.locator(".gd-read").count() == 0 and page.locator(".gd-progress").is_hidden()
    page.goto((book.html / "chapters" / "01_loss.html").as_uri())
    assert page.evaluate("localStorage.getItem('gd-read')") is None  # opened is not read
    page.locator(".bd-article > section > section").last.scroll_into_view_if_needed()
    page.wait_for_function("localStorage.getItem('gd-read') !== null")
    page.goto((book.html / "book" / "intro.html").as_uri())
    assert page.locator(".gd-read").count() == 1 and "1 of 30" in page.locator(".gd-progress").text_content()
    page.get_by_role("button", name="Forget").click()
    assert page.locator(".gd-read").count() == 0 and page.locator(".gd-progress").is_hidden()
    context.close()
