"""Search without gradients: against the authors' programs, closed forms, and mistakes that are planted."""

import math
import random

import numpy as np
import pytest
import scipy.optimize
from cma.more_algorithms import purecma

import gdcore.algorithms.gradient_free as G
from gdcore.rules import GD, Adam

SPHERE = lambda x: float(x @ x)
ROSENBROCK = scipy.optimize.rosen
ALL = [G.RandomSearch(), G.OnePlusOne(), G.Annealing(), G.NelderMead(), G.SPSA(), G.OpenAIES(), G.CMAES(), G.Genetic()]
named = lambda method: type(method).__name__


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("n", [2, 5, 10])
def test_cma_is_its_authors(n, together):
    """The same populations are told to both: from the same state the next ones are equal to rounding, and 40 in a row to 1e-9."""
    theirs, ours = purecma.CMAES(n * [0.7], 0.4), G.CMAES(0.4)
    theirs.params.lazy_gap_evals = 0
    random.seed(n)
    matrix = lambda: np.array([[theirs.C[i][j] for j in range(n)] for i in range(n)])
    state, told = ours.init(n * [0.7]), 0
    scale = np.logspace(0, 2, n)
    close = dict(rtol=4e-15, atol=1e-15) if together else dict(rtol=1e-9, atol=1e-12)
    for _ in range(40):
        points = np.array(theirs.ask())
        if together:
            state = {**state, "x": np.array(theirs.xmean), "C": matrix(), "sigma": theirs.sigma, "p_sigma": np.array(theirs.ps),
                     "p_c": np.array(theirs.pc)}  # fmt: skip
        values = [float(scale @ p**2) for p in points]
        theirs.tell(points.tolist(), values)
        state = ours.tell(state, points, values)
        told += 1
        np.testing.assert_allclose(state["x"], theirs.xmean, **close)
        np.testing.assert_allclose(state["C"], matrix(), **close)
        assert state["sigma"] == pytest.approx(theirs.sigma, rel=close["rtol"])
    assert told == 40 and ours.constants(n)[0] == theirs.params.lam


@pytest.mark.parametrize("n", [2, 3, 6])
def test_cma_holds_its_path_while_its_steps_grow_as_its_authors_do(n):
    """Down a slope without end the steps grow fast; from a calm bowl, at one time and another, the slope begins."""
    for calm in range(0, 12, 3):
        theirs, ours = purecma.CMAES(n * [0.7], 0.4), G.CMAES(0.4)
        theirs.params.lazy_gap_evals = 0
        random.seed(n + calm)
        state = ours.init(n * [0.7])
        for t in range(calm + 8):
            points = np.array(theirs.ask())
            values = [SPHERE(p) if t < calm else p[0] + 0.1 * p[-1] for p in points]
            theirs.tell(points.tolist(), values)
            state = ours.tell(state, points, values)
            assert state["p_c"] == pytest.approx(np.array(theirs.pc), rel=1e-9, abs=1e-12)
            assert state["sigma"] == pytest.approx(theirs.sigma, rel=1e-9)
            assert state["C"] == pytest.approx(np.array([[theirs.C[i][j] for j in range(n)] for i in range(n)]), rel=1e-9, abs=1e-12)


def test_cma_asks_from_its_gaussian():
    ours = G.CMAES(0.5, population=200_000)
    C = np.array([[2.0, 0.6], [0.6, 0.5]])
    points = ours.ask({**ours.init([1.0, -2.0]), "C": C}, np.random.default_rng(0))
    np.testing.assert_allclose(np.cov(points.T), 0.25 * C, atol=4e-3)
    np.testing.assert_allclose(points.mean(axis=0), [1.0, -2.0], atol=5e-3)


CORNER = lambda x: abs(x[0]) + 3 * abs(x[1] - 1)


