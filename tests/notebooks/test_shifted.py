"""A chapter that costs little holds on seeds that nobody has looked at; `python -m tools.shift` asks it of the others."""

import pytest

from tests.notebooks.test_stored import ROOT
from tools.shift import elsewhere, report

CHAPTER = "22_hybrid"  # for all: what is tried is the tool
UNSEEN = 7  # the tool's own six come first: chapters are mended on those


@pytest.mark.slow
def test_the_ticks_hold_on_seeds_that_nobody_has_looked_at():
    fallen, count = report([elsewhere(ROOT / "chapters" / f"{CHAPTER}.ipynb", UNSEEN)])
    assert fallen == [] and count > 30
