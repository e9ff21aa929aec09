"""The schedule figure: its factors, its noise and its losses are gdcore's, and it follows the reader."""

import math

import numpy as np
import pytest

from gdcore import schedules as S
from gdcore.figures import live
from gdcore.figures.live.factors import FACTORS, MEANINGS
from gdcore.figures.live.gaussians import gaussians
from gdcore.figures.live.spec import MIME
from tests.figures.conftest import settle

STATE = "() => document.querySelector('figure.gd-live').figure.state"
ALL = "() => [...document.querySelectorAll('figure.gd-live')].map((f) => f.figure.kind.numbers())"


def figure(name="cosine", parameters=None, **more):
    return live.schedule(name, parameters, **{"title": "The floor falls with the rate", "steps": 120, **more})


def drawn(rng, name):
    """Parameters of a schedule, drawn from all that the figure allows, the ends included."""
    while True:
        values = {}
        for p in FACTORS[name].defaults:
            known = MEANINGS[p]
            low, high = (1, 200) if known.integer else (known.low, known.high)
            value = rng.choice([low, high, rng.uniform(low, high)], p=[0.1, 0.1, 0.8])
            values[p] = round(value) if known.integer else max(float(value), 1e-3 if known.open_low else 0.0)
        try:
            FACTORS[name].make(**values)
        except ValueError:
            continue
        return values


def test_the_printed_factors_are_those_of_gdcore(open_figures):
    rng, steps = np.random.default_rng(0), np.arange(240)
    cases = [(name, values) for name, f in FACTORS.items() for values in (f.defaults, *(drawn(rng, name) for _ in range(15)))]
    page = open_figures(figure())
    found = page.evaluate("""(cases) => cases.map(([schedule, parameters]) => {
        const {factor} = gdLive.makeSchedule({schedule, parameters});
        return Array.from({length: 240}, (_, t) => factor(t)); })""", cases)
    for (name, values), factors in zip(cases, found, strict=True):
        assert np.allclose(factors, FACTORS[name].make(**values)(steps), rtol=1e-10, atol=1e-15), (name, values)


def test_what_does_not_fit_together_is_refused_by_both(open_figures):
    page, rng = open_figures(figure()), np.random.default_rng(1)
    make = "([schedule, parameters]) => { try { gdLive.makeSchedule({schedule, parameters}); return ''; } catch (e) { return e.message; } }"
    for name in ("wsd", "one_cycle", "warmup_then_cosine"):
        seen = set()
        for _ in range(60):
            values = {p: int(rng.integers(1, 40)) if MEANINGS[p].integer else float(rng.uniform()) for p in FACTORS[name].defaults}
            said, good = page.evaluate(make, [name, values]), True
            try:
                FACTORS[name].make(**values)
            except ValueError:
                good = False
            seen.add(good)
            assert (said == "") == good and (good or FACTORS[name].rule in said)
        assert seen == {True, False}
    assert "there is no schedule" in page.evaluate(make, ["sawtooth", {}]).lower()
    assert "size (steps from cut to cut) must be a whole number in [1, inf)" in page.evaluate(make, ["step", {"size": 0}])


def test_the_noise_is_the_same_in_python_and_normal(open_figures):
    page = open_figures(figure())
    for seed, count in ((0, 1001), (7, 4), (2**32 - 1, 500)):
        found = page.evaluate("([seed, count]) => [...gdLive.gaussians(seed, count)]", [seed, count])
        assert np.allclose(found, gaussians(seed, count), rtol=1e-12, atol=1e-15)
    many = gaussians(3, 400_000)
    assert abs(many.mean()) < 0.005 and abs(many.std() - 1) < 0.005 and abs((many**4).mean() - 3) < 0.05
    assert abs(np.corrcoef(many[:-1], many[1:])[0, 1]) < 0.005 and abs(np.mean(many < -1.96) - 0.025) < 0.001
    mixed, a = [], 5  # mulberry32 as its author wrote it, one after another
    for _ in range(20):
        a = (a + 0x6D2B79F5) % 2**32
        t = (a ^ a >> 15) * (a | 1) % 2**32
        t ^= (t + (t ^ t >> 7) * (t | 61)) % 2**32
        mixed.append((t ^ t >> 14) / 2**32)
    far, turn = np.sqrt(-2 * np.log1p(-np.array(mixed[::2]))), 2 * np.pi * np.array(mixed[1::2])
    assert np.allclose(gaussians(5, 20)[::2], far * np.cos(turn), rtol=1e-12)


