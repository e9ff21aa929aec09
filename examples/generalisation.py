"""Ways to close the gap between training and test: each with its rate and its strength tuned, then judged on five fresh samples, paired."""

import functools
import math
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import gdcore.optim as optim
from examples.ledger import Ledger, short
from gdcore import data, rules, schedules, seed
from gdcore.curvature import Hessian
from gdcore.training import Batches
from gdcore.training.vision import as_input, flipped, judge, shifted

TUNED, SEEDS = (0, 100), (1, 2, 3, 4, 5)  # seeds that settings are chosen on, and those of the judgement
IMAGES, SIZE, EPOCHS, WIDTH = 1000, 50, 40, 128  # photographs to train on, in a batch, passes, units of a hidden layer
RATES, APART, MOST = (3e-4, 1e-3, 3e-3), 10**0.5, 6  # rates that are tried at first; at most so many on an axis

# the strengths that are tried at first, weakest first; the axis grows while the best lies at its end
STRENGTHS = {
    "nothing": (None,),
    "L2": (1e-3, 3e-3, 1e-2),
    "decoupled decay": (0.3, 1.0, 3.0),
    "dropout": (0.2, 0.4, 0.6),
    "augmentation": (0, 1, 2),  # mirrored, and moved by so many points
    "label smoothing": (0.05, 0.1, 0.2),
    "early stopping": (2, 5, 10),  # the patience, in passes
    "SAM": (0.05, 0.1, 0.2),
    "EMA": (0.98, 0.99, 0.995),
    "SWA": (0.25, 0.5, 0.75),  # averaged from this share of the passes on
    "twice the images": (None,),
}
NEXT = {  # the strength before the first, and that after the last
    "dropout": (lambda s: s / 2, lambda s: (1 + s) / 2),
    "augmentation": (None, lambda s: s + 1),
    "early stopping": (lambda s: max(s // 2, 1), lambda s: 2 * s),
    "EMA": (lambda s: 1 - 2 * (1 - s), lambda s: 1 - (1 - s) / 2),
    "SWA": (lambda s: s / 2, None),
}
CONSTANT = ("early stopping", "EMA", "SWA")  # their rate does not fall: the end is not known, or the average takes its place


def main(again=False):
    ledger = Ledger("generalisation", again)
    ledger.once("overfit", overfit)
    for name in STRENGTHS:
        ledger.once(name, functools.partial(contest, name))


def overfit():
    """Five trainings at a constant rate without any remedy, looked at after each pass."""
    runs = [train("nothing", 1e-3, None, s, schedule=False, looks=True)[1] for s in SEEDS]
    return {key: [[short(look[key]) for look in run] for run in runs] for key in runs[0][0]}


def contest(name):
    """The tuning of a remedy, rate and strength together, and its five runs, as plain values."""
    tried = {}
    rates, strengths = [*RATES], [*STRENGTHS[name]]
    while True:
        for lr in rates:
            for strength in strengths:
                if (lr, strength) not in tried:
                    tried[lr, strength] = np.mean([train(name, lr, strength, s)[0]["validation error"] for s in TUNED])
        lr, strength = min(tried, key=tried.get)
        grown = _grown(rates, lr, (lambda r: r / APART, lambda r: r * APART)), _grown(strengths, strength, _next(name))
        if grown == (rates, strengths):
            break
        rates, strengths = grown
    runs = [train(name, lr, strength, s, last=True)[0] for s in SEEDS]
    told = {key: [short(run[key]) for run in runs] for key in runs[0]}
    return {"rate": short(lr), "strength": strength, "rates": [*map(short, rates)], "strengths": strengths,
            "tuning": [[short(tried[r, s]) for s in strengths] for r in rates], **told}  # fmt: skip


def _next(name):
    return (None, None) if STRENGTHS[name] == (None,) else NEXT.get(name, (lambda s: s / APART, lambda s: s * APART))


def _grown(values, best, beyond):
    """The axis with one value more where the best lies at its end."""
    if len(values) >= MOST:
        return values
    before, after = beyond
    if best == values[0] and before:
        new = before(best)
        return values if new in values else [new, *values]
    if best == values[-1] and after:
        return [*values, after(best)]
    return values


def train(name, lr, strength, seed_, schedule=True, looks=False, last=False):
    """(the numbers at the end of one training, a look after each pass). last: also those that nothing may be chosen by."""
    seed(seed_)
    parts = sample(seed_, IMAGES * (2 if name == "twice the images" else 1))
    model = network(strength if name == "dropout" else 0.0)
    augment = functools.partial(augmented, by=strength) if name == "augmentation" else None
    batches = Batches(*parts["train"], SIZE, seed_, augment)
    smooth = strength if name == "label smoothing" else 0.0
    optimizer = made(name, model, lr, strength)
    steps = EPOCHS * IMAGES // SIZE  # the same for all
    factor = schedules.cosine(steps) if schedule and name not in CONSTANT else lambda t: 1.0
    best, since, average, count, found, done, epoch, begin = math.inf, 0, None, 0, [], 0, 0, time.perf_counter()
    while done < steps:
        model.train()
        for x, y in batches.epoch(epoch):
            for group in optimizer.param_groups:
                group["lr"] = lr * factor(done)
            loss_of = functools.partial(gradients, model, optimizer, x, y, smooth)
            loss_of() if name != "SAM" else None
            optimizer.step(loss_of if name == "SAM" else None)
            done += 1
        epoch += 1
        if looks:
            found.append(told(model, parts, "train", "validation"))
        if name == "SWA" and done > strength * steps:
            count += 1
            now = [p.detach().clone() for p in model.parameters()]
            average = now if average is None else [a + (p - a) / count for a, p in zip(average, now)]
        if name == "early stopping":
            error = judge(model, *parts["validation"])["cross-entropy"]
            best, since = (error, 0) if error < best else (best, since + 1)
            average = [p.detach().clone() for p in model.parameters()] if since == 0 else average
            if since == strength:
                break
    if name == "EMA":
        optimizer.eval()
    if average is not None:
        with torch.no_grad():
            for p, a in zip(model.parameters(), average):
                p.copy_(a)
    seconds = time.perf_counter() - begin
    numbers = told(model, parts, "validation")
    if last:
        numbers |= told(model, parts, "train", "test") | {"steps": done, "seconds": seconds, "sharpness": sharpness(model, parts["train"])}
    return numbers, found


def gradients(model, optimizer, x, y, smooth):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y, label_smoothing=smooth)
    loss.backward()
    return loss


def made(name, model, lr, strength):
    if name == "SAM":
        return optim.SAM(model.parameters(), rules.Adam(lr), rho=strength)
    if name == "EMA":
        return optim.EMA(model.parameters(), rules.Adam(lr), decay=strength)
    if name == "decoupled decay":
        return optim.AdamW(model.parameters(), lr=lr, weight_decay=strength)
    return optim.Adam(model.parameters(), lr=lr, weight_decay=strength if name == "L2" else 0)


def network(dropout=0.0, width=WIDTH):
    """Two hidden layers, with dropout after each."""
    layers = [nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def augmented(x, draws, by):
    x = flipped(x, draws)
    return shifted(x, draws, by) if by else x


def sample(seed_, n):
    """{part: (x, y)}: n photographs to train on, which the seed draws; validation and test are the same for all."""
    whole = photographs()
    order = torch.tensor(np.random.default_rng((seed_, 11)).permutation(len(whole["train"][0]))[:n])
    return whole | {"train": tuple(values[order] for values in whole["train"])}


@functools.cache
def photographs():
    splits = data.fashion_mnist()
    part = lambda name: (as_input(getattr(splits, name).x), torch.tensor(getattr(splits, name).y))
    return {name: part(name) for name in ("train", "validation", "test")}


def told(model, parts, *names):
    judged = {name: judge(model, *parts[name]) for name in names}
    return {f"{name} {key}": value for name, of in judged.items() for key, value in
            (("loss", of["cross-entropy"]), ("error", 1 - of["accuracy"]))}  # fmt: skip


def sharpness(model, part):
    """The largest curvature of the training loss, without dropout."""
    x, y = part
    return Hessian(F.cross_entropy(model.eval()(x), y), model.parameters()).sharpness(tol=1e-2)
