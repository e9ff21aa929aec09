"""Descent along the gradient, with and without memory."""

from dataclasses import dataclass
from typing import ClassVar

from gdcore.rules.arithmetic import maximum, where
from gdcore.rules.base import Rule

__all__ = ["GD", "HeavyBall", "Nesterov", "ASGD"]


@dataclass(frozen=True)
class GD(Rule):
    """Gradient descent: a step against the gradient.

    Cauchy (1847), Comptes rendus 25, 536-538. Matches torch.optim.SGD without momentum.
    """

    lr: float = 1e-3
    lazy: ClassVar[bool] = True

    def update(self, x, g, t):
        return (x - self.lr * g,)


@dataclass(frozen=True)
class HeavyBall(Rule):
    """Heavy ball: the step follows a velocity that remembers earlier gradients.

    Polyak (1964), USSR Computational Mathematics and Mathematical Physics 4(5), 1-17. Matches torch.optim.SGD(momentum=…):
    the learning rate stays outside the velocity, and the first velocity is the whole first gradient.
    """

    lr: float = 1e-3
    momentum: float = 0.9
    dampening: float = 0.0

    def update(self, x, g, t, v):
        v = self.momentum * v + where(t > 1, 1 - self.dampening, 1.0) * g
        return x - self.lr * v, v


@dataclass(frozen=True)
class Nesterov(Rule):
    """Nesterov's accelerated gradient: a heavy ball that looks one step ahead.

    Nesterov (1983), Doklady 269, 543-547, in the form of Sutskever et al. (2013), ICML, with x the point looked ahead to.
    Matches torch.optim.SGD(nesterov=True).
    """

    lr: float = 1e-3
    momentum: float = 0.9

    def update(self, x, g, t, v):
        v = self.momentum * v + g
        return x - self.lr * (g + self.momentum * v), v


@dataclass(frozen=True)
class ASGD(Rule):
    """Averaged descent: plain steps, and beside them the average of the late iterates.

    Polyak and Juditsky (1992), SIAM Journal on Control and Optimization 30(4), 838-855. Matches torch.optim.ASGD, whose
    weights also decay at the rate `lambd`. Averaging begins after step `t0`.
    """

    lr: float = 1e-2
    lambd: float = 1e-4
    power: float = 0.75
    t0: float = 1e6

    def init(self, x):
        return (x,)

    def update(self, x, g, t, x_bar):
        eta = self.lr / (1 + self.lambd * self.lr * (t - 1)) ** self.power
        mu = 1 / maximum(1, t - 1 - self.t0)
        x = (1 - self.lambd * eta) * x - eta * g
        return x, x_bar + mu * (x - x_bar)

    def answer(self, x, x_bar):
        return x_bar
