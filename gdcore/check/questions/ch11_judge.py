"""The questions of chapter 11, on generalisation: a training with faults, a strength, and the judgement (11.4 to 11.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 11.4 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):
    def case(name, n, d, steps, lr, p, decay, level=2.0):
        A = np.round(rng.normal(size=(n, d)), 2)
        y = np.round(A @ rng.normal(size=d) + level + 0.3 * rng.normal(size=n), 2)
        masks = (rng.random((steps, n, d)) >= p).astype(int)
        return Case(name, {"A": A, "y": y, "masks": masks, "lr": lr, "p": p, "decay": decay})

    yield case("three steps", 8, 3, 3, 0.2, 0.5, 0.5)
    yield case("few are dropped", 10, 4, 6, 0.1, 0.2, 0.3)
    yield case("no decay", 8, 3, 5, 0.2, 0.4, 0.0)
    yield case("nothing is dropped", 8, 3, 4, 0.2, 0.0, 0.4)
    yield case("far from zero", 9, 2, 5, 0.1, 0.3, 0.2, level=-5.0)


def trained(A, y, masks, lr, p, decay, bare=False, bias=False, noisy=False, divide=None, measured=1.0, none=False, told=False,
            rateless=False, whole=False, stale=False, early=False, bare_input=False, double=False, fixed=False, turned=False,
            undropped=False, twice=False, summed=False):
    w, b, losses = np.zeros(A.shape[1]), 0.0, []
    shrink = (2 if double else 1) * (1 if rateless else lr) * (0 if none else decay)
    keep = 1 if bare else (1 - p if divide is None else divide(p))
    for mask in np.asarray(masks):
        h = A * (1 if undropped else 1 - mask if turned else mask) / (1 if undropped else keep)
        error = h @ w + b - y
        start = w, b
        w = w - lr * (A if bare_input else h).T @ error / len(y) / (keep if twice else 1) - shrink * w
        b = 0.0 if fixed else b - lr * ((error.sum() if summed else error.mean()) + (decay * b if bias else 0))
        seen = h if noisy else A * (measured(p) if callable(measured) else measured)
        at, level = start if early else (w, b)
        off = error if stale else seen @ at + level - y
        losses.append(np.mean(off**2) / (1 if whole else 2) + (decay * w @ w / 2 if told else 0))
    return np.array(losses)


def faulty(**faults):
    return lambda A, y, masks, lr, p, decay: trained(A, y, masks, lr, p, decay, **faults)


training = Question(
    "11.4", "Dropout that never ends", "bug", points=3, difficulty=2, minutes=15, name="train",
    objectives=("find faults in a regularised training by reading it", "tell what belongs to training from what belongs to measuring"),
    draw=training_cases, oracle=faulty(),
    mistakes=(
        Mistake("These are the losses of the code as it was given, with its three faults.",
                "What keeps the mean of a dropped input? What is measured? What is decayed?", faulty(bare=True, bias=True, noisy=True)),
        Mistake("One fault is found, the scale of what is kept. Two are left.", "Look at what is measured and at what is decayed.",
                faulty(bias=True, noisy=True)),
        Mistake("One fault is found, the decay of the intercept. Two are left.",
                "Look at the scale of the inputs and at what is measured.",
                faulty(bare=True, noisy=True)),
        Mistake("One fault is found, the measuring through a mask. Two are left.",
                "Look at the scale of the inputs and at what is decayed.",
                faulty(bare=True, bias=True)),
        Mistake("Two faults are found. What is kept is still not scaled.", "Divide by the chance of being kept, 1 − p.", faulty(bare=True)),
        Mistake("Two faults are found. The intercept still decays.", "A penalty on b pulls all predictions towards zero.",
                faulty(bias=True)),
        Mistake("Two faults are found. The losses are still measured through a mask.", "Measure on A itself.", faulty(noisy=True)),
        Mistake("You scale in measuring, by 1 − p, and not in training: the first form of dropout. Here training shall be scaled.",
                "Divide the masked inputs by 1 − p, and measure on A.", faulty(bare=True, measured=lambda p: 1 - p)),
        Mistake("You divide by p. An input is kept with the chance 1 − p.", "A * mask / (1 - p).", faulty(divide=np.float64)),
        Mistake("You multiply by 1 − p in training; then the mean shrinks twice.", "Divide.", faulty(divide=lambda p: 1 / (1 - p))),
        Mistake("You divide the inputs by 1 − p in measuring, too. In evaluation nothing is dropped, so nothing is scaled.",
                "Measure on A itself.", faulty(measured=lambda p: 1 / (1 - p))),
        Mistake("The dropout is gone. It stays in the training; only the measuring is without.", "h = A * mask / (1 - p).",
                faulty(undropped=True)),
        Mistake("You keep what the mask drops: a 1 means kept.", "A * mask.", faulty(turned=True)),
        Mistake("Your gradient is divided by 1 − p once more: h holds that already.", "h.T @ error / len(y).", faulty(twice=True)),
        Mistake("The step of b takes the sum of the errors, not their mean.", "b - lr * error.mean().", faulty(summed=True)),
        Mistake("The decay of w is gone as well. Only the intercept goes free.", "lr * decay * w stays in the step of w.",
                faulty(none=True)),
        Mistake("Your losses hold the penalty. Asked is the plain loss, which can be compared with others.", "Leave the decay to the step.",
                faulty(told=True)),
        Mistake("Your losses stand before the step. Asked is one after each.", "Measure after w and b have moved.", faulty(early=True)),
        Mistake("Your losses are made of the error before the step, behind a mask.", "Measure on A, with the new w and b.",
                faulty(stale=True)),
        Mistake("The half is missing in your losses.", "Half the mean square.", faulty(whole=True)),
        Mistake("Your losses are roots.", "Half the mean square.", lambda *inputs: np.sqrt(2 * trained(*inputs))),
        Mistake("Your gradient uses A, though the prediction used the masked inputs.", "h.T @ error.", faulty(bare_input=True)),
        Mistake("You scale in training and in measuring. One of the two is enough, and here it is training.", "Measure on A itself.",
                faulty(measured=lambda p: 1 - p)),
        Mistake("The intercept is gone, or does not learn. Only its decay was wrong.", "b - lr * error.mean().", faulty(fixed=True)),
        Mistake("The decay counts twice: the slope of ½ · decay · |w|² is decay · w.", "lr * decay * w.", faulty(double=True)),
        Mistake("You return the last loss alone.", "One loss for each step.", lambda *inputs: trained(*inputs)[-1]),
        Mistake("The decay has lost its rate.", "lr * (… + decay * w).", faulty(rateless=True)),
    ),
    success="What is kept is divided by 1 − p, the intercept goes free, and the loss is measured without any noise.",
    onwards="let all masks be drawn a thousand times and average the gradients: which ridge comes out?")

# -- 11.5 -----------------------------------------------------------------------------------------------------------------------


def strength_cases(rng):
    def case(name, n, d, k, level=0.0):
        while True:
            A = np.linalg.qr(rng.normal(size=(n, d)))[0] * np.sqrt(n) * rng.permutation(np.geomspace(0.3, 3, d))
            y = A @ (rng.normal(size=d) / rng.permutation(np.geomspace(0.3, 3, d))) + level + 0.1 * rng.normal(size=n)
            c = np.sort(slopes(A, y))[::-1]
            if np.diff(-c).min() > 0.05 * c[0] / d and c[-1] > 0.01:
                return Case(name, {"A": A, "y": y, "k": k})

    yield case("one of four", 12, 4, 1)
    yield case("three of six", 20, 6, 3)
    yield case("all of five", 15, 5, 5)
    yield case("none of three", 10, 3, 0)
    yield case("five of eight", 30, 8, 5)
    yield case("two of seven, far from zero", 40, 7, 2, level=8.0)


def slopes(A, y):
    """The sizes of the loss's slope at w = 0."""
    return np.abs(A.T @ y) / len(y)


