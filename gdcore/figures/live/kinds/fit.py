"""Fit: a straight line through data is one point of the landscape of its loss."""

import numpy as np

from gdcore.figures.live.costs import COSTS
from gdcore.figures.live.widget import Live
from gdcore.figures.losses import lines_and_landscape
from gdcore.figures.style import ORANGE, label

__all__ = ["Fit", "fit"]


def fit(x, y, line, *, slopes, intercepts, costs=("squared",), delta=20.0, marks=None, labels=("x", "y"), title, question=""):
    """Data with a straight line, beside the landscape of its loss over slope and intercept. The reader drags the point, and the line
    follows; with several costs the reader chooses which.

    x, y: the data, one number each. line: (slope, intercept) at first. slopes, intercepts: (low, high) of the map. costs: names among
    "squared", "absolute" and "Huber", the first of which is shown; delta: Huber's, in the units of y. marks: {letter: (slope,
    intercept)}, lines with letters whose points bear numbers. labels: of the data's axes.
    The traits `line`, `cost` and `delta` are those of the figure; `loss` is the loss of its line, `best` the best line for each cost.
    Raises ValueError, in one sentence, for data that do not go together or a cost that is not known.
    """
    return Fit(x, y, line, slopes, intercepts, costs, delta, marks or {}, labels, title, question)


class Fit(Live):
    """See `fit`."""

    kind = "fit"

    def __init__(self, x, y, line, slopes, intercepts, costs, delta, marks, labels, title, question):
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        if x.ndim != 1 or x.shape != y.shape or not x.size:
            raise ValueError(f"x has the shape {x.shape} and y {y.shape}; give two lists of equal length.")
        if not np.isfinite([*x, *y, *line]).all():
            raise ValueError("The data and the line must be finite numbers.")
        if unknown := [cost for cost in costs if cost not in COSTS]:
            raise ValueError(f"There is no loss {unknown[0]!r}; known are {', '.join(COSTS)}.")
        if not delta > 0:
            raise ValueError(f"delta is {delta!r}, but must be above 0.")
        pair = lambda values: [float(v) for v in values]
        state = {
            "xs": [float(f"{v:.5g}") for v in x], "ys": [float(f"{v:.5g}") for v in y], "line": pair(line), "cost": costs[0],
            "costs": list(costs), "delta": float(delta), "marks": [[name, pair(mark)] for name, mark in marks.items()],
            "slopes": pair(slopes), "intercepts": pair(intercepts), "labels": list(labels),
        }  # fmt: skip
        state["best"] = {cost: _best(state, cost) for cost in costs} | {"delta": float(delta)}
        super().__init__(state, title, question, {name: (name,) for name in ("line", "cost", "delta")})

    @property
    def loss(self):
        """The mean cost of the errors of the line as it stands."""
        return float(_mean(self.state, self.state["cost"])(*self.state["line"]))

    @property
    def best(self):
        """{cost: (slope, intercept)} of the best line within the map, to a thousandth of its sides."""
        return {cost: tuple(self.state["best"][cost]) for cost in self.state["costs"]}

    def still(self):
        state, cost = self.state, self.state["cost"]
        marks = dict(state["marks"])
        numbers = {str(i): name for i, name in enumerate(marks, 1)}
        x, y, slopes, intercepts = (np.array(state[name]) for name in ("xs", "ys", "slopes", "intercepts"))
        fig, (data, landscape) = lines_and_landscape(
            x, y, _mean(state, cost), marks, numbers, slopes, intercepts, self.spec["title"], state["labels"])
        w, b = state["line"]
        ends = np.array([x.min(), x.max()])
        data.plot(ends, w * ends + b, color=ORANGE, linewidth=3)
        landscape.plot(w, b, "o", color=ORANGE, markersize=10, markerfacecolor="none", markeredgewidth=2)
        label(landscape, w, b, "this line", ORANGE, dx=9, dy=-9)
        alt = (
            f"{self.spec['title']}. Left: {len(x)} points and a line of slope {w:.3g} and intercept {b:.3g}. Right: the mean {cost} "
            f"error over slope and intercept; that of this line is {self.loss:.4g}."
        ).replace("-", "−")
        shown = {"this line": [w, b], **marks}
        rows = [[name, *line, float(f"{_mean(state, cost)(*line):.4g}")] for name, line in shown.items()]
        return fig, alt, {"columns": ["line", "slope", "intercept", f"mean {cost} error"], "rows": rows}


def _mean(state, cost):
    x, y = np.array(state["xs"]), np.array(state["ys"])
    return lambda w, b: np.mean(COSTS[cost](w * x + b - y, state["delta"]))


def _best(state, cost):
    """The best line within the map, to a thousandth of its sides: the grid around the best point is made finer three times."""
    (w0, w1), (b0, b1) = state["slopes"], state["intercepts"]
    for _ in range(4):
        grid = [(w, b) for w in np.linspace(w0, w1, 21) for b in np.linspace(b0, b1, 21)]
        w, b = min(grid, key=lambda point: _mean(state, cost)(*point))
        dw, db = (w1 - w0) / 10, (b1 - b0) / 10
        w0, w1, b0, b1 = w - dw, w + dw, b - db, b + db
    return [float(f"{w:.4g}"), float(f"{b:.4g}")]
