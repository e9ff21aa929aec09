"""The questions of chapter 3 on a run that is broken, on many rates, and on three runs (03.7 to 03.9)."""

import math

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 03.7 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):  # few steps, so that even the exploding whole numbers stay below 2⁶³
    for name, n, d, lr, steps in (("eight people, two measurements", 8, 2, 0.1, 6), ("forty people", 40, 3, 0.2, 8),
                                  ("the same at a third of the rate", 40, 3, 0.07, 8), ("a hundred people", 100, 4, 0.15, 8)):
        A = np.round(rng.normal(size=(n, d)), 3)
        y = np.round(A @ rng.uniform(2, 9, d) + rng.normal(size=n), 3)
        yield Case(name, {"A": A, "y": y, "lr": lr, "steps": steps})


def training(A, y, lr, steps, kind=float, share=None, late=False, slope=lambda A, error: A.T @ error):
    w, losses = np.zeros(A.shape[1], dtype=kind), []
    for _ in range(steps + 1 + late):
        error = A @ w - y
        losses.append(np.mean(error**2))
        w[:] = w - lr * 2 * slope(A, error) / (share or len(y))
    return np.array(losses[late:])


def trained_with(**changes):
    return lambda A, y, lr, steps: training(A, y, lr, steps, **changes)


def tamed(by, **changes):
    return lambda A, y, lr, steps: training(A, y, lr / by, steps, **changes)


train = Question(
    "03.7", "The run that explodes, or does not move", "bug", points=3, difficulty=2, minutes=15, name="train", steps=True,
    objectives=("find a fault by its symptom", "mend the cause, not the rate"),
    draw=training_cases, oracle=training,
    mistakes=(
        Mistake("This is the training as it was given.", "Two faults. One makes the run explode; the other shows when that is mended.",
                trained_with(kind=int, share=1)),
        Mistake("It no longer explodes, but the weights are whole numbers, and small steps are cut off.",
                "`np.zeros(d)` is made of floats; `np.array([0, 0])` is not.", trained_with(kind=int)),
        Mistake("The weights can move now, but the slope is that of a sum, and the loss is a mean.",
                "The rate was chosen for the mean: divide the gradient by `len(y)`.", trained_with(share=1)),
        Mistake("The run is tamed by a smaller rate, not mended.", "Leave the rate as it is given. It is right for the mean.",
                lambda A, y, lr, steps: training(A, y, lr / 10, steps, share=None),
                also=(*(tamed(by, **changes) for by in (100, 1000) for changes in ({}, {"kind": int, "share": 1})),
                      *(tamed(by, share=1) for by in (10, 100, 1000)))),
        Mistake("Your training climbs: the sign is wrong.", "Go against the slope.",
                lambda A, y, lr, steps: training(A, y, -lr, steps)),
        Mistake("The slope lacks the measurements: every weight gets the same one.", "A weight multiplies its measurement: `A.T @ error`.",
                trained_with(slope=lambda A, error: error.sum()), also=(trained_with(slope=lambda A, error: (A.T @ error).sum()),
                                                                       trained_with(slope=lambda A, error: error.mean()))),
        Mistake("You average over the weights, and each gets the same slope.",
                "`np.mean(A.T @ error)` mixes them. Divide `A.T @ error` by `len(y)`.",
                trained_with(share=1, slope=lambda A, error: (A.T @ error).mean())),
        Mistake("You divide by the number of all measurements.", "The mean runs over the people: `len(y)`, not `A.size`.",
                lambda A, y, lr, steps: training(A, y, lr, steps, share=A.size)),
        Mistake("You divide by the number of people twice.", "Once is enough: `/ len(y)`.",
                lambda A, y, lr, steps: training(A, y, lr, steps, share=len(y) ** 2)),
        Mistake("One loss is missing, the last one.", "With the start there are steps + 1 losses: `range(steps + 1)`.",
                lambda A, y, lr, steps: training(A, y, lr, steps)[:-1]),
        Mistake("Your losses are sums. The loss is a mean.", "`np.mean(error**2)`.",
                lambda A, y, lr, steps: len(y) * training(A, y, lr, steps)),
        Mistake("Your losses are halved.", "The loss is `np.mean(error**2)`, without a ½.",
                lambda A, y, lr, steps: training(A, y, lr, steps) / 2),
        Mistake("Your losses are roots.", "The loss is `np.mean(error**2)`, without a root.",
                lambda A, y, lr, steps: np.sqrt(training(A, y, lr, steps))),
        Mistake("You divide by one person too few.", "The loss is a mean over all: `len(y)`.",
                lambda A, y, lr, steps: training(A, y, lr, steps, share=len(y) - 1)),
        Mistake("You divide by the number of weights.", "The mean runs over the people: `len(y)`.",
                lambda A, y, lr, steps: training(A, y, lr, steps, share=A.shape[1])),
        Mistake("Every step is half as long as it should be: either the 2 of the slope is lost, or the rate is halved.",
                "The slope of e² is 2e, and the rate stays as it is given.", lambda A, y, lr, steps: training(A, y, lr / 2, steps)),
        Mistake("You made a sum of the loss. It is the slope that must be made a mean.", "`np.mean(error**2)`, and the slope `/ len(y)`.",
                lambda A, y, lr, steps: len(y) * training(A, y, lr, steps, share=1)),
        Mistake("Your first loss is that after a step.",
                "Note the loss first, then step: the first one is what ignorance costs.", trained_with(late=True)),
    ),
    success="The explosion came from a slope that was a sum, the standstill from weights that were whole numbers. The rate was innocent.",
    onwards="which of the two faults would a rate a hundred times smaller have hidden?")

