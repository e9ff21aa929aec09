"""Prodigy on many tensors: one distance for all, as its authors' code, optax and pytorch_optimizer have it."""

import copy
import io

import jax
import jax.numpy as jnp
import optax
import pytest
import pytorch_optimizer
import torch

import gdcore.rules as R
from gdcore.optim import Optimizer, Prodigy
from gdcore.optim.prodigy import Tensors, total
from tests.optim.common import SHAPES, distance, parameters, set_gradients

NEAR = 1e-9  # the first steps are of a millionth, so p0 − p keeps ten digits; what else the order of the sums changes grows with d
OPTIONS = {"d0": 1e-2, "d_coef": 2.0, "beta3": 0.9}


def downhill(params, generator):
    """Gradients of a bowl around 2, a little noisy: there is a distance to be found."""
    for p in params:
        noise = torch.randn(p.shape, dtype=p.dtype, generator=generator)
        p.grad = 3 * (p.detach() - 2) + 0.3 * noise


def train(make, shapes=SHAPES, steps=30, rates=(1.0, 0.3, 2.0)):
    params, generator = parameters(shapes), torch.Generator().manual_seed(1)
    optimizer = make(params)
    for t in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rates[t % len(rates)]
        downhill(params, generator)
        optimizer.step()
    return params, optimizer


