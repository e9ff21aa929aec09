"""Drawings of chapter 4: rates beside their bounds, where stopping rules stop, waiting at a saddle, spectra, ways between minima."""

import numpy as np

from gdcore.figures.style import BLUE, GREEN, INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["bounded", "bridges", "density", "plateaus", "sandwich"]


def bounded(panels, title=None, ylabel="loss above the best", width=None):
    """Measured gaps beside their bounds, a panel for each of {heading: {name: (steps, gaps, kind)}}; kind is "bound" (dotted), "line"
    or "points". A heading that begins with "log-log" has a logarithmic axis of steps. Returns (fig, axes), axes always an array."""
    fig, axes = figure(title, columns=len(panels), height=3.7, width=width)
    axes = np.atleast_1d(axes)
    for ax, (heading, curves) in zip(axes, panels.items()):
        ends, colors = [], iter(PALETTE)
        for name, (steps, gaps, kind) in curves.items():
            color = INK if kind == "bound" else next(colors)
            ax.plot(steps, gaps, {"bound": ":", "line": "-", "points": "o"}[kind], color=color, markersize=4)
            ends.append((steps[-1], gaps[-1], name, color))
        ax.set(xlabel="steps k", yscale="log", xscale="log" if heading.startswith("log-log") else "linear")
        ax.set_title(heading)
        label_ends(ax, ends)
    axes[0].set_ylabel(ylabel)
    return fig, axes


def sandwich(steps, gap, floor, ceiling, stops, title=None):
    """The gap against steps, both logarithmic, between what is told from below and from above; `stops` is {name: step} on the gap.

    Returns (fig, ax).
    """
    fig, ax = figure(title, height=4)
    ax.plot(steps, gap, color=INK, linewidth=2.4)
    ax.plot(steps, ceiling, color=ORANGE, linewidth=1.4)
    ax.plot(steps, floor, color=GREEN, linewidth=1.4)
    ax.set(xlabel="steps", ylabel="loss above the best, as a share of it", xscale="log", yscale="log")
    for i, (name, step) in enumerate(sorted(stops.items(), key=lambda pair: pair[1])):
        at = np.interp(step, steps, gap)
        ax.plot(step, at, "o", color=BLUE, markersize=6)
        dx, dy = ((10, 36), (22, 16), (-10, -22))[i % 3]
        line = {"arrowstyle": "-", "color": BLUE, "linewidth": 0.6, "relpos": (0, 0) if dx > 0 else (1, 1)}
        label(ax, step, at, name, BLUE, dx=dx, dy=dy, fontsize=9, arrowprops=line)
    ends = [(steps[-1], ceiling[-1], "ceiling", ORANGE), (steps[-1], gap[-1], "truth", INK), (steps[-1], floor[-1], "floor", GREEN)]
    label_ends(ax, ends)
    return fig, ax


def plateaus(runs, title=None, ylabel="loss"):
    """Losses that wait at 0 and then fall below it: {name: losses}, each named where it has fallen half the way.

    Returns (fig, ax).
    """
    fig, ax = figure(title)
    for (name, losses), color in zip(runs.items(), PALETTE):
        losses = np.asarray(losses, dtype=float)
        at = np.argmax(losses < losses[-1] / 2)
        ax.plot(losses, color=color)
        label(ax, at, losses[at], name, color, dx=5)
    ax.set(xlabel="steps", ylabel=ylabel, ylim=(min(min(r) for r in runs.values()) - 0.05, 0.4))
    return fig, ax


def density(spectra, title=None, bins=60):
    """The eigenvalues of a Hessian as densities, one panel for each of {name: (values, weights)}; the height is a share, logarithmic.

    Returns (fig, axes), axes always an array.
    """
    fig, axes = figure(title, columns=len(spectra), width=8.4, height=3.2, sharey=True, sharex=True)
    axes = np.atleast_1d(axes)
    low, high = (f(f(values) for values, _ in spectra.values()) for f in (min, max))
    wide = (high - low) / bins
    edges = wide * (np.arange(np.floor(low / wide) - 1, np.ceil(high / wide) + 2) + 0.5)  # one bin has 0 in its middle
    for ax, (name, (values, weights)) in zip(axes, spectra.items()):
        height, _ = np.histogram(values, edges, weights=weights)
        ax.bar(edges[:-1], height, np.diff(edges), align="edge", color=BLUE)
        negative = edges[1:] < 0
        ax.bar(edges[:-1][negative], height[negative], np.diff(edges)[negative], align="edge", color=ORANGE)
        ax.set(yscale="log", ylim=(1e-5, 1.5), xlabel="curvature")
        ax.set_title(name)
    axes[0].set_ylabel("share of the directions")
    return fig, axes


def bridges(t, ways, title=None, ylabel="training loss"):
    """The loss along ways between two minima, logarithmic: `ways` is {name: losses (pairs, points)}, a thin line for each pair.

    Returns (fig, ax).
    """
    fig, ax = figure(title)
    for (name, losses), color in zip(ways.items(), (ORANGE, BLUE, GREEN)):
        losses = np.atleast_2d(losses)
        ax.plot(t, losses.T, color=color, linewidth=1.5)
        middle = len(t) // 2
        label(ax, t[middle], losses[:, middle].max(), name, color, dx=0, dy=10, ha="center")
    ax.plot([t[0]] * len(losses), losses[:, 0], "o", color=INK)
    ax.plot([t[-1]] * len(losses), losses[:, -1], "o", color=INK)
    ax.set(xlabel="share of the way from one network to the other", ylabel=ylabel, yscale="log")
    return fig, ax
