"""Mean-field theory: against closed forms, and against wide networks that are really made."""

import numpy as np
import pytest
import torch

from gdcore.propagation import ACTIVATIONS, propagate

TORCH = {
    "linear": lambda x: x, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu,
    "leaky ReLU": torch.nn.functional.leaky_relu, "GELU": lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    "SiLU": torch.nn.functional.silu,
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_and_slopes_are_torchs(name):
    x = torch.linspace(-30, 30, 6001, dtype=torch.float64)[torch.arange(6001) != 3000].requires_grad_()  # not the corner
    y = TORCH[name](x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    phi, ours = ACTIVATIONS[name]
    assert np.allclose(phi(x.detach().numpy()), y.detach(), atol=1e-14) and np.allclose(ours(x.detach().numpy()), slope, atol=1e-13)


def test_closed_forms():
    he = propagate(50, 2**0.5, "ReLU")
    assert np.allclose(he.forward, 1, rtol=1e-10) and np.allclose(he.backward, 1, rtol=1e-10)  # He et al. (2015)
    leaky = propagate(10, 1.0, "leaky ReLU")
    assert np.allclose(leaky.forward, np.sqrt((1 + 0.01**2) / 2) ** np.arange(11), rtol=1e-10)
    assert np.allclose(propagate(20, 0.9, "linear", skip=1.0).backward, np.sqrt(1 + 0.81) ** np.arange(20, -1, -1), rtol=1e-10)
    one = propagate(2, 1.0, "ReLU", skip=1.0).forward[1] ** 2  # E[(relu(h) + a)²] = ½ + 1
    assert one == pytest.approx(1.5, rel=1e-10)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("scale, skip", [(0.8, 0.0), (2.0, 0.0), (1.0, 1.0)])
def test_a_wide_network_does_what_theory_says(name, scale, skip):
    """Width 1,000, 8 layers, 20 inputs: the sizes fluctuate by a few per cent."""
    torch.manual_seed(0)
    width, depth = 1000, 8
    signals = [torch.randn(20, width)]
    signals[0].requires_grad_()
    for _ in range(depth):
        W = scale * torch.randn(width, width) / width**0.5
        signals.append(TORCH[name](signals[-1] @ W.T) + skip * signals[-1])
        signals[-1].retain_grad()
    signals[-1].backward(torch.randn(20, width))
    found = propagate(depth, scale, name, skip)
    size = lambda x: float(x.detach().square().mean().sqrt())
    assert np.allclose([size(s) for s in signals], found.forward, rtol=0.1)
    assert np.allclose([size(s.grad) for s in signals], found.backward, rtol=0.1)


@pytest.mark.parametrize("wrong, sentence", [
    (dict(depth=0), "depth is 0"), (dict(depth=True), "depth is True"), (dict(depth=3, scale=0), "scale is 0"),
    (dict(depth=3, activation="cube"), "no activation 'cube'"), (dict(depth=3, skip=float("nan")), "skip is nan")])
def test_what_makes_no_sense_is_refused(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        propagate(**wrong)
