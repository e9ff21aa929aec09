"""A chapter that costs little holds on seeds that nobody has looked at; `python -m tools.shift` asks it of the others."""

import pytest

from tests.notebooks.test_stored import ROOT
from tools.shift import elsewhere, report

UNSEEN = 7  # the tool's own six come first: chapters are mended on those


@pytest.mark.slow
@pytest.mark.parametrize("name", ["22_hybrid"])
def test_the_ticks_hold_on_seeds_that_nobody_has_looked_at(name):
    fallen, count = report([elsewhere(ROOT / "chapters" / f"{name}.ipynb", UNSEEN)])
    assert fallen == [] and count > 30
