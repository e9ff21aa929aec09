"""What the questions of several chapters need: cases of a prediction, random scores, the softmax."""

import numpy as np

from gdcore.check.declaration import Case

__all__ = ["items", "log_softmax", "of_truth", "scores"]


def items(*names):
    """Cases of a question whose answer is a dictionary: one an item, the same for every seed."""
    return lambda rng: [Case(name, {"item": name}) for name in names]


def scores(rng, n, classes, spread=1.0):
    """Inputs of a classifier's loss: `z`, the scores (n, classes), and `k`, the true classes (n,)."""
    return {"z": np.round(spread * rng.normal(size=(n, classes)), 3), "k": rng.integers(0, classes, n)}


def log_softmax(z, axis=1):
    """The logarithm of the softmax along an axis, without overflow."""
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def of_truth(log_p, k):
    """Of each row the entry of its class."""
    return log_p[np.arange(len(k)), k]
