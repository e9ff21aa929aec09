"""Drawings of the chapter on reinforcement learning: noise against a baseline, bias against noise, and scores of seeds."""

import numpy as np

from gdcore.figures.style import INK, PALETTE, figure, label

__all__ = ["against_baseline", "bias_and_noise", "scores"]


def against_baseline(bandits, variance, best, title=None, reach=14.0):
    """The variance of one pull's gradient against the baseline, for each of {name: (chances, rewards)}; the mean reward is a full dot, the
    best baseline a diamond. variance: of (chances, rewards, b); best: of (chances, rewards). Returns (fig, ax)."""
    fig, ax = figure(title)
    fine, top = np.linspace(-2, reach, 161), 8.0
    for (name, (chances, rewards)), color in zip(bandits.items(), PALETTE):
        curve = np.array([variance(chances, rewards, b) for b in fine])
        ax.plot(fine, curve, color=color)
        mean, lowest = chances @ rewards, best(chances, rewards)
        for b, mark, word in ((mean, "o", "mean"), (lowest, "D", "best")):
            ax.plot(b, variance(chances, rewards, b), mark, color=color, markersize=10 if mark == "D" else 6, markeredgecolor=INK)
            if not np.isclose(mean, lowest):
                label(ax, b, variance(chances, rewards, b), word, color, dx=-9 if word == "mean" else 9, dy=7)
        if np.isclose(mean, lowest):
            label(ax, mean, variance(chances, rewards, mean), "mean and best", color, dx=0, dy=-13, ha="center")
        seen = np.flatnonzero(curve < 0.9 * top)
        first = seen[0] > 0
        at, dx, dy = (seen[0], -6, 0) if first else (seen[-1], -20, 6)
        label(ax, fine[at], curve[at], name, color, dx=dx, dy=dy, ha="right")
    ax.set(xlabel="baseline", ylabel="variance of one pull", ylim=(-1.2, top))
    return fig, ax


def bias_and_noise(lams, critics, title=None):
    """For each of {name: (bias, noise)} a panel: both in units of the exact gradient's length, against λ. Returns (fig, axes)."""
    fig, axes = figure(title, columns=len(critics), sharey=True)
    for ax, (name, (bias, noise)) in zip(axes, critics.items()):
        for values, color in ((bias, PALETTE[1]), (noise, PALETTE[0])):
            ax.plot(lams, values, "o-", color=color, markersize=4)
        label(ax, lams[-2], noise[-2], "noise", PALETTE[0], dx=-8, dy=5)
        label(ax, lams[0], bias[0], "bias", PALETTE[1], dx=2, dy=-10)
        ax.set_title(name)
        ax.set_xlabel("λ")
    axes[0].set_ylabel("in lengths of the gradient")
    axes[0].set_ylim(bottom=-0.1 * max(max(noise) for _, noise in critics.values()))
    return fig, axes


def scores(rows, title=None, unit=""):
    """A line for each of {name: (numbers of the seeds, low, middle, high)}: dots, and the middle with its interval. Returns (fig, ax)."""
    fig, ax = figure(title, height=0.9 + 0.42 * len(rows))
    for k, (numbers, low, middle, high) in enumerate(rows.values()):
        ax.plot(numbers, np.full(len(numbers), k), "o", color=PALETTE[0], markersize=4, alpha=0.45)
        ax.plot([low, high], [k + 0.22] * 2, color=PALETTE[1], linewidth=4, alpha=0.6, solid_capstyle="butt")
        ax.plot(middle, k + 0.22, "D", color=PALETTE[1], markersize=6, markeredgecolor=INK)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=unit, ylim=(len(rows) - 0.5, -0.6))
    ax.grid(axis="y", visible=False)
    return fig, ax
