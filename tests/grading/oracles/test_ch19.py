"""The oracles of chapter 19 against closed forms, the algorithms of gdcore and measurements."""

import math

import numpy as np
import torch

from gdcore.algorithms import gradient_free as G
from gdcore.check.declaration import question
from gdcore.check.functions import function
from gdcore.check.values import arrays
from gdcore.optim import MeZO
from gdcore.rules import GD
from tests.grading.common import solutions
from tests.grading.oracles.given import cases, expected


def test_two_values_are_spsas_where_the_moves_are_signs():
    for (given, case), (_, found) in zip(cases("19.1"), expected("19.1")):
        f, x, c, delta = given["f"], np.array(given["x"]), given["c"], np.array(given["delta"])
        if set(np.abs(delta)) == {1.0}:
            method = G.SPSA(lr=1.0, c=c, alpha=0.0, gamma=0.0)
            points = np.stack([x + c * delta, x - c * delta])
            np.testing.assert_allclose(x - method.tell(method.init(x), points, [f(p) for p in points])["x"], found, rtol=1e-9)
        # on a quadratic it is exact along the move: Δ · slope is n times the slope along Δ
        if case.inputs["f"]["function"] == "quadratic":
            g = function(**case.inputs["f"], part="gradient")
            np.testing.assert_allclose(found @ delta / len(x), (found * delta)[0], rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose((found * delta)[0], np.array(g(x)) @ delta, rtol=1e-5, atol=1e-8)


def test_a_child_is_that_of_the_one_plus_one_strategy():
    method = G.OnePlusOne(1.0)
    for given, found in expected("19.2"):
        f, x = given["f"], np.array(given["x"])
        state = {"x": x, "value": f(x), "sigma": given["sigma"]}
        point = x + given["sigma"] * np.array(given["e"])
        after = method.tell(state, point[None], [f(point)])
        np.testing.assert_allclose(found, [*after["x"], after["sigma"]], rtol=1e-12)


def test_the_eight_numbers():
    told = question("19.3").oracle
    e = np.random.default_rng(0).normal(size=(100_000, 18))
    g = np.eye(18)[0]
    assert abs(((e @ g) ** 2 * (e**2).sum(axis=1)).mean() - told["length"]) < 0.6
    factor = lambda rate, d: 1 - 2 * rate + rate**2 * (d + 2)
    rates = np.linspace(1e-3, 0.3, 3000)
    assert abs(rates[np.argmin([factor(r, 8) for r in rates])] - told["rate"]) < 1e-4
    assert G.CMAES().constants(20)[0] == told["population"] and told["pairs"] == 25 * 2 * 200 and told["differences"] == 10 + 1
    p = told["success"]
    assert math.isclose(p * math.log(2), (1 - p) * math.log(2) / 9) and math.isclose(told["accept"], math.exp(-3 / 2))
    weights = torch.zeros(1000, dtype=torch.bfloat16, requires_grad=True)
    opt = MeZO([weights])
    opt.step(lambda: weights.float().sum())
    assert not opt.state and weights.grad is None and told["memory"] == 2 * weights.element_size()


def test_the_strategy_is_openais():
    for given, found in expected("19.4"):
        f, x, noise, sigma = given["f"], np.array(given["x"]), np.array(given["noise"]), given["sigma"]
        method = G.OpenAIES(sigma, noise.shape[1], GD(given["lr"]))
        state = method.init(x)
        for eps in noise:
            points = state["x"] + sigma * np.concatenate([eps, -eps])
            state = method.tell(state, points, [f(p) for p in points])
        np.testing.assert_allclose(found, state["x"], rtol=1e-9, atol=1e-12)


def test_the_stairs_have_no_slope_and_room_for_bad_luck():
    """Steps of every height, and a budget that twenty other seeds keep as well."""
    f = function("stairs", dimension=3, condition=4.0)
    assert f(np.array([1.0, 0.2, -0.3])) in 2.0 ** np.arange(-30, 30) and f(np.zeros(3)) == 0.0
    assert (function("stairs", part="gradient", dimension=3, condition=4.0)(np.ones(3)) == 0).all()
    solve = solutions()["19.5"][1]
    asked = question("19.5")
    late = 0
    for seed in range(20):
        for case in asked.cases(seed):
            given = {name: arrays(value) for name, value in case.inputs.items()}
            late += bool(asked.proof(solve(given["box"], np.array(given["x"])), case.inputs, case.hidden))
    assert late == 0


def test_a_walk_at_no_temperature_only_climbs_and_moods_are_whole():
    for given, found in expected("19.6"):
        glad, t = np.array(given["glad"]), np.array(given["table"])
        cold = question("19.6").oracle(glad, t, 1e-12, 1.0, given["guests"], given["chances"])
        assert (np.diff([t @ glad @ t / 2, *cold]) >= 0).all() and (found == np.round(found)).all()
        moods = [t @ glad @ t / 2]
        T, at = given["T"], t.copy()
        for g, u in zip(given["guests"], given["chances"]):
            other = at.copy()
            other[g] *= -1
            loss = at @ glad @ at / 2 - other @ glad @ other / 2
            at = other if loss <= 0 or u < math.exp(-loss / T) else at
            moods.append(at @ glad @ at / 2)
            T *= given["cooling"]
        np.testing.assert_allclose(found, moods[1:])
