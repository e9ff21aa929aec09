"""What a run of `minimize` leaves behind."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Trace"]


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """The path of a run, its values, its cost, and how it ended.

    Arrays are NumPy's, whatever the run was made of, and hold every point at which x, value and gradient were finite.
    `answer` and `best` are points in the form of x0, fit to go on from.
    """

    x: np.ndarray = field()  # the iterates, from x0 on: (steps + 1, …)
    values: np.ndarray  # f there: (steps + 1,)
    gradient_norms: np.ndarray  # Euclidean length of the gradient there: (steps + 1,)
    answers: np.ndarray  # what the rule would have answered there: x itself unless it keeps an average
    evaluations: int  # calls of f, those for differences and for automatic gradients included
    gradient_evaluations: int  # gradients taken
    status: str  # "converged", "diverged", "budget spent" or "stopped"
    step: int  # the step at which it ended: the number of updates made
    message: str  # how it ended, in one sentence
    answer: Any  # the rule's answer at the end: the last iterate, unless it keeps an average
    best: Any  # the iterate of lowest value

    def __len__(self):
        """The number of points kept, the start included."""
        return len(self.values)

    def __repr__(self):
        best = f"lowest value {self.values.min():.6g}, " if len(self) else ""
        return (f"Trace({self.message}; {best}{self.evaluations:,} evaluation{'s' * (self.evaluations != 1)} of f and "
                f"{self.gradient_evaluations:,} of its gradient)")

    def steps_to(self, value):
        """The first step whose value is at most `value`; infinity if there is none, so that runs can be compared."""
        reached = np.flatnonzero(self.values <= value)
        return int(reached[0]) if len(reached) else math.inf
