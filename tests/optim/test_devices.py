"""What holds for every device, tested on one that computes nothing: torch's meta device knows shapes, types and where a tensor lies.

A tensor there has no numbers, so an optimizer that fetched one to decide in Python (on a GPU: a wait for all that is under way)
fails, and so does one that mixes in a tensor made on the CPU.
"""

import pytest
import torch

import gdcore.optim
from gdcore.rules import Adam
from tests.optim.common import MATRICES, SHAPES
from tests.rules.test_worlds import ALL, name


def walk(rule, shapes, device="meta", steps=3):
    params = [torch.nn.Parameter(torch.empty(s, device=device)) for s in shapes]
    optimizer = gdcore.optim.Optimizer(params, rule)
    for _ in range(steps):
        for p in params:
            p.grad = torch.empty_like(p)
        optimizer.step(lambda: torch.zeros((), device=device))
    return optimizer


@pytest.mark.parametrize("rule", ALL, ids=name)
def test_a_step_stays_on_its_device_and_fetches_no_number(rule):
    shapes = MATRICES if rule.reads == "matrix" else SHAPES
    optimizer = walk(rule, shapes)
    kept = [v for state in optimizer.state.values() for k, v in state.items() if isinstance(v, torch.Tensor) and k != "step"]
    assert {v.device.type for v in kept} <= {"meta"}
    assert all(state["step"] == 3 and state["step"].device.type == "cpu" for state in optimizer.state.values())


class Fetching(Adam):
    def update(self, x, g, t, m, v):
        return super().update(x, g / max(1.0, float((g * g).sum())), t, m, v)


class FromTheCpu(Adam):
    def update(self, x, g, t, m, v):
        return super().update(x, g + torch.zeros(x.shape), t, m, v)


@pytest.mark.parametrize("rule", [Fetching(), FromTheCpu()], ids=name)
def test_a_rule_that_leaves_the_device_is_found_out(rule):
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        walk(rule, SHAPES)
