"""Living figures in JupyterLab: the reader moves Python, and Python moves the figure.

A server on this machine only, in a folder of its own, opened in a real browser.
"""

import json
from pathlib import Path

import nbformat
import nbformat.sign
import pytest
from playwright.sync_api import expect

from tests.jupyterlab import jupyterlab
from tools.run_notebooks import KERNEL, run

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CELLS = (
    "import ipywidgets\nfrom gdcore import surfaces as S\nfrom gdcore.figures import live\nfrom gdcore.rules import GD, HeavyBall",
    "fig = live.descent(S.himmelblau, GD(lr=0.01), start=(-1.0, 0.5), steps=50, title='Down', ranges={'lr': (0.001, 0.02)})\n"
    "heard = []\nfig.observe(lambda change: heard.append([change.name, change.new]), ['lr', 'start'])\nfig",
    "twin = live.descent(S.himmelblau, HeavyBall(lr=0.01), steps=50, title='Twin')\n"
    "knob = ipywidgets.FloatSlider(value=0.01, max=0.02, step=0.001)\n"
    "ipywidgets.link((knob, 'value'), (twin, 'lr'))\nipywidgets.HBox([twin, knob])",
    "race = live.race({}, title='A training')\nrace",
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of its own; yields its address."""
    folder, home = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), folder / "fresh.ipynb")
    stored = run(nbformat.v4.new_notebook(cells=cells[:2]), ROOT)
    (home / "data").mkdir()
    nbformat.sign.NotebookNotary(data_dir=str(home / "data")).sign(stored)  # trusted, as `make lab` does
    nbformat.write(stored, folder / "stored.ipynb")
    with jupyterlab(home, folder) as lab:
        yield lab.url.rstrip("/")


class Book:
    """A notebook that is open in Lab."""

    def __init__(self, context, address, name):
        self.page = context.new_page()
        self.errors = []
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.goto(f"{address}/lab/tree/{name}?reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60000)
        self.page.wait_for_function("() => globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel", timeout=60000)

    def command(self, name, **arguments):
        self.page.evaluate("([name, told]) => jupyterapp.commands.execute(name, told)", [name, arguments])

    def python(self, code):
        """What the kernel prints, as JSON."""
        said = self.page.evaluate("""async (code) => {
            const done = jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({code});
            let said = "";
            done.onIOPub = (message) => (said += message.content.text ?? message.content.evalue ?? "");
            await done.done;
            return said;
        }""", code)  # fmt: skip
        return json.loads(said) if said else None

    def until(self, code, good):
        """Ask the kernel until the answer is right; the last answer."""
        for _ in range(50):
            answer = self.python(code)
            if good(answer):
                break
            self.page.wait_for_timeout(100)
        return answer


@pytest.fixture(scope="module")
def book(chromium, lab):
    with chromium.new_context(viewport={"width": 1200, "height": 1600}) as context:
        made = Book(context, lab, "fresh.ipynb")
        made.command("notebook:run-all-cells")
        made.page.wait_for_function("() => document.querySelectorAll('figure.gd-live-on').length === 3", timeout=90000)
        yield made


STATE = "(i) => document.querySelectorAll('figure.gd-live')[i].figure.state"


def test_the_figures_are_drawn_without_a_complaint(book):
    assert book.page.locator(".gd-live-error").count() == 0 and book.errors == []
    painted = """() => [...document.querySelectorAll("figure.gd-live canvas")].slice(0, 4).map((c) =>
        c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0))"""
    book.page.wait_for_function(f"({painted})().every((one) => one)")
    widths = book.page.evaluate("() => [...document.querySelectorAll('figure.gd-live')].slice(0, 2).map((f) => f.clientWidth)")
    assert widths[0] > 600 and widths[1] > 400  # the second shares its row with a slider


def test_keys_move_a_slider_and_python_hears_it_and_lab_does_not(book):
    cell = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"
    slider, typed = (book.page.get_by_label("η of GD: learning rate").nth(i) for i in (0, 1))
    typed.click()
    before, cells = book.page.evaluate(cell), book.page.locator(".jp-Cell").count()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp"):
        slider.press(key)
    rate = book.until("import json; print(json.dumps(fig.lr))", lambda lr: lr > 0.01)
    assert 0.01 < rate < 0.0102
    typed.press("ControlOrMeta+a")
    typed.press_sequentially("1.5e-2")
    typed.press("Enter")
    assert book.until("print(fig.lr)", lambda lr: lr == 0.015) == 0.015
    slider.focus()
    for key in ("d", "d", "b", "x"):  # in Lab's command mode they delete, insert and cut cells
        book.page.keyboard.press(key)
    assert book.page.locator(".jp-Cell").count() == cells and book.page.evaluate(cell) == before
    assert ["lr", 0.015] in book.python("print(json.dumps(heard))")


def test_the_start_is_dragged_and_python_follows(book):
    box = book.page.get_by_role("button", name="start at").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    book.page.mouse.move(x, y)
    book.page.mouse.down()
    book.page.mouse.move(x + 60, y - 30, steps=10)
    book.page.mouse.up()
    book.page.wait_for_timeout(500)
    start = book.page.evaluate(STATE, 0)["start"]
    assert start[0] > -0.5 and start[1] > 0.8
    assert book.until("print(json.dumps(fig.start))", lambda told: told == start) == start
    assert book.python("print(json.dumps(fig.paths[0][0].tolist()))") == start


def test_python_moves_the_figure_and_links_hold(book):
    book.python("fig.lr = 0.0123; fig.steps = 60")
    book.page.wait_for_function(f"() => ({STATE})(0).steps === 60 && ({STATE})(0).rules[0].hyper.lr === 0.0123")
    expect(book.page.get_by_label("η of GD: learning rate").nth(1)).to_have_value("0.0123")  # shown with the next frame
    book.python("knob.value = 0.004")
    book.page.wait_for_function(f"() => ({STATE})(1).rules[0].hyper.lr === 0.004")
    book.page.get_by_label("η of HeavyBall: learning rate").nth(1).fill("0.007")
    book.page.get_by_label("η of HeavyBall: learning rate").nth(1).press("Enter")
    assert book.until("print(knob.value)", lambda value: value > 0.0069) == pytest.approx(0.007)


def test_a_training_pushes_its_points_while_the_reader_moves_the_rest(book):
    book.python("for t in range(5): race.push('Adam', step=t, loss=1 / (t + 1), seconds=t / 4)")
    grown = "(n) => document.querySelectorAll('figure.gd-live')[2].figure.kind.runs()[0]?.times.length === n"
    book.page.wait_for_function(grown, arg=5)
    # the kernel is busy: what the reader does must neither be lost nor undo what is pushed
    running = "import time\nfor t in range(5, 15): race.push('Adam', step=t, loss=1 / (t + 1), seconds=t / 4); time.sleep(0.1)"
    book.page.evaluate("(code) => void jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({code})", running)
    book.page.wait_for_function("() => document.querySelectorAll('figure.gd-live')[2].figure.kind.runs()[0].times.length > 6")
    book.page.get_by_label("clock", exact=True).select_option("seconds")
    book.page.wait_for_function(grown, arg=15)
    assert book.page.evaluate(STATE, 2)["clock"] == "seconds"
    found = book.python("print(json.dumps([race.clock, len(race.medians['Adam'][0])]))")
    assert found == ["seconds", 15]


def test_the_figure_follows_labs_dark_theme(book):
    ink = "() => document.querySelector('figure.gd-live').figure.colors.ink"
    light = book.page.evaluate(ink)
    book.command("apputils:change-theme", theme="JupyterLab Dark")
    book.page.wait_for_function(f"(light) => ({ink})() !== light", arg=light)
    assert book.page.evaluate(ink) == "#dbe1e8" and book.page.locator(".gd-live-error").count() == 0
    book.command("apputils:change-theme", theme="JupyterLab Light")
    book.page.wait_for_function(f"(light) => ({ink})() === light", arg=light)
    assert book.errors == []


def test_a_stored_notebook_shows_the_still_drawing_before_it_is_run(chromium, lab):
    with chromium.new_context(viewport={"width": 1200, "height": 1000}) as context:
        stored = Book(context, lab, "stored.ipynb")
        picture = stored.page.locator(".jp-RenderedSVG")
        picture.wait_for()
        assert picture.bounding_box()["width"] > 400 and stored.page.get_by_text("Loading widget").count() == 0
        assert stored.errors == []
