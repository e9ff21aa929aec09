"""The line figure: its walk, its tangents and its differences are gdcore's, and it follows the reader."""

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from gdcore import surfaces as S
from gdcore.figures import live
from gdcore.figures.live.spec import MIME
from gdcore.rules import GD
from tests.figures.conftest import settle

STATE = "() => document.querySelector('figure.gd-live').figure.state"
NUMBERS = "() => document.querySelector('figure.gd-live').figure.kind.numbers()"
ALL = "() => [...document.querySelectorAll('figure.gd-live')].map((f) => f.figure.kind.numbers())"
XS = np.linspace(-18, 38, 15)
PARABOLA = (XS, 19.5 * (XS - 10.2) ** 2 + 3890, 39 * (XS - 10.2))
WAVY = (XS, np.sin(XS) + XS / 9, np.cos(XS) + 1 / 9)


def walk(curve=S.double_well, x=1.4, **more):
    return live.line(curve, x, **{"lr": 0.05, "steps": 12, "title": "How far does the slope let me go?", **more})


def secants(curve=S.exponential, x=0.7, h=1e-3):
    return live.line(curve, x, difference=h, title="Too long bends, too short is noise")


def test_words_for_a_figure_end_a_title_that_asks_once():
    (data, metadata) = walk()._repr_mimebundle_()
    alt = metadata["image/svg+xml"]["alt"]
    assert alt.startswith("How far does the slope let me go? After ") and alt == data["text/plain"]


def say(page, words):
    page.wait_for_function("(words) => document.querySelector('[role=status]').textContent.includes(words)", arg=words)
    return page.locator("[role=status]").inner_text()


@pytest.mark.parametrize("theme, width", [("light", 900), ("dark", 900), ("light", 390)])
def test_it_draws_without_a_complaint(open_figures, theme, width):
    page = open_figures(walk(), walk(PARABOLA, -5.0, step=4, labels=("w", "MSE")), secants(), theme=theme, width=width, height=5000)
    assert page.errors == [] and page.locator(".gd-live-error").count() == 0
    ink = page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
                        ".data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0) / (c.width * c.height))")
    assert len(ink) == 6 and min(ink) > 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_walk_and_the_promise_are_those_of_gdcore(open_figures):
    figures = [walk(curve, x, lr=lr, step=3) for curve, x, lr in (
        (S.double_well, 1.4, 0.05), (S.quartic, 1.2, 0.1), (S.absolute, 1.3, 0.2), (S.exponential, 0.0, 1.5), (PARABOLA, -5.0, 0.02),
        (WAVY, 2.0, 0.7))]
    for found, fig in zip(open_figures(*figures).evaluate(ALL), figures, strict=True):
        trace, x = fig.trace, fig.trace.x[3]
        assert np.allclose(found["xs"], trace.x, rtol=1e-10, atol=0) and np.allclose(found["values"], trace.values, rtol=1e-10, atol=0)
        slope = fig.surface.gradient(x)
        to = GD(lr=fig.lr).update(x, slope, 1)[0]
        right = [to, slope * (to - x), fig.surface(to) - fig.surface(x)]
        assert np.allclose([found["next"][k] for k in ("to", "promised", "got")], right, rtol=1e-10, atol=1e-13)


def test_a_recorded_curve_is_the_hermite_cubic_and_exact_on_a_parabola(open_figures):
    fig = walk(WAVY, 2.0)
    kept = [np.array(fig.state["points"][name]) for name in ("xs", "ys", "slopes")]
    assert all(abs(a - b).max() <= 5e-10 * abs(b).max() for a, b in zip(kept, WAVY))  # ten digits, the same on every processor
    spline = CubicHermiteSpline(*kept)
    page = open_figures(fig)
    zs = np.random.default_rng(0).uniform(-18, 38, 200).tolist() + [-18, 38, *XS.tolist()]
    found = page.evaluate("""([points, zs]) => { const figure = document.querySelector('figure.gd-live').figure;
        return zs.map((z) => { figure.change({x: z, step: 0}, false); figure.drawNow();
        return figure.kind.numbers().values[0]; }); }""", [fig.state["points"], zs])
    assert np.allclose(found, spline(zs), rtol=1e-10, atol=1e-12)
    assert np.allclose([fig.surface.gradient(z) for z in zs], spline(zs, 1), rtol=1e-10, atol=1e-12)
    assert walk(PARABOLA, 0.0).surface(1.234) == pytest.approx(19.5 * (1.234 - 10.2) ** 2 + 3890, rel=1e-9)
    estimated = walk(PARABOLA[:2], 0.0)
    assert np.allclose(estimated.state["points"]["slopes"], PARABOLA[2], rtol=1e-9)  # of a parabola, second-order estimates are exact
    assert "recorded at 15 points" in page.locator("small").inner_text()


