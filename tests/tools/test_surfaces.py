"""Surfaces: gradients against automatic ones and differences, minima by value and by slope, constants against Hessians."""

import math
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import sympy
import torch

from gdcore import surfaces as S
from gdcore.minimize import minimize
from gdcore.rules import GD, Adam

MORE = [S.quadratic(100, rotation=30), S.quadratic(1000, dimension=7), S.quadratic(1, dimension=1, largest=4), S.rastrigin(1),
        S.rastrigin(5), S.ackley(1), S.ackley(4), S.styblinski_tang(1), S.styblinski_tang(3), S.deep_linear(1), S.deep_linear(5),
        S.least_squares(), S.least_squares(30, 1, seed=3), S.ridge(penalty=0.5), S.lasso_orthonormal(), S.ising(8)]
ALL = [*S.SURFACES.values(), *MORE]
SUBGRADIENT = {"absolute", "lasso_orthonormal"}


def name(surface):
    return f"{surface.name}-{surface.dimension}"


def sample(surface, count=200, seed=0):
    """Points of the box, or around the start; numbers for a surface of one variable."""
    low, high = np.transpose(surface.box or ((-2.0, 2.0),) * surface.dimension)
    points = np.random.default_rng(seed).uniform(low, high, size=(count, surface.dimension))
    return points[:, 0] if np.ndim(surface.start) == 0 else points


every = pytest.mark.parametrize("surface", ALL, ids=name)


