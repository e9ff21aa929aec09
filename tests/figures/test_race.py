"""The race figure: recorded runs by any clock, followed by reader and Python, and equal to NumPy."""

import json

import numpy as np
import pytest

from gdcore.figures import live
from gdcore.figures.live.spec import MIME
from tests.figures.conftest import settle

NUMBERS = "() => document.querySelector('figure.gd-live').figure.kind.runs()"
STATE = "() => document.querySelector('figure.gd-live').figure.state"


def runs(points=60, seeds=4):
    """A quick starter, one that is slow by steps and quick by seconds, and one of whose seeds most explode."""
    rng, t = np.random.default_rng(1), np.arange(points)
    noisy = lambda curve: curve * rng.uniform(0.9, 1.1, (seeds, points))
    explodes = noisy(2.0 * 1.5**t)
    explodes[1:, 30:] = np.nan
    return {
        "starter": {"losses": noisy(2 * np.exp(-t / 8) + 0.1), "score": noisy(np.ones(points)), "steps": 10 * t, "seconds": t / 7},
        "finisher": {"losses": noisy(2 * np.exp(-t / 20) + 0.05), "score": noisy(t / points), "steps": 10 * t, "seconds": t / 90},
        "exploder": {"losses": explodes, "score": np.where(np.isnan(explodes), np.nan, 0.1), "steps": 10 * t, "seconds": t / 40},
    }


def figure(**more):
    return live.race(runs(), title="Two clocks, two winners", question="Who is ahead?", label="test loss", metric="score", **more)


def test_it_draws_and_its_numbers_are_those_of_numpy(open_figures):
    fig = figure()
    page = open_figures(fig)
    assert page.errors == [] and page.locator(".gd-live-error").count() == 0
    for found, (name, run) in zip(page.evaluate(NUMBERS), runs().items(), strict=True):
        times, median = fig.medians[name]
        rows = np.where(np.isnan(run["losses"]), np.inf, run["losses"])
        read = lambda values: np.array([np.inf if v is None else v for v in values], float)
        assert found["times"] == times.tolist() == run["steps"].tolist()
        assert np.allclose(read(found["losses"][0]), median, rtol=1e-10)
        for row, expected in zip(found["losses"], (np.median(rows, axis=0), rows.min(axis=0), rows.max(axis=0)), strict=True):
            assert np.allclose(read(row), expected, rtol=6e-4)  # kept to four digits
        assert np.allclose(read(found["metric"][0]), np.nanmedian(run["score"], axis=0), rtol=6e-4)


def test_at_the_cursor_each_run_shows_its_last_point_by_then(open_figures):
    fig = figure(clock="seconds")
    page = open_figures(fig)
    page.get_by_label("step", exact=True).fill("37")
    settle(page)
    at = (59 / 7) * 37 / 200
    for found, (times, median) in zip(page.evaluate(NUMBERS), fig.medians.values(), strict=True):
        expected = median[np.flatnonzero(times <= at)[-1]]
        assert found["reached"] == pytest.approx(expected, rel=1e-10) or not np.isfinite(expected)
    assert page.get_by_label("step", exact=True).get_attribute("aria-valuetext") == "after 1.56 seconds"


def test_the_reader_chooses_clock_and_axis_and_another_run_is_ahead(open_figures):
    page = open_figures(figure())
    ahead = lambda: [text.split("\n")[0] for text in page.locator(".gd-live-racer").all_inner_texts() if text.endswith("ahead")]
    page.get_by_label("step", exact=True).fill("33")
    settle(page)
    assert ahead() == ["starter"]
    page.get_by_label("clock", exact=True).select_option("seconds")
    page.get_by_label("loss axis").select_option("linear")
    settle(page)
    assert ahead() == ["finisher"] and page.evaluate(STATE)["scale"] == "linear" and page.errors == []
    assert page.get_by_label("clock", exact=True).locator("option").all_inner_texts() == ["steps", "seconds"]


