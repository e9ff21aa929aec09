"""Any rule on any function, with an honest account of what happened."""

import math
import sys

import numpy as np

from gdcore.minimize.objective import Objective, numpy_of
from gdcore.minimize.trace import Trace
from gdcore.progress import bar
from gdcore.rules import GD, Rule
from gdcore.rules.arithmetic import is_scalar, world

__all__ = ["minimize"]

_PLAIN = GD()


def minimize(f, x0=None, rule=_PLAIN, steps=1000, *, gradient=None, tolerance=1e-8, schedule=None, target=None, callback=None,
             progress=None, seed=None):
    """Descend on f from x0 with a rule and return the `Trace` of the run; divergence is a result and raises nothing.

    f: a function of x that gives one number; a surface brings its own gradient and start.
    x0: a number, a list of numbers, or a NumPy, torch or JAX array of any shape; None takes `f.start`.
    rule: any of gdcore.rules, wrappers included. steps: the largest number of updates.
    gradient: a function of x. Without it: `f.gradient`, torch's or JAX's automatic one, else central differences (2 evaluations
    of f for each entry of x, in double precision).
    tolerance: converged when the Euclidean length of the gradient is at most this (a saddle fulfils it too); None: never.
    target: converged when the value is at most this. schedule: schedule(t), t = 0, 1, …, is the factor on the rule's lr.
    callback: callback(step, x, value, gradient_norm) after each evaluation; if it returns True, the run stops.
    progress: True or False; None shows a bar, if there is somebody to see it, after one second.
    seed: seeds the global generators first (see gdcore.seed), for an f or a gradient that draws from them.

    Raises TypeError or ValueError for arguments that make no sense, and lets through what f itself raises.
    """
    x = _start(f, x0)
    _check(f, rule, steps, gradient, tolerance, target, schedule, callback)
    if seed is not None:
        from gdcore.seeding import seed as set_seed

        set_seed(seed)
    run = _Run(Objective(f, gradient, x), x, rule, schedule)
    with bar(progress, steps) as shown, np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        try:
            status, why = run.until(steps, tolerance, target, callback, shown)
        except KeyboardInterrupt:
            status, why = "stopped", "the keyboard interrupted it"
    return run.trace(status, f"{status} at step {run.step}: {why}")


class _Run:
    """The state of a run: the point, the rule's memory, and the path so far."""

    def __init__(self, objective, x, rule, schedule):
        self.objective, self.rule, self.schedule = objective, rule, schedule
        self.x, self.memory, self.step = x, rule.init(x), 0
        self.lr = rule.hyperparameters().get("lr")
        self.path, self.answers, self.values, self.norms = [], [], [], []
        self.answer, self.best, self.lowest = x, x, math.inf

    def until(self, steps, tolerance, target, callback, shown):
        """Go on until there is a reason to stop; (status, reason)."""
        while True:
            try:
                value, g = self.objective.at(self.x)
            except ArithmeticError as error:  # Python's numbers raise where arrays give inf
                return "diverged", f"the value cannot be computed ({error.args[-1]})"
            norm = _length(g)
            if (fault := self._fault(value, norm)) is not None:
                return "diverged", fault
            self._record(value, norm)
            answer = callback(self.step, self.x, value, norm) if callback is not None else None
            if isinstance(answer, (bool, np.bool_)) and answer:  # a callback may well return something else, such as a number
                return "stopped", "the callback asked for it"
            if tolerance is not None and norm <= tolerance:
                return "converged", f"the gradient's length {norm:.3g} is within the tolerance {tolerance:g}"
            if target is not None and value <= target:
                return "converged", f"the value {value:.6g} has reached the target {target:g}"
            if self.step == steps:
                return "budget spent", f"the gradient's length is still {norm:.3g}"
            try:
                self._update(g)
            except (ArithmeticError, np.linalg.LinAlgError, *_torch_errors()) as error:
                return "diverged", f"the next point cannot be computed ({error.args[-1]})"
            shown.update()

    def _fault(self, value, norm):
        if not np.isfinite(numpy_of(self.x)).all():
            return "x is no longer finite"
        if not math.isfinite(value):
            return f"the value is {value}"
        return None if math.isfinite(norm) else "the gradient is not finite"

    def _record(self, value, norm):
        self.answer = self.rule.answer(self.x, *self.memory)
        if value < self.lowest:
            self.best, self.lowest = self.x, value
        self.path.append(numpy_of(self.x))
        self.answers.append(self.path[-1] if self.answer is self.x else numpy_of(self.answer))
        self.values.append(value)
        self.norms.append(norm)

    def _update(self, g):
        rule = self.rule
        if self.schedule is not None:
            rule = rule.with_hyperparameters(lr=self.lr * float(self.schedule(self.step)))
        t = self.step + 1
        probe = rule.probe(self.x, g, t, *self.memory)
        if probe is not None:
            g = self.objective.slope(probe)
        x, *memory = rule.update(self.x, g, t, *self.memory)
        self.x, self.memory, self.step = x, tuple(memory), t

    def trace(self, status, message):
        shape = (0, *np.shape(self.x))
        stack = lambda arrays: np.stack(arrays) if arrays else np.empty(shape)
        return Trace(
            x=stack(self.path), values=np.array(self.values), gradient_norms=np.array(self.norms), answers=stack(self.answers),
            evaluations=self.objective.evaluations, gradient_evaluations=self.objective.gradient_evaluations,
            status=status, step=self.step, message=message, answer=self.answer, best=self.best)


