"""Adam and its family."""

from dataclasses import dataclass

from gdcore.rules.arithmetic import full_like, maximum, ratio, sign, sqrt, where, zeros_like
from gdcore.rules.base import Rule

__all__ = ["Adam", "AdamW", "AdaMax", "AMSGrad", "NAdam", "RAdam", "AdaBelief", "Yogi"]


@dataclass(frozen=True)
class Adam(Rule):
    """Adam: an averaged gradient, divided by its own root mean square.

    Kingma and Ba (2015), Algorithm 1, arXiv:1412.6980. Matches torch.optim.Adam.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def update(self, x, g, t, m, v):
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        return x - self.lr * m_hat / (sqrt(v_hat) + self.eps), m, v


@dataclass(frozen=True)
class AdamW(Rule):
    """AdamW: Adam, with weights that shrink by a share of their own size and not through the gradient.

    Loshchilov and Hutter (2019), arXiv:1711.05101. Matches torch.optim.AdamW: the decay is multiplied by the learning rate.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 1e-2

    def update(self, x, g, t, m, v):
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        x = (1 - self.lr * self.weight_decay) * x
        return x - self.lr * m_hat / (sqrt(v_hat) + self.eps), m, v


@dataclass(frozen=True)
class AdaMax(Rule):
    """AdaMax: an averaged gradient, divided by the largest recent one.

    Kingma and Ba (2015), Algorithm 2, arXiv:1412.6980. Matches torch.optim.Adamax; `eps` stands inside the maximum.
    """

    lr: float = 2e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def update(self, x, g, t, m, u):
        m = self.beta1 * m + (1 - self.beta1) * g
        u = maximum(self.beta2 * u, abs(g) + self.eps)
        m_hat = m / (1 - self.beta1**t)
        return x - self.lr * m_hat / u, m, u


@dataclass(frozen=True)
class AMSGrad(Rule):
    """AMSGrad: Adam, whose divisor never shrinks.

    Reddi, Kale and Kumar (2018), arXiv:1904.09237. Matches torch.optim.Adam(amsgrad=True): the maximum is over the raw v,
    and the bias correction (which the paper leaves out) comes after it.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def update(self, x, g, t, m, v, v_max):
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        v_max = maximum(v_max, v)
        m_hat = m / (1 - self.beta1**t)
        v_hat = v_max / (1 - self.beta2**t)
        return x - self.lr * m_hat / (sqrt(v_hat) + self.eps), m, v, v_max


@dataclass(frozen=True)
class NAdam(Rule):
    """NAdam: Adam with Nesterov's look ahead and a momentum that warms up.

    Dozat (2016), ICLR workshop. Matches torch.optim.NAdam. `p` is the product of all momenta so far.
    """

    lr: float = 2e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    momentum_decay: float = 4e-3

    def init(self, x):
        return zeros_like(x), zeros_like(x), 1.0

    def update(self, x, g, t, m, v, p):
        mu = self.beta1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay))
        mu_next = self.beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * self.momentum_decay))
        p = p * mu
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = mu_next / (1 - p * mu_next) * m + (1 - mu) / (1 - p) * g
        v_hat = v / (1 - self.beta2**t)
        return x - self.lr * m_hat / (sqrt(v_hat) + self.eps), m, v, p


@dataclass(frozen=True)
class RAdam(Rule):
    """RAdam: plain averaged steps until the divisor rests on enough gradients to be trusted.

    Liu et al. (2020), arXiv:1908.03265. Matches torch.optim.RAdam: the threshold is 5, as in the authors' code (4 in the
    paper), and `eps` is added before the bias correction.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def update(self, x, g, t, m, v):
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        rho_inf = 2 / (1 - self.beta2) - 1
        rho = rho_inf - 2 * t * self.beta2**t / (1 - self.beta2**t)
        r = sqrt(ratio((rho - 4) * (rho - 2) * rho_inf,
                       (rho_inf - 4) * (rho_inf - 2) * rho))
        d = where(rho > 5,
                  r * sqrt(1 - self.beta2**t) * m_hat / (sqrt(v) + self.eps), m_hat)
        return x - self.lr * d, m, v


@dataclass(frozen=True)
class AdaBelief(Rule):
    """AdaBelief: Adam, divided by how far gradients stray from their average.

    Zhuang et al. (2020), arXiv:2010.07468. Matches optax.adabelief; `eps` is used twice, inside the memory and outside the root.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-16

    def update(self, x, g, t, m, s):
        m = self.beta1 * m + (1 - self.beta1) * g
        s = self.beta2 * s + (1 - self.beta2) * (g - m) ** 2 + self.eps
        m_hat = m / (1 - self.beta1**t)
        s_hat = s / (1 - self.beta2**t)
        return x - self.lr * m_hat / (sqrt(s_hat) + self.eps), m, s


@dataclass(frozen=True)
class Yogi(Rule):
    """Yogi: Adam, whose divisor moves by the squared gradient at most, so that it cannot collapse.

    Zaheer et al. (2018), NeurIPS 31. Matches optax.yogi, which starts both memories at `v0`.
    """

    lr: float = 1e-2
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-3
    v0: float = 1e-6

    def init(self, x):
        return full_like(x, self.v0), full_like(x, self.v0)

    def update(self, x, g, t, m, v):
        m = self.beta1 * m + (1 - self.beta1) * g
        v = v - (1 - self.beta2) * sign(v - g**2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        return x - self.lr * m_hat / (sqrt(v_hat) + self.eps), m, v
