"""Surfaces with a formula: bowls, valleys, saddles, and landscapes with many minima."""

import functools
import math
from dataclasses import replace

import numpy as np

from gdcore.rules.arithmetic import maximum, minimum, ratio, sign, sqrt
from gdcore.surfaces.base import cos, exp, of_coordinates, sin

__all__ = ["absolute", "ackley", "beale", "booth", "deep_linear", "double_well", "exponential", "himmelblau", "monkey_saddle",
           "quadratic", "quartic", "rastrigin", "rosenbrock", "saddle", "styblinski_tang", "valley_saddle"]


def quadratic(condition=100, dimension=2, rotation=0.0, largest=None):
    """½ xᵀHx, whose curvatures lie evenly spaced in the logarithm from largest / condition to largest.

    condition: κ = L / μ, at least 1. largest: L, by default `condition`, so that μ = 1. rotation: degrees by which the axes are
    turned against the curvatures (two dimensions only); the start turns with them, so plain descent only turns its path.
    Raises ValueError if one of them is out of range.
    """
    largest = float(condition if largest is None else largest)
    if not condition >= 1 or not largest > 0 or dimension < 1:
        raise ValueError(f"quadratic got condition = {condition!r}, dimension = {dimension!r} and largest = {largest!r}; "
                         "give a condition and a dimension of at least 1, and a largest curvature above 0.")
    if rotation and dimension != 2:
        raise ValueError(f"quadratic got rotation = {rotation!r} in {dimension} dimensions; a rotation needs dimension = 2.")
    curvatures = np.geomspace(largest / condition, largest, dimension).tolist() if dimension > 1 else [largest]
    surface = bowl(curvatures, condition, float(rotation) if rotation else None)
    asked = {"condition": float(condition), "rotation": float(rotation), "largest": largest}
    return surface if dimension != 2 else replace(surface, parameters=asked)


def bowl(curvatures, condition, rotation=None):
    """½ Σ l z² with z = x turned by `rotation` degrees: `quadratic`, of numbers or of symbols, whose ranges nobody checks."""
    if rotation is not None:
        c, s = cos(rotation * (math.pi / 180)), sin(rotation * (math.pi / 180))

    def turn(x, back=False):
        if rotation is None:
            return x
        return (c * x[0] - s * x[1], c * x[1] + s * x[0]) if back else (c * x[0] + s * x[1], c * x[1] - s * x[0])

    n = len(curvatures)
    return of_coordinates(
        "quadratic",
        lambda *x: sum(l * z**2 for l, z in zip(curvatures, turn(x))) / 2,
        lambda *x: tuple(turn([l * z for l, z in zip(curvatures, turn(x))], back=True)),
        start=tuple(turn([1.0] * n, back=True)) if n > 1 else 1.0,
        minima=((0.0,) * n,) if n > 1 else (0.0,),
        box=((-1.5, 1.5),) * n,
        about=f"A bowl {condition:g} times as curved across as along: all rates of convergence have closed forms here.",
        lipschitz=functools.reduce(maximum, curvatures), strong_convexity=functools.reduce(minimum, curvatures))


rosenbrock = of_coordinates(
    "rosenbrock",
    lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    lambda x, y: (2 * (x - 1) - 400 * x * (y - x**2), 200 * (y - x**2)),
    start=(-1.2, 1.0), minima=((1.0, 1.0),), box=((-2.0, 2.0), (-1.0, 3.0)),
    about="A bent valley with steep walls and a nearly level floor (Rosenbrock 1960, The Computer Journal 3).")

beale = of_coordinates(
    "beale",
    lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
    lambda x, y: (2 * (1.5 - x + x * y) * (y - 1) + 2 * (2.25 - x + x * y**2) * (y**2 - 1)
                  + 2 * (2.625 - x + x * y**3) * (y**3 - 1),
                  2 * (1.5 - x + x * y) * x + 4 * (2.25 - x + x * y**2) * x * y + 6 * (2.625 - x + x * y**3) * x * y**2),
    start=(1.0, 1.0), minima=((3.0, 0.5),), box=((-4.5, 4.5), (-4.5, 4.5)),
    about="Plateaus in the middle and exploding gradients at the corners (Beale 1958).")

himmelblau = of_coordinates(
    "himmelblau",
    lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    lambda x, y: (4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7), 2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7)),
    start=(0.0, 0.0), box=((-5.0, 5.0), (-5.0, 5.0)),
    minima=((3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286170),
            (3.584428340330492, -1.848126526964404)),
    about="Four equally deep minima: which one is reached depends on the start (Himmelblau 1972).")


def rastrigin(n=2):
    """10n + Σ (x² − 10 cos 2πx): a bowl covered with dents (Rastrigin 1974)."""
    return of_coordinates(
        "rastrigin",
        lambda *x: sum(10 + z**2 - 10 * cos(2 * math.pi * z) for z in x),
        lambda *x: tuple(2 * z + 20 * math.pi * sin(2 * math.pi * z) for z in x),
        **_in(n, start=(2.3, -1.7), minimum=0.0, box=(-5.12, 5.12)),
        about="A local minimum near every whole number, the lowest at 0: descent stays in the first dent that it meets.",
        lipschitz=2 + 40 * math.pi**2)


