"""The questions of chapter 2 on a training that is broken, on a budget, and on a letter (02.7 to 02.9)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.functions import function

# -- 02.7 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):
    for name, n, d, lr, steps in (("eight people, two measurements", 8, 2, 0.1, 8), ("forty people", 40, 3, 0.1, 12),
                                  ("the same at a third of the rate", 40, 3, 0.03, 12), ("a hundred people", 100, 4, 0.1, 10)):
        A = np.round(rng.normal(size=(n, d)), 3)
        y = np.round(A @ rng.uniform(2, 9, d) + 20 + rng.normal(size=n), 3)
        w = np.round(rng.normal(size=d), 3)  # from zero a run with a wrong sign would have the same losses
        yield Case(name, {"A": A, "y": y, "w": w, "lr": lr, "steps": steps})


def training(A, y, w, lr, steps, keep_w=False, keep_b=False, fold=np.sum, late=False, to_w_of=lambda A, back: A.T @ back, anew=False):
    """The losses of a line; slopes may be kept from step to step, computed otherwise, or looked at anew for the intercept."""
    b, to_w, to_b, losses = 0.0, 0.0, 0.0, []
    for _ in range(steps + 1 + late):
        error = A @ w + b - y
        losses.append(np.mean(error**2))
        back = 2 * error / len(y)
        to_w = keep_w * to_w + to_w_of(A, back)
        if anew:
            back = 2 * (A @ (w - lr * to_w) + b - y) / len(y)
        to_b = keep_b * to_b + fold(back)
        w, b = w - lr * to_w, b - lr * to_b
    return np.array(losses[late:])


def trained_with(**changes):
    return lambda A, y, w, lr, steps: training(A, y, w, lr, steps, **changes)


def everyone(back):
    return back


def tamed(share, **changes):
    return lambda A, y, w, lr, steps: training(A, y, w, lr / share, steps, **changes)


train = Question(
    "02.7", "The loss that swings, and then is too good", "bug", points=3, difficulty=2, minutes=15, name="train", steps=True,
    objectives=("find a fault by its symptom", "distrust a loss that is better than the noise"),
    draw=training_cases, oracle=training,
    mistakes=(
        Mistake("This is the training as it was given.", "Two faults. One makes the loss swing; the other shows when that is mended.",
                trained_with(keep_w=True, keep_b=True, fold=everyone)),
        Mistake("The slopes are cleared now. But everybody has an intercept of their own.",
                "`b` began as a number and became an array. It is used by all people, so its slopes are added: `back.sum()`.",
                trained_with(fold=everyone)),
        Mistake("The intercept is one number now. But old slopes are still added to the new ones, and the loss swings.",
                "Each step needs the slopes at its own point only: `=`, not `+`.", trained_with(keep_w=True, keep_b=True)),
        Mistake("The slopes of w are cleared, those of b still pile up.", "Clear both.", trained_with(keep_b=True)),
        Mistake("The slope of b is cleared, those of w still pile up.", "Clear both.", trained_with(keep_w=True)),
        Mistake("The slope of your intercept is a mean of a mean: n times too small.",
                "The 1/n is in `back` already. A value that all use gets the sum of what comes back.", trained_with(fold=np.mean)),
        Mistake("The run is tamed by a smaller rate, not mended.", "Leave the rate as it is given. Both faults are still there.",
                tamed(10, keep_w=True, keep_b=True, fold=everyone),
                also=(*(tamed(share, keep_w=True, keep_b=True, fold=everyone) for share in (2, 5, 100, 1000)),
                      *(tamed(share, keep_w=True, keep_b=True) for share in (2, 5, 10, 100, 1000)),
                      *(tamed(share, fold=everyone) for share in (2, 5, 10, 100, 1000)))),
        Mistake("The slope of w is divided by the number of people twice.", "The 1/n is in `back` already: `A.T @ back`.",
                trained_with(to_w_of=lambda A, back: A.T @ back / len(back))),
        Mistake("The slopes are divided by the number of people twice.", "The 1/n is in `back` already: `A.T @ back` and `back.sum()`.",
                trained_with(fold=np.mean, to_w_of=lambda A, back: A.T @ back / len(back))),
        Mistake("The slope of w lacks the measurements: every weight gets the same one.",
                "A weight multiplies its measurement: `A.T @ back`.",
                trained_with(to_w_of=lambda A, back: back.sum()), also=(trained_with(to_w_of=lambda A, back: back.mean()),)),
        Mistake("The 2 of the slope is lost for the intercept.", "`back` has it already: `back.sum()`.",
                trained_with(fold=lambda back: back.sum() / 2)),
        Mistake("Your intercept climbs: its sign is wrong.", "Go against its slope: `b - lr * back.sum()`.",
                trained_with(fold=lambda back: -back.sum())),
        Mistake("Every step is half as long as it should be: either the 2 of the slope is lost, or the rate is halved.",
                "`back` has the 2 already, and the rate stays as it is given.", tamed(2)),
        Mistake("The 1/n of the slope is lost, so every step is n times too long.", "`back = 2 * error / len(y)`, as it was given.",
                trained_with(to_w_of=lambda A, back: len(back) * A.T @ back, fold=lambda back: len(back) * back.sum())),
        Mistake("Your training climbs: the sign is wrong.", "Go against the slope.", tamed(-1)),
        Mistake("You take `error` where `back` is meant: the 2/n of the slope is missing.", "`A.T @ back` and `back.sum()`.",
                trained_with(to_w_of=lambda A, back: len(back) / 2 * A.T @ back, fold=lambda back: len(back) / 2 * back.sum()),
                also=(trained_with(to_w_of=lambda A, back: len(back) / 2 * A.T @ back),
                      trained_with(fold=lambda back: len(back) / 2 * back.sum()))),
        Mistake("Your intercept never moves.", "It has a slope too: `b = b - lr * back.sum()`.", trained_with(fold=lambda back: 0.0)),
        Mistake("Your intercept looks at the loss when w has stepped already.",
                "Both slopes belong to the same point: compute them first, then step.",
                trained_with(anew=True)),
        Mistake("Your weights begin at zero, not at the `w` that is given.", "The first loss is that of the given w.",
                lambda A, y, w, lr, steps: training(A, y, 0 * w, lr, steps)),
        Mistake("One loss is missing, the last one.", "With the start there are steps + 1 losses: `range(steps + 1)`.",
                lambda A, y, w, lr, steps: training(A, y, w, lr, steps)[:-1]),
        Mistake("Your losses are sums. The loss is a mean.", "`np.mean(error**2)`.",
                lambda A, y, w, lr, steps: len(y) * training(A, y, w, lr, steps)),
        Mistake("Your first loss is that after a step.", "Note the loss first, then step: the first one is what ignorance costs.",
                trained_with(late=True)),
    ),
    success="Slopes never cleared are a memory that never fades: it swings. And a slope of the wrong shape turned one knob into n.",
    onwards="one `assert` in the loop would have caught the second fault at once. Which?")

# -- 02.8 -----------------------------------------------------------------------------------------------------------------------

BUDGET, GOAL = 100, 1e-3
ASK = "Ask the loss: did the step go down? Then try a longer one next. If not, take it back and try a shorter one."


def fog_cases(rng):
    def case(name, surface, off, **arguments):
        centre = np.round(rng.normal(0, 3, len(off)), 3)  # so that nobody knows where the bottom is
        named = {"function": surface, "part": "box", "budget": BUDGET, "centre": centre, **arguments}
        return Case(name, {"box": named, "x": centre + off})

    near = lambda n, low=0.5, high=1.5: np.round(rng.uniform(low, high, n), 3)
    yield case("a valley askew", "quadratic", near(2), condition=10, rotation=30)
    yield case("nearly level ground, ten knobs", "quadratic", near(10), condition=5, dimension=10, largest=0.01)
    yield case("steep ground, ten knobs", "quadratic", near(10), condition=5, dimension=10, largest=500.0)
    yield case("Booth's bowl", "booth", near(2, -6, -3))
    yield case("a hundred knobs", "quadratic", near(100), condition=4, dimension=100)


def low_enough(value, inputs, hidden):
    """The loss at the point that came back is at most a thousandth of the loss at the start."""
    x, named = np.array(inputs["x"]), inputs["box"]
    if np.shape(value) != x.shape:
        return f"A point is expected, an array of shape {x.shape}; yours has the shape {np.shape(value)}."
    f = function(**{name: v for name, v in named.items() if name not in ("part", "budget")})
    with np.errstate(all="ignore"):
        start, yours = float(f(x)), float(f(np.array(value, dtype=float)))
    return "" if yours <= GOAL * start else f"The loss is {yours:.3g} and began at {start:.3g}; the goal is {GOAL * start:.3g}."


def search(box, x, lr=1.0, grow=2.0, shrink=4.0, looks=None):
    """Keep steps that go down and lengthen them, shorten those that do not; with `looks` stop asking for slopes after so many."""
    here, g = box(x), box.gradient(x)
    while box.left >= 4:
        there = box(x - lr * g)
        if there < here:
            x, here, lr = x - lr * g, there, grow * lr
            g = box.gradient(x) if looks is None else g
        else:
            lr = lr / shrink
    return x


def at_rate(lr):
    def fixed(box, x):
        while box.left >= 3:
            x = x - lr * box.gradient(x)
        return x

    return fixed


def of_length(length):
    def fixed(box, x):
        while box.left >= 3:
            g = box.gradient(x)
            x = x - length * g / np.linalg.norm(g)
        return x

    return fixed


def natural(lr, grow, shrink, anew=False, keeps_all=False, halts=False, looks_once=False):
    """The search as it comes to mind, with one fault: slopes asked for at every try, steps kept that go up, or no second try."""
    def arrive(box, x):
        rate, here, g = lr, None if anew else box(x), None if anew or keeps_all else box.gradient(x)
        while box.left >= (1 if looks_once else 5 if anew else 4):
            g = box.gradient(x) if anew or keeps_all else g
            before = box(x) if anew else here
            there = box(x - rate * g) if not anew or box.left else np.inf
            if there < before or keeps_all:
                x, here = x - rate * g, there
                rate = grow * rate if there < before else rate / shrink
                g = g if looks_once or anew or keeps_all else box.gradient(x)
            elif halts:
                break
            else:
                rate = rate / shrink
        return x

    return arrive


def some(fault, rates=(1.0, 0.1), pairs=((2.0, 2.0), (1.5, 2.0), (1.2, 2.0), (1.1, 2.0))):
    """The code of a mistake, and the same at other rates and factors."""
    first, *rest = (natural(lr, *pair, **{fault: True}) for lr in rates for pair in pairs)
    return {"code": first, "also": tuple(rest)}


def one_gradient_too_many(box, x):
    while True:
        x = x - 0.1 * box.gradient(x)


arrive = Question(
    "02.8", "A hundred questions to the fog", "target", points=3, difficulty=3, minutes=20, name="arrive",
    objectives=("spend a budget of evaluations", "come down on landscapes of any steepness"),
    draw=fog_cases, proof=low_enough,
    mistakes=(
        Mistake("You ask more than the budget allows, and then nothing comes back.",
                "`box.left` says what is left. Ask for a gradient only while it is at least 3.", one_gradient_too_many),
        Mistake("You return the point where you began: either no step is kept, or every step goes up.",
                "Return the point where you are. Does `x` change in your loop, and does it go against the gradient?",
                lambda box, x: x),
        Mistake("Your rate is 0.1 everywhere: on the steep ground it flies off, on the level ground it hardly moves.",
                ASK, at_rate(0.1)),
        Mistake("Your rate is 0.01 everywhere: too long on the steep ground, too short on all others.",
                ASK, at_rate(0.01)),
        Mistake("Your rate is 1 everywhere: on the steep ground it flies off.",
                ASK, at_rate(1.0)),
        Mistake("Your rate is the same everywhere, and tiny: only on the steep ground it is not too short.",
                ASK, at_rate(1e-3), also=(at_rate(5e-3), at_rate(2e-3), at_rate(5e-4), at_rate(1e-4), at_rate(1e-5), at_rate(1e-6))),
        Mistake("All your steps have one length: too short for the way, or they jump to and fro over the bottom.",
                "Let the slope set the length, as it fades to zero at the bottom, times a rate that you adapt.",
                of_length(0.1), also=tuple(map(of_length, (1.0, 0.5, 0.2, 0.05, 0.01)))),
        Mistake("Your rate can shrink but never grow, and on the level ground 1 is tiny.",
                "After a step that went down, double the rate.", lambda box, x: search(box, x, grow=1.0, shrink=2.0)),
        Mistake("You look once for the slope and search along that line for ever.",
                "After each step that you keep, ask for the slope there.", lambda box, x: search(box, x, looks=1),
                also=tuple(natural(lr, 2.0, 2.0, looks_once=True) for lr in (1.0, 0.1))),
        Mistake("You ask for the slope, and the loss, at every try, also where you have not moved: the budget goes for what you know.",
                "What you know of a place stays true while you stand there: ask for it again only after a step.", **some("anew")),
        Mistake("You keep each step, also one that goes up.", "Keep a step only if the loss fell; else stay, and try a shorter one.",
                **some("keeps_all")),
        Mistake("You give up at the first step that goes up.", "Stay where you are, and try a shorter step from there.",
                **some("halts", (1.0, 0.1, 0.01, 1e-3, 1e-4), ((2.0, 2.0), (1.0, 2.0)))),
    ),
    success="The slope chose the direction, the loss the length. By differences a hundred knobs would cost 200 questions a step.",
    onwards="how few questions are enough for all five landscapes? The next chapter knows the best rate without asking.")

# -- 02.9 -----------------------------------------------------------------------------------------------------------------------

patient_friend = Manual(
    "02.9", "A letter to a patient friend", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("explain reverse mode without a formula", "say what it costs"),
    rubric=(("gives both times, with the number of evaluations behind each", 1),
            ("says what a box does with the slope that arrives, and what happens where a value was used more than once", 1),
            ("names the price that reverse mode pays and differences do not", 1),
            ("says what differences are still good for", 1)))

QUESTIONS = (train, arrive)
MANUAL = (patient_friend,)
