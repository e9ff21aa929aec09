"""Descent on a surface of two parameters."""

import numpy as np

from gdcore.figures.style import GRID, INK, PALETTE, figure, label

__all__ = ["descent"]

MARKS = 200  # points of a path that are marked: of a longer one every second, every third, …


def descent(f, paths=None, x_range=(-2, 2), y_range=(-2, 2), title=None, minimum=None, levels=14, labels=("x₁", "x₂"), ax=None, log=True):
    """Contours of `f(x, y)` with the paths of one or more methods.

    `f` takes two arrays and returns their values. `paths` is {name: points of shape (steps + 1, 2)}. `log` spaces the levels
    evenly in the logarithm above the lowest value, so that a narrow valley keeps its contours. Returns (fig, ax).
    """
    fig = None
    if ax is None:
        fig, ax = figure(title, height=4.2)
    x, y = np.meshgrid(np.linspace(*x_range, 201), np.linspace(*y_range, 201))
    z = np.asarray(f(x, y), dtype=float)
    if np.isscalar(levels) and log:
        above = z - z.min()
        levels = z.min() + np.geomspace(max(above.max() * 1e-4, 1e-300), above.max(), levels)
    ax.contour(x, y, z, levels=levels, colors=[GRID], linewidths=1)
    starts = []
    for (name, points), color in zip((paths or {}).items(), PALETTE):
        points = np.asarray(points, dtype=float)
        ax.plot(*points.T, "-o", color=color, markersize=3.5, linewidth=1.5, markevery=-(-len(points) // MARKS))
        starts.append(tuple(points[0]))
        label(ax, *points[0], name, color, dy=8 + 14 * (starts.count(starts[-1]) - 1))  # names at one start stand above each other
    if minimum is not None:
        ax.plot(*minimum, "*", color=INK, markersize=11)
        label(ax, *minimum, "minimum", dy=-9)
    ax.set(xlim=x_range, ylim=y_range, xlabel=labels[0], ylabel=labels[1])
    ax.grid(False)
    return fig or ax.figure, ax
