"""The schedules of gdcore as formulas to print: each is called once, on numbers that write down what NumPy does to them."""

import numbers
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gdcore import schedules as S
from gdcore.rules.hyperparameters import Hyperparameter
from gdcore.views.recorded import Value

__all__ = ["FACTORS", "MEANINGS", "SHARE", "STEPS", "Factor", "formulas"]


@dataclass(frozen=True)
class Factor:
    """A schedule with its parameters: whole numbers are steps, in a run of RUN steps."""

    RUN: ClassVar[int] = 300
    make: object  # the factory of gdcore.schedules
    defaults: dict
    corner: str | None = None  # the parameter that says where its first piece ends
    rule: str = ""  # what its parameters must fulfil together


def _multi_step(cut_1, cut_2, gamma):
    return S.multi_step([cut_1, cut_2], gamma)


def _warmup_then_cosine(total, warmup, start, end):
    """Of the two parts the formulas, which also take what writes down; `then` takes any function of the step."""
    rise, fall = S.linear_warmup(warmup, start), S.cosine(total - warmup, end)
    return S.then(rise.__wrapped__, warmup, fall.__wrapped__)


FACTORS = {
    "constant": Factor(S.constant, {"factor": 1.0}),
    "step": Factor(S.step, {"size": 100, "gamma": 0.1}, "size"),
    "multi_step": Factor(_multi_step, {"cut_1": 150, "cut_2": 225, "gamma": 0.1}, "cut_1"),
    "exponential": Factor(S.exponential, {"gamma": 0.98}),
    "polynomial": Factor(S.polynomial, {"total": 300, "power": 1.0}, "total"),
    "inverse_sqrt": Factor(S.inverse_sqrt, {"warmup": 20}, "warmup"),
    "linear_warmup": Factor(S.linear_warmup, {"steps": 60, "start": 0.0, "end": 1.0}, "steps"),
    "cosine": Factor(S.cosine, {"total": 300, "end": 0.0}, "total"),
    "warm_restarts": Factor(S.warm_restarts, {"first": 100, "end": 0.0}, "first"),
    "cyclic": Factor(S.cyclic, {"up": 50, "down": 50, "low": 0.05, "high": 1.0}, "up"),
    "one_cycle": Factor(S.one_cycle, {"total": 300, "rise": 0.3, "start": 0.04, "end": 4e-6}, "total",
                        "rise · total must be above 1 and below total"),
    "wsd": Factor(S.wsd, {"total": 300, "warmup": 30, "decay": 90, "start": 0.0, "end": 0.0}, "warmup",
                  "warmup and decay must fit into total"),
    "warmup_then_cosine": Factor(_warmup_then_cosine, {"total": 300, "warmup": 30, "start": 0.0, "end": 0.0}, "warmup",
                                 "warmup must be below total"),
}  # fmt: skip


STEPS = Hyperparameter("", "", low=1, integer=True)
SHARE = Hyperparameter("", "", low=0, high=1, open_high=False)


def _steps(meaning):
    return replace(STEPS, meaning=meaning)


def _share(meaning, **more):
    return replace(SHARE, meaning=meaning, **more)


MEANINGS = {
    "factor": _share("factor on the rate"), "size": _steps("steps from cut to cut"), "gamma": _share("factor of each cut", open_low=True),
    "cut_1": _steps("step of the first cut"), "cut_2": _steps("step of the second cut"),
    "total": _steps("step at which it ends"), "power": _share("how bent it falls", high=8, open_low=True),
    "warmup": _steps("steps of the rise"), "steps": _steps("steps of the rise"), "decay": _steps("steps of the fall"),
    "first": _steps("steps of a cycle"), "up": _steps("steps up"), "down": _steps("steps down"), "rise": _share("share of steps that rise"),
    "start": _share("factor at the start"), "end": _share("factor at the end"),
    "low": _share("lowest factor"), "high": _share("highest factor"),
}  # fmt: skip


def formulas(factor):
    """The factor as a `Value` of the step x and the parameters p.…, and the conditions [(Value, bool), …] under which it holds.

    Where a factory asks something of its parameters, such as whether they fit together, it gets the answer for the defaults; the answers
    on several parameters at once are the conditions. (Those on a single one are its range, in MEANINGS.)
    """
    asked = []
    parameters = {name: _Number(Value("name", f"p.{name}", varies=False), value, asked) for name, value in factor.defaults.items()}
    value = factor.make(**parameters).__wrapped__(_Number(Value("name", "x", varies=True), 1.0, asked)).value
    return value, [(test, answer) for test, answer in dict(asked).items() if len(_inputs(test)) > 1]


def _inputs(value):
    if not isinstance(value, Value):
        return set()
    return {value} if value.op == "name" else set().union(*map(_inputs, value.args))


_OPS = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "negative": "neg", "absolute": "abs", "remainder": "mod",
        "power": "pow", "floor": "floor", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "minimum": "min",
        "maximum": "max", "sqrt": "sqrt", "exp": "exp", "cos": "cos", "sin": "sin"}


class _Number(NDArrayOperatorsMixin):
    """A number that writes down what NumPy does to it. value: for the printer; now: what it is at the defaults; asked: see `formulas`."""

    def __init__(self, value, now, asked):
        self.value, self.now, self.asked = value, now, asked

    def _made(self, op, inputs, now):
        return _Number(Value(op, *(i.value if isinstance(i, _Number) else float(i) for i in inputs)), now, self.asked)

    def __array_ufunc__(self, ufunc, method, *inputs):
        if ufunc is np.floor_divide:
            return np.floor(np.divide(*inputs))
        if ufunc.__name__ not in _OPS:
            raise TypeError(f"A schedule that calls np.{ufunc.__name__} cannot be printed yet; known are {', '.join(_OPS)}.")
        return self._made(_OPS[ufunc.__name__], inputs, ufunc(*(getattr(i, "now", i) for i in inputs)))

    def __array_function__(self, function, types, args, kwargs):
        if function is np.clip:
            return np.minimum(np.maximum(args[0], args[1]), args[2])
        if function is not np.where:
            raise TypeError(f"A schedule that calls np.{function.__name__} cannot be printed yet; known are where and clip.")
        return self._made("where", args, np.where(*(getattr(a, "now", a) for a in args)))

    def __bool__(self):
        if self.value.varies:
            raise TypeError("A schedule that branches on its step has no straight-line code; use np.where.")
        self.asked.append((self.value, bool(self.now)))
        return bool(self.now)

    def __float__(self):
        return float(self.now)


numbers.Real.register(_Number)