def test_points_that_differ_by_rounding_alone_are_stored_alike():
    rng = np.random.default_rng(0)
    others = [part * (1 + 1e-15 * rng.uniform(-1, 1, len(part))) for part in WAVY[1:]]
    assert walk((WAVY[0], *others), 2.0).state == walk(WAVY, 2.0).state


def test_a_walk_ends_where_the_record_ends(open_figures):
    fig = walk(PARABOLA, -5.0, lr=0.09)
    page = open_figures(fig)
    assert fig.trace.status == "diverged" and page.evaluate(NUMBERS)["xs"] == pytest.approx(fig.path.tolist(), rel=1e-10)
    assert "got the record ends" in page.locator("output").inner_text()


def test_the_differences_are_those_of_python_down_to_the_last_digits(open_figures):
    figures = [secants(curve, x) for curve, x in ((S.exponential, 0.7), (S.double_well, -0.4), (S.quartic, 1.1))]
    for found, fig in zip(open_figures(*figures).evaluate(ALL), figures, strict=True):
        hs, forward, central = fig.differences
        assert found["hs"] == hs.tolist()
        noise = 16 * np.finfo(float).eps * abs(fig.surface(fig.x)) / hs  # values may differ by a rounding, which h magnifies
        for js, python in zip(np.transpose(found["slopes"]), (forward, central)):
            assert (np.abs(js - python) <= 1e-10 * np.abs(python) + noise).all()
        error = np.abs(np.transpose(found["slopes"]) - fig.surface.gradient(fig.x))
        assert error[0].argmin() in range(22, 34) and error[1].argmin() in range(13, 24)  # h = 1e-8 and 1e-5 are at 27 and 17
        assert error[:, 0].min() > 1e-3 and error[:, 52].min() > 1e-4


def test_the_point_is_dragged_tapped_and_moved_by_arrows(open_figures):
    page = open_figures(walk(step=2), has_touch=True)
    grip = page.get_by_role("button", name="point on the curve")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 120, y, steps=4)
    page.mouse.up()
    settle(page)
    state = page.evaluate(STATE)
    assert state["step"] == 0 and -0.5 < state["x"] < 0.6
    grip.press("Shift+ArrowRight")
    settle(page)
    assert page.evaluate(STATE)["x"] == pytest.approx(state["x"] + 0.34)
    canvas = page.locator("canvas").first.bounding_box()
    page.touchscreen.tap(canvas["x"] + 60 + (canvas["width"] - 74) / 2, canvas["y"] + 40)
    settle(page)
    assert page.evaluate(STATE)["x"] == pytest.approx(0, abs=0.02)


def test_step_walks_on_from_the_point_and_the_rate_can_be_typed(open_figures):
    fig = walk()
    page = open_figures(fig)
    for _ in range(3):
        page.get_by_role("button", name="Step").click()
    settle(page)
    assert page.evaluate(STATE)["step"] == 3
    shown = page.get_by_role("button", name="point on the curve").get_attribute("aria-label")
    assert f"at {fig.path[3]:.3g}" in shown
    rate = page.get_by_label("η: learning rate, typed")
    for typed, kept in (("2e-2", 0.02), ("-1", 0.02)):
        rate.fill(typed)
        rate.press("Enter")
        settle(page)
        assert page.evaluate(STATE)["lr"] == kept
    assert "must lie in [0, inf)" in page.locator("[role=status]").inner_text()


