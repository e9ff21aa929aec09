"""The oracles of chapter 10 are right: against autograd, torch's clipping and scaler, and runs."""

import numpy as np
import pytest

from gdcore.check.declaration import question
from gdcore.check.execute import run
from gdcore.propagation import propagate
from tests.grading.common import SEEDS


def cases(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield [np.array(v) if isinstance(v, list) else v for v in case.inputs.values()]


def test_the_six_numbers_come_out_of_runs():
    told = question("10.1").oracle
    assert told["ReLU"] == pytest.approx(propagate(20, 1.0, "ReLU").backward[0], rel=1e-3)
    s = 1 / (1 + np.exp(-np.linspace(-5, 5, 1001)))
    assert told["sigmoid"] == pytest.approx((s * (1 - s)).max() ** 10)
    square = 1.0
    for _ in range(10):
        square += square * 2 * 0.5 / 10  # He's σ² = 2, half of the units, c² = 1/10
    assert told["residual"] == pytest.approx(np.sqrt(square))
    g, steps = 1.0, 0
    while np.float16(g) > 0:
        g, steps = 0.6 * g, steps + 1
    assert steps == told["underflow"]
    assert told["clipped"] == pytest.approx(12 * 2.6 / np.linalg.norm([3, 4, 12]))
    v, k = 1 + 0.01 * 100**2, 0
    while v > 4:
        v, k = 0.99 * v + 0.01, k + 1
    assert abs(k - told["spike"]) < 1.5  # the text's formula leaves out that v had the share of a usual gradient at the spike


def test_back_through_time_is_autograds():
    torch = pytest.importorskip("torch")
    for W, H, g in cases("10.2"):
        W_ = torch.tensor(W)
        states = [torch.zeros(len(g), dtype=torch.float64, requires_grad=True)]
        for h in H:  # inputs that lead to just these states
            before = states[-1]
            x = torch.tensor(np.arctanh(np.clip(h, -1 + 1e-15, 1 - 1e-15))) - (W_ @ before).detach()
            states.append(torch.tanh(W_ @ before + x))
            states[-1].retain_grad()
        if np.abs(H).max() > 0.9995:
            continue  # a state that was rounded to ±1 has no finite input
        states[-1].backward(torch.tensor(g))
        assert np.allclose(question("10.2").oracle(W, H, g), [np.linalg.norm(s.grad) for s in states[::-1]], rtol=1e-8)


def test_clipped_descent_is_torchs():
    torch = pytest.importorskip("torch")
    for case in question("10.3").cases(1):
        ours = run("optimizer", question("10.3").oracle, case.inputs)["value"]
        parameters = [torch.nn.Parameter(torch.tensor(p, dtype=torch.float64)) for p in case.inputs["parameters"]]
        optimizer = torch.optim.SGD(parameters, lr=case.inputs["settings"]["lr"])
        for t, gradients in enumerate(case.inputs["gradients"], 1):
            optimizer.param_groups[0]["lr"] = case.inputs.get("changes", {}).get(str(t), {}).get("lr", optimizer.param_groups[0]["lr"])
            for p, g in zip(parameters, gradients):
                p.grad = torch.tensor(g, dtype=torch.float64)
            torch.nn.utils.clip_grad_norm_(parameters, case.inputs["settings"]["limit"])
            optimizer.step()
            for p, q in zip(parameters, ours[t]):
                assert np.allclose(p.detach(), q, rtol=1e-5, atol=1e-6)  # torch adds 1e-6 to the norm


def test_the_training_is_plain_descent_where_nothing_is_long_and_skips_what_overflows():
    oracle = question("10.4").oracle
    for A, y, lr, limit, scale, steps in cases("10.4"):
        free, w, losses = oracle(A, y, lr, 1e9, 1024.0, steps), np.zeros(A.shape[1]), []
        for _ in range(steps):
            w = w - lr * A.T @ (1 / (1 + np.exp(-A @ w)) - y) / len(y)
            losses.append(np.mean(np.logaddexp(0, A @ w) - y * (A @ w)))
        assert np.allclose(free, losses, rtol=0.02, atol=2e-3)  # float16 has three digits
        found = oracle(A, y, lr, limit, scale, steps)
        skipped = int(np.sum(found == np.log(2)))
        assert np.isfinite(found).all() and (skipped > 0) == (scale >= 2.0**20)
        if skipped:  # the rest is a run that begins with the scale that worked
            assert np.array_equal(found[skipped:], oracle(A, y, lr, limit, scale / 2**skipped, steps - skipped))


def test_a_branch_of_the_right_weight_is_that_of_the_theory():
    scale, depth = 1.3, 40
    c = np.sqrt((2.0 ** (2 / depth) - 1) * 2 / scale**2)
    judge = question("10.5").proof
    inputs = {"depth": depth, "scale": scale, "slope": 0.0, "growth": 2.0}
    assert judge(c, inputs, {}) == "" and judge(1.01 * c, inputs, {}) != "" and judge(1e9, inputs, {}) != ""
    chi = (propagate(1, scale, "leaky ReLU").backward[0]) ** 2  # slope 0.01, one layer
    c = np.sqrt((3.0 ** (2 / depth) - 1) / chi)
    assert judge(c, {"depth": depth, "scale": scale, "slope": 0.01, "growth": 3.0}, {}) == ""


def test_the_scale_is_torchs():
    torch = pytest.importorskip("torch")
    for largest, scale, interval in cases("10.6"):
        p = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([p], lr=1.0)
        scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=interval)
        scales, taken = [], []
        for size in largest:
            scales.append(scaler.get_scale())
            scaler.scale(torch.zeros(1))  # the scaler makes its state lazily
            fits = scales[-1] * size <= 65504
            p.grad = torch.tensor([1.0 if fits else torch.inf])
            before = p.item()
            scaler.step(optimizer)
            scaler.update()
            taken.append(p.item() != before)
        ours = question("10.6").oracle(largest, scale, interval)
        assert np.array_equal(ours[0], scales) and np.array_equal(ours[1], taken)