def test_behind_a_loss_of_zero_stands_the_distance_and_no_infinite_factor(open_figures):
    exact, far = ({"losses": losses, "steps": [0, 1, 2]} for losses in ([1.0, 0.0, 0.0], [1.0, 0.5, 0.25]))
    page = open_figures(live.race({"exact": exact, "another": exact, "far": far}, title="To nought"))
    page.get_by_label("step", exact=True).fill("200")
    settle(page)
    said = [text.split("\n")[-1] for text in page.locator(".gd-live-racer").all_inner_texts()]
    assert [text.partition(", ")[2] for text in said] == ["ahead", "+0", "+0.25"] and page.errors == []


def test_a_run_is_lifted_out_by_click_and_key_and_the_mouse_moves_the_cursor(open_figures):
    page = open_figures(figure())
    toggle = page.get_by_role("button", name="finisher")
    toggle.press("Enter")
    settle(page)
    assert page.evaluate(STATE)["chosen"] == "finisher" and toggle.get_attribute("aria-pressed") == "true"
    assert page.locator(".gd-live-faint").count() == 2
    toggle.click()
    settle(page)
    assert page.evaluate(STATE)["chosen"] is None
    box = page.locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    settle(page)
    assert 80 < page.evaluate(STATE)["step"] < 110 and page.locator(".gd-live-faint").count() == 0
    # over a curve its run is lifted out in all panels
    x, y = page.evaluate("""() => {
        const {figure} = document.querySelector("figure.gd-live"), run = figure.kind.runs()[0], [plot] = figure.plots;
        const box = plot.canvas.getBoundingClientRect();
        return [box.left + plot.x(run.times[20]) + 1, box.top + plot.y(run.losses[0][20])]; }""")
    page.mouse.move(x, y)
    settle(page)
    faint = page.locator(".gd-live-faint").all_inner_texts()
    assert len(faint) == 2 and not any("starter" in text for text in faint)


@pytest.mark.parametrize("settings", [dict(width=390, has_touch=True), dict(theme="dark")])
def test_on_a_phone_and_in_the_dark_nothing_overflows_and_a_tap_moves_the_cursor(open_figures, settings):
    alone = live.race({"a long name of a run": {"losses": [3, 2, 1]}}, title="Alone")
    page = open_figures(figure(), alone, **settings)
    assert page.evaluate("document.documentElement.scrollWidth") <= settings.get("width", 900) and page.errors == []
    box = page.locator("canvas").first.bounding_box()
    spot = (box["x"] + box["width"] / 2, box["y"] + 20)
    page.touchscreen.tap(*spot) if "has_touch" in settings else page.mouse.click(*spot)
    settle(page)
    assert 80 < page.evaluate(STATE)["step"] < 120
    sizes = page.evaluate("() => [...document.querySelectorAll('.gd-live-plot')].map((p) => p.clientHeight)")
    assert min(sizes) >= 230


def test_a_screen_reader_hears_who_is_ahead(open_figures):
    page = open_figures(figure())
    page.wait_for_function("() => document.querySelector('[role=status]').textContent.length > 10")
    told = page.locator("[role=status]").inner_text()
    assert told.startswith("after 590 steps starter is ahead, test loss 0.0933; finisher: 0.149") and "exploder" not in told


