"""Mistakes that nobody listed: the solutions with one thing wrong each, made from their syntax trees, lose points."""

import ast
import copy
import json
import math
import time

import numpy as np
import pytest

from gdcore.check.execute import run
from gdcore.check.judge import judge
from tests.grading.common import NAMES, QUESTIONS, code, definition, solutions
from tests.rules.mutation import mutated_trees

pytestmark = pytest.mark.slow

PATIENCE = (0.1, 0.4)  # seconds a case for a fault that never ends: twenty times what the solution takes, and no less or more than this
SOLVED = solutions()
CODED = [q for q in QUESTIONS if q.mode != "answer"]

# Faults that change no answer, each with the reason why.
REACHED = "the goal is reached all the same, and any way to it is allowed"
MIRRORED = "from zero weights the run is the mirror image of the right one, with the same losses"
EQUIVALENT = {
    "29.5: np.ones(len(n)) / len(n) becomes np.ones(len(n)) * len(n)": REACHED + ": any start and any scale of the weights",
    "29.5: np.ones(len(n)) / len(n) loses its right side": REACHED + ": any start and any scale of the weights",
    "29.5: 300 becomes 301": REACHED,
    "29.5: q / q.sum() loses its right side": REACHED + ": any start and any scale of the weights",
    "29.5: q[group] / n[group] becomes q[group] * n[group]": REACHED + ": any start and any scale of the weights",
    "29.5: q[group] / n[group] loses its right side": REACHED + ": any start and any scale of the weights",
    "29.5: 0.3 * e loses its left side": REACHED,
    "01.8: 40 becomes 41": REACHED + ": δ is a choice",
    "04.6: 6 becomes 7": REACHED + ": looks cost 3 each",
    "04.6: 15 becomes 16": REACHED,
    "04.6: L + mu becomes L - mu": REACHED,
    "04.6: L + mu loses its right side": REACHED,
    "07.6: np.geomspace(0.002, 2, 60) / curvatures.max() becomes np.geomspace(0.002, 2, 60) * curvatures.max()": REACHED,
    "07.6: np.geomspace(0.002, 2, 60) / curvatures.max() loses its right side": REACHED,
    "07.6: 2 becomes 3": REACHED,
    "07.6: 60 becomes 61": REACHED,
    "02.8: 1.0 becomes 2.0": REACHED,
    "02.8: 4 becomes 5": REACHED,
    "02.8: 2 becomes 3": REACHED,
    "19.5: 1.0 becomes 2.0": REACHED,
    "19.5: 1 becomes 2": REACHED,
    "19.5: x + sigma * rng.normal(size=len(x)) becomes x - sigma * rng.normal(size=len(x))": REACHED,
    "19.5: 0 becomes 1": REACHED,
    "19.5: sigma * rng.normal(size=len(x)) becomes sigma / rng.normal(size=len(x))": REACHED,
    "19.5: sigma * 1.5 loses its left side": REACHED,
    "19.5: 1.5 becomes 2.5": REACHED,
    "19.5: 0.25 becomes 1.25": REACHED,
    "21.5: 0 becomes 1": REACHED,
    "24.5: 0 becomes 1": REACHED + ": the first numbers of a tuple are the same for all",
    "22.5: (high + low) / 2 + (high - low) / 2 * np.cos(a) becomes (high + low) / 2 - (high - low) / 2 * np.cos(a)": "the same roots",
    "21.5: 3 becomes 4": REACHED,
    "21.5: i + 1 becomes i - 1": REACHED,
    "28.5: 1500 becomes 1501": REACHED,
    "28.5: 300 becomes 301": REACHED,
    "28.5: 0.2 * W loses its left side": REACHED + ": a larger rate",
    "28.5: 0.2 becomes 1.2": REACHED + ": a larger rate",
    "23.5: 2500 becomes 2501": REACHED,
    "21.3: t + np.pi becomes t - np.pi": "a whole turn",
    "19.6: 2 * t[g] becomes 2 / t[g]": "t is 1 or −1",
    "19.6: 0 becomes 1": "a loss is an even number",
    "03.7: A @ w - y becomes A @ w + y": MIRRORED,
    "03.8: (L + mu) / 2 + (L - mu) / 2 * np.cos(angles) becomes (L + mu) / 2 - (L - mu) / 2 * np.cos(angles)":
        "the angles are symmetric, so these are the same rates in the opposite order",
}


def helpers(id):
    """The functions that the notebook gives, for solutions that call them."""
    scope = {"np": np, "math": math}
    for source in (source for name in NAMES if name.startswith(id[:2]) for source in code("solutions", name)):
        if source.startswith("def ") and "SOLUTION" not in source:
            exec(source, scope)
    return scope


def mutants(question):
    """(fault, submission) for each; of a class, each of its methods in turn."""
    tree = definition(SOLVED[question.id][0])
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)] if isinstance(tree, ast.ClassDef) else [tree]
    scope = helpers(question.id)
    for function in functions:
        for fault, other in mutated_trees(function):
            if isinstance(tree, ast.ClassDef):
                whole = copy.deepcopy(tree)
                whole.body[tree.body.index(function)] = other
                other = whole
            made = dict(scope)
            exec(compile(ast.fix_missing_locations(ast.Module([other], [])), f"<mutant of {question.id}>", "exec"), made)
            yield f"{question.id}: {fault}", made[tree.name]


def rejected(question, cases, submission, limit):
    """Whether a case loses points; each runs by itself, so that a fault costs what it takes until the first one finds it."""
    return any(judge(question, case, output(question, submission, case, limit)).credit < 1 for case in cases)


def output(question, submission, case, limit):
    """What a submission makes of one case; inputs and output go through JSON, as between two processes."""
    return json.loads(json.dumps(run(question.mode, submission, json.loads(json.dumps(case.inputs)), limit)))


@pytest.mark.parametrize("question", CODED, ids=lambda q: q.id)
def test_generic_faults(question, record_property):
    cases = [case for seed in (0, "a secret") for case in question.cases(seed)]
    begun = time.perf_counter()
    assert not rejected(question, cases, SOLVED[question.id][1], question.limit)
    limit = float(np.clip(20 * (time.perf_counter() - begun) / len(cases), *PATIENCE))
    made = list(mutants(question))
    alive = [fault for fault, submission in made if not rejected(question, cases, submission, limit)]
    survivors = [fault for fault in alive if fault not in EQUIVALENT]
    record_property("planted", len(made) - len(alive) + len(survivors))
    record_property("killed", len(made) - len(alive))
    assert len(made) >= 3
    assert survivors == []


def test_what_is_said_to_be_equivalent_is_still_made():
    made = {fault for question in CODED for fault, _ in mutants(question)}
    assert set(EQUIVALENT) <= made and len(made) >= 200
