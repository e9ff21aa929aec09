"""The methods that are made for another kind of task than the wines, each on a small one of its own, priced in that task's own unit."""

import numpy as np
import torch
from sklearn.datasets import load_diabetes

from examples import quantum
from examples._wines import Task, goal
from examples.ledger import short
from gdcore.algorithms import proximal, reinforcement, second_order, unroll
from gdcore.algorithms import quantum as Q
from gdcore.rules import GD

SEEDS = range(10)


def bought(prices):
    """What a table keeps of several runs, None where one did not arrive."""
    there = sorted(p for p in prices if p is not None)
    middle = sorted(prices, key=lambda p: np.inf if p is None else p)[len(prices) // 2]
    return {"price": short(middle), "arrived": f"{len(there)} of {len(prices)}"}


# -- corners, curves, systems -----------------------------------------------------------------------------------------------------------


def sparse(method):
    """Gradients until the lasso on 442 patients has come a millionth near its least value."""
    X, y = load_diabetes(return_X_y=True)
    A = X * np.sqrt(len(X))
    y = (y - y.mean()) / y.std()
    weight, L = 0.05, float(np.linalg.eigvalsh(A.T @ A / len(y))[-1])
    slope, prox = (lambda x: A.T @ (A @ x - y) / len(y)), proximal.l1(weight)
    value = lambda x: ((A @ x - y) ** 2).mean() / 2 + weight * np.abs(x).sum()
    least = value(proximal.descend(proximal.FISTA(1 / L, restart=True), slope, prox, np.zeros(10), 20_000)[-1])
    points = proximal.descend(method(1 / L), slope, prox, np.zeros(10), 5000)
    near = [value(p) - least <= 1e-6 * (value(points[0]) - least) for p in points]
    return bought([near.index(True)])


def curve():
    """Jacobians until a sum of two decays through 40 points is fitted to a gradient of 1e-8."""
    t = np.linspace(0, 4, 40)
    y = 2 * np.exp(-0.5 * t) + np.exp(-3 * t) + 0.02 * np.random.default_rng(0).normal(size=40)
    e = lambda x: (np.exp(-x[1] * t), np.exp(-x[3] * t))
    residuals = lambda x: x[0] * e(x)[0] + x[2] * e(x)[1] - y
    jacobian = lambda x: np.stack([e(x)[0], -x[0] * t * e(x)[0], e(x)[1], -x[2] * t * e(x)[1]], 1)
    problem = second_order.Problem(lambda x: residuals(x) @ residuals(x) / 2, lambda x: jacobian(x).T @ residuals(x),
                                   residuals=residuals, jacobian=jacobian)  # fmt: skip
    walk = second_order.descend(second_order.GaussNewton(), problem, [1.0, 1.0, 1.0, 2.0], 200)
    return bought([walk.asked["jacobian"] if walk.status == "converged" else None])


def system():
    """Products until Newton's equation for the wines, 42 unknowns, is solved to a millionth."""
    task, x = Task(), np.zeros(42)
    points, lengths = second_order.conjugate_gradients(lambda v: task.product(x, v), -task.gradient(x), tolerance=1e-6)
    return bought([len(points) - 1 if lengths[-1] <= 1e-6 * lengths[0] else None])


# -- torch's two ----------------------------------------------------------------------------------------------------------------------


def torch_wines():
    task, layer = Task(), torch.nn.Linear(13, 3, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight), torch.nn.init.zeros_(layer.bias)
    x, y = torch.tensor(task.X[:, :13]), torch.tensor(task.Y.argmax(1))
    loss = lambda z: torch.nn.functional.cross_entropy(z, y) + 0.005 * sum((p**2).sum() for p in layer.parameters())
    return layer, x, loss


def kfac():
    """Steps on the wines until a thousandth of the way is left: the best of five rates."""
    from gdcore.optim import KFAC

    found = []
    for lr in (0.1, 0.3, 0.5, 1.0, 2.0):
        layer, x, loss = torch_wines()
        opt, price = KFAC(layer, lr, momentum=0.0, damping=0.01, every=1, kl_clip=None, samples=None), None
        for t in range(1, 501):
            opt.zero_grad()
            output = layer(x)
            opt.curvature(output)
            loss(output).backward()
            opt.step()
            if price is None and float(loss(layer(x)).detach()) <= goal():
                price = t
        found.append(price)
    return {**bought([min((p for p in found if p), default=None)]), "arrived": "1 of 1"}


def mezo():
    """Values of the wines' loss until a thousandth of the way is left: the best of four rates."""
    from gdcore.optim import MeZO

    def run(lr, seed):
        layer, x, loss = torch_wines()
        opt = MeZO(layer.parameters(), lr, seed=seed)
        for t in range(1, 10_001):
            if float(opt.step(lambda: loss(layer(x)))) <= goal():
                return 2 * t
        return None

    lr = min((0.01, 0.03, 0.1, 0.3), key=lambda lr: run(lr, 100) or np.inf)
    return bought([run(lr, seed) for seed in range(5)])


# -- slopes of a training -------------------------------------------------------------------------------------------------------------


def slopes(mode):
    """Trainings' worth of gradients for the slope of the end in 50 rates, one a step: counted at the loss."""
    asked = [0]

    def loss(x, t):
        asked[0] += 1
        return ((x - 1) ** 2).sum()

    unroll.hypergradient(GD(0.1), {"lr": torch.full((50,), 0.1)}, loss, torch.zeros(3), 50, lambda x: (x**2).sum(), mode)
    return bought([asked[0] / 50])


# -- circuits and cuts ----------------------------------------------------------------------------------------------------------------


def hydrogen(method):
    """Values asked of a circuit of 12 dials until hydrogen's energy is right to 0.0016 hartree, from ten starts."""
    tuned = quantum.Ledger("quantum")[f"{method}, shots None"]["lr"]
    paths = [quantum.walked(method, tuned, None, seed) for seed in SEEDS]
    return bought([next((values for values, above in path if above < 1.6e-3), None) for path in paths])


def graph():
    draw = np.random.default_rng(0)
    edges = [(i, j) for i in range(10) for j in range(i) if draw.random() < 0.4]
    sides = (np.arange(2**10)[:, None] >> np.arange(10)) & 1
    return edges, int(Q.cut_value(edges, sides).max())


def qaoa():
    """Values asked until two layers cut, on the mean, 85 % of what can be cut of ten nodes; SPSA turns the dials, from ten starts."""
    edges, most = graph()
    circuit, prices = Q.qaoa(edges, 10, 2), []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        machine = Q.Machine(circuit, Q.maxcut(edges, 10))
        walk = quantum.spsa(machine, rng.uniform(0, 0.5, circuit.parameters), 0.1, rng)
        exact, price = Q.Machine(circuit, Q.maxcut(edges, 10)), None
        while machine.values < 1000 and price is None:
            if -exact.value(next(walk)) >= 0.85 * most:
                price = machine.values
        prices.append(price)
    return bought(prices)


def bifurcation():
    """Products with the graph's matrix until 16 starts at once have found the largest cut of the same ten nodes."""
    edges, most = graph()
    J = np.zeros((10, 10))
    for i, j in edges:
        J[i, j] = J[j, i] = -1.0
    prices = []
    for seed in SEEDS:
        tried = (s for s in (5, 10, 20, 40, 80, 160)
                 if Q.cut_value(edges, Q.bifurcation(J, np.random.default_rng(seed), 16, s)[0]) == most)
        steps = next(tried, None)
        prices.append(None if steps is None else 16 * steps)
    return bought(prices)


# -- rewards --------------------------------------------------------------------------------------------------------------------------

GRID = reinforcement.gridworld(["....", ".#.X", "...G", "S..."])


def rewarded(kind):
    """Episodes until a gridworld's policy expects 95 % of the best return: ten seeds, the best of three rates."""
    best, theta = 0.0, np.zeros((16, 4))
    for _ in range(3000):
        best, g = GRID.gradient(theta)
        theta = theta + 5 * g

    def run(lr, seed):
        theta, draw, values = np.zeros((16, 4)), np.random.default_rng(seed), np.zeros(16)
        for episodes in range(10, 4001, 10):
            seen = reinforcement.play(GRID, theta, 10, draw)
            onward, at = reinforcement.returns_to_go(seen.rewards, GRID.discount), values[seen.states] * seen.alive
            weights = {"none": onward, "baseline": onward - at,
                       "lambda": reinforcement.advantages(seen.rewards, at, seen.alive, GRID.discount, 0.9)}[kind]  # fmt: skip
            theta = theta + lr * reinforcement.policy_gradient(GRID, theta, seen, weights)
            for s in np.unique(seen.states[seen.alive]):  # a running mean of what came after each state
                values[s] += 0.3 * (onward[(seen.states == s) & seen.alive].mean() - values[s])
            if GRID.gradient(theta)[0] >= 0.95 * best:
                return episodes
        return None

    worth = lambda lr: np.mean([run(lr, s) or 8000 for s in range(100, 103)])
    lr = min((0.3, 1.0, 3.0), key=worth)
    return bought([run(lr, seed) for seed in SEEDS])


# {name: (measure, family, what one price is, the task, its place in the API below gdcore)}
ELSEWHERE = {
    "ISTA": (lambda: sparse(proximal.ISTA), "corners", "gradients", "lasso, 442 patients", "algorithms.proximal.ISTA"),
    "FISTA": (lambda: sparse(proximal.FISTA), "corners", "gradients", "lasso, 442 patients", "algorithms.proximal.FISTA"),
    "GaussNewton": (curve, "curvature", "Jacobians", "two decays through 40 points", "algorithms.second_order.GaussNewton"),
    "conjugate_gradients": (system, "curvature", "products", "Newton's equation, 42 unknowns",
                            "algorithms.second_order.conjugate_gradients"),
    "KFAC": (kfac, "curvature", "steps, both factors anew", "the wines, in torch", "optim.KFAC"),
    "MeZO": (mezo, "values only", "values", "the wines, in torch", "optim.MeZO"),
    "hypergradient, reverse": (lambda: slopes("reverse"), "slopes of a training", "training, all points kept", "slopes in 50 rates",
                               "algorithms.unroll.hypergradient"),
    "hypergradient, forward": (lambda: slopes("forward"), "slopes of a training", "trainings, no point kept", "slopes in 50 rates",
                               "algorithms.unroll.hypergradient"),
    "parameter_shift": (lambda: hydrogen("descent"), "circuits", "values", "hydrogen, 12 dials", "algorithms.quantum.parameter_shift"),
    "metric": (lambda: hydrogen("natural gradient"), "circuits", "values", "hydrogen, 12 dials", "algorithms.quantum.metric"),
    "rotosolve": (lambda: hydrogen("Rotosolve"), "circuits", "values", "hydrogen, 12 dials", "algorithms.quantum.rotosolve"),
    "qaoa": (qaoa, "circuits", "values", "85 % of the largest cut of ten nodes, on the mean", "algorithms.quantum.qaoa"),
    "bifurcation": (bifurcation, "circuits", "products", "the largest cut of ten nodes", "algorithms.quantum.bifurcation"),
    "REINFORCE": (lambda: rewarded("none"), "rewards", "episodes", "gridworld of 16 fields", "algorithms.reinforcement.policy_gradient"),
    "REINFORCE, baseline": (lambda: rewarded("baseline"), "rewards", "episodes", "gridworld of 16 fields",
                            "algorithms.reinforcement.policy_gradient"),
    "advantages": (lambda: rewarded("lambda"), "rewards", "episodes", "gridworld of 16 fields", "algorithms.reinforcement.advantages"),
}  # fmt: skip
