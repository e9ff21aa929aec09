"""Drawings of the chapter on second order: fitted parabolas, a trust region's way, a fit with its map, runs on noisy batches."""

import numpy as np

from gdcore.figures.style import BLUE, GRID, INK, ORANGE, PALETTE, figure, label
from gdcore.figures.surface import descent

__all__ = ["fitted", "parabolas", "regions", "strips"]


def parabolas(f, slope, curvature, starts, title=None, width=3.0):
    """A function of one number with the parabola that fits at each start, a panel for each, and the step to its lowest point.

    Returns (fig, axes), axes always an array.
    """
    fig, axes = figure(title, columns=len(starts), sharey=True)
    axes, xs = np.atleast_1d(axes), np.linspace(-width, width, 121)
    for ax, x in zip(axes, starts):
        bent = f(x) + slope(x) * (xs - x) + curvature(x) * (xs - x) ** 2 / 2
        there = x - slope(x) / curvature(x)
        ax.plot(xs, f(xs), color=INK)
        ax.plot(xs, bent, color=ORANGE, linewidth=1.5)
        ax.plot([x, there], [f(x), f(x) - slope(x) ** 2 / curvature(x) / 2], "o", color=BLUE)
        ax.plot(there, f(there), "o", color=BLUE, markerfacecolor="none")
        label(ax, x, f(x), f"from {x:g}", BLUE, dx=8, dy=-4)
        label(ax, there, f(there), f"to {there:.2f}".replace("-", "−"), BLUE, dx=-3 if there > 0 else 3, dy=11)
        ax.set(xlabel="x", ylim=(min(f(xs)) - 0.6, max(f(xs)) * 1.1))
    axes[0].set_ylabel("f(x)")
    return fig, axes


def regions(f, paths, circles, title=None, x_range=(-2, 2), y_range=(-2, 2), marks=None):
    """Contours with paths, and a circle for each (point, radius); `marks` is {name: point}. Returns (fig, ax)."""
    fig, ax = descent(f, paths, x_range, y_range, title, levels=18, log=False)
    turn = np.linspace(0, 2 * np.pi, 73)
    for (x, y), radius in circles:
        ax.plot(x + radius * np.cos(turn), y + radius * np.sin(turn), ":", color=INK, linewidth=1)
    for name, point in (marks or {}).items():
        ax.plot(*point, "x", color=INK, markersize=8)
        label(ax, *point, name, dy=-10)
    ax.set(xlim=x_range, ylim=y_range)
    return fig, ax


def fitted(x, y, curve, f, paths, x_range, y_range, title=None, labels=("x", "y"), parameters=("a", "b")):
    """Measurements with a fitted curve (xs, ys), beside the map of the loss with the paths of some methods. Returns (fig, axes)."""
    fig, (left, right) = figure(title, columns=2, height=3.9)
    left.plot(x, y, "o", color=INK, markersize=5)
    left.plot(*curve, color=BLUE)
    left.set(xlabel=labels[0], ylabel=labels[1], ylim=(0, None))
    a, b = np.meshgrid(np.linspace(*x_range, 121), np.linspace(*y_range, 121))
    z = np.log(f(a, b))
    right.contour(a, b, z, levels=np.linspace(z.min(), z.max(), 14), colors=[GRID], linewidths=1)
    for (name, points), color in zip(paths.items(), (BLUE, ORANGE)):
        right.plot(*np.transpose(points), "-o", color=color, markersize=3.5, linewidth=1.5)
        inside = [p for p in points if x_range[0] <= p[0] <= x_range[1] and y_range[0] <= p[1] <= y_range[1]]
        label(right, *inside[min(1, len(inside) - 1)], name, color, dx=8, dy=8 if color == BLUE else -8)
    right.set(xlim=x_range, ylim=y_range, xlabel=parameters[0], ylabel=parameters[1])
    right.grid(False)
    return fig, np.array([left, right])


def strips(groups, title=None, ylabel="loss above the lowest"):
    """Losses of several seeds as points in columns, logarithmic: {group: {name: losses}}, a panel for each group. Returns (fig, axes)."""
    fig, axes = figure(title, columns=len(groups), sharey=True)
    axes = np.atleast_1d(axes)
    for ax, (group, columns) in zip(axes, groups.items()):
        for k, ((_, losses), color) in enumerate(zip(columns.items(), PALETTE)):
            losses = np.atleast_1d(losses)
            ax.plot(k + np.linspace(-0.12, 0.12, len(losses)) * (len(losses) > 1), losses, "o", color=color, markersize=6)
        ax.set_xticks(range(len(columns)), list(columns))
        ax.set(yscale="log", xlim=(-0.5, len(columns) - 0.5))
        ax.minorticks_off()
        ax.set_title(group)
    axes[0].set_ylabel(ylabel)
    return fig, axes
