"""Search by values alone: no gradient is asked for, so the function may have steps, be a simulator, or live on whole numbers.

A method asks and is told. `state = init(x)` begins at x; `ask(state, draw)` gives points, an array (k, n); the caller finds their values,
as it likes, in parallel if it can; `tell(state, points, values, draw)` gives the next state; `answer(state)` is the point the method would
give back now. A state is a dict of plain values that nobody changes. draw: a NumPy generator, the only chance there is. A value that is
no number counts as worst, but for the methods that make a slope of values, SPSA and OpenAI-ES without ranks. `search` does all this with
a function and counts the evaluations.
"""

import math
from dataclasses import dataclass

import numpy as np

from gdcore.rules import GD, Rule

__all__ = ["Annealing", "CMAES", "Genetic", "NelderMead", "OnePlusOne", "OpenAIES", "RandomSearch", "SPSA", "Search", "ranks", "search"]


class _Best:
    """For methods whose answer is the best point they have seen."""

    def answer(self, state):
        return state["x"]

    def init(self, x):
        return {"x": _start(x), "value": math.inf}


@dataclass(frozen=True)
class RandomSearch(_Best):
    """Points at random about the start, never moved: the control that every other method has to beat. sigma: how far."""

    sigma: float = 1.0

    def init(self, x):
        return {**super().init(x), "start": _start(x)}

    def ask(self, state, draw):
        return state["start"] + self.sigma * draw.normal(size=(1, len(state["start"])))

    def tell(self, state, points, values, draw=None):
        value = _number(values[0])
        return {**state, "x": points[0], "value": value} if value < state["value"] else state


@dataclass(frozen=True)
class OnePlusOne(_Best):
    """(1+1)-ES: one child a step, kept if it is not worse; the step grows with success and shrinks without, so that one in five succeeds.

    Rechenberg (1973); the factors are those of Kern et al. (2004): grow at a success, its fourth root down at a failure.
    """

    sigma: float = 1.0
    grow: float = 1.5

    def init(self, x):
        return {"x": _start(x), "value": None, "sigma": self.sigma}

    def ask(self, state, draw):
        far = 0.0 if state["value"] is None else state["sigma"]  # first the start itself
        return state["x"] + far * draw.normal(size=(1, len(state["x"])))

    def tell(self, state, points, values, draw=None):
        value = _number(values[0])
        if state["value"] is None:
            return {**state, "value": value}
        if value <= state["value"]:
            return {"x": points[0], "value": value, "sigma": state["sigma"] * self.grow}
        return {**state, "sigma": state["sigma"] * self.grow**-0.25}


@dataclass(frozen=True)
class Annealing(_Best):
    """A random walk that takes a worse point with probability exp(−rise/T), while T falls: Kirkpatrick, Gelatt and Vecchi (1983).

    sigma: of a step. temperature: T at the first step, in units of the function. cooling: what T is multiplied by each step; 1 keeps it,
    and then the walk visits x in proportion to exp(−f(x)/T).
    """

    sigma: float = 1.0
    temperature: float = 1.0
    cooling: float = 0.99

    def init(self, x):
        return {**super().init(x), "at": _start(x), "height": None, "temperature": self.temperature}

    def ask(self, state, draw):
        far = 0.0 if state["height"] is None else self.sigma  # first the start itself
        return state["at"] + far * draw.normal(size=(1, len(state["at"])))

    def tell(self, state, points, values, draw):
        value, T = _number(values[0]), state["temperature"]
        rise = 0.0 if state["height"] in (None, value) else value - state["height"]
        if rise <= 0 or (T > 0 and draw.random() < math.exp(-rise / T)):
            state = {**state, "at": points[0], "height": value}
        if value < state["value"]:
            state = {**state, "x": points[0], "value": value}
        return {**state, "temperature": T * self.cooling}


