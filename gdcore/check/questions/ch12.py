"""The questions of chapter 12 on reading a run: the pulse, seven numbers, the noise scale, and the clinic (12.1 to 12.4)."""

import numpy as np

from gdcore import clinic
from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 12.1 -----------------------------------------------------------------------------------------------------------------------


def pulse_cases(rng):
    def case(name, steps, shape, size, step):
        start = size * rng.normal(size=shape)
        moves = step * rng.normal(size=(steps, *shape))
        return Case(name, {"weights": np.round(np.concatenate([start[None], start + np.cumsum(moves, axis=0)]), 5)})

    yield case("one step of a small matrix", 1, (2, 3), 1.0, 0.01)
    yield case("six steps", 6, (4, 3), 0.5, 0.02)
    yield case("steps as long as the weights", 5, (3, 3), 0.1, 0.2)
    yield case("a matrix with one row", 4, (1, 5), 2.0, 0.1)
    turning = np.array([[[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]] for a in 0.3 * np.arange(5) * rng.uniform(0.8, 1.2)])
    yield Case("a matrix that turns and keeps its length", {"weights": np.round(turning, 5)})


def length(x):
    return np.sqrt(np.sum(x**2, axis=(1, 2)))


def moved(weights):
    return weights[1:] - weights[:-1]


pulse = Question(
    "12.1", "The pulse of a matrix", "function", points=2, difficulty=1, minutes=8, name="pulse", steps=True,
    objectives=("compute update over weight for each step", "tell the length of a change from a change of length"),
    draw=pulse_cases, oracle=lambda weights: length(moved(weights)) / length(weights[:-1]),
    mistakes=(
        Mistake("You compare the lengths of the weights before and after. A matrix that turns keeps its length, and has moved.",
                "Take the length of the difference.", lambda weights: np.abs(np.diff(length(weights))) / length(weights[:-1])),
        Mistake("This is the change of the length, with its sign. A matrix that turns keeps its length, and has moved.",
                "Take the length of the difference.", lambda weights: np.diff(length(weights)) / length(weights[:-1])),
        Mistake("You divide by the weights after the step.", "‖θ_t − θ_{t−1}‖ over ‖θ_{t−1}‖.",
                lambda weights: length(moved(weights)) / length(weights[1:])),
        Mistake("You divide all steps by the length of the first weights.", "Each step by the weights just before it.",
                lambda weights: length(moved(weights)) / length(weights[:1])),
        Mistake("You divide entry by entry and average. A weight near 0 then decides alone.", "First both lengths, then one quotient.",
                lambda weights: np.mean(np.abs(moved(weights) / weights[:-1]), axis=(1, 2))),
        Mistake("You take the root mean square of quotients of entries. A weight near 0 then decides alone.",
                "First both lengths, then one quotient.",
                lambda weights: np.sqrt(np.mean((moved(weights) / weights[:-1]) ** 2, axis=(1, 2)))),
        Mistake("The division is missing: these are the lengths of the updates.", "Divide by the length of the weights.",
                lambda weights: length(moved(weights))),
        Mistake("The roots are missing: these are quotients of squares.", "A length is a root of a sum of squares.",
                lambda weights: (length(moved(weights)) / length(weights[:-1])) ** 2),
        Mistake("You add up absolute values. The length is the root of the sum of squares.", "np.sqrt(np.sum(x**2)).",
                lambda weights: np.abs(moved(weights)).sum(axis=(1, 2)) / np.abs(weights[:-1]).sum(axis=(1, 2))),
        Mistake("You take the largest entries in place of the lengths.", "np.sqrt(np.sum(x**2)).",
                lambda weights: np.abs(moved(weights)).max(axis=(1, 2)) / np.abs(weights[:-1]).max(axis=(1, 2))),
        Mistake("You take the spectral norm, the largest singular value. The chapter's length is that of all entries together.",
                "np.linalg.norm(x) without a second argument, for each step.",
                lambda weights: np.linalg.norm(moved(weights), 2, (1, 2)) / np.linalg.norm(weights[:-1], 2, (1, 2))),
        Mistake("The quotient is turned round.", "Update over weight.", lambda weights: length(weights[:-1]) / length(moved(weights))),
        Mistake("You have averaged over the steps.", "One number for each step.",
                lambda weights: np.mean(length(moved(weights)) / length(weights[:-1]))),
        Mistake("You give a number for each row of the matrix.", "Sum over rows and columns: axis=(1, 2).",
                lambda weights: np.linalg.norm(moved(weights), axis=2) / np.linalg.norm(weights[:-1], axis=2)),
        Mistake("This is one number for the way from the first weights to the last.", "One number for each step.",
                lambda weights: (length(weights[-1:] - weights[:1]) / length(weights[:1]))[0]),
        Mistake("You measure the way from the first weights to those of each step.", "Each step from the weights just before it.",
                lambda weights: length(weights[1:] - weights[:1]) / length(weights[:1])),
        Mistake("You divide by the length of the weights of all steps together.", "One length for each step: axis=(1, 2).",
                lambda weights: length(moved(weights)) / np.linalg.norm(weights[:-1])),
        Mistake("You have one length for all steps together.", "One length for each step: axis=(1, 2).",
                lambda weights: np.linalg.norm(moved(weights)) / np.linalg.norm(weights[:-1])),
        Mistake("You divide a root mean square by a length. Either two means or two sums.", "The sum of the squares in both.",
                lambda weights: np.sqrt(np.mean(moved(weights) ** 2, axis=(1, 2))) / length(weights[:-1])),
        Mistake("You add up entries with their signs: they cancel.", "np.sqrt(np.sum(x**2)).",
                lambda weights: moved(weights).sum(axis=(1, 2)) / weights[:-1].sum(axis=(1, 2))),
        Mistake("You divide all steps by the length of the last weights.", "Each step by the weights just before it.",
                lambda weights: length(moved(weights)) / length(weights[-1:])),
    ),
    success="The length of the change over the length of what is changed: no unit, and one scale for every optimizer.",
    onwards="take the weights after each *epoch*, not each step. By which factor may the number grow, and why is it usually less?")

