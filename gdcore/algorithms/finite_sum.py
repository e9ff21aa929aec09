"""Descent on a mean of n functions, one of them a step: SGD, and two ways to take its noise away, SVRG and SAGA.

A method gets `slope(x, i)`, the gradient of function i alone, and walks by `update`, which is told i. `descend` draws the i, walks for
some epochs, and counts what was paid: gradients of single functions, in units of n.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["SAGA", "SGD", "SVRG", "Walk", "descend", "ridge"]


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent: the gradient of one function stands for that of the mean. Robbins and Monro (1951).

    lr: the rate, a number, or a function of the step t from 1, such as `lambda t: 1 / (10 + t)`.
    """

    lr: float | Callable

    def init(self, slope, x, n):
        """(the memory, how many gradients it cost)."""
        return (0,), 0

    def update(self, slope, x, i, n, t):
        """(the next x, the next memory, how many gradients it cost)."""
        lr = self.lr(t + 1) if callable(self.lr) else self.lr
        return x - lr * slope(x, i), (t + 1,), 1


@dataclass(frozen=True)
class SVRG:
    """Stochastic variance-reduced gradient: SGD corrected by what the same function said at a snapshot w. Johnson and Zhang (2013).

    The step goes against ∇f_i(x) − ∇f_i(w) + ∇f(w), which is unbiased, and whose variance goes to 0 as x and w go to the minimum.
    lr: a constant rate; theory asks for less than 1/(4L), practice takes up to 1/L of the most curved function. inner: steps between
    two snapshots, in units of n; a snapshot costs n gradients, a step 2. The snapshot is the last point (option I).
    """

    lr: float
    inner: float = 2.0

    def init(self, slope, x, n):
        return (x, full(slope, x, n), 0), n

    def update(self, slope, x, i, n, w, mean, t):
        x = x - self.lr * (slope(x, i) - slope(w, i) + mean)
        if t + 1 < round(self.inner * n):
            return x, (w, mean, t + 1), 2
        return x, (x, full(slope, x, n), 0), 2 + n


@dataclass(frozen=True)
class SAGA:
    """SVRG's idea with a table instead of a snapshot: the last gradient of each function. Defazio, Bach and Lacoste-Julien (2014),
    arXiv:1407.0202.

    The step goes against ∇f_i(x) − table_i + mean of the table; then table_i is replaced. lr: theory takes 1/(3L). It costs one
    gradient a step, n to fill the table, and memory for n gradients.
    """

    lr: float

    def init(self, slope, x, n):
        table = np.stack([slope(x, i) for i in range(n)])
        return (table, table.mean(axis=0)), n

    def update(self, slope, x, i, n, table, mean):
        g = slope(x, i)
        x = x - self.lr * (g - table[i] + mean)
        mean = mean + (g - table[i]) / n
        table[i] = g  # in place: a copy at each step would cost n times as much as the step. The table is nobody else's
        return x, (table, mean), 1


def full(slope, x, n):
    """The gradient of the mean: all n of them."""
    return np.mean([slope(x, i) for i in range(n)], axis=0)


@dataclass(frozen=True)
class Walk:
    """Where a method was after each epoch: `points` of shape (epochs + 1, …), and `paid`, gradients of single functions over n."""

    points: Any
    paid: Any


def descend(method, slope, x, n, epochs, seed=0, *, order="replacement"):
    """Walk n steps an epoch, and keep the point after each: a `Walk`.

    slope(x, i): the gradient of function i, from 0 to n − 1, at x. x: an array. seed: of the order, a whole number or a Generator.
    order: "replacement" draws each i by itself; "shuffle" goes through all in a new order each epoch; "once" shuffles once; "sorted"
    goes from 0 to n − 1 each time. Raises ValueError for another order.
    """
    if order not in ORDERS:
        raise ValueError(f"order is {order!r}; it is one of {', '.join(ORDERS)}.")
    rng = np.random.default_rng(seed)
    x = np.array(x, dtype=float)
    memory, paid = method.init(slope, x, n)
    points, costs, first = [x], [paid], rng.permutation(n)
    for _ in range(epochs):
        for i in ORDERS[order](rng, n, first):
            x, memory, cost = method.update(slope, x, i, n, *memory)
            paid += cost
        points.append(x)
        costs.append(paid)
    return Walk(np.array(points), np.array(costs) / n)


ORDERS = {
    "replacement": lambda rng, n, first: rng.integers(0, n, n),
    "shuffle": lambda rng, n, first: rng.permutation(n),
    "once": lambda rng, n, first: first,
    "sorted": lambda rng, n, first: np.arange(n),
}


def ridge(A, y, decay):
    """Ridge regression as a finite sum, f_i(x) = ½(a_i·x − y_i)² + ½ decay |x|²: (slope, the minimum, L of the most curved f_i).

    A: (n, d). y: (n,). decay: above 0 for a minimum that is the only one. slope(x, i) takes x of shape (d,), or rows of such points.
    """
    A, y = np.asarray(A, dtype=float), np.asarray(y, dtype=float)
    n, d = A.shape
    slope = lambda x, i: (x @ A[i] - y[i])[..., None] * A[i] + decay * x
    return slope, np.linalg.solve(A.T @ A / n + decay * np.eye(d), A.T @ y / n), float((A**2).sum(axis=1).max() + decay)
