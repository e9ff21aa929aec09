"""Memory in bytes: how far an entry may be off, that the mean is right, and that training does not mind."""

import copy

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import gdcore.optim as O
import gdcore.rules as R
from gdcore.rules.quantized import dequantized, quantized

WORLDS = pytest.mark.parametrize("convert", [np.asarray, torch.tensor, jnp.asarray], ids=["numpy", "torch", "jax"])


def array(shape=(70, 41), seed=0):
    """Entries of either sign over six orders of magnitude, some of them 0."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=shape) * 10 ** rng.uniform(-6, 0, size=shape)
    a.flat[::50] = 0.0
    return a


def there_and_back(a, t, block=256, power=4.0):
    return np.asarray(dequantized(*quantized(a, t, block, power), a.shape, power, a.dtype))


@WORLDS
@pytest.mark.parametrize("block, power", [(256, 4.0), (64, 1.0), (1000, 2.0)])
def test_an_entry_is_never_further_off_than_promised(convert, block, power):
    a = array()
    size = np.abs(np.pad(a.ravel(), (0, -a.size % block)).reshape(-1, block)).max(1)
    bound = np.repeat(power / 127 * size, block)[: a.size].reshape(a.shape)
    off = [np.abs(there_and_back(convert(a), t, block, power) - a) for t in range(5)]
    assert (np.array(off) <= bound * (1 + 1e-6)).all()
    assert np.max(off / bound) > 0.25 / power  # and the bound says something
    assert all(((there_and_back(convert(a), t, block, power) == 0) == (a == 0)).all() for t in range(5))


@WORLDS
def test_codes_are_bytes_and_the_largest_entry_is_exact(convert):
    codes, scale = quantized(convert(array()), 0)
    assert str(codes.dtype).endswith("int8") and tuple(codes.shape) == (12, 256) and tuple(scale.shape) == (12, 1)
    assert np.abs(np.asarray(codes)).max(1).min() == 127
    zeros = there_and_back(convert(np.zeros((3, 5))), 0)
    assert zeros.shape == (3, 5) and not zeros.any()


def test_all_worlds_round_alike():
    a = array()
    ours = there_and_back(a, 7)
    for convert in (torch.tensor, jnp.asarray):
        assert np.abs(there_and_back(convert(a), 7) - ours).max() < 1e-6  # JAX may count in single precision


@WORLDS
def test_a_block_that_holds_no_number_stays_without(convert):
    a = array()
    a[0, 0] = np.nan
    with np.errstate(invalid="ignore"):
        back = there_and_back(convert(a), 3)
    assert np.isnan(back.flat[:256]).all() and np.isfinite(back.flat[256:]).all()


def test_over_many_turns_the_mean_is_right():
    a = np.abs(array()) + 1e-3  # above the smallest byte, which is never rounded to 0
    mean = np.mean([there_and_back(a, t) for t in range(2000)], 0)
    assert (np.abs(mean - a) < 1e-3 * a).all()


def test_a_slow_average_moves():
    """From 1 towards ¼ by a thousandth a step: to the nearest byte it would stay, by turns it arrives where it should."""
    x = np.full((1, 4096), 1.0)
    moved = {"by turns": quantized(x, 0), "always the same": quantized(x, 0)}
    for t in range(1, 2001):
        for name, held in moved.items():
            new = 0.999 * dequantized(*held, x.shape, 4.0, x.dtype) + 0.001 * np.where(np.arange(4096) % 256, 0.25, 1.0)
            moved[name] = quantized(new, t if name == "by turns" else 0)
    ends = {name: dequantized(*held, x.shape, 4.0, x.dtype)[0, 1:256] for name, held in moved.items()}
    assert abs(ends["by turns"].mean() - (0.25 + 0.75 * 0.999**2000)) < 0.01  # a byte's step here is 0.014
    assert ends["always the same"].max() > 0.99


def test_no_array_is_refused():
    with pytest.raises(TypeError, match="Only an array of NumPy, torch or JAX can be quantised, got float"):
        quantized(1.0, 0)


def trained(rule, steps=150, shape=(100, 60)):
    torch.manual_seed(0)
    p, noise = torch.nn.Parameter(torch.randn(shape)), torch.Generator().manual_seed(1)
    optimizer = O.Optimizer([p], rule)
    curvature = torch.rand(shape, generator=noise)
    for _ in range(steps):
        p.grad = curvature * p.detach() + 0.1 * torch.randn(shape, generator=noise)
        optimizer.step()
    return (curvature * p.detach() ** 2).sum().item(), optimizer.state[p], optimizer, p


@pytest.mark.parametrize("rule", [R.Adam(1e-2), R.HeavyBall(1e-2, 0.9), R.Lion(3e-3), R.AdEMAMix(1e-2, beta3=0.99), R.Yogi(1e-2)],
                         ids=lambda r: type(r).__name__)  # fmt: skip
def test_training_ends_alike_and_the_memory_is_a_quarter(rule):
    (plain, whole, *_), (ours, bytes_, *_) = trained(rule), trained(R.Quantized(rule))
    assert abs(ours - plain) < 0.02 * plain

    def size(state):
        return sum(a.numel() * a.element_size() for a in state.values() if isinstance(a, torch.Tensor))

    assert size(bytes_) < 0.26 * size(whole) + 1200


def test_small_tensors_are_not_touched():
    plain, ours = trained(R.Adam(1e-2), 20, (9, 9)), trained(R.Quantized(R.Adam(1e-2)), 20, (9, 9))
    assert torch.allclose(plain[3], ours[3], rtol=1e-6)


def test_a_checkpoint_comes_back_as_bytes_and_goes_on_alike():
    _, _, optimizer, p = trained(R.Quantized(R.Adam(1e-2)), 20)
    twin = torch.nn.Parameter(p.detach().clone())
    other = O.Optimizer([twin], R.Quantized(R.Adam(1e-2)))
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(5):
        p.grad, twin.grad = p.detach().clone(), twin.detach().clone()
        optimizer.step()
        other.step()
    assert torch.equal(p, twin) and other.state[twin]["m"].dtype == torch.int8


def test_around_it_and_inside_it():
    """An average of the weights outside keeps them whole; weight decay, ascent and matrices pass through."""
    loss, state, *_ = trained(R.EMA(R.Quantized(R.Adam(1e-2)), 0.9), 50)
    assert state["x_bar"].dtype == torch.float32 and state["m"].dtype == torch.int8
    muon = R.Quantized(R.Muon(1e-2))
    assert muon.reads == "matrix" and trained(muon, 20)[1]["b"].dtype == torch.int8
    p = torch.nn.Parameter(torch.ones(80, 80))
    optimizer = O.Quantized([p], R.HeavyBall(0.1, 0.9), block=64, weight_decay=0.5, maximize=True)
    p.grad = torch.zeros(80, 80)
    optimizer.step()
    assert torch.allclose(p, torch.full((80, 80), 1 - 0.1 * 0.5)) and optimizer.state[p]["v"].shape == (100, 64)