# -- 12.2 -----------------------------------------------------------------------------------------------------------------------

ENTROPY = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))

seven_numbers = Question(
    "12.2", "Seven numbers before you run", "predict", points=3, difficulty=2, minutes=10, name="predicted",
    objectives=("predict first losses and floors", "predict a ratio, a noise reading, and how many trials are needed"),
    draw=items("first loss", "summed", "softmax twice", "uneven", "ratio", "noise", "trials"), rtol=1.8e-2,
    oracle={"first loss": np.log(1000), "summed": 64 * np.log(10), "softmax twice": np.log(1 + 3 / np.e), "uneven": ENTROPY,
            "ratio": 0.03, "noise": 0.75, "trials": 22},
    mistakes=(
        Mistake("For `first loss` you took the decimal logarithm.", "Cross-entropy uses the natural one.", {"first loss": 3.0}),
        Mistake("For `first loss` you took the logarithm to base 2.", "Cross-entropy uses the natural one.", {"first loss": np.log2(1000)}),
        Mistake("For `first loss` you gave the chance of a class, not its loss.", "−ln(1/C).", {"first loss": 0.001}),
        Mistake("For `first loss` the sign is wrong: that is the logarithm of the chance.", "−ln(1/C).", {"first loss": -np.log(1000)}),
        Mistake("For `first loss` this is the number of ten classes. Here are a thousand.", "−ln(1/C).", {"first loss": np.log(10)}),
        Mistake("For `summed` you averaged.", "A sum over 64 examples.", {"summed": np.log(10)}),
        Mistake("For `summed` you took a batch of 32, as in the chapter.", "Here it is 64.", {"summed": 32 * np.log(10)}),
        Mistake("For `summed` you took the logarithm of 64 times 10.", "64 examples with ln 10 each.", {"summed": np.log(640)}),
        Mistake("For `summed` either the loss of one example is taken for 1, or ln 10 is forgotten.", "64 examples with ln 10 each.",
                {"summed": 64.0}),
        Mistake("For `summed` you divided by the batch.", "A sum over 64 examples.", {"summed": np.log(10) / 64}),
        Mistake("For `softmax twice` this is the floor of ten classes. Here are four.", "One right class, three others.",
                {"softmax twice": np.log(1 + 9 / np.e)}),
        Mistake("For `softmax twice` you say that the loss can reach 0. The second softmax gets only scores from 0 to 1.",
                "Put the scores 1, 0, 0, 0 into a softmax.", {"softmax twice": 0.0}),
        Mistake("For `softmax twice` this is where the training starts, not its floor.", "Put the scores 1, 0, 0, 0 into a softmax.",
                {"softmax twice": np.log(4)}),
        Mistake("For `softmax twice` you counted the right class among the others.", "One right class, three others.",
                {"softmax twice": np.log(1 + 4 / np.e)}),
        Mistake("For `softmax twice` this is the chance of the right class. Asked is the loss.", "Minus its logarithm.",
                {"softmax twice": np.e / (np.e + 3)}),
        Mistake("For `uneven` you took even classes.", "The best constant answer gives the chances 0.9 and 0.1.", {"uneven": np.log(2)}),
        Mistake("For `uneven` you counted only the examples of the frequent class, and the others cost more.",
                "−0.9 ln 0.9 − 0.1 ln 0.1.", {"uneven": -np.log(0.9)}),
        Mistake("For `uneven` you gave the error rate.", "Asked is the cross-entropy.", {"uneven": 0.1}),
        Mistake("For `uneven` you took the logarithm to base 2.", "The natural one.", {"uneven": ENTROPY / np.log(2)}),
        Mistake("For `uneven` the term of the rare class is forgotten.", "−0.9 ln 0.9 − 0.1 ln 0.1.", {"uneven": -0.9 * np.log(0.9)}),
        Mistake("For `uneven` you took the answer that is always sure. It is wrong in a tenth, and then the loss is infinite.",
                "The best constant answer gives the chances 0.9 and 0.1.", {"uneven": float("inf")}),
        Mistake("For `uneven` you counted only the examples of the rare class.", "−0.9 ln 0.9 − 0.1 ln 0.1.", {"uneven": -np.log(0.1)}),
        Mistake("For `uneven` you gave both classes the same weight in the mean.", "−0.9 ln 0.9 − 0.1 ln 0.1.",
                {"uneven": -np.log(0.09) / 2}),
        Mistake("For `ratio` you took the rule of thumb, or the rate itself.", "Adam's first step is η for every weight.",
                {"ratio": 0.001}),
        Mistake("For `ratio` you took the largest weight, 1/√n, not the root mean square.", "An even spread to ±a has a/√3.",
                {"ratio": 0.001 * 300**0.5}),
        Mistake("For `ratio` the root is missing.", "η√(3n).", {"ratio": 0.9}),
        Mistake("For `ratio` you divided by √3 where you should multiply.", "An even spread to ±a has the root mean square a/√3.",
                {"ratio": 0.01}),
        Mistake("For `ratio` the rate is missing.", "Adam's first step is η for every weight.", {"ratio": 30.0}),
        Mistake("For `ratio` you multiplied by the root mean square of the weights.", "Update over weight.", {"ratio": 0.001 / 30}),
        Mistake("For `ratio` you took a third of the largest weight for the root mean square.", "The root of a third.",
                {"ratio": 0.003 * 300**0.5}),
        Mistake("For `noise` the quotient is turned round: that is the share of the signal.", "𝓑/(B + 𝓑).", {"noise": 0.25}),
        Mistake("For `noise` you divided the two sizes.", "𝓑/(B + 𝓑).", {"noise": 3.0}),
        Mistake("For `noise` you divided the two sizes the other way round.", "𝓑/(B + 𝓑).", {"noise": 1 / 3}),
        Mistake("For `noise` either you took noise for all there is, or rounded.", "𝓑/(B + 𝓑).", {"noise": 1.0}),
        Mistake("For `noise` you took B for equal to 𝓑.", "Here 𝓑 is three times as large as B.", {"noise": 0.5}),
        Mistake("For `noise` you took a root.", "𝓑/(B + 𝓑).", {"noise": 0.75**0.5}),
        Mistake("For `trials` you took the 60 of the chapter: those are for 5 and 95 per cent.", "Solve 1 − 0.9ⁿ ≥ 0.9.", {"trials": 60}),
        Mistake("For `trials` this is one trial too few: rounded down.", "Round up.", {"trials": 21}),
        Mistake("For `trials` you multiplied chances: ten trials have 0.65, not 1.", "Solve 1 − 0.9ⁿ ≥ 0.9.", {"trials": 10}),
        Mistake("For `trials` you multiplied chances: nine trials have 0.61, not 0.9.", "Solve 1 − 0.9ⁿ ≥ 0.9.", {"trials": 9}),
        Mistake("For `trials` you took the chance of 0.95.", "Here it is 0.9.", {"trials": 29}),
        Mistake("For `trials` you took the best twentieth.", "Here it is the best tenth.", {"trials": 45}),
        Mistake("For `trials` you divided 0.9 by 0.01, or subtracted 0.1 from 1 and counted per cent.", "Solve 1 − 0.9ⁿ ≥ 0.9.",
                {"trials": 90}),
        Mistake("For `trials` this is one trial too many.", "Solve 1 − 0.9ⁿ ≥ 0.9.", {"trials": 23}),
    ),
    success="Each of these is known before the first step. A run that shows another number has told you something.",
    onwards="a regression on targets of spread 3, not standardised: which first loss is that of a network that knows only the mean?")

