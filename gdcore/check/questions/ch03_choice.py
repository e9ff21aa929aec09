"""The questions of chapter 3 on choosing the rate (03.5 and 03.6)."""

import math

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.execute import Endless

# -- 03.5 -----------------------------------------------------------------------------------------------------------------------


def bowl(rng, curvatures):
    """A symmetric matrix of these eigenvalues."""
    q = np.linalg.qr(rng.normal(size=(len(curvatures),) * 2))[0]
    H = q @ np.diag(curvatures) @ q.T
    return (H + H.T) / 2


def plan_cases(rng):
    yield Case("the valley of the opening", {"H": np.diag([100.0, 1.0]), "share": 1e-6})
    # κ = 3: each step halves, and two leave exactly a quarter, in floating point too
    yield Case("a bowl that is nearly round", {"H": np.diag([2.0, 6.0]), "share": 0.25})
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


def parts(limit=lambda mu, L: 2 / L, best=lambda mu, L: 2 / (L + mu), left=lambda mu, L: (L - mu) / (L + mu), power=1, count=math.ceil,
          round_bowl=lambda: 1):  # fmt: skip
    """A plan whose three numbers are computed independently, each of them wrong on purpose."""
    def made(H, share):
        mu, L = np.linalg.eigvalsh(H)[[0, -1]]
        kept = left(mu, L) ** power
        return limit(mu, L), best(mu, L), count(math.log(share) / math.log(kept)) if kept > 0 else round_bowl()

    return made


def careful(mu, L):
    return 1 / L


def half(mu, L):
    return 1 / (L + mu)


def unsorted_ratio(first, last):
    """The same, where the steps are counted from κ = L/μ: other roundings."""
    def made(H, share):
        e = np.linalg.eig(H)[0]
        mu, L = e[first], e[last]
        return 2 / L, 2 / (L + mu), by_size(share, (L / mu - 1) / (L / mu + 1))

    return made


def unsorted(first, last, count):
    """The first and the last of eigenvalues that nobody sorted; κ may come out below 1, and then the logarithm has no value."""
    def made(H, share):
        e = np.linalg.eig(H)[0]
        mu, L = e[first], e[last]
        left = (L - mu) / (L + mu)
        return 2 / L, 2 / (L + mu), count(share, left) if left else 1

    return made


def by_math(share, left):
    return math.ceil(math.log(share) / math.log(left))


def by_numpy(share, left):
    return np.ceil(np.log(share) / np.log(left))


def by_size(share, left):
    return by_math(share, abs(left)) if abs(left) > 1e-12 else 1


def guarded(share, left):
    return by_math(share, left) if left > 0 else 1


