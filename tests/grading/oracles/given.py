"""The cases of a question as a submission sees them, over several seeds, beside what its oracle says."""

import numpy as np

from gdcore.check.declaration import question
from gdcore.check.judge import expected_output
from gdcore.check.values import arrays

__all__ = ["SEEDS", "cases", "expected"]

SEEDS = (0, 1, "a secret")


def cases(id):
    """(inputs by name, the case) for each case of each seed."""
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield {name: arrays(value) for name, value in case.inputs.items()}, case


def expected(id):
    """(inputs by name, the right answer, lists as arrays) for each case of each seed."""
    for given, case in cases(id):
        value = expected_output(question(id), case)["value"]
        yield given, np.array(value) if isinstance(value, list) else value
