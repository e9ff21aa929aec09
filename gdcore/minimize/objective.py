"""A function and its gradient in whatever world x lives in, and the number of times each was asked."""

import numpy as np

from gdcore.rules.arithmetic import is_scalar, world

__all__ = ["Objective", "numpy_of"]


class Objective:
    """f with a gradient: the one given, or that of f (`f.gradient`), else torch's, else JAX's, else central differences.

    Raises ValueError if f does not give one number, or the gradient has not the shape of x.
    """

    def __init__(self, f, gradient, x0):
        self.f, self.gradient = f, gradient if gradient is not None else getattr(f, "gradient", None)
        self.evaluations = self.gradient_evaluations = 0
        self.world = getattr(world(x0), "__name__", "")
        self._both = (self._given if self.gradient is not None else
                      {"torch": self._torch, "jax.numpy": self._jax}.get(self.world, self._differences))

    def at(self, x):
        """(value as a float, gradient) at x."""
        value, g = self._both(x)
        self.gradient_evaluations += 1
        return value, self._checked(g, x)

    def slope(self, x):
        """The gradient alone; it costs an evaluation of f only where the gradient is found through f."""
        g = (self.gradient(x) if self.gradient is not None else
             central_differences(self._value, x) if self._both == self._differences else self._both(x)[1])
        self.gradient_evaluations += 1
        return self._checked(g, x)

    def _call(self, x):
        self.evaluations += 1
        return self.f(x)

    def _value(self, x):
        return _number(self._call(x))

    # -- ways to a gradient ----------------------------------------------------------------------------------------------------

    def _given(self, x):
        return self._value(x), self.gradient(x)

    def _differences(self, x):
        return self._value(x), central_differences(self._value, x)

    def _torch(self, x):
        import torch

        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            value = self._call(leaf)
            number = _number(value)
            if not getattr(value, "requires_grad", False):
                raise ValueError("f takes a torch tensor but gives a value without a graph, so torch finds no gradient; "
                                 "compute it with torch functions, or give gradient=….")
            return number, torch.autograd.grad(value.reshape(()), leaf)[0]

    def _jax(self, x):
        import jax

        def number(x):
            value = self._call(x)
            _check_number(value)
            return jax.numpy.reshape(value, ())

        value, g = jax.value_and_grad(number)(x)
        return float(value), g

    def _checked(self, g, x):
        if self.world == "torch" and world(g) is not None and hasattr(g, "detach"):
            g = g.detach()
        elif self.world in ("", "numpy") and not is_scalar(x):
            g = np.asarray(g, dtype=x.dtype)
        elif self.world == "" and world(g) is not None and np.size(g) == 1:
            g = float(np.asarray(g).reshape(()))
        if np.shape(g) != np.shape(x):
            raise ValueError(f"The gradient has shape {tuple(np.shape(g))} where x has {tuple(np.shape(x))}; "
                             "it must give one slope for each entry of x.")
        return g


def central_differences(f, x):
    """(f(x + h) − f(x − h)) / 2h along each entry, in double precision, with h the cube root of its rounding unit."""
    at = np.asarray(x, dtype=np.float64)
    h = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(at))
    g = np.empty_like(at)
    for i in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[i] += h[i]
        down[i] -= h[i]
        points = (float(up), float(down)) if is_scalar(x) else (up, down)
        g[i] = (f(points[0]) - f(points[1])) / (up[i] - down[i])
    return float(g) if is_scalar(x) else g.astype(np.asarray(x).dtype)


def numpy_of(x):
    """A copy of x as a NumPy array; torch's dtypes that NumPy lacks become double."""
    if getattr(world(x), "__name__", "") == "torch":
        x = x.detach().cpu()
        x = x.double() if str(x.dtype) in ("torch.bfloat16",) else x
        return x.numpy().copy()
    return np.array(x)


def _check_number(value):
    if np.size(value) != 1 if not hasattr(value, "numel") else value.numel() != 1:
        raise ValueError(f"f gave an array of shape {tuple(np.shape(value))}; a function to minimise gives one number: "
                         "sum or average it.")


def _number(value):
    _check_number(value)
    return float(value) if not np.shape(value) else float(value.reshape(()))
