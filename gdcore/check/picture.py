"""Two paths in one small drawing: yours, and the right one. Ink is the page's text colour, so it is readable in the dark."""

from html import escape

import numpy as np

from gdcore.check.values import shape_of
from gdcore.figures.style import BLUE, ORANGE

__all__ = ["paths"]

WIDTH, HEIGHT, LEFT, EDGE = 440, 200, 60, 34


def paths(expected, got):
    """(svg, what it shows) of two paths; of steps with more than two numbers the first two count. None if nothing can be drawn."""
    right, yours = _points(expected), _points(got)
    if right is None or yours is None or right.shape[1] != yours.shape[1]:
        return None
    flat = right.shape[1] == 1
    if flat:
        right, yours = (np.c_[np.arange(len(p)), p] for p in (right, yours))
    low, high = right.min(axis=0), right.max(axis=0)
    reach = np.maximum(high - low, 1e-12)
    cut = np.isfinite(yours).all(axis=1) & (np.abs(yours - low) < 2 * reach).all(axis=1)
    end = len(yours) if cut.all() else int(np.argmin(cut))
    yours = yours[:end]
    both = np.r_[right, yours]
    low, high = both.min(axis=0), both.max(axis=0)
    axes = ("step", "value") if flat else ("first entry", "second entry")
    left = "" if end == len(cut) else f", and leaves the picture at step {end}"
    says = f"The right path (blue, round dots) and yours (orange, crosses{left}), {axes[1]} against {axes[0]}."
    body = _line(right, low, high, BLUE, round=True) + _line(yours, low, high, ORANGE, round=False) + _frame(low, high, axes)
    return (f'<svg role="img" aria-label="{escape(says)}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'style="max-width:100%;height:auto" font-size="11" fill="currentColor">{body}</svg>', says)


def _points(path):
    """Up to 200 steps of a path as an array of one or two columns, or None."""
    if not isinstance(path, list) or len(path) < 2:
        return None
    rows = [list(_numbers(step))[:2] for step in path[:200]]
    return np.array(rows, dtype=float) if len(rows[0]) > 0 and shape_of(rows) is not None else None


def _numbers(value):
    if isinstance(value, list):
        for part in value:
            yield from _numbers(part)
    else:
        yield value


def _line(points, low, high, color, round):
    at = _place(points, low, high)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' if round else
                    f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0-6l-6 6"/>' for x, y in at)
    style = f'stroke="none" fill="{color}"' if round else f'stroke="{color}" stroke-width="2" fill="none"'
    dash = "" if round else ' stroke-dasharray="5 3"'
    return f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"{dash}/><g {style}>{marks}</g>'


def _place(points, low, high):
    share = (points - low) / np.maximum(high - low, 1e-12)
    return [(LEFT + x * (WIDTH - LEFT - EDGE), HEIGHT - EDGE - y * (HEIGHT - 2 * EDGE)) for x, y in share]


def _frame(low, high, axes):
    """The two axes with their names and their ends."""
    x, y, w = LEFT - 8, HEIGHT - EDGE + 8, WIDTH - LEFT - EDGE + 16
    ends = [f"{v:.3g}".replace("-", "−") for v in (low[0], high[0], low[1], high[1])]
    return (f'<path d="M{x} {EDGE - 8}V{y}h{w}" fill="none" stroke="currentColor" stroke-opacity=".5"/>'
            f'<text x="{x}" y="{y + 14}">{ends[0]}</text><text x="{x + w}" y="{y + 14}" text-anchor="end">{ends[1]}</text>'
            f'<text x="{x + w / 2}" y="{y + 14}" text-anchor="middle">{axes[0]}</text>'
            f'<text x="{x + 6}" y="{EDGE - 12}">{ends[3]} {axes[1]}</text><text x="{x - 4}" y="{y}" text-anchor="end">{ends[2]}</text>')
