"""The notebooks of exercises: made from the solutions, complete in form, worth nothing as stubs and everything when solved."""

import ast
import os
import re

import nbformat
import pytest
from nbclient import NotebookClient

from gdcore.check.declaration import manual_questions, questions
from tests.grading.common import NAMES, QUESTIONS, ROOT, code, notebook, reports
from tools import exercises


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("GDCORE_PROGRESS", str(tmp_path / "progress.json"))


def of(name):
    return questions(name[:2])


def whole(name):
    """All questions of a notebook, those for a person last."""
    return of(name) | manual_questions(name[:2])


# -- generated -------------------------------------------------------------------------------------------------------------------


def test_there_are_notebooks():
    assert len(NAMES) >= 2
    assert NAMES == sorted(path.name for path in (ROOT / "exercises").glob("*.ipynb"))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_is_what_is_made(name):
    made = exercises.exercise(notebook("solutions", name))
    assert made == exercises.exercise(notebook("solutions", name))
    assert made == (ROOT / "exercises" / name).read_text(encoding="utf-8"), "run `make exercises`"


def test_making_them_twice_changes_nothing(tmp_path, capsys):
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
    source = (ROOT / "solutions" / NAMES[0]).read_text(encoding="utf-8")
    (tmp_path / "solutions" / NAMES[0]).write_text(source, encoding="utf-8")
    exercises.main(tmp_path)
    exercises.main(tmp_path)
    assert capsys.readouterr().out.split("\n")[:2] == [f"exercises/{NAMES[0]}: written", f"exercises/{NAMES[0]}: unchanged"]
    assert sorted(p.name for p in (tmp_path / "exercises").iterdir()) == [NAMES[0]]


def test_a_notebook_with_answers_is_left_as_it_is(tmp_path, capsys):
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
    (tmp_path / "solutions" / NAMES[0]).write_text((ROOT / "solutions" / NAMES[0]).read_text(encoding="utf-8"), encoding="utf-8")
    mine = tmp_path / "exercises" / NAMES[0]
    answered = notebook("exercises", NAMES[0])
    answered.cells[1].execution_count = 1
    for text, kept in ((nbformat.writes(answered), True), ("<<<<<<< a merge", False), ('{"cells": []}', False)):
        mine.write_text(text, encoding="utf-8")
        exercises.main(tmp_path)
        assert (mine.read_text(encoding="utf-8") == text) == kept
        assert ("left as it is, since it was run" in capsys.readouterr().out) == kept


def test_a_region_becomes_a_stub_of_its_indentation():
    source = "def f(x):\n    ### BEGIN SOLUTION\n    y = x\n    return y\n    ### END SOLUTION\n\nf(1)"
    assert exercises.stripped(source) == "def f(x):\n    ...\n\nf(1)"
    assert exercises.stripped("x = ...\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION") == "x = ..."


@pytest.mark.parametrize("source, fault", [
    ("### BEGIN SOLUTION\n1", "without '### END SOLUTION'; close the region"),
    ("1\n### END SOLUTION", "where the other marker belongs"),
    ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "where the other marker belongs"),
])  # fmt: skip
def test_a_broken_region_is_an_error(source, fault):
    with pytest.raises(ValueError, match=re.escape(fault)):
        exercises.stripped(source, 3)


@pytest.mark.parametrize("name", NAMES)
def test_no_solution_is_left(name):
    text = (ROOT / "exercises" / name).read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    assert not any(cell.get("outputs") for cell in notebook("exercises", name).cells)
    assert not any(cell.get("outputs") for cell in notebook("solutions", name).cells)


