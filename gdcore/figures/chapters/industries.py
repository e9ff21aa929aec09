"""Drawings of the chapter on industries: risks against what was seen, the cost of an order by quantile, means of schools by size."""

import numpy as np

from gdcore.figures.style import BLUE, GRID, INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["bins", "funnel", "orders", "reliability"]


def bins(risks, happened, parts=5):
    """Rows (mean risk, share that happened) of as many equal parts, from the lowest risks to the highest."""
    order = np.argsort(risks, kind="stable")
    return np.array([(np.mean(risks[part]), np.mean(happened[part])) for part in np.array_split(order, parts)])


def reliability(curves, title=None, labels=("foretold risk", "share that fell ill"), above=()):
    """The share that happened against the foretold risk, for each of {name: rows (risk, share)}, with the diagonal. Returns (fig, ax).

    A name stands right of its curve's end; those in `above` stand above it.
    """
    fig, ax = figure(title, height=4.2)
    ax.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
    label(ax, 0.9, 0.9, "as foretold", dx=-6, dy=8)
    ends = []
    for (name, rows), color in zip(curves.items(), PALETTE):
        risk, share = np.array(rows).T
        ax.plot(risk, share, "o-", color=color, markersize=5)
        if name in above:
            label(ax, risk[-1], share[-1], name, color, dx=-5, dy=11, ha="center")
        else:
            ends.append((risk[-1], share[-1], name, color))
    ax.set(xlabel=labels[0], ylabel=labels[1], xlim=(0, 1.3), ylim=(0, 1), xticks=np.linspace(0, 1, 6))
    label_ends(ax, ends)
    return fig, ax


def orders(rows, title=None, labels=("quantile q that the two costs ask for", "cost of a day")):
    """The mean cost against q, for each way to order: `rows` is {q: {name: costs}}. Returns (fig, ax)."""
    fig, ax = figure(title, width=6.6)
    qs, ends = list(rows), []
    for name, color in zip(rows[qs[0]], PALETTE):
        means = [np.mean(rows[q][name]) for q in qs]
        ax.plot(range(len(qs)), means, "o-", color=color, markersize=5)
        ends.append((len(qs) - 1, means[-1], name, color))
    ax.set(xlabel=labels[0], ylabel=labels[1], xlim=(-0.2, len(qs) - 0.2))
    ax.set_xticks(range(len(qs)), [f"{q:g}" for q in qs])
    ax.set_ylim(bottom=0)
    label_ends(ax, ends)
    return fig, ax


def funnel(sizes, means, shrunk, between, within, title=None, labels=("pupils of the school", "above what was foretold")):
    """Means of groups against their size, raw and shrunk, joined by a line, in the band of two deviations √(between + within / n).

    between, within: the variances of the groups' true means and of one member. Returns (fig, ax).
    """
    fig, ax = figure(title, width=6.6, height=4.0)
    n = np.linspace(max(2, min(sizes)), max(sizes), 100)
    band = 2 * np.sqrt(between + within / n)
    for side in (-1, 1):
        ax.plot(n, side * band, color=INK, linewidth=1, linestyle="--")
    ax.vlines(sizes, means, shrunk, color=GRID, linewidth=1)
    ax.plot(sizes, means, "o", color=ORANGE, markersize=4)
    ax.plot(sizes, shrunk, "o", color=BLUE, markersize=4)
    largest = int(np.argmax(np.abs(np.subtract(means, shrunk))))
    label(ax, sizes[largest], means[largest], "raw mean", ORANGE, dx=8)
    label(ax, sizes[largest], shrunk[largest], "shrunk", BLUE, dx=8, dy=12)
    label(ax, n[-1], band[-1], "two deviations", dx=-4, dy=9)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    return fig, ax
