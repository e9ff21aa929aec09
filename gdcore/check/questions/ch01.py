"""The questions of chapter 1, on losses: what they answer, and how to write them down (01.1 to 01.5)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items, log_softmax, of_truth, scores

# -- 01.1 -----------------------------------------------------------------------------------------------------------------------


one_slip = Question(
    "01.1", "One slip, four numbers", "predict", points=2, difficulty=1, minutes=5, name="predicted",
    objectives=("say which constant each loss answers", "say what an error costs"),
    draw=items("squared", "absolute", "sixty", "bill"), rtol=1e-3,
    oracle={"squared": 464.0, "absolute": 140.0, "sixty": 9.0, "bill": 3.0},
    mistakes=(
        Mistake("For `squared` you gave 140, the median, or the mean without the slip. It answers the mean, and the slip drags it along.",
                "Add up the five scores, the 1800 among them, and divide by 5.", {"squared": 140.0}),
        Mistake("For `absolute` you gave the mean. The absolute error answers the median, which does not care how large the slip is.",
                "Sort the five scores. As many must lie below the answer as above it.", {"absolute": 464.0}),
        Mistake("For `absolute` you gave the middle of the range. That is what the largest error alone would ask for.",
                "Count people, do not measure distances: as many below as above.", {"absolute": 950.0}),
        Mistake("For `sixty` you counted as the absolute value does: 60 is three times 20.",
                "The squared error counts 60² against 20².", {"sixty": 3.0}),
        Mistake("For `bill` you divided the probabilities. The bill is a logarithm: each further zero adds the same amount.",
                "Compute ln 0.001 and ln 0.1, and divide.", {"bill": 100.0}),
    ),
    success="The slip moved the mean from 140 to 464 and left the median where it was; 60² is 9 times 20²; ln 0.001 is 3 times ln 0.1.",
    onwards="let the 100 become 1000 instead. How far does each of the two go? And how many slips can the median bear?")

# -- 01.2 -----------------------------------------------------------------------------------------------------------------------


def people(rng, n, spread=60):
    """(predictions, truths) of n patients, in points of the score."""
    y = rng.integers(25, 347, n).astype(float)
    return np.round(y + spread * rng.normal(size=n), 1), y


def mse_cases(rng):
    p, y = people(rng, 3)
    yield Case("three patients", {"prediction": p, "y": y})
    p, y = people(rng, 6)
    e = p[:3] - y[:3]
    yield Case("errors that cancel", {"prediction": y + np.r_[e, -e], "y": y})
    yield Case("truths in a column, (20, 1)", {"prediction": people(rng, 20)[0], "y": people(rng, 20)[1][:, None]})
    p, y = people(rng, 5)
    yield Case("predictions in a column, (5, 1)", {"prediction": p[:, None], "y": y})
    yield Case("both in a column", {"prediction": p[:, None], "y": y[:, None] + 10})


def flat_error(prediction, y):
    return np.ravel(prediction) - np.ravel(y)


mse = Question(
    "01.2", "The mean squared error", "function", points=2, difficulty=1, minutes=8, name="mse",
    objectives=("turn many errors into one number", "notice when shapes go wrong in silence"),
    draw=mse_cases, oracle=lambda prediction, y: np.mean(flat_error(prediction, y) ** 2),
    mistakes=(
        Mistake("Your loss compares everyone with everyone: a column minus a row is a table.",
                "One of the two has the shape (n, 1), the other (n,). Bring both to one shape first, by `np.ravel` for instance.",
                lambda prediction, y: np.mean((prediction - y) ** 2)),
        Mistake("You flatten the predictions and leave the truths as they come. Flat minus a column is a table again.",
                "`np.ravel` does no harm to what is flat already: do it to both.",
                lambda prediction, y: np.mean((np.ravel(prediction) - y) ** 2)),
        Mistake("Only columns of predictions are brought into line. The truths may stand in a column, too.",
                "`np.ravel` does no harm to what is flat already: do it to both, whatever their shapes.",
                lambda prediction, y: np.mean((np.ravel(prediction) - (np.ravel(y) if np.ndim(prediction) > 1 else y)) ** 2)),
        Mistake("Your loss adds up where it should average.", "Ten copies of the same data must give the same loss: `np.mean`.",
                lambda prediction, y: np.sum(flat_error(prediction, y) ** 2)),
        Mistake("Your loss is the mean absolute error.", "Each error is to be squared, not made positive.",
                lambda prediction, y: np.mean(np.abs(flat_error(prediction, y)))),
        Mistake("Your loss is the root of the right one.", "The root is for people to read. Here leave it out.",
                lambda prediction, y: np.sqrt(np.mean(flat_error(prediction, y) ** 2))),
        Mistake("Your loss is half of the right one.",
                "Some libraries have the half (optax does); PyTorch and Keras leave it out, and so do we.",
                lambda prediction, y: np.mean(flat_error(prediction, y) ** 2) / 2),
        Mistake("Your loss squares the mean error: too high and too low cancel before they are squared.",
                "Square first, then average.", lambda prediction, y: np.mean(flat_error(prediction, y)) ** 2),
        Mistake("Your loss divides by n − 1.", "That belongs to estimates of a variance. A loss is a plain mean, divided by n.",
                lambda prediction, y: np.sum(flat_error(prediction, y) ** 2) / (np.size(y) - 1)),
    ),
    success="It squares before it averages, so nothing cancels, and it lines up the shapes, so nobody is compared with a stranger.",
    onwards="put the line `assert prediction.shape == y.shape` into it instead. When would you rather have that?")

# -- 01.3 -----------------------------------------------------------------------------------------------------------------------


def huber_cases(rng):
    yield Case("small errors, δ = 1", {"e": rng.uniform(-1, 1, 6), "delta": 1.0})
    yield Case("large errors, δ = 1", {"e": rng.uniform(2, 5, 3) * [1, -1, 1], "delta": 1.0})
    yield Case("large errors of one sign", {"e": -rng.uniform(4, 9, 4), "delta": 2.0})
    yield Case("in points of the score, δ = 50", {"e": np.round(rng.normal(0, 80, 9), 1), "delta": 50.0})
    yield Case("exactly at ±δ", {"e": np.array([-3.0, 0.0, 3.0]), "delta": 3.0})


def huber_of(e, delta):
    size = np.abs(e)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))


huber = Question(
    "01.3", "Huber's compromise", "function", points=2, difficulty=1, minutes=8, name="huber",
    objectives=("join two losses without a jump", "keep two nearly equal definitions apart"),
    draw=huber_cases, oracle=huber_of,
    mistakes=(
        Mistake("The half of the round part is missing.", "Near zero the loss is ½e². Without the half the two parts do not meet at δ.",
                lambda e, delta: np.where(np.abs(e) <= delta, e**2, delta * (np.abs(e) - delta / 2))),
        Mistake("Your loss jumps at δ: the straight part is not shifted down.",
                "At |e| = δ both parts must be ½δ². Subtract ½δ inside the bracket.",
                lambda e, delta: np.where(np.abs(e) <= delta, e**2 / 2, delta * np.abs(e))),
        Mistake("This is the other Huber: PyTorch's SmoothL1Loss, which is divided by δ.", "Far away the slope must be δ, not 1.",
                lambda e, delta: huber_of(e, delta) / delta),
        Mistake("Negative errors are never large for your loss.", "Compare the size |e| with δ, not e.",
                lambda e, delta: np.where(e <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2))),
        Mistake("Your loss takes δ for 1, whatever it is given.",
                "δ appears three times: in the comparison and twice in the straight part.",
                lambda e, delta: huber_of(e, 1.0)),
        Mistake("Beyond δ the slope of your loss is 1.",
                "The parabola has the slope δ where it ends; the straight part goes on with that slope.",
                lambda e, delta: np.where(np.abs(e) <= delta, e**2 / 2, np.abs(e) - delta / 2)),
    ),
    success="At δ the two parts have the same height ½δ² and the same slope δ, so there is neither a jump nor a kink.",
    onwards="draw it for δ = 0.1 and δ = 10 over errors from −5 to 5. But for a factor, which of them looks like |e|, and which like e²?")

# -- 01.4 -----------------------------------------------------------------------------------------------------------------------


def cross_entropy_cases(rng):
    yield Case("four pictures, three classes", scores(rng, 4, 3))
    yield Case("a fresh network, ten classes", {**scores(rng, 5, 10), "z": np.zeros((5, 10))})
    yield Case("surely right and surely wrong", {"z": np.array([[9.0, 0.0], [9.0, 0.0]]) + rng.uniform(0, 1), "k": np.array([0, 1])})
    wild = scores(rng, 4, 3, spread=2000.0)
    wild["z"][0, wild["k"][0]] = wild["z"][0].min() - 1000  # one truth at least has a probability of nothing
    yield Case("scores in the thousands", wild)
    far = scores(rng, 2, 4)
    yield Case("rows a thousand apart", {**far, "z": far["z"] + np.array([[1000.0], [-1000.0]])})


def naive(z, k):
    return -np.mean(of_truth(np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)), k))


def late_log(z, k):
    return -np.mean(np.log(of_truth(np.exp(log_softmax(z)), k)))


def one_maximum(z, k):
    z = z - z.max()
    return -np.mean(of_truth(z - np.log(np.exp(z).sum(axis=1, keepdims=True)), k))


cross_entropy = Question(
    "01.4", "Cross-entropy that cannot overflow", "function", points=3, difficulty=2, minutes=12, name="cross_entropy",
    objectives=("turn scores into the bill for the truth", "keep the exponential from overflowing"),
    draw=cross_entropy_cases, oracle=lambda z, k: -np.mean(of_truth(log_softmax(z), k)),
    mistakes=(
        Mistake("Your exponential overflows: e to the 1000 is no number any more.",
                "Subtract from each row its largest score first. The probabilities stay the same.", naive),
        Mistake("Your exponential is safe now, your logarithm is not: a probability that has shrunk to zero pays infinity.",
                "Take the logarithm on paper: ln p is the score minus the maximum minus ln Σ exp. No probability is formed.", late_log),
        Mistake("You subtract one maximum from all rows, and a row far below it underflows to zero.",
                "Each row needs its own: `z.max(axis=1, keepdims=True)`.", one_maximum),
        Mistake("Your loss adds up where it should average.", "Divide by the number of pictures.",
                lambda z, k: -np.sum(of_truth(log_softmax(z), k))),
        Mistake("The minus is missing: the more wrong, the lower your loss.",
                "The logarithm of a probability is negative, a bill is positive.",
                lambda z, k: np.mean(of_truth(log_softmax(z), k))),
        Mistake("You charge for the likeliest class, not for the truth.", "Pick column k of each row: `log_p[np.arange(len(k)), k]`.",
                lambda z, k: -np.mean(log_softmax(z).max(axis=1))),
        Mistake("You charge each picture for the classes of all: `[:, k]` picks whole columns.",
                "One entry a row needs two lists of places: `log_p[np.arange(len(k)), k]`.",
                lambda z, k: -np.mean(log_softmax(z)[:, k])),
        Mistake("Your softmax runs over the pictures, not over the classes.", "Each row must add up to 1: `axis=1`.",
                lambda z, k: -np.mean(of_truth(log_softmax(z, axis=0), k))),
        Mistake("The softmax is applied twice: even a perfect answer would pay.",
                "log p is the score minus a logarithm. Take no softmax of a softmax.",
                lambda z, k: -np.mean(of_truth(log_softmax(np.exp(log_softmax(z))), k))),
        Mistake("You use the logarithm to base 2.", "The loss of deep learning counts in natural logarithms: `np.log`.",
                lambda z, k: -np.mean(of_truth(log_softmax(z), k)) / np.log(2)),
    ),
    success="Subtracting the row's maximum changes no probability, and the largest exponential is then e⁰ = 1.",
    onwards="what does a fresh network pay on 1000 classes? Check it against ln 1000 = 6.91.")

# -- 01.5 -----------------------------------------------------------------------------------------------------------------------


def pull_cases(rng):
    yield Case("one picture, three classes", scores(rng, 1, 3))
    yield Case("four pictures", scores(rng, 4, 3))
    yield Case("surely wrong: the truth has the score −10", {"z": np.array([[-10.0, 0.0]]) + rng.uniform(0, 1), "k": np.array([0])})
    yield Case("ten classes", scores(rng, 6, 10, spread=3.0))
    yield Case("scores in the thousands", scores(rng, 3, 3, spread=2000.0))


def pulls(z, k, axis=1):
    p = np.exp(log_softmax(z, axis))
    p[np.arange(len(k)), k] -= 1
    return p


def in_columns(z, k):
    p = np.exp(log_softmax(z))
    p[:, k] -= 1
    return p / len(k)


slope = Question(
    "01.5", "How hard the loss pulls", "function", points=3, difficulty=2, minutes=12, name="slope",
    objectives=("compute the slope of the cross-entropy in every score", "see why it never falls silent while it is wrong"),
    draw=pull_cases, oracle=lambda z, k: pulls(z, k) / len(k),
    mistakes=(
        Mistake("Your exponential overflows: e to the 1000 is no number any more.",
                "Subtract from each row its largest score first, as in 01.4. The probabilities stay the same.",
                lambda z, k: (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - np.eye(z.shape[1])[k]) / len(k)),
        Mistake("Your slope belongs to the sum, not to the mean.",
                "The loss is divided by the number of pictures, and so is its slope.", pulls),
        Mistake("Your slope points the other way.", "Raising the truth's score lowers the loss, so there the slope is negative: p − 1.",
                lambda z, k: -pulls(z, k) / len(k)),
        Mistake("The truth is forgotten: these are the probabilities.", "Subtract 1 in the column of the truth.",
                lambda z, k: np.exp(log_softmax(z)) / len(k)),
        Mistake("You divide by the number of scores.", "The mean runs over the pictures, not over the classes.",
                lambda z, k: pulls(z, k) / z.size),
        Mistake("Your softmax runs over the pictures, not over the classes.", "Each row of p must add up to 1: `axis=1`.",
                lambda z, k: pulls(z, k, axis=0) / len(k)),
        Mistake("You subtract 1 in whole columns: `[:, k]` takes the classes of all pictures.",
                "One entry a row needs two lists of places: `p[np.arange(len(k)), k]`.", in_columns),
        Mistake("You subtract 1 everywhere, not only for the truth.", "Only the entry [i, k[i]] of each row loses 1.",
                lambda z, k: (np.exp(log_softmax(z)) - 1) / len(k)),
    ),
    success="Each row sums to zero: what is pulled up in the truth is pushed down in the others. At a score of −10 the pull is nearly 1.",
    onwards="compare with the Brier score, whose pull is 4p(1 − p)² for two classes. Where are the two alike?")

QUESTIONS = (one_slip, mse, huber, cross_entropy, slope)