@pytest.mark.parametrize("f, start", [(ROSENBROCK, [-1.2, 1.0]), (ROSENBROCK, [0.5, 2.0, -1.0]), (CORNER, [2.0, 2.0])])
def test_nelder_mead_is_scipys(f, start):
    """The same simplex, and the same best value after each step: expansion, both contractions and shrinking have to agree."""
    start, seen = np.array(start), []
    simplex = np.vstack([start, start + 0.5 * np.eye(len(start))])
    watch = lambda point: seen.append(f(point))
    scipy.optimize.minimize(f, start, method="Nelder-Mead", callback=watch,
                            options={"initial_simplex": simplex, "xatol": 1e-9, "fatol": 1e-12})  # fmt: skip
    method, paid = G.NelderMead(0.5), []
    state = method.init(start)
    while len(paid) < len(seen):
        points = method.ask(state)
        state = method.tell(state, points, [f(p) for p in points])
        if state["stage"] == "reflect":
            paid.append(state["values"][0])
    # the first state is the simplex itself, which SciPy does not report
    np.testing.assert_allclose(paid[1:], seen[: len(paid) - 1], rtol=1e-10, atol=1e-15)


def test_nelder_mead_shrinks_as_scipys_does():
    """A function on which SciPy must shrink: the values of all evaluations agree."""
    bumpy = lambda x: float(np.abs(x).max() + 0.3 * np.sin(40 * x).sum())
    theirs, ours = [], []
    kept = lambda place: lambda x: place.append(bumpy(x)) or place[-1]
    simplex = np.array([[1.0, 1.0], [1.5, 1.0], [1.0, 1.5]])
    scipy.optimize.minimize(kept(theirs), simplex[0], method="Nelder-Mead",
                            options={"initial_simplex": simplex, "maxfev": 120, "xatol": 0, "fatol": 0})  # fmt: skip
    G.search(G.NelderMead(0.5), kept(ours), simplex[0], 120, 0)
    np.testing.assert_allclose(ours[:110], theirs[:110], rtol=1e-12)


def test_both_estimates_are_unbiased():
    """On a quadratic their mean is the gradient at the centre, exactly for all signs, and within noise for Gaussians."""
    H, x = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, -0.5], [0.0, -0.5, 1.0]]), np.array([1.0, -2.0, 0.5])
    f = lambda p: 0.5 * p @ H @ p
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T
    method = G.SPSA(lr=1.0, c=0.3, alpha=0.0, gamma=0.0)
    moved = [method.tell(method.init(x), np.stack([x + 0.3 * d, x - 0.3 * d]), [f(x + 0.3 * d), f(x - 0.3 * d)])["x"] for d in signs]
    np.testing.assert_allclose(x - np.mean(moved, axis=0), H @ x, rtol=1e-12)
    es, draw = G.OpenAIES(sigma=0.5, pairs=200_000, rule=GD(1.0)), np.random.default_rng(1)
    points = es.ask(es.init(x), draw)
    found = x - es.tell(es.init(x), points, [f(p) for p in points])["x"]
    spread = math.sqrt((H @ x) @ (H @ x) * 4 / 200_000)
    assert np.abs(found - H @ x).max() < 5 * spread


def test_spsa_takes_spalls_gains():
    method = G.SPSA(lr=0.2, c=0.1, stability=5.0)
    state = {**method.init([1.0, 1.0]), "t": 4}
    points = method.ask(state, np.random.default_rng(0))
    assert np.abs(points - 1.0) == pytest.approx(np.full((2, 2), 0.1 / 4**0.101))
    shift = points[0] - 1.0
    after = method.tell(state, points, [3.0, 1.0])["x"]
    assert after == pytest.approx(1.0 - 0.2 / 9**0.602 * 1.0 / shift)


def test_the_fifth_rule_finds_one_in_five():
    """On a bowl in many dimensions the share of successes settles near 1/5, and the logarithm of the value falls on a line."""
    n, values = 30, []
    method, draw = G.OnePlusOne(1.0), np.random.default_rng(0)
    state = method.init(np.ones(n))
    for _ in range(4000):
        points = method.ask(state, draw)
        state = method.tell(state, points, [SPHERE(points[0])])
        values.append(state["value"])
    share = np.mean(np.diff(values)[500:] < 0)
    assert 0.17 < share < 0.23
    assert np.corrcoef(np.log(values[500:]), np.arange(3500))[0, 1] < -0.995


