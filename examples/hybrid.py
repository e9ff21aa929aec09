"""What two methods do together that neither does alone, at equal cost: search and descent, Adam and L-BFGS, training and tuning."""

import functools
import math

import numpy as np
import torch
from scipy import optimize, stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

import gdcore.optim as optim
from examples._digits import BATCH, batches, digits, error_of, loss_of, network
from examples._learned import falling_rivals, learned
from examples.gradient_free import FUNCTIONS, begin
from examples.ledger import Ledger, short
from gdcore.algorithms import gradient_free as G
from gdcore.algorithms.unroll import hypergradient, train
from gdcore.data import table
from gdcore.rules import HeavyBall

SEEDS, TUNING = range(11), range(100, 111)
RASTRIGIN, SLOPE = FUNCTIONS["Rastrigin"]
BUDGET = 60_000  # values; a gradient counts as two, which is about what a backward pass costs
NEVER = None


def main(again=False):
    ledger = Ledger("hybrid", again)
    ledger.once("Rastrigin", rastrigin)
    ledger.once("sunspots", sunspots)
    ledger.once("switch", switch)
    ledger.once("population", population)
    for pieces in (2, 10):
        ledger.once(f"rates in {pieces} pieces", functools.partial(tuned, pieces))
    ledger.once("learned", learned)
    ledger.once("its rivals, falling", falling_rivals)


# -- search, then descend -----------------------------------------------------------------------------------------------------


def rastrigin():
    """Values until 1e-6 and 1e-12 above the lowest valley, of eleven starts: CMA-ES, the same and then L-BFGS, L-BFGS alone; each begins
    again, at another place, where it ends in another valley."""
    settings = {"CMA-ES": [(p, s, None) for p in (100, 200, 400) for s in (1.0, 3.0)],
                "CMA-ES, then L-BFGS": [(p, s, w) for p in (50, 100, 200, 400) for s in (1.0, 3.0) for w in (1.0, 0.6, 0.3, 0.1)],
                "L-BFGS from many starts": [(None, None, None)]}  # fmt: skip
    told = {}
    for name, some in settings.items():
        best = min(some, key=lambda s: np.mean([climbed(seed, *s)[1] or 2 * BUDGET for seed in TUNING]))
        runs = [climbed(seed, *best) for seed in SEEDS]
        told[name] = {"1e-6": [r[0] for r in runs], "1e-12": [r[1] for r in runs], "setting": best}
    return told


def climbed(seed, popsize, sigma, width):
    """Values until 1e-6 and 1e-12. popsize: of CMA-ES (None: no cloud, L-BFGS from random starts). width: how far the cloud reaches when
    L-BFGS takes over (None: never)."""
    draw, count, found = np.random.default_rng(seed), 0, [NEVER, NEVER]
    x = begin(seed)
    while count < BUDGET and found[1] is None:
        if popsize is None:
            end, spent = descended(draw.uniform(-5, 5, len(x)))
            count += spent
            found = [count if f is None and end < target else f for f, target in zip(found, (1e-6, 1e-12))]
            continue
        method, reach = G.CMAES(sigma, popsize), math.inf
        state = method.init(x)
        while count < BUDGET and found[1] is None and reach > (width or 1e-9):
            points = method.ask(state, draw)
            values = np.array([RASTRIGIN(p) for p in points])
            count, state = count + len(points), method.tell(state, points, values, draw)
            found = [count if f is None and values.min() < target else f for f, target in zip(found, (1e-6, 1e-12))]
            reach = state["sigma"] * math.sqrt(np.linalg.eigvalsh(state["C"])[-1])
        if width and found[1] is None:
            end, spent = descended(method.answer(state))
            count += spent
            found = [count if f is None and end < target else f for f, target in zip(found, (1e-6, 1e-12))]
        x = draw.uniform(1, 3, len(x)) * draw.choice([-1.0, 1.0], len(x))
    return found


def descended(x):
    """(the value, the cost) at the end of L-BFGS from x."""
    run = optimize.minimize(RASTRIGIN, x, jac=SLOPE, method="L-BFGS-B", options={"ftol": 0, "gtol": 1e-9})
    return run.fun, run.nfev + 2 * run.njev


