"""The map of learning rate and momentum: its field, its regions, its best point, and the run from a point."""

import numpy as np
import pytest

from gdcore.figures import live
from gdcore.figures.live.spec import MIME
from tests.figures.conftest import settle


def figure(condition=100, **more):
    return live.rate_map(condition, **{"steps": 80, "title": "A fast island near the cliff", **more})


STATE = "() => document.querySelector('figure.gd-live').figure.state"
KIND = "document.querySelector('figure.gd-live').figure.kind"
POINTS = [(float(lr), float(momentum)) for lr in np.linspace(0.0007, 0.043, 12) for momentum in np.linspace(0.013, 0.97, 9)]


def radius(curvature, lr, momentum):
    return np.abs(np.linalg.eigvals([[1 + momentum - lr * curvature, -momentum], [1.0, 0.0]])).max()


def test_it_draws_without_a_complaint_in_light_and_dark_and_on_a_phone(open_figures):
    for theme, width in (("light", 900), ("dark", 390)):
        page = open_figures(figure(), figure(1), figure(10, lr=5.0, momentum=0.5), theme=theme, width=width, height=5000)
        assert page.errors == [] and page.locator(".gd-live-error").count() == 0
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        ink = page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => c.getContext('2d').getImageData(0, 0, c.width, "
                            "c.height).data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0) / (c.width * c.height))")
        assert len(ink) == 9 and min(ink) > 0.01 and ink[0] > 0.5


def test_the_field_is_the_spectral_radius(open_figures):
    found = open_figures(figure()).evaluate(f"(points) => points.map(([lr, momentum]) => {KIND}.rate(lr, momentum))", POINTS)
    expected = [max(radius(1.0, *point), radius(100.0, *point)) for point in POINTS]
    assert np.allclose(found, expected, rtol=1e-10)
    fig = figure(lr=POINTS[40][0], momentum=POINTS[40][1])
    assert fig.rate == pytest.approx(expected[40], rel=1e-10)


def test_the_regions_end_where_theory_says(open_figures):
    page = open_figures(figure())
    region = lambda lr, momentum: page.evaluate(f"([lr, momentum]) => {KIND}.region(lr, momentum)", [lr, momentum])
    for momentum in (0.0, 0.3, 0.6, 0.9):
        cliff = 2 * (1 + momentum) / 100
        assert region(0.9999 * cliff, momentum) != "diverges" and region(1.0001 * cliff, momentum) == "diverges"
    for lr in (0.001, 0.004, 0.008):  # (1 − √(ηL))²: the steep axis begins to swing
        border = (1 - (100 * lr) ** 0.5) ** 2
        assert region(lr, 0.999 * border) == "comes straight in" and region(lr, 1.001 * border) == "ripples, the flat axis creeps"
    for lr in (0.013, 0.02, 0.03):  # (√(ηL) − 1)²: it begins to jump, and (1 − √(ημ))²: the flat axis swings too
        steep, flat = ((100 * lr) ** 0.5 - 1) ** 2, (1 - lr**0.5) ** 2
        assert region(lr, 0.999 * steep) == "jumps across" and region(lr, 1.001 * steep) == "ripples, the flat axis creeps"
        assert region(lr, 1.001 * flat) == "ripples"
    assert region(0, 0.5) == "stands still"


@pytest.mark.parametrize("condition, largest", [(100, None), (1000, 1.0), (4, 8.0)])
def test_the_best_point_is_polyaks(open_figures, condition, largest):
    fig = figure(condition, largest=largest)
    page, L, root = open_figures(fig), largest or condition, condition**0.5
    lr, momentum = 4 / (L**0.5 + (L / condition) ** 0.5) ** 2, ((root - 1) / (root + 1)) ** 2
    page.get_by_role("button", name="Best", exact=True).click()
    settle(page)
    state = page.evaluate(STATE)
    for found in ((state["lr"], state["momentum"]), fig.best):
        assert found == pytest.approx((lr, momentum), rel=1e-12)
    least = page.evaluate(f"() => {KIND}.rate(...Object.values({KIND}.best()))")
    assert least == pytest.approx((root - 1) / (root + 1), rel=1e-7)  # a double root: half the digits
    near = [(lr * (1 + a), momentum * (1 + b)) for a in (-0.01, 0, 0.01) for b in (-0.01, 0, 0.01) if a or b]
    assert all(max(radius(L / condition, *point), radius(L, *point)) > least for point in near)


@pytest.mark.parametrize("more", [
    {}, dict(lr=0.02, momentum=0.8), dict(lr=0.05, momentum=0.5, start=(0.3, -2.0)), dict(lr=0.005, momentum=0.1)])
def test_the_run_is_that_of_gdcore(open_figures, more):
    fig = figure(**more)
    found = np.reshape(open_figures(fig).evaluate(f"() => [...{KIND}.run().xs]"), (-1, 2))
    assert np.allclose(found, fig.trace.x, rtol=1e-10, atol=1e-12)


def test_the_run_leaves_what_the_field_says(open_figures):
    page = open_figures(figure(lr=0.003, momentum=0.2, steps=200))
    xs = np.reshape(page.evaluate(f"() => [...{KIND}.run().xs]"), (-1, 2))
    assert np.hypot(*xs[200]) / np.hypot(*xs[199]) == pytest.approx(page.evaluate(f"() => {KIND}.rate(0.003, 0.2)"), rel=1e-9)


