"""Sophia's two estimates of the Hessian's diagonal: right in the mean, exact where they must be, and put to use."""

import copy
import io

import pytest
import pytorch_optimizer
import torch
from torch.nn.functional import cross_entropy

import gdcore.rules as R
from gdcore.optim import Optimizer, Sophia
from tests.optim.common import distance, parameters, set_gradients


def wines(seed=0):
    """A softmax regression on 40 points: (weights, data, the loss for given labels)."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(40, 3, dtype=torch.float64, generator=generator)
    w = torch.nn.Parameter(torch.randn(3, 4, dtype=torch.float64, generator=generator))
    return w, x, lambda labels: cross_entropy(x @ w, labels)


def draw(logits, generator):
    return torch.multinomial(logits.softmax(-1), 1, generator=generator).squeeze(-1)


def diagonal_of(loss, w):
    """The diagonal of the Hessian, an entry at a time."""
    (g,) = torch.autograd.grad(loss, w, create_graph=True)
    rows = [torch.autograd.grad(g.flatten()[i], w, retain_graph=True)[0].flatten()[i] for i in range(w.numel())]
    return torch.stack(rows).view_as(w)


def test_drawn_labels_give_the_diagonal_in_the_mean():
    """A linear softmax has the Gauss-Newton matrix for its Hessian, whatever the labels: 4000 draws, five standard errors."""
    w, x, loss = wines()
    optimizer, generator = Sophia([w], betas=(0.9, 0.0)), torch.Generator().manual_seed(1)
    seen = []
    for _ in range(4000):
        optimizer.zero_grad()
        loss(draw(x @ w, generator)).backward()
        optimizer.update_hessian(40)
        seen.append(optimizer.state[w]["hessian"].clone())
    seen, exact = torch.stack(seen), diagonal_of(loss(draw(x @ w, generator)), w)
    assert ((seen.mean(0) - exact).abs() < 5 * seen.std(0) / 4000**0.5).all()
    assert (seen.mean(0) / exact - 1).abs().max() < 0.2 and (seen >= 0).all()


def test_signs_give_a_diagonal_hessian_at_once_and_another_in_the_mean():
    p = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    optimizer = Sophia([p], betas=(0.9, 0.0))
    optimizer.hutchinson((p**4).sum())
    assert torch.allclose(optimizer.state[p]["hessian"], 12 * p.detach() ** 2, rtol=1e-14)
    assert p.grad is None
    w, x, loss = wines()
    labels, generator = torch.arange(40) % 4, torch.Generator().manual_seed(1)
    optimizer, seen = Sophia([w], betas=(0.9, 0.0)), []
    for _ in range(2000):
        optimizer.hutchinson(loss(labels), generator)
        seen.append(optimizer.state[w]["hessian"].clone())
    seen = torch.stack(seen)
    assert ((seen.mean(0) - diagonal_of(loss(labels), w)).abs() < 5 * seen.std(0) / 2000**0.5).all()


def test_an_average_of_the_estimates_is_kept():
    p = torch.nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
    optimizer = Sophia([p], betas=(0.9, 0.75))
    for expected in (0.25 * 6, 0.75 * 0.25 * 6 + 0.25 * 6):
        optimizer.hutchinson((3 * p**2).sum())
        assert optimizer.state[p]["hessian"].item() == pytest.approx(expected, rel=1e-14)
    p.grad = torch.tensor([0.5], dtype=torch.float64)
    optimizer.update_hessian(batch_size=8)
    assert optimizer.state[p]["hessian"].item() == pytest.approx(0.75 * expected + 0.25 * 8 * 0.25, rel=1e-14)


@pytest.mark.parametrize("compile", [False, True])
def test_it_is_that_of_pytorch_optimizer_told_the_same_curvature(compile):
    """Their clip at p is p times ours with rho = p and eps p; their hessian counts before the step, as here."""
    ours, theirs = parameters(((6, 4), (5,), ())), parameters(((6, 4), (5,), ()))
    optimizer = Sophia(ours, lr=1e-3, betas=(0.9, 0.8), rho=0.05, eps=1e-12 * 0.05, weight_decay=0.1, compile=compile)
    other = pytorch_optimizer.SophiaH(theirs, lr=1e-3 / 0.05, betas=(0.9, 0.8), p=0.05, weight_decay=0.1 * 0.05, update_period=10**6)
    generators = [torch.Generator().manual_seed(1) for _ in range(2)]
    for t in range(20):
        set_gradients(ours, generators[0])
        set_gradients(theirs, generators[1])
        told = [40 * p.grad**2 for p in theirs] if t % 5 == 0 else None
        if told:
            optimizer.update_hessian(40)
        optimizer.step()
        other.step(hessian=told)
    assert distance(ours, theirs) < 1e-12


@pytest.mark.parametrize("compile", [False, True])
def test_curved_ways_are_gone_at_newtons_pace_and_flat_ones_no_faster_than_lr(compile):
    p = torch.nn.Parameter(torch.tensor([1.0, 1.0], dtype=torch.float64))
    curvature = torch.tensor([100.0, 0.0], dtype=torch.float64)
    optimizer = Sophia([p], lr=0.1, betas=(0.0, 0.0), rho=0.5, weight_decay=0.0, compile=compile)
    loss = (curvature * p**2).sum() / 2 + 1e-3 * p[1]
    optimizer.hutchinson(loss)
    p.grad = torch.tensor([1.0, 1e-3], dtype=torch.float64)
    optimizer.step()
    assert torch.allclose(p.detach(), torch.tensor([1 - 0.1 * 1 / 50, 1 - 0.1], dtype=torch.float64), rtol=1e-13)


def test_uphill_the_curvature_has_the_other_sign():
    ends = []
    for sign, maximize in ((1, False), (-1, True)):
        p = torch.nn.Parameter(torch.tensor([1.0, -3.0], dtype=torch.float64))
        optimizer = Sophia([p], lr=0.1, maximize=maximize)
        for _ in range(5):
            optimizer.hutchinson(sign * (p**4).sum())
            optimizer.zero_grad()
            (sign * (p**4).sum()).backward()
            optimizer.step()
        ends.append(p.detach())
    assert torch.equal(*ends)


def test_a_saved_one_goes_on_the_same_and_without_a_curvature_it_is_the_plain_rule():
    params, plain, generator = parameters(), parameters(), torch.Generator().manual_seed(1)
    optimizer, rule = Sophia(params), Optimizer(plain, R.Sophia())
    for _ in range(6):
        set_gradients(params, generator)
        for p, q in zip(params, plain, strict=True):
            q.grad = p.grad.clone()
        optimizer.step()
        rule.step()
    assert distance(params, plain) == 0
    optimizer.update_hessian(10)
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    copies = copy.deepcopy(params)
    other = Sophia(copies)
    other.load_state_dict(torch.load(file, weights_only=True))
    for _ in range(4):
        set_gradients(params, generator)
        for p, q in zip(params, copies, strict=True):
            q.grad = p.grad.clone()
        optimizer.update_hessian(10)
        other.update_hessian(10)
        optimizer.step()
        other.step()
    assert distance(params, copies) == 0


def test_what_it_refuses_and_a_loss_without_curvature():
    p = torch.nn.Parameter(torch.ones(2))
    for wrong, told in (({"rho": 0.0}, "gamma"), ({"betas": (0.9, 1.0)}, "beta_curvature"), ({"lr": -1.0}, "lr"), ({"eps": -1.0}, "eps")):
        with pytest.raises(ValueError, match=f"Sophia got {told} = .* must lie in"):
            Sophia([p], **wrong)
    optimizer = Sophia([p])
    with pytest.raises(ValueError, match="batch_size = 0; it is how many labels were drawn"):
        optimizer.update_hessian(0)
    optimizer.update_hessian(5)  # no gradient, nothing to be measured
    assert not optimizer.state
    optimizer.hutchinson(3 * p.sum())
    assert not optimizer.state[p]["hessian"].any()
    z = torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))
    z.grad = torch.ones_like(z)
    with pytest.raises(RuntimeError, match="no curvature of complex parameters"):
        Sophia([z]).update_hessian(5)
    table = torch.nn.Embedding(3, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="none by sparse gradients"):
        Sophia(table.parameters()).update_hessian(5)
