"""The skeleton of a chapter: its places in the lists, nothing overwritten, and what is missing is said in words."""

import shutil

import nbformat
import pytest
import yaml

from tests.notebooks.test_stored import FAULTS, ROOT
from tools import new_chapter

NAMES = ["24_edge_and_energy", "30_dos_and_donts", "23_understanding"]


@pytest.fixture
def house(tmp_path):
    for folder in ("chapters", "solutions", "book", "gdcore/check/questions"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "book/chapters.yml", tmp_path / "book/chapters.yml")
    for file in ("_toc.yml", "book/exercises.md"):  # as before the chapters below were written
        lines = [line for line in (ROOT / file).read_text("utf-8").splitlines(True) if not any(name in line for name in NAMES)]
        (tmp_path / file).write_text("".join(lines), "utf-8")
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_it_finds_its_places(house, name):
    new_chapter.main(name, house)
    toc = yaml.safe_load((house / "_toc.yml").read_text())
    numbers = [entry["file"] for part in toc["parts"] for entry in part["chapters"] if entry["file"].startswith("chapters/")]
    assert f"chapters/{name}" in numbers and numbers == sorted(numbers)
    rows = [line[3:5] for line in (house / "book/exercises.md").read_text().splitlines() if line.startswith("| [")]
    assert name[:2] in rows and rows == sorted(rows)
    compile((house / f"gdcore/check/questions/ch{name[:2]}.py").read_text(), "questions", "exec")


def test_what_is_there_stays(house, capsys):
    new_chapter.main("24_edge_and_energy", house)
    mine = house / "chapters/24_edge_and_energy.ipynb"
    mine.write_text("mine")
    before = {p: p.read_bytes() for p in house.rglob("*") if p.is_file()}
    new_chapter.main("24_edge_and_energy", house)
    assert {p: p.read_bytes() for p in house.rglob("*") if p.is_file()} == before
    assert "chapters/24_edge_and_energy.ipynb: left as it is" in capsys.readouterr().out


def test_a_skeleton_is_in_form_and_lacks_what_must_be_written(house):
    new_chapter.main("24_edge_and_energy", house)
    notebook = nbformat.read(house / "chapters/24_edge_and_energy.ipynb", as_version=4)
    missing = {fault.__name__ for fault in FAULTS if fault(notebook)}
    assert missing == {"without_claims", "unexplained_options"}  # all parts are there


def test_another_name_is_refused(house):
    with pytest.raises(SystemExit, match="no chapter '31_more' in book/chapters.yml; it is one of 01_loss, 02_gradient"):
        new_chapter.main("31_more", house)
