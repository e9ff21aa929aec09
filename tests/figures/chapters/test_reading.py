"""Drawings of what reads: they show the numbers they are given."""

import numpy as np
import pytest

from gdcore.figures.chapters import reading as draw
from gdcore.figures.style import svg


def test_lengths_and_slopes_through_time():
    fig, ax = draw.through_time({"a": np.array([1.0, 2.0, 4.0]), "b": np.array([1.0, 0.5, 0.3])}, "t", slopes={"a": 2.0})
    a, slope, b = (line.get_ydata().tolist() for line in ax.lines)
    assert a == slope == [1, 2, 4] and b == [1, 0.5, 0.3] and ax.get_yscale() == "log"
    assert {text.get_text() for text in ax.texts} == {"a", "b"}


def test_clipping_shows_lengths_left_and_losses_right():
    norms = {"free": np.full((3, 30), 9.0) * [[1], [2], [4]], "held": np.ones((3, 30))}
    losses = {"free": np.ones((3, 30)), "held": np.full((3, 30), 0.1)}
    fig, (left, right) = draw.clipped(norms, losses, limit=1.0, title="t")
    assert [line.get_ydata()[0] for line in left.lines] == [18, 1, 1] and len(left.collections) == 2  # medians and the limit; two bands
    heights = left.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (9, 36)
    assert [line.get_ydata()[0] for line in right.lines] == [1, 0.1]
    assert {text.get_text() for text in right.texts} == {"free", "held"}


def test_windows_is_a_table_of_shares():
    fig, ax = draw.windows([[0.5, 1.0], [0.51, 0.75]], delays=(2, 4), sizes=(3, 5), title="t")
    assert [text.get_text() for text in ax.texts] == ["50%", "100%", "51%", "75%"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2", "4"] and [t.get_text() for t in ax.get_xticklabels()] == ["3", "5"]
    shades = [patch.get_alpha() for patch in ax.patches]
    assert shades[1] > shades[3] > shades[2] > shades[0]


def test_errors_are_in_per_cent_and_the_best_is_on_top():
    fig, ax = draw.errors({"one": [0.1, 0.12, 0.11], "two": 0.09, "three": [0.2]}, "t", noise=0.005)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["three", "one", "two"]
    dots = [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "o"]
    assert np.allclose(dots[0], [20]) and np.allclose(dots[1], [10, 12, 11]) and np.allclose(dots[2], [9])
    assert svg(fig, "Dots of errors of three readers").count("<title") == 1


def test_tinted_words_bear_numbers_and_escape(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    draw.tinted(["not", "<b>", "good"], [-2.0, 0.1, 1.0], "Score −0.9")
    [data] = shown
    assert data["text/plain"] == "Score −0.9: not[−2.0] <b> good[+1.0]"
    assert "&lt;b&gt;" in data["text/html"] and "<b>" not in data["text/html"]
    assert "rgba(213, 94, 0, 0.45)" in data["text/html"] and "rgba(10, 122, 191, 0.23)" in data["text/html"]
    with pytest.raises(ValueError, match="2 words and 1 effects"):
        draw.tinted(["a", "b"], [1.0], "t")
    draw.tinted([], [], "Nothing")


def test_words_without_effect_are_plain(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    draw.tinted(["a", "b"], [0.0, 0.0], "t")
    assert shown[0]["text/plain"] == "t: a b"
