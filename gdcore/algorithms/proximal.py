"""Descent on a smooth loss plus a penalty with corners: ISTA, FISTA, and the proximal steps of common penalties.

A method gets `slope(x)`, the gradient of the smooth part, and `prox(x, lr)`, the proximal step of the penalty h,
argmin over z of h(z) + |z − x|²/(2 lr). `descend` walks with them; `lasso` is the problem they were made for.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["FISTA", "ISTA", "box", "descend", "elastic_net", "group_lasso", "l1", "lasso", "soft_threshold"]


@dataclass(frozen=True)
class ISTA:
    """Proximal gradient descent: a step against the slope, then the proximal step of the penalty.

    Daubechies, Defrise and De Mol (2004), arXiv:math/0307152. lr: up to 1/L, L the largest curvature of the smooth part; there the
    excess loss after k steps is at most L |x₀ − x*|²/(2k).
    """

    lr: float

    def init(self, x):
        return ()

    def update(self, x, slope, prox):
        """(the next x, the memory)."""
        return prox(x - self.lr * slope(x), self.lr), ()


@dataclass(frozen=True)
class FISTA:
    """ISTA from a point ahead of x, with a momentum that grows towards 1. Beck and Teboulle (2009), SIAM J. Imaging Sciences 2(1).

    lr: up to 1/L; there the excess loss after k steps is at most 2 L |x₀ − x*|²/(k + 1)². The loss may rise on the way. restart: forget
    the momentum when the step and the way ahead disagree, O'Donoghue and Candès (2015), arXiv:1204.3982.
    """

    lr: float
    restart: bool = False

    def init(self, x):
        return x, 1.0

    def update(self, x, slope, prox, y, t):
        new = prox(y - self.lr * slope(y), self.lr)
        if self.restart and np.vdot(y - new, new - x) > 0:
            return new, (new, 1.0)
        after = (1 + np.sqrt(1 + 4 * t**2)) / 2
        return new, (new + (t - 1) / after * (new - x), after)


def descend(method, slope, prox, x, steps):
    """The points of `steps` steps from x, of shape (steps + 1, …)."""
    x = np.array(x, dtype=float)
    memory, points = method.init(x), [x]
    for _ in range(steps):
        x, memory = method.update(x, slope, prox, *memory)
        points.append(x)
    return np.array(points)


# -- penalties: each gives its proximal step, prox(x, lr) ------------------------------------------------------------------------------


def soft_threshold(x, limit):
    """Each entry brought nearer to 0 by `limit`, and to exactly 0 where it would cross it."""
    return np.sign(x) * np.maximum(np.abs(x) - limit, 0)


def l1(weight):
    """The penalty weight · Σ|x_i|: what is small becomes exactly 0. Tibshirani (1996)."""
    _check(weight=weight)
    return lambda x, lr: soft_threshold(x, lr * weight)


def elastic_net(weight, decay):
    """weight · Σ|x_i| + ½ decay · Σx_i²: the threshold of l1, then a shrinking. Zou and Hastie (2005)."""
    _check(weight=weight, decay=decay)
    return lambda x, lr: soft_threshold(x, lr * weight) / (1 + lr * decay)


def group_lasso(weight):
    """weight · the sum of the lengths of x's rows: a row is 0 as a whole or not at all. Yuan and Lin (2006). x: (rows, columns)."""
    _check(weight=weight)

    def prox(x, lr):
        length = np.linalg.norm(x, axis=1, keepdims=True)
        return x * np.maximum(1 - lr * weight / np.where(length > 0, length, 1), 0)

    return prox


def box(low, high):
    """0 within [low, high] and infinite outside: the proximal step is the projection."""
    if not np.all(np.asarray(low) <= np.asarray(high)):
        raise ValueError(f"The box from {low} to {high} is empty; give low ≤ high.")
    return lambda x, lr: np.clip(x, low, high)


def lasso(A, y, weight):
    """Least squares with an l1 penalty, |A x − y|²/(2n) + weight · Σ|x_i|: (loss, slope, prox, L). Tibshirani (1996).

    A: (n, d). y: (n,). L: the largest curvature of the smooth part. scikit-learn's Lasso(alpha=weight, fit_intercept=False) has the
    same minimum. Raises ValueError for shapes that do not go together and for a weight below 0.
    """
    A, y = np.asarray(A, dtype=float), np.asarray(y, dtype=float)
    if A.ndim != 2 or y.shape != (len(A),):
        raise ValueError(f"A has the shape {A.shape} and y {y.shape}; give A as (n, d) and y as (n,).")
    n = len(A)
    prox = l1(weight)
    loss = lambda x: np.sum((A @ x - y) ** 2) / (2 * n) + weight * np.abs(x).sum()
    slope = lambda x: A.T @ (A @ x - y) / n
    return loss, slope, prox, float(np.linalg.norm(A, 2) ** 2 / n)


def _check(**values):
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name} is {value!r}; give a number from 0 up.")
