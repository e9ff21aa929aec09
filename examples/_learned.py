"""An optimizer that is a network itself, trained by descending through the trainings that it runs: two minutes of it, and its limits."""

import functools
import math
import time

import numpy as np
import torch

from examples._digits import batches, digits, loss_of, network
from examples.ledger import short
from gdcore.rules import Adam, HeavyBall

__all__ = ["falling_rivals", "learned"]

DECAYS = (0.5, 0.9, 0.99)
SEGMENT, SHORT, HORIZON, SECONDS = 100, 20, 200, 120  # steps that are differentiated through, also fewer; of a training; of processor
JUDGED, RATES = range(5), [10**e for e in np.arange(-3.5, 0.6, 0.5)]
TASKS = {  # what it never saw: (hidden sizes, unit, scale of the pictures, steps)
    "as trained": ((16,), torch.tanh, 1.0, 200),
    "ten times as long": ((16,), torch.tanh, 1.0, 2000),
    "a deeper network of ReLU": ((64, 64), torch.relu, 1.0, 200),
    "pictures ten times as bright": ((16,), torch.tanh, 10.0, 200),
}


def weights(seed=0, hidden=16):
    """The optimizer's own weights: 7 numbers about an entry go in, a direction and a logarithm of its length come out."""
    draw = torch.Generator().manual_seed(seed)
    return {"A": torch.randn(7, hidden, generator=draw) / 7**0.5, "a": torch.zeros(hidden),
            "B": 0.1 * torch.randn(hidden, 2, generator=draw) / hidden**0.5, "b": torch.zeros(2)}  # fmt: skip


def memory(net):
    zeros = {name: torch.zeros_like(p) for name, p in net.items()}
    return {"v": zeros, "m": {name: torch.zeros(len(DECAYS), *p.shape) for name, p in net.items()}, "t": torch.zeros(())}


def step(theta, x, g, state):
    """One step, entry by entry: (new x, new memory). All slopes are divided by their own size, so no unit comes in."""
    t, decay = state["t"] + 1, torch.tensor(DECAYS)
    new, m, v = {}, {}, {}
    for name in x:
        shape = (-1,) + (1,) * x[name].ndim
        d = decay.view(shape)
        m[name] = d * state["m"][name] + (1 - d) * g[name]
        v[name] = 0.95 * state["v"][name] + 0.05 * g[name] ** 2
        size = (v[name] / (1 - 0.95**t) + 1e-16).sqrt()  # a root at zero would have no slope
        means = m[name] / (1 - d**t) / size
        told = [g[name] / size, *means, x[name], torch.log10(t) / 2 + 0 * x[name], torch.ones_like(x[name])]
        out = torch.tanh(torch.stack(told, -1) @ theta["A"] + theta["a"]) @ theta["B"] + theta["b"]
        new[name] = x[name] - 0.03 * (out[..., 0] + means[1]) * torch.exp(out[..., 1])
    return new, {"m": m, "v": v, "t": t}


def segment(theta, x, state, shown, loss):
    """`len(shown)` steps: (mean logarithm of the loss before each step, (x, memory) at the end)."""
    total, slope = 0.0, torch.func.grad_and_value(loss)
    for inputs, targets in shown:
        g, value = slope(x, inputs, targets)
        total = total + torch.log(value + 1e-3)  # so that late steps count as much as the first
        x, state = step(theta, x, g, state)
    return total / len(shown), (x, state)


def meta_train(through=SEGMENT, seconds=SECONDS, lr=3e-3):
    """(the optimizer's weights, the mean score of the segments of each tenth of the meta-training, trainings done)."""
    theta, told, done = weights(), [], 0
    m, v = ({k: torch.zeros_like(p) for k, p in theta.items()} for _ in range(2))
    slope = torch.func.grad_and_value(segment, has_aux=True)
    t, begin = 0, time.process_time()
    while time.process_time() - begin < seconds:
        seed = 10_000 + done
        part = digits(0)["train"]
        x, shown = network(seed, (16,)), batches(part, HORIZON, seed)
        state = memory(x)
        for at in range(0, HORIZON, through):
            g, (value, (x, state)) = slope(theta, x, state, shown[at : at + through], loss_of)
            told.append(float(value))
            length = math.sqrt(sum(float((p * p).sum()) for p in g.values()))
            g = {k: p / max(length, 1.0) for k, p in g.items()}  # a few are enormous
            if not math.isfinite(length):
                raise FloatingPointError(f"The slope through {through} steps of training {done} is {length}.")
            t += 1
            rule = Adam(lr=lr * max(0.0, 1 - (time.process_time() - begin) / seconds))
            found = {k: rule.update(theta[k], g[k], t, m[k], v[k]) for k in theta}
            theta, m, v = ({k: f[i] for k, f in found.items()} for i in range(3))
        done += 1
    return theta, [float(np.mean(part)) for part in np.array_split(told, 10)], done


def learned():
    theta, told, done = meta_train()
    near, _, _ = meta_train(SHORT)
    return {"trainings": done, "seconds": SECONDS, "looking less far": contest(near, *TASKS["as trained"])["learned"],
            "score": [short(v) for v in told],
            "weights": sum(p.numel() for p in theta.values()), **{name: contest(theta, *task) for name, task in TASKS.items()}}  # fmt: skip


def falling_rivals():
    """For each task the losses of the two rules when their rate falls to zero in a straight line, from the best of the same rates."""
    return {name: rivals(*task, falling=True) for name, task in TASKS.items()}


def rivals(hidden, unit, scale, steps, falling=False):
    """Losses at the end of five trainings by Adam and by momentum, each at the best of its rates on two others."""
    loss, row = functools.partial(loss_of, unit=unit), {}

    def ends(rule, lr, seeds):
        return [short(judged(rule.with_hyperparameters(lr=lr), hidden, scale, steps, loss, s, falling)) for s in seeds]

    for rule in (Adam(), HeavyBall(momentum=0.9)):
        tried = {lr: np.mean(ends(rule, lr, (100, 101))) for lr in RATES}
        lr = min(tried, key=tried.get)
        row[type(rule).__name__] = ends(rule, lr, JUDGED)
        row[f"{type(rule).__name__}'s rate"] = short(lr)
    return row


def contest(theta, hidden, unit, scale, steps):
    """Losses at the end of five trainings by the learned optimizer, before and after it learned, and by its rivals."""
    loss = functools.partial(loss_of, unit=unit)

    def ends(by):
        return [short(judged(by, hidden, scale, steps, loss, s)) for s in JUDGED]

    return {"learned": ends(theta), "before it learned": ends(weights()), **rivals(hidden, unit, scale, steps)}


def judged(by, hidden, scale, steps, loss, seed, falling=False):
    """The training loss at the end of one training, over all pictures; by: a rule, or the weights of a learned optimizer. falling: the
    rule's rate falls to zero in a straight line."""
    part = digits(0, scale)["train"]
    x, shown = network(seed, hidden), batches(part, steps, seed)
    if isinstance(by, dict):
        with torch.no_grad():
            _, (x, _) = segment(by, x, memory(x), shown, loss)
    else:
        slope, held = torch.func.grad(loss), {name: by.init(p) for name, p in x.items()}
        for t, (inputs, targets) in enumerate(shown, 1):
            g = slope(x, inputs, targets)
            now = by.with_hyperparameters(lr=by.lr * (1 - (t - 1) / steps)) if falling else by
            found = {name: now.update(x[name], g[name], t, *held[name]) for name in x}
            x, held = {n: f[0] for n, f in found.items()}, {n: f[1:] for n, f in found.items()}
    value = float(loss(x, *part))
    return value if value < 10 else 10.0
