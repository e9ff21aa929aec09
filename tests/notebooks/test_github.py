"""The notebooks as GitHub shows them: what survives its Markdown and its allowlist, and what a browser draws of it."""

import html
import re
import sys

import nbformat
import pytest
from markdown_it import MarkdownIt

from tests.notebooks.github import shown
from tests.notebooks.test_stored import NOTEBOOKS, ROOT, read

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from gd_math import mathjax

EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))
FORMULA = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$[^$\n]+?\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def prose(notebook):
    return [CODE.sub("", cell.source) for cell in notebook.cells if cell.cell_type == "markdown"]


def eaten(notebook):
    """Formulas of which a Markdown that knows no formulas takes a backslash for an escape, or a _ or * for emphasis.

    GitHub's has been seen to do so (jupyter/nbviewer, issues 784 and 877). Remedy: \\cr for \\\\, \\ast for *, \\lbrace for \\{, no \\,
    """
    words, found = lambda text: " ".join(text.split()), []
    for source in prose(notebook):
        read_as = words(html.unescape(re.sub(r"<[^>]+>", "", MarkdownIt("commonmark").enable("table").render(source))))
        found += [formula for formula in FORMULA.findall(source) if words(formula) not in read_as]
    return found


@pytest.mark.parametrize("path", NOTEBOOKS + EXERCISES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_no_formula_is_eaten_by_markdown(path):
    assert eaten(read(path)) == []
    # "\beta" written by a program that took the backslash and its letter for one character
    assert not [source for source in prose(read(path)) if re.search(r"[\x00-\x08\x0b-\x1f]", source)]


@pytest.mark.parametrize("formula", [r"$a\,b$", r"$$a\\b$$", r"$\{1\}$", r"$(x)_i$ and $x'_{j}$", r"$x^*y$ and $x^*$"])
def test_eaten_is_seen(formula):
    assert eaten(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"So {formula} it is.")]))


# -- in a browser -----------------------------------------------------------------------------------------------------------------------

SEEN = r"""async () => {
await MathJax.startup.promise;
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), loose = [];
while (texts.nextNode()) {
  const { data, parentElement } = texts.currentNode;
  if (/[$]|<\/?[a-z]/.test(data) && !parentElement.closest("pre, code, mjx-container")) loose.push(data.trim().slice(0, 80));
}
const all = (selector) => [...document.querySelectorAll(selector)];
return {
  formulas: all("mjx-container").length,
  bad: all("mjx-merror, mjx-mtext[style*='color: red']").map((e) => e.textContent),  // red: a command that MathJax does not know
  loose,
  pictures: all("img").length,
  undrawn: all("img").filter((i) => i.naturalWidth < 100 || !i.alt).map((i) => i.alt),
  answers: all("details").length,
};
}"""


@pytest.fixture
def look(chromium, tmp_path):
    """look(notebook): what a browser sees of its page, drawings and formulas ready."""

    def seen(notebook):
        (tmp_path / "page.html").write_text(shown(notebook, mathjax().as_uri()), encoding="utf-8")
        page = chromium.new_page()
        try:
            page.goto((tmp_path / "page.html").as_uri())
            return page.evaluate(SEEN)
        finally:
            page.close()

    return seen


@pytest.mark.parametrize("path", NOTEBOOKS + EXERCISES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_formulas_pictures_and_answers_are_all_there(look, path):
    notebook = read(path)
    seen = look(notebook)
    assert (seen["bad"], seen["loose"], seen["undrawn"]) == ([], [], [])
    outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert seen["pictures"] == sum(any(mime.startswith("image/") for mime in data) for data in outputs)
    sources = "\n".join(prose(notebook) + [data.get("text/markdown", "") for data in outputs])
    assert seen["formulas"] == len(FORMULA.findall(sources)) > 0
    assert seen["answers"] == sources.count("<details>") > 0


def test_what_is_wrong_on_github_is_seen(look):
    cells = [nbformat.v4.new_markdown_cell(r"$\nosuch{x}$ is unknown, this $ is alone, and <details>an answer"),
             nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data={"image/svg+xml": "<svg"})])]
    seen = look(nbformat.v4.new_notebook(cells=cells))
    assert seen["bad"] and seen["loose"] and seen["undrawn"]
    assert (seen["formulas"], seen["answers"], seen["pictures"]) == (1, 1, 1)
