"""K-FAC: where theory knows the answer, it is that; elsewhere its two factors are what their definitions say."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gdcore.optim import KFAC


@pytest.fixture(autouse=True)
def _double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


PLAIN = dict(lr=1.0, momentum=0.0, damping=0.0, kl_clip=None, samples=None)


def stepped(model, x, y, optimizer, loss=F.cross_entropy):
    output = model(x)
    optimizer.curvature(output)
    optimizer.zero_grad()
    loss(output, y).backward()
    optimizer.step()
    return model


def half_squares(output, y):
    return ((output - y) ** 2).sum() / (2 * len(y))


@pytest.mark.parametrize("bias", [True, False])
def test_one_step_of_a_linear_layer_is_least_squares(bias):
    x, y = torch.randn(50, 6), torch.randn(50, 3)
    model = nn.Linear(6, 3, bias=bias)
    stepped(model, x, y, KFAC(model, likelihood="gaussian", **PLAIN), half_squares)
    inputs = torch.cat([x, torch.ones(50, 1)], 1) if bias else x
    best = torch.linalg.lstsq(inputs, y).solution
    ours = torch.cat([model.weight, model.bias[:, None]], 1) if bias else model.weight
    assert (ours.T - best).abs().max() < 1e-13


def test_of_one_patient_the_product_of_the_factors_is_the_curvature():
    """With a single example the block of a layer is a Kronecker product exactly."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))
    optimizer = KFAC(model, **PLAIN)
    x = torch.randn(1, 3)
    optimizer.curvature(model(x))

    for layer in (model[0], model[2]):
        name = f"{[*model].index(layer)}.weight"
        output = lambda w, n=name: torch.func.functional_call(model, {n: w}, x)[0]
        J = torch.autograd.functional.jacobian(output, layer.weight.detach()).flatten(1)
        p = model(x)[0].softmax(-1).detach()
        exact = J.T @ (torch.diag(p) - torch.outer(p, p)) @ J
        state = optimizer.state[layer.weight]
        assert (torch.kron(state["G"], state["A"][:-1, :-1]) - exact).abs().max() < 1e-14


@pytest.mark.parametrize("likelihood", ["categorical", "gaussian"])
def test_what_is_drawn_is_on_average_what_is_exact(likelihood):
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)), torch.randn(20, 3)
    both = []
    for samples in (None, 4000):
        optimizer = KFAC(model, likelihood=likelihood, samples=samples, generator=torch.Generator().manual_seed(1))
        optimizer.curvature(model(x))
        both.append(optimizer.state[model[0].weight]["G"])
    assert (both[0] - both[1]).norm() < 0.05 * both[0].norm()  # 80,000 draws: about 0.01


def test_units_of_the_inputs_do_not_matter():
    """Martens and Grosse (2015), theorem 1: another linear scale of the inputs, the same trained function."""
    x, y, M = torch.randn(40, 3), torch.randint(3, (40,)), torch.randn(3, 3) + 2 * torch.eye(3)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[0].weight.copy_(model[0].weight @ torch.linalg.inv(M))  # is shown M x, says the same
    z = x @ M.T
    options = PLAIN | {"lr": 0.3}
    optimizers = KFAC(model, **options, every=1), KFAC(other, **options, every=1)
    for _ in range(3):
        stepped(model, x, y, optimizers[0])
        stepped(other, z, y, optimizers[1])
    assert (model(x) - other(z)).abs().max() < 1e-9
    assert (model(x) - copy.deepcopy(model)(x * 1.1)).abs().max() > 1e-3  # the test can see a difference


def test_a_convolution_over_one_place_is_a_linear_layer():
    linear, conv = nn.Linear(8, 5), nn.Conv2d(2, 5, 2)
    with torch.no_grad():
        conv.weight.copy_(linear.weight.view(5, 2, 2, 2))
        conv.bias.copy_(linear.bias)
    x, y = torch.randn(30, 8), torch.randint(5, (30,))
    image = nn.Sequential(nn.Unflatten(1, (2, 2, 2)), conv, nn.Flatten())
    options = dict(lr=0.1, damping=1e-3, samples=None)
    ours, theirs = KFAC(image, **options), KFAC(linear, **options)
    for _ in range(3):
        stepped(image, x, y, ours)
        stepped(linear, x, y, theirs)
    assert (conv.weight.flatten(1) - linear.weight).abs().max() < 1e-13


def test_the_factors_of_a_convolution_over_many_places():
    """A is the mean over places, G the sum over them, for one prediction: strides, dilation and padding as in the layer."""
    conv = nn.Conv2d(2, 3, 3, stride=2, padding=1, dilation=2)
    model = nn.Sequential(conv, nn.Flatten(), nn.Linear(3 * 9, 4))
    optimizer, x = KFAC(model, **PLAIN), torch.randn(5, 2, 7, 7)
    optimizer.curvature(model(x))
    z = conv(x).detach().requires_grad_()
    output = model[2](z.flatten(1))
    p, G = output.softmax(-1).detach(), 0
    for c in range(4):
        (g,) = torch.autograd.grad(output, z, p[:, c : c + 1].sqrt() * (torch.eye(4)[c] - p), retain_graph=True)
        G = G + torch.einsum("nopq,nrpq->or", g, g) / 5
    assert (optimizer.state[conv.weight]["G"] - G).abs().max() < 1e-14
    padded = F.pad(x, (1, 1, 1, 1))
    places = [padded[:, :, i : i + 5 : 2, j : j + 5 : 2].flatten(1) for i in (0, 2, 4) for j in (0, 2, 4)]
    rows = torch.cat([torch.cat([a, torch.ones(5, 1)], 1) for a in places])
    assert (optimizer.state[conv.weight]["A"] - rows.T @ rows / len(rows)).abs().max() < 1e-14


