"""What no kernel can beat on this machine: the time to move a step's arrays, to multiply its matrices, or to be called."""

import torch

from benchmarks.contestants import CONTESTANTS, OURS
from gdcore.rules import LAMB, Adam, AdamW, HeavyBall, Lion, Muon, NAdam, RMSProp
from gdcore.rules.matrix import newton_schulz
from gdcore.views import cost

__all__ = ["FLOORS", "floors", "scaled"]

FLOORS = {"traffic": "moving its arrays", "products": "multiplying its matrices", "calls": "a step on tensors of one entry"}
RULES = {"Adam": Adam, "AdamW": AdamW, "SGD, momentum": HeavyBall, "RMSprop": RMSProp, "NAdam": NAdam, "Lion": Lion, "LAMB": LAMB}


def floors(problem, method, params):
    """{name: something with a `step`} to race beside the optimizers of this method."""
    if method.startswith("Muon"):
        return {"products": _Products(params, "full" if method.endswith("full") else "bfloat16")}
    if problem == "a":  # all of it stays in the cache
        return {"calls": _tiny(method, params)}
    return {"traffic": _Traffic(sum(p.numel() for p in params))}


def scaled(method, ms):
    """The raced times as floors of a step: traffic is raced with three arrays, and a step moves as many as its rule must."""
    if "traffic" in ms:
        moved = cost(RULES[method])
        ms["traffic"] *= (moved.reads + moved.writes) / 3
    return ms


class _Traffic:
    """Reads two arrays of as many numbers and writes one of them."""

    def __init__(self, numbers):
        self.x, self.y = torch.zeros(numbers), torch.zeros(numbers)

    def step(self):
        self.x.add_(self.y)


class _Products:
    """The orthogonalisation of Muon, and nothing else."""

    def __init__(self, params, precision):
        self.arrays, self.precision = [p.grad for p in params], precision

    def step(self):
        for a in self.arrays:
            newton_schulz(a, Muon.ns_steps, Muon.ns_coefficients, Muon.eps, self.precision)


def _tiny(method, params):
    small = [torch.nn.Parameter(torch.zeros([1] * p.ndim)) for p in params]
    for p in small:
        p.grad = torch.ones_like(p)
    return CONTESTANTS[method][OURS[1]](small)
