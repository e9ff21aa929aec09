"""The questions of chapter 13 on carrying a training over: a faulty port, rates for the other form, a chain as an object (13.4 to 13.7)."""

import itertools

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 13.4 -----------------------------------------------------------------------------------------------------------------------


def port_cases(rng):
    def case(name, n, d, lr, limit, steps, size=1.0):
        draw = lambda *shape: np.round(rng.normal(size=shape), 2)
        return Case(name, {"kernel": draw(d, d), "bias": draw(d), "X": draw(n, d), "Y": size * draw(n, d), "lr": lr, "limit": limit,
                           "steps": steps})

    yield case("two on two", 6, 2, 0.1, 1.0, 4)
    yield case("a limit that never acts", 6, 2, 0.05, 1000.0, 5)
    yield case("three on three", 8, 3, 0.2, 0.5, 5)
    yield case("large targets", 5, 3, 0.1, 2.0, 4, size=4.0)
    yield case("one step", 4, 2, 0.1, 0.3, 1)


def port(kernel, bias, X, Y, lr, limit, steps, kept=False, each=False, turned=False, flip=1, scale=1.0, always=False, unclipped=False,
         after=False, first_bias=False, mean_rows=False, norm=None, values=False, free_bias=False, rows_slope=False):
    """Clipped descent of a linear layer on the mean square, with knobs for the faults of the port and for new ones."""
    K = np.array(kernel if turned else kernel.T, dtype=float)  # (out, in), as PyTorch keeps it; given is (in, out)
    b, losses, sums = np.array(bias, dtype=float), [], [0.0, 0.0]
    count = len(X) if mean_rows else X.shape[0] * Y.shape[1]
    for _ in range(steps):
        error = X @ K.T + b - Y
        losses.append(np.sum(error**2) / count)
        part = len(X) if rows_slope else count
        grads = [scale * 2 * error.T @ X / part, scale * 2 * error.sum(axis=0) / part]
        sums = [s + g for s, g in zip(sums, grads)] if kept else grads
        norms = [np.linalg.norm(g) for g in sums] if each else [(norm or np.hypot)(*(np.linalg.norm(g) for g in sums))] * 2
        factors = [1.0 if unclipped else limit / n if always else min(1.0, limit / n) for n in norms]
        factors = [factors[0], 1.0] if free_bias else factors
        if values:
            sums, factors = [np.clip(g, -limit, limit) for g in sums], [1.0, 1.0]
        K = K - flip * lr * factors[0] * sums[0]
        b = b if first_bias else b - flip * lr * factors[1] * sums[1]
    losses.append(np.sum((X @ K.T + b - Y) ** 2) / count)
    return np.array(losses[1:] if after else losses)


def faulty(**faults):
    return lambda kernel, bias, X, Y, lr, limit, steps: port(kernel, bias, X, Y, lr, limit, steps, **faults)


FAULTS = {"kept": ("the gradients that are added up over the steps", "Where is the last gradient forgotten?"),
          "each": ("the clipping of each array by itself", "PyTorch's clip_grad_norm_ takes one norm over all arrays."),
          "turned": ("the kernel that was not turned", "Keras keeps (in, out). What does X @ W.T expect?")}


def left(names):
    """The mistake of a port in which the faults of these names are left."""
    found = [FAULTS[n][0] for n in FAULTS if n not in names]
    hint = " ".join(FAULTS[n][1] for n in names)
    told = "These are the losses of the port as it was given." if not found else f"Mended: {' and '.join(found)}."
    still = {3: "Three faults are left.", 2: "Two faults are left.", 1: "One fault is left."}[len(names)]
    return Mistake(f"{told} {still}", hint, faulty(**dict.fromkeys(names, True)))


