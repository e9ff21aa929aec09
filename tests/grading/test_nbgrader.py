"""The markers of our sources are nbgrader's: its release version of a solution notebook is our exercise."""

import re
from types import SimpleNamespace

import pytest

from tests.grading.common import NAMES, ROOT, notebook

PAGE = (ROOT / "book/for_teachers.md").read_text(encoding="utf-8")


def config():
    """What the page's nbgrader_config.py sets."""
    source = next(block for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL) if "get_config" in block)
    c = SimpleNamespace(CourseDirectory=SimpleNamespace(), ClearSolutions=SimpleNamespace(), IncludeHeaderFooter=SimpleNamespace())
    exec(source, {"get_config": lambda: c})
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


@pytest.mark.parametrize("name", NAMES)
def test_nbgrader_itself_makes_our_exercise(name):
    clear = pytest.importorskip("nbgrader.preprocessors", reason="nbgrader is not installed; its rule is restated above").ClearSolutions()
    for key, value in vars(config()).items():
        setattr(clear, key, value)
    made, _ = clear.preprocess(notebook("solutions", name), {})
    for cell, exercise in zip(made.cells, notebook("exercises", name).cells, strict=True):
        assert same(cell.source, exercise.source)


def test_the_page_knows_the_options_of_the_command():
    from gdcore.grade.__main__ import _options

    for option, value in re.findall(r"^\| `(--[a-z-]+) ([^`]+)`", PAGE, flags=re.MULTILINE):
        _options(["submitted", "--out", "graded", option, value])
    with pytest.raises(SystemExit):
        _options(["submitted", "--out", "graded", "--no-such-option", "x"])
