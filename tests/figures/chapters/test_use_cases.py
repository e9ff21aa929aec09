"""The drawings of the chapter on use cases show the numbers they are given."""

from gdcore.figures.chapters import use_cases as draw


def test_the_rates_have_two_curves_and_a_level_before():
    _, ax = draw.two_ends([0.001, 0.01, 0.1], {"new": [0.6, 0.8, 0.7], "old": [0.9, 0.5, 0.2]}, before=0.95, title="t")
    level, new, old = ax.lines
    assert set(level.get_ydata()) == {0.95} and list(new.get_xdata()) == [0.001, 0.01, 0.1]
    assert list(new.get_ydata()) == [0.6, 0.8, 0.7] and list(old.get_ydata()) == [0.9, 0.5, 0.2]
    assert ax.get_xscale() == "log" and [text.get_text() for text in ax.texts] == ["before", "old", "new"]


def test_each_year_is_a_dot_and_the_rest_a_line():
    _, ax = draw.by_year([1956, 1957, 1958], {"next": [0.1, -0.2, 0.0], "own": [0.3, 0.2, 0.4]}, title="t")
    zero, dots, line = ax.lines
    assert set(zero.get_ydata()) == {0} and list(dots.get_ydata()) == [0.1, -0.2, 0.0] and dots.get_linestyle() == "None"
    assert list(line.get_ydata()) == [0.3, 0.2, 0.4] and line.get_marker() == "None"
    assert [(t.get_text(), t.xy) for t in ax.texts] == [("next", (1957, -0.2)), ("own", (1958, 0.4))]
