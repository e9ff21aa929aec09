"""Spectrum: a quadratic in the axes of its curvatures, and which part of the error is left."""

import numpy as np

from gdcore.figures.live import linear
from gdcore.figures.live.spec import moved, rule_json
from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, INK, ORANGE, PURPLE, figure, label, label_ends
from gdcore.minimize import minimize
from gdcore.surfaces import quadratic

__all__ = ["Spectrum", "spectrum"]

MOST_STEPS, SCALES = 1000, ("linear", "log", "share")


def spectrum(curvatures, rule, *, number=5, largest=None, start=None, steps=100, scale="linear", title, question="",
             sliders=None, ranges=None):
    """The loss of a quadratic as the sum of its components, one for each curvature, stacked against steps; beside it what each step
    leaves of each component. The reader moves the hyper-parameters, pulls the learning rate across the curvatures, plays and steps.

    curvatures: 2 to 6 numbers above 0; or one number, the condition κ: then there are `number` of them from largest / κ to largest,
    evenly spaced in the logarithm, and the reader moves κ. largest: L, by default κ, so that the flattest is 1.
    rule: any rule for vectors. It walks each component by itself. Only linear rules (GD, HeavyBall, Nesterov) split a quadratic into
    components that know nothing of each other, so the picture is exact for them; for others it shows separate problems of one variable.
    start: a distance for each curvature, in ascending order; by default all components hold equal parts of the loss 1.
    scale: "linear", "log" or "share" (of the loss that is left). sliders: names of the hyper-parameters to show; None shows all.
    ranges: {name: (low, high)} of sliders.
    The traits `lr`, `momentum`, …, `condition`, `start`, `scale`, `step` and `steps` follow the reader. `curvatures`, `distances` and
    `losses` are gdcore's: the last two have the shape (steps + 1, curvatures).
    Raises TypeError or ValueError, in one sentence, for what cannot be drawn.
    """
    return Spectrum(curvatures, rule, number, largest, start, steps, scale, title, question, sliders, ranges)


class Spectrum(Live):
    """See `spectrum`."""

    kind = "spectrum"

    def __init__(self, curvatures, rule, number, largest, start, steps, scale, title, question, sliders, ranges):
        self._rule = rule
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
            raise ValueError(f"steps is {steps!r}; a spectrum shows a whole number of them from 1 to {MOST_STEPS}.")
        if scale not in SCALES:
            raise ValueError(f"scale is {scale!r}; it is one of {', '.join(SCALES)}.")
        told = rule_json(rule)
        state = {**_spread(curvatures, number, largest), "start": None, "rules": [told], "steps": steps, "step": steps, "scale": scale,
                 "sliders": sliders, "ranges": ranges or {}}  # fmt: skip
        if start is not None:
            state["start"] = np.asarray(start, dtype=float).tolist()
            count = len(state["curvatures"] or range(state["number"]))
            if np.shape(start) != (count,) or not np.isfinite(start).all() or not np.all(start):
                raise ValueError(f"start is {start!r}; give {count} finite distances, one for each curvature, and none of them 0.")
        names = ("start", "scale", "step", "steps", *(["condition"] if state["curvatures"] is None else []))
        hyper = {name: ("rules", 0, "hyper", name) for name in told["hyper"]}
        super().__init__(state, title, question, {name: (name,) for name in names} | hyper)

    @property
    def curvatures(self):
        """The curvatures that the reader has left, in ascending order."""
        if self.state["curvatures"] is not None:
            return np.sort(self.state["curvatures"])
        largest = self.state["largest"]
        return np.geomspace(largest / self.state["condition"], largest, self.state["number"])

    @property
    def distances(self):
        """How far each component is from the minimum, with its sign; infinite from where it is no longer a number."""
        curvatures, steps = self.curvatures, self.state["steps"]
        start = self.state["start"] or np.sqrt(2 / curvatures / len(curvatures))
        found = np.full((steps + 1, len(curvatures)), np.inf)
        rule = moved(self._rule, self.state["rules"][0])
        for i, curvature in enumerate(curvatures):
            bowl = quadratic(condition=1, dimension=1, largest=curvature)
            path = minimize(bowl, float(start[i]), rule, steps, tolerance=None, progress=False).x
            found[: len(path), i] = path
        return found

    @property
    def losses(self):
        """The part of the loss that each component holds."""
        return self.curvatures * self.distances**2 / 2

    @property
    def left(self):
        """What one step leaves of each component: in closed form for linear rules, else on average over the run."""
        rule = moved(self._rule, self.state["rules"][0])
        if type(rule) in linear.LINEAR:
            return linear.left(type(rule), self.curvatures, **rule.hyperparameters())
        distances = np.abs(self.distances)
        steps = np.isfinite(distances).sum(axis=0) - 1
        return (distances[steps, range(len(steps))] / distances[0]) ** (1 / np.maximum(steps, 1))

    def still(self):
        curvatures, losses, left = self.curvatures, self.losses, self.left
        return self._draw(curvatures, losses, left), self._alt(curvatures, losses, left), _table(curvatures, losses)

    def _draw(self, curvatures, losses, left):
        fig, (stack, factors) = figure(self.spec["title"], columns=2, height=3.9)
        colors = [_ramp(i / (len(curvatures) - 1)) for i in range(len(curvatures))]
        _stack(stack, losses, curvatures, colors, self.state["scale"])
        rule = moved(self._rule, self.state["rules"][0])
        x = np.geomspace(curvatures[0] / 1.8, 3 * curvatures[-1], 241)
        factors.axhspan(1, 1.4, color=ORANGE, alpha=0.12, linewidth=0)
        factors.text(0.03, 1.38, "grows", color=ORANGE, va="top", transform=factors.get_yaxis_transform())
        if type(rule) in linear.LINEAR:
            factors.plot(x, linear.left(type(rule), x, **rule.hyperparameters()), color=INK, linewidth=1.3)
        for curvature, share, color in zip(curvatures, left, colors):
            factors.plot(curvature, min(share, 1.34), "o", color=color, markersize=8, clip_on=False)
            label(factors, curvature, min(share, 1.34), f"{share:.2g}", dx=0, dy=11 if share < 1.2 else -11, ha="center", fontsize=10)
        factors.set_xscale("log")
        factors.set_xticks(curvatures, [f"{curvature:.3g}" for curvature in curvatures])
        factors.minorticks_off()
        factors.set(xlim=(x[0], x[-1]), ylim=(0, 1.4), xlabel="curvature λ", ylabel="share of the distance left by a step")
        return fig

    def _alt(self, curvatures, losses, left):
        total, step = losses.sum(axis=1), self.state["steps"]
        most = losses[step].argmax()
        shares = ", ".join(f"{share:.3g} for λ = {curvature:.3g}" for share, curvature in zip(left, curvatures))
        if not np.isfinite(total[step]):
            end = f"is no longer a number after {np.isfinite(total).sum()} steps"
        elif total[step] == 0:
            end = f"is 0 after {step} steps"
        else:
            share = losses[step, most] / total[step]
            end = f"is {total[step]:.3g} after {step} steps, {share:.0%} of it in the component λ = {curvatures[most]:.3g}"
        text = f"{self.spec['title']}. The loss, a sum of {len(curvatures)} components, is {total[0]:.3g} at first and {end}."
        return f"{text} A step leaves of the distance: {shares}.".replace("-", "−")


