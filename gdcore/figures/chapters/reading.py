"""Drawings of what reads: gradients through time, windows and delays, errors of several readers, and a text whose words are tinted."""

from html import escape

import numpy as np

from gdcore.figures.style import BLUE, INK, ORANGE, PALETTE, figure, label_ends

__all__ = ["clipped", "errors", "tinted", "through_time", "windows"]

MARKED = 0.25  # of the largest effect in a text: from there on a word bears its number


def through_time(lengths, title=None, slopes=None, labels=("steps back", "length of the gradient")):
    """Lengths of gradients against steps back in time, logarithmic: `lengths` is {name: values}.

    slopes: {name: factor}: a dashed line that multiplies by the factor each step. Returns (fig, ax).
    """
    fig, ax = figure(title)
    ends = []
    for (name, values), color in zip(lengths.items(), PALETTE):
        back = np.arange(len(values))
        ax.plot(back, values, color=color)
        if slopes and name in slopes:
            ax.plot(back, slopes[name] ** back, color=color, linestyle="--", linewidth=1.2)
        ends.append((back[-1], values[-1], name, color))
    ax.set(xlabel=labels[0], ylabel=labels[1], yscale="log")
    label_ends(ax, ends)
    return fig, ax


def clipped(norms, losses, limit, title=None):
    """Left the length of the gradient at each step, right the loss, of the same runs: both {name: array (seeds, steps)}. (fig, axes).

    A line is the median of the runs, the band reaches from the lowest to the highest.
    """
    fig, axes = figure(title, columns=2)
    for ax, values, name in zip(axes, (norms, losses), ("length of the gradient", "loss")):
        ends = []
        for (who, runs), color in zip(values.items(), (ORANGE, BLUE)):
            middle = np.median(runs, axis=0)
            ax.fill_between(np.arange(len(middle)), np.min(runs, axis=0), np.max(runs, axis=0), color=color, alpha=0.2, linewidth=0)
            ax.plot(middle, color=color)
            ends.append((len(middle) - 1, np.median(middle[-20:]), who, color))
        ax.set(xlabel="steps", ylabel=name, yscale="log")
    axes[0].axhline(limit, color=INK, linewidth=1, linestyle="--")
    label_ends(axes[1], ends)
    return fig, axes


def windows(accuracy, delays, sizes, title=None):
    """A table of shares of right answers, one row a delay and one column a window, darker where it is higher. Returns (fig, ax)."""
    fig, ax = figure(title)
    for row in range(len(delays)):
        for column in range(len(sizes)):
            share = accuracy[row][column]
            strength = float(np.clip((share - 0.5) / 0.5, 0, 1))
            ax.add_patch(_square(column, row, strength))
            ax.text(column, row, f"{share:.0%}", ha="center", va="center", color=INK)
    ax.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(-0.5, len(delays) - 0.5), xlabel="window (steps)", ylabel="delay (steps)")
    ax.set(xticks=range(len(sizes)), yticks=range(len(delays)), xticklabels=sizes, yticklabels=delays)
    ax.grid(False)
    return fig, ax


def _square(x, y, strength):
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, facecolor=BLUE, alpha=0.05 + 0.5 * strength, linewidth=0)


def errors(groups, title=None, xlabel="errors on the test part, per cent", noise=None):
    """Shares of errors as dots on lines, best at the top of each group: `groups` is {name: shares of several seeds, or one share}.

    noise: half the width of a band around the best median, within which a difference may be chance. Returns (fig, ax).
    """
    fig, ax = figure(title, height=0.9 + 0.42 * len(groups))
    rows = sorted(groups.items(), key=lambda item: -np.median(item[1]))
    for row, (_, values) in enumerate(rows):
        values = 100 * np.atleast_1d(values)
        ax.plot([values.min(), values.max()], [row, row], color=BLUE, alpha=0.4, linewidth=5, solid_capstyle="round")
        ax.plot(values, np.full(len(values), row), "o", color=BLUE, markersize=5)
    if noise:
        best = 100 * np.median(rows[-1][1])
        ax.axvspan(best - 100 * noise, best + 100 * noise, color=ORANGE, alpha=0.15, linewidth=0)
    ax.set(yticks=range(len(rows)), yticklabels=[name for name, _ in rows], xlabel=xlabel, ylim=(-0.6, len(rows) - 0.4))
    ax.grid(axis="y", visible=False)
    return fig, ax


def tinted(words, effects, title):
    """Display words one after the other, those that speak for on blue ground, those that speak against on orange, the stronger the darker.

    Words whose effect is at least a quarter of the largest also bear it as a number, so that nothing depends on colour. What can show no
    HTML gets the same as plain text. Raises ValueError if there is not one effect a word.
    """
    if len(words) != len(effects):
        raise ValueError(f"There are {len(words)} words and {len(effects)} effects: give one effect for each word.")
    from IPython.display import display

    largest = max((abs(e) for e in effects), default=0) or 1.0
    html, plain = [], []
    for word, effect in zip(words, effects):
        number = f"{effect:+.1f}".replace("-", "−") if abs(effect) >= MARKED * largest else ""
        red, green, blue = (int((BLUE if effect > 0 else ORANGE)[i:i + 2], 16) for i in (1, 3, 5))
        ground = f"background: rgba({red}, {green}, {blue}, {0.45 * abs(effect) / largest:.2f})"
        small = f'<sup style="font-size: 0.7em">{number}</sup>' if number else ""
        html.append(f'<span style="{ground}; border-radius: 3px; padding: 0 2px">{escape(word)}{small}</span>')
        plain.append(f"{word}[{number}]" if number else word)
    body = f'<p><strong>{escape(title)}</strong></p><p style="line-height: 1.9">{" ".join(html)}</p>'
    display({"text/html": body, "text/plain": f"{title}: {' '.join(plain)}"}, raw=True)