def test_the_slider_of_h_moves_over_sixteen_powers_of_ten(open_figures):
    page = open_figures(secants(x=1.7, h=1.0))
    page.get_by_label("h", exact=True).press("Home")
    settle(page)
    assert page.evaluate(STATE)["h"] == pytest.approx(1e-16)
    assert "slope 0, off by" in page.locator("output").first.inner_text()  # 1.7 + 1e-16 is 1.7
    page.get_by_label("h, typed").fill("2")
    page.get_by_label("h, typed").press("Enter")
    settle(page)
    assert "above 0 and at most 1" in page.locator("[role=status]").inner_text()


def test_a_screen_reader_hears_the_numbers(open_figures):
    page = open_figures(walk(PARABOLA, -5.0, lr=0.02))
    assert "the next step goes to 6.86: promised −7030" in say(page, "after 0 steps, at −5 the value is 8400")
    assert "central: slope −0.496585" in say(open_figures(secants()), "with h = 0.001, forward: slope −0.496337, off by 0.00025")


def test_python_and_the_figure_share_a_state():
    fig = walk()
    fig.lr, fig.x = 0.1, -0.5
    assert fig.state["lr"] == 0.1 and fig.path[0] == -0.5 and len(fig.path) == 13
    fig.state = {**fig.state, "step": 5}
    assert fig.step == 5
    for shown in (walk(step=3), walk(PARABOLA, -5.0), secants()):
        drawing, alt, table = shown.still()
        assert shown.spec["title"] in alt and len(table["rows"]) > 8 and len(table["columns"]) == len(table["rows"][0])


MALFORMED = [
    ({"surface": {"surface": "himmelblau"}}, "himmelblau has 2 variables"), ({"surface": {"surface": "moon"}}, 'no surface "moon"'),
    ({"x": "nan"}, "At nan the curve has no value"), ({"steps": 1e9}, "steps is 1000000000"), ({"step": "x"}, "step is \"x\""),
    ({"lr": -1}, "learning rate"),
    ({"box": [[1, 1], None]}, "each side must go upwards"),
    ({"points": {"xs": [0, 0], "ys": [1, 2], "slopes": [0, 0]}}, "needs growing xs"),
    ({"points": {}}, "needs growing xs"), ({"h": -1}, "above 0 and at most 1")]


def test_a_malformed_figure_says_what_is_wrong(open_figures):
    stored = walk()._repr_mimebundle_()[0][MIME]
    page = open_figures(*({**stored, "state": {**stored["state"], **change}} for change, _ in MALFORMED), height=5000)
    for said, (_, sentence) in zip(page.locator(".gd-live-error").all_inner_texts(), MALFORMED, strict=True):
        assert sentence in said
    assert page.errors == []


@pytest.mark.parametrize("curve, wrong, kind, sentence", [
    (S.himmelblau, {}, TypeError, "has 2 variables"), ("curve", {}, TypeError, "recorded points"),
    (([1, 2], [3, 4]), {}, ValueError, "from 3 to 1000"), (([0, 2, 1], [0, 0, 0]), {}, ValueError, "must grow"),
    (([0, 1, 2], [0, 0]), {}, ValueError, "as many finite ys"),
    (PARABOLA, {"x": 99}, ValueError, "no value; choose one from -18 to 38"), (S.quartic, {"steps": 0}, ValueError, "from 1 to 1000"),
    (S.quartic, {"step": 13}, ValueError, "from 0 to steps = 12"), (S.quartic, {"difference": 2.0}, ValueError, "at most 1"),
    (PARABOLA, {"difference": 0.1}, ValueError, "difference needs a surface"), (S.quartic, {"lr": -1.0}, ValueError, "lr"),
    (S.quartic, {"title": ""}, TypeError, "needs a title")])
def test_python_refuses_what_cannot_be_drawn(curve, wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        walk(curve, **{"x": None, **wrong})
