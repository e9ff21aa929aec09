"""The oracles of chapter 9 against scikit-learn, torch's autograd, and the property that each start is made for."""

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch.nn import functional as F

from gdcore.check.declaration import question
from gdcore.check.judge import expected_output
from gdcore.check.questions import ch09_use
from gdcore.check.values import arrays

SEEDS = (0, 1, "a secret")


def cases(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield {name: arrays(value) for name, value in case.inputs.items()}, expected_output(question(id), case)["value"]


def test_a_table_is_scikit_learns_but_for_zeros_and_ones():
    special = 0
    for given, (train, other) in cases("09.1"):
        scaler = StandardScaler().fit(given["train"])
        stays = np.isin(given["train"], (0, 1)).all(axis=0)
        for part, found in ((given["train"], train), (given["other"], other)):
            np.testing.assert_allclose(found, np.where(stays, part, scaler.transform(part)), rtol=1e-12, atol=1e-12)
        special += int(stays.any()) + int((given["train"].std(axis=0) == 0).any())
    assert special >= 4 * len(SEEDS)


def test_the_six_numbers_follow_from_data():
    told = question("09.2").oracle
    rng = np.random.default_rng(0)
    noise = np.linalg.qr(rng.normal(size=(1000, 3)) - rng.normal(size=(1000, 3)).mean(axis=0)).Q
    noise = np.linalg.qr(noise - noise.mean(axis=0)).Q * 1000**0.5  # mean 0, spread 1, not correlated
    a, b = noise[:, 0], noise[:, 1]
    kappa = lambda *columns: np.linalg.cond(np.column_stack(columns)) ** 2
    assert np.isclose(kappa(200 * a, b), told["unit"]) and np.isclose(np.mean((a + 3) ** 2), told["mean"])
    assert np.isclose(kappa(a, 0.8 * a + 0.6 * b), told["correlated"])
    column = np.repeat([1.0, 0.0], [1, 4])
    assert np.isclose(((column - column.mean()) / column.std())[0], told["rare"])
    assert np.isclose(1 / (1 + np.exp(-told["bias"])), 0.1)
    from gdcore.propagation import propagate

    assert np.isclose(propagate(20, 1.0, "ReLU").forward[-1], told["depth"], rtol=1e-3)


def test_a_measured_start_has_size_one_in_each_layer_and_keeps_directions():
    for given, W in cases("09.3"):
        a = torch.tensor(given["x"])
        for w, old in zip(torch.tensor(W, dtype=torch.float64), given["W"]):
            z = F.linear(a, w)
            assert abs(z.pow(2).mean().item() - 1) < 1e-10
            np.testing.assert_allclose(w, old * np.linalg.norm(w) / np.linalg.norm(old), rtol=1e-9)  # one number for the layer
            a = F.leaky_relu(z, given["slope"])


def test_the_training_is_torchs():
    for given, losses in cases("09.4"):
        X, y = given["X"], torch.tensor(given["y"])
        rng, d = np.random.default_rng(given["seed"]), X.shape[1]
        Z = torch.tensor(StandardScaler().fit_transform(X))
        W = torch.tensor(rng.normal(size=(given["hidden"], d)) * (2 / d) ** 0.5, requires_grad=True)
        v = torch.tensor(rng.normal(size=given["hidden"]) / given["hidden"] ** 0.5, requires_grad=True)
        b = torch.logit(y.mean()).requires_grad_()
        optimizer = torch.optim.SGD([W, v, b], lr=given["lr"])
        for expected in losses:
            loss = F.binary_cross_entropy_with_logits(F.relu(Z @ W.T) @ v + b, y)
            assert np.isclose(loss.item(), expected, rtol=1e-9)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def test_rms_norm_is_torchs_and_its_gradient_autograds():
    for given, (y, gradient) in cases("09.5"):
        a = torch.tensor(given["a"], requires_grad=True)
        answer = F.rms_norm(a, a.shape[1:], eps=given["eps"])
        answer.backward(torch.tensor(given["u"]))
        np.testing.assert_allclose(y, answer.detach(), rtol=1e-10)
        np.testing.assert_allclose(gradient, a.grad, rtol=1e-8, atol=1e-10)


def test_other_ways_to_whiten_arrive_as_well():
    ways = [lambda A: np.linalg.inv(np.linalg.cholesky(A.T @ A / len(A)).T),
            lambda A: np.linalg.inv(np.linalg.qr(A).R) * len(A) ** 0.5,
            lambda A: ch09_use.eigen(A, kind="both")]  # fmt: skip
    for seed in SEEDS:
        for case in question("09.6").cases(seed):
            for way in ways:
                assert ch09_use.arrives(way(np.array(case.inputs["A"])).tolist(), case.inputs, case.hidden) == ""
