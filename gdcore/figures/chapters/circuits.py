"""Drawings of the chapter on quantum circuits: the error of a slope by distance, slopes by qubits."""

from gdcore.figures.style import INK, PALETTE, figure, label, label_ends

__all__ = ["errors", "plateau"]


def errors(fine, theory, distances, found, shift, title=None):
    """The error of a slope against the distance of its two values: theory as a line, measurements as dots, and the shift's as a level.

    Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.4)
    ax.plot(fine, theory, color=PALETTE[0])
    ax.plot(distances, found, "o", color=PALETTE[0], markersize=5)
    ax.axhline(shift, color=PALETTE[1], linewidth=1.5, linestyle="--")
    label(ax, fine[0], theory[0], "differences", PALETTE[0], dx=24, dy=0)
    label(ax, fine[0], shift, "parameter shift", PALETTE[1], dx=4, dy=9)
    ax.set(xscale="log", yscale="log", xlabel="distance h", ylabel="error of the slope")
    return fig, ax


def plateau(sizes, squares, title=None):
    """The mean squared slope against the number of qubits, logarithmic, a line for each of {name: values}, beside a line that halves.

    Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.4)
    first = list(squares.values())[0][0]
    ax.plot(sizes, [first * 0.5 ** (n - sizes[0]) for n in sizes], color=INK, linewidth=1, linestyle="--")
    ends = [(sizes[-1], first * 0.5 ** (sizes[-1] - sizes[0]), "halved each time", INK)]
    for (name, values), color in zip(squares.items(), PALETTE):
        ax.plot(sizes, values, "o-", color=color, markersize=4)
        ends.append((sizes[-1], values[-1], name, color))
    ax.set(yscale="log", xlabel="qubits", ylabel="mean squared slope")
    label_ends(ax, ends)
    return fig, ax
