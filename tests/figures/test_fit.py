"""The figure of fits: its numbers are Python's, and the point moves the line."""

import numpy as np
import pytest

from gdcore.figures import live
from gdcore.figures.live.costs import COSTS
from gdcore.figures.live.spec import MIME
from tests.figures.conftest import settle

X = np.round(np.random.default_rng(0).normal(size=40), 3)
Y = np.round(3 * X + 1 + np.random.default_rng(1).normal(size=40), 3)
FIGURE = "document.querySelector('figure.gd-live').figure"


def figure(**more):
    given = dict(slopes=(-2, 8), intercepts=(-4, 6), costs=("squared", "absolute", "Huber"), delta=0.8, marks={"A": (0, 0), "B": (3, 1)})
    return live.fit(X, Y, (1.0, 0.5), title="One line is one point", **{**given, **more})


@pytest.mark.parametrize("cost", COSTS)
def test_the_loss_in_the_browser_is_that_in_python(open_figures, cost):
    fig = figure()
    fig.cost = cost
    page = open_figures(fig)
    for line in ((1.0, 0.5), (3.0, 1.0), (-2.0, 6.0)):
        fig.line = line
        assert page.evaluate(f"(line) => {FIGURE}.kind.mean(...line)", line) == pytest.approx(fig.loss, rel=1e-12)
    assert page.errors == []


def test_huber_is_a_parabola_that_becomes_its_tangent():
    e = np.linspace(-5, 5, 101)
    assert np.allclose(COSTS["Huber"](e, 2.0), np.where(abs(e) <= 2, e**2 / 2, 2 * (abs(e) - 1)), rtol=0, atol=1e-15)


def test_the_best_lines_are_where_theory_puts_them():
    best = figure().state["best"]
    assert np.allclose(best["squared"], np.polyfit(X, Y, 1), atol=2e-3)
    w, b = best["absolute"]
    assert np.sum(np.abs(Y - w * X - b) < 0.02) >= 2, "the best absolute line goes through two of the points"


def test_the_point_moves_by_keys_and_taps_and_the_words_follow(open_figures):
    page = open_figures(figure())
    page.get_by_role("button", name="the line, as slope and intercept").press("ArrowRight")
    settle(page)
    assert page.evaluate(f"() => {FIGURE}.state.line") == [pytest.approx(1.1), 0.5]
    assert "slope 1.1, intercept 0.5: mean squared error" in page.locator("output").inner_text()
    page.get_by_label("loss", exact=True).select_option("Huber")
    settle(page)
    assert page.get_by_label("δ: from this error").first.is_visible() and "mean Huber error" in page.locator("output").inner_text()


@pytest.mark.parametrize("change, sentence", [
    ({"cost": "cubic"}, 'no loss "cubic"'), ({"line": [1]}, "line"), ({"ys": [1]}, "one y for each x"),
    ({"delta": 0}, "must be above 0"), ({"line": ["a", 0]}, "give a slope and an intercept")])
def test_a_malformed_figure_says_what_is_wrong(open_figures, change, sentence):
    stored = figure()._repr_mimebundle_()[0][MIME]
    page = open_figures({**stored, "state": {**stored["state"], **change}})
    assert sentence in page.locator(".gd-live-error").inner_text() and page.errors == []


@pytest.mark.parametrize("wrong, sentence", [(dict(costs=("cubic",)), "no loss 'cubic'"), (dict(delta=0), "must be above 0")])
def test_python_refuses_what_cannot_be_drawn(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        figure(**wrong)
    with pytest.raises(ValueError, match="two lists of equal length"):
        live.fit([1, 2], [1], (0, 0), slopes=(0, 1), intercepts=(0, 1), title="t")
