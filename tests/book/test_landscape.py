"""The landscape of the first page: its drawing and its script say what gdcore says."""

import re
import sys

import numpy as np
import pytest

from tests.book.conftest import ROOT

sys.path.insert(0, str(ROOT / "book"))
import landscape

from gdcore.surfaces import himmelblau

pytestmark = pytest.mark.slow


def test_the_stored_page_is_current():
    """Equal but for the last digit of the drawing, which another processor may round otherwise."""
    stored, now = landscape.FILE.read_text("utf-8"), landscape.page()
    number = r"-?\d+\.\d\b"
    assert re.sub(number, "0", stored) == re.sub(number, "0", now), "run: python book/landscape.py"
    assert np.allclose([float(n) for n in re.findall(number, stored)], [float(n) for n in re.findall(number, now)], atol=0.11)


def test_from_the_first_start_the_three_end_in_three_valleys():
    ends = [landscape.path(rule, landscape.STARTS[0])[-1] for *_, rule in landscape.RACERS]
    nearest = [min(himmelblau.minima, key=lambda m, end=end: np.hypot(*(end - m))) for end in ends]
    assert len(set(nearest)) == 3
    assert all(np.hypot(*(end - np.array(valley))) < 0.05 for end, valley in zip(ends, nearest))


def test_from_anywhere_on_the_map_each_method_arrives():
    for x in np.linspace(*landscape.BOX[0], 13):
        for y in np.linspace(*landscape.BOX[1], 11):
            for name, _, rule in landscape.RACERS:
                end = landscape.path(rule, (x, y))[-1]
                assert min(np.hypot(*(end - np.array(m))) for m in himmelblau.minima) < 0.2, (name, x, y, end)


@pytest.fixture(scope="module")
def page(book, chromium):
    page = chromium.new_context(viewport={"width": 900, "height": 900}, reduced_motion="reduce").new_page()
    page.goto((book.html / "book" / "intro.html").as_uri())
    return page


@pytest.mark.parametrize("racer", range(len(landscape.RACERS)))
@pytest.mark.parametrize("start", landscape.STARTS)
def test_the_script_walks_as_gdcore_does(page, racer, start):
    points = page.evaluate("([racer, start]) => document.getElementById('landscape').landscape.path(racer, start)", [racer, start])
    assert np.allclose(points, landscape.path(landscape.RACERS[racer][2], start), rtol=0, atol=1e-10)


def test_a_tap_and_the_button_start_elsewhere(page):
    dots = "() => [...document.querySelectorAll('#landscape li span')].map((e) => e.textContent)"
    first = page.evaluate(dots)
    assert all(re.fullmatch(r"\d+ steps to \(−?\d\.\d, −?\d\.\d\)", text) for text in first) and len(set(first)) == 3
    page.locator("#landscape button").press("Enter")
    second = page.evaluate(dots)
    box = page.locator("#landscape svg").bounding_box()
    page.locator("#landscape svg").click(position={"x": 0.9 * box["width"], "y": 0.1 * box["height"]})
    third = page.evaluate(dots)
    assert first != second and second != third
    ends = page.evaluate("() => [...document.querySelectorAll('#landscape polyline')].map((l) => l.getAttribute('points').split(' ')[0])")
    x, y = (float(n) for n in ends[0].split(","))
    assert abs(x / (12 * 60) - 0.9) < 0.01 and abs(y / (9.4 * 60) - 0.1) < 0.01 and len(set(ends)) == 1
