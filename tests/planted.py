"""`python -m tests.planted [MODULE …] [--sample N]`: plants one fault after the other in a module and asks the module's own tests.

Faults are the generic ones of `tests/rules/mutation.py`. A fork of this process imports the module, collects its tests and runs them once
without a fault, to see which tests call which function. Each fault is then planted in a fork of that one, by giving the function other
code, and only the tests that call it are run, until the first of them fails. A function that was already called while all this was
imported has left things behind that its other code no longer reaches (a table, a closure, a decorated function): its faults that nobody
saw that way are planted once more, in a fork that has imported nothing yet, in the module's source.
"""

import argparse
import ast
import collections
import contextlib
import functools
import gc
import importlib
import importlib.abc
import importlib.machinery
import inspect
import itertools
import json
import marshal
import math
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import threading
import time
import types

import pytest
from _pytest.runner import runtestprotocol

from tests.argued import ARGUED

ROOT = pathlib.Path(__file__).parents[1]
PATIENCE = 15, 5  # seconds, and for each second that the tests take without a fault: what never ends is found
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
    "check.judge": ["grading/test_judge.py"],
}  # fmt: skip


# -- what can be wrong ------------------------------------------------------------------------------------------------------------------


def faults(module):
    """(its name, the function's name, the module's code with it) of all generic faults of a module; names are unique."""
    from tests.rules.mutation import mutated_trees  # imports much of gdcore: only a fork may

    tree = ast.parse(pathlib.Path(module.__file__).read_text())
    right, seen = compile(tree, module.__file__, "exec"), collections.Counter()
    for prefix, home in [("", tree), *((f"{c.name}.", c) for c in tree.body if isinstance(c, ast.ClassDef))]:
        for place, node in enumerate(home.body):
            if isinstance(node, ast.FunctionDef):
                function, lines = prefix + node.name, ast.unparse(node).splitlines()
                for fault, other in mutated_trees(node):
                    home.body[place] = ast.fix_missing_locations(other)
                    code = compile(tree, module.__file__, "exec")
                    home.body[place] = node
                    if _text(_part(code, function)) != _text(_part(right, function)):  # else a default's: tests/test_signatures.py sees it
                        name = f"{function}: {fault}"
                        seen[name] += 1
                        if seen[name] > 1:
                            made = next((new for new, old in zip(ast.unparse(other).splitlines(), lines, strict=False) if new != old), "")
                            name += f", making {made.strip()}"
                            seen[name] += 1
                            name += f" ({seen[name]})" * (seen[name] > 1)
                        yield name, function, code


def _part(code, name):
    """The code of the function of this name within the code of its module."""
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            if part.co_qualname == name:
                return part
            if name.startswith(f"{part.co_qualname}."):
                return _part(part, name)


def _text(code):
    """What a code does, without its line numbers."""
    consts = [_text(c) if isinstance(c, types.CodeType) else (type(c), repr(c)) for c in code.co_consts]
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars


def functions(module):
    """{name: function} of all functions and methods that the module itself defines, wrappers taken off."""
    found = {}
    for name, value in vars(module).items():
        if inspect.isclass(value) and value.__module__ == module.__name__:
            found |= {f"{name}.{key}": _bare(member) for key, member in vars(value).items()}
        elif getattr(value, "__module__", None) == module.__name__:
            found[name] = _bare(value)
    return {name: f for name, f in found.items() if isinstance(f, types.FunctionType) and f.__code__.co_qualname == name}


def _bare(value):
    if isinstance(value, property):
        value = value.fget
    if isinstance(value, functools.cached_property | staticmethod | classmethod):
        value = value.func if isinstance(value, functools.cached_property) else value.__func__
    return inspect.unwrap(value) if callable(value) else value


# -- planted in a fork ------------------------------------------------------------------------------------------------------------------


