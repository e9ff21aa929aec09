"""What searches without a gradient cost in evaluations: six methods on four functions of ten variables, each tuned on seeds of its own."""

import functools

import numpy as np
from scipy import optimize

from examples.ledger import Ledger
from gdcore.algorithms import gradient_free as G
from gdcore.rules import Adam

__all__ = ["FUNCTIONS", "main"]

N, TARGET, BUDGET, SEEDS, TUNING, POINTS = 10, 1e-6, 30_000, range(11), range(100, 103), 60
TURN = np.linalg.qr(np.random.default_rng(0).normal(size=(N, N)))[0]
CURVES = 10.0 ** (6 * np.arange(N) / (N - 1))


def ellipse(x):
    return float(CURVES @ (TURN @ x) ** 2) / 2


def rastrigin(x):
    return float(10 * len(x) + (x**2 - 10 * np.cos(2 * np.pi * x)).sum())


FUNCTIONS = {  # the gradient is for the control that has one
    "sphere": (lambda x: float(x @ x) / 2, lambda x: x),
    "ellipse": (ellipse, lambda x: TURN.T @ (CURVES * (TURN @ x))),
    "Rosenbrock": (optimize.rosen, optimize.rosen_der),
    "Rastrigin": (rastrigin, lambda x: 2 * x + 20 * np.pi * np.sin(2 * np.pi * x)),
}
METHODS = {  # each with the settings that are tried
    "random search": [G.RandomSearch(s) for s in (0.3, 1.0, 3.0)],
    "(1+1)-ES": [G.OnePlusOne(s) for s in (0.3, 1.0, 3.0)],
    "simplex": [G.NelderMead(s) for s in (0.3, 1.0, 3.0)],
    "OpenAI-ES, Adam": [G.OpenAIES(s, 10, Adam(r)) for s in (0.01, 0.1) for r in (0.01, 0.03, 0.1, 0.3)],
    "CMA-ES": [G.CMAES(s, p) for s in (0.3, 1.0, 3.0) for p in (None, 100, 400)],
    "genetic": [G.Genetic(s, p, cooling=c) for s in (0.3, 1.0) for p in (40, 100) for c in (0.95, 0.98)],
    "annealing": [G.Annealing(s, t, c) for s in (0.1, 0.3) for t in (1.0, 10.0) for c in (0.999, 0.9997)],
}


def main(again=False):
    ledger = Ledger("gradient_free", again)
    for name in FUNCTIONS:
        for method in METHODS:
            ledger.once(f"{name}, {method}", functools.partial(raced, name, method))
        ledger.once(f"{name}, BFGS", functools.partial(bfgs, name))
    ledger.once("simplex by dimension", simplex)
    ledger.once("MeZO", mezo)
    ledger.once("MeZO, transformer", functools.partial(mezo, kind=reader))


def begin(seed, n=N):
    draw = np.random.default_rng(seed)
    return draw.uniform(1, 3, n) * draw.choice([-1.0, 1.0], n)


def raced(name, method):
    """The setting that reached the target soonest on the tuning seeds, or else came lowest, and what it did on the eleven."""
    f = FUNCTIONS[name][0]

    def worth(setting):
        found = [G.search(setting, f, begin(s), BUDGET, s, TARGET) for s in TUNING]
        return (np.mean([r.evaluations if r.value <= TARGET else 2 * BUDGET for r in found]), np.median([r.value for r in found]))

    setting = min(METHODS[method], key=worth)
    found = [G.search(setting, f, begin(s), BUDGET, s, TARGET) for s in SEEDS]
    at = np.unique(np.round(np.geomspace(10, BUDGET, POINTS)).astype(int))
    curves = [[float(f"{value_at(r, n, f(begin(s))):.3g}") for n in at] for s, r in zip(SEEDS, found)]
    return {"setting": repr(setting), "evaluations": [r.evaluations if r.value <= TARGET else None for r in found],
            "values": [r.value for r in found], "at": at.tolist(), "curves": curves}  # fmt: skip


def value_at(found, n, first):
    k = np.searchsorted(found.counts, n, side="right") - 1
    return first if k < 0 else found.values[k]


def bfgs(name):
    """SciPy's BFGS with the gradient, and with differences of values in its place: calls until the target."""
    f, slope = FUNCTIONS[name]
    result = {}
    for kind, jac in (("gradient", slope), ("differences", None)):
        result[kind] = []
        for seed in SEEDS:
            calls = {"values": 0, "gradients": 0, "at": None}

            def value(x, calls=calls):
                calls["values"] += 1
                if f(x) <= TARGET and calls["at"] is None:
                    calls["at"] = [calls["values"], calls["gradients"]]
                return f(x)

            def gradient(x, calls=calls, jac=jac):
                calls["gradients"] += 1
                return jac(x)

            optimize.minimize(value, begin(seed), jac=gradient if jac else None, method="BFGS", options={"gtol": 1e-9, "maxiter": 2000})
            result[kind].append(calls["at"])
    return result


