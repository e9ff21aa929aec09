"""MeZO: unbiased, exact against a formula, no memory beside the weights, and weights that come back whatever happens."""

import copy

import pytest
import torch

from gdcore.optim import MeZO


def bowl():
    x = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    H = torch.tensor([[3.0, 1.0, 0.0], [1.0, 2.0, -0.5], [0.0, -0.5, 1.0]], dtype=torch.float64)
    return x, lambda: 0.5 * x @ H @ x, H


def test_a_step_is_the_slope_along_a_direction():
    """On a quadratic the difference is exact: x − lr (zᵀHx) z, with the z of the seed; decay beside it."""
    x, loss, H = bowl()
    before = x.detach().clone()
    opt = MeZO([x], lr=0.1, eps=0.3, weight_decay=0.5, seed=7)
    z = next(opt._directions(0))[2]
    told = opt.step(loss)
    torch.testing.assert_close(x.detach(), before * (1 - 0.05) - 0.1 * (z @ H @ before) * z, rtol=1e-12, atol=1e-12)
    moved = 0.5 * before @ H @ before + 0.5 * 0.09 * z @ H @ z
    assert told == pytest.approx(float(moved), rel=1e-12)


def test_many_draws_are_the_gradient():
    x, loss, H = bowl()
    before = x.detach().clone()
    MeZO([x], lr=1.0, eps=1e-3, samples=20_000).step(lambda: 0.5 * before @ H @ before + (x - before) @ H @ before)
    spread = float((H @ before).norm()) * (4 / 20_000) ** 0.5
    assert float((before - x.detach() - H @ before).abs().max()) < 5 * spread


def test_it_descends_and_a_saved_one_goes_on_the_same():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
    data = torch.randn(64, 4, dtype=torch.float64)
    target = torch.sin(data @ torch.tensor([[1.0], [-1.0], [0.5], [0.0]], dtype=torch.float64))
    loss = lambda: torch.nn.functional.mse_loss(model(data), target)
    opt, begun = MeZO(model.parameters(), lr=0.01), loss().item()
    for _ in range(300):
        opt.step(loss)
    assert loss().item() < 0.8 * begun
    assert not opt.state and all(p.grad is None for p in model.parameters())
    twin = copy.deepcopy(model)
    other = MeZO(twin.parameters(), lr=1.0)
    other.load_state_dict(opt.state_dict())
    for _ in range(5):
        opt.step(loss)
        other.step(lambda: torch.nn.functional.mse_loss(twin(data), target))
    for p, q in zip(model.parameters(), twin.parameters()):
        assert torch.equal(p, q)


def test_no_gradient_is_taken_and_frozen_weights_rest():
    x, y = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3), requires_grad=False)
    MeZO([{"params": [x], "lr": 0.1}, {"params": [y]}]).step(lambda: (torch.is_grad_enabled() and 1 / 0) or (x.sum() + y.sum()))
    assert torch.equal(y, torch.ones(3)) and not torch.equal(x, torch.ones(3))


@pytest.mark.parametrize("bad_at", [1, 2])
def test_after_an_error_the_weights_are_as_before(bad_at):
    x, loss, _ = bowl()
    before, calls = x.detach().clone(), []

    def broken():
        calls.append(1)
        if len(calls) == bad_at:
            raise KeyError("a batch went missing")
        return loss()

    with pytest.raises(KeyError):
        MeZO([x], eps=0.5).step(broken)
    torch.testing.assert_close(x.detach(), before, rtol=0, atol=1e-15)
    with pytest.raises(RuntimeError, match="MeZO met losses of nan and nan: no step was taken"):
        MeZO([x]).step(lambda: x.sum() * float("nan"))
    torch.testing.assert_close(x.detach(), before, rtol=0, atol=1e-15)


def test_what_cannot_be_is_told_in_a_sentence():
    x, loss, _ = bowl()
    for wrong in ({"eps": 0.0}, {"lr": -1.0}, {"samples": 0}):
        with pytest.raises(ValueError, match=f"MeZO got {next(iter(wrong))} = "):
            MeZO([x], **wrong)
    with pytest.raises(RuntimeError, match="needs a closure"):
        MeZO([x]).step(None)
    with pytest.raises(ValueError, match="MeZO moves all groups at once"):
        MeZO([{"params": [x], "eps": 0.1}, {"params": [torch.nn.Parameter(torch.ones(1))]}])
    with pytest.raises(RuntimeError, match="moves floating numbers, got a parameter of torch.complex64"):
        MeZO([torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))]).step(loss)
