"""Descent: up to four rules race on one surface from one start."""

import numpy as np

from gdcore.figures.live.columns import on_points
from gdcore.figures.live.spec import moved, rule_json, surface_json
from gdcore.figures.live.widget import Live
from gdcore.figures.style import INK, PALETTE, figure, label_ends
from gdcore.figures.surface import descent as contours
from gdcore.minimize import minimize
from gdcore.surfaces import Surface

__all__ = ["Descent", "descent"]

MOST_RULES, MOST_STEPS = 4, 5000


def descent(surface, rules, *, start=None, steps=200, title, question="", sliders=None, ranges=None, box=None, explorer=False):
    """A surface from above with the paths of up to four rules, and their losses beside it. The reader drags the start, moves every
    hyper-parameter, plays and steps.

    surface: one of gdcore.surfaces with one or two variables. rules: a rule or a list of them. start: a point, else the surface's own.
    sliders: names of the hyper-parameters to show at once (the others are folded away; None shows all). ranges: {name: (low, high)}
    of sliders. box: ((low, high), (low, high)) to draw, else the surface's own. explorer: the reader also chooses the surface and the
    rules, and the address of the page follows. The traits `lr`, `momentum`, … are those of the first
    rule; `start`, `step` and `steps` those of the figure; `paths` are the paths that gdcore walks.
    Raises TypeError or ValueError, in one sentence, for what cannot be drawn.
    """
    rules = rules if isinstance(rules, (list, tuple)) else [rules]
    return Descent(surface, rules, start, steps, title, question, sliders, ranges, box, explorer)


class Descent(Live):
    """See `descent`."""

    kind = "descent"

    def __init__(self, surface, rules, start, steps, title, question, sliders, ranges, box, explorer):
        self.surface, self._rules = _surface(surface), rules
        start = np.atleast_1d(np.asarray(surface.start if start is None else start, dtype=float))
        if start.shape != (surface.dimension,) or not np.isfinite(start).all():
            raise ValueError(f"start is {start.tolist()}, but {surface.name} wants {surface.dimension} finite numbers.")
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
            raise ValueError(f"steps is {steps!r}; a figure shows a whole number of them from 1 to {MOST_STEPS}.")
        if not 1 <= len(rules) <= MOST_RULES:
            raise ValueError(f"{len(rules)} rules were given; a figure races from 1 to {MOST_RULES}.")
        state = {
            "surface": surface_json(surface), "rules": [rule_json(rule) for rule in rules], "start": start.tolist(), "steps": steps,
            "step": steps, "sliders": sliders, "ranges": ranges or {}, "box": box and [list(map(float, side)) for side in box],
            "editable": bool(explorer),
        }  # fmt: skip
        hyper = {name: ("rules", 0, "hyper", name) for name in state["rules"][0]["hyper"]}
        super().__init__(state, title, question, {name: (name,) for name in ("start", "step", "steps")} | hyper)

    @property
    def traces(self):
        """What gdcore.minimize says of each rule, with the hyper-parameters and the start that the reader has left."""
        start = self.state["start"]
        x0 = np.array(start) if self.surface.dimension > 1 else start[0]
        rules = [on_points(moved(rule, told)) for rule, told in zip(self._rules, self.state["rules"])]
        return [minimize(self.surface, x0, rule, self.state["steps"], tolerance=None, progress=False) for rule in rules]

    @property
    def paths(self):
        """The points of each rule, from the start: arrays of shape (steps + 1, …)."""
        return [trace.x for trace in self.traces]

    def still(self):
        traces, kinds = self.traces, [type(rule).__name__ for rule in self._rules]
        names = [kind if kinds.count(kind) == 1 else f"{kind} {i}" for i, kind in enumerate(kinds, 1)]
        return self._draw(traces, names), self._alt(traces, names), _table(traces, names)

    def _draw(self, traces, names):
        box = self.state["box"] or self.surface.box
        fig, (left, right) = figure(self.spec["title"], columns=2, height=3.9)
        if self.surface.dimension == 1:
            xs = np.linspace(*box[0], 201)
            left.plot(xs, self.surface(xs), color=INK, linewidth=1)
            for trace, color in zip(traces, PALETTE):
                left.plot(trace.x, trace.values, "-o", color=color, markersize=3.5, linewidth=1.5)
            left.set(xlim=box[0], xlabel="x", ylabel="f(x)")
        else:
            paths = {name: _inside(trace.x, box) for name, trace in zip(names, traces)}
            minimum = self.surface.minima[0] if len(self.surface.minima) == 1 else None
            contours(self.surface.at, paths, *box, minimum=minimum, ax=left)
        floor = self.surface.minimum_value if np.isfinite(self.surface.minimum_value) else None
        ends = []
        for trace, name, color in zip(traces, names, PALETTE):
            values = trace.values if floor is None else np.maximum(trace.values - floor, 1e-16)
            right.plot(values, color=color)
            ends.append((len(values) - 1, values[-1], name, color))
        right.set(xlabel="step", ylabel="f(x)" if floor is None else "f(x) − lowest", yscale="linear" if floor is None else "log")
        if len(names) > 1:
            label_ends(right, ends)
        return fig

    def _alt(self, traces, names):
        runs = "; ".join(f"{name} {_end(trace)}" for name, trace in zip(names, traces))
        start = ", ".join(f"{v:g}" for v in self.state["start"])
        return f"{self.spec['title']}. From ({start}) on the surface {self.surface.name.replace('_', ' ')}: {runs}.".replace("-", "−")


def _surface(surface):
    if not isinstance(surface, Surface) or surface.dimension > 2 or surface.box is None:
        raise TypeError(f"A figure draws a surface of gdcore.surfaces with one or two variables, got {surface!r}.")
    return surface


def _inside(points, box):
    """The path up to where it leaves the picture by far, so that the axes stay as they are."""
    low, high = np.array(box).T
    far = (np.abs(points - (low + high) / 2) > 4 * (high - low)).any(axis=1)
    return points[: far.argmax() if far.any() else len(points)]


def _end(trace):
    if trace.status == "diverged":
        return f"diverges at step {trace.step}"
    return f"has the loss {trace.values[-1]:.3g} after {len(trace.values) - 1} steps"


def _table(traces, names):
    """Each rule's point and loss at eleven steps."""
    steps = sorted({round(s) for s in np.linspace(0, max(len(trace.values) for trace in traces) - 1, 11)})
    rows = []
    for step in steps:
        row = [step]
        for trace in traces:
            known = step < len(trace.values)
            row += [float(f"{trace.values[step]:.4g}") if known else "diverged"]
            row += ["(" + ", ".join(f"{v:.4g}" for v in np.atleast_1d(trace.x[step])) + ")" if known else "–"]
        rows.append(row)
    return {"columns": ["step", *(f"{name}: {what}" for name in names for what in ("loss", "point"))], "rows": rows}
