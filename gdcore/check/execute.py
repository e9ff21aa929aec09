"""Running a submission on the inputs of a case. The only place where code of a learner runs; it gives plain values back.

An output is {"value": …, "error": a sentence or "", "raised": the exception's name or "", "changed": inputs that were altered,
"single": whether it came in float32 or less, "seconds": …}. All of it can go through JSON.
"""

import contextlib
import copy
import dis
import importlib
import inspect
import signal
import threading
import time
import types

import numpy as np

from gdcore.check.values import arrays, plain

__all__ = ["Endless", "bring_in", "deadline", "run", "run_all"]


NOTHING = {"value": None, "error": "", "raised": "", "changed": [], "single": False, "seconds": 0.0}


class Endless(BaseException):
    """A submission ran out of time; known wrong answers raise it where they would loop for ever.

    Not an Exception, so that `except Exception` in a submission does not swallow it.
    """


class _Unanswered(Exception):
    """A sentence in place of an answer."""


def bring_in(submission):
    """Import what an answer imports in its own lines: a library takes seconds the first time, which are no case's."""
    parts = vars(submission).values() if inspect.isclass(submission) else [submission]
    waiting = [part.__code__ for part in parts if isinstance(part, types.FunctionType)]
    while waiting:
        code = waiting.pop()
        waiting += [part for part in code.co_consts if isinstance(part, types.CodeType)]
        for name in (step.argval for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME"):
            with contextlib.suppress(Exception, SystemExit):  # the answer itself will meet it, and say so
                importlib.import_module(name)


def run_all(mode, submission, cases, limit=2.0):
    """The outputs for a list of inputs; after one that ran out of time the others are not tried, since they would too."""
    bring_in(submission)
    outputs = []
    for inputs in cases:
        if outputs and outputs[-1]["raised"] in ("Endless", "not tried"):
            outputs.append({**NOTHING, "error": "Not tried, since one before it ran out of time.", "raised": "not tried"})
        else:
            outputs.append(run(mode, submission, inputs, limit))
    return outputs


def run(mode, submission, inputs, limit=2.0):
    """The output of a submission on plain inputs; mode: "function", "optimizer" or "answer"; limit: seconds."""
    output = dict(NOTHING)
    if wrong := _unfit(mode, submission):
        return output | {"error": wrong}
    start = time.perf_counter()
    try:
        with deadline(limit), np.errstate(all="ignore"):
            value, output["changed"] = MODES[mode](submission, inputs)
        output["value"], output["single"] = plain(value), _single(value)
    except Endless:
        said = f"It was still running after {limit:g} seconds and was stopped: is there a loop that never ends?"
        output |= {"error": said, "raised": "Endless"}
    except (Exception, SystemExit) as error:
        output |= {"error": _sentence(error, submission), "raised": type(error).__name__}
    output["seconds"] = time.perf_counter() - start
    return output


def _unfit(mode, submission):
    """Why this is nothing that could be run, or ""."""
    got = f"got {type(submission).__name__}"
    if submission is ... or submission is None:
        return "Nothing is written yet."
    if mode == "answer":
        return "" if isinstance(submission, dict) else f"The answer is a dictionary such as the one above, {got}: fill in its values."
    if mode == "optimizer":
        return "" if inspect.isclass(submission) else f"The answer is a class, {got}: pass the class itself, without brackets."
    return "" if callable(submission) else f"The answer is a function, {got}: pass the function itself, without calling it."


def _call(function, inputs):
    given = {name: arrays(value) for name, value in inputs.items()}
    kept = copy.deepcopy({name: v for name, v in given.items() if not callable(v)})
    value = function(*given.values())
    value = copy.deepcopy(value) if isinstance(value, (list, tuple, np.ndarray)) else value
    return value, [name for name, v in kept.items() if plain(v) != plain(given[name]) and not _both_nan(v, given[name])]


def _both_nan(a, b):
    return isinstance(a, np.ndarray) and np.array_equal(a, b, equal_nan=True)


def _drive(cls, inputs):
    """An optimizer on arrays, with given gradients: the parameters before the first step and after each."""
    parameters = [np.array(p) for p in inputs["parameters"]]
    optimizer = cls(list(parameters), **inputs.get("settings", {}))
    path, changed = [[p.copy() for p in parameters]], []
    for t, gradients in enumerate(inputs["gradients"], 1):
        for name, value in inputs.get("changes", {}).get(str(t), {}).items():
            setattr(optimizer, name, value)  # what a schedule does between two steps
        given = [np.array(g) for g in gradients]
        optimizer.step(given)
        if plain(given) != gradients:
            changed = ["gradients"]
        path.append([p.copy() for p in parameters])
    return path, changed


def _item(answers, inputs):
    name = inputs["item"]
    if name not in answers:
        raise _Unanswered(f"The key {name!r} is missing.")
    parts = answers[name] if isinstance(answers[name], (list, tuple)) else [answers[name]]
    if any(part is ... for part in parts):
        raise _Unanswered("Nothing is written yet.")
    return answers[name], []


MODES = {"function": _call, "optimizer": _drive, "answer": _item}


def _single(value):
    if isinstance(value, (list, tuple)):
        return any(_single(v) for v in value)
    return str(getattr(value, "dtype", "")).rpartition(".")[2] in ("float32", "float16", "bfloat16")


def _sentence(error, submission):
    """What was raised and where, in one sentence."""
    if isinstance(error, _Unanswered):
        return str(error)
    if isinstance(error, NotImplementedError) and not error.args:
        return "Nothing is written yet."
    files = {getattr(getattr(f, "__code__", None), "co_filename", None) for f in (submission, *vars(submission).values())
             } if hasattr(submission, "__dict__") else set()
    line, trace = None, error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename in files:
            line = f"line {trace.tb_lineno - code.co_firstlineno + 1} of {code.co_name}"
        trace = trace.tb_next
    said = str(error.args[0] if isinstance(error, KeyError) and error.args else error).strip().split("\n")[0][:160]
    return f"It raised {type(error).__name__}{f' in {line}' if line else ''}{f': {said}' if said else ''}."


@contextlib.contextmanager
def deadline(seconds):
    """Raise Endless after so many seconds, where the system has an alarm and this is the main thread; elsewhere the grader kills."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_):
        raise Endless

    before = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)  # a deadline around this one goes on where it stood
