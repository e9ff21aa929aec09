"""Adam for sparse gradients: only the rows that a batch has touched are stepped."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from gdcore.optim.base import RuleOptimizer, given
from gdcore.rules.arithmetic import sqrt
from gdcore.rules.base import Rule

__all__ = ["SparseAdam"]


@dataclass(frozen=True)
class _RowsOfAdam(Rule):
    """Adam's step with ε beside the uncorrected root. Called lazy, though in Adam a row without a gradient moves on: here it rests."""

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    lazy: ClassVar[bool] = True

    def update(self, x, g, t, m, v):
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        lr = self.lr * sqrt(1 - self.beta2**t) / (1 - self.beta1**t)
        return x - lr * m / (sqrt(v) + self.eps), m, v


class SparseAdam(RuleOptimizer):
    """Adam for embeddings with sparse=True: rows without a gradient rest, weights and memory, as in torch.optim.SparseAdam.

    Kingma and Ba (2015), arXiv:1412.6980. Steps are counted for the whole tensor, so a rare row is corrected less than its own count would
    ask for. Raises RuntimeError for a dense gradient, ValueError for a parameter that is sparse itself or complex.
    """

    names = {"m": "exp_avg", "v": "exp_avg_sq"}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, maximize=False):
        super().__init__(params, given(locals()))

    def _check(self, group):
        super()._check(group)
        for p in group["params"]:
            if p.layout is not torch.strided:
                raise ValueError("SparseAdam requires dense parameter tensors: it is their gradients that are sparse.")
            if p.is_complex():
                raise ValueError("SparseAdam does not support complex parameters: give it their real and imaginary parts.")

    def rule(self, group):
        return _RowsOfAdam(group["lr"], *group["betas"], group["eps"])

    def saved(self, p, state, group):
        """As torch's, whose count is a number here."""
        return state | {"step": int(state["step"])} if "step" in state else dict(state)

    def _plan(self, index, group):
        if any(p.grad is not None and not p.grad.is_sparse for p in group["params"]):
            raise RuntimeError("SparseAdam does not support dense gradients: use Adam, or nn.Embedding(…, sparse=True).")
        return super()._plan(index, group)