@dataclass(frozen=True)
class NelderMead:
    """A simplex of n + 1 points whose worst is reflected, stretched, drawn in, or all but the best shrink: Nelder and Mead (1965).

    step: the first simplex is the start and the start with `step` added to one coordinate each. Factors 1, 2, ½ and ½.
    """

    step: float = 0.5

    def init(self, x):
        x = _start(x)
        return {"simplex": np.vstack([x, x + self.step * np.eye(len(x))]), "values": None, "stage": "all"}

    def ask(self, state, draw=None):
        simplex, stage = state["simplex"], state["stage"]
        if stage in ("all", "shrunk"):
            return simplex if stage == "all" else simplex[1:]
        middle = simplex[:-1].mean(axis=0)
        far = {"reflect": 1.0, "expand": 2.0, "outside": 0.5, "inside": -0.5}[stage]
        return (middle + far * (middle - simplex[-1]))[None]

    def tell(self, state, points, values, draw=None):
        values = np.array([_number(v) for v in values])
        if state["stage"] in ("all", "shrunk"):
            known = values if state["stage"] == "all" else np.concatenate([state["values"][:1], values])
            return self._sorted(state["simplex"], known)
        return self._judge(state, points[0], values[0])

    def _judge(self, state, point, value):
        """What the value of a tried point leads to: it is taken, another is tried, or the simplex shrinks."""
        best, second, worst = state["values"][0], state["values"][-2], state["values"][-1]
        stage = state["stage"]
        if stage == "reflect":
            if value < best:
                return {**state, "stage": "expand", "reflected": (point, value)}
            if value < second:
                return self._taken(state, point, value)
            return {**state, "stage": "outside" if value < worst else "inside", "reflected": (point, value)}
        reflected = state["reflected"]
        if stage == "expand":
            return self._taken(state, *((point, value) if value < reflected[1] else reflected))
        if value <= reflected[1] if stage == "outside" else value < worst:
            return self._taken(state, point, value)
        first = state["simplex"][0]
        return {"simplex": first + 0.5 * (state["simplex"] - first), "values": state["values"], "stage": "shrunk"}

    def _taken(self, state, point, value):
        return self._sorted(np.vstack([state["simplex"][:-1], point]), np.append(state["values"][:-1], value))

    @staticmethod
    def _sorted(simplex, values):
        order = np.argsort(values, kind="stable")
        return {"simplex": simplex[order], "values": values[order], "stage": "reflect"}

    def answer(self, state):
        return state["simplex"][0]


@dataclass(frozen=True)
class SPSA:
    """Two evaluations a step, whatever the dimension: all coordinates are moved at once, each up or down. Spall (1992).

    ĝ = (f(x + cΔ) − f(x − cΔ))/(2c) · Δ, Δ of random signs; x ← x − a ĝ with a = lr/(t + stability)^0.602 and c = c/t^0.101, t from 1.
    stability: Spall advises a tenth of the steps.
    """

    lr: float = 0.1
    c: float = 0.1
    stability: float = 0.0
    alpha: float = 0.602
    gamma: float = 0.101

    def init(self, x):
        return {"x": _start(x), "t": 1}

    def ask(self, state, draw):
        shift = self.c / state["t"] ** self.gamma * draw.choice([-1.0, 1.0], size=len(state["x"]))
        return state["x"] + np.stack([shift, -shift])

    def tell(self, state, points, values, draw=None):
        x, t = state["x"], state["t"]
        shift = (points[0] - points[1]) / 2
        slope = (values[0] - values[1]) / 2 / shift
        return {"x": x - self.lr / (t + self.stability) ** self.alpha * slope, "t": t + 1}

    def answer(self, state):
        return state["x"]


