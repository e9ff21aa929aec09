"""The drawings of the chapter on generalisation show the numbers they are given."""

import numpy as np

from gdcore.figures.chapters import generalisation
from gdcore.figures.style import INK


def test_lines_are_drawn_as_given_with_their_marks_and_names():
    x, curves = np.geomspace(1, 100, 9), {"one": np.arange(1.0, 10), "two": np.arange(9.0, 0, -1)}
    _, ax = generalisation.lines(x, curves, "A title", log="xy", marks={"here": 10}, dotted=("two",))
    one, two, mark = ax.lines
    assert list(one.get_ydata()) == list(curves["one"]) and list(two.get_ydata()) == list(curves["two"])
    assert (one.get_linestyle(), two.get_linestyle(), two.get_marker()) == ("-", "None", "o")
    assert list(mark.get_xdata()) == [10, 10] and mark.get_color() == INK
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    ends = {text.get_text(): text.xy for text in ax.texts}
    assert ends["one"] == (100, 9) and ends["two"] == (100, 1) and ends["here"][0] == 10


def test_only_the_named_axes_are_logarithmic():
    _, ax = generalisation.lines([1, 2], {"one": [1, 2]}, log="")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")


def test_points_stand_where_they_are_and_bear_their_names():
    named = {"flat": (1.0, 20.0), "sharp": (50.0, 18.0)}
    _, ax = generalisation.points(named, "A title", beside={"sharp": (-7, 9)})
    assert [tuple(spot) for spot in ax.lines[0].get_xydata()] == list(named.values())
    assert {text.get_text(): text.xy for text in ax.texts} == named and ax.get_xscale() == "log"
    assert {text.get_text(): text.xyann for text in ax.texts} == {"flat": (7, 0), "sharp": (-7, 9)}
