"""Drawings of the learning rate: walks on one curve, what a step leaves, the loss along a step, the loss against the rate."""

import numpy as np

from gdcore.figures.style import BLUE, GREEN, INK, ORANGE, PALETTE, PURPLE, figure, label, label_ends

__all__ = ["against_rate", "along_a_step", "contraction", "directions", "progress", "sharpness", "valleys", "walks"]


def walks(f, paths, x_range, title=None, labels=("x", "f(x)")):
    """One curve y = f(x), once for each path on it: `paths` is {name: points}, four of them in a square. Returns (fig, axes)."""
    rows = (len(paths) + 1) // 2
    fig, axes = figure(title, columns=2, rows=rows, width=5.8, height=2.3 * rows, sharex=True, sharey=True, squeeze=False)
    x = np.linspace(*x_range, 201)
    for ax, (name, path), color in zip(axes.flat, paths.items(), PALETTE):
        path = np.asarray(path, dtype=float)
        ax.plot(x, f(x), color=INK, linewidth=1)
        ax.plot(path, f(path), "-o", color=color, markersize=5, linewidth=1)
        ax.plot(path[0], f(path[0]), "o", color=INK, markersize=7)
        ax.set(xlim=x_range, ylim=(0, 1.04 * np.max(f(x))))
        label(ax, path[0], f(path[0]), "start", dx=-7, dy=-7, fontsize=10)
        ax.text(0.5, 0.9, name, transform=ax.transAxes, ha="center", va="center", color=color, fontsize=15, fontweight="bold")
    for ax in axes[-1]:
        ax.set_xlabel(labels[0])
    for ax in axes[:, 0]:
        ax.set_ylabel(labels[1])
    return fig, axes


def contraction(curvatures, title=None, marks=None, reach=2.6, best=False):
    """What is left of a distance after one step, |1 − ηλ|, against the rate η: one V for each curvature in {name: λ}.

    `marks` is {name: rate}: points on the first V. `best` marks the rate at which the larger of them is smallest.
    Returns (fig, ax).
    """
    fig, ax = figure(title)
    steepest = max(curvatures.values())
    rates = np.linspace(0, reach / steepest, 601)
    left = np.abs(1 - np.outer(list(curvatures.values()), rates))
    ax.axhspan(1, left.max() * 1.05, color=ORANGE, alpha=0.1, linewidth=0)
    ax.text(0.03, 0.96, "further away after each step", transform=ax.transAxes, va="top", color=ORANGE)
    for row, name, color in zip(left, curvatures, PALETTE[::2]):
        ax.plot(rates, row, color=color)
        label(ax, rates[-1], row[-1], name, color)
    for name, rate in (marks or {}).items():
        at = abs(1 - rate * next(iter(curvatures.values())))
        ax.plot(rate, at, "o", color=INK)
        label(ax, rate, at, name, dx=9, fontweight="bold")
    if best:
        worst, rate = left.max(axis=0), 2 / (steepest + min(curvatures.values()))
        ax.plot(rates, worst, color=INK, linewidth=6, alpha=0.22, zorder=1)
        ax.plot(rate, worst[np.abs(rates - rate).argmin()], "o", color=INK)
        ax.annotate("the worst of both\nis smallest here", (rate, worst[np.abs(rates - rate).argmin()]), (14, -60),
                    textcoords="offset points", arrowprops={"arrowstyle": "-", "color": INK})
    ax.set(xlabel="learning rate η", ylabel="share left after one step", xlim=(0, rates[-1]), ylim=(0, left.max() * 1.05))
    return fig, ax


