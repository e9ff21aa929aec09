"""Drawings of the chapter on monitoring: losses against the size of a step, a table of trials, and the winner's curse."""

import numpy as np

from gdcore.figures.style import INK, PALETTE, figure, label, label_ends

__all__ = ["curse", "pulses", "searches"]


def pulses(runs, title=None, usual=(1e-4, 1e-2)):
    """Final loss against update over weight, both logarithmic: a line for each optimizer, its name at its lowest point.

    `runs` is {name: [(ratio, loss, the rate as a text), …]}; the lowest point is marked with its rate, and `usual` is shaded.
    Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.8)
    ax.axvspan(*usual, color=INK, alpha=0.06, linewidth=0)
    for (name, points), color, dx in zip(runs.items(), PALETTE, (10, -10) * 3):
        ratios, losses, rates = zip(*points)
        ax.plot(ratios, losses, "o-", color=color, linewidth=1.6, markersize=4)
        k = int(np.argmin(losses))
        ax.plot(ratios[k], losses[k], "o", color=color, markersize=9)
        label(ax, ratios[k], losses[k], f"{name}, rate {rates[k]}", color, dx=dx, dy=-14)
    ax.set(xscale="log", yscale="log", xlabel="update / weights, median of the run", ylabel="validation loss")
    ax.margins(x=0.12, y=0.18)
    return fig, ax


def searches(rates, decays, without, names, title=None):
    """A table of trials, cut in two ways: loss against rate for each decay, and for momentum 0.9 beside none.

    `decays`: (rates, decays), the losses at momentum 0.9. `without`: the same at momentum 0. `names`: the decays. Returns (fig, axes).
    """
    fig, (left, right) = figure(title, columns=2, sharey=True)
    shades = np.linspace(0.35, 1, len(names))
    for losses, shade in zip(np.transpose(decays), shades):
        left.plot(rates, losses, color=PALETTE[0], alpha=shade, linewidth=1.6)
    left.set(xscale="log", yscale="log", xlabel="rate", ylabel="validation loss")
    left.set_title(f"{len(names)} decays, {names[0]:.0e} to {names[-1]:.0e}")
    for losses, name, color, dx in ((decays, "0.9", PALETTE[0], -10), (without, "none", PALETTE[1], 10)):
        losses = np.asarray(losses)[:, 0]
        right.plot(rates, losses, color=color)
        falling = np.arange(len(losses)) <= losses.argmin()
        k = int(np.argmin(np.where(falling, np.abs(losses - np.sqrt(losses.min() * losses[0])), np.inf)))  # half way down
        label(right, rates[k], losses[k], name, color, dx=dx, dy=-8 if dx < 0 else 8)
    right.set(xscale="log", xlabel="rate")
    right.set_title("momentum 0.9 and none")
    return fig, np.array([left, right])


def curse(tuned, later, title=None):
    """Winners of searches: a line from the loss that chose each to its loss on fresh seeds. Returns (fig, ax)."""
    fig, ax = figure(title, height=3.4)
    for before, after in zip(tuned, later):
        ax.plot([0, 1], [before, after], "o-", color=PALETTE[1] if after > before else INK, linewidth=1.2, markersize=4, alpha=0.7)
    ax.plot([0, 1], [np.mean(tuned), np.mean(later)], "o-", color=PALETTE[0], linewidth=3, markersize=8)
    label_ends(ax, [(1, np.mean(later), "mean", PALETTE[0])])
    ax.set(xlim=(-0.25, 1.35), ylabel="validation loss")
    ax.set_xticks([0, 1], ["on the seed of the search", "on fresh seeds"])
    return fig, ax
