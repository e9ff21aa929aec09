"""The questions of chapter 29 on groups and rare words: the worst group, a debt paid late, a letter (29.5 to 29.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 29.5 -----------------------------------------------------------------------------------------------------------------------

CLOSE = 1.02


def groups_cases(rng):
    for name, sizes, slopes, shifts, noise in (
            ("two shops, one small", (90, 12), (1.0, -1.0), (0.0, 2.0), (0.4, 0.4)),
            ("two towns, one noisy", (60, 40), (2.0, 0.5), (0.0, -1.0), (0.3, 0.9)),
            ("three wards", (60, 30, 12), (1.0, 0.2, -1.2), (0.0, 1.5, -1.0), (0.3, 0.5, 0.4)),
            ("three schools of one size", (30, 30, 30), (0.5, 1.5, -0.5), (2.0, 0.0, -2.5), (0.5, 0.3, 0.6))):
        group = np.repeat(np.arange(len(sizes)), sizes)
        x = rng.normal(size=len(group)) + 0.3 * group
        y = np.array(slopes)[group] * x + np.array(shifts)[group] + np.array(noise)[group] * rng.normal(size=len(group))
        mix = rng.permutation(len(group))
        B, y, group = np.round(np.c_[x, np.ones(len(x))][mix], 3), np.round(y[mix], 3), group[mix]
        w = balanced(B, y, group)
        yield Case(name, {"B": B, "y": y, "group": group}, {"best": float(errors(w, B, y, group).max())})


def errors(w, B, y, group):
    return np.bincount(group, (B @ w - y) ** 2) / np.bincount(group)


def fitted(B, y, weight):
    root = np.sqrt(weight)
    return np.linalg.lstsq(B * root[:, None], y * root, rcond=None)[0]


def balanced(B, y, group, rounds=400, sign=1.0, power=0.3, change=None):
    """The line whose worst group is best, by weights of the groups that grow with their errors; each argument after `group` is a fault."""
    n = np.bincount(group)
    q = np.ones(len(n)) / len(n)
    for _ in range(rounds):
        e = errors(fitted(B, y, q[group] / n[group]), B, y, group)
        q = q * np.exp(sign * power * e / e.max()) if change is None else change(q, e, n)
        q = q / q.sum()
    return fitted(B, y, q[group] / n[group])


def minimal(value, inputs, hidden):
    B, y, group = (np.array(inputs[name]) for name in ("B", "y", "group"))
    w = np.array(value, dtype=float)
    if w.shape != (B.shape[1],) or not np.isfinite(w).all():
        return f"Give the weights of a line: an array of {B.shape[1]} finite numbers."
    found = errors(w, B, y, group)
    if found.max() <= CLOSE * hidden["best"]:
        return ""
    return (f"The worst group is number {int(found.argmax())}, with a mean squared error of {found.max():.3f}; "
            f"{CLOSE * hidden['best']:.3f} is asked for.")


def each_alone(B, y, group):
    return np.array([fitted(B[group == k], y[group == k], np.ones(np.sum(group == k))) for k in range(group.max() + 1)])


def worst_alone(B, y, group):
    worst = errors(fitted(B, y, np.ones(len(y))), B, y, group).argmax()
    return each_alone(B, y, group)[worst]


def one_look(B, y, group):
    e = errors(fitted(B, y, np.ones(len(y))), B, y, group)
    return fitted(B, y, (e / e.sum())[group] / np.bincount(group)[group])


def hard_turns(B, y, group, steps=400, lr=0.1):
    """Descent on the worst group of the moment, at a rate that never shrinks."""
    w = np.zeros(B.shape[1])
    for _ in range(steps):
        k = errors(w, B, y, group).argmax()
        A = B[group == k]
        w = w - lr * 2 * A.T @ (A @ w - y[group == k]) / len(A)
    return w


worst_first = Question(
    "29.5", "The worst group first", "target", points=3, difficulty=3, minutes=15, name="fair",
    objectives=("lower the error of the worst group by weights that learn", "tell a group's mean error from its share of the sum"),
    draw=groups_cases, proof=minimal,
    mistakes=(
        Mistake("This is the least mean error over all. A small group counts there as much as it has members.",
                "Give the groups weights, and let these grow with the groups' errors.",
                lambda B, y, group: fitted(B, y, np.ones(len(y)))),
        Mistake("All groups weigh the same here, whatever their errors. That helps the small ones, and not the worst.",
                "Let the weights follow the errors.",
                lambda B, y, group: balanced(B, y, group, rounds=0)),
        Mistake("You fitted the worst group alone. Now another one is the worst.", "Weights between the groups, not one of them.",
                worst_alone),
        Mistake("This is the mean of the groups' own lines. It does not know their errors.", "Weights that follow the errors.",
                lambda B, y, group: each_alone(B, y, group).mean(axis=0)),
        Mistake("The weights go the wrong way: the group that is best off gains.", "q grows with the error.",
                lambda B, y, group: balanced(B, y, group, sign=-1.0, rounds=40)),
        Mistake("Your rounds are too few: the weights are still on their way.", "Some hundred rounds.",
                lambda B, y, group: balanced(B, y, group, rounds=2)),
        Mistake("The weights were set once, from the first errors. After that step the errors are others.", "Look again after each fit.",
                one_look),
        Mistake("All weight goes to the worst group of the moment: at the end the groups take turns.", "Let the weights grow by a factor.",
                lambda B, y, group: balanced(B, y, group, change=lambda q, e, n: (e == e.max()) + 1e-9)),
        Mistake("The weights are the errors' shares, anew in each round. So the worst group never gets more than its share.",
                "Multiply the old weights, so that they add up over the rounds.",
                lambda B, y, group: balanced(B, y, group, change=lambda q, e, n: e)),
        Mistake("Your weights move by large factors and swing to and fro.", "A smaller number in the exponent.",
                lambda B, y, group: balanced(B, y, group, power=8.0)),
        Mistake("You descend the worst group of the moment at a rate that never shrinks: at the end the groups take turns.",
                "Smooth weights, or a rate that shrinks.", hard_turns),
    ),
    success="The weights rose until the worst groups were equally bad, or until one had all the weight and stood on its floor.",
    onwards="print each group's error and the error of its own best line. Which groups are equal, and which stand on their floor?")

# -- 29.6 -----------------------------------------------------------------------------------------------------------------------


def debt_cases(rng):
    for name, n, k, t, rate, lam, g in (("three words of six", 6, 3, 9, 0.1, 0.4, 0.7), ("long away", 8, 4, 40, 0.2, 0.1, -0.5),
                                        ("some reach zero", 7, 5, 30, 0.1, 0.3, 0.3), ("a weak penalty", 10, 3, 12, 0.5, 0.01, -0.9),
                                        ("all words", 5, 5, 6, 0.3, 0.2, 0.4)):
        w, since = np.round(rng.choice([-1, 1], n) * rng.uniform(0.1, 1.5, n), 3), rng.integers(0, t - 1, n)
        words = rng.choice(n, k, replace=False)
        if lam * rate * t > 0.7:  # long away: two of the words owe more than they have
            w[words[:2]], since[words[:2]] = [0.2, -0.3], [0, 1]
        yield Case(name, {"w": w, "since": since, "words": words, "g": g, "t": t, "rate": rate, "lam": lam})


def visited(w, since, words, g, t, rate, lam, gap=lambda t, s: t - s, shrink=None, late=False, update=True, rows="words", step=None,
            everywhere=False, all_since=False, mark=0):
    """A click's words pay what they owe and learn; each argument after `lam` is a fault."""
    w, since = np.array(w, dtype=float), np.array(since, dtype=float)
    i = np.array(words) if rows == "words" else np.arange(len(w))
    shrink = shrink or (lambda v, owed: np.sign(v) * np.maximum(np.abs(v) - owed, 0))
    move = rate * g if step is None else step
    learn = slice(None) if everywhere else np.array(words)
    if late:
        w[learn] -= move
    w[i] = shrink(w[i], rate * lam * gap(t, since[i]))
    if not late:
        w[learn] -= move
    if update:
        since[slice(None) if all_since else i] = t + mark
    return np.stack([w, since])


