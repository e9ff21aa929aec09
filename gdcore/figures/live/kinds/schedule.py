"""Schedule: the learning rate over time, and what it does to a noisy bowl."""

import numpy as np

from gdcore.figures.live.factors import FACTORS, MEANINGS, Factor
from gdcore.figures.live.gaussians import gaussians
from gdcore.figures.live.spec import surface_json
from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, INK, ORANGE, figure, label, label_ends
from gdcore.minimize import minimize
from gdcore.rules import GD
from gdcore.surfaces import quadratic

__all__ = ["Schedule", "schedule"]

MOST_STEPS, CHAINS = 2000, 64


def schedule(name, parameters=None, *, lr=1.0, constant=None, steps=300, step=None, curvature=1.0, condition=10.0, noise=1.0, start=10.0,
             seed=0, title, question="", ranges=None, editable=True):
    """A learning rate that changes with the steps beside one that stays, and the mean loss of 64 runs of noisy descent under both.
    The reader drags the corner of the schedule, moves its parameters, the rates and the noise, and chooses another schedule.

    name: a schedule of gdcore.schedules: constant, step, multi_step (two cuts), exponential, polynomial, inverse_sqrt, linear_warmup,
    cosine, warm_restarts (equal cycles), cyclic (triangular), one_cycle (cosines, two phases), wsd (straight lines) or
    warmup_then_cosine, which is then(linear_warmup(warmup, start), warmup, cosine(total - warmup, end)). parameters: {name: number} of
    it; times that are left out are in proportion to `steps`. lr: the rate that the schedule multiplies. constant: the other rate, else
    lr. step: where the panels stand, else at the end. curvature, condition: the bowl ½ Σ λx² with λ = curvature / condition and
    curvature, where all runs begin at (start, start). noise: the standard deviation σ of each entry of a gradient; seed: of its numbers,
    which are the same in the browser. The dashed lines are the floors that theory knows: at a rate η the loss settles at
    Σ ησ² / (2 (2 − ηλ)).
    ranges: {"lr" or a parameter: (low, high)} of the sliders. editable: whether the reader may choose another schedule.
    The traits `schedule`, `lr`, `constant`, `steps`, `step`, `noise` and `seed` are those of the figure.
    Raises TypeError or ValueError, in one sentence, for what cannot be drawn.
    """
    bowl = quadratic(condition, largest=curvature)
    return Schedule(name, parameters, (lr, lr if constant is None else constant), steps, step, bowl, noise, start, seed, title, question,
                    ranges, editable)


