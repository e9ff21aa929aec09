"""The README's code is the package's, and prints what the README says."""

import contextlib
import inspect
import io
import pathlib
import re
import textwrap

import pytest

from gdcore.rules import Adam
from tools import picture

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:python)?\n(.*?)```", README, flags=re.DOTALL)


def block_with(text):
    return next(i for i, block in enumerate(BLOCKS) if text in block)


def test_the_rule_is_printed_as_it_is():
    assert textwrap.indent(textwrap.dedent(inspect.getsource(Adam.update)), "    ") in BLOCKS[block_with("class Adam")]


def test_the_example_prints_what_stands_below_it():
    index, out = block_with("print(minimize"), io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(BLOCKS[index], {})
    assert out.getvalue() == BLOCKS[index + 1]


def test_every_command_is_a_target():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", README)) <= targets | {"and"}


def test_every_folder_and_file_is_there():
    for path in re.findall(r"\]\((?!http)([^)]+)\)", README) + re.findall(r"^\| `([\w/]+)`", README, flags=re.MULTILINE):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", picture.PICTURES)
def test_the_pictures_are_drawn_by_the_tool(name):
    stored, now = (ROOT / "book/_static" / name).read_text(encoding="utf-8"), picture.PICTURES[name]()
    assert len(now) == len(stored) or abs(len(now) / len(stored) - 1) < 0.01  # another matplotlib spaces otherwise
    assert now[:200] == stored[:200], "run: python -m tools.picture"
