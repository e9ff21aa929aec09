"""Drawings of the chapter on distributed training: the rounds of a ring, times against their law, losses by bytes."""

import numpy as np

from gdcore.figures.style import BLUE, GREEN, INK, ORANGE, figure, label

__all__ = ["prices", "rounds", "times"]


def rounds(counts, title=None):
    """Who holds what after each round of a ring: a block of workers × pieces for each round, in each cell how many workers' parts it sums.

    `counts` has the shape (rounds + 1, workers, pieces); a whole sum is dark. Returns (fig, ax).
    """
    counts = np.asarray(counts)
    number, workers, pieces = counts.shape
    fig, ax = figure(title, width=8.4, height=1.9)
    for turn, block in enumerate(counts):
        left = turn * (pieces + 1)
        for k, row in enumerate(block):
            for piece, count in enumerate(row):
                share = (count - 1) / (workers - 1)
                ax.add_patch(_cell(left + piece, k, GREEN if count == workers else BLUE, 0.75 if count == workers else 0.1 + 0.35 * share))
                ax.text(left + piece + 0.5, k + 0.5, f"{count:.0f}", ha="center", va="center", fontsize=9, color=INK)
        label(ax, left + pieces / 2, workers + 0.1, "start" if turn == 0 else f"round {turn}", dx=0, dy=-9, ha="center", fontsize=10)
    ax.set(xlim=(0, number * (pieces + 1) - 1), ylim=(workers + 0.9, 0), aspect="equal")
    ax.set_yticks(np.arange(workers) + 0.5, [f"worker {k}" for k in range(workers)])
    ax.set_xticks([])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0)
    return fig, ax


def _cell(x, y, color, alpha):
    from matplotlib.patches import Rectangle

    return Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, facecolor=color, alpha=alpha, linewidth=0)


def times(found, title=None):
    """Seconds against bytes, both logarithmic: the law as a line, what it was fitted to as full dots, what it foretells as rings.

    `found` is {name: (sizes, seconds, fitted, law)}: `fitted` one truth value a size, `law` a function of the size. Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.8)
    for (name, (sizes, seconds, fitted, law)), color in zip(found.items(), (BLUE, ORANGE)):
        sizes, seconds, fitted = np.asarray(sizes), np.asarray(seconds), np.asarray(fitted)
        fine = np.geomspace(sizes[0], sizes[-1], 60)
        ax.plot(fine, law(fine), color=color, linewidth=1.5)
        ax.plot(sizes[fitted], seconds[fitted], "o", color=color, markersize=5)
        ax.plot(sizes[~fitted], seconds[~fitted], "o", color=color, markersize=7, markerfacecolor="none")
        label(ax, fine[-1], law(fine[-1]), name, color, dx=8)
    ax.set(xscale="log", yscale="log", xlabel="bytes", ylabel="seconds of an all-reduce")
    return fig, ax


def prices(found, title=None):
    """Losses by bytes: a row for each way, the most bytes on top, a dot a seed and a bar at the mean. `found` is {name: (bytes, losses)}.

    Returns (fig, ax).
    """
    rows = sorted(found, key=lambda name: found[name][0])
    fig, ax = figure(title, width=7.2, height=0.9 + 0.42 * len(rows))
    for place, name in enumerate(rows):
        losses = np.asarray(found[name][1])
        ax.plot(losses, np.full(len(losses), place), "o", color=BLUE, markersize=4.5, alpha=0.7)
        ax.plot(losses.mean(), place, "|", color=ORANGE, markersize=16, markeredgewidth=2.5)
    ax.set_yticks(range(len(rows)), [f"{name}: {found[name][0]:,.0f}" for name in rows])
    ax.set(xlabel="test loss", xlim=(0, None), ylim=(-0.6, len(rows) - 0.4))
    ax.set_title("bytes that each worker sends, a step", fontsize=10)
    return fig, ax
