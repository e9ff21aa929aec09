"""Curves: a tangent, losses against steps and seconds, histograms."""

import numpy as np

from gdcore.figures.style import BLUE, GREEN, INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["histogram", "loss_curves", "power_laws", "tangent"]


def tangent(f, slope, at, x_range, title=None, labels=("x", "f(x)"), ax=None):
    """The curve y = f(x) with its tangents at the points `at`; `slope(x)` is the derivative. Returns (fig, ax)."""
    if ax is None:
        _, ax = figure(title)
    x = np.linspace(*x_range, 401)
    ax.plot(x, f(x), color=BLUE)
    reach = 0.16 * (x_range[1] - x_range[0])
    for x0 in np.atleast_1d(np.asarray(at, dtype=float)):
        near = np.array([x0 - reach, x0 + reach])
        ax.plot(near, f(x0) + slope(x0) * (near - x0), color=ORANGE)
        ax.plot(x0, f(x0), "o", color=INK)
        steep = 0.0 if abs(slope(x0)) * reach < 1e-3 * np.ptp(f(x)) else slope(x0)
        label(ax, x0, f(x0), f"slope {steep:.3g}".replace("-", "−"), ORANGE, dx=8, dy=13)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    return ax.figure, ax


def loss_curves(runs, title=None, ylabel="loss", log=True):
    """Loss against steps and against seconds, side by side: each method's median over its seeds, in the band of all seeds.

    `runs` is {name: (losses, seconds)}: `losses` of shape (seeds, points), `seconds` the time of those points, of shape (points,) or
    (seeds, points), or None: then only the steps are drawn. A third entry gives the step of each point, else 0, 1, 2, ...
    Returns (fig, axes), axes always an array.
    """
    timed = all(run[1] is not None for run in runs.values())
    fig, axes = figure(title, columns=2 if timed else 1, sharey=True)
    axes, ends = np.atleast_1d(axes), []
    for (name, (losses, seconds, *steps)), color in zip(runs.items(), PALETTE):
        losses = np.atleast_2d(losses)
        x_steps = steps[0] if steps else np.arange(losses.shape[1])
        xs = [x_steps] + ([np.median(np.atleast_2d(seconds), axis=0)] if timed else [])
        for ax, x in zip(axes, xs):
            ax.fill_between(x, losses.min(axis=0), losses.max(axis=0), color=color, alpha=0.25, linewidth=0)
            ax.plot(x, np.median(losses, axis=0), color=color)
        ends.append((x_steps[-1], np.median(losses[:, -1]), name, color))
    for ax, xlabel in zip(axes, ("steps", "seconds")):
        ax.set(xlabel=xlabel, yscale="log" if log else "linear")
    axes[0].set_ylabel(ylabel)
    label_ends(axes[0], ends)
    return fig, axes


def histogram(values, title=None, xlabel="value", marks=None, bins=30, ax=None):
    """How often each value occurs, with labelled vertical marks: `marks` is {text: value}. Returns (fig, ax)."""
    if ax is None:
        _, ax = figure(title)
    ax.hist(values, bins=bins, color=BLUE, alpha=0.75, edgecolor="none")
    for i, ((text, value), color) in enumerate(zip((marks or {}).items(), (ORANGE, GREEN, INK))):
        ax.axvline(value, color=color)
        ax.annotate(text, (value, 0.94 - 0.1 * i), (6, 0), xycoords=("data", "axes fraction"), textcoords="offset points", color=color)
    ax.set(xlabel=xlabel, ylabel="count")
    ax.grid(axis="x", visible=False)
    return ax.figure, ax


def power_laws(x, curves, title=None, labels=("x", "y"), ax=None):
    """Curves on doubly logarithmic paper, where a power is a straight line: `curves` is {name: values}. Returns (fig, ax)."""
    if ax is None:
        _, ax = figure(title)
    for values, color in zip(curves.values(), PALETTE):
        ax.plot(x, values, "-o", color=color, markersize=3)
    ax.set(xlabel=labels[0], ylabel=labels[1], xscale="log", yscale="log")
    label_ends(ax, [(x[-1], values[-1], name, color) for (name, values), color in zip(curves.items(), PALETTE)])
    return ax.figure, ax
