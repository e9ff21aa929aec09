"""The drawings of the chapter on schedules: what is drawn is what was computed."""

import numpy as np

from gdcore.figures.chapters.schedules import catalogue, limit, rates
from gdcore.schedules import constant, polynomial, step


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_each_schedule_has_a_panel_of_its_own():
    fig, axes = catalogue({"flat": constant(), "linear": polynomial(10), "half way": step(5, 0.5)}, 10, columns=2)
    assert len(axes) == 3 == len(fig.axes)
    assert [ax.get_title(loc="left") for ax in axes] == ["flat", "linear", "half way"]
    for ax, ends in zip(axes, ((1, 1), (1, 0), (1, 0.25))):
        line = ax.lines[0].get_xydata()
        assert line[[0, -1]].tolist() == [[0, ends[0]], [10, ends[1]]]
    assert np.allclose(axes[1].lines[0].get_ydata(), 1 - axes[1].lines[0].get_xdata() / 10)


def test_rates_are_drawn_as_they_are_and_named():
    values = np.linspace(1, 0.1, 400)
    _, ax = rates({"found": values, "flat": np.full(400, 0.5)}, log=True)
    line = ax.lines[0].get_xydata()
    assert len(line) <= 150 and np.allclose(line[:, 1], values[line[:, 0].astype(int)])
    assert ax.get_yscale() == "log" and {"found", "flat"} <= set(texts(ax))


def test_the_limit_is_drawn_beside_the_curvatures():
    steps = np.array([0, 10, 20])
    runs = {"at once": ([2, 50, 60], [12, 30, 40]), "warmed up": ([2, 0.5, 0.1], [12, 4, 0.5])}
    _, axes = limit(steps, runs, 1.0)
    for which, ax in enumerate(axes):
        for line, run in zip(ax.lines, runs.values()):
            assert line.get_xydata().tolist() == [list(map(float, pair)) for pair in zip(steps, run[which])]
    assert list(axes[1].lines[2].get_ydata()) == [1, 1]
    assert {"at once", "warmed up"} <= set(texts(axes[0])) and "2/η at\nthe peak:\n1" in texts(axes[1])
