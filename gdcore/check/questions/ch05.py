"""The questions of chapter 5 on batches, noise and its removal (05.1 to 05.4)."""

import math

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 05.1 -----------------------------------------------------------------------------------------------------------------------

handfuls = Question(
    "05.1", "Six numbers about handfuls", "predict", points=3, difficulty=2, minutes=10, name="predicted",
    objectives=("predict variance, floor and number of steps", "read the critical batch size off two runs"),
    draw=items("with", "without", "floor", "steps", "unseen", "critical"), rtol=5e-3,
    oracle={"with": 3.0, "without": 2.0, "floor": 0.046875, "steps": 21.0, "unseen": math.exp(-2), "critical": 400.0},
    mistakes=(
        Mistake("For `with` you divided the spread as one divides a length: by √B.", "Variances of independent numbers add up: σ²/B.",
                {"with": 6.0}),
        Mistake("For `with` you gave the variance of a single one. That of the mean of 4 is smaller.", "Divide by B.", {"with": 12.0}),
        Mistake("For `with` you gave the variance of the sum of 4, not of their mean.", "Divide by B, not multiply.", {"with": 48.0}),
        Mistake("For `without` the finite number of examples is forgotten.", "Multiply by (n − B)/(n − 1).", {"without": 3.0}),
        Mistake("For `without` you took (n − B)/n as the factor.", "A single example, B = 1, must have the factor 1: n − 1 is below.",
                {"without": 1.8}),
        Mistake("For `without` the variance is not divided by the batch, only multiplied by a factor.", "σ²/B · (n − B)/(n − 1).",
                {"without": 8.0}),
        Mistake("For `without` you took B/n as the factor: the share that is drawn. The share that is left counts.",
                "(n − B)/(n − 1).", {"without": 1.2}),
        Mistake("For `floor` the batch is forgotten.", "The noise of a batch of 3 has a third of the variance.", {"floor": 0.140625}),
        Mistake("For `floor` you took the formula for small rates. Here ηλ is 0.4.", "The denominator is λ(2 − ηλ).", {"floor": 0.0375}),
        Mistake("For `floor` you gave the mean loss, ½λ times what was asked for.", "The variance of x is asked for.",
                {"floor": 0.09375}),
        Mistake("For `floor` the curvature before the bracket is forgotten.", "The denominator is λ(2 − ηλ).", {"floor": 0.1875}),
        Mistake("For `steps` you gave one epoch. Three are asked for.", "Round down in each epoch, then add up.", {"steps": 7.0}),
        Mistake("For `steps` you gave one epoch with its short last batch.", "Three epochs, each with `drop_last`.", {"steps": 8.0}),
        Mistake("For `steps` you counted the short last batch as well.", "`drop_last` leaves it out: round down in each epoch.",
                {"steps": 24.0}),
        Mistake("For `steps` you divided all three epochs at once, and the remainders made up two more batches.",
                "Each epoch begins anew, and each drops its own last batch.", {"steps": 23.0}),
        Mistake("For `unseen` you gave one epoch. Two are asked for.", "Twice as many draws: the share is squared.",
                {"unseen": math.exp(-1)}),
        Mistake("For `unseen` you gave the share that was seen.", "One minus that.", {"unseen": 1 - math.exp(-2)}),
        Mistake("For `unseen` you gave the share that was seen, and after one epoch only.", "Twice as many draws, and what they miss.",
                {"unseen": 1 - math.exp(-1)}),
        Mistake("For `unseen` you took the draws as if each epoch went through all examples.",
                "With replacement some are drawn twice, and others not at all: (1 − 1/n) to the number of draws.", {"unseen": 0.0}),
        Mistake("For `critical` you gave the fewest examples.", "Two equations: S = a + b/B. Then the critical batch is b/a.",
                {"critical": 80000.0}),
        Mistake("For `critical` you gave the fewest steps.", "The critical batch is b/a, where S = a + b/B.", {"critical": 200.0}),
    ),
    success="All six are one sentence each: variances add, steps have a fixed part and a part that falls as 1/B.",
    onwards="at which batch would the run of `critical` take 220 steps, and how many examples would that be?")

