"""The question of chapter 14 on the two loops of L-BFGS (14.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.ch14 import symmetric

# -- 14.4 -----------------------------------------------------------------------------------------------------------------------


def loops(S, Y, g, newest_first=True, scale=lambda s, y: (s @ y) / (y @ y), keep=lambda s, y: s @ y > 0, last=-1, sign=-1.0,
          swapped=False, second="weight", same_order=False):
    """−H g by the two loops; each argument after `g` is a fault."""
    pairs = [(y, s) if swapped else (s, y) for s, y in zip(S, Y) if keep(s, y)]
    q, weights = sign * g, {}
    order = list(range(len(pairs)))
    for k in reversed(order) if newest_first else order:
        s, y = pairs[k]
        weights[k] = s @ q / (s @ y)
        q = q - weights[k] * y
    if pairs:
        q = scale(*pairs[last]) * q
    for k in reversed(order) if same_order != (not newest_first) else order:
        s, y = pairs[k]
        q = q + (weights[k] - (y @ q / (s @ y) if second == "weight" else 0.0)) * s
    return q


def wrong(**faults):
    return lambda S, Y, g: loops(S, Y, g, **faults)


def pair_cases(rng):
    def case(name, m, n, bad=(), scale=1.0):
        H = symmetric(rng, np.geomspace(0.5, 20, n))
        S = np.round(scale * rng.normal(size=(m, n)), 3)
        Y = np.round(S @ H + 0.05 * scale * rng.normal(size=(m, n)), 3)
        for k in bad:
            Y[k] = -Y[k]
        return Case(name, {"S": S, "Y": Y, "g": np.round(rng.normal(size=n), 3)})

    yield case("one pair", 1, 3)
    yield case("three pairs", 3, 5)
    yield case("the newest pair curves downwards", 4, 5, bad=(3,))
    yield case("two of five pairs curve downwards", 5, 6, bad=(0, 2))
    yield case("no pair yet is of use", 2, 4, bad=(0, 1))
    yield case("short steps", 3, 4, scale=0.1)


def raw_scale(S, Y, g):
    s, y = S[-1], Y[-1]
    return loops(S, Y, g, scale=lambda *_: (s @ y) / (y @ y)) if (np.sum(S * Y, axis=1) > 0).any() else -g


def since_bad(S, Y, g):
    bad = np.flatnonzero(np.sum(S * Y, axis=1) <= 0)
    first = bad[-1] + 1 if len(bad) else 0
    return loops(S[first:], Y[first:], g)


def misplaced(S, Y, g):
    pairs, q, weights = [(s, y) for s, y in zip(S, Y) if s @ y > 0], -g, []
    for s, y in reversed(pairs):
        weights.append(s @ q / (s @ y))
        q = q - weights[-1] * y
    if pairs:
        q = pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1]) * q
    for (s, y), weight in zip(pairs, weights):
        q = q + (weight - y @ q / (s @ y)) * s
    return q


ALL = lambda s, y: True
UPSIDE = lambda s, y: (y @ y) / (s @ y)

two_loops_bug = Question(
    "14.4", "Two loops, three faults", "bug", points=3, difficulty=3, minutes=15, name="direction",
    objectives=("find faults in the two loops of L-BFGS", "say which pairs may be kept, and which guess comes before them"),
    draw=pair_cases, oracle=wrong(), rtol=1e-8,
    mistakes=(
        Mistake("This is the direction of the code as it was given, with its three faults.",
                "Which pair comes first in which loop? Which unit has the scale? Which pairs may be kept?",
                wrong(newest_first=False, scale=UPSIDE, keep=ALL)),
        Mistake("One fault is found, the order of the loops. Two are left.", "Look at the scale, and at the pairs that are kept.",
                wrong(scale=UPSIDE, keep=ALL)),
        Mistake("One fault is found, the scale. Two are left.", "Look at the order, and at the pairs that are kept.",
                wrong(newest_first=False, keep=ALL)),
        Mistake("One fault is found, the pairs that curve downwards. Two are left.", "Look at the order, and at the scale.",
                wrong(newest_first=False, scale=UPSIDE)),
        Mistake("Two faults are found. The first loop still begins with the oldest pair.",
                "The newest pair's factors stand outermost: first loop from the newest.", wrong(newest_first=False)),
        Mistake("Two faults are found. The scale is still upside down: it must be an inverse curvature.", "sᵀy/yᵀy.", wrong(scale=UPSIDE)),
        Mistake("Two faults are found. Pairs that curve downwards are still used.", "Keep a pair only if s @ y > 0.", wrong(keep=ALL)),
        Mistake("Both loops begin with the newest pair. The second one goes back.", "The second loop goes from the oldest to the newest.",
                wrong(same_order=True)),
        Mistake("The scale is taken from the newest pair of all, also where that pair is left out.", "From the newest that is kept.",
                raw_scale),
        Mistake("Without any pair you return zero.", "Then the direction is −g.",
                lambda S, Y, g: loops(S, Y, g) if (np.sum(S * Y, axis=1) > 0).any() else 0 * g),
        Mistake("At the first bad pair you stop, and lose the good ones before it.", "Leave out the bad pair alone.", since_bad),
        Mistake("Each weight of the second loop belongs to another pair.", "The second loop runs back: the last weight first.",
                misplaced),
        Mistake("The scale is taken from the oldest pair.", "The newest one is nearest to here.", wrong(last=0)),
        Mistake("The scale is sᵀs/sᵀy, another inverse curvature. The chapter's is sᵀy/yᵀy.", "sᵀy/yᵀy.",
                wrong(scale=lambda s, y: (s @ s) / (s @ y))),
        Mistake("There is no scale: the guess before all pairs is I.", "sᵀy/yᵀy of the newest pair.", wrong(scale=lambda s, y: 1.0)),
        Mistake("s and y have changed places in both loops: that makes the Hessian, not its inverse.",
                "The step s comes back in the second loop.",
                wrong(swapped=True)),
        Mistake("In the second loop nothing is taken off the weights.", "weight − yᵀq/sᵀy.", wrong(second="none")),
        Mistake("The sign is wrong: this direction climbs.", "Begin with −g.", wrong(sign=1.0)),
        Mistake("You take the size of sᵀy for pairs that curve downwards, or turn y round. Such a pair is of no use.",
                "Leave it out.", lambda S, Y, g: loops(S, Y * np.sign(np.sum(S * Y, axis=1))[:, None], g)),
    ),
    success="From the newest pair inwards, the scale in the middle, and outwards again; a pair that curves downwards stays out.",
    onwards="build the matrix from the pairs by BFGS's formula and compare. What becomes of −gᵀHg when a bad pair is kept?")

QUESTIONS = (two_loops_bug,)
