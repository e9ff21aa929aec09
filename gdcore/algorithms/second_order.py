"""Descent that knows the curvature, or learns it on the way: Newton, trust region, Gauss-Newton, conjugate gradients, BFGS, L-BFGS.

A method gets a `Problem`, which counts what it is asked for: values, gradients, products with the Hessian, whole Hessians. `descend`
walks until the gradient is short, and gives back a `Walk` with the bill. All is float64 on NumPy vectors; `of_torch` makes a Problem of a
loss of torch parameters. Nocedal and Wright (2006), Numerical Optimization, has all of these methods.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gdcore.line_search import strong_wolfe

__all__ = ["BFGS", "GaussNewton", "HessianFree", "LBFGS", "Newton", "NonlinearCG", "Problem", "TrustRegion", "Walk", "conjugate_gradients",
           "descend", "of_torch"]


@dataclass
class Problem:
    """A function of a vector with what is known about it. value(x), gradient(x); hessian(x), (n, n); product(x, v), the Hessian times v;
    residuals(x) and jacobian(x), (m,) and (m, n), where value is ½ |residuals|². asked: how often each was asked for."""

    value: Any
    gradient: Any
    hessian: Any = None
    product: Any = None
    residuals: Any = None
    jacobian: Any = None
    asked: dict = field(default_factory=dict)

    def __post_init__(self):
        for name in ("value", "gradient", "hessian", "product", "residuals", "jacobian"):
            setattr(self, name, self._counted(name, getattr(self, name)))
        if self.product is None and self.hessian is not None:
            self.product = lambda x, v: self.hessian(x) @ v

    def __call__(self, x):
        return self.value(x)

    def _counted(self, name, function):
        if function is None:
            return None

        known = deque(maxlen=2)  # what was asked a moment ago is not paid again

        def counted(x, *more):
            key = np.asarray(x).tobytes()
            for place, answer in known:
                if not more and place == key:
                    return answer
            self.asked[name] = self.asked.get(name, 0) + 1
            answer = function(x, *more)
            known.append((key, answer))
            return answer

        return counted


@dataclass(frozen=True)
class Walk:
    """points: (steps + 1, n). values, norms: of the function and of its gradient there. asked: the bill, as in `Problem`. status:
    "converged", "out of steps" or "stuck", with a message."""

    points: Any
    values: Any
    norms: Any
    asked: dict
    status: str
    message: str


def descend(method, problem, x, steps=100, tolerance=1e-8):
    """Walk with a method from x until the gradient is at most `tolerance` long: a `Walk`. A method that fails ends the walk as "stuck"."""
    x = np.array(x, dtype=float)
    g = problem.gradient(x)
    memory, points, values, norms = method.init(x, g), [x], [problem.value(x)], [float(np.linalg.norm(g))]
    status, message = "out of steps", f"after {steps} steps the gradient is still longer than {tolerance:g}"
    for _ in range(steps):
        if norms[-1] <= tolerance:
            break
        try:
            x, g, memory = method.update(problem, x, g, *memory)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            status, message = "stuck", str(error)
            break
        points.append(x)
        values.append(problem.value(x))
        norms.append(float(np.linalg.norm(g)))
        if not math.isfinite(values[-1]):
            status, message = "stuck", "the value is no number any more"
            break
    if norms[-1] <= tolerance:
        status, message = "converged", f"the gradient is {norms[-1]:.2g} long"
    return Walk(np.array(points), np.array(values), np.array(norms), dict(problem.asked), status, message)


# -- with the Hessian --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Newton:
    """Newton's method: to the stationary point of the parabola that fits here, (H + damping · I) p = −g.

    One step on a bowl, whatever its condition; elsewhere it also goes to saddles and maxima. absolute: the eigenvalues' sizes in place
    of the eigenvalues, so that it leaves saddles (Dauphin et al. 2014, arXiv:1406.2572). search: a line search along p, which needs a
    direction that descends. Raises LinAlgError for a singular matrix.
    """

    damping: float = 0.0
    absolute: bool = False
    search: bool = False

    def init(self, x, g):
        return ()

    def update(self, problem, x, g):
        H = problem.hessian(x)
        if self.absolute:
            values, vectors = np.linalg.eigh(H)
            p = -vectors @ (vectors.T @ g / (np.abs(values) + self.damping))
        else:
            p = -np.linalg.solve(H + self.damping * np.eye(len(x)), g)
        return *_along(problem, x, g, p, self.search), ()


@dataclass(frozen=True)
class TrustRegion:
    """The lowest point of the parabola within a ball, whose radius follows how well the parabola foretold the last step.

    Moré and Sorensen (1983): (H + λI) p = −g with the λ that makes p as long as the radius, through the eigenvalues of H. A step that
    gains less than a tenth of what was foretold is not taken. It leaves saddles. radius: the first one.
    """

    radius: float = 1.0

    def init(self, x, g):
        return (self.radius,)

    def update(self, problem, x, g, radius):
        H = problem.hessian(x)
        p = _within(H, g, radius)
        foretold = -(g @ p + p @ H @ p / 2)
        gain = (problem.value(x) - problem.value(x + p)) / foretold if foretold > 0 else 1.0
        length = float(np.linalg.norm(p))
        if not gain >= 0.25:
            radius = length / 4
        elif gain > 0.75 and length > 0.99 * radius:
            radius = 2 * radius
        if radius < 1e-15 * (1 + np.linalg.norm(x)):
            raise ArithmeticError("the trust region has shrunk to nothing; is the gradient right?")
        return (x + p, problem.gradient(x + p), (radius,)) if gain >= 0.1 else (x, g, (radius,))


def _within(H, g, radius):
    """argmin of gᵀp + ½ pᵀHp over |p| ≤ radius."""
    values, vectors = np.linalg.eigh(H)
    slopes = vectors.T @ g
    at = lambda shift: -slopes / (values + shift)
    if values[0] > 0 and np.linalg.norm(at(0.0)) <= radius:
        return vectors @ at(0.0)
    least = max(0.0, -values[0])
    floor = least + 1e-14 * max(1.0, abs(values).max())
    if np.linalg.norm(at(floor)) < radius:  # the hard case: nothing pulls along the lowest curvature, so go either way
        p = np.where(values > values[0] + 1e-12, -slopes / np.where(values + least > 0, values + least, 1.0), 0.0)
        p[0] = math.sqrt(max(radius**2 - p @ p, 0.0))
        return vectors @ p
    low, high = floor, least + np.linalg.norm(g) / radius + 1e-14
    for _ in range(200):  # |p| falls as the shift grows
        middle = math.sqrt(low * high) if low > 0 else (low + high) / 2
        low, high = (middle, high) if np.linalg.norm(at(middle)) > radius else (low, middle)
    return vectors @ at(high)


@dataclass(frozen=True)
class GaussNewton:
    """Levenberg and Marquardt: (JᵀJ + μ diag JᵀJ) p = −Jᵀr, for a value ½|r|²; without second derivatives of r.

    Levenberg (1944), Marquardt (1963). damping: the first μ; after a step that lowers the value it falls to a third, else it grows tenfold
    and the step is not taken. damping 0 is Gauss-Newton itself: every step is taken.
    """

    damping: float = 1e-3

    def init(self, x, g):
        return (self.damping,)

    def update(self, problem, x, g, mu):
        r, J = problem.residuals(x), problem.jacobian(x)
        A, foretold = J.T @ J, None
        while True:
            p = -np.linalg.solve(A + mu * np.diag(np.maximum(np.diag(A), 1e-12)), J.T @ r)
            if not self.damping or problem.value(x + p) < r @ r / 2:
                return x + p, problem.gradient(x + p), (mu / 3,)
            foretold = -(J.T @ r) @ p if foretold is None else foretold  # about twice what the first step hoped to gain
            mu *= 10
            if mu > 1e16:
                arrived = foretold < 1e-13 * (r @ r)
                raise ArithmeticError("the value can fall no further in float64: take a larger tolerance" if arrived else
                                      "no damping makes the value fall; is the Jacobian right?")  # fmt: skip


# -- with products only ------------------------------------------------------------------------------------------------------------


def conjugate_gradients(product, b, x=None, steps=None, tolerance=1e-10):
    """Solve A x = b for a symmetric positive A that is only known by product(v) = A v: (points, lengths of the residuals).

    Hestenes and Stiefel (1952). In exact arithmetic it is done after as many steps as A has distinct eigenvalues. x: the start, else 0.
    steps: the most, else the length of b. Ends when the residual is at most tolerance · |b|, or at a direction without positive curvature.
    """
    b = np.asarray(b, dtype=float)
    x = np.zeros_like(b) if x is None else np.array(x, dtype=float)
    r = b - product(x)
    p, square = r, float(r @ r)
    points, lengths = [x], [math.sqrt(square)]
    for _ in range(len(b) if steps is None else steps):
        if lengths[-1] <= tolerance * np.linalg.norm(b):
            break
        Ap = product(p)
        curved = float(p @ Ap)
        if curved <= 0:
            break
        x, r = x + square / curved * p, r - square / curved * Ap
        square, before = float(r @ r), square
        p = r + square / before * p
        points.append(x)
        lengths.append(math.sqrt(square))
    return np.array(points), np.array(lengths)


@dataclass(frozen=True)
class HessianFree:
    """Newton's step by conjugate gradients on products with the Hessian, and a line search. Martens (2010), ICML.

    damping: is added to the curvature. inner: the most products a step; they stop once the residual is min(½, √|g|) of the gradient.
    """

    damping: float = 0.0
    inner: int = 50

    def init(self, x, g):
        return ()

    def update(self, problem, x, g):
        length = float(np.linalg.norm(g))
        product = lambda v: problem.product(x, v) + self.damping * v
        points, _ = conjugate_gradients(product, -g, steps=self.inner, tolerance=min(0.5, math.sqrt(length)))
        p = points[-1] if len(points) > 1 else -g  # at once without positive curvature: go down the slope
        return *_along(problem, x, g, p, True), ()


# -- with gradients only -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NonlinearCG:
    """Conjugate gradients on any function: Polak and Ribière (1969), with the factor held above 0, and a line search (c₂ = 0.1)."""

    def init(self, x, g):
        return -g, None

    def update(self, problem, x, g, p, before):
        if before is not None:
            p = -g + max(0.0, float(g @ (g - before)) / float(before @ before)) * p
            if not g @ p < 0:
                p = -g
        x, new = _along(problem, x, g, p, True, curvature=0.1)
        return x, new, (p, g)


@dataclass(frozen=True)
class BFGS:
    """A whole inverse Hessian learned from the changes of the gradient: Broyden, Fletcher, Goldfarb, Shanno (1970)."""

    def init(self, x, g):
        return (None,)

    def update(self, problem, x, g, H):
        p = -g / max(1.0, float(np.linalg.norm(g))) if H is None else -H @ g
        new, g_new = _along(problem, x, g, p, True)
        s, y = new - x, g_new - g
        sy = float(s @ y)
        if sy > 1e-10 * float(y @ y):
            I = np.eye(len(x))
            H = sy / float(y @ y) * I if H is None else H
            V = I - np.outer(s, y) / sy
            H = V @ H @ V.T + np.outer(s, s) / sy
        return new, g_new, (H,)


@dataclass(frozen=True)
class LBFGS:
    """BFGS from the last few changes alone, never a matrix: Nocedal (1980); Liu and Nocedal (1989). memory: pairs that are kept."""

    memory: int = 10

    def init(self, x, g):
        return (deque(maxlen=self.memory),)

    def update(self, problem, x, g, pairs):
        p = two_loops(pairs, -g)
        if not pairs:
            p = p / max(1.0, float(np.linalg.norm(g)))
        new, g_new = _along(problem, x, g, p, True)
        s, y = new - x, g_new - g
        pairs = deque(pairs, maxlen=self.memory)  # the caller's stays as it is
        if s @ y > 1e-10 * float(y @ y):
            pairs.append((s, y))
        return new, g_new, (pairs,)


def two_loops(pairs, q):
    """The inverse Hessian that the pairs (s, y) stand for, times q, in 4 m n multiplications. pairs: the oldest first."""
    weights = []
    for s, y in reversed(pairs):
        weights.append((s @ q) / (s @ y))
        q = q - weights[-1] * y
    if pairs:
        s, y = pairs[-1]
        q = (s @ y) / (y @ y) * q
    for (s, y), weight in zip(pairs, reversed(weights)):
        q = q + (weight - (y @ q) / (s @ y)) * s
    return q


def _along(problem, x, g, p, search, curvature=0.9):
    """(the next point, its gradient), a full step or where a line search ends."""
    if not search:
        return x + p, problem.gradient(x + p)
    found = strong_wolfe(problem.value, x, p, lambda z: g if z is x else problem.gradient(z), curvature=curvature)
    if not found.found:  # near the end the value only rounds; the slopes still tell where the line is level
        end, value = problem.gradient(x + p), problem.value(x)
        share = (g @ p) / (g @ p - end @ p) if end @ p > g @ p else 1.0
        new = x + share * p
        if abs(problem.value(new) - value) <= 1e-13 * abs(value):
            g_new = problem.gradient(new)
            if abs(g_new @ p) < 0.9 * abs(g @ p):
                return new, g_new
    if not found.step:
        raise ArithmeticError(found.message)
    new = x + found.step * p
    return new, problem.gradient(new) if found.gradient is None else found.gradient


def of_torch(loss, parameters):
    """A `Problem` of a loss of torch parameters, and the function that writes a vector into them: (problem, x, write).

    loss: a function without arguments that gives the loss at the parameters as they are. parameters: float64, or the last digits are lost.
    """
    import torch

    from gdcore.curvature import Hessian

    parameters = list(parameters)

    @torch.no_grad()
    def write(x):
        for p, part in zip(parameters, torch.as_tensor(np.asarray(x)).split([p.numel() for p in parameters])):
            p.copy_(part.view_as(p))

    def value(x):
        write(x)
        with torch.no_grad():
            return float(loss())

    def gradient(x):
        write(x)
        parts = torch.autograd.grad(loss(), parameters)
        return torch.cat([part.reshape(-1) for part in parts]).double().cpu().numpy()

    def product(x, v):
        write(x)
        return (Hessian(loss(), parameters) @ v).double().cpu().numpy()

    x = torch.cat([p.detach().reshape(-1) for p in parameters]).double().cpu().numpy()
    return Problem(value, gradient, product=product), x, write
