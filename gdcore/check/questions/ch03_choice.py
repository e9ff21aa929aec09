"""The questions of chapter 3 on choosing the rate (03.5 to 03.9)."""

import math

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.execute import Endless

# -- 03.5 -----------------------------------------------------------------------------------------------------------------------


def bowl(rng, curvatures):
    """A symmetric matrix of these eigenvalues."""
    q = np.linalg.qr(rng.normal(size=(len(curvatures),) * 2))[0]
    H = q @ np.diag(curvatures) @ q.T
    return (H + H.T) / 2


def plan_cases(rng):
    yield Case("the valley of the opening", {"H": np.diag([1.0, 100.0]), "share": 1e-6})
    yield Case("a bowl that is nearly round", {"H": np.diag([3.0, 6.0]), "share": 1e-6})
    yield Case("a round bowl", {"H": np.diag([4.0, 4.0]), "share": 0.01})
    yield Case("two weights that pull together", {"H": np.array([[2.0, 1.5], [1.5, 2.0]]), "share": 0.01})
    yield Case("a bowl askew, three weights", {"H": bowl(rng, [0.5, 4.0, round(rng.uniform(10, 20), 1)]), "share": 1e-3})
    yield Case("six weights", {"H": bowl(rng, np.sort(rng.uniform(0.2, 40, 6))), "share": 1e-4})


def plan_of(H, share, ends=None, rate=None, count=math.ceil):
    """(limit, best rate, steps), with other ends of the spectrum, another rate or another rounding for the mistakes."""
    mu, L = ends(H) if ends else np.linalg.eigvalsh(H)[[0, -1]]
    rate = rate(mu, L) if rate else 2 / (L + mu)
    left = max(abs(1 - rate * mu), abs(1 - rate * L))
    return 2 / L, rate, count(math.log(share) / math.log(left)) if left else 1


def rough(H, share):
    mu, L = np.linalg.eigvalsh(H)[[0, -1]]
    return 2 / L, 2 / (L + mu), math.ceil(L / mu / 2 * math.log(1 / share))


plan = Question(
    "03.5", "A plan for a bowl", "function", points=3, difficulty=2, minutes=15, name="plan",
    objectives=("compute limit, best rate and number of steps from a Hessian",),
    draw=plan_cases, oracle=plan_of, each=True,
    mistakes=(
        Mistake("You read the curvatures off the diagonal. On a bowl that stands askew they are not there.",
                "The curvatures are the eigenvalues: `np.linalg.eigvalsh(H)`, in ascending order.",
                lambda H, share: plan_of(H, share, ends=lambda H: (np.diag(H).min(), np.diag(H).max()))),
        Mistake("Your rate is the careful 1/L, and your number of steps belongs to it.", "The best rate balances both ends: 2/(L + μ).",
                lambda H, share: plan_of(H, share, rate=lambda mu, L: 1 / L)),
        Mistake("Your rate is half of the best one: 1/(L + μ).", "Solve 1 − ημ = ηL − 1 for η.",
                lambda H, share: plan_of(H, share, rate=lambda mu, L: 1 / (L + mu))),
        Mistake("Your number of steps is the rule of thumb ½ κ ln(1/ε), which is good for large κ only.",
                "Exactly: each step leaves (κ − 1)/(κ + 1). How many of them make the share?", rough),
        Mistake("Your number of steps is rounded down: the last step is missing.", "`math.ceil`.",
                lambda H, share: plan_of(H, share, count=math.floor)),
        Mistake("You took the sum of the curvatures for the largest.",
                "Only the steepest direction sets the limit: the last of `eigvalsh(H)`.",
                lambda H, share: plan_of(H, share, ends=lambda H: (np.linalg.eigvalsh(H)[0], np.trace(H)))),
        Mistake("Your limit is 1/L. A run is stable up to twice that.", "|1 − ηL| < 1 means η < 2/L.",
                lambda H, share: (plan_of(H, share)[0] / 2, *plan_of(H, share)[1:])),
    ),
    success="Limit 2/L, best rate 2/(L + μ), and each step leaves (κ − 1)/(κ + 1): the whole theory of the bowl in three lines.",
    onwards="what does your plan say for a round bowl, κ = 1? One step arrives; does your logarithm know?")

# -- 03.6 -----------------------------------------------------------------------------------------------------------------------


def armijo_cases(rng):
    def case(name, surface, x, lr, c=1e-4, **arguments):
        named = {"function": surface, **arguments}
        return Case(name, {"f": named, "gradient": {**named, "part": "gradient"}, "x": x, "lr": lr, "c": c})

    near = lambda *x: np.round(np.array(x) + rng.uniform(-0.1, 0.1, len(x)), 3)
    yield case("a rate that is good at once", "quadratic", near(1.0, 1.0), 0.01, condition=100)
    yield case("a rate of 1 in the valley", "quadratic", near(1.0, 1.0), 1.0, condition=100)
    yield case("Rosenbrock's valley", "rosenbrock", near(-1.2, 1.0), 1.0)
    yield case("a demanding c = 0.7", "quadratic", near(1.0, 1.0), 0.3, c=0.7, condition=10)
    yield case("a gentle slope, c = 0.6", "quadratic", near(0.3, 0.3), 1.5, c=0.6, condition=2)
    yield case("nan beyond a fence", "fenced", near(0.6, 0.5), 8.0, curvature=1.0, fence=2.0)


