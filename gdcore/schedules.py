"""Learning-rate schedules as pure functions: a factory gives `schedule(t)`, the factor on the base learning rate at step t.

t counts from 0, as torch's `last_epoch` does: schedule(0) belongs to the first update. t may be an array; then so is the factor.
Use one with torch by `attach(optimizer, schedule)` or `torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)`, and with
`gdcore.minimize(…, schedule=schedule)`. torch's schedulers rewrite the learning rate from its last value and drift if
somebody else edits it; these depend on t alone. Call `optimizer.step()` before `scheduler.step()`.
"""

import math
import numbers

import numpy as np

__all__ = ["Plateau", "attach", "chain", "constant", "cosine", "cyclic", "cyclic_momentum", "exponential", "inverse_sqrt",
           "linear_warmup", "multi_step", "multiplicative", "one_cycle", "one_cycle_momentum", "polynomial", "step", "then",
           "warm_restarts", "wsd"]


def _schedule(formula):
    """A formula of an array t, as a function of a number or an array that refuses negative steps."""

    def schedule(t):
        steps = np.asarray(t, dtype=float)
        if not (steps >= 0).all():
            raise ValueError(f"A schedule counts its steps from 0, got t = {t!r}.")
        factor = np.broadcast_to(formula(steps), steps.shape)
        return float(factor) if steps.ndim == 0 else factor.copy()

    schedule.__wrapped__ = formula  # for those who print it, as gdcore.figures.live does
    return schedule


def _positive(**values):
    _finite(**values)
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} must be above 0, got {value!r}.")


def _finite(**values):
    for name, value in values.items():
        if not (isinstance(value, numbers.Real) and math.isfinite(value)):
            raise ValueError(f"{name} must be a finite number, got {value!r}.")


