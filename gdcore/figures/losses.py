"""Drawings of losses: lines through data beside the landscape of their loss, the shape of a loss, a walk between two networks."""

import numpy as np

from gdcore.figures.style import BLUE, INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["bands", "lines_and_landscape", "shapes"]


def lines_and_landscape(x, y, loss, lines, numbers, slopes, intercepts, title=None, labels=("x", "y")):
    """Left, the data and some lines through it; right, the contours of `loss(slope, intercept)` with one dot for each line.

    `lines` is {letter: (slope, intercept)}, `numbers` {number: letter}: the dots bear numbers, so that the reader may match them.
    `slopes` and `intercepts` are the ranges of the map. Returns (fig, axes).
    """
    fig, (data, landscape) = figure(title, columns=2, height=3.9)
    data.plot(x, y, "o", color=BLUE, markersize=3, alpha=0.45)
    ends = np.array([x.min(), x.max()])
    for letter, (slope, intercept) in lines.items():
        data.plot(ends, slope * ends + intercept, color=ORANGE)
        label(data, ends[1], slope * ends[1] + intercept, letter, ORANGE, dx=4, fontweight="bold", fontsize=13)
    data.set(xlabel=labels[0], ylabel=labels[1])
    grid = np.meshgrid(np.linspace(*slopes, 81), np.linspace(*intercepts, 81))
    z = np.vectorize(loss)(*grid)
    landscape.grid(False)
    contours = landscape.contour(*grid, z, levels=10, colors=[INK], linewidths=0.8, alpha=0.5)
    landscape.clabel(contours, fontsize=9, colors=[INK], fmt="%.0f")
    for number, letter in numbers.items():
        slope, intercept = lines[letter]
        landscape.plot(slope, intercept, "o", color=ORANGE, markersize=8)
        label(landscape, slope, intercept, str(number), ORANGE, dx=8, fontweight="bold", fontsize=13)
    landscape.set(xlabel="slope w", ylabel="intercept b")
    return fig, np.array([data, landscape])


def shapes(losses, title=None, reach=3.0, labels=("error: prediction minus truth", "loss")):
    """The curves of several losses of one error, each named at its right end: `losses` is {name: function}. Returns (fig, ax)."""
    fig, ax = figure(title)
    error, ends = np.linspace(-reach, reach, 301), []
    for (name, loss), color in zip(losses.items(), PALETTE):
        values = loss(error)
        ax.plot(error, values, color=color)
        ends.append((error[-1], values[-1], name, color))
    ax.set(xlabel=labels[0], ylabel=labels[1])
    label_ends(ax, ends)
    return fig, ax


def bands(x, runs, title=None, labels=("x", "y"), ax=None, log=False):
    """The median over seeds as a line, in the band from lowest to highest: `runs` is {name: array (seeds, points)}. Returns (fig, ax)."""
    if ax is None:
        _, ax = figure(title)
    ends = []
    for (name, values), color in zip(runs.items(), PALETTE):
        values = np.atleast_2d(values)
        ax.fill_between(x, values.min(axis=0), values.max(axis=0), color=color, alpha=0.25, linewidth=0)
        ax.plot(x, np.median(values, axis=0), color=color)
        ends.append((x[-1], np.median(values[:, -1]), name, color))
    ax.set(xlabel=labels[0], ylabel=labels[1], yscale="log" if log else "linear")
    label_ends(ax, ends)
    return ax.figure, ax
