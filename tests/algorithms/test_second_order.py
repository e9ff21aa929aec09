"""Second-order methods: closed forms, SciPy and torch as peers, their identities, and the usual mistakes planted."""

import dataclasses

import numpy as np
import pytest
import scipy.optimize as so
import torch

from gdcore.algorithms import second_order as M
from gdcore.algorithms.second_order import (
    BFGS,
    LBFGS,
    GaussNewton,
    HessianFree,
    Newton,
    NonlinearCG,
    Problem,
    TrustRegion,
    conjugate_gradients,
    descend,
    of_torch,
)

rng = np.random.default_rng(0)
ROSE = lambda: Problem(so.rosen, so.rosen_der, so.rosen_hess, so.rosen_hess_prod)
START = np.array([-1.2, 1.0, -1.2, 1.0])
METHODS = {"Newton": Newton(), "searched": Newton(absolute=True, search=True), "trust region": TrustRegion(), "Hessian-free": HessianFree(),
           "nonlinear CG": NonlinearCG(), "BFGS": BFGS(), "L-BFGS": LBFGS()}  # fmt: skip


def bowl(curvatures, turned=True):
    Q = np.linalg.qr(rng.normal(size=(len(curvatures),) * 2))[0] if turned else np.eye(len(curvatures))
    H = Q @ np.diag(curvatures) @ Q.T
    return Problem(lambda x: x @ H @ x / 2, lambda x: H @ x, lambda x: H)


def logistic(n=200, d=8):
    A = rng.normal(size=(n, d)) * np.geomspace(1, 30, d)
    y = (A @ rng.normal(size=d) / 30 + rng.normal(size=n) > 0) * 2.0 - 1
    share = lambda x: 1 / (1 + np.exp(y * (A @ x)))
    return Problem(
        lambda x: np.logaddexp(0, -y * (A @ x)).mean() + 0.005 * x @ x, lambda x: -A.T @ (y * share(x)) / n + 0.01 * x,
        lambda x: (A.T * (share(x) * (1 - share(x)))) @ A / n + 0.01 * np.eye(d))  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_they_arrive_on_rosenbrock_and_on_logistic_regression(name):
    walk = descend(METHODS[name], ROSE(), START[:2], 300)
    assert walk.status == "converged" and np.abs(walk.points[-1] - 1).max() < 1e-6, walk.message
    problem = logistic()
    given = dict(jac=problem.gradient, hess=problem.hessian, method="trust-exact", options={"gtol": 1e-12})
    best = so.minimize(problem.value, np.zeros(8), **given).x
    walk = descend(METHODS[name], dataclasses.replace(problem, asked={}), np.zeros(8), 500, 1e-10)
    assert walk.status == "converged" and np.abs(walk.points[-1] - best).max() < 1e-6, walk.message


def test_newton_is_done_in_one_step_and_does_not_know_units():
    x = rng.normal(size=6)
    walk = descend(Newton(), bowl(np.geomspace(1, 1e6, 6)), x, 5, 1e-9)
    assert len(walk.points) == 2 and walk.asked["hessian"] == 1
    S = np.diag(np.geomspace(1, 1000, 8))
    problem = logistic()
    value, gradient, hessian = problem.value, problem.gradient, problem.hessian
    other = Problem(lambda z: value(S @ z), lambda z: S @ gradient(S @ z), lambda z: S @ hessian(S @ z) @ S)
    start = np.ones(8) * 0.01
    plain, scaled = descend(Newton(), problem, start, 4, 0), descend(Newton(), other, np.linalg.solve(S, start), 4, 0)
    assert np.allclose(plain.points, scaled.points @ S, atol=1e-8)


def test_who_goes_to_the_saddle():
    """x² − y² + y⁴/4 has a saddle at 0 and minima at y = ±√2."""
    saddle = Problem(lambda z: z[0] ** 2 - z[1] ** 2 + z[1] ** 4 / 4, lambda z: np.array([2 * z[0], -2 * z[1] + z[1] ** 3]),
                     lambda z: np.diag([2.0, -2 + 3 * z[1] ** 2]))  # fmt: skip
    ends = {name: descend(method, saddle, [1.0, 0.1], 100).points[-1] for name, method in METHODS.items()}
    assert np.abs(ends["Newton"]).max() < 1e-6
    for name in set(METHODS) - {"Newton"}:
        assert abs(ends[name][1]) == pytest.approx(2**0.5, abs=1e-6), name
    exactly_on_it = descend(TrustRegion(0.5), saddle, [1.0, 0.0], 100)  # the hard case: no slope along y
    assert abs(exactly_on_it.points[-1][1]) == pytest.approx(2**0.5, abs=1e-6)


