"""The spectrum: each component of a quadratic by itself, what is left of it, and the crawl."""

import numpy as np
import pytest

from gdcore.figures import live
from gdcore.figures.live import linear
from gdcore.figures.live.spec import MIME
from gdcore.rules import GD, Adam, HeavyBall, Nesterov
from tests.figures.conftest import settle


def figure(rule=None, curvatures=100, **more):
    return live.spectrum(curvatures, rule or GD(lr=0.019), **{"steps": 80, "title": "Fast, then a crawl", **more})


STATE = "() => document.querySelector('figure.gd-live').figure.state"
KIND = "document.querySelector('figure.gd-live').figure.kind"
LOSSES = f"() => {KIND}.runs().map((run) => [...run.values])"


def rate(page):
    return page.evaluate(STATE)["rules"][0]["hyper"]["lr"]


def test_it_draws_without_a_complaint_in_light_and_dark_and_on_a_phone(open_figures):
    for theme, width in (("light", 900), ("dark", 390)):
        figures = [figure(scale=scale) for scale in ("linear", "log", "share")]
        page = open_figures(*figures, theme=theme, width=width, height=5000, has_touch=width < 500)
        assert page.errors == [] and page.locator(".gd-live-error").count() == 0
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        ink = page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => c.getContext('2d').getImageData(0, 0, c.width, "
                            "c.height).data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0) / (c.width * c.height))")
        assert len(ink) == 6 and min(ink) > 0.02


@pytest.mark.parametrize("rule, curvatures", [
    (GD(lr=0.019), 100), (HeavyBall(lr=0.03, momentum=0.7), [1, 7, 50, 100]), (HeavyBall(lr=0.03, momentum=0.7, dampening=0.2), 40),
    (Nesterov(lr=0.012, momentum=0.8), 100), (Adam(lr=0.1), [0.5, 3])])
def test_its_losses_and_factors_are_those_of_python(open_figures, rule, curvatures):
    fig = figure(rule, curvatures)
    page = open_figures(fig)
    assert np.allclose(np.array(page.evaluate(LOSSES)).T, fig.losses, rtol=1e-10, atol=1e-300)
    left = page.evaluate(f"() => {KIND}.runs().map((_, i) => {KIND}.left(i))")
    assert np.allclose(left, fig.left, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("lr, momentum", [(0.019, 0.0), (0.004, 0.3), (0.03, 0.8)])
def test_what_python_calls_left_is_the_spectral_radius_of_the_matrix(lr, momentum):
    for curvature in (1.0, 10.0, 100.0):
        ball = [[1 + momentum - lr * curvature, -momentum], [1, 0]]
        ahead = [[1 - lr * curvature * (1 + momentum), -lr * momentum**2], [curvature, momentum]]  # of (x, v)
        for rule, matrix in ((HeavyBall, ball), (Nesterov, ahead)):
            radius = np.abs(np.linalg.eigvals(np.array(matrix))).max()
            assert linear.left(rule, curvature, lr=lr, momentum=momentum) == pytest.approx(radius, rel=1e-10)
        assert linear.left(GD, curvature, lr=lr) == abs(1 - lr * curvature)


def test_the_runs_leave_what_the_closed_form_says(open_figures):
    page = open_figures(figure(GD(lr=0.0195)), figure(HeavyBall(lr=0.003, momentum=0.1)))
    for i, exact in ((0, 1e-9), (1, 1e-3)):  # with a memory the smaller root has to fade first
        kind = f"document.querySelectorAll('figure.gd-live')[{i}].figure.kind"
        told = page.evaluate(f"() => {kind}.runs().map((run, i) => [Math.abs(run.xs[2 * 40] / run.xs[2 * 39]), {kind}.left(i)])")
        measured, closed = np.array(told).T
        assert np.allclose(measured, closed, rtol=exact)


def test_the_marks_lead_to_the_rates_of_theory(open_figures):
    page = open_figures(figure())
    for name, lr in (("1/L = 0.01", 1 / 100), ("2/(L+μ) = 0.0198", 2 / 101), ("2/L = 0.02", 2 / 100)):
        page.get_by_role("button", name=name).click()
        settle(page)
        assert rate(page) == pytest.approx(lr, rel=1e-15)
    assert page.evaluate(f"() => {KIND}.left(4)") == pytest.approx(1, rel=1e-15)


def test_the_handle_pulls_the_rate_across_the_curvatures(open_figures):
    page = open_figures(figure())
    grip = page.get_by_role("button", name="one over the learning rate")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y, steps=3)
    page.mouse.up()
    settle(page)
    dragged = rate(page)
    assert dragged < 0.015
    grip.press("ArrowLeft")
    settle(page)
    assert dragged < rate(page) < 1.1 * dragged


