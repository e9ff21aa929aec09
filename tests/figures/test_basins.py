"""The basins figure: its maps are what gdcore reaches, found in a worker or without one; the reader drags, types and taps."""

import functools

import numpy as np
import pytest

from gdcore import surfaces as S
from gdcore.figures import live
from gdcore.figures.live.columns import on_points
from gdcore.figures.live.kinds.basins import endpoints
from gdcore.figures.live.spec import MIME
from gdcore.minimize import minimize
from gdcore.rules import GD, LARS, SAM, Adam, HeavyBall, Lookahead, Nesterov, Shampoo
from tests.figures.conftest import settle

STATE = "() => document.querySelector('figure.gd-live').figure.state"
DONE = "() => document.querySelector('figure.gd-live').figure.kind.maps.every((map) => map.found().done)"
FOUND = "() => document.querySelector('figure.gd-live').figure.kind.maps.map((map) => map.found())"
MAP = "(Worker) => { globalThis.Worker = eval(Worker); const root = document.querySelector('figure.gd-live'), spec = " \
    "JSON.parse(root.querySelector('script').textContent); root.figure.destroy(); root.figure = gdLive.mount(root, spec); }"  # fmt: skip


def figure(rules=None, surface=S.himmelblau, **more):
    rules = rules or [GD(lr=0.01), HeavyBall(lr=0.01, momentum=0.5)]
    return live.basins(surface, rules, **{"side": 21, "title": "Two maps", "question": "Whose borders?", "start": (-1.0, 0.5)} | more)


@functools.cache
def stored():
    """Two maps as a notebook stores them: drawn once for all tests that only look at their page."""
    return figure()._repr_mimebundle_()[0][MIME]


def found(page):
    """[(minima, which, steps)] of the maps, once they are there; which and steps row by row from below."""
    page.wait_for_function(DONE)
    maps = []
    for map in page.evaluate(FOUND):
        cells = np.array(map["cells"]).reshape(-1, 4)
        cells = cells[np.argsort(cells[:, 0])]
        assert (cells[:, 0] == np.arange(len(cells))).all()
        maps.append((np.array(map["minima"]), cells[:, 1], cells[:, 2]))
    return maps


def starts(surface, side=21):
    return np.stack(np.meshgrid(*(np.linspace(*side_, side) for side_ in surface.box)), -1).reshape(-1, 2)


# -- the numbers -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("surface, rule", [(S.himmelblau, GD(lr=0.01)), (S.styblinski_tang(), Nesterov(lr=0.01, momentum=0.5)),
                                           (S.valley_saddle, HeavyBall(lr=0.1, momentum=0.8)), (S.himmelblau, Shampoo(lr=2.0))])
def test_every_start_of_the_map_reaches_what_gdcore_reaches(open_figures, surface, rule):
    [(minima, which, steps)] = found(open_figures(figure(rule, surface, start=None)))
    none = 0
    for start, k, taken in zip(starts(surface), which, steps, strict=True):
        trace = minimize(surface, start, on_points(rule), 500, tolerance=1e-4, progress=False)
        assert trace.step == taken
        if k:
            assert trace.status == "converged" and np.hypot(*(trace.x[-1] - minima[k - 1])) < 0.1
        else:
            none += 1
            assert trace.status != "converged" or np.hypot(*trace.x[-1]) < 0.1  # the pass between two valleys is no minimum
    assert none == (21 if surface is S.valley_saddle else 0)


def test_unlisted_minima_are_found_and_neighbours_differ(open_figures):
    page = open_figures(figure(GD(lr=0.002), S.rastrigin(), side=41, start=None))
    [(minima, which, _)] = found(page)
    assert len(minima) == 121 and set(which) == set(range(1, 122))
    assert np.allclose(np.linalg.norm([S.rastrigin().gradient(m) for m in minima], axis=1), 0, atol=1e-4)
    theirs, reached, _ = figure(GD(lr=0.002), S.rastrigin()).map(GD(lr=0.002), 41)
    assert np.allclose(minima[which - 1], theirs[reached.ravel() - 1], atol=1e-5)


def test_finer_maps_keep_what_coarse_ones_found(open_figures):
    coarse, fine = (found(open_figures(figure(GD(lr=0.01), side=side)))[0] for side in (21, 81))
    for k in (1, 2):
        assert (fine[k].reshape(81, 81)[::4, ::4] == coarse[k].reshape(21, 21)).all()


@pytest.mark.parametrize("rule", [GD(lr=0.01), GD(lr=0.2), Lookahead(Adam(lr=0.3), sync_period=3), SAM(GD(lr=0.01)),
                                  LARS(lr=0.1, trust=0.05)])
def test_many_starts_at_once_end_where_each_ends_alone(rule):
    some = starts(S.himmelblau, 5)
    ends, taken = endpoints(S.himmelblau, rule, some, 60)
    for start, end, step in zip(some, ends, taken):
        trace = minimize(S.himmelblau, start, rule, 60, tolerance=1e-4, progress=False)
        if trace.status == "converged":
            assert step == trace.step and np.allclose(end, trace.x[-1], rtol=1e-10)
        else:
            assert np.isnan(end).all()


# -- with a worker and without -----------------------------------------------------------------------------------------------------


def test_a_worker_does_the_work_from_the_disk(open_figures):
    page = open_figures(stored())
    found(page)
    assert page.url.startswith("file:") and len(page.workers) == 2
    page.evaluate("() => document.querySelector('figure.gd-live').figure.destroy()")
    alone(page)


