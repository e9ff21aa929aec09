"""Map: the rate of convergence of a heavy ball on a bowl, over learning rate and momentum."""

import numpy as np

from gdcore.figures.live import linear
from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, GRID, INK, ORANGE, figure, label
from gdcore.minimize import minimize
from gdcore.rules import HeavyBall
from gdcore.surfaces import quadratic

__all__ = ["RateMap", "rate_map"]

MOST_STEPS = 2000


def rate_map(condition=100, *, lr=None, momentum=None, largest=None, start=(1.0, 1.0), steps=100, title, question=""):
    """What a step of the heavy ball leaves of the distance, over learning rate and momentum, with the regions where it comes straight
    in, ripples, jumps across and diverges, the cliff and the best point. The reader drags a point or taps, and sees the run from there:
    its distance against steps, and position and velocity along both axes of the bowl.

    condition: κ, how many times as curved across as along, from 1. largest: the largest curvature L, by default κ; the smallest is L / κ.
    lr, momentum: where the point is at first; by default the best rate without momentum, 2 / (L + μ), and 0.
    start: where the run begins, along the flat axis and along the curved one.
    The traits `lr`, `momentum`, `condition`, `start`, `step` and `steps` follow the reader. `rate` is what a step leaves, `best` the
    point (lr, momentum) where that is least, `trace` what gdcore.minimize says of the run.
    Raises ValueError, in one sentence, for what cannot be drawn.
    """
    return RateMap(condition, lr, momentum, largest, start, steps, title, question)


class RateMap(Live):
    """See `rate_map`."""

    kind = "map"

    def __init__(self, condition, lr, momentum, largest, start, steps, title, question):
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
            raise ValueError(f"steps is {steps!r}; a map shows a whole number of them from 1 to {MOST_STEPS}.")
        if not _number(condition) or not 1 <= condition <= 1e8:
            raise ValueError(f"condition is {condition!r}; it is a number from 1 to 1e8.")
        largest = condition if largest is None else largest
        if not _number(largest) or not 0 < largest < np.inf:
            raise ValueError(f"largest is {largest!r}; the largest curvature is a number above 0.")
        start = np.asarray(start, dtype=float)
        if start.shape != (2,) or not np.isfinite(start).all() or not start.any():
            raise ValueError(f"start is {start.tolist()}; give two finite numbers that are not both 0.")
        momentum = 0.0 if momentum is None else momentum
        if not _number(momentum) or not 0 <= momentum <= 0.9999:
            raise ValueError(f"momentum is {momentum!r}; on the map it lies from 0 to 0.9999.")
        rule = HeavyBall(lr=2 / (largest + largest / condition) if lr is None else lr, momentum=momentum)
        state = {"condition": float(condition), "largest": float(largest), "lr": float(rule.lr), "momentum": float(rule.momentum),
                 "start": start.tolist(), "steps": steps, "step": steps}  # fmt: skip
        names = ("lr", "momentum", "condition", "start", "step", "steps")
        super().__init__(state, title, question, {name: (name,) for name in names})

    @property
    def _ends(self):
        return self.state["largest"] / self.state["condition"], self.state["largest"]

    @property
    def rate(self):
        """What a step leaves of the distance in the long run, at the point that the reader has chosen; 1 or more never arrives."""
        return float(_rate(self._ends, self.state["lr"], self.state["momentum"]))

    @property
    def best(self):
        """The best point on the map: (lr, momentum)."""
        return linear.best(*self._ends)[:2]

    @property
    def trace(self):
        """What gdcore.minimize says of the run at the chosen point."""
        bowl = quadratic(self.state["condition"], largest=self.state["largest"])
        rule = HeavyBall(lr=self.state["lr"], momentum=self.state["momentum"])
        return minimize(bowl, np.array(self.state["start"]), rule, self.state["steps"], tolerance=None, progress=False)

    def still(self):
        trace = self.trace
        return self._draw(trace), self._alt(trace), _table(trace)

    def _draw(self, trace):
        mu, L = self._ends
        fig, axes = figure(self.spec["title"], columns=2, rows=2, height=4.6)
        grid = axes[0, 0].get_gridspec()
        axes[0, 0].remove()
        axes[1, 0].remove()
        self._land(fig.add_subplot(grid[:, 0]), mu, L)
        _distance(axes[0, 1], trace, self.rate)
        _phase(axes[1, 1], trace, [np.sqrt(self.state["lr"] * curvature) or 1.0 for curvature in (mu, L)])
        return fig

    def _land(self, ax, mu, L):
        lr, momentum = np.linspace(0, 4.4 / L, 221), np.linspace(0, 1, 201)
        rates = np.minimum(_rate((mu, L), lr, momentum[:, None]), 1)
        lr0, momentum0 = self.best
        steps = 2.0 ** np.arange(12)  # that a digit takes, doubled from line to line
        levels = [level for level in 10 ** (-1 / steps) if rates.min() < level]
        ax.contour(lr, momentum, rates, levels=levels, colors=[GRID], linewidths=1)
        for curvature, style in ((mu, "--"), (L, "-")):
            ax.plot(lr, (1 - np.sqrt(lr * curvature)) ** 2, style, color=INK, linewidth=1)
        ax.fill_between(np.array([2, 4, 4.4]) / L, 0, [0, 1, 1], color=ORANGE, alpha=0.2, linewidth=0)
        ax.plot([2 / L, 4 / L], [0, 1], color=ORANGE, linewidth=2.5)
        label(ax, 3 / L, 0.5, "the cliff:\nit diverges", ORANGE, dx=9, dy=-6)
        label(ax, 0.41 / L, 0.035, "straight", dx=0, ha="center", fontsize=9)
        label(ax, 1.93 / L, 0.1, "jumps", dx=0, ha="center", fontsize=9)
        label(ax, 1.15 / L, 0.5, "ripples", dx=0, ha="center", fontsize=9)
        ax.plot(lr0, momentum0, "x", color=INK, markersize=8, markeredgewidth=2)
        label(ax, lr0, momentum0, f"best {linear.best(mu, L)[2]:.3g}", dx=-8, dy=9, fontweight="bold")
        point = min(self.state["lr"], 4.4 / L), self.state["momentum"]
        ax.plot(*point, "o", color=INK, markersize=9, markerfacecolor="none", markeredgewidth=2, clip_on=False)
        label(ax, *point, f"{self.rate:.3g}", dx=9, dy=9)
        label(ax, 4.35 / L, 0.2, "from line to line\nhalf as fast", dx=0, ha="right", fontsize=9)
        ax.set(xlim=(0, 4.4 / L), ylim=(0, 1), xlabel="learning rate η", ylabel="momentum β")
        ax.grid(False)

    def _alt(self, trace):
        end = f"is {np.hypot(*trace.x[-1]):.3g} after {trace.step} steps"
        if trace.status == "diverged":
            end = f"diverges at step {trace.step}"
        (lr, momentum), least = self.best, linear.best(*self._ends)[2]
        start = ", ".join(f"{v:g}" for v in self.state["start"])
        text = (
            f"{self.spec['title']}. On a bowl of condition {self.state['condition']:g} a step leaves {self.rate:.4g} of the distance "
            f"at the learning rate {self.state['lr']:.4g} with the momentum {self.state['momentum']:.4g}, and at best {least:.4g}, at "
            f"{lr:.4g} and {momentum:.4g}. From ({start}) the distance {end}."
        )
        return text.replace("-", "−")


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _rate(curvatures, lr, momentum):
    """The slower axis counts."""
    return np.maximum(*(linear.left(HeavyBall, curvature, lr=lr, momentum=momentum) for curvature in curvatures))