def between(values, k):
    """A number that k of some sizes lie above."""
    falling = np.append(np.sort(values)[::-1], 0.0)
    return 2 * falling[0] if k == 0 else (falling[k - 1] + falling[k]) / 2


def next_one(values, k):
    """The largest size that is not among the k largest."""
    return np.append(np.sort(values)[::-1], 0.0)[k]


def ways(*wrong):
    """The codes of a mistake, for each of some sizes: a strength between two of them, 0 for all columns, or the next size itself."""
    codes = [code for sizes in wrong for code in (
        lambda A, y, k, sizes=sizes: between(sizes(A, y), k),
        lambda A, y, k, sizes=sizes: between(sizes(A, y), k) * (k < A.shape[1]),
        lambda A, y, k, sizes=sizes: next_one(sizes(A, y), k))]  # fmt: skip
    return codes[0], tuple(codes[1:])


def unsorted(A, y, k):
    c = np.append(slopes(A, y), 0.0)
    return (c[k - 1] + c[k]) / 2


def least_squares(A, y):
    return np.abs(np.linalg.lstsq(A, y, rcond=None)[0])


def over_lengths(A, y):
    return slopes(A, y) / np.sqrt((A**2).mean(axis=0))


# Wrong sizes that people compare with. The verdict says so where a strength lies right among them: it is seen in this very case.
OTHER_SIZES = {"the weights of least squares": least_squares, "|Aᵀy|, which is not divided by n": lambda A, y: len(y) * slopes(A, y),
               "2|Aᵀy|/n, with a 2 that the ½ takes away": lambda A, y: 2 * slopes(A, y),
               "|Aᵀy|/(2n), though the slope of ½e² is e": lambda A, y: slopes(A, y) / 2,
               "|Aᵀy|/n over the lengths of the columns": over_lengths}  # fmt: skip


