"""Runs looked at: what a monitor saw, and how contenders of a fair race stand, seed by seed."""

import numpy as np

from gdcore.figures.style import BLUE, GREEN, GRID, INK, ORANGE, PALETTE, figure, label_ends

__all__ = ["comparison", "watched"]


def watched(points, title=None):
    """Four panels of a training: loss, gradient of each weight matrix, update against weights, and shares (dead, noise, data).

    points: of a `gdcore.training.Monitor`, or the like from a file. The band from 1e-4 to 1e-2 is where update/weight usually lies.
    Returns (fig, axes).
    """
    if not points:
        raise ValueError("There are no points to draw: the run ended before the first look.")
    steps = np.array([point["step"] for point in points])
    fig, axes = figure(title, columns=2, rows=2, sharex=True)
    loss, gradients, ratios, shares = axes.ravel()
    column = lambda name: np.array([np.nan if point.get(name) is None else point[name] for point in points], dtype=float)
    loss.plot(steps, column("loss"), color=BLUE)
    loss.set_ylabel("loss")
    layers = [name for name in points[-1]["ratios"] if name.endswith("weight")] or list(points[-1]["ratios"])
    for ax, key, ylabel in ((gradients, "gradients", "length of the gradient"), (ratios, "ratios", "update / weights")):
        lines = {name: np.array([point[key].get(name, np.nan) for point in points], dtype=float) for name in layers}
        for i, values in enumerate(lines.values()):
            ax.plot(steps, np.where(values > 0, values, np.nan), color=_between(i, len(layers)), linewidth=1.5)
        ax.set(yscale="log", ylabel=ylabel)
        ends = {"first": 0, "last": -1} if len(layers) > 1 else {layers[0]: 0}
        label_ends(ax, [(steps[-1], list(lines.values())[i][-1], name, _between(i % len(layers), len(layers))) for name, i in ends.items()
                        if list(lines.values())[i][-1] > 0])
    ratios.axhspan(1e-4, 1e-2, color=GRID, alpha=0.5, linewidth=0)
    highest, named = 1.1, []
    for name, color in zip(("dead", "noise", "data"), (ORANGE, GREEN, INK)):
        values = column(name)
        if np.isfinite(values).any():
            highest = max(highest, 1.05 * np.nanmax(values))  # two gradients that point against each other read above 1
            shares.plot(steps, values, color=color, linewidth=1.5)
            last = np.flatnonzero(np.isfinite(values))[-1]
            named.append((steps[last], values[last], name, color))
    shares.set(ylabel="share", ylim=(-0.03, highest))
    label_ends(shares, named)
    for ax in (ratios, shares):
        ax.set_xlabel("step")
    return fig, axes


def comparison(found, title=None):
    """The scores of a `gdcore.training.Comparison`, a dot a seed and a bar at the mean, beside the paired differences to the first
    contender with their 95 % intervals. Returns (fig, axes)."""
    fig, (scores, gaps) = figure(title, columns=2, height=1.2 + 0.55 * len(found.scores), sharey=True)
    names = list(found.scores)
    for i, (name, color) in enumerate(zip(names, (PALETTE * (1 + len(names) // len(PALETTE))))):
        values = found.scores[name]
        scores.plot(values, np.full(len(values), i), "o", color=color, alpha=0.6, markersize=6)
        scores.plot(np.mean(values), i, "|", color=color, markersize=20, markeredgewidth=2.5)
        if i and np.isfinite(found.difference(name)).all():
            mean, low, high = found.difference(name)
            gaps.plot([low, high], [i, i], color=color, linewidth=3)
            gaps.plot(mean, i, "o", color=color, markersize=8)
    gaps.axvline(0, color=INK, linewidth=1)
    scores.set(yticks=range(len(names)), yticklabels=names, xlabel=found.measure, ylim=(len(names) - 0.5, -0.5))
    gaps.set_xlabel(f"difference to {names[0]}, {found.better} is better")
    return fig, np.array([scores, gaps])


def _between(i, n):
    """From the first layer (blue) to the last (orange)."""
    from matplotlib.colors import to_hex, to_rgb

    share = i / (n - 1) if n > 1 else 0.0
    return to_hex((1 - share) * np.array(to_rgb(BLUE)) + share * np.array(to_rgb(ORANGE)))