def test_a_walk_at_one_temperature_visits_as_boltzmann_says():
    """At T the walk on f = x² is Gaussian of variance T/2: detailed balance."""
    method, draw = G.Annealing(sigma=1.0, temperature=0.5, cooling=1.0), np.random.default_rng(0)
    state, seen = method.init([0.0]), []
    for _ in range(40_000):
        points = method.ask(state, draw)
        state = method.tell(state, points, [SPHERE(points[0])], draw)
        seen.append(state["at"][0])
    assert np.var(seen) == pytest.approx(0.25, rel=0.05) and abs(np.mean(seen)) < 0.02
    assert state["value"] <= 1e-6


def test_the_elite_never_worsens_and_children_lie_between():
    found = G.search(G.Genetic(sigma=1.0), ROSENBROCK, [2.0, 2.0, 2.0], 4000, 3)
    state = found.values
    assert (np.diff(state) <= 0).all() and len(found.asked[0]) == 40 and len(found.asked[1]) == 38
    method = G.Genetic(sigma=0.0, blend=0.0, cooling=1.0)
    people = np.random.default_rng(0).normal(size=(40, 3))
    told = method.tell({**method.init(np.zeros(3)), "people": None}, people, (people**2).sum(axis=1))
    children = method.ask(told, np.random.default_rng(1))
    assert (children <= people.max(axis=0)).all() and (children >= people.min(axis=0)).all()
    better = (children**2).sum(axis=1).mean(), (people**2).sum(axis=1).mean()
    assert better[0] < 0.7 * better[1]  # tournaments choose


@pytest.mark.parametrize("method", ALL, ids=named)
def test_all_descend_within_their_budget_and_repeat(method):
    """From a distance of 2.2: a budget is kept, counted rightly, and a seed gives the same again; nothing given is changed."""
    calls, x = [], np.array([2.0, -1.0])
    count = lambda p: calls.append(p.copy()) or SPHERE(p)
    found = G.search(method, count, x, 601, 5)
    assert found.evaluations == len(calls) <= 601 == found.counts[-1] + (601 - found.evaluations)
    assert found.value == min(map(SPHERE, calls)) == SPHERE(found.best) < 0.3 < 5
    assert np.array_equal(x, [2.0, -1.0]) and (np.diff(found.values) <= 0).all() and len(found.path) == len(found.counts)
    again = G.search(method, SPHERE, x, 601, 5)
    assert np.array_equal(found.path, again.path)
    assert G.search(method, SPHERE, x, 5000, 5, target=0.5).evaluations < 601


@pytest.mark.parametrize("method", [m for m in ALL if named(m) not in ("SPSA", "OpenAIES")], ids=named)
def test_a_value_that_is_no_number_is_worst(method):
    found = G.search(method, lambda p: SPHERE(p) if p[0] > 0.1 else math.nan, [2.0, -1.0], 601, 5)
    assert 0 < found.value < 1.0 and found.best[0] > 0.1
    if named(method) != "NelderMead":  # whose whole first simplex lies where there is no value, and which then has nowhere to go
        lost = G.search(method, lambda p: SPHERE(p) if p[0] < 1.9 else math.nan, [2.0, -1.0], 601, 5)
        assert lost.value < 1.0


@pytest.mark.parametrize("method", [G.CMAES(), G.OnePlusOne(), G.NelderMead(), G.Genetic(), G.OpenAIES(shaped=True)], ids=named)
def test_only_order_counts(method):
    """exp of a function has its order, so these walk the same points."""
    plain = G.search(method, SPHERE, [1.5, -1.0], 100, 2)
    bent = G.search(method, lambda p: math.exp(min(SPHERE(p), 600)), [1.5, -1.0], 100, 2)
    np.testing.assert_array_equal(plain.path, bent.path)


