"""What a wide random network does to a signal on its way up, and to a gradient on its way down: mean-field theory.

In a layer of infinitely many units every pre-activation is a normal number, so two averages over one normal number tell all: how large
the next signal is, and how much of a gradient comes through. Poole et al. (2016), arXiv:1606.05340; Schoenholz et al. (2017),
arXiv:1611.01232; with skip connections Yang and Schoenholz (2017), arXiv:1712.08969.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["ACTIVATIONS", "Propagation", "propagate"]


def _gelu_parts(x):
    c = np.sqrt(2 / np.pi)
    return np.tanh(c * (x + 0.044715 * x**3)), c * (1 + 3 * 0.044715 * x**2)


def _gelu_slope(x):
    t, inner = _gelu_parts(x)
    return (1 + t) / 2 + x * (1 - t**2) * inner / 2


def _sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2  # the same as 1 / (1 + exp(−x)), and nothing overflows


# name: (φ, its slope). GELU is the form with tanh, at most 0.0005 from the exact one (approximate="tanh" in torch)
ACTIVATIONS = {
    "linear": (lambda x: x, lambda x: np.ones_like(x)),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "ReLU": (lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1.0, 0.0)),
    "leaky ReLU": (lambda x: np.where(x > 0, x, 0.01 * x), lambda x: np.where(x > 0, 1.0, 0.01)),
    "GELU": (lambda x: x * (1 + _gelu_parts(x)[0]) / 2, _gelu_slope),
    "SiLU": (lambda x: x * _sigmoid(x), lambda x: _sigmoid(x) * (1 + x * (1 - _sigmoid(x)))),
}

# the middles of 400 pieces of [−8, 8]: for what is smooth, and for a corner at 0, the error is below 1e-4
NORMAL = (np.arange(400) + 0.5) * 0.04 - 8
WEIGHTS = np.exp(-(NORMAL**2) / 2) * 0.04 / np.sqrt(2 * np.pi)


@dataclass(frozen=True)
class Propagation:
    """Root mean squares layer by layer. forward: of the signal, (depth + 1,), 1 at the input. backward: of the gradient with respect to
    that signal, (depth + 1,), 1 at the end. spread: of the pre-activations, (depth,)."""

    forward: Any
    backward: Any
    spread: Any


def propagate(depth, scale=1.0, activation="tanh", skip=0.0):
    """The `Propagation` through `depth` layers a ← φ(W a) + skip · a, infinitely wide, without biases.

    scale: σ_w, the root of fan_in times the variance of a weight: 1 for Xavier's initialisation, √2 for He's. activation: a name of
    ACTIVATIONS. skip: 0 for a plain network, 1 for a residual one.
    Raises ValueError for a depth below 1, a scale that is not above 0, an activation that is not known, a skip that is no number.
    """
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise ValueError(f"depth is {depth!r}; give a whole number of layers from 1 up.")
    if not 0 < scale < np.inf:
        raise ValueError(f"scale is {scale!r}; give a number above 0.")
    if activation not in ACTIVATIONS:
        raise ValueError(f"There is no activation {activation!r} here; known are {', '.join(ACTIVATIONS)}.")
    if not np.isfinite(skip):
        raise ValueError(f"skip is {skip!r}; give 0 for a plain network or 1 for a residual one.")
    phi, slope = ACTIVATIONS[activation]
    mean, square = 0.0, 1.0
    squares, spreads, passed = [square], [], []
    for _ in range(depth):
        spread = scale * np.sqrt(square)
        values = phi(spread * NORMAL)
        average = WEIGHTS @ values
        square = WEIGHTS @ values**2 + 2 * skip * average * mean + skip**2 * square
        mean = average + skip * mean
        passed.append(scale**2 * (WEIGHTS @ slope(spread * NORMAL) ** 2) + skip**2)
        squares.append(square)
        spreads.append(spread)
    backward = np.cumprod([1.0, *passed[::-1]])[::-1]
    return Propagation(np.sqrt(squares), np.sqrt(backward), np.array(spreads))
