"""The noise figure: its chance and its chains are Python's, its floor is that of theory; the reader plays, drags and types."""

import functools
import math

import numpy as np
import pytest

from gdcore import surfaces as S
from gdcore.figures import live
from gdcore.figures.live.gaussians import gaussians
from gdcore.figures.live.kinds.noise import second_half, variances
from gdcore.figures.live.many import chains
from gdcore.figures.live.spec import MIME
from gdcore.rules import EMA, GD, LAMB, SAM, Adam, HeavyBall, Muon, Nesterov, Shampoo
from tests.figures.conftest import settle

STATE = "() => document.querySelector('figure.gd-live').figure.state"
FOUND = """() => { const {chains, mean, measured, floor} = document.querySelector('figure.gd-live').figure.kind.found();
    return {paths: chains.slice(0, 12).map((chain) => [...chain.xs]), mean: [...mean], measured, floor}; }"""  # fmt: skip
BOWL = S.quadratic(10, rotation=30)


def figure(rule=None, surface=BOWL, **more):
    rule = rule or HeavyBall(lr=0.02, momentum=0.5)
    return live.noise(surface, rule, **{"title": "The noise stops you", "question": "Where?", "batch": 4, "steps": 200} | more)


@functools.cache
def stored():
    """A figure as a notebook stores it: drawn once for all tests that only look at its page."""
    return figure()._repr_mimebundle_()[0][MIME]


def found(page):
    return page.evaluate(FOUND)


# -- the numbers -----------------------------------------------------------------------------------------------------------------


def test_chance_is_the_same_in_python_and_in_the_page(open_figures):
    page = open_figures(stored())
    for seed, count in [(0, 1), (1, 1001), (2**32 - 1, 4000)]:
        assert np.allclose(page.evaluate("([seed, count]) => [...gdLive.gaussians(seed, count)]", [seed, count]), gaussians(seed, count),
                           rtol=1e-12, atol=1e-12)
    many = gaussians(3, 200_000)
    assert abs(many.mean()) < 0.01 and abs(many.std() - 1) < 0.01 and abs((many**4).mean() - 3) < 0.1


@pytest.mark.parametrize("surface, rule", [
    (BOWL, GD(lr=0.02)), (BOWL, HeavyBall(lr=0.02, momentum=0.5, dampening=0.3)), (S.double_well, Adam(lr=0.05)),
    (BOWL, SAM(Nesterov(lr=0.01))), (BOWL, LAMB(lr=0.02)), (S.double_well, EMA(SAM(GD(lr=0.02)))),
    (BOWL, Muon(lr=0.02)), (S.double_well, Shampoo(lr=0.1))])
def test_the_chains_are_those_of_numpy(open_figures, surface, rule):
    fig = figure(rule, surface, chains=12, steps=100, sigma=0.5)
    seen = found(open_figures(fig))
    paths = fig.paths
    assert paths.shape == (101, 12, surface.dimension) and np.abs(paths[-1] - paths[-1, 0]).max() > 0.01
    for chain, path in zip(seen["paths"], paths.transpose(1, 0, 2), strict=True):
        assert np.allclose(np.reshape(chain, path.shape), path, rtol=1e-10, atol=1e-12)
    assert np.allclose(seen["mean"], fig.losses.mean(axis=1), rtol=1e-10)
    assert np.allclose(seen["measured"], fig.measured, rtol=1e-10)


RULES = [GD(lr=0.05), GD(lr=0.15), HeavyBall(lr=0.02, momentum=0.8), HeavyBall(lr=0.1, momentum=0.5, dampening=0.3)]


@pytest.mark.parametrize("rule", RULES)
def test_4000_chains_settle_where_theory_says(rule):
    rng = np.random.default_rng(7)
    path = chains(BOWL, rule, BOWL.start, 0.5 * rng.standard_normal((400, 4000, 2)))
    turn = math.radians(30)
    axes = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    errors = (path[-1] @ axes.T).var(axis=0) / variances(BOWL, rule, 0.25) - 1
    assert (abs(errors) < 4.5 * math.sqrt(2 / 4000)).all()  # 4.5 standard errors of a variance
    mean, error = second_half(BOWL(path))
    floor = figure(rule, sigma=1.0).floor
    assert abs(mean - floor) < 4.5 * error and error < 0.01 * floor


@pytest.mark.parametrize("rule", RULES[::2])
def test_the_chains_of_the_page_settle_where_theory_says(open_figures, rule):
    fig = figure(rule, chains=200, steps=400)
    seen = found(open_figures(fig))
    assert seen["floor"] == pytest.approx(fig.floor, rel=1e-12)
    assert abs(seen["measured"][0] - fig.floor) < 4.5 * seen["measured"][1] < 0.15 * fig.floor


def test_theory_is_silent_where_it_knows_nothing():
    assert figure(Adam(lr=0.1)).floor is None and figure(GD(lr=0.01), S.double_well).floor is None
    assert figure(GD(lr=0.2)).floor == math.inf and figure(HeavyBall(lr=0.3, momentum=0.5)).floor == math.inf
    four, one = figure(GD(lr=0.01), batch=4).floor, figure(GD(lr=0.01), batch=1).floor
    assert one == pytest.approx(4 * four)


# -- the reader --------------------------------------------------------------------------------------------------------------------


def test_it_draws_without_a_complaint(open_figures):
    more = figure(GD(lr=0.05), S.double_well, sigma=4.0), figure(sigma=0, start=(0, 0)), figure(GD(lr=8.0))
    figures = [f._repr_mimebundle_()[0][MIME] for f in more]
    for settings in ({}, {"theme": "dark"}, {"width": 390}):
        draws(open_figures(stored(), *figures, height=4000, **settings))


