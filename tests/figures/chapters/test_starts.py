"""The drawings of the chapter on inputs and initialisation show what they are given."""

import numpy as np

from gdcore.figures.chapters import starts as draw


def test_spreads_are_sorted_and_the_chosen_are_named():
    fig, ax = draw.spreads(["wide_one", "narrow", "middle"], [100.0, 0.01, 1.0], "Title", chosen=("wide_one", "narrow"))
    dots = ax.lines[0]
    assert dots.get_xdata().tolist() == [0.01, 1.0, 100.0] and dots.get_ydata().tolist() == [0, 1, 2]
    named = {text.get_text(): text.xy for text in ax.texts}
    assert named == {"wide one": (100.0, 2), "narrow": (0.01, 0)}
    assert ax.get_xscale() == "log" and fig.get_suptitle() == "Title"


def test_layers_have_theory_as_a_line_and_every_third_measurement_as_a_dot():
    theory, measured = 2.0 ** -np.arange(7), 1.1 * 2.0 ** -np.arange(7)
    _, ax = draw.layers({"A": measured}, {"A": theory})
    line, dots = ax.lines
    assert np.array_equal(line.get_ydata(), theory) and line.get_marker() == "None"
    assert np.array_equal(dots.get_xdata(), [0, 3, 6]) and np.array_equal(dots.get_ydata(), measured[::3])
    assert [text.get_text() for text in ax.texts] == ["A"] and ax.get_yscale() == "log"
