"""Drawings of the chapter on adaptive methods: paths after a target that jumps, and performance profiles."""

import numpy as np

from gdcore.figures.style import INK, PALETTE, figure, label_ends

__all__ = ["following", "profiles"]


def following(target, paths, title=None, labels=("steps", "x")):
    """Walkers after a target that jumps: the target as a dotted line, each path named at its end. `paths` is {name: points}.

    Returns (fig, ax).
    """
    fig, ax = figure(title)
    steps = np.arange(len(target))
    ax.plot(steps, target, ":", color=INK, linewidth=1.2)
    for (_, path), color in zip(paths.items(), PALETTE):
        ax.plot(steps, path, color=color, linewidth=1.6)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    label_ends(ax, [(steps[-1], path[-1], name, color) for (name, path), color in zip(paths.items(), PALETTE)])
    return fig, ax


def profiles(ratios, title=None, reach=10.0, chosen=()):
    """Performance profiles: for each method the share of problems that it solves within τ times the fewest steps of all.

    `ratios` is {name: steps over the fewest steps, one for each problem, inf where it is not solved}. Methods in `chosen` have
    colours and names, the others are grey. Returns (fig, ax).
    """
    fig, ax = figure(title, height=3.8)
    taus = np.geomspace(1, reach, 121)
    colors, ends = dict(zip(chosen, PALETTE)), []
    for name, values in ratios.items():
        share = (np.asarray(values)[:, None] <= taus * (1 + 1e-9)).mean(axis=0)
        ax.step(taus, share, where="post", color=colors.get(name, INK), linewidth=2.2 if name in colors else 0.8,
                alpha=1 if name in colors else 0.35)  # fmt: skip
        if name in colors:
            ends.append((taus[-1], share[-1], name, colors[name]))
    ax.set(xscale="log", xlim=(1, reach), ylim=(0, 1.02))
    ax.set(xlabel="τ: at most so many times the fewest steps", ylabel="share of problems solved")
    ticks = [t for t in (1, 2, 3, 5, 10) if t <= reach]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    label_ends(ax, ends)
    return fig, ax