# -- 12.3 -----------------------------------------------------------------------------------------------------------------------


def scale_cases(rng):
    def case(name, b, B, few, many, size=6, signal=1.0, noise=2.0):
        G = signal * rng.normal(size=size)
        draw = lambda n, batch: np.round(G + noise / batch**0.5 * rng.normal(size=(n, size)), 4)
        return Case(name, {"small": draw(few, b), "large": draw(many, B), "b": b, "B": B})

    yield case("batches of 8 and 64", 8, 64, 12, 12)
    yield case("more small ones than large ones", 4, 100, 30, 5)
    yield case("one gradient of each size", 16, 256, 1, 1, noise=6.0)
    yield case("much noise", 2, 50, 40, 40, noise=5.0)
    yield case("the two sizes are near each other", 32, 48, 60, 60, noise=10.0)
    negative = case("more noise than signal", 16, 32, 2, 2, signal=0.1, noise=10.0)
    while not -100 < quotient(*parts(**negative.inputs)) < -1:
        negative = case("more noise than signal", 16, 32, 2, 2, signal=0.1, noise=10.0)
    yield negative


def parts(small, large, b, B, square=lambda g: np.mean(np.sum(g**2, axis=1))):
    """(|G|², tr Σ) by two equations."""
    s, l = square(small), square(large)
    return (B * l - b * s) / (B - b), (s - l) / (1 / b - 1 / B)


