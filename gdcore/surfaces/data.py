"""Surfaces with data in them: regression, classification, and spins."""

import numpy as np

from gdcore.rules.arithmetic import sign, world, zeros_like
from gdcore.surfaces.base import Surface, constant, exp, points

__all__ = ["ising", "lasso_orthonormal", "least_squares", "logistic_regression", "ridge"]


def least_squares(n=200, d=10, seed=0):
    """‖Xw − y‖² / 2n: a linear fit to n noisy points of d features; `data` = (X, y), the minimum by the normal equations."""
    return ridge(n, d, penalty=0.0, seed=seed, name="least_squares")


def ridge(n=200, d=10, penalty=0.1, seed=0, name="ridge"):
    """‖Xw − y‖² / 2n + penalty ‖w‖² / 2 (Hoerl and Kennard 1970, Technometrics 12); `data` = (X, y)."""
    _check_size(name, n, d, penalty)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = X @ rng.normal(size=d) + 0.5 * rng.normal(size=n)
    hessian = X.T @ X / n + penalty * np.eye(d)
    best = np.linalg.solve(hessian, X.T @ y / n)
    curvatures = np.linalg.eigvalsh(hessian)

    def residual(w):
        w = points(name, w, d)
        return w, w @ constant(X.T, w) - constant(y, w)

    def function(w):
        w, r = residual(w)
        return (r**2).sum(-1) / (2 * n) + penalty * (w**2).sum(-1) / 2

    def gradient(w):
        w, r = residual(w)
        return r @ constant(X, w) / n + penalty * w

    return Surface(
        name, function, gradient, start=(0.0,) * d, minima=(tuple(best.tolist()),), minimum_value=float(function(best)),
        about="A bowl with a known lowest point that is a mean over examples, for methods that look at a few of them at a time.",
        lipschitz=float(curvatures[-1]), strong_convexity=float(curvatures[0]), data=(X, y))


def lasso_orthonormal(n=200, d=10, penalty=1.0, seed=0):
    """‖Xw − y‖² / 2 + penalty ‖w‖₁ with XᵀX = I, minimised by soft thresholding of Xᵀy (Tibshirani 1996).

    `gradient` is a subgradient, with slope 0 at the kinks; `data` = (X, y). Half of the true weights are 0.
    """
    _check_size("lasso_orthonormal", n, d, penalty)
    rng = np.random.default_rng(seed)
    X = np.linalg.qr(rng.normal(size=(n, d))).Q
    truth = np.where(np.arange(d) % 2, 0.0, 5 * rng.normal(size=d))
    y = X @ truth + 0.3 * rng.normal(size=n)
    z = X.T @ y
    best = np.sign(z) * np.maximum(np.abs(z) - penalty, 0.0)

    def residual(w):
        w = points("lasso_orthonormal", w, d)
        return w, w @ constant(X.T, w) - constant(y, w)

    def function(w):
        w, r = residual(w)
        return (r**2).sum(-1) / 2 + penalty * abs(w).sum(-1)

    def gradient(w):
        w, r = residual(w)
        return r @ constant(X, w) + penalty * sign(w)

    return Surface(
        "lasso_orthonormal", function, gradient, start=(0.0,) * d,
        minima=(tuple(best.tolist()),), minimum_value=float(function(best)),
        about="A bowl with kinks along the axes, whose lowest point has weights that are 0 exactly.", data=(X, y))


def logistic_regression(n=40, seed=0):
    """Mean of log(1 + exp(−y x·w)) over n points of two separable classes; `data` = (X, y), y = ±1.

    Some w separates the classes, so the loss falls to 0 for ever while ‖w‖ grows with the logarithm of the steps
    (Soudry et al. 2018, arXiv:1710.10345).
    """
    _check_size("logistic_regression", n, 2)
    rng = np.random.default_rng(seed)
    X, normal = rng.normal(size=(n, 2)), np.array([0.6, 0.8])
    y = np.where(X @ normal > 0, 1.0, -1.0)
    X = (X + 0.3 * y[:, None] * normal).round(2)  # a gap between the classes, and points that are short to print
    signed = y[:, None] * X

    def function(w):
        return _softplus(-margins(w)).mean(-1)

    def gradient(w):
        m = margins(w)
        return -exp(-_softplus(m)) @ constant(signed, m) / n

    def margins(w):
        w = points("logistic_regression", w, 2)
        return w @ constant(signed.T, w)

    return Surface(
        "logistic_regression", function, gradient, start=(0.0, 0.0), box=((-2.0, 8.0), (-2.0, 8.0)),
        about="Two separable classes: the loss converges to a bound that no weights attain, and the weights go to infinity.",
        lipschitz=float(np.linalg.eigvalsh(X.T @ X)[-1] / (4 * n)), data=(X, y))


def _softplus(m):
    """log(1 + exp m), finite for every finite m."""
    return world(m).logaddexp(m, zeros_like(m))


def ising(n=10, seed=0):
    """−½ sᵀJs for n spins of ±1 with random couplings; all 2ⁿ states are tried for the lowest (Lucas 2014, arXiv:1302.5843).

    `minima` holds every ground state; they come in pairs, s and −s. `gradient` is −Js, for methods that relax the spins to real
    numbers. n lies between 2 and 16. `data` = (J, None).
    """
    if not 2 <= n <= 16:
        raise ValueError(f"ising tries all 2ⁿ states and takes n from 2 to 16, got {n!r}.")
    upper = np.triu(np.random.default_rng(seed).normal(size=(n, n)), 1)
    J = upper + upper.T

    def function(s):
        s = points("ising", s, n)
        return -(s * (s @ constant(J, s))).sum(-1) / 2

    def gradient(s):
        s = points("ising", s, n)
        return -(s @ constant(J, s))

    states = 1.0 - 2.0 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    energies = function(states)
    lowest = energies.min()
    ground = states[energies < lowest + 1e-9]
    return Surface(
        "ising", function, gradient, start=(1.0,) * n,
        minima=tuple(tuple(s) for s in ground.tolist()), minimum_value=float(lowest),
        about="Spins that pull at one another: a discrete problem with many local minima, small enough to know the best.",
        lipschitz=float(np.abs(np.linalg.eigvalsh(J)).max()), data=(J, None))


def _check_size(name, n, d, penalty=0.0):
    if d < 1 or n < d or penalty < 0:
        raise ValueError(f"{name} got n = {n!r}, d = {d!r} and penalty = {penalty!r}; "
                         "give at least one feature, no fewer points than features, and a penalty of at least 0.")
