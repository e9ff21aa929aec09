"""Six optimizers on matrices: a small convolutional network and a small transformer, at equal steps and at equal seconds.

In go photographs of Fashion-MNIST and the letters of film reviews. Each method is tuned on seeds of its own and judged on five fresh ones;
what leaves is, for each method and task, the tuning, the losses, and what a step costs. The transformer also in four widths, for the rate.
"""

import functools
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import gdcore.optim as optim
from examples.ledger import Ledger, short
from gdcore import data, schedules, seed

TUNED, SEEDS = (100, 101), (1, 2, 3, 4, 5)  # seeds that rates are chosen on, and those of the judgement
APART, MOST = 10**0.5, 7  # rates lie so far apart; at most so many
BATCH, WINDOW, WIDTH = {"photographs": 128, "letters": 32}, 48, 48  # letters that are seen at once, units of the transformer
STEPS = {"photographs": 200, "letters": 300}
ALPHABET = "\n abcdefghijklmnopqrstuvwxyz0123456789.,;:!?'\"()-"

RATES = {  # that are tried at first; the axis grows while the best lies at its end
    "SGD": (0.03, 0.1, 0.3),
    "AdamW": (1e-3, 3e-3, 1e-2),
    "Shampoo": (0.03, 0.1, 0.3),
    "SOAP": (3e-3, 1e-2, 3e-2),
    "Muon": (3e-3, 1e-2, 3e-2),
    "K-FAC": (0.01, 0.03, 0.1),
    "Muon on all matrices": (3e-3, 1e-2, 3e-2),
}


def main(again=False):
    torch.set_num_threads(1)  # seconds of one core are compared
    ledger = Ledger("matrix_methods", again)
    for task in STEPS:
        beside = ledger.once(f"{task}: AdamW", functools.partial(contest, task, "AdamW"))
        for name in RATES:
            if name != "Muon on all matrices" or task == "letters":
                ledger.once(f"{task}: {name}", functools.partial(contest, task, name, beside))
    ledger.once("letters: K-FAC, other clips", functools.partial(clipped, "letters", beside))
    for name in ("AdamW", "Muon"):
        ledger.once(f"width: {name}", functools.partial(widths, name))


def contest(task, name, beside=None):
    """The tuning of a method, its five runs at equal steps and five at AdamW's seconds, as plain values. beside: AdamW's entry."""
    rest = beside["rate"] if beside else None  # what is no hidden matrix is AdamW's, at its own best rate
    rates, tried = [*RATES[name]], {}
    while True:
        for lr in rates:
            if lr not in tried:
                tried[lr] = np.mean([train(task, name, lr, s, rest=rest)["loss"] for s in TUNED])
        best = min(tried, key=tried.get)
        if len(rates) == MOST or best not in (rates[0], rates[-1]):
            break
        rates = [best / APART, *rates] if best == rates[0] else [*rates, best * APART]
    runs = [train(task, name, best, s, rest=rest, looks=10) for s in SEEDS]
    cost = float(np.median([run["seconds"] for run in runs])) / STEPS[task]
    steps = STEPS[task] if beside is None else max(10, round(STEPS[task] * beside["cost"] / cost))
    as_long = runs if beside is None else [train(task, name, best, s, rest=rest, steps=steps) for s in SEEDS]
    return {"rate": short(best), "rates": [*map(short, rates)], "tuning": [short(tried[r]) for r in rates], "cost": short(cost),
            "loss": [short(run["loss"]) for run in runs], "curves": [[short(v) for v in run["curve"]] for run in runs],
            "steps in AdamW's seconds": steps, "loss in AdamW's seconds": [short(run["loss"]) for run in as_long]}  # fmt: skip


def clipped(task, beside, clips=(1e-4, 3e-4, 3e-3, 1e-2), lr=0.3):
    """K-FAC with other clips than its own, at one rate, which hardly matters where the clip binds: the tuning, and five runs of the best,
    at equal steps and at AdamW's seconds."""
    one = functools.partial(train, task, "K-FAC", lr, rest=beside["rate"])
    tried = {clip: np.mean([one(seed_=s, clip=clip)["loss"] for s in TUNED]) for clip in clips}
    clip = min(tried, key=tried.get)
    runs = [one(seed_=s, clip=clip) for s in SEEDS]
    cost = float(np.median([run["seconds"] for run in runs])) / STEPS[task]
    steps = max(10, round(STEPS[task] * beside["cost"] / cost))
    as_long = [one(seed_=s, clip=clip, steps=steps) for s in SEEDS]
    return {"clip": clip, "rate": lr, "tuning": {str(c): short(v) for c, v in tried.items()}, "cost": short(cost),
            "loss": [short(run["loss"]) for run in runs], "steps in AdamW's seconds": steps,
            "loss in AdamW's seconds": [short(run["loss"]) for run in as_long]}  # fmt: skip


def widths(name):
    """The loss of the transformer by width and rate, the mean of two seeds."""
    sizes, rates = (16, 32, 64, 128), [short(1e-3 * APART**k) for k in range(5)]
    loss = lambda n, lr: np.mean([train("letters", name, lr, s, rest=3e-3, width=n)["loss"] for s in TUNED])
    losses = [[short(loss(n, lr)) for lr in rates] for n in sizes]
    return {"widths": [*sizes], "rates": rates, "losses": losses}


