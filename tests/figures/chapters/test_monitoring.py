"""The drawings of the chapter on monitoring show the numbers they are given."""

import numpy as np

from gdcore.figures import watched
from gdcore.figures.chapters import monitoring
from gdcore.figures.style import INK, PALETTE


def test_pulses_name_the_best_rate_of_each():
    runs = {"SGD": [(1e-3, 0.5, "0.1"), (1e-2, 0.2, "1"), (1e-1, 2.0, "10")], "Adam": [(2e-3, 0.3, "0.001"), (2e-2, 0.4, "0.01")]}
    _, ax = monitoring.pulses(runs, "A title")
    assert [text.get_text() for text in ax.texts] == ["SGD, rate 1", "Adam, rate 0.001"]
    assert list(ax.lines[0].get_xdata()) == [1e-3, 1e-2, 1e-1] and ax.lines[1].get_ydata()[0] == 0.2
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_searches_cut_the_table_in_two_ways():
    rates, with_, without = np.geomspace(1e-3, 1, 7), np.arange(1.0, 15).reshape(7, 2), np.arange(2.0, 16).reshape(7, 2)
    _, (left, right) = monitoring.searches(rates, with_, without, [1e-6, 1e-2])
    assert [list(line.get_ydata()) for line in left.lines] == [list(with_[:, 0]), list(with_[:, 1])]
    assert [list(line.get_ydata()) for line in right.lines] == [list(with_[:, 0]), list(without[:, 0])]
    assert [text.get_text() for text in right.texts] == ["0.9", "none"] and "2 decays, 1e-06 to 1e-02" in left.get_title(loc="left")


def test_winners_that_got_worse_have_a_colour_of_their_own():
    _, ax = monitoring.curse([0.1, 0.2], [0.3, 0.1])
    assert [line.get_color() for line in ax.lines] == [PALETTE[1], INK, PALETTE[0]]
    assert np.allclose(ax.lines[2].get_ydata(), [0.15, 0.2])


def test_a_noise_above_one_stays_in_the_picture_of_a_run():
    point = {"loss": 1.0, "gradients": {"0.weight": 1.0}, "ratios": {"0.weight": 1e-3}, "dead": 0.1, "noise": 1.4, "data": 0.2}
    _, axes = watched([{**point, "step": step} for step in (10, 20)])
    assert axes[1, 1].get_ylim()[1] > 1.4
    _, axes = watched([{**point, "step": step, "noise": 0.5} for step in (10, 20)])
    assert axes[1, 1].get_ylim()[1] == 1.1
