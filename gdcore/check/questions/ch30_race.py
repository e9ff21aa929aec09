"""The questions of chapter 30 on units and fairness: twenty slopes, a verdict over seeds, a letter (30.5 to 30.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.functions import function

# -- 30.5 -----------------------------------------------------------------------------------------------------------------------

GOAL = 1e-6


def unit_cases(rng):
    for name, n, condition, budget in (("two units", 2, 1e4, 60), ("three units", 3, 1e6, 60), ("five units", 5, 1e5, 60),
                                       ("eight units", 8, 1e4, 60)):
        centre = np.round(rng.choice([-1, 1], n) * rng.uniform(0.5, 3, n), 2)
        bowl = {"function": "quadratic", "condition": condition, "dimension": n, "centre": centre, "part": "box", "budget": budget}
        yield Case(name, {"box": bowl, "x": np.round(centre + rng.choice([-1, 1], n) * rng.uniform(1, 3, n), 2)}, {"bowl": bowl})


def low_enough(value, inputs, hidden):
    x, start = np.array(value, dtype=float), np.array(inputs["x"])
    if x.shape != start.shape or not np.isfinite(x).all():
        return f"Give a point: an array of {len(start)} finite numbers."
    bowl = {name: given for name, given in hidden["bowl"].items() if name not in ("part", "budget")}
    f = function(**bowl)
    share = f(x) / f(start)
    return "" if share <= GOAL else f"The loss at your point is {share:.2g} of that at the start; {GOAL:g} is asked for."


def walk(box, x, rate, steps=20, momentum=0.0):
    v = np.zeros(len(x))
    for _ in range(steps):
        v = momentum * v + box.gradient(x)
        x = x - rate * v
    return x


def adam(box, x, rate, steps=20):
    m, s = np.zeros(len(x)), np.zeros(len(x))
    for t in range(1, steps + 1):
        g = box.gradient(x)
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        x = x - rate * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    return x


def rms(box, x, rate=0.1, steps=20):
    s = np.zeros(len(x))
    for _ in range(steps):
        g = box.gradient(x)
        s = 0.9 * s + 0.1 * g**2
        x = x - rate * g / (np.sqrt(s) + 1e-8)
    return x


def signs(box, x, rate=0.3, fall=0.7, steps=20):
    for _ in range(steps):
        x, rate = x - rate * np.sign(box.gradient(x)), rate * fall
    return x


def secant(box, x, use=lambda c, g: g / c, apart=1e-3):
    """Curvatures of all axes from two gradients, and a step with them; each argument after `x` is a fault."""
    g = box.gradient(x)
    c = (box.gradient(x + apart) - g) / apart
    return x - use(c, g)


def common(box, x, long=True, steps=19):
    """Barzilai and Borwein: one rate for all axes, from the last two gradients."""
    g = box.gradient(x)
    last, x = x, x - 1e-6 * g
    for _ in range(steps):
        old, g = g, box.gradient(x)
        s, r = x - last, g - old
        if not s @ r > 0:
            break
        last, x = x, x - ((s @ s) / (s @ r) if long else (s @ r) / (r @ r)) * g
    return x


unlike_units = Question(
    "30.5", "Unlike units, twenty slopes", "target", points=3, difficulty=2, minutes=15, name="descend",
    objectives=("find the scale of each axis from gradients", "give each axis the rate that its curvature asks for"),
    draw=unit_cases, proof=low_enough,
    mistakes=(
        Mistake("Plain descent at 1 explodes along the most curved axis.", "How curved is each axis? Two gradients tell.",
                lambda box, x: walk(box, x, 1.0)),
        Mistake("Plain descent at 0.1 explodes along the most curved axis.", "How curved is each axis? Two gradients tell.",
                lambda box, x: walk(box, x, 0.1)),
        Mistake("Plain descent at 0.01 explodes along the most curved axis.", "How curved is each axis? Two gradients tell.",
                lambda box, x: walk(box, x, 0.01)),
        Mistake("Plain descent at 0.001 explodes, for the steepest curvature is in the thousands.",
                "How curved is each axis? Two gradients tell.", lambda box, x: walk(box, x, 0.001)),
        Mistake("Plain descent at 0.0001 is too fast for some of these bowls, and too slow for the flat axes of the others.",
                "How curved is each axis? Two gradients tell.", lambda box, x: walk(box, x, 1e-4)),
        Mistake("Plain descent at 0.00001 is too fast for the most curved of these bowls, and too slow for the flat axes of the others.",
                "How curved is each axis? Two gradients tell.", lambda box, x: walk(box, x, 1e-5)),
        Mistake("Momentum at 0.00001 is too fast for the most curved of these bowls, and too slow for the flat axes of the others.",
                "Each axis needs a rate of its own.", lambda box, x: walk(box, x, 1e-5, momentum=0.9)),
        Mistake("Dividing by a running size of the slopes makes steps of nearly one length, and they do not stop in time.",
                "Use the gradients to measure curvature.", rms),
        Mistake("One small rate serves all axes: the flat ones hardly move.", "Each axis needs a rate of its own.",
                lambda box, x: walk(box, x, 1e-6)),
        Mistake("Momentum turns the condition into its root. With twenty gradients that is not enough here.",
                "Each axis needs a rate of its own.", lambda box, x: walk(box, x, 1e-6, momentum=0.9)),
        Mistake("Adam's rate is a length: after twenty steps of 0.1 it is still on its way, or on its way to and fro.",
                "Use the gradients to measure curvature.", lambda box, x: adam(box, x, 0.1)),
        Mistake("Adam at 0.001 has walked two hundredths after twenty steps.", "Use the gradients to measure curvature.",
                lambda box, x: adam(box, x, 0.001)),
        Mistake("Adam at 1 makes steps of one unit, and swings about the bottom.", "Use the gradients to measure curvature.",
                lambda box, x: adam(box, x, 1.0)),
        Mistake("Signs with a rate of 0.3 that falls by 0.7 walk 0.3/(1 − 0.7) = 1 in all, and the bottom may be three away.",
                "Use the gradients to measure curvature.", signs),
        Mistake("The curvatures are right, and you multiply by them.", "A strongly curved axis needs a small rate.",
                lambda box, x: secant(box, x, lambda c, g: g * c)),
        Mistake("You divide by the root of the curvatures, as Adam divides by a root of squares.", "By the curvature itself.",
                lambda box, x: secant(box, x, lambda c, g: g / np.sqrt(c))),
        Mistake("The largest curvature serves all axes. That is safe, and slow.", "Each axis has its own.",
                lambda box, x: secant(box, x, lambda c, g: g / c.max())),
        Mistake("The mean of the curvatures serves all axes.", "Each axis has its own.",
                lambda box, x: secant(box, x, lambda c, g: g / c.mean())),
        Mistake("A difference of slopes is not yet a curvature: the tenth by which x moved is missing.", "Divide by how far x moved.",
                lambda box, x: secant(box, x, lambda c, g: g / (0.1 * c))),
        Mistake("Your step goes up.", "Against the gradient.", lambda box, x: secant(box, x, lambda c, g: -g / c)),
        Mistake("The step is half of what the curvatures say.", "The whole quotient.",
                lambda box, x: secant(box, x, lambda c, g: g / c / 2)),
        Mistake("You divide each slope by its own size: every axis moves by one.", "By the curvature, a difference of slopes.",
                lambda box, x: secant(box, x, lambda c, g: np.sign(g))),
        Mistake("This is the start.", "Two gradients tell all curvatures.", lambda box, x: x),
        Mistake("You ask for more gradients than the budget has. Twenty are all.", "`box.left` says what may still be spent.",
                lambda box, x: walk(box, x, 1e-5, steps=100)),
        Mistake("Momentum of 0.9 at 0.001 explodes along the most curved axis.", "Each axis needs a rate of its own.",
                lambda box, x: walk(box, x, 1e-3, momentum=0.9)),
        Mistake("The step starts from the place of the second gradient, with the slope of the first.", "x, the place of that slope.",
                lambda box, x: secant(box, x, lambda c, g: g / c - 1.0, apart=1.0),
                also=(lambda box, x: secant(box, x, lambda c, g: g / c - 0.1, apart=0.1),)),
        Mistake("One rate for all axes, even if the last two gradients choose it.", "A quotient for each axis.", common),
    ),
    success="Each axis was scaled by itself, and the units are gone. Two gradients suffice: their difference is a curvature for each axis.",
    onwards="turn the bowl by 30 degrees, so that no axis is alone. What does your method do now, and which chapter mends it?")

# -- 30.6 -----------------------------------------------------------------------------------------------------------------------


def race_cases(rng):
    """Losses of two methods that share their luck: pairs see what loose samples do not."""
    for name, n, t, gap, luck, own in (("shared luck", 8, 2.365, 0.12, 0.5, 0.08), ("too close", 6, 2.571, 0.02, 0.3, 0.1),
                                       ("the other way", 10, 2.262, -0.15, 0.4, 0.1), ("a wide spread", 7, 2.447, 0.1, 0.6, 0.3),
                                       ("five seeds", 5, 2.776, 0.3, 0.5, 0.12)):
        for _ in range(5000):  # the answer does not hang on a hair, and where none is due, quick judges disagree
            seed = 2 + luck * rng.normal(size=n)
            a, b = np.round(seed + own * rng.normal(size=n), 3), np.round(seed + gap + own * rng.normal(size=n), 3)
            mean, low, high, found = judged(a, b, t)
            quick = np.sign(mean) * np.sign([b.min() - a.min(), np.sign(b - a).sum(), (b - a)[0]])
            wanted = {"too close": (0, [-1, 1, -1]), "a wide spread": (0, [1, -1, -1]), "the other way": (-1, None)}.get(name, (1, None))
            if found == wanted[0] and min(abs(low), abs(high)) > 0.01 and (wanted[1] is None or list(quick) == wanted[1]):
                break
        yield Case(name, {"a": a, "b": b, "t": t})


def judged(a, b, t, sign=1.0, ddof=1, error=None, middle=np.mean, decide=None, half=None):
    """Mean difference, its interval, the verdict; each argument after `t` is a fault."""
    d = sign * (b - a)
    error = d.std(ddof=ddof) / np.sqrt(len(d)) if error is None else error(a, b)
    low, high = (middle(d) - t * error, middle(d) + t * error) if half is None else half(middle(d), error, t)
    verdict = float(low > 0) - float(high < 0) if decide is None else decide(a, b, low, high)
    return np.array([middle(d), low, high, verdict])


def raced(**faults):
    return lambda a, b, t: judged(a, b, t, **faults)


def loose(a, b):
    return np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))


def apart(a, b, low, high):
    """The verdict of two separate intervals: t from the width of the paired one."""
    t = (high - low) / 2 / ((b - a).std(ddof=1) / np.sqrt(len(a)))
    reach = t * (a.std(ddof=1) + b.std(ddof=1)) / np.sqrt(len(a))
    gap = b.mean() - a.mean()
    return float(gap > reach) - float(gap < -reach)


def extremes(a, b, t):
    d = b - a
    return np.array([d.mean(), d.min(), d.max(), float(d.min() > 0) - float(d.max() < 0)])


def middle_95(a, b, t):
    low, high = np.quantile(b - a, [0.025, 0.975])
    return np.array([np.mean(b - a), low, high, float(low > 0) - float(high < 0)])


a_verdict = Question(
    "30.6", "A verdict over seeds", "function", points=3, difficulty=2, minutes=15, name="verdict",
    objectives=("compare two methods in pairs, with an interval", "let the interval decide, also for no decision"),
    draw=race_cases, oracle=judged, each=True, rtol=1e-8,
    mistakes=(
        Mistake("The spreads of a and b are added, as if they had different seeds. What they share cancels in pairs.",
                "The spread of the differences.", raced(error=loose)),
        Mistake("This is the spread of one seed's difference. The mean of n has an error √n times as small.", "Divide by √n.",
                raced(error=lambda a, b: (b - a).std(ddof=1))),
        Mistake("The spread divides by n. From a sample it is n − 1.", "`ddof=1`.", raced(ddof=0)),
        Mistake("You divide by n and not by its root.", "Divide by √n.", raced(error=lambda a, b: (b - a).std(ddof=1) / len(a))),
        Mistake("This is the variance over n, without its root.", "The spread over √n.",
                raced(error=lambda a, b: (b - a).var(ddof=1) / len(a))),
        Mistake("You divide by √(n − 1) with a spread that has n − 1 already.", "Divide by √n.",
                raced(error=lambda a, b: (b - a).std(ddof=1) / np.sqrt(len(a) - 1))),
        Mistake("The difference is a − b: all signs are turned.", "b − a, so that a positive number speaks for a.", raced(sign=-1.0)),
        Mistake("The verdict is turned round. Losses: the lower is better.", "1 where b − a is above zero.",
                raced(decide=lambda a, b, low, high: float(high < 0) - float(low > 0))),
        Mistake("The mean decides, whatever the interval says.", "0 where the interval holds zero.",
                raced(decide=lambda a, b, low, high: np.sign(low + high))),
        Mistake("The mean decides, as 1 or 0. Three answers are possible, and the interval gives them.", "1, −1, or 0.",
                raced(decide=lambda a, b, low, high: float(low + high > 0))),
        Mistake("The best seed of each decides.", "The interval of the mean difference.",
                raced(decide=lambda a, b, low, high: np.sign(b.min() - a.min()))),
        Mistake("The number of won seeds decides.", "The interval of the mean difference.",
                raced(decide=lambda a, b, low, high: np.sign(np.sign(b - a).sum()))),
        Mistake("The first seed decides.", "The interval of the mean difference.", raced(decide=lambda a, b, low, high: np.sign(b - a)[0])),
        Mistake("The median stands for the mean.", "The mean of the differences.", raced(middle=np.median)),
        Mistake("The interval is one error wide to each side: t is missing.", "t errors to each side.",
                raced(half=lambda m, e, t: (m - e, m + e))),
        Mistake("You took 2 for t. With so few seeds the interval is wider.", "t is given.",
                raced(half=lambda m, e, t: (m - 2 * e, m + 2 * e))),
        Mistake("Both lists were sorted before the difference. The same place means the same seed.", "b − a, place by place.",
                lambda a, b, t: judged(np.sort(a), np.sort(b), t)),
        Mistake("The spread is that of one method. What both share cancels in pairs.", "The spread of the differences.",
                raced(error=lambda a, b: a.std(ddof=1) / np.sqrt(len(a))),
                also=(raced(error=lambda a, b: b.std(ddof=1) / np.sqrt(len(a))),)),
        Mistake("Quantiles of the differences stand for the interval of their mean.", "t errors to each side.", middle_95),
        Mistake("You took 1.96 for t. With so few seeds the interval is wider.", "t is given.",
                raced(half=lambda m, e, t: (m - 1.96 * e, m + 1.96 * e))),
        Mistake("The interval as a whole is t errors wide, half of what it should be.", "t errors to each side.",
                raced(half=lambda m, e, t: (m - t * e / 2, m + t * e / 2))),
        Mistake("The ends of the interval have changed places.", "First the lower one.",
                raced(half=lambda m, e, t: (m + t * e, m - t * e),
                      decide=lambda a, b, high, low: float(low > 0) - float(high < 0))),
        Mistake("The verdict is missing.", "Mean, low, high, verdict.", lambda a, b, t: judged(a, b, t)[:3]),
        Mistake("The verdict is 1 whenever zero lies outside. On which side decides who is better.", "1 above zero, −1 below.",
                raced(decide=lambda a, b, low, high: float(low > 0 or high < 0))),
        Mistake("Two intervals, one for each method, decide by whether they overlap. What both share widens them.",
                "The interval of the mean difference.", raced(decide=apart)),
        Mistake("The smallest and the largest difference stand for the interval of the mean.", "t errors to each side.", extremes),
        Mistake("The two spreads were added as numbers. What both share cancels in pairs.", "The spread of the differences.",
                raced(error=lambda a, b: (a.std(ddof=1) + b.std(ddof=1)) / np.sqrt(len(a)))),
        Mistake("The variance stands for the spread.", "Its root over √n.",
                raced(error=lambda a, b: (b - a).var(ddof=1) / np.sqrt(len(a)))),
        Mistake("The spread divides by n, and 1.96 stands for t.", "`ddof=1`, and the t that is given.",
                raced(error=lambda a, b: (b - a).std() / np.sqrt(len(a)), half=lambda m, e, t: (m - 1.96 * e, m + 1.96 * e))),
        Mistake("These are the mean, half the interval's width, and the verdict.", "Mean, low, high, verdict.",
                lambda a, b, t: (r := judged(a, b, t))[[0, 2, 3]] - [0, r[0], 0]),
        Mistake("The differences are shares of a. Asked are the differences.", "b − a.",
                lambda a, b, t: judged(np.zeros(len(a)), b / a - 1, t)),
        Mistake("The verdict is never −1. Where the interval lies below zero, the second method is better.", "1, −1, or 0.",
                raced(decide=lambda a, b, low, high: float(low > 0))),
    ),
    success="What both share is gone in the difference; t errors to each side; and no verdict is a verdict.",
    onwards="how many seeds would the close race need until its interval leaves zero out, if mean and spread stay as they are?")

# -- 30.7 -----------------------------------------------------------------------------------------------------------------------

tonight = Manual(
    "30.7", "Before tonight's run", difficulty=2, minutes=10, name="reply", words=150,
    objectives=("find the broken rules in a plan", "say what to measure before a long run"),
    rubric=(("asks for scaled inputs, by means and spreads of the training part, before the optimizer is blamed", 1),
            ("asks for a new look at the rate, since the batch changed, on a logarithmic grid", 1),
            ("says that the best of 150 by the test set may be luck, and asks for validation and fresh questions", 1),
            ("says that one seed and an equal rate are no fair race, and asks for tuned rates and several seeds in pairs", 1)))

QUESTIONS = (unlike_units, a_verdict)
MANUAL = (tonight,)
