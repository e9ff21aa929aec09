"""The questions of chapter 19 on searching: stairs in fog, a walk that cools, a letter (19.5 to 19.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.functions import function

# -- 19.5 -----------------------------------------------------------------------------------------------------------------------

GOAL = 2.0**-20


def stairs_cases(rng):
    for n, condition, budget in ((2, 3.0, 900), (3, 4.0, 1500), (5, 2.0, 2500), (6, 8.0, 4000)):
        centre = np.round(rng.normal(size=n), 2)
        named = {"function": "stairs", "part": "box", "budget": budget, "centre": centre, "dimension": n, "condition": condition}
        yield Case(f"{n} knobs, {budget} values", {"box": named, "x": centre + np.round(rng.choice([-3.0, 3.0], n), 2)})


def arrived(value, inputs, hidden):
    x, end = np.array(inputs["x"], dtype=float), np.array(value, dtype=float)
    if end.shape != x.shape or not np.isfinite(end).all():
        return f"Give a point: an array of {len(x)} finite numbers."
    f = function(**{k: v for k, v in inputs["box"].items() if k not in ("part", "budget")})
    left = float(f(end)) / float(f(x))
    return "" if left <= GOAL else f"A share of {left:.1e} of the value at the start is left; at most {GOAL:.0e} may be."


def climbed(box, x, grow=1.5, shrink=1.5**-0.25, sigma=1.0, equal=True, wide=False, most=None):
    """A (1+1)-ES on the box; each argument after `x` is a fault."""
    rng, best, start = np.random.default_rng(0), box(x), x
    while box.left >= 1 and (most is None or box.budget - box.left < most):
        child = (start if wide else x) + sigma * rng.normal(size=len(x))
        value = box(child)
        good = value <= best if equal else value < best
        sigma = sigma * (grow if good else shrink)
        if good:
            x, best = child, value
    return x


def sought(**faults):
    return lambda box, x: climbed(box, x, **faults)


def by_slopes(box, x):
    while box.left >= 3:
        x = x - 0.1 * box.gradient(x)
    return x


def pairs(box, x):
    rng = np.random.default_rng(0)
    while box.left >= 2:
        e = rng.normal(size=len(x))
        x = x - 0.02 * (box(x + 0.1 * e) - box(x - 0.1 * e)) / 0.2 * e
    return x


def one_by_one(box, x, step=1.0):
    x, best = x.copy(), box(x)
    while True:
        for e in np.concatenate([np.eye(len(x)), -np.eye(len(x))]):
            if box.left < 1:
                return x
            value = box(x + step * e)
            if value < best:
                x, best = x + step * e, value


def spent(box, x):
    while True:
        box(x)


stairs = Question(
    "19.5", "Stairs in fog", "target", points=3, difficulty=2, minutes=15, name="descend",
    objectives=("go down where every slope is zero", "let the step of a search follow its success"),
    draw=stairs_cases, proof=arrived,
    mistakes=(
        Mistake("You are still at the start. Slopes, and differences over a tiny distance, are zero here.",
                "What does the box say that is not a slope?",
                by_slopes),
        Mistake("These are two values a step and their quotient. On stairs that is zero or far too long.",
                "Only the order of the values is worth something here.", pairs),
        Mistake("The step never changes. Near the minimum it is too long for a hit.", "Grow at success, shrink without.",
                sought(grow=1.0, shrink=1.0)),
        Mistake("You draw about the start, again and again: random search.", "Draw about the best point so far.", sought(wide=True)),
        Mistake("A child that is as good as its parent is refused. On a stair nearly all are as good.", "≤ in place of <.",
                sought(equal=False)),
        Mistake("Growth and shrinking have changed places.", "Success: longer.", sought(grow=1.5**-0.25, shrink=1.5)),
        Mistake("The step only shrinks, and is soon too short to move.", "Grow at success.", sought(grow=1.0, shrink=0.9)),
        Mistake("The step only grows.", "Shrink without success.", sought(shrink=1.0)),
        Mistake("You stop after a hundred values.", "The budget is there to be spent.", sought(most=100)),
        Mistake("You try one knob at a time by a fixed length. On a stair no single knob helps.",
                "Move all knobs at once, and adapt the length.",
                one_by_one),
        Mistake("You ask for more values than the budget has.", "Ask `box.left` before each value.", spent),
    ),
    success="Values only, and of them the order only: the step follows the success, and stairs are as good as a bowl.",
    onwards="let the box round to the next power of 1,000 in place of two. What has to change?")

# -- 19.6 -----------------------------------------------------------------------------------------------------------------------


def seating_cases(rng):
    for name, n, flips, T, cooling, near in (("four guests", 4, 30, 10.0, 0.95, None), ("seven guests, warm", 7, 60, 40.0, 0.98, None),
                                             ("nearly frozen", 6, 40, 0.6, 1.0, lambda T: 1 / T), ("ten guests", 10, 60, 25.0, 0.97, None),
                                             ("close decisions", 8, 40, 30.0, 0.9, lambda T: 0.9 * T),
                                             ("twelve guests", 12, 80, 60.0, 0.96, None)):
        glad = np.triu(rng.integers(-9, 10, (n, n)), 1)
        glad, table, guests = glad + glad.T, rng.choice([-1, 1], n), rng.integers(0, n, flips)
        chances = rng.random(flips) if near is None else decisive(glad, table, T, cooling, guests, near)
        yield Case(name, {"glad": glad, "table": table, "T": T, "cooling": cooling, "guests": guests, "chances": np.round(chances, 6)})


def decisive(glad, table, T, cooling, guests, near):
    """Chances that lie between the right probability and that of another temperature, so that a walk with the other one goes elsewhere."""
    at, chances = np.array(table), []
    for g in guests:
        loss = 2 * at[g] * (glad[g] @ at)
        right, other = (np.exp(-max(loss, 0) / t) for t in (T, near(T)))
        chances.append((right + other) / 2 if loss > 0 else 0.5)
        if loss <= 0 or chances[-1] < right:
            at[g] = -at[g]
        T = T * cooling
    return np.array(chances)


def cooled(glad, table, T, cooling, guests, chances, accept=lambda rise, T, u: rise <= 0 or u < np.exp(-rise / T), early=False,
           against=None, warm=False, twice=False, rise=lambda glad, at, g: 2 * at[g] * (glad[g] @ at)):
    """The mood after each flip of a walk that cools; each argument after `chances` is a fault."""
    at, moods = np.array(table), []
    mood = lambda at: at @ glad @ at / (1 if twice else 2)
    best = mood(at)
    for g, u in zip(guests, chances):
        if early:
            T = T * cooling
        lost = rise(glad, at, g)
        if against == "best":
            lost = best - (mood(at) - lost)
        if accept(lost, T, u):
            at[g] = -at[g]
        best = max(best, mood(at))
        moods.append(best if against == "report" else mood(at))
        if not (early or warm):
            T = T * cooling
    return np.array(moods, dtype=float)


def seated(**faults):
    return lambda glad, table, T, cooling, guests, chances: cooled(glad, table, T, cooling, guests, chances, **faults)


a_walk = Question(
    "19.6", "A walk that cools", "function", points=3, difficulty=3, minutes=15, name="walk",
    objectives=("write annealing on a problem without numbers to differentiate", "take a worse step with the right probability"),
    draw=seating_cases, oracle=cooled, steps=True,
    mistakes=(
        Mistake("Only flips that do not lose are taken: this is going down, at temperature 0.", "u < exp(−loss/T) takes a worse one, too.",
                seated(accept=lambda rise, T, u: rise <= 0)),
        Mistake("Every flip is taken: either the sign in the exponent is missing, or nothing is ever refused.",
                "A worse one with probability exp(−loss/T).",
                seated(accept=lambda rise, T, u: True)),
        Mistake("The inequality is turned round: a flip that loses much is taken more often.", "u < exp(−loss/T).",
                seated(accept=lambda rise, T, u: rise <= 0 or u > np.exp(-rise / T))),
        Mistake("The loss is multiplied by T: the colder, the wilder.", "Divide by T.",
                seated(accept=lambda rise, T, u: rise <= 0 or u < np.exp(-rise * T))),
        Mistake("Flips that gain are sometimes refused: the sign of the loss is turned round.", "loss = mood before − mood after.",
                seated(rise=lambda glad, at, g: -2 * at[g] * (glad[g] @ at))),
        Mistake("The loss is half of what it should be: a guest who changes tables turns each of his pairs from + to −.",
                "Twice his own sum.", seated(rise=lambda glad, at, g: at[g] * (glad[g] @ at))),
        Mistake("The loss is twice what it should be. Each pair counts once.", "mood = ½ table · glad · table.",
                seated(rise=lambda glad, at, g: 4 * at[g] * (glad[g] @ at))),
        Mistake("The mood has no half: each pair is counted twice, and the loss with it.", "½ table · glad · table.",
                seated(rise=lambda glad, at, g: 4 * at[g] * (glad[g] @ at), twice=True)),
        Mistake("T is lowered before the first flip.", "First the flip, then T.", seated(early=True)),
        Mistake("T is never lowered.", "T ← cooling · T after each flip.", seated(warm=True)),
        Mistake("You compare with the best mood so far. The walk compares with where it stands.", "mood before the flip − mood after.",
                seated(against="best")),
        Mistake("You return the best mood so far after each flip. Asked is the mood of the moment.", "The walk may fall.",
                seated(against="report")),
        Mistake("A worse flip is taken with one half, whatever it loses.", "exp(−loss/T).",
                seated(accept=lambda rise, T, u: rise <= 0 or u < 0.5)),
    ),
    success="A gain is taken, a loss with probability exp(−loss/T), and T falls: first it wanders, then it goes down.",
    onwards="let the walk run long at one T and count how often each seating comes. Is it exp(mood/T), up to a factor?")

# -- 19.7 -----------------------------------------------------------------------------------------------------------------------

a_letter = Manual(
    "19.7", "The optimizer for everything", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("choose between values and slopes by their price", "say what a value-based result needs before it is believed"),
    rubric=(("says that the network has a gradient, and that two values a step cost about as many steps as directions are felt", 1),
            ("names a case of hers that has no gradient, and a fitting search for it, with a reason", 1),
            ("says what her scaling of knobs does to a search with one step length, and a cure", 1),
            ("says that the best of many noisy values is low by luck, and that seeds or a fresh evaluation are missing", 1)))

QUESTIONS = (stairs, a_walk)
MANUAL = (a_letter,)