def test_a_logarithmic_clock_shares_the_axis_by_factors_and_its_end_is_exact(open_figures):
    runs = {"short": {"losses": [4.0, 3.0, 2.0], "gradients": [0, 3, 10]}, "long": {"losses": [4.0, 2.0, 1.0], "gradients": [3, 300, 3859]}}
    fig = live.race(runs, title="By factors", clock="gradients", clock_scale="log")
    page = open_figures(fig)
    at = lambda: page.get_by_label("step", exact=True).get_attribute("aria-valuetext")
    assert at() == "after 3859 gradients" and [run["reached"] for run in page.evaluate(NUMBERS)] == [2, 1]
    page.get_by_label("step", exact=True).fill("100")
    settle(page)
    fig.step, middle = 100, int((3 * 3859) ** 0.5)
    assert at() == f"after {middle} gradients" and [run["reached"] for run in page.evaluate(NUMBERS)] == [2, 4]
    drawing, alt, table = fig.still()
    assert f"After {middle} gradients the loss is: short 2; long 4." in alt and drawing.axes[0].get_xscale() == "log"
    assert [row[0] for row in table["rows"]][::5] == [3, middle + 1, 3859]
    box = page.locator("canvas").first.bounding_box()
    for x, step in ((60, 0), (box["width"] - 14, 200)):  # the margins of the panel
        page.mouse.click(box["x"] + x, box["y"] + 50)
        settle(page)
        assert abs(page.evaluate(STATE)["step"] - step) <= 1 and page.errors == []


def test_colours_begin_again_dashed_where_the_author_says(open_figures):
    raced = {f"{name}, {size}": {"losses": [2, 1 / k]} for size in (1, 2) for k, name in enumerate("abc", start=1)}
    fig = live.race(raced, title="Three on two tasks", colors=3)
    lines = open_figures(fig).locator(".gd-live-racer").evaluate_all(
        "made => made.map((m) => [getComputedStyle(m).borderTopStyle, m.style.getPropertyValue('--racer')])")
    assert [style for style, _ in lines] == ["solid"] * 3 + ["dashed"] * 3
    assert [color for _, color in lines[:3]] == [color for _, color in lines[3:]] and len({color for _, color in lines}) == 3
    drawn = fig.still()[0].axes[0].get_lines()[:6]
    assert [line.get_linestyle() for line in drawn] == ["-"] * 3 + ["--"] * 3
    assert [line.get_color() for line in drawn[:3]] == [line.get_color() for line in drawn[3:]]


def stored(**data):
    plain = figure()._repr_mimebundle_()[0][MIME]
    return {**plain, "data": {**plain["data"], **data}}


@pytest.mark.parametrize("broken, sentence", [
    (stored(runs=7), "its data holds no runs"),
    (stored(runs=[{"name": "a", "losses": [[1, 2]], "steps": [0]}]), 'The run "a" needs one value for each of its steps'),
    (stored(runs=[{"name": "a", "losses": 3, "steps": [0]}]), 'The run "a" needs one value'),
    (stored(runs=[{"name": "a", "losses": [[1, 2]]}]), 'The run "a" needs one value for each of its steps'),
    ({**stored(), "state": {"clock": "moons", "scale": "log", "step": 200}}, 'There is no clock "moons"; known are steps'),
    ({**stored(), "state": {"clock": "steps", "scale": "cubic", "step": 200}}, 'There is no scale "cubic"'),
    ({**stored(), "state": {"clock": "steps", "scale": "log", "step": "far"}}, 'step is "far"; give a number from 0 to 200')])  # fmt: skip
def test_a_malformed_figure_says_what_is_wrong(open_figures, broken, sentence):
    page = open_figures(broken)
    assert sentence in page.locator(".gd-live-error").inner_text() and page.errors == []


def test_runs_without_points_or_values_are_drawn_all_the_same(open_figures):
    nothing = live.race({"lost": {"losses": [np.nan, np.nan]}, "zero": {"losses": [0.0, 0.0]}}, title="Nothing to see")
    page = open_figures(live.race({}, title="Waiting"), nothing, live.race({"one": {"losses": [1.0]}}, title="One point"))
    assert page.errors == [] and page.locator(".gd-live-error").count() == 0
    assert "diverged" in page.locator(".gd-live-racer").first.inner_text()


# -- Python ------------------------------------------------------------------------------------------------------------------------


