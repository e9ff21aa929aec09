"""The questions of chapter 24 on grids and counts: a grid with a slope, rounding by chance, seven numbers (24.1 to 24.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 24.1 -----------------------------------------------------------------------------------------------------------------------


def grid_cases(rng):
    for name, n, s, low, high in (("a byte", 5, 0.05, -127, 127), ("a few levels", 6, 0.5, -4, 4), ("unequal ends", 5, 0.25, -8, 7),
                                  ("from zero on", 5, 0.2, 0, 15), ("a coarse grid", 4, 2.0, -1, 1)):
        w = rng.normal(size=n) * s * (high + 1)
        if name == "a few levels":  # inside as a number, outside once rounded, and the other way round
            w[:2] = s * (high + 0.3), s * (high + 0.7)
        yield Case(name, {"w": np.round(w, 3) + 0.0003, "s": s, "low": low, "high": high, "g": np.round(rng.normal(size=n), 2)})


def through(w, s, low, high, g, turn=np.round, scaled=True, mask="rounded", times=lambda s: 1.0, swapped=False, clip=True, inverted=False,
            given=True, product=False):
    """The value on the grid and the slope that is let through; each argument after `g` is a fault."""
    w, g = np.array(w, dtype=float), np.array(g, dtype=float)
    q = turn(w * s if product else w / s)
    value = (s if scaled else 1.0) * (np.clip(q, low, high) if clip else q)
    inside = {"rounded": (q >= low) & (q <= high), "all": np.ones(len(w), bool), "none": np.zeros(len(w), bool),
              "strict": (q > low) & (q < high), "weights": (w >= low) & (w <= high),
              "unrounded": (w / s >= low) & (w / s <= high)}[mask]
    slope = np.where(~inside if inverted else inside, (times(s) * g) if given else 1.0, 0.0)
    return [slope, value] if swapped else [value, slope]


def let(**faults):
    return lambda w, s, low, high, g: through(w, s, low, high, g, **faults)


a_grid = Question(
    "24.1", "A grid with a slope", "function", points=3, difficulty=2, minutes=14, name="fake_quantize",
    objectives=("round to a grid with a scale", "let a slope through where it helps"),
    draw=grid_cases, oracle=through, rtol=1e-9,
    mistakes=(
        Mistake("The slope is zero everywhere: that is the honest one, and nothing learns.", "Let g through inside the grid.",
                let(mask="none")),
        Mistake("You let the slope through everywhere, also where the grid has ended.", "Zero where low or high cuts.", let(mask="all")),
        Mistake("The outermost points of the grid are still inside.", "low ≤ q ≤ high.", let(mask="strict")),
        Mistake("You compare the weight itself with low and high. They count grid steps.", "Compare the rounded w/s.",
                let(mask="weights")),
        Mistake("You compare w/s before it is rounded. A number that rounds to the last point is inside.", "Compare the rounded w/s.",
                let(mask="unrounded")),
        Mistake("You return 1 and 0. Asked is the slope in w: g where it is let through.", "The mask times g.", let(given=False)),
        Mistake("You multiply the weight by s before you round.", "Divide by s, and multiply at the end.", let(product=True)),
        Mistake("You cut the weight itself at low and high. They count grid steps.", "Cut the rounded w/s.",
                lambda w, s, low, high, g: [s * np.round(np.clip(w, low, high) / s), through(w, s, low, high, g, mask="weights")[1]]),
        Mistake("Only the values came. Asked are two arrays.", "The values, and the slopes.",
                lambda w, s, low, high, g: through(w, s, low, high, g)[0]),
        Mistake("The slope is let through outside and stopped inside.", "It is the other way round.", let(inverted=True)),
        Mistake("You round down in place of to the nearest.", "np.round.", let(turn=np.floor)),
        Mistake("You cut off the decimals: towards zero.", "np.round.", let(turn=np.trunc)),
        Mistake("The value is the whole number q: the scale is missing.", "s times q.", let(scaled=False)),
        Mistake("The value is not cut at the ends of the grid.", "np.clip to low and high.", let(clip=False)),
        Mistake("You multiply the slope by s. Straight through, the slope of the value in w is 1.", "g as it is.", let(times=lambda s: s)),
        Mistake("You divide the slope by s.", "g as it is.", let(times=lambda s: 1 / s)),
        Mistake("Value and slope have changed places.", "The value first.", let(swapped=True)),
    ),
    success="Forward the grid, backward the identity inside it: a slope of a function that was not used, and it learns.",
    onwards="the scale s may learn too. What is the slope of the value in s, inside and outside?")

# -- 24.2 -----------------------------------------------------------------------------------------------------------------------


def chance_cases(rng):
    for name, n, s in (("positive", 4, 0.5), ("negative", 4, 0.25), ("both", 6, 0.1), ("a coarse grid", 4, 3.0),
                       ("beyond a byte", 4, 0.01)):
        w = {"positive": np.abs(rng.normal(size=n)), "negative": -np.abs(rng.normal(size=n)) - 0.05}.get(name, rng.normal(size=n))
        w = 2 * w if name == "beyond a byte" else w * max(s, 0.3)
        if name == "beyond a byte":
            w[:3] = 1.4, -1.45, 1.276
        u = np.round(rng.random(n), 3)
        if name == "beyond a byte":
            u[2] = 0.2  # from the last point up
        yield Case(name, {"w": np.round(w, 3) + 0.0004, "s": s, "u": u})


def chanced(w, s, u, other=False, whole=np.floor, nearest=False, scaled=True, limit=127, raw=False, last=False, far=None):
    """Rounded by chance to s times a byte; each argument after `u` is a fault."""
    z, u = np.array(w, dtype=float) / (1.0 if raw else s), np.array(u, dtype=float)
    low = whole(z)
    f = z - low
    up = (u > f) if other else (f > 0.5) if nearest else (u >= 1 - f) if last else (u < f)
    q = low + up * (1.0 if far is None else far)
    return (s if scaled else 1.0) * (q if limit is None else np.clip(q, -limit, limit))


def drawn(**faults):
    return lambda w, s, u: chanced(w, s, u, **faults)


by_chance = Question(
    "24.2", "Up with the chance of the fraction", "function", points=2, difficulty=2, minutes=12, name="by_chance",
    objectives=("round so that the mean is right", "handle negative numbers and the ends of a byte"),
    draw=chance_cases, oracle=chanced, rtol=1e-9,
    mistakes=(
        Mistake("You go up when u is above the fraction: the chance is one minus the fraction.", "Up if u < f.", drawn(other=True)),
        Mistake("You round to the nearest: u plays no part.", "Up if u < f.", drawn(nearest=True)),
        Mistake("Negative weights are cut towards zero before the fraction is taken.", "np.floor.", drawn(whole=np.trunc)),
        Mistake("You begin from the point above, so the fraction is negative.", "np.floor.", drawn(whole=np.ceil)),
        Mistake("The result counts grid steps: the scale is missing.", "s times q.", drawn(scaled=False)),
        Mistake("A byte ends at −127 and 127 here. Larger weights stay at the end.", "Cut with np.clip.", drawn(limit=None)),
        Mistake("You cut at 128.", "−127 to 127.", drawn(limit=128)),
        Mistake("You take the fraction of the weight, not of the weight in grid steps.", "Divide by s first.", drawn(raw=True)),
        Mistake("This goes up when u ≥ 1 − f. The chance is right; asked was u < f.", "np.floor(w/s) + (u < f).", drawn(last=True)),
        Mistake("You round the size and put the sign back. Below zero, f is counted from the point below.", "np.floor(w/s) with its sign.",
                lambda w, s, u: np.sign(w) * chanced(np.abs(w), s, u)),
        Mistake("You go up with a chance of one half.", "Up if u < f.",
                lambda w, s, u: s * np.clip(np.floor(np.array(w) / s) + (np.array(u) < 0.5), -127, 127)),
        Mistake("You divide for k, and take f from the weight itself.", "f is w/s − k.",
                lambda w, s, u: s * np.clip(np.floor(np.array(w) / s) + (np.array(u) < np.array(w) % 1), -127, 127)),
        Mistake("You begin from the nearest point. k is the one below.", "np.floor.",
                lambda w, s, u: s * np.clip(np.round(np.array(w) / s) + (np.array(u) < np.abs(np.array(w) / s - np.round(np.array(w) / s))),
                                            -127, 127)),
        Mistake("You cut at −128. The range is the same on both sides here.", "−127 to 127.",
                lambda w, s, u: np.maximum(chanced(w, s, u, limit=None), -128 * s).clip(None, 127 * s)),
        Mistake("You cut first and go up afterwards: the last point is passed.", "Cut at the very end.",
                lambda w, s, u: s * (np.clip(np.floor(np.array(w) / s), -127, 127) + (np.array(u) < np.array(w) / s % 1))),
        Mistake("Up moves by s grid steps in place of one.", "low + 1.", lambda w, s, u: chanced(w, s, u, far=s)),
        Mistake("You always go down.", "Up if u < f.", drawn(far=0.0)),
        Mistake("You add u without rounding.", "A point of the grid, s times a whole number.",
                lambda w, s, u: s * np.clip(np.array(w) / s + np.array(u), -127, 127)),
    ),
    success="Down and one up with the chance of the fraction: the mean is the weight itself, so small steps arrive.",
    onwards="all weights share one u per step. Which mean is still right, and what goes wrong?")

# -- 24.3 -----------------------------------------------------------------------------------------------------------------------

seven_numbers = Question(
    "24.3", "Seven numbers before you run", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("count operations and bytes", "predict what a grid does to training"),
    draw=items("forward", "both", "joules", "bytes", "steps", "floor", "zeros"), rtol=5e-3,
    oracle={"forward": 220_000, "both": 460_000, "joules": 1260, "bytes": 1_250_000, "steps": 50, "floor": 1 / 16, "zeros": 0.7},
    mistakes=(
        Mistake("For `forward` you counted a multiplication and its addition as one.", "2mn a layer and example.", {"forward": 110_000}),
        Mistake("For `forward` the batch is missing.", "Times 20.", {"forward": 11_000}),
        Mistake("For `forward` only the first layer is counted.", "Both layers.", {"forward": 200_000}),
        Mistake("For `forward` you counted the numbers of the layers, not the products.", "2mn a layer and example.", {"forward": 6_400}),
        Mistake("For `both` you took three forward passes. The first layer's inputs need no slope.", "Less 20 · 2 · 100 · 50.",
                {"both": 660_000}),
        Mistake("For `both` you counted the way back like one forward pass.", "Two products a layer.", {"both": 440_000}),
        Mistake("For `both` the way back alone is counted.", "Forward and backward.", {"both": 240_000}),
        Mistake("For `both` you left out one product of the last layer. It is the first that needs no slope of its inputs.",
                "Less 20 · 2 · 100 · 50.", {"both": 640_000}),
        Mistake("For `both` you took away half of a product: the 2 is missing.", "Less 20 · 2 · 100 · 50.", {"both": 560_000}),
        Mistake("For `joules` these are kilojoules.", "84 times 15.", {"joules": 1.26}),
        Mistake("For `joules` you divided.", "Watts are joules a second.", {"joules": 5.6}),
        Mistake("For `joules` these are watt hours.", "Watts are joules a second.", {"joules": 0.35}),
        Mistake("For `bytes` the scales are missing.", "One number of four bytes for each 16.", {"bytes": 1_000_000}),
        Mistake("For `bytes` a scale has four bytes.", "4 · 62,500.", {"bytes": 1_062_500}),
        Mistake("For `bytes` a scale has two bytes with you. Float32 has 32 bits.", "4 · 62,500.", {"bytes": 1_125_000}),
        Mistake("For `bytes` this is float32.", "A byte each, and the scales.", {"bytes": 4_000_000}),
        Mistake("For `bytes` you counted a scale for each weight.", "One for 16 weights.", {"bytes": 5_000_000}),
        Mistake("For `steps` you counted grid steps.", "The mean moves by 0.001 a step.", {"steps": 5}),
        Mistake("For `steps` you waited ten times too long: the mean moves as without a grid.", "0.05 over 0.001.", {"steps": 500}),
        Mistake("For `steps` these are the steps until one grid step is gone.", "0.05 over 0.001.", {"steps": 10}),
        Mistake("For `steps` you said that it never moves. That is rounding to the nearest.", "By chance the mean is right.", {"steps": 0}),
        Mistake("For `floor` either you took the distance, not its square, or you let it fall like the number of points.",
                "The square of s falls by 16.", {"floor": 0.25}),
        Mistake("For `floor` the quotient is turned round.", "It gets quieter.", {"floor": 16}),
        Mistake("For `floor` either the quotient is turned round, or you let it grow with the number of points.", "It gets quieter.",
                {"floor": 4}),
        Mistake("For `floor` you said that it stays.", "It is s²/6.", {"floor": 1}),
        Mistake("For `floor` you took the root.", "The square of s falls by 16.", {"floor": 0.5}),
        Mistake("For `zeros` you let the share rise evenly.", "1 − (1 − t/T)³.", {"zeros": 0.4}),
        Mistake("For `zeros` you took (t/T)³: slow first, then fast.", "1 − (1 − t/T)³.", {"zeros": 0.1}),
        Mistake("For `zeros` the final share is missing.", "0.8 times it.", {"zeros": 0.875}),
        Mistake("For `zeros` you squared.", "The third power.", {"zeros": 0.6}),
    ),
    success="2mn, thrice less one product, watts times seconds, a byte and its share of a scale; and on a grid the mean moves.",
    onwards="at which batch is what is kept larger than the weights?")

QUESTIONS = (a_grid, by_chance, seven_numbers)
