"""The questions of chapter 16 on plans: the largest batch that a budget allows, a loss from three sizes, a review (16.5 to 16.7)."""

import math

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 16.5 -----------------------------------------------------------------------------------------------------------------------


def steps_of(least, critical, batch):
    return math.ceil(least * (1 + critical / batch) - 1e-9)


def best_plan(least, critical, images, largest):
    """(steps, batch) with the fewest whole steps within both limits."""
    plans = [(steps_of(least, critical, b), b) for b in range(1, largest + 1)]
    return min((s, b) for s, b in plans if s * b <= images)


def budget_cases(rng):
    wanted = {"the budget decides": None, "the machine decides": None, "a tight budget": None, "just above the critical batch": None,
              "another tight budget": None}  # fmt: skip
    for name in wanted:
        while True:
            least, critical = int(rng.integers(20, 90)), int(rng.integers(60, 500))
            tight = {"a tight budget": 1.15, "another tight budget": 1.3, "just above the critical batch": 2.2}
            factor = tight.get(name, rng.uniform(2.5, 4))
            images = round(least * critical * factor)
            largest = 4096 if name != "the machine decides" else round(critical * rng.uniform(0.4, 0.8))
            naive = int(images / least - critical)
            steps, batch = best_plan(least, critical, images, largest)
            last = steps_of(least, critical, largest - 1) > steps_of(least, critical, largest)  # the largest batch saves a step
            if name == "the machine decides" and naive > 1.2 * largest and critical > 80 and last:
                break
            # whole steps matter: the batch of the formula with whole numbers breaks the budget
            early = name == "the budget decides" and first_failure(least, critical, images, largest)[1] == steps
            if not early and largest == 4096 and naive >= 2 and steps_of(least, critical, naive) * naive > images and batch != critical:
                break
        yield Case(name, {"least": least, "critical": critical, "images": images, "largest": largest})
    least, critical = int(rng.integers(5, 30)), int(rng.integers(60, 300))
    yield Case("no image to spare", {"least": least, "critical": critical, "images": least * (critical + 1), "largest": 4096})


def within(value, inputs, hidden):
    least, critical, images, largest = (inputs[name] for name in ("least", "critical", "images", "largest"))
    try:
        batch, steps = (float(v) for v in value)
    except (TypeError, ValueError):
        return "Give two whole numbers: the batch and the steps."
    if not (math.isfinite(batch) and math.isfinite(steps)) or batch % 1 or steps % 1 or batch < 1:
        return "Give two whole numbers: the batch and the steps."
    if batch > largest:
        return f"A batch of {batch:.0f} does not fit: {largest} is the most."
    if steps < least * (1 + critical / batch) - 1e-6:
        return f"With a batch of {batch:.0f} the target takes {least * (1 + critical / batch):.1f} steps."
    if batch * steps > images:
        return f"That reads {batch * steps:.0f} images, and there are {images}."
    fewest = best_plan(least, critical, images, largest)[0]
    return "" if steps <= fewest else f"The target is reached in {steps:.0f} steps, and {fewest} are possible."


def searched(least, critical, images, largest, whole=math.ceil, law=lambda c, b: 1 + c / b, spare=0, batches=None):
    """The first best pair of a search over batches; each argument after `largest` is a fault."""
    tried = [(whole(least * law(critical, b)), b) for b in batches or range(1, largest + 1)]
    plans = [(s, b) for s, b in tried if s * b <= images - spare]
    return min(plans)[::-1] if plans else None


def search(**faults):
    return lambda *inputs: searched(*inputs, **faults)


def powers(least, critical, images, largest):
    return searched(least, critical, images, largest, batches=[2**k for k in range(int(largest).bit_length()) if 2**k <= largest])


def first_failure(least, critical, images, largest):
    batch = 1
    while batch < largest and steps_of(least, critical, batch + 1) * (batch + 1) <= images:
        batch += 1
    return batch, steps_of(least, critical, batch)


def widest(least, critical, images, largest):
    batch = max(b for b in range(1, largest + 1) if steps_of(least, critical, b) * b <= images)
    return batch, images // batch


def with_batch(choose, whole=math.ceil):
    def plan(least, critical, images, largest):
        batch = max(1, int(choose(least, critical, images, largest)))
        return batch, whole(least * (1 + critical / batch))

    return plan


