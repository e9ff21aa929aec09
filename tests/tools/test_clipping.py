"""Clipping: against torch, optax and the definition, in every world, at the edges of what a float holds."""

import math
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

from gdcore import clipping as C

SHAPES = [(6, 4), (5,), (), (3, 2, 3, 3)]


def gradients(scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return [np.asarray(scale * rng.normal(size=shape)) for shape in SHAPES]


def total(arrays):
    return math.sqrt(sum(float((np.asarray(a, dtype=float) ** 2).sum()) for a in arrays))


WORLDS = {"numpy": np.asarray, "torch": torch.tensor, "jax": jnp.asarray}
every_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


@every_world
def test_by_value_is_torchs(world):
    parameters = [torch.nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in SHAPES]
    for p, g in zip(parameters, gradients(3)):
        p.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_value_(parameters, 0.7)
    for ours, p in zip(C.by_value([world(g) for g in gradients(3)], 0.7), parameters):
        np.testing.assert_allclose(ours, p.grad, rtol=1e-7 if world is jnp.asarray else 0)


@every_world
@pytest.mark.parametrize("limit", [0.5, 1.0, 5.0])
def test_by_norm_ends_at_the_limit_exactly_and_keeps_the_direction(world, limit):
    given = [world(g) for g in gradients(3)]
    clipped, norm = C.by_norm(given, limit)
    digits = 1e-6 if world is jnp.asarray else 1e-14
    assert float(norm) == pytest.approx(total(gradients(3)), rel=digits)
    assert total(clipped) == pytest.approx(limit, rel=digits)
    for new, old in zip(clipped, given):
        np.testing.assert_allclose(new, np.asarray(old) * limit / float(norm), rtol=10 * digits)
        assert new.dtype == old.dtype and new.shape == old.shape
        assert type(new) is type(old) or isinstance(new, np.generic)  # NumPy's own arithmetic turns a number into a scalar


@every_world
def test_within_the_limit_nothing_changes_to_the_bit(world):
    given = [world(g) for g in gradients()]
    clipped, norm = C.by_norm(given, 100.0)
    for new, old in zip(clipped, given):
        np.testing.assert_array_equal(np.asarray(new), np.asarray(old))
    assert total(C.by_norm(given, float(norm))[0]) == pytest.approx(float(norm), rel=1e-6 if world is jnp.asarray else 1e-12)


def test_torch_ends_a_little_below_the_limit_and_we_do_not():
    p = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
    p.grad = torch.tensor([3.0, 4.0, 0.0], dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_(p, 1.0)
    assert p.grad.norm().item() == pytest.approx(5 / (5 + 1e-6), rel=1e-12) and p.grad.norm().item() < 1 - 1e-7
    p.grad = torch.tensor([3.0, 4.0, 0.0], dtype=torch.float64)
    assert C.clip_(p, 1.0).item() == 5 and p.grad.norm().item() == pytest.approx(1, rel=1e-15)


def test_a_limit_below_a_norm_below_1():
    (clipped,), norm = C.by_norm([np.array([0.3, 0.4])], 0.1)
    assert norm == pytest.approx(0.5) and np.allclose(clipped, [0.06, 0.08], rtol=1e-14)
    assert C.by_norm([0.5, 0.0], 0.1)[0] == [pytest.approx(0.1), 0.0]


def test_by_norm_is_optaxs():
    clip = optax.clip_by_global_norm(0.5)
    theirs, _ = clip.update([jnp.asarray(g) for g in gradients(3)], clip.init(None))
    for ours, g in zip(C.by_norm(gradients(3), 0.5)[0], theirs):
        np.testing.assert_allclose(ours, g, rtol=1e-6)


def test_numbers_and_missing_gradients():
    clipped, norm = C.by_norm([3.0, None, -4.0], 1.0)
    assert norm == 5.0 and clipped == [pytest.approx(0.6), None, pytest.approx(-0.8)]
    assert C.by_value([3.0, None, -4.0], 1) == [1, None, -1]
    assert C.by_norm([], 1.0) == ([], 0.0) and C.by_norm([None], 1.0) == ([None], 0.0)
    assert C.adaptive([1.0, 2.0], [None, 5.0], limit=0.5) == [None, 1.0]


@every_world
def test_zero_gradients_stay_zero_and_empty_ones_are_no_trouble(world):
    zeros = [world(np.zeros(3)), world(np.zeros((0, 2)))]
    for clipped in (C.by_norm(zeros, 1.0)[0], C.by_norm(zeros, 0.0)[0], C.by_value(zeros, 1.0), C.adaptive(zeros, zeros)):
        assert np.asarray(clipped[0]).tolist() == [0, 0, 0] and clipped[1].shape == (0, 2)


@pytest.mark.parametrize("given, tolerance", [
    ([np.full(4, 1e200)], 1e-12), ([torch.full((4,), 1e30)], 1e-6), ([jnp.full(4, 1e30)], 1e-6),
    ([1e200, 1e200, 1e200, 1e200], 1e-12),
    ([torch.full((100_000,), 300.0, dtype=torch.float16)], 1e-3), ([np.full(100_000, 300, np.float16)], 1e-3),
    ([np.full(4, 1e-200)], 1e-12)], ids=["double", "torch", "jax", "numbers", "torch-half", "numpy-half", "tiny"])
def test_the_norm_neither_overflows_nor_vanishes_before_the_gradients_do(given, tolerance):
    limit = 1e-210 if np.max(np.asarray(given[0])) < 1e-100 else 1.0
    clipped, norm = C.by_norm(given, limit)
    n, size = (len(given), given[0]) if isinstance(given[0], float) else (given[0].shape[0], float(given[0][0]))
    assert float(norm) == pytest.approx(math.sqrt(n) * size, rel=tolerance)
    entries = clipped if isinstance(given[0], float) else [float(v) for v in clipped[0][:10]]
    assert entries == pytest.approx([limit / math.sqrt(n)] * len(entries), rel=2 * tolerance)


def test_nan_is_not_hidden():
    clipped, norm = C.by_norm([np.array([1.0, np.nan]), np.ones(2)], 1.0)
    assert math.isnan(norm) and np.isnan(clipped[0]).any()
    with np.errstate(invalid="ignore"):
        clipped, norm = C.by_norm([np.array([1.0, np.inf])], 1.0)
    assert norm == math.inf and not np.isfinite(clipped[0]).all()


@pytest.mark.parametrize("world", [np.asarray, torch.tensor], ids=["numpy", "torch"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_stay(world, dtype):
    given = [world(g.astype(dtype)) for g in gradients(3)]
    for clipped in (C.by_value(given, 0.5), C.by_norm(given, 0.5)[0], C.adaptive(given, given)):
        assert [c.dtype for c in clipped] == [g.dtype for g in given]


def units(x):
    """The slices that feed one output."""
    return x.reshape(1, -1) if x.ndim < 2 else x.reshape(len(x), -1)


@every_world
def test_adaptive_is_its_definition_unit_by_unit(world):
    parameters, grads = gradients(1, seed=1), gradients(0.02, seed=2)
    parameters[0][2] = 0  # a unit at rest counts as eps long
    clipped = C.adaptive([world(p) for p in parameters], [world(g) for g in grads], limit=0.02, eps=0.01)
    shortened = 0
    for p, g, c in zip(parameters, grads, clipped):
        for unit_p, unit_g, unit_c in zip(units(p), units(g), units(np.asarray(c))):
            longest, length = 0.02 * max(np.linalg.norm(unit_p), 0.01), np.linalg.norm(unit_g)
            shortened += length > longest
            expected = unit_g * (longest / length if length > longest else 1)
            np.testing.assert_allclose(unit_c, expected, rtol=1e-5 if world is jnp.asarray else 1e-13)
    assert 4 < shortened < 11  # of 6 + 1 + 1 + 3 units


def test_adaptive_is_optaxs_with_outputs_on_the_last_axis():
    parameters, grads = gradients(1, seed=1), gradients(0.02, seed=2)
    for axis, shape in ((-1, (6, 4)), (-1, (5,)), (-1, (3, 2, 3, 3))):
        i = SHAPES.index(shape)
        p, g = jnp.asarray(parameters[i]), jnp.asarray(grads[i])
        clip = optax.adaptive_grad_clip(0.02, eps=1e-3)
        theirs, _ = clip.update([g], clip.init([p]), [p])
        np.testing.assert_allclose(C.adaptive([p], [g], 0.02, out_axis=axis)[0], theirs[0], rtol=1e-5)


@pytest.mark.parametrize("p, g", [([1e200, 1e200], [1e200, 1e200]), ([3e-200, 4e-200], [3e-200, 4e-200]), ([1.0, 0], [0, 1e200])])
def test_adaptive_neither_overflows_nor_vanishes(p, g):
    clipped = C.adaptive([np.array(p)], [np.array(g)], 0.01, eps=0.0)[0]
    np.testing.assert_allclose(clipped, 0.01 * np.array(g) * (math.hypot(*p) / math.hypot(*g)), rtol=1e-12)


def test_clip_in_place():
    def fresh():
        parameters = [torch.nn.Parameter(torch.tensor(p)) for p in gradients(1, seed=1)] + [torch.nn.Parameter(torch.zeros(2))]
        for p, g in zip(parameters, gradients(3)):
            p.grad = torch.tensor(g)
        return parameters

    for how, expected in [(C.by_norm, C.by_norm(gradients(3), 0.1)[0]), (C.by_value, C.by_value(gradients(3), 0.1)),
                          (C.adaptive, C.adaptive(gradients(1, seed=1), gradients(3), 0.1))]:
        parameters = fresh()
        buffers = [p.grad for p in parameters]
        norm = C.clip_((p for p in parameters), 0.1, how)
        assert all(buffer is p.grad for buffer, p in zip(buffers, parameters))
        for p, e in zip(parameters, expected):
            np.testing.assert_allclose(p.grad, e, rtol=1e-14)
            assert not p.grad.requires_grad
        assert parameters[-1].grad is None
        assert norm is None if how is not C.by_norm else norm.item() == pytest.approx(total(gradients(3)), rel=1e-14)


@pytest.mark.parametrize("size, dtype", [(1e30, torch.float32), (1e-30, torch.float32), (1e200, torch.float64), (300, torch.float16),
                                         (0, torch.float32), (math.inf, torch.float32), (math.nan, torch.float32), (3, torch.bfloat16)])
def test_clip_in_place_is_by_norm_also_where_a_plain_norm_has_no_digits(size, dtype):
    p = torch.nn.Parameter(torch.zeros(100_000, dtype=dtype))
    p.grad = torch.full_like(p, size)
    (expected,), norm = C.by_norm([p.grad.clone()], 1e-3)
    np.testing.assert_allclose(C.clip_(p, 1e-3), norm, rtol=1e-5)
    np.testing.assert_allclose(p.grad.float(), expected.float(), rtol=1e-3)


@every_world
def test_nothing_is_changed_in_place(world):
    given = [world(g) for g in gradients(3)]
    C.by_norm(given, 0.1), C.by_value(given, 0.1), C.adaptive(given, given)
    for g, original in zip(given, gradients(3)):
        np.testing.assert_allclose(g, original, rtol=1e-6)


@pytest.mark.parametrize("call, match", [
    (lambda: C.by_norm([1.0], -1), "limit must be at least 0, got -1"),
    (lambda: C.by_value([1.0], math.nan), "limit must be at least 0"),
    (lambda: C.adaptive([1.0], [1.0], eps=-1), "eps must be at least 0"),
    (lambda: C.adaptive([1.0], [1.0, 2.0]), "1 parameters and 2 gradients"),
    (lambda: C.adaptive([np.ones(2)], [np.ones(3)]), r"shape \(3,\) where its parameter has \(2,\)"),
    (lambda: C.clip_([], 1.0, how="norm"), "how must be by_norm, by_value or adaptive, got 'norm'")])
def test_bad_arguments_get_one_clear_sentence(call, match):
    with pytest.raises(ValueError, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_importing_the_module_imports_no_framework():
    code = "import sys, gdcore.clipping; print([m for m in ('torch', 'jax', 'sympy', 'matplotlib') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_complex_gradients_have_the_length_of_their_parts():
    """|g|² and not g²: as torch's, which sees pairs of real numbers."""
    (g,), norm = C.by_norm([np.array([3 + 4j])], 1.0)
    assert np.allclose(g, [0.6 + 0.8j]) and norm == 5
    assert np.allclose(C.by_norm([np.array([5j])], 1.0)[0][0], [1j])
    assert np.allclose(C.adaptive([np.array([1 + 0j])], [np.array([3 + 4j])], 1.0)[0], [0.6 + 0.8j])
    p = torch.nn.Parameter(torch.zeros(2, dtype=torch.complex64))
    p.grad = torch.tensor([3 + 4j, 12j])
    assert torch.isclose(C.clip_([p], 1.3), torch.tensor(13.0)) and torch.allclose(p.grad, torch.tensor([0.3 + 0.4j, 1.2j]))


def test_nothing_to_clip_has_torchs_length():
    nothing = [torch.nn.Parameter(torch.zeros(1))]
    ours, theirs = C.clip_(nothing, 1.0), torch.nn.utils.clip_grad_norm_(nothing, 1.0)
    assert type(ours) is type(theirs) and ours == theirs == 0


def test_the_length_of_a_long_unit_of_halves_does_not_overflow():
    """70,000 ones in half precision: their squares add up to more than a half can hold."""
    g = torch.ones(1, 70_000, dtype=torch.float16)
    (clipped,) = C.adaptive([torch.ones(1, 70_000, dtype=torch.float16)], [g], 0.5)
    assert torch.equal(clipped, g / 2)


def test_units_are_clipped_to_numbers_by_hand():
    p = np.array([[3.0, 4.0], [0.0, 0.0], [3.0, -4.0], [1.0, 1.0]])
    g = np.array([[6.0, 8.0], [0.3, -0.4], [1.5, 2.0], [0.0, 0.0]])
    rows = np.array([[1.5, 2.0], [3e-4, -4e-4], [1.5, 2.0], [0.0, 0.0]])  # 5 long may be 2.5, 0 counts as 1e-3, the third is at the limit
    got, number, zero, cube = C.adaptive(iter([p, -4.0, 1.0, p.reshape(4, 1, 2)]), iter([g, 3.0, 0.0, g.reshape(4, 1, 2)]), 0.5)
    assert np.allclose(got, rows, rtol=1e-14, atol=0) and np.allclose(cube[:, 0], rows, rtol=1e-14, atol=0) and (number, zero) == (2.0, 0.0)
    assert np.allclose(C.adaptive([p.T], [g.T], 0.5, out_axis=-1)[0], rows.T, rtol=1e-14, atol=0)
    assert np.allclose(C.adaptive([p[0]], [g[0]], 0.5)[0], rows[0], rtol=1e-14) and np.allclose(C.adaptive([p[0, :0]], [g[0, :0]])[0], [])
    clipped, norm = C.by_norm([np.array([]), np.array([3e-200, -4e-200])], 1.0)
    assert norm / 5e-200 == pytest.approx(1, rel=1e-14) and clipped[1][0] == 3e-200  # an empty gradient has no largest entry
    assert C.by_norm([-3e200, 2.0], 1.0)[1] == 3e200  # nor do squares overflow
    assert C.by_norm([0.0], 1.0) == ([0.0], 0.0) and C.by_norm([np.zeros(2)], 1.0)[1] == 0.0
    assert C.by_norm([np.array([3.0, 4.0])], 5.0)[0][0][1] == 4.0 and C.by_norm([-3.0, 4.0], 2.5) == ([-1.5, 2.0], 5.0)
