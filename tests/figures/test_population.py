"""The population figure: the points and the best values are those of the search; the reader plays, points, and chooses a search."""

import functools

import numpy as np
import pytest

from gdcore import surfaces as S
from gdcore.algorithms import gradient_free as G
from gdcore.figures import live
from gdcore.figures.live.spec import MIME
from tests.figures.conftest import settle

FOUND = "() => document.querySelector('figure.gd-live').figure.kind.found()"
METHODS = {"CMA-ES": G.CMAES(1.0), "(1+1)-ES": G.OnePlusOne(1.0), "simplex": G.NelderMead(1.0)}


def figure(**more):
    return live.population(S.himmelblau, METHODS, **{"title": "Where they gather", "question": "Where?", "evaluations": 120} | more)


@functools.cache
def stored():
    return figure(target=0.5)._repr_mimebundle_()[0][MIME]


def set_state(page, **state):
    page.evaluate("(state) => document.querySelector('figure.gd-live').figure.set(state)", state)
    settle(page)
    return page.evaluate(FOUND)


def test_the_points_and_values_are_those_of_the_search(open_figures):
    fig, page = figure(target=0.5), open_figures(stored())
    for name, found in fig.found.items():
        again = G.search(METHODS[name], S.himmelblau, S.himmelblau.start, 120, 0)
        assert np.array_equal(found.path, again.path)
        for step in (0, 1, 5, 60, 120):
            seen = set_state(page, chosen=name, step=step)
            told = [k for k, n in enumerate(found.counts) if n <= step]
            asked = [p for k in told for p in found.asked[k]]
            last = (len(found.asked[told[-1]]) if told else 0)
            expected = asked[-(last if last > 2 else 12):] if asked else []
            assert np.allclose(np.reshape(seen["shown"], (-1, 2)), np.reshape(expected, (-1, 2)), rtol=1e-3, atol=1e-3), (name, step)
            mine = list(fig.found).index(name)
            assert seen["best"][mine] == (pytest.approx(found.values[told[-1]], rel=1e-3) if told else None)
    assert not page.errors


def test_the_reader_plays_points_and_chooses(open_figures):
    page = open_figures(stored())
    page.get_by_role("button", name="simplex").click()
    settle(page)
    assert page.locator("button[aria-pressed=true]").inner_text() == "simplex"
    assert page.locator("figure.gd-live").get_by_text("best").count() >= 3
    page.get_by_role("button", name="Reset").click()
    settle(page)
    assert page.locator("output").first.inner_text() == "no value yet"
    page.locator("canvas").nth(1).click(position={"x": 200, "y": 100})
    settle(page)
    assert 0 < page.evaluate("document.querySelector('figure.gd-live').figure.state.step") < 120


def test_the_still_tells_the_same():
    fig = figure()
    drawn, alt, table = fig.still()
    found = fig.found["CMA-ES"]
    assert f"CMA-ES {found.values[-1]:.3g}" in alt.replace("−", "-") and "The points shown are those of CMA-ES" in alt
    assert table["columns"] == ["evaluations", *METHODS] and table["rows"][-1][1] == found.values[-1] and table["rows"][0][1] == "–"
    shown = drawn.axes[0].lines[-1].get_xydata()
    assert np.allclose(shown, found.asked[-1], rtol=1e-3)
    fig.chosen, fig.step = "simplex", 60
    assert "After 60 evaluations" in fig.still()[1]


@pytest.mark.parametrize("wrong, error, words", [
    (dict(surface=S.double_well), TypeError, "A population needs a surface of gdcore.surfaces with two variables"),
    (dict(methods={}), TypeError, "methods must be a dict of 1 to 4 searches"),
    (dict(evaluations=0), ValueError, "evaluations is 0; give a whole number from 1 to 2000"),
])
def test_what_cannot_be_drawn_is_told(wrong, error, words):
    with pytest.raises(error, match=words):
        live.population(**{"surface": S.himmelblau, "methods": METHODS, "title": "A title", **wrong})
