"""What every method of the book paid for one small task: sweeps over the data, numbers kept, bytes sent, seconds; and others for theirs."""

import functools
import math
import time
from dataclasses import fields, is_dataclass

import numpy as np

from examples._atlas_tasks import ELSEWHERE
from examples._wines import COSTS, Task, clients, goal
from examples.ledger import Ledger, short
from gdcore import rules as R
from gdcore.algorithms import distributed, federated, finite_sum
from gdcore.algorithms import gradient_free as G
from gdcore.algorithms import second_order as S
from gdcore.views.cost import cost

__all__ = ["ELSEWHERE", "METHODS", "bill", "main"]

STEPS, SWEEPS, SEEDS, TUNING = 5000, 100_000, range(5), 100
GOALS = (1e-3, 1e-6)  # the share of the way that may be left
RATES = tuple(float(f"{10 ** (k / 2):.2g}") for k in range(-8, 7))  # 0.0001 to 1000, two to a decade
CALM = R.HeavyBall(0.1)  # what wrappers are put around


# -- each family walks once, and says what it paid -------------------------------------------------------------------------------------


def by_rule(rule, target, seed=None):
    """Steps on the gradient of all wines, the weights as the matrix they are."""
    task, x = Task(), np.zeros(Task().shape)
    memory, paid = rule.init(x), 0
    for t in range(1, STEPS + 1):
        g, paid = task.gradient(x), paid + 1
        probe = rule.probe(x, g, t, *memory)
        if probe is not None:
            g, paid = task.gradient(probe), paid + 1
        x, *memory = rule.update(x, g, t, *memory)
        value = task.value(rule.answer(x, *memory))  # our look, which the method does not pay
        if not value < 1e3:
            break
        if value <= target:
            return {"steps": t, "gradient": paid, "kept": kept_by(rule, memory)}
    return None


def by_told(rule, target, seed):
    """A rule that is told the curvature: before every tenth step, by a product with the Hessian along random signs."""
    task, draw, x = Task(), np.random.default_rng(seed), np.zeros(42)
    (m, h), paid = rule.init(x), 0
    for t in range(1, STEPS + 1):
        g = task.gradient(x)
        if t % 10 == 1:
            signs, paid = draw.choice([-1.0, 1.0], 42), paid + 1
            h = rule.measured(h, signs * task.product(x, signs))
        x, m, h = rule.update(x, g, t, m, h)
        value = task.value(x)
        if not value < 1e3:
            break
        if value <= target:
            return {"steps": t, "gradient": t, "product": paid, "kept": held((m, h))}
    return None


def by_problem(method, target, seed=None):
    """Methods that may ask for values, products and Hessians."""
    task = Task()
    problem = S.Problem(task.value, task.gradient, task.hessian, task.product)
    x = np.zeros(42)
    g = problem.gradient(x)
    memory = method.init(x, g)
    for t in range(1, 501):
        x, g, memory = method.update(problem, x, g, *memory)
        if task.value(x) <= target:
            found = dict(problem.asked)
            found["value"] = max(0, found.get("value", 0) - found["gradient"])  # known where the gradient was taken
            return {"steps": t, **found, "kept": held(memory) + 4 * 42 * 42 * ("hessian" in found)}
    return None


def by_sum(method, target, seed):
    """One wine a step; looked at after each sixteenth of an epoch."""
    task, draw = Task(), np.random.default_rng(seed)
    x, n = np.zeros(42), Task().n
    memory, paid = method.init(task.slope, x, n)
    for t in range(1, 60 * n + 1):
        x, memory, cost = method.update(task.slope, x, int(draw.integers(n)), n, *memory)
        paid += cost
        if t % 11 == 0 and task.value(x) <= target:
            return {"steps": t, "gradient": paid / n, "kept": held(memory)}
    return None


def by_search(method, target, seed):
    found = G.search(method, Task().value, np.zeros(42), SWEEPS, seed, target)
    if found.value > target:
        return None
    state, draw = method.init(np.zeros(42)), np.random.default_rng(0)
    for _ in range(3):  # as large as it gets
        points = method.ask(state, draw)
        state = method.tell(state, points, np.arange(len(points), dtype=float), draw)
    return {"steps": len(found.counts), "value": found.evaluations, "kept": held(state)}