# -- form ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_each_question_says_what_it_is(name):
    prose = "\n".join(cell.source for cell in notebook("exercises", name).cells if cell.cell_type == "markdown")
    assert f"](../chapters/{name})" in prose and (ROOT / "chapters" / name).exists()
    asked = of(name).values()
    assert f"{sum(q.points for q in asked)} points" in prose
    parts = dict(zip(whole(name), re.split(r"^## \d\d\.", prose, flags=re.MULTILINE)[1:]))
    assert len(parts) == len(re.findall(r"^## \d\d\.", prose, flags=re.MULTILINE)) == len(whole(name))
    for question in whole(name).values():
        text = parts[question.id]
        assert text.startswith(f"{question.id[3:]} {question.title}\n\n**{question.line}.**"), question.id
        assert all(objective in text for objective in question.objectives), question.id
        hints = re.findall(r"<details><summary>Hint (\d)</summary>(.+?)</details>", text)
        assert [level for level, _ in hints] == ["1", "2"] and all(len(hint.split()) > 4 for _, hint in hints), question.id


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short_and_the_first_imports(name):
    first, *others = code("solutions", name)
    assert all(isinstance(line, (ast.Import, ast.ImportFrom)) for line in ast.parse(first).body) and len(first.splitlines()) <= 4
    assert all(len(exercises.stripped(source).splitlines()) <= 15 for source in others)
    assert all(len(line) <= 88 for source in others for line in source.splitlines())
    assert others[-1] == "check.all()"


@pytest.mark.parametrize("name", NAMES)
def test_the_mix(name):
    kinds = [q.kind for q in of(name).values()]
    assert len(kinds) >= 6 and sum(kind in ("function", "optimizer") for kind in kinds) >= 3
    assert {"predict", "bug"} <= set(kinds)
    if name < "25":  # a worked example is a target itself, of minutes
        assert "target" in kinds and len(manual_questions(name[:2])) == 1
    assert all(len(q.mistakes) >= 4 for q in of(name).values())


@pytest.mark.parametrize("name", NAMES)
def test_each_answer_has_a_name_of_its_own_and_is_checked_by_it(name):
    names = [q.name for q in whole(name).values()]
    assert len(set(names)) == len(names)
    checks = [source for source in code("exercises", name) if source.startswith("check(")]
    assert checks == [f'check("{q.id}", {q.name})' for q in whole(name).values()]


def test_all_kinds_are_used():
    assert {q.kind for q in QUESTIONS} == {"function", "optimizer", "target", "bug", "predict", "choose"}


# -- points ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_is_worth_nothing(name):
    found = reports("exercises", name)
    assert list(found) == list(whole(name))
    assert {id: report.points for id, report in found.items()} == dict.fromkeys(found, 0)
    assert all("Nothing is written yet." in repr(found[id]) for id in manual_questions(name[:2]))


@pytest.mark.parametrize("name", NAMES)
def test_a_solution_is_worth_all(name, capsys):
    found = reports("solutions", name)
    assert list(found) == list(whole(name))
    assert {id: found[id].points for id in of(name)} == {q.id: q.points for q in of(name).values()}
    for asked in manual_questions(name[:2]).values():  # no points, and what a person looks for
        assert (found[asked.id].points, found[asked.id].of) == (0, 0) and "A person reads it" in repr(found[asked.id])
        assert all(what in repr(found[asked.id]) for what, _ in asked.rubric) and "asked for" not in repr(found[asked.id])


def executed(folder, name):
    """The notebook run in a kernel, from its own folder."""
    book = notebook(folder, name)
    NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(ROOT / folder)}}).execute()
    return [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]


IN_KERNELS = NAMES if os.environ.get("GDCORE_TEST_ALL") else NAMES[::10]  # the cells of all have run above, without a kernel


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_KERNELS)
@pytest.mark.parametrize("folder", ["solutions", "exercises"])
def test_it_runs_in_jupyter_from_top_to_bottom(folder, name):
    outputs = executed(folder, name)
    shown = [output.data for output in outputs if output.output_type == "execute_result"]
    assert len(shown) == len(whole(name)) + 1 and all({"text/html", "text/plain"} <= set(data) for data in shown)
    total = sum(q.points for q in of(name).values())
    assert shown[-1]["text/plain"].startswith(f"{total if folder == 'solutions' else 0} of {total} points")
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs)


def test_the_notebooks_are_valid():
    for folder in ("solutions", "exercises"):
        for name in NAMES:
            nbformat.validate(notebook(folder, name))