def test_rates_losses_and_floors_are_those_of_gdcore(open_figures):
    figures = [figure(), figure("step", {"size": 40, "gamma": 0.2}, lr=1.4, noise=2.0, seed=9),
               figure("wsd", lr=0.8, constant=0.1, condition=3), figure("one_cycle", curvature=20.0, lr=0.07, start=-2.0),
               figure("cosine", lr=2.1)]
    for found, fig in zip(open_figures(*figures).evaluate(ALL), figures, strict=True):
        assert np.allclose(found["rates"], fig.rates, rtol=1e-10, atol=1e-15)
        for js, python in zip(found["losses"], fig.losses, strict=True):
            assert np.allclose(js, python, rtol=1e-10, atol=0)
        ends = [fig.rates[fig.step], fig.constant]
        assert np.allclose([math.inf if f is None else f for f in found["floors"]], [fig.floor(e) for e in ends], rtol=1e-10)


def test_the_floor_of_theory_is_where_the_runs_settle():
    fig = figure("constant", steps=2000, lr=1.5, constant=0.4, condition=2)
    for values, rate in zip(fig.losses, (1.5, 0.4)):
        assert np.mean(values[500:]) == pytest.approx(fig.floor(rate), rel=0.02)
    assert np.isinf(fig.floor(2.0)) and fig.floor(0.4) == pytest.approx(0.4 / 2 * (1 / (2 - 0.4) + 1 / (2 - 0.2)))


@pytest.mark.parametrize("theme, width", [("light", 900), ("dark", 900), ("light", 390)])
def test_it_draws_without_a_complaint(open_figures, theme, width):
    page = open_figures(figure(), figure("one_cycle", editable=False), figure("cosine", lr=2.2), theme=theme, width=width, height=5000)
    assert page.errors == [] and page.locator(".gd-live-error").count() == 0
    ink = page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
                        ".data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0) / (c.width * c.height))")
    assert len(ink) == 6 and min(ink) > 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_corner_stretches_the_schedule_in_time_and_height(open_figures):
    page = open_figures(figure("step", {"size": 60}))
    grip = page.get_by_role("button", name="corner of the schedule")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 40, steps=4)
    page.mouse.up()
    settle(page)
    state = page.evaluate(STATE)
    assert 20 < state["schedule"]["parameters"]["size"] < 50 and 1.1 < state["lr"] < 1.9 and state["constant"] == 1
    grip.press("ArrowRight")
    settle(page)
    after = page.evaluate(STATE)
    assert after["schedule"]["parameters"]["size"] == state["schedule"]["parameters"]["size"] + 1 and after["lr"] == state["lr"]


def test_another_schedule_brings_its_own_sliders(open_figures):
    page = open_figures(figure())
    page.get_by_label("schedule", exact=True).select_option("wsd")
    settle(page)
    assert page.evaluate(STATE)["schedule"] == {"schedule": "wsd", "parameters": {"total": 120, "warmup": 12, "decay": 36}}
    page.get_by_label("decay: steps of the fall, typed").fill("110")
    page.get_by_label("decay: steps of the fall, typed").press("Enter")
    settle(page)
    assert "warmup and decay must fit into total" in page.locator("[role=status]").inner_text()
    assert page.evaluate(STATE)["schedule"]["parameters"]["decay"] == 36
    page.get_by_label("decay: steps of the fall", exact=True).press("ArrowLeft")
    page.get_by_role("button", name="New noise").click()
    settle(page)
    state = page.evaluate(STATE)
    assert state["schedule"]["parameters"]["decay"] <= 36 and state["seed"] == 1 and page.locator(".gd-live-error").count() == 0


