"""The drawings of the convergence chapter: what is drawn is what was given."""

import numpy as np
import pytest

from gdcore.figures.chapters import convergence as draw
from gdcore.figures.style import BLUE, ORANGE, svg


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_bounds_are_dotted_and_only_the_log_log_panel_has_logarithmic_steps():
    k = np.array([1, 10, 100])
    fig, axes = draw.bounded({"log-log: a power": {"bound": (k, 1 / k, "bound"), "run": (k, 0.5 / k, "points")},
                              "half-log": {"run": (k, 0.9**k, "line")}})
    assert [ax.get_xscale() for ax in axes] == ["log", "linear"] and {ax.get_yscale() for ax in axes} == {"log"}
    dotted, points = axes[0].lines
    assert dotted.get_linestyle() == ":" and points.get_marker() == "o"
    assert np.array_equal(points.get_ydata(), 0.5 / k) and set(texts(axes[0])) == {"bound", "run"}
    assert "<title" in svg(fig, "two panels of gaps")


def test_a_sandwich_marks_each_rule_on_the_gap():
    steps = np.arange(1, 101)
    _, ax = draw.sandwich(steps, 1 / steps, 0.5 / steps, 2 / steps, {"late": 50, "early": 10})
    marks = [line.get_xydata().ravel().tolist() for line in ax.lines if line.get_marker() == "o"]
    assert marks == [[10, pytest.approx(0.1)], [50, pytest.approx(0.02)]]
    assert texts(ax)[:2] == ["early", "late"] and set(texts(ax)[2:]) == {"floor", "truth", "ceiling"}


def test_plateaus_are_named_where_they_fall():
    _, ax = draw.plateaus({"soon": [1.0, 0, -1, -1, -1], "late": [1.0, 0, 0, 0, -1]})
    assert [text.xy for text in ax.texts] == [(2, -1), (4, -1)] and texts(ax) == ["soon", "late"]


def test_a_density_keeps_all_weight_and_paints_the_negative():
    values, weights = np.array([-0.5, 0.0, 0.01, 2.0]), np.array([0.1, 0.6, 0.2, 0.1])
    _, (ax,) = draw.density({"start": (values, weights)})
    heights = {}
    for bar in ax.patches:  # the orange ones lie on the blue ones
        colour = ORANGE if np.allclose(bar.get_facecolor()[:3], [int(ORANGE[i:i + 2], 16) / 255 for i in (1, 3, 5)]) else BLUE
        heights[colour] = heights.get(colour, 0) + bar.get_height()
        if colour == ORANGE and bar.get_height():
            assert bar.get_x() + bar.get_width() < 0
    assert heights[BLUE] == pytest.approx(1) and heights[ORANGE] == pytest.approx(0.1)


def test_bridges_draw_a_line_for_each_pair_and_dots_at_both_ends():
    t, straight, bent = np.linspace(0, 1, 5), np.ones((2, 5)), np.full((2, 5), 0.1)
    _, ax = draw.bridges(t, {"straight": straight, "bent": bent})
    assert len([line for line in ax.lines if line.get_linestyle() == "-"]) == 4
    ends = [line for line in ax.lines if line.get_marker() == "o"]
    assert [set(end.get_xdata()) for end in ends] == [{0.0}, {1.0}] and texts(ax) == ["straight", "bent"]