def ackley(n=2):
    """20 (1 − exp(−r/5)) + e − exp(mean cos 2πx) with r the root mean square of x (Ackley 1987).

    At 0 there is no gradient: nan.
    """

    def rms(x):
        return sqrt(sum(z**2 for z in x) / len(x))

    def ripple(x):
        return exp(sum(cos(2 * math.pi * z) for z in x) / len(x))

    return of_coordinates(
        "ackley",
        lambda *x: 20 * (1 - exp(-rms(x) / 5)) + (math.e - ripple(x)),
        lambda *x: tuple(4 * exp(-rms(x) / 5) * ratio(z, n * rms(x)) + 2 * math.pi / n * ripple(x) * sin(2 * math.pi * z)
                         for z in x),
        **_in(n, start=(2.7, -1.6), minimum=0.0, box=(-5.0, 5.0)),
        about="Ripples on a plain around one deep funnel, with a point at its end where the gradient is not defined.")


saddle = of_coordinates(
    "saddle",
    lambda x, y: x**2 - y**2,
    lambda x, y: (2 * x, -2 * y),
    start=(1.5, 1e-3), minimum_value=-math.inf, box=((-2.0, 2.0), (-2.0, 2.0)), lipschitz=2.0,
    about="A pass: descent from a point with y = 0 exactly ends on it, and from any other point leaves it.")

monkey_saddle = of_coordinates(
    "monkey_saddle",
    lambda x, y: x**3 - 3 * x * y**2,
    lambda x, y: (3 * x**2 - 3 * y**2, -6 * x * y),
    start=(1.5, 0.1), minimum_value=-math.inf, box=((-2.0, 2.0), (-2.0, 2.0)),
    about="A pass with three ways down, where the Hessian is zero and says nothing.")

valley_saddle = of_coordinates(
    "valley_saddle",
    lambda x, y: x**2 / 2 + y**4 / 4 - y**2 / 2,
    lambda x, y: (x, y**3 - y),
    start=(1.5, 1e-3), minima=((0.0, 1.0), (0.0, -1.0)), minimum_value=-0.25, box=((-2.0, 2.0), (-1.8, 1.8)),
    about="A saddle between two minima: Newton's method is drawn to it, descent leaves it (Nesterov 2004, section 1.2.3).")


def styblinski_tang(n=2):
    """½ Σ (x⁴ − 16x² + 5x): two wells in every coordinate, one deeper (Styblinski and Tang 1990, Neural Networks 3)."""
    lowest = -2.903534027771177  # the lowest root of 4x³ − 32x + 5
    return of_coordinates(
        "styblinski_tang",
        lambda *x: sum(z**4 - 16 * z**2 + 5 * z for z in x) / 2,
        lambda *x: tuple(2 * z**3 - 16 * z + 2.5 for z in x),
        **_in(n, start=(-0.5, 1.0), minimum=lowest, box=(-5.0, 5.0)),
        minimum_value=n * (lowest**4 - 16 * lowest**2 + 5 * lowest) / 2,
        about="Two wells in every coordinate, of which one is deeper: noise can carry a path out of the wrong one.")


booth = of_coordinates(
    "booth",
    lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
    lambda x, y: (10 * x + 8 * y - 34, 8 * x + 10 * y - 38),
    start=(-5.0, 5.0), minima=((1.0, 3.0),), box=((-10.0, 10.0), (-10.0, 10.0)), lipschitz=18.0, strong_convexity=2.0,
    about="A bowl of condition 9 that stands askew to the axes.")

double_well = of_coordinates(
    "double_well",
    lambda x: x**4 - 2 * x**2 + 0.3 * x,
    lambda x: (4 * x**3 - 4 * x + 0.3,),
    start=1.5, minima=(-1.0355787140888538,), minimum_value=-1.305428483743916, box=((-1.7, 1.7),),
    about="Two wells, the left one deeper; descent from the start ends in the right one.")

absolute = of_coordinates(
    "absolute",
    lambda x: abs(x),
    lambda x: (sign(x),),
    start=1.0, minima=(0.0,), box=((-1.5, 1.5),),
    about="A kink: the slope keeps its length up to the minimum, so constant steps never settle (at 0 the subgradient is 0).")

quartic = of_coordinates(
    "quartic",
    lambda x: x**4,
    lambda x: (4 * x**3,),
    start=1.0, minima=(0.0,), box=((-1.5, 1.5),),
    about="So level at its minimum that descent slows down to a power of the steps.")

exponential = of_coordinates(
    "exponential",
    lambda x: exp(-x),
    lambda x: (-exp(-x),),
    start=0.0, box=((-1.0, 6.0),),
    about="A bound of 0 that no point attains: the value converges, the point does not.")


def deep_linear(depth=2):
    """½ (w₁ w₂ … − 1)²: a deep network with one weight a layer (Saxe, McClelland and Ganguli 2014, arXiv:1312.6120).

    Its minima fill the set where the product is 1; `minima` names the balanced one.
    """
    return of_coordinates(
        "deep_linear",
        lambda *w: (math.prod(w) - 1) ** 2 / 2,
        lambda *w: tuple((math.prod(w) - 1) * math.prod(w[:i] + w[i + 1:]) for i in range(len(w))),
        **_in(depth, start=(0.5, 0.5), minimum=1.0, box=(-2.5, 2.5)),
        about="The gradient of each weight is the product of the others: with depth it vanishes below 1 and explodes above.",
        **dict(lipschitz=1.0, strong_convexity=1.0) if depth == 1 else {})


def _in(n, start, minimum, box):
    """The same numbers in n variables, `start` repeated as often as it takes."""
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"A surface needs a whole number of variables from 1 on, got {n!r}.")
    many = tuple(start[i % len(start)] for i in range(n))
    lowest = (minimum,) * n
    return dict(start=many if n > 1 else many[0], minima=(lowest if n > 1 else minimum,), box=(box,) * n)