def train(task, name, lr, seed_, rest=None, steps=None, looks=0, width=WIDTH, clip=1e-3):
    """One training with a warm-up and a cosine: its last loss on the validation part, seconds of its steps, and some losses on the way."""
    seed(seed_)
    model = CNN() if task == "photographs" else Letters(width)
    steps = STEPS[task] if steps is None else steps
    optimizers = made(name, model, lr, lr if rest is None else rest, clip)
    rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    warm = steps // 20 + 1
    factor = schedules.then(schedules.linear_warmup(warm, start=0.05), warm, schedules.cosine(steps - warm))
    draw, curve, seconds = np.random.default_rng(seed_), [], 0.0
    for t in range(steps):
        x, y = batch(task, draw)
        begin = time.process_time()
        for optimizer, usual in zip(optimizers, rates, strict=True):
            for group, own in zip(optimizer.param_groups, usual, strict=True):
                group["lr"] = own * float(factor(t))
        output = model(x)
        if isinstance(optimizers[0], optim.KFAC) and t % 2 == 0:
            optimizers[0].curvature(output)
        model.zero_grad()
        F.cross_entropy(output.flatten(0, -2), y.flatten()).backward()
        for matrix, p in getattr(optimizers[0], "views", ()):
            matrix.grad = p.grad.flatten(1)
        for optimizer in optimizers:
            optimizer.step()
        seconds += time.process_time() - begin
        if looks and (t + 1) % (steps // looks) == 0:
            curve.append(judge(task, model))
    return {"loss": judge(task, model), "seconds": seconds, "curve": curve}


def made(name, model, lr, rest, clip=1e-3):
    """The optimizers of one training: that of the hidden matrices, and AdamW for the rest; or one for all."""
    if name == "SGD":
        return [optim.SGD(model.parameters(), lr, momentum=0.9)]
    if name == "AdamW":
        return [optim.AdamW(model.parameters(), lr, weight_decay=0.0)]
    if name == "K-FAC":
        ours = optim.KFAC(model, lr, kl_clip=clip)
        return [ours, optim.AdamW(ours.rest, rest, weight_decay=0.0)] if ours.rest else [ours]
    everywhere = name.endswith("on all matrices")
    hidden = [p for p in model.parameters() if p.ndim >= 2 and (everywhere or all(p is not q for q in model.outer()))]
    views = [(nn.Parameter(p.data.flatten(1)), p) for p in hidden]  # the kernels of a convolution as the rows of a matrix, in one memory
    kind = {"Muon": functools.partial(optim.Muon, weight_decay=0.0), "SOAP": functools.partial(optim.SOAP, weight_decay=0.0),
            "Shampoo": optim.Shampoo}[name.split()[0]]  # fmt: skip
    ours = kind([matrix for matrix, _ in views], lr)
    ours.views = views
    others = [p for p in model.parameters() if all(p is not q for q in hidden)]
    return [ours, optim.AdamW(others, rest, weight_decay=0.0)]


class CNN(nn.Module):
    """Three convolutions and a linear layer, for photographs of 28 × 28 points: 19,178 weights."""

    def __init__(self):
        super().__init__()
        sizes = (1, 16, 32, 32)
        self.hidden = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in zip(sizes, sizes[1:]))
        self.head = nn.Linear(512, 10)

    def outer(self):
        return [self.head.weight]

    def forward(self, x):
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.head(x.flatten(1))


class Letters(nn.Module):
    """A transformer of two blocks, four heads, before-norms, that foretells the next letter."""

    def __init__(self, width):
        super().__init__()
        self.letters, self.places = nn.Embedding(len(ALPHABET), width), nn.Embedding(WINDOW, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, len(ALPHABET), bias=False)

    def outer(self):
        return [self.letters.weight, self.places.weight, self.head.weight]

    def forward(self, x):
        x = self.letters(x) + self.places.weight[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.wide, self.narrow = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        z, size = self.norms[0](x), (*x.shape[:2], 4, -1)
        q, k, v = (layer(z).view(size).transpose(1, 2) for layer in (self.q, self.k, self.v))
        x = x + self.o(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        return x + self.narrow(F.gelu(self.wide(self.norms[1](x))))


@functools.cache
def photographs():
    train, validation, _ = data.fashion_mnist()
    pairs = [(torch.tensor(part.x[:n, None], dtype=torch.float32) / 127.5 - 1, torch.tensor(part.y[:n]).long())
             for part, n in ((train, 20_000), (validation, 2000))]  # fmt: skip
    return pairs


@functools.cache
def letters():
    """Two rows of letters, as numbers: reviews to train on, others to judge by."""
    number = {letter: i for i, letter in enumerate(ALPHABET)}
    train, validation, _ = data.movie_reviews()
    return [torch.tensor([number[a] for text in part.x[:n] for a in text.lower() + "\n" if a in number])
            for part, n in ((train, 3000), (validation, 100))]  # fmt: skip


def batch(task, draw):
    if task == "photographs":
        x, y = photographs()[0]
        which = torch.tensor(draw.integers(len(x), size=BATCH[task]))
        return x[which], y[which]
    return _windows(letters()[0], draw.integers(len(letters()[0]) - WINDOW, size=BATCH[task]))


def _windows(row, starts):
    found = torch.stack([row[i : i + WINDOW + 1] for i in starts])
    return found[:, :-1], found[:, 1:]


@torch.no_grad()
def judge(task, model):
    """The mean loss on the validation part."""
    x, y = photographs()[1] if task == "photographs" else _windows(letters()[1], range(0, 400 * WINDOW, WINDOW))
    return F.cross_entropy(model(x).flatten(0, -2), y.flatten()).item()
