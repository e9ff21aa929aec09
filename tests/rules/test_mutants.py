"""Every planted bug is found by the comparison with the references."""

import contextlib

import numpy as np
import pytest

import gdcore.rules as R
from tests.rules.mutation import TEACHING, generic_mutants, teaching_mutants
from tests.rules.table import ROWS, distance, expected, problem, rates, trajectory

# Faults that change nothing, each with the reason why.
EQUIVALENT = {
    "RMSProp: self.alpha * m + (1 - self.alpha) * g becomes self.alpha * m - (1 - self.alpha) * g": "m starts at 0 and is read as m² only",
    "Prodigy: 1.0 becomes 2.0": "the divisor of a sum that is 0",
    "Prodigy: beta3 * s + d / self.d0 * (d if self.safeguard_warmup else eta) * g becomes "
    "beta3 * s - d / self.d0 * (d if self.safeguard_warmup else eta) * g": "s starts at 0 and only its size is read",
    "Yogi: (1 - self.beta2) * sign(v - g ** 2) becomes (1 - self.beta2) / sign(v - g ** 2)": "a sign is its own inverse",
    "Rprop: 0 * g becomes 0 / g": "read only where g is not 0",
    "Rprop: 0 * g loses its right side": "0 times g is 0",
    "LARS: 1.0 becomes 2.0": "of the two, the divisor of a step that is 0",
    "LAMB: 1.0 becomes 2.0": "of the two, the divisor of a step that is 0",
    "ScheduleFreeSGD: 1 becomes 2": "of the constants, the divisor of a weight that is 0",
    "ScheduleFreeAdamW: 1 becomes 2": "of the constants, the divisor of a weight that is 0",
    **{f"SOAP: {fault}": "of L and R, whose eigenvectors do not depend on a factor" for fault in (
        "(1 - self.beta2) * matmul(g, transpose(g)) loses its left side", "(1 - self.beta2) * matmul(transpose(g), g) loses its left side",
        "1 - self.beta2 becomes 1 + self.beta2", "1 - self.beta2 loses its right side", "1 - self.beta2 loses its left side", "1 becomes 2",
        "self.beta2 becomes self.beta1")},
}


def rows_of(cls):
    """Comparisons in which the class takes part, as the rule itself or as the outermost wrapper."""
    return [(i, row) for i, row in enumerate(ROWS) if type(row.rule) is cls]


def with_class(rule, cls):
    mutated = object.__new__(cls)
    mutated.__dict__.update(rule.__dict__)
    return mutated


class _Rates:
    """A mutated rule takes its learning rate as the original does."""

    def __init__(self, rule, cls):
        self.rule, self.cls = rule, cls
        self.init, self.answer = rule.init, rule.answer

    def with_hyperparameters(self, **values):
        return with_class(self.rule.with_hyperparameters(**values), self.cls)


def killed(mutant):
    """Whether any comparison of the mutant's rule goes wrong."""
    for index, row in rows_of(mutant.rule):
        for shape in row.shapes:
            x0, gradients = problem(shape)
            try:
                with np.errstate(all="ignore"), contextlib.suppress(ZeroDivisionError, OverflowError):
                    ours = trajectory(_Rates(row.rule, mutant.cls), x0, gradients, rates(row), row.answer)
                    if distance(ours, expected(index, shape)) <= row.tolerance:
                        continue
            except Exception:  # a rule that cannot even run is found
                return True
            return True
    return False


TESTED = [cls for cls in (*R.RULES, *R.WRAPPERS, *R.COMPOSITIONS, *R.TOLD, R.SOAP) if cls is not R.SAM]


@pytest.mark.slow
@pytest.mark.parametrize("cls", TESTED, ids=lambda c: c.__name__)
def test_generic_faults(cls, record_property):
    mutants = list(generic_mutants(cls))
    alive = [m.name for m in mutants if not killed(m)]
    survivors = [name for name in alive if name not in EQUIVALENT]
    record_property("planted", len(mutants) - len(alive) + len(survivors))
    record_property("killed", len(mutants) - len(alive))
    assert not survivors


def test_faults_that_people_make(record_property):
    mutants = list(teaching_mutants())
    survivors = [m.name for m in mutants if not killed(m)]
    record_property("planted", len(mutants))
    record_property("killed", len(mutants) - len(survivors))
    assert not survivors
    assert len(mutants) == len(TEACHING) >= 40


def test_the_originals_live():
    """The comparison does not kill everything: each rule, unharmed, passes it."""
    for cls in TESTED:
        mutant = next(generic_mutants(cls))
        assert not killed(type(mutant)(cls, "none", type(cls.__name__, (cls,), {})))
