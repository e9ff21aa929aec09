"""The drawings of the image chapter: what is drawn is what was given."""

import numpy as np

from gdcore.figures.chapters import images as draw
from gdcore.figures.style import BLUE, INK, ORANGE, svg


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_a_gallery_shows_each_image_with_its_words():
    pictures = np.random.default_rng(0).integers(0, 255, (5, 28, 28))
    fig, axes = draw.gallery(pictures, list("abcde"), columns=3, wrong=list("vwxyz"))
    assert axes.shape == (2, 3)
    for ax, picture, caption, word in zip(axes.flat, pictures, "abcde", "vwxyz"):
        assert np.array_equal(ax.images[0].get_array(), picture) and texts(ax) == [caption, word]
    assert not axes[1, 2].images and "<title" in svg(fig, "five clothes")


def test_filters_show_each_kernel_above_its_answer():
    image, kernel = np.ones((6, 6)), np.array([[1.0, 2, -3], [0, 0, 0], [4, 5, 6]])
    _, axes = draw.filters(image, {"odd": kernel}, [2 * image])
    assert texts(axes[0, 1]) == ["1", "2", "−3", "0", "0", "0", "4", "5", "6"]
    assert np.array_equal(axes[1, 1].images[0].get_array(), 2 * image)
    vmin, vmax = axes[1, 1].images[0].get_clim()
    assert vmin == -vmax  # nothing is white but 0


def test_tuning_rings_the_chosen_rate():
    _, ax = draw.tuning({"A": ((0.1, 1.0, 10.0), (0.5, 0.9, 0.3))}, {"A": 1.0})
    assert ax.get_xscale() == "log" and ax.lines[1].get_xydata().tolist() == [[1.0, 0.9]] and texts(ax) == ["A"]
    assert ax.get_ylim()[0] == 0.83 and ax.get_ylim()[1] > 0.9


def test_a_confusion_matrix_prints_every_count_and_shades_the_wrong_ones():
    matrix = np.array([[8, 2, 0], [1, 9, 0], [0, 3, 7]])
    _, ax = draw.confusion(matrix, ("a", "b", "c"))
    assert texts(ax) == ["8", "2", "1", "9", "3", "7"]
    assert ax.images[0].get_array().tolist() == [[0, 2, 0], [1, 0, 0], [0, 3, 0]]


def test_calibration_draws_confidence_against_accuracy():
    _, ax = draw.calibration({"now": [(0.5, 0.4, 0.3), (0.95, 0.9, 0.7)]})
    assert ax.lines[1].get_xydata().tolist() == [[0.5, 0.4], [0.95, 0.9]] and "now" in texts(ax)


def test_effects_show_all_seeds_and_their_interval():
    _, ax = draw.effects({"unclear": [-0.1, 0.0, 0.2], "worse": [-1.0, -1.1, -0.9], "better": [0.5, 0.4, 0.6]})
    bars = [line for line in ax.lines if line.get_linewidth() == 7]
    reach = 4.302652729911275 * 0.1 / 3**0.5  # Student's t, two degrees of freedom
    assert np.allclose(bars[1].get_xdata(), [-1 - reach, -1 + reach]) and np.allclose(bars[2].get_xdata(), [0.5 - reach, 0.5 + reach])
    assert [line.get_color() for line in bars] == [INK, ORANGE, BLUE]
    assert [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "o"][1] == [-1.0, -1.1, -0.9]
