"""The drawings of the momentum chapter: what is drawn is what was computed."""

import numpy as np

from gdcore.figures.chapters.momentum import coasting, front, shares


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_shares_are_drawn_and_named_beside_the_line_of_no_return():
    curvatures = np.geomspace(1, 100, 5)
    _, ax = shares(curvatures, {"ball": np.full(5, 0.8), "plain": np.linspace(0.9, 0, 5)}, y_range=(0, 1.1))
    assert np.allclose(ax.lines[0].get_xydata(), np.c_[curvatures, np.full(5, 0.8)])
    assert ax.lines[1].get_ydata()[-1] == 0
    assert list(ax.lines[2].get_ydata()) == [1, 1]
    assert {"ball", "plain"} <= set(texts(ax)) and ax.get_ylim() == (0, 1.1)


def test_steps_after_a_cut_are_counted_from_one():
    _, ax = coasting({"inside": [4.0, 3.0, 2.0], "outside": [4.0, 1.0, 1.0]}, 1, goal=1.0)
    assert ax.lines[1].get_xydata().tolist() == [[1, 4], [2, 1], [3, 1]]
    assert list(ax.lines[2].get_xdata()) == [1.5, 1.5]  # between the last step before the cut and the first after it
    assert list(ax.lines[3].get_ydata()) == [1, 1] and ax.get_ylim()[0] == 0.5
    assert {"inside", "outside", "the rate is cut"} <= set(texts(ax))


def test_a_front_shows_each_walk_at_the_steps_asked_for_with_the_minimum():
    path = np.tril(np.ones((4, 6)), -1)  # after t steps t coordinates have moved
    _, axes = front({"GD": path, "ball": 2 * path}, np.linspace(1, 0, 6), shown=(1, 3))
    for ax, factor in zip(axes, (1, 2)):
        assert ax.lines[0].get_ydata()[0] == 1
        assert ax.lines[1].get_ydata().tolist() == [factor, 0, 0, 0, 0, 0]
        assert ax.lines[3].get_ydata().tolist() == [factor] * 3 + [0] * 3
        assert {"step 1", "3", "minimum"} <= set(texts(ax))
    assert "GD" in texts(axes[0]) and "ball" in texts(axes[1])
