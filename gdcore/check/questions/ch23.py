"""The questions of chapter 23 on what descent ends at: rates of their own, a trace, eight numbers (23.1 to 23.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 23.1 -----------------------------------------------------------------------------------------------------------------------


def end_cases(rng):
    for name, n, d in (("one equation, two unknowns", 1, 2), ("two equations, five unknowns", 2, 5), ("one equation, six unknowns", 1, 6),
                       ("ten equations, thirty unknowns", 10, 30), ("four equations, seven unknowns", 4, 7)):
        yield Case(name, {"X": np.round(rng.normal(size=(n, d)), 2), "y": np.round(2 * rng.normal(size=n), 2),
                          "s": np.round(rng.normal(size=d), 2), "rates": np.round(rng.uniform(0.2, 3.0, d), 2)})


def ended(X, y, s, rates, weight=lambda r: r, front=None, begin=lambda s: s, missing=lambda y, X, s: y - X @ s, ridge=0.0, sign=1.0,
          solved=True, given_back=lambda s: s):
    """Where descent with a rate for each unknown ends; each argument after `rates` is a fault."""
    D = weight(rates)
    inner = (X * D) @ X.T + ridge * np.eye(len(y))
    left = missing(y, X, begin(s))
    move = (D if front is None else front(rates)) * (X.T @ (np.linalg.solve(inner, left) if solved else left))
    return given_back(begin(s)) + sign * move


def ending(**faults):
    return lambda X, y, s, rates: ended(X, y, s, rates, **faults)


NOWHERE = lambda s: 0 * s

own_rates = Question(
    "23.1", "A rate for each unknown", "function", points=3, difficulty=2, minutes=15, name="end",
    objectives=("say where descent ends from any start", "carry a proof over to another method"),
    draw=end_cases, oracle=ended, rtol=1e-7,
    mistakes=(
        Mistake("The rates are left out. This is where plain descent ends.", "A move is D times a sum of rows.",
                ending(weight=lambda r: np.ones_like(r))),
        Mistake("The start is left out: this is where descent from 0 ends.", "s plus a move.", ending(begin=NOWHERE)),
        Mistake("Both are left out: this is the shortest answer.", "s plus a move, and a move is D times a sum of rows.",
                ending(begin=NOWHERE, weight=lambda r: np.ones_like(r))),
        Mistake("You added the start to the answer from 0. Then X w is no longer y.", "The move has to close y − X s.",
                ending(missing=lambda y, X, s: y)),
        Mistake("This is the move. Where does it begin?", "s plus the move.", ending(given_back=NOWHERE)),
        Mistake("Slow unknowns move most here: the rates are turned round.", "D, not its inverse.", ending(weight=lambda r: 1 / r)),
        Mistake("The rates are squared, as where X D is put in the place of X and D stands in front as well.", "D once.",
                ending(weight=lambda r: r**2)),
        Mistake("The roots of the rates stand where the rates belong.", "D once.", ending(weight=np.sqrt)),
        Mistake("This is s + pinv(X D)(y − X s): a change of units, half of it undone. X w is not y.", "D inside, D in front.",
                ending(weight=lambda r: r**2, front=lambda r: r)),
        Mistake("The D in front is missing: inside the inverse it stands, so X w is not y.", "D Xᵀ (X D Xᵀ)⁻¹.",
                ending(front=lambda r: np.ones_like(r))),
        Mistake("The D inside is missing: X w is not y.", "D Xᵀ (X D Xᵀ)⁻¹.",
                ending(weight=lambda r: np.ones_like(r), front=lambda r: r)),
        Mistake("Something is added to the matrix before it is inverted. That is ridge, and X w is not y.", "No penalty here.",
                ending(ridge=1.0)),
        Mistake("The move has the wrong sign.", "Towards y − X s.", ending(sign=-1.0)),
        Mistake("This is one step with the rate 1. Asked is the end.", "Which sum of rows closes y − X s?", ending(solved=False)),
    ),
    success="Each move is D times a sum of rows, so w = s + D Xᵀc, and X w = y leaves one c. Of all answers it is the nearest to s, "
            "where the square of a way along an unknown is divided by its rate.",
    onwards="set one rate to 0. What happens to that unknown, and when is there no answer left to reach?")

# -- 23.2 -----------------------------------------------------------------------------------------------------------------------


def trace_cases(rng):
    for name, kept, n, d, classes in (("one checkpoint, two examples", 1, 2, 3, 2), ("three checkpoints", 3, 4, 3, 3),
                                      ("five checkpoints, ten classes", 5, 6, 4, 10), ("the test picture among them", 2, 5, 4, 3)):
        X = np.round(rng.normal(size=(n, d)), 2)
        k, x = rng.integers(0, classes, n), np.round(rng.normal(size=d), 2)
        truth = int(rng.integers(0, classes))
        if name.startswith("the test"):
            x, truth = X[0], int(k[0])
        yield Case(name, {"W": np.round(rng.normal(size=(kept, d, classes)), 2), "lr": np.round(rng.uniform(0.1, 0.9, kept), 2),
                          "steps": rng.integers(2, 30, kept), "X": X, "k": k, "x": x, "truth": truth})


def credited(W, lr, steps, X, k, x, truth, weight=lambda lr, steps, n: lr * steps / n, which=slice(None), sign=1.0, labels=None,
             inputs=lambda X, x: X @ x, outputs=lambda E, e: E @ e, errors=lambda p, hot: p - hot, shape=None):
    """TracIn of each example for one test example, on a linear softmax model; each argument after `truth` is a fault."""
    total = np.zeros(len(X))
    pairs = list(zip(W, weight(np.array(lr), np.array(steps), len(X))))[which]
    for w, factor in pairs:
        P, p = softmax(X @ w), softmax(x[None] @ w)
        told = P.argmax(1) if labels else k
        E, e = errors(P, np.eye(w.shape[1])[told]), errors(p, np.eye(w.shape[1])[[truth]])[0]
        term = outputs(E, e) * inputs(X, x)
        if shape:
            term = term / (np.linalg.norm(X, axis=1) * np.linalg.norm(x) * np.linalg.norm(E, axis=1) * np.linalg.norm(e))
        total = total + factor * term
    return sign * total


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def traced(**faults):
    return lambda W, lr, steps, X, k, x, truth: credited(W, lr, steps, X, k, x, truth, **faults)


trace = Question(
    "23.2", "Whose step was it?", "function", points=3, difficulty=2, minutes=15, name="credit",
    objectives=("split the fall of a loss among the training examples", "multiply two gradients without building them"),
    draw=trace_cases, oracle=credited, rtol=1e-7,
    mistakes=(
        Mistake("The rates are missing.", "rate × steps / n.", traced(weight=lambda lr, steps, n: steps / n)),
        Mistake("The steps are missing: each checkpoint stands for all its steps.", "rate × steps / n.",
                traced(weight=lambda lr, steps, n: lr / n)),
        Mistake("The division by n is missing: a step goes along the mean of the gradients.", "rate × steps / n.",
                traced(weight=lambda lr, steps, n: lr * steps)),
        Mistake("You average over the checkpoints. What they explain adds up.", "A sum.",
                lambda W, *rest: credited(W, *rest) / len(W)),
        Mistake("Either the last checkpoint alone is used, or your loop overwrites the sum.", "Add over all of them.",
                traced(which=slice(-1, None))),
        Mistake("The sign is wrong: a help is positive, it makes the loss fall.", "rate × steps / n × gᵢ·g.", traced(sign=-1.0)),
        Mistake("You took the predicted class of the training examples for their label.", "k is what they were trained on.",
                traced(labels=True)),
        Mistake("The inputs are left out: this is the product of the errors alone.", "(X x) times (errors · errors).",
                traced(inputs=lambda X, x: np.ones(len(X)))),
        Mistake("The errors are left out: this is the likeness of the inputs alone.", "(X x) times (errors · errors).",
                traced(outputs=lambda E, e: np.ones(len(E)))),
        Mistake("The two products are added. The product of two outer products is their product.", "(X x) times (errors · errors).",
                lambda W, lr, steps, X, k, x, truth: added(W, lr, steps, X, k, x, truth)),
        Mistake("These are cosines: you divided by the lengths of the gradients.", "The product itself, which is what a step does.",
                traced(shape=True)),
        Mistake("The errors are p: the label was not taken off.", "p − 1 at the label.", traced(errors=lambda p, hot: p)),
        Mistake("The errors are taken at the label only. A gradient goes to all classes.", "p − onehot, all entries.",
                traced(errors=lambda p, hot: (p - hot) * hot)),
    ),
    success="A gradient is inputs times errors, so the product of two gradients is (xᵢ·x)(errorᵢ·error); rate, steps and 1/n make it "
            "the share of the fall that example i has to answer for.",
    onwards="add up your answer over all examples. Beside which number should it stand, and when does it not?")


def added(W, lr, steps, X, k, x, truth):
    total = np.zeros(len(X))
    for w, rate, many in zip(W, lr, steps):
        E, e = softmax(X @ w) - np.eye(w.shape[1])[k], (softmax(x[None] @ w) - np.eye(w.shape[1])[[truth]])[0]
        total = total + rate * many / len(X) * (E @ e + X @ x)
    return total


# -- 23.3 -----------------------------------------------------------------------------------------------------------------------

eight = Question(
    "23.3", "Eight numbers before you run", "predict", points=3, difficulty=2, minutes=15, name="predicted",
    objectives=("foretell the answer that a method ends at", "use the edge, the margin and the shortest answer with numbers"),
    draw=items("edge", "curvature", "rate", "shortest", "from", "length", "slow", "credit"), rtol=2e-3,
    oracle={"edge": 190, "curvature": 9 / 4 + 4 / 9, "rate": 2 / 4.25, "shortest": 2, "from": 29**0.5, "length": 6 + np.log(1000) / 0.5,
            "slow": (4 + 17**0.5) ** 0.5, "credit": 0.05},
    mistakes=(
        Mistake("For `edge` you left out the momentum.", "(2 + 2β)/η.", {"edge": 100}),
        Mistake("For `edge` you divided by 1 − β, as if momentum only made the rate longer.", "(2 + 2β)/η.", {"edge": 10}),
        Mistake("For `edge` you counted β once.", "(2 + 2β)/η.", {"edge": 145}),
        Mistake("For `edge` the sign of β is wrong: momentum moves it up.", "(2 + 2β)/η.", {"edge": 10.526}),
        Mistake("For `edge` you divided by the rate and forgot the 2.", "(2 + 2β)/η.", {"edge": 95}),
        Mistake("For `curvature` you took the root.", "x₁² + x₂².", {"curvature": (9 / 4 + 4 / 9) ** 0.5}),
        Mistake("For `curvature` the other weight is missing.", "x₁² + x₂².", {"curvature": 9 / 4}),
        Mistake("For `curvature` you added the weights.", "x₁² + x₂².", {"curvature": 13 / 6}),
        Mistake("For `curvature` you halved it, as in the loss.", "x₁² + x₂².", {"curvature": (9 / 4 + 4 / 9) / 2}),
        Mistake("For `rate` this is the rate that arrives in one step.", "2 over the curvature.", {"rate": 1 / 4.25}),
        Mistake("For `rate` this is the curvature.", "2 over the curvature.", {"rate": 4.25}),
        Mistake("For `rate` you took the larger weight's square alone.", "2 over x₁² + x₂².", {"rate": 0.5}),
        Mistake("For `rate` you turned the quotient round.", "2 over the curvature.", {"rate": 4.25 / 2}),
        Mistake("For `shortest` this is its first or its second entry. Asked is the length.", "10 over the length of (3, 4).",
                {"shortest": 1.2}),
        Mistake("For `shortest` you took the answer on one axis.", "10 over the length of (3, 4).", {"shortest": 2.5}),
        Mistake("For `shortest` you divided by the square of the length of (3, 4).", "10 over the length.", {"shortest": 0.4}),
        Mistake("For `shortest` this is 10 divided by 7.", "10 over the length of (3, 4).", {"shortest": 10 / 7}),
        Mistake("For `from` this is the length of the shortest answer. The start stays where no row sees it.", "Pythagoras.",
                {"from": 2}),
        Mistake("For `from` this is the length of the start.", "Pythagoras.", {"from": 5}),
        Mistake("For `from` you added the two lengths. They are perpendicular.", "Pythagoras.", {"from": 7}),
        Mistake("For `from` you forgot the root.", "Pythagoras.", {"from": 29}),
        Mistake("For `length` you multiplied by the margin.", "ln(time ratio) / margin.", {"length": 6 + np.log(1000) * 0.5}),
        Mistake("For `length` the margin is missing.", "ln(time ratio) / margin.", {"length": 6 + np.log(1000)}),
        Mistake("For `length` either you doubled it, since ln t doubles, or you counted in powers of ten. There is a constant, and the "
                "logarithm is the natural one.", "Add ln(time ratio) / margin.", {"length": 12}),
        Mistake("For `length` this is what is added. It was 6 before.", "6 + ln(time ratio) / margin.", {"length": np.log(1000) / 0.5}),
        Mistake("For `length` you took ln of the step alone.", "The length was 6 at step 1,000.", {"length": np.log(1e6) / 0.5}),
        Mistake("For `slow` you went to the middle of the curve.", "x₁² − x₂² keeps its 8.", {"slow": 1}),
        Mistake("For `slow` the first weight did not move.", "x₁² − x₂² keeps its 8, and x₁x₂ becomes 1.", {"slow": 3}),
        Mistake("For `slow` this is x₁².", "Take the root.", {"slow": 4 + 17**0.5}),
        Mistake("For `slow` you kept the sum of the squares, or their product.", "The difference of the squares stays.",
                {"slow": (5 + 24**0.5) ** 0.5}),
        Mistake("For `slow` you took x₂.", "The larger one is asked.", {"slow": 1 / (4 + 17**0.5) ** 0.5}),
        Mistake("For `credit` the steps are missing.", "rate/n × steps × product.", {"credit": 0.005}),
        Mistake("For `credit` the division by n is missing.", "rate/n × steps × product.", {"credit": 2.5}),
        Mistake("For `credit` you averaged the two checkpoints over all twenty steps, and halved once more.", "Ten steps each.",
                {"credit": 0.025}),
        Mistake("For `credit` only the last checkpoint is counted.", "Count both.", {"credit": 0.01}),
        Mistake("For `credit` only the first checkpoint is counted.", "Count both.", {"credit": 0.04}),
        Mistake("For `credit` the rate is missing.", "rate/n × steps × product.", {"credit": 0.5}),
    ),
    success="(2 + 2β)/η, x₁² + x₂², 2 over it, b over the length of the row, Pythagoras, ln over the margin, a difference that is kept, "
            "and a sum over steps.",
    onwards="which of the eight change if the loss is multiplied by ten and the rate divided by ten?")

QUESTIONS = (own_rates, trace, eight)
