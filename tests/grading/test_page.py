"""The learner's page: its code prints what stands below it, its table has the true numbers, and each chapter leads to its exercises."""

import json
import re
import shutil
import subprocess
import tomllib

import numpy as np
import pytest

from gdcore import check
from gdcore.check import record, session
from gdcore.check.declaration import manual_questions, questions
from tests.grading.common import NAMES, ROOT, notebook

PAGE = (ROOT / "book/exercises.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GDCORE_PROGRESS", raising=False)
    monkeypatch.setattr(session, "_seen", {})
    return tmp_path


def test_the_page_prints_what_it_says(folder):
    record.save(folder / "from_the_laptop.json", {"01.6": 1.0})
    scope, compared = {"np": np, "check": check}, 0
    for (language, source), (follows, printed) in zip(BLOCKS, [*BLOCKS[1:], ("", "")]):
        if language != "python":
            continue
        *lines, last = source.strip().split("\n")
        exec("\n".join(lines), scope)
        report = eval(last, scope)
        if follows == "text":
            assert repr(report) + "\n" == printed
            compared += 1
        if "check.progress" in last:
            kept = next(block for language, block in BLOCKS if language == "json")
            assert (folder / "gdcore_progress.json").read_text(encoding="utf-8") == kept
    assert compared == 4
    assert json.loads((folder / "gdcore_progress.json").read_text())["shares"] == {"01.2": 1.0, "01.6": 1.0}  # merged


def test_the_table_lists_all_notebooks_with_their_numbers():
    rows = re.findall(r"^\| \[(\w+)\]\(\.\./exercises/(\S+)\) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, flags=re.MULTILINE)
    told = []
    for name in NAMES:
        asked, by_hand = questions(name[:2]).values(), manual_questions(name[:2]).values()
        numbers = len(asked) + len(by_hand), sum(q.points for q in asked), sum(q.points for q in by_hand), _minutes(name)
        told.append((name.removesuffix(".ipynb"), name, *map(str, numbers)))
    assert rows == told


def _minutes(name):
    return sum(q.minutes for q in (*questions(name[:2]).values(), *manual_questions(name[:2]).values()))


def test_the_kinds_are_those_there_are():
    from gdcore.check.declaration import KINDS

    assert all(f"| {name} |" in PAGE for _, name in KINDS.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_leads_to_its_exercises_and_they_say_how_long_they_take(name):
    words = {6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
    asked, by_hand = questions(name[:2]).values(), manual_questions(name[:2]).values()
    number = words[len(asked) + len(by_hand)]
    prose = "\n".join(cell.source for cell in notebook("chapters", name).cells if cell.cell_type == "markdown")
    told = f"questions. {words[len(asked)].capitalize()} know" if by_hand else "questions that know"
    assert f"[The exercises of this chapter](../exercises/{name}) are {number} {told}" in prose
    assert prose.index(f"../exercises/{name}") < prose.index("\n## Sources")
    opening = notebook("exercises", name).cells[0].source
    minutes = _minutes(name)
    points = f"{sum(q.points for q in asked)} points" + (f" and {sum(q.points for q in by_hand)} more from a person" if by_hand else "")
    assert f"{number.capitalize()} questions, {points}, about " in opening
    assert abs(int(re.search(r"about (\d+) minutes", opening)[1]) - minutes) <= 5, minutes


def test_the_teachers_line_for_a_container_is_one_that_the_client_knows():
    """Without a daemon nothing runs here; what is tested is that each option of the line exists, and that what is copied is there."""
    page = (ROOT / "book/for_teachers.md").read_text(encoding="utf-8")
    block = next(b for b in re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL) if "docker run" in b)
    run = re.sub(r"\$\([^)]*\)", "…", block[block.index("docker run") : block.index(" gdcore python")])
    options = set(re.findall(r"(?<= )--?[a-z-]+", run))
    assert {"--network", "--read-only", "--memory", "--pids-limit", "--user"} <= options
    copied = {name for line in re.findall(r"COPY (.*?) /book", block) for name in line.split()}
    assert all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {project["readme"], *project["license-files"]} <= copied  # or pip warns that it builds without them
    assert "python -m gdcore.grade /in --out /out" in block and ":/in:ro" in run and ":/out" in run
    if not shutil.which("docker"):
        pytest.skip("there is no docker here to ask for its options")
    known = subprocess.run(["docker", "run", "--help"], capture_output=True, text=True).stdout
    assert not [option for option in options if not re.search(rf"(^|\s|,){re.escape(option)}\b", known)]
