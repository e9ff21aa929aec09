"""A rule that finds its own learning rate, from how far it has come."""

from dataclasses import dataclass
from typing import ClassVar

from gdcore.rules.arithmetic import full_like, maximum, sqrt, total, where, zeros_like
from gdcore.rules.base import Rule

__all__ = ["Prodigy"]


@dataclass(frozen=True)
class Prodigy(Rule):
    """Prodigy: Adam without a learning rate to be found: it is the distance to the solution, which is estimated from below on the way.

    Mishchenko and Defazio (2023), the version for Adam, arXiv:2306.06101, with the ε of their code. Leave lr at 1 and let a schedule
    move it. One estimate for all entries of x: a model of several tensors has one for all in gdcore.optim.Prodigy, and one for each in
    Optimizer(params, rules.Prodigy()). Without beta_distance its memory is the root of beta2. Matches pytorch_optimizer's Prodigy, and
    with bias_correction optax.contrib.prodigy.
    """

    lr: float = 1.0
    beta1: float = 0.9
    beta2: float = 0.999
    beta_distance: float | None = None
    eps: float = 1e-8
    weight_decay: float = 0.0
    d0: float = 1e-6
    d_coef: float = 1.0
    bias_correction: bool = False
    safeguard_warmup: bool = False
    reads: ClassVar[str] = "tensor"

    def init(self, x):
        number = total(x)  # one for the tensor, and of its type
        return (zeros_like(x), zeros_like(x), zeros_like(x), x,
                zeros_like(number), full_like(number, self.d0))

    def update(self, x, g, t, m, v, s, start, r, d):
        beta3 = sqrt(self.beta2) if self.beta_distance is None else self.beta_distance
        eta = self.lr * d
        if self.bias_correction:
            eta = eta * sqrt(1 - self.beta2**t) / (1 - self.beta1**t)
        m = self.beta1 * m + (1 - self.beta1) * (d * g)
        v = self.beta2 * v + (1 - self.beta2) * (d * g) ** 2
        r = beta3 * r + d / self.d0 * eta * total(g * (start - x))
        s = beta3 * s + d / self.d0 * (d if self.safeguard_warmup else eta) * g
        length = total(abs(s))
        d = maximum(d, self.d_coef * r / where(length > 0, length, 1.0))
        x = (1 - eta * self.weight_decay) * x
        return x - eta * m / (sqrt(v) + d * self.eps), m, v, s, start, r, d
