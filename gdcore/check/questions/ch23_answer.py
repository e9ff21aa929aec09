"""The questions of chapter 23 on judging an answer: leaving out, few weights, a fair direction, a letter (23.4 to 23.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 23.4 -----------------------------------------------------------------------------------------------------------------------


def without_cases(rng):
    for name, n, d, penalty in (("five examples", 5, 2, 0.5), ("a strong penalty", 8, 3, 4.0), ("one far out", 7, 2, 0.3),
                                ("twelve examples", 12, 4, 1.0)):
        X = np.round(rng.normal(size=(n, d)), 2)
        if name == "one far out":
            X[0] = 5 * np.sign(X[0]) + X[0]
        yield Case(name, {"X": X, "y": np.round(2 * rng.normal(size=n), 2), "penalty": penalty, "x": np.round(rng.normal(size=d), 2)})


def without(X, y, penalty, x, inside=lambda penalty: penalty, fit=lambda penalty: penalty, sign=1.0, divide=lambda h: 1 - h,
            errors=lambda e: e, lever=None):
    """By how much the prediction at x changes when one example is left out, for each; each argument after `x` is a fault."""
    d = X.shape[1]
    w = np.linalg.solve(X.T @ X + fit(penalty) * np.eye(d), X.T @ y)
    inverse = np.linalg.inv(X.T @ X + inside(penalty) * np.eye(d)) if inside(penalty) is not None else np.eye(d)
    h = np.sum(X @ inverse * X, axis=1) if lever is None else lever(X, inverse)
    return sign * (X @ inverse @ x) * errors(X @ w - y) / divide(h)


def leaving(**faults):
    return lambda X, y, penalty, x: without(X, y, penalty, x, **faults)


NONE, PLUS = (lambda penalty: 0.0), (lambda h: 1 + h)

left_out = Question(
    "23.4", "Left out, three faults", "bug", points=3, difficulty=3, minutes=15, name="changes",
    objectives=("foretell what leaving out an example does", "know the leverage and the sign"),
    draw=without_cases, oracle=without, rtol=1e-7,
    mistakes=(
        Mistake("This is the answer of the code as it was given, with its three faults.",
                "Which matrix curves this loss? Which way does w go when a pull is gone? Does H grow or shrink?",
                leaving(inside=NONE, sign=-1.0, divide=PLUS)),
        Mistake("One fault is found, the penalty in H. Two are left.", "Look at the sign, and at the leverage.",
                leaving(sign=-1.0, divide=PLUS)),
        Mistake("One fault is found, the sign. Two are left.", "Look at H, and at the leverage.", leaving(inside=NONE, divide=PLUS)),
        Mistake("One fault is found, the leverage. Two are left.", "Look at H, and at the sign.", leaving(inside=NONE, sign=-1.0)),
        Mistake("Two faults are found. H is still without the penalty.", "The penalty curves the loss as well.", leaving(inside=NONE)),
        Mistake("Two faults are found. The sign is still wrong.", "Without its pull, w goes the other way.", leaving(sign=-1.0)),
        Mistake("Two faults are found. The leverage is still added: without an example there is less curvature, not more.",
                "1 − h.", leaving(divide=PLUS)),
        Mistake("The leverage is left out: this is the influence function.", "Divide by 1 − h.", leaving(divide=lambda h: 1.0)),
        Mistake("You multiply by 1 − h.", "Divide by it.", leaving(divide=lambda h: 1 / (1 - h))),
        Mistake("The penalty is in neither of the two: you took it out of the fit as well.", "It belongs into both.",
                leaving(inside=NONE, fit=NONE)),
        Mistake("The error stands in its square.", "The gradient of an example is error times inputs.", leaving(errors=lambda e: e**2)),
        Mistake("The error is left out.", "The gradient of an example is error times inputs.", leaving(errors=lambda e: 1.0)),
        Mistake("H is not inverted: this is the product of two inputs.", "H⁻¹ between them.",
                leaving(inside=lambda penalty: None, lever=lambda X, inverse: 0.0)),
        Mistake("You divide by (1 − h)², which belongs to a variance.", "Divide once.", leaving(divide=lambda h: (1 - h) ** 2)),
    ),
    success="w moves by H⁻¹xᵢeᵢ/(1 − hᵢ): the pull of example i is gone, and so is its part of the curvature. For least squares that is "
            "exact.",
    onwards="take X, y of your own and leave out the example with the largest h. Is it the one with the largest error?")

# -- 23.5 -----------------------------------------------------------------------------------------------------------------------

NEAR = 0.1


def few_cases(rng):
    for n, d, k in ((30, 40, 3), (26, 30, 2), (55, 80, 4), (28, 36, 3)):
        truth = np.zeros(d)
        truth[rng.choice(d, k, replace=False)] = np.round(rng.uniform(0.8, 2.0, k), 2) * np.where(np.arange(k) % 2, 1, -1)
        X = np.round(rng.normal(size=(n, d)) / n**0.5, 3)
        yield Case(f"{n} equations, {d} unknowns, {k} of them count", {"X": X, "y": X @ truth}, {"truth": truth})


def sparse_enough(value, inputs, hidden):
    w, truth = np.array(value, dtype=float), np.array(hidden["truth"])
    if w.shape != truth.shape or not np.isfinite(w).all():
        return f"Give an array of {len(truth)} finite numbers."
    off = np.linalg.norm(w - truth) / np.linalg.norm(truth)
    error = np.linalg.norm(np.array(inputs["X"]) @ w - np.array(inputs["y"])) / np.linalg.norm(inputs["y"])
    if error > NEAR:
        return f"That is no answer: the equations are off by {error:.0%}."
    return "" if off <= NEAR else f"The equations hold, and it is another answer: {off:.0%} away from the one with few weights."


def grown(X, y, alpha=1e-3, lr=0.04, steps=2500, positive=False, direct=False):
    """Descent on u and v with w = u² − v²; each argument after `y` is a fault."""
    d = X.shape[1]
    u = np.full(d, alpha)
    v = np.zeros(d) if positive else u.copy()
    for _ in range(steps):
        g = X.T @ (X @ (u * u - v * v) - y)
        if direct:
            u, v = u - lr * g, v + lr * g
        else:
            u, v = u - 2 * lr * g * u, v + 2 * lr * g * v
    return u * u - v * v


def growing(**faults):
    return lambda X, y: grown(X, y, **faults)


def plainly(X, y, steps=5000, lr=0.05, decay=0.0, start=0.0):
    w = np.full(X.shape[1], start)
    for _ in range(steps):
        w = w - lr * (X.T @ (X @ w - y) + decay * w)
    return w


def cut(X, y):
    w = np.linalg.pinv(X) @ y
    return np.where(np.abs(w) > 0.5 * np.abs(w).max(), w, 0.0)


few_weights = Question(
    "23.5", "Of all answers, the one with few weights", "target", points=3, difficulty=2, minutes=15, name="few",
    objectives=("choose the way of writing so that descent prefers the answer that is wanted", "know what a tiny start is good for"),
    draw=few_cases, proof=sparse_enough,
    mistakes=(
        Mistake("This is the shortest answer: all its weights are small, and none is zero.", "Write w as u² − v².",
                lambda X, y: np.linalg.pinv(X) @ y),
        Mistake("This is the answer that plain descent from a start other than 0 ends at.", "Write w as u² − v².",
                lambda X, y: plainly(X, y, start=1.0)),
        Mistake("Weights are cut off the shortest answer. What is left solves nothing.", "Write w as u² − v².", cut),
        Mistake("Weight decay makes all weights smaller, and none zero.", "Write w as u² − v².",
                lambda X, y: plainly(X, y, decay=0.5)),
        Mistake("The start is too large: then u² − v² prefers the shortest answer, too.", "A thousandth.", growing(alpha=1.0, lr=0.01)),
        Mistake("All weights are 0: either you start at 0, where every slope of u² − v² is zero, or v goes the same way as u, or a "
                "penalty wiped out all.",
                "A tiny start, and for v the other sign.", growing(alpha=0.0)),
        Mistake("v is missing, or starts at 0 and stays there: no weight can become negative.", "w = u² − v².", growing(positive=True)),
        Mistake("The slopes lack the factors u and v: the chain rule through the square.", "dw/du = 2u.", growing(direct=True)),
        Mistake("Too few steps: a tiny start needs time to grow.", "Thousands.", growing(steps=100)),
    ),
    success="A weight that grows in proportion to itself leaves the others behind: descent on u and v from a tiny start prefers few "
            "weights.",
    onwards="raise the start from 0.001 to 1 in steps, and draw the sum of |w| against it.")

# -- 23.6 -----------------------------------------------------------------------------------------------------------------------


def direction_cases(rng):
    for name, units, inputs in (("two units", 2, 3), ("five units", 5, 4), ("one unit", 1, 6), ("a dead unit", 4, 3)):
        W, b = np.round(rng.normal(size=(units, inputs)), 2), np.round(rng.normal(size=units), 2)
        if name == "a dead unit":
            W[2], b[2] = 0, 0
        yield Case(name, {"W": W, "b": b, "D": np.round(rng.normal(size=(units, inputs)), 2), "d": np.round(rng.normal(size=units), 2)})


def filtered(W, b, D, d, own=lambda V: np.linalg.norm(V, axis=1, keepdims=True), theirs=lambda V: np.linalg.norm(V, axis=1, keepdims=True),
             bias=None, entries=False):
    """A direction whose part for each unit is as long as that unit's weights; each argument after `d` is a fault."""
    V, E = np.column_stack([W, b]), np.column_stack([D, d])
    if entries:
        return np.abs(V) * np.sign(E)
    out = E * own(V) / theirs(E)
    if bias is not None:
        out = np.column_stack([D * own(W) / theirs(D), bias(b, d)])
    return out


