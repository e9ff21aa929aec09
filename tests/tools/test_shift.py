"""Shifted seeds: every kind of generator moves, data stay, and a tick that is luck is named with how often it held."""

import json

import pytest

from tools import shift

pytest.importorskip("torch")
pytestmark = pytest.mark.slow  # each run is a process that imports torch

CELLS = [
    "import random, numpy as np, torch\nfrom gdcore import claim, data",
    "a = np.random.default_rng(0).normal()\nb = torch.manual_seed(0) and torch.randn(1).item()",
    "c = torch.randn(1, generator=torch.Generator().manual_seed(0)).item()\nd = random.Random(0).random()",
    "from sklearn.model_selection import train_test_split\ne = train_test_split(range(1000), random_state=0)[0][0]",
    'claim("this very draw", round(a, 6) == 0.12573, a=a)',
    'claim("torch drew this", abs(b - 1.5409961) < 1e-6)\nclaim("and this", abs(c - 1.5409961) < 1e-6)',
    'claim("Python drew this", abs(d - 0.8444218515) < 1e-9)\nclaim("scikit-learn drew this", e == 253)',
    'claim("a square is not negative", a * a >= 0)',
    'if a > 0.1257 and a < 0.1258: print("seed 0")\nelse: raise ValueError("another draw")',
]


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": source} for source in CELLS]}))
    return path


def test_unshifted_all_holds(notebook):
    lines, count = shift.report([shift.elsewhere(notebook, 0)])
    assert (lines, count) == ([], 6)


def test_each_kind_of_seed_moves_and_the_report_says_how_often(notebook, capsys):
    assert shift.main([str(notebook), "--shifts", "2"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "a.ipynb: 1 of 7 ticks held on 2 shifted seeds"
    assert [line.split(":")[0] for line in said[1:]] == [f"  0 of 2, cell {n}" for n in (5, 6, 6, 7, 7, 9)]
    assert "this very draw  (a = " in said[1] and said[-1].endswith("(ValueError: another draw)")
