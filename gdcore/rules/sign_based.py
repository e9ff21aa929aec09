"""Rules that look at the sign of the gradient and not at its size."""

from dataclasses import dataclass

from gdcore.rules.arithmetic import clip, full_like, sign, where, zeros_like
from gdcore.rules.base import Rule

__all__ = ["SignSGD", "Lion", "Rprop"]


@dataclass(frozen=True)
class SignSGD(Rule):
    """signSGD: each weight moves by the same length, in the direction that its gradient's sign tells.

    Bernstein et al. (2018), arXiv:1802.04434. Matches optax.sign_sgd.
    """

    lr: float = 1e-3

    def update(self, x, g, t):
        return (x - self.lr * sign(g),)


@dataclass(frozen=True)
class Lion(Rule):
    """Lion: the sign of a blend of the gradient and its average.

    Chen et al. (2023), arXiv:2302.06675. Matches optax.lion with the same weight decay. The average is brought up to date
    after the step and with its own memory `beta2`.
    """

    lr: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    def update(self, x, g, t, m):
        u = sign(self.beta1 * m + (1 - self.beta1) * g)
        m = self.beta2 * m + (1 - self.beta2) * g
        return (1 - self.lr * self.weight_decay) * x - self.lr * u, m


@dataclass(frozen=True)
class Rprop(Rule):
    """Rprop: each weight has its own step, longer after two equal signs and shorter after a change.

    Riedmiller and Braun (1993), IEEE International Conference on Neural Networks, 586-591. Matches torch.optim.Rprop (the
    iRprop- form: after a change of sign the weight rests for one step). For full-batch gradients only.
    """

    lr: float = 1e-2
    eta_minus: float = 0.5
    eta_plus: float = 1.2
    step_min: float = 1e-6
    step_max: float = 50.0

    def init(self, x):
        return zeros_like(x), full_like(x, self.lr)

    def update(self, x, g, t, g_last, d):
        agree = g * g_last
        d = where(agree > 0, self.eta_plus * d, where(agree < 0, self.eta_minus * d, d))
        d = clip(d, self.step_min, self.step_max)
        g = where(agree < 0, 0 * g, g)
        return x - sign(g) * d, g, d
