"""Verdicts on plain outputs. Nothing here runs a learner's code: only the oracles and the known wrong answers of the book."""

import functools
import json
import math
from dataclasses import dataclass
from typing import Any

from gdcore.check.execute import NOTHING, run
from gdcore.check.values import agree, first_difference, is_number, plain, shape_of, short

__all__ = ["Verdict", "expected_output", "judge", "mistaken_output", "mistakes_of", "points_of"]

UNREADABLE = "The answer came back in a form that cannot be read."
SINGLE = 1e-4  # relative tolerance for an answer in float32


@dataclass(frozen=True)
class Verdict:
    """What a case is worth, from 0 to 1, and why; `expected` and `got` are plain values, where there is something to compare."""

    credit: float
    message: str
    expected: Any = None
    got: Any = None

    @property
    def passed(self):
        return self.credit == 1


def judge(question, case, output, limit=None):
    """The `Verdict` on the output of a submission (see `execute`) for a case of the question. limit: seconds, else the question's own."""
    output = _readable(output)
    value = output["value"]
    if output["error"] or output["raised"]:
        return Verdict(0, output["error"] or f"It raised {output['raised']}.")
    if output["seconds"] > (limit := limit or question.limit):
        return Verdict(0, f"It took {output['seconds']:.1f} seconds, and {limit:g} are allowed: is there a loop too many?")
    if value is None:
        return Verdict(0, "It returns None: nothing is written yet, or the `return` is missing.")
    if unusable := _unusable(value):
        return Verdict(0, f"It returns {unusable}: return numbers, or a NumPy array of them.")
    if output["changed"]:
        names = " and ".join(f"`{name}`" for name in output["changed"])
        return Verdict(0, f"It alters its input {names}: the caller still needs that array, so work on a copy.", got=value)
    if question.proof is not None:
        return _proven(question, case, value)
    expected = expected_output(question, case)["value"]
    if question.mode == "answer":
        return _answered(question, expected, value)
    return _compared(question, expected, value, _tolerance(question, output))


def _readable(output):
    """The output with each field of its kind, whatever another process wrote."""
    whole = NOTHING | (output if isinstance(output, dict) else {"error": UNREADABLE})
    kinds = {name: type(nothing) for name, nothing in NOTHING.items()} | {"value": object, "seconds": (int, float)}
    if not all(isinstance(whole[name], kind) for name, kind in kinds.items()):
        whole = NOTHING | {"error": UNREADABLE}
    return whole | {"value": plain(whole["value"])}


def expected_output(question, case):
    """What the oracle gives for this case."""
    return _trusted(question, -1, 0, json.dumps(case.inputs))


def mistaken_output(question, mistake, way, case):
    """What one way to make a known mistake gives for this case."""
    return _trusted(question, question.mistakes.index(mistake), way, json.dumps(case.inputs))


@functools.lru_cache(maxsize=4096)
def _trusted(question, number, way, inputs):
    """The output of a question's oracle (-1), or of one way to make its mistake of that number; kept, as a class asks a hundred times."""
    code = question.oracle if number < 0 else question.mistakes[number].codes[way]
    return run(question.mode, code, json.loads(inputs), limit=30)


def points_of(question, cases, verdicts):
    """The points of a submission: each case gives its share of them."""
    total = sum(c.weight for c in cases)
    return round(question.points * sum(c.weight * v.credit for c, v in zip(cases, verdicts)) / total, 2)


def mistakes_of(question, cases, outputs):
    """The known mistakes that the outputs look like, in all cases; for an implementation there is at most one."""
    outputs = [_readable(o) for o in outputs]
    if question.mode == "answer":
        return [m for m in question.mistakes if any(_answers_like(code, cases, outputs) for code in m.codes)]
    tried = [(json.dumps(c.inputs), o) for c, o in zip(cases, outputs) if o["raised"] != "not tried"]
    for number, mistake in enumerate(question.mistakes):
        for way in range(len(mistake.codes)):
            if tried and all(_alike(question, _trusted(question, number, way, inputs), o) for inputs, o in tried):
                return [mistake]
    return []


def _alike(question, wrong, output):
    if wrong["raised"] or output["raised"]:
        return wrong["raised"] == output["raised"]
    if output["error"] or wrong["changed"] != output["changed"]:
        return False
    return agree(wrong["value"], output["value"], _tolerance(question, output), question.each)


def _tolerance(question, output):
    return max(question.rtol, SINGLE) if output["single"] else question.rtol


def _answers_like(wrong, cases, outputs):
    given = {c.inputs["item"]: o["value"] for c, o in zip(cases, outputs)}
    return all(_part_like(wanted, given.get(item)) for item, wanted in wrong.items())