class Planter:
    """A plugin of pytest that, in place of the tests' one run, runs them once for each fault, in a fork that has it."""

    trouble = None

    def __init__(self, name, called, chosen, seconds):
        self.name, self.called, self.chosen, self.seconds, self.found = name, called, chosen, seconds, {}

    def pytest_runtestloop(self, session):
        sys.setprofile(None)
        early = set(self.called)  # while all was imported and collected
        items = _fit(session.items)
        alone = _in_a_fork(lambda: _alone(items, self.called), 600)
        if not isinstance(alone, list) or alone[0]:
            fault = alone[0] if isinstance(alone, list) else alone
            self.trouble = f"The tests of gdcore.{self.name} do not pass as they are, in a fork: {fault}"
            return True
        _, covers, seconds = alone
        module = sys.modules[f"gdcore.{self.name}"]
        live, order = functions(module), collections.Counter()
        holders = {name: [f for f in gc.get_referrers(live[name].__code__) if isinstance(f, types.FunctionType)] for name in live}
        gc.freeze()
        end = time.perf_counter() + self.seconds
        for fault, function, code in self.chosen(module):
            if time.perf_counter() > end:
                break
            calling = sorted((i for i in range(len(items)) if function in covers[i]), key=lambda i: (-order[i], seconds[i]))
            seen = None
            if function in live and calling:
                run = functools.partial(_first_failure, [items[i] for i in calling], holders[function], _part(code, function))
                seen = _in_a_fork(run, PATIENCE[0] + PATIENCE[1] * sum(seconds[i] for i in calling))
                if isinstance(seen, int) and seen >= 0:
                    order[calling[seen]] = max(order.values(), default=0) + 1  # what saw one fault of a function sees others
            elsewhere = seen == -1 or seen is None
            again = elsewhere and (function in early or function not in live or bool(calling) and seen is None)
            self.found[fault] = {"alive": elsewhere, "called": bool(calling), "code": marshal.dumps(code).hex() if again else None}
        return True


def _fit(items):
    """Those without a browser and without JAX in their names: their threads are lost in a fork, and a test waits for ever."""
    return [item for item in items if "chromium" not in item.fixturenames and not re.search("jax|optax", item.nodeid)]


def _alone(items, called):
    """(a test that fails, the functions that each test calls, its seconds), without a fault; none of a test that asks JAX after all."""
    covers, seconds = [], []
    if "jax" in sys.modules:
        from jax._src.core import Primitive

        Primitive.bind = called.refuse
    for item, following in itertools.zip_longest(items, items[1:]):
        called.clear()
        called.lost = False
        started = time.perf_counter()
        sys.setprofile(called.note)
        threading.setprofile(called.note)
        reports = runtestprotocol(item, log=False, nextitem=following)
        sys.setprofile(None)
        threading.setprofile(None)
        covers.append([] if called.lost else sorted(called))
        seconds.append(time.perf_counter() - started)
        for report in reports:
            if report.failed and not called.lost:
                return f"{item.nodeid}: {report.longreprtext[-600:]}", covers, seconds
    return None, covers, seconds


class Called(set):
    """The names of a file's functions that were called, noted by Python itself; one within another counts as that one."""

    def __init__(self, file):
        super().__init__()
        self.file, self.lost = str(file), False

    def note(self, frame, event, argument):
        if event == "call" and frame.f_code.co_filename == self.file:
            self.add(frame.f_code.co_qualname.split(".<locals>")[0])

    def refuse(self, *given, **named):
        self.lost = True
        raise RuntimeError("JAX does not work in a fork.")


def _first_failure(items, holders, code):
    """The place of the first test that fails with this code, -1 if all pass; None if a function cannot take it."""
    try:
        for function in holders:
            function.__code__ = code
    except ValueError:  # it has other variables of a function around it
        return None
    for place, (item, following) in enumerate(itertools.zip_longest(items, items[1:])):
        try:
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                return place
        except BaseException:
            return place
    return -1


def _in_a_fork(job, patience):
    """What the job returns in a fork, as JSON takes it; "nothing" when it ends without a word or not at all."""
    with tempfile.NamedTemporaryFile("w+") as file:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(round(patience))
                with open(file.name, "w") as answer:
                    json.dump(job(), answer)
                status = 0
            except BaseException as error:
                with open(file.name, "w") as answer:
                    json.dump({"error": f"{type(error).__name__}: {error}"}, answer)
            finally:
                os._exit(status)
        os.waitpid(child, 0)
        text = file.read()
    return json.loads(text) if text else "nothing"


