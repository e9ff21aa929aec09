"""Four ways to turn the dials of a circuit towards the lowest energy of hydrogen, at equal numbers of values asked for."""

import functools

import numpy as np

from examples.ledger import Ledger
from gdcore.algorithms import gradient_free as G
from gdcore.algorithms import quantum as Q

__all__ = ["LAYERED", "METHODS", "main"]

LAYERS, BUDGET, STARTS, TUNING = 3, 2500, range(10), range(100, 103)
DAMPINGS = (1e-3, 1e-2, 1e-1, 1.0)


def layered(qubits=4, layers=LAYERS):
    """Rows of RY, with a chain of CNOTs between them: 4 · 3 dials."""
    gates, k = [], 0
    for layer in range(layers):
        for wire in range(qubits):
            gates.append(("RY", (wire,), k))
            k += 1
        if layer < layers - 1:
            gates += [("CNOT", (wire, wire + 1)) for wire in range(qubits - 1)]
    return Q.Circuit(qubits, tuple(gates))


LAYERED = layered()


def descent(machine, theta, lr, rng):
    while True:
        theta = theta - lr * Q.parameter_shift(machine, theta)
        yield theta


def natural(machine, theta, lr, rng, damping=1e-2):
    """The metric is read from the state, and counted as one value for each of its entries above the diagonal, and on it."""
    n = len(theta)
    while True:
        g = Q.parameter_shift(machine, theta)
        machine.values += n * (n + 1) // 2
        theta = theta - lr * np.linalg.solve(Q.metric(machine.circuit, theta) + damping * np.eye(n), g)
        yield theta


def spsa(machine, theta, lr, rng):
    method = G.SPSA(lr=lr, c=0.2, stability=50.0)
    state = method.init(theta)
    while True:
        points = method.ask(state, rng)
        state = method.tell(state, points, [machine.value(p) for p in points])
        yield state["x"]


def rotosolve(machine, theta, lr, rng):
    while True:
        theta = Q.rotosolve(machine, theta)
        yield theta


METHODS = {"descent": (descent, (0.3, 1.0, 3.0)), "natural gradient": (natural, (0.03, 0.1, 0.3, 1.0)),
           "SPSA": (spsa, (0.3, 1.0, 3.0, 10.0)), "Rotosolve": (rotosolve, (None,))}  # fmt: skip


def main(again=False):
    ledger = Ledger("quantum", again)
    for shots in (None, 100):
        for method in METHODS:
            ledger.once(f"{method}, shots {shots}", functools.partial(compared, method, shots))
    rates = {method: ledger[f"{method}, shots None"]["lr"] for method in ("descent", "natural gradient", "Rotosolve")}
    ledger.once("by the simple picture", functools.partial(stuck, rates))
    for shots in (None, 100):
        ledger.once(f"dampings of the natural gradient, shots {shots}", functools.partial(damped, shots))
    ledger.once("Rotosolve with the circuits of 2500 values of 100 shots", split)


def walked(method, lr, shots, seed, **options):
    """[[values asked for, energy above the lowest], …] of one walk from random dials."""
    rng = np.random.default_rng(seed)
    theta = rng.uniform(-np.pi, np.pi, LAYERED.parameters)
    machine, path = Q.Machine(LAYERED, Q.h2(), shots, rng), []
    least = Q.ground(Q.h2())
    for at in METHODS[method][0](machine, theta, lr, rng, **options):
        if machine.values > BUDGET:
            break
        path.append([machine.values, float(Q.expectation(LAYERED.state(at), Q.h2())) - least])
    return path


def compared(method, shots):
    """The rate whose walks end lowest on the tuning starts, and what it did on the ten."""
    worth = lambda lr: np.median([walked(method, lr, shots, seed)[-1][1] for seed in TUNING])
    lr = min(METHODS[method][1], key=worth)
    paths = [walked(method, lr, shots, seed) for seed in STARTS]
    at = np.linspace(BUDGET // 50, BUDGET, 50).round().astype(int)
    curves = [[float(f"{value_at(path, n):.4g}") for n in at] for path in paths]
    return {"lr": lr, "at": at.tolist(), "curves": curves, "ends": [path[-1][1] for path in paths]}


def damped(shots):
    """For each damping the rate whose walks end lowest on the tuning starts, how low they end there, and the ends of the ten."""
    found = {}
    for damping in DAMPINGS:
        end = lambda lr, seed, damping=damping: walked("natural gradient", lr, shots, seed, damping=damping)[-1][1]
        tuned = {lr: np.median([end(lr, seed) for seed in TUNING]) for lr in METHODS["natural gradient"][1]}
        lr = min(tuned, key=tuned.get)
        found[str(damping)] = {"lr": lr, "tuning": float(tuned[lr]), "ends": [float(end(lr, seed)) for seed in STARTS]}
    return {"dampings": found}


def split():
    """The ends of Rotosolve's ten walks where as many shots are spent otherwise: more a value, or more each round."""
    first = {"300": (300, 1.0), "1000": (1000, 1.0), "30, growing": (30, 1.2)}
    return {"ends": {name: [spent(seed, *how) for seed in STARTS] for name, how in first.items()}}


def spent(seed, shots, growth, total=100 * BUDGET):
    rng, used = np.random.default_rng(seed), 0
    theta = rng.uniform(-np.pi, np.pi, LAYERED.parameters)
    while used + 3 * len(theta) * round(shots) <= total:
        theta = Q.rotosolve(Q.Machine(LAYERED, Q.h2(), round(shots), rng), theta)
        used += 3 * len(theta) * round(shots)
        shots *= growth
    return float(Q.expectation(LAYERED.state(theta), Q.h2())) - Q.ground(Q.h2())


def stuck(rates):
    """What the exact walks that end 0.018 to 0.022 above the lowest energy have found: the chance of 1100, the largest slope, the least
    curvature along one dial and along any direction."""
    walks, least = [], Q.ground(Q.h2())
    for method, lr in rates.items():
        for seed in STARTS:
            rng = np.random.default_rng(seed)
            theta = rng.uniform(-np.pi, np.pi, LAYERED.parameters)
            machine = Q.Machine(LAYERED, Q.h2(), None, rng)
            for at in METHODS[method][0](machine, theta, lr, rng):
                if machine.values > BUDGET:
                    break
                theta = at
            if 0.018 < machine.value(theta) - least < 0.022:
                walks.append({"method": method, "seed": seed, **surroundings(machine, theta)})
    return {"walks": walks}


def surroundings(machine, theta, h=1e-3):
    slopes = lambda at: Q.parameter_shift(machine, at)
    H = np.array([(slopes(theta + h * e) - slopes(theta - h * e)) / (2 * h) for e in np.eye(len(theta))])
    return {"overlap": float(abs(LAYERED.state(theta)[1, 1, 0, 0]) ** 2), "slope": float(np.abs(slopes(theta)).max()),
            "alone": float(np.diag(H).min()), "least": float(np.linalg.eigvalsh((H + H.T) / 2)[0])}  # fmt: skip


def value_at(path, n):
    known = [above for values, above in path if values <= n]
    return known[-1] if known else path[0][1]


if __name__ == "__main__":
    main()