# -- 03.8 -----------------------------------------------------------------------------------------------------------------------


def rates_cases(rng):
    yield Case("curvatures from 1 to 100, eight rates", {"mu": 1.0, "L": 100.0, "n": 8})
    yield Case("curvatures from 1 to 100, two rates", {"mu": 1.0, "L": 100.0, "n": 2})
    L = float(rng.integers(20, 60))
    yield Case(f"curvatures from 2 to {L:g}, five rates", {"mu": 2.0, "L": L, "n": 5})
    mu = round(rng.uniform(0.1, 0.5), 2)
    yield Case(f"curvatures from {mu:g} to 8, six rates", {"mu": mu, "L": 8.0, "n": 6})


def nodes(mu, L, n, angles=None):
    """Curvatures between mu and L where the polynomial of the steps is to vanish: Chebyshev's, by default."""
    angles = (np.arange(n) + 0.5) / n if angles is None else angles
    return (L + mu) / 2 + (L - mu) / 2 * np.cos(np.pi * angles)


def spread(code):
    """The code of a wrong answer, and the same rates from the other end."""
    return {"code": code, "also": (lambda mu, L, n: code(mu, L, n)[::-1],)}


def at_angles(angles):
    """Rates at other angles than Chebyshev's; angles(k, n) in half turns, with k = 0 … n − 1."""
    return spread(lambda mu, L, n: 1 / nodes(mu, L, n, angles(np.arange(n), n)))


def near_the_best(value, inputs, hidden):
    """What the rates leave in the worst direction is within 1 % of the least possible, 1 / Tₙ((L + μ)/(L − μ))."""
    mu, L, n = inputs["mu"], inputs["L"], inputs["n"]
    if np.shape(value) != (n,):
        return f"{n} rates are expected, an array of shape ({n},); yours has the shape {np.shape(value)}."
    curvatures = np.linspace(mu, L, 4001)
    with np.errstate(all="ignore"):
        left = float(np.abs(np.prod(1 - np.outer(curvatures, value), axis=1)).max())
    goal = 1.01 / math.cosh(n * math.acosh((L + mu) / (L - mu)))
    constant = ((L - mu) / (L + mu)) ** n
    if left <= goal:
        return ""
    return f"The worst direction keeps {left:.3g} of its way; the goal is {goal:.3g}, and the best constant rate leaves {constant:.3g}."