def by_meeting(setting, target, seed):
    """Six machines with a share of the wines each, none like another; bytes are what one of them sends, in float32."""
    method, lr, inner = setting
    parts, task, x = clients(), Task(), np.zeros(42)
    weights = np.array([part.n for part in parts.values()]) / task.n
    own = [method.init(x.reshape(14, 3).astype(np.float32)) for _ in parts] if hasattr(method, "send") else method.init(x) if method else ()
    sent = 0.0
    for t in range(1, (3000 if inner == 1 else 1000) + 1):
        if hasattr(method, "send"):
            found = [(6 * w * p.gradient(x)).reshape(14, 3).astype(np.float32) for w, p in zip(weights, parts.values())]
            mean, own, paid = distributed.compressed_mean(method, found, own)
            x, sent = x - lr * mean.ravel(), sent + np.mean(paid)
        elif isinstance(method, distributed.DiLoCo):
            x, own = method.update(x, [walked(p, x, lr, inner) for p in parts.values()], own)
            sent += 4 * 42
        elif method is None:  # the exact mean, round a ring
            x, sent = x - lr * task.gradient(x), sent + 2 * 5 / 6 * 4 * 42
        else:
            x, *own = method.update({k: p.gradient for k, p in parts.items()}, x, t, *own, examples={k: p.n for k, p in parts.items()})
            sent += method.bytes(x.astype(np.float32)) / 2
        if not task.value(x) < 1e3:
            return None
        if task.value(x) <= target:
            return {"steps": t, "gradient": t * inner, "bytes": sent, "kept": kept_by_one(method, own)}
    return None


def walked(part, x, lr, steps):
    for _ in range(steps):
        x = x - lr * part.gradient(x)
    return x


def kept_by_one(method, own):
    if method is None:
        return 0
    if isinstance(method, federated.Scaffold):
        return held(own) / 7 * 2  # the common variate and its own
    return held(own[0]) if hasattr(method, "send") else held(own)


def kept_by(rule, memory):
    """Without what `update` never reads, as its options are off."""
    used = cost(rule).memory if type(rule) not in R.UNDRAWN else rule.state_names
    return sum(held(part) for name, part in zip(rule.state_names, memory, strict=True) if name in used)


def held(memory):
    """The bytes of a memory, a number counted as float32 unless it is a byte; a count of steps is free."""
    if isinstance(memory, np.ndarray):
        return memory.size * (1 if memory.dtype.itemsize == 1 else 4)
    if isinstance(memory, dict):
        return sum(map(held, memory.values()))
    if isinstance(memory, (str, int, type(None), np.random.Generator)):
        return 0
    return sum(map(held, memory)) if hasattr(memory, "__iter__") else 4


# -- the methods: {name: (family, walk, settings)} -------------------------------------------------------------------------------------


def rated(rule):
    return [rule.with_hyperparameters(lr=lr) for lr in RATES]


RULES = {cls.__name__: cls() for cls in R.RULES} | {
    "SOAP": R.SOAP(), "Quantized": R.Quantized(R.Adam(), block=42, smallest=1), "Lookahead": R.Lookahead(CALM),
    "EMA": R.EMA(CALM, decay=0.99), "SAM": R.SAM(CALM), "Cautious": R.Cautious(CALM),
}  # fmt: skip
SECOND = {
    "Newton": [S.Newton(), S.Newton(search=True)], "TrustRegion": [S.TrustRegion(r) for r in (1.0, 3.0, 10.0)],
    "HessianFree": [S.HessianFree()], "NonlinearCG": [S.NonlinearCG()], "BFGS": [S.BFGS()], "LBFGS": [S.LBFGS(m) for m in (5, 10, 20)],
}  # fmt: skip
SUMS = {"SGD": finite_sum.SGD, "SVRG": finite_sum.SVRG, "SAGA": finite_sum.SAGA}
SEARCHES = {
    "RandomSearch": [G.RandomSearch(s) for s in (0.03, 0.1, 0.3, 1.0)],
    "OnePlusOne": [G.OnePlusOne(s) for s in (0.1, 0.3, 1.0)],
    "Annealing": [G.Annealing(s, t, c) for s in (0.01, 0.03, 0.1) for t in (0.01, 0.1) for c in (0.999, 0.9997)],
    "NelderMead": [G.NelderMead(s) for s in (0.1, 0.5, 1.0)],
    "SPSA": [G.SPSA(lr, c, stability=100) for lr in (0.1, 0.3, 1.0, 3.0) for c in (0.01, 0.1)],
    "OpenAIES": [G.OpenAIES(0.01, pairs, rule) for pairs in (5, 20) for rule in
                 [R.Adam(lr) for lr in (0.003, 0.01, 0.03, 0.1, 0.3)] + [R.GD(lr) for lr in (0.1, 0.3, 1.0)]],
    "CMAES": [G.CMAES(s) for s in (0.03, 0.1, 0.3)],
    "Genetic": [G.Genetic(s, p, cooling=c) for s in (0.1, 0.3, 1.0) for p in (40, 100) for c in (0.95, 0.98, 0.99)],
}
LOCAL = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
MEETINGS = {
    "ring_all_reduce": [(None, lr, 1) for lr in LOCAL],
    "TopK": [(distributed.TopK(0.1), lr, 1) for lr in LOCAL],
    "QSGD": [(distributed.QSGD(), lr, 1) for lr in LOCAL],
    "PowerSGD": [(distributed.PowerSGD(), lr, 1) for lr in LOCAL],
    "DiLoCo": [(distributed.DiLoCo(o, m), lr, 5) for o, m in ((1.0, 0.0), (0.7, 0.9), (0.3, 0.9)) for lr in LOCAL],
    "FedAvg": [(federated.FedAvg(lr, 5), lr, 5) for lr in (0.001, 0.003, 0.01, *LOCAL)],
    "Scaffold": [(federated.Scaffold(lr, 5), lr, 5) for lr in LOCAL],
}
METHODS = (
    {name: ("rule", by_rule, rated(rule)) for name, rule in RULES.items()}
    | {cls.__name__: ("rule", by_told, rated(cls())) for cls in R.TOLD}
    | {name: ("curvature", by_problem, tried) for name, tried in SECOND.items()}
    | {name: ("one example a step", by_sum, [cls(lr) for lr in RATES]) for name, cls in SUMS.items()}
    | {name: ("values only", by_search, tried) for name, tried in SEARCHES.items()}
    | {name: ("many machines", by_meeting, tried) for name, tried in MEETINGS.items()}
)
CHANCE = (by_told, by_sum, by_search)


