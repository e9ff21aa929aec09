"""The questions of chapter 22 on slopes of a training: in the rate, carried forward, seven numbers (22.1 to 22.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 22.1 -----------------------------------------------------------------------------------------------------------------------


def step_cases(rng):
    for name, n, beta, lr in (("with momentum", 3, 0.9, 0.05), ("at rest", 2, 0.9, 0.1), ("a single weight", 1, 0.5, 0.3),
                              ("without momentum", 3, 0.0, 0.2), ("a rate too large", 2, 0.8, 0.7)):
        v = np.zeros(n) if name == "at rest" else np.round(rng.normal(size=n), 2)
        yield Case(name, {"h": np.round(rng.uniform(0.5, 4, n), 2), "x": np.round(rng.normal(size=n), 2), "v": v, "lr": lr, "beta": beta})


def slope(h, x, v, lr, beta, sign=-1.0, before=False, plain=False, old=False, by="v", reduce=np.sum, keep=True):
    """The slope of the loss after a step in the rate; each argument after `beta` is a fault."""
    h, x, v = np.array(h), np.array(x), np.array(v)
    new = h * x if plain else (beta * v if keep else v) + h * x
    end = x if before else x - lr * new
    return sign * reduce(h * end * {"v": v if old else new, "g": h * x, "x": end, "1": 1.0}[by])


def moved(h, x, v, beta):
    return beta * np.array(v) + np.array(h) * np.array(x)


def mixed(h, x, v, beta):
    return beta * np.array(v) + (1 - beta) * np.array(h) * np.array(x)


def slipped(**faults):
    return lambda h, x, v, lr, beta: slope(h, x, v, lr, beta, **faults)


rate_slope = Question(
    "22.1", "The slope in the rate", "function", points=2, difficulty=2, minutes=12, name="rate_slope",
    objectives=("differentiate one step of training in its rate", "tune a rate while training"),
    draw=step_cases, oracle=slope, rtol=1e-8,
    mistakes=(
        Mistake("The sign is wrong: the new point is x minus the rate times v.", "The derivative of x − ηv in η is −v.", slipped(sign=1.0)),
        Mistake("You take the gradient where the step begins. The loss is that of the new point.", "h times the new x.",
                slipped(before=True)),
        Mistake("The step is taken without its momentum.", "v ← βv + hx first.", slipped(plain=True)),
        Mistake("You multiply by the v from before the step.", "The new v is what the rate multiplies.", slipped(old=True)),
        Mistake("You multiply by the old gradient, as if there were no momentum.", "The new v is what the rate multiplies.",
                slipped(by="g")),
        Mistake("This is minus the gradient's square at the start: the promise for a rate of 0.", "The gradient at the new point.",
                slipped(before=True, by="g")),
        Mistake("You take the mean over the weights. The loss is a sum.", "np.sum.", slipped(reduce=np.mean)),
        Mistake("You return one number a weight. The rate is one for all, so its slope is a sum.", "np.sum.",
                lambda h, x, v, lr, beta: (np.array(h) * (np.array(x) - lr * (beta * np.array(v) + np.array(h) * np.array(x)))
                                           * -(beta * np.array(v) + np.array(h) * np.array(x))).reshape(-1, 1)),
        Mistake("β is missing in v.", "v ← βv + hx.", slipped(keep=False)),
        Mistake("This is the loss after the step, or a multiple of it, and not its slope.", "The chain rule.", slipped(by="x", sign=0.5)),
        Mistake("You return the sum of the gradients at the new point. By what does the new point move with the rate?", "By −v.",
                slipped(by="1")),
        Mistake("Twice the slope: the half of ½hx² was used up already.", "The gradient is hx.", slipped(sign=-2.0)),
        Mistake("You take the new point where its gradient belongs: h is missing.", "The gradient is hx.",
                lambda h, x, v, lr, beta: -np.sum((np.array(x) - lr * moved(h, x, v, beta)) * moved(h, x, v, beta))),
        Mistake("The result is multiplied by the rate. The derivative of −ηv in η is −v, without η.", "Minus the new v.",
                lambda h, x, v, lr, beta: lr * slope(h, x, v, lr, beta)),
        Mistake("v is an average here, (1 − β) times the gradient. Asked is the sum.", "v ← βv + hx.",
                lambda h, x, v, lr, beta: -np.sum(np.array(h) * (np.array(x) - lr * mixed(h, x, v, beta)) * mixed(h, x, v, beta))),
        Mistake("This is minus the gradient's square at the new point. The step was made with v.", "Times minus the new v.",
                lambda h, x, v, lr, beta: -np.sum((np.array(h) * (np.array(x) - lr * moved(h, x, v, beta))) ** 2)),
        Mistake("Both the step and the slope use the v from before.", "v ← βv + hx first.",
                lambda h, x, v, lr, beta: -np.sum(np.array(h) * (np.array(x) - lr * np.array(v)) * np.array(v))),
    ),
    success="x − ηv depends on η in one place, so the slope is minus the new gradient times the new v.",
    onwards="take a small step against this slope after each step of training. What does the rate do where the path is straight?")

# -- 22.2 -----------------------------------------------------------------------------------------------------------------------


def walk_cases(rng):
    for name, lr, steps in (("one step", 0.1, 1), ("two steps", 0.15, 2), ("ten small steps", 0.03, 10), ("near the edge", 0.25, 12),
                            ("past the edge", 0.33, 8)):
        yield Case(name, {"x": float(np.round(rng.uniform(0.9, 1.4) * rng.choice([-1, 1]), 2)), "lr": lr, "steps": steps})


def carried(x, lr, steps, start=0.0, sign=-1.0, bend=1.0, late=False, open=True, fewer=0, at_new=False):
    """The slope of the last point in the rate, carried forward; each argument after `steps` is a fault."""
    dot = start
    for _ in range(steps - fewer):
        g, h = 4 * x**3 - 4 * x + 0.3, 12 * x**2 - 4
        new = x - lr * g
        if late or at_new:
            h = 12 * new**2 - 4
        if late:
            g = 4 * new**3 - 4 * new + 0.3
        dot = (1 - bend * lr * h) * dot + (sign * g if open else 0.0)
        x = new
    return dot


def walked(**faults):
    return lambda x, lr, steps: carried(x, lr, steps, **faults)


def travelled(x, lr, steps, factor):
    """The slope that travels, with another factor for what came."""
    dot = 0.0
    for _ in range(steps):
        g, h = 4 * x**3 - 4 * x + 0.3, 12 * x**2 - 4
        dot, x = factor(g, h) * dot - g, x - lr * g
    return dot


def scaled(x, lr, steps):
    return lr * carried(x, lr, steps)


def of_the_value(x, lr, steps):
    end = x
    for _ in range(steps):
        end = end - lr * (4 * end**3 - 4 * end + 0.3)
    return (4 * end**3 - 4 * end + 0.3) * carried(x, lr, steps)


def difference(x, lr, steps, h=1e-2, both=True):
    def end(lr):
        y = x
        for _ in range(steps):
            y = y - lr * (4 * y**3 - 4 * y + 0.3)
        return y

    return (end(lr + h) - end(lr - h)) / (2 * h) if both else (end(lr + h) - end(lr)) / h


end_slope = Question(
    "22.2", "The slope that travels along", "function", points=3, difficulty=3, minutes=15, name="end_slope",
    objectives=("carry a derivative forward through a training", "with nothing kept"),
    draw=walk_cases, oracle=carried, rtol=1e-7,
    mistakes=(
        Mistake("The sign of the open part is wrong: a step goes against the slope.", "x − ηf′(x).", walked(sign=1.0)),
        Mistake("You add up the slopes, and forget that a moved point moves all that follow.", "(1 − η f″) times what travels.",
                walked(bend=0.0)),
        Mistake("The sign of the curvature is wrong.", "1 − η f″.", walked(bend=-1.0)),
        Mistake("You begin with 1. The start does not depend on the rate.", "Begin with 0.", walked(start=1.0)),
        Mistake("This is the slope in the start, not in the rate: the open part is missing.", "− f′(x) each step.",
                walked(start=1.0, open=False)),
        Mistake("The derivative stays 0: nothing is ever added to it.", "− f′(x) each step.", walked(open=False)),
        Mistake("You move x first, and take slope and curvature at the new point.", "Both belong to the point where the step begins.",
                walked(late=True)),
        Mistake("The curvature belongs to the point where the step begins, not to where it ends.", "Compute it before x moves.",
                walked(at_new=True)),
        Mistake("One step is missing.", "`steps` of them.", walked(fewer=1)),
        Mistake("The open part is multiplied by the rate. The derivative of −ηf′ in η is −f′.", "− f′(x) each step.", scaled),
        Mistake("This is the slope of f at the last point, times the right answer. Asked is that of the point itself.",
                "Stop before the last factor.", of_the_value),
        Mistake("What came is multiplied by −η f″ alone: the 1 is missing.", "1 − η f″.",
                lambda x, lr, steps: travelled(x, lr, steps, lambda g, h: -lr * h)),
        Mistake("What came is multiplied by 1 − η f′. The slope of f′ is f″.", "1 − η f″.",
                lambda x, lr, steps: travelled(x, lr, steps, lambda g, h: 1 - lr * g)),
        Mistake("Only the last step's open part is left: what came before is thrown away.", "(1 − η f″) times what travels.",
                lambda x, lr, steps: travelled(x, lr, steps, lambda g, h: 0.0)),
        Mistake("The curvature is not multiplied by the rate.", "1 − η f″.",
                lambda x, lr, steps: carried(x, lr, steps, bend=1 / lr)),
        Mistake("This is a difference with a wide gap. Asked is the exact slope.", "Carry it along, step by step.", difference),
        Mistake("This is a one-sided difference. Asked is the exact slope.", "Carry it along, step by step.",
                lambda x, lr, steps: difference(x, lr, steps, 1e-4, both=False)),
        Mistake("You return the last point itself.", "Its derivative in the rate.",
                lambda x, lr, steps: [x := x - lr * (4 * x**3 - 4 * x + 0.3) for _ in range(steps)][-1]),
    ),
    success="Each step hands on (1 − η f″) of what came, and adds −f′: forward mode in one line, and nothing is kept.",
    onwards="with momentum two derivatives travel. Write down both.")

# -- 22.3 -----------------------------------------------------------------------------------------------------------------------

seven_numbers = Question(
    "22.3", "Seven numbers before you run", "predict", points=3, difficulty=2, minutes=13, name="predicted",
    objectives=("count what tuning costs", "predict where a pair pays"),
    draw=items("kept", "sparse", "forward", "starts", "digits", "best", "population"), rtol=5e-3,
    oracle={"kept": 50_000_000, "sparse": 3_250_000, "forward": 600_000, "starts": 32_768, "digits": 40 * 3 * np.log2(1e6),
            "best": 1 / 2.125, "population": 3200},
    mistakes=(
        Mistake("For `kept` you counted one point. All of them are kept.", "Steps times weights.", {"kept": 50_000}),
        Mistake("For `kept` you counted steps.", "Steps times weights.", {"kept": 1000}),
        Mistake("For `kept` you counted each twice, for the point and its slope. Asked are the points alone.", "Steps times weights.",
                {"kept": 100_000_000}),
        Mistake("For `sparse` the pieces are missing: while the way back goes through one, its points are held too.",
                "40 kept points and a piece of 25.", {"sparse": 2_000_000}),
        Mistake("For `sparse` you counted a piece only.", "40 kept points and a piece of 25.", {"sparse": 1_250_000}),
        Mistake("For `sparse` you held every piece at the same time.", "One piece at a time.", {"sparse": 52_000_000}),
        Mistake("For `forward` you counted all steps. What has been used is let go.", "A passenger for each hyper-parameter.",
                {"forward": 600_000_000}),
        Mistake("For `forward` one number a hyper-parameter is too few: each travels with every weight.", "12 times the weights.",
                {"forward": 12}),
        Mistake("For `forward` you counted the weights themselves too.", "Beside them.", {"forward": 650_000}),
        Mistake("For `starts` you added the axes up. Each chooses by itself.", "Eight to the fifth.", {"starts": 40}),
        Mistake("For `starts` you have base and exponent the wrong way round.", "Eight valleys on each of five axes.", {"starts": 390_625}),
        Mistake("For `starts` this is the number until the odds are even, ln 2 times the mean.",
                "The mean of the first success is one over the share.", {"starts": 22_713}),
        Mistake("For `starts` this is half of the mean.", "The mean of the first success is one over the share.", {"starts": 16_384}),
        Mistake("For `digits` you counted rounds.", "40 values a round.", {"digits": 3 * np.log2(1e6)}),
        Mistake("For `digits` you took a halving a round.", "Three rounds a halving.", {"digits": 40 * np.log2(1e6)}),
        Mistake("For `digits` you counted six halvings, one for each digit.", "log₂ of a million is 19.9.", {"digits": 720}),
        Mistake("For `digits` you took the natural logarithm.", "Halvings: log₂.", {"digits": 120 * np.log(1e6)}),
        Mistake("For `best` this is the best constant rate's, (κ − 1)/(κ + 1) squared.", "Two rates, from Chebyshev's polynomial.",
                {"best": 0.64}),
        Mistake("For `best` this is one step's.", "T = 2.", {"best": 0.8}),
        Mistake("For `best` this is the cosh, not one over it. Something must shrink.", "1/cosh(2a).", {"best": 2.125}),
        Mistake("For `best` the −1 of the double angle is missing.", "cosh(2a) = 2cosh²a − 1.", {"best": 0.32}),
        Mistake("For `population` you counted one training.", "Eight of them.", {"population": 400}),
        Mistake("For `population` you counted the copies as trainings of their own. A copy costs no step.", "8 · 400.",
                {"population": 10_400}),
        Mistake("For `population` you counted the rounds.", "8 · 400.", {"population": 80}),
        Mistake("For `population` you gave each copy forty steps more. It trains in place of the one that it replaces.", "8 · 400.",
                {"population": 3920}),
        Mistake("For `population` you took the steps of the replaced away. They were made.", "8 · 400.", {"population": 2480}),
        Mistake("For `population` you counted only what the copies did.", "8 · 400.", {"population": 720}),
        Mistake("For `population` you counted 400 steps in each round.", "Forty steps a round.", {"population": 32_000}),
        Mistake("For `kept` you counted bytes. Asked are numbers.", "Steps times weights.", {"kept": 200_000_000}),
        Mistake("For `sparse` you counted points. Each is 50,000 numbers.", "40 kept points and a piece of 25.", {"sparse": 65}),
        Mistake("For `forward` one passenger is too few.", "A passenger for each hyper-parameter.", {"forward": 50_000}),
        Mistake("For `forward` you took the steps in place of the weights.", "12 times the weights.", {"forward": 12_000}),
        Mistake("For `starts` you counted one axis.", "Eight to the fifth.", {"starts": 8}),
        Mistake("For `digits` you counted halvings.", "Three rounds a halving, 40 values a round.", {"digits": np.log2(1e6)}),
        Mistake("For `digits` you divided by three. A halving takes three rounds.", "Three rounds a halving.",
                {"digits": 40 * np.log2(1e6) / 3}),
        Mistake("For `best` you put κ into the formula, in place of (κ + 1)/(κ − 1).", "s = (L + μ)/(L − μ).",
                {"best": 1 / np.cosh(2 * np.arccosh(9))}),
        Mistake("For `best` this is either (√κ − 1)/(√κ + 1) or twice its square: momentum's factor, or the limit of many steps.",
                "1/cosh(2a), exactly.", {"best": 0.5}),
    ),
    success="Reverse pays in points, forward in passengers; a valley in one over its share; a cloud in rounds; a copy costs nothing.",
    onwards="at which number of kept points is `sparse` least, for 1,000 steps?")

QUESTIONS = (rate_slope, end_slope, seven_numbers)