@pytest.mark.parametrize("radius", [0.01, 0.3, 5.0])
def test_the_trust_regions_step_is_the_lowest_point_of_the_ball(radius):
    for seed in range(5):
        draws = np.random.default_rng(seed)
        H, g = draws.normal(size=(3, 3)), draws.normal(size=3)
        H = H + H.T
        p = M._within(H, g, radius)
        model = lambda p, H=H, g=g: g @ p + p @ H @ p / 2
        around = draws.normal(size=(20000, 3))
        around *= radius * draws.uniform(size=(20000, 1)) ** (1 / 3) / np.linalg.norm(around, axis=1, keepdims=True)
        assert np.linalg.norm(p) <= radius * (1 + 1e-9) and model(p) <= min(map(model, around)) + 1e-12


def test_conjugate_gradients_need_as_many_steps_as_distinct_curvatures():
    for curvatures, steps in (([1, 1, 1, 5, 5, 9], 3), ([7.0] * 6, 1), (np.arange(1, 7), 6)):
        problem, b = bowl(np.array(curvatures, dtype=float)), rng.normal(size=6)
        points, lengths = conjugate_gradients(problem.hessian(0).__matmul__, b)
        assert len(points) == steps + 1 and lengths[-1] < 1e-9
        assert np.allclose(points[-1], np.linalg.solve(problem.hessian(0), b), atol=1e-9)
    H = bowl(np.geomspace(1, 100, 50)).hessian(0)
    points, lengths = conjugate_gradients(lambda v: H @ v, np.ones(50), tolerance=0, steps=30)
    best = np.linalg.solve(H, np.ones(50))
    far = [np.sqrt((x - best) @ H @ (x - best)) for x in points]
    assert all(e <= 2 * (9 / 11) ** k * far[0] * (1 + 1e-9) for k, e in enumerate(far))  # the bound with √κ = 10


def test_levenberg_and_marquardt_fit_as_scipy_does():
    t = np.linspace(0, 4, 40)
    y = 2.5 * np.exp(-1.3 * t) + 0.5 + 0.02 * rng.normal(size=40)
    residuals = lambda x: x[0] * np.exp(-x[1] * t) + x[2] - y
    jacobian = lambda x: np.stack([np.exp(-x[1] * t), -x[0] * t * np.exp(-x[1] * t), np.ones_like(t)], axis=1)
    half = lambda x: residuals(x) @ residuals(x) / 2
    fit = lambda: Problem(half, lambda x: jacobian(x).T @ residuals(x), residuals=residuals, jacobian=jacobian)
    theirs = so.least_squares(residuals, [1.0, 0.3, 0.0], jacobian, method="lm", gtol=1e-12, xtol=1e-12, ftol=1e-12).x
    walk = descend(GaussNewton(), fit(), [1.0, 0.3, 0.0], 50, 1e-9)
    assert walk.status == "converged" and np.abs(walk.points[-1] - theirs).max() < 1e-7 and (np.diff(walk.values) < 0).all()
    far = [1.0, 6.0, 0.0]  # from here the undamped step is too long
    undamped = descend(GaussNewton(0.0), fit(), far, 50, 1e-9)
    assert undamped.status != "converged" or undamped.values.max() > 1.5 * undamped.values[0]
    assert descend(GaussNewton(), fit(), far, 200, 1e-9).status == "converged"


def test_two_loops_are_the_matrix_that_bfgs_keeps():
    problem, x = bowl(np.geomspace(1, 50, 5)), rng.normal(size=5)
    full, limited = descend(BFGS(), problem, x, 4, 0), descend(LBFGS(memory=4), problem, x, 4, 0)
    pairs = [(limited.points[k + 1] - limited.points[k], problem.gradient(limited.points[k + 1]) - problem.gradient(limited.points[k]))
             for k in range(4)]  # fmt: skip
    s, y = pairs[-1]
    H = (s @ y) / (y @ y) * np.eye(5)
    for s, y in pairs:
        V = np.eye(5) - np.outer(s, y) / (s @ y)
        H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    q = rng.normal(size=5)
    assert np.allclose(M.two_loops(pairs, q), H @ q, rtol=1e-10)
    assert np.allclose(H @ y, s, rtol=1e-10)  # the secant equation
    assert np.allclose(full.points[:2], limited.points[:2])


