"""The oracles of chapter 7 are right: against torch, recursions and searches; and its notebook tells true numbers."""

import re
import warnings

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from gdcore import schedules
from gdcore.check.declaration import question
from gdcore.check.execute import run
from gdcore.check.questions.ch07 import by_precision, ramp_of
from gdcore.check.questions.ch07_run import by_torchs_rule, left_by, near_a_tuned_line, trained, tuned_line
from tests.grading.common import SEEDS, code, graded, notebook

NAME = "07_schedules.ipynb"


def optimizer(lr=1.0):
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr)


def after(make, steps, lr=1.0):
    o = optimizer(lr)
    scheduler = make(o)
    for _ in range(steps):
        o.step()
        scheduler.step()
    return o.param_groups[0]["lr"]


def test_the_six_numbers_are_those_of_torch_and_of_runs():
    told, S = question("07.1").oracle, torch.optim.lr_scheduler
    assert told["ramp"] == pytest.approx(after(lambda o: S.LambdaLR(o, schedules.linear_warmup(100, 0)), 30, 0.5))
    assert told["cosine"] == pytest.approx(after(lambda o: S.CosineAnnealingLR(o, 1500), 500, 0.2))
    assert told["climb"] == pytest.approx(after(lambda o: S.CosineAnnealingLR(o, 1500), 2000, 0.2))
    o = optimizer()
    plateau, n = S.ReduceLROnPlateau(o, patience=3), 0
    while o.param_groups[0]["lr"] == 1.0:
        plateau.step(1.0)
        n += 1
    assert told["plateau"] == n
    rng = np.random.default_rng(0)
    x = 2 + np.zeros(400_000)
    for lr in (0.5, 0.2):
        x = x - lr * (x + rng.normal(size=len(x)))
    assert np.mean(x**2) == pytest.approx(told["error"], rel=0.02)
    x = np.zeros(200_000)
    for _ in range(60):
        x = x - 0.3 * (4 * x + rng.normal(size=len(x)))
    assert 2 * np.mean(x**2) == pytest.approx(told["cliff"], rel=0.02)


def ramp_of_torch(t, total, warmup, peak, end):
    S = torch.optim.lr_scheduler
    make = lambda o: S.SequentialLR(o, [S.LambdaLR(o, lambda k: k / warmup), S.CosineAnnealingLR(o, total - warmup, end)], [warmup])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [after(make, int(min(k, total)), peak) for k in t]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ramp_with_its_cosine_is_torchs(seed):
    whole = [case for case in question("07.2").cases(seed) if not (np.asarray(case.inputs["t"]) % 1).any()]
    assert len(whole) >= 4
    for case in whole:
        assert np.allclose(ramp_of(**case.inputs), ramp_of_torch(**case.inputs), atol=1e-9)


def left_of_one(log_rates, curvature, sigmas, e):
    for lr, s in zip(np.exp(log_rates), sigmas):
        e = (1 - lr * curvature) ** 2 * e + (lr * s) ** 2
    return e