def _part_like(wanted, got):
    if isinstance(wanted, (list, tuple)):
        return isinstance(got, list) and len(got) == len(wanted) and all(w is None or _part_like(w, g) for w, g in zip(wanted, got))
    if is_number(wanted):
        return is_number(got) and math.isclose(wanted, got, rel_tol=0.02, abs_tol=1e-9)
    return _word(wanted) == _word(got)


def _word(value):
    return value.strip().lower() if isinstance(value, str) else value


def _unusable(value):
    if isinstance(value, dict):
        return short(value.get("unusable", "a dictionary"))
    if isinstance(value, list):
        return next((bad for bad in map(_unusable, value) if bad), "")
    return ""


def _proven(question, case, value):
    try:
        fault = question.proof(value, case.inputs, case.hidden)
    except (TypeError, ValueError, IndexError):  # of another form than the proof can read
        fault = f"It returns {short(value)}, which has not the form that is asked for."
    return Verdict(0 if fault else 1, fault or "the target is reached", got=value)


def _answered(question, expected, value):
    if isinstance(expected, list):
        if not isinstance(value, list) or len(value) != len(expected):
            return Verdict(0, f"Give a pair, (choice, reason); got {short(value)}.")
        right = [_word(e) == _word(g) for e, g in zip(expected, value)]
        return Verdict(sum(right) / len(right), "" if all(right) else f"{sum(right)} of {len(right)} parts are right", expected, value)
    if is_number(expected):
        if not is_number(value):
            return Verdict(0, f"The answer is a number; got {short(value)}.")
        right = math.isclose(expected, value, rel_tol=question.rtol, abs_tol=1e-9)
    else:
        right = _word(expected) == _word(value)
    return Verdict(float(right), "" if right else f"you say {short(value)}", expected, value)


def _compared(question, expected, value, rtol, place=()):
    """An output against the oracle's: first the form, then the numbers. `place` is where in the output these two stand."""
    parts = isinstance(expected, list) and (question.each or shape_of(expected) is None)
    if parts and isinstance(value, list) and len(value) == len(expected):
        verdicts = (_compared(question, e, g, rtol, (*place, i)) for i, (e, g) in enumerate(zip(expected, value)))
        wrong = next((v for v in verdicts if not v.passed), None)
        if wrong is None:
            return Verdict(1, short(expected) if question.each else _all(_count(expected)), expected, value)
        return Verdict(0, wrong.message, expected, value)
    shapes = shape_of(expected), shape_of(value)
    if parts or shapes[0] != shapes[1]:
        return Verdict(0, f"{_at(question, place)}{_form(expected)} is expected, {_form(value)} came.", expected, value)
    at = first_difference(expected, value, rtol)
    if at is None:
        return Verdict(1, short(expected) if shapes[0] == () else _all(math.prod(shapes[0])), expected, value)
    return Verdict(0, _where(question, expected, value, at, place), expected, value)


def _count(value):
    return sum(map(_count, value)) if isinstance(value, list) else 1


def _all(count):
    return f"all {count} numbers agree" if count > 1 else "it agrees"


def _at(question, place):
    """Where in the output, in words: "first wrong at step 3, array 1: "."""
    if not place:
        return ""
    if question.steps:
        arrays = 2 if question.mode == "optimizer" else 1  # of an optimizer a step has several arrays
        words = [f"step {place[0]}", *(f"array {i + 1}" for i in place[1:arrays])]
        words += [f"entry [{', '.join(map(str, place[arrays:]))}]"] if place[arrays:] else []
        return f"first wrong at {', '.join(words)}: "
    entry = f"number {place[0] + 1}" if question.each else f"[{', '.join(map(str, place))}]"
    return f"first wrong at {entry}: "


def _form(value):
    shape = shape_of(value)
    if shape == ():
        return "one number"
    if shape is None:
        return f"a list of {len(value)} parts" if isinstance(value, list) else f"{short(value)!r}"
    return f"an array of shape {shape}"


def _where(question, expected, value, at, place):
    """The first wrong entry in words, and what was expected there; of a path the whole step, if one sees there what is wrong."""
    for down in (at[:1], at) if question.steps and not place else (at,):
        wanted, got = _below(expected, down), _below(value, down)
        texts = _apart(wanted, got)
        if texts[0] != texts[1]:
            break
    said = f"{_at(question, (*place, *down))}{texts[0]} is expected, {texts[1]} came"
    if is_number(got) and not math.isfinite(got):
        return f"{said}: an overflow, or a division by zero."
    return f"{said}."


def _below(value, place):
    for i in place:
        value = value[i]
    return value


def _apart(expected, value):
    """Both in a few digits, or in as many as it takes to see that they differ."""
    for digits in (6, 9, 12, 17):
        texts = short(expected, digits), short(value, digits)
        if texts[0] != texts[1]:
            break
    return texts
