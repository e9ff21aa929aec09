"""Drawings of the chapter on deep gradients: sizes layer by layer, and gradients beside what sixteen bits can hold."""

import numpy as np

from gdcore.figures.style import BLUE, INK, ORANGE, PALETTE, figure, label, label_ends

__all__ = ["formats", "layers"]


def layers(curves, title=None, labels=("layer", "gradient"), theory=None):
    """Sizes against the layer on a logarithmic axis, each curve named at the end where it is farther from 1.

    `curves` is {name: values, one a layer, the first for layer 0}; `theory` has the same form, drawn dotted. Returns (fig, ax).
    """
    fig, ax = figure(title)
    ends = []
    for (name, values), color in zip(curves.items(), PALETTE):
        ax.plot(np.arange(len(values)), values, color=color)
        if abs(np.log(values[-1])) < abs(np.log(values[0])):
            label(ax, 0, values[0], name, color, dx=-6)
        else:
            ends.append((len(values) - 1, values[-1], name, color))
    for values in (theory or {}).values():
        ax.plot(np.arange(len(values)), values, ":", color=INK)
    ax.set(xlabel=labels[0], ylabel=labels[1], yscale="log")
    if len(ends) < len(curves):
        last = max(map(len, curves.values())) - 1
        ax.set_xticks(np.arange(0, last + 1, max(1, last // 5)))
        ax.set_xlim(-0.22 * last, None)
    label_ends(ax, ends)
    return fig, ax


def formats(values, limits, title=None, label_x="size of a gradient's entry"):
    """How often sizes occur, on a logarithmic axis, over bars that say what each format holds: `limits` is {name: (low, high)}.

    Sizes of 0 are left out. Returns (fig, axes): the histogram above, the bars below.
    """
    fig, (above, below) = figure(title, rows=2, height=4.4, sharex=True, height_ratios=(3, 1))
    sizes = np.abs(np.asarray(values, dtype=float).ravel())
    sizes = np.log10(sizes[sizes > 0])
    above.hist(sizes, bins=40, color=BLUE, alpha=0.75, edgecolor="none")
    above.set(ylabel="entries")
    for i, (name, (low, high)) in enumerate(limits.items()):
        below.plot(np.log10([low, high]), [-i, -i], color=ORANGE, linewidth=7, solid_capstyle="butt")
        label(below, np.log10(low), -i, name, INK, dx=-6)
    below.set(xlabel=label_x, ylim=(-len(limits) + 0.4, 0.6), yticks=[])
    ticks = np.arange(-12, 6, 4)
    below.set_xticks(ticks, [f"$10^{{{tick}}}$" for tick in ticks])
    below.set_xlim(-18, 6)
    below.grid(axis="y", visible=False)
    return fig, (above, below)
