"""Drawings of the chapter on federated learning: where averages rest, accuracies by spread, what noise costs, pictures given away."""

import numpy as np

from gdcore.figures.style import GRID, INK, PALETTE, figure, label, label_ends

__all__ = ["by_attack", "by_spread", "pictures", "price", "resting"]


def resting(steps, values, levels, title=None, ylabel="slope"):
    """Where the averages come to rest against the local steps of a round, with dotted lines at `levels`, {name: value}.

    Returns (fig, ax).
    """
    fig, ax = figure(title)
    ax.plot(steps, values, "o-", color=PALETTE[1], markersize=5)
    for name, level in levels.items():
        ax.axhline(level, color=INK, linewidth=1.2, linestyle=":")
        label(ax, steps[-1], level, name, dx=-4, dy=9)
    ax.set(xscale="log", xlabel="local steps a round", ylabel=ylabel)
    ax.set_xticks(steps, [f"{step:g}" for step in steps])
    ax.minorticks_off()
    return fig, ax


def by_spread(spreads, found, ends, title=None):
    """Accuracies by spread: a column for each, a dot a seed and a bar at the mean for each method, and broad bars at the two ends.

    found: {method: spreads × seeds}; ends: {name: accuracies, one a spread}. Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.9)
    at, width = np.arange(len(spreads)), 0.8 / len(found)
    for name, level in ends.items():
        ax.hlines(level, at - 0.45, at + 0.45, color=INK, linewidth=1.5, linestyle=":")
        label(ax, at[-1] + 0.45, level[-1], name)
    for i, ((name, rows), color) in enumerate(zip(found.items(), PALETTE)):
        x = at + (i - (len(found) - 1) / 2) * width
        for place, row in zip(x, rows):
            ax.plot(np.full(len(row), place), row, "o", color=color, markersize=3.5, alpha=0.6)
            ax.plot(place, np.mean(row), "_", color=color, markersize=13, markeredgewidth=2.5)
        label(ax, 0.42, 0.40 - 0.085 * i, name, color, xycoords="axes fraction")
    ax.set_xticks(at, [f"α = {spread:g}" for spread in spreads])
    ax.set(ylabel="test accuracy")
    ax.grid(axis="x", visible=False)
    return fig, ax


def by_attack(panels, title=None):
    """Accuracies of aggregates under attacks: a panel for each of {name: {attack: {aggregate: seeds}}}. Returns (fig, axes)."""
    fig, axes = figure(title, columns=len(panels), sharey=True, height=3.6)
    for ax, (name, found) in zip(axes, panels.items()):
        for i, row in enumerate(found.values()):
            for j, ((aggregate, values), color) in enumerate(zip(row.items(), PALETTE)):
                ax.plot(np.full(len(values), i + 0.18 * (j - 1.5)), values, "o", color=color, markersize=4.5, alpha=0.7)
                if ax is axes[-1]:
                    label(ax, 0.55, 0.36 - 0.09 * j, aggregate, color, xycoords="axes fraction")
        ax.set_xticks(range(len(found)), [attack.replace(" ", "\n", 1) for attack in found])
        ax.set(title=name, ylim=(0, 0.9))
        ax.grid(axis="x", visible=False)
    axes[0].set_ylabel("test accuracy")
    return fig, axes


def price(epsilons, rows, level, title=None):
    """Accuracy against ε, logarithmic: a dot a seed and the mean as a line, above them the level without noise. Returns (fig, ax)."""
    fig, ax = figure(title)
    ax.axhline(level, color=INK, linewidth=1.2, linestyle=":")
    label(ax, min(epsilons), level, "without noise", dx=4, dy=9)
    ax.plot(epsilons, np.mean(rows, axis=1), color=PALETTE[0])
    ax.plot(epsilons, rows, "o", color=PALETTE[0], markersize=4, alpha=0.6)
    label_ends(ax, [(max(epsilons), np.mean(rows, axis=1)[int(np.argmax(epsilons))], "20 shops", PALETTE[0])])
    ax.set(xscale="log", xlabel="ε, with δ = 0.00001", ylabel="test accuracy")
    ax.set_xticks(epsilons, [f"{epsilon:.3g}" for epsilon in epsilons])
    ax.minorticks_off()
    return fig, ax


def pictures(rows, title=None):
    """A row of small pictures for each of {name: pictures (n, h, w)}, each on its own scale of grey. Returns (fig, axes)."""
    columns = max(len(row) for row in rows.values())
    fig, axes = figure(title, columns=columns, rows=len(rows), width=6.4, height=0.5 + 0.85 * len(rows), squeeze=False)
    for line, (name, row) in zip(axes, rows.items()):
        for ax in line:
            ax.axis("off")
        for ax, picture in zip(line, row):
            ax.imshow(picture, cmap="gray_r", interpolation="nearest")
        line[0].axis("on")
        line[0].set(xticks=[], yticks=[])
        line[0].grid(visible=False)
        for spine in line[0].spines.values():
            spine.set_color(GRID)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return fig, axes
