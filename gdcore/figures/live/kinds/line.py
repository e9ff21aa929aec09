"""Line: a function of one number, its tangent, and the step that the slope proposes."""

import math

import numpy as np

from gdcore.figures.live.spec import surface_json
from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, GREEN, INK, ORANGE, figure, label
from gdcore.minimize import minimize
from gdcore.rules import GD
from gdcore.surfaces import Surface

__all__ = ["Line", "line"]

MOST_STEPS, MOST_POINTS = 1000, 1000


def line(curve, x=None, *, lr=0.1, steps=20, step=0, difference=None, title, question="", ranges=None, box=None, labels=("x", "f(x)")):
    """A curve with its tangent and the step x − η f′(x): what the slope promises, and what the curve gives. The reader drags the
    point, moves the rate, and walks on step by step; beside it the value against steps.

    curve: a surface of gdcore.surfaces with one variable, or recorded points (xs, ys, slopes), xs growing; without slopes they are
    estimated from the points (np.gradient). ys and slopes are kept to ten digits. Between recorded points the curve is the cubic
    that has their values and slopes, beyond them it is unknown, and a walk that leaves them ends. x: where the point stands, else
    the surface's start or the first x.
    step: how many of the `steps` are shown at first. difference: a number h turns to finite differences: the secants (f(x + h) −
    f(x)) / h and (f(x + h) − f(x − h)) / 2h against the true slope, and the error against h from 1 to 1e-16, on surfaces only.
    ranges: {"lr": (low, high)} of the slider. box: ((low, high), (low, high) or None) to draw. labels: of the two axes.
    The traits `x`, `lr`, `steps`, `step` and `h` are those of the figure; `path` is the walk that gdcore takes.
    Raises TypeError or ValueError, in one sentence, for what cannot be drawn.
    """
    return Line(curve, x, lr, steps, step, difference, title, question, ranges, box, labels)


