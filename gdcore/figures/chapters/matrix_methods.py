"""Drawings of the chapter on matrix methods: singular values, differences with intervals, sizes by width, losses by rate."""

import numpy as np

from gdcore.figures.style import INK, PALETTE, figure, label, label_ends

__all__ = ["by_rate", "intervals", "spectra", "widths"]


def spectra(curves, title=None, labels=("number of the singular value", "over the largest")):
    """Singular values in descending order on a logarithmic axis, each curve named at its end: {name: values}. Returns (fig, ax)."""
    fig, ax = figure(title, width=6.6)
    ends = []
    for (name, values), color in zip(curves.items(), PALETTE):
        ax.plot(np.arange(1, len(values) + 1), values, "-o", color=color, markersize=3)
        ends.append((len(values), values[-1], name, color))
    ax.set(xlabel=labels[0], ylabel=labels[1], yscale="log")
    label_ends(ax, ends)
    return fig, ax


def intervals(groups, title=None, xlabel="loss − AdamW's loss"):
    """Differences with their intervals, a panel for each group: {group: {name: (difference, half of its interval)}}, names from above.

    Two panels stand in a row. Intervals that hold 0 are hollow. Returns (fig, axes), axes flat.
    """
    rows = (len(groups) + 1) // 2
    fig, axes = figure(title, columns=2, rows=rows, height=2.6 * rows, sharey=True)
    axes = np.ravel(axes)
    for ax, (group, some) in zip(axes, groups.items()):
        ax.axvline(0, color=INK, linewidth=1)
        for k, ((_, (off, half)), color) in enumerate(zip(some.items(), PALETTE)):
            ax.plot([off - half, off + half], [k, k], color=color, linewidth=2)
            ax.plot(off, k, "o", color=color, markersize=7, markerfacecolor="none" if abs(off) <= half else color)
        ax.set_title(group)
        ax.set_yticks(range(len(some)), list(some))
        ax.set_ylim(len(some) - 0.5, -0.5)
        ax.grid(axis="y", visible=False)
    for ax in axes[-2:]:
        ax.set_xlabel(xlabel)
    return fig, axes


def widths(sides, curves, title=None, labels=("width n", "largest singular value")):
    """Sizes against the width, both logarithmic, each line named at its end: {name: values}. Returns (fig, ax)."""
    fig, ax = figure(title, width=6.6)
    ends = []
    for (name, values), color in zip(curves.items(), PALETTE):
        ax.plot(sides, values, "-o", color=color, markersize=4)
        ends.append((sides[-1], values[-1], name, color))
    ax.set(xlabel=labels[0], ylabel=labels[1], xscale="log", yscale="log")
    ax.set_xticks(sides, [str(n) for n in sides])
    ax.minorticks_off()
    label_ends(ax, ends)
    return fig, ax


def by_rate(panels, title=None, bottoms=None, labels=("learning rate", "loss")):
    """Losses against the rate for several widths, a panel for each method: {method: (rates, {width: losses})}.

    bottoms: {method: {width: (rate, loss)}}, the lowest points of fitted parabolas, drawn as crosses. Each curve is named at its left
    end. Returns (fig, axes), axes always an array.
    """
    fig, axes = figure(title, columns=len(panels), sharey=True)
    axes = np.atleast_1d(axes)
    for ax, (method, (rates, some)) in zip(axes, panels.items()):
        for k, ((width, losses), color) in enumerate(zip(some.items(), PALETTE)):
            ax.plot(rates, losses, "-o", color=color, markersize=3)
            label(ax, rates[0], losses[0], str(width), color, dx=-6 - 20 * (k % 2), fontsize=9)  # in turn, so that none meet
            if bottoms and width in bottoms[method]:
                ax.plot(*bottoms[method][width], "x", color=color, markersize=9, markeredgewidth=2)
        ax.set(xscale="log", xlabel=labels[0])
        ax.set_title(f"{method}, widths {min(some)} to {max(some)}")
        ax.margins(x=0.1)
        ax.set_xlim(left=min(rates) / (max(rates) / min(rates)) ** 0.3)  # room for the names
    axes[0].set_ylabel(labels[1])
    return fig, axes