@pytest.fixture
def double():
    """pytorch_optimizer adds up in torch's default type."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(usual)


@pytest.mark.parametrize("options, theirs", [
    ({}, {}),
    (OPTIONS | {"weight_decay": 0.3, "betas": (0.5, 0.9), "eps": 1e-3}, {}),
    (OPTIONS | {"safeguard_warmup": True, "use_bias_correction": True}, {"bias_correction": True}),
], ids=["defaults", "decay", "safeguard and correction"])  # fmt: skip
def test_it_is_that_of_pytorch_optimizer(options, theirs, double):
    other = {k: v for k, v in options.items() if k != "use_bias_correction"} | theirs
    ours, optimizer = train(lambda p: Prodigy(p, **options))
    expected, peer = train(lambda p: pytorch_optimizer.Prodigy(p, **other))
    assert distance(ours, expected) < NEAR
    d = optimizer.param_groups[0]["d"]
    assert d == pytest.approx(peer.param_groups[0]["d"], rel=1e-10) and d > options.get("d0", 1e-6)


def test_groups_have_a_decay_of_their_own_and_one_distance(double):
    groups = lambda p: [{"params": p[:2], "weight_decay": 0.5}, {"params": p[2:]}]
    ours, optimizer = train(lambda p: Prodigy(groups(p), d0=1e-2))
    expected, _ = train(lambda p: pytorch_optimizer.Prodigy(groups(p), d0=1e-2))
    assert distance(ours, expected) < NEAR
    assert len({g["d"] for g in optimizer.param_groups}) == 1


def test_it_is_that_of_optax_on_a_tree():
    params, generator = parameters(SHAPES[:3]), torch.Generator().manual_seed(1)
    optimizer = Prodigy(params, d0=1e-2, weight_decay=0.1, use_bias_correction=True)
    other = optax.contrib.prodigy(estim_lr0=1e-2, weight_decay=0.1)
    with jax.enable_x64(True):
        tree = [jnp.asarray(p.detach().numpy()) for p in params]
        state = other.init(tree)
        for _ in range(20):
            downhill(params, generator)
            optimizer.step()
            updates, state = other.update([jnp.asarray(p.grad.numpy()) for p in params], state, tree)
            tree = optax.apply_updates(tree, updates)
        found = [torch.tensor(x.tolist(), dtype=torch.float64) for x in tree]
    assert distance(params, found) < 1e-12 and optimizer.param_groups[0]["d"] > 0.1


def test_on_one_vector_it_is_the_rule_and_on_two_it_is_not_two_rules():
    one, _ = train(lambda p: Prodigy(p, d0=1e-2), shapes=((60,),))
    rule, _ = train(lambda p: Optimizer(p, R.Prodigy(d0=1e-2)), shapes=((60,),))
    assert distance(one, rule) < 1e-13
    two, _ = train(lambda p: Prodigy(p, d0=1e-2))
    apart, optimizer = train(lambda p: Optimizer(p, R.Prodigy(d0=1e-2)))
    assert distance(two, apart) > 1e-4
    assert len({float(s["d"]) for s in optimizer.state.values()}) == len(SHAPES)  # each tensor its own, as the rule says


def test_uphill_is_downhill_of_the_opposite():
    up, down, generator = parameters(), parameters(), torch.Generator().manual_seed(1)
    optimizers = Prodigy(up, maximize=True, **OPTIONS), Prodigy(down, **OPTIONS)
    for _ in range(10):
        set_gradients(up, generator)
        for p, q in zip(up, down, strict=True):
            q.grad = -p.grad
        for optimizer in optimizers:
            optimizer.step()
    assert distance(up, down) == 0


def test_it_finds_a_rate_and_comes_near_the_tuned_adam():
    """From a millionth, on a bowl: as near as Adam with the best of nine rates, times ten at most."""
    def run(make):
        x = [torch.nn.Parameter(torch.full((10,), 3.0)), torch.nn.Parameter(torch.tensor(-2.0))]
        optimizer, curvature = make(x), torch.linspace(1, 10, 10)
        for _ in range(300):
            optimizer.zero_grad()
            loss = (curvature * x[0] ** 2).sum() / 2 + x[1] ** 2
            loss.backward()
            optimizer.step()
        return loss.item(), optimizer

    found, optimizer = run(Prodigy)
    tuned = min(run(lambda p, lr=10.0**-k: torch.optim.Adam(p, lr=lr))[0] for k in range(5))
    assert found < 10 * tuned + 1e-3 and 0.1 < optimizer.param_groups[0]["d"] < 10


def test_a_saved_one_and_a_copy_go_on_the_same():
    whole, _ = train(lambda p: Prodigy(p, **OPTIONS), steps=12, rates=(1.0,))
    params, generator = parameters(), torch.Generator().manual_seed(1)
    first = Prodigy(params, **OPTIONS)
    for _ in range(5):
        downhill(params, generator)
        first.step()
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second, twin = Prodigy(params), copy.deepcopy(first)
    second.load_state_dict(torch.load(file, weights_only=True))
    copies = [p for group in twin.param_groups for p in group["params"]]
    for _ in range(7):
        downhill(params, generator)
        for p, q in zip(params, copies, strict=True):
            q.grad = p.grad.clone()
        second.step()
        twin.step()
    assert distance(params, whole) == 0 and distance(copies, whole) == 0


def test_a_group_rests_at_rate_0_and_one_may_come_later():
    still, moving, late = parameters(((3,), (4,), (2,)))
    optimizer = Prodigy([{"params": [still], "lr": 0.0}, {"params": [moving]}], d0=1e-2)
    before, generator = still.detach().clone(), torch.Generator().manual_seed(1)
    for t in range(6):
        if t == 3:
            optimizer.add_param_group({"params": [late]})
        set_gradients([still, moving, late], generator)
        optimizer.step()
    assert torch.equal(still, before) and still not in optimizer.state
    assert len({g["d"] for g in optimizer.param_groups}) == 1 and optimizer.state[late]["step"] == 3


def test_no_gradient_no_step_and_zero_gradients_no_nan():
    params = parameters()
    before = [p.detach().clone() for p in params]
    optimizer = Prodigy(params)
    optimizer.step()
    assert not optimizer.state and optimizer.param_groups[0]["k"] == 0
    for p in params:
        p.grad = torch.zeros_like(p)
    optimizer.step()
    assert distance(params, before) == 0


def test_tensors_of_several_types_count_as_one_vector():
    a = Tensors([torch.ones(2, 2), torch.full((3,), 2.0, dtype=torch.bfloat16), torch.tensor(-1.0, dtype=torch.float64)])
    assert total(a) == 4 + 6 - 1 and total(abs(a)) == 11 and total(1 - a) == 0 - 3 + 2
    assert total(0.5 * a + 1) == 4.5 + 8 and [x.dtype for x in -a / 2] == [x.dtype for x in a]
    assert total((a - 0.5 * a) ** 2) == pytest.approx(0.25 * (4 + 12 + 1)) and total(a * Tensors([1.0, 2.0, 3.0])) == 4 + 12 - 3


def test_what_it_refuses():
    x = [torch.nn.Parameter(torch.ones(2))]
    for wrong in ({"lr": -1.0}, {"d0": 0.0}, {"d_coef": -1.0}, {"betas": (0.9, 1.0)}, {"beta3": 1.5}, {"weight_decay": -0.1}):
        with pytest.raises(ValueError, match=r"Prodigy got .* must lie in"):
            Prodigy(x, **wrong)
    y = torch.nn.Parameter(torch.ones(2))
    optimizer = Prodigy([{"params": x}, {"params": [y], "lr": 0.5}])
    x[0].grad = y.grad = torch.ones(2)
    with pytest.raises(RuntimeError, match="they may differ in weight_decay only, or rest with lr = 0"):
        optimizer.step()
    z = torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))
    z.grad = torch.ones_like(z)
    with pytest.raises(RuntimeError, match="complex parameters: give it their real and imaginary parts"):
        Prodigy([z]).step()
    table = torch.nn.Embedding(3, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="does not support sparse gradients"):
        Prodigy(table.parameters()).step()
