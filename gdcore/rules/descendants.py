"""Descendants of Adam: another order, another memory, another look ahead."""

from dataclasses import dataclass

from gdcore.rules.arithmetic import clip, maximum, sqrt, where
from gdcore.rules.base import Rule

__all__ = ["ADOPT", "AdEMAMix", "Adan"]


@dataclass(frozen=True)
class ADOPT(Rule):
    """ADOPT: Adam in another order: a gradient is divided by the size of those before it, and averaged afterwards.

    Taniguchi et al. (2024), Algorithm 2, arXiv:2411.02853: so it converges for any β₂. The entries of the divided gradient are
    clipped at (t − 1)^¼, so that the first step only measures. Matches optax.contrib.adopt.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.9999
    eps: float = 1e-6

    def update(self, x, g, t, m, v):
        c = (t - 1) ** 0.25
        u = g / maximum(sqrt(v), self.eps)
        u = clip(u, -c, c)
        m = self.beta1 * m + (1 - self.beta1) * u
        v = where(t > 1, self.beta2 * v + (1 - self.beta2) * g**2, g**2)
        return x - self.lr * m, m, v


@dataclass(frozen=True)
class AdEMAMix(Rule):
    """AdEMAMix: Adam with a second, very slow average of the gradient, which is added to the fast one.

    Pagliardini, Ablin and Grangier (2024), Algorithm 1, arXiv:2409.03137. The slow average has no bias correction. They let its weight
    and its memory grow over the first steps; here both stay, so begin with a warm-up of the learning rate. Matches
    optax.contrib.ademamix: the decay is decoupled.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    beta3: float = 0.9999
    mix: float = 5.0
    eps: float = 1e-8
    weight_decay: float = 0.0

    def update(self, x, g, t, m, s, v):
        m = self.beta1 * m + (1 - self.beta1) * g
        s = self.beta3 * s + (1 - self.beta3) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        x = (1 - self.lr * self.weight_decay) * x
        return x - self.lr * (m_hat + self.mix * s) / (sqrt(v_hat) + self.eps), m, s, v


@dataclass(frozen=True)
class Adan(Rule):
    """Adan: Nesterov's look ahead inside Adam, by an average of how the gradient changes.

    Xie et al. (2022), Algorithm 1, arXiv:2208.06677, with the bias corrections of their code. The betas are the shares that are kept, as
    in the code; in the paper they are the shares of what is new. The decay divides by 1 + ηλ. Matches pytorch_optimizer's Adan.
    """

    lr: float = 1e-3
    beta1: float = 0.98
    beta_change: float = 0.92
    beta2: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0

    def update(self, x, g, t, m, d, v, g_last):
        change = where(t > 1, 1.0, 0.0) * (g - g_last)
        m = self.beta1 * m + (1 - self.beta1) * g
        d = self.beta_change * d + (1 - self.beta_change) * change
        v = self.beta2 * v + (1 - self.beta2) * (g + self.beta_change * change) ** 2
        m_hat = m / (1 - self.beta1**t)
        d_hat = d / (1 - self.beta_change**t)
        v_hat = v / (1 - self.beta2**t)
        u = (m_hat + self.beta_change * d_hat) / (sqrt(v_hat) + self.eps)
        return (x - self.lr * u) / (1 + self.lr * self.weight_decay), m, d, v, g