def test_lbfgs_needs_about_as_much_as_scipys():
    walk = descend(LBFGS(), ROSE(), START, 200)
    theirs = so.minimize(so.rosen, START, jac=so.rosen_der, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 0})
    assert walk.status == "converged" and walk.asked["gradient"] < 2 * theirs.nfev


def test_hessian_free_pays_in_products():
    curvatures = np.repeat([1.0, 10.0, 100.0], 20)
    problem = bowl(curvatures)
    H = problem.hessian(0)
    free = Problem(problem.value, problem.gradient, product=lambda x, v: H @ v)
    walk = descend(HessianFree(), free, rng.normal(size=60), 50, 1e-9)
    assert walk.status == "converged" and "hessian" not in walk.asked and walk.asked["product"] <= 4 * (len(walk.points) - 1)


def test_a_loss_of_torch():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)).double()
    x, y = torch.randn(30, 3, dtype=torch.float64), torch.randn(30, 1, dtype=torch.float64)
    loss = lambda: ((net(x) - y) ** 2).mean() + 1e-3 * sum((p**2).sum() for p in net.parameters())
    problem, start, write = of_torch(loss, net.parameters())
    g, v, h = problem.gradient(start), rng.normal(size=len(start)), 1e-5
    assert np.allclose(problem.product(start, v), (problem.gradient(start + h * v) - problem.gradient(start - h * v)) / (2 * h), atol=1e-7)
    assert g @ v == pytest.approx((problem.value(start + h * v) - problem.value(start - h * v)) / (2 * h), abs=1e-7)
    for method in (LBFGS(), HessianFree(damping=1e-3)):
        walk = descend(method, problem, start, 400, 1e-5)
        write(walk.points[-1])
        assert walk.status == "converged" and float(loss()) == pytest.approx(walk.values[-1], rel=1e-12)


def test_a_wrong_gradient_is_told_and_ends_the_walk():
    wrong = Problem(so.rosen, lambda x: -so.rosen_der(x), so.rosen_hess)
    for method in (BFGS(), LBFGS(), NonlinearCG(), TrustRegion()):
        walk = descend(method, wrong, START, 100)
        assert walk.status == "stuck" and walk.message
    singular = descend(Newton(), bowl(np.array([0.0, 1.0]), turned=False), [1.0, 1.0], 5)
    assert singular.status == "stuck" and "ingular" in singular.message


def test_levenberg_says_whether_it_has_arrived_or_the_jacobian_is_wrong():
    c, v = np.array([0.1, 0.3, 0.6, 1.0]), np.array([1.1, 2.0, 2.7, 3.1])
    r = lambda x: x[0] * c / (x[1] + c) - v
    J = lambda x: np.stack([c, -x[0] * c / (x[1] + c)], axis=1) / (x[1] + c)[:, None]
    for sign, said in ((1, "no further in float64"), (-1, "is the Jacobian right")):
        of = Problem(lambda x: r(x) @ r(x) / 2, lambda x: J(x).T @ r(x), residuals=r, jacobian=lambda x, s=sign: s * J(x))
        walk = descend(GaussNewton(), of, [3.0, 0.3], 200, 0)
        assert walk.status == "stuck" and said in walk.message


FAULTS = {
    "sign of the first loop": lambda pairs, q: M_two_loops(pairs, -q),
    "newest pair first": lambda pairs, q: M_two_loops(list(reversed(pairs)), q),
    "no scale of the first matrix": lambda pairs, q: M_two_loops(pairs, q) * (pairs[-1][1] @ pairs[-1][1]) / (pairs[-1][0] @ pairs[-1][1]),
}
M_two_loops = M.two_loops