ported = Question(
    "13.4", "A port with three faults", "bug", points=3, difficulty=2, minutes=12, name="train",
    objectives=("read a port against its original", "find faults that raise no error"),
    draw=port_cases, oracle=faulty(), rtol=1e-5,  # PyTorch's own clipping adds 1e-6 to the norm
    mistakes=(
        *(left(names) for size in (3, 2, 1) for names in itertools.combinations(FAULTS, size)),
        Mistake("Nothing is clipped any more.", "Shrink both gradients by one factor, at most 1.", faulty(unclipped=True)),
        Mistake("Short gradients are made longer: your factor may be above 1.", "min(1, limit / norm).", faulty(always=True)),
        Mistake("The training climbs: the sign is wrong.", "Minus.", faulty(flip=-1)),
        Mistake("The losses begin after the first step.", "steps + 1 losses: the first is that of the given weights.", faulty(after=True)),
        Mistake("The factor 2 of the square is gone from the gradient.", "The slope of e² is 2e.", faulty(scale=0.5)),
        Mistake("The bias is never stepped.", "Both arrays move.", faulty(first_bias=True)),
        Mistake("Losses and gradients are divided by the number of rows; the mean is over all entries.", "Divide by Y.size.",
                faulty(mean_rows=True)),
        Mistake("The gradients are divided by the number of rows; the mean of the loss is over all entries.", "Divide by Y.size.",
                faulty(rows_slope=True)),
        Mistake("The two norms are added. The norm of both is the root of the sum of their squares.", "np.hypot(norm_W, norm_b).",
                faulty(norm=lambda a, b: a + b)),
        Mistake("Both are clipped by one of the norms: either that of the kernel's gradient, or the larger.", "Both count in it.",
                faulty(norm=lambda a, b: a)),
        Mistake("The root is missing in the norm.", "The root of the sum of all squares.", faulty(norm=lambda a, b: a**2 + b**2)),
        Mistake("Each number is clipped by itself, and the direction is lost.", "Shrink both gradients by one factor.",
                faulty(values=True)),
        Mistake("The kernel is clipped and the bias is not.", "One factor for both arrays.", faulty(free_bias=True)),
    ),
    success="None of the three faults raised an error: squares fit either way, sums train, and clipping by parts is clipping.",
    onwards="which single comparison before the first step would have found the kernel? Which after the first step the clipping?")

# -- 13.5 -----------------------------------------------------------------------------------------------------------------------


def rate_cases(rng):
    for name, rates, mu in (
        ("a cut", np.repeat([0.1, 0.01], rng.integers(4, 9, 2)), 0.9),
        ("a warm-up", np.linspace(0.01, 0.1, 8), 0.8),
        ("one rate", np.full(6, 0.05), 0.9),
        ("up and down", np.round(rng.uniform(0.01, 0.2, 10), 3), 0.7),
    ):
        yield Case(name, {"rates": rates, "mu": mu})


def same_walk(value, inputs, hidden):
    rates, mu = np.asarray(inputs["rates"], dtype=float), inputs["mu"]
    given = np.array(value, dtype=float)
    if given.shape != rates.shape or not np.isfinite(given).all():
        return f"Give an array of {len(rates)} finite rates."
    v = b = 0.0
    for t, (rate, own) in enumerate(zip(rates, given), 1):
        v, b = mu * v - rate, mu * b + 1
        if abs(own * b + v) > 1e-6 * abs(v):
            return f"At step {t} PyTorch's form moves by {-own * b:.5f} and Keras's by {v:.5f}."
    return ""


def weighed(rates, mu, power=lambda age, mu: mu**age):
    """Rates that are weighed by their age, over the sum of the weights."""
    n = len(rates)
    weights = [power(np.arange(t, -1, -1), mu) for t in range(n)]
    return np.array([np.sum(w * rates[: t + 1]) / np.sum(w) for t, w in enumerate(weights)])


def uncorrected(rates, mu, factor=None, start=0.0):
    average, told = start, []
    for rate in rates:
        average = mu * average + (1 - mu if factor is None else factor) * rate
        told.append(average)
    return np.array(told)


