"""The drawings of the chapter on large scale show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import large_scale as draw


def test_stacks_stand_on_each_other_and_bear_their_sums():
    _, ax = draw.stacks({"small": {"a": 1.0, "b": 2.0}, "large": {"a": 1.0, "b": 7.5}}, unit="MB")
    heights = [(patch.get_y(), patch.get_height()) for patch in ax.patches]
    assert heights == [(0, 1), (0, 1), (1, 2), (1, 7.5)]
    assert [text.get_text() for text in ax.texts] == ["3.0", "8.5", "a", "b"] and ax.get_ylabel() == "MB"


def test_a_ratio_has_its_mean_and_its_seeds():
    _, ax = draw.relative([0.1, 1.0], {"one": np.array([[1.0, 2.0], [3.0, 4.0]])})
    dots, mean = ax.lines[1:3], ax.lines[3]
    assert [list(line.get_ydata()) for line in dots] == [[1, 2], [3, 4]] and list(mean.get_ydata()) == [2, 3]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.1", "1"]


def test_the_bend_lies_at_the_critical_batch_at_twice_the_fewest_steps():
    _, ax = draw.steps_by_batch([16, 64, 256], {"A": np.full((3, 2), 50.0)}, {"A": (10.0, 100.0)})
    law, bend = ax.lines[0], ax.lines[-1]
    assert np.allclose(law.get_ydata(), 10 * (1 + 100 / law.get_xdata()))
    assert list(bend.get_xdata()) == [100] and list(bend.get_ydata()) == [20]
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_widths_have_a_panel_for_each_setup_and_a_mark_at_the_best_rate():
    found = {"rates": [0.1, 1.0, 10.0], "losses": [[0.9, 0.5, 1.2], [0.7, 0.6, 1.4]]}
    _, axes = draw.by_width([64, 128], {"one": found, "other": found}, {"one": [1.5, 0.8], "other": [2.0, 3.0]})
    assert [ax.get_title(loc="left") for ax in axes] == ["one", "other"]
    for ax, best in zip(axes, ([1.5, 0.8], [2.0, 3.0])):
        marks = [line for line in ax.lines if line.get_marker() == "v"]
        assert [line.get_xdata()[0] for line in marks] == best and [line.get_ydata()[0] for line in marks] == [0.5, 0.6]


def test_a_forecast_is_a_band_at_the_last_size():
    losses = np.array([[3.0, 3.1], [2.5, 2.6], [2.2, 2.3]])
    _, ax = draw.foretold(np.array([10.0, 100.0, 1000.0]), losses, lambda n: 2 + n**-0.5, (2.1, 2.4))
    curve, band, came = ax.lines[0], ax.lines[-2], ax.lines[-1]
    assert np.allclose(curve.get_ydata(), 2 + curve.get_xdata() ** -0.5)
    assert list(band.get_xdata()) == [1000, 1000] and list(band.get_ydata()) == [2.1, 2.4]
    assert list(came.get_ydata()) == [2.2, 2.3] and came.get_markerfacecolor() == "none"
