"""Finite sums: against the closed form of ridge regression, with the usual mistakes planted."""

import numpy as np
import pytest

from gdcore.algorithms.finite_sum import SAGA, SGD, SVRG, descend, full, ridge

N, D = 60, 5
rng = np.random.default_rng(0)
A = rng.normal(size=(N, D))
y = A @ rng.normal(size=D) + rng.normal(size=N)
SLOPE, BEST, L = ridge(A, y, 0.1)


def far(walk):
    return np.linalg.norm(walk.points - BEST, axis=1)


def test_ridge_is_a_mean_with_this_minimum():
    x, h = np.ones(D), 1e-6
    loss = lambda x: np.mean((A @ x - y) ** 2) / 2 + 0.05 * x @ x
    differences = [(loss(x + h * e) - loss(x - h * e)) / (2 * h) for e in np.eye(D)]
    assert np.allclose(full(SLOPE, x, N), differences, atol=1e-8)  # central differences: 1e-10 from rounding
    assert np.abs(full(SLOPE, BEST, N)).max() < 1e-13
    curvatures = [np.linalg.norm(np.outer(a, a) + 0.1 * np.eye(D), 2) for a in A]
    assert np.isclose(L, max(curvatures), rtol=1e-12)


@pytest.mark.parametrize("method, epochs", [(SVRG(lr=1 / (3 * L)), 90), (SAGA(lr=1 / (3 * L)), 90)], ids=["SVRG", "SAGA"])
@pytest.mark.parametrize("seed", range(3))
def test_noise_is_gone(method, epochs, seed):
    """At a constant rate they arrive; SGD at the same rate does not."""
    away = far(descend(method, SLOPE, np.zeros(D), N, epochs, seed))
    assert away[-1] < 1e-12 * away[0]
    stuck = far(descend(SGD(lr=method.lr), SLOPE, np.zeros(D), N, epochs, seed))
    assert stuck[-20:].min() > 1e-3


@pytest.mark.parametrize("method", [SVRG(lr=0.01), SAGA(lr=0.01)], ids=["SVRG", "SAGA"])
def test_a_step_is_unbiased(method):
    """The mean over i of one step, from a memory that is old, is the step of full descent."""
    memory, _ = method.init(SLOPE, np.zeros(D), N)
    x = np.ones(D)
    fresh = [(memory[0].copy(), *memory[1:]) for _ in range(N)]
    steps = [method.update(SLOPE, x, i, N, *fresh[i])[0] - x for i in range(N)]
    assert np.allclose(np.mean(steps, axis=0), -0.01 * full(SLOPE, x, N), rtol=1e-12)


def test_the_table_of_saga_is_the_last_gradients_and_their_mean():
    method, x = SAGA(lr=0.02), np.zeros(D)
    memory, _ = method.init(SLOPE, x, N)
    last = {}
    for i in np.random.default_rng(1).integers(0, N, 200):
        last[i] = SLOPE(x, i)
        x, memory, _ = method.update(SLOPE, x, i, N, *memory)
    table, mean = memory
    assert all(np.array_equal(table[i], g) for i, g in last.items()) and np.allclose(mean, table.mean(axis=0), rtol=0, atol=1e-13)


def test_what_was_paid_is_what_was_called():
    for method in (SGD(lr=0.01), SVRG(lr=0.01, inner=1.5), SAGA(lr=0.01)):
        calls = []
        counted = lambda x, i, calls=calls: calls.append(i) or SLOPE(x, i)
        walk = descend(method, counted, np.zeros(D), N, 4)
        assert walk.paid[-1] * N == len(calls), method
        assert walk.points.shape == (5, D) and len(walk.paid) == 5


def test_orders():
    seen = {}
    for order in ("replacement", "shuffle", "once", "sorted"):
        calls = []
        descend(SGD(lr=0.0), lambda x, i, calls=calls: calls.append(int(i)) or 0 * x, np.zeros(1), 30, 3, order=order)
        seen[order] = [calls[k : k + 30] for k in (0, 30, 60)]
    assert all(epoch == list(range(30)) for epoch in seen["sorted"])
    assert seen["once"][0] == seen["once"][1] != list(range(30)) and sorted(seen["once"][0]) == list(range(30))
    assert all(sorted(e) == list(range(30)) for e in seen["shuffle"]) and seen["shuffle"][0] != seen["shuffle"][1]
    assert any(sorted(e) != list(range(30)) for e in seen["replacement"])
    with pytest.raises(ValueError, match="order is 'random'; it is one of replacement, shuffle, once, sorted"):
        descend(SGD(lr=0.1), SLOPE, np.zeros(D), N, 1, order="random")


