"""The descent figure: it draws, it follows the reader and Python, and its paths are gdcore's."""

import numpy as np
import pytest

from gdcore import surfaces as S
from gdcore.figures import live
from gdcore.rules import GD, SAM, Adam, HeavyBall, Lookahead, Muon, RMSProp, Shampoo, Sophia
from tests.figures.conftest import settle


def figure(**more):
    rules = [GD(lr=0.01), HeavyBall(lr=0.005), Adam(lr=0.3)]
    return live.descent(S.himmelblau, rules, start=(-1.0, 0.5), steps=120, title="Three ways down", question="Which valley?", **more)


STATE = "() => document.querySelector('figure.gd-live').figure.state"
PATHS = "() => document.querySelector('figure.gd-live').figure.kind.runs().map((run) => [...run.xs])"


def test_it_draws_without_a_complaint(open_figures):
    page = open_figures(figure())
    assert page.errors == [] and page.locator(".gd-live-error").count() == 0
    ink = page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
                        ".data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0) / (c.width * c.height))")
    assert len(ink) == 2 and ink[0] > 0.5 and ink[1] > 0.01


def test_the_paths_are_those_of_gdcore(open_figures):
    fig = figure()
    for found, path in zip(open_figures(fig).evaluate(PATHS), fig.paths, strict=True):
        assert np.allclose(np.reshape(found, (-1, 2)), path, rtol=1e-10, atol=1e-12)


def test_rules_for_matrices_see_a_point_as_one_column(open_figures):
    rules = [Muon(lr=0.05, weight_decay=0.0), Shampoo(lr=0.5), Lookahead(Muon(lr=0.1)), SAM(Shampoo(lr=0.3))]
    fig = live.descent(S.himmelblau, rules, start=(-1.0, 0.5), steps=60, title="One column each")
    seen = open_figures(fig).evaluate(PATHS)
    for found, path in zip(seen, fig.paths, strict=True):
        assert np.allclose(np.reshape(found, (-1, 2)), path, rtol=1e-10, atol=1e-12)
    steps = np.linalg.norm(np.diff(fig.paths[0], axis=0), axis=1)  # one singular value, made about 1: all steps are about as long
    assert 0.68 * 0.05 * np.sqrt(2) < steps.min() and steps.max() < 1.2 * 0.05 * np.sqrt(2)


def test_a_slider_a_typed_number_and_the_keyboard_change_the_rate(open_figures):
    page = open_figures(figure(sliders=["lr"], ranges={"lr": (0.001, 0.02)}))
    rate = lambda: page.evaluate(STATE)["rules"][0]["hyper"]["lr"]
    page.get_by_label("η of GD: learning rate").first.press("ArrowRight")
    settle(page)
    assert 0.01 < rate() < 0.0102
    page.get_by_label("η of GD: learning rate").nth(1).fill("1.5e-2")
    page.get_by_label("η of GD: learning rate").nth(1).press("Enter")
    settle(page)
    assert rate() == 0.015
    page.get_by_label("η of GD: learning rate").nth(1).fill("-1")
    page.get_by_label("η of GD: learning rate").nth(1).press("Enter")
    settle(page)
    assert rate() == 0.015 and "must lie in [0, inf)" in page.locator("[role=status]").inner_text()


def test_what_is_no_number_is_chosen_from_a_list(open_figures):
    rules = [RMSProp(lr=0.05), Lookahead(Muon(lr=0.05))]
    fig = live.descent(S.himmelblau, rules, start=(-1.0, 0.5), steps=40, title="Words and switches")
    page = open_figures(fig)
    page.get_by_label("centered of RMSProp", exact=True).select_option("true")
    page.get_by_label("adjust_lr of Muon", exact=True).select_option("match_rms_adamw")
    page.get_by_label("nesterov of Muon", exact=True).select_option("false")
    settle(page)
    told = page.evaluate(STATE)["rules"]
    assert told[0]["hyper"]["centered"] is True
    assert (told[1]["inner"]["hyper"]["nesterov"], told[1]["inner"]["hyper"]["adjust_lr"]) == (False, "match_rms_adamw")
    fig.state = {**fig.state, "rules": told}
    assert page.locator("[aria-label='ns_precision of Muon']").count() == 0  # a figure has one precision
    for found, path, before in zip(page.evaluate(PATHS), fig.paths, live.descent(S.himmelblau, rules, steps=40, start=(-1.0, 0.5),
                                                                                   title="Before").paths, strict=True):
        assert np.allclose(np.reshape(found, (-1, 2)), path, rtol=1e-10, atol=1e-12) and not np.allclose(path, before)


