"""The judge on outputs that another process wrote: whatever comes, a verdict and no exception, and no points for nonsense."""

import math
import sys
import types

import pytest

from gdcore.check.judge import judge, mistakes_of, points_of
from tests.grading.common import QUESTIONS

pytestmark = pytest.mark.slow

J = sys.modules["gdcore.check.judge"]  # `judge` of gdcore.check is the function

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


def question(**changed):
    usual = dict(limit=2.0, proof=None, mode="function", each=False, steps=False, rtol=1e-6, mistakes=[], points=4)
    return types.SimpleNamespace(**{**usual, **changed})


OPTIMIZER = dict(steps=True, mode="optimizer")


@pytest.mark.parametrize("kind, expected, value, said", [
    ({}, [1.0, 2.0], [1.0, 2.0], "all 2 numbers agree"), ({}, [1.0], [1.0], "it agrees"), ({}, 3.0, 3.0, "3"),
    ({}, [[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [5.0, 4.0]], "first wrong at [1, 0]: 3 is expected, 5 came."),
    (dict(each=True), [1.0, 2.0], [1.0, 3.0], "first wrong at number 2: 2 is expected, 3 came."),
    (dict(each=True), [1.0, 2.0], [1.0, 2.0], "[1, 2]"),
    ({}, [[1.0], [2.0, 3.0]], [[1.0], [2.0, 3.0]], "all 3 numbers agree"),
    ({}, [[1.0], [2.0, 3.0]], [[1.0], [2.0]], "first wrong at [1]: an array of shape (2,) is expected, an array of shape (1,) came."),
    ({}, [1.0, 2.0], 1.0, "an array of shape (2,) is expected, one number came."),
    ({}, [[1.0], [2.0, 3.0]], 1.0, "a list of 2 parts is expected, one number came."),
    (dict(steps=True), [[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 5.0]], "first wrong at step 1: [3, 4] is expected, [3, 5] came."),
    (dict(steps=True), [[1.0] * 30] * 2, [[1.0] * 30, [1.0] * 29 + [4.0]], "first wrong at step 1, entry [29]: 1 is expected, 4 came."),
    ({}, [1.0, 2.0], [1.0, math.inf], "first wrong at [1]: 2 is expected, inf came: an overflow, or a division by zero."),
    ({}, [1.0, 2.0], [1.0, 2.000004], "first wrong at [1]: 2 is expected, 2.000004 came."),
    (dict(rtol=1e-12), 1.0, 1.0000000001, "1 is expected, 1.0000000001 came."),
    ({}, 2.12345678, 3.12345678, "2.12346 is expected, 3.12346 came."),
    (dict(rtol=1e-9), 0.123456712345, 0.123456812345, "0.123456712 is expected, 0.123456812 came."),
    (dict(rtol=1e-12), 0.12345678912345, 0.12345678922345, "0.123456789123 is expected, 0.123456789223 came."),
    (dict(rtol=1e-17), 0.1 + 0.2, 0.3, "0.30000000000000004 is expected, 0.29999999999999999 came.")])  # fmt: skip
def test_a_verdict_says_where_and_what(kind, expected, value, said):
    asked = question(**kind)
    verdict = J._compared(asked, expected, value, asked.rtol)
    assert verdict.message == said and verdict.credit == verdict.passed == ("came" not in said)


def test_a_place_in_words():
    places = [(question(**OPTIMIZER), (3, 0, 1), "step 3, array 1, entry [1]"), (question(**OPTIMIZER), (3, 1), "step 3, array 2"),
              (question(steps=True), (3, 1, 0), "step 3, entry [1, 0]"), (question(steps=True), (3,), "step 3"),
              (question(each=True), (4,), "number 5"), (question(), (1, 2), "[1, 2]")]  # fmt: skip
    assert all(J._at(asked, place) == f"first wrong at {words}: " for asked, place, words in places) and J._at(question(), ()) == ""


@pytest.mark.parametrize("expected, value, credit, said", [
    (["a", 1], ["A ", 1], 1, ""), (["a", "b"], ["a", "c"], 0.5, "1 of 2 parts are right"), (["a", "b"], ["a"], 0, "Give a pair"),
    (2.0, "x", 0, "The answer is a number; got x."), (2.0, 2.000001, 1, ""), (2.0, 2.00001, 0, "you say 2.00001"), (0.0, 5e-10, 1, ""),
    (0.0, 5e-9, 0, "you say"), ("a", "b", 0, "you say b")])  # fmt: skip
def test_answers_are_worth_their_parts(expected, value, credit, said):
    verdict = J._answered(question(), expected, value)
    assert verdict.credit == credit and verdict.message.startswith(said) and bool(verdict.message) == bool(said)


def test_limits_points_and_likeness_are_what_they_are():
    assert J.judge(question(), None, {"value": 1.0, "seconds": 2.1}).message.startswith("It took 2.1 seconds, and 2 are allowed")
    assert J.judge(question(limit=9.0), None, {"value": 1.0, "seconds": 2.1}, limit=2.0).credit == 0
    near = question(proof=lambda value, inputs, hidden: "" if value == 1.0 else "too far")
    case = types.SimpleNamespace(inputs={}, hidden={}, weight=1)
    assert J.judge(near, case, {"value": 1.0, "seconds": 2.0}).credit == 1 and J.judge(near, case, {"value": 2.0}).message == "too far"
    heavy = types.SimpleNamespace(weight=2)
    assert points_of(question(), [case, heavy], [J.Verdict(1, ""), J.Verdict(0.5, "")]) == 2.67
    assert J._tolerance(question(), {"single": True}) == 1e-4 and J._tolerance(question(rtol=0.1), {"single": True}) == 0.1
    assert J._tolerance(question(), {"single": False}) == 1e-6
    like = [J._part_like(wanted, got) for wanted, got in
            [(1.0, 1.019), (1.0, 1.03), (0.0, 5e-10), (0.0, 5e-9), ([None, 1.0], [7.0, 1.0]), ([1.0], [1.0, 2.0]), ("A ", "a")]]
    assert like == [True, False, True, False, True, False, True]
    assert J._unusable([1.0, {"unusable": "a set"}]) == "a set" and J._unusable([1.0]) == ""


def test_the_first_mistake_is_known_by_its_own_answers():
    asked = next(q for q in QUESTIONS if q.mode != "answer")
    cases = asked.cases(1)
    outputs = [J.run(asked.mode, asked.mistakes[0].codes[0], c.inputs) for c in cases]
    assert mistakes_of(asked, cases, outputs) == [asked.mistakes[0]]


@pytest.mark.parametrize("output, credit, message, got", [
    ({"value": 1.0, "error": "It broke."}, 0, "It broke.", None), ({"value": 1.0, "raised": "Endless"}, 0, "It raised Endless.", None),
    ({"value": 1.0, "seconds": 2.1}, 0, "It took 2.1 seconds, and 2 are allowed: is there a loop too many?", None),
    ({}, 0, "It returns None: nothing is written yet, or the `return` is missing.", None), ("3.0", 0, J.UNREADABLE, None),
    ({"value": 1.0, "seconds": "long"}, 0, J.UNREADABLE, None), ({"value": 1.0, "changed": "x"}, 0, J.UNREADABLE, None),
    ({"value": [1.0, {"unusable": "a set"}]}, 0, "It returns a set: return numbers, or a NumPy array of them.", None),
    ({"value": 1.0, "changed": ["x", "y"]}, 0,
     "It alters its input `x` and `y`: the caller still needs that array, so work on a copy.", 1.0),
    ({"value": (2.0,)}, 1, "the target is reached", [2.0]),
    ({"value": 3.0, "seconds": 2}, 0, "It returns 3, which has not the form that is asked for.", 3.0)])  # fmt: skip
def test_each_verdict_by_hand(output, credit, message, got):
    case = types.SimpleNamespace(inputs={}, hidden={}, weight=1)
    verdict = judge(question(proof=lambda value, inputs, hidden: "" if value[0] == 2.0 else "too far"), case, output)
    assert verdict == J.Verdict(credit, message, None, got) and verdict.passed == (credit == 1)


def test_what_is_compared_is_the_oracles_output(monkeypatch):
    ran = []
    monkeypatch.setattr(J, "run", lambda mode, code, inputs, limit: ran.append((mode, code, inputs, limit)) or {"value": inputs["x"]})
    monkeypatch.setattr(J, "_trusted", J._trusted.__wrapped__)
    mistakes = [types.SimpleNamespace(codes=["a", "b"]), types.SimpleNamespace(codes=["c", "d"])]
    asked = question(oracle="o", mistakes=mistakes)
    case = types.SimpleNamespace(inputs={"x": 3.0}, hidden={}, weight=1)
    assert judge(asked, case, {"value": 3.0}) == J.Verdict(1, "3", 3.0, 3.0)
    assert [J._trusted(asked, number, way, '{"x": 1}')["value"] for number in (0, 1) for way in (0, 1)] == [1] * 4
    assert ran == [("function", "o", {"x": 3.0}, 30)] + [("function", code, {"x": 1}, 30) for code in "abcd"]
    assert judge(question(oracle="o", mode="answer"), case, {"value": 3.1}) == J.Verdict(0.0, "you say 3.1", 3.0, 3.1)


def test_an_answers_mistakes_are_known_in_all_items():
    first, second = types.SimpleNamespace(codes=[{"one": 2.0, "two": "A"}]), types.SimpleNamespace(codes=[{"one": 9.0}, {"two": "b"}])
    asked = question(mode="answer", mistakes=[first, second])
    cases = [types.SimpleNamespace(inputs={"item": item}) for item in ("one", "two")]
    told = lambda *values: mistakes_of(asked, cases, [{"value": value} for value in values])
    assert told(2.0, "a") == [first] and told(2.0, "b") == [second] and told(9.0, "A") == [second] and told(2.0, "c") == []