@pytest.mark.parametrize("fault", FAULTS)
def test_the_usual_mistakes_break_the_secant_equation(fault):
    draws = np.random.default_rng(1)
    H = np.diag(np.geomspace(1, 50, 5))
    pairs = [(s, H @ s) for s in draws.normal(size=(3, 5))]
    s, y = pairs[-1]
    assert np.allclose(M_two_loops(pairs, y), s)
    assert not np.allclose(FAULTS[fault](pairs, y), s)


def flat(h, *value):
    """A bowl of one curvature in two directions, or with another value than its slopes tell."""
    H = np.diag(h) if np.ndim(h) else h * np.eye(2)
    fit = dict(residuals=lambda x: x, jacobian=lambda x: np.eye(2))
    return Problem(*(value or (lambda x: x @ H @ x / 2,)), lambda x: H @ x, lambda x: H, **fit)


def one(method, problem, x, *memory):
    x = np.array(x)
    g = problem.gradient(x)
    return method.update(problem, x, g, *(memory or method.init(x, g)))


def test_single_steps_are_those_by_hand():
    for x, radius, end, then in ([10.0, 0], 1.0, [9, 0], 2.0), ([1.0, 0], 1.005, [0, 0], 2.01), ([1.0, 0], 3.0, [0, 0], 3.0):
        new, _, memory = one(TrustRegion(radius), flat(1), x)
        assert np.allclose(new, end, atol=1e-12) and memory == (pytest.approx(then),)
    new, _, memory = one(TrustRegion(), flat(1, lambda x: 0.0), [10.0, 0])  # the value does not follow: a quarter of the step
    assert new[0] == 10 and memory == (pytest.approx(0.25),)
    for x, radius in ([1e-9, 0], 1e-15), ([1e3, 0], 1e-13):
        with pytest.raises(ArithmeticError, match="shrunk to nothing"):
            one(TrustRegion(radius), flat(1, lambda x: 0.0), x)
    assert np.linalg.norm(M._within(np.diag([-1.0, 1.0]), np.zeros(2), 2.0)) == pytest.approx(2)  # the hard case goes to the edge
    absolute = one(Newton(damping=1.0, absolute=True), flat([2.0, -4.0]), [1.5, 1.25])[0]
    assert np.allclose(absolute, [1.5 - 1, 1.25 + 1], rtol=1e-14)
    assert np.allclose(one(HessianFree(), flat(0.1), [3.0, 0])[0], 0, atol=1e-12)
    assert np.allclose(one(HessianFree(), flat(0.1), [300.0, 0])[0], 0, atol=1e-10)
    for method in (BFGS(), LBFGS()):
        assert np.allclose(one(method, flat(1), [1.5, 0])[0], [0.5, 0], rtol=1e-14)  # a first step is at most 1 long
    uphill, before = np.array([1.0, 0]), np.array([0.1, 0])
    assert np.allclose(one(NonlinearCG(), flat(1), [1.0, 0], uphill, before)[0], 0)  # begins anew, down the slope
    new, _, memory = one(GaussNewton(0.6), flat(1), [1.6, 0])
    assert np.allclose(new, [0.6, 0], rtol=1e-14) and memory == (pytest.approx(0.2),)
    points, lengths = conjugate_gradients(lambda v: 2 * v, np.array([4.0, 2.0]), x=[2.0, 1.0])
    assert len(points) == 1 and lengths[0] == 0
    problem = flat(1)
    walk = descend(Newton(), problem, [1.0, 2.0])
    assert walk.asked["gradient"] == 2 and walk.message == "the gradient is 0 long"
    walk = descend(GaussNewton(0.3), flat(1), [1.0, 0], tolerance=1e-3)
    assert walk.message == f"the gradient is {walk.norms[-1]:.2g} long" and len(walk.norms) > 3


def test_damped_steps_and_the_hard_case_by_hand():
    assert np.allclose(one(Newton(damping=1.0), flat(2), [3.0, 0])[0], [1, 0], rtol=1e-14)
    assert np.allclose(one(HessianFree(damping=0.1), flat(0.1), [3.0, 0])[0], [1.5, 0], rtol=1e-12)
    p = M._within(np.diag([-1.0, -0.5]), np.array([0.0, 1.0]), 3.0)
    assert np.allclose(np.abs(p), [5**0.5, 2], rtol=1e-12) and p[1] < 0
    new, g, _ = one(GaussNewton(0.6), flat(1), [1.6, 0])
    assert np.allclose(g, new, rtol=1e-14)
    assert one(NonlinearCG(), flat(1), [1.0, 0])[2][0][0] == -1.0


