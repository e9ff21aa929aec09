"""The questions of chapter 22 on tuning: a population that forgets, rates for everybody, expected improvement, a claim (22.4 to 22.7)."""

import math

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 22.4 -----------------------------------------------------------------------------------------------------------------------


def crowd_cases(rng):
    for name, n, k in (("one replaced", 4, 1), ("two of five", 5, 2), ("three of eight", 8, 3), ("one has diverged", 5, 2),
                       ("three of seven", 7, 3)):
        losses = np.round(rng.permutation(n) + rng.uniform(0, 0.5, n), 2)
        if name == "one has diverged":
            losses[rng.integers(n)] = np.nan
        yield Case(name, {"weights": np.round(rng.normal(size=(n, 2)), 2), "velocity": np.round(rng.normal(size=(n, 2)), 2),
                          "rates": np.round(10 ** rng.uniform(-2, 0, n), 3), "losses": losses, "k": k,
                          "factors": np.round(rng.choice([0.5, 0.8, 1.25, 2.0], k), 2)})


def evolved(weights, velocity, rates, losses, k, factors, mirrored=True, momentum=True, own=False, backwards=False, explored=True,
            both=False, swapped=False, drop=False, forget=False, only=False, one=False, crossed=False, high=False):
    """A round of population-based training; each argument after `factors` is a fault."""
    weights, velocity, rates = (np.array(a, dtype=float) for a in (weights, velocity, rates))
    losses = np.array([math.nan if v is None else v for v in np.ravel(losses)], dtype=float)
    order = np.argsort(np.where(np.isnan(losses), -np.inf, losses) if drop else losses)
    if backwards:
        order = order[::-1]
    if high:
        order = np.argsort(-losses)
    for j in range(k):
        worst, best = order[-1 - j] if mirrored else order[-k + j], order[0 if only else k - 1 - j if crossed else j]
        weights[worst] = weights[best]
        if momentum:
            velocity[worst] = 0.0 if forget else velocity[best]
        rates[worst] = rates[worst if own else best] * (factors[0 if one else j] if explored else 1.0)
        if both:
            rates[best] = rates[worst]
    return [weights, rates, velocity] if swapped else [weights, velocity, rates]


def turned(**faults):
    return lambda weights, velocity, rates, losses, k, factors: evolved(weights, velocity, rates, losses, k, factors, **faults)


repaired = Question(
    "22.4", "A population that forgets", "bug", points=2, difficulty=2, minutes=12, name="repaired",
    objectives=("check what travels when a population copies",),
    draw=crowd_cases, oracle=evolved,
    mistakes=(
        Mistake("This is the code as it was given, with both faults.", "Who copies whom for k = 2? And what else is a training?",
                turned(mirrored=False, momentum=False)),
        Mistake("One fault is found. The momenta still belong to the weights that were thrown away.", "Copy velocity as well.",
                turned(momentum=False)),
        Mistake("One fault is found. With k = 2 the worst of all still copies the second best.", "order[-1 - j].",
                turned(mirrored=False)),
        Mistake("The rate that is multiplied is the member's own, not that of the one it copies.", "rates[best] * factors[j].",
                turned(own=True)),
        Mistake("The best copy the worst.", "Low losses are good.", turned(backwards=True)),
        Mistake("Nobody explores: the rate is copied as it is.", "Times factors[j].", turned(explored=False)),
        Mistake("The best ones' rates change too. They are to stay.", "Only the copies explore.", turned(both=True)),
        Mistake("The last two results have changed places.", "weights, velocity, rates.", turned(swapped=True)),
        Mistake("A loss that is nan counts as best for you.", "np.argsort puts it last: leave it there.", turned(drop=True)),
        Mistake("The copies begin with momenta of zero. They are to go on as the ones they copy.", "Copy velocity as well.",
                turned(forget=True)),
        Mistake("All copy the best of all. The second worst copies the second best.", "order[j].", turned(only=True)),
        Mistake("Every copy's rate is multiplied by the first factor.", "factors[j].", turned(one=True)),
        Mistake("The worst copies the least good of the k best, and so on: the pairs are crossed.", "order[j].", turned(crossed=True)),
        Mistake("You order by falling loss: the best, or what is nan, are thrown away.", "np.argsort(losses).", turned(high=True)),
        Mistake("All members are as they came.", "Copy the worst k.",
                lambda weights, velocity, rates, losses, k, factors: [weights, velocity, rates]),
    ),
    success="A training is its weights, its momenta and its rate: all three travel, the worst from the best, and only copies explore.",
    onwards="the members use Adam. What else has to travel, and what happens if the step count does not?")