def test_any_rule_steps_by_the_estimate():
    found = G.search(G.OpenAIES(0.02, 10, Adam(0.02)), ROSENBROCK, [-1.2, 1.0], 40_000, 0)
    assert found.value < 0.05


def test_ranks():
    assert G.ranks([30.0, 10.0, 20.0]).tolist() == [0.5, -0.5, 0.0]
    assert G.ranks([1.0, 1.0, 5.0, math.nan]) == pytest.approx([-1 / 3, -1 / 3, 1 / 6, 0.5])


def test_a_bad_start_is_told_in_a_sentence():
    for method in ALL:
        for bad in ([], [math.nan, 1.0], [[1.0]]):
            with pytest.raises(ValueError, match="The start must be a vector of finite numbers"):
                method.init(bad)
    with pytest.raises(ValueError, match="CMAES asks for 6 points first, and the budget is 3 evaluations"):
        G.search(G.CMAES(), SPHERE, [1.0, 1.0], 3, 0)


class Chance:
    """A generator whose every number is given: normal numbers 1, 2, 3, …, uniform ones as listed; it notes what it is asked."""

    def __init__(self, *shares, rivals=None, signs=None):
        self.shares, self.rivals, self.signs, self.asked = list(shares), rivals, signs, []

    def normal(self, size):
        return np.arange(1.0, 1 + math.prod(size)).reshape(size)

    def random(self):
        return self.shares.pop(0)

    def integers(self, high, size):
        self.asked.append((high, size))
        return np.array(self.rivals)

    def uniform(self, low, high, size):
        self.asked.append((low, high, size))
        return np.full(size, 0.25)

    def choice(self, among, size):
        self.asked.append((among, size))
        return np.array(self.signs)


def test_walks_by_hand():
    start = [1.0, -1.0]
    method = G.RandomSearch(0.5)
    state = method.init(start)
    assert method.ask(state, Chance()).tolist() == [[1.5, 0.0]] and state["value"] == math.inf
    state = method.tell(state, np.array([[7.0, 8.0]]), [3.0])
    assert method.ask(state, Chance()).tolist() == [[1.5, 0.0]] and method.answer(state).tolist() == [7, 8]
    assert method.tell(state, np.zeros((1, 2)), [3.0]) is state and method.tell(state, np.zeros((1, 2)), [2.9])["value"] == 2.9
    method = G.OnePlusOne(0.5, 2.0)
    state = method.init(start)
    assert method.ask(state, Chance()).tolist() == [start]
    state = method.tell(state, np.array([start]), [4.0])
    assert method.ask(state, Chance()).tolist() == [[1.5, 0.0]]
    for value, sigma, x in ((4.0, 1.0, 9), (3.9, 1.0, 9), (4.1, 0.5 * 2**-0.25, 1)):
        after = method.tell(state, np.array([[9.0, 9.0]]), [value])
        assert (after["sigma"], after["x"][0], after["value"]) == (pytest.approx(sigma, rel=1e-14), x, min(value, 4.0))
    method = G.Annealing(0.5, 2.0, 0.75)
    state = method.init(start)
    assert method.ask(state, Chance()).tolist() == [start]
    state = method.tell(state, np.array([start]), [4.0], Chance())
    assert (state["height"], state["value"], state["temperature"]) == (4.0, 4.0, 1.5)
    assert method.ask(state, Chance()).tolist() == [[1.5, 0.0]]
    edge = math.exp(-1 / 1.5)  # of a rise by 1
    for value, shares, at in ((5.0, [edge - 1e-9], 9), (5.0, [edge + 1e-9], 1), (4.0, [], 9), (3.5, [], 9)):
        after = method.tell(state, np.array([[9.0, 9.0]]), [value], Chance(*shares))
        assert after["at"][0] == at and after["x"][0] == (9 if value < 4 else 1) and after["temperature"] == 1.125
        assert after["height"] == (value if at == 9 else 4.0) and after["value"] == min(value, 4.0)
    cold = {**state, "temperature": 0.0}
    assert method.tell(cold, np.array([[9.0, 9.0]]), [5.0], Chance())["at"][0] == 1  # nothing is drawn, and nothing divided by 0
    half = {**state, "temperature": 0.5}
    assert method.tell(half, np.array([[9.0, 9.0]]), [5.0], Chance(0.0))["at"][0] == 9
    flat = {**state, "height": math.inf}
    assert method.tell(flat, np.array([[9.0, 9.0]]), [math.nan], Chance())["at"][0] == 9