rates = Question(
    "03.8", "Eight rates that beat one", "target", points=3, difficulty=3, minutes=20, name="rates",
    objectives=("see that a rate above the border is no crime", "beat the best constant rate"),
    draw=rates_cases, proof=near_the_best,
    mistakes=(
        Mistake("Your rates are all the best constant one.",
                "Each rate may wipe out one curvature of its own. Which curvatures would you choose?",
                lambda mu, L, n: np.full(n, 2 / (L + mu))),
        Mistake("Your rates are all 1/L: never wrong, and slow.", "The flat directions need large rates, now and then.",
                lambda mu, L, n: np.full(n, 1 / L)),
        Mistake("Your rates wipe out curvatures that are evenly spaced, and near the ends too much is left.",
                "The factors grow largest near the two ends. Put the curvatures closer together there: at the cosines of even angles.",
                **spread(lambda mu, L, n: 1 / np.linspace(mu, L, n)) | {
                    "also": (lambda mu, L, n: 1 / np.linspace(L, mu, n), lambda mu, L, n: 1 / np.linspace(mu, L, n + 2)[1:-1])}),
        Mistake("Your rates are all at the border: the most curved direction jumps to and fro for ever.",
                "Each rate may wipe out one curvature of its own. Which would you choose?", lambda mu, L, n: np.full(n, 2 / L)),
        Mistake("Your rates wipe out the middles of even pieces, and near the ends too much is left.",
                "Put the curvatures closer together at the two ends: at the cosines of even angles.",
                **spread(lambda mu, L, n: 1 / (mu + (L - mu) * (np.arange(n) + 0.5) / n))),
        Mistake("Your curvatures are evenly spaced in the logarithm: too many small ones, and the steep end explodes.",
                "Put them closer together at both ends, not at one.", **spread(lambda mu, L, n: 1 / np.geomspace(mu, L, n))),
        Mistake("The angles of your cosines include both ends. The best ones lie half a gap inside.",
                "Spread the angles evenly, so that the first and the last lie half a spacing from the ends.",
                **at_angles(lambda k, n: k / max(n - 1, 1))),
        Mistake("The angles of your cosines include one end of the half circle and leave out the other.",
                "Move them all by half a spacing: k + ½ in place of k.",
                **at_angles(lambda k, n: k / n) | {"also": (lambda mu, L, n: 1 / nodes(mu, L, n, (np.arange(n) + 1) / n),)}),
        Mistake("The angles of your cosines lie a whole spacing from both ends. Half a one is best.",
                "n angles at the middles of n even pieces of the half circle.", **at_angles(lambda k, n: (k + 1) / (n + 1))),
        Mistake("Your angles go round the whole circle, and most curvatures are taken twice.", "The half circle is enough: from 0 to π.",
                **at_angles(lambda k, n: (2 * k + 1) / n)),
        Mistake("π is missing: your angles end at 1 and not at half a turn.", "Angles from 0 to `np.pi`.",
                **at_angles(lambda k, n: (k + 0.5) / n / np.pi)),
        Mistake("Your k begins at 1, and the last angle lies beyond half a turn.", "`np.arange(n)` begins at 0.",
                **at_angles(lambda k, n: (k + 1.5) / n)),
        Mistake("Your angles are in degrees, and `np.cos` counts in radians.", "Half a turn is `np.pi`.",
                **at_angles(lambda k, n: 180 / np.pi * (k + 0.5) / n)),
        Mistake("Your circle stands over the wrong stretch: its diameter is not from μ to L.",
                "The middle is (L + μ)/2, and the radius (L − μ)/2.",
                **spread(lambda mu, L, n: 1 / nodes(0, L, n)) | {"also": (
                    lambda mu, L, n: 1 / nodes(0, L, n)[::-1], lambda mu, L, n: 1 / nodes(-1, 1, n),
                    lambda mu, L, n: 1 / ((L + mu) / 2 + 2 * (nodes(mu, L, n) - (L + mu) / 2)))}),
        Mistake("You return the curvatures, not the rates.", "A rate wipes out the curvature 1/η.", **spread(nodes)),
        Mistake("You spread the rates between 1/L and 1/μ by cosines. It is the curvatures that must be spread so.",
                "Choose curvatures between μ and L first, then take 1 over them.", **spread(lambda mu, L, n: nodes(1 / L, 1 / mu, n))),
        Mistake("You spread the rates evenly between 1/L and 1/μ. It is the curvatures that must be spread, and not evenly.",
                "Choose curvatures between μ and L first, closer together at the ends, then take 1 over them.",
                **spread(lambda mu, L, n: np.linspace(1 / L, 1 / mu, n))),
    ),
    success="After n steps a curvature λ keeps Π(1 − ηᵢλ), a polynomial that is 1 at 0. Chebyshev's stays smallest over [μ, L].",
    onwards="how many of your eight rates lie above the border 0.02? Momentum (chapter 6) comes close to it without knowing n.")

# -- 03.9 -----------------------------------------------------------------------------------------------------------------------

three_runs = Manual(
    "03.9", "Three runs, one rate", difficulty=2, minutes=10, name="advice", words=150,
    objectives=("read a rate off a loss curve", "defend the choice of a rate"),
    rubric=(("says of A and B whose rate is larger, and by what in their losses", 1),
            ("computes the border from C's last two losses", 1),
            ("proposes a rate, and says why not a larger and not a much smaller one", 1),
            ("says what in B's losses no constant rate will mend, and why", 1)))

QUESTIONS = (train, rates)
MANUAL = (three_runs,)