def quotient(signal, scatter):
    return scatter / signal


def per_pair(small, large, b, B):
    n = min(len(small), len(large))
    return np.mean([quotient(*parts(small[i:i + 1], large[i:i + 1], b, B)) for i in range(n)])


def spread(g, ddof=1):
    """tr of the covariance of the rows."""
    return np.sum((g - g.mean(axis=0)) ** 2) / max(len(g) - ddof, 1)


noise_scale = Question(
    "12.3", "The noise scale from two batch sizes", "function", points=3, difficulty=2, minutes=12, name="noise_scale", rtol=1e-7,
    objectives=("estimate the gradient noise scale", "average first, and divide last"),
    draw=scale_cases, oracle=lambda *inputs: quotient(*parts(*inputs)),
    mistakes=(
        Mistake("You square the length of the mean gradient. Squares first, then the mean.", "np.mean(np.sum(g**2, axis=1)).",
                lambda *inputs: quotient(*parts(*inputs, square=lambda g: np.sum(g.mean(axis=0) ** 2)))),
        Mistake("You square the mean length. Squares first, then the mean.", "np.mean(np.sum(g**2, axis=1)).",
                lambda *inputs: quotient(*parts(*inputs, square=lambda g: np.mean(np.sqrt(np.sum(g**2, axis=1))) ** 2))),
        Mistake("You take lengths where squares of lengths belong.", "np.mean(np.sum(g**2, axis=1)).",
                lambda *inputs: quotient(*parts(*inputs, square=lambda g: np.mean(np.sqrt(np.sum(g**2, axis=1)))))),
        Mistake("You add the squares of all gradients and do not average.", "np.mean over the gradients of a size.",
                lambda *inputs: quotient(*parts(*inputs, square=lambda g: np.sum(g**2)))),
        Mistake("You have a scale for each pair and average those. The quotient is not unbiased: average first.",
                "Average the squared lengths of each size, then solve, then divide.", per_pair),
        Mistake("The quotient is turned round.", "tr Σ over |G|².", lambda *inputs: 1 / quotient(*parts(*inputs))),
        Mistake("You return tr Σ alone.", "Divide it by |G|².", lambda *inputs: parts(*inputs)[1]),
        Mistake("You return |G|² alone.", "Divide tr Σ by it.", lambda *inputs: parts(*inputs)[0]),
        Mistake("You return both parts, and not their quotient.", "tr Σ over |G|².", lambda *inputs: parts(*inputs)),
        Mistake("You subtract the batch sizes where their inverses belong: Σ/b − Σ/B is Σ(1/b − 1/B).", "(s − l)/(1/b − 1/B).",
                lambda small, large, b, B: quotient(*parts(small, large, b, B)) * (1 / b - 1 / B) / (B - b)),
        Mistake("The difference of the squares is not divided by 1/b − 1/B.", "(s − l)/(1/b − 1/B).",
                lambda small, large, b, B: quotient(*parts(small, large, b, B)) * (1 / b - 1 / B)),
        Mistake("For |G|² you took the large batches as they are. There is noise in them as well.", "(B l − b s)/(B − b).",
                lambda small, large, b, B: parts(small, large, b, B)[1] / np.mean(np.sum(large**2, axis=1))),
        Mistake("The weights of the two sizes have changed places in |G|².", "(B l − b s)/(B − b): the large batch counts more.",
                lambda small, large, b, B: parts(small, large, b, B)[1]
                / ((B * np.mean(np.sum(small**2, axis=1)) - b * np.mean(np.sum(large**2, axis=1))) / (B - b))),
        Mistake("The sign is wrong.", "The small batches have the longer gradients: s − l, over 1/b − 1/B, is positive on average.",
                lambda *inputs: -quotient(*parts(*inputs))),
        Mistake("You took the scatter of the small batch gradients for tr Σ: it is tr Σ/b, and with one gradient there is none.",
                "Use the two equations.", lambda small, large, b, B: spread(small) / np.sum(large.mean(axis=0) ** 2)),
        Mistake("You took b times the scatter of the small batches, over the large ones' squared mean. It needs many gradients of a size.",
                "Use the two equations.", lambda small, large, b, B: b * spread(small) / np.sum(large.mean(axis=0) ** 2)),
        Mistake("Either the two means or the two sizes have changed places.", "s belongs to b, and l to B.",
                lambda small, large, b, B: quotient(*parts(large, small, b, B))),
        Mistake("You took the absolute value. A negative estimate says that the signal is not to be seen: leave it so.",
                "Return the quotient as it is.", lambda *inputs: abs(quotient(*parts(*inputs)))),
        Mistake("You cut the estimate off at 0. A negative one says that the signal is not to be seen: leave it so.",
                "Return the quotient as it is.", lambda *inputs: max(0.0, quotient(*parts(*inputs)))),
        Mistake("You took b times the variance of the small batches, with n in place of n − 1. It needs many gradients of a size.",
                "Use the two equations.", lambda small, large, b, B: b * small.var(axis=0).sum() / np.sum(large.mean(axis=0) ** 2)),
        Mistake("You took the root of the quotient.", "tr Σ and |G|² are squares both: no root.",
                lambda *inputs: np.sqrt(abs(quotient(*parts(*inputs))))),
    ),
    success="Two sizes, two equations, one division at the end. A negative value says that the signal is below what you can measure.",
    onwards="how often is the estimate negative for b = 16, B = 32 and 𝓑 = 500, with one gradient of each? Average longer.")

