"""The process of a submission: executes the code cells of a notebook, then answers requests with plain values.

Student's code runs in here, so nothing in here is trusted, and nothing secret comes in: cells and inputs in, values out. They go
over a socket as lines of JSON; each reply bears the random number of its request, so what a submission prints is no reply.
"""

import builtins
import json
import os
import socket
import sys
import types

import numpy as np

from gdcore.check import claims
from gdcore.check.execute import NOTHING, Endless, deadline, run
from gdcore.check.functions import Box, BudgetSpent
from gdcore.grade.confine import limit, seal

__all__ = ["main"]


def main():
    channel = socket.socket(fileno=int(sys.argv[2])).makefile("rwb")
    setup = json.loads(channel.readline())
    sys.argv[:] = [""]
    if setup["root"] in sys.path[:1]:
        del sys.path[0]
    answers = {}
    scope = _notebook(answers)
    limit(setup["seconds"], setup["alone"])
    seal(os.getcwd(), setup["package"], setup["hidden"])
    errors = _execute(setup, scope, lambda number: _send(channel, {"id": setup["id"], "cell": number}))
    _send(channel, {"id": setup["id"], "errors": errors})
    for line in channel:
        asked = json.loads(line)
        asked["inputs"] |= {name: _box(channel, asked["id"], name, b["budget"]) for name, b in asked["inputs"].items() if _is_box(b)}
        _send(channel, {"id": asked["id"], "output": _output(asked, answers, scope)})


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


def _notebook(answers):
    """A fresh module for the cells to run in, with a `check` that says nothing and notes what it is given."""

    def check(id=None, answer=None, *rest, **more):
        answers[id] = answer

    silent = type("check", (types.ModuleType,), {"__call__": staticmethod(check)})("gdcore.check")
    for name in ("all", "progress", "merge"):
        setattr(silent, name, lambda *args, **more: None)
    silent.check, silent.claim, silent.ClaimError = check, claims.claim, claims.ClaimError
    for name in [n for n in sys.modules if n.startswith("gdcore.check") and n != "gdcore.check.functions"]:  # `execute` needs that one
        del sys.modules[name]
    import gdcore

    gdcore.check = sys.modules["gdcore.check"] = silent
    builtins.display = lambda *args, **more: None  # Jupyter's
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    return module.__dict__


def _execute(setup, scope, tell):
    """Run the cells, one after another whatever they raise; {number: what went wrong}."""
    errors = {}
    for number, source in enumerate(setup["cells"], 1):
        if number in setup["skip"]:
            continue
        tell(number)
        try:
            with deadline(setup["cell seconds"]):
                exec(compile(source, f"<code cell {number}>", "exec"), scope)
        except Endless:
            errors[number] = f"was still running after {setup['cell seconds']:g} seconds and was stopped"
        except BaseException as error:
            errors[number] = f"raised {type(error).__name__}: {str(error)[:160]}"
    return errors


def _output(asked, answers, scope):
    """The output of the answer for one case, in the form of `execute`."""
    answer = answers[asked["question"]] if asked["question"] in answers else scope.get(asked["name"], scope)
    if answer is scope:
        return NOTHING | {"error": f"`{asked['name']}` is not defined in the notebook.", "raised": "missing"}
    try:
        np.seterr(all="warn")
        output = run(asked["mode"], answer, asked["inputs"], asked["limit"])
        json.dumps(output)
    except BaseException as error:
        return NOTHING | {"error": f"It raised {type(error).__name__}.", "raised": type(error).__name__}
    return output
