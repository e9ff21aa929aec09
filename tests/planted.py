"""`python -m tests.planted [MODULE …] [--sample N]`: plants one fault after the other in a module and asks the module's own tests.

Faults are the generic ones of `tests/rules/mutation.py`. The tests are collected once; each fault is planted in a fork, by giving a
function other code, so that it costs what the tests take until the first of them fails.
"""

import argparse
import ast
import contextlib
import functools
import importlib
import inspect
import itertools
import os
import pathlib
import random
import re
import signal
import sys
import types

import pytest
from _pytest.runner import runtestprotocol

from tests.rules.mutation import mutated_trees

ROOT = pathlib.Path(__file__).parents[1]
PATIENCE = 60  # seconds for the tests of one fault: one that never ends is found
SUBJECTS = {  # {module: the files of its tests}
    "schedules": ["tools/test_schedules.py"],
    "clipping": ["tools/test_clipping.py"],
    "line_search": ["tools/test_line_search.py"],
    "minimize.run": ["tools/test_minimize.py", "tools/test_minimize_arguments.py"],
    "minimize.objective": ["tools/test_minimize.py", "tools/test_minimize_arguments.py"],
    "minimize.trace": ["tools/test_trace.py", "tools/test_minimize.py"],
    **{f"algorithms.{name}": [f"algorithms/test_{name}.py"] for name in (
        "distributed", "federated", "finite_sum", "gradient_free", "proximal", "quantum", "reinforcement", "second_order", "unroll")},
    "training.batches": ["training/test_loop.py", "training/test_vision.py"],
    "training.checkpoint": ["training/test_loop.py"],
    "training.compare": ["training/test_compare.py"],
    "training.lengths": ["training/test_lengths.py"],
    "training.loop": ["training/test_loop.py"],
    "training.monitor": ["training/test_monitor.py"],
    "training.reading": ["training/test_reading.py"],
    "training.record": ["training/test_loop.py", "training/test_results.py"],
    "training.results": ["training/test_results.py"],
    "training.vision": ["training/test_vision.py"],
    "training.weights": ["training/test_weights.py"],
    "check.judge": ["grading/test_judge.py", "grading/test_reports.py", "grading/test_answers.py"],
}  # fmt: skip


def functions(module):
    """{name: function} of all functions and methods that the module itself defines, wrappers taken off."""
    found = {}
    for name, value in vars(module).items():
        if inspect.isclass(value) and value.__module__ == module.__name__:
            found |= {f"{name}.{key}": _bare(member) for key, member in vars(value).items()}
        elif getattr(value, "__module__", None) == module.__name__:
            found[name] = _bare(value)
    return {name: f for name, f in found.items() if isinstance(f, types.FunctionType) and f.__module__ == module.__name__}


def _bare(value):
    if isinstance(value, property):
        value = value.fget
    if isinstance(value, functools.cached_property | staticmethod | classmethod):
        value = value.func if isinstance(value, functools.cached_property) else value.__func__
    return inspect.unwrap(value) if callable(value) else value


def faults(module):
    """["function: what is wrong", function, its other code] of all generic faults of a module."""
    tree, live = ast.parse(inspect.getsource(module)), functions(module)
    homes = [("", tree), *((f"{c.name}.", c) for c in tree.body if isinstance(c, ast.ClassDef))]
    for prefix, home in homes:
        for place, node in enumerate(home.body):
            if isinstance(node, ast.FunctionDef) and prefix + node.name in live:
                for fault, other in mutated_trees(node):
                    home.body[place] = other
                    code = compile(ast.fix_missing_locations(tree), module.__file__, "exec")
                    home.body[place] = node
                    function, made = live[prefix + node.name], _code_of(code, prefix + node.name)
                    if (made.co_code, made.co_consts) != (function.__code__.co_code, function.__code__.co_consts):
                        yield f"{prefix}{node.name}: {fault}", function, made  # else of a default: tests/test_signatures.py sees these


def _code_of(code, name):
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            if part.co_qualname == name:
                return part
            if name.startswith(f"{part.co_qualname}."):
                return _code_of(part, name)


class Planter:
    """A plugin of pytest that, in place of the tests' one run, runs them once for each fault, in a fork that has it.

    Without what asks a browser or JAX: their threads are lost in a fork.
    """

    def __init__(self, planted):
        self.planted, self.alive = planted, []

    def pytest_runtestloop(self, session):
        items = [item for item in session.items if "chromium" not in item.fixturenames and not re.search("jax|optax", item.nodeid)]
        assert _passes(items), "the tests fail without a fault"
        for name, function, code in self.planted:
            if _passes(items, function, code):
                self.alive.append(name)
        return True


def _passes(items, function=None, code=None):
    """Whether all these tests pass in a fork, there with other code in a function."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)
        if function:
            function.__code__ = code
        with contextlib.suppress(BaseException):
            for item, following in itertools.zip_longest(items, items[1:]):
                if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                    os._exit(1)
            os._exit(0)
        os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def survivors(name, sample=None, seed=0):
    """(faults planted, the names of those that no test saw) in one module; sample: only so many, drawn by the seed."""
    files = [str(ROOT / "tests" / file) for file in SUBJECTS[name]]
    planted = list(faults(importlib.import_module(f"gdcore.{name}")))
    if sample is not None and sample < len(planted):
        planted = random.Random(f"{name} {seed}").sample(planted, sample)
    planter = Planter([(f"{name}.{fault}", function, code) for fault, function, code in planted])
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        status = pytest.main([*files, "-q", "-p", "no:cacheprovider"], plugins=[planter])
    if status not in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"The tests of gdcore.{name} do not pass as they are: run pytest {' '.join(files)}.")
    return len(planted), planter.alive


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("modules", nargs="*", help="of gdcore, such as schedules; all without a name")
    parser.add_argument("--sample", type=int, help="faults a module; all without it")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # a fork has one thread
    for name in asked.modules or SUBJECTS:
        planted, alive = survivors(name, asked.sample, asked.seed)
        print(f"{name}: {planted - len(alive)} of {planted} found", *alive, sep="\n  ", flush=True)


if __name__ == "__main__":
    sys.exit(main())
