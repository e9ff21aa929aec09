"""The drawings of the chapter on distributed training show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import distributed as draw
from gdcore.figures.style import GREEN


def test_a_block_for_each_round_and_whole_sums_are_green():
    from matplotlib.colors import to_rgb

    counts = np.array([[[1, 1], [1, 1]], [[1, 2], [2, 1]], [[2, 2], [2, 2]]])
    _, ax = draw.rounds(counts)
    written = [int(text.get_text()) for text in ax.texts if text.get_text().isdigit()]
    assert written == counts.ravel().tolist() and len(ax.patches) == counts.size
    green = [patch.get_facecolor()[:3] == to_rgb(GREEN) for patch in ax.patches]
    assert green == (counts.ravel() == 2).tolist()
    assert [text.get_text() for text in ax.texts if not text.get_text().isdigit()] == ["start", "round 1", "round 2"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["worker 0", "worker 1"]


def test_times_have_full_dots_where_fitted_and_rings_where_foretold():
    sizes = np.array([1e3, 1e4, 1e5])
    _, ax = draw.times({"two": (sizes, 2 * sizes, np.array([True, False, True]), lambda size: 3 * size)})
    law, full, rings = ax.lines
    assert np.allclose(law.get_ydata(), 3 * law.get_xdata())
    assert list(full.get_xdata()) == [1e3, 1e5] and list(rings.get_ydata()) == [2e4] and rings.get_markerfacecolor() == "none"
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_prices_have_a_row_a_way_by_bytes_a_dot_a_seed_and_a_bar_at_the_mean():
    _, ax = draw.prices({"a": (1000, np.array([1.0, 3.0])), "b": (100, np.array([4.0, 5.0]))})
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["b: 100", "a: 1,000"]
    dots, mean = ax.lines[2], ax.lines[3]
    assert list(dots.get_xdata()) == [1, 3] and list(dots.get_ydata()) == [1, 1] and np.ravel(mean.get_xdata()).tolist() == [2]