@pytest.mark.parametrize("gain, taken, radius", [(0.09, 0, 0.25), (0.11, 1, 0.25), (0.24, 1, 0.25), (0.26, 1, 1.0), (0.74, 1, 1.0),
                                                 (0.76, 1, 2.0), (1.5, 1, 2.0), (-1.0, 0, 0.25), (np.nan, 0, 0.25)])  # fmt: skip
def test_a_radius_follows_the_gain(gain, taken, radius):
    """From 10 a step of 1 foretells a gain of 9.5 on the bowl."""
    new, g, memory = one(TrustRegion(), flat(1, lambda x: 9.5 * gain * (x[0] - 10)), [10.0, 0])
    assert new[0] == pytest.approx(10 - taken) and g[0] == pytest.approx(10 - taken) and memory == (pytest.approx(radius),)
    if gain > 1:  # within the ball the radius stays
        assert one(TrustRegion(1.02), flat(1, lambda x: gain * x[0]), [1.0, 0])[2] == (1.02,)


def test_levenbergs_damping_by_hand():
    new, _, memory = one(GaussNewton(0.6), flat(1, lambda x: 9.0 * (x[0] < 1.2)), [1.6, 0])  # 1.6/1.6 is too long, 1.6/7 is not
    assert new[0] == pytest.approx(1.6 - 1.6 / 7, rel=1e-14) and memory == (pytest.approx(2.0, rel=1e-14),)
    assert one(GaussNewton(0.6), flat(1, lambda x: 1.27), [1.6, 0])[0][0] == pytest.approx(0.6)
    with pytest.raises(ArithmeticError, match="no damping makes the value fall"):
        one(GaussNewton(0.6), flat(1, lambda x: 1.29), [1.6, 0])
    short = Problem(lambda x: 0.0, lambda x: x, residuals=lambda x: x, jacobian=lambda x: 0.5 * np.eye(2))
    assert one(GaussNewton(0.6), short, [1.6, 0])[0][0] == pytest.approx(1.6 - 2.0, rel=1e-14)
    assert one(GaussNewton(0.0), flat(1, lambda x: 9.0), [1.6, 0])[0][0] == 0  # undamped, every step is taken
    for a, said in ((0.9e-13, "no further in float64"), (1.1e-13, "is the Jacobian right")):
        level = Problem(lambda x: 1.0, lambda x: x, residuals=lambda x: np.array([1.0, 0.0]),
                        jacobian=lambda x, a=a: np.array([[a**0.5], [1.0]]))  # fmt: skip
        with pytest.raises(ArithmeticError, match=said):
            one(GaussNewton(1e-6), level, [1.0])
    tried = []
    with pytest.raises(ArithmeticError):
        one(GaussNewton(1.0), flat(1, lambda x: tried.append(x) or 9.0), [1.6, 0])
    assert len(tried) == 17  # up to 10¹⁶


def test_conjugate_directions_by_hand():
    points, lengths = conjugate_gradients(lambda v: np.array([1.0, 2.0]) * v, [1, 1])
    assert points == pytest.approx(np.array([[0, 0], [2 / 3, 2 / 3], [1, 0.5]]))
    assert lengths == pytest.approx([2**0.5, 2**0.5 / 3, 0], abs=1e-15)
    for given, many in (({}, 3), (dict(steps=1), 2), (dict(tolerance=0.34), 2), (dict(tolerance=0.33), 3), (dict(x=[1, 0.5]), 1)):
        assert len(conjugate_gradients(lambda v: np.array([1.0, 2.0]) * v, [1, 1], **given)[0]) == many
    for curvature, many in ((-1.0, 1), (0.0, 1), (0.01, 2)):
        assert len(conjugate_gradients(lambda v, c=curvature: c * v, [1.0, 1.0], steps=1)[0]) == many
    down, before = np.array([-0.1, -0.2]), np.array([0.5, 0.5])
    assert one(NonlinearCG(), flat(1), [1.0, 0], down, before)[2][0] == pytest.approx([-1.1, -0.2])
    assert one(NonlinearCG(), flat(1), [1.0, 0], down, np.array([2.0, 0]))[2][0] == pytest.approx([-1, 0])
    assert one(NonlinearCG(), flat(1), [1.0, 0], down, np.array([1.0, 0.5]))[2][0] == pytest.approx([-1, 0])
    new, g, memory = one(NonlinearCG(), flat(1), [1.0, 0], down, before)
    assert np.array_equal(memory[1], [1, 0]) and np.array_equal(g, new)


