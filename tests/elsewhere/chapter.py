"""`python -m tests.elsewhere.chapter 25_cnn_images …`: run all code cells of chapters on the device elsewhere, and say what fails."""

import os
import pathlib
import sys
import time

import matplotlib
import nbformat
from IPython.core.interactiveshell import InteractiveShell

from tests.elsewhere.device import register

CHAPTERS = pathlib.Path(__file__).parents[2] / "chapters"


def failures(name):
    """The sources of those cells that raise."""
    shell = InteractiveShell()
    notebook = nbformat.read(CHAPTERS / f"{name}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code" and not shell.run_cell(cell.source).success]


def main():
    matplotlib.use("agg")
    os.environ["GDCORE_DEVICE"] = str(register())
    os.chdir(CHAPTERS)
    found = {}
    for name in sys.argv[1:]:
        begin = time.perf_counter()
        found[name] = failures(name)
        print(f"\n{name}: {len(found[name])} cells failed elsewhere, {time.perf_counter() - begin:.0f} s\n", flush=True)
    return any(found.values())


if __name__ == "__main__":
    sys.exit(main())
