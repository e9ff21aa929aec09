"""The drawing of the chapter on search without gradients shows the numbers it is given."""

import numpy as np

from gdcore.figures.chapters import dark as draw


def test_each_run_is_a_dot_and_theory_a_line():
    _, ax = draw.by_dimension([4, 16], {"pairs": np.array([[10, 12, 14], [50, 60, 70]])}, np.array([11.0, 55.0]), title="t")
    line, dots = ax.lines
    assert list(line.get_ydata()) == [11, 55] and list(dots.get_xdata()) == [4, 4, 4, 16, 16, 16]
    assert list(dots.get_ydata()) == [10, 12, 14, 50, 60, 70] and ax.get_xscale() == ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.texts] == ["theory", "pairs"]