# -- a real fit with many valleys ---------------------------------------------------------------------------------------------


@functools.cache
def spots():
    numbers = table("sunspots")
    return numbers["time"].to_numpy(float), numbers["value"].to_numpy(float)


def unexplained(frequencies):
    """The share of the variance that waves of these frequencies leave; their heights follow by least squares."""
    years, count = spots()
    angle = 2 * np.pi * np.outer(years - years.mean(), frequencies)
    waves = np.hstack([np.ones((len(years), 1)), np.cos(angle), np.sin(angle)])
    rest = count - waves @ np.linalg.lstsq(waves, count, rcond=None)[0]
    return float(rest @ rest / len(rest) / count.var())


def sunspots(waves=3, budget=2000, bounds=(1 / 300, 1 / 4)):
    """What three waves leave of the sunspots' variance after 2,000 values, of twenty seeds: a cloud, starts, both; and a grid."""
    descend = functools.partial(optimize.minimize, unexplained, method="L-BFGS-B")
    hold = lambda f: np.clip(np.abs(f), *bounds)

    def many_starts(seed):
        draw, spent, best = np.random.default_rng(seed), 0, math.inf
        while spent < budget:
            run = descend(draw.uniform(*bounds, waves), bounds=[bounds] * waves)
            spent, best = spent + run.nfev, min(best, run.fun)
        return best

    def cloud(seed, searched):
        draw, method = np.random.default_rng(seed), G.CMAES(0.05, 30)
        state, spent, best, at = method.init(draw.uniform(*bounds, waves)), 0, math.inf, None
        while spent < searched:
            points = hold(method.ask(state, draw))
            values = np.array([unexplained(p) for p in points])
            spent, state = spent + len(points), method.tell(state, points, values, draw)
            if values.min() < best:
                best, at = values.min(), points[values.argmin()]
        return min(best, descend(at, bounds=[bounds] * waves, options={"maxfun": budget - spent}).fun) if spent < budget else best

    found, spent = [], 0
    grid = np.linspace(*bounds, 500)
    for k in range(waves):
        values = [unexplained([*found, f]) for f in grid]
        run = descend([*found, grid[int(np.argmin(values))]], bounds=[bounds] * (k + 1))
        found, spent = [*run.x], spent + len(grid) + run.nfev
    return {"L-BFGS from many starts": [short(many_starts(s)) for s in range(20)], "CMA-ES": [short(cloud(s, budget)) for s in range(20)],
            "CMA-ES, then L-BFGS": [short(cloud(s, budget // 2)) for s in range(20)], "grid, then L-BFGS": short(run.fun),
            "grid's values": spent, "years": [short(1 / f) for f in found]}  # fmt: skip


# -- Adam, then L-BFGS --------------------------------------------------------------------------------------------------------


def switch(gradients=1000, shares=(0.0, 0.05, 0.2, 0.5, 1.0), rates=(0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)):
    """Training loss of a small network on the sunspots of nine years before, after 1,000 gradients, by the share that Adam has."""
    _, count = spots()
    series = torch.tensor((count - count.mean()) / count.std())
    x = torch.stack([series[i : len(series) - 9 + i] for i in range(9)], 1)
    y = series[9:, None]

    def fitted(share, lr, seed):
        torch.manual_seed(seed)
        net = torch.nn.Sequential(torch.nn.Linear(9, 12), torch.nn.Tanh(), torch.nn.Linear(12, 1)).double()
        spent = 0

        def closure():
            nonlocal spent
            spent += 1
            net.zero_grad()
            loss = ((net(x) - y) ** 2).mean()
            loss.backward()
            return loss

        adam = optim.Adam(net.parameters(), lr=lr)
        turns = round(share * gradients)
        for t in range(turns):
            adam.param_groups[0]["lr"] = lr * (1 - t / turns) if share == 1 else lr  # at its best: its rate falls to zero
            closure()
            adam.step()
        second = optim.LBFGS(net.parameters(), lr=1, max_iter=20, history_size=20, line_search_fn="strong_wolfe")
        while spent < gradients:
            before = spent
            second.step(closure)
            if spent - before <= 1:
                break
        with torch.no_grad():
            return float(((net(x) - y) ** 2).mean())

    told = {}
    for share in shares:
        tuning = {lr: np.mean([math.log(fitted(share, lr, s)) for s in TUNING[:3]]) for lr in (rates if share else rates[:1])}
        lr = min(tuning, key=tuning.get)
        told[str(share)] = {"rate": lr, "loss": [short(fitted(share, lr, s)) for s in SEEDS]}
    return told


# -- training and tuning together ---------------------------------------------------------------------------------------------


def population(members=8, steps=400, every=40, seeds=range(5)):
    """Validation loss and test error of the best of eight trainings: rates drawn at random, constant or falling, and rates that evolve."""
    told = {name: {"validation loss": [], "test error": []} for name in ("constant", "falling", "evolving")}
    paths = []
    for seed in seeds:
        draw = np.random.default_rng(seed)
        rates = 10 ** draw.uniform(-2.5, 0, members)
        for name in told:
            best, path = evolved(rates, steps, every, seed, name)
            told[name]["validation loss"].append(short(best[0]))
            told[name]["test error"].append(short(best[1]))
        paths.append([short(r) for r in path])
    return {**told, "rates of the winner": paths, "drawn": [0.00316, 1.0], "members": members, "steps": steps, "every": every}


def evolved(rates, steps, every, seed, name):
    """((validation loss, test error) of the best member, the rates that it and its ancestors had); name: how rates go."""
    parts, draw = digits(seed), np.random.default_rng((seed, 1))
    nets = [network(seed * 100 + k) for k in range(len(rates))]
    crowd = [{"x": net, "v": None, "rate": rate, "path": []} for net, rate in zip(nets, rates)]
    for turn in range(steps // every):
        for k, one in enumerate(crowd):
            one["path"] = [*one["path"], float(one["rate"])]
            one["x"], one["v"] = descend(one["x"], one["v"], one["rate"], turn * every, every, steps, (seed, k), parts, name == "falling")
        if name != "evolving" or (turn + 1) * every >= steps:
            continue
        order = sorted(range(len(crowd)), key=lambda k: _number(loss_of(crowd[k]["x"], *parts["validation"])))
        for worst, best in zip(order[-2:], order[:2]):  # exploit: the last quarter becomes the first, and explores
            crowd[worst] = {**crowd[best], "rate": crowd[best]["rate"] * draw.choice([0.5, 2.0])}
    ends = [(_number(loss_of(one["x"], *parts["validation"])), error_of(one["x"], *parts["test"]), one["path"]) for one in crowd]
    best = min(ends)
    return best[:2], best[2]


def descend(x, v, rate, begin_, count, steps, seed, parts, falling):
    rule = HeavyBall(lr=float(rate), momentum=0.9)
    v = v or {name: torch.zeros_like(p) for name, p in x.items()}
    slope = torch.func.grad(loss_of)
    for t, (inputs, targets) in enumerate(batches(parts["train"], begin_ + count, seed)[begin_:], begin_):
        now = rule.with_hyperparameters(lr=float(rate) * (1 - t / steps)) if falling else rule
        g = slope(x, inputs, targets)
        found = {name: now.update(x[name], g[name], t + 1, v[name]) for name in x}
        x, v = {n: f[0] for n, f in found.items()}, {n: f[1] for n, f in found.items()}
    return x, v


def tuned(pieces, steps=100, trainings=80, seeds=range(5)):
    """The validation loss reached by each of four tuners of a rate in pieces, after each of 80 trainings; a slope counts as four.

    All know the same: the rate of a piece lies between 0.003 and 3, momentum is 0.9, and the training is the same one each time.
    """
    told = {name: [] for name in ("random search", "Bayesian", "slope")}
    checked = {name: [] for name in told}
    for seed in seeds:
        score, slope, test = study(pieces, steps, seed)
        for name, tune in (("random search", randomly), ("Bayesian", bayesian), ("slope", functools.partial(sloping, slope=slope))):
            tries = tune(score, pieces, trainings, np.random.default_rng((seed, pieces)))
            told[name].append([short(min(value for _, value, spent in tries if spent <= count)) for count in range(4, trainings + 1, 4)])
            checked[name].append(short(test(min(tries, key=lambda t: t[1])[0])))
    return {"validation loss": told, "loss on other draws": checked, "pieces": pieces, "steps": steps,
            "count": [*range(4, trainings + 1, 4)]}  # fmt: skip


def study(pieces, steps, seed):
    """(the score of a list of log10 rates, the score with its slope, the score on other starts, batches and pictures)."""
    parts, x = digits(seed), network(seed)
    shown = batches(parts["train"], steps, seed)
    place = torch.arange(steps) * pieces // steps

    def trained(rates, x=x, shown=shown):
        return train(HeavyBall(momentum=0.9), {"lr": rates[place]}, lambda p, t: loss_of(p, *shown[t - 1]), x, steps)[0]

    def score(logs):
        return _number(loss_of(trained(10 ** torch.as_tensor(logs)), *parts["validation"]))

    def slope(logs):
        rates = 10 ** torch.as_tensor(logs)
        outer = lambda end: loss_of(end, *parts["validation"])
        value, found = hypergradient(HeavyBall(momentum=0.9), {"lr": rates[place]}, lambda p, t: loss_of(p, *shown[t - 1]), x, steps, outer)
        told = torch.zeros(pieces, dtype=rates.dtype).index_add(0, place, found["lr"].to(rates.dtype)) * rates * math.log(10)
        return _number(value), np.nan_to_num(told.numpy(), posinf=0.0, neginf=0.0)

    def test(logs):
        rates = 10 ** torch.as_tensor(logs)
        again = [trained(rates, network(1000 + k), batches(parts["train"], steps, 1000 + k)) for k in range(5)]
        return float(np.mean([_number(loss_of(end, *parts["test"])) for end in again]))

    return score, slope, test


LOW, HIGH = math.log10(0.003), math.log10(3)


def randomly(score, pieces, trainings, draw):
    points = draw.uniform(LOW, HIGH, (trainings, pieces))
    return [(p, score(p), k + 1) for k, p in enumerate(points)]


def bayesian(score, pieces, trainings, draw, first=10):
    """A Gaussian process over log rates, its next point where improvement is expected most (Jones, Schonlau and Welch, 1998)."""
    tries = randomly(score, pieces, first, draw)
    kernel = ConstantKernel(1.0) * Matern(nu=2.5, length_scale=np.full(pieces, 1.0), length_scale_bounds=(0.1, 10)) + WhiteKernel(1e-4)
    while len(tries) < trainings:
        points, values = np.array([t[0] for t in tries]), np.log([t[1] for t in tries])
        model = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=0, random_state=0).fit(points, values)
        near = points[values.argmin()] + draw.normal(0, 0.1, (500, pieces))
        candidates = np.clip(np.vstack([draw.uniform(LOW, HIGH, (1500, pieces)), near]), LOW, HIGH)
        mean, deviation = model.predict(candidates, return_std=True)
        z = (values.min() - mean) / np.maximum(deviation, 1e-9)
        gain = deviation * (z * stats.norm.cdf(z) + stats.norm.pdf(z))
        point = candidates[gain.argmax()]
        tries.append((point, score(point), len(tries) + 1))
    return tries


def sloping(score, pieces, trainings, draw, slope, lr=0.1):
    """Adam on the log rates, by hypergradients, from the best of eight random constant rates."""
    tries = [(np.full(pieces, r), score(np.full(pieces, r)), k + 1) for k, r in enumerate(draw.uniform(LOW, HIGH, 8))]
    point, spent = min(tries, key=lambda t: t[1])[0], 8
    m, v = np.zeros(pieces), np.zeros(pieces)
    for t in range(1, (trainings - spent) // 4 + 1):
        value, g = slope(point)
        tries.append((point, value, spent := spent + 4))
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g * g
        point = np.clip(point - lr * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-12), LOW, HIGH)
    return tries


def _number(value):
    """A loss as a number; what is none, or huge, counts as 10."""
    value = float(value)
    return value if value < 10 else 10.0



__all__ = ["BATCH", "main"]
