"""Ten optimizers on six tasks: equal budgets, rates tuned by one rule on one seed, then five fresh seeds, paired."""

import functools
import math

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

import gdcore.optim as optim
from examples.ledger import Ledger, short
from gdcore import data, schedules, seed
from gdcore.data.words import Vocabulary
from gdcore.models.cnn import FashionNet
from gdcore.training import Batches, fit
from gdcore.training.vision import as_input, judge

TUNED, SEEDS = 0, (1, 2, 3, 4, 5)  # the seed that the rates are chosen on, and those of the race
RATES, MOST, APART = 5, 9, 10**0.5  # five rates around the middle; more while the best lies at the end, at most nine
LOOKS = 10  # how often a training looks at the validation loss
STEPS = {"valley": 300, "rosenbrock": 1000, "words": 560, "deep": 400, "images": 150, "letters": 200}

# the middle of the rates, torch's default or what is usual; all other hyper-parameters are the library's defaults
MIDDLE = {"SGD": 0.1, "momentum": 0.01, "AdaGrad": 0.01, "RMSProp": 0.001, "Adam": 0.001, "AdamW": 0.001, "NAdam": 0.002, "Lion": 0.0001,
          "schedule-free": 0.0025, "Muon": 0.001}  # fmt: skip
MAKE = {
    "SGD": optim.SGD,
    "momentum": functools.partial(optim.SGD, momentum=0.9),
    "AdaGrad": optim.Adagrad,
    "RMSProp": optim.RMSprop,
    "Adam": optim.Adam,
    "AdamW": optim.AdamW,
    "NAdam": optim.NAdam,
    "Lion": optim.Lion,
    "schedule-free": optim.ScheduleFreeAdamW,
}


def main(again=False):
    ledger = Ledger("optimizer_race", again)
    for task in STEPS:
        for name in MIDDLE:
            if name != "Muon" or hasattr(TASKS[task], "matrices"):
                ledger.once(f"{task} {name}", functools.partial(contest, task, name))


def contest(task, name):
    """The tuning of one optimizer on one task, and its five runs, as plain values; a loss that is no number is None."""
    tuning = {}
    middle, half = MIDDLE[name], RATES // 2
    new = [*range(-half, half + 1)]
    while new:
        for k in new:
            tuning[k] = train(task, name, middle * APART**k, TUNED)["curve"][-1]
        best = min(sorted(tuning), key=lambda k: math.inf if tuning[k] is None else tuning[k])
        edge = {min(tuning): min(tuning) - 1, max(tuning): max(tuning) + 1}
        new = [edge[best]] if best in edge and len(tuning) < MOST else []
    runs = [train(task, name, middle * APART**best, s) for s in SEEDS]
    told = {key: [run[key] for run in runs] for key in runs[0]}
    return {"rate": short(middle * APART**best), "rates": [short(middle * APART**k) for k in sorted(tuning)],
            "tuning": [tuning[k] for k in sorted(tuning)], **told}  # fmt: skip