def test_the_damping_is_shared_out_by_the_size_of_the_factors():
    """Martens and Grosse (2015), 6.3: √λ times π for A and over π for G, where π² is the ratio of their mean eigenvalues."""
    model, x, y = nn.Linear(3, 2, bias=False), 10 * torch.randn(9, 3), torch.randint(2, (9,))
    optimizer = KFAC(model, damping=0.04, samples=None)
    stepped(model, x, y, optimizer)
    state = optimizer.state[model.weight]
    pi = (torch.linalg.eigvalsh(state["A"]).mean() / torch.linalg.eigvalsh(state["G"]).mean()).sqrt()
    for name, damping in (("A", 0.2 * pi), ("G", 0.2 / pi)):
        one = torch.eye(len(state[name]))
        assert (state[f"{name}_inverse"] @ (state[name] + damping * one) - one).norm() < 1e-12


def test_layers_used_twice_frozen_layers_and_the_rest():
    shared = nn.Linear(4, 4)
    model = nn.Sequential(shared, nn.Tanh(), shared, nn.LayerNorm(4), nn.Linear(4, 4).requires_grad_(False))
    optimizer = KFAC(model)
    assert optimizer.layers == [shared] and len(optimizer.rest) == 4  # norm, and the frozen one's
    before = shared.weight.detach().clone()
    stepped(model, torch.randn(8, 4), torch.randint(4, (8,)), optimizer)
    assert (shared.weight - before).abs().max() > 0
    assert optimizer.state[shared.weight]["A"][-1, -1] == 1  # the mean over both uses


def test_the_first_batch_counts_whole_and_kl_clip_shortens():
    model, x, y = nn.Linear(3, 2), torch.randn(9, 3), torch.randint(2, (9,))
    optimizer = KFAC(model, lr=1.0, momentum=0.0, damping=1e-6, decay=0.9, kl_clip=1e-4, samples=None)
    for batch in (x, 2 * x, 3 * x):
        optimizer.curvature(model(batch))
    a = x.T @ x / 9
    means = a, (a + 4 * a) / 2, ((a + 4 * a) / 2 * 2 + 9 * a) / 3  # 1 − 1/t is below the decay
    assert (optimizer.state[model.weight]["A"][:3, :3] - means[2]).abs().max() < 1e-13
    old = torch.cat([model.weight, model.bias[:, None]], 1).detach().clone()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    moved = old - torch.cat([model.weight, model.bias[:, None]], 1)
    g = torch.cat([model.weight.grad, model.bias.grad[:, None]], 1)
    full = optimizer._natural(model, g, optimizer.param_groups[0])
    assert abs((moved * g).sum() / (full * g).sum() - (1e-4 / (full * g).sum()) ** 0.5) < 1e-12


def test_a_checkpoint_goes_on_as_if_nothing_had_happened():
    x, y = torch.randn(30, 5), torch.randint(3, (30,))
    model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))
    optimizer = KFAC(model, samples=None, every=3)
    for _ in range(4):
        stepped(model, x, y, optimizer)
    twin = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))
    other = KFAC(twin, samples=None, every=3)
    twin.load_state_dict(copy.deepcopy(model.state_dict()))
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(4):
        stepped(model, x, y, optimizer)
        stepped(twin, x, y, other)
    assert torch.equal(model[0].weight, twin[0].weight)


def test_a_copy_of_the_model_leaves_it_alone():
    model, x = nn.Linear(3, 2), torch.randn(4, 3)
    optimizer = KFAC(model)
    copy.deepcopy(model)(x)
    with pytest.raises(RuntimeError, match="saw no forward pass"):
        optimizer.curvature(torch.ones(1, 2))
    optimizer.curvature(model(x))
    assert len(optimizer.state) == 1


@pytest.mark.parametrize("options, sentence", [
    (dict(lr=-1), "lr = -1"), (dict(momentum=1.0), "momentum = 1.0"), (dict(damping=-1), "damping"),
    (dict(every=0), "every = 0"), (dict(likelihood="poisson"), "'categorical' or 'gaussian'")])
def test_what_makes_no_sense_is_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        KFAC(nn.Linear(2, 2), **options)


def test_what_it_cannot_do_it_says():
    with pytest.raises(ValueError, match="groups = 1"):
        KFAC(nn.Conv2d(4, 4, 3, groups=2))
    with pytest.raises(TypeError, match="takes the model itself"):
        KFAC(nn.Linear(2, 2).parameters())
    with pytest.raises(ValueError, match=r"no nn.Linear or nn.Conv2d"):
        KFAC(nn.LayerNorm(3))
    model = nn.Linear(2, 2)
    optimizer = KFAC(model)
    with pytest.raises(RuntimeError, match="call model\\(x\\) first"):
        optimizer.curvature(torch.ones(1, 2))
    model(torch.ones(1, 2)).sum().backward()
    with pytest.raises(RuntimeError, match="needs the curvature"):
        optimizer.step()
    with pytest.raises(RuntimeError, match="not finite"):
        optimizer.curvature(model(torch.full((1, 2), float("nan"))))
