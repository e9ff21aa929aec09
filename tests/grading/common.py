"""Notebooks of exercises, run cell by cell without a kernel, and submissions judged as a grader would."""

import ast
import contextlib
import io
import json
import pathlib

import nbformat

from gdcore.check.declaration import questions
from gdcore.check.execute import run_all
from gdcore.check.judge import judge, mistakes_of, points_of

ROOT = pathlib.Path(__file__).parents[2]
NAMES = sorted(path.name for path in (ROOT / "solutions").glob("*.ipynb"))
QUESTIONS = list(questions().values())
SEEDS = (0, 1, 2, "a secret")


def notebook(folder, name):
    return nbformat.read(ROOT / folder / name, as_version=4)


def code(folder, name):
    return [cell.source for cell in notebook(folder, name).cells if cell.cell_type == "code"]


def reports(folder, name):
    """{question: Report} of a notebook's check cells, each run where it stands."""
    scope, found = {}, {}
    for source in code(folder, name):
        if source.startswith("check("):
            report = eval(source, scope)
            found[source.split('"')[1]] = report
        elif not source.startswith("check."):
            exec(source, scope)
    return found


def graded(question, submission, seed=0, named=True):
    """(points, names of mistakes) of a submission; inputs and outputs go through JSON, as between two processes."""
    cases = question.cases(seed)
    inputs = json.loads(json.dumps([c.inputs for c in cases]))
    return said_of(question, cases, run_all(question.mode, submission, inputs, question.limit), named)


def said_of(question, cases, outputs, named=True):
    """(points, names of mistakes) of what a submission made of the cases."""
    outputs = json.loads(json.dumps(outputs))
    verdicts = [judge(question, c, o) for c, o in zip(cases, outputs)]
    return points_of(question, cases, verdicts), [m.name for m in mistakes_of(question, cases, outputs)] if named else []


def submission_of(question, mistake, way=0):
    """The code of a mistake as a submission, in one of its ways: of an answer the wrong items among right ones."""
    if question.mode != "answer":
        return mistake.codes[way]
    wrong = {item: _filled(value, question.oracle[item]) for item, value in mistake.codes[way].items()}
    return {**question.oracle, **wrong}


def _filled(value, right):
    return tuple(r if v is None else v for v, r in zip(value, right)) if isinstance(value, tuple) else value


def solutions():
    """{question: (source, value)} of what the solution notebooks define."""
    found = {}
    for name in NAMES:
        scope, last = {}, None
        for source in code("solutions", name):
            if source.startswith("check("):
                id = source.split('"')[1]
                if id in questions():  # a person marks the others
                    found[id] = last, scope[questions()[id].name]
            elif not source.startswith("check."):
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(source, scope)
                last = source if "### BEGIN SOLUTION" in source else last
    return found


def definition(source):
    """The function or class that a cell defines, as a syntax tree."""
    return next(node for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef)))
