"""The task of the atlas: softmax regression on 178 wines, small enough that every method of the book can be tried on it, and counted."""

import functools

import numpy as np
from sklearn.datasets import load_wine

DECAY = 0.01
COSTS = {"value": 1, "gradient": 2, "product": 3, "hessian": 43}  # sweeps, see `Task`


class Task:
    """f(x) of a vector of 42 weights, 14 × 3 by rows: mean cross-entropy plus ½ · 0.01 |x|², and what each look at it costs.

    A sweep multiplies all examples with a matrix of 14 × 3. A value takes one; a gradient two, there and back (the value at that place is
    then known); a product with the Hessian three; the whole Hessian 1 + 42, a sweep for each weight. rows: of the examples, all without it.
    """

    def __init__(self, rows=slice(None)):
        X, y = load_wine(return_X_y=True)
        X = (X - X.mean(0)) / X.std(0)
        self.X, self.Y = np.hstack([X, np.ones((len(X), 1))])[rows], np.eye(3)[y][rows]
        self.n, self.shape = len(self.X), (14, 3)

    def _shares(self, x):
        z = self.X @ x.reshape(self.shape)
        z = z - z.max(1, keepdims=True)
        e = np.exp(z)
        return z, e / e.sum(1, keepdims=True), np.log(e.sum(1))

    def value(self, x):
        z, _, log = self._shares(x)
        return float((log - (z * self.Y).sum(1)).mean() + DECAY / 2 * (x * x).sum())

    def gradient(self, x):
        return (self.X.T @ (self._shares(x)[1] - self.Y) / self.n).reshape(x.shape) + DECAY * x

    def slope(self, x, i):
        """The gradient of example i alone."""
        z = self.X[i] @ x.reshape(self.shape)
        e = np.exp(z - z.max())
        return np.outer(self.X[i], e / e.sum() - self.Y[i]).reshape(x.shape) + DECAY * x

    def product(self, x, v):
        p, along = self._shares(x)[1], self.X @ v.reshape(self.shape)
        along = p * (along - (p * along).sum(1, keepdims=True))
        return (self.X.T @ along / self.n).reshape(x.shape) + DECAY * v

    def hessian(self, x):
        p = self._shares(x)[1]
        middle = np.einsum("ni,ij->nij", p, np.eye(3)) - np.einsum("ni,nj->nij", p, p)
        H = np.einsum("na,nij,nb->aibj", self.X, middle, self.X, optimize=True) / self.n
        return H.reshape(42, 42) + DECAY * np.eye(42)


@functools.cache
def least():
    """The least value, from Newton's method."""
    task, x = Task(), np.zeros(42)
    for _ in range(20):
        x = x - np.linalg.solve(task.hessian(x), task.gradient(x))
    return task.value(x)


def goal(share=1e-3):
    """The value to reach: that share of the way from 0 to the minimum is still left."""
    return least() + share * (Task().value(np.zeros(42)) - least())


@functools.cache
def clients(how_many=6):
    """{number: Task} of machines that share the wines, sorted by grape, so that no two see the same mixture."""
    return {k: Task(rows) for k, rows in enumerate(np.array_split(np.arange(178), how_many))}


@functools.cache
def condition():
    """The condition number: of the Hessian at 0, where every walk begins."""
    values = np.linalg.eigvalsh(Task().hessian(np.zeros(42)))
    return float(values[-1] / values[0])