class Schedule(Live):
    """See `schedule`."""

    kind = "schedule"

    def __init__(self, name, parameters, rates, steps, step, bowl, noise, start, seed, title, question, ranges, editable):
        if name not in FACTORS:
            raise ValueError(f"There is no schedule {name!r} to draw; known are {', '.join(FACTORS)}.")
        if isinstance(steps, bool) or not isinstance(steps, int) or not 10 <= steps <= MOST_STEPS:
            raise ValueError(f"steps is {steps!r}; this figure shows a whole number of them from 10 to {MOST_STEPS}.")
        step = steps if step is None else step
        if not isinstance(step, int) or not 0 <= step <= steps:
            raise ValueError(f"step is {step!r}; give a whole number from 0 to steps = {steps}.")
        if not (np.isfinite(noise) and noise >= 0 and np.isfinite(start)):
            raise ValueError(f"noise is {noise!r} and start {start!r}; give a noise from 0 on and a finite start.")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
            raise ValueError(f"seed is {seed!r}; give a whole number from 0 to 2³² − 1.")
        state = {
            "schedule": {"schedule": name, "parameters": _parameters(name, parameters or {}, steps)},
            "lr": GD(lr=rates[0]).lr, "constant": GD(lr=rates[1]).lr, "steps": steps, "step": step,
            "surface": surface_json(bowl), "start": float(start), "noise": float(noise), "seed": seed,
            "ranges": {key: list(map(float, pair)) for key, pair in (ranges or {}).items()}, "editable": bool(editable),
        }  # fmt: skip
        traits = ("schedule", "lr", "constant", "steps", "step", "noise", "seed")
        super().__init__(state, title, question, {trait: (trait,) for trait in traits})

    @property
    def factor(self):
        """The schedule of gdcore that the reader has left: a function of the step."""
        told = self.state["schedule"]
        return FACTORS[told["schedule"]].make(**{**FACTORS[told["schedule"]].defaults, **told["parameters"]})

    @property
    def rates(self):
        """The learning rate of the schedule at the steps 0, 1, …"""
        return self.state["lr"] * self.factor(np.arange(self.state["steps"] + 1))

    @property
    def losses(self):
        """The mean losses of the runs with the schedule and with the constant rate, as gdcore.minimize has them."""
        return self._run(self.state["lr"], self.factor), self._run(self.state["constant"], None)

    def _run(self, lr, factor):
        state = self.state
        bowl = quadratic(**state["surface"]["parameters"])
        numbers = state["noise"] * gaussians(state["seed"], state["steps"] * CHAINS * 2).reshape(-1, CHAINS, 2)
        draws = iter([*numbers, np.zeros((CHAINS, 2))])  # the gradient after the last step moves nothing
        trace = minimize(lambda x: bowl(x).mean(), np.full((CHAINS, 2), state["start"]), GD(lr=lr), state["steps"], schedule=factor,
                         gradient=lambda x: bowl.gradient(x) + next(draws), tolerance=None, progress=False)
        return trace.values

    def floor(self, rates):
        """Where the mean loss settles at these rates: Σ ησ² / (2 (2 − ηλ)) over the two curvatures, infinite from 2 / λ on."""
        p, rates = self.state["surface"]["parameters"], np.asarray(rates, dtype=float)
        with np.errstate(divide="ignore"):
            parts = [np.where(rates * l < 2, rates * self.state["noise"] ** 2 / (2 * (2 - rates * l)), np.inf)
                     for l in (p["largest"], p["largest"] / p["condition"])]
        return sum(parts)

    def still(self):
        rates, losses, title = self.rates, self.losses, self.spec["title"]
        names = (self.state["schedule"]["schedule"].replace("_", " "), "constant")
        both = (rates, np.full_like(rates, self.state["constant"]))
        fig, (left, right) = figure(title, columns=2, height=3.9)
        for rate, values, color in zip(both, losses, (BLUE, ORANGE)):
            left.plot(rate, color=color)
            right.plot(values, color=color)
            with np.errstate(divide="ignore"):
                right.plot(np.where(self.floor(rate) > 0, self.floor(rate), np.nan), "--", color=color, linewidth=1)
        limit = 2 / self.state["surface"]["parameters"]["largest"]
        left.axhline(limit, color=INK, linewidth=1, linestyle=":")
        label(left, 0, limit, "2/L: beyond, it explodes", INK, dy=8)
        left.set(xlabel="step", ylabel="learning rate η", ylim=(0, 1.15 * limit))
        right.set(xlabel="step", ylabel="mean loss", yscale="log")
        right.set_ylim(max(min(map(np.min, losses)) / 2, 1e-12 * losses[0][0]), 2 * losses[0][0])
        for ax, lines in ((left, both), (right, losses)):
            top = ax.get_ylim()[1]  # what explodes is named where it leaves the panel
            ends = [(np.argmax(line > top) if max(line) > top else len(line) - 1, min(line[-1], top)) for line in lines]
            label_ends(ax, [(*end, name, color) for end, name, color in zip(ends, names, (BLUE, ORANGE))])
        ends = "; ".join(f"{name}: {_end(values, self.floor(rate[-1]))}" for name, values, rate in zip(names, losses, both))
        noise = f"{CHAINS} runs with gradient noise of {self.state['noise']:g}"
        alt = f"{title}. The mean loss of {noise} after {self.state['steps']} steps. {ends}.".replace("-", "−")
        return fig, alt, self._table(names, rates, losses)

    def _table(self, names, rates, losses):
        steps = sorted({round(s) for s in np.linspace(0, self.state["steps"], 11)})
        seen = lambda values, t: float(f"{values[t]:.4g}") if t < len(values) else "diverged"
        rows = [[t, float(f"{rates[t]:.4g}"), *(seen(values, t) for values in losses)] for t in steps]
        return {"columns": ["step", f"rate of {names[0]}", *(f"loss of {name}" for name in names)], "rows": rows}


def _parameters(name, given, steps):
    """All parameters of a schedule; ValueError if they make no sense."""
    known = FACTORS[name].defaults
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"{name} has no parameter {key!r} to move; it has {', '.join(known)}.")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not MEANINGS[key].allows(value):
            raise ValueError(f"{name} got {key} = {value!r}, but {key} ({MEANINGS[key].meaning}) must lie in {MEANINGS[key].range}.")
    usual = {key: max(1, round(value * steps / Factor.RUN)) if MEANINGS[key].integer else value for key, value in known.items()}
    FACTORS[name].make(**{**usual, **given})  # it refuses what does not fit together
    return {**usual, **given}


def _end(values, floor):
    if not np.isfinite(values[-1]) or values[-1] > 1e6 * values[0]:
        return f"{values[-1]:.3g}, it explodes"
    return f"{values[-1]:.2g}, where theory says that its last rate would settle at {floor:.2g}"