@dataclass(frozen=True)
class OpenAIES:
    """The gradient of the function's mean over a Gaussian, from antithetic pairs, given to any rule: Salimans et al. (2017),
    arXiv:1703.03864; Nesterov and Spokoiny (2017).

    ĝ = mean over pairs of (f(x + σε) − f(x − σε))/(2σ) · ε: unbiased for the smoothed function. sigma: σ. pairs: of points a step. rule:
    such as Adam(lr=0.05). shaped: give ĝ the centred ranks of the values in place of the values, as the paper does; then only order counts.
    """

    sigma: float = 0.1
    pairs: int = 10
    rule: Rule = GD(0.1)
    shaped: bool = False

    def init(self, x):
        x = _start(x)
        return {"x": x, "t": 1, "memory": tuple(self.rule.init(x))}

    def ask(self, state, draw):
        noise = self.sigma * draw.normal(size=(self.pairs, len(state["x"])))
        return state["x"] + np.concatenate([noise, -noise])

    def tell(self, state, points, values, draw=None):
        values = ranks(values) if self.shaped else np.asarray(values, dtype=float)
        noise = (points - state["x"])[: self.pairs] / self.sigma
        slope = (values[: self.pairs] - values[self.pairs :]) @ noise / (2 * self.sigma * self.pairs)
        x, *memory = self.rule.update(state["x"], slope, state["t"], *state["memory"])
        return {"x": x, "t": state["t"] + 1, "memory": tuple(memory)}

    def answer(self, state):
        return self.rule.answer(state["x"], *state["memory"])


