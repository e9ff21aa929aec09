"""Drawings for images and their classifiers: galleries, filters at work, tuning, confusion, calibration, effects."""

import numpy as np
from scipy import stats

from gdcore.figures.style import BLUE, INK, ORANGE, PALETTE, figure, label

__all__ = ["calibration", "confusion", "effects", "filters", "gallery", "tuning"]


def gallery(images, captions, columns=6, title=None, wrong=None):
    """Grey images in rows, each with its caption below. wrong: a second line for each caption, in orange. Returns (fig, axes)."""
    rows = -(-len(images) // columns)
    fig, axes = figure(title, columns=columns, rows=rows, width=5.8, height=0.45 + rows * ((6.6 if wrong is None else 7.3) / columns),
                       squeeze=False)  # fmt: skip
    for ax in axes.flat:
        ax.axis("off")
    for k, (ax, image, caption) in enumerate(zip(axes.flat, images, captions)):
        _picture(ax, image)
        _below(ax, caption, -0.04, INK)
        if wrong is not None:
            _below(ax, wrong[k], -0.22, ORANGE)
    return fig, axes


def filters(image, kernels, answers, title=None):
    """An image, and below each kernel of {name: 3 × 3 weights} what it answers: blue below 0, orange above. Returns (fig, axes)."""
    fig, axes = figure(title, columns=len(kernels) + 1, rows=2, width=5.8, height=3.6, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    _picture(axes[0, 0], image)
    axes[0, 0].set_title("the image", loc="center")
    for (above, below), (name, kernel), answer in zip(axes.T[1:], kernels.items(), answers):
        reach = np.abs(answer).max()
        above.set(xlim=(-0.5, 2.5), ylim=(2.5, -0.5), aspect="equal")
        for (i, j), weight in np.ndenumerate(kernel):
            color = ORANGE if weight > 0 else BLUE if weight < 0 else INK
            above.text(j, i, f"{weight:g}".replace("-", "−"), ha="center", va="center", fontsize=13, fontweight="bold", color=color)
        above.set_title(name, loc="center")
        below.imshow(answer, cmap=_diverging(), vmin=-reach, vmax=reach)
    return fig, axes


def tuning(runs, chosen, title=None, ylabel="validation accuracy", floor=0.83):
    """The accuracy against the learning rate, logarithmic, from `floor` up: `runs` is {name: (rates, accuracies)}; `chosen` are ringed.

    chosen: {name: rate}. Returns (fig, ax).
    """
    fig, ax = figure(title)
    for (name, (rates, found)), color in zip(runs.items(), PALETTE):
        best = list(rates).index(chosen[name])
        ax.plot(rates, found, "-o", color=color, markersize=5)
        ax.plot(rates[best], found[best], "o", color=color, markersize=12, fillstyle="none")
        label(ax, rates[0], found[0], name, color, dx=8, dy=-9, fontweight="bold")
    top = max(max(found) for _, found in runs.values())
    ax.set(xscale="log", xlabel="learning rate η", ylabel=ylabel, ylim=(floor, top + 0.15 * (top - floor)))
    return fig, ax


def confusion(matrix, names, title=None):
    """How often class i (row) was taken for class j (column): numbers, in a shade for those that are wrong. Returns (fig, ax)."""
    matrix = np.asarray(matrix)
    fig, ax = figure(title, width=5.8, height=5.0)
    wrong = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    ax.imshow(wrong, cmap=_shade(), vmin=0, vmax=wrong.max())
    for (i, j), count in np.ndenumerate(matrix):
        if count:
            ax.text(j, i, str(count), ha="center", va="center", fontsize=9, fontweight="bold" if i == j else "normal")
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="taken for", ylabel="is")
    ax.grid(False)
    return fig, ax


def calibration(curves, title=None):
    """The share that is right against the confidence, for each of {name: rows (confidence, accuracy, share)}. Returns (fig, ax)."""
    fig, ax = figure(title, height=4.2)
    ax.plot([0.2, 1], [0.2, 1], color=INK, linewidth=1, linestyle=":")
    ax.text(0.98, 0.04, "dotted: as sure as right", transform=ax.transAxes, ha="right")
    ends = []
    for (name, rows), color in zip(curves.items(), (ORANGE, BLUE)):
        sure, right, share = np.array(rows).T
        ax.plot(sure, right, color=color)
        ax.scatter(sure, right, s=12 + 300 * share, color=color, alpha=0.8, zorder=3)
        ends.append((sure[len(sure) // 2], right[len(right) // 2], name, color))
    for (x, y, name, color), (dx, dy) in zip(ends, ((-12, 12), (12, -12))):
        label(ax, x, y, name, color, dx=dx, dy=dy, fontweight="bold")
    ax.set(xlabel="confidence of the network", ylabel="share that is right", xlim=(0.2, 1.03), ylim=(0.2, 1.05))
    return fig, ax


def effects(changes, title=None, xlabel="points of validation accuracy"):
    """A row for each of {name: what a change brings, seed by seed}: seeds as dots, the 95 % interval of their mean as a bar. (fig, ax)."""
    fig, ax = figure(title, height=0.9 + 0.38 * len(changes))
    for row, found in enumerate(changes.values()):
        found = np.asarray(found, dtype=float)
        middle, half = found.mean(), stats.t.ppf(0.975, len(found) - 1) * found.std(ddof=1) / len(found) ** 0.5
        color = INK if abs(middle) < half else BLUE if middle > 0 else ORANGE  # dark: the interval holds 0
        ax.plot([middle - half, middle + half], [row, row], color=color, linewidth=7, alpha=0.35, solid_capstyle="butt")
        ax.plot(found, [row] * len(found), "o", color=color, markersize=5)
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_yticks(range(len(changes)), list(changes))
    ax.invert_yaxis()
    ax.locator_params(axis="x", nbins=6)  # their numbers need room on a phone
    ax.grid(axis="y", visible=False)
    ax.set(xlabel=xlabel)
    return fig, ax


def _below(ax, text, y, color):
    ax.text(0.5, y, text, transform=ax.transAxes, ha="center", va="top", fontsize=10, color=color)


def _picture(ax, image):
    """Clothes as they are: the brighter the more cloth, on their own black ground."""
    ax.imshow(image, cmap="gray", vmin=0, vmax=max(image.max(), 1), interpolation="nearest")


def _diverging():
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("below and above", [BLUE, "#f6f8fa", ORANGE])


def _shade():
    """From nothing to a light orange, so that the page's own ground shows through and its ink can be read on it."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    return LinearSegmentedColormap.from_list("shade", [to_rgba(ORANGE, 0.0), to_rgba(ORANGE, 0.45)])
