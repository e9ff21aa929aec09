"""The oracles of chapter 15 are right: against gdcore's rules, its K-FAC, SciPy, and the numbers that the text tells."""

import numpy as np
import pytest
import torch
from scipy.linalg import fractional_matrix_power
from torch import nn

from gdcore.check.declaration import question
from gdcore.optim import KFAC
from gdcore.rules import SOAP, AdamW, Muon, Shampoo
from tests.grading.common import SEEDS


def cases(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield [np.array(v) if isinstance(v, list) else v for v in case.inputs.values()]


def test_whitening_is_that_of_scipys_powers():
    for W, gradients, lr, decay, eps in cases("15.1"):
        x, ages = W, decay ** np.arange(len(gradients))[::-1]
        for t in range(1, len(gradients) + 1):
            weights = (1 - decay) * ages[len(gradients) - t :]
            some = gradients[:t]
            L = np.einsum("t,tij,tkj->ik", weights, some, some) + eps * np.eye(W.shape[0])
            R = np.einsum("t,tji,tjk->ik", weights, some, some) + eps * np.eye(W.shape[1])
            x = x - lr * fractional_matrix_power(L, -0.25) @ some[-1] @ fractional_matrix_power(R, -0.25)
        assert np.allclose(question("15.1").oracle(W, gradients, lr, decay, eps), x, atol=1e-9)


def test_the_eight_numbers_come_out_of_runs():
    told = question("15.2").oracle
    rng = np.random.default_rng(0)
    X = np.diag([20.0, 21.0]) / np.linalg.norm([20, 21])
    assert np.linalg.norm(1.5 * X - 0.5 * X @ X.T @ X, 2) == pytest.approx(told["classic"], rel=1e-3)
    s = 1e-6
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    assert s / 1e-6 == pytest.approx(told["tiny"], rel=1e-3)
    U, _, Vt = np.linalg.svd(rng.normal(size=(400, 100)), full_matrices=False)
    assert np.sqrt(np.mean((U @ Vt) ** 2)) == pytest.approx(told["root mean square"])
    assert np.sum(np.diag([3, 4]) * np.eye(2)) == told["gain"]
    assert (4 + 1 + 1) / 4 == told["stable rank"]
    assert np.linalg.cond(np.kron(np.diag([1.0, 50.0]), np.diag([1.0, 20.0]))) == pytest.approx(told["curvatures"])
    layer = nn.Linear(9, 4)
    kfac = KFAC(layer)
    kfac.curvature(layer(torch.randn(20, 9)))
    assert sum(kfac.state[layer.weight][name].numel() for name in "AG") == told["factors"]
    W, lengths = rng.normal(size=(3, 3)), []
    rule, g = Shampoo(lr=1.0, eps=1e-12), rng.normal(size=(3, 3))
    memory = rule.init(W)
    for t in range(1, 17):
        new, *memory = rule.update(W, g, t, *memory)
        lengths.append(np.linalg.norm(new - W))
        W = new
    assert lengths[-1] / lengths[0] == pytest.approx(told["fading"], rel=1e-4)


def test_kfac_is_that_of_the_optimizer():
    """The loss is chosen so that its slopes are those given; G of the given slopes is put in by hand."""
    for W, X, slopes, lr, damping in cases("15.3"):
        layer = nn.Linear(W.shape[1] - 1, W.shape[0]).double()
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(W[:, :-1]))
            layer.bias.copy_(torch.tensor(W[:, -1]))
        kfac = KFAC(layer, lr=lr, momentum=0.0, damping=damping, kl_clip=None, likelihood="gaussian", samples=None)
        output = layer(torch.tensor(X))
        kfac.curvature(output)
        kfac.state[layer.weight]["G"] = torch.tensor(slopes.T @ slopes / len(slopes))
        ((output * torch.tensor(slopes)).sum() / len(X)).backward()
        kfac.step()
        theirs = torch.cat([layer.weight, layer.bias[:, None]], 1).detach().numpy()
        assert np.allclose(question("15.3").oracle(W, X, slopes, lr, damping), theirs, atol=1e-9)


def test_muon_is_the_rule_without_nesterov():
    for W, gradients, lr, beta in cases("15.4"):
        rule, x = Muon(lr=lr, weight_decay=0.0, momentum=beta, nesterov=False, eps=0.0), W
        memory = rule.init(x) if isinstance(rule.init(x), tuple) else (rule.init(x),)
        for t, g in enumerate(gradients, 1):
            x, *memory = rule.update(x, g, t, *memory)
        assert np.allclose(question("15.4").oracle(W, gradients, lr, beta), x, atol=1e-9)


def test_the_plan_holds_for_real_matrices_and_is_tight():
    proof = question("15.5").proof
    for case in question("15.5").cases(0):
        low, products = case.inputs["low"], case.inputs["products"]
        lift, settle = (3.4445, -4.7750, 2.0315), (1.5, -0.5, 0.0)
        steps = (products - 2) // 3
        assert proof([lift] * steps + [settle], case.inputs, {}) == ""
        assert proof([lift] * (steps - 1) + [settle], case.inputs, {}) != ""
        rng = np.random.default_rng(1)
        U, _, Vt = np.linalg.svd(rng.normal(size=(30, 30)))
        X = U * np.geomspace(low, 1, 30) @ Vt
        for a, b, c in [lift] * steps + [settle]:
            A = X @ X.T
            X = a * X + (b * A + c * A @ A) @ X
        s = np.linalg.svd(X, compute_uv=False)
        assert 0.85 <= s[-1] and s[0] <= 1.15


def test_what_is_remembered_is_what_the_rules_keep():
    rules = {"AdamW": AdamW(), "Muon": Muon(), "Shampoo": Shampoo(), "SOAP": SOAP()}

    def kept(rule, x):
        memory = rule.init(x)
        return sum(np.size(m) for m in (memory if isinstance(memory, tuple) else (memory,)))

    for method, shapes, hidden in cases("15.6"):
        theirs = sum(kept(rules[method] if inner else rules["AdamW"], np.zeros((n, m * h * w)))
                     for (n, m, h, w), inner in zip(shapes, hidden, strict=True))  # fmt: skip
        assert question("15.6").oracle(method, shapes, hidden) == theirs
