"""The oracles of chapter 16 against torch's own bytes and roundings, one step on the whole batch, a search by hand, and the law itself."""

import numpy as np
import torch

from gdcore.check.declaration import question
from gdcore.check.questions import ch16, ch16_plan
from tests.grading.oracles.given import cases, expected


def test_blocks_are_torchs_fake_quantisation_block_by_block():
    for given, found in expected("16.1"):
        whole = []
        for part in torch.tensor(given["a"]).split(given["block"]):
            s = float(part.abs().max())
            whole.append(torch.fake_quantize_per_tensor_affine(part.float(), s / 127, 0, -128, 127) if s else part.float())
            assert (np.abs(found[sum(map(len, whole[:-1])) :][: len(part)] - part.numpy()) <= s / 254 * (1 + 1e-9)).all()
        np.testing.assert_allclose(found, torch.cat(whole).numpy(), rtol=1e-5, atol=1e-7)


def test_the_eight_numbers():
    told = question("16.2").oracle
    layer = torch.nn.Linear(64, 64, bias=False)
    layer(torch.ones(1, 64)).sum().backward()
    adam = torch.optim.Adam(layer.parameters())
    adam.step()
    kept = [layer.weight, layer.weight.grad, *(v for v in adam.state[layer.weight].values() if v.ndim)]
    assert told["Adam"] == 3 * sum(t.nbytes for t in kept) / layer.weight.numel()
    assert told["momentum"] == 3 * (2 + 2 + 4 + 4) and np.isclose(told["8-bit"], 3 * (2 + 2 + 4 + 2 * (256 + 4) / 256), rtol=1e-3)
    matrix = torch.nn.Parameter(torch.ones(3072, 1024))
    matrix.grad = torch.ones_like(matrix)
    factor = torch.optim.Adafactor([matrix])
    factor.step()
    assert told["Adafactor"] == sum(v.nbytes for v in factor.state[matrix].values() if v.ndim) / 1e3
    assert told["checkpoint"] == min(s + 36 / s for s in range(1, 37)) and told["batch"] == 16 * 512 / 4
    three = torch.tensor(3.0)
    assert (three + 0.999 * told["lost"]).bfloat16() == 3 and (three + 1.001 * told["lost"]).bfloat16() > 3
    assert (three - 0.999 * told["lost"]).bfloat16() == 3 and told["steps"] == 800 / (1 + 300 / 100) * (1 + 300 / 600)


def test_any_rounding_by_chance_with_the_right_mean_is_right():
    for given, case in cases("16.3"):
        x, step, u = given["x"], given["step"], given["u"]
        low = np.floor(x / step)
        for found in (step * np.floor(x / step + u), step * (low + (u < x / step - low)), step * np.ceil(x / step - u)):
            assert ch16.right_on_average(found, case.inputs, {}) == ""
        assert ch16.right_on_average(step * np.round(x / step), case.inputs, {}) != "" or "grid" in case.name


def test_parts_of_any_size_walk_as_the_whole_batch():
    for given, found in expected("16.4"):
        A, y = torch.tensor(given["A"]), torch.tensor(given["y"])
        w, lr, losses = torch.zeros(A.shape[1], dtype=torch.float64, requires_grad=True), given["lr"], []
        for _ in range(given["steps"] + 1):
            loss = ((A @ w - y) ** 2).mean()
            losses.append(loss.item())
            w.grad = None
            loss.backward()
            if w.grad.norm() > given["limit"]:
                w.grad *= given["limit"] / w.grad.norm()
            w.data -= lr * w.grad
            lr *= given["decay"]
        np.testing.assert_allclose(found, losses, rtol=1e-8)


def test_no_plan_is_better():
    for given, case in cases("16.5"):
        least, critical, images, largest = (int(given[name]) for name in ("least", "critical", "images", "largest"))
        steps = least
        while True:  # the smallest batch for which so many steps suffice
            batch = -(-least * critical // (steps - least)) if steps > least else np.inf
            if batch <= largest and batch * steps <= images:
                break
            steps += 1
        assert ch16_plan.best_plan(least, critical, images, largest)[0] == steps
        assert ch16_plan.within([batch, steps], case.inputs, {}) == "" != ch16_plan.within([batch, steps + 1], case.inputs, {})


def test_a_law_is_found_again():
    rng = np.random.default_rng(0)
    for _ in range(20):
        E, A, alpha, first, ratio = rng.uniform(0, 3), rng.uniform(1, 50), rng.uniform(0.1, 0.8), rng.uniform(10, 1e6), rng.uniform(2, 10)
        N = first * np.array([1, ratio, ratio**2, 77])
        L = E + A * N**-alpha
        np.testing.assert_allclose(ch16_plan.from_three(N[:3], L[:3], N[3]), [E, alpha, L[3]], rtol=1e-6, atol=1e-9)
