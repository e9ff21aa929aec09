"""Faults planted in the tools, the algorithms and the training: a sample in every run, all of them in `make test-all`."""

import importlib
import os
import re
import subprocess
import sys

import pytest

from tests.argued import ARGUED
from tests.planted import ROOT, SUBJECTS, faults

QUICK = ["line_search"]  # its tests cost little; the others wait for make test-all


def planted(record_property, *arguments, patience):
    """(faults planted, those that no test saw), in a process of its own: gdcore is imported here already."""
    run = [sys.executable, "-m", "tests.planted", *arguments]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=patience, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr[-1000:]
    counts = [tuple(map(int, pair)) for pair in re.findall(r"(\d+) of (\d+) found", done.stdout)]
    found, made = map(sum, zip(*counts))
    record_property("planted", made)
    record_property("killed", found)
    return made, [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]


def test_a_sample_of_faults_is_seen(record_property):
    made, alive = planted(record_property, *QUICK, "--sample", "8", patience=300)
    assert made == 8 * len(QUICK) and len(alive) <= 1, alive


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("GDCORE_TEST_ALL"), reason="all faults are planted in make test-all")
@pytest.mark.parametrize("module", SUBJECTS)
def test_all_faults_are_seen_but_for_a_twentieth(module, record_property):
    made, alive = planted(record_property, module, patience=3600)
    assert len(alive) <= max(1, made / 20), alive


@pytest.mark.parametrize("module", ARGUED)
def test_what_is_argued_for_still_exists(module):
    gone = set(ARGUED[module]) - {name for name, *_ in faults(importlib.import_module(f"gdcore.{module}"))}
    assert not gone, f"no such faults any more: take them out of tests/argued.py: {sorted(gone)}"