@pytest.mark.parametrize("seed", SEEDS)
def test_no_search_finds_better_rates(seed):
    for case in question("07.3").cases(seed):
        curvature, sigmas, e = bowl = tuple(np.asarray(case.inputs[k], dtype=float) for k in ("curvature", "sigmas", "e"))
        ours = by_precision(curvature, sigmas, e)
        found = minimize(left_of_one, np.log(ours) + 0.3, args=bowl, method="BFGS")
        assert left_of_one(np.log(ours), *bowl) == pytest.approx(1 / (1 / e + np.sum(curvature**2 / sigmas**2)))
        assert left_of_one(np.log(ours), *bowl) <= found.fun * (1 + 1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plateau_is_torchs(seed):
    for case in question("07.4").cases(seed):
        lr, factor, patience, cooldown = (case.inputs[k] for k in ("lr", "factor", "patience", "cooldown"))
        o, rates = optimizer(lr), []
        theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(o, factor=factor, patience=patience, cooldown=cooldown, threshold=0, eps=0)
        for metric in case.inputs["metrics"]:
            theirs.step(float(metric))
            rates.append(o.param_groups[0]["lr"])
        assert np.allclose(by_torchs_rule(**case.inputs), rates, rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_loop_is_torchs(seed):
    for case in question("07.5").cases(seed):
        A, y = (torch.tensor(np.asarray(case.inputs[k])) for k in ("A", "y"))
        batch, orders = case.inputs["batch"], np.asarray(case.inputs["orders"])
        w = torch.zeros(A.shape[1], dtype=torch.float64, requires_grad=True)
        o, losses = torch.optim.SGD([w], lr=case.inputs["peak"]), []
        scheduler = torch.optim.lr_scheduler.PolynomialLR(o, len(orders) * -(-len(y) // batch))
        for order in orders:
            for some in torch.tensor(order).split(batch):
                o.zero_grad()
                ((A[some] @ w - y[some]) ** 2).mean().backward()
                o.step()
                scheduler.step()
            losses.append(((A @ w - y) ** 2).mean().item())
        assert np.allclose(trained(A.numpy(), y.numpy(), case.inputs["peak"], batch, orders), losses, rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_target_is_reached_by_a_line_and_by_no_constant(seed):
    for case in question("07.6").cases(seed):
        bowl = {k: case.inputs[k] for k in ("curvatures", "sigma", "e")}
        assert near_a_tuned_line(tuned_line(**case.inputs), case.inputs, {}) == ""
        constants = [left_by(np.full(case.inputs["steps"], lr), **bowl) for lr in np.geomspace(1e-4, 2, 400) / max(bowl["curvatures"])]
        assert min(constants) > 1.1 * left_by(tuned_line(**case.inputs), **bowl)


def test_the_expected_loss_is_that_of_many_runs():
    rng, curvatures = np.random.default_rng(1), np.array([0.1, 1.0])
    rates, x = 0.5 * schedules.polynomial(40)(np.arange(40)), np.full((50_000, 2), 3.0)
    for lr in rates:
        x = x - lr * (curvatures * x + 2 * rng.normal(size=x.shape))
    assert np.mean(x**2, axis=0) @ curvatures / 2 == pytest.approx(left_by(rates, curvatures, 2.0, 9.0), rel=0.02)


def test_the_table_of_the_letter_is_true():
    prose = "\n".join(cell.source for cell in notebook("solutions", NAME).cells if cell.cell_type == "markdown")
    ten, t = np.geomspace(0.01, 1, 10), np.arange(1000)
    plans = {"A": np.full(1000, 0.15), "B": 0.3 * schedules.cosine(1000)(t), "C": 0.15 * np.minimum(1, (1000 - t) / 200)}
    steps = [int(n) for n in re.search(r"\| step \|(.*)\|", prose)[1].split("|")]
    assert plans["B"][800] == pytest.approx(0.029, abs=5e-4)
    for name, rates in plans.items():
        row = [float(v) for v in re.search(rf"\| {name} \|(.*)\|", prose)[1].split("|")]
        assert row == [float(f"{left_by(rates[:n], ten, 1.0, 100.0):.3g}") for n in steps]


def test_another_right_answer_counts():
    def by_pieces(t, total, warmup, peak, end):  # a loop over single steps
        rates = []
        for step in np.atleast_1d(t):
            if step >= total:
                rates.append(end)
            elif step <= warmup:
                rates.append(step / warmup * peak)
            else:
                rates.append(end + (peak - end) * np.cos(np.pi / 2 * (step - warmup) / (total - warmup)) ** 2)
        return rates

    assert graded(question("07.2"), by_pieces) == (3, [])
    assert graded(question("07.3"), by_precision) == (3, [])


def test_the_given_loop_runs():
    scope = {"np": np}
    exec(next(source for source in code("exercises", NAME) if "def given" in source), scope)
    for case in question("07.5").cases(0):
        assert run("function", scope["given"], case.inputs, 2.0)["error"] == ""
