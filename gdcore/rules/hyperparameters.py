"""Every hyper-parameter once: its symbol, its meaning and the values it may take.

Names mean the same in all rules, so one table serves the checks, the equations, the rule cards and the sliders.
"""

import math
from dataclasses import dataclass

__all__ = ["CHOICES", "HYPERPARAMETERS", "Hyperparameter", "check"]


@dataclass(frozen=True)
class Hyperparameter:
    """What a field of a rule is called in a formula, what it does, and its range [low, high] (open ends as marked)."""

    symbol: str  # LaTeX
    meaning: str
    low: float = 0.0
    high: float = math.inf
    open_low: bool = False
    open_high: bool = True
    integer: bool = False

    @property
    def range(self):
        """The range in interval notation."""
        kind = "a whole number in " if self.integer else ""
        return f"{kind}{'(' if self.open_low else '['}{self.low:g}, {self.high:g}{')' if self.open_high else ']'}"

    def allows(self, value):
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below and (not self.integer or value == int(value))


_H = Hyperparameter
HYPERPARAMETERS = {
    "lr": _H(r"\eta", "learning rate: how far a step goes in its direction"),
    "momentum": _H(r"\beta", "share of the velocity that each step keeps"),
    "dampening": _H(r"\tau", "share of a new gradient that the velocity leaves out", low=-math.inf, open_low=True),
    "beta1": _H(r"\beta_1", "memory of the gradient", high=1.0),
    "beta2": _H(r"\beta_2", "memory of the squared gradient", high=1.0),
    "beta3": _H(r"\beta_3", "memory of the slow average of the gradient", high=1.0),
    "beta_distance": _H(r"\beta_3", "memory of the estimate of the distance", high=1.0),
    "beta_curvature": _H(r"\beta_2", "memory of the curvature", high=1.0),
    "d0": _H("d_0", "first guess of the distance, a small one", open_low=True),
    "d_coef": _H("c", "factor on the estimate of the distance", open_low=True),
    "beta_change": _H(r"\beta_d", "memory of the change of the gradient", high=1.0),
    "mix": _H(r"\alpha", "weight of the slow average beside the fast one"),
    "alpha": _H(r"\alpha", "memory of the squared gradient", high=math.inf),
    "rho": _H(r"\rho", "memory of the squared gradient and of the squared step", high=1.0, open_high=False),
    "eps": _H(r"\varepsilon", "a small number that keeps the division finite"),
    "eps1": _H(r"\varepsilon_1", "smallest root of a squared gradient"),
    "eps2": _H(r"\varepsilon_2", "smallest size that a weight is taken to have"),
    "gamma": _H(r"\gamma", "share of the curvature that a step is divided by", open_low=True),
    "weight_decay": _H(r"\lambda", "weight decay: how fast weights shrink by themselves"),
    "lambd": _H(r"\lambda", "decay of the weights and of the learning rate"),
    "power": _H(r"\alpha", "exponent of the learning rate's decay", low=-math.inf, open_low=True),
    "t0": _H("t_0", "step at which averaging begins"),
    "lr_decay": _H(r"\gamma", "how fast the learning rate falls with the steps"),
    "initial_accumulator_value": _H("s_0", "squared gradient assumed before the first step"),
    "v0": _H("v_0", "squared gradient assumed before the first step"),
    "momentum_decay": _H(r"\psi", "how fast the momentum warms up"),
    "eta_minus": _H(r"\eta^-", "factor of a step after a change of sign", high=1.0, open_low=True),
    "eta_plus": _H(r"\eta^+", "factor of a step after two equal signs", low=1.0, open_low=True),
    "step_min": _H(r"\Delta_{\min}", "shortest step"),
    "step_max": _H(r"\Delta_{\max}", "longest step"),
    "beta2_decay": _H(
        r"\tau", "exponent with which the memory of the squared gradient grows", low=-math.inf, high=0.0, open_low=True, open_high=False
    ),
    "d": _H("d", "largest root mean square of an update", low=1.0),
    "trust": _H(r"\eta_c", "trust: length of a step as a share of the weights' length"),
    "ns_steps": _H("k", "Newton-Schulz iterations", low=1, high=100, integer=True),
    "precondition_frequency": _H("f", "steps between two turns of the basis", low=1, integer=True),
    "block": _H("B", "entries that share a size", low=1, integer=True),
    "exponent": _H("p", "how much finer small entries are told apart", low=1.0),
    "smallest": _H("n", "entries of the smallest tensor that is kept in bytes", integer=True),
    "sync_period": _H("k", "steps between two synchronisations", low=1, integer=True),
    "slow_step_size": _H(r"\alpha", "how far the slow weights go to the fast ones", high=1.0, open_high=False),
    "least": _H(r"q_{\min}", "smallest share of the entries that is divided by", high=1.0, open_low=True, open_high=False),
    "radius": _H(r"\rho", "how far uphill the second gradient is taken"),
    "decay": _H(r"\alpha", "memory of the averaged weights", high=1.0, open_high=False),
    "warmup_steps": _H(r"T_w", "steps of linear warm-up"),
    "r": _H("r", "exponent with which later iterates weigh more", low=-math.inf, open_low=True),
    "weight_lr_power": _H("p", "exponent with which a larger learning rate weighs more", low=-math.inf, open_low=True),
}

CHOICES = {"adjust_lr": ("original", "match_rms_adamw"), "ns_precision": ("full", "bfloat16")}  # words instead of numbers


def check(rule, name, value):
    """Raise ValueError, in one sentence, if a number is outside its range or a word is unknown; symbols and arrays pass unchecked."""
    if name in CHOICES and value not in CHOICES[name]:
        raise ValueError(f"{rule} got {name} = {value!r}, but it must be {' or '.join(map(repr, CHOICES[name]))}.")
    known = HYPERPARAMETERS.get(name)
    if known is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    if not known.allows(value):
        raise ValueError(f"{rule} got {name} = {value!r}, but {name} ({known.meaning}) must lie in {known.range}.")
