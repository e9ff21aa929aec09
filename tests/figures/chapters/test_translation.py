"""The drawings of chapter 27."""

import numpy as np

from gdcore.figures.chapters import translation as draw


def test_attention_draws_each_weight_as_an_area():
    weights = np.array([[0.75, 0.25], [0.0, 1.0], [0.5, 0.5]])
    one, other = (weights, ["a", "b", "c"], ["u", "v"]), (weights.T, ["u", "v"], ["a", "b", "c"])
    fig, axes = draw.attention({"one head": one, "another": other}, "t")
    dots = axes[0].collections[0]
    assert np.allclose(dots.get_sizes(), 300 * weights.ravel())
    assert dots.get_offsets().tolist() == [[0, 0], [1, 0], [0, 1], [1, 1], [0, 2], [1, 2]]  # columns across, rows down
    assert axes[0].yaxis.get_inverted()
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["u", "v"]
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["a", "b", "c"]


def test_bars_show_the_median_between_the_ends():
    fig, ax = draw.bars({"one": 3.0, "three seeds": [5.0, 9.0, 6.0]}, "t", "BLEU", mark={"goal": 7}, colors={"one": 1})
    assert [bar.get_width() for bar in ax.patches] == [3.0, 6.0]
    assert ax.patches[0].get_facecolor()[:3] != ax.patches[1].get_facecolor()[:3]
    assert list(ax.lines[1].get_xdata()) == [5.0, 9.0]
    assert [text.get_text() for text in ax.texts] == ["3.0", "6.0", "goal"]
    assert ax.get_xlim()[0] == 0 and ax.yaxis.get_inverted()


def test_a_way_goes_from_share_to_share():
    fig, ax = draw.way({"Spanish": {0.0: 10, 0.5: 30, 1.0: 40}, "Portuguese": {0.0: 60, 1.0: 20}}, "t", kept=0.5)
    spanish, portuguese, kept = ax.lines[:3]
    assert spanish.get_xydata().tolist() == [[0, 10], [0.5, 30], [1, 40]] and portuguese.get_xydata().tolist() == [[0, 60], [1, 20]]
    assert set(kept.get_xdata()) == {0.5} and ax.get_ylim()[0] == 0
    assert {"Spanish", "Portuguese", "kept"} <= {text.get_text() for text in ax.texts}
