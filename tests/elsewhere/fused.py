"""What `compile=True` does on a GPU, seen without one: one kernel for a tensor, no powers in it, and the numbers of the CPU.

`test_elsewhere.py` runs it, in a process of its own.
"""

import pathlib
import tempfile

import pytest
import torch

from gdcore import optim
from gdcore import rules as R
from tests.elsewhere import WHOLE, some
from tests.elsewhere.inductor import launched, register_gpu
from tests.optim.common import MATRICES, SHAPES, distance, walk
from tests.rules.test_worlds import name

FOLDER = pathlib.Path(tempfile.mkdtemp())
THERE = register_gpu(FOLDER)
# not among them: Adafactor, since the interpreter cannot join the two comparisons of a maximum, and Shampoo, whose eigenvectors the second
# device lays out in another order than a GPU
RULES = [*(rule() for rule in R.RULES if rule not in (R.Adafactor, R.Shampoo)), R.EMA(R.Adam()), R.Lookahead(R.NAdam(), sync_period=3),
         R.SAM(R.GD()), R.L2(R.RAdam(), weight_decay=0.1)]  # fmt: skip


# of each kind: no memory, one, a number as memory, a branch on t, a condition on entries, lengths, a matrix, rules around rules
KEPT = ("GD", "HeavyBall", "NAdam", "Rprop", "LAMB", "Muon", "EMA", "SAM", "L2")


@pytest.mark.parametrize("rule", some(RULES, KEPT, lambda rule: type(rule).__name__), ids=name)
def test_the_kernels_give_the_numbers_of_the_cpu(rule):
    """In double precision, in which the interpreter is exact. An H100 would run the same lines."""
    launched.clear()
    make, shapes = lambda params, compile: optim.Optimizer(params, rule, compile=compile), MATRICES if rule.reads == "matrix" else SHAPES
    steps = 2 if rule.reads == "tensor" else 3  # of those the interpreter takes seconds for a step
    there = walk(make, THERE, True, shapes, torch.float64, steps=steps)
    near = 1e-14 if rule.reads != "matrix" else 1e-9  # Newton and Schulz make a last digit grow
    assert distance(there, walk(make, "cpu", False, shapes, torch.float64, steps=steps)) <= near
    if rule.reads == "entry":  # one kernel for the small tensors together, one for the large
        assert sum(launched.values()) == 2 * steps


def test_no_kernel_raises_to_a_power():
    """Each entry would do it, in double precision, which on many a GPU is 64 times as slow as single."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")}
    assert len(texts) > (20 if WHOLE else 8) and not [name for name, text in texts.items() if "pow(" in text]