class Line(Live):
    """See `line`."""

    kind = "line"

    def __init__(self, curve, x, lr, steps, step, difference, title, question, ranges, box, labels):
        self.surface, points = (curve, None) if isinstance(curve, Surface) else _recorded(curve)
        if self.surface.dimension != 1 or self.surface.box is None:
            raise TypeError(f"This figure draws a function of one number, and {self.surface.name} has {self.surface.dimension} variables.")
        if difference is not None and points:
            raise ValueError("difference needs a surface of gdcore.surfaces: a recorded curve has no more digits than its points.")
        if difference is not None and not 0 < difference <= 1:
            raise ValueError(f"difference is {difference!r}; the step h must be above 0 and at most 1.")
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
            raise ValueError(f"steps is {steps!r}; this figure shows a whole number of them from 1 to {MOST_STEPS}.")
        if not isinstance(step, int) or not 0 <= step <= steps:
            raise ValueError(f"step is {step!r}; give a whole number from 0 to steps = {steps}.")
        x = float(self.surface.start if x is None else x)
        if not np.isfinite(self.surface(x)):
            low, high = self.surface.box[0]
            raise ValueError(f"x is {x:g}, where the curve has no value; choose one from {low:g} to {high:g}.")
        state = {
            "surface": None if points else surface_json(self.surface), "points": points, "x": x, "lr": GD(lr=lr).lr, "steps": steps,
            "step": step, "h": difference and float(difference), "ranges": ranges or {}, "labels": list(labels),
            "box": box and [side and list(map(float, side)) for side in box],
        }  # fmt: skip
        super().__init__(state, title, question, {name: (name,) for name in ("x", "lr", "steps", "step", "h")})

    @property
    def trace(self):
        """What gdcore.minimize says of the walk, with the rate and the point that the reader has left."""
        return minimize(self.surface, self.state["x"], GD(lr=self.state["lr"]), self.state["steps"], tolerance=None, progress=False)

    @property
    def path(self):
        """The points of the walk, from `x` on."""
        return self.trace.x

    @property
    def differences(self):
        """The steps h = 1, ½, ¼, … and the forward and central difference at x with each of them: arrays of shape (54,)."""
        return _differences(self.surface, self.state["x"], 2.0 ** -np.arange(54))

    def still(self):
        return self._still_secants() if self.state["h"] else self._still_walk()

    def _curve(self, ax):
        """The curve; returns its range of x."""
        (low, high), sides = self.state["box"] or (self.surface.box[0], None)
        xs = np.linspace(low, high, 241)
        ys = np.array([self.surface(x) for x in xs])
        room = 0.05 * np.ptp(ys)
        below = 0.25 * np.ptp(ys)  # room for promises
        ax.plot(xs, ys, color=INK, linewidth=1.5)
        x_name, y_name = self.state["labels"]
        ax.set(xlim=(low, high), ylim=sides or (ys.min() - room - below, ys.max() + room), xlabel=x_name, ylabel=y_name)
        return np.array([low, high])

    def _still_walk(self):
        trace, title = self.trace, self.spec["title"]
        now = min(self.state["step"], len(trace.values) - 1)
        x, value = trace.x[now], trace.values[now]
        slope = float(self.surface.gradient(x))
        to = GD(lr=self.state["lr"]).update(x, slope, 1)[0]
        promised, got = slope * (to - x), self.surface(to) - value
        fig, (left, right) = figure(title, columns=2, height=3.9)
        ends = self._curve(left)
        left.plot(ends, value + slope * (ends - x), color=ORANGE, linewidth=1)
        left.annotate("", (to, value + promised), (x, value), arrowprops={"arrowstyle": "-|>", "color": ORANGE, "linewidth": 2.5},
                      annotation_clip=False)
        left.plot([to, to], [value + promised, value + got], "--", color=BLUE, linewidth=1.5)
        left.plot(trace.x[: now + 1], trace.values[: now + 1], "-o", color=BLUE, markersize=4, linewidth=1)
        left.plot(to, value + got, "o", color=BLUE, markersize=6)
        label(left, x, value, f"slope {_short(slope)}", ORANGE, dx=10, dy=8)
        floor = getattr(self.surface, "minimum_value", np.nan)
        above = trace.values if not np.isfinite(floor) else np.maximum(trace.values - floor, 1e-16)
        right.plot(above, "-o", color=BLUE, markersize=3.5)
        right.set(xlabel="step", ylabel=self.state["labels"][1] + (" − lowest" if np.isfinite(floor) and floor else ""))
        if np.isfinite(floor):
            right.set_yscale("log")
        gives = f"the curve gives {_short(got)}" if np.isfinite(got) else "and the curve has no value there"
        alt = (f"{title}. After {now} steps x is {_short(x)}, the value {_short(value)} and the slope {_short(slope)}. With the "
               f"learning rate {self.state['lr']:g} the next step goes to {_short(to)}: the slope promises "
               f"{_short(promised)}, {gives}.{self._origin()}")
        rows = [[k, *(float(f"{v:.4g}") for v in (x, y, self.surface.gradient(x)))] for k, (x, y) in enumerate(zip(trace.x, trace.values))]
        return fig, alt, {"columns": ["step", *self.state["labels"], "slope"], "rows": rows[:21]}

    def _origin(self):
        points = self.state["points"]
        return f" The curve is recorded at {len(points['xs'])} points, with cubics in between." if points else ""

    def _still_secants(self):
        x, h, title = self.state["x"], self.state["h"], self.spec["title"]
        slope, value = float(self.surface.gradient(x)), self.surface(x)
        hs, forward, central = self.differences
        _, (here,), (middle,) = _differences(self.surface, x, np.array([h]))
        fig, (left, right) = figure(title, columns=2, height=3.9)
        ends = self._curve(left)
        left.plot(ends, value + slope * (ends - x), color=GREEN, linewidth=4, alpha=0.45)
        left.plot(ends, value + here * (ends - x), color=BLUE)
        left.plot(ends, (self.surface(x - h) + self.surface(x + h)) / 2 + middle * (ends - x), "--", color=ORANGE)
        left.plot([x - h, x, x + h], [self.surface(z) for z in (x - h, x, x + h)], "o", color=INK, markersize=4)
        for name, slopes, color, at, side in (("forward", forward, BLUE, 14, -1), ("central", central, ORANGE, 10, 1)):
            errors = np.maximum(np.abs(slopes - slope), 1e-17)
            right.plot(hs, errors, color=color)
            label(right, hs[at], errors[at], name, color, dx=10 * side)
        right.axvline(h, color=INK, linewidth=1)
        right.set(xscale="log", yscale="log", xlabel="step h", ylabel="error of the slope")
        alt = (f"{title}. At x = {_short(x)} the slope is {_short(slope)}. With h = {h:g} the forward difference is off by "
               f"{_short(abs(here - slope))}, the central by {_short(abs(middle - slope))}. Against h both errors form a U: long steps "
               "feel the bend of the curve, short ones run out of digits.")
        rows = [[float(f"{step:.3g}"), float(f"{abs(a - slope):.2g}"), float(f"{abs(b - slope):.2g}")]
                for step, a, b in zip(hs[::4], forward[::4], central[::4])]
        return fig, alt, {"columns": ["h", "error of the forward difference", "error of the central difference"], "rows": rows}