# -- 22.5 -----------------------------------------------------------------------------------------------------------------------


def spectrum_cases(rng):
    for steps in (1, 2, 5, 8):
        low, high = (float(np.round(v, 2)) for v in (rng.uniform(0.3, 2.0), rng.uniform(10, 40)))
        yield Case(f"{steps} steps, curvatures {low} to {high}", {"low": low, "high": high, "steps": steps})


def worst(rates, low, high):
    h = np.linspace(low, high, 4001)
    return float(np.abs(np.prod(1 - np.multiply.outer(h, rates), axis=1)).max())


def good_for_all(value, inputs, hidden):
    steps, low, high = inputs["steps"], inputs["low"], inputs["high"]
    rates = np.array(value, dtype=float)
    if rates.shape != (steps,) or not np.isfinite(rates).all():
        return f"Give {steps} finite rates, in a list."
    left, least = worst(rates, low, high), 1 / math.cosh(steps * math.acosh((high + low) / (high - low)))
    return "" if left <= 1.02 * least else f"Some direction keeps {left:.3g} of itself; {1.02 * least:.3g} at most is asked."


def roots(low, high, steps, angle=lambda k, T: np.pi * (2 * k + 1) / (2 * T), inverse=True, swapped=False, whole=False):
    """Chebyshev's rates; each argument after `steps` is a fault."""
    middle, half = (high + low) / 2, (high - low) / 2
    if whole:
        middle, half = 2 * middle, 2 * half
    if swapped:
        middle, half = half, middle
    found = middle + half * np.cos(angle(np.arange(steps), steps))
    return (1 / found if inverse else found).tolist()


def rooted(**faults):
    return lambda low, high, steps: roots(low, high, steps, **faults)


