"""`python -m tools.shift chapters/03_learning_rate.ipynb`: do a chapter's ticks hold on seeds that nobody has looked at?

A chapter is run with all its seeds shifted, NumPy's, torch's, Python's and scikit-learn's, some six times over, each time in a process
of its own. What each tick said comes back as plain values, and what leaves is a line for each that did not always hold, with how
often it did. Data and the cases of questions keep their seeds: they are the same for every reader.
"""

import argparse
import contextlib
import io
import json
import linecache
import os
import pathlib
import random
import subprocess
import sys
import warnings

STRIDE = 1009  # between two shifts, so that no shifted seed is another's: chapters count their seeds from 0
KEPT = ("gdcore.data", "gdcore.check")  # modules whose seeds stay
TIMEOUT = 1200  # seconds for one run
RAISED = "this cell runs without an error"


def main(arguments=None):
    options = argparse.ArgumentParser(prog="python -m tools.shift", description=__doc__.partition("\n")[0])
    options.add_argument("notebooks", nargs="+", type=pathlib.Path)
    options.add_argument("--shifts", type=int, default=6, help="how many times (default: 6)")
    options.add_argument("--one", type=int, help=argparse.SUPPRESS)  # a single run, as JSON: what the processes are started with
    options = options.parse_args(arguments)
    if options.one is not None:
        print(json.dumps(ticks(options.notebooks[0], options.one)))
        return 0
    fallen = 0
    for path in options.notebooks:
        lines, count = report([elsewhere(path, shift) for shift in range(1, options.shifts + 1)])
        print(f"{path.name}: {count - len(lines)} of {count} ticks held on {options.shifts} shifted seeds", *lines, sep="\n")
        fallen += len(lines)
    return min(fallen, 1)


def elsewhere(path, shift):
    """[(where, sentence, held, numbers)] of a run in a fresh process."""
    command = [sys.executable, "-m", "tools.shift", str(path.resolve()), "--one", str(shift)]
    environment = os.environ | {"PYTHONPATH": str(pathlib.Path(__file__).parents[1]), "MPLBACKEND": "agg"}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, env=environment, cwd=path.resolve().parent)
    if ran.returncode:
        raise RuntimeError(f"{path.name} could not be run with its seeds shifted by {shift}:\n{ran.stderr[-2000:]}")
    return json.loads(ran.stdout.splitlines()[-1])


def report(runs):
    """(a line for each tick that fell in a run, how many ticks there are)."""
    held, words = {}, {}
    for run in runs:
        for where, sentence, holds, numbers in run:
            key = tuple(where)
            held.setdefault(key, []).append(holds)
            words.setdefault(key, sentence)
            if not holds:
                words[key] = sentence + (f"  ({numbers})" if numbers else "")
    lines = [f"  {sum(h)} of {len(h)}, cell {key[0]}: {words[key]}" for key, h in sorted(held.items()) if not all(h)]
    return lines, len(held)


def ticks(path, shift):
    """Run a notebook here with its seeds shifted: [((cell, number in it), sentence, held, numbers)]. A cell that raises is a tick too."""
    shift_seeds(STRIDE * shift)
    found, cell = [], 0

    def claim(sentence, condition, **numbers):
        found.append(((cell, len(found)), str(sentence), bool(condition), ", ".join(f"{k} = {v}" for k, v in numbers.items())))

    import gdcore.check.claims

    gdcore.check.claim = gdcore.check.claims.claim = claim
    scope = {"__name__": "__main__"}
    cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    for cell, source in enumerate(cells, 1):
        before = len(found)
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(_compiled("".join(source["source"]), f"<cell {cell}>"), scope)
        except Exception as error:
            found.append(((cell, -1), RAISED, False, f"{type(error).__name__}: {error}"))
        found[before:] = [((cell, i if n[1] >= 0 else -1), *rest) for i, (n, *rest) in enumerate(found[before:])]
    return found


def _compiled(source, name):
    """The code of a cell, which `inspect.getsource` finds again."""
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    return compile(source, name, "exec")


def shift_seeds(by):
    """From here on every whole number that seeds a generator is `by` larger, but in the modules that are `KEPT`."""
    import numpy as np
    import sklearn.utils  # before the parts that take check_random_state from it
    import torch

    def shifted(seed, depth=2):
        if sys._getframe(depth).f_globals.get("__name__", "").startswith(KEPT):
            return seed
        if isinstance(seed, (list, tuple)):
            return [*seed, by]
        return seed + by if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool) else seed

    def wrap(owner, name):
        original = getattr(owner, name)
        setattr(owner, name, lambda seed=None, *rest, **more: original(shifted(seed), *rest, **more))

    for owner, name in ((np.random, "default_rng"), (np.random, "seed"), (random, "seed"), (torch, "manual_seed"),
                        (sklearn.utils, "check_random_state")):  # fmt: skip
        wrap(owner, name)

    class Shifted(random.Random):
        def __init__(self, seed=None):
            super().__init__(shifted(seed))

    class Generator(torch.Generator):
        def manual_seed(self, seed):
            return super().manual_seed(shifted(seed))

    random.Random, torch.Generator = Shifted, Generator


if __name__ == "__main__":
    sys.exit(main())
