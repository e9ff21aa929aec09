"""Twenty shops, 300 photographs each, and one network: what does it cost that no photograph may leave its shop?

In go photographs of Fashion-MNIST, spread over the shops unevenly. What leaves: for each method and spread the tuning, the validation
curve and the test accuracy of five seeds; the two ends, all photographs in one place and each shop alone; what lying shops do to each
aggregate, and what an aggregate costs without one; and the accuracy under clipping and noise.
"""

import functools

import numpy as np

from examples.ledger import Ledger, short
from gdcore import data
from gdcore.algorithms import federated as F
from gdcore.rules import Adam, Yogi

SHOPS, EACH, PRESENT, ROUNDS, STEPS, BATCH, HIDDEN = 20, 300, 5, 40, 20, 32, 64
TUNED, SEEDS = (100, 101, 102), (1, 2, 3, 4, 5)  # seeds that choose, and those of the judgement
SPREADS = (0.1, 1.0, 100.0)  # α of Dirichlet's distribution: small, and a shop has few kinds
LAST = 5  # accuracies are means over so many last rounds
RATES = (0.03, 0.1, 0.3, 1.0)

METHODS = {  # what is made of (lr, second knob), the values of the knob, rounds that FedAvg's bytes allow
    "FedAvg": (lambda lr, knob: F.FedAvg(lr, STEPS), (None,), ROUNDS),
    "FedProx": (lambda lr, knob: F.FedAvg(lr, STEPS, mu=knob), (0.01, 0.1, 1.0), ROUNDS),
    "SCAFFOLD": (lambda lr, knob: F.Scaffold(lr, STEPS, server_lr=knob, all_clients=SHOPS), (0.5, 1.0), ROUNDS // 2),
    "FedAdam": (lambda lr, knob: F.FedAvg(lr, STEPS, server=Adam(knob, 0.9, 0.99, eps=1e-3)), (0.001, 0.003, 0.01, 0.03), ROUNDS),
    "FedYogi": (lambda lr, knob: F.FedAvg(lr, STEPS, server=Yogi(knob, 0.9, 0.99, eps=1e-3)), (0.001, 0.003, 0.01, 0.03), ROUNDS),
}
LIARS, MEETING = 2, 10  # shops that lie, and shops a round, in the comparison of aggregates
AGGREGATES = {"mean": F.mean, "median": F.median, "trimmed mean": F.trimmed_mean, "Krum": functools.partial(F.krum, bad=LIARS)}
ATTACKS = ("none", "ten times back", "labels turned")
NOISES = (0.0, 0.002, 0.01, 0.05, 0.2, 0.5, 1.0)  # multipliers; 0.002 with 5 shops is 1 with 2,500
CLIPS = (0.1, 0.3, 1.0, 3.0)


def main(again=False):
    ledger = Ledger("federated_training", again)
    for alpha in SPREADS:
        ledger.once(f"pooled, {alpha:g}", functools.partial(ends, alpha, False))
        ledger.once(f"alone, {alpha:g}", functools.partial(ends, alpha, True))
        for name in METHODS:
            ledger.once(f"{name}, {alpha:g}", functools.partial(contest, name, alpha))
    for alpha in (0.1, 100.0):
        ledger.once(f"aggregates, {alpha:g}", functools.partial(aggregates, alpha, ledger[f"FedAvg, {alpha:g}"]["lr"]))
    ledger.once("privacy", functools.partial(privacy, ledger["FedAvg, 1"]["lr"]))


# -- the task -----------------------------------------------------------------------------------------------------------------


@functools.cache
def photographs():
    """{part: (pictures as rows of 14 × 14 points, kinds)}"""
    parts = dict(zip(("train", "validation", "test"), data.fashion_mnist(), strict=True))
    counts = {"train": SHOPS * EACH, "validation": 2000, "test": 10_000}
    small = lambda x: x.reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196) / 127.5 - 1
    return {name: (small(parts[name].x[:n].astype(float)), np.asarray(parts[name].y[:n])) for name, n in counts.items()}