for_everybody = Question(
    "22.5", "Rates for everybody", "target", points=3, difficulty=3, minutes=15, name="choose",
    objectives=("choose rates that are good for every curvature at once",),
    draw=spectrum_cases, proof=good_for_all,
    mistakes=(
        Mistake("This is the best constant rate, 2/(L + μ), each time.", "Different rates cover for each other.",
                lambda low, high, steps: [2 / (low + high)] * steps),
        Mistake("This is 1/L each time.", "Different rates cover for each other.", lambda low, high, steps: [1 / high] * steps),
        Mistake("These are the roots themselves. A rate of η is perfect for the curvature 1/η.", "One over the roots.",
                rooted(inverse=False)),
        Mistake("The angles are those of the extreme points, kπ/T, and not of the roots.", "(2k + 1)π/(2T).",
                rooted(angle=lambda k, T: np.pi * k / T)),
        Mistake("The angles are twice as large as they should be: (2k + 1)π/T.", "(2k + 1)π/(2T).",
                rooted(angle=lambda k, T: np.pi * (2 * k + 1) / T)),
        Mistake("You count from k = 1: (2k + 1) runs from 3.", "k from 0.", rooted(angle=lambda k, T: np.pi * (2 * k + 3) / (2 * T))),
        Mistake("Middle and half width of the interval have changed places.", "(L + μ)/2 + (L − μ)/2 · cos.", rooted(swapped=True)),
        Mistake("Sum and difference are not halved.", "(L + μ)/2 + (L − μ)/2 · cos.", rooted(whole=True)),
        Mistake("The curvatures that you serve are evenly spaced. Chebyshev's roots crowd at both ends.", "(2k + 1)π/(2T).",
                lambda low, high, steps: (1 / (low + (high - low) * (np.arange(steps) + 0.5) / steps)).tolist()),
        Mistake("The curvatures that you serve are evenly spaced in the logarithm, which leaves the steep ones alone.", "(2k + 1)π/(2T).",
                lambda low, high, steps: (1 / np.geomspace(low, high, steps + 2)[1:-1]).tolist()),
        Mistake("This is the edge, 2/L, each time: the most curved direction stays as it is.", "Different rates cover for each other.",
                lambda low, high, steps: [2 / high] * steps),
        Mistake("The angles run from 0 to π, both ends included: those are extreme points, not roots.", "(2k + 1)π/(2T).",
                rooted(angle=lambda k, T: np.pi * k / max(T - 1, 1))),
        Mistake("The angles go once round the circle: 2πk/T.", "(2k + 1)π/(2T).", rooted(angle=lambda k, T: 2 * np.pi * k / T)),
        Mistake("The difference L − μ is not halved before the cosine.", "(L + μ)/2 + (L − μ)/2 · cos.",
                lambda low, high, steps: (1 / ((high + low) / 2 + (high - low)
                                               * np.cos(np.pi * (2 * np.arange(steps) + 1) / (2 * steps)))).tolist()),
        Mistake("The curvatures that you serve are evenly spaced from μ to L. Chebyshev's roots crowd at both ends, and lie inside.",
                "(2k + 1)π/(2T).", lambda low, high, steps: (1 / np.linspace(low, high, steps)).tolist()),
        Mistake("The curvatures that you serve are evenly spaced in the logarithm, ends included.", "(2k + 1)π/(2T).",
                lambda low, high, steps: (1 / np.geomspace(low, high, steps)).tolist()),
        Mistake("The rates are evenly spaced from 1/L to 1/μ.", "One over the roots.",
                lambda low, high, steps: np.linspace(1 / high, 1 / low, steps).tolist()),
        Mistake("These are the first of T + 1 rates.", "T is the number of steps.",
                lambda low, high, steps: roots(low, high, steps + 1)[:-1]),
        Mistake("The first rate is missing.", "One rate a step.", lambda low, high, steps: roots(low, high, steps)[1:]),
    ),
    success="One over the roots of Chebyshev's polynomial: no other rates leave less in the worst direction.",
    onwards="with 60 steps and a spread of 1,000, in which order must the rates come so that nothing overflows on the way?")

# -- 22.6 -----------------------------------------------------------------------------------------------------------------------


def guess_cases(rng):
    for name, n, margin in (("no margin", 4, 0.0), ("a margin", 4, 0.3), ("one is known", 3, 0.1), ("far better and far worse", 3, 0.0)):
        spread = np.round(rng.uniform(0.2, 1.5, n), 2)
        mean = np.round(rng.normal(size=n) * (4 if "far" in name else 1), 2)
        if name == "one is known":
            spread[0], spread[1], mean[0], mean[1] = 0.0, 0.0, -2.0, 3.0
        yield Case(name, {"mean": mean, "spread": spread, "best": float(np.round(rng.normal() * 0.3, 2)), "margin": margin})


def phi(z):
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def Phi(z):
    return np.array([(1 + math.erf(v / math.sqrt(2))) / 2 for v in np.ravel(z)]).reshape(np.shape(z))


def gained(mean, spread, best, margin, sign=1.0, shift=-1.0, first=Phi, second=phi, units=True, known="gap", scaled=True, plus=1.0):
    """The expected improvement; each argument after `margin` is a fault."""
    mean, spread = np.array(mean, dtype=float), np.array(spread, dtype=float)
    gap = sign * (best + shift * margin - mean)
    safe = np.where(spread > 0, spread, 1.0)
    z = gap / safe if units else gap
    found = (safe if scaled else 1.0) * (z * first(z) + plus * second(z))
    return np.where(spread > 0, found, {"gap": np.maximum(gap, 0), "raw": gap, "zero": 0 * gap}[known])


def guessed(**faults):
    return lambda mean, spread, best, margin: gained(mean, spread, best, margin, **faults)