def counted(value, inputs, hidden):
    A, y, k = np.array(inputs["A"]), np.array(inputs["y"]), inputs["k"]
    if np.shape(value) != () or not np.isfinite(value) or value < 0:
        return "Give one finite number from 0 up."
    alive = int((slopes(A, y) > float(value) * (1 + 1e-9)).sum())  # at exactly its own slope a weight is zero
    own = " At exactly its own slope a weight is zero already." if np.isclose(slopes(A, y), float(value), rtol=1e-9).any() else ""
    if alive == k:
        return ""
    fits = [name for name, sizes in OTHER_SIZES.items() if 0 < k == (sizes(A, y) > float(value)).sum()]
    seen = f" Exactly {k} lie above it of {fits[0]}: is that what you compare with?" if len(fits) == 1 else ""
    return f"With this strength {alive} weights are not zero; asked for are {k}.{own}{seen}"


def exactly(A, y, k):
    c = np.sort(slopes(A, y))[::-1]
    return c[max(k - 1, 0)]


def exactly_or_none(A, y, k):
    return exactly(A, y, k) if k else 2 * slopes(A, y).max()


strength = Question(
    "11.5", "Exactly k weights", "target", points=3, difficulty=3, minutes=12, name="strength",
    objectives=("see which weights a lasso lets live", "tell a weight's slope at zero from its size without a penalty"),
    draw=strength_cases, proof=counted,
    mistakes=(
        Mistake("You compare with the weights of least squares. What must be overcome at zero is a slope.",
                "The slope of the loss at w = 0 is −Aᵀy/n.", *ways(least_squares)),
        Mistake("Your slopes are sums over the examples. The loss is a mean.", "Divide by len(y).",
                *ways(lambda A, y: len(y) * slopes(A, y))),
        Mistake("Your slopes are twice too large: the ½ of the loss takes the 2 away.", "|Aᵀy|/n, without a 2.",
                *ways(lambda A, y: 2 * slopes(A, y))),
        Mistake("Your slopes are half of what they are: the slope of ½e² is e.", "|Aᵀy|/n, without a ½.",
                *ways(lambda A, y: slopes(A, y) / 2)),
        Mistake("You divide by the number of columns. The mean is over the examples.", "|Aᵀy|/n.",
                *ways(lambda A, y: slopes(A, y) * len(y) / A.shape[1])),
        Mistake("You divide by the lengths of the columns. The lasso does not.", "|Aᵀy|/n, as it is.", *ways(over_lengths)),
        Mistake("You take the mean off y first. This lasso has no intercept, and its y no mean of zero.", "|Aᵀy|/n, with y as it is.",
                *ways(lambda A, y: slopes(A, y - np.mean(y)))),
        Mistake("Your slopes are squared.", "|Aᵀy|/n.", *ways(lambda A, y: slopes(A, y) ** 2 * len(y), lambda A, y: slopes(A, y) ** 2)),
        Mistake("Your slopes keep their signs. A weight may live below zero, too.", "Take np.abs first.",
                lambda A, y, k: max(between(A.T @ y / len(y), k), 0.0),
                also=(lambda A, y, k: between(A.T @ y / len(y), k), lambda A, y, k: between(A.T @ y / len(y), k) * (k < A.shape[1]))),
        Mistake("Your slopes are not sorted.", "np.sort, the largest first.", unsorted, also=(lambda A, y, k: (
            2 * slopes(A, y).max() if k == 0 else unsorted(A, y, k) * (k < A.shape[1])),)),
        Mistake("Your strength lets one weight too many live.", "Between the k-th and the (k+1)-th largest slope.",
                lambda A, y, k: between(slopes(A, y), min(k + 1, A.shape[1])) if k < A.shape[1] else 0.0),
        Mistake("Your strength lets one weight too few live.", "Between the k-th and the (k+1)-th largest slope.",
                lambda A, y, k: between(slopes(A, y), max(k - 1, 0))),
        Mistake("Your strength is the k-th largest slope itself: at exactly that strength its weight is zero already.",
                "A little less: between the k-th and the (k+1)-th.", exactly, also=(exactly_or_none,)),
        Mistake("You count from the smallest slope, so the others live.", "The largest slopes live longest: sort them falling.",
                lambda A, y, k: between(slopes(A, y), A.shape[1] - k),
                also=(lambda A, y, k: between(slopes(A, y), A.shape[1] - k) if k else 0.0,
                      lambda A, y, k: next_one(slopes(A, y), A.shape[1] - k))),
        Mistake("No penalty: then all weights live.", "Raise it until k are left.", lambda A, y, k: 0.0),
        Mistake("Your strength kills all weights.", "Lower it until k live.", lambda A, y, k: 2 * slopes(A, y).max()),
    ),
    success="A weight leaves zero only if its slope there is larger than the corner's, α. With orthogonal columns the others have no say.",
    onwards="with columns that are not orthogonal the count may even fall as α does. Draw it for the 64 columns of the chapter.")