def spread(kinds, alpha, draw):
    """For each shop the places of its photographs: its shares of the kinds are drawn from Dirichlet's distribution, and when a kind is
    used up, from what is left. Hsu, Qi and Brown (2019), arXiv:1909.06335."""
    left = [list(draw.permutation(np.flatnonzero(kinds == k))) for k in range(10)]
    shops = []
    for _ in range(SHOPS):
        share, mine = draw.dirichlet(np.full(10, alpha)), []
        while len(mine) < EACH:
            there = np.array([len(row) > 0 for row in left])
            now = np.where(there, share + 1e-9, 0.0)
            for k in draw.choice(10, EACH - len(mine), p=now / now.sum()):
                if left[k]:
                    mine.append(left[k].pop())
        shops.append(np.array(mine))
    return shops


def parts(w):
    """The vector as two matrices and two rows of biases."""
    a, b = 196 * HIDDEN, 196 * HIDDEN + HIDDEN
    return w[:a].reshape(196, HIDDEN), w[a:b], w[b:-10].reshape(HIDDEN, 10), w[-10:]


def start(draw):
    first, second = draw.normal(size=(196, HIDDEN)) * (2 / 196) ** 0.5, draw.normal(size=(HIDDEN, 10)) * (1 / HIDDEN) ** 0.5
    return np.concatenate([first.ravel(), np.zeros(HIDDEN), second.ravel(), np.zeros(10)])


def gradient(w, x, y):
    """Of the mean cross-entropy."""
    W, b, V, c = parts(w)
    h = np.maximum(x @ W + b, 0)
    z = h @ V + c
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    d = (p @ V.T) * (h > 0)
    return np.concatenate([(x.T @ d).ravel(), d.sum(0), (h.T @ p).ravel(), p.sum(0)])


def right(w, part):
    """Of each picture of a part whether its kind is found."""
    x, y = photographs()[part]
    W, b, V, c = parts(w)
    return np.argmax(np.maximum(x @ W + b, 0) @ V + c, 1) == y


class Shop:
    """A shop's gradient, of a batch that it draws itself. turned: each kind is called by the number of another one."""

    def __init__(self, where, seed, turned=False):
        x, y = photographs()["train"]
        self.x, self.y, self.draw = x[where], (9 - y[where] if turned else y[where]), np.random.default_rng(seed)

    def __call__(self, w):
        which = self.draw.integers(len(self.x), size=BATCH)
        return gradient(w, self.x[which], self.y[which])


def opened(alpha, seed, turned=()):
    """(the shops, first weights, a generator that chooses who takes part)"""
    where = spread(photographs()["train"][1], alpha, np.random.default_rng((seed, 0)))
    shops = [Shop(places, (seed, 1, i), i in turned) for i, places in enumerate(where)]
    return shops, start(np.random.default_rng((seed, 2))), np.random.default_rng((seed, 3))


# -- methods --------------------------------------------------------------------------------------------------------------------


def train(method, alpha, seed, rounds, test=False):
    """The validation accuracy after each round; with test, also the test accuracy, the mean of the last rounds."""
    shops, x, draw = opened(alpha, seed)
    memory, curve, end = method.init(x), [], []
    for t in range(1, rounds + 1):
        some = draw.choice(SHOPS, PRESENT, replace=False)
        x, *memory = method.update({i: shops[i] for i in some}, x, t, *memory)
        curve.append(right(x, "validation").mean())
        if test and t > rounds - LAST:
            end.append(right(x, "test").mean())
    return curve, np.mean(end) if test else None


def contest(name, alpha):
    """Tuned by validation at the bytes of FedAvg's rounds, judged on other seeds; curves go on to all rounds."""
    make, knobs, rounds = METHODS[name]
    tried = {}
    for knob in knobs:
        for lr in RATES:
            with np.errstate(all="ignore"):
                tried[lr, knob] = np.mean([np.mean(train(make(lr, knob), alpha, s, rounds)[0][-LAST:]) for s in TUNED])
    lr, knob = max(tried, key=tried.get)
    runs = [train(make(lr, knob), alpha, s, rounds, True) for s in SEEDS]
    found = {"lr": lr, "knob": knob, "rounds": rounds, "test": [short(end) for _, end in runs],
             "curves": [[short(v) for v in curve] for curve, _ in runs],
             "tried": [[lr_, knob_, short(v)] for (lr_, knob_), v in tried.items()],
             "bytes": PRESENT * make(lr, knob).bytes(start(np.random.default_rng(0)).astype(np.float32))}  # fmt: skip
    if rounds < ROUNDS:
        longer = [train(make(lr, knob), alpha, s, ROUNDS, True) for s in SEEDS]
        found |= {"longer": [short(end) for _, end in longer], "curves": [[short(v) for v in curve] for curve, _ in longer]}
    return found


