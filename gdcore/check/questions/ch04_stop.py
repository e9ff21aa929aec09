"""The questions of chapter 4 on stopping: a broken rule, a promise within a budget, and a letter (04.5 to 04.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.execute import Endless
from gdcore.check.functions import function

# -- 04.5 -----------------------------------------------------------------------------------------------------------------------


def stop_cases(rng):
    def case(name, off, lr, share, most, surface="quadratic", **arguments):
        centre = np.round(rng.normal(0, 2, len(off)), 3)
        named = {"function": surface, "part": "gradient", "centre": centre, **arguments}
        return Case(name, {"gradient": named, "x": centre + off, "lr": lr, "share": share, "most": most})

    near = lambda n: np.round(rng.uniform(0.5, 1.5, n), 3)
    yield case("a valley askew", near(2), 0.1, 0.01, 500, condition=10, rotation=20)
    yield case("nearly level ground", near(3), 50.0, 0.001, 500, dimension=3, condition=5, largest=0.02)
    yield case("steep ground", near(3), 0.0015, 0.05, 500, dimension=3, condition=20, largest=900.0)
    yield case("a budget that is too small", near(4), 300.0, 1e-4, 25, dimension=4, condition=100, largest=0.003)
    yield case("a start at the minimum", np.zeros(2), 0.1, 0.01, 40, condition=10)


def ended(gradient, x, lr, share, most, far=lambda g, first, step, share: np.linalg.norm(g) > share * first, late=False, spend=True):
    """(steps, point) of a descent that ends by a rule; other rules, or a look after the step, for the mistakes."""
    g, t = gradient(x), 0
    first, step = np.linalg.norm(g), None
    while t < most or not spend:
        if not late and not far(g, first, step, share):
            break
        step = lr * g
        x, old = x - step, g
        g, t = gradient(x), t + 1
        if late and not far(old, first, step, share):
            break
        if t > 20_000:
            raise Endless
    return t, x


def ending(**changes):
    return lambda gradient, x, lr, share, most: ended(gradient, x, lr, share, most, **changes)


def short_of_one(t, x, most):
    return min(t, most - 1), x


def over_by_one(t, x, most):
    return min(t + 1, most), x


squared_absolute = lambda g, first, step, share: g @ g >= share
stop = Question(
    "04.5", "The run that stops too soon, or never", "bug", points=3, difficulty=2, minutes=12, name="stop",
    objectives=("find what a tolerance is compared with", "write a stopping rule that does not know the units"),
    draw=stop_cases, oracle=ended,
    mistakes=(
        Mistake("This is the rule as it was given.", "Three faults: what is compared, with what, and when.",
                ending(far=squared_absolute, late=True)),
        Mistake("It looks before it steps now, but still compares a square with an absolute number.",
                "Divide by the first length, unsquared.",
                ending(far=squared_absolute)),
        Mistake("The length is unsquared now, but your bound is absolute: in other units the same run stops elsewhere.",
                "Keep the length of the first gradient, and compare with `share` times that.",
                ending(far=lambda g, first, step, share: np.linalg.norm(g) > share)),
        Mistake("Your bound is a share of the first, but both are squares: it stops at the root of the share.",
                "Either take lengths, or square the share as well.",
                ending(far=lambda g, first, step, share: g @ g > share * first**2)),
        Mistake("A square is compared with a length.", "`np.linalg.norm(g)` on both sides.",
                ending(far=lambda g, first, step, share: g @ g > share * first)),
        Mistake("It steps before it looks: one step too many, and one from a start that is the minimum.",
                "Look at the gradient of the point where you are, and only then step.",
                ending(far=lambda g, first, step, share: np.linalg.norm(g) > share * first, late=True)),
        Mistake("It steps before it looks, and compares the squares, which stops at the root of the share.",
                "Take lengths. Look at the gradient where you are, and only then step.",
                ending(far=lambda g, first, step, share: g @ g > share * first**2, late=True)),
        Mistake("It steps before it looks, and a start at the minimum is never seen: 0 is not below a share of 0.",
                "Look at the gradient where you are, and go on while its length is *above* the share.",
                ending(far=lambda g, first, step, share: np.linalg.norm(g) >= share * first, late=True)),
        Mistake("It takes one step more than the budget allows.", "`t < most`.",
                lambda gradient, x, lr, share, most: ended(gradient, x, lr, share, most + 1)),
        Mistake("The pair is in the wrong order.", "First the number of steps, then the point.",
                lambda gradient, x, lr, share, most: ended(gradient, x, lr, share, most)[::-1]),
        Mistake("Your count is one too many, always.", "Begin with t = 0.",
                lambda gradient, x, lr, share, most: (lambda t, end: (t + 1, end))(*ended(gradient, x, lr, share, most))),
        Mistake("Your rule looks at the length of the step. That is small whenever the rate is.", "Compare gradients.",
                ending(far=lambda g, first, step, share: step is None or np.linalg.norm(step) > share)),
        Mistake("It is unsquared now, but absolute, and it still steps before it looks.", "Keep the first length; look, then step.",
                ending(far=lambda g, first, step, share: np.linalg.norm(g) >= share, late=True)),
        Mistake("When the budget is spent, your count is one short: the last `t` of `range(most)` is most − 1.",
                "Count each step when it is taken.",
                lambda gradient, x, lr, share, most: short_of_one(*ended(gradient, x, lr, share, most), most)),
        Mistake("Where the rule stops it, your count is one too many: the last look took no step.", "Count each step when it is taken.",
                lambda gradient, x, lr, share, most: over_by_one(*ended(gradient, x, lr, share, most), most)),
        Mistake("The budget is not kept.", "`and t < most`.", ending(spend=False)),
        Mistake("A start at the minimum is not seen: 0 is not below a share of 0.",
                "At most, not below: go on while the length is *above*.",
                ending(far=lambda g, first, step, share: np.linalg.norm(g) >= share * first)),
    ),
    success="Relative to the first, unsquared, and looked at before the step: now the units of the loss do not matter. Those of x still "
            "do.",
    onwards="put this rule on the saddle of the chapter. What would have to be added, so that it does not stop there?")

# -- 04.6 -----------------------------------------------------------------------------------------------------------------------

GOAL = 2e-4


def promise_cases(rng):
    def case(name, n, condition, largest, looks):
        centre = np.round(rng.normal(0, 3, n), 3)
        named = {"function": "quadratic", "part": "box", "budget": 3 * looks, "centre": centre,
                 "dimension": n, "condition": condition, "largest": largest}
        off = np.round(rng.uniform(0.9, 1.1, n) * rng.choice([-1, 1], n), 3)
        return Case(name, {"box": named, "x": centre + off, "mu": largest / condition, "L": largest})

    yield case("two knobs, 34 looks", 2, 20.0, 20.0, 34)
    yield case("twenty knobs, 46 looks", 20, 30.0, 3.0, 46)
    yield case("steep ground, 61 looks", 4, 40.0, 800.0, 61)
    yield case("level ground, 38 looks", 6, 25.0, 0.05, 38)


def kept(value, inputs, hidden):
    """The promise is true of the point that came back, and at most GOAL times the first gap."""
    x = np.array(inputs["x"])
    if not isinstance(value, list) or len(value) != 2 or np.shape(value[0]) != x.shape:
        return f"A pair is expected: a point of shape {x.shape} and a number."
    f = function(**{name: v for name, v in inputs["box"].items() if name not in ("part", "budget")})
    start, gap, said = float(f(x)), float(f(np.array(value[0], dtype=float))), float(value[1])
    if not gap <= said * (1 + 1e-6):
        return f"The promise is broken: you say at most {said:.3g}, and the loss is {gap:.3g} above the best."
    if said <= GOAL * start:
        return ""
    return f"Your promise is true, but {said:.3g}; the goal is {GOAL * start:.3g}, and the first gap was {start:.3g}."


def spent(box, x, mu, L, rates=None, bound=lambda g, mu, L: g @ g / (2 * mu), keep=6, stale=False):
    """(x, promise): steps at the given rates while there is budget for a last look; by default bold ones, and careful ones at the end."""
    rates = rates or (lambda left, mu, L: 2 / (L + mu) if left > 12 else 1 / L)
    while box.left >= keep:
        g = box.gradient(x)
        x = x - rates(box.left, mu, L) * g
    return x, bound(g if stale else box.gradient(x), mu, L)


def spending(**changes):
    return lambda box, x, mu, L: spent(box, x, mu, L, **changes)


bold, careful = (lambda left, mu, L: 2 / (L + mu)), (lambda left, mu, L: 1 / L)
promise = Question(
    "04.6", "A promise within a budget", "target", points=3, difficulty=3, minutes=15, name="promise",
    objectives=("spend a budget of gradients", "promise no more than you can keep"),
    draw=promise_cases, proof=kept,
    mistakes=(
        Mistake("You spend all on steps, and nothing is left for the look that the promise needs: the box refuses.",
                "Keep 3 for a last gradient: step while `box.left >= 6`.", spending(keep=3)),
        Mistake("All your steps have the rate 1/L. The flat end is left.",
                "The best constant rate is another one. What does it leave at the steep end?",
                spending(rates=careful)),
        Mistake("All your steps have the rate 2/(L + μ). The loss is low, but in the steep direction something is left, and a gradient "
                "there is long.",
                "Which rate wipes out the most curved direction in one step? Take it last.", spending(rates=bold)),
        Mistake("Your promise divides by L: it is the least that may be left, not the most.", "‖g‖²/2μ.",
                spending(bound=lambda g, mu, L: g @ g / (2 * L))),
        Mistake("Your promise is the length of the gradient over 2μ, not its square.", "‖g‖²/2μ.",
                spending(bound=lambda g, mu, L: np.linalg.norm(g) / (2 * mu))),
        Mistake("You promise that nothing is left.", "A bound that holds: ‖g‖²/2μ at the point that you return.",
                spending(bound=lambda g, mu, L: 0.0)),
        Mistake("You return the start, with a true promise about it.", "First spend the budget on steps.",
                lambda box, x, mu, L: (x, (lambda g: g @ g / (2 * mu))(box.gradient(x)))),
        Mistake("All your steps have the rate 2/L. The most curved direction jumps from side to side and never comes nearer.",
                "Which constant rate is best between μ and L? Begin with it.", spending(rates=lambda left, mu, L: 2 / L)),
        Mistake("All your steps have the rate 1/μ. That is right for the flattest direction, and all more curved than 2μ fly off.",
                "No rate above 2/L.", spending(rates=lambda left, mu, L: 1 / mu)),
        Mistake("You keep the old point: its promise is that of the start, and what came after is lost.", "Return the last x.",
                lambda box, x, mu, L: (x, spent(box, x, mu, L)[1])),
    ),
    success="Bold steps for the flat end, careful ones last for the steep end, and one look kept for the promise.",
    onwards="how much lower can your promise be with the Chebyshev rates of 03.8? In which order must they come, so that nothing "
            "overflows?")

# -- 04.7 -----------------------------------------------------------------------------------------------------------------------

finished = Manual(
    "04.7", "It says it has converged", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("judge a run by its log", "say what converged means for a purpose"),
    rubric=(("computes what is left at least, from the two gains", 1),
            ("computes what is left at most, from the gradient and the smallest curvature", 1),
            ("says why the rule of the script proves nothing about either", 1),
            ("advises whether to go on, and says for which purpose it would matter", 1)))

QUESTIONS = (stop, promise)
MANUAL = (finished,)
