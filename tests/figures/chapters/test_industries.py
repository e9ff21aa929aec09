"""The drawings of the chapter on industries show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import industries as draw


def test_bins_go_from_the_lowest_risk_to_the_highest():
    risks, happened = np.array([0.9, 0.1, 0.2, 0.8]), np.array([1, 0, 1, 1])
    np.testing.assert_allclose(draw.bins(risks, happened, 2), [[0.15, 0.5], [0.85, 1.0]])


def test_risks_lie_beside_the_diagonal():
    _, ax = draw.reliability({"a": [(0.1, 0.2), (0.6, 0.3)]}, title="t")
    diagonal, curve = ax.lines
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]
    assert list(curve.get_xdata()) == [0.1, 0.6] and list(curve.get_ydata()) == [0.2, 0.3]
    assert [text.get_text() for text in ax.texts] == ["as foretold", "a"]


def test_orders_are_mean_costs_by_quantile():
    _, ax = draw.orders({0.5: {"mean": np.array([1.0, 3.0])}, 0.9: {"mean": np.array([4.0, 8.0])}})
    assert list(ax.lines[0].get_ydata()) == [2, 6] and [t.get_text() for t in ax.get_xticklabels()] == ["0.5", "0.9"]


def test_the_funnel_narrows_and_shrunk_means_are_drawn_beside_the_raw():
    _, ax = draw.funnel(np.array([4, 100]), np.array([1.0, 0.5]), np.array([0.4, 0.45]), 0.1, 0.6)
    low, high, raw, shrunk = ax.lines
    np.testing.assert_allclose(high.get_ydata()[[0, -1]], 2 * np.sqrt(0.1 + 0.6 / np.array([4, 100])))
    np.testing.assert_allclose(low.get_ydata(), -high.get_ydata())
    assert list(raw.get_ydata()) == [1.0, 0.5] and list(shrunk.get_ydata()) == [0.4, 0.45]
    assert [text.get_text() for text in ax.texts] == ["raw mean", "shrunk", "two deviations"]