def no_logarithm():
    raise ValueError


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
        Mistake("Your curvatures are not sorted: `eig` gives them in any order.", "`np.linalg.eigvalsh(H)` sorts them, the smallest first.",
                unsorted(0, -1, by_math), also=(*(unsorted(0, -1, count) for count in (by_numpy, guarded, by_size)),
                                               *(unsorted(-1, 0, count) for count in (by_math, by_numpy, guarded, by_size)),
                                               unsorted_ratio(0, -1), unsorted_ratio(-1, 0))),
        Mistake("Your rate is the careful 1/L.", "The best rate balances both ends: 2/(L + μ).",
                lambda H, share: plan_of(H, share, rate=careful), also=(parts(best=careful),)),
        Mistake("Your rate is half of the best one: 1/(L + μ).", "Solve 1 − ημ = ηL − 1 for η.",
                lambda H, share: plan_of(H, share, rate=half), also=(parts(best=half),)),
        Mistake("Your number of steps is the rule of thumb ½ κ ln(1/ε), which is good for large κ only.",
                "Exactly: each step leaves (κ − 1)/(κ + 1). How many of them make the share?", rough),
        Mistake("Your number of steps is rounded down: the last step is missing.", "`math.ceil`.",
                lambda H, share: plan_of(H, share, count=math.floor)),
        Mistake("Your number of steps is rounded to the nearest: then more than the share may be left.", "Round up: `math.ceil`.",
                parts(count=round)),
        Mistake("The best rate comes first, and the limit second.", "The limit, the best rate, the number of steps.",
                lambda H, share: [plan_of(H, share)[i] for i in (1, 0, 2)]),
        Mistake("Your number of steps is negative.", "Both logarithms are of numbers below 1: log(share) / log(left).",
                parts(count=lambda t: math.ceil(-t)), also=(parts(count=lambda t: -math.ceil(t)),)),
        Mistake("Your number of steps is no whole number.", "There is no half step: `math.ceil`.", parts(count=float)),
        Mistake("Where the steps come out even you add one more.", "Round up, `math.ceil`: what is whole already stays.",
                parts(count=lambda t: math.floor(t) + 1)),
        Mistake("Your number of steps is one too many.", "Round up, `math.ceil`, and add nothing.",
                parts(count=lambda t: math.ceil(t) + 1)),
        Mistake("Your number of steps belongs to the rate 1/L.", "At the best rate each step leaves (κ − 1)/(κ + 1).",
                parts(left=lambda mu, L: 1 - mu / L)),
        Mistake("Your steps are counted for the loss, which goes with the square. The share is one of the distance.",
                "Each step leaves (κ − 1)/(κ + 1) of the distance.", parts(power=2)),
        Mistake("Your number of steps has √κ, as with momentum (chapter 6).", "Plain descent leaves (κ − 1)/(κ + 1).",
                parts(left=lambda mu, L: (L**0.5 - mu**0.5) / (L**0.5 + mu**0.5))),
        Mistake("Your limit is that of the flattest direction.", "The most curved one explodes first: 2/L.",
                parts(limit=lambda mu, L: 2 / mu)),
        Mistake("On a round bowl your logarithm has no value.", "There κ is 1, and nothing is left after one step: return 1.",
                parts(round_bowl=no_logarithm)),
        Mistake("On a round bowl you need no step at all.", "The logarithm of 0 is −∞, and what is divided by it is 0. One step arrives.",
                parts(round_bowl=lambda: 0)),
        Mistake("You took the sum of the curvatures for the largest.",
                "Only the most curved direction sets the limit: the last of `eigvalsh(H)`.",
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
    yield case("a round bowl, c = 0.15", "fenced", near(1.0, 1.0), 3.0, c=0.15, curvature=1.0, fence=1e9)
    yield case("a round bowl, c = 0.065", "fenced", near(1.0, 1.0), 1.9, c=0.065, curvature=1.0, fence=1e9)
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


def walking(anew):
    """Each try begins where the last one ended, with the old slope or a new one."""
    def search(f, gradient, x, lr, c):
        g, here, tries, at = gradient(x), f(x), 1, x
        while not f(at - lr * g) <= (f(at) if anew else here) - c * lr * (g @ g):
            at, lr, tries = at - lr * g, lr / 2, tries + 1
            g = gradient(at) if anew else g
            if tries > 200:
                raise Endless
        return lr, tries

    return search


def frozen(f, gradient, x, lr, c):
    return halving(f, gradient, x, lr, c, enough=lambda there, here, c, _, g: there <= here - c * lr * (g @ g))


def one_before(f, gradient, x, lr, c):
    rate, tries = halving(f, gradient, x, lr, c)
    return rate * (2 if tries > 1 else 1), tries


def at_the_end(f, gradient, x, lr, c):
    return halving(f, gradient, x, lr, c, enough=lambda there, here, c, lr, g: there <= here - c * lr * (gradient(x - lr * g)**2).sum())


def uphill(f, gradient, x, lr, c):
    return halving(f, lambda x: -gradient(x), x, lr, c)


def to_the_point(f, gradient, x, lr, c):
    rate, tries = halving(f, gradient, x, lr, c)
    return x - rate * gradient(x), tries


def all_of_it(size):
    """The whole of what the slope announces, however its square is written: the roundings differ, and by them alone it ends."""
    return search_with(enough=lambda there, here, c, lr, g: there <= here - lr * size(g))


def halved_again(f, gradient, x, lr, c):
    rate, tries = halving(f, gradient, x, lr, c)
    return rate / 2, tries


def search_with(**changes):
    return lambda f, gradient, x, lr, c: halving(f, gradient, x, lr, c, **changes)


armijo = Question(
    "03.6", "Let the loss choose the rate", "function", points=3, difficulty=2, minutes=15, name="armijo",
    objectives=("write a line search", "ask so that nan is refused"),
    draw=armijo_cases, oracle=halving, each=True, limit=1.0,
    mistakes=(
        Mistake("Your search accepts a step that leads to nan.",
                "`nan > …` is false, so `while too high` halts there. Ask so that nan is refused: `while not low enough`.",
                search_with(enough=lambda there, here, c, lr, g: not there > here - c * lr * (g @ g))),
        Mistake("The length of the gradient is not squared.", "The slope along the step is ‖g‖², so a step of rate η announces η‖g‖².",
                search_with(enough=lambda there, here, c, lr, g: there <= here - c * lr * np.linalg.norm(g))),
        Mistake("The rate is missing on the right side.", "A smaller step need not fall as far: c η ‖g‖².",
                search_with(enough=lambda there, here, c, lr, g: there <= here - c * (g @ g))),
        Mistake("What you ask for is frozen at the first rate.", "A smaller step need not fall as far: compute c η ‖g‖² anew for each try.",
                frozen),
        Mistake("You allow the loss to rise by a share: the sign of c is wrong.", "The loss must fall: f(x) minus c η ‖g‖².",
                search_with(enough=lambda there, here, c, lr, g: there <= here + c * lr * (g @ g))),
        Mistake("c is missing on the right side: no step on a bowl falls by all that its slope announces.",
                "A decent share is enough: c η ‖g‖².",
                all_of_it(lambda g: g @ g), also=(all_of_it(lambda g: np.linalg.norm(g) ** 2), all_of_it(lambda g: np.sum(g**2)))),
        Mistake("You add up the slopes, where their squares belong.", "‖g‖² is `g @ g`.",
                search_with(enough=lambda there, here, c, lr, g: there <= here - c * lr * abs(g.sum())),
                also=(search_with(enough=lambda there, here, c, lr, g: there <= here - c * lr * g.sum()),
                      search_with(enough=lambda there, here, c, lr, g: there <= here - c * lr * np.abs(g).sum()))),
        Mistake("Your search climbs: it tries points on the way up.", "Against the slope: `f(x - lr * g)`.", uphill),
        Mistake("You return the point in place of the rate.", "The caller steps himself: `return lr, tries`.", to_the_point),
        Mistake("Each try of yours begins where the last one ended.", "All tries begin at the same `x`: `f(x - lr * g)`.",
                walking(False), also=(walking(True),)),
        Mistake("Your rate is halved once more after it has passed.", "Ask first, and halve only what is refused.",
                halved_again),
        Mistake("You return the rate before the last one, which was refused.", "Return the rate that passed.", one_before),
        Mistake("The rate is squared on the right side.", "A step of rate η announces η‖g‖².",
                search_with(enough=lambda there, here, c, lr, g: there <= here - c * lr**2 * (g @ g))),
        Mistake("You measure the slope at the end of the step.", "What the slope announces is measured where you stand.", at_the_end),
        Mistake("You return the count first.", "The rate, then the number of tries.",
                lambda f, gradient, x, lr, c: halving(f, gradient, x, lr, c)[::-1]),
        Mistake("You return only the rate.", "Two numbers: `return lr, tries`.",
                lambda f, gradient, x, lr, c: halving(f, gradient, x, lr, c)[0]),
        Mistake("Any fall is enough for your search, or almost any: c is not used.", "A decent share c of the announced fall is asked for.",
                search_with(enough=lambda there, here, c, lr, g: there < here)),
        Mistake("Your search divides by ten where it should halve.", "`lr / 2`.", search_with(shrink=10.0)),
        Mistake("Your search shrinks the rate by a little where it should halve.", "`lr / 2`.",
                search_with(shrink=1 / 0.9), also=(search_with(shrink=1 / 0.8), search_with(shrink=1.5))),
        Mistake("Your count starts at zero: the first try counts too.",
                "Each look at the loss after a step is a try.", search_with(tries=0)),
    ),
    success="It ends, since every rate below 2(1 − c)/L passes, and `not … <=` refuses nan as it refuses a step too high.",
    onwards="search on from twice the last rate, and descend 200 steps of Rosenbrock. Which rates does it choose?")

QUESTIONS = (plan, armijo)