twin = Question(
    "13.5", "Rates for the other form", "target", points=3, difficulty=3, minutes=15, name="rates_for_pytorch",
    objectives=("use the sums behind both forms of momentum", "see which average of its rates the form inside takes"),
    draw=rate_cases, proof=same_walk,
    mistakes=(
        Mistake("These are Keras's rates as they are. From the first change on the walks part.",
                "PyTorch's rate of today must do what all the rates so far did.", lambda rates, mu: np.array(rates)),
        Mistake("An average that starts at zero and is not corrected: the first rates are far too small.",
                "Divide by 1 − μᵗ.", uncorrected),
        Mistake("The sum of the rates, weighed by their age, is not divided by the sum of the weights.",
                "PyTorch's b sums μ^age as well.", lambda rates, mu: uncorrected(rates, mu, factor=1)),
        Mistake("You average all rates so far with equal weights.", "A rate of k steps ago counts μᵏ.",
                lambda rates, mu: np.cumsum(rates) / np.arange(1, len(rates) + 1)),
        Mistake("The weights are turned round: the oldest rate counts most.", "Today's rate has the weight 1.",
                lambda rates, mu: weighed(rates, mu, lambda age, mu: mu ** age[::-1])),
        Mistake("Your weights are those of 1 − μ.", "A rate of k steps ago counts μᵏ.",
                lambda rates, mu: weighed(rates, mu, lambda age, mu: (1 - mu) ** age)),
        Mistake("An average that starts at the first rate gives that one too much weight.", "Start at zero, and divide by 1 − μᵗ.",
                lambda rates, mu: uncorrected(rates, mu, start=rates[0])),
        Mistake("You corrected by 1 − μ^(t−1) or as if steps were counted otherwise: the rates are too large.",
                "t is 1 at the first step.",
                lambda rates, mu: uncorrected(rates, mu) / (1 - mu ** np.maximum(1, np.arange(len(rates))))),
        Mistake("These are the lengths of Keras's steps times 1 − μ², or another constant: the rates need a divisor that grows.",
                "Divide by Σ μ^age over the steps so far.", lambda rates, mu: uncorrected(rates, mu, factor=1 - mu**2)),
        Mistake("The rates are multiplied by 1 − μ: a constant mends nothing, for it forgets the rates before.",
                "Weigh the rates so far by μ^age.", lambda rates, mu: (1 - mu) * np.array(rates)),
        Mistake("The rates are divided by 1 − μ: a constant mends nothing, for it forgets the rates before.",
                "Weigh the rates so far by μ^age.", lambda rates, mu: np.array(rates) / (1 - mu)),
        Mistake("You look back one step only.", "All rates so far count, the one of k steps ago μᵏ.",
                lambda rates, mu: mu * np.append(rates[0], rates[:-1]) + (1 - mu) * np.array(rates)),
        Mistake("Today's rate is divided by the sum of the weights, and the rates before it are gone.", "Σ μ^age · rate(age) over Σ μ^age.",
                lambda rates, mu: np.array(rates) / np.cumsum(mu ** np.arange(len(rates)))),
        Mistake("The sign is wrong: rates are above zero.", "PyTorch subtracts η b.", lambda rates, mu: -weighed(rates, mu)),
    ),
    success="It is Adam's corrected average, of the rates: the form inside follows a smoothed schedule, and lags behind yours.",
    onwards="why does this hold only while the gradients are equal? Try it with gradients that change their sign.")

# -- 13.6 -----------------------------------------------------------------------------------------------------------------------


