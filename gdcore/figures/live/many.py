"""Many paths of one rule at once: an array of starts in place of one."""

import numpy as np

from gdcore.figures.live.columns import on_points
from gdcore.rules.base import Rule

__all__ = ["apart", "chains"]


def apart(rule):
    """Whether entries of an array keep to themselves, so that an array of starts is as good as each start alone."""
    return rule.reads == "entry" and type(rule).probe is Rule.probe and (not hasattr(rule, "rule") or apart(rule.rule))


def chains(surface, rule, start, noise):
    """Paths from one start with noise in their gradients: points of shape (steps + 1, chains, n), for noise of shape (steps, chains, n)."""
    steps, count, n = noise.shape
    rule = on_points(rule)
    if not apart(rule) and count > 1:
        return np.concatenate([chains(surface, rule, start, noise[:, [c]]) for c in range(count)], axis=1)
    single = not apart(rule)  # one point of shape (n,), as the rule wants to see it
    shape = (n,) if single else (count, n) if n > 1 else (count,)
    x = np.broadcast_to(np.asarray(start, dtype=float), (count, n)).reshape(shape)
    memory, path = rule.init(x), [x]
    slope = lambda x, t: (surface.gradient(x if n > 1 or not single else x[0]) + noise[t - 1].reshape(shape)).reshape(shape)
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            g = slope(x, t)
            probe = rule.probe(x, g, t, *memory)
            x, *memory = rule.update(x, g if probe is None else slope(probe, t), t, *memory)
            path.append(x)
    return np.array(path).reshape(steps + 1, count, n)
