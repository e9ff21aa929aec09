"""Drawings of the chapter on methods that work together: a series with the waves found in it, and ends of trainings with their slopes."""

from gdcore.figures.style import BLUE, INK, ORANGE, figure, label

__all__ = ["ends_and_slopes", "waves"]


def waves(years, counts, fitted, title=None, labels=("year", "sunspots")):
    """A series as points and a fit through it as a line, both named. Returns (fig, ax)."""
    fig, ax = figure(title, width=6.6, height=3.2)
    ax.plot(years, counts, "o", color=INK, markersize=2.5, alpha=0.6)
    ax.plot(years, fitted, color=ORANGE, linewidth=1.5)
    label(ax, years[-1], fitted[-1], "fit", ORANGE, dx=6)
    label(ax, years[int(counts.argmax())], counts.max(), "measured", dx=6)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    return fig, ax


def ends_and_slopes(rates, ends, slopes, edge, title=None):
    """Where a training ends against its rate, and the size of the slope of that end in the rate, with the rate `edge` marked.

    Returns (fig, (left, right)).
    """
    fig, axes = figure(title, columns=2, height=3.6)
    for ax, values in zip(axes, (ends, slopes)):
        ax.plot(rates, values, ".", color=BLUE, markersize=3)
        ax.axvline(edge, color=INK, linewidth=1, linestyle="--")
        ax.set(xlabel="learning rate η")
    axes[0].set(ylabel="x at the end")
    axes[1].set(ylabel="size of its slope in η", yscale="log")
    label(axes[1], edge, 0.94, "edge 2/λ", dx=-5, ha="right", xycoords=("data", "axes fraction"), fontsize=9)
    return fig, axes
