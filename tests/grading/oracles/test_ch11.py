"""The oracles of chapter 11 are right: against searches, autograd, scikit-learn and SciPy."""

import functools

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import minimize
from sklearn.linear_model import Lasso
from torch.nn import functional as F

from gdcore.check.declaration import question
from tests.grading.common import SEEDS


def cases(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield [np.array(v) if isinstance(v, list) else v for v in case.inputs.values()]



def test_the_six_numbers_come_out_of_searches():
    told = question("11.1").oracle
    z = np.linspace(-2, 2, 400_001)
    assert told["ridge"] == pytest.approx(z[np.argmin(0.2 * (z - 1) ** 2 + 0.6 * z**2)], abs=1e-4)
    assert told["threshold"] == pytest.approx(z[np.argmin(0.3 * np.abs(z) + (z + 0.4) ** 2)], abs=1e-4)
    small = 1e-6
    assert (1 - (1 - 0.08 * small) ** 25) / small == pytest.approx(1 / told["stopped"], rel=1e-3)
    kept = F.dropout(torch.full((1000,), 2.0), 0.75)
    assert told["dropout"] == kept.max().item()
    scores = torch.zeros(1, 3, dtype=torch.float64)
    scores[0, 0] = told["smoothing"]
    scores.requires_grad_()
    F.cross_entropy(scores, torch.tensor([0]), label_smoothing=0.3).backward()
    assert scores.grad.abs().max() < 1e-4
    h, v = np.array([0.3, -0.2, 0.7]), np.array([1.0, 2.0, -1.0])
    curved = lambda c, e=1e-3: ((c * h @ (v / c + [e, 0, 0])) ** 2 - 2 * (h @ v) ** 2 + (c * h @ (v / c - [e, 0, 0])) ** 2) / e**2
    assert told["curvature"] == pytest.approx(4 * curved(3) / curved(1), rel=1e-4)


def penalised(z, v, lr, weight, group):
    z = z.reshape(v.shape)
    return weight * np.abs(z).sum() + group * np.linalg.norm(z, axis=1).sum() + np.sum((z - v) ** 2) / (2 * lr)


@pytest.mark.parametrize("seed", range(3))
def test_no_matrix_beats_the_proximal_step(seed):
    rng = np.random.default_rng(seed)
    for v, lr, weight, group in cases("11.2"):
        prox = np.array(question("11.2").oracle(v, lr, weight, group))

        cost = functools.partial(penalised, v=v, lr=lr, weight=weight, group=group)
        best = cost(prox.ravel())
        for size in (1e-1, 1e-3):
            for _ in range(30):
                assert cost(prox.ravel() + size * rng.normal(size=v.size)) >= best
        assert minimize(cost, v.ravel(), method="Powell").fun >= best - 1e-9


def test_early_stopping_by_another_way_of_counting():
    for losses, patience, least in cases("11.3"):
        kept, stopped = 0, len(losses) - 1
        for k in range(1, len(losses)):
            if losses[k] < losses[kept] - least:
                kept = k
            if k - kept == patience:
                stopped = k
                break
        assert tuple(question("11.3").oracle(losses, patience, least)) == (kept, stopped)


def half(layer, A, y):
    return ((layer(torch.tensor(A))[:, 0] - torch.tensor(y)) ** 2).mean() / 2


def test_the_training_with_dropout_against_autograd():
    for A, y, masks, lr, p, decay in cases("11.4"):
        layer = torch.nn.Linear(A.shape[1], 1).double()
        torch.nn.init.zeros_(layer.weight), torch.nn.init.zeros_(layer.bias)
        groups = [{"params": [layer.weight], "weight_decay": decay}, {"params": [layer.bias]}]
        optimizer = torch.optim.SGD(groups, lr=lr)
        losses = []
        for mask in masks:
            optimizer.zero_grad()
            half(layer, A * mask / (1 - p), y).backward()
            optimizer.step()
            losses.append(half(layer, A, y).item())
        assert np.allclose(question("11.4").oracle(A, y, masks, lr, p, decay), losses, rtol=1e-9)


def test_the_strength_leaves_k_weights_of_scikit_learns_lasso():
    for A, y, k in cases("11.5"):
        falling = np.append(np.sort(np.abs(A.T @ y) / len(y))[::-1], 0)
        strength = 2 * falling[0] if k == 0 else (falling[k - 1] + falling[k]) / 2
        weights = Lasso(alpha=strength, fit_intercept=False, tol=1e-12, max_iter=10_000).fit(A, y).coef_
        inputs = {"A": A, "y": y, "k": k}
        assert (weights != 0).sum() == k and question("11.5").proof(strength, inputs, {}) == ""
        assert question("11.5").proof(falling[k], inputs, {}) == ""
        assert k == 0 or question("11.5").proof(falling[k - 1], inputs, {}) != ""


def test_the_interval_against_scipy():
    for a, b, _ in cases("11.6"):
        found = stats.ttest_rel(b.mean(axis=1), a.mean(axis=1)).confidence_interval(0.9)
        mean, low, high = question("11.6").oracle(a, b, stats.t.ppf(0.95, len(a) - 1))
        assert (low, high) == pytest.approx((found.low, found.high)) and mean == pytest.approx((low + high) / 2)
