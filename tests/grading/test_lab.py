"""The exercises as a new student does them: in a real JupyterLab, in a browser, from the files in exercises/ alone."""

import json
import os
import shutil

import pytest

from gdcore.check.declaration import manual_questions, question, questions
from tests.grading.common import NAMES, QUESTIONS, ROOT, code
from tests.jupyterlab import jupyterlab
from tools.exercises import BEGIN, END

pytestmark = pytest.mark.slow

WRONG = {  # the answer that comes to mind first, in the words of a student
    "01.2": "def mse(prediction, y):\n    return np.mean((prediction - y) ** 2)",
    "02.3": """def backward(parents, local):
    slopes = np.zeros(len(parents))
    slopes[-1] = 1
    for k in reversed(range(len(parents))):
        slopes[parents[k]] += slopes[k] * local[k]
    return slopes""",
    "03.2": """def descend(gradient, x, lr, steps):
    path = [x]
    for _ in range(steps):
        path.append(path[-1] + lr * gradient(path[-1]))
    return np.array(path, dtype=float)""",
    "06.2": """def roll(gradient, x, lr, momentum, steps):
    path, v = [x], np.zeros(len(x))
    for _ in range(steps):
        v = momentum * v + gradient(path[-1])
        path.append(path[-1] + lr * v)
    return np.array(path, dtype=float)""",
    "25.3": """def filter_slope(x, slope):
    h, w = x.shape
    padded = np.pad(x, 1)
    return np.array([[np.mean(slope * padded[a : a + h, b : b + w])
                      for b in range(3)] for a in range(3)])""",
    "26.5": "def turned(ids, lengths):\n    return ids[:, ::-1]",
    "27.3": """def ssru(f, u, before):
    c, outs = before, []
    for keep, fresh in zip(f, u):
        c = np.maximum(keep * c + (1 - keep) * fresh, 0)
        outs.append(c)
    return np.array(outs), c""",
}
RIGHT = {
    "01.2": "def mse(prediction, y):\n    return np.mean((np.ravel(prediction) - np.ravel(y)) ** 2)",
    "02.3": WRONG["02.3"].replace("slopes[parents[k]] +=", "np.add.at(slopes, parents[k],").replace("local[k]\n", "local[k])\n"),
    "03.2": WRONG["03.2"].replace("+ lr", "- lr"),
    "06.2": WRONG["06.2"].replace("+ lr", "- lr"),
    "25.3": WRONG["25.3"].replace("np.mean", "np.sum"),
    "26.5": """def turned(ids, lengths):
    out = np.zeros_like(ids)
    for row, words, length in zip(out, ids, lengths):
        row[:length] = words[:length][::-1]
    return out""",
    "27.3": """def ssru(f, u, before):
    c, outs = before, []
    for keep, fresh in zip(f, u):
        c = keep * c + (1 - keep) * fresh
        outs.append(np.maximum(c, 0))
    return np.array(outs), c""",
}
TRIED = {"06_momentum.ipynb": ("06.2", 0, "dark"), "25_cnn_images.ipynb": ("25.3", 0, "light")}
if os.environ.get("GDCORE_TEST_ALL"):
    TRIED |= {
        "01_loss.ipynb": ("01.2", 0, "light"), "02_gradient.ipynb": ("02.3", 2, "dark"), "03_learning_rate.ipynb": ("03.2", 0, "dark"),
        "26_rnn_sentiment.ipynb": ("26.5", 0, "dark"), "27_transformer_translation.ipynb": ("27.3", 3, "light"),
    }  # fmt: skip
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on this machine only, on a free port, with settings of its own and a copy of what a student gets."""
    home = tmp_path_factory.mktemp("lab")
    for folder in ("exercises", "chapters"):
        shutil.copytree(ROOT / folder, home / "book" / folder, ignore=shutil.ignore_patterns(".*", "*progress*"))
    (home / "config/labconfig").mkdir(parents=True)  # an extension that is none of ours, but may be installed: it hides all triangles
    (home / "config/labconfig/page_config.json").write_text('{"disabledExtensions": {"jupyterlab-myst": true}}')
    with jupyterlab(home, home / "book") as lab:
        yield lab


class Notebook:
    """A notebook in JupyterLab, used as with keyboard and mouse."""

    def __init__(self, page):
        self.page = page
        self.cells = page.locator(".jp-Notebook .jp-CodeCell")

    def cell(self, begins):
        """The code cell that begins with these words."""
        sources = self.cells.locator(".cm-content").all_inner_texts()
        found = [i for i, source in enumerate(sources) if source.strip().startswith(begins)]
        assert len(found) == 1, (begins, sources)
        return self.cells.nth(found[0])

    def type(self, cell, source):
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def run(self, cell):
        """Run a cell with Ctrl+Enter, once the kernel is at rest, and wait until it has run once more."""
        self.rest()
        prompt = cell.locator(".jp-InputPrompt")
        arg = [prompt.element_handle(), prompt.inner_text()]
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+Enter")
        self.page.wait_for_function("([e, before]) => /\\d/.test(e.innerText) && e.innerText !== before", arg=arg)
        return cell

    def rest(self):
        """Wait until the kernel is connected and idle: Lab drops a key that comes before."""
        self.page.wait_for_function("""() => {
            const session = globalThis.jupyterapp?.shell.currentWidget?.sessionContext;
            const kernel = session?.session?.kernel;
            return session?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle";
        }""")

    def check(self, id):
        """Run the cell that checks a question; what it shows."""
        return self.run(self.cell(f'check("{id}"')).locator(".gd-check")


@pytest.fixture
def notebook(lab, chromium, request):
    """The notebook of a theme, open in a page of its own, with a kernel at rest."""
    name, theme = request.param
    lab.set("apputils-extension/themes", theme=THEMES[theme])
    lab.set("notebook-extension/tracker", windowingMode="none")  # all cells are in the page, also those far below
    lab.set("apputils-extension/notification", fetchNews="false")
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{lab.url}lab/tree/exercises/{name}?reset")
    page.wait_for_selector(f'body[data-jp-theme-name="{THEMES[theme]}"]', state="attached")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
    page.wait_for_function("n => document.querySelectorAll('.jp-Notebook .jp-CodeCell .cm-content').length === n", arg=cells_of(lab, name))
    made = Notebook(page)
    made.rest()
    yield made
    context.close()


def cells_of(lab, name):
    stored = json.loads((lab.root / "exercises" / name).read_text(encoding="utf-8"))
    return sum(cell["cell_type"] == "code" for cell in stored["cells"])


_CONTRAST = r"""(report) => {
  const light = ([r, g, b]) => [0.2126, 0.7152, 0.0722].reduce((sum, w, i) => {
    const c = [r, g, b][i] / 255;
    return sum + w * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  }, 0);
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const ground = light(channels(getComputedStyle(report.closest(".jp-Notebook")).backgroundColor));
  return Math.min(...[...report.querySelectorAll("p, td, summary")].map((e) => {
    const ink = light(channels(getComputedStyle(e).color));
    return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
  }));
}"""


def test_the_notebooks_that_are_tried_have_all_kinds_of_questions():
    """What JupyterLab does with a notebook depends on these, not on its chapter; with GDCORE_TEST_ALL seven are tried."""
    assert set(TRIED) <= set(NAMES)
    assert {q.kind for name in TRIED for q in questions(name[:2]).values()} == {q.kind for q in QUESTIONS}
    assert any(question(id).steps for id, *_ in TRIED.values())  # a path is drawn


# without their numbers: these are the price of JupyterLab, not of the chapters that stand for all
@pytest.mark.parametrize("notebook", [(name, TRIED[name][2]) for name in TRIED], indirect=True, ids=[name[3:] for name in TRIED])
def test_a_student_is_told_a_mistake_mends_it_and_answers_all_the_rest(notebook, request, lab):
    name, _ = request.node.callspec.params["notebook"]
    of = sum(q.points for q in questions(name[:2]).values())
    notebook.run(notebook.cells.first)
    id = a_mistake_is_told_and_mended(notebook, name)
    worth = question(id).points
    sums_up(notebook, lab, name, {id: 1.0}, f"{worth} of {of} points", f"{name[:2]} {worth} of {of}")
    all_is_answered(notebook, name)
    sums_up(notebook, lab, name, dict.fromkeys(questions(name[:2]), 1.0), f"{of} of {of} points", f"{name[:2]} {of} of {of}")


def a_mistake_is_told_and_mended(notebook, name):
    """One question, as a student meets it: the dots, the answer that comes to mind first, the right one; the question's id."""
    id, number, _ = TRIED[name]
    asked, mistake = question(id), question(id).mistakes[number]
    answer = notebook.run(notebook.cell(f"def {asked.name}"))
    assert "nothing is written yet" in notebook.check(id).inner_text()
    notebook.type(answer, WRONG[id])
    notebook.run(answer)
    report = notebook.check(id)
    plain = "".join(report.inner_text().split())
    assert "".join(mistake.name.replace("`", "").split()) in plain
    assert report.locator("details[open]").count() == 0 and not report.locator("details code").first.is_visible()
    for summary in (report.locator("summary").first, notebook.page.locator(".jp-MarkdownCell summary").first):
        assert "disclosure-closed" in summary.evaluate("(e) => getComputedStyle(e).listStyle")  # a triangle says that it opens
    report.locator("summary").first.click()
    assert report.locator("details[open]").count() == 1
    assert report.locator("svg").count() == (1 if asked.steps else 0)
    assert report.evaluate(_CONTRAST) >= 3  # bold marks count as large text; all else is the page's own ink

    notebook.type(answer, RIGHT[id])
    notebook.run(answer)
    assert asked.success[:40] in notebook.check(id).inner_text()
    return id


