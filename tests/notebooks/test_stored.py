"""The notebooks as they are stored: executed in order, free of errors and of traces of a machine, every picture described."""

import ast
import copy
import pathlib
import re

import nbformat
import pytest

from tests.notebooks.github import TAGS
from tools.run_notebooks import FOLDED, normalise

ROOT = pathlib.Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
SECONDS = re.compile(r"\*\*running\*\*[^.]*?(\d+) seconds", re.I)


def read(path):
    return nbformat.read(path, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    """(cell, output) pairs."""
    return [(cell, output) for cell in code(notebook) for output in cell.outputs]


def texts(notebook):
    """All that is stored as text: sources, and outputs but pictures."""
    for cell in notebook.cells:
        yield cell.source
    for _, output in outputs(notebook):
        yield output.get("text", "")
        yield from (str(data) for mime, data in output.get("data", {}).items() if not mime.startswith("image/png"))


# -- what is wrong with a notebook, in words: each function is tested on a notebook that has the fault -------------------------------


def unexecuted(notebook):
    counts = [cell.execution_count for cell in code(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"cells ran in the order {counts}"]


def errors(notebook):
    return [output.evalue for _, output in outputs(notebook) if output.output_type == "error"]


def warnings(notebook):
    return [output.text for _, output in outputs(notebook) if output.output_type == "stream" and output.name == "stderr"]


def traces_of_a_machine(notebook):
    """Absolute paths, addresses of objects, figures' reprs."""
    marks = r"(?:/(?:home|root|Users|tmp|work|opt|usr|var|mnt)/\S+|[A-Z]:\\\w+|\bat 0x[0-9a-f]{6,}|<(?:Axes|Figure|matplotlib)\b[^>]*>)"
    return [found for text in texts(notebook) for found in re.findall(marks, text)]


def pictures_without_alt(notebook):
    faults = []
    for cell, output in outputs(notebook):
        for mime in output.get("data", {}):
            alt = output.metadata.get(mime, {}).get("alt", "")
            if mime.startswith("image/") and len(alt.split()) < 8:
                faults.append(f"{mime} in cell {cell.execution_count}: alt text {alt!r}")
    return faults


def roles(notebook):
    """MyST roles and directives, which GitHub and JupyterLab show raw: plain links and quotes are read everywhere."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.findall(r"\{[a-z:-]+\}`[^`]*`|^```\{.*|^:::.*", prose, flags=re.MULTILINE)


def html_that_github_drops(notebook):
    """Elements outside the allowlist of github.com. (Styles go there too: words must carry it.)"""
    written = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    written += [output.get("data", {}).get(mime, "") for _, output in outputs(notebook) for mime in ("text/html", "text/markdown")]
    prose = re.sub(r"```.*?```|`[^`\n]*`|\$[^$]*\$", "", "\n".join(written), flags=re.DOTALL)
    return sorted(set(re.findall(r"<([a-z][a-z0-9-]*)[\s/>]", prose)) - TAGS)


def dead_links(notebook):
    """Links to files that are neither beside the notebook, where GitHub and JupyterLab follow them, nor chapters to come."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    targets = set(re.findall(r"\]\((?![a-z]+:)([^)#\s]+)", prose))
    planned = (ROOT / "book" / "chapters.yml").read_text(encoding="utf-8")
    return sorted(t for t in targets if not (ROOT / "chapters" / t).exists() and t.removesuffix(".ipynb") not in planned)


def untagged_reasons(notebook):
    """A cell that is left out of the comparison is tagged and says why in its metadata, and checks a claim instead or is only slow."""
    left_out = lambda cell: "nbval-ignore-output" in cell.metadata.get("tags", []) or "nbval" in cell.source.lower()
    return [cell.source for cell in code(notebook) if left_out(cell) and not cell.metadata.get("reason")]


def bad_first_cell(notebook):
    first = code(notebook)[0].source
    only_imports = all(isinstance(line, (ast.Import, ast.ImportFrom)) for line in ast.parse(first).body)
    return [] if only_imports and len(first.splitlines()) <= 5 else [first]


def long_cells(notebook):
    return [cell.source for cell in code(notebook) if len(cell.source.splitlines()) > 16 and "long" not in cell.metadata.get("tags", [])]


def wide_lines(notebook):
    return [line for cell in code(notebook) for line in cell.source.splitlines() if len(line) > 88]


def without_claims(notebook):
    ticks = sum(output.text.count("✓") for _, output in outputs(notebook) if output.output_type == "stream")
    return [] if ticks >= 5 else [f"{ticks} claims"]


def not_normal(notebook):
    return [] if normalise(copy.deepcopy(notebook)) == notebook else ["run `make run`: the notebook is not in its normal form"]


def incomplete(notebook):
    """A chapter begins with a promise and ends with a quiz and its sources."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    wanted = (
        "> **After this chapter**",
        "**You need**",
        "**Reading** takes",
        "## What can go wrong",
        "## Take away",
        "## Quiz",
        "## Sources",
    )
    return [part for part in wanted if part not in prose]


def unexplained_options(notebook):
    """Every option of the quiz says why."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    quiz = prose.partition("## Quiz")[2].partition("\n## ")[0]
    options = re.findall(r"<details><summary>(.*?)</summary>(.*?)</details>", quiz, flags=re.DOTALL)
    return [option for option, why in options if len(why.split()) < 3] or ([] if len(options) >= 9 else ["too few options"])


def open_plumbing(notebook):
    """Open cells with a claim, or with nothing but figures: plumbing stands folded, in cells of its own with what it alone needs."""
    return [cell.source for cell in code(notebook) if FOLDED not in cell.metadata.get("tags", []) and _is_plumbing(cell.source)]


def ticks_above_the_answer(notebook):
    """A folded answer stands before the ticks that would give it away."""
    pairs = zip(notebook.cells, notebook.cells[1:])
    return [below.source for above, below in pairs if below.cell_type == "markdown" and below.source.startswith("<details><summary>Answer")
            and above.cell_type == "code" and _is_plumbing(above.source) and "live." not in above.source]  # fmt: skip


def _is_plumbing(source):
    lines = ast.parse(source).body
    called = [ast.unparse(line.value.func) for line in lines if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)]
    return "claim" in called or (lines and len(called) == len(lines) and all(re.fullmatch(r"show|live\.\w+", name) for name in called))


FAULTS = [unexecuted, errors, warnings, traces_of_a_machine, pictures_without_alt, roles, html_that_github_drops, dead_links,
          untagged_reasons, bad_first_cell, long_cells, wide_lines, without_claims, not_normal, incomplete,
          unexplained_options, open_plumbing, ticks_above_the_answer]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_fault(path, fault):
    assert fault(read(path)) == []


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 3


# -- each of these looks for something: planted, it is found -------------------------------------------------------------------------

CELL = nbformat.v4.new_code_cell
PICTURE = {"image/png": "aGVsbG8="}
PLANTED = {
    unexecuted: CELL("1", execution_count=None),
    errors: CELL("1 / 0", outputs=[nbformat.v4.new_output("error", ename="ZeroDivisionError", evalue="division by zero")]),
    warnings: CELL("1", outputs=[nbformat.v4.new_output("stream", name="stderr", text="UserWarning: beware")]),
    traces_of_a_machine: CELL("1", outputs=[nbformat.v4.new_output("stream", text="saved to /home/someone/file")]),
    pictures_without_alt: CELL("1", outputs=[nbformat.v4.new_output("display_data", data=PICTURE)]),
    roles: nbformat.v4.new_markdown_cell("as Cauchy found {cite}`cauchy1847methode`"),
    html_that_github_drops: CELL("1", outputs=[nbformat.v4.new_output("display_data", data={"text/html": "<p>a <svg/></p>"})]),
    dead_links: nbformat.v4.new_markdown_cell("see [the next one](04_nowhere.ipynb#top)"),
    untagged_reasons: CELL("1", metadata={"tags": ["nbval-ignore-output"]}),
    bad_first_cell: CELL("x = 1"),
    long_cells: CELL("x = 1\n" * 20),
    wide_lines: CELL("x" * 89),
    without_claims: CELL("1"),
    not_normal: CELL("1", metadata={"execution": {"started": "today"}}),
    incomplete: nbformat.v4.new_markdown_cell("# A title"),
    open_plumbing: CELL('x = 1\nclaim("one is one", x == 1)'),
    ticks_above_the_answer: [CELL('claim("one is one", True)'),
                             nbformat.v4.new_markdown_cell("<details><summary>Answer</summary>One.</details>")],
    unexplained_options: nbformat.v4.new_markdown_cell("## Quiz\n<details><summary>a) Yes</summary></details>"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_a_planted_fault_is_found(fault):
    planted = PLANTED[fault]
    assert fault(nbformat.v4.new_notebook(cells=planted if isinstance(planted, list) else [planted]))


# -- a tick that compares shows its number -------------------------------------------------------------------------------------------

COMPARES = re.compile(r"\b(more|less|fewer|most|least|times|within|below|above|higher|lower|larger|smaller|further|nearer|twice|half"
                      r"|third|tenth|hundredth|thousandth|per cent|faster|slower)\b|%")  # fmt: skip
def bare_ticks(notebook):
    """Ticks whose sentence compares and that show no number beside it."""
    lines = [line for _, output in outputs(notebook) for line in output.get("text", "").splitlines() if line.startswith("✓")]
    return [line for line in lines if not re.search(r"  \(.* = .*\)$", line) and COMPARES.search(line)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_tick_that_compares_shows_its_number(path):
    assert bare_ticks(read(path)) == []


def test_a_bare_tick_is_found():
    said = "✓ two beat one\n✓ n = 2 is more than one\n✓ two are more than one  (two = 2)\n"
    cell = CELL("1", outputs=[nbformat.v4.new_output("stream", text=said)])
    assert bare_ticks(nbformat.v4.new_notebook(cells=[cell])) == ["✓ n = 2 is more than one"]
