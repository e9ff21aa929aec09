"""A class through the real command: every stub, every solution, hostile and odd submissions, each with the points it deserves."""

import csv
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
import zipfile

import pytest

from gdcore.check.declaration import manual_questions, questions
from tests.grading.common import NAMES, QUESTIONS, ROOT
from tests.grading.hostile import ALL, FIRST, RIGHT, ZERO, notebook

SEED = "a seed for the tests, 7f3a"
CHAPTERS = [name[:2] for name in NAMES]
OF_01 = sum(q.points for q in questions("01").values())
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="the grader needs Linux or macOS")]


def command(folder, out, *more):
    """Run the grader; the finished process."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GDCORE_PROGRESS": str(out) + ".json", "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, "-m", "gdcore.grade", str(folder), "--out", str(out), *more], capture_output=True, text=True,
                          env=environment, cwd=ROOT)  # fmt: skip


def table(out):
    """{student: {question: row}} of grades.csv."""
    found = {}
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["student"], {})[row["question"]] = row
    return found


def points(rows):
    return sum(float(row["points"] or 0) for id, row in rows.items() if id != "total")  # a text that waits for a person has none yet


def files(out):
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def odd(folder):
    """Submissions that something is wrong with."""
    solved = (ROOT / "solutions/01_loss.ipynb").read_text(encoding="utf-8")
    (folder / "empty.ipynb").write_text("")
    (folder / "no_json.ipynb").write_bytes(b"\x89PNG\r\n\xff\xfe")
    (folder / "no_cells.ipynb").write_text('{"answer": 42}')
    (folder / "deep.ipynb").write_text("[" * 200_000)
    (folder / "a_text.docx").write_text("my homework")
    (folder / "nothing_in_it").mkdir()
    (folder / "missing_cells.ipynb").write_text(notebook([FIRST, RIGHT, 'check("01.2", mse)']))
    (folder / "no_check.ipynb").write_text(notebook([FIRST, RIGHT]))
    (folder / "01_no_check").mkdir()
    (folder / "01_no_check/01_loss.ipynb").write_text(notebook([FIRST, RIGHT]))
    (folder / "other_language.ipynb").write_text(notebook(["x <- 3"], kernelspec={"language": "R", "name": "ir"}))
    (folder / "unknown.ipynb").write_text(notebook([FIRST, RIGHT, 'check("01.2", mse)', 'check("77.1", mse)']))
    large = json.loads(solved)
    large["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "0123456789" * 5_000_000}]
    (folder / "fifty_megabytes.ipynb").write_text(json.dumps(large))
    double = notebook([FIRST, RIGHT, 'check("01.2", mse)'])  # of two keys that are the same, the last one counts, as in Jupyter
    zero = notebook([FIRST, ZERO, 'check("01.2", mse)'])
    (folder / "same_key_twice.ipynb").write_text(f'{zero[:-1]}, "cells": {json.dumps(json.loads(double)["cells"])}}}')
    (folder / "cells_twice.ipynb").write_text(notebook([FIRST, ZERO, 'check("01.2", mse)', RIGHT, 'check("01.2", mse)']))
    swapped = json.loads(double)
    for cell in swapped["cells"]:  # what nbgrader would go by
        cell["metadata"] = {"nbgrader": {"grade_id": "01.3", "points": 99, "solution": True}, "name": "huber", "tags": ["01.3"]}
    (folder / "metadata_swapped.ipynb").write_text(json.dumps(swapped))
    (folder / "a_million_lines.ipynb").write_text(notebook([FIRST, "\n" * 10**6, "\n" * 190_000 + "x = (", RIGHT, 'check("01.2", mse)']))
    (folder / "deep_metadata.ipynb").write_text(double[:-1] + ', "x": ' + "[" * 900 + "]" * 900 + "}")
    (folder / "half_a_letter.ipynb").write_text(notebook([FIRST, RIGHT, 'check("01.2", mse)', "s = '\ud800'", ("markdown", "\udfff")]))
    with zipfile.ZipFile(folder / "a_zip.zip", "w") as archive:
        archive.writestr("01_loss.ipynb", double)
    for name in ("new\nline", "right\u202eto left", "x" * 240):
        (folder / name).mkdir()
        (folder / name / "01_loss.ipynb").write_text(double)
    (folder / "a_link.ipynb").symlink_to(ROOT / "solutions/01_loss.ipynb")
    (folder / "a_linked_folder").symlink_to(ROOT / "solutions")
    (folder / "links_inside").mkdir()
    (folder / "links_inside/01_loss.ipynb").symlink_to(ROOT / "solutions/01_loss.ipynb")
    (folder / "links_inside/more").symlink_to(ROOT / "solutions")
    os.mkfifo(folder / "a_pipe.ipynb")
    (folder / "twice").mkdir()
    shutil.copy(ROOT / "solutions/01_loss.ipynb", folder / "twice/01_loss.ipynb")
    (folder / "twice/01_loss (1).ipynb").write_text(notebook([FIRST, 'check("01.2", 3)']))
    (folder / "Twice.ipynb").write_text(notebook([FIRST, 'check("01.2", 3)']))
    (folder / "=1+1 <b>|`x`").mkdir()
    shutil.copy(ROOT / "solutions/01_loss.ipynb", folder / "=1+1 <b>|`x`")
    try:
        os.mkdir(os.fsencode(folder) + b"/bad-\xff-name")
        shutil.copy(ROOT / "solutions/01_loss.ipynb", os.fsencode(folder) + b"/bad-\xff-name/01_loss.ipynb")
    except OSError:  # macOS refuses such names
        (folder / r"bad-\xff-name").mkdir()
        shutil.copy(ROOT / "solutions/01_loss.ipynb", folder / r"bad-\xff-name")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """(folder, out, what the command said, seconds) of one run over the whole class."""
    folder = tmp_path_factory.mktemp("class")
    mark = f"gdcore-hostile-{uuid.uuid4().hex[:12]}"  # the sleepers of this run
    for one in ALL:
        (folder / f"{one.name}.ipynb").write_text(one.notebook.replace("gdcore-hostile-sleeper", mark))
    odd(folder)
    for kind in ("exercises", "solutions"):
        shutil.copytree(ROOT / kind, folder / kind)
    out, seed = folder.with_name("out"), folder.with_name("seed.txt")
    seed.write_text(SEED)
    done = command(folder, out, "--workers", "2", "--seed-file", str(seed))
    assert done.returncode == 0, done.stderr
    return folder, out, done, mark


def test_every_stub_is_worth_nothing_and_every_solution_all(graded):
    rows, by_hand = table(graded[1]), manual_questions()
    totals = {name: rows[name].pop("total") for name in ("exercises", "solutions")}
    assert totals["exercises"]["points"] == "0" and totals["solutions"]["status"] == "to mark"
    assert totals["solutions"]["points"] == str(sum(q.points for q in QUESTIONS))
    everything = sorted([*QUESTIONS, *by_hand.values()], key=lambda q: q.id)
    assert list(rows["exercises"]) == list(rows["solutions"]) == [q.id for q in everything]
    assert [row["points"] for row in rows["exercises"].values()] == ["0"] * len(everything)
    assert {row["status"] for row in rows["exercises"].values()} <= {"blank", "wrong"}
    assert [(row["points"], row["max"], row["status"]) for row in rows["solutions"].values()] == [
        ("", str(q.points), "to mark") if q.id in by_hand else (str(q.points), str(q.points), "right") for q in everything]  # fmt: skip


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_hostile_submission_gets_exactly_what_it_deserves(graded, one):
    rows = table(graded[1])[one.name]
    row = rows[one.question]
    assert (float(row["points"]), row["status"] in one.status) == (one.points, True), row
    if one.bystander is not None:
        assert float(rows["01.3"]["points"]) == one.bystander, rows["01.3"]


def test_nothing_outlives_the_run(graded):
    assert len(ALL) >= 20
    commands = [p.read_bytes() for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if os.access(p, os.R_OK)]
    assert not [c for c in commands if graded[3].encode() in c]


ODD = [
    ("empty", 0, "empty.ipynb is empty."),
    ("no_json", 0, "no_json.ipynb is not a notebook, whatever its name says: save it in Jupyter and hand it in again."),
    ("no_cells", 0, "no_cells.ipynb is not a notebook"),
    ("deep", 0, "deep.ipynb is not a notebook"),
    ("a_text", 0, "a_text.docx is not a notebook (its name should end in .ipynb)."),
    ("nothing_in_it", 0, "There is no notebook in the folder nothing_in_it."),
    ("missing_cells", 2, ""),
    ("no_check", 0, "no_check.ipynb holds no question of the book: no check(…) and no chapter's number in its name."),
    ("01_no_check", 2, ""),
    ("other_language", 0, "other_language.ipynb is written for r, not for Python."),
    ("unknown", 2, "unknown.ipynb checks a question '77.1', which the book does not have."),
    ("fifty_megabytes", OF_01, ""),
    ("same_key_twice", 2, ""),
    ("cells_twice", 2, ""),
    ("metadata_swapped", 2, ""),
    ("a_million_lines", 2, ""),
    ("deep_metadata", 2, ""),
    ("half_a_letter", 2, ""),
    ("a_zip", 0, "a_zip.zip is not a notebook (unpack it first)."),
    (r"new\nline", 2, ""),
    (r"right\u202eto left", 2, ""),
    ("x" * 240, 2, ""),
    ("a_link", 0, "a_link.ipynb is a link and was left out: hand in the file itself."),
    ("a_linked_folder", 0, "a_linked_folder is a link and was left out"),
    ("links_inside", 0, "01_loss.ipynb is a link and was left out"),
    ("a_pipe", 0, "a_pipe.ipynb is not an ordinary file and was left out."),
    ("Twice", OF_01, "twice belongs to the same name as another entry; both count as one student."),
    ("'=1+1 <b>|`x`", OF_01, ""),
    (r"bad-\xff-name", OF_01, ""),
]


@pytest.mark.parametrize("name, deserved, note", ODD, ids=lambda value: str(value)[:20] if isinstance(value, str) else "")
def test_odd_input_is_graded_as_far_as_possible_with_a_clear_line(graded, name, deserved, note):
    folder, out, done, _ = graded
    assert points(table(out)[name]) == deserved
    plain = name.removeprefix("'")
    page = next(p for p in (out / "students").glob("*.md") if p.read_text("utf-8").startswith(f"# {_escaped(plain)}\n"))
    assert _escaped(note) in page.read_text("utf-8")
    assert f"{plain}: {deserved:g} points" in done.stdout


def _escaped(text):
    parts = text.split("`")
    return "`".join(part if i % 2 and i < len(parts) - 1 else re.sub(r"([\\*_\[\]<>|#])", r"\\\1", part) for i, part in enumerate(parts))


def test_the_better_notebook_of_a_chapter_counts(graded):
    notes = (graded[1] / "class.md").read_text("utf-8")
    said = [line for line in notes.splitlines() if "answers chapter 01 too" in line]
    assert len(said) >= 2 and all("as it has no fewer points." in line for line in said), said


def test_common_mistakes_are_counted(graded):
    page = (graded[1] / "class.md").read_text("utf-8")
    assert re.search(r"\| 1 \| 01\.2 \| Your loss compares everyone with everyone", page)
    assert table(graded[1])["right_but_for_columns"]["01.2"]["mistake"].startswith("Your loss compares everyone with everyone")


def test_pages_are_escaped_and_tell_no_secret(graded):
    _, out, _, _ = graded
    secret = questions()["01.2"].cases(SEED)
    for path, content in files(out).items():
        text = content.decode("utf-8")
        assert SEED not in text, path
        assert not any(str(case.inputs["prediction"])[:30] in text for case in secret), path
        assert "<b>" not in text.replace("=1+1 <b>|", "") or not path.endswith("html"), path
    page = (out / "students" / "right_but_for_columns.html").read_text("utf-8")
    assert '<html lang="en">' in page and "<h1>right_but_for_columns</h1>" in page and "src=" not in page and "<link" not in page
    assert "Of 5 other cases, which the notebook does not show, 3 are right." in page and "Hint" in page


def test_what_a_process_says_of_itself_stays_short_and_can_be_seen(graded):
    for path, content in files(graded[1]).items():
        text = content.decode("utf-8-sig")
        assert all(c.isprintable() or c == "\n" for c in text), path
        assert not path.startswith("students") or len(text) < 800 * len(QUESTIONS), path


def test_again_is_the_same_to_the_byte_and_runs_nothing(graded):
    folder, out, first, _ = graded
    before = files(out)
    again = command(folder, out, "--seed-file", str(folder.with_name("seed.txt")))
    assert again.returncode == 0 and files(out) == before
    assert all(line.endswith("(kept)") for line in again.stdout.splitlines() if " of " in line and ": " in line and "mean" not in line)


# -- runs of their own, on a few submissions ---------------------------------------------------------------------------------------


def small(tmp_path, **students):
    folder = tmp_path / "class"
    for name, cells in students.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "01_loss.ipynb").write_text(notebook(cells))
    return folder, tmp_path / "out"


CHECKED = [FIRST, RIGHT, 'check("01.2", mse)']


def test_a_fresh_run_gives_the_same_bytes_and_the_seed_is_kept_to_the_owner(tmp_path):
    folder, out = small(tmp_path, anna=CHECKED, ben=[FIRST, "def mse(prediction, y):\n    return 0", 'check("01.2", mse)'])
    assert command(folder, out).returncode == 0
    assert (out / "seed").stat().st_mode & 0o777 == 0o600 and len((out / "seed").read_text().strip()) == 32
    before = files(out)
    shutil.rmtree(out / "verdicts")
    assert command(folder, out, "--workers", "1").returncode == 0 and files(out) == before
    for path in out.rglob("*.csv"):
        path.unlink()
    assert command(folder, out).returncode == 0 and files(out) == before


def test_a_changed_submission_is_graded_anew_and_others_are_kept(tmp_path):
    folder, out = small(tmp_path, anna=CHECKED, ben=[FIRST])
    command(folder, out)
    (folder / "ben/01_loss.ipynb").write_text(notebook(CHECKED))
    done = command(folder, out)
    assert "anna: 2 points (kept)" in done.stdout and "ben: 2 points\n" in done.stdout
    assert points(table(out)["ben"]) == 2
    (out / "verdicts/anna.json").write_text("{")  # half a file
    assert "anna: 2 points\n" in command(folder, out).stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["ctrl_c", "kill", "closed_terminal"])
def test_an_interrupted_run_goes_on(tmp_path, how):
    """And leaves neither a process nor a folder."""
    mark = f"gdcore-interrupted-{uuid.uuid4().hex[:12]}"
    fork = next(one for one in ALL if one.name == "forks_sleepers").cells[0].replace("gdcore-hostile-sleeper", mark)
    slow = [FIRST, RIGHT, fork, "time.sleep(8)", 'check("01.2", mse)']
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    folder, out = small(tmp_path, anna=CHECKED, zoe=slow)
    line = [sys.executable, "-m", "gdcore.grade", str(folder), "--out", str(out), "--workers", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
                               # a shell's background jobs inherit that Ctrl-C is ignored
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip
    assert "anna: 2 points" in process.stdout.readline()
    time.sleep(1)
    assert len(list(temporary.iterdir())) == 1
    process.send_signal(how)
    _, said = process.communicate(timeout=20)
    assert list(temporary.iterdir()) == []
    assert subprocess.run(["pgrep", "-f", mark], capture_output=True).returncode == 1
    assert process.returncode == 130 and "Who is graded is kept; the same command goes on from here." in said
    assert not (out / "verdicts/zoe.json").exists() and not (out / "grades.csv").exists()
    (folder / "zoe/01_loss.ipynb").write_text(notebook(CHECKED))
    assert "anna: 2 points (kept)" in command(folder, out).stdout and set(table(out)) == {"anna", "zoe"}


def test_a_second_hand_in_meets_fresh_cases(tmp_path):
    learnt = RIGHT + "\ndef told(x):\n    return x"
    folder, out = small(tmp_path, anna=CHECKED)
    command(folder, out)
    first = json.loads((out / "verdicts/anna.json").read_text("utf-8"))
    (folder / "anna/01_loss.ipynb").write_text(notebook([FIRST, learnt, 'check("01.2", mse)']))
    command(folder, out)
    second = json.loads((out / "verdicts/anna.json").read_text("utf-8"))
    assert (first["attempt"], second["attempt"]) == (1, 2) and first["work"] != second["work"]
    assert "anna: 2 points (kept)" in command(folder, out).stdout


def test_a_flag_can_be_lifted(tmp_path):
    folder, out = small(tmp_path, anna=[FIRST, "import optax\n" + RIGHT + "\n    optax.sgd", 'check("01.2", mse)'])
    mine = [FIRST, RIGHT.replace("return", "optax = __import__('math')\n    return"), 'check("01.2", mse)']
    (folder / "anna/01_loss.ipynb").write_text(notebook(mine))
    command(folder, out)
    assert table(out)["anna"]["01.2"]["status"] == "forbidden"
    command(folder, out, "--lift", "anna:01.2")
    assert table(out)["anna"]["01.2"]["status"] == "right" and table(out)["anna"]["total"]["points"] == "2"
    assert "is no student with a question" in command(folder, out, "--lift", "anna").stderr


def test_a_folder_of_a_thousand_folders_stops_nobody(tmp_path):
    folder, out = small(tmp_path, anna=CHECKED)
    at = folder / "ben"
    at.mkdir()
    handle = os.open(at, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    done = command(folder, out)
    subprocess.run(["rm", "-rf", str(at)], check=True)
    assert "anna: 2 points" in done.stdout and points(table(out)["ben"]) == 0, done.stderr


@pytest.mark.parametrize("more, said", [
    (["--workers", "0"], "0 is no number of workers: give 1 or more."),
    (["--chapters", "01,88"], "there are no exercises for '88'; "
                                f"there are some for {', '.join(sorted({q.id[:2] for q in QUESTIONS}))}."),
    (["--merge", "nowhere.csv"], "nowhere.csv cannot be read (FileNotFoundError): give the manual.csv of an earlier run, saved as UTF-8."),
    (["--seed-file", "nowhere.txt"], "The seed cannot be read from nowhere.txt (FileNotFoundError): give a text file with one line."),
    (["--seed-file", os.devnull], f"The seed in {os.devnull} has 0 characters: give at least 8 that nobody guesses."),
], ids=lambda value: "-".join(value).strip("-") if isinstance(value, list) else "")  # fmt: skip
def test_a_wrong_command_is_one_clear_sentence(tmp_path, more, said):
    folder, out = small(tmp_path, anna=CHECKED)
    done = command(folder, out, *more)
    assert done.returncode != 0 and said in done.stderr and "Traceback" not in done.stderr


def test_a_folder_that_is_not_there(tmp_path):
    done = command(tmp_path / "none", tmp_path / "out")
    assert done.returncode == 1 and done.stderr.startswith("There is no folder ") and "Traceback" not in done.stderr


def test_an_empty_class(tmp_path):
    (tmp_path / "class").mkdir()
    done = command(tmp_path / "class", tmp_path / "out")
    assert done.returncode == 0 and "0 students." in done.stdout
