"""Noise: many chains at once, each with its own chance in the gradient."""

import math

import numpy as np

from gdcore.figures.live.gaussians import gaussians
from gdcore.figures.live.many import chains as walk
from gdcore.figures.live.spec import moved, rule_json, surface_json
from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, INK, ORANGE, figure, label
from gdcore.figures.surface import descent as contours
from gdcore.surfaces import SURFACES, Surface

__all__ = ["Noise", "noise", "variances"]

WHOLE = {"steps": (1, 2000), "chains": (1, 500), "batch": (1, 10**6), "seed": (0, 2**32 - 1)}


def noise(surface, rule, *, sigma=1.0, batch=1, chains=60, seed=1, start=None, steps=200, title, question="", sliders=None, ranges=None,
          box=None):
    """Many chains of one rule on a surface whose gradient is noisy, as points on the surface that can be played, and their mean loss
    beside it, with the floor that theory gives. The reader moves the noise, the batch and every hyper-parameter.

    surface: one of gdcore.surfaces with one or two variables; theory is drawn on a `quadratic` for GD and HeavyBall. sigma: the standard
    deviation of one example's gradient in each direction; a gradient averages `batch` of them, so its noise is sigma / √batch.
    chains: how many are walked, 1 to 500. seed: a whole number; the noise is `gaussians(seed, …)`, step by step, chain by chain, direction
    by direction, the same in Python and in the page. start: a point, else the surface's own. sliders: which of the hyper-parameters,
    "sigma", "batch" and "chains" to show (None shows all). ranges: {name: (low, high)} of sliders. box: ((low, high), …) to draw, else
    the surface's own. The traits `lr`, `momentum`, … are those of the rule; `start`, `step`, `steps`, `sigma`, `batch`, `chains`, `seed`
    those of the figure; `paths`, `floor` and `measured` are computed by gdcore.
    Raises TypeError or ValueError, in one sentence, for what cannot be drawn.
    """
    return Noise(surface, rule, sigma, batch, chains, seed, start, steps, title, question, sliders, ranges, box)