def test_the_matrix_that_is_learned_by_hand():
    problem, x = flat([1, 4.0]), np.array([1.0, 1.0])
    for H in (None, np.array([[2.0, 0.5], [0.5, 1.0]])):
        new, g, (found,) = one(BFGS(), problem, x, H)
        s, y = new - x, g - problem.gradient(x)
        sy, before = s @ y, (s @ y) / (y @ y) * np.eye(2) if H is None else H
        cross = np.outer(s, before @ y)
        assert found == pytest.approx(before - (cross + cross.T) / sy + np.outer(s, s) * (1 + y @ before @ y / sy) / sy, rel=1e-12)
        down = -(x * [1, 4] if H is None else H @ (x * [1, 4]))
        assert s / np.linalg.norm(s) == pytest.approx(down / np.linalg.norm(down), rel=1e-14)
    pairs, kept = one(LBFGS(2), problem, x)[2][0], []
    for _ in range(3):
        kept.append(len(pairs))
        x, _, (after,) = one(LBFGS(2), problem, x, pairs)
        assert len(pairs) == kept[-1]  # the caller's stays as it is
        pairs = after
    assert kept == [1, 2, 2] and len(pairs) == 2


def test_where_the_value_only_rounds_the_slope_decides():
    """A value that does not fall lets no line search arrive; the line is level at a quarter of p."""
    x, p = np.array([1.0, 0]), np.array([-4.0, 0])
    for rise, lies in ((0.0, True), (4e-13, True), (6e-13, False)):
        problem = flat(1, lambda z, rise=rise: 5.0 + rise * (z[0] != 1))
        if lies:
            new, g = M._along(problem, x, x, p, True)
            assert new.tolist() == g.tolist() == [0, 0]
        else:
            with pytest.raises(ArithmeticError):
                M._along(problem, x, x, p, True)
    for there, lies in ((0.89, True), (0.91, False), (-0.89, True)):
        slope = lambda z, there=there: np.array([{1.0: 1.0, -3.0: -3.0}.get(z[0], there), 0.0])
        problem = Problem(lambda z: 5.0 + 1e-13 * (z[0] != 1), slope)
        if lies:
            assert M._along(problem, x, x, p, True)[1][0] == there
        else:
            with pytest.raises(ArithmeticError):
                M._along(problem, x, x, p, True)
    steeper = Problem(lambda z: 5.0 + 1e-13 * (z[0] != 1), lambda z: np.array([{1.0: 1.0, -3.0: 2.0}.get(z[0], 0.0), 0.0]))
    with pytest.raises(ArithmeticError):
        M._along(steeper, x, x, p, True)
    assert [a.tolist() for a in M._along(flat(1), x, x, p, False)] == [[-3, 0]] * 2


def test_a_bill_and_an_end_by_hand():
    problem = flat(1)
    for x in (1.0, 2.0, 1.0, 3.0, 2.0, 1.0):
        problem.value(np.array([x, 0]))
    assert problem.asked == {"value": 4}  # two are remembered
    assert problem.product(np.array([1.0, 0]), np.array([2.0, 3.0])).tolist() == [2, 3] and problem.asked == {"value": 4, "hessian": 1}
    walk = descend(Newton(), flat(1, lambda x: np.inf if x[0] < 1 else 1.0), [1.0, 0])
    assert (walk.status, walk.values.tolist(), walk.norms.tolist()) == ("converged", [1, np.inf], [1, 0])
    steep = Problem(lambda x: np.nan if x[0] < 1 else 1.0, lambda x: np.array([1.0]), lambda x: np.eye(1))
    walk = descend(Newton(), steep, [1.0], 3)
    assert (walk.status, walk.message, len(walk.points)) == ("stuck", "the value is no number any more", 2)
    walk = descend(TrustRegion(), flat(1), [10.0, 0], 2, 0.5)
    assert (walk.status, walk.message) == ("out of steps", "after 2 steps the gradient is still longer than 0.5") and len(walk.points) == 3
    assert walk.points[:, 0] == pytest.approx([10, 9, 7]) == walk.norms and walk.values == pytest.approx([50, 40.5, 24.5])
    assert descend(Newton(), flat(1), [0.5, 0], 0, 0.5).status == "converged"
    bare = Problem(lambda x: (x**2).sum() / 2, lambda x: 1.0 * x**1, lambda x: np.eye(2))
    assert descend(Newton(), bare, [1, 2]).points.tolist() == [[1, 2], [0, 0]]  # a list of whole numbers will do


