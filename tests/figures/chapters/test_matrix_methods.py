"""The drawings of the chapter on matrix methods show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import matrix_methods as draw


def test_spectra_count_from_one_and_have_their_names():
    _, ax = draw.spectra({"gradient": [1.0, 0.1, 0.01], "flat": [1.0, 1.0, 1.0]})
    assert list(ax.lines[0].get_xdata()) == [1, 2, 3] and list(ax.lines[0].get_ydata()) == [1, 0.1, 0.01]
    assert ax.get_yscale() == "log" and {text.get_text() for text in ax.texts} == {"gradient", "flat"}


def test_an_interval_has_its_ends_and_is_hollow_where_it_holds_zero():
    _, axes = draw.intervals({"one": {"A": (-0.2, 0.1), "B": (0.05, 0.1)}, "two": {"A": (0.3, 0.1), "B": (0.0, 0.2)}})
    line, (first, second) = axes[0].lines[1], axes[0].lines[2::2]
    assert np.allclose(line.get_xdata(), [-0.3, -0.1]) and list(line.get_ydata()) == [0, 0]
    assert first.get_markerfacecolor() != "none" and second.get_markerfacecolor() == "none"
    assert [tick.get_text() for tick in axes[0].get_yticklabels()] == ["A", "B"] and axes[1].get_title(loc="left") == "two"
    assert axes[0].get_ylim() == (1.5, -0.5)  # the first on top


def test_widths_are_ticks():
    _, ax = draw.widths([32, 64], {"Adam": [3.0, 6.0]})
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["32", "64"] and list(ax.lines[0].get_ydata()) == [3, 6]
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_losses_by_rate_have_a_cross_where_the_parabola_is_lowest():
    panels = {"AdamW": ([0.01, 0.1], {16: [2.0, 1.0], 32: [1.5, 1.8]}), "Muon": ([0.02, 0.2], {16: [1.0, 2.0], 32: [3.0, 1.0]})}
    _, axes = draw.by_rate(panels, bottoms={"AdamW": {32: (0.03, 1.4)}, "Muon": {}})
    assert list(axes[0].lines[0].get_ydata()) == [2, 1] and list(axes[0].lines[2].get_xdata()) == [0.03]
    assert axes[0].lines[2].get_marker() == "x" and len(axes[1].lines) == 2
    assert [text.get_text() for text in axes[0].texts] == ["16", "32"]
