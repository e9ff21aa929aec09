"""The parity table: each rule and configuration, what it is compared with, and how closely."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import optax
import pytorch_optimizer
import torch

import gdcore.rules as R
from tests.rules import reference as ref

SHAPES = {"matrix": (6, 4), "tall": (4, 7), "square": (4, 4), "cube": (2, 3, 4), "vector": (5,), "number": (), "rest": (5, 3), "asleep": (2, 3)}


@dataclass(frozen=True)
class Row:
    """One comparison. `tolerance` is relative to the largest entry of an iterate; `why` says why it is not 1e-12."""

    rule: R.Rule
    reference: object
    tolerance: float = 1e-12
    why: str = ""
    shapes: tuple = ("matrix", "vector", "number", "rest", "asleep")
    answer: bool = False  # compare rule.answer instead of x
    constant: bool = False  # the reference follows a change of the learning rate late
    first_rate: float = 1.0  # share of the learning rate that the first step has

    @property
    def name(self):
        options = [f"{k}={v}" for k, v in self.rule.hyperparameters().items() if v != type(self.rule).__dataclass_fields__.get(k, v)]
        return f"{type(self.rule).__name__}-{'-'.join(options)}"[:70]


T = torch.optim
MATRIX = ("matrix", "tall")
SINGLE = "torch keeps a scalar of its state in single precision"

ROWS = [
    Row(R.GD(0.1), ref.by_torch(T.SGD)),
    Row(R.HeavyBall(0.1, 0.9), ref.by_torch(T.SGD, momentum=0.9)),
    Row(R.HeavyBall(0.1, 0.5, 0.3), ref.by_torch(T.SGD, momentum=0.5, dampening=0.3)),
    Row(R.Nesterov(0.1, 0.9), ref.by_torch(T.SGD, momentum=0.9, nesterov=True)),
    Row(R.L2(R.HeavyBall(0.1, 0.9), 0.1), ref.by_torch(T.SGD, momentum=0.9, weight_decay=0.1)),
    Row(R.Ascent(R.L2(R.Nesterov(0.1, 0.9), 0.1)), ref.by_torch(T.SGD, momentum=0.9, nesterov=True, weight_decay=0.1, maximize=True)),
    Row(R.ASGD(0.1, 1e-2, 0.75, 4), ref.by_torch(T.ASGD, lambd=1e-2, alpha=0.75, t0=4), 1e-6, SINGLE, constant=True),
    Row(R.ASGD(0.1, 1e-2, 0.75, 4), ref.by_torch(T.ASGD, read="ax", lambd=1e-2, alpha=0.75, t0=4), 1e-6, SINGLE, constant=True, answer=True),
    Row(R.AdaGrad(0.1), ref.by_torch(T.Adagrad)),
    Row(R.AdaGrad(0.1, 0.1, 0.2, 1e-3), ref.by_torch(T.Adagrad, lr_decay=0.1, initial_accumulator_value=0.2, eps=1e-3)),
    Row(R.RMSProp(), ref.by_torch(T.RMSprop)),
    Row(R.RMSProp(0.01, 0.9, 1e-3), ref.by_torch(T.RMSprop, alpha=0.9, eps=1e-3)),
    Row(R.RMSProp(momentum=0.9), ref.by_torch(T.RMSprop, momentum=0.9)),
    Row(R.RMSProp(centered=True), ref.by_torch(T.RMSprop, centered=True)),
    Row(R.RMSProp(alpha=0.9, eps=1e-3, centered=True, momentum=0.5), ref.by_torch(T.RMSprop, alpha=0.9, eps=1e-3, centered=True, momentum=0.5)),
    Row(R.RMSProp(0.01, 0.9, 1e-3), ref.by_optax(optax.rmsprop, decay=0.9, eps=1e-3, eps_in_sqrt=False)),
    Row(R.Adadelta(), ref.by_torch(T.Adadelta)),
    Row(R.Adadelta(0.5, 0.8, 1e-3), ref.by_torch(T.Adadelta, rho=0.8, eps=1e-3)),
    Row(R.Adadelta(1.0, 0.9, 1e-6), ref.by_optax(optax.adadelta, rho=0.9, eps=1e-6)),
    Row(R.Adam(), ref.by_torch(T.Adam)),
    Row(R.Adam(0.01, 0.5, 0.9, 1e-3), ref.by_torch(T.Adam, betas=(0.5, 0.9), eps=1e-3)),
    Row(R.Adam(0.01), ref.by_optax(optax.adam), 1e-11, "optax takes powers of the betas by another route"),
    Row(R.L2(R.Adam(), 0.1), ref.by_torch(T.Adam, weight_decay=0.1)),
    Row(R.AdamW(), ref.by_torch(T.AdamW)),
    Row(R.AdamW(0.01, weight_decay=0.5), ref.by_torch(T.AdamW, weight_decay=0.5)),
    Row(R.AdamW(0.01, weight_decay=0.1), ref.by_optax(optax.adamw, weight_decay=0.1), 1e-11, "as for Adam"),
    Row(R.AdaMax(), ref.by_torch(T.Adamax)),
    Row(R.AdaMax(0.01, 0.5, 0.9, 1e-3), ref.by_torch(T.Adamax, betas=(0.5, 0.9), eps=1e-3)),
    Row(R.AdaMax(), ref.by_optax(optax.adamax), 1e-11, "as for Adam"),
    Row(R.AMSGrad(), ref.by_torch(T.Adam, amsgrad=True)),
    Row(R.AMSGrad(0.01, 0.5, 0.6, 1e-3), ref.by_torch(T.Adam, amsgrad=True, betas=(0.5, 0.6), eps=1e-3)),
    Row(R.DecoupledDecay(R.AMSGrad(), 0.1), ref.by_torch(T.AdamW, amsgrad=True, weight_decay=0.1)),
    Row(R.NAdam(), ref.by_torch(T.NAdam), 1e-7, SINGLE),
    Row(R.NAdam(0.01, 0.5, 0.9, 1e-3, 0.1), ref.by_torch(T.NAdam, betas=(0.5, 0.9), eps=1e-3, momentum_decay=0.1), 1e-6, SINGLE),
    Row(R.DecoupledDecay(R.NAdam(), 0.1), ref.by_torch(T.NAdam, weight_decay=0.1, decoupled_weight_decay=True), 1e-7, SINGLE),
    Row(R.RAdam(), ref.by_torch(T.RAdam)),
    Row(R.RAdam(0.01, 0.5, 0.9, 1e-3), ref.by_torch(T.RAdam, betas=(0.5, 0.9), eps=1e-3)),
    Row(R.RAdam(0.01, 0.9, 0.6), ref.by_torch(T.RAdam, betas=(0.9, 0.6)), why="beta2 = 0.6 makes a factor of the root 0"),
    Row(R.AdaBelief(), ref.by_optax(optax.adabelief), 1e-10, "the root of a difference magnifies rounding"),
    Row(R.AdaBelief(0.01, 0.5, 0.9, 1e-3), ref.by_optax(optax.adabelief, b1=0.5, b2=0.9, eps=1e-3, eps_root=1e-3)),
    Row(R.ADOPT(), ref.by_optax(optax.contrib.adopt)),
    Row(R.ADOPT(0.01, 0.5, 0.9, 1e-3), ref.by_optax(optax.contrib.adopt, b1=0.5, b2=0.9, eps=1e-3)),
    Row(R.AdEMAMix(), ref.by_optax(optax.contrib.ademamix), 1e-11, "as for Adam"),
    Row(R.AdEMAMix(0.01, 0.5, 0.9, 0.95, 3.0, 1e-3, 0.1),
        ref.by_optax(optax.contrib.ademamix, b1=0.5, b2=0.9, b3=0.95, alpha=3.0, eps=1e-3, weight_decay=0.1), 1e-11, "as for Adam"),
    Row(R.Adan(), ref.by_torch(pytorch_optimizer.Adan)),
    Row(R.Adan(0.01, 0.5, 0.7, 0.9, 1e-3), ref.by_torch(pytorch_optimizer.Adan, betas=(0.5, 0.7, 0.9), eps=1e-3)),
    Row(R.Adan(0.01, weight_decay=0.5), ref.by_torch(pytorch_optimizer.Adan, weight_decay=0.5)),
    Row(R.Prodigy(), ref.prodigy_by_torch()),
    Row(R.Prodigy(0.5, 0.5, 0.9, 0.8, 1e-3, d0=1e-2, d_coef=2.0),
        ref.prodigy_by_torch(betas=(0.5, 0.9), beta3=0.8, eps=1e-3, d0=1e-2, d_coef=2.0)),
    Row(R.Prodigy(weight_decay=0.5, d0=0.1), ref.prodigy_by_torch(weight_decay=0.5, d0=0.1),
        shapes=("matrix", "vector", "number", "rest")),  # before the first gradient it does not decay either
    Row(R.Prodigy(d0=0.1, bias_correction=True, safeguard_warmup=True),
        ref.prodigy_by_torch(d0=0.1, bias_correction=True, safeguard_warmup=True)),
    Row(R.Prodigy(0.5, 0.5, 0.9, 0.8, 1e-3, 0.1, 1e-2, 2.0, bias_correction=True), ref.by_optax(
        optax.contrib.prodigy, betas=(0.5, 0.9), beta3=0.8, eps=1e-3, weight_decay=0.1, estim_lr0=1e-2, estim_lr_coef=2.0), 1e-11,
        "as for Adam", shapes=("matrix", "vector", "number")),  # a first gradient of 0 is nan in optax
    Row(R.Sophia(0.01), ref.sophia_by_torch(0.04, 1e-12, 0.1, 0.965, 0.99)),
    Row(R.Sophia(0.01, 0.5, 0.9, 0.3, 1e-2, 0.5), ref.sophia_by_torch(0.3, 1e-2, 0.5, 0.5, 0.9)),
    Row(R.Yogi(), ref.by_optax(optax.yogi), 1e-11, "as for Adam"),
    Row(R.Adafactor(), ref.by_torch(T.Adafactor), 1e-11, "torch takes norms where we take means"),
    Row(R.Adafactor(0.5, -0.6, 1e-2, 0.5, 1.5, 0.1), ref.by_torch(T.Adafactor, beta2_decay=-0.6, eps=(1e-2, 0.5), d=1.5, weight_decay=0.1), 1e-11,
        "as above", shapes=("matrix", "tall", "cube", "vector")),
    Row(R.SignSGD(0.1), ref.by_optax(optax.sign_sgd)),
    Row(R.Lion(), ref.by_optax(optax.lion, weight_decay=0.0)),
    Row(R.Lion(0.01, 0.5, 0.9, 0.1), ref.by_optax(optax.lion, b1=0.5, b2=0.9, weight_decay=0.1)),
    Row(R.Rprop(), ref.by_torch(T.Rprop)),
    Row(R.Rprop(0.05, 0.3, 1.5, 0.02, 0.1), ref.by_torch(T.Rprop, etas=(0.3, 1.5), step_sizes=(0.02, 0.1))),
    Row(R.LARS(0.1, 0.9, 0.0, 0.01), ref.by_optax(optax.lars, momentum=0.9, weight_decay=0.0, trust_coefficient=0.01)),
    Row(R.LARS(0.1, 0.5, 0.1, 0.01), ref.lars_of_the_paper(0.5, 0.1, 0.01), shapes=("matrix", "vector", "number")),
    Row(R.LAMB(0.01), ref.by_optax(optax.lamb), 1e-11, "as for Adam"),
    Row(R.LAMB(0.01, 0.6, 0.9, 1e-3, 0.1), ref.by_optax(optax.lamb, b1=0.6, b2=0.9, eps=1e-3, weight_decay=0.1)),
    Row(R.Muon(0.1), ref.muon_by_singular_values(0.95, True, 0.1, 1.0), 1e-10, "the matrix iteration rounds at each product", shapes=("tall",)),
    Row(R.Muon(0.1), ref.muon_by_singular_values(0.95, True, 0.1, 1.5**0.5), 1e-10, "as above", shapes=("matrix",)),
    Row(R.Muon(0.1, 0.3, 0.5, nesterov=False, adjust_lr="match_rms_adamw"),
        ref.muon_by_singular_values(0.5, False, 0.3, 0.2 * 6**0.5), 1e-10, "as above", shapes=("matrix",)),
    Row(R.Muon(0.1), ref.by_torch(T.Muon), 2e-2, "torch iterates in bfloat16", shapes=MATRIX),
    Row(R.Shampoo(0.1), ref.shampoo_by_power(1e-4), 1e-7, "two algorithms for a root of a matrix of condition 1e5", shapes=MATRIX),
    Row(R.Shampoo(0.1, 0.5), ref.shampoo_by_power(0.5), 1e-10, "as above, better conditioned", shapes=MATRIX),
    Row(R.SOAP(), ref.by_torch(pytorch_optimizer.SOAP), 1e-5, "they turn the basis in single precision", shapes=("square",)),
    Row(R.SOAP(0.01, 0.5, 0.8, 1e-3, 0.1, 4), ref.by_torch(
        pytorch_optimizer.SOAP, betas=(0.5, 0.8), eps=1e-3, weight_decay=0.1, precondition_frequency=4), 1e-5, "as above", shapes=("square",)),
    Row(R.SOAP(0.01, precondition_frequency=99), ref.by_torch(pytorch_optimizer.SOAP, precondition_frequency=99), 1e-9,
        "two eigenvalue solvers, on a matrix of condition 1e6", shapes=("square",)),
    Row(R.Lookahead(R.Adam(0.01), 4, 0.3), ref.lookahead_by_optax, 1e-11, "as for Adam"),
    Row(R.EMA(R.GD(0.1), 0.9), ref.ema_by_torch, answer=True, shapes=("matrix", "vector")),
    Row(R.Cautious(R.Adam(0.01)), ref.cautious_of_the_authors(ref.adams_direction), 1e-11, "a step is read off two iterates"),
    Row(R.Cautious(R.HeavyBall(0.1), 0.7), ref.cautious_of_the_authors(ref.heavy_direction, least=0.7), 1e-11, "as above"),
    Row(R.DecoupledDecay(R.Cautious(R.Adam(0.01)), 0.5), ref.cautious_of_the_authors(ref.adams_direction, 0.5), 1e-11, "as above"),
    Row(R.ScheduleFreeSGD(), ref.schedule_free(ref.SF_SGD, momentum=0.9)),
    Row(R.ScheduleFreeSGD(0.1, 0.5, 0.1, 3, 1.0, 1.0), ref.schedule_free(
        ref.SF_SGD, momentum=0.5, weight_decay=0.1, warmup_steps=3, r=1.0, weight_lr_power=1.0)),
    Row(R.ScheduleFreeSGD(), ref.schedule_free(ref.SF_SGD, momentum=0.9), first_rate=0.0),
    Row(R.ScheduleFreeAdamW(), ref.schedule_free(ref.SF_ADAMW), first_rate=0.0),
    Row(R.ScheduleFreeAdamW(), ref.schedule_free(ref.SF_ADAMW)),
    Row(R.ScheduleFreeAdamW(0.1, 0.5, 0.9, 1e-3, 0.1, 3, 1.0, 1.0), ref.schedule_free(
        ref.SF_ADAMW, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1, warmup_steps=3, r=1.0, weight_lr_power=1.0)),
]  # fmt: skip


def problem(shape, steps=30, seed=0):
    """A start, and gradients over six orders of magnitude; at "rest", weights start at 0 and gradients are 0 now and then; "asleep", the first are 0."""
    rng = np.random.default_rng(seed)
    x0 = rng.normal(size=SHAPES[shape])
    gradients = [rng.normal(size=x0.shape) * 10 ** rng.uniform(-6, 0, size=x0.shape) for _ in range(steps)]
    if shape == "rest":
        x0, gradients = 0 * x0, [g * (t % 5 > 0) * (np.arange(g.size).reshape(g.shape) % 4 > 0) for t, g in enumerate(gradients)]
    if shape == "asleep":
        gradients[:3] = [0 * g for g in gradients[:3]]
    return x0, gradients


def rates(row, steps=30):
    """The learning rate goes up and down, which shows where it enters."""
    factors = [1.0 if row.constant else (1.0, 0.3, 2.0)[t % 3] for t in range(steps)]
    factors[0] *= row.first_rate
    return [row.rule.hyperparameters()["lr"] * f for f in factors]


def trajectory(rule, x0, gradients, lrs, answer=False):
    """The rule's own iterates."""
    x, iterates = x0, []
    state = list(rule.init(x))
    for t, (g, lr) in enumerate(zip(gradients, lrs, strict=True), 1):
        now = rule.with_hyperparameters(lr=lr)
        if hasattr(now, "measured") and (told := ref.diagonal(g, t)) is not None:
            state[1] = now.measured(state[1], told)
        x, *state = now.update(x, g, t, *state)
        iterates.append(rule.answer(x, *state) if answer else x)
    return iterates


@cache
def expected(index, shape, steps=30):
    """The reference's iterates for row `index`; computed once."""
    row = ROWS[index]
    x0, gradients = problem(shape, steps)
    return row.reference(np.asarray(x0), [np.asarray(g) for g in gradients], rates(row, steps))


def distance(ours, theirs):
    """The largest difference of any iterate, relative to its largest entry; nan counts as infinitely far."""
    # np.max keeps a nan, Python's max may lose it
    worst = np.max([np.max(np.abs(a - b)) / max(np.max(np.abs(b)), 1e-12) for a, b in zip(ours, theirs, strict=True)])
    return np.inf if np.isnan(worst) else worst
