"""Execute notebooks and store their outputs in one normal form: `python tools/run_notebooks.py chapters/*.ipynb`.

A notebook is replaced only when every cell has run, so an error or Ctrl-C leaves it as it was. A second run on the same
machine changes nothing but pictures and timings that a cell is tagged for.
"""

import copy
import os
import pathlib
import re
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}
FOLDED = "hide-input"  # the tag of plumbing: one line to open it in the page, collapsed in JupyterLab
WIDGET = "application/vnd.jupyter.widget-view+json"  # the key to a widget of a kernel that is gone: beside it a still drawing is not shown
TIMEOUT = 600  # seconds for one cell
READING = re.compile(r"(\*\*Reading\*\* takes about )\d+( minutes)")
WORDS, LINE, FIGURE = 140, 5 / 60, 1.0  # words a minute; minutes for a line of open code, and for a figure: slow readers of mathematics


def main(paths):
    if not paths:
        sys.exit("Which notebooks? Give their paths, such as chapters/01_loss.ipynb.")
    for number, path in enumerate(map(pathlib.Path, paths), 1):
        print(f"[{number}/{len(paths)}] {path} …", end=" ", flush=True)
        begin = time.perf_counter()
        try:
            changed = store(path, run(nbformat.read(path, as_version=4), path.parent))
        except CellExecutionError as error:
            sys.exit("failed; the file is as it was.\n\n" + re.sub(r"\x1b\[[\d;]*m", "", str(error)))  # without its colours
        print(f"{'written' if changed else 'unchanged'}, {time.perf_counter() - begin:.0f} s")


def run(notebook, folder):
    """A copy of the notebook with fresh outputs, normalised."""
    notebook = copy.deepcopy(notebook)
    NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return normalise(notebook)


def normalise(notebook):
    """The same notebook without what differs from run to run or from machine to machine."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for cell in notebook.cells:
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").splitlines())
        keep = {key: cell.metadata[key] for key in ("tags", "mystnb", "reason") if key in cell.metadata}
        if FOLDED in keep.get("tags", []):
            keep["jupyter"] = {"source_hidden": True}
        cell.metadata = nbformat.from_dict(keep)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [_normal_output(output, count) for output in _joined(cell.outputs)]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = READING.sub(rf"\g<1>{minutes(notebook)}\g<2>", cell.source)
    return notebook


def minutes(notebook):
    """How long a reader takes who reads every sentence and every line of open code, a multiple of 5. Folded answers do not count."""
    prose = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    words = len(re.sub(r"<details>.*?</details>", "", prose, flags=re.DOTALL).split())
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lines = sum(bool(line.strip()) for cell in code if FOLDED not in cell.metadata.get("tags", []) for line in cell.source.splitlines())
    figures = sum(any(mime.startswith("image/") for mime in output.get("data", {})) for cell in code for output in cell.outputs)
    return max(5, 5 * round((words / WORDS + lines * LINE + figures * FIGURE) / 5))


def _joined(outputs):
    """Neighbouring pieces of one stream as one piece."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream" and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _normal_output(output, count):
    if "execution_count" in output:
        output.execution_count = count
    output.get("data", {}).pop(WIDGET, None)
    if output.output_type == "stream":
        output.text = re.sub(r"/\S*?/ipykernel_\d+/\d+\.py", "cell.py", output.text)
    return output


def store(path, notebook):
    """Write the notebook whole or not at all; whether it changed anything."""
    text = nbformat.writes(notebook) + "\n"
    if text == path.read_text(encoding="utf-8"):
        return False
    nbformat.validate(notebook)
    beside = path.with_suffix(".ipynb.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
