"""The drawings of the chapter on reinforcement learning show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import acting as draw


def test_a_parabola_has_the_mean_and_the_best_baseline_on_it():
    bandits = {"one": (np.array([0.5, 0.5]), np.array([4.0, 6.0])), "two": (np.array([0.1, 0.9]), np.array([0.0, 10.0]))}
    variance, best = lambda p, r, b: 0.1 * (b - r[0]) ** 2 + p[0], lambda p, r: r[0]
    _, ax = draw.against_baseline(bandits, variance, best)
    curve, mean, low = ax.lines[:3]
    assert np.allclose(curve.get_ydata(), 0.1 * (curve.get_xdata() - 4) ** 2 + 0.5)
    assert [*mean.get_xdata(), *mean.get_ydata()] == [5.0, 0.6] and [*low.get_xdata(), *low.get_ydata()] == [4.0, 0.5]
    assert low.get_marker() == "D" and {"one", "two", "mean", "best"} == {text.get_text() for text in ax.texts}


def test_bias_and_noise_have_a_panel_for_each_critic():
    _, axes = draw.bias_and_noise([0, 0.5, 1], {"good": ([0, 0, 0], [1, 2, 3]), "bad": ([0.9, 0.5, 0], [2, 3, 5])})
    assert [ax.get_title(loc="left") for ax in axes] == ["good", "bad"]
    assert [list(line.get_ydata()) for line in axes[1].lines] == [[0.9, 0.5, 0], [2, 3, 5]]


def test_scores_have_their_seeds_and_their_interval():
    _, ax = draw.scores({"first": ([1.0, 2.0, 6.0], 1.5, 2.0, 5.0), "second": ([3.0, 4.0], 3.0, 3.5, 4.0)}, unit="points")
    dots, bar, middle = ax.lines[:3]
    assert list(dots.get_xdata()) == [1, 2, 6] and list(bar.get_xdata()) == [1.5, 5] and list(middle.get_xdata()) == [2]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["first", "second"] and ax.get_xlabel() == "points"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first stands on top
