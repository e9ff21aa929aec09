"""Functions that a case may name, since a function itself cannot be sent to another process."""

import numpy as np

from gdcore import surfaces

__all__ = ["Box", "BudgetSpent", "function"]


def fenced(curvature, fence):
    """½ c x² summed over the entries where all |x| are below the fence; beyond it the loss is nan, as in an overflowing run."""

    def f(x):
        x = np.asarray(x, dtype=float)
        return float(curvature * (x**2).sum() / 2) if (np.abs(x) < fence).all() else float("nan")

    return surfaces.Surface("fenced", f, lambda x: curvature * np.asarray(x, dtype=float), start=(0.5, 0.5))


def stairs(dimension, condition):
    """A bowl made of steps: each value is the next lower power of two, so all slopes are zero, at every height."""
    bowl = surfaces.quadratic(condition, dimension=dimension)

    def f(x):
        value = float(bowl(np.asarray(x, dtype=float)))
        return 2.0 ** np.floor(np.log2(value)) if value > 0 else 0.0

    return surfaces.Surface("stairs", f, lambda x: np.zeros(len(x)), start=(1.0,) * dimension)


def dials(depths, phases):
    """A machine whose mean is a wave along each dial, Σ b cos(x − φ), with a weak bond of all; it has no slopes to sell."""
    depths, phases = np.array(depths, dtype=float), np.array(phases, dtype=float)
    bond = -((-1) ** len(depths)) * 0.4 * depths.min()  # lowest where each wave is, at −Σ b − |bond|

    def f(x):
        waves = np.cos(np.asarray(x, dtype=float) - phases)
        return float(depths @ waves + bond * waves.prod())

    def slopes(x):
        raise RuntimeError("this machine answers with values only; make slopes of them")

    return surfaces.Surface("dials", f, slopes, start=(0.0,) * len(depths))


SURFACES = {"quadratic": surfaces.quadratic, "rosenbrock": lambda: surfaces.rosenbrock, "booth": lambda: surfaces.booth, "fenced": fenced,
            "stairs": stairs, "dials": dials}


def function(function, part="value", budget=None, centre=None, **arguments):
    """The value or the gradient of a surface, by its name and its arguments; KeyError for a name that is not in SURFACES.

    part: "value", "gradient", or "box", which is both at a price: a `Box` with that budget. centre: where the origin is moved to.
    """
    surface = SURFACES[function](**arguments)
    parts = {"value": surface.function, "gradient": surface.gradient}
    if centre is not None:
        parts = {name: lambda x, f=f: f(x - np.array(centre)) for name, f in parts.items()}
    return Box(parts["value"], parts["gradient"], budget) if part == "box" else parts[part]


class BudgetSpent(RuntimeError):
    """More was asked of a `Box` than its budget allows."""


class Box:
    """A landscape in fog: box(x) is its loss and costs 1, box.gradient(x) all slopes and costs 3; box.left is what may be spent.

    Raises BudgetSpent for a question that costs more than is left.
    """

    def __init__(self, loss, slopes, budget):
        self.loss, self.slopes, self.budget, self.left = loss, slopes, budget, budget

    def _pay(self, price):
        if price > self.left:
            raise BudgetSpent(f"{self.left} evaluations of the budget of {self.budget} are left, and this one costs {price}")
        self.left -= price

    def __call__(self, x):
        self._pay(1)
        return self.loss(x)

    def gradient(self, x):
        self._pay(3)
        return self.slopes(x)
