"""Proximal descent: against scikit-learn, the optimality conditions, brute force, and the bounds of its papers."""

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso

from gdcore.algorithms import proximal
from gdcore.algorithms.proximal import FISTA, ISTA, box, descend, elastic_net, group_lasso, l1, lasso, soft_threshold

rng = np.random.default_rng(0)
A = rng.normal(size=(50, 20)) * np.geomspace(1, 0.1, 20)
y = A[:, :4] @ [2.0, -3.0, 1.0, 4.0] + 0.1 * rng.normal(size=50)
LOSS, SLOPE, PROX, L = lasso(A, y, 0.05)
BEST = Lasso(alpha=0.05, fit_intercept=False, tol=1e-14, max_iter=10**6).fit(A, y).coef_


@pytest.mark.parametrize("method", [ISTA(1 / L), FISTA(1 / L), FISTA(1 / L, restart=True)], ids=["ISTA", "FISTA", "restarted"])
def test_the_minimum_is_that_of_scikit_learn(method):
    end = descend(method, SLOPE, PROX, np.zeros(20), 20_000)[-1]
    assert np.abs(end - BEST).max() < 1e-8
    assert np.array_equal(end == 0, BEST == 0) and 0 < (end == 0).sum() < 20  # exact zeros, the same ones


def test_the_bounds_hold_and_tell_the_two_apart():
    """On the chain ½|Bx − e₁|², Nesterov's hard case: ISTA keeps its own bound and breaks FISTA's, so the momentum is at work."""
    B = np.eye(200) - np.eye(200, k=1)
    loss, slope, prox, L = lasso(B, np.eye(200)[0], 0.0)
    best, k = np.linalg.solve(B, np.eye(200)[0]), np.arange(1, 101)
    start = best + np.ones(200)
    excess = lambda method: np.array([loss(x) for x in descend(method, slope, prox, start, 100)[1:]])
    slow, fast = L * 200 / (2 * k), 2 * L * 200 / (k + 1) ** 2
    assert (excess(ISTA(1 / L)) <= slow).all() and (excess(FISTA(1 / L)) <= fast).all()
    ratio = excess(ISTA(1 / L))[-1] / excess(FISTA(1 / L))[-1]
    assert ratio > 3, ratio


def test_restart_never_waits_for_a_whole_wave():
    steps = {restart: np.argmax([LOSS(x) - LOSS(BEST) < 1e-10 for x in descend(FISTA(1 / L, restart), SLOPE, PROX, np.zeros(20), 5000)])
             for restart in (False, True)}  # fmt: skip
    assert 0 < steps[True] < steps[False]


@pytest.mark.parametrize("prox, penalty", [
    (l1(0.7), lambda z: 0.7 * np.abs(z).sum(axis=-1)),
    (elastic_net(0.7, 2.0), lambda z: (0.7 * np.abs(z) + z**2).sum(axis=-1)),
    (box(-0.5, 1.0), lambda z: np.where((z < -0.5) | (z > 1.0), np.inf, 0).sum(axis=-1)),
    (lambda x, lr: group_lasso(0.7)(x[None], lr)[0], lambda z: 0.7 * np.linalg.norm(z, axis=-1))], ids=["l1", "elastic", "box", "group"])
@pytest.mark.parametrize("x", [(1.3, -0.1), (0.2, 0.1), (-2.0, 0.9), (0.0, 0.0)])
def test_a_proximal_step_is_the_minimum_that_it_claims(prox, penalty, x):
    x, lr = np.array(x), 0.6
    axis = np.round(np.arange(-2.5, 2.5, 0.01), 2)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    cost = lambda z: penalty(z) + ((z - x) ** 2).sum(axis=-1) / (2 * lr)
    found = prox(x, lr)
    assert cost(found) <= cost(grid).min() + 1e-12
    assert np.abs(found - grid.reshape(-1, 2)[cost(grid).argmin()]).max() < 0.011  # the grid's spacing


def test_elastic_net_is_that_of_scikit_learn():
    _, slope, _, L = lasso(A, y, 0.0)
    end = descend(FISTA(1 / L, restart=True), slope, elastic_net(0.03, 0.02), np.zeros(20), 20_000)[-1]
    assert np.abs(end - ElasticNet(alpha=0.05, l1_ratio=0.6, fit_intercept=False, tol=1e-14, max_iter=10**6).fit(A, y).coef_).max() < 1e-8