@dataclass(frozen=True)
class CMAES:
    """Covariance matrix adaptation: a Gaussian that moves to the better half, and learns from it how far and which way. Hansen (2016),
    arXiv:1604.00772; the step-size rule and constants are those of the author's short program, pycma's purecma.

    sigma: the first deviation. population: points a generation, 4 + ⌊3 ln n⌋ without it. Invariant: only the order of the values counts,
    and turning or stretching the space changes nothing but the start.
    """

    sigma: float = 0.5
    population: int | None = None

    def init(self, x):
        n = len(x := _start(x))
        return {"x": x, "sigma": self.sigma, "C": np.eye(n), "p_sigma": np.zeros(n), "p_c": np.zeros(n), "t": 0}

    def constants(self, n):
        """(population, weights of the better half, μ_eff, c_c, c_σ, c_1, c_μ, damping) in n dimensions."""
        many = self.population or 4 + int(3 * math.log(n))
        raw = math.log(many / 2 + 0.5) - np.log(np.arange(1, many // 2 + 1))
        weights = raw / raw.sum()
        mu = 1 / (weights**2).sum()
        c_c, c_sigma, c_1 = (4 + mu / n) / (n + 4 + 2 * mu / n), (mu + 2) / (n + mu + 5), 2 / ((n + 1.3) ** 2 + mu)
        c_mu = min(1 - c_1, 2 * (mu - 2 + 1 / mu) / ((n + 2) ** 2 + mu))
        return many, weights, mu, c_c, c_sigma, c_1, c_mu, 2 * mu / many + 0.3 + c_sigma

    def ask(self, state, draw):
        lengths, axes = np.linalg.eigh(state["C"])
        z = draw.normal(size=(self.constants(len(state["x"]))[0], len(state["x"])))
        return state["x"] + state["sigma"] * (z * np.sqrt(np.maximum(lengths, 0))) @ axes.T

    def tell(self, state, points, values, draw=None):
        x, sigma, C, t = state["x"], state["sigma"], state["C"], state["t"] + 1
        n = len(x)
        _, weights, mu, c_c, c_sigma, c_1, c_mu, damping = self.constants(n)
        better = points[np.argsort([_number(v) for v in values], kind="stable")][: len(weights)]
        steps = (better - x) / sigma
        step = weights @ steps
        lengths, axes = np.linalg.eigh(C)
        white = axes @ ((axes.T @ step) / np.sqrt(lengths))
        p_sigma = (1 - c_sigma) * state["p_sigma"] + math.sqrt(c_sigma * (2 - c_sigma) * mu) * white
        long = p_sigma @ p_sigma / n
        calm = long / (1 - (1 - c_sigma) ** (2 * t)) < 2 + 4 / (n + 1)  # else σ is growing fast, and p_c would run away with it
        p_c = (1 - c_c) * state["p_c"] + calm * math.sqrt(c_c * (2 - c_c) * mu) * step
        lost = 0 if calm else c_1 * c_c * (2 - c_c)
        C = (1 - c_1 + lost - c_mu) * C + c_1 * np.outer(p_c, p_c) + c_mu * (steps.T * weights) @ steps
        sigma = sigma * math.exp(min(1.0, c_sigma / damping * (long - 1) / 2))
        return {"x": x + state["sigma"] * step, "sigma": sigma, "C": C, "p_sigma": p_sigma, "p_c": p_c, "t": t}

    def answer(self, state):
        return state["x"]


@dataclass(frozen=True)
class Genetic:
    """A population: parents by tournament, children by blending two, mutation, and the best survive as they are. Holland (1975);
    the blend is Eshelman and Schaffer's (1993).

    sigma: of the first population and of a mutation; it shrinks by `cooling` a generation. population: how many. elite: survivors.
    tournament: of how many the best becomes a parent. blend: how far a child may lie outside its parents, as a part of their distance.
    """

    sigma: float = 0.5
    population: int = 40
    elite: int = 2
    tournament: int = 3
    blend: float = 0.3
    cooling: float = 0.98

    def init(self, x):
        return {"x": _start(x), "people": None, "values": None, "sigma": self.sigma}

    def ask(self, state, draw):
        n = len(state["x"])
        if state["people"] is None:
            return state["x"] + self.sigma * draw.normal(size=(self.population, n))
        rivals = draw.integers(self.population, size=(2, self.population - self.elite, self.tournament))
        mother, father = state["people"][rivals.min(axis=2)]  # they are in order, so the lowest number is the best
        share = draw.uniform(-self.blend, 1 + self.blend, size=mother.shape)
        return mother + share * (father - mother) + state["sigma"] * draw.normal(size=mother.shape)

    def tell(self, state, points, values, draw=None):
        values = np.array([_number(v) for v in values])
        if state["people"] is not None:
            points = np.concatenate([state["people"][: self.elite], points])
            values = np.concatenate([state["values"][: self.elite], values])
        order = np.argsort(values, kind="stable")
        people, values = points[order], values[order]
        return {"x": people[0], "people": people, "values": values, "sigma": state["sigma"] * self.cooling}

    def answer(self, state):
        return state["x"]


# -- a whole search -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Search:
    """What `search` found. x: the answer; value: of the best point evaluated, which is `best`; evaluations; path: the answers after each
    `tell`, (k, n); values: the best value so far after each; counts: the evaluations so far after each; asked: the points of each ask."""

    x: np.ndarray
    best: np.ndarray
    value: float
    evaluations: int
    path: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    asked: list


def search(method, f, x, evaluations, draw, target=-math.inf):
    """Search for a minimum of f from x with at most so many evaluations, or until a value is at most `target`.

    draw: a NumPy generator or a seed. Raises ValueError if the budget does not allow the first points.
    """
    draw = np.random.default_rng(draw)
    state, paid = method.init(x), 0
    best, value, path, values, counts, asked = _start(x), math.inf, [], [], [], []
    while True:
        points = method.ask(state, draw)
        if paid + len(points) > evaluations:
            break
        found = [float(f(p)) for p in points]
        paid += len(points)
        state = method.tell(state, points, found, draw)
        low = int(np.argmin([_number(v) for v in found]))
        if _number(found[low]) < value:
            best, value = points[low], found[low]
        for kept, new in zip((path, values, counts, asked), (method.answer(state), value, paid, points)):
            kept.append(new)
        if value <= target:
            break
    if not counts:
        raise ValueError(f"{type(method).__name__} asks for {len(points)} points first, and the budget is {evaluations} evaluations.")
    return Search(path[-1], best, value, paid, np.array(path), np.array(values), np.array(counts), asked)


def ranks(values):
    """Values replaced by their rank, from −½ for the lowest to ½ for the highest; equal values share a rank."""
    values = np.array([_number(v) for v in np.asarray(values, dtype=float)])
    below, upto = (values[None] < values[:, None]).sum(axis=1), (values[None] <= values[:, None]).sum(axis=1)
    return (below + upto - 1) / 2 / max(len(values) - 1, 1) - 0.5


def _start(x):
    x = np.array(x, dtype=float)
    if x.ndim != 1 or not len(x) or not np.isfinite(x).all():
        raise ValueError(f"The start must be a vector of finite numbers, got {x!r}.")
    return x


def _number(value):
    return math.inf if math.isnan(value) else float(value)
