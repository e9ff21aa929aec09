"""The figure of depth: its numbers are gdcore.propagation's, and the reader's hand moves them."""

import pytest

from gdcore.figures import live
from gdcore.figures.live.spec import MIME
from gdcore.propagation import ACTIVATIONS
from tests.figures.conftest import settle

FIGURE = "document.querySelector('figure.gd-live').figure"


def figure(**more):
    return live.depth(**{"depth": 40, "scale": 1.2, "residual": True, "title": "What fifty layers leave", **more})


def test_the_numbers_in_the_browser_are_those_in_python(open_figures):
    fig = figure()
    page = open_figures(fig)
    for name in ACTIVATIONS:
        for scale, skip in ((0.5, 0.0), (4.0, 0.0), (1.3, 1.0)):
            fig.scale, fig.activation, fig.skip = scale, name, skip
            page.evaluate(f"(change) => {FIGURE}.set(change)", {"scale": scale, "activation": name, "skip": skip})
            settle(page)
            found = page.evaluate(f"() => {FIGURE}.kind.numbers()")
            for part in ("forward", "backward", "spread"):
                assert found[part] == pytest.approx(getattr(fig.propagation, part), rel=1e-10), (name, scale, skip, part)
    assert page.errors == []


def test_sliders_choices_and_the_pointer_move_it(open_figures):
    page = open_figures(figure())
    page.get_by_label("activation", exact=True).select_option("ReLU")
    page.get_by_label("depth: layers, typed").fill("12")
    page.get_by_label("depth: layers, typed").press("Enter")
    settle(page)
    state = page.evaluate(f"() => {FIGURE}.state")
    assert (state["activation"], state["depth"], state["layer"]) == ("ReLU", 12, 12)
    assert "signal after layer 12" in page.locator("output").inner_text()
    panel = page.locator(".gd-live-plot canvas").first
    panel.click(position={"x": panel.bounding_box()["width"] / 2, "y": 60})
    settle(page)
    assert 4 <= page.evaluate(f"() => {FIGURE}.state.layer") <= 8
    page.get_by_label("σ: scale of the weights", exact=False).last.fill("9")
    page.get_by_label("σ: scale of the weights", exact=False).last.press("Enter")
    settle(page)
    assert page.evaluate(f"() => {FIGURE}.state.scale") == 1.2 and page.errors == []


@pytest.mark.parametrize("change, sentence", [
    ({"activation": "cubic"}, 'no activation "cubic"'), ({"scale": 0}, "scale"), ({"depth": 0}, "depth"), ({"skip": -1}, "skip")])
def test_a_malformed_figure_says_what_is_wrong(open_figures, change, sentence):
    stored = figure()._repr_mimebundle_()[0][MIME]
    page = open_figures({**stored, "state": {**stored["state"], **change}})
    assert sentence in page.locator(".gd-live-error").inner_text() and page.errors == []


@pytest.mark.parametrize("wrong, sentence", [
    (dict(depth=0), "depth is 0; this figure shows"), (dict(depth=101), "from 1 to 100"), (dict(scale=5), "scale is 5"),
    (dict(activation="cubic"), "no activation 'cubic'"), (dict(skip=2), "skip is 2"), (dict(layer=41), "layer is 41"),
    (dict(activation="ReLU", activations=("tanh",)), "not among the activations")])
def test_python_refuses_what_cannot_be_drawn(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        figure(**wrong)


def test_the_still_says_what_theory_says():
    _, alt, table = figure(depth=50, scale=2**0.5, activation="ReLU").still()
    assert "the signal is 1 times" in alt and table["rows"][-1][1:] == [pytest.approx(1, abs=1e-3), 1.0]
