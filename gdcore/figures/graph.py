"""A computation as a graph of small steps."""

from gdcore.figures.style import BLUE, INK, ORANGE, figure

__all__ = ["graph"]


def graph(nodes, edges, title=None, height=3.0):
    """Boxes joined by arrows: what a computation did (above each box) and what came back through it (below).

    `nodes` is {name: (column, row, value, slope)}, numbers drawn with three digits, slope None where none is wanted; `edges` are
    pairs of names. Returns (fig, ax).
    """
    fig, ax = figure(title, width=7.4, height=height)
    ax.set_axis_off()
    for start, end in edges:
        (x0, y0, *_), (x1, y1, *_) = nodes[start], nodes[end]
        ax.annotate("", (x1 - 0.27, y1), (x0 + 0.27, y0), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1})
    for name, (x, y, value, slope) in nodes.items():
        ax.text(x, y, name, ha="center", va="center", bbox={"boxstyle": "round,pad=0.35", "facecolor": "none", "edgecolor": INK})
        above = {"xytext": (0, 15), "textcoords": "offset points", "ha": "center", "fontsize": 10}
        ax.annotate(_number(value), (x, y), color=BLUE, **above)
        if slope is not None:
            ax.annotate(_number(slope), (x, y), color=ORANGE, va="top", **{**above, "xytext": (0, -14)})
    columns, rows = [n[0] for n in nodes.values()], [n[1] for n in nodes.values()]
    ax.set(xlim=(min(columns) - 0.5, max(columns) + 0.5), ylim=(min(rows) - 0.6, max(rows) + 0.6))
    return fig, ax


def _number(value):
    return f"{value:.3g}".replace("-", "−")
