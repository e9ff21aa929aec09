"""The paths through the book: every chapter is in the course, and the minutes are those that the chapters say."""

import json
import re

from tests.book.conftest import ROOT

PAGE = (ROOT / "book" / "paths.md").read_text("utf-8")
MINUTES = re.compile(r"takes about (\d+) minutes")


def minutes(name):
    first = json.loads((ROOT / "chapters" / f"{name}.ipynb").read_text("utf-8"))["cells"][0]["source"]
    return int(MINUTES.search("".join(first)).group(1))


def test_the_course_has_every_chapter_once():
    course = PAGE[PAGE.index("## A course") :]
    assert re.findall(r"chapters/(\w+)\.ipynb", course) != [] and sorted(re.findall(r"chapters/(\w+)\.ipynb", course)) == sorted(
        path.stem for path in (ROOT / "chapters").glob("[0-9]*.ipynb"))


def test_the_minutes_are_those_of_the_chapters():
    """To five minutes a chapter: they are computed anew whenever a chapter is run."""
    for line in PAGE.splitlines():
        names, told = re.findall(r"chapters/(\w+)\.ipynb", line), re.search(r"\| (\d+) \|$", line)
        if names and told:
            assert abs(sum(map(minutes, names)) - int(told.group(1))) <= 5 * len(names), line
    hours = sum(minutes(path.stem) for path in (ROOT / "chapters").glob("[0-9]*.ipynb")) / 60
    assert "about twenty-three hours" in PAGE and 22.5 <= hours < 23.5, hours
