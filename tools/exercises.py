"""The students' notebooks, made from solutions/: `python -m tools.exercises` writes exercises/, the same bytes each time.

What stands between the lines ### BEGIN SOLUTION and ### END SOLUTION (the markers of nbgrader) becomes `...`. At the margin it
becomes nothing: there the line above has the dots to fill in. Outputs go. A notebook in exercises/ that somebody has run holds
their answers, and is left as it is.
"""

import json
import os
import pathlib
import re
import sys

import nbformat

from tools.run_notebooks import KERNEL, LANGUAGE

ROOT = pathlib.Path(__file__).parents[1]
BEGIN, END, STUB = "### BEGIN SOLUTION", "### END SOLUTION", "..."
KEPT = ("tags", "nbgrader")  # of a cell's metadata


def main(root=ROOT):
    for source in sorted((root / "solutions").glob("*.ipynb")):
        target = root / "exercises" / source.name
        try:
            text = exercise(nbformat.read(source, as_version=4))
        except ValueError as error:
            sys.exit(f"{source.name}: {error}")
        old = target.read_text(encoding="utf-8") if target.exists() else None
        if text != old and old is not None and was_run(old):
            print(f"exercises/{source.name}: left as it is, since it was run and may hold answers; rename it to have it made anew")
            continue
        if text != old:
            beside = target.with_suffix(".ipynb.new")
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, target)
        print(f"exercises/{source.name}: {'unchanged' if text == old else 'written'}")


def was_run(text):
    """Whether a cell of this notebook was ever run; what cannot be read, after a merge for instance, counts as not run."""
    try:
        return any(cell.get("execution_count") for cell in json.loads(text)["cells"])
    except (ValueError, KeyError):
        return False


def exercise(notebook):
    """The text of the student's notebook; ValueError for a solution region that does not begin or does not end."""
    cells = []
    for number, cell in enumerate(notebook.cells):
        new = {"cell_type": cell.cell_type, "id": f"c{number:03}", "source": cell.source.rstrip(),
               "metadata": {k: cell.metadata[k] for k in KEPT if k in cell.metadata}}
        if cell.cell_type == "code":
            new |= {"source": stripped(new["source"], number), "outputs": [], "execution_count": None}
        cells.append(nbformat.from_dict(new))
    metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE}
    made = nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    nbformat.validate(made)
    return nbformat.writes(made) + "\n"


def stripped(source, number=0):
    """The source with a stub, indented as its region was, in place of each solution; at the margin with nothing."""
    lines, inside = [], False
    for line in source.split("\n"):
        if line.strip() in (BEGIN, END):
            if inside == (line.strip() == BEGIN):
                raise ValueError(f"cell {number} has {line.strip()!r} where the other marker belongs; the two must alternate.")
            if not inside and line != BEGIN:
                lines.append(re.match(r"\s*", line)[0] + STUB)
            inside = not inside
        elif not inside:
            lines.append(line)
    if inside:
        raise ValueError(f"cell {number} has {BEGIN!r} without {END!r}; close the region.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