def ends(alpha, alone):
    """All photographs in one place, with as many steps as all shops of all rounds take; or each shop alone, with its share of them."""
    total = ROUNDS * PRESENT * STEPS

    def one(lr, seed, part):
        shops, x, _ = opened(alpha, seed)
        if not alone:
            shops = [Shop(np.arange(SHOPS * EACH), (seed, 1))]
        found = []
        for shop in shops:
            w = x
            for _ in range(total // len(shops)):
                w = w - lr * shop(w)
            found.append(right(w, part).mean())
        return np.mean(found)

    tried = {lr: np.mean([one(lr, s, "validation") for s in TUNED]) for lr in RATES}
    lr = max(tried, key=tried.get)
    return {"lr": lr, "test": [short(one(lr, s, "test")) for s in SEEDS], "tried": [[r, short(v)] for r, v in tried.items()]}


# -- liars, and noise --------------------------------------------------------------------------------------------------------------


class Liar:
    """FedAvg in which some shops send their change ten times, and turned round."""

    def __init__(self, method, liars):
        self.method, self.liars = method, liars

    def round(self, shops, x, names):
        found = [self.method.local(shops[i], x) for i in names]
        found = [x - 10 * (y - x) if i in self.liars else y for i, y in zip(names, found, strict=True)]
        return self.method.aggregate(found, [1.0] * len(found))


def aggregates(alpha, lr):
    """{attack: {aggregate: the test accuracies of five seeds}}, and without an attack the accuracy of each kind."""
    found, kinds = {}, {}
    truth = photographs()["test"][1]
    for attack in ATTACKS:
        found[attack] = {}
        for name, aggregate in AGGREGATES.items():
            method, ends_, each = F.FedAvg(lr, STEPS, aggregate=aggregate), [], []
            for seed in SEEDS:
                liars = set(range(LIARS)) if attack != "none" else set()
                shops, x, draw = opened(alpha, seed, liars if attack == "labels turned" else ())
                loud, hits = Liar(method, liars if attack == "ten times back" else set()), []
                with np.errstate(all="ignore"):
                    for t in range(ROUNDS):
                        x = loud.round(shops, x, draw.choice(SHOPS, MEETING, replace=False))
                        if t >= ROUNDS - LAST:
                            hits.append(right(x, "test"))
                ends_.append(short(np.mean(hits)))
                each.append([short(np.mean(np.array(hits)[:, truth == k])) for k in range(10)])
            found[attack][name] = ends_
            if attack == "none":
                kinds[name] = each
    return {"lr": lr, "accuracy": found, "kinds": kinds}


def privacy(lr, alpha=1.0):
    """{noise: the best clip by validation, the test accuracies}: each shop takes part in a round with the chance PRESENT/SHOPS."""
    found = []
    for noise in NOISES:
        tried = {clip: np.mean([private(lr, alpha, clip, noise, s, "validation") for s in TUNED]) for clip in CLIPS}
        clip = max(tried, key=tried.get)
        found.append({"noise": noise, "clip": clip, "tried": [[c, short(v)] for c, v in tried.items()],
                      "test": [short(private(lr, alpha, clip, noise, s, "test")) for s in SEEDS]})  # fmt: skip
    return {"lr": lr, "alpha": alpha, "runs": found}


def private(lr, alpha, clip, noise, seed, part):
    shops, x, draw = opened(alpha, seed)
    method, loud, hits = F.FedAvg(lr, STEPS), np.random.default_rng((seed, 4)), []
    for t in range(ROUNDS):
        some = np.flatnonzero(draw.random(SHOPS) < PRESENT / SHOPS)
        changes = [method.local(shops[i], x) for i in some] or [x]
        # the sum is divided by the expected number, which is no secret, and not by how many came
        x = x + (F.clipped_mean(changes, x, clip, noise, loud) - x) * len(changes) / PRESENT
        if t >= ROUNDS - LAST:
            hits.append(right(x, part).mean())
    return np.mean(hits)
