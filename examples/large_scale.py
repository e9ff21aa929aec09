"""Larger batches, wider layers, bigger models: what a training that grows does to its rate, its steps and its loss.

In go photographs of Fashion-MNIST and the letters of film reviews. What leaves: for each rule and batch size the fewest steps to a loss;
for two ways to set up a network, the loss by width and rate; and the losses of six sizes of transformer, five to fit and one to foretell.
"""

import functools
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import gdcore.optim as optim
from examples import matrix_methods as small
from examples.ledger import Ledger, short
from gdcore import seed

APART, SEEDS = 10**0.5, (1, 2, 3)
BATCHES, TARGET = (16, 32, 64, 128, 256, 512, 1024), 0.5  # images, validation loss
MOST = {size: min(1500, 100 + 100_000 // size) for size in BATCHES}  # steps after which it counts as not reached
WIDTHS, STEPS, BATCH = (64, 128, 256, 512, 1024), 100, 128
SIZES, AHEAD, LETTERS = (8, 16, 32, 64, 128), 192, 150  # widths of the transformer to fit, one to foretell, and steps

RULES = {  # what is trained with, and the rate that is tried first
    "SGD": (lambda p, lr: optim.SGD(p, lr, momentum=0.9), 0.1),
    "AdamW": (lambda p, lr: optim.AdamW(p, lr, weight_decay=0.0), 3e-3),
    "LARS": (lambda p, lr: optim.LARS(p, lr, momentum=0.9, trust=0.01), 1.0),
    "LAMB": (lambda p, lr: optim.LAMB(p, lr), 0.01),
}


def main(again=False):
    torch.set_num_threads(1)
    ledger = Ledger("large_scale", again)
    for name in RULES:
        ledger.once(f"batch: {name}", functools.partial(batches, name))
    for name in ("standard", "µP"):
        ledger.once(f"width: {name}", functools.partial(widths, name))
    found = ledger.once("sizes", sizes)
    ledger.once("five sizes once more", functools.partial(once_more, found["sizes"][:5]))


# -- batches --------------------------------------------------------------------------------------------------------------------


def batches(name):
    """For each batch size the best rate and the steps that it took with each seed. Rates: from that of the size before, downhill."""
    found, lr = [], RULES[name][1]
    for size in BATCHES:
        tried = {}
        while True:
            for rate in (lr / APART, lr, lr * APART):
                if rate not in tried:
                    tried[rate] = [reached(name, size, rate, s) for s in SEEDS]
            best = min(tried, key=lambda rate: np.median(tried[rate]))
            if best == lr:
                break
            lr = best
        found.append({"batch": size, "rate": short(lr), "steps": tried[lr],
                      "tried": {f"{short(r)}": float(np.median(steps)) for r, steps in sorted(tried.items())}})  # fmt: skip
    return {"target": TARGET, "sizes": found}


def reached(name, size, lr, seed_):
    """The steps until the validation loss is below the target; looked at after every twentieth part of what was done."""
    seed(seed_)
    (x, y), validation = small.photographs()
    model, draw, done, look = MLP(128), np.random.default_rng(seed_), 0, 1
    optimizer = RULES[name][0](model.parameters(), lr)
    while done < MOST[size]:
        which = torch.tensor(draw.integers(len(x), size=size))
        _step(model, optimizer, x[which], y[which])
        done += 1
        if done == look:
            look = max(done + 1, round(1.05 * done))
            with torch.no_grad():
                loss = F.cross_entropy(model(validation[0]), validation[1]).item()
            if loss < TARGET:
                return done
            if not loss < 1e3:
                break
    return MOST[size]


# -- widths -----------------------------------------------------------------------------------------------------------------------


def widths(name):
    """The training loss over the last steps by width and rate, the mean of three seeds."""
    rates = [short(1e-4 * APART**k) for k in range(7)]
    return {"widths": [*WIDTHS], "rates": rates,
            "losses": [[short(np.mean([grown(name, n, lr, s) for s in SEEDS])) for lr in rates] for n in WIDTHS]}  # fmt: skip


def grown(name, width, lr, seed_):
    """The mean loss of the last ten steps of a training by Adam."""
    seed(seed_)
    x, y = small.photographs()[0]
    model, draw, losses = MLP(width), np.random.default_rng(seed_), []
    groups = [{"params": model.parameters()}]
    if name == "µP":  # Yang et al. (2022), arXiv:2203.03466, table 3, with 64 as the width at which both agree
        share = WIDTHS[0] / width
        with torch.no_grad():
            model[-1].weight.mul_(share**0.5)
        groups = [{"params": [*model[0].parameters(), model[2].bias, model[4].bias]},
                  {"params": [model[2].weight, model[4].weight], "lr": lr * share}]  # fmt: skip
    optimizer = optim.Adam(groups, lr)
    for _ in range(STEPS):
        which = torch.tensor(draw.integers(len(x), size=BATCH))
        losses.append(min(_step(model, optimizer, x[which], y[which]), 10.0))
    return np.mean(losses[-10:])


# -- sizes ----------------------------------------------------------------------------------------------------------------------------


def sizes():
    """The validation loss of each size at its best rate, three seeds, and its weights, without the letters and places."""
    found = []
    for width in (*SIZES, AHEAD):
        rates = [1e-2 * APART**k for k in (-1, 0, 1)]
        tried = {lr: _letters(width, lr, 0) for lr in rates}
        best = min(tried, key=tried.get)
        hidden = sum(p.numel() for p in small.Letters(width).blocks.parameters())
        found.append({"width": width, "weights": hidden, "rate": short(best), "loss": [short(_letters(width, best, s)) for s in SEEDS]})
    return {"sizes": found, "letters seen": LETTERS * 32 * small.WINDOW}


def once_more(found):
    """The five sizes of the fit, trained once more with one seed each at the rate that was found: the processor's seconds of all."""
    begin = time.process_time()
    losses = [short(_letters(one["width"], one["rate"], SEEDS[0])) for one in found]
    return {"loss": losses, "processor seconds": short(time.process_time() - begin)}


def _letters(width, lr, seed_):
    return small.train("letters", "AdamW", lr, seed_, steps=LETTERS, width=width)["loss"]


class MLP(nn.Sequential):
    """Two hidden layers for photographs of 28 × 28 points."""

    def __init__(self, width):
        super().__init__(nn.Linear(784, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))

    def forward(self, x):
        return super().forward(x.flatten(1))


def _step(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item() if loss.isfinite() else 10.0
