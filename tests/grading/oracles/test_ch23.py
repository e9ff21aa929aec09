"""The oracles of chapter 23 against walks, autograd, fits without an example, and linear programmes."""

import math

import numpy as np
import torch
from scipy.optimize import linprog

from gdcore.check.declaration import question
from gdcore.curvature import Hessian
from gdcore.rules import GD, HeavyBall
from gdcore.surfaces import deep_linear
from tests.grading.common import solutions
from tests.grading.oracles.given import cases, expected


def test_the_end_is_where_a_walk_arrives():
    for given, found in expected("23.1"):
        X, y, w, rates = (np.array(given[name]) for name in ("X", "y", "s", "rates"))
        root = np.sqrt(rates)
        curves = np.linalg.eigvalsh((X * rates) @ X.T)
        for _ in range(min(60_000, int(40 * curves[-1] / curves[0]) + 100)):
            w = w - rates * (X.T @ (X @ w - y)) / curves[-1]
        np.testing.assert_allclose(w, found, atol=1e-6)
        # of all answers it is the nearest, each way divided by the root of its rate
        beside = np.linalg.svd(X * root)[2][len(y):]
        np.testing.assert_allclose(beside @ ((found - np.array(given["s"])) / root), 0, atol=1e-9)


def test_credit_is_the_product_of_two_gradients_by_autograd():
    for given, found in expected("23.2"):
        X, x = torch.tensor(np.array(given["X"])), torch.tensor(np.array(given["x"]))
        k, total = torch.tensor(np.array(given["k"])), np.zeros(len(X))
        for w, rate, steps in zip(np.array(given["W"]), given["lr"], given["steps"]):
            W = torch.tensor(w, requires_grad=True)

            def slope(inputs, label, W=W):
                loss = torch.nn.functional.cross_entropy((inputs @ W)[None], label.reshape(1))
                return torch.autograd.grad(loss, W)[0]

            g = slope(x, torch.tensor(int(given["truth"])))
            total += rate * steps / len(X) * np.array([float((slope(row, label) * g).sum()) for row, label in zip(X, k)])
        np.testing.assert_allclose(found, total, rtol=1e-9, atol=1e-12)


def test_the_eight_numbers():
    told = question("23.3").oracle
    end = lambda curve: abs(walk(HeavyBall(lr=0.02, momentum=0.9), lambda v: curve * v, 1.0, 4000))
    assert end(told["edge"] * 0.99) < 1e-3 < 1 < end(told["edge"] * 1.01)
    x = torch.tensor([3 / 2, 2 / 3], dtype=torch.float64, requires_grad=True)
    assert abs(Hessian((x[0] * x[1] - 1) ** 2 / 2, x).sharpness() - told["curvature"]) < 1e-9
    valley, near = deep_linear(), np.array([2.0, 0.5]) + 1e-6
    stays = lambda lr: np.linalg.norm(walk(GD(lr=lr), valley.gradient, near, 300) - [2, 0.5]) < 1e-4
    assert stays(told["rate"] * 0.99) and not stays(told["rate"] * 1.01)
    row = np.array([3.0, 4.0])
    from_ = lambda s: np.linalg.norm(walk(GD(lr=0.02), lambda w: (row @ w - 10) * row, np.array(s), 200))
    assert abs(from_([0.0, 0.0]) - told["shortest"]) < 1e-9 and abs(from_([4.0, -3.0]) - told["from"]) < 1e-9
    r, slope = 6.0, 0.5  # dr/dt = c e^{−γr} with the c that has r = 6 at 1,000
    c = math.exp(slope * r) / slope / 1000
    assert abs(math.log(slope * c * 1e6) / slope - told["length"]) < 1e-9
    assert abs(walk(GD(lr=1e-4), valley.gradient, np.array([3.0, 1.0]), 50_000)[0] - told["slow"]) < 1e-3
    assert told["credit"] == sum(0.1 / 50 * 10 * product for product in (2, 0.5))


def walk(rule, slope, x, steps):
    memory = rule.init(x)
    for t in range(1, steps + 1):
        x, *memory = rule.update(x, slope(x), t, *memory)
    return x


def test_a_change_is_that_of_a_fit_without_the_example():
    for given, found in expected("23.4"):
        X, y, x = (np.array(given[name]) for name in ("X", "y", "x"))
        fit = lambda X, y, penalty=given["penalty"]: np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)
        anew = [fit(np.delete(X, i, 0), np.delete(y, i)) for i in range(len(y))]
        np.testing.assert_allclose(found, [x @ (w - fit(X, y)) for w in anew], rtol=1e-9, atol=1e-12)


def test_the_answer_with_few_weights_has_the_least_sum_of_sizes():
    """So it is the one that the family of the chapter goes to, and there is room for other starts."""
    solve, asked = solutions()["23.5"][1], question("23.5")
    for given, case in cases("23.5"):
        X, y, truth = np.array(given["X"]), np.array(given["y"]), np.array(case.hidden["truth"])
        d = X.shape[1]
        least = linprog(np.ones(2 * d), A_eq=np.c_[X, -X], b_eq=y, bounds=(0, None)).x
        np.testing.assert_allclose(least[:d] - least[d:], truth, atol=1e-6)
        assert asked.proof(solve(X, y), case.inputs, case.hidden) == ""


def test_a_fair_direction_follows_a_unit_that_is_rescaled():
    for given, found in expected("23.6"):
        W, b, D, d = (np.array(given[name]) for name in ("W", "b", "D", "d"))
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(np.column_stack([W, b]), axis=1))
        tens = np.where(np.arange(len(b)) == 0, 10.0, 1.0)
        again = question("23.6").oracle(tens[:, None] * W, tens * b, 3 * D, 3 * d)
        np.testing.assert_allclose(again, tens[:, None] * found)