# -- 11.6 -----------------------------------------------------------------------------------------------------------------------


def interval_cases(rng):
    def case(name, seeds, examples, t, gain, luck=0.1):
        hard = np.clip(0.3 + luck * rng.normal(size=(seeds, 1)) + 0.2 * rng.normal(size=examples), 0.02, 0.98)
        draw = rng.random((seeds, examples))
        return Case(name, {"a": (draw < hard).astype(int), "b": (draw < hard - gain).astype(int), "t": t})

    yield case("five seeds", 5, 40, 2.776, 0.08)
    yield case("three seeds", 3, 30, 4.303, 0.1)
    yield case("eight seeds, a lucky start for both", 8, 25, 2.365, 0.06, luck=0.2)
    yield case("B is worse", 5, 40, 2.776, -0.1)
    yield case("a narrower interval, 80 %", 6, 30, 1.476, 0.08)


def interval(a, b, t, paired=True, error=True, ddof=1, sign=1, pooled=False, axis=1, full=False):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    a, b = (a.ravel(), b.ravel()) if pooled else (a.mean(axis=axis), b.mean(axis=axis))
    gaps, n = sign * (b - a), len(a)
    spread = gaps.std(ddof=ddof) if paired else np.sqrt(a.var(ddof=ddof) + b.var(ddof=ddof))
    half = t * spread / (np.sqrt(n) if error else 1) / (2 if full else 1)
    return gaps.mean(), gaps.mean() - half, gaps.mean() + half


def by(**knobs):
    return lambda a, b, t: interval(a, b, t, **knobs)


def gaps_of(a, b):
    return np.mean(b, axis=1) - np.mean(a, axis=1)


def around(middle, half):
    return middle, middle - half, middle + half


def half_of(a, b, t):
    return t * gaps_of(a, b).std(ddof=1) / np.sqrt(len(a))


def squared(a, b, t):
    return around(gaps_of(a, b).mean(), t * gaps_of(a, b).var(ddof=1) / np.sqrt(len(a)))


def drawn(a, b, t):
    return around(np.mean(b) - np.mean(a), t * np.sqrt(sum(np.mean(m) * (1 - np.mean(m)) / np.size(m) for m in (a, b))))


def extremes(a, b, t):
    return gaps_of(a, b).mean(), gaps_of(a, b).min(), gaps_of(a, b).max()


def middle(a, b, t):
    return around(np.median(gaps_of(a, b)), half_of(a, b, t))


def unsigned(a, b, t):
    return around(abs(gaps_of(a, b).mean()), half_of(a, b, t))


def relative(a, b, t):
    gaps = gaps_of(a, b) / np.mean(a, axis=1)
    return around(gaps.mean(), t * gaps.std(ddof=1) / np.sqrt(len(gaps)))


