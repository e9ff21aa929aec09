"""The questions of chapter 1 on choosing a loss, and on losses that go wrong (01.6 to 01.9)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.questions.shared import items, log_softmax, of_truth, scores
from gdcore.check.values import short

# -- 01.6 -----------------------------------------------------------------------------------------------------------------------

choose = Question(
    "01.6", "Which loss, and why", "choose", points=2, difficulty=1, minutes=6, name="chosen",
    objectives=("choose a loss from what an error costs", "give the reason"),
    draw=items("budget", "parcels", "sensor", "spam"),
    oracle={"budget": ("squared", "c"), "parcels": ("absolute", "a"), "sensor": ("huber", "d"), "spam": ("cross-entropy", "b")},
    mistakes=(
        Mistake("For `budget` the absolute error falls short: it answers the median, and medians do not add up to the total.",
                "In the chapter its predictions for 442 people were 4 % short of the truth. Which loss made them exact?",
                {"budget": ("absolute", None)}),
        Mistake("For `parcels` the squared error answers the mean, which a few lost parcels drag up.",
                "The customer asks what is as likely to be exceeded as not.", {"parcels": ("squared", None)}),
        Mistake("For `sensor` the squared error listens to every slip: 21.5 typed as 215 pulls with a force of 387, good values with 0.2.",
                "Which loss is round near zero and caps its slope far away?", {"sensor": ("squared", None)}),
        Mistake("For `sensor` the absolute error does shrug off slips, but it pulls as hard at an error of 0.01 as at one of 1.",
                "Small, bell-shaped noise wants a loss that is round near zero. Which one is that, and still caps its slope?",
                {"sensor": ("absolute", None)}),
        Mistake("For `spam` the count of mistakes is what you want, and nothing that you can walk down: it is a staircase.",
                "Ask for a stand-in that notices every small change.", {"spam": ("count", None)}),
        Mistake("For `spam` the squared error of probabilities goes silent when the model is surely wrong.",
                "At a score of −10 its slope was 0.0002. Which one pulled with 1?", {"spam": ("squared", None)}),
    ),
    success="Each time the question was the same: what does an error cost, and does the loss notice a small step?",
    onwards="find a task from your own work. What does an error of 10 cost there, compared with one of 1?")

# -- 01.7 -----------------------------------------------------------------------------------------------------------------------


def epoch_cases(rng):
    for name, n, batch in (("one batch", 8, 8), ("three whole batches", 12, 4), ("a short last batch", 10, 4),
                           ("less than one batch", 3, 8)):
        case = scores(rng, n, 5, spread=2.0)
        yield Case(name, {"scores": case["z"], "labels": case["k"], "batch": batch})
    labels = rng.integers(0, 10, 7)
    yield Case("surely right on ten classes", {"scores": 30.0 * np.eye(10)[labels] + rng.uniform(0, 1), "labels": labels, "batch": 3})


def bills(z, k, twice=False):
    return -of_truth(log_softmax(np.exp(log_softmax(z)) if twice else z), k)


def batches(z, k, size):
    return [(z[i:i + size], k[i:i + size]) for i in range(0, len(k), size)]


def mean_of_means(z, k, size, twice=False):
    return np.mean([np.mean(bills(*b, twice)) for b in batches(z, k, size)])


def as_given(z, k, size, twice=True):
    total = 0.0
    for b in batches(z, k, size):
        total += np.mean(bills(*b, twice))
    return total / (len(k) // size)


epoch_loss = Question(
    "01.7", "The loss that sticks at 1.46", "bug", points=3, difficulty=2, minutes=12, name="epoch_loss",
    objectives=("tell a broken loss from a broken model", "average over batches of unequal size"),
    draw=epoch_cases, oracle=lambda scores, labels, batch: np.mean(bills(scores, labels)),
    mistakes=(
        Mistake("This is the function as it was given.",
                "There are two faults: one in what a picture pays, one in how batches are averaged.", as_given),
        Mistake("One fault is mended, the softmax. The other is in the last line: batches are not all of one size.",
                "A last batch of 2 counts as much as one of 4, or is not counted at all. Add up the bills of all pictures, divide once.",
                lambda z, k, size: as_given(z, k, size, twice=False)),
        Mistake("One fault is mended, the average. The other: the softmax is taken twice.",
                "What must a perfect answer pay? Put scores of 30 for the truth in, and look.",
                lambda z, k, size: np.mean(bills(z, k, twice=True))),
        Mistake("Your number of batches is right now, but a short batch still counts like a whole one.",
                "Weigh each batch by its length, or add up the bills and divide by len(labels).", mean_of_means),
        Mistake("The short last batch is left out.", "Every picture must pay.",
                lambda z, k, size: np.mean(bills(z, k)[:max(len(k) // size, 1) * size] if len(k) >= size else bills(z, k))),
        Mistake("Both faults are mended, but you return the sum.",
                "Divide by the number of pictures.", lambda z, k, size: np.sum(bills(z, k))),
    ),
    success="A perfect answer pays nothing, and every picture counts once, whatever the size of its batch.",
    onwards="how wrong can a mean of means get? Try 65 pictures in batches of 64, the last of which is surely wrong.")

# -- 01.8 -----------------------------------------------------------------------------------------------------------------------


def slip_cases(rng):
    for name, slips, scatter in (("nine slips in 120", 9, 40), ("five slips in 120", 5, 40),
                                 ("no slips, and people who scatter widely", 0, 80), ("six slips in 120", 6, 40)):  # fmt: skip
        x = np.round(rng.normal(0, 4.4, 120), 2)
        y = np.round(152 + 10 * x + scatter * rng.normal(size=120)).clip(25, 346)
        typed = y.copy()
        typed[rng.choice(120, slips, replace=False)] *= 10
        yield Case(name, {"x": x, "y": typed}, hidden={"clean": y})


def line(x, y, weight=None, origin=False):
    """(w, b) by least squares, reweighted `weight(error)`; b = 0 with origin."""
    A, rounds = np.c_[x, np.zeros_like(x) if origin else np.ones_like(x)], 60 if weight else 1
    root = np.ones_like(y)
    for _ in range(rounds):
        w, b = np.linalg.lstsq(A * root[:, None], y * root, rcond=None)[0]
        root = np.sqrt(weight(w * x + b - y)) if weight else root
    return float(w), float(b)


def robust(e):
    return np.minimum(1, 40 / np.maximum(np.abs(e), 1e-6))


def near_the_clean_line(value, inputs, hidden):
    """The mean absolute error on the clean scores is within 10 % of that of the line fitted to them by least squares."""
    if np.shape(value) != (2,):
        return f"A slope and an intercept are expected, two numbers; {short(value)} came."
    w, b = value
    x, clean = np.array(inputs["x"]), np.array(hidden["clean"])
    off = lambda w, b: float(np.mean(np.abs(w * x + b - clean)))
    goal, yours = 1.1 * off(*line(x, clean)), off(w, b)
    return "" if yours <= goal else f"The mean absolute error on the clean scores is {yours:.1f}; the goal is {goal:.1f}."


fit = Question(
    "01.8", "A line that shrugs off slips", "target", points=3, difficulty=3, minutes=15, name="fit",
    objectives=("fit by another loss than squares", "reach a goal by any means"),
    draw=slip_cases, proof=near_the_clean_line, rtol=0.02,
    mistakes=(
        Mistake("Your line is the least-squares one, and each slip pulls on it with twice its size.",
                "Fit again and again, each time with the weight min(1, δ/|e|) for each person: that is Huber's loss.", line),
        Mistake("You return the intercept first.", "The order is (w, b): slope, then intercept.", lambda x, y: line(x, y, robust)[::-1]),
        Mistake("Your line is flat, at the median.", "The median shrugs off slips, but it does not look at x. A line needs a slope.",
                lambda x, y: (0.0, float(np.median(y)))),
        Mistake("Your line is flat, at the mean.", "It neither looks at x nor shrugs off slips.", lambda x, y: (0.0, float(np.mean(y)))),
        Mistake("Your line goes through the origin.", "The average person has a score of about 150: give the line an intercept.",
                lambda x, y: line(x, y, robust, origin=True)),
    ),
    success="Your line lies within a tenth of the one that saw no slip. In Huber's fit a slip of 1400 pulls no harder than one of δ.",
    onwards="up to how many slips of 120 does your line hold? Where would the median give up?")

# -- 01.9 -----------------------------------------------------------------------------------------------------------------------

two_models = Manual(
    "01.9", "Two models for the waiting room", difficulty=2, minutes=10, name="opinion", words=150,
    objectives=("read what lies behind two averages", "defend a choice by what an error costs"),
    rubric=(("says what kind of errors each model makes, from the two numbers", 1),
            ("names a use for which A is the better one, with what an error costs there", 1),
            ("the same for B", 1),
            ("asks for one more number or picture, and says what it would decide", 1)))

QUESTIONS = (choose, epoch_loss, fit)
MANUAL = (two_models,)
