"""The process of a submission: looks through the code cells of a notebook, executes them, and answers requests with plain values.

Student's code runs in here, so nothing in here is trusted but what is said before the first cell runs. Cells and inputs in, values out.
They go over a socket as lines of JSON; each reply bears the random number of its request, so what a submission prints is no reply. An
answer is tried where its check stands, with the names as they are then: `check` tells the grader, waits, and runs the cases that come.
"""

import ast
import builtins
import contextlib
import inspect
import json
import os
import socket
import sys
import time
import types

import numpy as np

from gdcore.check import claims
from gdcore.check.execute import NOTHING, Endless, bring_in, deadline, run
from gdcore.check.functions import Box, BudgetSpent
from gdcore.grade import sieve
from gdcore.grade.cells import UNREAD, tree
from gdcore.grade.confine import limit, seal, wall
from gdcore.grade.shortcuts import parsed, shortcut

__all__ = ["main"]

READING = 5  # seconds to take all cells apart

def main():
    channel = socket.socket(fileno=int(sys.argv[2])).makefile("rwb")
    setup = json.loads(channel.readline())
    sys.argv[:] = [""]
    if setup["root"] in sys.path[:1]:
        del sys.path[0]
    answers, talk = {}, _Talk(channel, setup["id"])
    if setup["walled"]:
        wall(os.getcwd(), [setup["package"], sys.prefix, sys.base_prefix])
    limit(setup["seconds"], setup["alone"])
    trees = _trees(setup["cells"])
    unread = {number: f"raised SyntaxError: {str(found)[:160]}" for number, found in enumerate(trees, 1) if isinstance(found, SyntaxError)}
    _send(channel, {"id": setup["id"], "uses": _uses(trees, setup["asked"]), "unread": unread})
    scope = _notebook(answers, talk)
    seal(os.getcwd(), setup["package"], setup["hidden"])
    sieve.close(setup["alone"], setup["walled"])
    errors = _execute(setup, trees, scope, lambda number, errors: _send(channel, {"id": setup["id"], "cell": number, "errors": errors}))
    for one in setup["asked"]:  # those that no cell checked
        with contextlib.suppress(Exception, Endless), deadline(setup["cell seconds"]):
            bring_in(scope.get(one["name"]))
    _send(channel, {"id": setup["id"], "errors": errors})
    for line in channel:
        asked = json.loads(line)
        _send(channel, {"id": asked["id"], "output": _output(talk.open(asked), answers, scope)})


def _trees(cells):
    """The syntax tree of each cell, or in its place why there is none."""
    found = []
    end = time.monotonic() + READING
    for source in cells:
        try:
            with deadline(max(0.1, end - time.monotonic())):
                found.append(tree(source))
        except SyntaxError as error:
            found.append(error)
        except Endless:
            found.append(SyntaxError(UNREAD))
    return found


def _uses(trees, asked):
    """{question: {cell with a check of it, or "" for all: a forbidden name that its answer reaches}}; None if it takes too long."""
    try:
        with deadline(10):
            statements, found = parsed(trees), {}
            for one in asked:
                question = types.SimpleNamespace(**one)
                places = {s.cell for s in statements if one["id"] in s.checks}
                found[one["id"]] = {str(place or ""): shortcut(statements, question, place) for place in (None, *sorted(places))}
            return found
    except (Endless, RecursionError, MemoryError):
        return None


class _Talk:
    """What `check` says to the grader, and hears from it."""

    def __init__(self, channel, id):
        self.channel, self.id, self.busy = channel, id, False

    def open(self, asked):
        """A request with its boxes made: their landscapes are with the grader."""
        asked["inputs"] |= {name: _box(self.channel, asked["id"], name, b["budget"]) for name, b in asked["inputs"].items() if _is_box(b)}
        return asked

    def check(self, id, answer):
        """Let the answer be tried, as often as the grader likes, and return what it says of it."""
        if self.busy:  # an answer that checks itself
            return {}
        self.busy = True
        try:
            bring_in(answer)
            _send(self.channel, {"id": self.id, "check": str(id)[:20]})
            while True:
                asked = json.loads(self.channel.readline())
                if "done" in asked:
                    return asked["done"]
                _send(self.channel, {"id": asked["id"], "output": _output(self.open(asked), {asked["question"]: answer}, {})})
        finally:
            self.busy = False