def _distance(ax, trace, rate):
    distance, steps = np.linalg.norm(trace.x, axis=1), np.arange(len(trace.x))
    ax.plot(steps, distance, color=INK, linewidth=6, alpha=0.2)
    for axis, color in enumerate((BLUE, ORANGE)):
        size = np.abs(trace.x[:, axis])
        ax.plot(steps, np.where(size > 0, size, np.nan), color=color, linewidth=1.5)
    low, high = max(distance[distance > 0].min(), distance[0] * 1e-12) / 2, 2 * min(distance.max(), distance[0] * 1e3)
    ax.plot(steps, np.clip(distance[0] * rate**steps, low / 10, high * 10), "--", color=INK, linewidth=1)
    ax.text(0.98, 0.95, f"dashed: {rate:.3g} to the power of the step", transform=ax.transAxes, ha="right", va="top", fontsize=9)
    ax.set(yscale="log", ylim=(low, high), xlabel="step", ylabel="distance")


def _phase(ax, trace, scales):
    """Position and the step just taken, in the scale √(ηλ) of each axis, as far as the picture reaches."""
    speed = np.diff(trace.x, axis=0, prepend=trace.x[:1]) / scales
    far = 3 * np.linalg.norm(trace.x[0])
    for axis, (name, color) in enumerate((("flat axis", BLUE), ("curved axis", ORANGE))):
        ax.plot(trace.x[:, axis], speed[:, axis], "-o", color=color, markersize=2.5, linewidth=1)
        ax.text(0.02, 0.95 - 0.12 * axis, name, transform=ax.transAxes, va="top", color=color, fontsize=10)
    wide, high = (1.15 * min(far, max(np.abs(values).max(), 1e-9)) for values in (trace.x, speed))
    ax.set(xlim=(-wide, wide), ylim=(-high, high), xlabel="position", ylabel="velocity / √(ηλ)")


def _table(trace):
    """Where the run is at eleven steps."""
    rows = [[step, *(float(f"{v:.4g}") for v in (np.hypot(*trace.x[step]), *trace.x[step]))]
            for step in sorted({round(s) for s in np.linspace(0, len(trace.x) - 1, 11)})]  # fmt: skip
    return {"columns": ["step", "distance", "along the flat axis", "along the curved axis"], "rows": rows}