def _spread(curvatures, number, largest):
    """The part of the state that says which curvatures there are."""
    if np.ndim(curvatures):
        values = np.asarray(curvatures, dtype=float)
        if values.ndim != 1 or not 2 <= len(values) <= 6 or not ((values > 0) & (values < np.inf)).all():
            raise ValueError(f"curvatures are {curvatures!r}; give 2 to 6 numbers above 0, or one: the condition.")
        return {"curvatures": np.sort(values).tolist(), "condition": None, "number": None, "largest": None}
    if isinstance(curvatures, bool) or not isinstance(curvatures, (int, float)) or not 1 <= curvatures <= 1e8:
        raise ValueError(f"curvatures is {curvatures!r}; give 2 to 6 numbers above 0, or one from 1 to 1e8: the condition.")
    if isinstance(number, bool) or not isinstance(number, int) or not 2 <= number <= 6:
        raise ValueError(f"number is {number!r}; a spectrum shows 2 to 6 curvatures.")
    largest = float(curvatures if largest is None else largest)
    if not 0 < largest < np.inf:
        raise ValueError(f"largest is {largest!r}; the largest curvature is a number above 0.")
    return {"curvatures": None, "condition": float(curvatures), "number": number, "largest": largest}


def _stack(ax, losses, curvatures, colors, scale):
    """The components on top of each other; on logarithmic paper, where sums mean nothing to the eye, a line for each."""
    total, steps, names = losses.sum(axis=1), np.arange(len(losses)), [f"λ = {curvature:.3g}" for curvature in curvatures]
    known = total[(total > 0) & np.isfinite(total)]
    if scale == "log":
        ax.plot(steps, total, color=INK, linewidth=6, alpha=0.2)
        for part, color in zip(losses.T, colors):
            ax.plot(steps, part, color=color, linewidth=1.6)
        ax.set(yscale="log", ylim=(max(known.min() / 1000, total[0] * 1e-10), min(known.max(), 1e4 * total[0]) * 1.5))
        label_ends(ax, [(steps[-1], *end) for end in zip(np.clip(losses[-1], *ax.get_ylim()), names, colors)])
    else:
        with np.errstate(invalid="ignore"):
            parts = losses / total[:, None] if scale == "share" else losses
        top = 1 if scale == "share" else 1.05 * min(known.max(), 2 * total[0])
        heights = np.clip(np.cumsum(parts, axis=1), 0, top).T
        for under, over, name, color in zip([np.zeros(len(total)), *heights], heights, names, colors):
            ax.fill_between(steps, under, over, color=color, alpha=0.6, linewidth=0)
            thick = (over - under)[: int(0.7 * len(steps)) + 1]
            at = np.nanargmax(thick)
            if thick[at] > 0.08 * top:
                label(ax, steps[at], under[at] + thick[at] / 2, name, fontsize=10)
        ax.set_ylim(0, top)
    ax.set(xlabel="step", ylabel="share of the loss" if scale == "share" else "loss", xlim=(0, steps[-1]))


def _ramp(share):
    """From the flattest (blue) by purple to the steepest (orange)."""
    from matplotlib.colors import to_hex, to_rgb

    start, end, part = (BLUE, PURPLE, 2 * share) if share < 0.5 else (PURPLE, ORANGE, 2 * share - 1)
    return to_hex((1 - part) * np.array(to_rgb(start)) + part * np.array(to_rgb(end)))


def _table(curvatures, losses):
    """The loss and each component's part of it at eleven steps."""
    steps = sorted({round(s) for s in np.linspace(0, len(losses) - 1, 11)})
    columns = ["step", "loss", *(f"λ = {curvature:.3g}" for curvature in curvatures)]
    return {"columns": columns, "rows": [[step, *(float(f"{v:.4g}") for v in (losses[step].sum(), *losses[step]))] for step in steps]}