def test_a_simplex_by_hand():
    method = G.NelderMead(0.5)
    state = method.init([0.0, 0.0])
    assert method.ask(state).tolist() == [[0, 0], [0.5, 0], [0, 0.5]] and method.answer(state).tolist() == [0, 0]
    state = {"simplex": np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]]), "values": np.array([1.0, 2.0, 3.0]), "stage": "reflect"}
    reflected = np.array([2.0, -4.0])
    assert method.ask(state).tolist() == [[2, -4]]
    asked = {"expand": [3, -8], "outside": [1.5, -2], "inside": [0.5, 2]}
    assert {stage: method.ask({**state, "stage": stage})[0].tolist() for stage in asked} == asked
    for value, stage in ((0.9, "expand"), (1.0, "reflect"), (1.9, "reflect"), (2.0, "outside"), (2.9, "outside"), (3.0, "inside")):
        after = method.tell(state, reflected[None], [value])
        assert after["stage"] == stage and after["values"].tolist() == (sorted([1, value, 2]) if stage == "reflect" else [1, 2, 3])
    tried = [("expand", 0.5, 0.4, 0.4), ("expand", 0.5, 0.5, 0.5), ("outside", 2.5, 2.5, 2.5), ("outside", 2.5, 2.6, None),
             ("inside", 3.5, 2.9, 2.9), ("inside", 3.5, 3.0, None)]  # fmt: skip
    for stage, first, value, taken in tried:
        after = method.tell({**state, "stage": stage, "reflected": (reflected, first)}, np.array([[7.0, 7.0]]), [value])
        if taken is None:
            assert after["simplex"].tolist() == [[0, 0], [1, 0], [0, 2]] and method.ask(after).tolist() == [[1, 0], [0, 2]]
            assert method.tell(after, after["simplex"][1:], [0.5, 0.7])["values"].tolist() == [0.5, 0.7, 1]
        else:
            assert sorted([1, 2, taken]) == after["values"].tolist() and after["stage"] == "reflect"
            place = after["values"].tolist().index(taken)
            assert after["simplex"][place].tolist() == ([2, -4] if stage == "expand" and value == 0.5 else [7, 7])


def test_estimates_by_hand():
    method, chance = G.SPSA(lr=0.5, c=0.25, stability=7.0, alpha=2.0, gamma=0.5), Chance(signs=[1.0, -1.0])
    state = {**method.init([1.0, 2.0]), "t": 4}
    points = method.ask(state, chance)
    assert points.tolist() == [[1.125, 1.875], [0.875, 2.125]] and chance.asked == [([-1.0, 1.0], 2)] and method.init([1.0])["t"] == 1
    after = method.tell(state, points, [3.0, 1.0])
    assert after["x"] == pytest.approx([1 - 0.5 / 121 * 8, 2 + 0.5 / 121 * 8], rel=1e-14) and after["t"] == 5
    method = G.OpenAIES(0.5, 2, GD(0.25))
    state = method.init([1.0])
    points = method.ask(state, Chance())
    assert points.tolist() == [[1.5], [2.0], [0.5], [0.0]]
    values = [4.0, 1.0, 2.0, 8.0]
    after = method.tell(state, points, values)
    assert after["x"].tolist() == [1 - 0.25 * (2 * 1 - 7 * 2) / 2] and after["t"] == 2
    shaped = G.OpenAIES(0.5, 2, GD(0.25), True)  # ranks 1/6, −1/2, −1/6, 1/2
    assert shaped.tell(state, points, values)["x"] == pytest.approx([1 - 0.25 * (1 / 3 - 2) / 2], rel=1e-14) and state["t"] == 1
    assert G.ranks([5.0]).tolist() == [-0.5] and G.ranks([2.0, 2.0]).tolist() == [0, 0]


