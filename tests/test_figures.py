"""The book's figures: one output, its alt text, the same bytes each time, readable on light and dark."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from gdcore import figures
from gdcore.figures.style import svg

DARK = "#14181e"


@pytest.fixture
def displayed(monkeypatch):
    """What `show` hands to the notebook, as a list of (data, metadata)."""
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, metadata, raw: outputs.append((data, metadata)))
    return outputs


def parabola():
    return figures.tangent(np.square, lambda x: 2 * x, [-1, 0.5], (-2, 2), "The tangent's slope is the derivative")[0]


def contrast(a, b):
    def luminance(color):
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear))

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("color", figures.PALETTE)
def test_every_colour_stands_out_on_white_and_on_dark(color):
    assert contrast(color, "#ffffff") >= 3
    assert contrast(color, DARK) >= 3


def test_show_displays_one_svg_with_its_alt_text(displayed):
    figures.show(parabola(), alt="a parabola & two tangents")
    [(data, metadata)] = displayed
    assert data["text/plain"] == "a parabola & two tangents"
    assert metadata == {"image/svg+xml": {"alt": "a parabola & two tangents"}}
    root = ElementTree.fromstring(data["image/svg+xml"])
    names = {child.tag.split("}")[1]: child for child in root}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [names["title"].get("id"), names["desc"].get("id")]
    assert names["title"].text == "The tangent's slope is the derivative"
    assert names["desc"].text == "a parabola & two tangents"


def test_show_can_display_a_png_of_double_density(displayed):
    figures.show(parabola(), alt="a parabola", format="png")
    [(data, metadata)] = displayed
    assert data["image/png"].startswith(b"\x89PNG")
    assert int.from_bytes(data["image/png"][16:20], "big") == int(5.8 * 192)
    assert metadata == {"image/png": {"alt": "a parabola"}}


@pytest.mark.parametrize("alt", [None, "", "  ", 3])
def test_show_demands_an_alt_text(displayed, alt):
    with pytest.raises(TypeError, match="no alt text"):
        figures.show(parabola(), alt=alt)
    assert not displayed


def test_show_refuses_other_formats(displayed):
    with pytest.raises(ValueError, match="'gif'"):
        figures.show(parabola(), alt="a parabola", format="gif")


def test_the_same_figure_has_the_same_bytes():
    assert svg(parabola(), "a parabola") == svg(parabola(), "a parabola")


def test_a_drawing_keeps_to_itself_in_a_page():
    """No style rule for the whole page, no id that two drawings share, no reference that leads nowhere, no address but a namespace."""
    one, two = svg(parabola(), "one"), svg(parabola(), "two")
    ids = [set(re.findall(r' id="([^"]+)"', drawing)) for drawing in (one, two)]
    assert ids[0] and not ids[0] & ids[1]
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', one)) <= ids[0]
    assert re.findall(r"<style.*?</style>", one, re.DOTALL) == ["<style>svg:not(:root) > .gd-panel { fill: none }</style>"]
    assert set(re.findall(r'https?://[^"<]+', one)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_ink_and_grid_are_the_only_neutral_colours():
    """The page replaces these two by its own; any other grey or black would vanish in the dark."""
    colours = set(re.findall(r"#[0-9a-f]{6}\b", svg(parabola(), "a parabola")))
    assert colours <= {figures.INK, figures.GRID, "#ffffff", *figures.PALETTE}
    assert {figures.INK, figures.GRID} <= colours


def test_the_white_panel_lies_under_everything():
    root = ElementTree.fromstring(svg(parabola(), "a parabola"))
    drawn = [child for child in root if child.tag.split("}")[1] in ("rect", "g", "path")]
    assert drawn[0].get("class") == "gd-panel" and drawn[0].get("fill") == "#ffffff"


def test_names_of_near_curves_are_pushed_apart():
    _, ax = figures.bands(np.arange(3), {"a": [0, 1, 1.0], "b": [0, 1, 1.0], "c": [0, 0.5, 0.0]})
    heights = sorted(text.xyann[1] for text in ax.texts if text.get_text() in "ab")
    assert heights[1] - heights[0] >= 13


def test_losses_are_drawn_against_steps_and_seconds_with_the_band_of_all_seeds():
    losses = np.array([[3.0, 2.0, 1.0], [4.0, 3.0, 2.0], [9.0, 5.0, 4.0]])
    _, (steps, seconds) = figures.loss_curves({"GD": (losses, [0.0, 0.1, 0.3])}, log=False)
    assert steps.lines[0].get_xydata().tolist() == [[0, 4], [1, 3], [2, 2]]
    assert seconds.lines[0].get_xydata().tolist() == [[0.0, 4], [0.1, 3], [0.3, 2]]
    band = steps.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 9)
    assert len(figures.loss_curves({"GD": (losses, None)})[1]) == 1


def test_a_path_is_drawn_through_its_points():
    path = [(1.0, 1.0), (0.5, 0.2), (0.1, 0.0)]
    _, ax = figures.descent(lambda x, y: x**2 + y**2, {"GD": path}, minimum=(0, 0), title="Down")
    assert ax.lines[0].get_xydata().tolist() == [list(point) for point in path]
    assert {text.get_text() for text in ax.texts} == {"GD", "minimum"}


def test_importing_figures_imports_no_matplotlib():
    code = "import sys, gdcore.figures; sys.exit('matplotlib' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