def alone(page):
    """Wait until the page has no worker any more."""
    for _ in range(50):
        if not page.workers:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{len(page.workers)} workers are left")


REFUSALS = ["(class { constructor() { throw new Error('no workers here'); } })",
            "(class { constructor() { setTimeout(() => this.onerror(new Event('error'))); } postMessage() {} terminate() {} })"]


@pytest.mark.parametrize("refused", REFUSALS)
def test_where_workers_are_refused_the_page_does_it(open_figures, refused):
    page = open_figures(stored())
    expected = found(page)
    page.evaluate(MAP, refused)
    for one, other in zip(found(page), expected, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other))
    alone(page)
    assert page.errors == []


# -- the reader --------------------------------------------------------------------------------------------------------------------


def test_it_draws_without_a_complaint(open_figures):
    one = figure(GD(lr=0.01))._repr_mimebundle_()[0][MIME]
    for settings in ({}, {"theme": "dark"}, {"width": 390}):
        draws(open_figures(stored(), one, height=4000, **settings))


def draws(page):
    found(page)
    settle(page)
    assert page.errors == [] and page.locator(".gd-live-error").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shades = page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => new Set(new Uint32Array(c.getContext('2d')"
                           ".getImageData(0, 0, c.width, c.height).data.buffer)).size)")
    assert len(shades) == 4 and min(shades) > 50


def test_a_start_is_dragged_tapped_and_moved_by_arrows(open_figures):
    page = open_figures(stored())
    grip = page.get_by_role("button", name="start of GD at")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y + 50, steps=4)
    page.mouse.up()
    settle(page)
    dragged = page.evaluate(STATE)["start"]
    assert dragged[0] < -1.8 and dragged[1] < -0.5
    assert "reaches (−3.78, −3.28)" in page.locator("output").first.inner_text()
    page.get_by_role("button", name="start of HeavyBall at").press("ArrowUp")
    settle(page)
    assert page.evaluate(STATE)["start"] == pytest.approx([dragged[0], dragged[1] + 0.1])
    canvas = page.locator("canvas").first.bounding_box()
    page.locator("canvas").first.click(position={"x": canvas["width"] * 0.8, "y": canvas["height"] * 0.2})
    settle(page)
    assert page.evaluate(STATE)["start"][0] > 1 and "reaches (3, 2)" in page.locator("output").first.inner_text()


def test_a_slider_draws_the_map_anew(open_figures):
    page = open_figures(figure(GD(lr=0.01), ranges={"lr": (0.001, 0.03)}))
    before = found(page)[0]
    typed = page.get_by_label("η of GD: learning rate").nth(1)
    typed.fill("0.02")
    typed.press("Enter")
    settle(page)
    after = found(page)[0]
    assert page.evaluate(STATE)["rules"][0]["hyper"]["lr"] == 0.02 and not np.array_equal(before[2], after[2])
    typed.fill("0.3")
    typed.press("Enter")
    settle(page)
    assert (found(page)[0][1] == 0).mean() > 0.9 and "diverges at step" in page.locator("output").inner_text()


def test_a_screen_reader_hears_the_shares(open_figures):
    page = open_figures(stored())
    found(page)
    page.wait_for_function("() => /HeavyBall.*starts end/.test(document.querySelector('[role=status]').textContent)")
    words = page.locator("[role=status]").inner_text()
    assert words.startswith("GD from (−1, 0.5) reaches (−2.81, 3.13) after 18 steps; 26 % of the starts end at (−2.81, 3.13), 25 %")


def test_a_malformed_figure_says_what_is_wrong(open_figures):
    wrong = [
        ({"rules": []}, "0 rules were given"), ({"rules": [{"rule": "Adamm"}]}, 'There is no rule "Adamm"'), ({"side": 22}, "side is 22"),
        ({"start": ["nan", 0]}, "cannot begin at"), ({"steps": 1e9}, "steps is 1000000000"), ({"box": [[1, 1], [0, 1]]}, "box"),
        ({"surface": {"surface": "double_well"}}, "double_well has 1 variable"), ({"surface": {"surface": "moon"}}, 'no surface "moon"'),
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
    fig.lr = 0.02
    assert fig.state["rules"][0]["hyper"]["lr"] == 0.02 and fig.rules[0] == GD(lr=0.02) and len(fig.paths) == 2
    fig.state = {**fig.state, "start": [1.0, 1.0]}
    assert fig.start == [1.0, 1.0] and fig.paths[0][0].tolist() == [1.0, 1.0]


def test_the_still_drawing_speaks_in_numbers():
    drawing, alt, table = figure().still()
    assert "GD from (−1, 0.5) reaches (−2.81, 3.13) after 18 steps; 26% of the starts end at" in alt
    assert sum(row[2] for row in table["rows"] if row[0] == "GD") == pytest.approx(1)
    assert len(drawing.axes) == 2


@pytest.mark.parametrize("wrong, kind, sentence", [
    (dict(steps=0), ValueError, "from 1 to 5000"), (dict(start=(1.0,)), ValueError, "wants 2 finite numbers"),
    (dict(side=20), ValueError, "side is 20"), (dict(title=" "), TypeError, "needs a title"),
    (dict(rules=[GD()] * 3), ValueError, "3 rules"), (dict(surface=S.double_well), TypeError, "two variables"),
    (dict(rules=["GD"]), TypeError, "rules such as")])
def test_python_refuses_what_cannot_be_drawn(wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        figure(**wrong)