# -- the bill -----------------------------------------------------------------------------------------------------------------------------


def sweeps(paid):
    """What was paid, in sweeps over the data; infinite where nothing arrived."""
    return sum(COSTS[k] * paid.get(k, 0) for k in COSTS) if paid else math.inf


def bill(name):
    """For each goal the setting that was cheapest, and what it paid: the median of five seeds where chance decides."""
    family, walk, settings = METHODS[name]
    with np.errstate(all="ignore"):
        near, far = (paid(walk, settings, goal(share)) for share in GOALS)
    return {"family": family, **near, "nearer": {k: far[k] for k in ("setting", "sweeps", "arrived")}}


def paid(walk, settings, target):
    best = min(settings, key=lambda s: sweeps(attempt(walk, s, target, TUNING)))
    found, seconds = [], []
    for seed in SEEDS:
        begin = time.perf_counter()
        found.append(attempt(walk, best, target, seed))
        seconds.append(time.perf_counter() - begin)
    found = found if walk in CHANCE else found[:1]
    middle, arrived = sorted(found, key=sweeps)[len(found) // 2], sum(f is not None for f in found)
    seconds = short(sorted(seconds)[len(seconds) // 2]) if middle else None
    costs = {k: short(v) for k, v in (middle or {}).items() if k != "kept"}
    return {"setting": setting(best) if arrived else None, "sweeps": short(sweeps(middle)), "arrived": f"{arrived} of {len(found)}",
            "seconds": seconds, **costs, "kept": short(middle["kept"] / 42) if middle else None}  # fmt: skip


def attempt(walk, tried, target, seed):
    try:
        return walk(tried, target, seed)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):
        return None  # it broke off: that is not arriving


def setting(best):
    """What was chosen: the numbers that are not the method's own, and its rate."""
    if isinstance(best, tuple):
        method, lr, _ = best
        own = setting(method) if is_dataclass(method) else ""
        return own if "lr " in own and not hasattr(method, "momentum") else ", ".join(filter(None, (f"lr {lr:g}", own)))
    told = {f.name: getattr(best, f.name) for f in fields(best)}
    inner = [f"around {type(v).__name__}, {setting(v)}" for v in told.values() if isinstance(v, R.Rule) and v != R.GD(1.0)]
    plain = [f"{f.name} {told[f.name]:g}" for f in fields(best) if isinstance(told[f.name], (int, float))
             and not isinstance(told[f.name], bool) and (f.name == "lr" or told[f.name] != f.default)]  # fmt: skip
    return ", ".join(inner + plain)


def main(again=False):
    ledger = Ledger("atlas", again)
    for name in METHODS:
        ledger.once(name, functools.partial(bill, name))
    for name, (measure, family, unit, task, api) in ELSEWHERE.items():
        ledger.once(name, lambda: {"family": family, "unit": unit, "task": task, "api": api, **measure()})  # noqa: B023 (called at once)
