"""The questions of chapter 28 on learning without forgetting, percentiles and a letter (28.5 to 28.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 28.5 -----------------------------------------------------------------------------------------------------------------------

LEFT, LOST = 0.25, 0.02  # of what the best head alone leaves, and of the old task's variance


def transfer_cases(rng):
    for name, d, h, n in (("six inputs, three features", 6, 3, 60), ("eight inputs, four features", 8, 4, 80),
                          ("ten inputs, three features", 10, 3, 90), ("five inputs, two features", 5, 2, 60)):
        W = np.linalg.qr(rng.normal(size=(d, d)))[0][:h]
        x = rng.normal(size=(n, d))
        beyond = rng.normal(size=d)
        beyond -= W.T @ (W @ beyond)
        target = W.T @ (rng.choice([-1.0, 1.0], h) * rng.uniform(1.2, 1.6, h)) + 0.15 * beyond / np.linalg.norm(beyond)
        old = rng.choice([-1.0, 1.0], h) * rng.uniform(0.8, 1.2, h)
        W, x = np.round(W, 4), np.round(x, 3)
        yield Case(name, {"W": W, "x": x, "y": np.round(x @ target, 4)}, {"head": old})


def kept(value, inputs, hidden):
    W, x, y = (np.array(inputs[name], dtype=float) for name in ("W", "x", "y"))
    found, u = np.array(value, dtype=float), np.array(hidden["head"])
    if found.shape != (W.size + len(W),) or not np.isfinite(found).all():
        return f"Give one array of {W.size + len(W)} finite numbers: the entries of W, row by row, then the head."
    body, head = found[:W.size].reshape(W.shape), found[W.size:]
    alone = x @ W.T
    floor = np.mean((y - alone @ np.linalg.lstsq(alone, y, rcond=None)[0]) ** 2)
    with np.errstate(over="ignore"):
        new = np.mean((y - x @ body.T @ head) ** 2) / floor
        lost = np.mean((x @ (body - W).T @ u) ** 2) / np.mean((alone @ u) ** 2)
    said = [f"of the error that the best head alone leaves, {new:.2f} is left; at most {LEFT} may be"] if not new <= LEFT else []
    said += [f"the old task now has an error of {lost:.3f} of its variance; at most {LOST} is allowed"] if not lost <= LOST else []
    return "; ".join(said)[:1].upper() + "; ".join(said)[1:] + "." * bool(said)


def moved(W, x, y, rates=(0.05, 0.05), steps=2000, first=0, start=0.0, seed=None, climb=False):
    """Descent on body and head; `first` steps go to the head alone. Each argument after `y` is a choice."""
    body = W.copy() if seed is None else np.random.default_rng(seed).normal(size=W.shape) / np.sqrt(W.shape[1])
    head, squares, products = np.full(len(W), start), x.T @ x / len(y), x.T @ y / len(y)
    rates = -np.array(rates) if climb else rates
    for t in range(first + steps):
        slope = squares @ (head @ body) - products  # by the weights of the whole, head @ body
        step = rates[0] * head[:, None] * slope if t >= first else 0.0
        body, head = body - step, head - rates[1] * (body @ slope)
    return np.append(body, head)


def tries(**choices):
    return lambda W, x, y: moved(W, x, y, **choices)


def overwritten(W, x, y):
    W = W.copy()
    W[0] = np.linalg.lstsq(x, y, rcond=None)[0]
    return np.append(W, np.eye(len(W))[0])


not_forgotten = Question(
    "28.5", "Learn, and do not forget", "target", points=3, difficulty=3, minutes=15, name="learn",
    objectives=("reach a new task by moving head and body", "keep an old task that cannot be seen"),
    draw=transfer_cases, proof=kept,
    mistakes=(
        Mistake("The body has not moved. Its features cannot tell all of the new task.", "After the head, the body has to move a little.",
                tries(rates=(0.0, 0.1))),
        Mistake("The new task is learned, and the old one is damaged: body and head moved at one rate from the start.",
                "While the head is wrong, it pulls the body along. Which of the two should move first?", tries(rates=(0.1, 0.1)),
                also=(tries(rates=(0.01, 0.01)), tries(rates=(0.05, 0.05)))),
        Mistake("One feature was overwritten with the answer of the new task. The old head needed it.",
                "Move W a little, do not replace it.", overwritten),
        Mistake("The body starts from random weights. The old task is gone before the first step.", "Start from W.",
                tries(rates=(0.05, 0.05), seed=1)),
        Mistake("Either the start came back, or only the body moves, and under a head of zeros it cannot: its slope is a multiple of it.",
                "The head first.", tries(rates=(0.1, 0.0))),
        Mistake("Only the body moves, under a head of ones. It has to bend all its features to fit.", "Let the head learn first.",
                tries(rates=(0.1, 0.0), start=1.0)),
        Mistake("The steps climb.", "Against the slope.", tries(rates=(1e-3, 1e-3), steps=200, climb=True, start=0.5)),
        Mistake("You stop after twenty steps. The new task is hardly begun.", "Some hundreds or thousands of steps.",
                tries(rates=(0.001, 0.05), steps=20)),
        Mistake("The body's rate is so small that it has not moved to any effect.", "A larger rate, or more steps, once the head is right.",
                tries(rates=(1e-6, 0.1), first=300)),
    ),
    success="The head first, the body a little after it: then what the body is asked for is only what the head could not say.",
    onwards="mix into the new task a few examples of the old one. How large may the rates become then?")

# -- 28.6 -----------------------------------------------------------------------------------------------------------------------


def percentile_cases(rng):
    for name, n, d, tau, lr, steps in (("a median", 9, 1, 0.5, 1.0, 5), ("fast drivers", 20, 1, 0.85, 2.0, 8),
                                       ("with a slope", 15, 2, 0.8, 0.5, 8), ("slow drivers", 12, 2, 0.1, 0.3, 6),
                                       ("three inputs", 25, 3, 0.9, 0.4, 10)):
        x = np.c_[np.ones(n), np.round(rng.normal(size=(n, d - 1)), 3)]
        y = np.round(x @ (0.5 + np.arange(d)) + rng.exponential(1.5, n) + 0.1234567, 7)
        w = np.round(rng.normal(size=d), 2)
        if name == "fast drivers":
            y[0] = w[0]  # a car at the very guess is not below it
        yield Case(name, {"x": x, "y": y, "w": w, "tau": tau, "lr": lr, "steps": steps})


def percentile(x, y, w, tau, lr, steps, slope=lambda slower, tau: slower - tau, sum_=False, rate=lambda lr, t: lr / np.sqrt(t), begin=1,
               sign=1.0, raw=False):
    """The path of w under subgradient steps on the pinball loss; each argument after `steps` is a fault."""
    path = []
    for t in range(begin, steps + begin):
        slower = (y < x @ w).astype(float)
        pull = (x @ w - y) if raw else slope(slower, tau)
        w = w - sign * rate(lr, t) * (pull @ x) / (1 if sum_ else len(y))
        path.append(w)
    return np.array(path)


def drawn(**faults):
    return lambda x, y, w, tau, lr, steps: percentile(x, y, w, tau, lr, steps, **faults)


def only_the_end(x, y, w, tau, lr, steps):
    return percentile(x, y, w, tau, lr, steps)[-1]


def beginning_too(x, y, w, tau, lr, steps):
    return np.vstack([w, percentile(x, y, w, tau, lr, steps)[:-1]])


def start_kept(x, y, w, tau, lr, steps):
    return np.vstack([w, percentile(x, y, w, tau, lr, steps)])


def walked_by(pull):
    def path(x, y, w, tau, lr, steps):
        rows = []
        for t in range(1, steps + 1):
            w = w - lr / np.sqrt(t) * pull(x, y, x @ w, tau)
            rows.append(w)
        return np.array(rows)

    return path


other_side = walked_by(lambda x, y, guess, tau: ((y > guess) - tau) @ x / len(y))
no_chain = walked_by(lambda x, y, guess, tau: np.full(x.shape[1], np.mean((y < guess) - tau)))
expectile = walked_by(lambda x, y, guess, tau: np.where(y < guess, 1 - tau, tau) * (guess - y) @ x / len(y))

a_percentile = Question(
    "28.6", "A line for the fast ones", "function", points=3, difficulty=2, minutes=15, name="percentile",
    objectives=("write a subgradient descent on the pinball loss", "carry a percentile over to a line"),
    draw=percentile_cases, oracle=percentile, steps=True, rtol=1e-9,
    mistakes=(
        Mistake("The step climbs: slopes are subtracted, and yours points uphill.", "w − η · slope.", drawn(sign=-1.0)),
        Mistake("The weights τ and 1 − τ have changed places: you descend to the slow drivers.", "The share of slower ones minus τ.",
                drawn(slope=lambda slower, tau: slower - (1 - tau))),
        Mistake("The slopes are added up and not averaged.", "Divide by the number of cars.", drawn(sum_=True)),
        Mistake("The rate does not fall. At a kink the steps would never come to rest.", "The rate is η/√t.", drawn(rate=lambda lr, t: lr)),
        Mistake("The rate falls as 1/t. Asked is the root.", "The rate is η/√t.", drawn(rate=lambda lr, t: lr / t)),
        Mistake("Your t begins with 2.", "The first step has t = 1.", drawn(begin=2)),
        Mistake("This is least squares: the slope grows with the error. The pinball's is τ or 1 − τ.", "Only the side counts.",
                drawn(raw=True)),
        Mistake("Slower cars pull and faster ones do not.", "Those above pull with τ.",
                drawn(slope=lambda slower, tau: slower * (1 - tau))),
        Mistake("The two sides are exchanged: a car counts as slower where its speed is above the guess.", "(y < guess).", other_side),
        Mistake("The chain rule is missing: each weight moves by the mean slope, whatever its input.", "The slope times x.", no_chain),
        Mistake("This is the expectile: the weights are right, but they multiply the error and not its sign.", "Only the side counts.",
                expectile),
        Mistake("The start came back as a first row. Asked is the point after each step.", "steps rows.", start_kept),
        Mistake("Faster cars pull and slower ones do not.", "Those below pull with 1 − τ.",
                drawn(slope=lambda slower, tau: -(1 - slower) * tau)),
        Mistake("Each side pulls with 1: that is the median, whatever τ is.", "The share of slower ones minus τ.",
                drawn(slope=lambda slower, tau: slower - 0.5)),
        Mistake("Each side pulls with a whole 1: the median again, and twice as fast.", "τ above, 1 − τ below.",
                drawn(slope=lambda slower, tau: 2 * slower - 1),
                also=(walked_by(lambda x, y, guess, tau: np.sign(guess - y) @ x / len(y)),)),
        Mistake("A car at the very guess counts as slower. Asked is: below it.", "y < guess.",
                walked_by(lambda x, y, guess, tau: ((y <= guess) - tau) @ x / len(y))),
        Mistake("The step is halved: the pinball loss has no half in it.", "(slower − τ) · x, averaged.",
                drawn(slope=lambda slower, tau: (slower - tau) / 2)),
        Mistake("The mean slope is multiplied by the mean input. Multiply car by car, then average.", "x.T @ (slower − τ) / n.",
                walked_by(lambda x, y, guess, tau: np.mean((y < guess) - tau) * x.mean(axis=0))),
        Mistake("All rows are the last point: you keep one array and change it in place.", "Write down a copy.",
                lambda x, y, w, tau, lr, steps: np.tile(percentile(x, y, w, tau, lr, steps)[-1], (steps, 1))),
        Mistake("You return running averages. Asked is the point after each step.", "No averaging.",
                lambda x, y, w, tau, lr, steps: np.cumsum(percentile(x, y, w, tau, lr, steps), axis=0)
                / np.arange(1, steps + 1)[:, None]),
        Mistake("You return the last point only. Asked is the point after each step.", "A row for each step.", only_the_end),
        Mistake("You write the point down before its step, not after it.", "First the step, then the row.", beginning_too),
    ),
    success="Above the line τ, below it 1 − τ, averaged, with a rate that falls: least squares would ask how far, this asks on which side.",
    onwards="fit τ = 0.1, 0.5 and 0.9 on one set. Must the three lines keep their order everywhere?")

# -- 28.7 -----------------------------------------------------------------------------------------------------------------------

a_letter = Manual(
    "28.7", "The shop that knows you", difficulty=2, minutes=10, name="letter", words=160,
    objectives=("find a leak, a missing baseline and a wrong loss in a report", "ask for the measurement that would decide"),
    rubric=(("says that a random split lets the model learn from later purchases, and gives a split by time", 1),
            ("says that a low error in stars is not a good list, and names a measure of the list", 1),
            ("names the most bought products as a baseline that is missing, or that has to be shown beside the result", 1),
            ("says that an average over all hides new customers, and asks for the error by number of purchases", 1)))

QUESTIONS = (not_forgotten, a_percentile)
MANUAL = (a_letter,)
