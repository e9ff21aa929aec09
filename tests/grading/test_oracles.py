"""The oracles are right: against torch, autograd, differences and theory."""

import numpy as np
import pytest

from gdcore.check.declaration import question
from tests.grading.common import SEEDS


def cases_with_oracle(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            given = [np.array(v) if isinstance(v, list) else v for v in case.inputs.values()]
            yield given, question(id).oracle(*given)


def test_oracles_of_losses_are_torch():
    torch = pytest.importorskip("torch")
    from torch.nn import functional as F

    t = torch.tensor
    for (prediction, y), value in cases_with_oracle("01.2"):
        assert np.isclose(value, F.mse_loss(t(prediction.ravel()), t(y.ravel())).item(), rtol=1e-12)
    for (e, delta), value in cases_with_oracle("01.3"):
        assert np.allclose(value, F.huber_loss(t(e), torch.zeros_like(t(e)), reduction="none", delta=delta), rtol=1e-12)
    for (z, k), value in cases_with_oracle("01.4"):
        assert np.isclose(value, F.cross_entropy(t(z), t(k)).item(), rtol=1e-12)
    for (z, k), value in cases_with_oracle("01.5"):
        scores = t(z, requires_grad=True)
        F.cross_entropy(scores, t(k)).backward()
        assert np.allclose(value, scores.grad, rtol=1e-10, atol=1e-15)
    for (z, k, _), value in cases_with_oracle("01.7"):
        assert np.isclose(value, F.cross_entropy(t(z), t(k)).item(), rtol=1e-10, atol=1e-14)


def test_the_slope_agrees_with_differences():
    loss = question("01.4").oracle
    for case in question("01.5").cases(0)[:4]:
        z, k = np.array(case.inputs["z"]), np.array(case.inputs["k"])
        for index in np.ndindex(z.shape):
            up, down = z.copy(), z.copy()
            up[index] += 1e-5
            down[index] -= 1e-5
            # central differences err by about 1e-10 from truncation and 1e-11 from rounding
            assert abs((loss(up, k) - loss(down, k)) / 2e-5 - question("01.5").oracle(z, k)[index]) < 1e-8


def test_the_optimizer_is_torchs():
    torch = pytest.importorskip("torch")
    from gdcore.check.execute import run

    for case in question("03.3").cases(1):
        ours = run("optimizer", question("03.3").oracle, case.inputs)["value"]
        parameters = [torch.tensor(p, dtype=torch.float64) for p in case.inputs["parameters"]]
        optimizer = torch.optim.SGD(parameters, lr=case.inputs["settings"]["lr"])
        for t, gradients in enumerate(case.inputs["gradients"], 1):
            optimizer.param_groups[0]["lr"] = case.inputs.get("changes", {}).get(str(t), {}).get("lr", optimizer.param_groups[0]["lr"])
            for p, g in zip(parameters, gradients):
                p.grad = torch.tensor(g, dtype=torch.float64)
            optimizer.step()
            for p, q in zip(parameters, ours[t]):
                assert np.allclose(p, q, rtol=1e-12)


def test_differences_are_near_the_gradient():
    from gdcore.check.functions import function

    for seed in SEEDS:
        for case in question("02.2").cases(seed):
            x, h = np.array(case.inputs["x"], dtype=float), case.inputs["h"]
            slopes = function(**case.inputs["f"], part="gradient")(x)
            found = question("02.2").oracle(function(**case.inputs["f"]), x, h)
            # the bowls have no third derivative; Rosenbrock's is at most 2400 |x|, times h²/6; rounding 1e-16 · 1000 / h
            assert np.abs(found - slopes).max() < 600 * h**2 * (x.size == 2) + 1e-13 / h, case.name


def test_the_machine_is_torchs():
    torch = pytest.importorskip("torch")
    for (parents, local), slopes in cases_with_oracle("02.3"):
        values = []  # a box is linear in its parents, so its local slopes are those given
        for made_from, own in zip(parents, local):
            value = sum(float(s) * values[p] for p, s in zip(made_from, own) if p >= 0) + torch.zeros((), dtype=torch.float64)
            values.append(value if value.requires_grad else value.requires_grad_())
            values[-1].retain_grad()
        values[-1].backward()
        assert np.allclose([0.0 if v.grad is None else v.grad.item() for v in values], slopes, rtol=1e-12)


def test_the_layer_is_torchs():
    torch = pytest.importorskip("torch")
    for (x, w, b, arriving), slopes in cases_with_oracle("02.4"):
        leaves = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
        torch.tanh(leaves[0] @ leaves[1] + leaves[2]).backward(torch.tensor(arriving))
        assert all(np.allclose(leaf.grad, s, rtol=1e-10, atol=1e-14) and leaf.shape == s.shape for leaf, s in zip(leaves, slopes))


def test_a_step_of_one_length_has_it_or_is_none():
    from gdcore.check.execute import run

    for case in question("02.5").cases(1):
        path = run("optimizer", question("02.5").oracle, case.inputs)["value"]
        flat = np.array([np.concatenate([np.ravel(p) for p in step]) for step in path])
        moved = np.linalg.norm(np.diff(flat, axis=0), axis=1)
        slopes = [np.concatenate([np.ravel(g) for g in step]) for step in case.inputs["gradients"]]
        assert np.allclose(moved, [case.inputs["settings"]["length"] * bool(g.any()) for g in slopes], rtol=1e-12)
        assert all(step @ g <= 0 for step, g in zip(np.diff(flat, axis=0), slopes))


def test_the_broken_training_has_the_symptoms_that_are_told():
    """It swings; with the slopes cleared it falls below what any line can reach, to zero; mended it ends at the best line's loss."""
    from gdcore.check.questions.ch02_find import everyone, training

    rng = np.random.default_rng(0)
    A = rng.normal(size=(40, 3))
    y = A @ [2.0, 5.0, 8.0] + 20 + rng.normal(size=40)
    B = np.c_[A, np.ones(40)]
    least = np.mean((B @ np.linalg.lstsq(B, y, rcond=None)[0] - y) ** 2)
    swinging = training(A, y, np.zeros(3), 0.1, 200, keep_w=True, keep_b=True, fold=everyone)
    assert (np.diff(swinging[-50:]) > 0).sum() > 10 and swinging[-50:].max() > 100 * least
    assert training(A, y, np.zeros(3), 0.1, 20_000, fold=everyone)[-1] < 1e-12 < least
    assert np.isclose(training(A, y, np.zeros(3), 0.1, 2000)[-1], least, rtol=1e-9)


def test_a_box_counts_and_refuses():
    from gdcore.check.functions import BudgetSpent, function

    box = function("booth", part="box", budget=5, centre=[1.0, 1.0])
    assert box(np.array([2.0, 4.0])) == 0 and box.left == 4 and np.allclose(box.gradient(np.array([2.0, 4.0])), 0) and box.left == 1
    with pytest.raises(BudgetSpent, match="1 evaluations of the budget of 5 are left, and this one costs 3"):
        box.gradient(np.zeros(2))
    box(np.zeros(2))
    assert box.left == 0


def test_the_plan_is_kept_by_a_descent():
    """The promised number of steps is enough in the worst direction, and one fewer is not."""
    for (H, share), (limit, rate, steps) in cases_with_oracle("03.5"):
        curvatures = np.linalg.eigvalsh(H)
        left = lambda t, factors=1 - rate * curvatures: np.abs(factors**t).max()
        assert left(steps) <= share < left(steps - 1)
        assert np.abs(1 - 1.001 * limit * curvatures).max() > 1 > np.abs(1 - 0.999 * limit * curvatures).max()


def test_curvatures_measured_in_explosions_are_those_of_the_bowls():
    assert np.allclose([value for _, value in cases_with_oracle("03.4")][0], 10, rtol=1e-3)  # the flat direction has died out
