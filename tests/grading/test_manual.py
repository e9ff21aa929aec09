"""Questions that a person marks: what counts as the answer, the points that a teacher writes and that stay, and numbers that are told."""

import csv
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from gdcore.check.declaration import manual_questions
from gdcore.grade import manual
from tests.grading.common import ROOT, notebook
from tests.grading.hostile import FIRST, RIGHT
from tests.grading.hostile import notebook as made

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the grader needs Linux or macOS")
ASKED = manual_questions()["01.9"]
TASK, AFTER = ("markdown", "## 01.9 Two models\n\nSay why."), ("markdown", "## The sum\n\nMore.")


# -- what counts as the answer -----------------------------------------------------------------------------------------------------

ANSWERS = [
    ([("code", 'opinion = r"""\nA, for *patients*.\n"""')], "A, for *patients*."),
    ([("code", 'opinion = r"""\n...\n"""')], ""),
    ([("code", "opinion = ...")], ""),
    ([("code", 'opinion = "early"'), ("code", 'opinion = "late"')], "late"),  # what was said last
    ([("code", 'opinion = "never closed')], 'opinion = "never closed'),  # a person can read it all the same
    ([("code", 'opinion = "A" + str(3)')], 'opinion = "A" + str(3)'),  # nothing is run to find out
    ([("code", 'opinion = """A"""\nother = 3'), ("code", 'check("01.9", opinion)')], "A"),
    ([("markdown", "B, *really*."), ("code", "x = 1  # opinion")], "B, *really*."),  # prose below the heading counts as well
    ([("markdown", "First."), ("code", 'opinion = "Second."')], "First.\n\nSecond."),
    ([("markdown", "..."), ("code", 'opinion = r"""..."""')], ""),
    ([("code", "## a comment, no heading"), ("markdown", "Still here.")], "Still here."),
    ([], ""),
]


@pytest.mark.parametrize("cells, text", ANSWERS, ids=range(len(ANSWERS)))
def test_what_counts_as_the_answer(cells, text):
    assert manual.answer([("code", "import os"), TASK, *cells, AFTER, ("markdown", "Not this.")], ASKED) == text


def test_a_text_counts_where_the_heading_was_deleted_and_prose_of_other_questions_does_not():
    assert manual.answer([("markdown", "## 01.8 A line"), ("markdown", "mine"), ("code", 'opinion = "A"')], ASKED) == "A"
    assert manual.answer([("markdown", "## 01.90 No"), ("markdown", "mine")], ASKED) == ""
    for strange in ("(" * 100_000, f'"{"y" * 300_000}"'):  # no Python, or too long for one: a person sees how it begins
        assert manual.answer([TASK, ("code", f"opinion = {strange}")], ASKED) == f"opinion = {strange}"[:manual.LONGEST]


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_solutions_have_an_answer_and_the_stubs_none(path):
    for id, asked in manual_questions(path.name[:2]).items():
        cells = {folder: [(c.cell_type, c.source) for c in notebook(folder, path.name).cells] for folder in ("solutions", "exercises")}
        solved, stub = (manual.answer(cells[folder], asked) for folder in cells)
        assert 100 < len(solved.split()) <= asked.words and "SOLUTION" not in solved and stub == "", id


# -- a teacher marks, through the real command -------------------------------------------------------------------------------------


def run(folder, out, *more):
    line = [sys.executable, "-m", "gdcore.grade", str(folder), "--out", str(out), "--workers", "1", *map(str, more)]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})


