"""Drawings of the chapter on schedules: a catalogue of shapes, rates that were found, a start that is too curved."""

import numpy as np

from gdcore.figures.style import BLUE, INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["catalogue", "limit", "rates"]


def catalogue(schedules, steps, title=None, columns=4):
    """Small panels of one schedule each, against the steps: `schedules` is {name: function of t}.

    Returns (fig, axes), axes flat and as many as schedules.
    """
    rows = -(-len(schedules) // columns)
    fig, axes = figure(title, columns=columns, rows=rows, width=2.05 * columns, height=1.75 * rows + 0.5, sharex=True, sharey=True)
    axes = np.ravel(axes)
    t = np.unique(np.linspace(0, steps, 121).round())
    for ax, (name, schedule) in zip(axes, schedules.items()):
        ax.plot(t, schedule(t), color=BLUE)
        ax.set_title(name, fontsize=10)
        ax.set(ylim=(0, 1.08), xlim=(0, steps), xticks=(0, steps), yticks=(0, 1))
    for ax in axes[len(schedules):]:
        ax.remove()
    return fig, axes[: len(schedules)]


def rates(curves, title=None, log=False):
    """Learning rates against the steps, named at their right ends: `curves` is {name: rates}. Returns (fig, ax)."""
    fig, ax = figure(title, width=6.6)
    ends = []
    for (name, values), color in zip(curves.items(), PALETTE):
        t = np.unique(np.linspace(0, len(values) - 1, 150).round().astype(int))
        ax.plot(t, np.asarray(values)[t], color=color)
        ends.append((len(values) - 1, values[-1], name, color))
    ax.set(xlabel="step", ylabel="learning rate η", yscale="log" if log else "linear")
    label_ends(ax, ends)
    return fig, ax


def limit(steps, runs, bound, title=None):
    """Losses (left) and curvatures (right) of some runs, both logarithmic: `runs` is {name: (losses, curvatures)}.

    `bound` is the curvature 2/η that a step at the peak bears, a dashed line. Returns (fig, axes).
    """
    fig, axes = figure(title, columns=2)
    for ax, which, ylabel in zip(axes, (0, 1), ("loss", "largest curvature")):
        for (_, run), color in zip(runs.items(), (ORANGE, BLUE)):
            ax.plot(steps, run[which], "-o", color=color, markersize=3)
        ax.set(xlabel="step", ylabel=ylabel, yscale="log")
    axes[1].axhline(bound, color=INK, linewidth=1, linestyle="--")
    label(axes[1], steps[-1], bound, f"2/η at\nthe peak:\n{bound:.2g}", dx=9, fontsize=9)  # beside the axes: both curves cross the line
    label_ends(axes[0], [(steps[-1], run[0][-1], name, color) for (name, run), color in zip(runs.items(), (ORANGE, BLUE))])
    return fig, axes