def all_is_answered(notebook, name):
    """Each cell from top to bottom, with the book's answer where a student writes one; each check says that it is right."""
    cells = code("solutions", name)
    assert notebook.cells.count() == len(cells)
    checked = []
    for number, source in enumerate(cells[:-1]):
        cell = notebook.cells.nth(number)
        if BEGIN in source:
            notebook.type(cell, "\n".join(line for line in source.split("\n") if line.strip() not in (BEGIN, END)))
        notebook.run(cell)
        assert cell.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0, source
        if source.startswith("check("):
            checked.append(source.split('"')[1])
            said = cell.locator(".gd-check").inner_text()
            assert _right(checked[-1]) in "".join(said.split()), said
    assert checked == [*questions(name[:2]), *manual_questions(name[:2])]


def _right(id):
    """What a check says of the book's answer, without spaces and marks of code."""
    said = "A person reads it, and looks for this:" if id in manual_questions() else f"Right. {question(id).success}"
    return "".join(said.replace("`", "").split())


def sums_up(notebook, lab, name, shares, total, on_the_map):
    """`check.all()` and `check.progress()` in the last cell, and what is kept."""
    last = notebook.cells.last
    notebook.type(last, "check.all()")
    said = notebook.run(last).locator(".gd-check").inner_text()
    by_hand = sum(q.points for q in manual_questions(name[:2]).values())
    assert total in said and (f"{by_hand} more, from a person" in said) == (by_hand > 0)
    kept = json.loads((lab.root / "exercises/gdcore_progress.json").read_text())["shares"]
    assert {id: share for id, share in kept.items() if id[:2] == name[:2]} == shares
    notebook.type(last, "check.progress()")
    drawn = notebook.run(last).locator(".gd-check").inner_text()
    assert on_the_map in drawn and "In the world" in drawn