def halving(f, gradient, x, lr, c, enough=None, shrink=2.0, tries=1):
    """(rate, tries) of a backtracking search whose condition, factor or count may be another."""
    g, here = gradient(x), f(x)
    enough = enough or (lambda there, here, c, lr, g: there <= here - c * lr * (g @ g))
    while not enough(f(x - lr * g), here, c, lr, g):
        lr, tries = lr / shrink, tries + 1
        if tries > 200:  # then lr * g is too small to be felt
            raise Endless
    return lr, tries


def search_with(**changes):
    return lambda f, gradient, x, lr, c: halving(f, gradient, x, lr, c, **changes)


armijo = Question(
    "03.6", "Let the loss choose the rate", "function", points=3, difficulty=2, minutes=15, name="armijo",
    objectives=("write a line search", "ask so that nan is refused"),
    draw=armijo_cases, oracle=halving, each=True, limit=1.0,
    mistakes=(
        Mistake("Your search accepts a step that leads to nan: `nan > …` is false, and the halving stops.",
                "Do not ask `while too high`, ask `while not low enough`: `while not f(…) <= …`.",
                search_with(enough=lambda there, here, c, lr, g: not there > here - c * lr * (g @ g))),
        Mistake("The length of the gradient is not squared.", "The slope along the step is ‖g‖², so a step of rate η announces η‖g‖².",
                search_with(enough=lambda there, here, c, lr, g: there <= here - c * lr * np.linalg.norm(g))),
        Mistake("The rate is missing on the right side.", "A smaller step need not fall as far: c η ‖g‖².",
                search_with(enough=lambda there, here, c, lr, g: there <= here - c * (g @ g))),
        Mistake("Any fall is enough for your search: c is not used.", "A decent share c of the announced fall is asked for.",
                search_with(enough=lambda there, here, c, lr, g: there < here)),
        Mistake("Your search divides by ten where it should halve.", "`lr / 2`.", search_with(shrink=10.0)),
        Mistake("Your count starts at zero: the first try counts too.",
                "Each look at the loss after a step is a try.", search_with(tries=0)),
    ),
    success="It ends, since every rate below 2(1 − c)/L passes, and `not … <=` refuses nan as it refuses a step too high.",
    onwards="search on from twice the last rate, and descend 200 steps of Rosenbrock. Which rates does it choose?")

# -- 03.7 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):  # few steps, so that even the exploding whole numbers stay below 2⁶³
    for name, n, d, lr, steps in (("eight people, two measurements", 8, 2, 0.1, 6), ("forty people", 40, 3, 0.2, 8),
                                  ("the same at a third of the rate", 40, 3, 0.07, 8), ("a hundred people", 100, 4, 0.15, 8)):
        A = np.round(rng.normal(size=(n, d)), 3)
        y = np.round(A @ rng.uniform(2, 9, d) + rng.normal(size=n), 3)
        yield Case(name, {"A": A, "y": y, "lr": lr, "steps": steps})


def training(A, y, lr, steps, kind=float, share=None, late=False):
    w, losses = np.zeros(A.shape[1], dtype=kind), []
    for _ in range(steps + 1 + late):
        error = A @ w - y
        losses.append(np.mean(error**2))
        w[:] = w - lr * 2 * A.T @ error / (share or len(y))
    return np.array(losses[late:])


def trained_with(**changes):
    return lambda A, y, lr, steps: training(A, y, lr, steps, **changes)


train = Question(
    "03.7", "The run that explodes, or does not move", "bug", points=3, difficulty=2, minutes=15, name="train", steps=True,
    objectives=("find a fault by its symptom", "mend the cause, not the rate"),
    draw=training_cases, oracle=training,
    mistakes=(
        Mistake("This is the training as it was given.", "Two faults. One makes the run explode; the other shows when that is mended.",
                trained_with(kind=int, share=1)),
        Mistake("It no longer explodes, but the weights are whole numbers, and small steps are cut off.",
                "`np.zeros(d)` is made of floats; `np.array([0, 0])` is not.", trained_with(kind=int)),
        Mistake("The weights can move now, but the slope is that of a sum, and the loss is a mean.",
                "The rate was chosen for the mean: divide the gradient by `len(y)`.", trained_with(share=1)),
        Mistake("The run is tamed by a smaller rate, not mended.", "Leave the rate as it is given. It is right for the mean.",
                lambda A, y, lr, steps: training(A, y, lr / 10, steps, share=None)),
        Mistake("You divide by the number of weights.", "The mean runs over the people: `len(y)`.",
                lambda A, y, lr, steps: training(A, y, lr, steps, share=A.shape[1])),
        Mistake("The 2 of the slope is lost, so every step is half as long as it should be.", "The slope of e² is 2e.",
                lambda A, y, lr, steps: training(A, y, lr / 2, steps)),
        Mistake("Your first loss is that after a step.",
                "Note the loss first, then step: the first one is what ignorance costs.", trained_with(late=True)),
    ),
    success="The explosion came from a slope that was a sum, the standstill from weights that were whole numbers. The rate was innocent.",
    onwards="which of the two faults would a rate a hundred times smaller have hidden?")