def test_a_tap_on_the_losses_chooses_a_step_and_words_follow(open_figures):
    page = open_figures(figure(), has_touch=True)
    box = page.locator("canvas").nth(1).bounding_box()
    page.touchscreen.tap(box["x"] + 60 + (box["width"] - 74) / 2, box["y"] + 50)
    settle(page)
    assert page.evaluate(STATE)["step"] == 60
    page.wait_for_function("() => document.querySelector('[role=status]').textContent.includes('after 60 steps, cosine: loss')")
    fig = figure()
    assert f"floor {fig.floor(0.5):.2g}; constant: loss {fig.losses[1][60]:.2g}" in page.locator("[role=status]").inner_text()


def test_python_and_the_figure_share_a_state():
    fig = figure()
    fig.lr, fig.noise = 0.5, 0.0
    fig.schedule = {"schedule": "step", "parameters": {"size": 10}}
    assert fig.rates[:11].tolist() == [0.5] * 10 + [0.05] and np.array_equal(fig.factor(np.arange(9)), S.step(10)(np.arange(9)))
    assert fig.losses[0][1] == pytest.approx(50 * 0.25 + 5 * 0.95**2)
    drawing, alt, table = figure(lr=2.5).still()
    assert "explodes" in alt
    assert table["columns"] == ["step", "rate of cosine", "loss of cosine", "loss of constant"] and len(table["rows"]) == 11


MALFORMED = [
    ({"schedule": {"schedule": "sawtooth"}}, 'no schedule "sawtooth"'), ({"schedule": None}, "no schedule"),
    ({"steps": 1e9}, "steps is 1000000000"), ({"schedule": {"schedule": "step", "parameters": {"size": "x"}}}, "size must be a number"),
    ({"lr": -1}, "learning rate"), ({"step": "x"}, "step is \"x\""),
    ({"noise": "nan"}, "noise σ is nan"), ({"seed": 0.5}, "seed is 0.5"), ({"surface": {"surface": "rosenbrock"}}, "no floor is known"),
    ({"start": "nan"}, "no floor is known")]


def test_a_malformed_figure_says_what_is_wrong(open_figures):
    stored = figure()._repr_mimebundle_()[0][MIME]
    page = open_figures(*({**stored, "state": {**stored["state"], **change}} for change, _ in MALFORMED), height=5000)
    for said, (_, sentence) in zip(page.locator(".gd-live-error").all_inner_texts(), MALFORMED, strict=True):
        assert sentence in said
    assert page.errors == []


@pytest.mark.parametrize("name, wrong, kind, sentence", [
    ("sawtooth", {}, ValueError, "known are constant, step"), ("step", {"parameters": {"width": 3}}, ValueError, "no parameter 'width'"),
    ("step", {"parameters": {"size": 0}}, ValueError, r"size \(steps from cut to cut\) must lie in"),
    ("wsd", {"parameters": {"decay": 119}}, ValueError, "fit"),
    ("cosine", {"steps": 5}, ValueError, "from 10 to 2000"), ("cosine", {"step": 121}, ValueError, "from 0 to steps"),
    ("cosine", {"lr": -1.0}, ValueError, "lr"), ("cosine", {"noise": -1.0}, ValueError, "noise from 0 on"),
    ("cosine", {"seed": -1}, ValueError, "2³²"),
    ("cosine", {"title": ""}, TypeError, "title"), ("cosine", {"condition": 0.5}, ValueError, "condition")])
def test_python_refuses_what_cannot_be_drawn(name, wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        figure(name, **wrong)
