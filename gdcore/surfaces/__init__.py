"""Surfaces to descend on, each with its gradient, its minima and its constants: see `Surface`."""

from gdcore.surfaces.analytic import (
    absolute,
    ackley,
    beale,
    booth,
    deep_linear,
    double_well,
    exponential,
    himmelblau,
    monkey_saddle,
    quadratic,
    quartic,
    rastrigin,
    rosenbrock,
    saddle,
    styblinski_tang,
    valley_saddle,
)
from gdcore.surfaces.base import Surface
from gdcore.surfaces.data import ising, lasso_orthonormal, least_squares, logistic_regression, ridge

# those that can be drawn, from one variable to two
SURFACES = {surface.name: surface for surface in (
    absolute, quartic, exponential, double_well, quadratic(), booth, rosenbrock, beale, himmelblau, rastrigin(), ackley(),
    styblinski_tang(), saddle, monkey_saddle, valley_saddle, deep_linear(), logistic_regression())}

__all__ = ["SURFACES", "Surface", "absolute", "ackley", "beale", "booth", "deep_linear", "double_well", "exponential",
           "himmelblau", "ising", "lasso_orthonormal", "least_squares", "logistic_regression", "monkey_saddle", "quadratic",
           "quartic", "rastrigin", "ridge", "rosenbrock", "saddle", "styblinski_tang", "valley_saddle"]
