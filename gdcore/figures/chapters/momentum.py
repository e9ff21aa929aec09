"""Drawings of the momentum chapter: what a step leaves of each curvature, steps after a cut, how far a chain has been felt."""

import numpy as np

from gdcore.figures.style import INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["coasting", "front", "shares"]


def shares(curvatures, left, title=None, y_range=None):
    """What a step leaves in the long run of each curvature, on a logarithmic axis of curvatures.

    `left` is {name: array of the shares}; a dashed line marks 1. Returns (fig, ax).
    """
    fig, ax = figure(title)
    ends = []
    for (name, share), color in zip(left.items(), PALETTE):
        share = np.asarray(share, dtype=float)
        ax.plot(curvatures, share, color=color)
        ends.append((curvatures[-1], share[-1], name, color))
    ax.axhline(1, color=ORANGE, linewidth=1, linestyle="--")
    label(ax, curvatures[0], 1, "above this line it never arrives", ORANGE, dx=6, dy=8, fontsize=9)
    ax.set(xscale="log", xlabel="curvature λ", ylabel="share left after a step", xlim=(curvatures[0], curvatures[-1]),
           **({"ylim": y_range} if y_range else {}))
    label_ends(ax, ends)
    return fig, ax


def coasting(lengths, cut, title=None, goal=None):
    """The lengths of the steps of some runs about step `cut`, on a logarithmic axis: `lengths` is {name: values}, `goal` where they end.

    Returns (fig, ax).
    """
    fig, ax = figure(title)
    ends = []
    for (name, values), color in zip(lengths.items(), PALETTE):
        steps = np.arange(1, len(values) + 1)
        ax.plot(steps, values, color=color)
        middle = min(cut + 8, len(values)) - 1
        ends.append((steps[middle], values[middle], name, color))
    ax.axvline(cut + 0.5, color=INK, linewidth=1, linestyle=":")
    ax.set(yscale="log", xlabel="steps", ylabel="length of a step")
    for i, (x, y, name, color) in enumerate(ends):
        label(ax, x, y, name, color, dx=6, dy=-12 if i else 9)
    label(ax, cut + 0.5, 0.5, "the rate is cut", dx=-6, xycoords=("data", "axes fraction"), fontsize=9)
    if goal is not None:
        ax.axhline(goal, color=INK, linewidth=1, linestyle="--")
        ax.set_ylim(goal / 2, None)
    return fig, ax


def front(paths, answer, title=None, shown=(5, 10, 20)):
    """Points of a walk along a chain, coordinate by coordinate: `paths` is {name: points (steps + 1, n)}, one panel for each.

    `answer` is the minimum; `shown` are the steps that are drawn. Returns (fig, axes).
    """
    fig, axes = figure(title, columns=len(paths), sharey=True)
    axes = np.atleast_1d(axes)
    place = np.arange(1, len(answer) + 1)
    for ax, (name, path) in zip(axes, paths.items()):
        ax.plot(place, answer, color=INK, linewidth=1, linestyle="--")
        for t, color in zip(shown, PALETTE):
            ax.plot(place, path[t], color=color, drawstyle="steps-mid")
            ax.plot(t + 0.5, 0, "|", color=color, markersize=16, markeredgewidth=2, clip_on=False)
            label(ax, t + 0.5, 0, f"step {t}" if t == shown[0] else str(t), color, dx=0, dy=-16, fontsize=9, ha="center")
        label(ax, place[-1] * 0.62, answer[int(len(answer) * 0.62)], "minimum", dx=4, dy=9, fontsize=9)
        label(ax, 0.97, 0.97, name, xycoords="axes fraction", dx=-1, va="top", fontweight="bold")
        ax.set(xlabel="coordinate", xlim=(1, len(answer)), ylim=(-0.16, 1.04))
    axes[0].set_ylabel("value")
    return fig, axes
