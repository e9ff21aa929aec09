"""The oracles of chapter 8 against torch, and against a search."""

import numpy as np
import torch
from scipy import optimize

from gdcore.check.declaration import question
from gdcore.check.judge import expected_output
from gdcore.check.questions import ch08_use
from gdcore.check.values import arrays

SEEDS = (0, 1, "a secret")


def cases(id):
    return [(case, expected_output(question(id), case)["value"]) for seed in SEEDS for case in question(id).cases(seed)]


def test_adam_is_torchs():
    for case, expected in cases("08.2"):
        given = {name: arrays(value) for name, value in case.inputs.items()}
        p = torch.tensor(given["x"], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.Adam([p], given["lr"], betas=(given["beta1"], given["beta2"]), eps=given["eps"])
        path = [p.detach().numpy().copy()]
        for _ in range(given["steps"]):
            p.grad = torch.tensor(given["gradient"](p.detach().numpy()))
            optimizer.step()
            path.append(p.detach().numpy().copy())
        np.testing.assert_allclose(expected, path, rtol=1e-11, atol=1e-13)


def test_adamw_is_torchs_with_a_schedule():
    for case, expected in cases("08.3"):
        params = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in case.inputs["parameters"]]
        optimizer = torch.optim.AdamW(params, **case.inputs["settings"])
        for t, grads in enumerate(case.inputs["gradients"], 1):
            optimizer.param_groups[0].update(case.inputs.get("changes", {}).get(str(t), {}))
            for p, g in zip(params, grads):
                p.grad = torch.tensor(g, dtype=torch.float64)
            optimizer.step()
            for p, wanted in zip(params, expected[t]):
                np.testing.assert_allclose(p.detach().numpy(), wanted, rtol=1e-11, atol=1e-13)


def test_sparse_adagrad_is_torchs_on_an_embedding():
    for case, (table, sums) in cases("08.4"):
        given = case.inputs
        layer = torch.nn.Embedding(*np.shape(given["table"]), sparse=True, dtype=torch.float64)
        layer.weight.data = torch.tensor(given["table"], dtype=torch.float64)
        optimizer = torch.optim.Adagrad(layer.parameters(), given["lr"], eps=given["eps"])
        optimizer.state[layer.weight]["sum"] = torch.tensor(given["sums"], dtype=torch.float64)
        (layer(torch.tensor(given["rows"])) * torch.tensor(given["grads"], dtype=torch.float64)).sum().backward()
        optimizer.step()
        np.testing.assert_allclose(layer.weight.detach().numpy(), table, rtol=1e-12)
        np.testing.assert_allclose(optimizer.state[layer.weight]["sum"].numpy(), sums, rtol=1e-12)


def test_the_mended_training_is_torchs():
    for case, expected in cases("08.5"):
        given = {name: arrays(value) for name, value in case.inputs.items()}
        A, y = torch.tensor(given["A"]), torch.tensor(given["y"])
        w = torch.zeros(A.shape[1], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.AdamW([w], given["lr"], weight_decay=given["decay"])
        loss = lambda rows, A=A, y=y, w=w: torch.nn.functional.binary_cross_entropy_with_logits(A[rows] @ w, y[rows])
        losses = [loss(slice(None)).item()]
        for _ in range(given["epochs"]):
            for k in range(0, len(y), given["batch"]):
                optimizer.zero_grad()
                loss(slice(k, k + given["batch"])).backward()
                optimizer.step()
            losses.append(loss(slice(None)).item())
        np.testing.assert_allclose(expected, losses, rtol=1e-9)


def test_no_search_finds_longer_steps():
    for n, beta1, beta2 in ((2, 0.9, 0.999), (5, 0.9, 0.999), (12, 0.8, 0.99)):
        a, b = ch08_use.shares(n, beta1, beta2)
        length = lambda g, a=a, b=b: -(a @ g) / np.sqrt(b @ g**2)
        found = -optimize.minimize(length, np.ones(n), method="BFGS", options={"gtol": 1e-10}).fun
        best = (beta1 / beta2) ** np.arange(n)[::-1]
        assert abs(found / -length(best) - 1) < 1e-6
        assert ch08_use.long_enough((-3 * best).tolist(), {"n": n, "beta1": beta1, "beta2": beta2}, {}) == ""
