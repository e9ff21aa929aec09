"""The chapter on tools: its drawing shows the lengths it is given, and a library that is missing is None."""

import gc
import sys

import numpy as np

from gdcore.figures import live
from gdcore.figures.chapters import tools as draw
from gdcore.rules import RMSProp
from gdcore.surfaces import quadratic


def test_steps_are_counted_from_the_cut_which_lies_before_the_first():
    fig, ax = draw.after_a_cut({"A": np.array([1.0, 1.0, 0.1]), "B": np.array([1.0, 1.0, 0.9])}, 2, "Title")
    a, b, cut = ax.lines
    assert list(a.get_xdata()) == [-1, 0, 1] and list(b.get_ydata()) == [1.0, 1.0, 0.9]
    assert list(cut.get_xdata()) == [0.5, 0.5] and ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.texts] == ["A", "B"] and fig.get_suptitle() == "Title"


def test_a_library_is_there_or_is_none(monkeypatch, capfd):
    assert draw.library("json") is sys.modules["json"]
    assert draw.library("no_such_library_at_all") is None
    monkeypatch.setitem(sys.modules, "optax", None)  # blocked, as for a reader who lacks it
    assert draw.library("optax") is None
    assert capfd.readouterr().err == ""


def test_while_a_library_is_brought_in_nothing_is_collected_and_afterwards_again():
    with draw._uncollected():
        assert not gc.isenabled()
    assert gc.isenabled() and gc.get_freeze_count() > 0
    gc.unfreeze()  # the other tests' garbage stays garbage


def test_what_is_written_while_it_is_silent_goes_nowhere(capfd):
    import os

    with draw._silence():
        os.write(2, b"a log line of C++")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_two_rules_of_one_name_are_numbered_and_their_names_stand_apart():
    walkers = live.descent(quadratic(condition=20), [RMSProp(lr=0.02), RMSProp(lr=0.02, alpha=0.9)], steps=5, title="Title")
    names = ["RMSProp 1", "RMSProp 2"]
    left, right = walkers._draw(walkers.traces, names).axes
    first, second = (text for text in left.texts if text.get_text() in names)
    assert first.xy == second.xy and second.xyann[1] - first.xyann[1] >= 12  # a line of text
    still, alt, table = walkers.still()
    assert all(name in alt for name in names) and "RMSProp 2: loss" in table["columns"]
