"""Drawings of the chapter on what descent prefers: runs along a training, the edge, slices and planes of a landscape, who was left out."""

import numpy as np

from gdcore.figures.style import BLUE, INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["along", "edges", "foretold", "left_out", "planes", "slices"]


def along(at, runs, title=None, labels=("step", ""), log=True):
    """What happened along a training, steps on a logarithmic axis: for each of {name: (seeds × looks)} the median in the band of all
    seeds. Returns (fig, ax)."""
    fig, ax = figure(title, height=3.6)
    ends = []
    for (name, rows), color in zip(runs.items(), PALETTE):
        rows = np.atleast_2d(rows)
        middle = np.median(rows, axis=0)
        ax.fill_between(at, rows.min(axis=0), rows.max(axis=0), color=color, alpha=0.2, linewidth=0)
        ax.plot(at, middle, color=color)
        ends.append((at[-1], middle[-1], name, color))
    ax.set(xscale="log", xlabel=labels[0], ylabel=labels[1], yscale="log" if log else "linear")
    label_ends(ax, ends)
    return fig, ax


def edges(time, runs, borders, title=None):
    """Largest curvature along trainings: {name: (seeds × looks)}, each with its border, a dotted line, or None. Returns (fig, ax)."""
    fig, ax = figure(title, height=3.8)
    ends = []
    for (name, rows), color in zip(runs.items(), PALETTE):
        ax.plot(time, np.transpose(rows), color=color, linewidth=1.2)
        if borders[name] is not None:
            ax.axhline(borders[name], color=color, linewidth=1.2, linestyle=":")
        ends.append((time[-1], np.median(rows, axis=0)[-1], name, color))
    ax.set(xlabel="rate × steps", ylabel="largest curvature", ylim=(0, None))
    label_ends(ax, ends)
    return fig, ax


def slices(at, panels, title=None):
    """The loss on straight lines through networks: {panel: {network: (directions × places)}}, panels side by side, the first network
    drawn broad and the others thin above it. Returns (fig, axes)."""
    fig, axes = figure(title, columns=len(panels), sharey=True)
    for ax, (panel, networks) in zip(np.atleast_1d(axes), panels.items()):
        for k, ((name, rows), color) in enumerate(zip(networks.items(), PALETTE)):
            ax.plot(at, np.transpose(rows), color=color, linewidth=1.2 if k else 4, alpha=1 if k else 0.35)
            label(ax, 0.5, 0.97 - 0.09 * k, name, color, dx=0, xycoords="axes fraction", ha="center", va="top")
        ax.set_title(panel)
        ax.set(xlabel="distance along the direction")
    np.atleast_1d(axes)[0].set_ylabel("training loss")
    return fig, axes


def planes(panels, title=None):
    """Losses on planes, contours at equal factors, the same in all panels: {panel: (a, b, losses, {name: point}, road)}, where a, b and
    losses are grids and the road a pair of rows or None. Returns (fig, axes)."""
    fig, axes = figure(title, columns=len(panels), height=3.4, sharey=True)
    axes = np.atleast_1d(axes)
    least, most = (of([of(panel[2]) for panel in panels.values()]) for of in (np.min, np.max))
    levels = np.geomspace(least, most, 13)
    for ax, (name, (a, b, losses, marks, road)) in zip(axes, panels.items()):
        ax.contour(a, b, losses, levels=levels[1:-1], colors=[BLUE], linewidths=np.linspace(2.2, 0.5, 11), alpha=0.8)
        if road is not None:
            ax.plot(*road, color=ORANGE, linewidth=2)
        for word, point in marks.items():
            ax.plot(*point, "o", color=INK, markersize=5)
            label(ax, *point, word, dx=6, dy=6)
        ax.set_title(name)
        ax.set(aspect="equal")
        ax.grid(False)
    return fig, axes


def left_out(ratios, title=None):
    """By what factor leaving pictures out raised the loss: a row of dots for each of {which: factors}, its median a stroke. Returns
    (fig, ax)."""
    fig, ax = figure(title, height=0.55 * len(ratios) + 1.2)
    for k, (factors, color) in enumerate(zip(ratios.values(), PALETTE)):
        row = len(ratios) - 1 - k
        ax.plot(factors, np.full(len(factors), row), "o", color=color, alpha=0.45, markersize=6, markeredgewidth=0)
        ax.plot([np.median(factors)] * 2, [row - 0.3, row + 0.3], color=INK, linewidth=2)
    ax.axvline(1, color=INK, linewidth=1, linestyle=":")
    ax.set(xscale="log", xlabel="loss without them / loss with all", yticks=range(len(ratios)), yticklabels=list(ratios)[::-1])
    ax.set_ylim(-0.6, len(ratios) - 0.4)
    ax.grid(axis="y", visible=False)
    return fig, ax


def foretold(panels, title=None, labels=("foretold", "measured")):
    """Measured against foretold changes, a dot each, with the diagonal: {panel: (foretold, measured)}. Returns (fig, axes)."""
    fig, axes = figure(title, columns=len(panels), sharey=True)
    for ax, (panel, (guess, found)) in zip(np.atleast_1d(axes), panels.items()):
        ends = [min(np.min(guess), np.min(found)), max(np.max(guess), np.max(found))]
        ax.plot(ends, ends, color=INK, linewidth=1, linestyle="--")
        ax.plot(guess, found, "o", color=BLUE, markersize=4, alpha=0.6, markeredgewidth=0)
        ax.set_title(panel)
        ax.set(xlabel=labels[0])
    np.atleast_1d(axes)[0].set_ylabel(labels[1])
    return fig, axes
