"""Drawings of the chapter on inputs and initialisation: the spreads of many features, and what fifty layers leave."""

import numpy as np

from gdcore.figures.style import BLUE, INK, PALETTE, figure, label, label_ends

__all__ = ["layers", "spreads"]


def spreads(names, values, title=None, chosen=(), xlabel="standard deviation"):
    """A dot for each feature, sorted by its spread, on a logarithmic axis; those in `chosen` bear their names. Returns (fig, ax)."""
    fig, ax = figure(title, height=3.0)
    order = np.argsort(values)
    ax.plot(np.asarray(values)[order], np.arange(len(order)), "o", color=BLUE, markersize=4)
    for row, k in enumerate(order):
        if names[k] in chosen:
            side = -1 if row > len(order) / 2 or not row else 1
            label(ax, values[k], row, str(names[k]).replace("_", " "), INK, dx=8 * side, fontsize=9)
    ax.set(xlabel=xlabel, ylabel="features, sorted", xscale="log", yticks=[], xlim=(np.min(values) / 8, None))
    return fig, ax


def layers(measured, theory, title=None, ylabel="root mean square"):
    """What is left in each layer: `measured` is {name: values} drawn as dots, `theory` {name: values} as a line. Returns (fig, ax)."""
    fig, ax = figure(title)
    ends = []
    for (name, values), color in zip(measured.items(), PALETTE):
        at = np.arange(len(values))
        ax.plot(at, theory[name], color=color, linewidth=1.4)
        ax.plot(at[::3], np.asarray(values)[::3], "o", color=color, markersize=3.5)
        ends.append((at[-1], values[-1], name, color))
    ax.set(xlabel="layer", ylabel=ylabel, yscale="log", xlim=(0, len(at) - 1))
    label_ends(ax, ends)
    return fig, ax
