"""How long one step takes, measured so that the contestants meet the same machine at the same time."""

import statistics
import time

import torch

__all__ = ["first_step", "race"]


def first_step(make, params):
    """(the optimizer, seconds of its first step): for a compiled one this is the time to compile."""
    optimizer = make(params)
    begin = time.perf_counter()
    optimizer.step()
    return optimizer, time.perf_counter() - begin


@torch.no_grad()
def race(optimizers, seconds=1.0, rounds=7):
    """{name: milliseconds a step}: the median over rounds, in each of which every optimizer has its turn.

    An optimizer that needs longer than `seconds` for a step has a turn in the first round only.
    """
    one = {name: _one(optimizer) for name, optimizer in optimizers.items()}
    steps = {name: max(1, int(seconds / rounds / step)) for name, step in one.items()}
    times = {name: [] for name in optimizers}
    for turn in range(rounds):
        order = list(optimizers)
        order = order[turn % len(order):] + order[: turn % len(order)]  # nobody always follows the same neighbour  # fmt: skip
        for name in order:
            if turn == 0 or one[name] < seconds:
                times[name].append(_many(optimizers[name], steps[name]))
    return {name: 1000 * statistics.median(found) for name, found in times.items()}


def _one(optimizer):
    optimizer.step()
    return _many(optimizer, 1)


def _many(optimizer, steps):
    begin = time.perf_counter()
    for _ in range(steps):
        optimizer.step()
    return (time.perf_counter() - begin) / steps
