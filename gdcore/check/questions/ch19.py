"""The questions of chapter 19 on slopes and steps: two values, one fifth, eight numbers, a strategy with faults (19.1 to 19.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 19.1 -----------------------------------------------------------------------------------------------------------------------


def slope_cases(rng):
    for name, n, condition, c in (("signs, two knobs", 2, 5.0, 0.1), ("five knobs of different reach", 5, 20.0, 0.5),
                                  ("far apart", 3, 3.0, 2.0), ("very near", 4, 9.0, 1e-3)):
        delta = rng.choice([-1.0, 1.0], n) * (1.0 if n == 2 else np.round(rng.uniform(0.3, 3.0, n), 2))
        bowl = {"function": "quadratic", "condition": condition, "dimension": n, "centre": np.round(rng.normal(size=n), 2)}
        yield Case(name, {"f": bowl, "x": np.round(3 * rng.normal(size=n), 2), "c": c, "delta": delta})
    valley = {"function": "rosenbrock"}
    yield Case("a curved valley", {"f": valley, "x": np.round(rng.normal(size=2), 2), "c": 0.3,
                                   "delta": np.round(rng.choice([-1.0, 1.0], 2) * rng.uniform(0.5, 2.0, 2), 2)})


def quotient(f, x, c, delta):
    return (f(x + c * delta) - f(x - c * delta)) / (2 * c)


two_values = Question(
    "19.1", "A slope from two values", "function", points=2, difficulty=1, minutes=10, name="slope",
    objectives=("make a slope of all knobs from two values", "divide by how far each knob was moved"),
    draw=slope_cases, oracle=lambda f, x, c, delta: quotient(f, x, c, delta) / delta, rtol=1e-7,
    mistakes=(
        Mistake("You multiply by Δ, as for random signs. There 1/Δ and Δ are the same; here knobs that moved far get too much.",
                "Divide by what the knob was moved by.", lambda f, x, c, delta: quotient(f, x, c, delta) * delta),
        Mistake("You take the sign of Δ only. How far each knob was moved is lost.", "Divide by the entries of Δ.",
                lambda f, x, c, delta: quotient(f, x, c, delta) * np.sign(delta)),
        Mistake("You divide by c. The two points lie 2c apart.", "Divide by 2cΔ.",
                lambda f, x, c, delta: 2 * quotient(f, x, c, delta) / delta),
        Mistake("You forgot c: the difference belongs to a distance of 2c, not 2.", "Divide by 2cΔ.",
                lambda f, x, c, delta: c * quotient(f, x, c, delta) / delta),
        Mistake("You divide by neither 2 nor c.", "Divide by 2cΔ.", lambda f, x, c, delta: 2 * c * quotient(f, x, c, delta) / delta),
        Mistake("You look one way only, from x to x + cΔ. That keeps the curvature's error.", "x + cΔ and x − cΔ.",
                lambda f, x, c, delta: (f(x + c * delta) - f(x)) / c / delta),
        Mistake("You look one way only, and divide by 2c all the same.", "x + cΔ and x − cΔ.",
                lambda f, x, c, delta: (f(x + c * delta) - f(x)) / (2 * c) / delta),
        Mistake("You look backwards only, from x − cΔ to x.", "x + cΔ and x − cΔ.",
                lambda f, x, c, delta: (f(x) - f(x - c * delta)) / c / delta),
        Mistake("The sign is wrong: this is the slope downhill.", "First x + cΔ, then x − cΔ.",
                lambda f, x, c, delta: -quotient(f, x, c, delta) / delta),
        Mistake("The points are x ± Δ: c is used in the division alone.", "x ± cΔ.",
                lambda f, x, c, delta: (f(x + delta) - f(x - delta)) / (2 * c) / delta),
        Mistake("You moved each knob by itself: that takes 2n values, and this question has two.", "All knobs at once.",
                lambda f, x, c, delta: np.array([quotient(f, x, c, d * e) / d for d, e in zip(delta, np.eye(len(x)))])),
        Mistake("You divide by the length of Δ, as for a slope along a direction.", "Each knob by its own entry of Δ.",
                lambda f, x, c, delta: quotient(f, x, c, delta) * delta / np.linalg.norm(delta)),
        Mistake("You halve and then multiply by c: `/ 2 * c` is no division by 2c.", "Put brackets around 2cΔ.",
                lambda f, x, c, delta: quotient(f, x, c, delta) * c * c / delta),
        Mistake("You divide by the square of the length of Δ. Asked is a division entry by entry.", "Each knob by its own entry of Δ.",
                lambda f, x, c, delta: quotient(f, x, c, delta) * delta / (delta @ delta)),
        Mistake("This is the slope along Δ, one number. Each knob gets one of its own.", "Divide by the entries of Δ.",
                lambda f, x, c, delta: quotient(f, x, c, delta)),
    ),
    success="Two values, one quotient, and each knob divides by its own part of the move. For Δ = ±1 the division is a multiplication.",
    onwards="take Gaussian Δ in place of signs, and divide. What becomes of the mean of 1/Δ? (That is why signs, or a product, are used.)")

# -- 19.2 -----------------------------------------------------------------------------------------------------------------------


def child_cases(rng):
    for name, n, sigma, towards in (("a better child", 3, 0.2, 1), ("a worse child", 3, 0.3, -1), ("a better one, many knobs", 8, 0.05, 1),
                                    ("a worse one, near the minimum", 2, 1.5, -1)):
        x = np.round(rng.normal(size=n) + 0.5, 2)
        bowl = {"function": "quadratic", "condition": 4.0, "dimension": n}
        yield Case(name, {"f": bowl, "x": x, "sigma": sigma, "e": np.round(-towards * np.sign(x) * rng.uniform(0.2, 0.9, n), 2)})
    a = float(rng.integers(2, 6))
    yield Case("a child that is as good", {"f": {"function": "quadratic", "condition": 4.0, "dimension": 2}, "x": [a, 0.0], "sigma": 0.5,
                                           "e": [-4 * a, 0.0]})


def fifth(f, x, sigma, e, grow=1.5, shrink=1.5**-0.25, better=lambda new, old: new <= old, child=lambda x, s, e: x + s * e, keep=None,
          late=False):
    """A step of the (1+1)-ES; each argument after `e` is a fault."""
    there = child(x, sigma, e)
    good = better(f(there), f(x))
    after = sigma * (grow if good else shrink)
    if late:
        there = child(x, after, e)
    taken = good if keep is None else keep(good)
    return np.append(there if taken else x, after)


def es(**faults):
    return lambda f, x, sigma, e: fifth(f, x, sigma, e, **faults)


one_fifth = Question(
    "19.2", "One child in five", "function", points=2, difficulty=1, minutes=10, name="child",
    objectives=("write a step of an evolution strategy", "set its factors from the share of successes that is wanted"),
    draw=child_cases, oracle=fifth, each=True,
    mistakes=(
        Mistake("Growth and shrinking have changed places: the step grows where it fails.", "Success: longer.",
                es(grow=1.5**-0.25, shrink=1.5)),
        Mistake("A failure takes back a whole success. Then the step stands still at one success in two.", "The fourth root.",
                es(shrink=1 / 1.5)),
        Mistake("At a failure the step stays. It can only grow.", "σ · 1.5^(−1/4).", es(shrink=1.0)),
        Mistake("At a success the step stays. It can only shrink.", "σ · 1.5.", es(grow=1.0)),
        Mistake("At a failure the exponent is −4 in place of −1/4.", "The fourth root.", es(shrink=1.5**-4.0)),
        Mistake("The exponent is −1/5. One success in five meets four failures.", "The exponent is −1/4.", es(shrink=1.5**-0.2)),
        Mistake("At a failure you divide by four.", "The fourth root of 1.5.", es(shrink=0.25)),
        Mistake("At a failure you grow by the fourth root, too.", "It shrinks.", es(shrink=1.5**0.25)),
        Mistake("A child that is as good as its parent is sent away. On a plateau the search would never move.", "Not worse: ≤.",
                es(better=lambda new, old: new < old)),
        Mistake("You keep the worse of the two.", "Lower is better.", es(better=lambda new, old: new >= old)),
        Mistake("The child is always kept.", "Only where it is not worse.", es(keep=lambda good: True)),
        Mistake("The parent is always kept.", "The child, where it is not worse.", es(keep=lambda good: False)),
        Mistake("The child is x + e: the length σ is missing.", "x + σe.", es(child=lambda x, s, e: x + e)),
        Mistake("The child is x − σe.", "x + σe.", es(child=lambda x, s, e: x - s * e)),
        Mistake("You judge one child and return another, with the new σ.", "The new σ is for the next child.", es(late=True)),
        Mistake("You return the child as σe, without its parent.", "x + σe.", es(child=lambda x, s, e: s * e)),
    ),
    success="Keep what is not worse, grow by 1.5, shrink by its fourth root: σ stands still where one child in five succeeds.",
    onwards="which factor at a failure would aim at one success in two? Try it on a bowl in thirty dimensions, and compare the speed.")

# -- 19.3 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "19.3", "Eight numbers before you run", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("count evaluations before a search is run", "predict a rate, a share and a probability"),
    draw=items("differences", "pairs", "length", "rate", "population", "success", "accept", "memory"), rtol=2e-3,
    oracle={"differences": 11, "pairs": 10_000, "length": 20, "rate": 0.1, "population": 12, "success": 0.1, "accept": np.exp(-1.5),
            "memory": 4},
    mistakes=(
        Mistake("For `differences` the value at x itself is missing.", "One more than there are knobs.", {"differences": 10}),
        Mistake("For `differences` you counted both sides. Asked is x + he against x.", "One more than there are knobs.",
                {"differences": 20}),
        Mistake("For `differences` you counted both sides and the middle.", "One more than there are knobs.", {"differences": 21}),
        Mistake("For `differences` two values give the slope along one direction only.", "One more than there are knobs.",
                {"differences": 2}),
        Mistake("For `pairs` you counted a pair as one value.", "Each pair is two values.", {"pairs": 5000}),
        Mistake("For `pairs` this is one step.", "Times 200.", {"pairs": 50}),
        Mistake("For `pairs` the pairs of one step are missing.", "25 pairs, two values, 200 steps.", {"pairs": 400}),
        Mistake("For `length` you took the dimension. The direction of g itself counts three times.", "It is d + 2.", {"length": 18}),
        Mistake("For `length` you added 1.", "3 and d − 1 times 1.", {"length": 19}),
        Mistake("For `length` you took the root: asked is the square of the length.", "It is d + 2.", {"length": 20**0.5}),
        Mistake("For `length` every direction counts three times in your sum. Only g itself does.", "It is d + 2.", {"length": 54}),
        Mistake("For `length` you forgot that an unbiased estimate can be long.", "It is d + 2.", {"length": 1}),
        Mistake("For `rate` this is the rate of a true gradient.", "1/(d + 2).", {"rate": 1.0}),
        Mistake("For `rate` you took 1/d.", "1/(d + 2).", {"rate": 1 / 8}),
        Mistake("For `rate` you added 1 to the dimension.", "1/(d + 2).", {"rate": 1 / 9}),
        Mistake("For `rate` this is the largest rate that still descends. The best one is half of it.", "1/(d + 2).", {"rate": 0.2}),
        Mistake("For `rate` you took the root of the factor.", "1/(d + 2).", {"rate": 10**-0.5}),
        Mistake("For `population` you took the logarithm to base 10.", "The natural one.", {"population": 7}),
        Mistake("For `population` the 4 is missing.", "4 + ⌊3 ln n⌋.", {"population": 8}),
        Mistake("For `population` you did not round down.", "⌊3 ln n⌋ is rounded down.", {"population": 13}),
        Mistake("For `population` you took the dimension.", "4 + ⌊3 ln n⌋.", {"population": 20}),
        Mistake("For `success` you took the one fifth. These factors are other ones.", "p ln 2 = (1 − p)(ln 2)/9.", {"success": 0.2}),
        Mistake("For `success` you forgot that the successes are among the tries: 1 success for 9 failures is one in ten.", "1/(1 + 9).",
                {"success": 1 / 9}),
        Mistake("For `success` this is the share of failures.", "1/(1 + 9).", {"success": 0.9}),
        Mistake("For `success` the two balance only if both factors are alike.", "1/(1 + 9).", {"success": 0.5}),
        Mistake("For `accept` you multiplied by T.", "exp(−rise/T).", {"accept": np.exp(-6.0)}),
        Mistake("For `accept` you left out T.", "exp(−rise/T).", {"accept": np.exp(-3.0)}),
        Mistake("For `accept` you turned the quotient round.", "exp(−rise/T).", {"accept": np.exp(-2 / 3)}),
        Mistake("For `accept` this is the probability to refuse.", "exp(−rise/T).", {"accept": 1 - np.exp(-1.5)}),
        Mistake("For `accept` a probability is at most 1: the sign is missing.", "exp(−rise/T).", {"accept": np.exp(1.5)}),
        Mistake("For `accept` you refuse every worse point: that is going down.", "exp(−rise/T).", {"accept": 0.0}),
        Mistake("For `memory` you counted a number of four bytes a weight.", "Two bytes a weight.", {"memory": 8}),
        Mistake("For `memory` either you added a gradient and Adam's memory, or you counted with sixteen bytes a weight.",
                "The weights alone, two bytes each.", {"memory": 32}),
        Mistake("For `memory` you forgot the bytes of a number.", "Two bytes a weight.", {"memory": 2}),
        Mistake("For `memory` this is in bytes.", "In gigabytes.", {"memory": 4e9}),
        Mistake("For `memory` you added two averages, as Adam keeps them.", "The weights alone.", {"memory": 12}),
    ),
    success="Pairs cost two, a gradient by differences n + 1; the estimate is d + 2 times too long, squared, and the rate pays for it.",
    onwards="a function of 1,000 knobs that feels three of them: which of the eight numbers change?")

# -- 19.4 -----------------------------------------------------------------------------------------------------------------------


def strategy_cases(rng):
    for name, n, steps, pairs, sigma in (("two knobs", 2, 3, 2, 0.1), ("a longer walk", 3, 8, 3, 0.3), ("many pairs", 4, 4, 10, 0.05),
                                         ("wide", 2, 5, 4, 0.8)):
        bowl = {"function": "quadratic", "condition": 3.0, "dimension": n, "centre": np.round(rng.normal(size=n), 2)}
        yield Case(name, {"f": bowl, "x": np.round(2 * rng.normal(size=n), 2), "sigma": sigma,
                          "noise": np.round(rng.normal(size=(steps, pairs, n)), 2), "lr": 0.05})


def strategy(f, x, sigma, noise, lr, down=lambda x, s, e: x - s * e, scale=lambda s: 2 * s, sign=-1.0, mean=True,
             up=lambda x, s, e: x + s * e, once=False):
    """OpenAI-ES with plain steps; each argument after `lr` is a fault."""
    for eps in noise[:1] if once else noise:
        high, low = (np.array([f(side(x, sigma, e)) for e in eps]) for side in (up, down))
        slope = (high - low) @ eps / scale(sigma) / (len(eps) if mean else 1)
        x = x + sign * lr * slope
    return x


def broken(**faults):
    return lambda f, x, sigma, noise, lr: strategy(f, x, sigma, noise, lr, **faults)


NEAR, HALF = (lambda x, s, e: x - e), (lambda s: s)

three_faults = Question(
    "19.4", "A strategy, three faults", "bug", points=3, difficulty=2, minutes=12, name="evolve",
    objectives=("find the faults of an evolution strategy by its formula", "know the distance between the two points of a pair"),
    draw=strategy_cases, oracle=strategy, rtol=1e-7,
    mistakes=(
        Mistake("This is where the code as it was given ends, with its three faults.",
                "Where do the two points of a pair lie? How far apart are they? Which way is down?",
                broken(down=NEAR, scale=HALF, sign=1.0)),
        Mistake("One fault is found, the lower point of the pair. Two are left.", "Look at the distance, and at the way the step goes.",
                broken(scale=HALF, sign=1.0)),
        Mistake("One fault is found, the distance. Two are left.", "Look at the two points, and at the way the step goes.",
                broken(down=NEAR, sign=1.0)),
        Mistake("One fault is found, the way the step goes. Two are left.", "Look at the two points, and at their distance.",
                broken(down=NEAR, scale=HALF)),
        Mistake("Two faults are found. The lower point is still x − ε, without σ.", "x − σε.", broken(down=NEAR)),
        Mistake("Two faults are found. The difference is still divided by σ; the points lie 2σ apart.", "Divide by 2σ.",
                broken(scale=HALF)),
        Mistake("Two faults are found. The step still climbs.", "Against the slope.", broken(sign=1.0)),
        Mistake("Either the pairs are added up and not averaged, or you took the division by their number for a fault.",
                "The mean over the pairs.", broken(mean=False)),
        Mistake("Either both points lost their σ, or you divide by 2σ²: the slope is off by a factor of σ.", "x ± σε, and 2σ.",
                broken(down=NEAR, up=lambda x, s, e: x + e)),
        Mistake("The second point is x itself: the pair looks one way only.", "x − σε.", broken(down=lambda x, s, e: x)),
        Mistake("You divide by 2 and not by 2σ.", "Divide by 2σ.", broken(scale=lambda s: 2.0)),
        Mistake("You return after the first step.", "All rows of the noise.", broken(once=True)),
    ),
    success="x + σε against x − σε, over 2σ, a mean over the pairs, and against the slope.",
    onwards="give the slope to Adam in place of the plain step. Does σ still matter for how far it goes?")

QUESTIONS = (two_values, one_fifth, eight_numbers, three_faults)