budget = Question(
    "16.5", "The fewest steps for the budget", "target", points=3, difficulty=3, minutes=15, name="plan",
    objectives=("choose a batch from the law of steps and examples", "keep within a budget with whole numbers"),
    draw=budget_cases, proof=within,
    mistakes=(
        Mistake("You took the critical batch. The budget may allow more, or less.", "Which B gives S · B = images?",
                with_batch(lambda least, critical, images, largest: min(critical, largest))),
        Mistake("You took the largest batch: that needs more images than there are.", "S · B must stay within the images.",
                with_batch(lambda least, critical, images, largest: largest)),
        Mistake("Your batch is that of the formula for fractions of a step. Rounded up, the steps read more images than there are.",
                "Test S · B with the whole number of steps, and go down until it fits.",
                with_batch(lambda least, critical, images, largest: min(largest, images / least - critical)),
                also=(with_batch(lambda least, critical, images, largest: min(largest, round(images / least - critical))),)),
        Mistake("Your steps are rounded down: then the target is not reached.", "Round up.",
                with_batch(lambda least, critical, images, largest: min(largest, images / least - critical), math.floor)),
        Mistake("You took the critical batch, whether it fits or not. The budget and the machine decide.", "Which B gives S · B = images?",
                with_batch(lambda least, critical, images, largest: critical)),
        Mistake("Your batch is that of the formula for fractions, and ignores what fits. A batch is at most `largest`.",
                "Try each batch up to `largest`.",
                with_batch(lambda least, critical, images, largest: images / least - critical)),
        Mistake("You return fractions. Steps and batches are whole.", "Round the steps up, then test the budget.",
                lambda least, critical, images, largest: [(b, least * (1 + critical / b))
                                                          for b in [min(images / least - critical, largest)]][0]),
        Mistake("Your steps are rounded down: one more is needed to reach the target.", "Round up.", search(whole=math.floor)),
        Mistake("Your steps are rounded to the nearest: then the target may not be reached.", "Round up.", search(whole=round)),
        Mistake("Either you add a step to whole numbers, or you leave an image unread. Where the budget is just enough nothing is found.",
                "np.ceil, and <=.", search(spare=1)),
        Mistake("You took the largest batch that fits, and for the steps what the images allow.", "S_min (1 + critical/B), rounded up.",
                widest),
        Mistake("The largest batch is not among those that you tried.", "range(1, largest + 1).",
                lambda least, critical, images, largest: searched(least, critical, images, largest - 1)),
        Mistake("You tried powers of two alone.", "Any whole number is a batch.", powers),
        Mistake("You stop at the first batch that breaks the budget. A larger one may need a whole step fewer, and fit.",
                "Try them all.", first_failure),
        Mistake("Your law is upside down: steps fall with the batch.", "1 + critical/B.", search(law=lambda c, b: 1 + b / c)),
        Mistake("You took the largest batch, and for the steps what the images allow.", "S_min (1 + critical/B), rounded up.",
                lambda least, critical, images, largest: (largest, images // largest)),
        Mistake("You divided the images by the fewest steps: that batch would do if there were no noise.",
                "images = S_min (B + critical).",
                with_batch(lambda least, critical, images, largest: min(largest, images / least))),
        Mistake("You took a batch of one: few images, and the most steps.", "Which B gives S · B = images?",
                with_batch(lambda least, critical, images, largest: 1)),
        Mistake("Your batch ignores what fits into memory.", "At most `largest`.",
                with_batch(lambda least, critical, images, largest: images / least - critical - 20)),
        Mistake("You return the steps first.", "The batch, then the steps.",
                lambda least, critical, images, largest: best_plan(least, critical, images, largest)),
        Mistake("You planned the fewest steps for any batch. They would need an endless batch.", "S_min (1 + critical/B).",
                lambda least, critical, images, largest: (best_plan(least, critical, images, largest)[1], least)),
        Mistake("Your steps use up all images. Fewer may reach the target.", "S_min (1 + critical/B), rounded up.",
                lambda least, critical, images, largest: (max(1, best_plan(least, critical, images, largest)[1] // 2),
                                                          images // max(1, best_plan(least, critical, images, largest)[1] // 2))),
    ),
    success="S · B = S_min (B + 𝓑): what the budget leaves beyond S_min · 𝓑 is the batch. Whole steps cost a little of it.",
    onwards="the price of a step does not depend on B on a large machine. Which budget would you ask for, at 𝓑 = 400?")

# -- 16.6 -----------------------------------------------------------------------------------------------------------------------


def law_cases(rng):
    def case(name, E, A, alpha, first, ratio, ahead):
        E, A, alpha = (v * rng.uniform(0.95, 1.05) for v in (E, A, alpha))
        N = np.array([first, first * ratio, first * ratio**2])
        return Case(name, {"N": N, "f": np.round(E + A * N**-alpha, 6), "ahead": float(first * ahead)})

    yield case("factors of 4, then 4 again", 1.7, 12.0, 0.3, 1e4, 4, 64)
    yield case("factors of 10, far ahead", 1.5, 400.0, 0.34, 1e6, 10, 1e5)
    yield case("factors of 2", 0.5, 6.0, 0.5, 500, 2, 40)
    yield case("a high floor", 3.0, 5.0, 0.4, 1000, 3, 200)
    yield case("between the sizes", 1.0, 30.0, 0.45, 2000, 5, 8)


def from_three(N, f, ahead, floor=True, sign=1.0, natural=False, double=False, next_=False, ratio=True, share=False,
               order=("E", "alpha", "f")):
    N, f = np.array(N, dtype=float), np.array(f, dtype=float)
    r = N[1] / N[0]
    if not floor:
        q = f[1] / f[0]
        E = 0.0
    else:
        q = (f[1] - f[2]) / (f[0] - f[1])
        E = f[0] - (f[0] - f[1]) / (1 - q)
    alpha = -np.log(q) / (1.0 if natural else np.log(2.0 if double else r))
    at = E + (f[0] - E) * (N[2] * r / N[0] if next_ else ahead if not ratio else ahead / N[0]) ** (-sign * alpha)
    if share:
        at = at - E
    found = {"E": E, "alpha": sign * alpha, "f": at}
    return np.array([found[name] for name in order])


def by(**faults):
    return lambda N, f, ahead: from_three(N, f, ahead, **faults)


def straight(N, f, ahead):
    slope = (f[2] - f[0]) / np.log(N[2] / N[0])
    return np.array([f[2] + slope * np.log(ahead / N[2]), *from_three(N, f, ahead)[1:]])[[0, 1, 0]]


def line(N, f, ahead):
    slope, level = np.polyfit(np.log(N), np.log(f), 1)
    return np.array([0.0, -slope, np.exp(level + slope * np.log(ahead))])


def with_alpha(change):
    """All right, but for the number returned for α."""

    def found(N, f, ahead):
        E, alpha, at = from_three(N, f, ahead)
        return np.array([E, change(alpha, N[1] / N[0]), at])

    return found


def other(change):
    """Another α, returned and used."""

    def found(N, f, ahead):
        E, alpha, _ = from_three(N, f, ahead)
        alpha = change(alpha, N[1] / N[0], (f[1] - f[2]) / (f[0] - f[1]))
        return np.array([E, alpha, E + (f[0] - E) * (ahead / N[0]) ** -alpha])

    return found


def floored(change):
    """Another floor, returned and used."""

    def found(N, f, ahead):
        alpha = from_three(N, f, ahead)[1]
        E = change(f, (f[1] - f[2]) / (f[0] - f[1]))
        return np.array([E, alpha, E + (f[0] - E) * (ahead / N[0]) ** -alpha])

    return found


def later(N, f, ahead):
    E, alpha, _ = from_three(N, f, ahead)
    return np.array([E, alpha, E + (f[0] - E) * (ahead / N[2]) ** -alpha])


def upside_down(N, f, ahead):
    q = (f[0] - f[1]) / (f[1] - f[2])
    E, alpha = f[0] - (f[0] - f[1]) / (1 - q), -np.log(q) / np.log(N[1] / N[0])
    return np.array([E, alpha, E + (f[0] - E) * (ahead / N[0]) ** -alpha])


forecast = Question(
    "16.6", "A loss from three sizes", "function", points=4, difficulty=3, minutes=15, name="foretell", each=True, rtol=1e-3,
    objectives=("solve a scaling law from three losses", "foretell the loss of a larger model, and its floor"),
    draw=law_cases, oracle=by(),
    mistakes=(
        Mistake("You took E for zero. Then the law is straight in logarithms, and foretells too little far ahead.",
                "Differences of losses do not know E.", by(floor=False)),
        Mistake("You laid a line through all three in logarithms: that takes E for zero.", "Differences of losses do not know E.", line),
        Mistake("The sign of the α that you return is wrong; the forecast is right.", "α is positive: r^(−α) = q.",
                with_alpha(lambda a, r: -a)),
        Mistake("The α that you return is not divided by the logarithm of the ratio; the forecast is right.", "r^(−α) = q.",
                with_alpha(lambda a, r: a * np.log(r))),
        Mistake("You mixed two logarithms in α.", "np.log twice, or np.log10 twice.", with_alpha(lambda a, r: a * np.log(10))),
        Mistake("You mixed two logarithms in α, and used it.", "np.log twice, or np.log10 twice.", other(lambda a, r, q: a * np.log(10)),
                also=(other(lambda a, r, q: a / np.log(10)),)),
        Mistake("Your α is r^(−α) itself, the quotient of the differences.", "Take its logarithm.", other(lambda a, r, q: q)),
        Mistake("Your r is N[2]/N[0]: that is two steps.", "r = N[1]/N[0].", other(lambda a, r, q: a / 2)),
        Mistake("You took the last loss for the floor.", "The differences go on shrinking.", floored(lambda f, q: f[2])),
        Mistake("You multiplied by 1 − q, where the floor needs a division.", "f₀ − f₁ = (f₀ − E)(1 − q).",
                floored(lambda f, q: f[0] - (f[0] - f[1]) * (1 - q))),
        Mistake("You take the first difference's sum from another loss than the first.", "E = f₀ − (f₀ − f₁)/(1 − q).",
                floored(lambda f, q: f[1] - (f[0] - f[1]) / (1 - q))),
        Mistake("You take the second difference's sum from another loss than the second.", "E = f₁ − (f₁ − f₂)/(1 − q).",
                floored(lambda f, q: f[2] - (f[1] - f[2]) / (1 - q))),
        Mistake("Your power counts from N[2], and your factor is that at N[0].", "(ahead/N[0])^(−α) · (f[0] − E).", later),
        Mistake("Your power multiplies the whole first loss. Only what is above the floor shrinks.", "(f[0] − E) · (ahead/N[0])^(−α).",
                lambda N, f, ahead: from_three(N, f, ahead) + [0, 0, from_three(N, f, ahead)[0] * (ahead / N[0])
                                                               ** -from_three(N, f, ahead)[1]]),
        Mistake("Your quotient is that of the first difference to the second, everywhere.", "The second difference is the smaller one.",
                upside_down),
        Mistake("The sign of α is wrong: the loss grows with the size.", "r^(−α) is the quotient of the two differences.", by(sign=-1.0)),
        Mistake("Your α is not divided by the logarithm of the ratio of sizes.", "r^(−α) = q.", by(natural=True)),
        Mistake("Your α is for sizes that double. Here they grow by N[1]/N[0].", "r = N[1]/N[0].", by(double=True)),
        Mistake("You foretell the next size of the row, not `ahead`.", "(ahead/N[0])^(−α).", by(next_=True)),
        Mistake("Your power is of `ahead`, and your factor is that at N[0].", "(ahead/N[0])^(−α) · (f[0] − E).", by(ratio=False)),
        Mistake("E is left out of the forecast.", "E + A N^(−α).", by(share=True)),
        Mistake("α and E have changed places.", "E, α, the loss.", by(order=("alpha", "E", "f"))),
        Mistake("You return the forecast alone.", "E, α, the loss.", lambda N, f, ahead: from_three(N, f, ahead)[2]),
        Mistake("Either you continue the losses as a straight line against the logarithm of the size, or you give that for the floor.",
                "The differences shrink by the same factor each time.", straight),
        Mistake("You return A as well, or in place of E.", "E, α, the loss.",
                lambda N, f, ahead: from_three(N, f, ahead) * [0, 1, 1] + [(f[0] - from_three(N, f, ahead)[0])
                                                                         * N[0] ** from_three(N, f, ahead)[1], 0, 0]),
        Mistake("Your quotient is upside down: the first difference over the second.", "The second difference is the smaller one.",
                lambda N, f, ahead: np.array([from_three(N, f, ahead)[0], -from_three(N, f, ahead)[1],
                                              from_three(N, f, ahead, sign=-1.0)[2] + 1])),
    ),
    success="Equal ratios of sizes give differences that shrink by r^(−α); their sum to infinity leads to E.",
    onwards="add 0.01 to the middle loss, and look at E. Which of the three numbers can be trusted?")

# -- 16.7 -----------------------------------------------------------------------------------------------------------------------

a_plan = Manual(
    "16.7", "A plan for a large training", difficulty=2, minutes=10, name="review", words=150,
    objectives=("judge a plan for a training by its bytes, steps and forecast", "say which small experiment would settle a doubt"),
    rubric=(("counts the bytes: 2 + 2 + 4 + 2 are ten a weight, 130 gigabytes, and the activations come on top", 1),
            ("says that the rate does not carry over from width 256 in the usual setup, and what to do instead", 1),
            ("says that the batch is far beyond the critical one, and what that costs in examples", 1),
            ("says what the forecast from three sizes does not know, or how to test it", 1)))

QUESTIONS = (budget, forecast)
MANUAL = (a_plan,)
