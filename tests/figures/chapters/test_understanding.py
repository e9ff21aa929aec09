"""The drawings of the chapter on what descent prefers show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import understanding as draw


def test_a_line_is_the_median_in_the_band_of_all_seeds():
    _, ax = draw.along([1, 10], {"a": [[1, 2], [3, 8], [2, 4]], "b": [[5, 5]]}, labels=("step", "share"), log=False)
    assert [list(line.get_ydata()) for line in ax.lines] == [[2, 4], [5, 5]] and ax.get_xscale() == "log" and ax.get_yscale() == "linear"
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (1, 8) and [t.get_text() for t in ax.texts] == ["a", "b"]


def test_each_run_has_its_border_unless_it_has_none():
    _, ax = draw.edges([0, 1], {"with": [[1, 2], [3, 4]], "without": [[5, 6]]}, {"with": 20, "without": None})
    assert [list(line.get_ydata()) for line in ax.lines] == [[1, 2], [3, 4], [20, 20], [5, 6]]


def test_slices_stand_in_their_panels():
    _, (left, right) = draw.slices([-1, 1], {"p": {"one": [[1, 2]], "ten": [[3, 4], [5, 6]]}, "q": {"one": [[7, 8]]}})
    assert [list(line.get_ydata()) for line in left.lines] == [[1, 2], [3, 4], [5, 6]] and list(right.lines[0].get_ydata()) == [7, 8]
    assert left.lines[0].get_linewidth() > left.lines[1].get_linewidth() and right.get_title(loc="left") == "q"


def test_planes_share_their_levels_and_show_points_and_roads():
    a, b = np.meshgrid([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])
    low, high = 1 + a, 1 + 9 * b
    _, axes = draw.planes({"p": (a, b, low, {"A": (0, 0)}, None), "q": (a, b, high, {"A": (0, 0), "B": (1, 0)}, ([0, 1], [0, 1]))})
    assert np.allclose(axes[0].collections[0].levels, axes[1].collections[0].levels)
    assert [t.get_text() for t in axes[1].texts] == ["A", "B"] and [len(ax.lines) for ax in axes] == [1, 3]


def test_a_stroke_marks_the_median_factor_and_the_first_row_is_on_top():
    _, ax = draw.left_out({"helpful": [2.0, 8.0, 4.0], "random": [1.0, 1.0, 1.0]})
    dots, stroke = ax.lines[:2]
    assert list(dots.get_xdata()) == [2, 8, 4] and set(dots.get_ydata()) == {1} and list(stroke.get_xdata()) == [4, 4]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["random", "helpful"] and ax.get_xscale() == "log"


def test_dots_lie_beside_the_diagonal():
    _, axes = draw.foretold({"a": ([0.0, 1.0], [0.5, 2.0]), "b": ([0.0], [0.0])})
    line, dots = axes[0].lines
    assert list(line.get_xdata()) == list(line.get_ydata()) == [0, 2] and np.array_equal(dots.get_ydata(), [0.5, 2.0])
