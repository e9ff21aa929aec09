"""The bill at the end of `make test`: what a chapter costs is told under its number."""

from types import SimpleNamespace

from tests.conftest import bill, grown


def test_seconds_are_added_up_by_chapter_and_by_folder():
    reports = [("chapters/03_learning_rate.ipynb::Cell 4", 2.0), ("tests/grading/test_mistakes.py::test_named[03.7-sign]", 3.0),
               ("tests/grading/test_notebooks.py::test_runs[25_cnn_images.ipynb]", 1.0), ("tests/optim/test_parity.py::test[0.25]", 4.0),
               ("tests/optim/test_parity.py::test_2012", 0.2)]  # fmt: skip
    lines = bill(SimpleNamespace(nodeid=name, duration=seconds) for name, seconds in reports)
    assert lines == ["seconds of chapters: 03 5 · 25 1", "seconds of the rest: tests/optim 4"]


def test_a_chapter_whose_share_has_doubled_is_named_and_a_slow_machine_is_not():
    noted = {"01": 20, "02": 30, "03": 50}
    assert grown({"01": 61.0, "02": 90.0, "03": 152.0}, noted) == []
    (line,) = grown({"01": 60.0, "02": 30.0, "03": 50.0}, noted)
    assert line.startswith("Chapter 01 cost 60 s of the 140 s of all chapters, more than twice its share so far")
    assert grown({"01": 20.0, "02": 30.0, "03": 50.0, "04": 250.0}, noted)[0].startswith("Chapter 04 cost 250 s")  # new: the mean