def _differences(f, x, hs):
    at = lambda z: np.array([f(v) for v in np.atleast_1d(z)])
    return hs, (at(x + hs) - f(x)) / hs, (at(x + hs) - at(x - hs)) / (2 * hs)


def _short(value):
    return f"{value:.3g}".replace("-", "−")


# -- recorded curves -------------------------------------------------------------------------------------------------------------


def _recorded(curve):
    """Recorded points as a surface, and as plain values."""
    if not isinstance(curve, (tuple, list)) or len(curve) not in (2, 3):
        raise TypeError(f"This figure draws a surface of gdcore.surfaces or recorded points (xs, ys, slopes), got {type(curve).__name__}.")
    xs, ys, *slopes = (np.asarray(part, dtype=float).ravel() for part in curve)
    if not 3 <= len(xs) <= MOST_POINTS or not (np.diff(xs) > 0).all():
        raise ValueError(f"xs has {len(xs)} numbers; a recorded curve needs from 3 to {MOST_POINTS}, and they must grow.")
    slopes = slopes[0] if slopes else np.gradient(ys, xs, edge_order=2) if len(ys) == len(xs) else ys
    if not len(xs) == len(ys) == len(slopes) or not np.isfinite([xs, ys, slopes]).all():
        raise ValueError(f"A recorded curve needs as many finite ys and slopes as xs, got {len(ys)}, {len(slopes)} and {len(xs)}.")
    ys, slopes = _kept(ys), _kept(slopes)
    piece = _hermite(xs, ys, slopes)
    surface = Surface("recorded curve", lambda x: piece(x)[0], lambda x: piece(x)[1], start=float(xs[0]), minimum_value=-np.inf,
                      box=((float(xs[0]), float(xs[-1])),))
    return surface, {"xs": xs.tolist(), "ys": ys.tolist(), "slopes": slopes.tolist()}


def _kept(values, digits=10):
    """The digits on which processors agree: those of the last places differ with the width of their arithmetic."""
    top = np.abs(values).max()
    return np.round(values, min(300, digits - math.ceil(math.log10(top)))) if top > 0 else values


def _hermite(xs, ys, slopes):
    """A function of one number: (value, slope) of the cubic between two points that has their values and slopes, nan outside."""

    def piece(x):
        if not xs[0] <= x <= xs[-1]:
            return np.nan, np.nan
        i = min(np.searchsorted(xs, x, side="right") - 1, len(xs) - 2)
        d, rise = xs[i + 1] - xs[i], ys[i + 1] - ys[i]
        t, a, b = (x - xs[i]) / d, d * slopes[i], d * slopes[i + 1]
        square, cube = 3 * rise - 2 * a - b, a + b - 2 * rise
        return ys[i] + t * (a + t * (square + t * cube)), (a + t * (2 * square + t * 3 * cube)) / d

    return piece