def train(task, name, lr, seed_):
    """One training: its validation losses at 0, 10, … 100 % of the steps, the test's number at its end, and seconds a step."""
    seed(seed_)
    problem = TASKS[task](seed_)
    steps, model = STEPS[task], problem.model
    optimizers = made(problem, name, lr)
    schedule = None if name == "schedule-free" else schedules.cosine(steps)

    def look(model):
        averaged = [o for o in optimizers if name == "schedule-free"]
        for o in averaged:
            o.eval()
        found = {"validation": problem.validation()}
        for o in averaged:
            o.train()
        return found

    model.eval()
    with torch.no_grad():
        curve = [look(model)["validation"]]
    record = fit(model, Repeated(problem.batches, steps), problem.loss, optimizers, epochs=1, schedule=schedule, measure=look,
                 every=max(steps // LOOKS, 1), progress=False)  # fmt: skip
    curve += record["validation"]
    if record.status != "finished":
        return {"curve": [*map(short, curve[:-1]), None], "test": None, "milliseconds": None}
    for o in optimizers if name == "schedule-free" else ():
        o.eval()
    with torch.no_grad():
        test = problem.test()
    return {"curve": [*map(short, curve)], "test": short(test), "milliseconds": short(1000 * record["seconds"][-1] / steps)}


def made(problem, name, lr):
    """The optimizers of a training; Muon steps the hidden matrices, and AdamW at the same rate the rest."""
    if name != "Muon":
        return [MAKE[name](problem.model.parameters(), lr=lr)]
    hidden = problem.matrices()
    rest = [p for p in problem.model.parameters() if all(p is not q for q in hidden)]
    return [optim.Muon(hidden, lr=lr, adjust_lr_fn="match_rms_adamw", ns_precision="full"), optim.AdamW(rest, lr=lr)]



class Repeated:
    """The epochs of some batches one after the other, as one epoch of so many steps."""

    def __init__(self, batches, steps):
        self.batches, self.steps = batches, steps

    def __len__(self):
        return self.steps

    def epoch(self, number):
        done, k = 0, 0
        while done < self.steps:
            for batch in self.batches.epoch(k):
                if done == self.steps:
                    return
                done += 1
                yield batch
            k += 1


# -- the tasks: model, batches, loss(model, *batch), validation(), test(), and matrices() where there are hidden ones -------------------


class Surface:
    """A function of a few variables: each step sees all of it, and there is nothing but the loss to judge by."""

    def __init__(self, start):
        self.model = nn.Module()
        self.model.x = nn.Parameter(torch.tensor(start, dtype=torch.float64))
        self.batches = self

    def __len__(self):
        return 1000

    def epoch(self, number):
        return [()] * len(self)

    def loss(self, model):
        return self.value(model.x)

    def validation(self):
        return self.value(self.model.x).item()

    test = validation


class Valley(Surface):
    """A bowl in ten dimensions, 1,000 times as curved across as along, turned at random, its lowest point off the origin."""

    def __init__(self, seed_):
        draws = np.random.default_rng(seed_)
        turn = np.linalg.qr(draws.normal(size=(10, 10)))[0]
        self.H = torch.tensor(turn @ np.diag(np.geomspace(0.01, 10, 10)) @ turn.T)
        self.lowest = torch.tensor(draws.normal(size=10))
        super().__init__(self.lowest.numpy() + draws.normal(size=10))

    def value(self, x):
        away = x - self.lowest
        return away @ self.H @ away / 2


class Rosenbrock(Surface):
    """The bent valley, from starts to the left of the bend."""

    def __init__(self, seed_):
        super().__init__(np.array([-1.2, 1.0]) + np.random.default_rng(seed_).uniform(-0.3, 0.3, 2))

    def value(self, x):
        return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


class Words:
    """Logistic regression on the words of film reviews, 5,000 weights, most of which see a gradient once in hundreds of steps."""

    def __init__(self, seed_):
        self.model = nn.Linear(5000, 1)
        nn.init.zeros_(self.model.weight), nn.init.zeros_(self.model.bias)
        parts = reviews()
        self.parts = {name: parts[name] for name in ("validation", "test")}
        self.batches = Batches(*parts["train"], 32, seed_)

    def loss(self, model, x, y):
        return F.binary_cross_entropy_with_logits(model(x.float())[:, 0], y)

    def validation(self):
        return self.loss(self.model, *self.parts["validation"]).item()

    def test(self):
        x, y = self.parts["test"]
        return ((self.model(x.float())[:, 0] > 0) == (y > 0.5)).float().mean().item()


class Deep:
    """Eight hidden layers of 64, on 1,000 of scikit-learn's digits."""

    def __init__(self, seed_):
        layers = [layer for _ in range(8) for layer in (nn.Linear(64, 64), nn.ReLU())]
        self.model = nn.Sequential(*layers, nn.Linear(64, 10))
        self.parts = digits()
        self.batches = Batches(*self.parts["train"], 50, seed_)

    def matrices(self):
        return [layer.weight for layer in self.model[2:-1] if isinstance(layer, nn.Linear)]

    def loss(self, model, x, y):
        return F.cross_entropy(model(x), y)

    def validation(self):
        return judge(self.model, *self.parts["validation"])["cross-entropy"]

    def test(self):
        return judge(self.model, *self.parts["test"])["accuracy"]


class Images(Deep):
    """A small residual network on 2,000 photographs of Fashion-MNIST."""

    def __init__(self, seed_):
        self.model = FashionNet(widths=(8, 16, 32))
        self.parts = photographs()
        self.batches = Batches(*self.parts["train"], 32, seed_)

    def matrices(self):
        return self.model.hidden_matrices()


class Letters:
    """A transformer of two blocks that guesses the next letter of film reviews."""

    def __init__(self, seed_):
        self.model = Guesser(len(alphabet()))
        self.parts = texts()
        self.batches = Pieces(self.parts["train"], 16, seed_)

    def matrices(self):
        return [p for p in self.model.blocks.parameters() if p.ndim == 2]

    def loss(self, model, x):
        return F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())

    def validation(self):
        return self.loss(self.model, self.parts["validation"]).item()

    def test(self):
        return self.loss(self.model, self.parts["test"]).item()


class Guesser(nn.Module):
    """Letters, and where they stand, through blocks of attention that look back only."""

    def __init__(self, letters, width=64, heads=4, blocks=2, longest=64):
        super().__init__()
        self.letters, self.places = nn.Embedding(letters, width), nn.Parameter(0.02 * torch.randn(longest, width))
        block = lambda: nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.blocks = nn.ModuleList(block() for _ in range(blocks))
        self.norm, self.scores = nn.LayerNorm(width), nn.Linear(width, letters)
        self.register_buffer("ahead", nn.Transformer.generate_square_subsequent_mask(longest), persistent=False)

    def forward(self, x):
        h, n = self.letters(x) + self.places[: x.shape[1]], x.shape[1]
        for block in self.blocks:
            h = block(h, src_mask=self.ahead[:n, :n], is_causal=True)
        return self.scores(self.norm(h))


class Pieces:
    """Batches of 65 letters in a row, from places that a seed draws."""

    def __init__(self, text, size, seed_):
        self.text, self.size, self.seed = text, size, seed_

    def __len__(self):
        return 1000

    def epoch(self, number):
        draws = np.random.default_rng((self.seed, number))
        for _ in range(len(self)):
            begin = torch.tensor(draws.integers(0, len(self.text) - 65, self.size))
            yield (self.text[begin[:, None] + torch.arange(65)],)


TASKS = {"valley": Valley, "rosenbrock": Rosenbrock, "words": Words, "deep": Deep, "images": Images, "letters": Letters}


# -- the data, each read once ----------------------------------------------------------------------------------------------------------


@functools.cache
def reviews():
    """{part: (which of 5,000 words a sentence holds, its judgement)}."""
    parts = data.movie_reviews("rotten tomatoes", validation=1500)
    book = Vocabulary(parts.train.x, size=4998, least=2)

    def table(part):
        x = np.zeros((len(part), 5000), dtype=np.uint8)
        for row, text in zip(x, part.x):
            row[book.encode(text)] = 1
        return torch.tensor(x), torch.tensor(part.y, dtype=torch.float32)

    return {name: table(getattr(parts, name)) for name in ("train", "validation", "test")}


@functools.cache
def digits():
    """{part: (x, y)}: 1,000, 397 and 400 digits in an order of their own."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = torch.tensor(x[order] / 8 - 1, dtype=torch.float32), torch.tensor(y[order])
    return {"train": (x[:1000], y[:1000]), "validation": (x[1000:1397], y[1000:1397]), "test": (x[1397:], y[1397:])}


@functools.cache
def photographs():
    """{part: (x, y)}: 2,000 photographs to train on, 1,000 each to choose and to judge with."""
    splits, sizes = data.fashion_mnist(), {"train": 2000, "validation": 1000, "test": 1000}
    part = lambda name, n: (as_input(getattr(splits, name).x[:n]), torch.tensor(getattr(splits, name).y[:n]))
    return {name: part(name, n) for name, n in sizes.items()}


@functools.cache
def alphabet():
    """The letters of the training part, the first for all others."""
    return "�" + "".join(sorted({letter for text in data.movie_reviews("rotten tomatoes").train.x for letter in text.lower()}))


@functools.cache
def texts():
    """{part: its letters as numbers}: the training part in one row, the others in pieces of 65."""
    parts, number = data.movie_reviews("rotten tomatoes"), {letter: k for k, letter in enumerate(alphabet())}
    row = lambda part: torch.tensor([number.get(letter, 0) for letter in "\n".join(part.x).lower()])
    pieces = lambda part: row(part)[: 65 * 200].view(200, 65)
    return {"train": row(parts.train), "validation": pieces(parts.validation), "test": pieces(parts.test)}
