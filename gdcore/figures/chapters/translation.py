"""Drawings of a translation: who attends to whom, named numbers as bars, and scores on the way that the weights went."""

import numpy as np

from gdcore.figures.style import BLUE, GREEN, INK, ORANGE, PURPLE, figure, label_ends

__all__ = ["attention", "bars", "way"]


def attention(panels, title=None, labels=("asks", "is asked")):
    """Attention as squares whose area is the weight: `panels` is {name: (weights, rows, columns)}, one below the other.

    weights: (rows, columns), each row summing to 1; rows and columns are the words on the axes. Returns (fig, axes).
    """
    heights = [1.1 + 0.3 * len(rows) for _, rows, _ in panels.values()]
    fig, axes = figure(title, rows=len(panels), width=4.6, height=0.4 + sum(heights), squeeze=False, height_ratios=heights)
    for ax, (name, (weights, rows, columns)), color in zip(axes[:, 0], panels.items(), (BLUE, ORANGE, GREEN)):
        y, x = np.indices(np.shape(weights))
        ax.scatter(x.ravel(), y.ravel(), s=300 * np.ravel(weights), marker="s", color=color, linewidths=0)
        ax.set(xlim=(-0.6, len(columns) - 0.4), ylim=(len(rows) - 0.4, -0.6), aspect="equal", xlabel=labels[1], ylabel=labels[0])
        ax.set_xticks(range(len(columns)), columns, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(rows)), rows)
        ax.set_title(name, color=color)
        ax.tick_params(length=0)
    return fig, axes[:, 0]


def bars(values, title=None, xlabel="", mark=None, colors=None, digits=1):
    """Horizontal bars with their numbers: `values` is {name: number, or a list of numbers, one a seed}.

    Of several numbers the bar is the median, and a line goes from the lowest to the highest. mark: {text: number}, a dotted line each.
    colors: {name: one of 0 to 3}, of the house's colours. Returns (fig, ax).
    """
    fig, ax = figure(title, height=0.9 + 0.34 * len(values))
    palette = (BLUE, ORANGE, GREEN, PURPLE)
    middles = [float(np.median(value)) for value in values.values()]
    shades = [palette[(colors or {}).get(name, 0)] for name in values]
    ax.barh(range(len(values)), middles, color=shades, alpha=0.8, height=0.66)
    for place, (value, middle) in enumerate(zip(values.values(), middles)):
        ends = float(np.min(value)), float(np.max(value))
        ax.plot(ends, (place, place), color=INK, linewidth=2)
        ax.annotate(f"{middle:.{digits}f}", (ends[1], place), (5, 0), textcoords="offset points", va="center")
    for text, at in (mark or {}).items():
        ax.axvline(at, color=INK, linewidth=1, linestyle=":")
        ax.annotate(text, (at, 1), (4, 2), xycoords=("data", "axes fraction"), textcoords="offset points", va="bottom")
    ax.set_yticks(range(len(values)), list(values))
    ax.set(xlabel=xlabel, ylim=(len(values) - 0.4, -0.6))
    ax.margins(x=0.12)
    ax.set_xlim(left=0)
    ax.grid(axis="y", visible=False)
    ax.tick_params(axis="y", length=0)
    return fig, ax


def way(scores, title=None, labels=("share of the way that is kept", "BLEU"), kept=None):
    """Scores along the line from the start to the end of a training: `scores` is {name: {share: score}}; `kept`: the share that is used.

    Returns (fig, ax).
    """
    fig, ax = figure(title)
    ends = []
    for (name, points), color in zip(scores.items(), (BLUE, ORANGE, GREEN)):
        ax.plot(list(points), list(points.values()), color=color, marker="o", markersize=5)
        ends.append((max(points), points[max(points)], name, color))
    if kept is not None:
        ax.axvline(kept, color=INK, linewidth=1, linestyle=":")
        ax.annotate("kept", (kept, 0), (-4, 4), xycoords=("data", "axes fraction"), textcoords="offset points", ha="right", va="bottom")
    ax.set(xlabel=labels[0], ylabel=labels[1], ylim=(0, None))
    label_ends(ax, ends)
    return fig, ax