def _length(g):
    """The Euclidean length in double precision, without overflow on the way."""
    g = np.abs(numpy_of(g).astype(np.float64, copy=False))
    top = float(g.max(initial=0.0))
    return top * float(np.linalg.norm(g / top)) if 0 < top < math.inf else top


def _torch_errors():
    """torch's own LinAlgError, if torch is there to raise it."""
    return (sys.modules["torch"].linalg.LinAlgError,) if "torch" in sys.modules else ()


def _start(f, x0):
    """x0 in a form that rules can work on: a float, or an array of floats, which is never the caller's own."""
    x0 = getattr(f, "start", None) if x0 is None else x0
    if x0 is None:
        raise TypeError("minimize needs a start x0, because f brings none; give a number, a list of numbers or an array.")
    try:
        if isinstance(x0, (list, tuple)):
            x = np.array(x0, dtype=float)
        elif is_scalar(x0):
            x = float(x0)
        elif world(x0).__name__ == "torch":
            x = x0.detach().clone()
            x = x if x.is_floating_point() or x.is_complex() else x.double()
        else:
            x = world(x0).array(x0, dtype=float if x0.dtype.kind in "iub" else x0.dtype)
    except (TypeError, ValueError, AttributeError):
        raise TypeError(f"x0 is a {type(x0).__name__}; "
                        "a start is a number, a list of numbers, or a NumPy, torch or JAX array.") from None
    if np.iscomplexobj(numpy_of(x)):
        raise TypeError("x0 is complex, and a rule walks on real numbers; give the real and the imaginary parts as two arrays in one.")
    if not np.isfinite(numpy_of(x)).all():
        raise ValueError("x0 contains nan or inf; begin at a point of finite numbers.")
    return x


def _check(f, rule, steps, gradient, tolerance, target, schedule, callback):
    for name, function in dict(f=f, gradient=gradient, schedule=schedule, callback=callback).items():
        if not callable(function) and not (function is None and name != "f"):
            raise TypeError(f"{name} is a {type(function).__name__}, but must be a function.")
    if not isinstance(rule, Rule):
        hint = f"write {rule.__name__}()" if isinstance(rule, type) else "give one such as GD(lr=0.1)"
        raise TypeError(f"rule is {rule!r}, which is no rule; {hint}.")
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 0:
        raise ValueError(f"steps is {steps!r}, but must be a whole number from 0 on.")
    if tolerance is not None and not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance!r}, but must be at least 0, or None to go on to the last step.")
    if target is not None and math.isnan(target):
        raise ValueError("target is nan, which no value reaches; give a number, or None.")
    if schedule is not None and "lr" not in rule.hyperparameters():
        raise ValueError(f"{type(rule).__name__} has no learning rate lr that a schedule could change; leave schedule out.")
