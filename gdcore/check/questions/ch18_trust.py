"""The questions of chapter 18 on trust: a budget with a liar, a mean with noise, a review (18.5 to 18.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 18.5 -----------------------------------------------------------------------------------------------------------------------



def median(points):
    """np.median(points, axis=0), without what it does for other inputs: a check asks for a hundred thousand."""
    ranked, n = np.sort(points, axis=0), len(points)
    return (ranked[(n - 1) // 2] + ranked[n // 2]) / 2


AGGREGATES = (  # of points (clients × …)
    lambda points: points.sum(0) / len(points),
    median,
    lambda points: np.sort(points, axis=0)[1:-1].sum(0) / (len(points) - 2),
)


def truth(a, c, liar):
    """The best point of the honest clients."""
    honest = [i for i in range(len(a)) if i != liar]
    return (a * c)[honest].sum(0) / a[honest].sum(0)


def walks(a, c, liar, lr, rounds, aggregate, most, lies=True):
    """The common points (rounds + 1 × most × entries) of trainings with 1 to `most` local steps."""
    left = (1 - lr * a)[:, None] ** np.arange(1, most + 1)[None, :, None]  # clients × steps × entries
    path = [np.zeros((most, a.shape[1]))]
    for _ in range(rounds):
        x = path[-1]
        y = c[:, None] + left * (x - c[:, None])
        if liar >= 0 and lies:
            y[liar] = x - 10 * (y[liar] - x)
        path.append(np.minimum(np.maximum(AGGREGATES[aggregate](y), -1e9), 1e9))
    return np.array(path)


def distances(a, c, liar, lr, budget, aggregate, most, factor=2, size=4, lies=True, target=None):
    """How far from the best point trainings with 1 to `most` local steps end that have `budget` bytes; what follows `most` are faults."""
    rounds = int(budget // (factor * size * a.size))
    goal = truth(a, c, liar) if target is None else target
    return np.linalg.norm(walks(a, c, liar, lr, rounds, aggregate, most, lies)[-1] - goal, axis=1)


def all_plans(a, c, liar, lr, budget, most, aggregates=(0, 1, 2), **faults):
    """{(aggregate, steps): distance at the end}"""
    return {(g, s): v for g in aggregates for s, v in enumerate(distances(a, c, liar, lr, budget, g, most, **faults).tolist(), 1)}


def best(a, c, liar, lr, budget, most, **faults):
    found = all_plans(a, c, liar, lr, budget, most, **faults)
    return list(min(found, key=found.get))


WRONG = {
    "mean": {"aggregates": (0,)}, "median": {"aggregates": (1,)}, "trimmed": {"aggregates": (2,)}, "honest": {"lies": False},
    "one way": {"factor": 1}, "eight": {"size": 8},
}  # fmt: skip


def telling(a, c, liar, lr, rounds, most, end=None, want=None):
    """Whether each known wrong way leads clearly away from the best plan; end: only the best steps are to be the first or the last.

    want: which aggregate is to be the best."""
    goal, honest = truth(a, c, liar), np.delete(c, liar, 0) if liar >= 0 else c
    ends = np.array([walks(a, c, liar, lr, 2 * rounds, g, most) for g in range(3)])  # aggregates × rounds × steps × entries
    far = lambda end, goal=goal: np.linalg.norm(end - goal, axis=-1)
    plans = far(ends[:, rounds])
    good = plans.min()
    g, s = np.unravel_index(plans.argmin(), plans.shape)
    if end is not None:
        beside = np.sort(np.delete(plans, range(most)[end], axis=1), axis=None)[0]
        return g == 0 and s == range(most)[end] and 0 < good < 0.9 * beside
    if not (2 <= s < most - 3 and 0.01 < good < 0.5 and (g == 0) == (liar < 0) and want in (None, g)):
        return False
    goals = [honest.mean(0)] + [(a * c).sum(0) / a.sum(0)] * (liar >= 0)  # that people take for it
    wrong = [plans[g, 0], plans[g, -1], *(row.min() for k, row in enumerate(plans) if k != g)]
    wrong += [plans.flat[far(ends[:, t]).argmin()] for t in (2 * rounds, rounds // 2)]
    wrong += [plans.flat[far(ends[:, rounds], other).argmin()] for other in goals]
    if liar >= 0:
        wrong.append(plans.flat[far([walks(a, c, liar, lr, rounds, k, most, False)[-1] for k in range(3)]).argmin()])
    return min(wrong) > 1.06 * good


def defence_cases(rng):
    def case(name, liar, rounds, k=7, d=2, most=30, end=None, want=None):
        while True:
            a = np.round(rng.uniform(0.3, 1.0, (k, d)) * np.where(rng.random((k, 1)) < 0.4, 6, 1), 2)
            c = np.round(rng.normal(size=(k, d)) + 2, 2)
            if telling(a, c, liar, 0.05, rounds, most, end, want):
                budget = rounds * 2 * 4 * k * d + int(rng.integers(0, 20))
                return Case(name, {"a": a, "c": c, "liar": liar, "lr": 0.05, "budget": budget, "most": most})

    yield case("nobody lies", -1, 12)
    yield case("one lies", 0, 10, want=1)
    yield case("another lies", 3, 14)
    yield case("nobody lies, few bytes", -1, 6)
    yield case("one lies, few bytes", 5, 8, want=2)
    yield case("many bytes", -1, 60, most=10, end=0)
    yield case("hardly any bytes", -1, 4, most=8, end=-1)


def near(value, inputs, hidden):
    try:
        aggregate, steps = (float(v) for v in value)
    except (TypeError, ValueError):
        return "Give two whole numbers: which aggregate, and how many local steps."
    if aggregate not in (0, 1, 2) or steps % 1 or not 1 <= steps <= inputs["most"]:
        return f"The aggregate is 0, 1 or 2, and the steps a whole number from 1 to {inputs['most']}."
    given = {name: np.array(value) if name in "ac" else value for name, value in inputs.items()}
    found = all_plans(**given)
    reached, least = found[int(aggregate), int(steps)], min(found.values())
    return "" if reached <= 1.05 * least else f"That ends {reached:.3g} from the best point, and {least:.3g} is possible."


def planned(**faults):
    return lambda a, c, liar, lr, budget, most: best(np.array(a), np.array(c), liar, lr, budget, most, **faults)


def fixed(steps):
    def plan(a, c, liar, lr, budget, most):
        found = all_plans(np.array(a), np.array(c), liar, lr, budget, most)
        return list(min((pair for pair in found if pair[1] == {"one": 1, "most": most}[steps]), key=found.get))

    return plan


def suspicious(other):
    """The mean where nobody lies, and else `other`."""
    return lambda a, c, liar, lr, budget, most: planned(aggregates=(0 if liar < 0 else other,))(a, c, liar, lr, budget, most)


def among_all(a, c, liar, lr, budget, most):
    a, c = np.array(a), np.array(c)
    return best(a, c, liar, lr, budget, most, target=(a * c).sum(0) / a.sum(0))


def centres(a, c, liar, lr, budget, most):
    a, c = np.array(a), np.array(c)
    return best(a, c, liar, lr, budget, most, target=np.delete(c, liar, 0).mean(0) if liar >= 0 else c.mean(0))


defence = Question(
    "18.5", "A budget, and perhaps a liar", "target", points=4, difficulty=3, minutes=20, name="plan", limit=10.0,
    objectives=("choose an aggregate and a number of local steps by simulation", "keep within a budget of bytes"),
    draw=defence_cases, proof=near,
    mistakes=(
        Mistake("You always take the mean, with the best steps for it. One liar is enough to ruin it.", "Try all three aggregates.",
                planned(**WRONG["mean"])),
        Mistake("You always take the median. Where nobody lies, or one of seven, it need not be the best.", "Try all three.",
                planned(**WRONG["median"])),
        Mistake("You always take the trimmed mean.", "Try all three.", planned(**WRONG["trimmed"])),
        Mistake("You take the median whenever somebody lies. The trimmed mean can be better.", "Try all three.", suspicious(1)),
        Mistake("You take the trimmed mean whenever somebody lies. The median can be better.", "Try all three.", suspicious(2)),
        Mistake("You never try `most` steps themselves.", "range(1, most + 1).",
                lambda a, c, liar, lr, budget, most: best(np.array(a), np.array(c), liar, lr, budget, most - 1)),
        Mistake("Your simulation has no liar in it.", "Client `liar` sends x − 10 (y − x).", planned(**WRONG["honest"])),
        Mistake("You have twice as many rounds as the bytes allow: weights go there and come back.", "2 · 4 · k · d bytes a round.",
                planned(**WRONG["one way"])),
        Mistake("You have half as many rounds as the bytes allow: a number in float32 has four bytes.", "2 · 4 · k · d bytes a round.",
                planned(**WRONG["eight"])),
        Mistake("Either your rounds have the bytes of one client, not of all, or you took far too many for another reason.",
                "2 · 4 · k · d bytes a round.",
                lambda a, c, liar, lr, budget, most: best(np.array(a), np.array(c), liar, lr, 7 * budget, most)),
        Mistake("You take the fewest steps. They drift least, and do not arrive within the budget.", "Try all numbers of steps.",
                fixed("one")),
        Mistake("You take the most steps. They arrive, and at a wrong place.", "Try all numbers of steps.", fixed("most")),
        Mistake("Your target is the best point of all, the liar's bowl included.", "The honest clients' best point.", among_all),
        Mistake("Your target is the mean of the lowest points. The best point weighs them by their curvatures.",
                "Σ a c / Σ a over the honest clients.", centres),
    ),
    success="Simulated with the liar inside, drift and speed are one number: the distance that is left when the bytes are spent.",
    onwards="you do not know who lies, nor a and c. What could a server try out in earnest, and on which data would it judge?")

# -- 18.6 -----------------------------------------------------------------------------------------------------------------------


def noise_cases(rng):
    def case(name, k, d, clip, noise, expected, spread=1.0, still=False):
        x = np.round(rng.normal(size=d), 2)
        found = np.round(x + spread * rng.normal(size=(k, d)) * rng.uniform(0.1, 2, (k, 1)), 3)
        if still:
            found[1] = x
        xi = np.round(rng.normal(size=d), 3)
        return Case(name, {"x": x, "found": found, "clip": clip, "noise": noise, "xi": xi, "expected": expected})

    yield case("as many as expected", 4, 3, 1.0, 0.5, 4)
    yield case("fewer than expected", 3, 3, 0.8, 1.2, 5)
    yield case("more than expected", 6, 2, 0.5, 0.3, 4)
    yield case("no noise", 4, 3, 1.5, 0.0, 3)
    yield case("one did not move", 3, 4, 0.7, 1.0, 4, still=True)
    yield case("all are short", 3, 2, 50.0, 0.02, 4)


def noisy(x, found, clip, noise, xi, expected, by="expected", how="whole", each=0.0, first=False, unit=True, late=0.0, stretch=False,
          points=False, change=False, drown=False, squared=False, bare=False, root=False, two=False, up=False,
          sums=False):
    """The next point of a private mean; each argument after `expected` is a fault."""
    found = np.asarray(found, dtype=float)
    moves = found if points else found - x
    size = noise * (clip if unit else 1.0) * xi
    moves = moves + size if first else moves
    lengths = np.linalg.norm(moves, axis=1, keepdims=True)
    lengths = np.full_like(lengths, np.linalg.norm(moves)) if how == "all" else lengths
    lengths = np.abs(moves).max(1, keepdims=True) if how == "largest" else lengths
    lengths = lengths**2 if squared else np.abs(moves).sum(1, keepdims=True) if how == "sum" else lengths
    factor = clip / np.maximum(lengths, 1e-12) if stretch else np.minimum(1, clip / np.maximum(lengths, 1e-12))
    if bare:
        factor[lengths[:, 0] == 0] = np.nan
    short = np.clip(moves, -clip, clip) if how == "entry" else moves * (lengths <= clip) if how == "drop" else moves * factor
    short = moves if how == "none" else short
    m = {"expected": expected, "came": len(found), "one": 1}[by]
    total = short.sum(0)
    small = moves.mean(0) * min(1, clip / max(np.linalg.norm(moves.mean(0)), 1e-12))
    total = small * {"mean": len(found), "mean alone": m}[how] if how in ("mean", "mean alone") else total
    total = total + (0 if first or drown else size * (len(found) ** 0.5 if root else len(found) if each else 1) * m**late)
    out = short.mean(0) + size / expected if two else (total + len(found) * x) / m - x if sums else total / m
    out = -out if up else out
    return out if change else out + (0 if points else x)


def mixed(**faults):
    return lambda x, found, clip, noise, xi, expected: noisy(x, found, clip, noise, xi, expected, **faults)


private = Question(
    "18.6", "A mean that hides each", "function", points=3, difficulty=2, minutes=10, name="private_mean",
    objectives=("clip changes and add the right noise", "divide by a number that is no secret"),
    draw=noise_cases, oracle=mixed(), rtol=1e-6,
    mistakes=(
        Mistake("You divide by how many came. That number tells whether somebody was there.", "Divide by `expected`.", mixed(by="came")),
        Mistake("You clip each entry by itself. A vector of many entries is then still long.", "One factor for the whole change.",
                mixed(how="entry")),
        Mistake("You clip the mean of the changes. One client can still be all of it.", "Each change by itself.", mixed(how="mean")),
        Mistake("You clip the mean of the changes, which is divided by how many came.", "Each change by itself, the sum by `expected`.",
                mixed(how="mean alone")),
        Mistake("You leave out the changes that are too long. They must become short.", "Times clip/length.", mixed(how="drop")),
        Mistake("Nothing is clipped.", "Times min(1, clip/length).", mixed(how="none")),
        Mistake("You make all changes exactly as long as the clip, also the short ones.", "min(1, clip/length).", mixed(stretch=True)),
        Mistake("You make all changes exactly as long as the clip, and divide 0 by 0 where a client did not move.",
                "min(1, clip/length), and a change of length 0 stays as it is.", mixed(stretch=True, bare=True)),
        Mistake("One factor for all clients, from the length of all changes together.", "A length for each row.", mixed(how="all")),
        Mistake("Your length is the largest entry.", "The root of the sum of squares.", mixed(how="largest")),
        Mistake("You go the other way: the sign of the change is wrong.", "x plus the mean of found − x.", mixed(up=True)),
        Mistake("You add the clipped points up, and divide x by `expected` as well.", "The changes alone are divided.", mixed(sums=True)),
        Mistake("The noise is added to each change before it is clipped.", "Clip, add up, then add the noise once.", mixed(first=True)),
        Mistake("The noise is added once for each client.", "Once, on the sum.", mixed(each=1.0)),
        Mistake("The noise is added after the division, and is too large.", "On the sum, before the division.", mixed(late=1.0)),
        Mistake("The noise is divided by the root of `expected`.", "Noise on the sum, and the whole divided by `expected`.",
                mixed(late=0.5)),
        Mistake("The noise grows with the root of the number that came, as if each added some of its own.", "Once, on the sum.",
                mixed(root=True)),
        Mistake("The noise is divided by `expected`, the changes by how many came.", "The whole sum by `expected`.", mixed(two=True)),
        Mistake("Where a client did not move you divide 0 by 0.", "A change of length 0 stays as it is.", mixed(bare=True)),
        Mistake("The noise does not know the clip.", "noise · clip · xi.", mixed(unit=False)),
        Mistake("There is no noise.", "noise · clip · xi on the sum.", mixed(drown=True)),
        Mistake("You clip the points themselves, not how far they moved.", "found − x.", mixed(points=True)),
        Mistake("You return the change. Asked is the new point.", "Add x.", mixed(change=True)),
        Mistake("You divide by the squared length.", "clip/length.", mixed(squared=True)),
        Mistake("Your length is the sum of the sizes of the entries.", "The root of the sum of squares.", mixed(how="sum")),
        Mistake("You return the sum, not divided.", "Divide by `expected`.", mixed(by="one")),
    ),
    success="One client moves the sum by at most C, the noise has the size zC, and the divisor says nothing about who came.",
    onwards="where does the accuracy go if C is far too small, and where if it is far too large?")

# -- 18.7 -----------------------------------------------------------------------------------------------------------------------

a_plan = Manual(
    "18.7", "A plan for twelve hospitals", difficulty=2, minutes=10, name="review", words=150,
    objectives=("judge a plan for a federation by drift, silence and privacy", "say which small experiment would settle a doubt"),
    rubric=(("says that gradients or weights can give pictures back, and what would help: clipping, noise, secure aggregation", 1),
            ("says that 500 local steps drift when the hospitals differ, and that more rounds do not mend it", 1),
            ("says that the median may forget what one hospital alone has, and that silence of the small ones biases", 1),
            ("says that the same ε with twelve clients costs far more accuracy than with thousands, or how to test it", 1)))

QUESTIONS = (defence, private)
MANUAL = (a_plan,)