def scaled(**faults):
    return lambda W, b, D, d: filtered(W, b, D, d, **faults)


ONE, SQUARE = (lambda V: 1.0), (lambda V: np.sum(V**2, axis=1, keepdims=True))

fair = Question(
    "23.6", "A fair direction", "function", points=2, difficulty=1, minutes=12, name="fair",
    objectives=("normalise a direction unit by unit", "know which weights belong to a unit"),
    draw=direction_cases, oracle=filtered,
    mistakes=(
        Mistake("The direction is as it was.", "Each unit's part as long as its weights.", scaled(own=ONE, theirs=ONE)),
        Mistake("The whole direction got one factor. Each unit has its own.", "Row by row.",
                scaled(own=np.linalg.norm, theirs=np.linalg.norm)),
        Mistake("You normalise by columns, by inputs. A unit's weights lie in a row.", "Row by row.",
                scaled(own=lambda V: np.linalg.norm(V, axis=0), theirs=lambda V: np.linalg.norm(V, axis=0))),
        Mistake("The unit's length is multiplied in, and that of the direction not divided out.", "Divide by the length of the part.",
                scaled(theirs=ONE)),
        Mistake("Each unit's part has the length 1. It should have that of the unit's weights.", "Multiply by it.", scaled(own=ONE)),
        Mistake("The bias is left as drawn.", "It belongs to its unit.", scaled(bias=lambda b, d: d)),
        Mistake("The bias gets no direction. It belongs to its unit.", "Row and bias together.", scaled(bias=lambda b, d: 0 * d)),
        Mistake("The bias is normalised by itself, as a unit of one weight.", "Row and bias together.",
                scaled(bias=lambda b, d: np.abs(b) * np.sign(d))),
        Mistake("All biases are normalised together, as one vector.", "Row and bias together.",
                scaled(bias=lambda b, d: d * np.linalg.norm(b) / np.linalg.norm(d))),
        Mistake("Each weight is normalised by itself: only signs of the direction are left.", "A whole unit at once.",
                scaled(entries=True)),
        Mistake("The squares of the lengths stand where the lengths belong.", "Take the root.", scaled(own=SQUARE, theirs=SQUARE)),
        Mistake("The lengths are sums of sizes. Take the root of the sum of squares.", "np.linalg.norm.",
                scaled(own=lambda V: np.abs(V).sum(1, keepdims=True), theirs=lambda V: np.abs(V).sum(1, keepdims=True))),
        Mistake("You divide by the unit's length and multiply by that of the direction.", "The other way round.",
                scaled(own=lambda V: 1 / np.maximum(np.linalg.norm(V, axis=1, keepdims=True), 1e-12),
                       theirs=lambda E: 1 / np.linalg.norm(E, axis=1, keepdims=True))),
    ),
    success="Row and bias are one unit; its part of the direction is as long as they are, so rescaled layers give the same picture.",
    onwards="multiply one unit's row and bias by 10, and see that its part of the direction follows.")

# -- 23.7 -----------------------------------------------------------------------------------------------------------------------

a_letter = Manual(
    "23.7", "Why it said so", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("judge a claim about the cause of a prediction", "separate luck from a result"),
    rubric=(("says that a trace is no proof, and names the test: leave out, train again, compare with random and with look-alikes", 1),
            ("says that equal training loss does not make two optimizers' answers equal, and what to compare", 1),
            ("says what is wrong with one flat slice: scaling of the layers, one direction", 1),
            ("says that one seed is a draw, and asks for several, or for the answers and not the scores", 1)))

QUESTIONS = (left_out, few_weights, fair)
MANUAL = (a_letter,)
