"""The figure of who taught a picture: the page shows what Python gave, for the picture and the stretch the reader picks."""

import functools

import numpy as np
import pytest

from gdcore.figures import live
from gdcore.figures.live.spec import MIME
from tests.figures.conftest import settle

DRAW = np.random.default_rng(0)
GIVEN = dict(
    pictures=DRAW.random((9, 8, 8)), labels=[*"abcdefghi"], queries=DRAW.random((3, 8, 8)), answers=[*"xyz"], steps=[0, 5, 20, 100],
    losses=[[2.0, 1.0, 0.5, 0.1], [2.5, 2.0, 1.0, 0.9], [3.0, 1.0, 1.5, 0.2]], teachers=DRAW.integers(9, size=(3, 3, 6)),
    scores=DRAW.random((3, 3, 6)),
)  # fmt: skip
FOUND = "() => document.querySelector('figure.gd-live').figure.kind.found()"


def figure(**more):
    return live.taught(**{**GIVEN, "title": "Who taught this?", "question": "Which pictures?"} | more)


@functools.cache
def stored():
    return figure()._repr_mimebundle_()[0][MIME]


def test_the_reader_picks_a_picture_and_a_stretch(open_figures):
    page = open_figures(stored())
    page.get_by_label("test picture", exact=True).select_option("1")
    page.get_by_role("button", name="Reset").click()
    settle(page)
    assert page.evaluate(FOUND) == {"words": "its loss is 2.5 before training", "shown": []}
    page.get_by_role("button", name="Step").click()
    page.get_by_role("button", name="Step").click()
    settle(page)
    found, taught = page.evaluate(FOUND), GIVEN["teachers"][1, 1]
    assert found["shown"] == taught.tolist()
    assert found["words"] == f"its loss is 1 after step 20; taught most by {', '.join(GIVEN['labels'][i] for i in taught)}"
    drawn = "() => document.querySelector('canvas').getContext('2d').getImageData(0, 0, 300, 300).data.filter((v) => v).length"
    seen = page.evaluate(drawn)
    assert seen > 10_000 and not page.errors


def test_the_still_tells_the_same():
    fig = figure(query=2, step=1)
    _, alt, table = fig.still()
    assert "class z has the loss 3.00 at first and 0.20 at the end" in alt and "From step 0 to 5" in alt
    assert table["rows"][1] == ["y", 2.5, 0.9, GIVEN["labels"][GIVEN["teachers"][1, 0, 0]]]
    fig.step = 0
    assert "lowered" not in fig.still()[1] and fig.still()[2]["rows"][0][3] == "nobody yet"
    assert fig.spec["data"]["pictures"][0] == "".join(f"{round(15 * v):x}" for v in GIVEN["pictures"][0].ravel())


@pytest.mark.parametrize("wrong, words", [
    (dict(pictures=np.zeros((9, 8, 7))), r"pictures have the shape \(9, 8, 7\)"),
    (dict(queries=2 * GIVEN["queries"]), "The greys of a picture lie from 0 to 1"),
    (dict(losses=[[1.0, 2.0]]), r"losses has the shape \(1, 2\); .* it is \(3, 4\)"),
    (dict(teachers=GIVEN["teachers"] + 5), "places in pictures, from 0 to 8"),
    (dict(steps=[0, 5, 5, 100]), "the steps must rise"),
    (dict(query=3), "give 0 to 2 and 0 to 3"),
])
def test_what_cannot_be_drawn_is_told(wrong, words):
    with pytest.raises(ValueError, match=words):
        figure(**wrong)