def directions(curvatures, lr, left, title=None, every=10, lowest=1e-6):
    """The share of the distance left in each eigen-direction: points measured, lines the prediction |1 − ηλ|ᵗ.

    `curvatures` are the λ, `left` has shape (steps + 1, directions). Orange ones jump across the bottom (ηλ > 1), blue ones come
    from one side; those still above `lowest` at the end are named. Returns (fig, ax).
    """
    fig, ax = figure(title, height=4)
    steps, ends = np.arange(len(left)), []
    for curvature, measured in zip(curvatures, left.T):
        share = np.abs(1 - lr * curvature) ** steps
        color = BLUE if lr * curvature < 1 else ORANGE
        last = len(steps) if share[-1] > lowest else np.argmax(share < lowest)
        some = slice(0, last, max(1, min(every, last // 6)))
        ax.plot(steps[:last], share[:last], color=color, linewidth=1.3, zorder=2 + (color == ORANGE))
        ax.plot(steps[some], measured[some], "o", color=color, markersize=4, zorder=2 + (color == ORANGE))
        if last == len(steps):
            ends.append((steps[-1], share[-1], f"λ = {curvature:.2g}", color))
    across = [f"{curvature:.2g}" for curvature in curvatures if lr * curvature > 1]
    if across:
        ax.text(0.98, 0.45, f"orange, λ = {', '.join(across)}:\njumps across", transform=ax.transAxes, color=ORANGE, ha="right")
    ax.set(xlabel="steps", ylabel="share of the distance left", yscale="log", ylim=(lowest, 1.7))
    label_ends(ax, ends)
    return fig, ax


def progress(runs, title=None, labels=("steps", "loss"), y_range=None):
    """Some runs on a logarithmic axis, each named at its end, or where it leaves `y_range` upwards: there the axis goes on for it.

    `runs` is {name: values}. Returns (fig, ax).
    """
    fig, ax = figure(title)
    low, limit = y_range or (None, np.inf)
    top, ends = limit, []
    for (name, values), color in zip(runs.items(), PALETTE):
        values = np.asarray(values, dtype=float)
        inside = values <= limit
        last = len(values) if inside.all() else inside.argmin() + 1
        ax.plot(np.arange(last), values[:last], color=color, zorder=2 if inside.all() else 3)
        if inside.all():
            ends.append((last - 1, values[-1], name, color))
        else:
            top = 4 * limit
            label(ax, last - 1, top, name, color, dx=8, dy=-10)
    ax.set(xlabel=labels[0], ylabel=labels[1], yscale="log", **({"ylim": (low, top)} if y_range else {}))
    label_ends(ax, ends)
    return fig, ax


def valleys(f, paths, x_range, y_range, title=None, minimum=(0, 0)):
    """Contours of f(x, y) in panels side by side, one path in each: `paths` is {name: points (steps + 1, 2)}.

    Returns (fig, axes).
    """
    fig, axes = figure(title, columns=len(paths), width=5.8, height=3.6, sharey=True)
    x, y = np.meshgrid(np.linspace(*x_range, 121), np.linspace(*y_range, 121))
    z = f(x, y)
    for ax, (name, points), color in zip(axes, paths.items(), PALETTE):
        ax.contour(x, y, z, levels=z.max() * np.linspace(0.02, 1, 9) ** 2, colors=[INK], linewidths=0.7, alpha=0.35)
        ax.plot(*np.asarray(points, dtype=float).T, "-o", color=color, markersize=3.5, linewidth=1.2)
        ax.plot(*minimum, "*", color=INK, markersize=10)
        ax.set(xlim=x_range, ylim=y_range, xlabel="x₁ (along)")
        ax.set_title(name, color=color)
        ax.grid(False)
    axes[0].set_ylabel("x₂ (across)")
    return fig, axes


def along_a_step(loss, slope, largest, rates, title=None):
    """The loss along one step, f(x − ηg) against η, under the parabola that the descent lemma promises.

    `loss(η)` is the loss there, `slope` the squared length of the gradient, `largest` the curvature L. Returns (fig, ax).
    """
    fig, ax = figure(title)
    here, along = loss(0.0), np.array([loss(rate) for rate in rates])
    promise = here - rates * (1 - largest * rates / 2) * slope
    near = promise <= here + 0.2 * np.ptp(along)
    best = here - slope / (2 * largest)
    ax.plot(rates, along, color=BLUE)
    ax.plot(rates[near], promise[near], color=ORANGE)
    ax.axhline(here, color=INK, linewidth=0.8, linestyle=":")
    ax.plot(1 / largest, best, "o", color=ORANGE)
    label(ax, 1 / largest, best, "1/L", ORANGE, dx=4, dy=13, ha="center")
    label(ax, rates[near][-1], promise[near][-1], "the promise", ORANGE, dx=8, dy=-4)
    label(ax, rates[-1], along[-1], "the loss", BLUE)
    ax.set(xlabel="learning rate η of the step", ylabel="loss after the step", xlim=(0, rates[-1]))
    return fig, ax


def against_rate(rates, losses, title=None, ylabel="loss after training", marks=None, start=None, line=False):
    """The loss against the learning rate, both logarithmic: the median over seeds in the band of all. `losses` is (seeds, rates).

    `marks` is {text: (low, high)}: shaded ranges of rates; `start` draws the loss before training, `line` leaves the points
    out. Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.7)
    losses = np.atleast_2d(losses)
    ax.fill_between(rates, losses.min(axis=0), losses.max(axis=0), color=BLUE, alpha=0.25, linewidth=0)
    ax.plot(rates, np.median(losses, axis=0), "-" if line else "-o", color=BLUE, markersize=4)
    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel=ylabel)
    for i, ((text, (low, high)), color) in enumerate(zip((marks or {}).items(), (ORANGE, GREEN, PURPLE))):
        ax.axvspan(low, high, 0, 1 - 0.1 * i, facecolor=color, edgecolor=color, alpha=0.35, linewidth=1.5)  # below the names of the others
        ax.annotate(text, (low, 0.97 - 0.1 * i), (-5, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
                    color=color, ha="right", va="top")
    if start is not None:
        ax.axhline(start, color=INK, linewidth=0.9, linestyle=":")
        ax.annotate("before training", (0.02, start), (0, 4), xycoords=("axes fraction", "data"), textcoords="offset points",
                    va="bottom")
    return fig, ax


def sharpness(steps, runs, title=None):
    """The largest curvature during training for several rates, every seed a thin line, and a dotted line at 2/η for each rate.

    `runs` is {rate: values (seeds, points)}. Returns (fig, ax).
    """
    fig, ax = figure(title, height=4)
    ends = []
    for (rate, values), color in zip(runs.items(), PALETTE):
        ax.plot(steps, np.atleast_2d(values).T, color=color, linewidth=1.1)
        ax.axhline(2 / rate, color=INK, linewidth=1, linestyle=":")
        ends.append((steps[-1], 2 / rate, f"2/{rate:g} = {2 / rate:.0f}", color))
    ax.set(xlabel="steps", ylabel="largest curvature", ylim=(0, None), xlim=(0, steps[-1]))
    label_ends(ax, ends)
    return fig, ax
