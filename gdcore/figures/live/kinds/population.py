"""Population: what searches without a gradient ask for, generation by generation, on a surface."""

import numpy as np

from gdcore.algorithms.gradient_free import search
from gdcore.figures.live.spec import surface_json
from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, INK, PALETTE, figure, label_ends
from gdcore.figures.surface import descent as contours
from gdcore.surfaces import Surface

__all__ = ["Population", "population"]

MOST = 4  # searches
LEFT = 12  # of those that ask for one or two at a time


def population(surface, methods, *, start=None, evaluations=300, seed=0, target=None, title, question="", box=None):
    """Searches by values alone, as the points they ask for, on a surface that can be played, and their best value beside it.

    surface: one of gdcore.surfaces with two variables. methods: {name: method of gdcore.algorithms.gradient_free}, up to 4. evaluations:
    1 to 2000, each method's budget. seed: of the searches, which are walked here and recorded. target: a value to draw as a line.
    box: ((low, high), (low, high)) to draw, else the surface's own. The traits `chosen` (the name of the search on the surface) and `step`
    (evaluations so far) follow the reader; `found` holds what each search found, by name.
    Raises TypeError or ValueError, in one sentence, for what cannot be drawn.
    """
    return Population(surface, methods, start, evaluations, seed, target, title, question, box)


class Population(Live):
    """See `population`."""

    kind = "population"

    def __init__(self, surface, methods, start, evaluations, seed, target, title, question, box):
        if not (isinstance(surface, Surface) and surface.dimension == 2 and surface.box is not None):
            raise TypeError(f"A population needs a surface of gdcore.surfaces with two variables, got {surface!r}.")
        if not isinstance(methods, dict) or not 1 <= len(methods) <= MOST:
            raise TypeError(f"methods must be a dict of 1 to {MOST} searches, such as {{'CMA-ES': CMAES()}}, got {methods!r}.")
        if isinstance(evaluations, bool) or not isinstance(evaluations, int) or not 1 <= evaluations <= 2000:
            raise ValueError(f"evaluations is {evaluations!r}; give a whole number from 1 to 2000.")
        self.surface = surface
        start = surface.start if start is None else start
        self.found = {str(name): search(method, surface, start, evaluations, seed) for name, method in methods.items()}
        data = {"searches": [{"name": name, **_record(found)} for name, found in self.found.items()], "target": target}
        state = {"surface": surface_json(surface), "chosen": next(iter(self.found)), "step": evaluations, "steps": evaluations,
                 "box": [list(map(float, side)) for side in box or surface.box]}  # fmt: skip
        super().__init__(state, title, question, {"chosen": ("chosen",), "step": ("step",)}, data)

    def still(self):
        chosen, step, best = self.state["chosen"], self.state["step"], {}
        if chosen not in self.found:
            raise ValueError(f"There is no search {chosen!r}; there are {', '.join(self.found)}.")
        for name, found in self.found.items():
            k = np.searchsorted(found.counts, step, side="right") - 1
            best[name] = None if k < 0 else found.values[k]
        rows = [[n, *(_best(found, n) for found in self.found.values())] for n in _steps(self.state["steps"])]
        words = lambda value: "nothing yet" if value is None else f"{value:.3g}".replace("-", "−")
        said = "; ".join(f"{name} {words(value)}" for name, value in best.items())
        alt = f"{self.spec['title']}. After {step} evaluations the best value is: {said}. The points shown are those of {chosen}."
        return self._draw(chosen, step), alt, {"columns": ["evaluations", *self.found], "rows": rows}

    def _draw(self, chosen, step):
        fig, (left, right) = figure(self.spec["title"], columns=2, height=3.9)
        contours(self.surface.at, {}, *self.state["box"], ax=left)
        record = next(s for s in self.spec["data"]["searches"] if s["name"] == chosen)
        points = np.array(record["points"])[_now(record, step)]
        left.plot(*points.T, "o", color=BLUE, markersize=4, alpha=0.75)
        left.set(xlim=self.state["box"][0], ylim=self.state["box"][1])
        ends = []
        for i, (name, found) in enumerate(self.found.items()):
            right.plot(found.counts, np.maximum(found.values, 1e-12), color=PALETTE[i], drawstyle="steps-post")
            ends.append((found.counts[-1], max(found.values[-1], 1e-12), name, PALETTE[i]))
        if self.spec["data"]["target"] is not None:
            right.axhline(self.spec["data"]["target"], color=INK, linewidth=1, linestyle="--")
        if step < self.state["steps"]:
            right.axvline(step, color=INK, linewidth=1)
        right.set(yscale="log", xlabel="evaluations", ylabel="best value")
        label_ends(right, ends)
        return fig


def _record(found):
    """A search as plain values: the points in their order, after how many each tell came, and the best value then."""
    points = [[float(f"{v:.4g}") for v in point] for asked in found.asked for point in asked]
    return {"points": points, "counts": [int(n) for n in found.counts], "values": [float(f"{v:.4g}") for v in found.values]}


def _now(record, step):
    """The slice of the points that show where a search is: those of the last tell, or the last few of one that asks for few."""
    counts = [0, *record["counts"]]
    k = max(i for i, n in enumerate(counts) if n <= max(step, 0))
    last = counts[k] - counts[max(k - 1, 0)]
    return slice(max(0, counts[k] - (last if last > 2 else LEFT)), counts[k])


def _steps(evaluations):
    return sorted({round(n) for n in np.linspace(0, evaluations, 11)})


def _best(found, n):
    k = np.searchsorted(found.counts, n, side="right") - 1
    return "–" if k < 0 else float(found.values[k])
