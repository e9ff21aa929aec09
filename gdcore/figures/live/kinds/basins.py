"""Basins: which minimum does each start reach?"""

import numpy as np

from gdcore.figures.live.columns import on_points
from gdcore.figures.live.many import apart
from gdcore.figures.live.spec import moved, rule_json, surface_json
from gdcore.figures.live.widget import Live
from gdcore.figures.style import INK, PALETTE, figure, label
from gdcore.minimize import minimize
from gdcore.surfaces import Surface

__all__ = ["Basins", "basins"]

MOST_STEPS, SIDES = 5000, (21, 41, 81, 161, 321)
ARRIVED = 1e-4  # the length of the gradient at which a path has come to rest
FINEST = 81  # starts along a side of the still: the live map's own, if it is no finer, so that both tell the same shares
FEW = 8  # minima that are named by their share
NEAR = 0.01  # of the wider side of the box: a path that rests this near to a minimum has reached it


def basins(surface, rules, *, start=None, steps=500, side=161, title, question="", sliders=None, ranges=None, box=None):
    """A map of a surface with many minima: each start in the colour of the minimum that a rule reaches from it, the darker the sooner,
    and hatched where the path does not come to rest. The reader drags the start and sees its path, and moves every hyper-parameter.

    surface: one of gdcore.surfaces with two variables. rules: a rule, or two whose maps stand side by side; beside the map of one stands
    the surface. start: a point, else the surface's own. steps: the most that a path may take. side: starts along each side of the finest
    map, 21, 41, 81, 161 or 321. sliders: names of the hyper-parameters to show at once (the others are folded away; None shows all).
    ranges: {name: (low, high)} of sliders. box: ((low, high), (low, high)) of the map, else the surface's own. The traits `lr`,
    `momentum`, … are those of the first rule; `start` and `steps` those of the figure; `paths` are the paths that gdcore walks.
    Raises TypeError or ValueError, in one sentence, for what cannot be drawn.
    """
    rules = list(rules) if isinstance(rules, (list, tuple)) else [rules]
    return Basins(surface, rules, start, steps, side, title, question, sliders, ranges, box)


class Basins(Live):
    """See `basins`."""

    kind = "basins"

    def __init__(self, surface, rules, start, steps, side, title, question, sliders, ranges, box):
        if not isinstance(surface, Surface) or surface.dimension != 2 or surface.box is None:
            raise TypeError(f"Basins need a surface of gdcore.surfaces with two variables, got {surface!r}.")
        start = np.asarray(surface.start if start is None else start, dtype=float)
        if start.shape != (2,) or not np.isfinite(start).all():
            raise ValueError(f"start is {start.tolist()}, but {surface.name} wants 2 finite numbers.")
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
            raise ValueError(f"steps is {steps!r}; a figure shows a whole number of them from 1 to {MOST_STEPS}.")
        if side not in SIDES:
            raise ValueError(f"side is {side!r}; it is one of {', '.join(map(str, SIDES))}.")
        if len(rules) not in (1, 2):
            raise ValueError(f"{len(rules)} rules were given; basins show one or two.")
        self.surface, self._rules = surface, rules
        state = {
            "surface": surface_json(surface), "rules": [rule_json(rule) for rule in rules], "start": start.tolist(), "steps": steps,
            "side": side, "sliders": sliders, "ranges": ranges or {}, "box": box and [list(map(float, side)) for side in box],
        }  # fmt: skip
        hyper = {name: ("rules", 0, "hyper", name) for name in state["rules"][0]["hyper"]}
        super().__init__(state, title, question, {name: (name,) for name in ("start", "steps")} | hyper)

    @property
    def rules(self):
        """The rules with the hyper-parameters that the reader has left."""
        return [moved(rule, told) for rule, told in zip(self._rules, self.state["rules"])]

    @property
    def paths(self):
        """The points of each rule from the start to where it rests: arrays of shape (steps + 1, 2)."""
        return [trace.x for trace in self._traces()]

    def _traces(self):
        start, steps = np.array(self.state["start"]), self.state["steps"]
        return [minimize(self.surface, start, on_points(rule), steps, tolerance=ARRIVED, progress=False) for rule in self.rules]

    def map(self, rule, side=61):
        """What a rule reaches from side × side starts: (minima, the number of the one reached from 1 on or 0, the steps), row by row."""
        (x0, x1), (y0, y1) = box = self.state["box"] or self.surface.box
        starts = np.stack(np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side)), -1).reshape(-1, 2)
        ends, taken = endpoints(self.surface, rule, starts, self.state["steps"])
        minima, reached = grouped(self.surface, ends, NEAR * max(high - low for low, high in box))
        return minima, reached.reshape(side, side), taken.reshape(side, side)

    def still(self):
        traces, names = self._traces(), [type(rule).__name__ for rule in self._rules]
        maps = [self.map(rule, min(self.state["side"], FINEST)) for rule in self.rules]
        rows = [row for name, found in zip(names, maps) for row in _rows(name, *found)]
        table = {"columns": ["rule", "minimum", "share of the starts", "steps (median)"], "rows": rows}
        return self._draw(traces, names, maps), self._alt(traces, names, maps), table

    def _draw(self, traces, names, maps):
        fig, axes = figure(self.spec["title"], columns=len(maps), height=3.9, sharey=True)
        (x0, x1), (y0, y1) = self.state["box"] or self.surface.box
        for ax, trace, name, (minima, reached, taken) in zip(np.atleast_1d(axes), traces, names, maps):
            ax.imshow(_picture(minima, reached, taken, self.state["steps"]), extent=(x0, x1, y0, y1), origin="lower", aspect="auto")
            ax.plot(*trace.x.T, "-o", color=INK, markersize=2.5, linewidth=1.5)
            ax.plot(*minima.T, "x", color=INK, markersize=6 if len(minima) <= FEW else 3)
            for k, point in enumerate(minima if len(minima) <= FEW else ()):
                label(ax, *point, f"{np.mean(reached == k + 1):.0%}", dx=0, dy=-10, ha="center", fontweight="bold")
            ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="x₁", ylabel="x₂", title=name)
            ax.grid(False)
        return fig

    def _alt(self, traces, names, maps):
        start, parts = _place(self.state["start"]), []
        for trace, name, (minima, reached, _) in zip(traces, names, maps):
            shares = sorted(((np.mean(reached == k + 1), point) for k, point in enumerate(minima)), key=lambda pair: -pair[0])
            named = ", ".join(f"{share:.0%} of the starts end at {_place(point)}" for share, point in shares[:4] if share)
            none = f", {np.mean(reached == 0):.0%} reach none" if (reached == 0).any() else ""
            parts.append(f"{name} from {start} {_end(trace)}; {named}{none}")
        return f"{self.spec['title']}. {'. '.join(parts)}.".replace("-", "−")


