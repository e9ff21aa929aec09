"""The drawings of the chapter on adaptive methods show what they are given."""

import numpy as np
import pytest

from gdcore.figures.chapters import adaptive as draw


def test_a_path_and_its_target_are_drawn_as_they_are():
    target, path = np.array([1.0, 1.0, -1.0]), np.array([0.2, 0.9, 0.5])
    fig, ax = draw.following(target, {"A": path}, "Title")
    dotted, line = ax.lines
    assert np.array_equal(dotted.get_ydata(), target) and dotted.get_linestyle() == ":"
    assert np.array_equal(line.get_ydata(), path)
    assert "A" in [text.get_text() for text in ax.texts] and fig.get_suptitle() == "Title"


def test_a_profile_is_the_share_of_problems_within_the_factor():
    _, ax = draw.profiles({"A": [1.0, 1.0, 4.0, np.inf], "B": [1.5, 3.0, 1.0, 1.0]}, chosen=("A",))
    a, b = (line.get_xydata() for line in ax.lines)
    at = lambda curve, tau: curve[curve[:, 0] <= tau * (1 + 1e-12), 1][-1]
    assert [at(a, tau) for tau in (1, 3, 4.1, 10)] == [0.5, 0.5, 0.75, 0.75]
    assert [at(b, tau) for tau in (1, 2, 3.1, 10)] == [0.5, 0.75, 1.0, 1.0]
    assert [text.get_text() for text in ax.texts] == ["A"]


@pytest.mark.parametrize("reach, ticks", [(10.0, ["1", "2", "3", "5", "10"]), (3.0, ["1", "2", "3"])])
def test_the_factor_is_marked_where_it_is_a_whole_number(reach, ticks):
    _, ax = draw.profiles({"A": [1.0]}, reach=reach)
    assert [label.get_text() for label in ax.get_xticklabels()] == ticks