def _one_of(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")


def _functions_of_t(name, *schedules):
    if any(isinstance(s, Plateau) for s in schedules):
        raise TypeError(f"{name} takes functions of the step, and a Plateau looks at a metric: attach it alone, beside a second scheduler.")


# -- one rule for ever ---------------------------------------------------------------------------------------------------------


def constant(factor=1.0, steps=math.inf):
    """`factor` for the first `steps` steps, then 1. Matches torch's ConstantLR, whose defaults are 1/3 and 5."""
    _finite(factor=factor)
    return _schedule(lambda t: np.where(t < steps, factor, 1.0))


def step(size, gamma=0.1):
    """Times gamma after every `size` steps. Matches torch's StepLR."""
    _positive(size=size, gamma=gamma)
    return _schedule(lambda t: gamma ** (t // size))


def multi_step(milestones, gamma=0.1):
    """Times gamma at each milestone; one that is named twice counts twice. Matches torch's MultiStepLR."""
    _positive(gamma=gamma)
    milestones = list(milestones)
    _finite(**{f"milestone {i}": milestone for i, milestone in enumerate(milestones, 1)})
    return _schedule(lambda t: gamma ** sum(np.where(t >= milestone, 1.0, 0.0) for milestone in milestones))


def exponential(gamma):
    """gammaᵗ. Matches torch's ExponentialLR."""
    _positive(gamma=gamma)
    return _schedule(lambda t: gamma**t)


def polynomial(total, power=1.0):
    """(1 − t / total)^power, and 0 from step `total` on. Matches torch's PolynomialLR."""
    _positive(total=total, power=power)
    return _schedule(lambda t: (1 - np.minimum(t, total) / total) ** power)


def linear_warmup(steps=5, start=1 / 3, end=1.0):
    """A straight line from `start` to `end` in `steps` steps, then `end` (Goyal et al. 2017, arXiv:1706.02677).

    Matches torch's LinearLR, which begins at a third and not at 0: with start = 0 the first update does nothing.
    """
    _positive(steps=steps)
    _finite(start=start, end=end)
    share = lambda t: np.minimum(t, steps) / steps
    return _schedule(lambda t: (1 - share(t)) * start + share(t) * end)  # in this form it ends at `end` exactly


def inverse_sqrt(warmup):
    """min((t + 1) / warmup, √(warmup / (t + 1))): a straight rise to 1, then a fall with the root of the steps.

    Vaswani et al. (2017), section 5.3, arXiv:1706.03762: theirs is this with the base rate (d_model · warmup)^−½. Its top is at
    t = warmup − 1.
    """
    _positive(warmup=warmup)
    return _schedule(lambda t: np.minimum((t + 1) / warmup, np.sqrt(warmup / (t + 1))))


def wsd(total, warmup, decay, shape="linear", start=0.0, end=0.0):
    """Warm-up, stable, decay: up from `start` in `warmup` steps, 1, and down to `end` in the last `decay` of `total` steps.

    Hu et al. (2024), MiniCPM, arXiv:2404.06395; the shapes are "linear", "cosine" and "1-sqrt" (Hägele et al. 2024,
    arXiv:2405.18392). From step `total` on it is `end`. torch has none; matches pytorch_optimizer's where end = 0.
    """
    _positive(total=total)
    _finite(start=start, end=end)
    shapes = {"linear": lambda p: 1 - p, "cosine": lambda p: (1 + np.cos(np.pi * p)) / 2, "1-sqrt": lambda p: 1 - np.sqrt(p)}
    _one_of("shape", shape, shapes)
    if not (warmup >= 0 and decay >= 0 and warmup + decay <= total):
        raise ValueError(f"wsd got warmup = {warmup!r} and decay = {decay!r} in a total of {total!r} steps; "
                         "both must be at least 0 and fit into the total.")

    def formula(t):
        rise = np.where(t < warmup, start + (1 - start) * t / max(warmup, 1e-300), 1.0)  # without a warm-up 1 at once
        done = np.clip((t - (total - decay)) / max(decay, 1e-300), 0.0, 1.0)
        return np.where(t < total - decay, rise, np.where(t < total, end + (1 - end) * shapes[shape](done), end))

    return _schedule(formula)


# -- cosines and cycles --------------------------------------------------------------------------------------------------------


def cosine(total, end=0.0):
    """Half a cosine from 1 to `end` in `total` steps (Loshchilov and Hutter 2017, arXiv:1608.03983).

    Matches torch's CosineAnnealingLR, which climbs again after `total`: at 2 · total it is back at 1. To stay down, write
    then(cosine(total), total, constant(end)). torch's eta_min is a rate, `end` a share of the base rate.
    """
    _positive(total=total)
    _finite(end=end)
    return _schedule(lambda t: end + (1 - end) * (1 + np.cos(np.pi * t / total)) / 2)


def warm_restarts(first, multiply=1, end=0.0):
    """Half a cosine from 1 to `end` in `first` steps, again and again, each `multiply` times as long as the one before.

    Loshchilov and Hutter (2017), arXiv:1608.03983. Matches torch's CosineAnnealingWarmRestarts: a restart is at 1, and the
    step before it has not quite reached `end`.
    """
    _positive(first=first)
    _finite(end=end)
    if not multiply >= 1:
        raise ValueError(f"multiply must be at least 1, or the cycles would end; got {multiply!r}.")

    def formula(t):
        edges, length = [0.0], float(first)
        if multiply == 1:
            return end + (1 - end) * (1 + np.cos(np.pi * (t % first) / first)) / 2
        while edges[-1] <= np.max(t, initial=0.0):
            edges.append(edges[-1] + length)
            length *= multiply
        cycle = np.searchsorted(edges, t, side="right") - 1
        starts, lengths = np.array(edges)[cycle], first * float(multiply) ** cycle
        return end + (1 - end) * (1 + np.cos(np.pi * (t - starts) / lengths)) / 2

    return _schedule(formula)


def cyclic(up=2000, down=None, low=0.1, high=1.0, mode="triangular", gamma=1.0):
    """From `low` to `high` in `up` steps and back in `down` (as many, if None), again and again (Smith 2017, arXiv:1506.01186).

    mode: "triangular"; "triangular2" halves the height with each cycle; "exp_range" shrinks it by gamma with each step.
    Matches torch's CyclicLR with base_lr = low · lr and max_lr = high · lr. torch also cycles the momentum unless it is told
    not to; here that is `cyclic_momentum`.
    """
    down = up if down is None else down
    _positive(up=up, down=down, gamma=gamma)
    _finite(low=low, high=high)
    _one_of("mode", mode, ("triangular", "triangular2", "exp_range"))
    share = up / (up + down)

    def formula(t):
        cycle = np.floor(1 + t / (up + down))
        x = 1 + t / (up + down) - cycle
        # only one of the two is used, and the other may divide by nothing
        height = np.where(x <= share, x / share, (x - 1) / (share - 1 or -1.0))
        shrink = {"triangular": 1.0, "triangular2": 0.5 ** (cycle - 1), "exp_range": gamma**t}[mode]
        return low + (high - low) * height * shrink

    return _schedule(formula)


def cyclic_momentum(up=2000, down=None, low=0.8, high=0.9, mode="triangular", gamma=1.0):
    """The momentum itself, that goes down to `low` while `cyclic` goes up. Matches the momentum of torch's CyclicLR."""
    return cyclic(up, down, high, low, mode, gamma)  # the same triangle with its ends exchanged


def one_cycle(total, rise=0.3, start=1 / 25, end=1 / 25e4, shape="cosine", three_phase=False):
    """Up from `start` to 1 in the share `rise` of the steps, then down to `end` (Smith and Topin 2018, arXiv:1708.07120).

    The base learning rate is the highest. shape: "cosine" or "linear". three_phase: down to `start` in as many steps as up,
    and to `end` in the rest. Matches torch's OneCycleLR(max_lr=lr), with start = 1 / div_factor and
    end = start / final_div_factor; from step total − 1 on it is `end`, where torch raises. torch also cycles the momentum
    unless it is told not to, and so sets SGD(momentum=0) to 0.95 and Adam's β₁ too; here that is `one_cycle_momentum`.
    """
    return _phases(total, rise, shape, three_phase, start, 1.0, end)


def one_cycle_momentum(total, rise=0.3, low=0.85, high=0.95, shape="cosine", three_phase=False):
    """The momentum itself, that goes down to `low` while `one_cycle` goes up. Matches the momentum of torch's OneCycleLR."""
    return _phases(total, rise, shape, three_phase, high, low, high)


def _phases(total, rise, shape, three_phase, start, top, end):
    _positive(total=total, rise=rise)
    _finite(start=start, end=end)
    _one_of("shape", shape, ("cosine", "linear"))
    edges = [0.0, rise * total - 1] + ([2 * rise * total - 2] if three_phase else []) + [total - 1.0]
    heights = [start, top] + ([start] if three_phase else []) + [end]
    if not (np.diff(edges) > 0).all():
        ends = ", ".join(f"{edge:g}" for edge in edges[1:])
        raise ValueError(f"The phases of one cycle end at the steps {ends}, which must grow from 0; "
                         f"give a larger total than {total!r} or another rise than {rise!r}.")

    def ramp(t, begin, end, before, after):
        done = (t - begin) / (end - begin)
        return before + (after - before) * (done if shape == "linear" else (1 - np.cos(np.pi * done)) / 2)

    def formula(t):
        t = np.minimum(t, edges[-1])
        value, *later = (ramp(t, *ends) for ends in zip(edges, edges[1:], heights, heights[1:]))
        for edge, after in zip(edges[1:], later):
            value = np.where(t <= edge, value, after)
        return value

    return _schedule(formula)


# -- schedules of schedules ----------------------------------------------------------------------------------------------------


def then(first, at, second):
    """`first` before step `at`, then `second`, which counts from 0 again. Matches torch's SequentialLR: nest it for more.

    Raises TypeError for a Plateau.
    """
    _functions_of_t("then", first, second)
    _positive(at=at)
    return _schedule(lambda t: np.where(t < at, first(t), second(np.maximum(t - at, 0))))


def chain(*schedules):
    """The product of schedules. Matches torch's ChainedScheduler where those multiply, as most do. Raises TypeError for a Plateau."""
    _functions_of_t("chain", *schedules)
    return _schedule(lambda t: math.prod(np.asarray(schedule(t)) for schedule in schedules))


def multiplicative(factors):
    """Times factors(t) at each step t = 1, 2, …: what is left is the product of all so far. Matches torch's MultiplicativeLR.

    factors: a function of the step; factors(0) is never asked for, as in torch. Raises TypeError for anything else, ValueError for a
    factor that is no finite number.
    """
    if not callable(factors):
        raise TypeError(f"multiplicative takes a function of the step, such as lambda t: 0.95, got {type(factors).__name__}.")

    def formula(t):
        given = {f"factors({k})": factors(k) for k in range(1, int(np.max(t, initial=0)) + 1)}
        _finite(**given)
        return np.cumprod([1.0, *given.values()])[t.astype(int)]

    return _schedule(formula)


# -- schedules that look at the loss -------------------------------------------------------------------------------------------


class Plateau:
    """Times `factor` when a metric has not got better for more than `patience` steps. Matches torch's ReduceLROnPlateau.

    Not a function of t: call `step(metric)` after each evaluation; it returns the factor on the base rate from now on, and so
    does plateau(t) for any t. mode: whether a better metric is smaller ("min") or larger ("max"). Better means by more than
    `threshold`, as a share of the best ("rel", for metrics above 0 only: below it worse may count as better) or as it is ("abs").
    After a cut, `cooldown` steps do not count. The factor never falls below `least`, and cuts of at most `eps` are not made;
    torch's min_lr and eps are rates, these are shares of the base rate. The first metric is the baseline: with patience 2 and
    equal metrics the first cut comes at the 4th, the next at the 7th.
    """

    def __init__(self, factor=0.1, patience=10, threshold=1e-4, mode="min", threshold_mode="rel", cooldown=0, least=0.0,
                 eps=1e-8):
        _one_of("mode", mode, ("min", "max"))
        _one_of("threshold_mode", threshold_mode, ("rel", "abs"))
        if not 0 <= factor < 1:
            raise ValueError(f"factor must lie in [0, 1), or nothing would be reduced; got {factor!r}.")
        if min(patience, cooldown, threshold, least, eps) < 0:
            raise ValueError("patience, cooldown, threshold, least and eps must be at least 0, got "
                             f"{patience!r}, {cooldown!r}, {threshold!r}, {least!r} and {eps!r}.")
        self.factor, self.patience, self.cooldown, self.least, self.eps = factor, patience, cooldown, least, eps
        self.threshold, self.threshold_mode, self.sign = threshold, threshold_mode, 1 if mode == "min" else -1
        self.best, self.bad, self.resting, self.current = self.sign * math.inf, 0, 0, 1.0

    def __call__(self, t):
        return self.current

    def step(self, metric):
        """Take note of a metric (nan is no better than anything) and return the factor on the base rate."""
        metric = float(metric)
        if self._better(metric):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.resting:
            self.resting, self.bad = self.resting - 1, 0
        if self.bad > self.patience:
            lower = max(self.current * self.factor, self.least)
            if self.current - lower > self.eps:
                self.current = lower
            self.resting, self.bad = self.cooldown, 0
        return self.current

    def _better(self, metric):
        if self.threshold_mode == "abs":
            return self.sign * metric < self.sign * self.best - self.threshold
        return self.sign * metric < self.sign * self.best * (1 - self.sign * self.threshold)


# -- torch ---------------------------------------------------------------------------------------------------------------------


def attach(optimizer, schedule, momentum=None):
    """A torch scheduler that follows `schedule` in all groups: call its step() after optimizer.step().

    schedule: any of this module; a Plateau wants step(metric). momentum: a schedule of the momentum itself (β₁ where there are
    betas), such as one_cycle_momentum(total); None leaves it alone. The scheduler's state_dict holds the step, and a Plateau's
    memory. Raises TypeError if the optimizer is none of torch's, ValueError for a momentum that it does not have, and in step() for
    groups that were added since.
    """
    import torch

    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"attach needs a torch.optim.Optimizer, got {type(optimizer).__name__}.")
    if momentum is not None and not all({"momentum", "betas"} & set(group) for group in optimizer.param_groups):
        raise ValueError(f"{type(optimizer).__name__} has neither momentum nor betas that a schedule could change; "
                         "leave momentum out.")

    class Attached(torch.optim.lr_scheduler.LambdaLR):
        def get_lr(self):
            for group in self.optimizer.param_groups if momentum is not None else ():
                value = momentum(self.last_epoch)
                group.update({"betas": (value, *group["betas"][1:])} if "betas" in group else {"momentum": value})
            return super().get_lr()

        def step(self, metric=None):
            if metric is not None:
                if not isinstance(schedule, Plateau):
                    raise TypeError(f"This schedule counts its own steps and got step({metric!r}): call step() with nothing; "
                                    "only a Plateau takes a metric.")
                schedule.step(metric)
            if len(self.optimizer.param_groups) != len(self.base_lrs):
                raise ValueError(f"The optimizer has {len(self.optimizer.param_groups)} groups, and had {len(self.base_lrs)} when this "
                                 "schedule was attached: add groups first, or attach a new schedule.")
            super().step()

    return Attached(optimizer, schedule)