class Noise(Live):
    """See `noise`."""

    kind = "noise"

    def __init__(self, surface, rule, sigma, batch, chains, seed, start, steps, title, question, sliders, ranges, box):
        self.surface, self._rule = _surface(surface), rule
        start = np.atleast_1d(np.asarray(surface.start if start is None else start, dtype=float))
        if start.shape != (surface.dimension,) or not np.isfinite(start).all():
            raise ValueError(f"start is {start.tolist()}, but {surface.name} wants {surface.dimension} finite numbers.")
        numbers = {"steps": steps, "chains": chains, "batch": batch, "seed": seed}
        for name, value in numbers.items():
            low, high = WHOLE[name]
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}; give a whole number from {low} to {high}.")
        if not 0 <= sigma < math.inf:
            raise ValueError(f"sigma is {sigma!r}; give a finite number from 0 on.")
        state = {
            "surface": surface_json(surface), "rules": [rule_json(rule)], "start": start.tolist(), **numbers, "step": steps,
            "sigma": float(sigma), "sliders": sliders, "ranges": ranges or {}, "box": box and [list(map(float, side)) for side in box],
        }  # fmt: skip
        hyper = {name: ("rules", 0, "hyper", name) for name in state["rules"][0]["hyper"]}
        super().__init__(state, title, question, {name: (name,) for name in ("start", "step", "sigma", *numbers)} | hyper)

    @property
    def rule(self):
        """The rule with the hyper-parameters that the reader has left."""
        return moved(self._rule, self.state["rules"][0])

    @property
    def paths(self):
        """The points of all chains, of shape (steps + 1, chains, variables)."""
        s, n = self.state, self.surface.dimension
        drawn = gaussians(s["seed"], s["steps"] * s["chains"] * n).reshape(s["steps"], s["chains"], n)
        return walk(self.surface, self.rule, s["start"], s["sigma"] / math.sqrt(s["batch"]) * drawn)

    @property
    def losses(self):
        """The losses of all chains above the lowest value, of shape (steps + 1, chains)."""
        return self._losses(self.paths)

    @property
    def measured(self):
        """(mean, standard error) of the chains' losses over the second half of the steps."""
        return second_half(self.losses)

    @property
    def floor(self):
        """The mean loss at which theory sees noise and descent even; infinity if the rate is too large, None where no form is known."""
        found = variances(self.surface, self.rule, self.state["sigma"] ** 2 / self.state["batch"])
        return None if found is None else float(np.dot(curvatures(self.surface), found)) / 2

    def still(self):
        paths = self.paths
        losses = self._losses(paths)
        still = walk(self.surface, self.rule, self.state["start"], np.zeros((self.state["steps"], 1, self.surface.dimension)))
        alone = self._losses(still)[:, 0]
        rows = [[t, float(losses[t].mean()), float(alone[t])] for t in sorted({round(s) for s in np.linspace(0, self.state["steps"], 11)})]
        table = {"columns": ["step", f"mean loss of {self.state['chains']} chains", "loss without noise"], "rows": rows}
        return self._draw(paths, losses, still, alone), self._alt(losses), table

    def _losses(self, paths):
        with np.errstate(all="ignore"):
            values = self.surface(paths if self.surface.dimension > 1 else paths[..., 0])
        values = values - (self.surface.minimum_value if math.isfinite(self.surface.minimum_value) else 0.0)
        return np.where(np.isfinite(values), values, np.inf)

    def _draw(self, paths, losses, still, alone):
        fig, (left, right) = figure(self.spec["title"], columns=2, height=3.9)
        box, end, steps = self.state["box"] or self.surface.box, paths[self.state["step"]], self.state["steps"]
        if self.surface.dimension == 1:
            xs = np.linspace(*box[0], 201)
            left.plot(xs, self.surface(xs), color=INK, linewidth=1)
            left.plot(end[:, 0], self.surface(end[:, 0]), "o", color=BLUE, markersize=4, alpha=0.75)
            left.set(xlim=box[0], xlabel="x", ylabel="f(x)")
        else:
            contours(self.surface.at, {}, *box, ax=left)
            left.plot(*still[:, 0].T, color=ORANGE, linewidth=1.5)
            left.plot(*end.T, "o", color=BLUE, markersize=3.5, alpha=0.75)
        mean = losses.mean(axis=1)
        seen = mean[np.isfinite(mean) & (mean > 0)]
        seen = seen if len(seen) else np.ones(1)  # everybody stands at the minimum
        low, high = seen.min() / 8, min(seen.max() * 2, 1e6 * (mean[0] or 1))
        losses, alone, mean = (np.clip(values, low / 10, 10 * high) for values in (losses, alone, mean))  # the rest is out of the picture
        right.plot(losses[:, :8], color=BLUE, linewidth=0.6, alpha=0.2)
        right.plot(alone, color=ORANGE, linewidth=1.5)
        right.plot(mean, color=BLUE)
        if self.floor is not None and 0 < self.floor < math.inf:
            low = min(low, self.floor / 8)
            right.axhline(self.floor, color=INK, linewidth=1.5, linestyle="--")
            label(right, steps, self.floor, f"theory: {self.floor:.3g}", dx=-4, dy=-16)
        right.set(yscale="log", ylim=(low, high), xlabel="step", ylabel="loss f(x)" if self.surface.minimum_value == 0 else "f(x) − lowest")
        label(right, steps, min(mean[-(steps // 3) - 1:].max(), high), f"mean of {self.state['chains']} chains", BLUE, dx=-4, dy=9)
        if (alone < np.sqrt(low * high)).any():
            label(right, np.argmax(alone < np.sqrt(low * high)), np.sqrt(low * high), "without noise", ORANGE)
        return fig

    def _alt(self, losses):
        s, name = self.state, type(self._rule).__name__
        lost = int(np.isinf(losses[-1]).sum())
        half, error = second_half(losses)
        ends = f"their mean loss over the second half of {s['steps']} steps is {half:.3g} ± {error:.1g}"
        if lost or self.floor == math.inf:
            ends = f"{lost} of them diverge" if lost else f"their mean loss after {s['steps']} steps is {losses[-1].mean():.3g}"
        theory = f"; theory says {self.floor:.3g}" if self.floor is not None else ""
        theory = "; theory knows no floor, the rate is too large" if self.floor == math.inf else theory
        where = f"on the surface {self.surface.name.replace('_', ' ')} with gradient noise {s['sigma'] / math.sqrt(s['batch']):.3g}"
        return f"{self.spec['title']}. {s['chains']} chains of {name} {where}: {ends}{theory}.".replace("-", "−")


# -- theory ------------------------------------------------------------------------------------------------------------------------


def curvatures(surface):
    """The flattest and the steepest curvature of a bowl."""
    return surface.strong_convexity, surface.lipschitz


def variances(surface, rule, squared):
    """The variance along the flattest and the steepest direction of a bowl at which gradient noise of variance `squared` and descent are
    even: ησ²(1 + β) / (λ(1 − β)(2(1 + β) − ηλ)), where GD has β = 0. Infinity where the rate is too large, None where no form is known.
    """
    if surface.name != "quadratic" or type(rule).__name__ not in ("GD", "HeavyBall"):
        return None
    beta = getattr(rule, "momentum", 0.0)
    eta = rule.lr * (1 - getattr(rule, "dampening", 0.0))
    rooms = [2 * (1 + beta) - eta * curvature for curvature in curvatures(surface)]
    return tuple(eta * squared * (1 + beta) / (curvature * (1 - beta) * room) if room > 0 and beta < 1 else math.inf
                 for curvature, room in zip(curvatures(surface), rooms))


def second_half(losses):
    """(mean, standard error) of what each chain has on average over the second half of the steps."""
    each = losses[math.ceil((len(losses) - 1) / 2):].mean(axis=0)
    with np.errstate(all="ignore"):
        return float(each.mean()), float(each.std() / math.sqrt(max(1, len(each) - 1)))


def _surface(surface):
    known = isinstance(surface, Surface) and surface.box is not None and surface.dimension <= 2
    if not known or SURFACES[surface.name].dimension != surface.dimension:
        raise TypeError(f"Noise needs a surface of gdcore.surfaces as the figures draw it, with one or two variables, got {surface!r}.")
    return surface
