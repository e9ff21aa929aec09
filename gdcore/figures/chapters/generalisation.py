"""Drawings of the chapter on generalisation: curves over a strength or a size with the places that matter, and named points."""

import numpy as np

from gdcore.figures.style import BLUE, INK, PALETTE, figure, label, label_ends

__all__ = ["lines", "points"]


def lines(x, curves, title=None, labels=("x", "y"), log="x", marks=None, dotted=()):
    """Curves over one axis, each named at its right end, with vertical marks {text: x}.

    `curves` is {name: values}; those named in `dotted` are drawn as dots, to lie on another's line. log: the axes that are logarithmic,
    "", "x", "y" or "xy". Returns (fig, ax).
    """
    fig, ax = figure(title, width=6.6)
    x, ends = np.asarray(x, dtype=float), []
    for (name, values), color in zip(curves.items(), PALETTE):
        ax.plot(x, values, "o" if name in dotted else "-", color=color, markersize=4)
        ends.append((x[-1], values[-1], name, color))
    ax.set(xlabel=labels[0], ylabel=labels[1], **{f"{axis}scale": "log" for axis in log})
    for text, at in (marks or {}).items():
        ax.axvline(at, color=INK, linewidth=1, linestyle="--")
        label(ax, at, 0.97, text, dx=5, xycoords=("data", "axes fraction"), fontsize=9)
    label_ends(ax, ends)
    return fig, ax


def points(named, title=None, labels=("x", "y"), log="x", beside=None):
    """Points with their names beside them: `named` is {name: (x, y)}, `beside` {name: (dx, dy)} in points for names that would clash.

    Returns (fig, ax).
    """
    fig, ax = figure(title, width=6.6, height=4.4)
    spots = np.array(list(named.values()), dtype=float)
    ax.plot(spots[:, 0], spots[:, 1], "o", color=BLUE, markersize=7)
    ax.set(xlabel=labels[0], ylabel=labels[1], **{f"{axis}scale": "log" for axis in log})
    ax.margins(x=0.2, y=0.1)
    for name, (x, y) in named.items():
        dx, dy = (beside or {}).get(name, (7, 0))
        label(ax, x, y, name, dx=dx, dy=dy, fontsize=9)
    return fig, ax