def test_a_refusal_is_not_talked_over_by_the_sentence_of_an_earlier_change(open_figures):
    page = open_figures(figure(sliders=["lr"]))
    page.get_by_label("η of GD: learning rate").first.press("ArrowRight")  # its sentence comes 400 ms after the picture
    typed = page.get_by_label("η of GD: learning rate").nth(1)
    typed.fill("-1")
    typed.press("Enter")
    page.wait_for_timeout(700)
    heard = page.locator("[role=status]")
    assert "must lie in [0, inf)" in heard.inner_text()
    typed.fill("1e-3")
    typed.press("Enter")
    page.wait_for_function("() => document.querySelector('[role=status]').textContent.includes('after 120 steps loss')")


def test_the_start_is_dragged_and_moved_by_arrows(open_figures):
    page = open_figures(figure())
    grip = page.get_by_role("button", name="start at")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 30, steps=4)
    page.mouse.up()
    settle(page)
    dragged = page.evaluate(STATE)["start"]
    assert dragged[0] > -0.5 and dragged[1] > 0.8
    grip.press("ArrowLeft")
    settle(page)
    moved = page.evaluate(STATE)["start"]
    assert moved[0] == pytest.approx(dragged[0] - 0.1) and moved[1] == pytest.approx(dragged[1])
    assert page.evaluate(PATHS)[0][:2] == moved


def test_play_walks_to_the_end_and_calm_readers_are_taken_there_at_once(open_figures):
    page = open_figures(figure(), reduced_motion="reduce")
    page.get_by_role("button", name="Reset").click()
    settle(page)
    assert page.evaluate(STATE)["step"] == 0
    page.get_by_role("button", name="Step").click()
    settle(page)
    assert page.evaluate(STATE)["step"] == 1
    page.get_by_role("button", name="Play").click()
    settle(page)
    assert page.evaluate(STATE)["step"] == 120


def test_a_screen_reader_hears_how_it_ends(open_figures):
    page = open_figures(live.descent(S.quadratic(100), [GD(lr=0.5)], steps=400, title="Too far"))
    page.wait_for_function("() => document.querySelector('[role=status]').textContent.length > 10")
    assert "GD: diverged at step" in page.locator("[role=status]").inner_text()


def test_python_and_the_figure_share_a_state():
    fig = figure()
    assert fig.lr == 0.01 and fig.start == [-1.0, 0.5]
    fig.lr = 0.02
    assert fig.state["rules"][0]["hyper"]["lr"] == 0.02 and fig.traces[0].x.shape == (121, 2)
    fig.state = {**fig.state, "start": [1.0, 1.0]}
    assert fig.start == [1.0, 1.0] and fig.paths[0][0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("change, sentence", [
    ({"rules": [{"rule": "Adamm", "hyper": {}}]}, 'There is no rule "Adamm"; known are GD'),
    ({"start": ["nan", 0]}, "cannot begin at"), ({"steps": 1e9}, "steps is 1000000000"), ({"box": [[1, 1], [0, 1]]}, "box"),
    ({"surface": {"surface": "moon"}}, 'There is no surface "moon"')])
def test_a_malformed_figure_says_what_is_wrong(open_figures, change, sentence):
    from gdcore.figures.live.spec import MIME

    stored = figure()._repr_mimebundle_()[0][MIME]
    page = open_figures({**stored, "state": {**stored["state"], **change}})
    assert sentence in page.locator(".gd-live-error").inner_text() and page.errors == []


@pytest.mark.parametrize("wrong, kind, sentence", [
    (dict(steps=0), ValueError, "from 1 to 5000"), (dict(start=(1.0,)), ValueError, "wants 2 finite numbers"),
    (dict(start=(float("nan"), 0)), ValueError, "wants 2 finite numbers"), (dict(title=" "), TypeError, "needs a title")])
def test_python_refuses_what_cannot_be_drawn(wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        live.descent(S.himmelblau, GD(), **{"title": "A title", **wrong})


def test_a_rule_that_the_script_does_not_know_is_refused_before_it_is_drawn():
    class Late(GD):
        pass

    for rule in (Late(), Lookahead(Late()), Sophia()):
        with pytest.raises(TypeError, match="none that it can run: record its run, and show it with live.race"):
            live.descent(S.himmelblau, rule, title="A title")
