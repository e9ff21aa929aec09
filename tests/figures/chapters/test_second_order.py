"""The drawings of the chapter on second order show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import second_order as draw


def test_the_step_ends_at_the_lowest_point_of_the_fitted_parabola():
    f = lambda x: x**4 / 4
    _, axes = draw.parabolas(f, lambda x: x**3, lambda x: 3 * x**2, (1.5, -0.6))
    for ax, x in zip(axes, (1.5, -0.6)):
        bent, step, end = ax.lines[1], ax.lines[2], ax.lines[3]
        there = x - x / 3
        assert np.allclose(step.get_xdata(), [x, there]) and np.allclose(end.get_ydata(), f(there))
        at_start = np.interp(x, bent.get_xdata(), bent.get_ydata())
        assert abs(at_start - f(x)) < 0.02 and step.get_ydata()[1] <= bent.get_ydata().min() + 0.02
        assert ax.texts[0].get_text() == f"from {x:g}" and ax.texts[1].get_text() == f"to {there:.2f}".replace("-", "−")


def test_circles_have_their_radius_and_marks_their_names():
    bowl = lambda x, y: x**2 + y**2
    _, ax = draw.regions(bowl, {"path": [(1, 1), (0, 0)]}, [((1, 1), 0.5), ((0, 0), 0.25)], marks={"minimum": (0, 0)})
    circles = [line for line in ax.lines if len(line.get_xdata()) == 73]
    for line, centre, radius in zip(circles, ((1, 1), (0, 0)), (0.5, 0.25), strict=True):
        assert np.allclose(np.hypot(line.get_xdata() - centre[0], line.get_ydata() - centre[1]), radius)
    assert [text.get_text() for text in ax.texts] == ["path", "minimum"] and ax.get_xlim() == (-2, 2)


def test_a_fit_stands_beside_the_map_with_its_paths():
    paths = {"one": np.array([(1.0, 1.0), (0.5, 0.5), (0.0, 0.1)]), "other": np.array([(1.0, 1.0), (9.0, 9.0)])}
    loss = np.vectorize(lambda a, b: 1 + a**2 + b**2)
    _, (left, right) = draw.fitted([1, 2], [3, 5], ([1, 2], [3, 4.5]), loss, paths, (-1, 2), (-1, 2))
    assert list(left.lines[0].get_ydata()) == [3, 5] and list(left.lines[1].get_ydata()) == [3, 4.5]
    assert [list(line.get_xdata()) for line in right.lines] == [[1, 0.5, 0], [1, 9]]
    assert [text.xy for text in right.texts] == [(0.5, 0.5), (1.0, 1.0)]  # where each is still on the map


def test_strips_have_a_column_for_each_method():
    _, axes = draw.strips({"few": {"A": [1.0, 2.0], "B": [3.0, 4.0]}, "all": {"A": 1.0, "B": 2.0}})
    assert [list(line.get_ydata()) for line in axes[0].lines] == [[1, 2], [3, 4]] and axes[1].get_title(loc="left") == "all"
    assert [tick.get_text() for tick in axes[0].get_xticklabels()] == ["A", "B"] and axes[0].get_yscale() == "log"
    assert list(axes[1].lines[1].get_xdata()) == [1] and all(abs(axes[0].lines[1].get_xdata() - 1) < 0.2)