def test_a_ball_by_hand():
    """diag(2, 4) and a slope of (−6, 0): from the middle the lowest point is (3, 0); (H + λ) p = 6 with p = 1 wants λ = 4."""
    within = lambda h, g, radius: M._within(np.diag(h), np.array(g), radius)
    assert within([2.0, 4.0], [-6.0, 0], 1.0) == pytest.approx([1, 0], rel=1e-12)
    assert within([2.0, 4.0], [-6.0, 0], 3.0).tolist() == [3, 0] and within([2.0, 4.0], [-1.0, 2.0], 1.0).tolist() == [0.5, -0.5]
    for h, shift in (([2.0, 4.0], 6.0), ([-3.0, 4.0], 6.0), ([0.5, 0.25], 0.125), ([-0.5, 0.25], 0.75), ([0.0, 1.0], 1e-6)):
        g = np.array([-6.0, 8.0])
        p = -g / (np.array(h) + shift)
        assert within(h, g, np.linalg.norm(p)) == pytest.approx(p, rel=1e-9)
    p = within([-2.0, -2.0, 1.0], [0.0, 0.0, 6.0], 4.0)  # (1 + 2) p₃ = −6, the rest of the length lies along either lowest curvature
    assert p[2] == pytest.approx(-2, rel=1e-12) and np.hypot(p[0], p[1]) == pytest.approx(12**0.5, rel=1e-12)
    p = within([-0.25, 0.5], [0.0, 0.75], 2.0)
    assert np.abs(p) == pytest.approx([3**0.5, 1], rel=1e-12)
    assert np.abs(within([0.0, 2.0], [0.0, 2.0], 3.0)) == pytest.approx([8**0.5, 1], rel=1e-12)


def test_small_numbers_and_late_ends_by_hand():
    assert one(TrustRegion(5e-15), flat(1, lambda x: 0.0), [1e-9, 0])[2][0] == pytest.approx(1.25e-15, rel=1e-6)
    uphill, before = np.array([0.02, 0]), np.array([0.1, 0])  # −1 + 90 · 0.02 goes up, by less than 1
    assert one(NonlinearCG(), flat(1), [1.0, 0], uphill, before)[2][0].tolist() == [-1, 0]
    assert one(BFGS(), flat([1, 4.0]), [1e-6, 1e-6])[2][0] is not None and len(one(LBFGS(), flat([1, 4.0]), [1e-6, 1e-6])[2][0]) == 1
    for a, said in ((0.9e-13, "no further in float64"), (1.1e-13, "is the Jacobian right")):
        level = Problem(lambda x: 100.0, lambda x: x, residuals=lambda x: np.array([10.0, 0.0]),
                        jacobian=lambda x, a=a: np.array([[a**0.5], [1.0]]))  # fmt: skip
        with pytest.raises(ArithmeticError, match=said):
            one(GaussNewton(1e-6), level, [1.0])
    steep = Problem(lambda x: np.nan if x[0] < 9 else 1.0, lambda x: np.array([1.0]), lambda x: np.eye(1))
    walk = descend(Newton(), steep, [10.0], 5)
    assert (walk.status, len(walk.points)) == ("stuck", 3)
    assert np.abs(M._within(np.diag([-1.0, -0.5]), np.array([0, 0.1]), 0.5)) == pytest.approx([0.21**0.5, 0.2], rel=1e-12)
    assert np.abs(M._within(np.diag([-1e10, 1.0]), np.array([0, 1.0]), 2.0)) == pytest.approx([2, 1e-10], rel=1e-9)
    assert conjugate_gradients(lambda v: 1.0 * v, [0, 0])[0].dtype == float
