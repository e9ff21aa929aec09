"""A function and its gradient in whatever world x lives in, and the number of times each was asked."""

import numbers

import numpy as np

from gdcore.rules.arithmetic import is_scalar, world

__all__ = ["Objective", "central_differences", "numpy_of"]


class Objective:
    """f with a gradient: the one given, or that of f (`f.gradient`), else torch's, else JAX's, else central differences.

    Raises TypeError if f or the gradient gives no numbers, ValueError if f gives several or the gradient has not the shape of x.
    """

    def __init__(self, f, gradient, x0):
        self.f, self.gradient = f, gradient if gradient is not None else getattr(f, "gradient", None)
        self.evaluations = self.gradient_evaluations = 0
        automatic = {"torch": self._torch, "jax.numpy": self._jax}.get(_world_name(x0), self._differences)
        self._both = self._given if self.gradient is not None else automatic

    def at(self, x):
        """(value as a float, gradient) at x."""
        self.gradient_evaluations += 1
        return self._both(x)

    def slope(self, x):
        """The gradient alone; it costs evaluations of f only where it is found through f."""
        self.gradient_evaluations += 1
        if self.gradient is not None:
            return _gradient(self.gradient(_copy(x)), x)
        return central_differences(self._value, x) if self._both == self._differences else self._both(x)[1]

    def _call(self, x):
        self.evaluations += 1
        return _one_number(self.f(x))

    def _value(self, x):
        return _float(self._call(_copy(x)))

    # -- ways to a gradient ----------------------------------------------------------------------------------------------------

    def _given(self, x):
        return self._value(x), _gradient(self.gradient(_copy(x)), x)

    def _differences(self, x):
        return self._value(x), central_differences(self._value, x)

    def _torch(self, x):
        import torch

        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            value = self._call(leaf)
            if not getattr(value, "requires_grad", False):
                raise ValueError("f takes a torch tensor but gives a value without a graph, so torch finds no gradient; "
                                 "compute it with torch functions, or give gradient=….")
            return _float(value), torch.autograd.grad(value.reshape(()), leaf)[0]

    def _jax(self, x):
        import jax

        value, g = jax.value_and_grad(lambda x: jax.numpy.reshape(self._call(x), ()))(x)
        return float(value), g


def central_differences(f, x):
    """(f(x + h) − f(x − h)) / 2h along each entry, in double precision, with h the cube root of its rounding unit.

    h is relative to the entry where that is larger than 1. It costs 2 evaluations of f for each entry of x.
    """
    at = np.asarray(x, dtype=np.float64)
    h = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(at))
    g = np.empty_like(at)
    for i in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[i] += h[i]
        down[i] -= h[i]
        width = up[i] - down[i]  # before f sees the points
        g[i] = (f(float(up)) - f(float(down)) if is_scalar(x) else f(up) - f(down)) / width
    return float(g) if is_scalar(x) else g.astype(x.dtype)


def numpy_of(x):
    """A copy of x as a NumPy array; torch's dtypes that NumPy lacks become double."""
    if _world_name(x) == "torch":
        x = x.detach().cpu()
        return (x.double() if str(x.dtype) == "torch.bfloat16" else x).numpy().copy()
    return np.array(x)


def _world_name(x):
    return getattr(world(x), "__name__", "")


def _copy(x):
    """What f and gradient get: a function that works in place must not reach the path."""
    copy = {"numpy": "copy", "torch": "clone"}.get(_world_name(x))
    return getattr(x, copy)() if copy else x


def _one_number(value):
    """The value as f gave it, if it is one number."""
    if world(value) is None and not isinstance(value, numbers.Real):
        raise TypeError(f"f gave a {type(value).__name__}; a function to minimise gives one number.")
    if any(n != 1 for n in np.shape(value)):
        raise ValueError(f"f gave an array of shape {tuple(np.shape(value))}; a function to minimise gives one number: "
                         "sum or average it.")
    return value


def _float(value):
    value = value.detach() if hasattr(value, "detach") else value
    return float(value.reshape(()) if np.shape(value) else value)


def _gradient(g, x):
    """The gradient in the form of x."""
    if world(g) is None and not isinstance(g, (numbers.Real, list, tuple)):
        raise TypeError(f"gradient gave a {type(g).__name__}; it must give one slope for each entry of x.")
    if is_scalar(x) and np.size(g) == 1:
        return float(np.reshape(g, ()))
    if np.shape(g) != np.shape(x):
        raise ValueError(f"The gradient has shape {tuple(np.shape(g))} where x has {tuple(np.shape(x))}; "
                         "it must give one slope for each entry of x.")
    w = world(x)
    if w.__name__ == "torch":
        return w.as_tensor(g, dtype=x.dtype, device=x.device).detach()
    return w.asarray(g, dtype=x.dtype)