improvement = Question(
    "22.6", "Where improvement is expected", "function", points=4, difficulty=3, minutes=15, name="improvement",
    objectives=("weigh a good guess against an unsure one", "choose where to try next"),
    draw=guess_cases, oracle=gained, rtol=1e-6,
    mistakes=(
        Mistake("You look for high values: the gap is best − margin − mean for a loss.", "Lower is better.", guessed(sign=-1.0)),
        Mistake("You look for high values: mean − best − margin is the gap of a score, not of a loss.", "Lower is better.",
                guessed(sign=-1.0, shift=1.0)),
        Mistake("The result is negative: you return it as a loss. An improvement is at least 0.", "spread · (zΦ(z) + φ(z)).",
                lambda mean, spread, best, margin: -gained(mean, spread, best, margin)),
        Mistake("The margin is taken off the result. It belongs into the gap.", "z = (best − margin − mean)/spread.",
                lambda mean, spread, best, margin: gained(mean, spread, best, 0.0) - margin),
        Mistake("You square the spread, as if a variance were asked. It is a spread already.", "Divide by the spread itself.",
                lambda mean, spread, best, margin: gained(mean, np.array(spread, dtype=float) ** 2, best, margin)),
        Mistake("The margin is left out.", "best − margin − mean.", guessed(shift=0.0)),
        Mistake("The margin has the wrong sign: it must be harder to count, not easier.", "best − margin − mean.", guessed(shift=1.0)),
        Mistake("Φ and φ have changed places.", "zΦ(z) + φ(z).", guessed(first=phi, second=Phi)),
        Mistake("This is the probability of an improvement, not its size.", "spread · (zΦ(z) + φ(z)).",
                lambda mean, spread, best, margin: np.where(np.array(spread) > 0, Phi(gained(mean, np.ones_like(mean), best, margin,
                    first=lambda z: 1.0, second=lambda z: 0.0) / np.where(np.array(spread) > 0, spread, 1.0)),
                    (best - margin - np.array(mean) > 0) * 1.0)),
        Mistake("This is the probability of an improvement, not its size, except where nothing is uncertain.", "spread · (zΦ(z) + φ(z)).",
                lambda mean, spread, best, margin: np.where(np.array(spread) > 0, Phi((best - margin - np.array(mean))
                    / np.where(np.array(spread) > 0, spread, 1.0)), np.maximum(best - margin - np.array(mean), 0))),
        Mistake("z is not divided by the spread.", "z = (best − margin − mean)/spread.", guessed(units=False)),
        Mistake("The spread in front is missing: the result has no unit.", "spread · (zΦ(z) + φ(z)).", guessed(scaled=False)),
        Mistake("The density is taken away in place of added.", "zΦ(z) + φ(z).", guessed(plus=-1.0)),
        Mistake("The density is missing: an unsure guess is worth more than its mean.", "zΦ(z) + φ(z).", guessed(plus=0.0)),
        Mistake("Where nothing is uncertain you return 0. A known improvement is one.", "max(best − margin − mean, 0).",
                guessed(known="zero")),
        Mistake("Where nothing is uncertain the result can be negative. It is at least 0.", "max(best − margin − mean, 0).",
                guessed(known="raw")),
        Mistake("You return the gap to the mean alone: the spread plays no part.", "spread · (zΦ(z) + φ(z)).",
                lambda mean, spread, best, margin: np.maximum(best - margin - np.array(mean), 0)),
        Mistake("This is the lower edge, mean minus spread: another rule for where to try.", "spread · (zΦ(z) + φ(z)).",
                lambda mean, spread, best, margin: best - margin - (np.array(mean) - np.array(spread))),
    ),
    success="A sure small gain and an unsure large one are weighed in one number, and what is known needs no division.",
    onwards="how does the choice change as the margin grows?")

# -- 22.7 -----------------------------------------------------------------------------------------------------------------------

a_claim = Manual(
    "22.7", "A pair in the news", difficulty=2, minutes=10, name="letter", words=200,
    objectives=("judge what a pair of methods has bought", "name the controls at equal cost"),
    rubric=(("says that 5,000 networks stand against one, and asks for Adam at the same cost", 1),
            ("asks for seeds or an interval, and whether both were tuned", 1),
            ("names two controls, such as random search with Adam, or many starts of Adam, at equal cost", 1),
            ("sees that the search may have chosen by the test set, and names a case where such a pair would win", 1)))

QUESTIONS = (repaired, for_everybody, improvement)
MANUAL = (a_claim,)
