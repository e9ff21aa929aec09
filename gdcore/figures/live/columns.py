"""Rules for matrices in figures, whose points are vectors: a point is a matrix of one column."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdcore.rules.base import Wrapper

__all__ = ["on_points"]


def on_points(rule):
    """The rule itself, or what it is on points if it takes matrices only."""
    return _Columns(rule) if rule.reads == "matrix" else rule


@dataclass(frozen=True)
class _Columns(Wrapper):
    reads: ClassVar[str] = "tensor"

    def init(self, x):
        return self.rule.init(_column(x))

    def update(self, x, g, t, *inner):
        new, *inner = self.rule.update(_column(x), _column(g), t, *inner)
        return np.reshape(new, np.shape(x)), *inner

    def probe(self, x, g, t, *inner):
        probe = self.rule.probe(_column(x), _column(g), t, *inner)
        return None if probe is None else np.reshape(probe, np.shape(x))

    def answer(self, x, *inner):
        return np.reshape(self.rule.answer(_column(x), *inner), np.shape(x))


def _column(x):
    return np.reshape(x, (-1, 1))