def draws(page):
    assert page.errors == [] and page.locator(".gd-live-error").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ink = page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
                        ".data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0) / (c.width * c.height))")
    assert len(ink) == 8 and min(ink) > 0.01
    assert "60 of 60 chains diverged within 200 steps; theory knows no floor, η is too large" in page.locator("output").last.inner_text()


def test_sliders_and_typed_numbers_move_the_floor(open_figures):
    page = open_figures(figure(GD(lr=0.02)))
    before = found(page)["floor"]
    batch = page.get_by_label("B: examples in a batch")
    batch.nth(1).fill("16")
    batch.nth(1).press("Enter")
    settle(page)
    assert page.evaluate(STATE)["batch"] == 16 and found(page)["floor"] == pytest.approx(before / 4)
    batch.first.press("ArrowRight")
    settle(page)
    assert isinstance(page.evaluate(STATE)["batch"], int)
    batch.nth(1).fill("0.5")
    batch.nth(1).press("Enter")
    settle(page)
    assert "batch is 0.5; give a whole number" in page.locator("[role=status]").inner_text()
    lr = page.get_by_label("η of GD: learning rate").nth(1)
    lr.fill("0.04")
    lr.press("Enter")
    settle(page)
    assert page.evaluate(STATE)["rules"][0]["hyper"]["lr"] == 0.04


def test_the_start_is_dragged_and_tapped(open_figures):
    page = open_figures(stored())
    grip = page.get_by_role("button", name="start at")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y + 30, steps=4)
    page.mouse.up()
    settle(page)
    dragged = page.evaluate(STATE)["start"]
    assert dragged[0] < BOWL.start[0] - 0.2 and dragged[1] < BOWL.start[1] - 0.1
    grip.press("ArrowLeft")
    settle(page)
    assert page.evaluate(STATE)["start"] == pytest.approx([dragged[0] - 0.03, dragged[1]])
    assert found(page)["paths"][5][:2] == page.evaluate(STATE)["start"]


def test_play_step_and_reset(open_figures):
    page = open_figures(stored(), reduced_motion="reduce")
    for name, step in [("Reset", 0), ("Step", 1), ("Play", 200)]:
        page.get_by_role("button", name=name).click()
        settle(page)
        assert page.evaluate(STATE)["step"] == step


def test_a_screen_reader_hears_floor_and_theory(open_figures):
    fig, page = figure(), open_figures(stored())
    page.wait_for_function("() => document.querySelector('[role=status]').textContent.length > 10")
    words = page.locator("[role=status]").inner_text()
    assert words.startswith("60 chains of HeavyBall: after 200 steps mean loss ")
    assert f"over the second half {fig.measured[0]:.3g} ± " in words and words.endswith(f", theory {fig.floor:.3g}")


def test_a_malformed_figure_says_what_is_wrong(open_figures):
    wrong = [
        ({"rules": []}, "0 rules were given"), ({"rules": [{"rule": "Adamm"}]}, 'There is no rule "Adamm"'),
        ({"chains": 1e9}, "chains is 1000000000; give a whole number from 1 to 500"), ({"steps": 0}, "steps is 0"),
        ({"batch": 0.5}, "batch is 0.5"),
        ({"sigma": "nan"}, 'sigma is "nan"'), ({"start": [1]}, "cannot begin at"), ({"box": [[1, 1], [0, 1]]}, "box"),
        ({"surface": {"surface": "moon"}}, 'no surface "moon"'), ({"seed": -1}, "seed is -1"),
    ]  # fmt: skip
    page = open_figures(*({**stored(), "state": {**stored()["state"], **change}} for change, _ in wrong), height=9000)
    page.wait_for_timeout(500)  # what would be said to a screen reader has been said
    said = page.locator(".gd-live-error").all_inner_texts()
    assert len(said) == len(wrong) and page.errors == []
    for sentence, (_, expected) in zip(said, wrong):
        assert expected in sentence


# -- Python ------------------------------------------------------------------------------------------------------------------------


def test_python_and_the_figure_share_a_state():
    fig = figure()
    fig.lr, fig.batch = 0.01, 9
    assert fig.state["rules"][0]["hyper"]["lr"] == 0.01 and fig.rule.lr == 0.01 and fig.state["batch"] == 9
    fig.state = {**fig.state, "chains": 3, "start": [0.5, 0.5]}
    assert fig.chains == 3 and fig.paths.shape == (201, 3, 2) and fig.paths[0, 2].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("more, sentence", [
    ({}, "their mean loss over the second half of 200 steps is 0.00"), ({"rule": GD(lr=8.0)}, "60 of them diverge; theory knows no floor"),
    ({"surface": S.double_well}, "on the surface double well with gradient noise 0.5"),
    ({"sigma": 0, "start": (0.0, 0.0)}, "theory says 0")])
def test_the_still_drawing_speaks_in_numbers(more, sentence):
    drawing, alt, table = figure(**more).still()
    assert sentence in alt and len(drawing.axes) == 2 and len(table["rows"]) == 11


@pytest.mark.parametrize("wrong, kind, sentence", [
    (dict(steps=0), ValueError, "steps is 0"), (dict(chains=501), ValueError, "chains is 501; give a whole number from 1 to 500"),
    (dict(batch=0.5), ValueError, "batch is 0.5"), (dict(sigma=-1), ValueError, "sigma is -1"), (dict(seed=-1), ValueError, "seed is -1"),
    (dict(start=(1.0,)), ValueError, "wants 2 finite numbers"), (dict(title=""), TypeError, "needs a title"),
    (dict(surface=S.quadratic(10, dimension=1)), TypeError, "as the figures draw it"), (dict(rule="GD"), TypeError, "rules such as")])
def test_python_refuses_what_cannot_be_drawn(wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        figure(**wrong)
