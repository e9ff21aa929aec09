"""What every surface is: a function to descend on, with its gradient and everything that is known about it."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gdcore.rules.arithmetic import is_scalar, world

__all__ = ["Surface", "constant", "cos", "exp", "of_coordinates", "points", "sin"]


@dataclass(frozen=True, eq=False)
class Surface:
    """A function with its gradient; call it like the function it is.

    A point of n > 1 variables is a NumPy, torch or JAX array of shape (n,), or a list of numbers; a batch has shape (…, n).
    The value has shape (…), the gradient the shape of the points. With one variable a point is a number, and a surface acts on
    arrays entry by entry. A lower bound that no point attains is still `minimum_value`; then `minima` is empty.
    Raises ValueError if the last axis of the points is not n.
    """

    name: str
    function: Callable = field(repr=False)
    gradient: Callable = field(repr=False)
    start: tuple | float  # a good place to begin
    minima: tuple = field(default=(), repr=False)  # the lowest points, or some of them if they are not isolated
    minimum_value: float = 0.0
    box: tuple | None = field(default=None, repr=False)  # ((low, high), …) to draw, one pair a variable
    about: str = field(default="", repr=False)  # what it is for, in one sentence
    lipschitz: float | None = None  # L: largest curvature anywhere; None if there is no bound
    strong_convexity: float | None = None  # μ: smallest curvature anywhere; None if it is not positive
    data: tuple | None = field(default=None, repr=False)  # (X, y) where the function is a loss on data
    parameters: dict = field(default_factory=dict, repr=False)  # what a family of surfaces was asked for, if a figure may change it

    def __call__(self, x):
        return self.function(x)

    @property
    def dimension(self):
        """The number of variables."""
        return np.size(self.start)

    def at(self, *coordinates):
        """The value at coordinates given apart, as contour plots have them: rosenbrock.at(x, y)."""
        return self.function(coordinates[0] if self.dimension == 1 else np.stack(np.broadcast_arrays(*coordinates), -1))


def of_coordinates(name, function, gradient, start, **known):
    """A surface from a function f(x, y, …) of its coordinates and its partial derivatives (tuple), in plain arithmetic.

    Both stay within reach as `surface.function.__wrapped__`, for numbers, symbols and printers.
    """
    n = np.size(start)

    @functools.wraps(function)
    def value(x):
        return function(*_coordinates(name, x, n))

    @functools.wraps(gradient)
    def slopes(x):
        parts = gradient(*_coordinates(name, x, n))
        return parts[0] if n == 1 else world(parts[0]).stack(parts, -1)

    return Surface(name, value, slopes, start, **known)


def _coordinates(name, x, n):
    if n == 1:
        return (_floats(x),)
    x = points(name, x, n)
    return tuple(x[..., i] for i in range(n))


def points(name, x, n):
    """x as an array of points with n coordinates each; ValueError if it is not."""
    x = _floats(x)
    shape = tuple(getattr(x, "shape", ()))
    if shape[-1:] != (n,):
        raise ValueError(f"{name} takes points of {n} coordinates, in an array of shape ({n},) or (…, {n}); got shape {shape}.")
    return x


def _floats(x):
    if isinstance(x, (list, tuple)) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "iub"):
        return np.asarray(x, dtype=float)
    return float(x) if is_scalar(x) else x


def constant(values, like):
    """An array of data in the world, dtype and device of `like`."""
    w = world(like)
    if w.__name__ == "torch":
        return w.as_tensor(values, dtype=like.dtype, device=like.device)
    return w.asarray(values, dtype=like.dtype)


def _elementary(name):
    def function(x):
        w = world(x)
        if hasattr(w, "SYMBOLIC"):
            import sympy as w
        return getattr(math if w is None else w, name)(x)

    function.__name__ = name
    return function


# the elementary functions of whatever x is, as in gdcore.rules.arithmetic; no rule needs them, so they live here
exp, cos, sin = _elementary("exp"), _elementary("cos"), _elementary("sin")
