"""What a rule costs: memory beside the parameters, and how often a step walks through memory."""

import ast
import os
import platform
import statistics
import time
from dataclasses import dataclass

import numpy as np

from gdcore.rules import Wrapper
from gdcore.views.syntax import Step, instance, names_in, program

__all__ = ["Cost", "cost", "measure"]

_OVER_ALL = {"norm", "rms", "mean", "total"}  # need every entry before the first can go on: a sweep of their own
_ROWS, _COLUMNS = 7, 11  # a matrix whose sides tell by their length what a memory is made for


@dataclass(frozen=True)
class Cost:
    """What one step of a rule needs.

    memory: {name: "entry", "row", "column", "row × row", "column × column" or "number"}, what is kept one of for each of these;
    reads, writes: arrays of the parameters' size that a fused step reads and writes, or None where matrix products decide;
    gradients: how many gradients a step needs; item: bytes of a number.
    """

    memory: dict
    reads: int | None
    writes: int | None
    gradients: int = 1
    item: int = 4
    beside: bool = False  # a wrapper by itself: what it adds to the inner rule's cost

    @property
    def bytes_per_parameter(self):
        """Bytes of memory for each parameter (what is kept by rows and columns comes on top)."""
        return self.item * list(self.memory.values()).count("entry")

    def __str__(self):
        kept = {}
        for name, what in self.memory.items():
            kept.setdefault(what, []).append(name)
        memory = []
        if "entry" in kept:
            memory.append(f"{self.bytes_per_parameter} bytes for each parameter ({', '.join(kept['entry'])})")
        for what, names in kept.items():
            if what in ("row", "column"):
                memory.append(f"{self.item * len(names)} bytes for each {what} ({', '.join(names)})")
            elif "×" in what:
                side = what.partition(" ")[0]
                memory.append(f"{self.item} bytes for each pair of {side}s ({', '.join(names)})")
            elif what == "number":
                memory.append(f"{len(names)} number{'s' * (len(names) > 1)} for each tensor ({', '.join(names)})")
        passes = f"{self.reads + self.writes} arrays ({self.reads} read, {self.writes} written)" if self.reads else "none"
        if self.reads is None:
            passes = "the matrix products decide"
        more = f"; {self.gradients} gradients a step" if self.gradients > 1 else ""
        beside = "beside the inner rule's, " if self.beside else ""
        return f"Memory in float32: {beside}{', '.join(memory) or 'none'}. Traffic of a fused step: {beside}{passes}{more}."


def cost(rule):
    """The Cost of a rule, class or instance, in float32: memory that `update` never reads, as options are off, is not counted.

    The memory is counted on what `init` makes for a matrix; reads and writes are counted on the assignments of `update`.
    """
    rule = instance(rule)
    p = program(rule, off=lambda _, value: isinstance(value, (int, float)) and not isinstance(value, bool) and value == 0)
    x = np.zeros((_ROWS, _COLUMNS), np.float32)
    shapes = dict(zip(rule.state_names, map(np.shape, rule.init(x))))
    sides = {
        x.shape: "entry",
        (_ROWS, 1): "row",
        (1, _COLUMNS): "column",
        (_ROWS, _ROWS): "row × row",
        (_COLUMNS, _COLUMNS): "column × column",
    }
    memory = {name: sides.get(shapes[name], "number") for name in p.memory}
    alone = isinstance(rule, Wrapper) and isinstance(rule.rule, Step)
    inner = Cost({}, 0, 0) if alone else cost(rule.rule) if isinstance(rule, Wrapper) else None
    gradients = 1 + any("gradient" in names_in(node) for node in (*(line.value for line in p.lines), *p.returns.values()))
    if rule.reads == "matrix" and inner is None:
        return Cost(memory, None, None, gradients)
    reads, writes = _traffic(p, {f"{name}.0" for name, what in memory.items() if what == "entry"} | {f"{p.x}.0", "g.0"})
    if inner is not None:  # x and g pass through the inner rule: they are counted there
        known = inner.reads is not None
        seen = {f"{p.x}.0", "g.0"}
        reads = sum(len(r if i else r - seen) for i, r in enumerate(reads)) + inner.reads if known else None
        writes = writes - 1 + inner.writes if known else None
        return Cost(memory | inner.memory, reads, writes, max(gradients, inner.gradients), beside=alone)
    return Cost(memory, sum(map(len, reads)), writes, gradients)


def _traffic(p, arrays):
    """([arrays read in the last sweep, in the one before, …], number of arrays written)."""
    made = {line.key: line.value for line in p.lines}
    sweeps = {}

    def look(node):
        """(arrays that this expression reads in its own sweep, how many sweeps must come before); notes the sweeps."""
        if isinstance(node, ast.Name):
            if node.id in made:
                return look(made[node.id])
            return ({node.id} & arrays, 0)
        if isinstance(node, ast.Call) and node.func.id == "machine_eps":  # a matter of the type
            return set(), 0
        parts = [look(child) for child in ast.iter_child_nodes(node)]
        read = set().union(*(r for r, _ in parts))
        before = max((b for _, b in parts), default=0)
        if isinstance(node, ast.Call) and node.func.id in (*_OVER_ALL, "gradient") and read:
            sweeps.setdefault(before, set()).update(read)
            return ({"g.0"} if node.func.id == "gradient" else set()), before + 1
        return read, before

    last = set()
    for value in p.returns.values():
        last |= look(value)[0]
    second = any("gradient" in names_in(node) for node in (*made.values(), *p.returns.values()))
    written = (
        1 + sum(f"{name}.0" in arrays and names_in(value) != [f"{name}.0"] for name, value in p.returns.items()) - (f"{p.x}.0" in arrays)
    )
    return [last, *(sweeps[level] for level in sorted(sweeps, reverse=True))], written + second


def measure(rule, shape=(1024, 1024), repeats=20, world="numpy"):
    """The median time of one `update`, in seconds, on this machine; prints it with the processor, its cores and the versions.

    It is the plain `update`, each operation a pass of its own; for fused steps see gdcore.optim with compile=True.
    world: "numpy" or "torch" (which must be installed).
    """
    rule = instance(rule)
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=shape).astype(np.float32), rng.normal(size=shape).astype(np.float32)
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    if world == "torch":
        import torch

        x, g, versions = torch.from_numpy(x), torch.from_numpy(g), f"{versions}, torch {torch.__version__}"
    elif world != "numpy":
        raise ValueError(f"measure got world = {world!r}, but it must be 'numpy' or 'torch'.")
    memory, times = rule.init(x), []
    for t in range(1, repeats + 2):
        before = time.perf_counter()
        x, *memory = rule.update(x, g, t, *memory)
        times.append(time.perf_counter() - before)
    seconds = statistics.median(times[1:])  # the first step also pays for waking up
    print(f"{type(rule).__name__}: {1e3 * seconds:.2f} ms a step for {' × '.join(map(str, shape))} float32 numbers"
          f" ({_processor()}, {os.cpu_count()} cores, {versions}).")
    return seconds


def _processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