@every
def test_gradient_is_torchs(surface):
    points = sample(surface)
    x = torch.tensor(points, requires_grad=True)
    value = surface(x)
    (automatic,) = torch.autograd.grad(value.sum(), x)
    np.testing.assert_allclose(value.detach(), surface(points), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(automatic, surface.gradient(points), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(surface.gradient(x).detach(), surface.gradient(points), rtol=1e-12, atol=1e-12)


@every
def test_gradient_is_the_limit_of_differences(surface):
    h, points = 1e-5, sample(surface, 50, seed=1)
    axes = [1.0] if points.ndim == 1 else np.eye(surface.dimension)
    differences = np.stack([(surface(points + h * e) - surface(points - h * e)) / (2 * h) for e in axes], -1)
    exact = surface.gradient(points)
    assert np.max(np.abs(differences.reshape(exact.shape) - exact)) < 1e-6 * max(1, np.max(np.abs(exact)))


@pytest.mark.slow
@every
def test_jax_gives_the_same(surface):
    points = sample(surface, 20)
    with jax.enable_x64(True):
        x = jnp.asarray(points)
        np.testing.assert_allclose(surface(x), surface(points), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(surface.gradient(x), surface.gradient(points), rtol=1e-12, atol=1e-12)
        automatic = jax.grad(lambda x: surface(x).sum())(x)
        np.testing.assert_allclose(automatic, surface.gradient(points), rtol=1e-10, atol=1e-10)


@every
def test_a_batch_is_its_points(surface):
    points = sample(surface, 12)
    batch = points.reshape(3, 4, *points.shape[1:])
    values, slopes = surface(batch), surface.gradient(batch)
    assert values.shape == (3, 4) and slopes.shape == batch.shape
    for i, point in enumerate(points):
        x = float(point) if point.ndim == 0 else point.tolist()
        np.testing.assert_allclose(surface(x), values[divmod(i, 4)], rtol=1e-13)
        np.testing.assert_allclose(surface.gradient(x), slopes[divmod(i, 4)], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("surface", [s for s in ALL if hasattr(s.function, "__wrapped__") and s.dimension < 4], ids=name)
def test_the_formula_runs_on_symbols_and_its_derivative_is_the_gradient(surface):
    symbols = sympy.symbols(f"x:{surface.dimension}", real=True)
    formula = surface.function.__wrapped__(*symbols)
    point = np.atleast_1d(surface.start).tolist()
    values = dict(zip(symbols, point))
    for symbol, slope in zip(symbols, np.atleast_1d(surface.gradient(surface.start))):
        assert float(sympy.diff(formula, symbol).subs(values)) == pytest.approx(slope, rel=1e-12, abs=1e-12)


def test_a_surface_of_one_variable_acts_on_python_numbers():
    assert S.double_well(2) == 8.6 and type(S.double_well(2)) is float
    assert type(S.absolute.gradient(-3.0)) is float


# -- minima --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", [s for s in ALL if s.minima], ids=name)
def test_minima_by_value(surface):
    for point in surface.minima:
        assert surface(point) == pytest.approx(surface.minimum_value, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("surface", [s for s in ALL if s.minima and s.name not in {"ackley", "ising", *SUBGRADIENT}], ids=name)
def test_minima_by_slope(surface):
    for point in surface.minima:
        assert np.max(np.abs(surface.gradient(point))) < 1e-12 * max(1, np.max(np.abs(surface.gradient(surface.start))))


@every
def test_no_point_lies_lower(surface):
    points = np.where(sample(surface, 2000) > 0, 1.0, -1.0) if surface.name == "ising" else sample(surface, 2000, seed=2)
    assert surface(points).min() >= surface.minimum_value - 1e-12
    if surface.name != "ising":
        for point in surface.minima:  # neither close by
            near = np.asarray(point) + 1e-3 * np.random.default_rng(3).normal(size=np.shape(points))
            assert surface(near).min() >= surface.minimum_value - 1e-14 * max(1, abs(surface.minimum_value))


@pytest.mark.slow
@pytest.mark.parametrize("surface", [s for s in S.SURFACES.values() if s.minima and s.name != "absolute"], ids=name)
def test_the_best_of_many_descents_by_scipy_is_the_minimum(surface):
    f = lambda x: surface(x.reshape(np.shape(surface.start)))
    results = [scipy.optimize.minimize(f, np.atleast_1d(start)) for start in sample(surface, 150, seed=4)]
    assert min(r.fun for r in results) == pytest.approx(surface.minimum_value, abs=1e-6)
    if surface.name == "himmelblau":
        distances = np.array([[math.dist(r.x, m) for m in surface.minima] for r in results])
        assert set(distances.argmin(axis=1)) == {0, 1, 2, 3} and distances.min(axis=1).max() < 1e-4


def test_ackley_has_no_gradient_at_its_minimum():
    with np.errstate(invalid="ignore"):
        assert np.isnan(S.ackley().gradient(np.zeros(2))).all()
    assert math.isnan(S.ackley(1).gradient(0.0)) and S.ackley(3)(np.zeros(3)) == 0


def test_lasso_minimum_fulfils_the_condition_of_subgradients():
    surface = S.lasso_orthonormal(penalty=1.5)
    X, y = surface.data
    np.testing.assert_allclose(X.T @ X, np.eye(10), atol=1e-14)
    w = np.array(surface.minima[0])
    slope = X.T @ (X @ w - y)
    assert 0 < (w == 0).sum() < 10
    np.testing.assert_allclose(slope[w != 0], -1.5 * np.sign(w[w != 0]), atol=1e-12)
    assert np.all(np.abs(slope[w == 0]) <= 1.5)


def test_ising_ground_states_come_in_pairs_and_match_a_plain_search():
    surface = S.ising(6, seed=5)
    J = surface.data[0]
    energy = {}
    for bits in range(64):
        s = [1 if bits >> i & 1 else -1 for i in range(6)]
        energy[tuple(s)] = -sum(J[i, j] * s[i] * s[j] for i in range(6) for j in range(i))
    lowest = min(energy.values())
    assert surface.minimum_value == pytest.approx(lowest, abs=1e-12)
    assert set(surface.minima) == {s for s, e in energy.items() if e < lowest + 1e-9}
    assert {tuple(-v for v in s) for s in surface.minima} == set(surface.minima) and len(surface.minima) == 2


def test_regression_minima_are_those_of_the_normal_equations():
    surface = S.least_squares(200, 10, seed=1)
    X, y = surface.data
    assert X.shape == (200, 10)
    np.testing.assert_allclose(surface.minima[0], np.linalg.lstsq(X, y)[0], rtol=1e-11)
    assert surface.minimum_value == pytest.approx(np.mean((y - X @ surface.minima[0]) ** 2) / 2)
    ridge = S.ridge(200, 10, penalty=0.5, seed=1)
    assert np.linalg.norm(ridge.minima) < np.linalg.norm(surface.minima)


def test_the_loss_of_separable_classes_falls_to_its_bound_and_the_weights_grow():
    surface = S.logistic_regression()
    X, y = surface.data
    assert set(y) == {-1.0, 1.0} and (y * (X @ [0.6, 0.8]) > 0.3).all()
    scales = 10.0 ** np.arange(5)
    values = surface(scales[:, None] * [0.6, 0.8])
    assert (np.diff(values) <= 0).all() and values[-1] < 1e-300 and (surface(sample(surface)) > 0).all()


# -- constants -----------------------------------------------------------------------------------------------


def curvatures(surface, points):
    """The eigenvalues of the Hessian at each point, from torch."""
    return np.array([np.linalg.eigvalsh(np.atleast_2d(torch.autograd.functional.hessian(
        lambda x: surface(x).reshape(()), torch.tensor(p)).numpy())) for p in points])


@pytest.mark.parametrize("surface", [s for s in ALL if s.lipschitz is not None], ids=name)
def test_lipschitz_constants_are_never_exceeded_and_attained(surface):
    steepest = 0 * np.asarray(surface.start)  # where rastrigin and the logistic loss bend most; the others bend alike everywhere
    eigenvalues = curvatures(surface, [*sample(surface, 100, seed=6), steepest])
    assert np.abs(eigenvalues).max() == pytest.approx(surface.lipschitz, rel=1e-12)
    if surface.strong_convexity is not None:
        assert eigenvalues.min() == pytest.approx(surface.strong_convexity, rel=1e-10)
        assert 0 < surface.strong_convexity <= surface.lipschitz


@pytest.mark.parametrize("surface", [s for s in ALL if s.lipschitz is not None and s.strong_convexity is None], ids=name)
def test_without_a_constant_of_strong_convexity_some_curvature_is_not_positive_or_tends_to_zero(surface):
    assert curvatures(surface, [*sample(surface, 50), 100 * np.asarray(surface.start) + 50]).min() < 1e-6


@pytest.mark.parametrize("surface", [s for s in ALL if s.lipschitz is None], ids=name)
def test_without_a_lipschitz_constant_the_gradient_changes_without_bound(surface):
    u = np.random.default_rng(7).uniform(0.5, 1, size=(64, *np.shape(surface.start)))
    u = u * np.random.default_rng(8).choice([-1.0, 1.0], size=u.shape)
    pairs = [(1e-7 * u, -1e-7 * u), (600 * u, 601 * u), (3000 * u, 3001 * u)]
    if surface.name == "exponential":
        pairs = [(-40 - u, -40 + u)]
    steepest = max(np.max(np.abs(surface.gradient(a) - surface.gradient(b)) / np.max(np.abs(a - b))) for a, b in pairs)
    assert steepest > 1e3


def test_rosenbrock_has_the_condition_2508_at_its_minimum():
    low, high = curvatures(S.rosenbrock, [np.ones(2)])[0]
    assert low == pytest.approx(0.399, abs=1e-3) and high == pytest.approx(1001.6, abs=0.05) and round(high / low) == 2508


def test_quadratic_spaces_its_curvatures_evenly_in_the_logarithm():
    surface = S.quadratic(1000, dimension=4, largest=50)
    np.testing.assert_allclose(curvatures(surface, [np.ones(4)])[0], [0.05, 0.5, 5, 50], rtol=1e-12)
    assert (surface.lipschitz, surface.strong_convexity) == (50, 0.05)


def test_a_rotation_turns_the_path_of_descent_and_changes_that_of_adam():
    straight, turned = S.quadratic(100), S.quadratic(100, rotation=30)
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    turn = np.array([[c, s], [-s, c]])
    paths = [minimize(f, None, GD(0.015), 100).x for f in (straight, turned)]
    np.testing.assert_allclose(paths[0] @ turn, paths[1], atol=1e-13)
    paths = [minimize(f, None, Adam(0.1), 100).x for f in (straight, turned)]
    assert np.abs(paths[0] @ turn - paths[1]).max() > 0.05


def test_with_depth_the_gradient_vanishes_below_one_and_explodes_above():
    low, high = (np.abs(S.deep_linear(20).gradient([w] * 20)) for w in (0.5, 1.5))
    assert low.max() < 1e-5 and high.min() > 1e5


# -- form ----------------------------------------------------------------------------------------------------


def test_every_surface_that_can_be_drawn_has_a_box_around_its_start_and_minima_and_says_what_it_is_for():
    for surface in S.SURFACES.values():
        assert surface.about.endswith(".") and surface.dimension in (1, 2) and len(surface.box) == surface.dimension
        for point in (surface.start, *surface.minima):
            assert all(low < v < high for v, (low, high) in zip(np.atleast_1d(point), surface.box))


def test_at_takes_coordinates_apart():
    x, y = np.meshgrid(np.linspace(-2, 2, 5), np.linspace(-1, 3, 7))
    assert S.rosenbrock.at(x, y).shape == (7, 5) and S.rosenbrock.at(1, 1) == 0
    np.testing.assert_array_equal(S.double_well.at(x), S.double_well(x))


@pytest.mark.parametrize("x, shape", [
    (np.zeros(3), r"\(3,\)"), (2.0, r"\(\)"), ([[1, 2, 3]], r"\(1, 3\)"), (torch.zeros(2, 1), r"\(2, 1\)")])
def test_points_of_another_dimension_are_refused(x, shape):
    for function in (S.rosenbrock, S.rosenbrock.gradient, S.logistic_regression()):
        with pytest.raises(ValueError, match=rf"takes points of 2 coordinates.*got shape {shape}"):
            function(x)


@pytest.mark.parametrize("make, match", [
    (lambda: S.quadratic(0.5), "condition and a dimension of at least 1"),
    (lambda: S.quadratic(largest=0), "curvature above 0"),
    (lambda: S.quadratic(float("nan")), "at least 1"),
    (lambda: S.quadratic(dimension=3, rotation=10), "rotation needs dimension = 2"),
    (lambda: S.rastrigin(0), "whole number of variables"),
    (lambda: S.ackley(2.5), "whole number of variables"),
    (lambda: S.ising(20), "n from 2 to 16"),
    (lambda: S.least_squares(5, 10), "no fewer points than features"),
    (lambda: S.ridge(penalty=-1), "penalty of at least 0")])
def test_bad_arguments_get_one_sentence(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_importing_the_surfaces_imports_no_framework():
    code = "import sys, gdcore.surfaces; print([m for m in ('torch', 'jax', 'sympy', 'matplotlib') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