def test_a_rate_may_follow_the_step():
    rates = []
    descend(SGD(lr=lambda t: rates.append(t) or 1 / t), SLOPE, np.zeros(D), N, 1)
    assert rates == list(range(1, N + 1))


def test_the_callers_point_stays():
    x = np.zeros(D)
    descend(SAGA(lr=0.01), SLOPE, x, N, 1)
    assert not x.any()


# -- planted: what people write instead; each must fail one of the properties above ------------------------------------------------


class NoMean(SVRG):  # the snapshot's own gradient is forgotten
    def update(self, slope, x, i, n, w, mean, t):
        return super().update(slope, x, i, n, w, 0 * mean, t)


class WrongSign(SVRG):
    def update(self, slope, x, i, n, w, mean, t):
        x, memory, cost = super().update(lambda p, j: slope(p, j) if p is x else -slope(p, j), x, i, n, w, mean, t)
        return x, memory, cost


class NeverAnew(SVRG):  # the snapshot stays where it was: the noise does not go
    def update(self, slope, x, i, n, w, mean, t):
        return super().update(slope, x, i, n, w, mean, -1)[0], (w, mean, 0), 2


class NewBeforeUse(SAGA):  # the table is replaced before the step: the correction is 0
    def update(self, slope, x, i, n, table, mean):
        g = slope(x, i)
        mean, table[i] = mean + (g - table[i]) / n, g
        return x - self.lr * (g - table[i] + mean), (table, mean), 1


class MeanOfOne(SAGA):  # the mean moves by the whole difference instead of an n-th
    def update(self, slope, x, i, n, table, mean):
        before = table[i].copy()
        x, (table, new), cost = super().update(slope, x, i, n, table, mean)
        return x, (table, mean + (table[i] - before)), cost


@pytest.mark.parametrize("planted", [NoMean, WrongSign, NeverAnew, NewBeforeUse, MeanOfOne])
def test_planted_bugs_are_seen(planted, record_property):
    method = planted(lr=1 / (3 * L))
    with np.errstate(all="ignore"):
        away = far(descend(method, SLOPE, np.zeros(D), N, 90, 0))
    memory, _ = method.init(SLOPE, np.zeros(D), N)
    fresh = [(memory[0].copy(), *memory[1:]) for _ in range(N)]
    steps = [method.update(SLOPE, np.ones(D), i, N, *fresh[i])[0] - 1 for i in range(N)]
    unbiased = np.allclose(np.mean(steps, axis=0), -method.lr * full(SLOPE, np.ones(D), N), rtol=1e-12)
    found = not unbiased or not away[-1] < 1e-12 * away[0]
    record_property("planted", 1)
    record_property("killed", int(found))
    assert found


def test_single_steps_are_those_by_hand():
    slope, best, top = ridge([[1, 0], [0, 2]], [1, 4], 0.5)  # lists of whole numbers will do
    x = np.array([1.0, 1.0])
    assert np.allclose(slope(x, 1), [0.5, -3.5]) and top == 4.5 and np.allclose(best, [0.5, 4 / 2.5])
    new, memory, cost = SGD(lr=lambda t: 0.1 * t).update(slope, x, 1, 2, 2)
    assert np.allclose(new, [1 - 0.3 * 0.5, 1 + 0.3 * 3.5]) and (memory, cost) == ((3,), 1)
    svrg = SVRG(lr=0.1, inner=2.0)  # a snapshot each 4 steps of n = 2
    memory, paid = svrg.init(slope, x, 2)
    assert paid == 2 and memory[2] == 0
    ages, costs = [], []
    for i in (0, 1, 0, 1):
        x, memory, cost = svrg.update(slope, x, i, 2, *memory)
        ages.append(memory[2])
        costs.append(cost)
    assert ages == [1, 2, 3, 0] and costs == [2, 2, 2, 4] and memory[0] is x
    assert np.allclose(descend(SGD(lr=0.1), slope, [1, 1], 2, 1, order="sorted").points[1], [0.95 - 0.0475, 0.95 + 0.1 * (4.2 - 0.475)])