def test_the_figure_grows_with_what_is_pushed():
    fig = live.race({}, title="A training", metric="score")
    for step in range(3):
        fig.push("Adam", step=step, loss=[1 / (step + 1), 2.0], seconds=step / 3, metric=[0.5, 0.25])
    [run] = fig.spec["data"]["runs"]
    assert run == {"name": "Adam", "losses": [[1.5, 1.25, 1.167], [1.0, 0.5, 0.3333], [2.0] * 3], "steps": [0, 1, 2],
                   "metric": [[0.375] * 3, [0.25] * 3, [0.5] * 3], "seconds": [0.0, 0.3333, 0.6667]}
    with pytest.raises(ValueError, match="steps of the run 'Adam' went back from 2 to 1"):
        fig.push("Adam", step=1, loss=[1, 1], seconds=2, metric=[1, 1])
    with pytest.raises(ValueError, match="has losses, metric, steps, seconds of several seeds, and so must"):
        fig.push("Adam", step=3, loss=1, metric=1)


def test_long_runs_are_kept_in_forty_kilobytes():
    long = {name: {"losses": np.random.default_rng(0).random((5, 3000)), "seconds": np.arange(3000) / 77} for name in "abcd"}
    fig = live.race(long, title="Long")
    assert len(json.dumps(fig._repr_mimebundle_()[0][MIME])) < 40_000
    run = fig.spec["data"]["runs"][0]
    assert run["steps"][0] == 0 and run["steps"][-1] == 2999 and run["losses"][2][-1] == float(f"{long['a']['losses'][:, -1].max():.4g}")
    grown = live.race({}, title="Grown")
    for step in range(1500):
        grown.push("a", step=step, loss=[1.0, 2.0, 3.0])
    steps = grown.spec["data"]["runs"][0]["steps"]
    assert len(steps) <= 1000 and steps[0] == 0 and steps[-1] == 1499 and max(np.diff(steps)) <= 3


def test_python_and_the_reader_share_clock_cursor_and_choice():
    fig = figure()
    fig.clock, fig.step = "seconds", 37
    assert fig.state["clock"] == "seconds" and fig.medians["finisher"][0][-1] == pytest.approx(59 / 90, rel=1e-3)
    drawing, alt, table = fig.still()
    assert alt.startswith("Two clocks, two winners. After 1.56 seconds the test loss is: starter ")
    assert "; finisher 0.149 (0.144 to 0.166); exploder diverged." in alt
    assert table["columns"] == ["seconds", "starter", "finisher", "exploder"] and len(table["rows"]) == 11
    assert [ax.get_yscale() for ax in drawing.axes] == ["log", "linear"]
    fig.clock = "gradients"
    with pytest.raises(ValueError, match="clock is 'gradients'; all runs have steps and seconds"):
        fig.still()


@pytest.mark.parametrize("wrong, kind, sentence", [
    (dict(runs=[1, 2]), TypeError, "runs is a list; a race takes a dict"),
    (dict(runs={"a": [1, 2]}), TypeError, "has no losses"),
    (dict(runs={"a": {"losses": [1, 2], "steps": [0]}}), ValueError, r"steps of the run 'a' have the shape \(1,\); they must be 2 values"),
    (dict(runs={"a": {"losses": [1, 2], "seconds": [1, 0]}}), ValueError, "seconds of the run 'a' must be numbers from 0 that do not fall"),
    (dict(runs={"a": {"losses": [1, 2]}}, metric="score"), ValueError, "has no score"),
    (dict(clock="hours"), ValueError, "clock is 'hours'"),
    (dict(clock_scale="cubic"), ValueError, "clock_scale is 'cubic'"), (dict(colors=5), ValueError, "colors is 5"),
    (dict(scale="cubic"), ValueError, "'log' or 'linear'"), (dict(title=""), TypeError, "needs a title"),
    (dict(runs={str(i): {"losses": [1]} for i in range(9)}), ValueError, "shows up to 8")])  # fmt: skip
def test_python_refuses_what_cannot_be_drawn(wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        live.race(**{"runs": {"a": {"losses": [2, 1]}}, "title": "A title", **wrong})
