"""Drawings of the chapter on search without gradients: the price by dimension."""

import numpy as np

from gdcore.figures.style import INK, PALETTE, figure, label

__all__ = ["by_dimension"]


def by_dimension(dims, paid, theory, title=None):
    """Evaluations against the dimension, both logarithmic: a dot for each run of {name: (dimensions × runs)}, and what theory foretells
    as a line. Returns (fig, ax)."""
    fig, ax = figure(title, height=3.6)
    ax.plot(dims, theory, color=INK, linewidth=1.5, linestyle="--")
    label(ax, dims[-1], theory[-1], "theory", dx=-8, dy=6, ha="right")
    for (name, rows), color in zip(paid.items(), PALETTE):
        ax.plot(np.repeat(dims, np.shape(rows)[1]), np.ravel(rows), "o", color=color, markersize=4, alpha=0.6)
        label(ax, dims[0], np.min(rows[0]), name, color, dx=8)
    ax.set(xscale="log", yscale="log", xlabel="dimension", ylabel="evaluations")
    ax.set_xticks(dims, [str(d) for d in dims])
    ax.minorticks_off()
    return fig, ax
