"""The drawings of the learning-rate chapter: what is drawn is what the theory says and what was measured."""

import numpy as np
import pytest

from gdcore.figures import against_rate, along_a_step, contraction, directions, progress, sharpness, valleys, walks
from gdcore.figures.style import svg


def texts(ax):
    return [text.get_text() for text in ax.texts]


def line(ax, i):
    return ax.lines[i].get_xydata()


def test_each_walker_has_a_panel_and_its_own_path():
    paths = {"A": [-1.0, 0.5, -0.2], "B": [-1.0, -0.9, -0.8]}
    _, axes = walks(np.square, paths, (-2, 2))
    for ax, (name, path) in zip(axes.flat, paths.items()):
        assert line(ax, 1).tolist() == [[w, w**2] for w in path]
        assert name in texts(ax)


def test_a_contraction_is_zero_at_one_over_the_curvature_and_one_at_the_limit():
    _, ax = contraction({"steep": 10.0, "flat": 1.0}, marks={"A": 0.1}, best=True)
    rate, share = line(ax, 0).T
    assert np.interp(0.1, rate, share) < 0.01
    assert np.interp(0.2, rate, share) == pytest.approx(1)


def test_the_best_rate_is_marked_where_the_two_cross():
    _, ax = contraction({"steep": 10.0, "flat": 1.0}, best=True)
    (at, share), = line(ax, -1)
    assert at == pytest.approx(2 / 11)
    assert share == pytest.approx(9 / 11, abs=0.01)


def test_directions_draw_the_measured_points_and_name_those_that_remain():
    curvatures, lr = np.array([0.01, 8.0]), 0.2
    left = np.abs(1 - lr * curvatures) ** np.arange(101)[:, None]
    _, ax = directions(curvatures, lr, left)
    assert "λ = 0.01" in texts(ax)
    assert any("8" in text and "across" in text for text in texts(ax))
    assert np.allclose(line(ax, 1)[:, 1], left[::10, 0])


def test_a_run_that_leaves_the_picture_is_cut_there():
    _, ax = progress({"off": [1.0, 10.0, 1e5, np.nan], "on": [1.0, 0.5, 0.2]}, y_range=(0.1, 100))
    assert len(line(ax, 0)) == 3
    assert len(line(ax, 1)) == 3
    assert set(texts(ax)) == {"off", "on"}


def test_valleys_share_their_map():
    path = np.array([[1.0, 0.1], [0.9, -0.1]])
    _, axes = valleys(lambda x, y: x**2 + 100 * y**2, {"a": path, "b": path}, (-1, 1), (-0.2, 0.2))
    assert [ax.get_ylim() for ax in axes] == [(-0.2, 0.2)] * 2
    assert line(axes[0], 0).tolist() == path.tolist()


def test_the_promise_touches_a_parabola_of_that_curvature():
    """f(x) = ½ L x² keeps the descent lemma with equality, so the two curves are one."""
    L, x = 4.0, 3.0
    g = L * x
    _, ax = along_a_step(lambda lr: L * (x - lr * g) ** 2 / 2, g**2, L, np.linspace(0, 0.6, 61))
    loss, promise = line(ax, 0), line(ax, 1)
    assert np.allclose(loss[: len(promise)], promise)
    assert line(ax, 3).tolist() == [[1 / L, 0]]


@pytest.mark.parametrize("as_line", [False, True])
def test_losses_against_the_rate_show_median_and_band(as_line):
    losses = np.array([[3.0, 1.0], [4.0, 2.0], [9.0, 6.0]])
    _, ax = against_rate([0.1, 1.0], losses, marks={"here": (0.5, 0.6)}, start=5.0, line=as_line)
    assert line(ax, 0).tolist() == [[0.1, 4.0], [1.0, 2.0]]
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 9)
    assert {"here", "before training"} <= set(texts(ax))


def test_the_sharpness_has_a_line_at_two_over_the_rate():
    _, ax = sharpness([0, 1], {0.1: [[1.0, 20.0]], 0.05: [[1.0, 40.0]]})
    levels = [level for one in ax.lines if one.get_linestyle() == ":" for level in set(one.get_ydata())]
    assert levels == [20, 40]
    assert "2/0.1 = 20" in texts(ax)


def test_a_drawing_has_the_same_bytes_each_time():
    draw = lambda: svg(contraction({"": 2.0}, "One curvature")[0], "a V")
    assert draw() == draw()
