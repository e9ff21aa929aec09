"""The oracles of chapter 14 are right: against definitions, SciPy, gdcore's methods and the numbers that the text tells."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from gdcore.algorithms.second_order import LBFGS, Problem, TrustRegion, conjugate_gradients, descend
from gdcore.check.declaration import question
from gdcore.check.functions import function
from tests.grading.common import SEEDS


def cases(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield [np.array(v) if isinstance(v, list) else v for v in case.inputs.values()]


def test_the_safe_step_descends_and_is_damped_by_no_more_than_is_needed():
    for H, g, least in cases("14.1"):
        p = question("14.1").oracle(H, g, least)
        mu = np.mean(-(g + H @ p) @ p / (p @ p))  # (H + μI) p = −g
        assert np.allclose((H + mu * np.eye(len(g))) @ p, -g, atol=1e-9) and mu >= -1e-9 and g @ p < 0
        lowest = np.linalg.eigvalsh(H)[0]
        assert lowest + mu >= least - 1e-9 and (mu < 1e-9 or lowest + mu == pytest.approx(least))


def test_the_eight_numbers_come_out_of_runs():
    told = question("14.2").oracle
    curvatures = np.r_[np.ones(498), 50, 400]
    assert len(conjugate_gradients(lambda v: curvatures * v, np.ones(500))[0]) - 1 == told["distinct"]
    x, z, e = 1.0, 2.3, 1e-3
    for _ in range(2):
        x, e = x - 4 * x**3 / (12 * x**2), 10 * e**2
    for _ in range(20):
        z = z - np.sin(z - 2) / np.cos(z - 2)
    assert x == pytest.approx(told["fourth power"]) and z == pytest.approx(told["cosine"])
    assert np.log10(e) == pytest.approx(told["digits"])
    n, d = 10**6, 299
    assert n * d * (d + 1) / (2 * n * d) == told["price"] and 2 * 10 * 30e6 * 4 / 1e9 == pytest.approx(told["memory"])
    for unit in (1, 1000):
        H = np.diag(np.geomspace(1, 1e6, 20)) * unit**2
        walk = descend_newton(H, np.ones(20) / unit)
        assert walk == told["bowl"] == told["units"]


def descend_newton(H, x):
    steps = 0
    while np.linalg.norm(H @ x) > 1e-6 * np.linalg.norm(np.diag(H)):
        x, steps = x - np.linalg.solve(H, H @ x), steps + 1
    return steps


def test_the_damped_step_leads_where_scipy_ends():
    for t, y, x, mu in cases("14.3"):
        start = x
        for _ in range(500):
            a, b, mu = question("14.3").oracle(t, y, x, mu)
            loss = lambda x, t=t, y=y: np.sum((x[0] * np.exp(-x[1] * t) - y) ** 2)
            assert loss((a, b)) <= loss(x) * (1 + 1e-12)
            x = np.array([a, b])
            if mu > 1e12:
                break
        theirs = least_squares(lambda x, t=t, y=y: x[0] * np.exp(-x[1] * t) - y, start, method="lm", xtol=1e-12, ftol=1e-12)
        assert 2 * theirs.cost >= loss(x) * (1 - 1e-6) or np.allclose(theirs.x, x, rtol=1e-5)


def test_the_direction_is_that_of_bfgs_matrices():
    for S, Y, g in cases("14.4"):
        kept = [(s, y) for s, y in zip(S, Y) if s @ y > 0]
        H = np.eye(len(g)) * (kept[-1][0] @ kept[-1][1] / (kept[-1][1] @ kept[-1][1]) if kept else 1.0)
        for s, y in kept:
            V = np.eye(len(g)) - np.outer(s, y) / (s @ y)
            H = V @ H @ V.T + np.outer(s, s) / (s @ y)
        assert np.allclose(question("14.4").oracle(S, Y, g), -H @ g, rtol=1e-8)


def test_the_target_needs_the_right_method_and_lbfgs_misses_it():
    proof = question("14.5").proof
    for case in question("14.5").cases(0):
        named = {k: v for k, v in case.inputs["box"].items() if k not in ("part", "budget")}
        bowl = Problem(function(**named), function(**named, part="gradient"))
        looks = case.inputs["box"]["budget"] // 3
        walk = descend(LBFGS(), bowl, np.array(case.inputs["x"]), looks - 1, 0)
        assert proof(named["centre"], case.inputs, {}) == "" != proof(walk.points[0], case.inputs, {})


def test_the_way_in_the_ball_wins_at_least_half_of_what_can_be_won():
    """Steihaug's point gains half of the best there is, where the parabola is a bowl (Yuan 2000)."""
    for H, g, radius in cases("14.6"):
        p = question("14.6").oracle(H, g, radius)
        model = lambda p, H=H, g=g: g @ p + p @ H @ p / 2
        problem = Problem(model, lambda p, H=H, g=g: g + H @ p, lambda p, H=H: H)
        best = TrustRegion(radius).update(problem, np.zeros(len(g)), g, radius)[0]
        assert np.linalg.norm(p) <= radius * (1 + 1e-9) and model(best) <= model(p) + 1e-9 < 1e-9
        if np.linalg.eigvalsh(H)[0] > 0:
            assert model(p) <= model(best) / 2
        else:
            assert np.linalg.norm(p) == pytest.approx(radius)
