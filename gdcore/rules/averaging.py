"""Rules around rules: slow weights, averages, and a second look uphill."""

from dataclasses import dataclass
from typing import ClassVar

from gdcore.rules.arithmetic import equal, maximum, minimum, norm, sqrt, where, zeros_like
from gdcore.rules.base import Rule, Wrapper

__all__ = ["Lookahead", "EMA", "SAM", "ScheduleFreeSGD", "ScheduleFreeAdamW"]


@dataclass(frozen=True)
class Lookahead(Wrapper):
    """Lookahead: fast weights run ahead, and every few steps slow weights follow part of the way.

    Zhang et al. (2019), arXiv:1907.08610. Matches optax.lookahead; the inner memory is kept at a synchronisation.
    """

    sync_period: int = 5
    slow_step_size: float = 0.5

    def init(self, x):
        return (x, *self.rule.init(x))

    def update(self, x, g, t, slow, *inner):
        x, *inner = self.rule.update(x, g, t, *inner)
        sync = equal(t % self.sync_period, 0)
        slow = where(sync, slow + self.slow_step_size * (x - slow), slow)
        x = where(sync, slow, x)
        return (x, slow, *inner)


@dataclass(frozen=True)
class EMA(Wrapper):
    """EMA: beside any rule's weights, their exponential moving average, which is the answer.

    Polyak and Juditsky (1992); in deep learning as in Izmailov et al. (2018), arXiv:1803.05407. The average starts at the
    first weights. Matches torch.optim.swa_utils.get_ema_multi_avg_fn.
    """

    decay: float = 0.999

    def init(self, x):
        return (x, *self.rule.init(x))

    def update(self, x, g, t, x_bar, *inner):
        x, *inner = self.rule.update(x, g, t, *inner)
        x_bar = self.decay * x_bar + (1 - self.decay) * x
        return (x, x_bar, *inner)

    def answer(self, x, x_bar, *inner):
        return x_bar


@dataclass(frozen=True)
class SAM(Wrapper):
    """SAM: any rule, stepping with the gradient taken a little uphill, where sharp minima show.

    Foret et al. (2021), arXiv:2010.01412. `update` expects the gradient taken at `probe`; the norm is over all weights.
    """

    radius: float = 0.05
    second_gradient: ClassVar[bool] = True

    def update(self, x, g, t, *inner):
        return self.rule.update(x, g, t, *inner)

    def probe(self, x, g, t, *inner, length=None):
        # length: of the gradient of all weights, where x is only some of them
        length = norm(g) if length is None else length
        return x + self.radius * g / where(length > 0, length, 1.0)


@dataclass(frozen=True)
class ScheduleFreeSGD(Rule):
    """Schedule-Free SGD: gradients at a blend y of a fast point z and the average x of all fast points.

    Defazio et al. (2024), arXiv:2405.15682. Matches the authors' reference. The parameters hold y while training; the answer is x.
    """

    lr: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 0.0
    warmup_steps: int = 0
    r: float = 0.0
    weight_lr_power: float = 2.0

    def init(self, y):
        return y, y, 0.0, 0.0

    def update(self, y, g, t, x, z, lr_max, total):
        lr = self.lr * minimum(1, t / maximum(1, self.warmup_steps))
        lr_max = maximum(lr_max, lr)
        weight = t**self.r * lr_max**self.weight_lr_power
        total = total + weight
        c = weight / where(total > 0, total, 1)
        z = z - lr * (g + self.weight_decay * y)
        x = (1 - c) * x + c * z
        return (1 - self.momentum) * z + self.momentum * x, x, z, lr_max, total

    def answer(self, y, x, *state):
        return x


@dataclass(frozen=True)
class ScheduleFreeAdamW(Rule):
    """Schedule-Free AdamW: the same averaging around steps that are divided by their root mean square.

    Defazio et al. (2024), arXiv:2405.15682. Matches the authors' reference. The parameters hold y while training; the answer is x.
    """

    lr: float = 2.5e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0
    warmup_steps: int = 0
    r: float = 0.0
    weight_lr_power: float = 2.0

    def init(self, y):
        return zeros_like(y), y, y, 0.0, 0.0

    def update(self, y, g, t, v, x, z, lr_max, total):
        lr = self.lr * minimum(1, t / maximum(1, self.warmup_steps))
        lr_max = maximum(lr_max, lr)
        weight = t**self.r * lr_max**self.weight_lr_power
        total = total + weight
        c = weight / where(total > 0, total, 1)
        v = self.beta2 * v + (1 - self.beta2) * g**2
        v_hat = v / (1 - self.beta2**t)
        z = z - lr * (g / (sqrt(v_hat) + self.eps) + self.weight_decay * y)
        x = (1 - c) * x + c * z
        return (1 - self.beta1) * z + self.beta1 * x, v, x, z, lr_max, total

    def answer(self, y, v, x, *state):
        return x