def test_one_step_is_enough_where_the_columns_are_orthonormal():
    Q = np.linalg.qr(rng.normal(size=(30, 5)))[0] * np.sqrt(30)
    b = rng.normal(size=30)
    _, slope, prox, L = lasso(Q, b, 0.1)
    assert np.isclose(L, 1, rtol=1e-12)
    assert np.allclose(descend(ISTA(1 / L), slope, prox, np.ones(5), 1)[-1], soft_threshold(Q.T @ b / 30, 0.1), atol=1e-14)


def test_steps_penalties_and_the_lasso_by_hand():
    x, y, slope, plain = np.array([1.0, 2.0]), np.array([1.5, 1.0]), lambda z: 3 * z - 1, lambda z, lr: z - lr
    after = (1 + 17**0.5) / 2  # of t = 2
    assert ISTA(0.25).update(y, slope, plain)[0].tolist() == [0.375, 0.25] and ISTA(0.25).init(x) == ()
    for restart in (False, True):  # the step goes on where the way ahead points
        new, (ahead, t) = FISTA(0.25, restart).update(x, slope, plain, y, 2.0)
        assert new.tolist() == [0.375, 0.25] and t == after and np.allclose(ahead, new + (new - x) / after, rtol=1e-15)
    new, (ahead, t) = FISTA(0.25, True).update(np.array([0.3, 0.2]), slope, plain, y, 2.0)  # y − new and new − x agree, by 0.12
    assert new.tolist() == ahead.tolist() == [0.375, 0.25] and t == 1.0
    assert FISTA(0.25).init(x) == (x, 1.0) and descend(FISTA(0.25), slope, plain, [1.5, 1.0], 2).shape == (3, 2)
    assert soft_threshold(np.array([3.0, -2.0, 0.5, 0.0]), 1.0).tolist() == [2, -1, 0, 0]
    assert l1(4.0)(np.array([3.0, -1.0]), 0.5).tolist() == [1, 0] and l1(0.0) and box(1, 1)(np.array([0, 3]), 9).tolist() == [1, 1]
    assert elastic_net(4.0, 6.0)(np.array([6.0, -1.0]), 0.5).tolist() == [1, 0]
    rows = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [0.03, 0.04]])
    assert np.allclose(group_lasso(0.5)(rows, 0.5), [[2.85, 3.8], [0.15, 0.2], [0, 0], [0, 0]], rtol=1e-12, atol=0)
    loss, slope, prox, L = lasso([[1, 2], [3, 4], [0, 1]], [1, 2, 5], 0.5)
    at = np.array([1.0, -1.0])  # A x − y = −2, −3, −6
    assert loss(at) == pytest.approx(49 / 6 + 1, rel=1e-14) and slope(at) == pytest.approx([-11 / 3, -22 / 3], rel=1e-14)
    assert L == pytest.approx((31 + 905**0.5) / 6, rel=1e-14) and prox(at, 0.5).tolist() == [0.75, -0.75]


def test_what_cannot_be_is_refused_at_once():
    for make in (lambda: l1(-0.1), lambda: elastic_net(-0.1, 1), lambda: group_lasso(float("nan")), lambda: lasso(A, y, -0.1)):
        with pytest.raises(ValueError, match="weight is .*; give a number from 0 up"):
            make()
    with pytest.raises(ValueError, match="The box from 1 to 0 is empty"):
        box(1, 0)
    with pytest.raises(ValueError, match=r"A has the shape \(50, 20\) and y \(49,\)"):
        lasso(A, y[1:], 0.1)
    x = np.ones(20)
    descend(FISTA(1 / L), SLOPE, PROX, x, 3)
    assert (x == 1).all()  # the caller's point is his


FAULTS = {
    "threshold without the rate": lambda x, lr: soft_threshold(x, 0.05),
    "clipped, not shrunk": lambda x, lr: np.where(np.abs(x) < lr * 0.05, 0, x),
    "sign lost": lambda x, lr: np.maximum(np.abs(x) - lr * 0.05, 0),
}


@pytest.mark.parametrize("prox", FAULTS.values(), ids=FAULTS)
def test_the_usual_mistakes_end_elsewhere(prox):
    assert np.abs(descend(ISTA(1 / L), SLOPE, prox, np.zeros(20), 20_000)[-1] - BEST).max() > 1e-3


def test_the_list_of_names_is_whole():
    assert set(proximal.__all__) <= set(vars(proximal))
