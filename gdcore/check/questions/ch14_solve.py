"""The questions of chapter 14 on solving: few looks at a bowl, conjugate gradients in a ball, a letter (14.5 to 14.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.functions import function
from gdcore.check.questions.ch14 import symmetric

# -- 14.5 -----------------------------------------------------------------------------------------------------------------------

GOAL = 1e-9


def bowl_cases(rng):
    def case(name, n, condition, looks, largest):
        named = {"function": "quadratic", "part": "box", "budget": 3 * looks, "centre": np.round(rng.normal(size=n), 3),
                 "dimension": n, "condition": condition, "largest": largest}  # fmt: skip
        return Case(name, {"box": named, "x": np.round(named["centre"] + rng.uniform(0.8, 1.2, n) * rng.choice([-1, 1], n), 3)})

    yield case("three knobs, 4 looks", 3, 400.0, 4, 40.0)
    yield case("ten knobs, 11 looks", 10, 30.0, 11, 3.0)
    yield case("forty knobs, 18 looks", 40, 5.0, 18, 10.0)
    yield case("sixty knobs, 26 looks", 60, 12.0, 26, 600.0)


def arrived(value, inputs, hidden):
    x = np.array(inputs["x"], dtype=float)
    end = np.array(value, dtype=float)
    if end.shape != x.shape or not np.isfinite(end).all():
        return f"Give a point: an array of {len(x)} finite numbers."
    f = function(**{k: v for k, v in inputs["box"].items() if k not in ("part", "budget")})
    left = float(f(end)) / float(f(x))
    return "" if left <= GOAL else f"A share of {left:.1e} of the loss is left; at most {GOAL:.0e} may be."


def conjugate(box, x, beta=lambda new, old: new / old, product=lambda there, g: there - g, sign=1.0, keep=3, most=None, exact=True,
              answer=lambda x, r: x):
    """Conjugate gradients on differences of gradients; each argument after `x` is a fault."""
    g = box.gradient(x)
    r = p = -g
    done = 0
    while box.left >= keep and done != most:
        Hp = product(box.gradient(x + p), -r if exact else g)
        alpha = r @ r / (p @ Hp)
        x = x + sign * alpha * p
        new = r - alpha * Hp
        p = new + beta(new @ new, r @ r) * p
        r, done = new, done + 1
    return answer(x, r)


def solving(**faults):
    return lambda box, x: conjugate(box, x, **faults)


def columns(box, x):
    g = box.gradient(x)
    H = np.stack([box.gradient(x + e) - g for e in np.eye(len(x))])
    return x - np.linalg.solve(H, g)


def descended(box, x, lr=lambda box, x, g: 0.05):
    while box.left >= 3:
        g = box.gradient(x)
        x = x - lr(box, x, g) * g
    return x


def searched(box, x):
    while box.left >= 6:
        g = box.gradient(x)
        x = x - (g @ g) / (g @ (box.gradient(x + g) - g)) * g
    return x


def remembered(box, x):
    v = np.zeros(len(x))
    while box.left >= 3:
        v = 0.9 * v - 0.05 * box.gradient(x)
        x = x + v
    return x


def at_direction(box, x):
    r = p = -box.gradient(x)
    while box.left >= 3:
        Hp = box.gradient(p)
        alpha = r @ r / (p @ Hp)
        x, new = x + alpha * p, r - alpha * Hp
        r, p = new, new + (new @ new) / (r @ r) * p
    return x


def twice(box, x):
    r = p = -box.gradient(x)
    while box.left >= 6:
        Hp = box.gradient(x + p) - box.gradient(x)
        alpha = r @ r / (p @ Hp)
        x, new = x + alpha * p, r - alpha * Hp
        r, p = new, new + (new @ new) / (r @ r) * p
    return x


few_looks = Question(
    "14.5", "A bowl in few looks", "target", points=3, difficulty=2, minutes=15, name="arrive",
    objectives=("choose a method by a price list", "get products with the Hessian from gradients alone"),
    draw=bowl_cases, proof=arrived,
    mistakes=(
        Mistake("You build the Hessian column by column. With forty knobs the box refuses: that needs 41 looks.",
                "Which method of the chapter asks for fewer products than there are columns?", columns),
        Mistake("These are steps of plain descent at 0.05. The budget is gone long before.",
                "Use what two gradients tell of the curvature.",
                descended),
        Mistake("You step against the gradient, and look for the lowest point of each line with a second look. The zigzag remains.",
                "The next direction should be conjugate to the last.", searched),
        Mistake("Each direction is the residual alone: steepest descent with the lowest point of each line.",
                "p ← r + (new rᵀr / old rᵀr) p.", solving(beta=lambda new, old: 0.0)),
        Mistake("This is momentum 0.9 at the rate 0.05. It needs the right knobs, and more looks than there are.",
                "Which method has no knob?", remembered),
        Mistake("The quotient of the two rᵀr is turned round.", "New over old.", solving(beta=lambda new, old: old / new)),
        Mistake("You divide lengths where squares of lengths belong.",
                "rᵀr, without a root.", solving(beta=lambda new, old: (new / old) ** 0.5)),
        Mistake("The sign is wrong: the point walks away from the minimum.", "r = −g, and x + αp.", solving(sign=-1.0)),
        Mistake("You take the gradient at x + p for Hp. It still holds the gradient at x.", "Hp is their difference.",
                solving(product=lambda there, g: there)),
        Mistake("You subtract the gradient of the start at each step. It belongs to another place.",
                "The gradient at the present x is −r.", solving(exact=False)),
        Mistake("You look twice a step, at x and at x + p. The gradient at x is known already: it is −r.", "One look a step.", twice),
        Mistake("You take the gradient at the place p for Hp. That would need a bowl with its bottom at 0.",
                "Hp is the difference of two gradients.", at_direction),
        Mistake("You stop after one step.", "As many as the budget allows.", solving(most=1)),
        Mistake("One look is left in the box at the end. Where the looks just suffice, it is missing.",
                "while box.left >= 3.", solving(keep=6)),
        Mistake("You look once more than the budget allows.", "A look costs 3: ask `box.left` before.", solving(keep=0)),
        Mistake("You return the residual.", "Return the point.", solving(answer=lambda x, r: r)),
    ),
    success="A product for a look: Hp is a difference of two gradients. Conjugate gradients needs no rate, no κ and no matrix.",
    onwards="on a function that is no bowl the difference depends on the length of p. Which length would you take in float64?")

# -- 14.6 -----------------------------------------------------------------------------------------------------------------------


def within(H, g, radius, at_edge="root", at_hill="edge", look=True, hill=True, start=-1.0, sign=1.0, size="point", steps=None,
           beta=lambda new, old: new / old):
    """Conjugate gradients in a ball (Steihaug 1983); each argument after `radius` is a fault."""
    p, r = np.zeros(len(g)), start * g
    d = r
    for _ in range(len(g) if steps is None else steps):
        curved = d @ H @ d
        if hill and curved <= 0:
            ends = {"edge": edge(p, d, radius, sign), "stay": p,
                    "fresh": radius * d / np.linalg.norm(d), "slope": -radius * g / np.linalg.norm(g),
                    "whole": p + radius * d / np.linalg.norm(d), "back": edge(p, d, radius, -1.0)}  # fmt: skip
            return ends[at_hill]
        alpha = r @ r / curved
        new = p + alpha * d
        if look and np.linalg.norm(new if size == "point" else alpha * d) >= radius:
            return {"root": edge(p, d, radius, sign), "shrunk": radius * new / np.linalg.norm(new), "stay": p, "over": new,
                    "fresh": radius * d / np.linalg.norm(d)}[at_edge]  # fmt: skip
        p, left = new, r - alpha * (H @ d)
        d = left + beta(left @ left, r @ r) * d
        r = left
    return p


def edge(p, d, radius, root):
    """Where the line from p along d crosses the edge of the ball, forwards (root 1) or backwards (-1)."""
    a, b, c = d @ d, p @ d, p @ p - radius**2
    return p + (-b + root * np.sqrt(max(b * b - a * c, 0.0))) / a * d


def ball_cases(rng):
    def case(name, curvatures, radius, fits):
        while True:
            H = symmetric(rng, np.array(curvatures) * rng.uniform(0.9, 1.1, len(curvatures)))
            g = np.round(rng.normal(size=len(curvatures)), 3)
            if fits(H, g, radius):
                return Case(name, {"H": H, "g": g, "radius": radius})

    length = lambda H, g: np.linalg.norm(np.linalg.solve(H, g))
    free = lambda H, g: within(H, g, 1e9)
    curved = lambda H, g: g @ H @ g

    def leaves(H, g, R, k):  # after k steps inside, by a piece that is itself shorter than the radius
        one, two = (within(H, g, 1e9, steps=n) for n in (k, k + 1))
        return (0.2 < np.linalg.norm(one) < 0.85 * R and np.linalg.norm(two) > 1.15 * R and np.linalg.norm(two - one) < 0.9 * R)

    later = lambda H, g, radius: curved(H, g) > 0 and 1.0 < np.linalg.norm(within(H, g, 1e9, at_hill="stay")) < 0.8 * radius
    yield case("the minimum lies in the ball", (1.0, 2.0, 5.0, 9.0), 4.0, lambda H, g, R: 0.5 < length(H, g) < 0.9 * R)
    yield case("the path leaves the ball in its second step", (1.0, 3.0, 8.0, 20.0), 0.5, lambda H, g, R: leaves(H, g, R, 1))
    yield case("a hill at once", (-6.0, -2.0, 1.0), 1.5,
               lambda H, g, R: curved(H, g) < -0.5 and np.linalg.norm(g) ** 3 < -0.8 * R * curved(H, g))
    yield case("a hill on the way", (-1.0, 0.5, 2.0, 4.0), 8.0, later)
    yield case("a tiny ball", (1.0, 4.0, 6.0), 0.05, lambda H, g, R: np.linalg.norm(free(H, g)) > 0.1)


def inside(p, radius):
    return p * min(1.0, radius / np.linalg.norm(p))


def clipped(H, g, radius):
    return inside(within(H, g, radius, look=False), radius)


def balled(**faults):
    return lambda H, g, radius: within(H, g, radius, **faults)


in_a_ball = Question(
    "14.6", "Conjugate gradients in a ball", "function", points=3, difficulty=3, minutes=18, name="within",
    objectives=("stop conjugate gradients where the parabola opens downwards", "meet the edge of a trust region exactly"),
    draw=ball_cases, oracle=balled(), rtol=1e-7,
    mistakes=(
        Mistake("The radius is not looked at where the curvature is positive.", "Before you take a step, look whether it leaves the ball.",
                balled(look=False)),
        Mistake("Outside the ball you shrink the whole point. Asked is where the last piece of the path crosses the edge.",
                "p + τd with |p + τd| = radius.", balled(at_edge="shrunk")),
        Mistake("Where the path leaves the ball you stay at the last point inside.",
                "Go on along d up to the edge.", balled(at_edge="stay")),
        Mistake("The first point outside is returned.", "Go along d only up to the edge.", balled(at_edge="over")),
        Mistake("A negative curvature is not noticed: such a step goes backwards, up to the top of the parabola.",
                "If dᵀHd ≤ 0, go along d to the edge.", balled(hill=False)),
        Mistake("At a negative curvature you stop where you are. The parabola still falls along d.", "Go along d to the edge.",
                balled(at_hill="stay")),
        Mistake("At a negative curvature you go down the gradient of the start. The direction d is at hand, and falls for ever.",
                "Go along d to the edge.", balled(at_hill="slope")),
        Mistake("At a negative curvature you add a whole radius along d. From p on, the edge is nearer, or further.",
                "Solve |p + τd| = radius.", balled(at_hill="whole")),
        Mistake("At a negative curvature you go along −d.", "The larger root: τ is positive.", balled(at_hill="back")),
        Mistake("You took the other root: τ must be positive.", "The sign before the square root is +.", balled(sign=-1.0)),
        Mistake("You compare the length of the last piece with the radius, not the length of the way from the centre.",
                "|p + αd| ≥ radius.", balled(size="piece")),
        Mistake("The sign is wrong at the start: r is −g.", "Hp = −g.", balled(start=1.0)),
        Mistake("You go a whole radius along d from the centre. The edge is met from p.", "|p + τd| = radius.",
                balled(at_edge="fresh", at_hill="fresh")),
        Mistake("You walk past the edge, and shrink the point at the end.", "Look at the length before each step.", clipped),
        Mistake("You shrink Newton's own step. Conjugate gradients stops on its way.", "Walk from p = 0, step by step.",
                lambda H, g, radius: inside(-np.linalg.solve(H, g), radius)),
        Mistake("Each direction is the residual alone: steepest descent.", "d ← r + (new rᵀr / old rᵀr) d.",
                balled(beta=lambda new, old: 0.0)),
        Mistake("The quotient of the two rᵀr is turned round.", "New over old.", balled(beta=lambda new, old: old / new)),
        Mistake("You stop after one step.", "At most as many as there are dimensions.", balled(steps=1)),
    ),
    success="Three ends: the minimum inside, the edge on the way, or the edge along a direction that opens downwards.",
    onwards="compare with the exact lowest point of the ball (gdcore's TrustRegion). How much of its gain does this path get?")

# -- 14.7 -----------------------------------------------------------------------------------------------------------------------

a_letter = Manual(
    "14.7", "The optimizer that needs no rate", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("say what a second-order method needs", "propose a cheap test before a change of method"),
    rubric=(("says that both gradients of a pair must come from one function, and names what breaks that here: batches and dropout", 1),
            ("says what one step of PyTorch's LBFGS costs in gradients, and that without a line search it takes full steps", 1),
            ("says why a whole Hessian is out of the question, with a number", 1),
            ("names the camera: a sum of squares with few parameters and exact residuals, so Levenberg and Marquardt", 1)))

QUESTIONS = (few_looks, in_a_ball)
MANUAL = (a_letter,)
