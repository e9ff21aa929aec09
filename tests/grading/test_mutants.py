"""Mistakes that nobody listed: the solutions with one thing wrong each, made from their syntax trees, lose points."""

import ast
import copy
import math

import numpy as np
import pytest

from gdcore.check.question import questions
from tests.grading.common import QUESTIONS, definition, graded, solutions
from tests.rules.mutation import mutated_trees

SOLVED = solutions()
CODED = [q for q in QUESTIONS if q.mode != "answer"]

# Faults that change no answer, each with the reason why.
EQUIVALENT = {
}


def helpers(id):
    """What the notebook defines before the question's own cell, for solutions that call it."""
    from tests.grading.common import NAMES, code

    scope = {"np": np, "math": math}
    for name in NAMES:
        if name.startswith(id[:2]):
            for source in code("solutions", name):
                if "check" not in source and "answer" not in source and "print" not in source:
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


def rejected(question, submission):
    return any(graded(question, submission, seed)[0] < question.points for seed in (0, "a secret"))


COUNTS = {"planted": 0, "alive": 0}


@pytest.mark.parametrize("question", CODED, ids=lambda q: q.id)
def test_generic_faults(question, record_property):
    assert not rejected(question, SOLVED[question.id][1])
    made = list(mutants(question))
    alive = [fault for fault, submission in made if not rejected(question, submission)]
    record_property("planted", len(made))
    record_property("killed", len(made) - len(alive))
    assert len(made) >= 3
    assert [fault for fault in alive if fault not in EQUIVALENT] == []
