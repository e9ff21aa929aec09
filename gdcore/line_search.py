"""How far to go along a direction: step sizes that are checked and not guessed."""

import math
from dataclasses import dataclass
from typing import Any

from gdcore.rules.arithmetic import is_scalar

__all__ = ["Step", "armijo", "strong_wolfe"]


@dataclass(frozen=True, eq=False)
class Step:
    """What a line search found.

    If `found` is False, `step` is the best that was seen to make enough progress, or 0 if none did; `message` says why.
    """

    step: float
    value: float  # f there
    gradient: Any  # of f there; None where the search had no need of it
    evaluations: int  # of f
    gradient_evaluations: int
    found: bool
    message: str


def armijo(f, x, direction, gradient=None, *, start=1.0, decrease=1e-4, factor=0.5, shortest=1e-18):
    """The first of start, start · factor, start · factor², … with f(x + αp) ≤ f(x) + decrease · α · gᵀp.

    Armijo (1966), Pacific Journal of Mathematics 16, 1-3. f: a function of x that gives one number. x, direction: numbers or
    arrays of one shape. gradient: the gradient at x, or a function of x; None takes f.gradient. Gives up at
    start · shortest. nan and inf count as too far. Raises ValueError if the direction does not descend or an argument is out of
    range.
    """
    _check(start, decrease)
    for name, value in dict(factor=factor, shortest=shortest).items():
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {value!r}.")
    line = _Line(f, x, direction, gradient, decrease)
    step = start
    while step >= start * shortest:
        value = line.value(step)
        if line.enough(step, value):
            return line.result(_Point(step, value), True, "the value has fallen enough")
        step *= factor
    return line.result(line.origin, False, f"no step from {start:g} down to {step / factor:.3g} made the value fall enough; "
                                           "is the gradient right?")


def strong_wolfe(f, x, direction, gradient=None, *, start=1.0, decrease=1e-4, curvature=0.9, most=40):
    """A step that makes f fall enough (see `armijo`) and the slope flat enough: |∇f(x + αp)ᵀp| ≤ curvature · |gᵀp|.

    Nocedal and Wright (2006), Numerical Optimization, algorithms 3.5 and 3.6: steps double until they bracket such a point,
    then cubic interpolation narrows the bracket. curvature: 0.9 for Newton and quasi-Newton directions, 0.1 for conjugate
    gradients. gradient: a function of x; None takes f.gradient. At most `most` evaluations. nan and inf count as too far.
    Raises ValueError if the direction does not descend or an argument is out of range.
    """
    _check(start, decrease)
    if most < 1:
        raise ValueError(f"most must be at least 1, got {most!r}.")
    if not decrease < curvature < 1:
        raise ValueError(f"curvature must lie between decrease = {decrease!r} and 1, got {curvature!r}.")
    line = _Line(f, x, direction, gradient, decrease)
    low, high, step = line.origin, None, start
    for _ in range(most):
        now = line.point(step)
        if not line.enough(step, now.value) or not math.isfinite(now.slope) or now.value >= low.value:
            high = now
        elif abs(now.slope) <= curvature * -line.origin.slope:
            return line.result(now, True, "the value has fallen enough and the slope is flat enough")
        else:
            # low is the best so far, and from it the way to high goes down
            if now.slope * ((math.inf if high is None else high.step) - low.step) >= 0:
                high = low
            low = now
        step = 2 * low.step if high is None else _between(low, high)
        if step in (low.step, math.inf) or (high is not None and step == high.step):
            break
    why = "the value keeps falling" if high is None else f"the bracket is down to {abs(high.step - low.step):.3g}"
    return line.result(low, False, f"after {line.evaluations} evaluations no step was flat enough: {why}")


@dataclass(frozen=True)
class _Point:
    step: float
    value: float
    slope: float = math.nan
    gradient: Any = None


class _Line:
    """f along the direction, with the number of times it was asked."""

    def __init__(self, f, x, direction, gradient, decrease):
        gradient = getattr(f, "gradient", None) if gradient is None else gradient
        if gradient is None:
            raise TypeError("A line search needs a gradient, and f brings none; give a function of x.")
        self.f, self.x, self.direction, self.gradient, self.decrease = f, x, direction, gradient, decrease
        self.evaluations = self.gradient_evaluations = 0
        g = self._gradient_at(x) if callable(gradient) else gradient
        self.origin = _Point(0.0, self.value(0.0), _dot(g, direction), g)
        if not (math.isfinite(self.origin.value) and -math.inf < self.origin.slope < 0):
            raise ValueError(f"f is {self.origin.value:g} at x and its slope along the direction is {self.origin.slope:g}; "
                             "a line search needs a finite value and a direction with a slope below 0.")

    def value(self, step):
        self.evaluations += 1
        try:
            return float(self.f(self.x + step * self.direction))
        except ArithmeticError:  # Python's numbers raise where arrays give inf
            return math.inf

    def point(self, step):
        value = self.value(step)
        if not math.isfinite(value):
            return _Point(step, value)
        try:
            g = self._gradient_at(self.x + step * self.direction)
        except ArithmeticError:
            return _Point(step, value)
        return _Point(step, value, _dot(g, self.direction), g)

    def enough(self, step, value):
        return math.isfinite(value) and value <= self.origin.value + self.decrease * step * self.origin.slope

    def result(self, point, found, message):
        return Step(point.step, point.value, point.gradient, self.evaluations, self.gradient_evaluations, found, message)

    def _gradient_at(self, x):
        self.gradient_evaluations += 1
        return self.gradient(x)


def _between(low, high):
    """The minimum of the cubic through both values and slopes, not too near the ends; the middle if there is none."""
    width = high.step - low.step
    middle = low.step + width / 2
    if not math.isfinite(high.slope):  # nor has a point without a value a slope
        return middle
    d1 = low.slope + high.slope - 3 * (high.value - low.value) / width
    inside = d1**2 - low.slope * high.slope
    if not inside >= 0:
        return middle
    d2 = math.copysign(math.sqrt(inside), width)
    below = high.slope - low.slope + 2 * d2
    if below == 0:
        return middle
    share = 1 - (high.slope + d2 - d1) / below
    return low.step + width * min(max(share, 0.1), 0.9)


def _dot(g, direction):
    return float(g * direction if is_scalar(g) else (g * direction).sum())


def _check(start, decrease):
    if not 0 < start < math.inf:
        raise ValueError(f"start must be a number above 0, got {start!r}.")
    if not 0 < decrease < 1:
        raise ValueError(f"decrease must lie between 0 and 1, got {decrease!r}.")