# -- which minimum is reached ------------------------------------------------------------------------------------------------------


def endpoints(surface, rule, starts, steps):
    """Where the rule rests from each start, nan where it does not, and the steps it took: gdcore.minimize from all starts at once."""
    if not apart(rule):
        traces = [minimize(surface, start, on_points(rule), steps, tolerance=ARRIVED, progress=False) for start in starts]
        ends = np.array([trace.x[-1] if trace.status == "converged" else (np.nan, np.nan) for trace in traces])
        return ends, np.array([trace.step for trace in traces])
    x, memory, ends, taken = starts, rule.init(starts), np.full(starts.shape, np.nan), np.full(len(starts), steps)
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            g = surface.gradient(x)
            rests = np.isnan(ends[:, 0]) & np.isfinite(surface(x)) & (np.linalg.norm(g, axis=1) <= ARRIVED)
            ends[rests], taken[rests] = x[rests], t
            if np.isfinite(ends).all():
                break
            x, *memory = rule.update(x, g, t + 1, *memory)
    return ends, taken


def grouped(surface, ends, near):
    """The minima known and found, as points, and for each end the number of its minimum from 1 on: 0 for a saddle or none."""
    minima, reached = np.array(surface.minima, dtype=float).reshape(-1, 2), np.zeros(len(ends), dtype=int)
    turns = np.arange(8) * np.pi / 4
    ring = near * np.stack([np.cos(turns), np.sin(turns)], -1)
    for i in np.flatnonzero(np.isfinite(ends[:, 0])):
        known = np.flatnonzero(np.hypot(*(minima - ends[i]).T) < near)
        if known.size:
            reached[i] = known[0] + 1
        elif (surface(ends[i] + ring) > surface(ends[i])).all():
            minima = np.vstack([minima, ends[i]])
            reached[i] = len(minima)
    return minima, reached


def _picture(minima, reached, taken, steps):
    """The colours of a map: neighbours differ, and what arrives late is pale."""
    colors = []
    for k, point in enumerate(minima):
        room = [min((np.hypot(*(point - minima[j])) for j in range(k) if colors[j] == c), default=np.inf) for c in range(4)]
        colors.append(int(np.argmax(room)))
    solid = np.array([[int(PALETTE[c][i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colors] or np.zeros((1, 3)))
    share = 1 - 0.7 * np.log1p(taken) / np.log1p(steps)
    return np.concatenate([solid[np.maximum(reached, 1) - 1], np.where(reached, share, 0.0)[..., None]], -1)


# -- words -------------------------------------------------------------------------------------------------------------------------


def _rows(name, minima, reached, taken):
    rows = []
    for k, point in sorted(enumerate(minima, 1), key=lambda pair: -np.sum(reached == pair[0]))[:12]:
        if (reached == k).any():
            rows.append([name, _place(point), float(np.mean(reached == k)), float(np.median(taken[reached == k]))])
    return [*rows, [name, "none", float(np.mean(reached == 0)), "–"]]


def _place(point):
    return "(" + ", ".join(f"{v:.3g}" for v in point) + ")"


def _end(trace):
    if trace.status == "diverged":
        return f"diverges at step {trace.step}"
    if trace.status == "converged":
        return f"reaches {_place(trace.x[-1])} after {trace.step} steps"
    return f"is still on its way after {trace.step} steps"
