"""The oracles of chapter 6 are right: against torch, matrices multiplied out, and a search; and its notebook tells true numbers."""

import re

import numpy as np
import pytest

from gdcore.check.declaration import question
from gdcore.check.execute import run
from gdcore.check.functions import function
from gdcore.check.questions.ch06_choice import best_pair, closed_form
from tests.grading.common import SEEDS, code, graded, notebook

NAME = "06_momentum.ipynb"


def test_the_six_numbers_are_those_of_runs():
    told = question("06.1").oracle
    x, v, far = 1.0, 0.0, []
    for _ in range(400):
        v = 0.64 * v + 4 * x
        x = x - 0.1 * v
        far.append(abs(x))
    assert (max(far[-40:]) / max(far[-240:-200])) ** (1 / 200) == pytest.approx(told["swing"], rel=0.005)  # peaks, up to their phase
    M = lambda curvature, lr, beta: np.array([[1 + beta - lr * curvature, -beta], [1, 0]])
    radius = lambda *a: np.abs(np.linalg.eigvals(M(*a))).max()
    best = min(max(radius(1.0, a, b), radius(400.0, a, b)) for a in np.linspace(0.008, 0.0099, 60) for b in np.linspace(0.78, 0.86, 60))
    assert told["best"] < best < told["best"] + 0.01
    assert radius(50.0, 0.999 * told["limit"], 0.5) < 1 < radius(50.0, 1.001 * told["limit"], 0.5)
    v = w = 0.0
    for _ in range(2000):
        v, w = 0.95 * v + 3, 0.9 * w + 0.1
    assert 0.02 * v == pytest.approx(told["slope"])
    sum_of = 0.0
    for _ in range(2000):
        sum_of = 0.9 * sum_of + 1
    assert told["convert"] * sum_of == pytest.approx(0.5 * w)
    v = 1 / (1 - 0.5)  # settled at the rate 1, inside
    assert (0.5 * v + 0.1) / (0.1 / 0.5) == pytest.approx(told["coast"])


def test_the_ball_is_torchs():
    torch = pytest.importorskip("torch")
    for seed in SEEDS:
        for case in question("06.2").cases(seed):
            given = case.inputs
            gradient = function(**given["gradient"])
            p = torch.tensor(np.array(given["x"], dtype=float), requires_grad=True)
            optimizer = torch.optim.SGD([p], lr=given["lr"], momentum=given["momentum"])
            ours = question("06.2").oracle(gradient, np.array(given["x"]), given["lr"], given["momentum"], given["steps"])
            for t in range(given["steps"]):
                assert np.allclose(p.detach(), ours[t], rtol=1e-10, atol=1e-12)
                p.grad = torch.tensor(gradient(p.detach().numpy()))
                optimizer.step()
            assert np.allclose(p.detach(), ours[-1], rtol=1e-10, atol=1e-12)


def test_the_optimizer_is_torchs_under_a_schedule():
    torch = pytest.importorskip("torch")
    for case in question("06.3").cases(1):
        ours = run("optimizer", question("06.3").oracle, case.inputs)["value"]
        parameters = [torch.tensor(p, dtype=torch.float64) for p in case.inputs["parameters"]]
        optimizer = torch.optim.SGD(parameters, **case.inputs["settings"])
        for t, gradients in enumerate(case.inputs["gradients"], 1):
            optimizer.param_groups[0].update(case.inputs.get("changes", {}).get(str(t), {}))
            for p, g in zip(parameters, gradients):
                p.grad = torch.tensor(g, dtype=torch.float64)
            optimizer.step()
            assert all(np.allclose(p, q, rtol=1e-12) for p, q in zip(parameters, ours[t]))


def test_what_is_left_is_what_a_long_run_of_torch_leaves():
    torch = pytest.importorskip("torch")
    for case in question("06.4").cases(2):
        curvatures = torch.tensor(case.inputs["curvatures"], dtype=torch.float64)
        p = torch.ones_like(curvatures, requires_grad=True)
        optimizer = torch.optim.SGD([p], lr=case.inputs["lr"], momentum=case.inputs["momentum"], nesterov=True)
        sizes = []
        for _ in range(400):
            optimizer.zero_grad()
            (curvatures * p**2 / 2).sum().backward()
            optimizer.step()
            sizes.append(p.detach().norm().item())
        seen = (max(sizes[-100:]) / max(sizes[-300:-200])) ** (1 / 200)  # peaks of a swing, 200 steps apart
        assert seen == pytest.approx(closed_form(**case.inputs), abs=5e-3), case.name


def test_the_training_is_torchs():
    torch = pytest.importorskip("torch")
    for case in question("06.5").cases(0):
        A, B, y = (torch.tensor(case.inputs[name], dtype=torch.float64) for name in "ABy")
        w, u = (torch.ones(X.shape[1], dtype=torch.float64, requires_grad=True) for X in (A, B))
        optimizer = torch.optim.SGD([w, u], lr=case.inputs["lr"], momentum=case.inputs["momentum"])
        losses = []
        for _ in range(case.inputs["steps"] + 1):
            optimizer.zero_grad()
            loss = ((A @ w + B @ u - y) ** 2).mean()
            losses.append(loss.item())
            loss.backward()
            optimizer.step()
        given = [np.array(v) if isinstance(v, list) else v for v in case.inputs.values()]
        assert np.allclose(question("06.5").oracle(*given), losses, rtol=1e-10)


def test_the_broken_training_that_the_notebook_gives_is_named():
    scope = {"np": np}
    exec(next(source for source in code("exercises", NAME) if "def given" in source), scope)
    for seed in SEEDS:
        assert graded(question("06.5"), scope["given"], seed) == (0, [question("06.5").mistakes[0].name])


def test_no_pair_on_a_grid_beats_the_target():
    for mu, L in ((1.0, 100.0), (1.0, 3.0), (0.4, 8.0)):
        ends = np.array([mu, L])
        goal = closed_form(np.linspace(mu, L, 501), *best_pair(mu, L))
        assert goal == pytest.approx(1 - 2 / np.sqrt(3 * L / mu + 1), abs=1e-6)  # a double root: half of the digits
        rates, betas = np.linspace(0.5 / L, 2 / L, 61), np.linspace(0, 0.97, 98)
        assert min(closed_form(ends, lr, beta) for lr in rates for beta in betas) >= goal - 1e-6


def test_the_floors_that_the_notebook_tells():
    prose = next(c.source for c in notebook("exercises", NAME).cells if c.source.startswith("## 06.7"))
    rows = re.findall(r"^\| [ABC] \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", prose, flags=re.MULTILINE)
    assert len(rows) == 3
    for lr, beta, loss in ((float(cell) for cell in row) for row in rows):
        M, C = np.array([[1 + beta - lr, -beta], [1, 0]]), np.zeros((2, 2))
        for _ in range(5000):  # the covariance, step by step
            C = M @ C @ M.T + np.diag([lr**2, 0])
        assert loss == round(C[0, 0] / 2, 3)