def test_a_generation_by_hand():
    method, chance = G.Genetic(0.5, 4, 1, 2, 0.25, 0.75), Chance(rivals=[[[3, 1], [0, 2], [2, 3]], [[0, 0], [1, 3], [3, 3]]])
    state = method.init([10.0])
    assert method.ask(state, chance).tolist() == [[10.5], [11], [11.5], [12]]
    state = method.tell(state, np.array([[1.0], [2.0], [4.0], [8.0]]), [3.0, math.nan, 1.0, 2.0])
    assert state["people"].ravel().tolist() == [4, 8, 1, 2] and state["values"].tolist() == [1, 2, 3, math.inf] and state["sigma"] == 0.375
    # mothers 8, 4, 1 and fathers 4, 8, 2, a quarter of the way, and a mutation by 0.375 · (1, 2, 3)
    assert method.ask(state, chance).ravel().tolist() == [7 + 0.375, 5 + 0.75, 1.25 + 1.125]
    assert chance.asked == [(4, (2, 3, 2)), (-0.25, 1.25, (3, 1))]
    after = method.tell(state, np.array([[5.0], [6.0], [7.0]]), [2.5, 0.5, 1.0])
    assert after["people"].ravel().tolist() == [6, 4, 7, 5] and after["values"].tolist() == [0.5, 1, 1, 2.5]
    assert method.answer(after).tolist() == [6] and after["sigma"] == 0.75**2 * 0.5


def test_a_search_counts_and_keeps_by_hand():
    values = iter([5.0, math.nan, 3.0, 3.0, 9.0])

    class Two:
        """Two points an ask, numbered; the answer is how often it was told."""

        init = staticmethod(lambda x: 0)
        ask = staticmethod(lambda state, draw: np.array([[2.0 * state], [2.0 * state + 1]])[: 2 if state < 2 else 1])
        tell = staticmethod(lambda state, points, found, draw: state + 1)
        answer = staticmethod(lambda state: np.array([state]))

    found = G.search(Two, lambda p: next(values), [0.0], 5, 0)
    assert (found.best.tolist(), found.value, found.evaluations, found.x.tolist()) == ([2], 3.0, 5, [3])
    assert found.counts.tolist() == [2, 4, 5] and found.values.tolist() == [5, 3, 3] and found.path.ravel().tolist() == [1, 2, 3]
    assert [points.ravel().tolist() for points in found.asked] == [[0, 1], [2, 3], [4]]
    values = iter([5.0, 4.0, 3.0, 2.0])
    assert G.search(Two, lambda p: next(values), [0.0], 4, 0, target=4.0).evaluations == 2
    values = iter([math.inf] * 4)
    assert G.search(Two, lambda p: next(values), [0.5], 2, 0).best.tolist() == [0.5]


@pytest.mark.parametrize("n, population", [(1, None), (4, None), (20, None), (3, 9), (2, 1000)])
def test_cmas_constants_are_its_authors(n, population):
    theirs = purecma.CMAESParameters(n, population)
    many, weights, mu, c_c, c_sigma, c_1, c_mu, damping = G.CMAES(population=population).constants(n)
    assert many == theirs.lam and weights == pytest.approx(theirs.weights[: theirs.mu], rel=1e-12)
    wanted = [theirs.mueff, theirs.cc, theirs.cs, theirs.c1, theirs.cmu, theirs.damps]
    assert [mu, c_c, c_sigma, c_1, c_mu, damping] == pytest.approx(wanted, rel=1e-12)
