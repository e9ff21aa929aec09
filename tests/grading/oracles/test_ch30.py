"""The oracles of chapter 30 against other libraries, closed forms and counting."""

import numpy as np
import torch
from scipy import stats
from sklearn.preprocessing import StandardScaler

from gdcore.check.declaration import question
from gdcore.check.functions import function
from tests.grading.oracles.given import cases, expected


def test_scaling_is_scikit_learns():
    for given, found in expected("30.1"):
        scaler = StandardScaler().fit(given["train"])
        np.testing.assert_allclose(found, scaler.transform(np.concatenate([given["train"], given["later"]])), rtol=1e-9, atol=1e-12)
        assert (np.ptp(given["train"], axis=0) == 0).any()


def test_clipping_is_torchs():
    for given, found in expected("30.2"):
        sizes = [int(n) for n in given["sizes"]]
        weights = [torch.zeros(n, dtype=torch.float64, requires_grad=True) for n in sizes]
        for w, g in zip(weights, torch.split(torch.tensor(given["g"]), sizes)):
            w.grad = g.clone()
        torch.nn.utils.clip_grad_norm_(weights, given["limit"])
        left = [w.grad.numpy() for w in weights]
        np.testing.assert_allclose(found, np.concatenate([*left, [np.linalg.norm(g) for g in left]]), rtol=1e-5, atol=1e-9)


def test_the_eight_numbers():
    told = question("30.3").oracle
    assert 0.999 * told["edge"] * 25 < 2 < 1.001 * told["edge"] * 25
    assert np.isclose(told["unit"], np.mean(np.square([1.0, 2.0])) / np.mean(np.square([100.0, 200.0])))
    per_step = lambda k: -np.log((k - 1) / (k + 1))
    assert np.isclose(per_step(20) / per_step(400), told["memory"], rtol=2e-3)
    draws = np.random.default_rng(0).normal(0, np.sqrt(0.9 * 8), (20_000, 72)).mean(axis=1)
    assert np.isclose(draws.var(), told["batch"], rtol=0.05)
    assert np.isclose(told["depth"] ** 2, 0.81**20)
    scores = torch.zeros(1, 8, dtype=torch.float64)
    assert np.isclose(torch.nn.functional.cross_entropy(scores, torch.tensor([3])).item(), told["start"])
    x = np.linspace(-8, 8, 20_001)
    expected_top = np.sum(x * 200 * stats.norm.pdf(x) * stats.norm.cdf(x) ** 199) * (x[1] - x[0])
    assert np.isclose(0.5 + expected_top / (2 * np.sqrt(400)), told["champion"], rtol=1e-3)
    assert np.isclose(stats.norm.cdf(-1), told["verdict"], rtol=1e-5)


def test_the_honest_loop_is_torchs():
    """With torch's linear layer and SGD, and the epoch chosen afterwards from all that was kept."""
    for given, found in expected("30.4"):
        X, y, n = given["X"], given["y"], int(given["n"])
        scaler = StandardScaler().fit(X[:n])
        Z, target = torch.tensor(scaler.transform(X)), torch.tensor(y)
        layer = torch.nn.Linear(Z.shape[1], 1).double()
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        opt = torch.optim.SGD(layer.parameters(), lr=given["rate"])
        kept = []
        for order in np.array(given["orders"], dtype=int):
            for i in torch.split(torch.tensor(order), 4):
                opt.zero_grad()
                (0.5 * (layer(Z[i])[:, 0] - target[i]).square().mean()).backward()
                opt.step()
            with torch.no_grad():
                valid = (layer(Z[n:])[:, 0] - target[n:]).square().mean().item()
            kept.append([*layer.weight.detach().numpy()[0], layer.bias.item(), valid])
        np.testing.assert_allclose(found, min(kept, key=lambda row: row[-1]), rtol=1e-7)


def test_a_bowl_of_unlike_units_has_them():
    for given, case in cases("30.5"):
        f = {name: value for name, value in case.hidden["bowl"].items() if name not in ("part", "budget")}
        x = np.array(given["x"])
        slope = function(**f, part="gradient")
        curvature = slope(x + 1) - slope(x)
        assert np.isclose(curvature.max() / curvature.min(), f["condition"], rtol=1e-6)
        assert np.abs(x - f["centre"]).min() >= 1 and np.isclose(function(**f)(np.array(f["centre"])), 0)


def test_the_verdict_is_scipys():
    for given, found in expected("30.6"):
        a, b = given["a"], given["b"]
        assert np.isclose(given["t"], stats.t.ppf(0.975, len(a) - 1), atol=1e-3)
        interval = stats.ttest_rel(b, a).confidence_interval(0.95)
        np.testing.assert_allclose(found[:3], [np.mean(b - a), interval.low, interval.high], atol=2e-3)
        p = stats.ttest_rel(b, a).pvalue
        assert (found[3] != 0) == (p < 0.05) and (found[3] == 0 or found[3] == np.sign(found[0]))


def test_what_the_letter_tells():
    """The best of 150 coins has about 59 per cent of 200 questions right; 16 for 512 is 32 times the variance."""
    best = np.random.default_rng(0).binomial(200, 0.5, (4000, 150)).max(axis=1) / 200
    assert 0.585 < best.mean() < 0.6 and 512 / 16 == 32