def test_typed_numbers_choices_and_steps(open_figures):
    page = open_figures(figure(), reduced_motion="reduce")
    page.get_by_label("condition: how many times").nth(1).fill("10")
    page.get_by_label("condition: how many times").nth(1).press("Enter")
    page.get_by_label("loss", exact=True).select_option("share")
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Step").click()
    settle(page)
    state = page.evaluate(STATE)
    assert (state["condition"], state["scale"], state["step"]) == (10, "share", 1)
    assert page.evaluate(LOSSES)[0][0] == pytest.approx(0.2)
    typed = page.get_by_label("η of GD: learning rate").nth(1)
    typed.fill("-1")
    typed.press("Enter")
    settle(page)
    assert rate(page) == 0.019 and "must lie in [0, inf)" in page.locator("[role=status]").inner_text()
    page.get_by_role("button", name="Play").click()
    settle(page)
    assert page.evaluate(STATE)["step"] == 80


def test_a_tap_shows_a_step_and_sets_the_rate(open_figures):
    page = open_figures(figure(), width=390, has_touch=True)
    page.locator("canvas").nth(0).tap(position={"x": 100, "y": 100})
    page.locator("canvas").nth(1).tap(position={"x": 150, "y": 100})
    settle(page)
    assert 0 < page.evaluate(STATE)["step"] < 40 and rate(page) > 0.05


def test_a_screen_reader_hears_which_part_is_left(open_figures):
    page = open_figures(figure(), figure(GD(lr=0.5), steps=1000))
    page.wait_for_function("() => [...document.querySelectorAll('[role=status]')].every((p) => p.textContent.length > 10)")
    heard = page.locator("[role=status]").all_inner_texts()
    assert heard[0] == "after 80 steps loss 0.0093, 99.9 % of it in λ = 1; a step leaves 0.981 of that distance"
    assert "no longer a number" in heard[1]


def test_python_and_the_figure_share_a_state():
    fig = figure()
    assert np.allclose(fig.losses[0], 0.2) and np.allclose(fig.curvatures, [1, 10**0.5, 10, 1000**0.5, 100])
    fig.lr, fig.condition = 0.01, 10.0
    assert fig.state["rules"][0]["hyper"]["lr"] == 0.01 and fig.curvatures[0] == pytest.approx(10)
    fig.state = {**fig.state, "scale": "log", "step": 3}
    assert (fig.scale, fig.step) == ("log", 3)
    assert figure(curvatures=[2, 1], start=[3, 4]).losses[0].tolist() == [4.5, 16.0]


@pytest.mark.parametrize("scale", ["linear", "log", "share"])
def test_the_still_drawing_and_its_numbers(scale):
    drawing, alt, table = figure(scale=scale).still()
    assert len(drawing.axes) == 2 and "0.981 for λ = 1, 0.94" in alt and "is 0.0093 after 80 steps, 100% of it" in alt
    assert table["columns"][:3] == ["step", "loss", "λ = 1"] and table["rows"][0][:3] == [0, 1.0, 0.2] and table["rows"][-1][0] == 80
    assert "is no longer a number" in figure(GD(lr=0.5), steps=1000, scale=scale).still()[1]


@pytest.mark.parametrize("change, sentence", [
    ({"rules": [{"rule": "Adamm", "hyper": {}}]}, 'There is no rule "Adamm"'), ({"rules": []}, "the number of rules is 0"),
    ({"steps": 1e9}, "steps is 1000000000"), ({"curvatures": [1, -2]}, "a curvature is -2; give a number"),
    ({"condition": 0.5}, "condition is 0.5"),
    ({"condition": "nan"}, 'condition is "nan"'), ({"number": 9}, "the number of curvatures is 9"), ({"start": [1]}, "cannot begin at"),
    ({"start": [1, 1, 1, "nan", 1]}, "cannot begin"), ({"scale": "cubic"}, 'scale is "cubic"')])
def test_a_malformed_figure_says_what_is_wrong(open_figures, change, sentence):
    stored = figure()._repr_mimebundle_()[0][MIME]
    page = open_figures({**stored, "state": {**stored["state"], **change}})
    assert sentence in page.locator(".gd-live-error").inner_text() and page.errors == []


@pytest.mark.parametrize("wrong, kind, sentence", [
    (dict(curvatures=[1]), ValueError, "2 to 6 numbers"), (dict(curvatures=[1, 0]), ValueError, "above 0"),
    (dict(curvatures=0.5), ValueError, "from 1 to 1e8"), (dict(number=7), ValueError, "2 to 6 curvatures"),
    (dict(start=[1, 2]), ValueError, "give 5 finite"), (dict(steps=0), ValueError, "from 1 to 1000"),
    (dict(largest=-1), ValueError, "above 0"),
    (dict(scale="cubic"), ValueError, "one of linear, log, share"), (dict(title=""), TypeError, "needs a title"),
    (dict(rule=GD), TypeError, "rules such as")])
def test_python_refuses_what_cannot_be_drawn(wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        figure(**wrong)