def files(out):
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def listed(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return [row | {"question": row["question"].removeprefix("'")} for row in csv.DictReader(file)]


def filled_in(path, **marks):
    """Write points and comments into a manual.csv, as a teacher does; `marks`: {student: (points, comment)}."""
    rows = listed(path)
    for row in rows:
        if row["student"] in marks:
            row["points"], row["comment"] = marks[row["student"]]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def submission(text):
    return made([FIRST, RIGHT, 'check("01.2", mse)', TASK, f"opinion = {text!r}", 'check("01.9", opinion)', AFTER])


@pytest.fixture
def graded(tmp_path):
    """(folder, out) of a class of three: one has written something, one has left the dots, one has not got that far."""
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    (folder / "anna.ipynb").write_text(submission("=Because, *really*,\nit is so."))
    (folder / "ben.ipynb").write_text(submission("..."))
    (folder / "cy.ipynb").write_text(made([FIRST, RIGHT, 'check("01.2", mse)']))
    done = run(folder, out)
    assert done.returncode == 0 and "manual.csv" in done.stdout, done.stderr
    return folder, out


@pytest.mark.slow
def test_answers_are_listed_and_wait(graded):
    _, out = graded
    rows = listed(out / "manual.csv")
    told = [(r["student"], r["question"], r["points"], r["answer"]) for r in rows]
    assert told == [("anna", "01.9", "", "'=Because, *really*,\nit is so.")]
    assert rows[0]["max"] == "4" and rows[0]["rubric"].startswith("says what kind of errors each model makes, from the two numbers (1); ")
    table = (out / "grades.csv").read_text()
    assert all(row in table for row in ("anna,01.9,,4,to mark,\n", "ben,01.9,0,4,blank,\n", "cy,01.9,0,4,blank,\n"))
    assert "4 more points wait for a person" in (out / "students/anna.md").read_text("utf-8")
    page = (out / "class.md").read_text("utf-8")
    assert "Not counted yet: 1 answer in manual.csv, for a person to mark." in page and "which the book does not have" not in page


@pytest.mark.slow
def test_the_points_that_a_teacher_writes_stay(graded):
    folder, out = graded
    filled_in(out / "manual.csv", anna=("2,5", "Good. What does A cost?"))
    assert run(folder, out).returncode == 0
    assert "anna,01.9,2.5,4,marked,\n" in (out / "grades.csv").read_text()
    page = (out / "students/anna.html").read_text("utf-8")
    assert "4.5 of 24 points." in page and "Good. What does A cost?" in page and "2.5 of 4 points, marked by a person" in page
    before = files(out)
    assert run(folder, out).returncode == 0 and files(out) == before
    run(folder, out, "--chapters", "02")  # another chapter: her points of this one wait
    assert listed(out / "manual.csv")[0]["points"] == "2.5"
    shutil.rmtree(out / "verdicts")
    assert run(folder, out).returncode == 0 and files(out) == before


@pytest.mark.slow
def test_odd_signs_in_an_answer_or_a_comment_do_not_break_the_table(graded):
    folder, out = graded
    (folder / "anna.ipynb").write_text(submission('A,"x"\rB\r\nC\0\x1b[2J\u2028D' + "y" * 20_000))
    run(folder, out)
    filled_in(out / "manual.csv", anna=("3", 'Yes.\rBut, "no".'))
    for _ in range(2):
        done = run(folder, out)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        rows = listed(out / "manual.csv")
        assert [(r["student"], r["points"], r["comment"]) for r in rows] == [("anna", "3", 'Yes.\nBut, "no".')]
        assert rows[0]["answer"].startswith('A,"x"\nB\nC��[2J�Dy') and len(rows[0]["answer"]) == manual.LONGEST
        assert "anna,01.9,3,4,marked,\n" in (out / "grades.csv").read_text()


@pytest.mark.slow
def test_an_answer_that_changed_after_it_was_marked_is_told_and_keeps_its_points(graded):
    folder, out = graded
    filled_in(out / "manual.csv", anna=("3", "Good."))
    (folder / "anna.ipynb").write_text(submission("Something else."))
    for _ in range(2):
        assert run(folder, out).returncode == 0
        assert "anna,01.9,3,4,changed,\n" in (out / "grades.csv").read_text()
        assert "it is so." in listed(out / "manual.csv")[0]["answer"]  # the one that the points were for
    filled_in(out / "manual.csv", anna=("", ""))
    run(folder, out)
    assert (listed(out / "manual.csv")[0]["answer"], "to mark" in (out / "grades.csv").read_text()) == ("Something else.", True)
    filled_in(out / "manual.csv", anna=("1", ""))
    (folder / "anna.ipynb").write_text(submission("..."))  # taken back
    run(folder, out)
    assert "anna,01.9,1,4,changed,\n" in (out / "grades.csv").read_text() and listed(out / "manual.csv")[0]["points"] == "1"


@pytest.mark.slow
def test_a_table_saved_by_a_spreadsheet_is_merged_and_what_it_leaves_open_stays(graded, tmp_path):
    folder, out = graded
    table = tmp_path / "filled.csv"
    table.write_text("\ufeffstudent;question;points;comment\r\nanna;01.9;2,5;Good.\r\n", encoding="utf-8", newline="")
    assert run(folder, out, "--merge", table).returncode == 0
    table.write_text("student,question,points,comment\nanna,01.9,,Better.\n", encoding="utf-8")
    assert run(folder, out, "--merge", table).returncode == 0
    assert [(r["points"], r["comment"]) for r in listed(out / "manual.csv")] == [("2.5", "Better.")]


@pytest.mark.slow
@pytest.mark.parametrize("row, sentence", [
    ("anna,01.9,5", "line 2: the points are '5', and a number from 0 to 4 belongs there."),
    ("anna,01.9,two", "line 2: the points are 'two', and a number from 0 to 4 belongs there."),
    ("anna,01.8,1",
     f"line 2: there is no manual question '01.8'; there are {', '.join(manual_questions())}."),
    ("dora,01.9,1", "Points for 01.9 name the student 'dora', who handed in nothing here: correct the name."),
], ids=["too_many", "a_word", "no_such_question", "no_such_student"])  # fmt: skip
def test_wrong_points_are_one_clear_sentence_and_change_nothing(tmp_path, row, sentence):
    (tmp_path / "class").mkdir()
    (tmp_path / "class/anna.ipynb").write_text(made([FIRST, RIGHT, 'check("01.2", mse)']))
    (tmp_path / "filled.csv").write_text(f"student,question,points\n{row}\n")
    done = run(tmp_path / "class", tmp_path / "out", "--merge", tmp_path / "filled.csv")
    assert done.returncode == 1 and sentence in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out/grades.csv").exists()


def test_no_text_becomes_a_formula_and_comes_back_as_it_was():
    for text in ("=1+1", "+x", "-x", "@x", "'quoted", "plain", "", "\tx"):
        assert manual.unquoted(manual.quoted(text)) == text and not manual.quoted(text).startswith(tuple("=+-@\t"))


# -- the numbers that the questions tell ---------------------------------------------------------------------------------------------


def prose(name):
    return "\n".join(cell.source for cell in notebook("solutions", name).cells)


def test_errors_as_the_hint_says_give_the_numbers_of_model_a():
    sizes = np.r_[np.full(194, 4.0), np.full(6, 175.0)]
    assert (round(sizes.mean()), round(np.sqrt((sizes**2).mean()))) == (9, 31)
    assert "194 errors of 4 minutes and 6 of 175" in prose("01_loss.ipynb")
    other = np.sqrt(14**2 - 12**2)  # how far the sizes of B's errors scatter about their mean
    assert other < 12


def test_the_times_in_the_letter():
    assert 5.5 < 2 * 1e6 * 0.01 / 3600 < 5.6 and round(3 * 0.01 * 1000) == 30
    assert "more than five\nand a half hours" in prose("02_gradient.ipynb")


def test_the_losses_of_the_three_runs_are_those_of_a_bowl_and_lead_to_its_border():
    curvatures, start = np.array([20.0, 5.0, 1.0, 0.1]), np.array([0.1, 0.8, 1.5, 4.0])

    def losses(lr, steps=200):
        x = start * (1 - lr * curvatures) ** np.arange(steps + 1)[:, None]
        return (curvatures * x**2).sum(axis=1) / 2

    head, *rows = re.findall(r"^\| (step|[ABC]) \| (.+) \|$", prose("03_learning_rate.ipynb"), flags=re.MULTILINE)
    steps = [int(t) for t in head[1].split(" | ")]
    for (name, row), lr in zip(rows, (0.002, 0.08, 0.12), strict=True):
        told = [float(v) for v in row.replace("stopped |", "").split(" | ") if v.strip()]
        assert np.allclose(told, losses(lr)[steps][:len(told)], rtol=6e-3) and len(told) == (7 if name == "C" else 9)
    assert abs(2 / ((1 + np.sqrt(70000 / 35700)) / 0.12) - 0.1) < 1e-4
    assert losses(0.09)[200] < losses(0.08)[200]  # what the answer proposes is better still
