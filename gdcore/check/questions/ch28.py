"""The questions of chapter 28 on ratings, time and numbers: one rating, walks, eight numbers, a variance with faults (28.1 to 28.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 28.1 -----------------------------------------------------------------------------------------------------------------------


def rating_cases(rng):
    for name, k, lr, keep in (("two tastes", 2, 0.05, 0.1), ("five tastes", 5, 0.1, 0.05), ("a strong penalty", 3, 0.2, 0.8),
                              ("one taste", 1, 0.3, 0.2), ("a small rate", 8, 0.01, 0.02)):
        yield Case(name, {"mean": 3.5, "b": round(rng.uniform(0.2, 0.6), 2), "c": round(rng.uniform(-0.6, -0.2), 2),
                          "p": np.round(rng.normal(size=k), 2), "q": np.round(rng.normal(size=k) + 0.3, 2),
                          "r": float(rng.integers(1, 11)) / 2 + 0.13, "lr": lr, "keep": keep})


def rated(mean, b, c, p, q, r, lr, keep, guess=lambda m, b, c, d: m + b + c + d, order="old", sign=1.0, bias=True, held=None, factor=1.0,
          own=False, bias_held=True):
    """A step on one rating; each argument after `keep` is a fault."""
    held = (lambda lr, keep, x: lr * keep * x) if held is None else held
    wrong = sign * factor * (r - guess(mean, b, c, p @ q))
    after = lambda x, slope: x + lr * wrong * slope - held(lr, keep, x)
    free = lambda x: after(x, 1.0) if bias_held else x + lr * wrong
    if order == "each":
        b = free(b)
        wrong = sign * factor * (r - guess(mean, b, c, p @ q))
        c = free(c)
    else:
        b, c = (free(b), free(c)) if bias else (b, c)
    if order in ("anew", "each"):
        wrong = sign * factor * (r - guess(mean, b, c, p @ q))
    p, q = (after(p, p), after(q, q)) if own else (after(p, q), after(q, after(p, q) if order == "new" else p))
    return np.concatenate([[b, c], p, q])


def rates(**faults):
    return lambda mean, b, c, p, q, r, lr, keep: rated(mean, b, c, p, q, r, lr, keep, **faults)


def vectors_first(mean, b, c, p, q, r, lr, keep):
    return np.roll(rated(mean, b, c, p, q, r, lr, keep), -2)


def changes(mean, b, c, p, q, r, lr, keep):
    return rated(mean, b, c, p, q, r, lr, keep) - np.concatenate([[b, c], p, q])


def by_owner(mean, b, c, p, q, r, lr, keep):
    row, k = rated(mean, b, c, p, q, r, lr, keep), len(p)
    return np.concatenate([row[:1], row[2:2 + k], row[1:2], row[2 + k:]])


def mean_too(mean, b, c, p, q, r, lr, keep, moved=True):
    return np.append(mean + moved * lr * (r - mean - b - c - p @ q), rated(mean, b, c, p, q, r, lr, keep))


def the_slopes(mean, b, c, p, q, r, lr, keep):
    return -changes(mean, b, c, p, q, r, lr, keep) / lr


one_rating = Question(
    "28.1", "One rating, two rows", "function", points=2, difficulty=1, minutes=10, name="rate",
    objectives=("write a step of matrix factorisation with biases", "keep old values until all slopes are taken"),
    draw=rating_cases, oracle=rated, rtol=1e-9, each=True,
    mistakes=(
        Mistake("The film's vector moves along the person's new one. All slopes belong to the old values.", "Copy p and q first.",
                rates(order="new")),
        Mistake("You took the error anew after the biases had moved.", "One error for all four.", rates(order="anew"),
                also=(rates(order="each"),)),
        Mistake("The penalty is missing.", "− η λ x in each line.", rates(held=lambda lr, keep, x: 0.0)),
        Mistake("The penalty pushes outwards: its sign is wrong.", "− η λ x in each line.", rates(held=lambda lr, keep, x: -lr * keep * x)),
        Mistake("The penalty is not multiplied by the rate.", "− η λ x in each line.", rates(held=lambda lr, keep, x: keep * x)),
        Mistake("The penalty is taken twice as strong: its derivative is λx, since the loss has ½λx².", "− η λ x in each line.",
                rates(held=lambda lr, keep, x: 2 * lr * keep * x)),
        Mistake("The biases are not held back, only the vectors.", "The penalty names b and c as well.", rates(bias_held=False)),
        Mistake("The step climbs: the error is taken as guess minus rating.", "Rating minus guess.", rates(sign=-1.0)),
        Mistake("The slope is twice too long: the loss is half the square.", "wrong · q, without a 2.", rates(factor=2.0)),
        Mistake("The step is twice too long, error and penalty: both stand in the loss with a half.", "wrong · q − λ p, without a 2.",
                rates(factor=2.0, held=lambda lr, keep, x: 2 * lr * keep * x)),
        Mistake("The biases stay where they were.", "b and c move too.", rates(bias=False)),
        Mistake("The guess lacks the mean.", "μ + b + c + p·q.", rates(guess=lambda m, b, c, d: b + c + d)),
        Mistake("The guess lacks the biases.", "μ + b + c + p·q.", rates(guess=lambda m, b, c, d: m + d)),
        Mistake("The guess lacks p·q.", "μ + b + c + p·q.", rates(guess=lambda m, b, c, d: m + b + c)),
        Mistake("Each vector moves along itself. The slope in p is q, and in q it is p.", "p along q, q along p.", rates(own=True)),
        Mistake("The vectors stand before the biases.", "[[b, c], p, q].", vectors_first),
        Mistake("Each bias stands before its vector: b, p, c, q.", "[[b, c], p, q].", by_owner),
        Mistake("The mean came back as well, in front.", "b, c, p, q; the mean is kept.", mean_too,
                also=(lambda *given: mean_too(*given, moved=False),)),
        Mistake("You return the slopes, not the values after the step.", "Old value minus η · slope.", the_slopes),
        Mistake("You return the changes, not the new values.", "Old value plus change.", changes),
    ),
    success="One error, four slopes from the old values, and each thing that was touched is held back a little.",
    onwards="leave out the penalty and repeat the step a thousand times on one rating. Where do p and q go?")

# -- 28.2 -----------------------------------------------------------------------------------------------------------------------


def walk_cases(rng):
    for name, train, ahead, gap, more in (("no gap", 6, 3, 0, 2), ("a gap", 8, 4, 2, 1), ("a gap as long as the test", 5, 3, 3, 0),
                                          ("days left over", 10, 4, 1, 3), ("many walks", 4, 1, 2, 0)):
        count = int(rng.integers(3, 6))
        yield Case(name, {"days": train + gap + ahead * count + more, "train": train, "ahead": ahead, "gap": gap})


def walked(days, train, ahead, gap, start=lambda s: s, end=lambda s, train, gap: s + train, begin=lambda s, train, gap: s + train + gap,
           pace=lambda train, ahead, gap: ahead, last=0, close=0):
    """Rows of the walk; each argument after `gap` is a fault."""
    most = days - train - gap - ahead + 1 + last
    return np.array([[start(s), end(s, train, gap), begin(s, train, gap), begin(s, train, gap) + ahead + close]
                     for s in range(0, most, pace(train, ahead, gap))])


def walks(**faults):
    return lambda days, train, ahead, gap: walked(days, train, ahead, gap, **faults)


def shuffled(days, train, ahead, gap):
    rows, order = walked(days, train, ahead, gap), np.random.default_rng(0)
    return rows[order.permutation(len(rows))[::-1]] if len(rows) > 1 else rows


def lengths(days, train, ahead, gap):
    rows = walked(days, train, ahead, gap)
    return np.c_[rows[:, 0], rows[:, 1] - rows[:, 0], rows[:, 2], rows[:, 3] - rows[:, 2]]


def cut_off(days, train, ahead, gap, less=0):
    return np.minimum(walked(days, train, ahead, gap, last=ahead - less), days)


the_walk = Question(
    "28.2", "A walk with a gap", "function", points=3, difficulty=2, minutes=12, name="walk",
    objectives=("write splits that respect time", "leave a gap where answers look ahead"),
    draw=walk_cases, oracle=walked,
    mistakes=(
        Mistake("The gap is missing: the test begins where the training ends.", "The test begins at s + train + gap.",
                walks(begin=lambda s, train, gap: s + train)),
        Mistake("The gap is cut out of the training part, which gets shorter.", "train days, then the gap, then the test.",
                walks(end=lambda s, train, gap: s + train - gap, begin=lambda s, train, gap: s + train),
                also=(lambda days, train, ahead, gap: walked(days, train - gap, ahead, gap),)),
        Mistake("The training part reaches through the gap.", "It ends at s + train.", walks(end=lambda s, train, gap: s + train + gap)),
        Mistake("The last walk that fits is missing: the range ends one too early.",
                "s + train + gap + ahead may equal the number of days.", walks(last=-1)),
        Mistake("There is a walk whose test reaches beyond the last day.", "s + train + gap + ahead may at most equal the number of days.",
                lambda days, train, ahead, gap: walked(days, train, ahead, gap, last=ahead),
                also=(walks(last=1),)),
        Mistake("The last test is cut off at the last day. A walk that does not fit is left out.",
                "s + train + gap + ahead may at most equal the number of days.", cut_off, also=(lambda *given: cut_off(*given, less=1),)),
        Mistake("The table lies on its side: a row a walk, not a column.", "One row [begin, end, begin, end] for each walk.",
                lambda days, train, ahead, gap: walked(days, train, ahead, gap).T),
        Mistake("The training part grows: it always begins at day 0. Asked is one that slides.", "It begins at s.",
                walks(start=lambda s: 0)),
        Mistake("The walk moves on by the training part. Then most days are never judged.", "It moves on by `ahead`.",
                walks(pace=lambda train, ahead, gap: train)),
        Mistake("The walk moves on by test and gap. Then the days of the gaps are never judged.", "It moves on by `ahead`.",
                walks(pace=lambda train, ahead, gap: ahead + gap)),
        Mistake("The walk moves on by a training part and a gap.", "It moves on by `ahead`.",
                walks(pace=lambda train, ahead, gap: train + gap)),
        Mistake("Each walk begins where the one before ends: most days are never judged.", "It moves on by `ahead`.",
                walks(pace=lambda train, ahead, gap: train + gap + ahead)),
        Mistake("The gap is not counted where you ask whether a walk fits: there is a test beyond the last day.",
                "s + train + gap + ahead may at most equal the number of days.",
                lambda days, train, ahead, gap: walked(days, train, ahead, gap, last=gap)),
        Mistake("The gap is missing in the rows and in the last start.", "The test begins at s + train + gap.",
                lambda days, train, ahead, gap: walked(days, train, ahead, 0)),
        Mistake("You return how long training and test are, not where they end.", "Ends, one beyond the last day.", lengths),
        Mistake("The walk moves on by one day: days are judged several times.", "It moves on by `ahead`.",
                walks(pace=lambda train, ahead, gap: 1)),
        Mistake("The ends are the last days themselves. Asked is one beyond, as in a slice.", "Ends are exclusive.",
                walks(end=lambda s, train, gap: s + train - 1, close=-1)),
        Mistake("The test begins one day late, or the gap is one too long.", "The test begins at s + train + gap.",
                walks(begin=lambda s, train, gap: s + train + gap + 1, last=-1)),
        Mistake("The walks are out of order.", "In the order of time.", shuffled),
    ),
    success="Train, gap, test, all sliding on by the length of the test: each day is judged once, by a model that could not know it.",
    onwards="a target that looks 20 days ahead, and inputs that look 60 days back. Which of the two sets the gap?")

# -- 28.3 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "28.3", "Eight numbers from five jobs", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("count what a step changes in a table", "compute a bias, a slope, a variance and a score by hand"),
    draw=items("numbers", "moved", "dense", "decayed", "generous", "slope", "variance", "NDCG"), rtol=2e-3,
    oracle={"numbers": 66_001, "moved": 22, "dense": 1000, "decayed": 5000, "generous": 0.75, "slope": -0.25, "variance": 1.8, "NDCG": 0.5},
    mistakes=(
        Mistake("For `numbers` biases are missing, of one table or of both.", "Each row has k + 1 numbers; one more is the mean.",
                {"numbers": 60_000}),
        Mistake("For `numbers` you counted a whole table of persons and films. That is what is factorised.",
                "Each row has k + 1 numbers.", {"numbers": 5_000_000}),
        Mistake("For `numbers` the films are missing.", "Rows of both tables.", {"numbers": 11_001}),
        Mistake("For `numbers` the persons are missing.", "Rows of both tables.", {"numbers": 55_001}),
        Mistake("For `numbers` you counted one number a row. Each has ten tastes and a bias.",
                "Each row has k + 1 numbers; one more is the mean.", {"numbers": 6000}, also=({"numbers": 6001},)),
        Mistake("For `moved` one of the two biases is missing.", "Two rows and two biases.",
                {"moved": 21}),
        Mistake("For `moved` you counted one row only, without its bias.", "Two rows and two biases.",
                {"moved": 10}),
        Mistake("For `moved` you counted two numbers too many: the mean is kept, and each row has 11.", "Two rows and two biases.",
                {"moved": 24}),
        Mistake("For `dense` you said that nothing moves. The batch does.", "Both batches.",
                {"dense": 0}),
        Mistake("For `slope` this is the share of slower cars alone.", "The share of slower cars minus τ.",
                {"slope": 0.6}),
        Mistake("For `slope` this is the slope of a single slower car.", "The share of slower cars minus τ.",
                {"slope": 0.15}),
        Mistake("For `slope` this is minus the share of faster cars.", "The share of slower cars minus τ.",
                {"slope": -0.4}),
        Mistake("For `slope` either one side of the loss is missing, or shares and weights are paired wrongly.",
                "The share of slower cars minus τ.", {"slope": -0.34}, also=({"slope": 0.09}, {"slope": -0.51},)),
        Mistake("For `variance` the old part is not weighed.", "λs + (1 − λ)r².",
                {"variance": 1.9}),
        Mistake("For `NDCG` you took the logarithm and not one over it.", "1 / log₂(place + 1).",
                {"NDCG": 2}),
        Mistake("For `NDCG` you took one over the place and one more, without a logarithm.", "1 / log₂(place + 1).",
                {"NDCG": 0.25}),
        Mistake("For `NDCG` this is the share of hits in the list. The best list has one hit, too.", "1 / log₂(place + 1).",
                {"NDCG": 0.1}),
        Mistake("For `moved` the biases are missing.", "Two rows and two biases.", {"moved": 20}),
        Mistake("For `moved` you counted one row only, with its bias.", "Two rows and two biases.", {"moved": 11}),
        Mistake("For `moved` you counted rows, not numbers.", "Two rows and two biases, each number.", {"moved": 2}),
        Mistake("For `moved` you counted two rows and two biases, each as one.", "Two rows and two biases, each number.", {"moved": 4}),
        Mistake("For `moved` the mean was counted; it is kept.", "Two rows and two biases.", {"moved": 23}),
        Mistake("For `moved` all numbers move only with a dense rule or decay.", "Two rows and two biases.", {"moved": 66_001}),
        Mistake("For `dense` you counted the second batch only. Adam still remembers the first.", "Both batches.", {"dense": 500}),
        Mistake("For `dense` averages that are still zero move nothing.", "Both batches.", {"dense": 5000}),
        Mistake("For `dense` you counted the first batch too, and the second twice.", "Both batches, each film once.", {"dense": 1500}),
        Mistake("For `decayed` only rows with a gradient or a memory moved in your count. Decay shrinks each row.", "All rows.",
                {"decayed": 1000}),
        Mistake("For `decayed` you said that nothing moves. Decay asks nobody.", "All rows of the films.", {"decayed": 0}),
        Mistake("For `decayed` you counted the batch only.", "All rows.", {"decayed": 500}),
        Mistake("For `decayed` the second batch is left out. It moves as well.", "All rows of the films.", {"decayed": 4500}),
        Mistake("For `decayed` both batches are left out. They move as well.", "All rows of the films.", {"decayed": 4000}),
        Mistake("For `decayed` persons are in another table.", "All rows of the films.", {"decayed": 6000}),
        Mistake("For `generous` this is the mean, without a penalty.", "Sum over n + λ.", {"generous": 2.0}),
        Mistake("For `generous` you added λ to the mean's denominator and took the mean above, not the sum.", "Sum over n + λ.",
                {"generous": 0.25}),
        Mistake("For `generous` you divided the mean by λ alone.", "Sum over n + λ.", {"generous": 0.4}),
        Mistake("For `generous` you divided by λ alone.", "Sum over n + λ.", {"generous": 1.2}),
        Mistake("For `generous` this is the sum, without a division.", "Sum over n + λ.", {"generous": 6.0}),
        Mistake("For `generous` you weighed the mean by λ over n + λ: more ratings would mean less trust.", "Sum over n + λ.",
                {"generous": 1.25}),
        Mistake("For `slope` the sign is wrong: the guess is too low, so the loss falls to the right.", "The share of slower cars minus τ.",
                {"slope": 0.25}),
        Mistake("For `slope` you took τ alone.", "The share of slower cars minus τ.", {"slope": -0.85}),
        Mistake("For `slope` you took the share of faster cars.", "The share of slower cars minus τ.", {"slope": -0.45}),
        Mistake("For `slope` you took 1 − τ in place of τ.", "The share of slower cars minus τ.", {"slope": 0.45}),
        Mistake("For `variance` decay and its complement have changed places.", "λs + (1 − λ)r².", {"variance": 8.2}),
        Mistake("For `variance` the return is not squared.", "λs + (1 − λ)r².", {"variance": 1.2}),
        Mistake("For `variance` the new part is not weighed.", "λs + (1 − λ)r².", {"variance": 9.9}),
        Mistake("For `variance` this is the square of the return alone.", "λs + (1 − λ)r².", {"variance": 9.0}),
        Mistake("For `variance` the old part is missing.", "λs + (1 − λ)r².", {"variance": 0.9}),
        Mistake("For `variance` today's return counts from tomorrow on, but yesterday's counts today.", "λs + (1 − λ)r².",
                {"variance": 1.0}),
        Mistake("For `NDCG` you took one over the place.", "1 / log₂(place + 1).", {"NDCG": 1 / 3}),
        Mistake("For `NDCG` the logarithm is that of the place. Then the first place would be infinite.", "1 / log₂(place + 1).",
                {"NDCG": 1 / np.log2(3)}),
        Mistake("For `NDCG` you took the natural logarithm.", "1 / log₂(place + 1).", {"NDCG": 1 / np.log(4)}),
        Mistake("For `NDCG` this is the hit. Its place counts as well.", "1 / log₂(place + 1).", {"NDCG": 1.0}),
        Mistake("For `NDCG` you averaged over ten places.", "1 / log₂(place + 1).", {"NDCG": 0.05}),
    ),
    success="Two rows and two biases; Adam's memory and any decay reach further; n + λ, the share minus τ, and a logarithm of the place.",
    onwards="which of the eight change when the model has 20 numbers a row, and which when there are 10,000 films?")

# -- 28.4 -----------------------------------------------------------------------------------------------------------------------


def return_cases(rng):
    for name, days, decay, first in (("a calm start", 6, 0.9, 1.0), ("a crash", 8, 0.94, 0.5), ("a short memory", 7, 0.6, 2.0),
                                     ("a long one", 12, 0.98, 1.5)):
        returns = np.round(rng.normal(size=days) * np.sqrt(first) * 1.5 + 0.1, 2)
        returns[days // 2] = -5.0 if name == "a crash" else returns[days // 2]
        yield Case(name, {"returns": returns, "decay": decay, "first": first})


def surprised(returns, decay, first, today=False, swapped=False, wide=False, half=True, log=True, square=True, root=False,
              lag=False, rooted=False, logs=1.0, power=2, weight=1, summed=False):
    """The surprise of each day; each argument after `first` is a fault."""
    s, found = first, []
    keep = 1 - decay if swapped else decay
    for t, r in enumerate(returns):
        after = (1.0 if summed else keep) * s + (1 - keep) * (r**2 if square else abs(r))
        if today or lag and t:
            s = after
        below = s**2 if wide else np.sqrt(s) if rooted else s
        surprise = log * logs * np.log(np.sqrt(s) if root else s) + weight * r**power / below
        found.append(surprise * (0.5 if half else 1.0))
        s = s if lag else after
    return np.array(found)


def daily(**faults):
    return lambda returns, decay, first: surprised(returns, decay, first, **faults)


three_faults = Question(
    "28.4", "A variance, three faults", "bug", points=3, difficulty=2, minutes=12, name="surprise",
    objectives=("find a leak from today into today's forecast", "tell a variance from a deviation"),
    draw=return_cases, oracle=surprised, rtol=1e-9,
    mistakes=(
        Mistake("This is where the code as it was given ends, with its three faults.",
                "What is known in the morning? Which part is kept? Is s a variance or a deviation?",
                daily(today=True, swapped=True, wide=True)),
        Mistake("One fault is found, today's return in today's variance. Two are left.", "Which part is kept? What is s?",
                daily(swapped=True, wide=True)),
        Mistake("One fault is found, the weights. Two are left.", "What is known in the morning? What is s?", daily(today=True, wide=True)),
        Mistake("One fault is found, the square of s. Two are left.", "What is known in the morning? Which part is kept?",
                daily(today=True, swapped=True)),
        Mistake("Two faults are found. Today's return is still in today's variance.", "Judge the day first, then let s learn of it.",
                daily(today=True)),
        Mistake("Two faults are found. The weights are still exchanged: the decay belongs to the old variance.", "decay · s.",
                daily(swapped=True)),
        Mistake("Two faults are found. s is a variance already: r²/s.", "Divide by s.", daily(wide=True)),
        Mistake("The half is lost.", "Half of both terms.", daily(half=False)),
        Mistake("The logarithm is lost. Then the largest variance would be the best.", "ln s + r²/s.", daily(log=False)),
        Mistake("The logarithm is that of the deviation, and halved again.", "Half of ln s.", daily(root=True)),
        Mistake("The second day knows its own return: the day's square is put in before the day is judged, but for the first.",
                "s_t learns of r at t − 1.", daily(lag=True)),
        Mistake("s is taken for a deviation: the square is divided by its root.", "Divide by s.", daily(rooted=True)),
        Mistake("Either the logarithm is that of the square of s, or it is not halved.", "Half of ln s.", daily(logs=2.0)),
        Mistake("The return is not squared where the day is judged.", "r² / s.", daily(power=1)),
        Mistake("The logarithm is halved, the other term is not.", "Half of both terms.", daily(weight=2)),
        Mistake("The square is subtracted. Then the wildest day would be the best.", "ln s + r²/s.", daily(weight=-1)),
        Mistake("The logarithm has the base 10.", "np.log.", daily(logs=1 / np.log(10))),
        Mistake("The old variance is not weighed: it can only grow.", "decay · s.", daily(summed=True)),
        Mistake("You return the mean. Asked is a number for each day.", "One entry a day.",
                lambda returns, decay, first: float(np.mean(surprised(returns, decay, first)))),
        Mistake("The first day is missing. Its variance is `first`.", "One entry a day.",
                lambda returns, decay, first: surprised(returns, decay, first)[1:]),
        Mistake("The variance learns of |r|, not of its square.", "(1 − decay) · r².", daily(square=False)),
    ),
    success="In the morning s knows nothing of the day. It judges, then it learns.",
    onwards="print both versions' mean on real returns. How much better does the leak look?")

QUESTIONS = (one_rating, the_walk, eight_numbers, three_faults)
