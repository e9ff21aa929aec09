"""The judge on outputs that another process wrote: whatever comes, a verdict and no exception, and no points for nonsense."""

import pytest

from gdcore.check.judge import judge, mistakes_of, points_of
from tests.grading.common import QUESTIONS

pytestmark = pytest.mark.slow

STRANGE = [
    None, True, False, "", "nan", "None", -1, 10**400, 1e308, float("nan"), float("inf"), [], [[]], [[], [1.0]], [None], [None, None], {},
    {"a": 1}, {"unusable": "x"}, {"unusable": 3}, [{"unusable": "x"}],
    ["a", 1], [True, False], [[1.0, 2.0], [3.0]], [[[[[[1.0]]]]]], [1e400] * 8,
    [float("nan")] * 3, [[float("inf")] * 2] * 13, [10**400, 1], [["a"]], ["squared", None], [[], []], [0.0] * 1000,
]  # fmt: skip


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda q: q.id)
def test_strange_values_get_no_points(asked):
    cases = asked.cases("a secret")
    for value in STRANGE:
        outputs = [{"value": value} for _ in cases]
        verdicts = [judge(asked, c, o) for c, o in zip(cases, outputs)]
        assert points_of(asked, cases, verdicts) < asked.points and all(isinstance(v.message, str) for v in verdicts), value
        assert all(0 <= v.credit <= 1 for v in verdicts)
        mistakes_of(asked, cases, outputs)


@pytest.mark.parametrize("output", [{}, {"value": 3.0, "error": "It broke."}, {"raised": "Endless"}, {"value": 1.0, "changed": ["y"]},
                                    {"value": 1.0, "seconds": "long"}, {"value": 1.0, "seconds": float("nan")},
                                    {"value": 1.0, "single": "yes"}, {"value": 1.0, "error": 3}, None, [], "3.0", 3])  # fmt: skip
def test_strange_outputs_get_no_points(output):
    for asked in QUESTIONS:
        cases = asked.cases(1)
        verdicts = [judge(asked, c, output) for c in cases]
        assert points_of(asked, cases, verdicts) < asked.points / 2 and all(isinstance(v.message, str) for v in verdicts)
        mistakes_of(asked, cases, [output] * len(cases))