def _send(channel, reply):
    channel.write(json.dumps(reply).encode() + b"\n")
    channel.flush()


def _is_box(value):
    return isinstance(value, dict) and value.get("part") == "box"


def _box(channel, id, name, budget):
    """A `Box` whose landscape and account are with the grader: here one asks, there it is computed and paid."""

    def ask(x, slopes):
        _send(channel, {"id": id, "box": name, "slopes": slopes, "x": np.asarray(x, dtype=float).tolist()})
        said = json.loads(channel.readline())
        if "value" not in said:
            raise BudgetSpent(said["spent"]) if "spent" in said else ValueError(said["refused"])
        return np.array(said["value"]) if slopes else said["value"]

    return Box(lambda x: ask(x, False), lambda x: ask(x, True), budget)


def _notebook(answers, talk):
    """A fresh module for the cells to run in, with a `check` that prints nothing and lets the answer be tried."""

    def check(id=None, answer=None, *rest, **more):
        answers[id] = answer
        return types.SimpleNamespace(**{"points": 0.0, "of": 0.0, "passed": False, "mistakes": (), "blocks": []} | talk.check(id, answer))

    silent = type("check", (types.ModuleType,), {"__call__": staticmethod(check)})("gdcore.check")
    for name in ("all", "progress", "merge"):
        setattr(silent, name, lambda *args, **more: None)
    silent.check, silent.claim, silent.ClaimError = check, claims.claim, claims.ClaimError
    for name in [n for n in sys.modules if n.startswith("gdcore.check") and n != "gdcore.check.functions"]:  # `execute` needs that one
        del sys.modules[name]
    import gdcore

    gdcore.check = sys.modules["gdcore.check"] = silent
    builtins.display = lambda *args, **more: None  # Jupyter's
    builtins.get_ipython = _Shell
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    return module.__dict__


class _Shell:
    """What `get_ipython()` gives where there is no shell: whatever is asked of it does nothing."""

    def __getattr__(self, name):
        return lambda *args, **more: None


def _execute(setup, trees, scope, tell):
    """Run the cells, one after another whatever they raise; {number: what went wrong}."""
    errors = {}
    for number, found in enumerate(trees, 1):
        if number in setup["skip"]:
            continue
        tell(number, errors)
        try:
            with deadline(setup["cell seconds"]):
                if isinstance(found, SyntaxError):
                    raise found
                _run(found, number, scope)
        except Endless:
            errors[number] = f"was still running after {setup['cell seconds']:g} seconds and was stopped"
        except BaseException as error:
            errors[number] = f"raised {type(error).__name__}: {str(error)[:160]}"
    return errors


def _run(found, number, scope):
    """Run a cell as Jupyter does: `await` may stand in it, and what its last line gives is `_` in the next."""
    *_, last = found.body or [None]
    shown = isinstance(last, ast.Expr)
    if shown:
        found = ast.Module([*found.body[:-1], ast.copy_location(ast.Assign([ast.Name("_ ", ast.Store())], last.value), last)], [])
        ast.fix_missing_locations(found)
    code = compile(found, f"<code cell {number}>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        import asyncio  # dear, and rarely needed

        asyncio.run(eval(code, scope))
    else:
        exec(code, scope)
    if shown and (value := scope.pop("_ ", None)) is not None:
        scope["_"] = value


def _output(asked, answers, scope):
    """The output of the answer for one case, in the form of `execute`."""
    answer = answers[asked["question"]] if asked["question"] in answers else scope.get(asked["name"], scope)
    if answer is scope:
        return NOTHING | {"error": f"`{asked['name']}` is not defined in the notebook.", "raised": "missing"}
    try:
        np.seterr(all="warn")
        output = run(asked["mode"], answer, asked["inputs"], asked["limit"])
        if getattr(getattr(answer, "__code__", None), "co_filename", "") == "<string>":
            output["made"] = "exec"  # by exec or eval, unseen
        json.dumps(output)
    except BaseException as error:
        return NOTHING | {"error": f"It raised {type(error).__name__}.", "raised": type(error).__name__}
    return output