def chain_cases(rng):
    def case(name, sizes, shapes=((2, 2), (3,)), lr=0.1, momentum=0.9, limit=1.0, weight_decay=0.1, **more):
        draw = lambda size: [np.round(size * rng.normal(size=shape), 3) for shape in shapes]
        settings = {"lr": lr, "momentum": momentum, "limit": limit, "weight_decay": weight_decay}
        return Case(name, {"parameters": draw(1.0), "settings": settings, "gradients": [draw(s) for s in sizes], **more})

    yield case("long gradients", (5.0, 4.0, 6.0))
    yield case("short and long in turns", (0.1, 8.0, 0.1, 8.0), momentum=0.5)
    yield case("no decay, a limit that never acts", (1.0, 1.0, 1.0), weight_decay=0.0, limit=100.0)
    yield case("a strong decay, two arrays alike", (2.0, 0.5, 3.0), shapes=((2,), (2,)), weight_decay=1.5, limit=2.0)
    yield case("the rate is cut by ten before step 3", (2.0, 2.0, 2.0, 2.0), changes={"3": {"lr": 0.01}})


class Chain:
    """clip_by_global_norm, add_decayed_weights, trace, scale, as one object; subclasses change one thing."""

    def __init__(self, params, lr, momentum, limit, weight_decay):
        self.params, self.lr, self.momentum, self.limit, self.weight_decay, self.first = params, lr, momentum, limit, weight_decay, lr
        self.trace = [np.zeros_like(p) for p in params]

    def factors(self, grads):
        norm = np.sqrt(sum(np.sum(g**2) for g in grads))
        return [self.limit / max(self.limit, norm)] * len(grads)

    def step(self, grads):
        updates = [f * g + self.weight_decay * p for f, g, p in zip(self.factors(grads), grads, self.params)]
        for i, u in enumerate(updates):
            self.move(i, u)

    def move(self, i, u):
        self.trace[i] = self.momentum * self.trace[i] + u
        self.params[i] -= self.lr * self.trace[i]


class EachArray(Chain):
    def factors(self, grads):
        return [self.limit / max(self.limit, np.linalg.norm(g)) for g in grads]


class UpAndDown(Chain):
    def factors(self, grads):
        return [self.limit / np.sqrt(sum(np.sum(g**2) for g in grads))] * len(grads)


class Unclipped(Chain):
    def factors(self, grads):
        return [1.0] * len(grads)


class NoRoot(Chain):
    def factors(self, grads):
        return [self.limit / max(self.limit, sum(np.sum(g**2) for g in grads))] * len(grads)


class NormsAdded(Chain):
    def factors(self, grads):
        return [self.limit / max(self.limit, sum(np.linalg.norm(g) for g in grads))] * len(grads)


class DecayFirst(Chain):
    def step(self, grads):
        grads = [g + self.weight_decay * p for g, p in zip(grads, self.params)]
        for i, (f, g) in enumerate(zip(self.factors(grads), grads)):
            self.move(i, f * g)


class Decoupled(Chain):
    def step(self, grads):
        for i, (f, g) in enumerate(zip(self.factors(grads), grads)):
            self.params[i] *= 1 - self.lr * self.weight_decay
            self.move(i, f * g)


class NoDecay(Chain):
    def step(self, grads):
        for i, (f, g) in enumerate(zip(self.factors(grads), grads)):
            self.move(i, f * g)


class ClipLast(Chain):
    def step(self, grads):
        self.trace = [self.momentum * v + g + self.weight_decay * p for v, g, p in zip(self.trace, grads, self.params)]
        for p, f, v in zip(self.params, self.factors(self.trace), self.trace):
            p -= self.lr * f * v


class Inside(Chain):
    def move(self, i, u):
        self.trace[i] = self.momentum * self.trace[i] - self.lr * u
        self.params[i] += self.trace[i]


class Average(Chain):
    def move(self, i, u):
        self.trace[i] = self.momentum * self.trace[i] + (1 - self.momentum) * u
        self.params[i] -= self.lr * self.trace[i]


class Forgets(Chain):
    def move(self, i, u):
        self.params[i] -= self.lr * u


class Climbs(Chain):
    def move(self, i, u):
        self.trace[i] = self.momentum * self.trace[i] + u
        self.params[i] += self.lr * self.trace[i]