gap = Question(
    "11.6", "Is the difference real?", "function", points=3, difficulty=2, minutes=10, name="gap",
    objectives=("put an interval on a difference over seeds, in pairs", "know what the independent pieces of evidence are"),
    draw=interval_cases, oracle=by(),
    mistakes=(
        Mistake("Your interval forgets the pairs: it adds the spreads of A and B, with the luck of the seeds in both.",
                "Take the differences seed by seed first, then their spread.", by(paired=False)),
        Mistake("You took the standard deviation for the standard error: the interval of one seed, not of their mean.",
                "Divide by the root of the number of seeds.", by(error=False)),
        Mistake("Your spread divides by n, not by n − 1.", "np.std(…, ddof=1).", by(ddof=0)),
        Mistake("The sign is turned round: asked is B minus A.", "Negative means that B errs less.", by(sign=-1)),
        Mistake("You count every example of every seed as a piece of evidence of its own. Those of one seed share one training.",
                "One error rate for each seed: the mean over axis 1. Then the seeds are the evidence.", by(pooled=True)),
        Mistake("You average over seeds and compare examples.", "One error rate for each seed: the mean over axis 1.", by(axis=0)),
        Mistake("You divided the deviation by n, not by its root.", "Divide by the root of the number of seeds.",
                lambda a, b, t: interval(a, b, t / np.sqrt(len(a)))),
        Mistake("Your standard error has the root of n − 1 under it. The n − 1 belongs into the deviation.",
                "np.std(…, ddof=1), over the root of n.", lambda a, b, t: interval(a, b, t * np.sqrt(len(a) / (len(a) - 1)))),
        Mistake("You took the variance for the deviation.", "Its root: np.std(…, ddof=1).", squared),
        Mistake("Your numbers are per cent; asked are shares.", "The mean over axis 1, as it is.",
                lambda a, b, t: 100 * np.array(interval(a, b, t))),
        Mistake("Your ends are counted from the mean.", "mean − t · se and mean + t · se.",
                lambda a, b, t: np.array(interval(a, b, t)) - np.array([0, 1, 1]) * interval(a, b, t)[0]),
        Mistake("Your interval takes each answer for a draw of its own, from the two shares alone.",
                "One error rate for each seed: the mean over axis 1. Then the seeds are the evidence.", drawn),
        Mistake("Your ends are the smallest and the largest difference.", "mean − t · se and mean + t · se.", extremes),
        Mistake("The middle is a median; asked is the mean.", "gaps.mean().", middle),
        Mistake("The sign is lost where B errs less.", "B minus A, as it is.", unsigned),
        Mistake("t is not used: 1.96 is for many seeds.", "Multiply the standard error by t.", lambda a, b, t: interval(a, b, 1.96)),
        Mistake("t is not used: your interval is one standard error to each side.", "Multiply the standard error by t.",
                lambda a, b, t: interval(a, b, 1.0)),
        Mistake("Your interval is t standard errors wide in all. It goes so far to each side.", "mean − t · se and mean + t · se.",
                by(full=True)),
        Mistake("You return the mean and the half width.", "Three numbers: mean, low, high.",
                lambda a, b, t: (interval(a, b, t)[0], half_of(a, b, t)),
                also=(lambda a, b, t: (gaps_of(a, b).mean(), half_of(a, b, t), half_of(a, b, t)),)),
        Mistake("You divide by the root of the number of examples.", "Over the root of the number of seeds.",
                lambda a, b, t: around(gaps_of(a, b).mean(), half_of(a, b, t) * np.sqrt(len(a) / len(np.asarray(a)[0])))),
        Mistake("low and high have changed places.", "First the lower end.", lambda a, b, t: np.array(interval(a, b, t))[[0, 2, 1]]),
        Mistake("You return the interval without the mean.", "Three numbers: mean, low, high.", lambda a, b, t: interval(a, b, t)[1:]),
        Mistake("You count wrong answers; asked is their share.", "The mean over axis 1.",
                lambda a, b, t: np.array(interval(a, b, t)) * len(np.asarray(a)[0])),
        Mistake("Your difference is relative to A's error.", "B minus A, as it is.",
                lambda a, b, t: np.array(interval(a, b, t)) / np.mean(a), also=(relative,)),
    ),
    success="One error rate for each seed, the differences in pairs, t standard errors of their mean to each side.",
    onwards="how many seeds would make the interval half as wide? And what would more test examples do?")

# -- 11.7 -----------------------------------------------------------------------------------------------------------------------

a_report = Manual(
    "11.7", "Flat, therefore good", difficulty=2, minutes=10, name="review", words=150,
    objectives=("judge a claim that a remedy generalises", "keep apart what was measured and what was concluded"),
    rubric=(("says that sharpness can be changed without changing the function, and that it is not the gap", 1),
            ("says what is wrong with the choice of the strength by the test part", 1),
            ("says what is unequal or missing: the rate, the costs, or seeds in pairs with an interval", 1),
            ("proposes what would convince: validation, both tuned, fresh seeds in pairs, loss and error", 1)))

QUESTIONS = (training, strength, gap)
MANUAL = (a_report,)
