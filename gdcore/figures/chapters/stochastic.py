"""Drawings of the chapter on stochastic gradients: what a larger batch buys, and level lines of noise."""

import numpy as np

from gdcore.figures.style import BLUE, INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["bargain", "decays"]


def bargain(batches, steps, fewest, critical, title=None):
    """What a batch costs: steps to a goal (left) and examples read (right), against the batch size, both axes logarithmic.

    The dots are `steps`; the line is fewest · (1 + critical / B), its two asymptotes are dotted and meet at the critical batch size.
    Returns (fig, axes).
    """
    batches, steps = np.asarray(batches, dtype=float), np.asarray(steps, dtype=float)
    fig, axes = figure(title, columns=2)
    B = np.geomspace(batches[0], batches[-1], 60)
    line = fewest * (1 + critical / B)
    for ax, factor, dotted in zip(axes, (lambda b: 1.0, lambda b: b), (np.full_like(B, fewest), fewest * critical / B)):
        ax.plot(B, factor(B) * line, color=ORANGE)
        ax.plot(B, factor(B) * dotted, ":", color=INK, linewidth=1)
        ax.plot(batches, factor(batches) * steps, "o", color=BLUE, markersize=6)
        ax.axvline(critical, color=INK, linewidth=1, linestyle="--")
        ax.set(xscale="log", yscale="log", xlabel="batch size B")
    axes[0].plot(B, fewest * critical / B, ":", color=INK, linewidth=1)
    axes[1].plot(B, np.full_like(B, fewest * critical), ":", color=INK, linewidth=1)
    for ax, low in zip(axes, (0.7 * fewest, 0.7 * fewest * critical)):
        ax.set_ylim(low, None)
    axes[0].set_ylabel("steps to the goal")
    axes[1].set_ylabel("examples read")
    label(axes[0], critical, 0.93, f"critical: {critical:.0f}", dx=-5, xycoords=("data", "axes fraction"), fontsize=9)
    return fig, axes


def decays(steps, curves, title=None, guides=()):
    """Mean squares against steps on doubly logarithmic paper: `curves` is {name: values}, `guides` are dotted lines of the same length.

    Returns (fig, ax).
    """
    fig, ax = figure(title, width=6.6)
    for values in guides:
        ax.plot(steps, values, ":", color=INK, linewidth=1)
    for values, color in zip(curves.values(), PALETTE):
        ax.plot(steps, values, color=color)
    ax.set(xscale="log", yscale="log", xlabel="step t", ylabel="mean square of the error", xlim=(steps[0], steps[-1]))
    label_ends(ax, [(steps[-1], values[-1], name, color) for (name, values), color in zip(curves.items(), PALETTE)])
    return fig, ax
