"""L-BFGS: torch's iterates without a line search, its minimum and its price with one, its state, and its refusals."""

import copy
import math

import numpy as np
import pytest
import torch
from scipy.optimize import rosen
from torch.testing._internal.common_optimizers import optim_db

import gdcore.optim as G

CLASSES = (torch.optim.LBFGS, G.LBFGS)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def problem(seed=0):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 1)).double()
    x = torch.randn(40, 4, dtype=torch.float64)
    return net, x, torch.sin(x[:, :1] * 2)


def train(cls, calls=6, after=None, net=None, **options):
    made, x, y = problem()
    net = net or made
    optimizer = cls(net.parameters(), **options)
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = ((net(x) - y) ** 2).mean() + 1e-3 * sum((p**2).sum() for p in net.parameters())
        loss.backward()
        losses.append(loss.item())
        return loss

    for call in range(calls):
        optimizer.step(closure)
        if after:
            after(call, optimizer)
    return net, optimizer, losses


@pytest.mark.parametrize("options", [{"lr": 0.5}, {"lr": 0.3, "history_size": 3, "max_iter": 7}, {"lr": 0.5, "max_eval": 4}], ids=str)
def test_without_a_line_search_it_takes_torchs_steps(options):
    (theirs, their, a), (ours, our, b) = (train(cls, **options) for cls in CLASSES)
    assert len(a) == len(b) and np.allclose(a, b, rtol=1e-8)
    assert all(torch.allclose(p, q, rtol=1e-7, atol=1e-10) for p, q in zip(theirs.parameters(), ours.parameters()))
    counts = [[s[k] for k in ("n_iter", "func_evals")] for s in (next(iter(o.state.values())) for o in (their, our))]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("config", next(info for info in optim_db if info.optim_cls is torch.optim.LBFGS).optim_inputs_func(device="cpu"),
                         ids=lambda config: config.desc)
def test_the_configurations_of_torchs_database(config):
    """Also a rate that is a tensor, and a line search, which is another one than torch's: there the losses end alike."""
    (_, _, theirs), (_, _, ours) = (train(cls, **config.kwargs) for cls in CLASSES)
    alike = 1e-8 if "line_search_fn" not in config.kwargs else 0.1
    assert np.isclose(theirs[-1], ours[-1], rtol=alike) or not np.isfinite([theirs[-1], ours[-1]]).any()


def test_with_one_it_arrives_at_about_torchs_price():
    price = {}
    for cls in CLASSES:
        x = torch.nn.Parameter(torch.tensor([-1.2, 1.0, -1.2, 1.0], dtype=torch.float64))
        optimizer = cls([x], line_search_fn="strong_wolfe", tolerance_grad=1e-9, tolerance_change=0)
        calls = [0]

        def closure(x=x, optimizer=optimizer, calls=calls):
            calls[0] += 1
            optimizer.zero_grad()
            loss = rosenbrock(x)
            loss.backward()
            return loss

        for _ in range(10):
            optimizer.step(closure)
        price[cls] = calls[0]
        assert rosen(x.detach().numpy()) < 1e-15, cls
    assert price[G.LBFGS] < 1.5 * price[torch.optim.LBFGS], price


def test_the_first_loss_is_returned_and_the_parameters_are_where_the_line_ended():
    net, x, y = problem()
    optimizer = G.LBFGS(net.parameters(), line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        return loss

    before = closure().item()
    assert optimizer.step(closure).item() == before
    assert closure().item() < 0.5 * before


@pytest.mark.parametrize("line_search_fn", [None, "strong_wolfe"])
def test_a_checkpoint_goes_either_way(line_search_fn):
    """Stopped after three calls and loaded into the other class, both go on as they would have."""
    options = dict(lr=0.5, line_search_fn=line_search_fn)
    for first, second in (CLASSES, CLASSES[::-1], (G.LBFGS, G.LBFGS)):
        net, optimizer, _ = train(first, 3, **options)
        saved, weights = copy.deepcopy(optimizer.state_dict()), copy.deepcopy(net)
        more = lambda cls, net=weights, saved=saved: _go_on(cls, *copy.deepcopy((net, saved)), options)
        one, two = more(first), more(second)
        tolerance = 1e-7 if line_search_fn is None or first is second else 0.2  # their line searches are two
        assert np.allclose(one, two, rtol=tolerance)


def _go_on(cls, net, saved, options):
    _, x, y = problem()
    optimizer, losses = cls(net.parameters(), **options), []
    optimizer.load_state_dict(saved)

    def closure():
        optimizer.zero_grad()
        loss = ((net(x) - y) ** 2).mean() + 1e-3 * sum((p**2).sum() for p in net.parameters())
        loss.backward()
        losses.append(loss.item())
        return loss

    optimizer.step(closure)
    return losses[:3]


def test_parameters_without_a_gradient_and_complex_ones():
    z, unused = torch.nn.Parameter(torch.tensor([1 + 1j], dtype=torch.complex128)), torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    ends = []
    for cls in CLASSES:
        p, q = (torch.nn.Parameter(a.detach().clone()) for a in (z, unused))
        optimizer = cls([p, q] if cls is G.LBFGS else [torch.nn.Parameter(p.detach().clone())], lr=0.5)

        def closure(optimizer=optimizer):
            optimizer.zero_grad()
            loss = (optimizer.param_groups[0]["params"][0] - 2j).abs().square().sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        ends.append(optimizer.param_groups[0]["params"][0].detach())
        assert bool((q == 1).all())
    assert torch.allclose(*ends, atol=1e-6)


@pytest.mark.parametrize("options, sentence", [
    (dict(lr=-1), "lr = -1"), (dict(lr=torch.tensor([0.1, 0.2])), r"Tensor lr must be 1-element, got one of shape \(2,\)"),
    (dict(max_iter=0), "max_iter = 0"), (dict(history_size=2.0), "history_size = 2.0"),
    (dict(line_search_fn="armijo"), "line_search_fn = 'armijo'; it is None or 'strong_wolfe'")])
def test_what_makes_no_sense_is_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        G.LBFGS([torch.nn.Parameter(torch.ones(1))], **options)


def test_one_group_and_a_closure():
    p, q = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
    with pytest.raises(ValueError, match="one group of parameters, got 2"):
        G.LBFGS([{"params": [p]}, {"params": [q]}])
    with pytest.raises(TypeError, match="needs a closure"):
        G.LBFGS([p]).step()


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_loss_that_is_no_number_ends_the_step_and_leaves_the_parameters(search):
    x = torch.nn.Parameter(torch.tensor([1.0, 2.0], dtype=torch.float64))
    optimizer = G.LBFGS([x], lr=0.1, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = (x * float("nan")).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).isnan() and x.tolist() == [1.0, 2.0]


def test_no_tolerance_at_all_is_no_division_by_zero():
    """As torch's own test has it: at the minimum, with both tolerances at minus infinity."""
    x = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimizer = G.LBFGS([x], tolerance_grad=-math.inf, tolerance_change=-math.inf)

    def closure():
        optimizer.zero_grad()
        loss = (x**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 0.0 and x.tolist() == [0.0, 0.0]
