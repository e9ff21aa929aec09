"""Running notebooks: the stored file is replaced whole, or not at all; a second run changes nothing."""

import subprocess
import sys

import nbformat
import pytest

from tests.notebooks.test_stored import ROOT
from tools.run_notebooks import normalise

pytestmark = pytest.mark.slow


def write(path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def run(*paths):
    return subprocess.run([sys.executable, ROOT / "tools" / "run_notebooks.py", *paths], capture_output=True, text=True)


def test_a_run_stores_outputs_and_a_second_one_changes_nothing(tmp_path):
    path = write(tmp_path / "a.ipynb", "import sys\nprint(1)\nprint(2, flush=True)   ", "print('out'); print('err', file=sys.stderr); 3")
    first = run(path)
    assert first.returncode == 0 and "written" in first.stdout
    notebook = nbformat.read(path, as_version=4)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    assert notebook.cells[0].outputs == [{"output_type": "stream", "name": "stdout", "text": "1\n2\n"}]
    assert "execution" not in notebook.cells[0].metadata
    before = path.read_bytes()
    assert "unchanged" in run(path).stdout
    assert path.read_bytes() == before


def test_an_error_leaves_the_file_as_it_was(tmp_path):
    path = write(tmp_path / "a.ipynb", "print(1)", "1 / 0")
    before = path.read_bytes()
    done = run(path)
    assert done.returncode != 0 and "ZeroDivisionError" in done.stderr and "as it was" in done.stderr
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.ipynb"]


def test_without_a_path_it_asks_for_one():
    done = run()
    assert done.returncode != 0 and "Give their paths" in done.stderr


@pytest.mark.parametrize("text, normal", [
    ("/tmp/ipykernel_77/1234.py:3: UserWarning", "cell.py:3: UserWarning"),
    ("nothing of that kind", "nothing of that kind"),
])  # fmt: skip
def test_the_kernels_own_paths_are_taken_out(text, normal):
    output = nbformat.v4.new_output("stream", name="stderr", text=text)
    notebook = normalise(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])]))
    assert notebook.cells[0].outputs[0].text == normal


FIGURE = "from gdcore import surfaces as S\nfrom gdcore.figures import live\nfrom gdcore.rules import GD"
LIVE = "live.descent(S.himmelblau, GD(lr=0.01), steps=20, title='Down the valley')"


def compare(path):
    """What nbval says of a notebook, as `make test` asks it."""
    sanitize = ROOT / "tests" / "notebooks" / "sanitize.cfg"
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-sanitize-with", sanitize, "-p", "no:cacheprovider", path]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent)


@pytest.mark.slow
def test_a_living_figure_is_stored_without_its_kernel_and_nbval_compares_it(tmp_path):
    path = write(tmp_path / "a.ipynb", FIGURE, LIVE)
    assert run(path).returncode == 0
    notebook = nbformat.read(path, as_version=4)
    [output] = notebook.cells[1].outputs
    assert set(output.data) == {"application/vnd.gdcore.figure+json", "image/svg+xml", "text/plain"}
    assert "widgets" not in notebook.metadata and "unchanged" in run(path).stdout
    assert compare(path).returncode == 0
    output.data["application/vnd.gdcore.figure+json"]["state"]["steps"] = 21  # stale: the author has changed the figure since
    nbformat.write(notebook, path)
    found = compare(path)
    assert found.returncode == 1 and "gdcore.figure+json" in found.stdout
