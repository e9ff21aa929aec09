"""A learning rate for each weight, from the size of its past gradients."""

from dataclasses import dataclass
from typing import ClassVar

from gdcore.rules.arithmetic import full_like, sqrt
from gdcore.rules.base import Rule

__all__ = ["AdaGrad", "RMSProp", "Adadelta"]


@dataclass(frozen=True)
class AdaGrad(Rule):
    """AdaGrad: the gradient, divided by the root of the sum of all its squares so far.

    Duchi, Hazan and Singer (2011), Journal of Machine Learning Research 12, 2121-2159. Matches torch.optim.Adagrad.
    """

    lr: float = 1e-2
    lr_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10
    lazy: ClassVar[bool] = True

    def init(self, x):
        return (full_like(x, self.initial_accumulator_value),)

    def update(self, x, g, t, s):
        eta = self.lr / (1 + (t - 1) * self.lr_decay)
        s = s + g**2
        return x - eta * g / (sqrt(s) + self.eps), s


@dataclass(frozen=True)
class RMSProp(Rule):
    """RMSProp: the gradient, divided by the root of the recent mean of its square.

    Hinton (2012), Neural Networks for Machine Learning, lecture 6e; the centred form is of Graves (2013), arXiv:1308.0850.
    Matches torch.optim.RMSprop. The centred form divides by the recent standard deviation.
    """

    lr: float = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centered: bool = False

    def update(self, x, g, t, v, m, b):
        v = self.alpha * v + (1 - self.alpha) * g**2
        if self.centered:
            m = self.alpha * m + (1 - self.alpha) * g
            d = g / (sqrt(v - m**2) + self.eps)
        else:
            d = g / (sqrt(v) + self.eps)
        b = self.momentum * b + d
        return x - self.lr * b, v, m, b


@dataclass(frozen=True)
class Adadelta(Rule):
    """Adadelta: steps as long as recent steps were, so that no learning rate has to be chosen.

    Zeiler (2012), arXiv:1212.5701 (which has no `lr`). Matches torch.optim.Adadelta; `eps` stands inside both roots.
    """

    lr: float = 1.0
    rho: float = 0.9
    eps: float = 1e-6

    def update(self, x, g, t, v, u):
        v = self.rho * v + (1 - self.rho) * g**2
        d = sqrt(u + self.eps) / sqrt(v + self.eps) * g
        u = self.rho * u + (1 - self.rho) * d**2
        return x - self.lr * d, v, u