def test_the_point_is_dragged_typed_and_moved_by_arrows(open_figures):
    page = open_figures(figure(lr=0.01, momentum=0.3))
    grip = page.get_by_role("button", name="learning rate and momentum")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y - 60, steps=3)
    page.mouse.up()
    settle(page)
    dragged = page.evaluate(STATE)
    assert 0.015 < dragged["lr"] < 0.025 and 0.4 < dragged["momentum"] < 0.6
    grip.press("ArrowRight")
    grip.press("Shift+ArrowUp")
    settle(page)
    moved = page.evaluate(STATE)
    assert moved["lr"] == pytest.approx(dragged["lr"] + 0.00044, rel=1e-3) and moved["momentum"] == pytest.approx(dragged["momentum"] + 0.1)
    typed = page.get_by_label("momentum, typed", exact=True)
    for value, kept in (("0.25", 0.25), ("1.5", 0.25)):
        typed.fill(value)
        typed.press("Enter")
        settle(page)
        assert page.evaluate(STATE)["momentum"] == kept
    assert "momentum is 1.5; give a number from 0 to 0.9999" in page.locator("[role=status]").inner_text()


def test_a_tap_sets_the_point_and_calm_readers_see_the_end_at_once(open_figures):
    page = open_figures(figure(), width=390, has_touch=True, reduced_motion="reduce")
    page.locator("canvas").first.tap(position={"x": 120, "y": 200})
    page.get_by_role("button", name="Reset").click()
    settle(page)
    state = page.evaluate(STATE)
    assert 0.005 < state["lr"] < 0.015 and 0.3 < state["momentum"] < 0.7 and state["step"] == 0
    page.get_by_role("button", name="Play").click()
    settle(page)
    assert page.evaluate(STATE)["step"] == 80


def test_a_screen_reader_hears_the_rate_and_the_cliff(open_figures):
    page = open_figures(figure(lr=0.02, momentum=0.9), figure(lr=1.0, momentum=0.0, steps=500))
    page.wait_for_function("() => [...document.querySelectorAll('[role=status]')].every((p) => p.textContent.length > 10)")
    heard = page.locator("[role=status]").all_inner_texts()
    assert heard[0].startswith("ripples: in the long run a step leaves 0.9487 of the distance, a digit takes 43.7 steps; "
                               "the cliff is at η = 0.038; after 80 steps distance 0.0")
    assert heard[1].startswith("diverges: ") and "diverged at step" in heard[1]


def test_python_and_the_figure_share_a_state():
    fig = figure()
    assert (fig.lr, fig.momentum) == (2 / 101, 0.0) and fig.rate == pytest.approx(99 / 101)
    fig.momentum, fig.condition = 0.5, 10.0
    assert fig.state["momentum"] == 0.5 and fig.best == pytest.approx((4 / (10 + 10**0.5) ** 2, ((10**0.5 - 1) / (10**0.5 + 1)) ** 2))
    fig.state = {**fig.state, "lr": 0.01}
    assert fig.lr == 0.01 and len(fig.trace) == 81


def test_the_still_drawing_and_its_numbers():
    drawing, alt, table = figure().still()
    assert len(drawing.axes) == 3 and "leaves 0.9802 of the distance at the learning rate 0.0198" in alt
    assert "at best 0.8182, at 0.03306 and 0.6694" in alt and table["rows"][0] == [0, 1.414, 1.0, 1.0] and table["rows"][-1][0] == 80
    assert "diverges at step" in figure(lr=1.0, momentum=0.0, steps=500).still()[1]


@pytest.mark.parametrize("change, sentence", [
    ({"momentum": 1.5}, "momentum is 1.5; give a number from 0 to 0.9999"), ({"lr": "nan"}, 'lr = "nan"'),
    ({"condition": 0}, "condition is 0"), ({"steps": 1e9}, "steps is 1000000000"), ({"largest": None}, "largest is null"),
    ({"start": [1]}, "cannot begin"), ({"start": None}, None)])
def test_a_malformed_figure_says_what_is_wrong(open_figures, change, sentence):
    stored = figure()._repr_mimebundle_()[0][MIME]
    page = open_figures({**stored, "state": {**stored["state"], **change}})
    assert page.errors == []
    if sentence is None:  # the start of the surface itself
        assert page.locator(".gd-live-error").count() == 0
    else:
        assert sentence in page.locator(".gd-live-error").inner_text()


@pytest.mark.parametrize("wrong, kind, sentence", [
    (dict(condition=0.5), ValueError, "from 1 to 1e8"), (dict(condition="steep"), ValueError, "from 1 to 1e8"),
    (dict(largest=0), ValueError, "above 0"), (dict(momentum=1.0), ValueError, "on the map"), (dict(lr=-1), ValueError, "lr"),
    (dict(steps=0), ValueError, "from 1 to 2000"), (dict(start=(1.0,)), ValueError, "two finite numbers"),
    (dict(start=(0, 0)), ValueError, "not both 0"), (dict(title=""), TypeError, "title")])
def test_python_refuses_what_cannot_be_drawn(wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        figure(**wrong)
