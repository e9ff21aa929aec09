"""The gridworld figure: the page learns what Python learns, from the same chance; the reader changes rate, episodes and baseline."""

import functools

import numpy as np
import pytest

from gdcore.figures import live
from gdcore.figures.live.gaussians import uniforms
from gdcore.figures.live.spec import MIME
from tests.figures.conftest import settle

ROWS = ["...G", ".#.X", "S..."]
FOUND = "() => document.querySelector('figure.gd-live').figure.kind.found()"


def figure(**more):
    return live.gridworld(ROWS, **{"title": "Which way?", "question": "Will it find the goal?", "steps": 60} | more)


@functools.cache
def stored():
    return figure()._repr_mimebundle_()[0][MIME]


def test_the_page_learns_what_python_learns(open_figures):
    page = open_figures(stored())
    assert np.array_equal(page.evaluate("() => [...gdLive.uniforms(7, 999)]"), uniforms(7, 999))
    assert abs(uniforms(3, 100_000).mean() - 0.5) < 0.005
    for change in ({}, {"baseline": "mean", "batch": 3}, {"baseline": "value", "lr": 4.0, "seed": 9}, {"steps": 25}):
        page.evaluate("(state) => document.querySelector('figure.gd-live').figure.set(state)", change)
        settle(page)
        seen, state = page.evaluate(FOUND), page.evaluate("document.querySelector('figure.gd-live').figure.state")
        fig = figure(**{name: state[name] for name in ("lr", "batch", "baseline", "seed", "steps")})
        thetas, returns = fig.found
        assert np.allclose(seen["returns"], returns, atol=1e-12) and len(returns) == state["steps"]
        at = [k for k in (0, 1, 5, 20, state["steps"]) if k < len(thetas)]
        assert np.allclose(seen["thetas"], thetas[at], atol=1e-9) and np.abs(thetas[-1]).max() > 0.1
    assert not page.errors


def test_it_learns_and_the_reader_holds_it(open_figures):
    fig = figure(lr=4.0, baseline="value", steps=150)
    assert fig.found[1][-10:].mean() > fig.spec["data"]["best"] - 0.1 > fig.found[1][:10].mean()
    assert fig.spec["data"]["best"] == pytest.approx(1 - 4 * 0.04)  # five moves, the last of which brings the 1
    page = open_figures(stored())
    page.get_by_label("baseline").select_option("value")
    page.get_by_role("textbox", name="episodes a step, typed").fill("4")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Reset").click()
    settle(page)
    state = page.evaluate("document.querySelector('figure.gd-live').figure.state")
    assert (state["baseline"], state["batch"], state["step"]) == ("value", 4, 0)
    page.get_by_role("textbox", name="episodes a step, typed").fill("0")
    page.keyboard.press("Enter")
    assert "give a whole number from 1 to 64" in page.locator("figure.gd-live").inner_text()


def test_the_still_tells_the_same():
    fig = figure()
    _, alt, table = fig.still()
    assert f"{fig.found[1][-10:].mean():.2f}".replace("-", "−") in alt and "best possible is 0.84" in alt
    assert table["rows"][-1][1] == pytest.approx(fig.found[1][-10:].mean(), abs=1e-3)
    fig.step = 20
    assert "After 20 steps" in fig.still()[1]


@pytest.mark.parametrize("wrong, words", [
    (dict(rows=["S.", "..."]), "A gridworld is drawn in rows of one length"),
    (dict(rows=["S" + 90 * "."]), "This world has 91 cells; a figure shows up to 80"),
    (dict(batch=0), "batch is 0; give a whole number from 1 to 64"),
    (dict(baseline="best"), "baseline is one of none, mean, value"),
])
def test_what_cannot_be_drawn_is_told(wrong, words):
    with pytest.raises(ValueError, match=words):
        live.gridworld(**{"rows": ROWS, "title": "A title", **wrong})
