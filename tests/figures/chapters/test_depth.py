"""The drawings of the chapter on deep gradients show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import depth


def test_layers_are_drawn_as_given_and_theory_dotted():
    curves, theory = {"fades": np.geomspace(1e-6, 1, 11), "grows": np.geomspace(1, 1e5, 11)}, {"fades": np.geomspace(1e-5, 1, 11)}
    _, ax = depth.layers(curves, "A title", theory=theory)
    lines = {tuple(line.get_ydata()): line.get_linestyle() for line in ax.lines}
    assert lines == {tuple(curves["fades"]): "-", tuple(curves["grows"]): "-", tuple(theory["fades"]): ":"}
    assert ax.get_yscale() == "log" and list(ax.lines[0].get_xdata()) == list(range(11))
    assert {text.get_text(): text.xy for text in ax.texts} == {"fades": (0, curves["fades"][0]), "grows": (10, curves["grows"][-1])}


def test_formats_count_all_that_is_not_zero_over_bars_of_their_reach():
    _, (above, below) = depth.formats([0.0, 1e-3, -1e-3, 1e-9], {"float16": (6e-8, 65504)})
    assert sum(bar.get_height() for bar in above.patches) == 3
    assert np.allclose(below.lines[0].get_xdata(), np.log10([6e-8, 65504]))
    assert [text.get_text() for text in below.texts] == ["float16"]
