"""The drawings of the chapter on quantum circuits show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import circuits as draw


def test_errors_have_a_line_dots_and_a_level():
    _, ax = draw.errors(np.array([0.1, 1.0]), np.array([2.0, 0.5]), [0.1, 1.0], [2.1, 0.4], 0.3)
    line, dots, level = ax.lines
    assert list(line.get_ydata()) == [2.0, 0.5] and list(dots.get_ydata()) == [2.1, 0.4] and set(level.get_ydata()) == {0.3}
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_a_plateau_has_a_line_for_each_and_one_that_halves():
    _, ax = draw.plateau(np.arange(2, 5), {"anywhere": [0.4, 0.2, 0.05], "near": [0.3, 0.3, 0.3]})
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.4, 0.2, 0.1], [0.4, 0.2, 0.05], [0.3, 0.3, 0.3]]
    assert {text.get_text() for text in ax.texts} == {"halved each time", "anywhere", "near"}