def simplex():
    """On the sphere, by dimension: how many evaluations the simplex takes to the target, or None within 2000 a dimension."""
    rows = {}
    for n in (2, 4, 8, 16, 32):
        found = [G.search(G.NelderMead(1.0), FUNCTIONS["sphere"][0], begin(s, n), 2000 * n, s, TARGET) for s in range(5)]
        cma = [G.search(G.CMAES(1.0), FUNCTIONS["sphere"][0], begin(s, n), 2000 * n, s, TARGET) for s in range(5)]
        rows[n] = {"simplex": [r.evaluations if r.value <= TARGET else None for r in found], "CMA-ES": [r.evaluations for r in cma]}
    return {"rows": rows}


# -- two forward passes -----------------------------------------------------------------------------------------------------------

RATES, LOWER, STEPS = (3e-4, 1e-3, 3e-3), (3e-5, 1e-4, 3e-4, 1e-3), 3000  # LOWER: of MeZO on the transformer


def mezo(seeds=range(5), kind=None):
    """A network that reads digits meets digits moved by one pixel: MeZO from its weights, and from random ones, and Adam with a backward
    pass; the rate that is best on validation, and the accuracy on test. At equal forward passes Adam's step counts as two of them. kind:
    makes the network from a seed, `network` or `reader`."""
    import torch

    kind, (x, y, parts) = kind or network, shifted_digits()
    rows = {"before": [], "MeZO, trained": [], "MeZO, random": [], "Adam, trained": []}
    curves = {"MeZO, trained": [], "MeZO, random": [], "Adam, trained": []}
    for seed in seeds:
        torch.manual_seed(seed)
        first, tune, val, test = parts(seed)
        trained = kind(seed)
        fitted(trained, x[0], y, first, 600, adam(trained))
        rows["before"].append([accuracy(trained, x[k], y, test) for k in (0, 1)])
        for name, start in (("MeZO, trained", trained), ("MeZO, random", kind(seed + 50)), ("Adam, trained", trained)):
            best = None
            for rate in LOWER if kind is reader and "MeZO" in name else RATES:
                model, curve = copied(start), []
                step = adam(model, rate) if "Adam" in name else forward_only(model, rate, seed)
                look = lambda model=model, curve=curve, val=val: curve.append(round(accuracy(model, x[1], y, val), 3))
                fitted(model, x[1], y, tune, STEPS // (3 if "Adam" in name else 1), step, look)
                if best is None or curve[-1] > best[0]:
                    best = (curve[-1], rate, accuracy(model, x[1], y, test), curve)
            rows[name].append([best[1], best[2]])
            curves[name].append(best[3])
    return {"rows": rows, "curves": curves, "weights": sum(p.numel() for p in trained.parameters())}


def shifted_digits():
    """((digits, the same moved by a pixel), classes, a function of a seed to four parts: 900 to begin, 400, 200 and the rest)."""
    import torch
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = torch.tensor(x / 16 - 0.3, dtype=torch.float32).reshape(-1, 8, 8)
    order = lambda seed: torch.randperm(len(y), generator=torch.Generator().manual_seed(seed)).split([900, 400, 200, len(y) - 1500])
    return (x, torch.roll(x, 1, dims=2)), torch.tensor(y), order


def network(seed):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def reader(seed, width=32):
    """A small transformer that reads a digit row by row: eight tokens of eight pixels, two blocks of four heads, their mean is read out."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    block = lambda: nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True, norm_first=True)

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.rows, self.places = nn.Linear(8, width), nn.Parameter(torch.randn(8, width) / width**0.5)
            self.blocks, self.norm, self.head = nn.Sequential(block(), block()), nn.LayerNorm(width), nn.Linear(width, 10)

        def forward(self, x):
            return self.head(self.norm(self.blocks(self.rows(x) + self.places)).mean(1))

    return Reader()


def copied(model):
    import copy

    return copy.deepcopy(model)


def accuracy(model, x, y, rows):
    import torch

    with torch.no_grad():
        return (model(x[rows]).argmax(1) == y[rows]).double().mean().item()


def adam(model, rate=1e-3):
    import torch

    optimizer = torch.optim.Adam(model.parameters(), rate)

    def step(loss):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def forward_only(model, rate, seed):
    from gdcore.optim import MeZO

    return MeZO(model.parameters(), rate, eps=1e-3, seed=seed).step


def fitted(model, x, y, rows, steps, step, look=lambda: None):
    """Steps on batches of 64, a look after every hundred and at the end; a loss that explodes ends it, and what is left counts."""
    import torch
    from torch.nn import functional as F

    for k in range(1, steps + 1):
        i = rows[torch.randint(0, len(rows), (64,))]
        try:
            step(lambda i=i: F.cross_entropy(model(x[i]), y[i]))
        except RuntimeError:  # MeZO refuses a loss that is no number
            break
        if k % 100 == 0:
            look()
    look()


if __name__ == "__main__":
    main()
