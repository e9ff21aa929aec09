"""Rules that scale each layer's step by the size of its weights, for very large batches."""

from dataclasses import dataclass
from typing import ClassVar

from gdcore.rules.arithmetic import norm, sqrt, where
from gdcore.rules.base import Rule

__all__ = ["LARS", "LAMB"]


@dataclass(frozen=True)
class LARS(Rule):
    """LARS: heavy-ball steps whose length is a fixed share of the length of the layer's weights.

    You, Gitman and Ginsburg (2017), arXiv:1708.03888. The learning rate is inside the velocity, as in the paper. A layer
    whose weights are all zero takes a plain step.
    """

    lr: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    trust: float = 1e-3
    reads: ClassVar[str] = "tensor"

    def update(self, x, g, t, v):
        d = norm(g) + self.weight_decay * norm(x)
        q = where(norm(x) > 0, self.trust * norm(x) / where(d > 0, d, 1.0), 1.0)
        v = self.momentum * v + self.lr * q * (g + self.weight_decay * x)
        return x - v, v


@dataclass(frozen=True)
class LAMB(Rule):
    """LAMB: Adam's direction, with a length that is a share of the length of the layer's weights.

    You et al. (2020), arXiv:1904.00962, Algorithm 2 with the identity as the scaling of norms. Matches optax.lamb.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-6
    weight_decay: float = 0.0
    reads: ClassVar[str] = "tensor"

    def update(self, x, g, t, m, v):
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        u = m_hat / (sqrt(v_hat) + self.eps) + self.weight_decay * x
        q = where(norm(x) > 0, norm(x) / where(norm(u) > 0, norm(u), 1.0), 1.0)
        return x - self.lr * q * u, m, v