# -- 12.4 -----------------------------------------------------------------------------------------------------------------------

EIGHT = (7, 8, 13, 17, 18, 19, 21, 23)


def diagnosis(number):
    return next(d for d in clinic.diagnoses() if clinic.patient(number).diagnose(d)[0])


def confused(number, wrong, name, hint):
    return Mistake(f"For `patient {number}` you say “{wrong}”. {name}", hint, {f"patient {number}": wrong})


the_clinic = Question(
    "12.4", "Eight patients", "predict", points=4, difficulty=3, minutes=20, name="diagnosed",
    objectives=("find the cause of a sick training by cheap tests", "tell causes with the same symptom apart"),
    draw=items(*(f"patient {n}" for n in EIGHT)), oracle={f"patient {n}": diagnosis(n) for n in EIGHT},
    mistakes=(
        confused(7, "shuffled labels", "Twenty of twenty labels fit the picture, and validation does improve.", "Order “batch”."),
        confused(7, "rate too high", "A lower rate helps a little, and does not say why the loss is a saw.",
                 "Order “batch”, and read the classes in the order they come."),
        confused(7, "one bad batch", "The largest input of the run is the one of healthy runs.",
                 "Order “batch”, and read the classes in the order they come."),
        confused(7, "gradient not zeroed", "The gradient check is right, and the loss does fall in the end.",
                 "Order “batch”, and read the classes in the order they come."),
        confused(7, "accumulated without scaling", "The gradient has the length it should have.",
                 "Order “batch”, and read the classes in the order they come."),
        confused(8, "rate too high", "At a thousandth of the rate there is no number either.", "In which arithmetic is there a number?"),
        confused(8, "accumulated without scaling", "With that fault the gradient has a length, too large by a factor. Here it has none.",
                 "Order “gradient check”, and then “double precision”."),
        confused(8, "one bad batch", "The largest input of the run is the one of healthy runs.",
                 "In which arithmetic is there a number?"),
        confused(8, "no warm-up", "At a thousandth of the rate there is no number either.", "In which arithmetic is there a number?"),
        confused(13, "vanishing gradients", "Vanishing gradients are small, layer by layer. Here three are exactly 0, and one is healthy.",
                 "Order “updates”."),
        confused(13, "dead units", "No unit is dead.", "Order “updates” and “units”."),
        confused(13, "mask the wrong way round", "With that mask nothing reached the last matrix. Here it learns.", "Order “updates”."),
        confused(13, "rate too low", "The last matrix moves by a fifth of a per cent a step, as it should.", "Look at the other matrices."),
        confused(17, "saturated softmax", "There the gradient check is right. Here the gradient is longer than it should be.",
                 "By which factor? What has that size here?"),
        confused(17, "rate too high", "The loss is 79 before any step was taken.", "Divide it by the first loss of a healthy network."),
        confused(17, "accumulated without scaling", "Nothing is accumulated: the loss itself has the wrong size, before any step.",
                 "Order “first loss” and “gradient check”."),
        confused(17, "dead units", "The loss is 79 before any step was taken.", "Divide it by the first loss of a healthy network."),
        confused(18, "leak", "No validation example is a training example, and fresh examples give the same accuracy.",
                 "What do “curves” say of the validation loss at the end?"),
        confused(18, "rate too high", "A tenth of the rate is worse.", "What do “curves” say of the validation loss at the end?"),
        confused(18, "eval() forgotten", "The validation part gives the same number twice.",
                 "What do “curves” say of the validation loss at the end?"),
        confused(19, "validation scaled otherwise", "Both parts have the same mean and spread, and the same weights give two accuracies.",
                 "What is drawn anew at each evaluation?"),
        confused(19, "leak", "A leak makes validation too good. Here it is too bad.", "Order “twice”."),
        confused(19, "shuffled labels", "Twenty of twenty labels fit the picture.", "Order “twice”."),
        confused(21, "rate too low", "At ten times the rate it does not learn at all.", "What do the middle layers share at every step?"),
        confused(21, "vanishing gradients", "The first layer's gradient is no smaller than that of the layers in the middle.",
                 "What do the middle layers share at every step?"),
        confused(21, "dead units", "No unit is dead.", "The first loss is ln 10 to three digits. How can all scores be equal?"),
        confused(21, "frozen layers", "All matrices move.", "What do the middle layers share at every step?"),
        confused(21, "no warm-up", "No number speaks of a warm-up: a tenth of the rate is worse, and the first loss is exactly ln 10.",
                 "How can all scores be equal?"),
        confused(23, "loss summed, not averaged", "There the gradient is 32 times too long. Here it is right.",
                 "The first loss is 250: what must the scores be like?"),
        confused(23, "rate too high", "The loss is 250 before any step was taken.", "What must the scores be like?"),
        confused(23, "dead units", "Units do die here, after the first steps. What was wrong before them?", "Order “first loss”."),
        confused(23, "softmax applied twice", "Then the loss of ten classes lies between 1.46 and 2.46. Here it begins at 250.",
                 "What must the scores be like?"),
    ),
    success="Each of the eight has a test of at most five minutes that no other cause of its symptom passes.",
    onwards="cure the other 14 at a mean bill of at most 10 minutes, and then write your order of tests down as a function.")

QUESTIONS = (pulse, seven_numbers, noise_scale, the_clinic)
