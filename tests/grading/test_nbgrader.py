"""The markers of our sources are nbgrader's: its release version of a solution notebook is our exercise."""

import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest

from tests.grading.common import NAMES, ROOT, notebook

PAGE = (ROOT / "book/for_teachers.md").read_text(encoding="utf-8")


def source_of_config():
    """The page's nbgrader_config.py."""
    return next(block for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL) if "get_config" in block)


def config():
    """What it sets."""
    c = SimpleNamespace(CourseDirectory=SimpleNamespace(), ClearSolutions=SimpleNamespace(), IncludeHeaderFooter=SimpleNamespace())
    exec(source_of_config(), {"get_config": lambda: c})
    return c.ClearSolutions


def cleared(source, begin, end, stub):
    """nbgrader 0.9.6, preprocessors/clearsolutions.py, _replace_solution_region, for a code cell."""
    new_lines, in_solution = [], False
    for line in source.split("\n"):
        if begin in line:
            assert not in_solution, "encountered nested begin solution statements"
            in_solution = True
            indent = re.match(r"\s*", line).group(0)
            new_lines += [indent + stub_line for stub_line in stub.split("\n")]
        elif end in line:
            in_solution = False
        elif not in_solution:
            new_lines.append(line)
    assert not in_solution, "no end solution statement found"
    return "\n".join(new_lines)


def same(release, exercise):
    """nbgrader puts its stub at the margin too, where ours has none."""
    return re.sub(r"\n\.\.\.$", "", release) == exercise


@pytest.mark.parametrize("name", NAMES)
def test_its_release_version_is_our_exercise(name):
    c = config()
    pairs = list(zip(notebook("solutions", name).cells, notebook("exercises", name).cells, strict=True))
    for ours, exercise in pairs:
        if ours.cell_type == "code":
            release = cleared(ours.source, c.begin_solution_delimeter, c.end_solution_delimeter, c.code_stub["python"])
            assert same(release, exercise.source)
            assert cleared(ours.source, "BEGIN SOLUTION", "END SOLUTION", "...") == release  # with nbgrader's defaults as well
    assert sum("BEGIN SOLUTION" in ours.source for ours, _ in pairs) >= 6


def generated(tmp_path, *paths):
    """What `nbgrader generate_assignment` says, and the folder of what it makes of notebooks, in a course such as the page describes."""
    (tmp_path / "source/loss").mkdir(parents=True)
    for path in paths:
        shutil.copy(path, tmp_path / "source/loss")
    (tmp_path / "nbgrader_config.py").write_text(source_of_config(), encoding="utf-8")
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # it calls alembic, which stands beside Python
    line = [sys.executable, "-m", "nbgrader", "generate_assignment", "loss", "--create"]
    done = subprocess.run(line, cwd=tmp_path, env=os.environ | own, capture_output=True, text=True)
    assert "No module named nbgrader" not in done.stderr, "nbgrader is missing: pip install -r requirements-test.txt"
    return done, tmp_path / "release/loss"


def differences(release, name):
    """The numbers of the cells in which nbgrader's release version is another than our exercise."""
    cells = zip(nbformat.read(release, as_version=4).cells, notebook("exercises", name).cells, strict=True)
    return [number for number, (cell, exercise) in enumerate(cells) if not same(cell.source, exercise.source)]


@pytest.mark.slow
def test_nbgrader_itself_makes_our_exercises(tmp_path):
    done, release = generated(tmp_path, *(ROOT / "solutions" / name for name in NAMES))
    assert done.returncode == 0, done.stderr
    assert {name: differences(release / name, name) for name in NAMES} == dict.fromkeys(NAMES, [])


@pytest.mark.slow
@pytest.mark.parametrize("marker, damaged, said", [
    ("### BEGIN SOLUTION", "### BEGIN THE SOLUTION", ""),
    ("### END SOLUTION", "### THE END", "no end solution statement found"),
    ("### END SOLUTION", "### BEGIN SOLUTION", "encountered nested begin solution statements"),
], ids=["begin", "end", "nested"])  # fmt: skip
def test_a_damaged_marker_is_noticed(tmp_path, marker, damaged, said):
    """One marker of a notebook is damaged: nbgrader gives the solution away, or refuses it and says why."""
    text = (ROOT / "solutions" / NAMES[0]).read_text(encoding="utf-8")
    assert marker in text
    broken = tmp_path / NAMES[0]
    broken.write_text(text.replace(marker, damaged, 1), encoding="utf-8")
    done, release = generated(tmp_path, broken)
    if said:
        assert done.returncode != 0 and said in done.stderr and not (release / NAMES[0]).exists(), done.stderr
    else:
        assert done.returncode == 0 and len(differences(release / NAMES[0], NAMES[0])) == 1, done.stderr


def test_the_page_knows_the_options_of_the_command():
    from gdcore.grade.__main__ import _options

    for option, value in re.findall(r"^\| `(--[a-z-]+) ([^`]+)`", PAGE, flags=re.MULTILINE):
        _options(["submitted", "--out", "graded", option, value])
    with pytest.raises(SystemExit):
        _options(["submitted", "--out", "graded", "--no-such-option", "x"])