def _collected(name, plugin, files):
    """pytest on these files, in this process and silently."""
    import torch

    torch.set_num_threads(1)  # a fork has one
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        status = pytest.main([*files, "-q", "-p", "no:cacheprovider", "-p", "no:xdist"], plugins=[plugin])
    if status not in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"The tests of gdcore.{name} cannot be collected: run pytest {' '.join(files)}.")


def _in_memory(name, sample, seed, argued, seconds):
    """{fault: what came of it} of a module's faults, those with an argument left out, planted as other code of a function."""

    def chosen(module):
        all_faults = [fault for fault in faults(module) if argued or fault[0] not in ARGUED.get(name, ())]
        if sample is None and seconds == math.inf:
            return all_faults  # in order: neighbours fall to the same test
        return random.Random(f"{name} {seed}").sample(all_faults, min(len(all_faults), sample or len(all_faults)))

    called = Called(source(name))
    planter = Planter(name, called, chosen, seconds)
    sys.setprofile(called.note)
    importlib.import_module(f"gdcore.{name}")
    _collected(name, planter, tests(name))
    if planter.trouble:
        raise RuntimeError(planter.trouble)
    return planter.found


class Sown(importlib.abc.MetaPathFinder):
    """Finds one module and gives it other code."""

    def __init__(self, name, code):
        self.name, self.code = name, code

    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            spec = importlib.machinery.PathFinder.find_spec(name, path)
            spec.loader.get_code = lambda _: self.code
            return spec


class Runner:
    """A plugin of pytest that stops at the first test that fails."""

    seen = False

    def pytest_runtestloop(self, session):
        items = _fit(session.items)
        self.seen = _first_failure(items, [], None) >= 0
        return True


def _in_source(name, code):
    """Whether the module's tests see this code when the module is imported with it."""
    sys.meta_path.insert(0, Sown(f"gdcore.{name}", marshal.loads(bytes.fromhex(code))))
    runner = Runner()
    try:
        _collected(name, runner, tests(name))
    except RuntimeError:  # the module or its tests no longer import
        return True
    return runner.seen


def source(name):
    return ROOT / "gdcore" / f"{name.replace('.', '/')}.py"


def tests(name):
    return [str(ROOT / "tests" / file) for file in SUBJECTS[name]]


def survivors(name, sample=None, seed=0, argued=False, seconds=math.inf):
    """(faults planted, [the names of those that no test saw], how many were planted in the source) in one module.

    sample: only so many, drawn by the seed; argued: those with an argument, too; seconds: no more than fit into so many. To be called
    before gdcore is imported.
    """
    assert not any(module.partition(".")[0] == "gdcore" for module in sys.modules), "import gdcore only in the forks"
    found = _in_a_fork(lambda: _in_memory(name, sample, seed, argued, seconds), 6 * 3600)
    if not isinstance(found, dict) or "error" in found:
        raise RuntimeError(found["error"] if isinstance(found, dict) else f"The fork for gdcore.{name} died.")
    alive, again = [], 0
    for fault, fate in found.items():
        if fate["code"]:
            again += 1
            fate["alive"] = _in_a_fork(lambda code=fate["code"]: _in_source(name, code), 600) is False
        if fate["alive"]:
            alive.append(fault + ("" if fate["called"] or fate["code"] else " [no test calls it]"))
    return len(found), alive, again


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("modules", nargs="*", help="of gdcore, such as schedules; all without a name")
    parser.add_argument("--sample", type=int, help="faults a module; all without it")
    parser.add_argument("--seconds", type=float, default=math.inf, help="for the faults of a module, drawn as for a sample")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--argued", action="store_true", help="plant those with an argument in tests/argued.py, too")
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # a fork has one thread
    import matplotlib.pyplot  # noqa: F401  what all forks would import
    import torch  # noqa: F401

    for name in asked.modules or SUBJECTS:
        started = time.perf_counter()
        planted, alive, again = survivors(name, asked.sample, asked.seed, asked.argued, asked.seconds)
        argued = 0 if asked.argued else len(ARGUED.get(name, ()))
        print(f"{name}: {planted - len(alive)} of {planted} found, {argued} argued, {again} planted in the source, "
              f"{time.perf_counter() - started:.0f} s", *alive, sep="\n  ", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
