"""A rule that is told how curved the loss is along each weight."""

from dataclasses import dataclass

from gdcore.rules.arithmetic import clip, maximum
from gdcore.rules.base import Rule

__all__ = ["Sophia"]


@dataclass(frozen=True)
class Sophia(Rule):
    """Sophia: an averaged gradient, divided by the curvature along each weight, and clipped where that would be too long a step.

    Liu et al. (2023), arXiv:2305.14342. `update` does not find the curvature: every few steps, before it, somebody estimates
    the diagonal of the Hessian (same shape as x) and the memory h becomes `measured(h, diagonal)`; gdcore.optim.Sophia does so. While
    h is 0, or is negative, as on the back of a hill, a step is the sign of the average. Matches pytorch_optimizer's SophiaH, whose
    p is gamma and whose lr is lr/gamma here.
    """

    lr: float = 1e-4
    beta1: float = 0.965
    beta_curvature: float = 0.99
    gamma: float = 0.04
    eps: float = 1e-12
    weight_decay: float = 0.1

    def measured(self, h, diagonal):
        return self.beta_curvature * h + (1 - self.beta_curvature) * diagonal

    def update(self, x, g, t, m, h):
        m = self.beta1 * m + (1 - self.beta1) * g
        u = m / maximum(self.gamma * h, self.eps)
        u = clip(u, -1.0, 1.0)
        x = (1 - self.lr * self.weight_decay) * x
        return x - self.lr * u, m, h
