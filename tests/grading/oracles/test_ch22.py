"""The oracles of chapter 22 against autograd, the unrolled training of the package, brute force and numerical integration."""

import functools
import math

import numpy as np
import torch
from scipy import integrate, stats

from gdcore.algorithms.unroll import hypergradient, with_tensors
from gdcore.check.declaration import question
from gdcore.check.questions import ch22_run
from gdcore.rules import GD, HeavyBall
from tests.grading.common import solutions
from tests.grading.oracles.given import cases, expected


def test_the_slope_in_the_rate_is_autograds():
    for given, found in expected("22.1"):
        h, x, v = (torch.tensor(np.array(given[k]), dtype=torch.float64) for k in ("h", "x", "v"))
        rate = torch.tensor(float(given["lr"]), dtype=torch.float64, requires_grad=True)
        new, _ = with_tensors(HeavyBall(momentum=given["beta"]), {"lr": rate}).update(x, h * x, 1, v)
        (0.5 * h * new**2).sum().backward()
        np.testing.assert_allclose(found, rate.grad.item(), rtol=1e-10)


def test_the_slope_of_the_end_is_that_of_the_unrolled_training():
    for given, found in expected("22.2"):
        curve = lambda x, t=None: x**4 - 2 * x**2 + 0.3 * x
        start, rate = (torch.tensor(float(given[k]), dtype=torch.float64) for k in ("x", "lr"))
        _, slopes = hypergradient(GD(), {"lr": rate}, curve, start, int(given["steps"]), lambda x: x)
        np.testing.assert_allclose(found, slopes["lr"].item(), rtol=1e-9)


def test_the_seven_numbers():
    told = question("22.3").oracle
    assert told["kept"] == 1000 * 50_000 and told["sparse"] == (1000 // 25 + 25) * 50_000 and told["forward"] == 12 * 50_000
    draw = np.random.default_rng(0)
    firsts = draw.geometric(1 / 8**5, 20_000)
    assert abs(firsts.mean() / told["starts"] - 1) < 0.03
    distance, values = 1.0, 0
    while distance > 1e-6:
        distance, values = distance * 0.5 ** (1 / 3), values + 40
    assert abs(values - told["digits"]) <= 40
    rates = [1 / (5 + 4 * math.cos(a)) for a in (math.pi / 4, 3 * math.pi / 4)]
    assert abs(ch22_run.worst(rates, 1, 9) - told["best"]) < 1e-9 and told["population"] == 8 * 400


def test_who_copies_whom_by_hand():
    given = dict(weights=[[1.0], [2.0], [3.0], [4.0]], velocity=[[10.0], [20.0], [30.0], [40.0]], rates=[0.1, 0.2, 0.3, 0.4],
                 losses=[3.0, 1.0, math.nan, 2.0], k=2, factors=[2.0, 0.5])  # fmt: skip
    weights, velocity, rates = question("22.4").oracle(**given)
    assert weights.ravel().tolist() == [4.0, 2.0, 2.0, 4.0] and velocity.ravel().tolist() == [40.0, 20.0, 20.0, 40.0]
    assert np.allclose(rates, [0.2, 0.2, 0.4, 0.4])


def test_no_search_finds_better_rates_for_everybody():
    choose, asked = solutions()["22.5"][1], question("22.5")
    for given, case in cases("22.5"):
        rates = choose(**given)
        assert asked.proof(rates, case.inputs, case.hidden) == ""
        left, draw = ch22_run.worst(rates, given["low"], given["high"]), np.random.default_rng(0)
        for _ in range(200):
            other = np.array(rates) * np.exp(0.1 * draw.normal(size=len(rates)))
            assert ch22_run.worst(other, given["low"], given["high"]) > 0.999 * left


def test_the_expected_improvement_is_the_integral():
    for given, found in expected("22.6"):
        for k, value in enumerate(found):
            mean, spread, mark = float(given["mean"][k]), float(given["spread"][k]), given["best"] - given["margin"]
            if spread == 0:
                assert value == max(mark - mean, 0)
                continue
            low = mean - 12 * spread
            gain = functools.partial(lambda y, mark, law: (mark - y) * law.pdf(y), mark=mark, law=stats.norm(mean, spread))
            whole = integrate.quad(gain, low, mark)[0] if mark > low else 0.0
            assert abs(value - whole) < 1e-7