class FixedRate(Chain):
    def move(self, i, u):
        self.trace[i] = self.momentum * self.trace[i] + u
        self.params[i] -= self.first * self.trace[i]


class Rebinds(Chain):
    def move(self, i, u):
        self.trace[i] = self.momentum * self.trace[i] + u
        self.params[i] = self.params[i] - self.lr * self.trace[i]


class OldTrace(Chain):
    def move(self, i, u):
        self.params[i] -= self.lr * self.trace[i]
        self.trace[i] = self.momentum * self.trace[i] + u


class WrongSign(Chain):
    def step(self, grads):
        for i, (f, g, p) in enumerate(zip(self.factors(grads), grads, self.params)):
            self.move(i, f * g - self.weight_decay * p)


chained = Question(
    "13.6", "A chain of optax as an object", "optimizer", points=3, difficulty=3, minutes=15, name="ChainedSGD",
    objectives=("turn a chain of functions into an object that steps", "keep the order of clipping, decay and momentum"),
    draw=chain_cases, oracle=Chain,
    mistakes=(
        Mistake("The decay is added before the clipping, so it is clipped as well.", "In the chain clipping comes first.", DecayFirst),
        Mistake("The clipping comes last: it clips the velocity.", "In the chain clipping comes first.", ClipLast),
        Mistake("Your decay is decoupled: it goes past the momentum.", "add_decayed_weights adds λ times the weight before trace.",
                Decoupled),
        Mistake("There is no decay.", "Add λ times the weight to the clipped gradient.", NoDecay),
        Mistake("Your decay pushes weights away from zero: its sign is wrong.", "Plus λ times the weight, before the minus of the step.",
                WrongSign),
        Mistake("Each array is clipped by its own norm.", "One norm over all arrays, one factor.", EachArray),
        Mistake("Short gradients are made longer: your factor may be above 1.", "min(1, limit / norm).", UpAndDown),
        Mistake("Nothing is clipped.", "Multiply all gradients by min(1, limit / norm).", Unclipped),
        Mistake("The root is missing in the norm.", "np.sqrt of the sum of squares.", NoRoot),
        Mistake("The norms of the arrays are added. The norm of all is the root of the sum of their squares.",
                "np.sqrt of the sum of all squares.", NormsAdded),
        Mistake("The rate is inside the velocity, as in Keras. In the chain `scale` comes after `trace`.",
                "The trace collects without the rate; the rate multiplies it.", Inside),
        Mistake("Your trace is an average, with 1 − momentum before the new part. optax's `trace` is a sum.", "momentum · trace + new.",
                Average),
        Mistake("The memory is lost: each step begins with an empty trace.", "Keep the trace in self, one for each array.", Forgets),
        Mistake("Your walker climbs: the sign is wrong.", "scale(-lr).", Climbs),
        Mistake("A schedule cannot change your rate: you keep the first.", "Use self.lr in each step.", FixedRate),
        Mistake("The arrays of the caller do not move: you make new ones.", "Change them in place, `p -= …`.", Rebinds),
        Mistake("You step by the trace from before this gradient.", "First the new trace, then the step.", OldTrace),
    ),
    success="What optax writes as a list in an order is, in an object, the order of your lines, and its state is what self keeps.",
    onwards="exchange add_decayed_weights and trace in the chain. Which weight decay of the chapter is that now?")

# -- 13.7 -----------------------------------------------------------------------------------------------------------------------

a_port = Manual(
    "13.7", "It was better in the other library", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("list what must be made equal before two libraries are compared", "order tests from cheap to dear"),
    rubric=(("names a default or a formula that differs, with its consequence in this training", 1),
            ("says why a falling rate makes momentum differ, and how to make it equal", 1),
            ("asks for carried-over weights and equal batches in place of equal seeds", 1),
            ("orders the tests: outputs before a step, one step, ten steps, then a training on several seeds", 1)))

QUESTIONS = (ported, twin, chained)
MANUAL = (a_port,)