# -- 05.2 -----------------------------------------------------------------------------------------------------------------------


def batch_cases(rng):
    def case(name, count, batch, drop_last):
        return Case(name, {"order": rng.permutation(3 * count)[:count], "batch": batch, "drop_last": drop_last})

    yield case("ten examples in batches of four", 10, 4, False)
    yield case("the same, the short one dropped", 10, 4, True)
    yield case("twelve in batches of four", 12, 4, False)
    yield case("the same, nothing to drop", 12, 4, True)
    yield case("fewer examples than a batch", 3, 5, True)
    yield case("batches of one", 6, 1, False)
    yield case("seventeen in batches of five", 17, 5, False)


def cut(order, batch, drop_last, length=0, begin=0):
    """An order cut into batches, the last one shorter, or dropped; with longer pieces or another begin for the mistakes."""
    ends = [order[i : i + batch + length] for i in range(begin, len(order), batch)]
    return [piece for piece in ends if not drop_last or len(piece) == batch + length]


def wraps(order, batch, drop_last):
    pieces = cut(order, batch, drop_last)
    if pieces and len(pieces[-1]) < batch:
        pieces[-1] = np.concatenate([pieces[-1], order[: batch - len(pieces[-1])]])
    return pieces


def evenly(order, batch, drop_last):
    used = order[: len(order) // batch * batch] if drop_last else order
    return np.array_split(used, math.ceil(len(used) / batch)) if len(used) else []


def one_of_each(order, batch, drop_last):
    used = order[: len(order) // batch * batch] if drop_last else order
    count = math.ceil(len(used) / batch)
    return [used[k::count] for k in range(count)]


minibatches = Question(
    "05.2", "An epoch in batches", "function", points=2, difficulty=1, minutes=10, name="minibatches",
    objectives=("cut an epoch into batches", "treat the last one as asked"),
    draw=batch_cases, oracle=cut,
    mistakes=(
        Mistake("The short last batch is always lost.", "Without `drop_last` it belongs to the epoch: slices may end beyond the array.",
                lambda order, batch, drop_last: cut(order, batch, True)),
        Mistake("`drop_last` is not obeyed: the short last batch is always there.", "Leave it out if it is shorter than `batch`.",
                lambda order, batch, drop_last: cut(order, batch, False)),
        Mistake("`drop_last` means the opposite in yours.", "True drops the short one.",
                lambda order, batch, drop_last: cut(order, batch, not drop_last)),
        Mistake("`drop_last` drops the last batch even if it is full.", "Drop it only if it is shorter than `batch`.",
                lambda order, batch, drop_last: cut(order, batch, False)[: -1 if drop_last else None]),
        Mistake("You return places 0, 1, 2, …, and the order is not used.", "Slice `order` itself: `order[i:i + batch]`.",
                lambda order, batch, drop_last: cut(np.arange(len(order)), batch, drop_last)),
        Mistake("Your examples come sorted.", "The order was shuffled on purpose. Keep it.",
                lambda order, batch, drop_last: cut(np.sort(order), batch, drop_last)),
        Mistake("Your batches are one example short: a slice ends before its end.", "`order[i:i + batch]` has `batch` entries.",
                lambda order, batch, drop_last: cut(order, batch, drop_last, length=-1)),
        Mistake("Your batches overlap: each has an example of the next one too.", "`order[i:i + batch]` has `batch` entries.",
                lambda order, batch, drop_last: cut(order, batch, drop_last, length=1)),
        Mistake("Your batches are of even size. Asked for are full ones, and one short one at the end.",
                "`np.array_split` spreads the remainder; slices do not.", evenly),
        Mistake("You take `batch` for the number of batches. It is the number of examples in one.",
                "`order[i:i + batch]` has `batch` entries.", lambda order, batch, drop_last: np.array_split(order, batch)),
        Mistake("You deal the examples out like cards.", "Neighbours in the order go into one batch: `order[i:i + batch]`.", one_of_each),
        Mistake("You fill up the last batch from the beginning, so some examples count twice in the epoch.",
                "The last batch is short, or it is dropped.", wraps),
        Mistake("Your last slice begins too early or not at all: the range ends at len(order) − batch.",
                "A range leaves out its end. Which multiple of `batch` is the last one that still begins a batch?",
                lambda order, batch, drop_last: [order[i : i + batch] for i in range(0, len(order) - batch, batch)]),
        Mistake("Where the batches go in evenly, an empty one comes at the end.",
                "`len(order) // batch + 1` is one too many when nothing is left over.",
                lambda order, batch, drop_last: [order[i * batch : (i + 1) * batch]
                                                 for i in range(len(order) // batch + (not drop_last))]),
        Mistake("Your batches begin one after each example.", "The range needs a step: `batch`.",
                lambda order, batch, drop_last: [order[i : i + batch] for i in range(len(order) - batch + 1)]),
        Mistake("The first batch is missing.", "Begin at 0.",
                lambda order, batch, drop_last: cut(order, batch, drop_last, begin=batch)),
    ),
    success="Each example once, in the given order; only the end of the epoch has to be thought about.",
    onwards="make it a generator that shuffles by itself, anew in each epoch, with a `np.random.default_rng(seed)` of its own.")

# -- 05.3 -----------------------------------------------------------------------------------------------------------------------


def gradient_cases(rng):
    def case(name, d, b, B, spread, k=60, K=30):
        g = np.round(rng.normal(size=d), 2)
        draw = lambda count, size: np.round(g + spread * rng.normal(size=(count, d)) / math.sqrt(size), 4)
        return Case(name, {"small": draw(k, b), "big": draw(K, B), "b": b, "B": B})

    yield case("batches of 4 and 64, three weights", 3, 4, 64, 2.0)
    yield case("batches of 1 and 10", 5, 1, 10, 1.0)
    yield case("batches of 16 and 128, much noise", 4, 16, 128, 5.0)
    yield case("as many of each kind", 2, 2, 50, 1.5, 40, 40)


def divided_with(divide):
    def submission(small, big, b, B):
        squared, variance, _ = scale_of(small, big, b, B)
        variance = divide(variance * (1 / b - 1 / B), variance, b, B)
        return squared, variance, variance / squared

    return submission


def scale_of(small, big, b, B, square=lambda G: (G**2).sum(axis=1).mean(), weights=lambda b, B: (B, b), sign=1.0, scale=lambda v, g: v / g):
    """(‖g‖², σ², σ²/‖g‖²) from gradients of two batch sizes; other ways to square, weigh and divide for the mistakes."""
    little, much = square(small), square(big)
    up, down = weights(b, B)
    squared = (up * much - down * little) / (up - down)
    variance = sign * (little - much) / (1 / b - 1 / B)
    return squared, variance, scale(variance, squared)


def scaled_with(**changes):
    return lambda small, big, b, B: scale_of(small, big, b, B, **changes)


noise_scale = Question(
    "05.3", "Two batch sizes, two unknowns", "function", points=3, difficulty=2, minutes=15, name="noise_scale",
    objectives=("solve for gradient and noise from two batch sizes", "tell a mean of squares from the square of a mean"),
    draw=gradient_cases, oracle=scale_of, each=True,
    mistakes=(
        Mistake("You take the length of the mean gradient. Its noise is averaged away before you can measure it.",
                "First the squared length of each gradient, then the mean of these.",
                scaled_with(square=lambda G: (G.mean(axis=0) ** 2).sum())),
        Mistake("You average over the weights as well. A squared length is a sum over them.", "`(G**2).sum(axis=1).mean()`.",
                scaled_with(square=lambda G: (G**2).mean())),
        Mistake("You sum over the gradients of a kind, where a mean is needed.", "`(G**2).sum(axis=1).mean()`.",
                scaled_with(square=lambda G: (G**2).sum())),
        Mistake("You work with lengths. The equations hold for squared lengths.", "E‖ĝ‖² = ‖g‖² + σ²/B.",
                scaled_with(square=lambda G: np.sqrt((G**2).sum(axis=1)).mean())),
        Mistake("You square the mean length.", "The mean of the squares is not the square of the mean.",
                scaled_with(square=lambda G: np.sqrt((G**2).sum(axis=1)).mean() ** 2)),
        Mistake("In ‖g‖² the batch sizes are exchanged.", "Multiply the equation of B by B, that of b by b, and subtract.",
                scaled_with(weights=lambda b, B: (b, B))),
        Mistake("Either `small` and `big` are exchanged in yours, or b and B: each kind is divided by the size of the other.",
                "`small` goes with b, `big` with B.", lambda small, big, b, B: scale_of(small, big, B, b)),
        Mistake("The first two numbers are exchanged.", "‖g‖² first, then σ², then σ²/‖g‖².",
                lambda small, big, b, B: tuple(scale_of(small, big, b, B)[k] for k in (1, 0, 2))),
        Mistake("The second number is σ, where σ² is asked for.", "A variance is a square: no root.",
                lambda small, big, b, B: (lambda g, v, s: (g, np.sqrt(v), s))(*scale_of(small, big, b, B))),
        Mistake("You took σ where σ² is asked for, in the ratio too.", "A variance is a square: no root.",
                lambda small, big, b, B: (lambda g, v, s: (g, np.sqrt(v), np.sqrt(v) / g))(*scale_of(small, big, b, B))),
        Mistake("The first number is a length, where its square is asked for.", "‖g‖² is what the equations give: no root.",
                lambda small, big, b, B: (lambda g, v, s: (np.sqrt(abs(g)), v, s))(*scale_of(small, big, b, B))),
        Mistake("You take the gradients of `big` for exact. They have noise too, σ²/B of it.", "Two equations, both with their noise.",
                lambda small, big, b, B: (lambda g, v: (g, v, v / g))((big**2).sum(axis=1).mean(),
                                                                      b * ((small**2).sum(axis=1).mean() - (big**2).sum(axis=1).mean()))),
        Mistake("You take the variance of the rows of `small` times b, and the length of the mean of `big`, which is a little too long.",
                "Use the equation for both sizes, and nothing else.",
                lambda small, big, b, B: (lambda g, v: (g, v, v / g))((big.mean(axis=0) ** 2).sum(), b * small.var(axis=0).sum())),
        Mistake("In ‖g‖² nothing is divided.", "B · much − b · little = (B − b)‖g‖².",
                lambda small, big, b, B: (lambda g, v, s: ((B - b) * g, v, v / ((B - b) * g)))(*scale_of(small, big, b, B))),
        Mistake("Your variance has the wrong sign.", "Small batches have the longer gradients: small minus big, over 1/b − 1/B.",
                scaled_with(sign=-1.0)),
        Mistake("You multiplied by 1/b − 1/B, where it must be divided by.", "little − much = σ²(1/b − 1/B). Solve for σ².",
                divided_with(lambda difference, variance, b, B: difference * (1 / b - 1 / B))),
        Mistake("You divided by B − b. That is the divisor of ‖g‖².", "little − much = σ²(1/b − 1/B). Solve for σ².",
                divided_with(lambda difference, variance, b, B: difference / (B - b))),
        Mistake("Your variance is that of a small batch, and one of a single example is asked for.", "It is b times as large.",
                divided_with(lambda difference, variance, b, B: variance / b)),
        Mistake("Your noise scale is upside down.", "σ² over ‖g‖².", scaled_with(scale=lambda v, g: g / v)),
        Mistake("The third number is the root of the noise scale.", "σ²/‖g‖², both squared already.",
                scaled_with(scale=lambda v, g: np.sqrt(v / g))),
        Mistake("For ‖g‖² you took the squared length of the big batch, with its noise.", "Subtract σ²/B from it.",
                lambda small, big, b, B: scale_of(small, big, b, B, weights=lambda b, B: (B, 0))),
        Mistake("You take the variance of the rows of `small`. It is that of a small batch, and not what the two equations give.",
                "Use the equation for both sizes, and nothing else.",
                lambda small, big, b, B: (scale_of(small, big, b, B)[0], (small.var(axis=0).sum()),
                                          small.var(axis=0).sum() / scale_of(small, big, b, B)[0])),
    ),
    success="Two equations ‖g‖² + σ²/B for two unknowns. In a training on several machines both batch sizes are there for nothing.",
    onwards="let it follow a training of the chapter, and average ‖g‖² and σ² over the last steps before you divide.")

# -- 05.4 -----------------------------------------------------------------------------------------------------------------------


def svrg_cases(rng):
    def case(name, m, d, lr, inner, steps):
        A = np.round(rng.normal(size=(m, d)), 3)
        y = np.round(A @ rng.uniform(1, 4, d) + rng.normal(size=m), 3)
        start = np.round(rng.normal(size=d), 3)
        return Case(name, {"A": A, "y": y, "x": start, "lr": lr, "inner": inner, "order": rng.integers(0, m, steps)})

    yield case("six examples, a snapshot every four steps", 6, 2, 0.05, 4, 10)
    yield case("twenty examples, a snapshot every ten", 20, 3, 0.03, 10, 30)
    yield case("one snapshot for all steps", 8, 2, 0.04, 12, 9)
    yield case("a snapshot after each step", 5, 3, 0.05, 1, 6)


def svrg_path(A, y, x, lr, inner, order, correction=-1.0, mean=1.0, renew=True, forget=False, late=0, other=False, size=None, alias=False,
              own=1.0):
    """The path of SVRG on ½(aᵢ·x − yᵢ)²; each argument after `order` is a fault."""
    one = lambda x, i: (A[i] @ x - y[i]) * A[i]
    whole = lambda x: A.T @ (A @ x - y) / (size or len(y))
    w, g, path = x, whole(x), [x]
    for t, i in enumerate(order):
        if t and renew and (t - late) % inner == 0 and t > late:
            w, g = x, g if forget else whole(x)
        old = one(x if alias else w, (i + 1) % len(y) if other else i)
        x = x - lr * (own * one(x, i) + correction * old + mean * g)
        path.append(x)
    return np.array(path)


def path_with(A, y, x, lr, inner, order, early=False, moving=False, counted=False, one_array=False):
    """SVRG as people write it, with a fault that needs another loop."""
    one = lambda x, i: (A[i] @ x - y[i]) * A[i]
    whole = lambda x: A.T @ (A @ x - y) / len(y)
    w, g, path = x, whole(x), [x]
    for t, i in enumerate(order):
        i = t % len(y) if counted else i
        if t % inner == 0 and not early:
            w, g = x, whole(x)
        step = lr * (one(x, i) - one(w, i) + (whole(x) if moving else g))
        if one_array:
            x -= step
        else:
            x = x - step
        path.append(x)
        if t % inner == 0 and early:
            w, g = x, whole(x)
    return np.array(path)


def parted(A, y, x, lr, inner, order):
    """The full gradient is renewed, the snapshot is not."""
    one = lambda x, i: (A[i] @ x - y[i]) * A[i]
    w, path = x, [x]
    for t, i in enumerate(order):
        if t % inner == 0:
            g = A.T @ (A @ x - y) / len(y)
        x = x - lr * (one(x, i) - one(w, i) + g)
        path.append(x)
    return np.array(path)


def written_with(**faults):
    return lambda A, y, x, lr, inner, order: path_with(A, y, x, lr, inner, order, **faults)


def walked_with(**faults):
    return lambda A, y, x, lr, inner, order: svrg_path(A, y, x, lr, inner, order, **faults)


svrg = Question(
    "05.4", "Noise that vanishes", "function", points=3, difficulty=3, minutes=20, name="svrg", steps=True,
    objectives=("write a variance-reduced step", "keep a snapshot and what belongs to it together"),
    draw=svrg_cases, oracle=svrg_path,
    mistakes=(
        Mistake("The sign of the correction is wrong: you add the old gradient of the example.", "gᵢ(x) − gᵢ(w) + g(w).",
                walked_with(correction=1.0)),
        Mistake("The full gradient of the snapshot is missing, so the step is biased: near the snapshot it is 0.",
                "gᵢ(x) − gᵢ(w) + g(w): the last term brings the mean back.", walked_with(mean=0.0)),
        Mistake("The full gradient is subtracted.", "gᵢ(x) − gᵢ(w) + g(w).", walked_with(mean=-1.0, correction=1.0)),
        Mistake("The snapshot is never renewed.", "Every `inner` steps, before the step: w becomes x.", walked_with(renew=False)),
        Mistake("The snapshot is renewed, and its full gradient is still that of the first one.", "Both belong together.",
                walked_with(forget=True)),
        Mistake("The full gradient is renewed, and the snapshot is still the first one.", "Both belong together.", parted),
        Mistake("The slopes of single examples are twice as large as they should be, the full gradient is not.",
                "½(aᵢ·x − yᵢ)² has the slope (aᵢ·x − yᵢ)aᵢ: no 2.", walked_with(own=2.0, correction=-2.0)),
        Mistake("The difference is the wrong way round: the old gradient of the example minus the new one.", "gᵢ(x) − gᵢ(w) + g(w).",
                walked_with(own=-1.0, correction=1.0)),
        Mistake("Your path lacks its end.", "The point after the last step belongs to it: len(order) + 1 points.",
                lambda A, y, x, lr, inner, order: svrg_path(A, y, x, lr, inner, order)[:-1]),
        Mistake("The snapshot is renewed one step late.", "Before the steps number inner, 2 · inner, …, counted from 0.",
                walked_with(late=1)),
        Mistake("The old gradient is that of another example.", "The same i in both: only then do the two cancel.",
                walked_with(other=True)),
        Mistake("The full gradient is a sum, and f is a mean.", "Divide by `len(y)`.", walked_with(size=1)),
        Mistake("Your snapshot moves along with x: it is the same array, or the old gradient is taken at x. Then only g(w) is left.",
                "`x -= …` changes the snapshot too. Write `x = x - …`, and take gᵢ at w.", walked_with(alias=True)),
        Mistake("This is plain SGD: nothing is corrected.", "gᵢ(x) − gᵢ(w) + g(w).", walked_with(correction=0.0, mean=0.0)),
        Mistake("The old gradient of the example is not subtracted.", "gᵢ(x) − gᵢ(w) + g(w): without the middle term it is no better "
                "than SGD.", walked_with(correction=0.0)),
        Mistake("Your snapshot is taken after the steps number 0, inner, …, and should be taken before them.",
                "First look whether it is time, then step.", written_with(early=True)),
        Mistake("The full gradient is taken at x. Then each step reads all examples, and nothing is saved.",
                "∇f(w) belongs to the snapshot: compute it once, when w is renewed.", written_with(moving=True)),
        Mistake("You go through the examples in turn. The order is given.", "`for t, i in enumerate(order)`.", written_with(counted=True)),
        Mistake("Your path holds one array many times, and each step changes them all, the snapshot too.",
                "`x -= …` changes the array in place. Write `x = x - …`.", written_with(one_array=True)),
        Mistake("Your path climbs: the sign of the step is wrong.", "x − lr · (…).",
                lambda A, y, x, lr, inner, order: svrg_path(A, y, x, -lr, inner, order)),
        Mistake("Your path lacks its start.", "With the start there are len(order) + 1 points.",
                lambda A, y, x, lr, inner, order: svrg_path(A, y, x, lr, inner, order)[1:]),
        Mistake("This is full-batch descent: each step reads all examples.", "One example a step, and all of them for a snapshot only.",
                lambda A, y, x, lr, inner, order: svrg_path(A, y, x, lr, 1, order)),
    ),
    success="The correction has the mean 0, and near the minimum it takes away nearly all of the noise, example by example.",
    onwards="run it on the patients for 100 passes and draw the gap. At which rate does it stop to converge?")

QUESTIONS = (handfuls, minibatches, noise_scale, svrg)
