"""The questions of chapter 5 on runs: three faults in an epoch, the best rates, and a letter (05.5 to 05.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 05.5 -----------------------------------------------------------------------------------------------------------------------


def epoch_cases(rng):
    for name, n, d, lr, batch, epochs in (("ten people, batches of four", 10, 2, 0.05, 4, 4),
                                          ("thirty people, batches of eight", 30, 3, 0.05, 8, 5),
                                          ("batches that go in evenly", 24, 2, 0.08, 6, 4), ("batches of one", 9, 2, 0.02, 1, 4)):
        A = np.round(rng.normal(size=(n, d)), 3)
        y = np.round(A @ rng.uniform(2, 6, d) + rng.normal(size=n), 3)
        orders = np.array([rng.permutation(n) for _ in range(epochs)])
        yield Case(name, {"A": A, "y": y, "lr": lr, "batch": batch, "orders": orders})


def epochs_of(A, y, lr, batch, orders, apart=False, hoard=False, means=False, total=False, half=1.0, drop=False, first=False, late=False,
              clear=False, sorted_too=False, whole=False, ends=False, summed=False):
    """The loss of each epoch, as an average over its examples; each argument after `orders` is a fault."""
    w, g, losses = np.ones(A.shape[1]), np.zeros(A.shape[1]), []
    for order in orders:
        order = orders[0] if first else np.arange(len(y)) if sorted_too else order
        errors, g = [], g * (not clear)
        for i in range(0, len(y), batch):
            some = order[i : i + batch]
            if drop and len(some) < batch:
                continue
            a, b = A[some], y[i : i + batch] if apart else y[some]
            error = a @ w - b
            g = (g if hoard else 0) + half * 2 * a.T @ error / (1 if total else batch if whole else len(b))
            w = w - lr * g
            errors.append((a @ w - b if late else error) ** 2)
        if ends:
            errors = [(A @ w - y) ** 2]
        if summed:
            losses.append(sum(e.sum() for e in errors))
        else:
            losses.append(np.mean([e.mean() for e in errors]) if means else np.concatenate(errors).mean() if errors else np.nan)
    return np.array(losses)


def ran_with(**faults):
    return lambda A, y, lr, batch, orders: epochs_of(A, y, lr, batch, orders, **faults)


train = Question(
    "05.5", "Three faults in one epoch", "bug", points=3, difficulty=2, minutes=15, name="train", steps=True,
    objectives=("find faults that hide behind each other", "average losses over examples"),
    draw=epoch_cases, oracle=epochs_of,
    mistakes=(
        Mistake("This is the training as it was given.", "Three faults: one in what is learned, one in the step, one in what is reported.",
                ran_with(apart=True, hoard=True, means=True)),
        Mistake("Of the three faults you have mended the labels only.", "And what does `g +=` do at the second batch? And how much does "
                "an example of the short batch count in the mean of the means?", ran_with(hoard=True, means=True)),
        Mistake("Of the three faults you have mended the gradient only.", "Which labels belong to `A[order[i:i + batch]]`?",
                ran_with(apart=True, means=True)),
        Mistake("Of the three faults you have mended the average only.", "Which labels belong to `A[order[i:i + batch]]`?",
                ran_with(apart=True, hoard=True)),
        Mistake("The labels still come in another order than the people.", "Use the same places for both.", ran_with(apart=True)),
        Mistake("Gradients still add up from batch to batch.", "A gradient belongs to one batch: compute it anew. In PyTorch, `zero_grad`.",
                ran_with(hoard=True)),
        Mistake("Gradients are cleared once an epoch, and add up within it.", "A gradient belongs to one batch: compute it anew.",
                ran_with(hoard=True, clear=True)),
        Mistake("Inputs and labels match, and the order is not used.", "`order[i:i + batch]` for both.", ran_with(sorted_too=True)),
        Mistake("You divide the gradient by `batch`, also where fewer came.", "Divide by the size of this batch.", ran_with(whole=True)),
        Mistake("You report the loss of all people after the epoch.", "Each person's error is taken just before the step that uses it.",
                ran_with(ends=True)),
        Mistake("You report the sum of the squared errors.", "Divide by the number of people.", ran_with(summed=True)),
        Mistake("The loss of an epoch is still a mean of means, in which the people of the short batch count more.",
                "Add up the squared errors of all batches, and divide by the number of people.", ran_with(means=True)),
        Mistake("Your gradient is a sum over the batch.", "Divide by the size of this batch.", ran_with(total=True)),
        Mistake("The 2 of the slope is lost.", "The slope of e² is 2e.", ran_with(half=0.5)),
        Mistake("You leave out the short last batch.", "The training as it was given used it. Weigh it, do not drop it.",
                ran_with(drop=True)),
        Mistake("Each epoch has the order of the first.", "One row of `orders` an epoch.", ran_with(first=True)),
        Mistake("You take the errors of a batch after its step.", "Note them first, then step.", ran_with(late=True)),
    ),
    success="Labels follow their inputs, a gradient belongs to one batch, and a mean over an epoch is a mean over its people.",
    onwards="which of the three would you have seen in a loss curve, and which one not?")

# -- 05.6 -----------------------------------------------------------------------------------------------------------------------


def rate_cases(rng):
    def case(name, curvature, noise, start, n):
        return Case(name, {"curvature": curvature, "noise": noise, "start": start, "n": n})

    yield case("a start far away", 1.0, 1.0, round(rng.uniform(8, 12), 1), 20)
    yield case("a start at the noise", 2.0, round(rng.uniform(3, 4), 1), 0.5, 10)
    yield case("a curved bowl", round(rng.uniform(20, 30), 1), 5.0, 2.0, 30)
    yield case("a flat bowl, few steps", 0.1, 0.5, round(rng.uniform(2.5, 3.5), 1), 12)
    yield case("many steps", 4.0, 2.0, 3.0, 400)


def best_rates(curvature, noise, start, n):
    first = (noise / (curvature * start)) ** 2
    return 1 / (curvature * (np.arange(1, n + 1) + first))


def mean_square(rates, curvature, noise, start):
    v = start**2
    for lr in rates:
        v = (1 - lr * curvature) ** 2 * v + (lr * noise) ** 2
    return v


def near_the_least(value, inputs, hidden):
    """The mean square in the end is within 2 % of the least possible."""
    curvature, noise, start, n = (inputs[k] for k in ("curvature", "noise", "start", "n"))
    if np.shape(value) != (n,):
        return f"{n} rates are expected, an array of shape ({n},); yours has the shape {np.shape(value)}."
    with np.errstate(all="ignore"):
        reached = mean_square(np.asarray(value, dtype=float), curvature, noise, start)
        constant = min(mean_square([lr] * n, curvature, noise, start) for lr in np.geomspace(1e-4, 1, 200) / curvature)
    goal = 1.02 / (1 / start**2 + n * (curvature / noise) ** 2)
    if reached <= goal:
        return ""
    return f"The mean square ends at {reached:.4g}; the goal is {goal:.4g}, and the best constant rate reaches {constant:.4g}."


def constant(curvature, noise, start, n):
    return np.full(n, min(np.geomspace(1e-4, 1, 200) / curvature, key=lambda lr: mean_square([lr] * n, curvature, noise, start)))


def stepwise(spread=2, square=2, noisy=1.0):
    """The best rate for each step, with the square of the start or of the noise forgotten, or the noise left out of the next v."""
    def submission(curvature, noise, start, n):
        v, chosen = start**square, []
        for _ in range(n):
            lr = curvature * v / (curvature**2 * v + noise**spread)
            v = (1 - lr * curvature) ** 2 * v + noisy * lr**2 * noise**spread
            chosen.append(lr)
        return np.array(chosen)

    return submission


def of_time(rate):
    return lambda curvature, noise, start, n: rate(np.arange(1, n + 1), curvature)


rates = Question(
    "05.6", "As close as anybody can come", "target", points=3, difficulty=3, minutes=20, name="rates",
    objectives=("choose the rate that is best for this step", "see how fast it must fall"),
    draw=rate_cases, proof=near_the_least,
    mistakes=(
        Mistake("Your rates are all the same. It is the best constant one, and it must serve the beginning and the end.",
                "Which rate is best for one step, from a mean square v? And which v has the next step?", constant),
        Mistake("Your rates are all 1/λ: the start is forgotten at once, and the noise of the last step stays.",
                "They must fall.", of_time(lambda t, c: np.full(len(t), 1 / c))),
        Mistake("Your rates are 1/t: the curvature is forgotten.", "The unit of a rate is one over a curvature.",
                of_time(lambda t, c: 1 / t)),
        Mistake("Your rates are 1/(λt): they forget the start at the first step. If it is better than a noisy gradient, that is a loss.",
                "How good is the start, in units of the noise? Begin to count there.", of_time(lambda t, c: 1 / (c * t))),
        Mistake("Your rates are 1/(λ(t + 1)), t from 1: as if the start were worth exactly one noisy gradient.",
                "What it is worth depends on start, noise and curvature.", of_time(lambda t, c: 1 / (c * (t + 1)))),
        Mistake("Your rates fall as 1/√t. That is too slow at the end.", "The noise must be averaged: 1/t.",
                of_time(lambda t, c: 1 / (c * np.sqrt(t)))),
        Mistake("Your rates are 2/(λ(t + 1)), good for averages of the points. The last point is noisier.",
                "The last point counts here.", of_time(lambda t, c: 2 / (c * (t + 1)))),
        Mistake("Your rates fall as 1/t², so their sum is finite.", "Robbins and Monro: the sum must grow without end.",
                of_time(lambda t, c: 1 / (c * t**2))),
        Mistake("What the start is worth has lost its square.", "Compare variances: σ²/(λ²x²).",
                lambda curvature, noise, start, n: 1 / (curvature * (np.arange(1, n + 1) + noise / (curvature * start)))),
        Mistake("What the start is worth is upside down.", "A good start, small against the noise, counts for many steps.",
                lambda curvature, noise, start, n: 1 / (curvature * (np.arange(1, n + 1) + (curvature * start / noise) ** 2))),
        Mistake("In what the start is worth the curvature is missing.", "Compare variances: σ²/(λ²x²).",
                lambda curvature, noise, start, n: 1 / (curvature * (np.arange(1, n + 1) + (noise / start) ** 2))),
        Mistake("Your count is right, and the rate is one over it: the curvature before it is forgotten.",
                "The unit of a rate is one over a curvature.",
                lambda curvature, noise, start, n: curvature * best_rates(curvature, noise, start, n)),
        Mistake("Your rates fall along a cosine from 1/λ.", "What is the best rate for one step, from a mean square v?",
                lambda curvature, noise, start, n: (1 + np.cos(np.pi * np.arange(n) / n)) / (2 * curvature)),
        Mistake("Half of your rates are 1/λ, then they fall. A rate of 1/λ keeps nothing of the steps before.",
                "The best rate falls from the first step on.",
                lambda curvature, noise, start, n: 1 / (curvature * np.maximum(1, np.arange(1, n + 1) - n // 2))),
        Mistake("Your rates are in reverse order: the largest comes last.", "The noise of the last steps is what stays.",
                lambda curvature, noise, start, n: best_rates(curvature, noise, start, n)[::-1]),
        Mistake("The start is taken for its square: v₀ = start².", "v is a mean square.", stepwise(square=1)),
        Mistake("The noise is taken for its square: a standard deviation is given.",
                "Square it first: σ² stands in the formula for v.", stepwise(spread=1)),
        Mistake("You leave the noise out of the next v, so you think that you are nearer than you are.",
                "The next v is (1 − ηλ)²v + η²σ², with both of its terms.", stepwise(noisy=0.0)),
        Mistake("You compute the best rate for the first step, and keep it.", "v is another one after each step.",
                lambda curvature, noise, start, n: np.full(n, best_rates(curvature, noise, start, 1)[0])),
        Mistake("Your rates fall along a straight line from 1/λ.", "Early rates matter little, late ones a great deal: 1/t.",
                lambda curvature, noise, start, n: (1 - np.arange(n) / n) / curvature),
        Mistake("Your rates are 1/(2λt): the start fades as 1/t only.", "Below 1/(λt) the start fades too slowly.",
                of_time(lambda t, c: 0.5 / (c * t))),
        Mistake("Your count begins at 0: the first rate ignores the noise of the first gradient.",
                "The first step mixes the start with one noisy gradient: two sources.",
                lambda curvature, noise, start, n: 1 / (curvature * (np.arange(n) + (noise / (curvature * start)) ** 2))),
    ),
    success="Each step mixes what is known with one new noisy look, in proportion to their worth: one over the variance. Worths add up.",
    onwards="the same rule with many directions is Kalman's filter. What does it do for two curvatures that share one rate?")

# -- 05.7 -----------------------------------------------------------------------------------------------------------------------

eight_cards = Manual(
    "05.7", "Eight cards, five runs", difficulty=2, minutes=10, name="advice", words=150,
    objectives=("separate batch, rate and number of steps", "advise on a batch size from five runs"),
    rubric=(("says why B saves hardly any steps: the noise is less, and the rate, which limits it now, is the same", 1),
            ("says why C needs so many fewer, and why the same rule fails in D: the rate grows with the batch, up to 2/L", 1),
            ("computes the critical batch size from A and E, or says between which batches it lies and why", 1),
            ("advises a batch for the eight cards, with its rate, and names what it costs", 1)))

QUESTIONS = (train, rates)
MANUAL = (eight_cards,)
