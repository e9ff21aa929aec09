"""Gridworld: a policy that learns from what it experiences, trained in the page while the reader looks."""

import numpy as np

from gdcore.algorithms.reinforcement import gridworld as world_of
from gdcore.algorithms.reinforcement import play, policy, policy_gradient, returns_to_go
from gdcore.figures.live.gaussians import uniforms
from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, INK, ORANGE, figure, label

__all__ = ["Gridworld", "gridworld", "trained"]

BASELINES = ("none", "mean", "value")
MOST = 60  # steps of an episode
WHOLE = {"steps": (1, 400), "batch": (1, 64), "seed": (0, 2**32 - 1)}
CRITIC = 0.3  # how fast the learned values follow


def gridworld(rows, *, lr=1.0, batch=8, baseline="none", steps=150, seed=1, discount=0.97, cost=-0.04, title, question="", sliders=None):
    """REINFORCE on a small world that is drawn in text, with its policy as arrows and its returns beside them; the reader plays the
    training, and changes rate, episodes a step, baseline and seed.

    rows: such as ["...G", ".#.X", "S..."]; see gdcore.algorithms.reinforcement.gridworld. lr: rate of the ascent. batch: episodes a
    step, of at most 60 actions. baseline: what is taken from the returns to go: "none"; "mean", that of the batch; "value", learned for
    each state. steps: gradient steps, up to 400. discount: γ; cost: reward of each action. sliders: which of "lr", "batch", "baseline",
    "seed" to show (None shows all). The traits lr, batch, baseline, seed, steps and step follow the reader; `found` is what gdcore
    computes for them.
    Raises ValueError, in one sentence, for what cannot be drawn.
    """
    return Gridworld(rows, lr, batch, baseline, steps, seed, discount, cost, title, question, sliders)


class Gridworld(Live):
    """See `gridworld`."""

    kind = "gridworld"

    def __init__(self, rows, lr, batch, baseline, steps, seed, discount, cost, title, question, sliders):
        rows = list(rows)
        self.world = world_of(rows, discount, cost)
        if len("".join(rows)) > 80:
            raise ValueError(f"This world has {len(''.join(rows))} cells; a figure shows up to 80.")
        for name, value in {"steps": steps, "batch": batch, "seed": seed}.items():
            low, high = WHOLE[name]
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}; give a whole number from {low} to {high}.")
        if baseline not in BASELINES or not 0 < lr <= 100:
            raise ValueError(f"baseline is {baseline!r} and lr {lr!r}; baseline is one of {', '.join(BASELINES)}, and lr lies in (0, 100].")
        data = {"rows": rows, "discount": discount, "cost": cost, "best": best_return(self.world), "sliders": sliders}
        state = {"lr": float(lr), "batch": batch, "baseline": baseline, "seed": seed, "steps": steps, "step": steps}
        super().__init__(state, title, question, {name: (name,) for name in state}, data)

    @property
    def found(self):
        """(θ after each step, (steps + 1, cells, 4); mean return of the episodes of each step)."""
        s = self.state
        return trained(self.world, s["lr"], s["batch"], s["baseline"], s["steps"], s["seed"])

    def still(self):
        thetas, returns = self.found
        s, best = self.state, self.spec["data"]["best"]
        lately = lambda t: float(returns[max(0, t - 10) : max(1, t)].mean())
        rows = [[t, round(lately(t), 3)] for t in sorted({round(v) for v in np.linspace(0, s["steps"], 11)})]
        alt = (f"{self.spec['title']}. After {s['step']} steps of {s['batch']} episodes with baseline {s['baseline']} the mean return of "
               f"the last ten steps is {lately(s['step']):.2f}; the best possible is {best:.2f}.").replace("-", "−")
        table = {"columns": ["step", "mean return of the ten steps till then"], "rows": rows}
        return self._draw(thetas[s["step"]], returns, best), alt, table

    def _draw(self, theta, returns, best):
        fig, (left, right) = figure(self.spec["title"], columns=2, height=3.9)
        height, width = self.world.shape
        pi = policy(theta)
        for k, letter in enumerate("".join(self.spec["data"]["rows"])):
            x, y = k % width + 0.5, height - k // width - 0.5
            if letter == "#":
                left.fill_between([x - 0.5, x + 0.5], y - 0.5, y + 0.5, color=INK, alpha=0.35, linewidth=0)
            elif letter in "GX":
                words, color = ("+1", BLUE) if letter == "G" else ("−1", ORANGE)
                left.text(x, y, words, ha="center", va="center", color=color, weight="bold")
            else:
                for p, (dx, dy) in zip(pi[k], ((0, 1), (1, 0), (0, -1), (-1, 0))):
                    if p > 0.05:
                        left.annotate("", (x + 0.45 * p * dx, y + 0.45 * p * dy), (x, y), arrowprops={"arrowstyle": "->", "color": BLUE})
                if letter == "S":
                    left.text(x - 0.45, y + 0.3, "S", fontsize=9)
        left.set(xlim=(0, width), ylim=(0, height), xticks=range(width + 1), yticks=range(height + 1), xticklabels=[], yticklabels=[],
                 aspect="equal")  # fmt: skip
        left.grid(True)
        right.plot(range(1, len(returns) + 1), returns, color=BLUE, linewidth=1.2)
        right.axhline(best, color=INK, linewidth=1.5, linestyle="--")
        label(right, len(returns), best, "best possible", dx=-4, dy=6)
        right.set(xlabel="step", ylabel="mean return of the episodes")
        if self.state["step"] < self.state["steps"]:
            right.axvline(self.state["step"], color=INK, linewidth=1)
        return fig


def trained(world, lr, batch, baseline, steps, seed):
    """REINFORCE from θ = 0 with the chance of `uniforms(seed)`, step by step, action by action, episode by episode."""
    chance = uniforms(seed, steps * MOST * batch).reshape(steps, MOST, batch)
    theta, values = np.zeros(world.reward.shape), np.zeros(len(world.reward))
    thetas, returns = [theta], []
    for drawn in chance:
        seen = play(world, theta, batch, drawn, MOST)
        later = returns_to_go(seen.rewards, world.discount)
        base = {"none": 0.0, "mean": later[seen.alive].mean(), "value": values[seen.states]}[baseline]
        theta = theta + lr * policy_gradient(world, theta, seen, later - base)
        count, total = np.zeros(len(values)), np.zeros(len(values))
        np.add.at(count, seen.states[seen.alive], 1)
        np.add.at(total, seen.states[seen.alive], later[seen.alive])
        values = np.where(count > 0, values + CRITIC * (total / np.maximum(count, 1) - values), values)
        thetas.append(theta)
        returns.append(seen.returns.mean())
    return np.array(thetas), np.array(returns)


def best_return(world):
    """The undiscounted return of the policy that is best with the discount, by value iteration."""
    v = np.zeros(len(world.reward))
    for _ in range(1000):
        q = world.reward + world.discount * np.where(world.next < 0, 0.0, v[world.next])
        v = q.max(axis=1)
    state, total = world.start, 0.0
    for _ in range(MOST):
        action = q[state].argmax()
        total += world.reward[state, action]
        state = world.next[state, action]
        if state < 0:
            break
    return round(float(total), 6)