def owing(**faults):
    return lambda w, since, words, g, t, rate, lam: visited(w, since, words, g, t, rate, lam, **faults)


paid_late = Question(
    "29.6", "A debt that is paid at the next visit", "function", points=3, difficulty=2, minutes=15, name="visit",
    objectives=("pay a penalty of many steps at once", "touch only the words of a click"),
    draw=debt_cases, oracle=visited, each=True,
    mistakes=(
        Mistake("All words pay. Only those of the click may be touched; the others owe on.", "w[words] and since[words].",
                owing(rows="all")),
        Mistake("A word pays for one step, however long it was away.", "t − since steps.", owing(gap=lambda t, s: np.ones(len(s)))),
        Mistake("One step too few is paid.", "t − since steps.", owing(gap=lambda t, s: t - s - 1)),
        Mistake("One step too many is paid.", "t − since steps.", owing(gap=lambda t, s: t - s + 1)),
        Mistake("A word pays for all t steps, as if it had never paid.", "t − since steps.", owing(gap=lambda t, s: t + 0 * s)),
        Mistake("A weight that owes more than it has goes through zero to the other side.", "It stops at zero.",
                owing(shrink=lambda v, owed: v - np.sign(v) * owed)),
        Mistake("Weights below zero are set to zero, or pushed away from it: the sign is lost.", "Shrink |w|, keep the sign.",
                owing(shrink=lambda v, owed: np.maximum(v - owed, 0))),
        Mistake("The sign is lost: weights below zero come back above it.", "Give it its sign back.",
                owing(shrink=lambda v, owed: np.maximum(np.abs(v) - owed, 0))),
        Mistake("`since` becomes t + 1, so the next visit pays a step too few.", "since[words] = t.", owing(mark=1)),
        Mistake("You multiply, as for a squared penalty. This one takes the same length at each step.", "Subtract.",
                lambda w, since, words, g, t, rate, lam: visited(
                    w, since, words, g, t, rate, lam, shrink=lambda v, owed: v * (1 - rate * lam) ** (owed / (rate * lam)))),
        Mistake("The weights grow by what they owe.", "Towards zero.", owing(shrink=lambda v, owed: np.sign(v) * (np.abs(v) + owed))),
        Mistake("The lesson comes before the debt. The debt is older.", "Pay, then learn.", owing(late=True)),
        Mistake("`since` stays. At the next visit the same debt is paid again.", "since[words] = t.", owing(update=False)),
        Mistake("`since` becomes t for all words: the debts of the others are forgotten.", "since[words] = t.", owing(all_since=True)),
        Mistake("All words learn from this click.", "w[words].", owing(everywhere=True)),
        Mistake("The lesson is missing.", "w[words] minus rate times g.", owing(step=0.0)),
        Mistake("The lesson climbs.", "w[words] minus rate times g.",
                lambda w, since, words, g, t, rate, lam: visited(w, since, words, -g, t, rate, lam)),
        Mistake("The lesson lacks the rate.", "w[words] minus rate times g.",
                lambda w, since, words, g, t, rate, lam: visited(w, since, words, g, t, rate, lam, step=g)),
        Mistake("The debt lacks the rate.", "rate · lam a step.",
                lambda w, since, words, g, t, rate, lam: visited(w, since, words, g, t, rate, lam / rate)),
        Mistake("These are the weights alone.", "Two rows: weights, then since.", lambda *inputs: visited(*inputs)[0]),
    ),
    success="Equal shrinkings add up, so a word may owe for a thousand steps and pay at once. A click costs as much as it has words.",
    onwards="when the stream ends, every word still owes. Write the settlement, and count how many weights are zero after it.")

# -- 29.7 -----------------------------------------------------------------------------------------------------------------------

a_letter = Manual(
    "29.7", "Four numbers on a slide", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("find the loss that a trade really has", "say what a number on a slide would need before it is believed"),
    rubric=(("says that the costs ask for the quantile 0.9 of the demand, and how to train for it", 1),
            ("says that weighted scores are no risks, and turns them back or takes the plain loss with a threshold", 1),
            ("says that random days leak, and how to split or walk forward instead", 1),
            ("says that few cases scatter most, and shrinks the branches before ranking them", 1)))

QUESTIONS = (worst_first, paid_late)
MANUAL = (a_letter,)
