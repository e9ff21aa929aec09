"""Drawings of the chapter on methods that work together."""

import numpy as np

from gdcore.figures.chapters import hybrid as draw


def test_a_series_and_its_fit_stand_where_they_are():
    years, counts = np.arange(1700.0, 1710), np.arange(10.0) ** 2
    _, ax = draw.waves(years, counts, counts + 1)
    assert np.array_equal(ax.lines[0].get_xydata()[:, 1], counts) and np.array_equal(ax.lines[1].get_xydata()[:, 1], counts + 1)
    assert {t.get_text() for t in ax.texts} == {"fit", "measured"}


def test_ends_stand_left_and_slopes_right_with_the_edge_in_both():
    rates = np.linspace(0.1, 1, 5)
    _, axes = draw.ends_and_slopes(rates, rates**2, 10**rates, 0.5)
    assert np.allclose(axes[0].lines[0].get_ydata(), rates**2) and np.allclose(axes[1].lines[0].get_ydata(), 10**rates)
    assert axes[1].get_yscale() == "log" and all(ax.lines[1].get_xdata()[0] == 0.5 for ax in axes)
