"""Linear rules on a quadratic: what one step leaves of a component of the error, in closed form.

A linear rule treats each component, one for each curvature λ, on its own. Two numbers describe it, the trace and the determinant of
the matrix that takes (x at t, x at t − 1) one step on; the larger size of the two roots of z² − trace z + determinant is what a step
leaves of the component in the long run.
"""

import numpy as np

from gdcore.rules import GD, HeavyBall, Nesterov

__all__ = ["LINEAR", "best", "left"]

LINEAR = {
    GD: lambda curvature, lr: (1 - lr * curvature, 0.0),
    HeavyBall: lambda curvature, lr, momentum, dampening=0.0: (1 + momentum - lr * (1 - dampening) * curvature, momentum),
    Nesterov: lambda curvature, lr, momentum: ((1 + momentum) * (1 - lr * curvature), momentum * (1 - lr * curvature)),
}


def left(kind, curvature, **hyper):
    """The share of a component that a step of the rule `kind` leaves; numbers or arrays. 1 and more never arrives."""
    trace, determinant = LINEAR[kind](curvature, **hyper)
    root = np.sqrt(trace**2 / 4 - determinant + 0j)
    return np.maximum(abs(trace / 2 + root), abs(trace / 2 - root))


def best(mu, L):
    """The best heavy ball on curvatures from mu to L: (lr, momentum, share left by a step). Polyak (1964)."""
    root = np.sqrt(L / mu)
    share = (root - 1) / (root + 1)
    return 4 / (np.sqrt(L) + np.sqrt(mu)) ** 2, share**2, share
