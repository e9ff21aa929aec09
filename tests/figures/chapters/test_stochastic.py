"""The drawings of the chapter on stochastic gradients show what they are given."""

import numpy as np

from gdcore.figures.chapters import stochastic as draw
from gdcore.figures.style import svg


def test_a_bargain_shows_steps_and_examples_and_where_the_asymptotes_meet():
    batches, steps = np.array([1, 10, 100]), np.array([220, 40, 22])
    fig, (left, right) = draw.bargain(batches, steps, 20.0, 10.0, "Title")
    dots = [next(line for line in ax.lines if line.get_marker() == "o") for ax in (left, right)]
    assert np.array_equal(dots[0].get_ydata(), steps) and np.array_equal(dots[1].get_ydata(), batches * steps)
    assert np.allclose(left.lines[0].get_ydata()[[0, -1]], [220, 22]) and np.allclose(right.lines[0].get_ydata()[[0, -1]], [220, 2200])
    upright = [line.get_xdata()[0] for ax in (left, right) for line in ax.lines if line.get_linestyle() == "--"]
    assert upright == [10.0, 10.0] and "critical: 10" in [text.get_text() for text in left.texts]
    assert "<title" in svg(fig, "two panels of dots and lines")


def test_decays_are_named_at_their_ends_with_dotted_guides():
    t = np.array([1.0, 10.0, 100.0])
    _, ax = draw.decays(t, {"A": 1 / t, "B": t**-0.5}, guides=[2 / t])
    guide, a, b = ax.lines
    assert guide.get_linestyle() == ":" and np.array_equal(a.get_ydata(), 1 / t) and np.array_equal(b.get_ydata(), t**-0.5)
    assert {text.get_text() for text in ax.texts} == {"A", "B"} and ax.get_xscale() == ax.get_yscale() == "log"
