"""Drawings of the chapter on large scale: stacked memory, steps against batches, losses by width and rate, a forecast by size."""

import numpy as np

from gdcore.figures.style import INK, PALETTE, figure, label, label_ends

__all__ = ["by_width", "foretold", "relative", "stacks", "steps_by_batch"]


def stacks(bars, title=None, unit=""):
    """A stack for each entry of {name: {part: size}}, on an axis from 0; the parts are named beside the last stack. Returns (fig, ax)."""
    fig, ax = figure(title, height=3.6)
    parts = list(next(iter(bars.values())))
    under = np.zeros(len(bars))
    for part, color in zip(parts, PALETTE):
        sizes = np.array([row[part] for row in bars.values()])
        ax.bar(np.arange(len(bars)), sizes, 0.6, bottom=under, color=color, linewidth=0)
        under += sizes
    for x, top in enumerate(under):
        label(ax, x, top, f"{top:.1f}", dx=0, dy=8, ha="center")
    for k, (part, color) in enumerate(zip(parts, PALETTE)):
        label(ax, 0.02, 0.62 + 0.09 * k, part, color, xycoords="axes fraction")
    ax.set_xticks(np.arange(len(bars)), list(bars))
    ax.set(ylabel=unit, ylim=(0, 1.12 * under.max()))
    ax.grid(axis="x", visible=False)
    return fig, ax


def relative(rates, ratios, title=None):
    """A loss relative to another's against the rate: of each entry of {name: (seeds × rates)} a dot a seed, and the mean as a line.

    Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.4)
    ax.axhline(1, color=INK, linewidth=1)
    for (name, rows), color in zip(ratios.items(), (PALETTE[1], PALETTE[0])):
        ax.plot(rates, np.transpose(rows), "o", color=color, markersize=3.5, alpha=0.6)
        ax.plot(rates, np.mean(rows, axis=0), color=color)
        means = np.mean(rows, axis=0)
        label(ax, rates[0], means[0], name, color, dx=10, dy=-12 if means[1] > means[0] else 8)  # off the line
    ax.set(xscale="log", xlabel="rate", ylabel="loss / that of four bytes")
    ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
    ax.minorticks_off()
    return fig, ax


def steps_by_batch(batches, steps, fits, title=None):
    """Steps to a target against the batch, both logarithmic: a dot a seed, and the law S_min (1 + C / B) as a line with its bend at C.

    `steps` is {name: (batches × seeds)}, `fits` {name: (S_min, C)}. Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.8)
    fine, ends = np.geomspace(batches[0], batches[-1], 60), []
    for (name, rows), color in zip(steps.items(), PALETTE):
        least, critical = fits[name]
        ax.plot(fine, least * (1 + critical / fine), color=color)
        ax.plot(batches, rows, "o", color=color, markersize=4, alpha=0.6)
        ax.plot(critical, 2 * least, "D", color=color, markersize=9, markeredgecolor=INK)
        ends.append((batches[-1], least * (1 + critical / batches[-1]), name, color))
    ax.set(xscale="log", yscale="log", xlabel="batch size", ylabel="steps to the target")
    ax.set_xticks(batches, [str(size) for size in batches])
    ax.minorticks_off()
    label_ends(ax, ends)
    return fig, ax


def by_width(widths, records, best, title=None, highest=1.8):
    """Loss against rate, a line for each width, a panel for each setup; a mark where the fitted lowest point lies.

    `records` is {setup: {"rates": …, "losses": widths × rates}}, `best` {setup: rates}. Returns (fig, axes).
    """
    fig, axes = figure(title, columns=len(records), sharey=True)
    shades = np.linspace(0.35, 1, len(widths))
    for ax, (setup, found) in zip(axes, records.items()):
        for row, rate, shade in zip(found["losses"], best[setup], shades):
            ax.plot(found["rates"], np.minimum(row, 10), "o-", color=PALETTE[0], alpha=shade, linewidth=1.5, markersize=3)
            ax.plot(rate, min(row), "v", color=PALETTE[1], alpha=shade, markersize=7)
        for k in (0, -1):
            label(ax, found["rates"][0], found["losses"][k][0], f"{widths[k]}", PALETTE[0], dx=-5, dy=5 if k == 0 else -5)
        ax.set(xscale="log", yscale="log", xlabel="rate", xlim=(found["rates"][0] / 4.5, None))
        low = min(min(row) for row in found["losses"])
        label(ax, np.exp(np.mean(np.log(best[setup]))), low, "best rates", PALETTE[1], dx=0, dy=-13, ha="center")
        ax.set_ylim(0.8 * low, highest)
        ax.set_title(setup)
    axes[0].set_ylabel("training loss")
    axes[0].set_yticks([0.5, 0.7, 1.0, 1.4], ["0.5", "0.7", "1", "1.4"])
    for ax in axes:
        ax.minorticks_off()
    return fig, axes


def foretold(sizes, losses, curve, band, title=None):
    """Loss against size, both logarithmic: a dot a seed, all but the last size full, the fitted curve, and the forecast's interval.

    `sizes`: one number a row of `losses`; `curve`: a function of the size; `band`: (low, high) at the last. Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.8)
    fine = np.geomspace(sizes[0], sizes[-1], 60)
    ax.plot(fine, curve(fine), color=PALETTE[0])
    for size, row in zip(sizes[:-1], losses[:-1]):
        ax.plot([size] * len(row), row, "o", color=PALETTE[0], markersize=5, alpha=0.7)
    ax.plot([sizes[-1]] * 2, band, color=PALETTE[1], linewidth=6, alpha=0.5, solid_capstyle="butt")
    ax.plot([sizes[-1]] * len(losses[-1]), losses[-1], "o", color=INK, markersize=5, markerfacecolor="none")
    label(ax, sizes[-1], band[1], "forecast", PALETTE[1], dx=-8, dy=22)
    label(ax, sizes[-1], float(np.min(losses[-1])), "came", INK, dx=-8, dy=-8)
    ax.set(xscale="log", yscale="log", xlabel="weights, without letters and places", ylabel="validation loss")
    ax.minorticks_off()
    ticks = np.round(np.linspace(np.min(losses), np.max(losses), 4), 2)
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    return fig, ax
