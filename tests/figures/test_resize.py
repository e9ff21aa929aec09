"""A window that changes its size, as when a phone is turned: every kind of figure draws itself anew, and stays where it was."""

import pytest

from gdcore.figures import live
from tests.figures import (
    test_basins,
    test_depth,
    test_descent,
    test_fit,
    test_gridworld,
    test_line,
    test_map,
    test_noise,
    test_population,
    test_race,
    test_schedule,
    test_spectrum,
    test_taught,
)
from tests.figures.conftest import settle

FIGURES = {
    "basins": test_basins.figure, "depth": test_depth.figure, "descent": test_descent.figure, "fit": test_fit.figure,
    "gridworld": test_gridworld.figure,
    "walk": test_line.walk, "secants": test_line.secants, "map": test_map.figure, "noise": test_noise.figure,
    "population": test_population.figure, "race": test_race.figure,
    "schedule": test_schedule.figure, "spectrum": test_spectrum.figure,
    "taught": test_taught.figure,
}  # fmt: skip
LOOK = """() => ({
  page: document.documentElement.scrollWidth,
  state: JSON.stringify(document.querySelector("figure.gd-live").figure.state),
  panels: document.querySelector("figure.gd-live").figure.plots.map(({canvas, box, density}) => {
    const {width, height} = box.getBoundingClientRect();
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
    copy.drawImage(canvas, 0, 0);
    const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data;
    let right = 0;  // the last column with ink
    pixels.forEach((v, i) => { if (i % 4 === 3 && v) right = Math.max(right, ((i - 3) / 4) % canvas.width); });
    return {width, off: Math.abs(canvas.width - width * density) + Math.abs(canvas.height - height * density), right: right / canvas.width};
  }),
})"""


@pytest.mark.parametrize("kind", FIGURES)
def test_it_follows_the_window(open_figures, kind):
    page = open_figures(FIGURES[kind](), height=3000)
    before = page.evaluate(LOOK)
    for width in (390, 900):
        page.set_viewport_size({"width": width, "height": 3000})
        page.wait_for_timeout(100)
        settle(page)
        now = page.evaluate(LOOK)
        assert now["page"] <= width and now["state"] == before["state"]
        for panel in now["panels"]:
            assert panel["off"] <= 2 and 0.9 <= panel["right"] < 1  # as many pixels as it has room, and drawn to the edge
    assert [panel["width"] for panel in now["panels"]] == [panel["width"] for panel in before["panels"]]
    assert page.errors == [] and page.locator(".gd-live-error").count() == 0


def test_after_it_the_start_lies_where_it_is_touched(open_figures):
    page = open_figures(test_descent.figure(), height=3000)
    page.set_viewport_size({"width": 390, "height": 3000})
    page.wait_for_timeout(100)
    settle(page)
    grip = page.get_by_role("button", name="start at")
    box, panel = grip.bounding_box(), page.locator(".gd-live-plot").first.bounding_box()
    page.mouse.click(panel["x"] + 0.7 * panel["width"], panel["y"] + 0.4 * panel["height"])
    settle(page)
    moved = grip.bounding_box()
    assert moved["x"] + moved["width"] / 2 == pytest.approx(panel["x"] + 0.7 * panel["width"], abs=1.5)
    assert moved["y"] + moved["height"] / 2 == pytest.approx(panel["y"] + 0.4 * panel["height"], abs=1.5)
    assert abs(moved["x"] - box["x"]) > 10


def test_a_long_name_of_an_axis_stays_on_the_canvas(open_figures):
    name = "errors on the validation part, per cent"
    page = open_figures(live.race({"SGD": {"steps": [0, 1, 2], "losses": [3.0, 2.0, 1.0]}}, title="Long", label=name), width=390)
    rows = page.evaluate("""() => {
        const {canvas, density} = document.querySelector("figure.gd-live").figure.plots[0], found = new Set();
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
        copy.drawImage(canvas, 0, 0);
        const wide = Math.round(14 * density), pixels = copy.getImageData(0, 0, wide, canvas.height).data;
        pixels.forEach((v, i) => { if (i % 4 === 3 && v) found.add(Math.floor(i / 4 / wide)); });
        return [Math.min(...found), canvas.height - 1 - Math.max(...found)];
    }""")
    assert min(rows) > 0
