"""`python -m tools.method` says of each rule, in a sentence, what it still lacks; the rules that are there lack nothing."""

import dataclasses
import re
import shutil

import pytest

import gdcore.rules as R
from tools import method


@pytest.mark.parametrize("cls", method.every(), ids=lambda c: c.__name__)
def test_each_rule_is_whole(cls):
    assert method.missing(cls) == []


def twice(a):
    a = 2 * a
    return a


@dataclasses.dataclass(frozen=True)
class Newcomer(R.Rule):
    """A rule as somebody begins it."""

    lr: float = 0.1
    clip_power: float = 0.25

    def update(self, x, g, t, m):
        m = twice(m) + g
        return x - self.lr * m


TOLD = [
    "__init__.py does not list Newcomer", "cites no paper", "no row for clip_power, a hyper-parameter of Newcomer",
    "must end with `return x, m`", "differences.py says nothing of Newcomer",
    "Newcomer has no JavaScript: .*twice is no function", "no card of Newcomer: run `make cards`",
    "gdcore/optim has no class that steps with Newcomer", "table.py compares Newcomer with nothing",
    "plants no fault in Newcomer", "tests/optim tries no class of Newcomer",
]  # fmt: skip


def test_a_new_rule_is_told_all_that_is_missing():
    told = "\n".join(method.missing(Newcomer))
    for words in TOLD:
        assert re.search(words, told), (words, told)


def test_a_row_that_cannot_be_made_is_named_by_its_line(monkeypatch):
    def broken(name):
        code = compile("\n\nR.Adam(speed=3)", "somewhere/table.py", "exec")
        exec(code, {"R": R})

    monkeypatch.setattr(method.importlib, "import_module", broken)
    assert method._broken_table().startswith("tests/rules/table.py, line 3: this row cannot be made, Adam.__init__() got an unexpected")


def test_a_card_that_was_forgotten_is_missed(tmp_path):
    for folder in ("book", "gdcore/optim", "tests/rules", "tests/optim"):
        shutil.copytree(method.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "_*", "*.png"))
    page = tmp_path / "book/rule_cards.md"
    page.write_text(page.read_text("utf-8").replace("(card-lion)=", ""), encoding="utf-8")
    assert method.missing(R.Lion, tmp_path) == ["book/rule_cards.md has no card of Lion: run `make cards`."]


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(SystemExit, match="There is no rule Atom in gdcore/rules; there are ADOPT, "):
        method.main(["Atom"])
