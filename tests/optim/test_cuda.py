"""The same on a GPU: every rule in its world, every optimizer eager and compiled, the scaler of mixed precision."""

import numpy as np
import pytest
import torch

import gdcore.optim
from tests.optim.common import MATRICES, SHAPES, distance, overflow, walk
from tests.optim.test_parity import CLASSES
from tests.rules.table import distance as apart
from tests.rules.test_worlds import ALL, in_world, name, near

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU: torch sees none on this machine")


@pytest.mark.parametrize("rule", ALL, ids=name)
def test_each_rule_gives_the_numbers_of_the_cpu(rule):
    here = in_world(rule, np.asarray)
    there = in_world(rule, lambda a: torch.tensor(a, device="cuda"), read=lambda x: x.cpu().numpy())
    assert apart(there, here) < near(rule, 1e-12)


@pytest.mark.parametrize("compile", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_each_optimizer_gives_the_numbers_of_the_cpu(kind, compile):
    cls, shapes = getattr(gdcore.optim, kind), MATRICES if kind == "Muon" else SHAPES
    dtype, near = (torch.float32, 2e-2) if kind == "Muon" else (torch.float64, 1e-11)  # Muon iterates in bfloat16
    assert distance(walk(cls, "cuda", compile, shapes, dtype), walk(cls, "cpu", False, shapes, dtype)) <= near


@pytest.mark.parametrize("compile", [False, True], ids=["eager", "compiled"])
def test_the_scaler_skips_a_step_that_overflowed(compile):
    assert overflow("cuda", compile=compile)