# -- 03.8 -----------------------------------------------------------------------------------------------------------------------


def rates_cases(rng):
    yield Case("curvatures from 1 to 100, eight rates", {"mu": 1.0, "L": 100.0, "n": 8})
    yield Case("curvatures from 1 to 100, two rates", {"mu": 1.0, "L": 100.0, "n": 2})
    L = float(rng.integers(20, 60))
    yield Case(f"curvatures from 2 to {L:g}, five rates", {"mu": 2.0, "L": L, "n": 5})
    mu = round(rng.uniform(0.1, 0.5), 2)
    yield Case(f"curvatures from {mu:g} to 8, six rates", {"mu": mu, "L": 8.0, "n": 6})


def nodes(mu, L, n, angles=None):
    """Curvatures between mu and L where the polynomial of the steps is to vanish: Chebyshev's, by default."""
    angles = (np.arange(n) + 0.5) / n if angles is None else angles
    return (L + mu) / 2 + (L - mu) / 2 * np.cos(np.pi * angles)


def near_the_best(value, inputs, hidden):
    """What the rates leave in the worst direction is within 1 % of the least possible, 1 / Tₙ((L + μ)/(L − μ))."""
    mu, L, n = inputs["mu"], inputs["L"], inputs["n"]
    if np.shape(value) != (n,):
        return f"{n} rates are expected, an array of shape ({n},); yours has the shape {np.shape(value)}."
    curvatures = np.linspace(mu, L, 4001)
    with np.errstate(all="ignore"):
        left = float(np.abs(np.prod(1 - np.outer(curvatures, value), axis=1)).max())
    goal = 1.01 / math.cosh(n * math.acosh((L + mu) / (L - mu)))
    constant = ((L - mu) / (L + mu)) ** n
    if left <= goal:
        return ""
    return f"The worst direction keeps {left:.3g} of its way; the goal is {goal:.3g}, and the best constant rate leaves {constant:.3g}."


rates = Question(
    "03.8", "Eight rates that beat one", "target", points=3, difficulty=3, minutes=20, name="rates",
    objectives=("see that a rate above the border is no crime", "beat the best constant rate"),
    draw=rates_cases, proof=near_the_best,
    mistakes=(
        Mistake("Your rates are all the best constant one.",
                "Each rate may wipe out one curvature of its own. Which curvatures would you choose?",
                lambda mu, L, n: np.full(n, 2 / (L + mu))),
        Mistake("Your rates are all 1/L: never wrong, and slow.", "The flat directions need large rates, now and then.",
                lambda mu, L, n: np.full(n, 1 / L)),
        Mistake("Your rates wipe out curvatures that are evenly spaced, and between the last two of them too much is left.",
                "The factors grow largest near the two ends. Put the curvatures closer together there: at the cosines of even angles.",
                lambda mu, L, n: 1 / np.linspace(mu, L, n)),
        Mistake("Your curvatures are evenly spaced in the logarithm: too many small ones, and the steep end explodes.",
                "Put them closer together at both ends, not at one.", lambda mu, L, n: 1 / np.geomspace(mu, L, n)),
        Mistake("The angles of your cosines include both ends. The best ones lie half a gap inside.",
                "Angles π (k + ½) / n for k = 0 … n − 1.",
                lambda mu, L, n: 1 / nodes(mu, L, n, np.linspace(0, 1, n))),
        Mistake("You return the curvatures, not the rates.", "A rate wipes out the curvature 1/η.", nodes),
        Mistake("You spread the rates between 1/L and 1/μ by cosines. It is the curvatures that must be spread so.",
                "Choose curvatures between μ and L first, then take 1 over them.", lambda mu, L, n: nodes(1 / L, 1 / mu, n)),
    ),
    success="After n steps a curvature λ keeps Π(1 − ηᵢλ), a polynomial that is 1 at 0. Chebyshev's stays smallest over [μ, L].",
    onwards="how many of your eight rates lie above the border 0.02? Momentum (chapter 6) comes close to it without knowing n.")

# -- 03.9 -----------------------------------------------------------------------------------------------------------------------

three_runs = Manual(
    "03.9", "Three runs, one rate", difficulty=2, minutes=10, name="advice", words=150,
    objectives=("read a rate off a loss curve", "defend the choice of a rate"),
    rubric=(("says of A and B whose rate is larger, and by what in their losses", 1),
            ("computes the border from C's last two losses", 1),
            ("proposes a rate, and says why not a larger and not a much smaller one", 1),
            ("says what in B's losses no constant rate will mend, and why", 1)))

QUESTIONS = (plan, armijo, train, rates)
MANUAL = (three_runs,)
