"""Drawings of the chapter on use cases: what one rate does to the new and to the old, and a score for each year."""

import numpy as np

from gdcore.figures.style import INK, PALETTE, figure, label, label_ends

__all__ = ["by_year", "two_ends"]


def two_ends(rates, curves, before, title=None, ylabel="accuracy"):
    """Accuracies against a learning rate, logarithmic: `curves` is {name: one value a rate}; `before` is a dashed level.

    Returns (fig, ax).
    """
    fig, ax = figure(title, width=6.6)
    ax.axhline(before, color=INK, linewidth=1, linestyle="--")
    label(ax, rates[0], before, "before", dx=4, dy=7, fontsize=9)
    ends = []
    for (name, values), color in zip(curves.items(), PALETTE):
        ax.plot(rates, values, "-o", color=color, markersize=5)
        ends.append((rates[-1], values[-1], name, color))
    ax.set(xscale="log", xlabel="rate of all layers", ylabel=ylabel, ylim=(0, 1.02))
    label_ends(ax, ends)
    return fig, ax


def by_year(years, scores, title=None, ylabel="R²"):
    """Scores by year: the first of {name: one value a year} as dots, any other as a thin line; zero is marked. Returns (fig, ax)."""
    fig, ax = figure(title, width=6.6)
    ax.axhline(0, color=INK, linewidth=1)
    for k, ((name, values), color) in enumerate(zip(scores.items(), PALETTE)):
        ax.plot(years, values, "o" if k == 0 else "-", color=color, markersize=5, linewidth=1.5)
        at = int(np.argmax(values)) if k else int(np.argmin(values))
        label(ax, years[at], values[at], name, color, dx=8, dy=6 if k else 0)
    ax.set(xlabel="year that is predicted", ylabel=ylabel)
    return fig, ax
