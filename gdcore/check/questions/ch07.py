"""The questions of chapter 7 on schedules as functions: six numbers, a ramp with a cosine, the best rates (07.1 to 07.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 07.1 -----------------------------------------------------------------------------------------------------------------------

six_numbers = Question(
    "07.1", "Six numbers about rates that change", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("read the rate off a schedule at a given step", "predict an error from the rates that were taken"),
    draw=items("ramp", "cosine", "climb", "plateau", "error", "cliff"), rtol=1.5e-2,
    oracle={"ramp": 0.15, "cosine": 0.15, "climb": 0.05, "plateau": 5, "error": 0.84, "cliff": 0.1875},
    mistakes=(
        Mistake("For `ramp` you counted one step too many.", "At t = 30 thirty of the hundred steps are behind you.", {"ramp": 0.155}),
        Mistake("For `ramp` you gave the factor. The rate is the factor times the peak.", "The peak is 0.5.", {"ramp": 0.3}),
        Mistake("For `ramp` you began at a third, as torch's LinearLR does. This ramp begins at 0.", "A share of 30/100 of the peak.",
                {"ramp": 0.5 * (1 / 3 + 0.2)}),
        Mistake("For `ramp` you took the share that is still to come.", "Thirty of the hundred steps are behind you.", {"ramp": 0.35}),
        Mistake("For `cosine` you gave the factor. The rate is the factor times the peak.", "The peak is 0.2.", {"cosine": 0.75}),
        Mistake("For `cosine` the half of (1 + cos)/2 is missing.", "At t = 0 it would be twice the peak.", {"cosine": 0.3}),
        Mistake("For `cosine` you took a straight line. In the first half the cosine lies above it.", "(1 + cos(π · 500/1500))/2.",
                {"cosine": 0.2 * 2 / 3}),
        Mistake("For `cosine` either you took a whole turn of the cosine, which is back at the top in the end, or 1 − cos, which rises.",
                "The angle goes from 0 to π, and (1 + cos)/2 from 1 to 0.", {"cosine": 0.05}),
        Mistake("For `cosine` you took a quarter turn, cos(π/2 · share).", "Half a cosine: the angle goes from 0 to π, and (1 + cos)/2.",
                {"cosine": 0.2 * np.cos(np.pi / 6)}),
        Mistake("For `cosine` π is missing in the angle.", "The angle is π · 500/1500.", {"cosine": 0.1 * (1 + np.cos(1 / 3))}),
        Mistake("For `cosine` you took the cosine itself, which goes from 1 to −1.", "Add 1 and halve: (1 + cos)/2.", {"cosine": 0.1}),
        Mistake("For `climb` you thought that torch's cosine stays at zero.", "It is a cosine of t for ever: what is it beyond π?",
                {"climb": 0.0}),
        Mistake("For `climb` you let the cosine begin anew at the peak. That is what the one with restarts does.",
                "At 2,000 the angle is π · 2000/1500.", {"climb": 0.15}),
        Mistake("For `climb` you think that it is back at its peak. It is so at t = 3000.", "The angle is π · 2000/1500.", {"climb": 0.2}),
        Mistake("For `climb` you took the cosine itself, which goes below zero.", "Add 1 and halve: (1 + cos)/2.", {"climb": -0.1}),
        Mistake("For `climb` you gave the factor. The rate is the factor times the peak.", "The peak is 0.2.", {"climb": 0.25}),
        Mistake("For `plateau` you are one too early: either the first metric counts as bad, or reaching the patience is enough for you.",
                "The first is the baseline; three bad ones are borne; the next one cuts.", {"plateau": 4}),
        Mistake("For `plateau` you are two too early: neither is the first metric bad, nor does the third bad one cut.",
                "The first is the baseline; three bad ones are borne; the next one cuts.", {"plateau": 3}),
        Mistake("For `plateau` you are one too late.", "Bad ones are the 2nd, 3rd, 4th and 5th. How many are borne?", {"plateau": 6}),
        Mistake("For `error` the noise is missing: each step adds η²σ².", "e ← (1 − ηλ)²e + η²σ².", {"error": 0.64}),
        Mistake("For `error` each step of yours adds ησ², not η²σ².", "The noise is multiplied by η, and a variance by its square.",
                {"error": 1.16}),
        Mistake("For `error` the factor 1 − ηλ is not squared.", "e is a mean square.", {"error": 1.84}),
        Mistake("For `error` you stopped after the first step.", "Two steps: first 0.5, then 0.2.", {"error": 1.25}),
        Mistake("For `error` either you took the rates in the opposite order, or a root.", "First 0.5, then 0.2; e is a mean square.",
                {"error": 0.9}),
        Mistake("For `error` the noise of the second step is missing.", "Each step adds η²σ².", {"error": 0.8}),
        Mistake("For `error` the noise of the first step is missing.", "Each step adds η²σ².", {"error": 0.68}),
        Mistake("For `error` you squared the 4. It is a mean square already.", "e ← (1 − ηλ)²e + η²σ².", {"error": 2.76}),
        Mistake("For `error` the noise of the first step comes through the second undiminished.", "That step shrinks all that is there.",
                {"error": 0.93}),
        Mistake("For `cliff` you gave the variance. The loss is half the curvature times it.", "The loss is ½λv.", {"cliff": 0.09375}),
        Mistake("For `cliff` the sign is that of the loss's change; asked is by how much it falls.", "A positive number.",
                {"cliff": -0.1875}),
        Mistake("For `cliff` you used the formula for small rates, ησ²/4. Here ηλ is 1.2.", "ησ²/(2(2 − ηλ)).", {"cliff": 0.075}),
        Mistake("For `cliff` you left out the 2 − ηλ below.", "ησ²/(2(2 − ηλ)).", {"cliff": 0.15}),
        Mistake("For `cliff` λ is missing below: you have 2 − η.", "ησ²/(2(2 − ηλ)).", {"cliff": 0.3 / 3.4}),
        Mistake("For `cliff` the half of ½λv is missing.", "ησ²/(2(2 − ηλ)).", {"cliff": 0.375}),
    ),
    success="Factor times peak; a cosine never stops; a baseline is not bad; and e ← (1 − ηλ)²e + η²σ², whatever rate comes.",
    onwards="what would the best two rates have left of `error`? The chapter's formula says it without a search.")

# -- 07.2 -----------------------------------------------------------------------------------------------------------------------


def ramp_cases(rng):
    def case(name, t, total, warmup, peak, end):
        return Case(name, {"t": np.asarray(t), "total": total, "warmup": warmup, "peak": peak, "end": end})

    peak = round(rng.uniform(0.2, 0.9), 2)
    yield case("a ramp of ten steps, down to zero at a hundred", np.arange(0, 101, 5), 100, 10, peak, 0.0)
    yield case("about the joint", np.arange(17, 25), 200, 20, round(rng.uniform(0.1, 0.4), 2), 0.0)
    yield case("down to a rate above zero", np.arange(0, 61, 4), 60, 12, round(rng.uniform(1.5, 3), 2), 0.3)
    yield case("beyond the end", np.arange(36, 90, 6), 48, 8, peak, 0.05)
    yield case("steps that are no whole numbers", np.round(np.sort(rng.uniform(0, 40, 6)), 2), 40, 15, 0.5, 0.1)


def ramp_of(t, total, warmup, peak, end, begin=None, length=None, ramp=None, shape=None, after=None, low=None, high=None):
    """The schedule; each argument after `end` puts another piece in its place."""
    t = np.asarray(t, dtype=float)
    low = end if low is None else low
    begin = warmup if begin is None else begin
    length = total - warmup if length is None else length
    p = (t - begin) / length
    p = p if after == "climbs" else np.clip(p, 0, 1)
    shape = shape or (lambda p: (1 + np.cos(np.pi * p)) / 2)
    high = peak - low if high is None else high
    fall = low + high * shape(p)
    rise = peak * t / warmup if ramp is None else ramp(t)
    rates = np.where(t < warmup, rise, fall)
    return np.where(t >= total, after, rates) if isinstance(after, float) else rates


def ramp_with(**pieces):
    return lambda t, total, warmup, peak, end: ramp_of(
        t, total, warmup, peak, end,
        **{name: piece(total, warmup, peak, end) if callable(piece) and name != "shape" else piece for name, piece in pieces.items()})


ramp = Question(
    "07.2", "A ramp, then a cosine", "function", points=3, difficulty=2, minutes=12, name="warmup_then_cosine",
    objectives=("write a schedule as a function of the step", "join two pieces without a jump"),
    draw=ramp_cases, oracle=ramp_of, steps=True,
    mistakes=(
        Mistake("Your rate jumps at the joint: the cosine counts from step 0, and part of it is over when the ramp ends.",
                "The cosine begins at t = warmup: its share is (t − warmup)/(total − warmup).",
                ramp_with(begin=lambda *a: 0, length=lambda total, *a: total)),
        Mistake("Your cosine is as long as the whole run, and has not come down when the run ends.",
                "After the ramp total − warmup steps are left.", ramp_with(length=lambda total, *a: total)),
        Mistake("Your rate climbs again after the end.", "Beyond `total` it stays at `end`: hold the share at 1 with `np.minimum`.",
                ramp_with(after="climbs")),
        Mistake("Beyond the end your rate is zero.", "It stays at `end`.", ramp_with(after=0.0)),
        Mistake("You took `end` for a share of the peak. It is a rate.", "Without a factor `peak`.",
                ramp_with(low=lambda total, warmup, peak, end: end * peak)),
        Mistake("You added `end` to a cosine that has its full height, so your rates are too high.",
                "The cosine falls from peak to end: its height is peak − end.", ramp_with(high=lambda total, warmup, peak, end: peak)),
        Mistake("`end` is not used: you come down to zero.", "end + (peak − end) · (1 + cos)/2.", ramp_with(low=lambda *a: 0.0)),
        Mistake("You come down to zero, and jump up to `end` after it.", "end + (peak − end) · (1 + cos)/2.",
                lambda t, total, warmup, peak, end: ramp_of(t, total, warmup, peak, end, low=0.0, after=float(end))),
        Mistake("You multiply a ramp with a cosine that counts from step 0: the peak is never reached.",
                "Two pieces, one after the other: `np.where(t < warmup, rise, fall)`.",
                lambda t, total, warmup, peak, end: np.minimum(1, np.asarray(t) / warmup) * (
                    end + (peak - end) * (1 + np.cos(np.pi * np.minimum(1, np.asarray(t) / total))) / 2)),
        Mistake("You took a whole turn of the cosine: it is at the bottom half way.", "The angle goes from 0 to π.",
                ramp_with(shape=lambda p: (1 + np.cos(2 * np.pi * p)) / 2)),
        Mistake("π is missing in the angle, so the cosine comes only part of its way down.", "cos(π · share).",
                ramp_with(shape=lambda p: (1 + np.cos(p)) / 2)),
        Mistake("The angle is in degrees. `np.cos` takes radians.", "cos(π · share).",
                ramp_with(shape=lambda p: (1 + np.cos(180 * p)) / 2)),
        Mistake("You took the cosine itself, from 1 to −1: rates below zero climb.", "(1 + cos)/2 goes from 1 to 0.",
                ramp_with(shape=lambda p: np.cos(np.pi * p))),
        Mistake("Your ramp is one step ahead: at t = 0 it is not at 0.", "peak · t / warmup.",
                ramp_with(ramp=lambda total, warmup, peak, end: lambda t: peak * (t + 1) / warmup)),
        Mistake("Your ramp is too flat: one step before its end it should be 1/warmup below the peak.", "peak · t / warmup.",
                ramp_with(ramp=lambda total, warmup, peak, end: lambda t: peak * t / (warmup + 1))),
        Mistake("Your ramp begins at `end`. It begins at 0.", "peak · t / warmup.",
                lambda t, total, warmup, peak, end: ramp_of(t, total, warmup, peak, end,
                                                            ramp=lambda t: end + (peak - end) * t / warmup)),
        Mistake("The half of (1 + cos)/2 is missing, so your cosine begins at twice the peak, less `end`.", "(1 + cos(π · share))/2.",
                ramp_with(shape=lambda p: 1 + np.cos(np.pi * p))),
        Mistake("You took a quarter turn, cos(π/2 · share): it ends at full steepness.", "(1 + cos(π · share))/2.",
                ramp_with(shape=lambda p: np.cos(np.pi / 2 * p))),
        Mistake("You come down towards zero and cut the cosine off at `end`.",
                "The cosine falls from peak to end: its height is peak − end.",
                lambda t, total, warmup, peak, end: np.where(
                    np.asarray(t) < warmup, peak * np.asarray(t) / warmup,
                    np.maximum(end, ramp_of(t, total, warmup, peak, end, low=0.0)))),
        Mistake("Your ramp goes to 1, not to the peak.", "peak · t / warmup.",
                ramp_with(ramp=lambda total, warmup, peak, end: lambda t: t / warmup)),
        Mistake("You fall in a straight line.", "A half cosine stays high for longer: (1 + cos(π · share))/2.",
                ramp_with(shape=lambda p: 1 - p)),
        Mistake("You return the factor, not the rate.", "Multiply by the peak.",
                lambda t, total, warmup, peak, end: ramp_of(t, total, warmup, peak, end) / peak),
    ),
    success="One function of t: no memory that could drift, nothing that could climb again, the same rate at the joint from both sides.",
    onwards="give it to `torch.optim.lr_scheduler.LambdaLR`. What must the optimizer's own rate be, so that yours is used?")

# -- 07.3 -----------------------------------------------------------------------------------------------------------------------


def rates_cases(rng):
    def case(name, curvature, sigmas, e):
        return Case(name, {"curvature": curvature, "sigmas": np.round(sigmas, 3), "e": e})

    yield case("the same noise in six steps", 1.0, np.ones(6), round(rng.uniform(50, 200), 1))
    yield case("curvature 3", 3.0, np.full(5, 2.0), round(rng.uniform(5, 20), 1))
    yield case("the batch grows fourfold after three steps", 0.5, np.r_[np.full(3, 2.0), np.ones(4)], round(rng.uniform(3, 9), 1))
    yield case("every second batch is noisy", 2.0, np.tile([0.5, 3.0], 4), 4.0)
    yield case("noise drawn by lot", round(rng.uniform(0.3, 0.8), 2), rng.uniform(0.2, 3, 8), 10.0)


def rates_of(curvature, sigmas, e, rate=None, grow=None, late=False):
    """The best rates by the recursion; `rate(λ, e, σ)` and `grow(λ, e, σ, η)` may be others for the mistakes."""
    rates = []
    rate = rate or (lambda c, e, s: c * e / (c**2 * e + s**2))
    grow = grow or (lambda c, e, s, lr: (1 - lr * c) ** 2 * e + lr**2 * s**2)
    for s in sigmas:
        lr = rate(curvature, e, s)
        e = grow(curvature, e, s, lr)
        rates.append(rate(curvature, e, s) if late else lr)
    return np.array(rates)


def by_precision(curvature, sigmas, e):
    """The same in another way: precisions add, 1/e ← 1/e + λ²/σ², and the rate is λ e_new/σ²."""
    s = np.asarray(sigmas, dtype=float)
    return curvature / s**2 / (1 / e + np.cumsum(curvature**2 / s**2))


def best_left(curvature, e, sigma, lr):
    """What the best step leaves, whatever step was taken."""
    return sigma**2 * e / (curvature**2 * e + sigma**2)


def with_one_sigma(mean):
    """The schedule for noise that stays the same, with an average of the sigmas in it."""
    return lambda curvature, sigmas, e: 1 / (curvature * (np.arange(1, len(sigmas) + 1) + mean(sigmas) ** 2 / curvature**2 / e))


def rates_with(**pieces):
    return lambda curvature, sigmas, e: rates_of(curvature, sigmas, e, **pieces)


best_rates = Question(
    "07.3", "The best rates when the noise changes", "function", points=3, difficulty=2, minutes=14, name="best_rates",
    objectives=("carry a proof over to a new case", "compute a schedule from what is left and what is noise"),
    draw=rates_cases, oracle=by_precision, steps=True, rtol=1e-6,
    mistakes=(
        Mistake("You used 1/(λ(t + r)), which is right for noise that stays the same.",
                "The rate of each step is λe/(λ²e + σ²), with the σ of that step and the e that is left.",
                lambda curvature, sigmas, e: 1 / (curvature * (np.arange(1, len(sigmas) + 1) + np.square(sigmas[0]) / curvature**2 / e))),
        Mistake("You used 1/(λ(t + r)) with an average of the σ. A noisy gradient and a clean one then get the same say.",
                "The rate of each step is λe/(λ²e + σ²), with the σ of that step and the e that is left.", with_one_sigma(np.mean),
                also=(with_one_sigma(lambda s: np.sqrt(np.mean(np.square(s)))),)),
        Mistake("Your r is made of the σ of each step, as if the noise had been so all the time.",
                "Keep e from step to step; it remembers all noise so far.",
                lambda curvature, sigmas, e: 1 / (curvature * (np.arange(1, len(sigmas) + 1) + np.square(sigmas) / curvature**2 / e))),
        Mistake("Your e never changes, so the rate does not fall.", "After each step: e ← (1 − ηλ)²e + η²σ².",
                rates_with(grow=lambda c, e, s, lr: e)),
        Mistake("Your e forgets the noise that comes in.", "e ← (1 − ηλ)²e + η²σ².",
                rates_with(grow=lambda c, e, s, lr: (1 - lr * c) ** 2 * e)),
        Mistake("Your e takes in σ² in place of η²σ².", "The noise is multiplied by the rate, and the variance by its square.",
                rates_with(grow=lambda c, e, s, lr: (1 - lr * c) ** 2 * e + s**2)),
        Mistake("Your e takes in ησ² in place of η²σ².", "The variance is multiplied by the square of the rate.",
                rates_with(grow=lambda c, e, s, lr: (1 - lr * c) ** 2 * e + lr * s**2)),
        Mistake("The factor 1 − ηλ in your e is not squared.", "e is a mean square.",
                rates_with(grow=lambda c, e, s, lr: (1 - lr * c) * e + lr**2 * s**2)),
        Mistake("σ is not squared in your rate.", "η = λe/(λ²e + σ²).", rates_with(rate=lambda c, e, s: c * e / (c**2 * e + s))),
        Mistake("σ is squared nowhere, neither in your rate nor in your e.", "η = λe/(λ²e + σ²), and e ← (1 − ηλ)²e + η²σ².",
                rates_with(rate=lambda c, e, s: c * e / (c**2 * e + s), grow=lambda c, e, s, lr: (1 - lr * c) ** 2 * e + lr**2 * s)),
        Mistake("You return what is left after each step. Asked are the rates.", "Append the rate.",
                lambda curvature, sigmas, e: 1 / (1 / e + np.cumsum(curvature**2 / np.square(sigmas)))),
        Mistake("λ is missing above: your rate is e/(λ²e + σ²).", "η = λe/(λ²e + σ²).",
                rates_with(rate=lambda c, e, s: e / (c**2 * e + s**2))),
        Mistake("λ is not squared below: your rate is λe/(λe + σ²).", "η = λe/(λ²e + σ²).",
                rates_with(rate=lambda c, e, s: c * e / (c * e + s**2))),
        Mistake("σ is not squared in your rate. What you say is left of e is right.", "η = λe/(λ²e + σ²).",
                rates_with(rate=lambda c, e, s: c * e / (c**2 * e + s), grow=best_left)),
        Mistake("λ is missing above: your rate is e/(λ²e + σ²). What you say is left of e is right.", "η = λe/(λ²e + σ²).",
                rates_with(rate=lambda c, e, s: e / (c**2 * e + s**2), grow=best_left)),
        Mistake("λ is not squared below: your rate is λe/(λe + σ²). What you say is left of e is right.", "η = λe/(λ²e + σ²).",
                rates_with(rate=lambda c, e, s: c * e / (c * e + s**2), grow=best_left)),
        Mistake("You used 1/(λ(t + r)), and with t from 0: the first rate is too high, and it is right only for noise that stays the same.",
                "The rate of each step is λe/(λ²e + σ²), with the σ of that step and the e that is left.",
                lambda curvature, sigmas, e: 1 / (curvature * (np.arange(len(sigmas)) + np.square(sigmas[0]) / curvature**2 / e))),
        Mistake("Your rate is 1/λ, the best without noise.", "Noise makes it smaller: λe/(λ²e + σ²).",
                rates_with(rate=lambda c, e, s: 1 / c)),
        Mistake("You take the e that is left after the step, and the rate comes one step too late.",
                "The rate belongs to the e before the step.", rates_with(late=True)),
        Mistake("You took e for a distance and squared it. It is a mean square already.", "λe/(λ²e + σ²).",
                lambda curvature, sigmas, e: rates_of(curvature, sigmas, e**2)),
    ),
    success="The proof never used that σ stays the same. Each gradient adds its precision λ²/σ², a noisy one little.",
    onwards="with σ falling, can a rate be larger than the one before it? Find sigmas for which the rates rise.")

QUESTIONS = (six_numbers, ramp, best_rates)
