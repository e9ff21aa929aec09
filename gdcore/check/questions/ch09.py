"""The questions of chapter 9 on inputs and layers: a table without a leak, six numbers, a start that is measured (09.1 to 09.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 09.1 -----------------------------------------------------------------------------------------------------------------------


def table_cases(rng):
    def case(name, n, m, scales, constant=(), zero_one=(), tenths=()):
        scales = np.array(scales, dtype=float)
        both = np.round(scales * rng.normal(size=(n + m, len(scales))) + 3 * scales * rng.uniform(0.5, 1.5, len(scales)), 4)
        for k in constant:
            both[:n, k] = np.round(both[0, k]) + 1  # a whole number: the spread is 0 to the last bit
        for k in tenths:
            both[:n, k] = 0.1  # equal numbers whose spread is, rounded, not quite 0
        for k in zero_one:
            both[:, k] = rng.random(n + m) < 0.4
            both[:2, k] = 0, 1
            both[n, k] = 2  # train alone decides what is special
        return Case(name, {"train": both[:n], "other": both[n:]})

    yield case("three columns in three units", 12, 5, (1, 100, 0.01))
    yield case("a column that is constant in the training part", 8, 4, (2, 10, 5), constant=(1,))
    yield case("a column of zeros and ones", 10, 6, (1, 50, 1), zero_one=(2,))
    yield case("one house to predict", 9, 1, (3, 30))
    yield case("all kinds of columns", 14, 7, (0.5, 20, 1, 1, 7), constant=(3,), zero_one=(2,))
    yield case("a column of 0.1, ten times", 10, 3, (5, 1), tenths=(1,))


def scaled(train, other, by="train", ddof=0, centre=True, divide="spread", guard="one", keep=True, axis=0, only_train=False,
           alone=False):
    both, result = np.concatenate([train, other]), []
    for part in (train, other):
        stays = np.isin(part if alone else train, (0, 1)).all(axis=0)
        binary = stays & (keep is True)
        source = {"train": train, "all": both, "own": part}[by]
        where = {"axis": axis, "keepdims": True} if axis != "all" else {"keepdims": True}
        source = part if axis == 1 else source
        mean, spread = source.mean(**where), source.std(ddof=ddof, **where)
        if divide == "range":
            mean, spread = source.min(**where), np.ptp(source, **where)
        spread = spread**2 if divide == "variance" else spread
        if guard in ("one", "left"):
            spread = np.where(np.ptp(source, **where) > 0, spread, 1)
        elif guard == "train":
            spread = np.where(np.ptp(train, **where) > 0, spread, 1)
        elif guard == "exact":
            spread = np.where(spread == 0, 1, spread)
        elif guard == "added":
            spread = spread + 1e-8
        if guard == "left":
            mean = np.where(np.ptp(train, axis=0) > 0, mean, 0)
        mean, spread = np.where(stays & (keep == "divided"), 0, mean), np.where(stays & (keep == "centred"), 1, spread)
        if guard == "added everywhere":
            mean, spread = np.where(binary, 0, mean), np.where(binary, 1, spread) + 1e-8
            binary = binary & False
        z = (part - (mean if centre else 0)) / (1 if only_train and part is other else spread)
        result.append(np.where(binary, part, z))
    return tuple(result)


def table(**knobs):
    return lambda train, other: scaled(train, other, **knobs)


EXACT = " Besides, you ask whether a spread is exactly 0: rounding leaves ten times 0.1 one of about 10⁻¹⁷."
COMMON = (  # what goes along with that question
    ("Each part is prepared by itself.", "Learn everything from train, and use it on both parts.", {"by": "own", "alone": True}),
    ("The other part is scaled by its own mean and spread.", "Use those of train on both parts.", {"by": "own"}),
    ("Each part decides for itself which columns are 0 and 1.", "Train decides, for both.", {"alone": True}),
    ("Your spread divides by n − 1.", "Leave ddof at 0.", {"ddof": 1}),
    ("The mean of no column is taken off.", "(x − mean) / spread.", {"centre": False}),
    ("You divide by variances.", "By their roots, the spreads.", {"divide": "variance"}),
    ("All columns of zeros and ones are standardised.", "Leave such a column as it is.", {"keep": False}),
    ("Columns of zeros and ones lose their mean.", "Leave such a column as it is.", {"keep": "centred"}),
)

standardise = Question(
    "09.1", "A table without a leak", "function", points=3, difficulty=1, minutes=10, name="standardise",
    objectives=("standardise new houses by what was learned on others", "treat columns that have no spread, or only two values"),
    draw=table_cases, oracle=table(),
    mistakes=(
        Mistake("Mean and spread come from both parts together: that is the leak.", "Compute them from train alone, and use them on both.",
                table(by="all")),
        Mistake("Mean and spread come from both parts together, though train decides which columns are special: that is the leak still.",
                "Compute them from train alone, and use them on both.", table(by="all", guard="train")),
        Mistake("Each part is prepared by itself, special columns and all: the same house is other numbers in another company.",
                "Learn everything from train, and use it on both parts.", table(by="own", alone=True)),
        Mistake("Each part decides for itself which columns hold nothing but 0 and 1.", "Train decides, for both.", table(alone=True)),
        Mistake("You ask whether the spread is exactly 0. Rounding leaves ten times 0.1 a spread of about 10⁻¹⁷.",
                "Ask whether the largest and the smallest number of the column are equal: np.ptp.", table(guard="exact")),
        Mistake("A constant column keeps its mean.", "Only its spread is replaced: take the mean off, divide by 1.", table(guard="left")),
        Mistake("The mean of columns of zeros and ones is taken off.", "Such a column stays as it is: its mean counts as 0.",
                table(keep="centred")),
        Mistake("Columns of zeros and ones are divided by their spread.", "Such a column stays as it is: its spread counts as 1.",
                table(keep="divided")),
        Mistake("You add a small number to every divisor, even where a column should stay or be divided by 1.",
                "Where the column is constant, divide by 1, elsewhere by the spread.", table(guard="added everywhere")),
        Mistake("You standardise each house over its features, zeros and ones as well.",
                "Mean and spread of a column run over the houses: axis=0.", table(axis=1, keep=False, guard="none")),
        Mistake("The other part is scaled by its own mean and spread: then the same house is other numbers in another company.",
                "Use those of train on both parts.", table(by="own")),
        Mistake("Your spread divides by n − 1. Here it is NumPy's `std`, which divides by n.", "Leave ddof at 0.", table(ddof=1)),
        Mistake("The mean is not taken off.", "(x − mean) / spread.", table(centre=False)),
        Mistake("You divide by the variance.", "By its root, the spread.", table(divide="variance")),
        Mistake("You scaled to the range from 0 to 1.", "Take off the mean, divide by the standard deviation.", table(divide="range")),
        Mistake("A column that is constant in train is divided by zero.", "Where the spread is 0, divide by 1.", table(guard="none")),
        Mistake("You add a small number to the spread: a new house in a constant column becomes a hundred million times too large.",
                "Where the spread is 0, divide by 1.", table(guard="added")),
        Mistake("Columns of zeros and ones are standardised as well.", "Where all of train is 0 or 1, leave the column as it is.",
                table(keep=False)),
        Mistake("Zeros and ones are standardised, and a constant column is divided by zero.",
                "Two kinds of columns are special: see the task.", table(keep=False, guard="none")),
        Mistake("You standardise each house over its features.", "Mean and spread of a column run over the houses: axis=0.", table(axis=1)),
        Mistake("One mean and one spread for the whole table.", "Each column has its own: axis=0.", table(axis="all")),
        Mistake("The other part is centred but not divided.", "Both steps, with the numbers of train.", table(only_train=True)),
        Mistake("You return train alone.", "Two tables: return train, other.", lambda *inputs: scaled(*inputs)[0]),
        Mistake("The two tables have changed places.", "First train, then other.", lambda *inputs: scaled(*inputs)[::-1]),
        *(Mistake(name + EXACT, hint, table(guard="exact", **knobs)) for name, hint, knobs in COMMON),
    ),
    success="Mean and spread are learned from the training part, as weights are; what has no spread is only centred, what is 0 or 1 stays.",
    onwards="what should happen to a neighbourhood that comes up in `other` alone? (A column of zeros says it: it is none of the known.)")

# -- 09.2 -----------------------------------------------------------------------------------------------------------------------

six_numbers = Question(
    "09.2", "Six numbers about a start", "predict", points=3, difficulty=2, minutes=10, name="predicted",
    objectives=("predict curvature and condition from the data", "predict what a layer, and what a bias, begins with"),
    draw=items("unit", "mean", "correlated", "rare", "depth", "bias"), rtol=1.5e-2,
    oracle={"unit": 40_000.0, "mean": 10.0, "correlated": 9.0, "rare": 2.0, "depth": 2.0**-10, "bias": -2.19722},
    mistakes=(
        Mistake("For `unit` the factor is not squared.", "The curvature is a mean square.", {"unit": 400.0}),
        Mistake("For `unit` you compared the spreads, not the curvatures.", "The curvature is a mean square.", {"unit": 200.0}),
        Mistake("For `unit` you made the other feature the larger one, or divided where you should multiply.",
                "The feature with spread 2 now has spread 200.", {"unit": 2500.0}),
        Mistake("For `unit` nothing changed: the model can undo a unit, but the landscape has another shape.",
                "The curvature is a mean square.", {"unit": 4.0}),
        Mistake("For `unit` the first feature's spread is forgotten: it was 2, so κ was 4 already.",
                "(2 · 100)² / 1².", {"unit": 10_000.0}),
        Mistake("For `mean` you gave the curvature of the centred feature.", "The curvature is the mean of x², and the mean is in it.",
                {"mean": 1.0}),
        Mistake("For `mean` the spread is missing.", "Mean of x² = mean² + variance.", {"mean": 9.0}),
        Mistake("For `mean` you added before you squared.", "Mean of x² = mean² + variance.", {"mean": 16.0}),
        Mistake("For `mean` you added mean and spread without a square.", "Mean of x² = mean² + variance.", {"mean": 4.0}),
        Mistake("For `mean` the root is too much: that is the root mean square.", "The curvature is the mean square itself.",
                {"mean": 10.0**0.5}),
        Mistake("For `correlated` you thought that standardising removes everything.", "The eigenvalues are 1 + ρ and 1 − ρ.",
                {"correlated": 1.0}),
        Mistake("For `correlated` you took the largest eigenvalue alone.", "Divide by the smallest, 1 − ρ.", {"correlated": 1.8}),
        Mistake("For `correlated` the largest eigenvalue is taken for 1.", "The eigenvalues are 1 + ρ and 1 − ρ.", {"correlated": 5.0}),
        Mistake("For `correlated` you took a root.", "κ is the ratio of the eigenvalues of AᵀA.", {"correlated": 3.0}),
        Mistake("For `correlated` you squared ρ.", "The eigenvalues are 1 + ρ and 1 − ρ.", {"correlated": 1.64 / 0.36}),
        Mistake("For `rare` the mean is not taken off.", "(1 − p)/√(p(1 − p)).", {"rare": 2.5}),
        Mistake("For `rare` the root is missing.", "The spread is √(p(1 − p)).", {"rare": 4.0}),
        Mistake("For `rare` either this is what a zero becomes, without its sign, or the quotient is turned round.",
                "(1 − p)/√(p(1 − p)).", {"rare": 0.5}),
        Mistake("For `rare` this is what a zero becomes.", "Put in x = 1.", {"rare": -0.5}),
        Mistake("For `rare` you left the one as it is. Here it is standardised.", "(1 − p)/√(p(1 − p)).", {"rare": 1.0}),
        Mistake("For `rare` you divided by the variance.", "By its root.", {"rare": 5.0}),
        Mistake("For `depth` you gave the mean square. Asked is its root.", "Each layer halves the mean square.", {"depth": 2.0**-20}),
        Mistake("For `depth` you took this start to keep the signal. That is so for tanh; ReLU halves the mean square.",
                "Each layer leaves a half of the mean square.", {"depth": 1.0}),
        Mistake("For `depth` the signal grows. Is 1/fan_in more or less than ReLU needs?", "ReLU needs 2/fan_in.", {"depth": 1024.0}),
        Mistake("For `depth` you took one layer.", "The factor √½, twenty times.", {"depth": 0.5**0.5}),
        Mistake("For `bias` the sign is turned round: that starts with a chance of nine tenths.", "ln(p/(1 − p)).", {"bias": 2.19722}),
        Mistake("For `bias` you took the logarithm of p alone.", "ln(p/(1 − p)).", {"bias": -2.302585}),
        Mistake("For `bias` you took the decimal logarithm.", "The natural one: the logistic curve is made of e.", {"bias": -0.954243}),
        Mistake("For `bias` either you gave the chance itself, or the odds without their logarithm.", "ln(p/(1 − p)).", {"bias": 1 / 9}),
        Mistake("For `bias` you gave the chance itself. The bias is a score, and a score of 0 is one half.", "ln(p/(1 − p)).",
                {"bias": 0.1}),
        Mistake("For `mean` you gave the mean itself.", "The curvature is the mean of x².", {"mean": 3.0}),
        Mistake("For `correlated` you divided ρ itself by 1 − ρ.", "The largest eigenvalue is 1 + ρ.", {"correlated": 4.0}),
        Mistake("For `correlated` you divided 1 by ρ.", "The eigenvalues are 1 + ρ and 1 − ρ.", {"correlated": 1.25}),
        Mistake("For `correlated` there is a square too much.", "κ is the ratio of the eigenvalues of H, as it is.", {"correlated": 81.0}),
        Mistake("For `rare` the mean is off, but you did not divide.", "Divide by √(p(1 − p)).", {"rare": 0.8}),
        Mistake("For `rare` you took √p for the spread.", "The spread is √(p(1 − p)).", {"rare": 0.8 / 0.2**0.5}),
        Mistake("For `rare` the mean is not taken off, and the spread is taken for √p.", "(1 − p)/√(p(1 − p)).", {"rare": 0.2**-0.5}),
        Mistake("For `depth` you took one layer, and its mean square.", "The factor √½, twenty times.", {"depth": 0.5}),
        Mistake("For `depth` you counted nineteen layers.", "Each of the twenty has weights and a ReLU.", {"depth": 2.0**-9.5}),
        Mistake("For `bias` you left it at 0: that says one half.", "ln(p/(1 − p)).", {"bias": 0.0}),
        Mistake("For `bias` you put the chance into the logistic curve. Asked is the way back.", "Solve 1/(1 + exp(−b)) = p for b.",
                {"bias": 0.524979}),
    ),
    success="Curvature is a mean square: units enter squared, means add up, correlation stays. A ReLU halves it, a bias says the share.",
    onwards="at which correlation is the κ of two standardised features as large as that of `unit`?")

# -- 09.3 -----------------------------------------------------------------------------------------------------------------------


def start_cases(rng):
    def case(name, layers, width, examples, slope, size=1.0, shift=0.0):
        W = np.round(size * rng.normal(size=(layers, width, width)), 4)
        return Case(name, {"W": W, "x": np.round(shift + rng.normal(size=(examples, width)), 4), "slope": slope})

    yield case("one layer", 1, 4, 6, 0.1)
    yield case("three layers, weights far too large", 3, 4, 8, 0.1, size=5.0)
    yield case("plain ReLU, weights too small", 4, 5, 10, 0.0, size=0.05)
    yield case("inputs with a mean", 2, 3, 7, 0.25, shift=2.0)
    yield case("a slope of a half", 5, 4, 9, 0.5, size=0.7)


SIZES = {"rms": lambda z: np.sqrt(np.mean(z**2)), "std": np.std, "units": lambda z: np.sqrt(np.mean(z**2, axis=0)),
         "abs": lambda z: np.mean(np.abs(z)), "sum": lambda z: np.sqrt(np.sum(z**2)), "largest": lambda z: np.abs(z).max()}  # fmt: skip


def started(W, x, slope, measure="rms", after=False, power=1.0, activation=True, used=None, transposed=False, stale=False, sign=-1,
            formula=False, unscaled=False, early=False):
    slope = slope if used is None else used
    leaky = (lambda z: np.where(z > 0, z, slope * z)) if activation else (lambda z: z)
    x = leaky(x) if early else x
    W, a, b, new = np.asarray(W, dtype=float), x, x, []
    for w in W:
        m = w if transposed else w.T
        z = (b if stale else a) @ m
        judged = leaky(z) if after else z
        size = SIZES[measure](judged)
        if measure == "units":
            size = size[None, :] if transposed else size[:, None]
        if formula:
            size = w.std() / np.sqrt(2 / (1 + slope**2) / len(w))
        scaled_w = w * size ** (sign * power)
        b = leaky(b @ m)
        a = leaky(a @ (scaled_w if transposed else scaled_w.T)) if not unscaled else x
        new.append(scaled_w)
    return np.array(new)


def start(**knobs):
    return lambda W, x, slope: started(W, x, slope, **knobs)


rescale = Question(
    "09.3", "A start that is measured", "function", points=3, difficulty=2, minutes=12, name="rescale",
    objectives=("set the scale of a layer by a measurement, for any activation", "pass on what the layers before now give"),
    draw=start_cases, oracle=start(),
    mistakes=(
        Mistake("Each layer is measured with the old weights before it: all but the first come out wrong.",
                "Pass the batch through the layer that you have just rescaled, then measure the next.", start(stale=True)),
        Mistake("You measure after the activation. Asked is a size of 1 before it.", "Measure z, then apply the activation.",
                start(after=True)),
        Mistake("You divide by the standard deviation. The root mean square keeps the mean in.", "√ of the mean of z².",
                start(measure="std")),
        Mistake("You divide by the mean square: its root is missing.", "√ of the mean of z².", start(power=2.0)),
        Mistake("You multiply by the size.", "Divide: then the new size is 1.", start(sign=1)),
        Mistake("Each unit gets a factor of its own.", "One number for the layer: the mean runs over all entries of z.",
                start(measure="units")),
        Mistake("You divide by the mean of |z|.", "√ of the mean of z².", start(measure="abs")),
        Mistake("You divide by the root of the sum of squares.", "The mean of the squares, not their sum.", start(measure="sum")),
        Mistake("You divide by the largest |z|.", "√ of the mean of z².", start(measure="largest")),
        Mistake("The activation is missing: the next layer gets z itself.", "Where z is negative, the next layer gets slope · z.",
                start(activation=False)),
        Mistake("You took plain ReLU whatever the slope.", "Where z is negative, the next layer gets slope · z.", start(used=0.0)),
        Mistake("You scaled by the formula 2/(1 + slope²)/fan_in. That is right on average; asked is this very batch.",
                "Measure z on the batch x.", start(formula=True)),
        Mistake("Your layer multiplies by W, not by its transpose.", "z = a @ W[l].T.", start(transposed=True)),
        Mistake("The batch x gets an activation before the first layer.", "The first layer sees x as it is.", start(early=True)),
        Mistake("Every layer is measured on x. Only the first one sees it.", "Pass on what the layers before give.", start(unscaled=True)),
    ),
    success="Measure, divide, pass on: a start for any activation, with no formula. It is half of LSUV (Mishkin and Matas 2016).",
    onwards="rescale so that the *gradient* of each layer has size 1. For which of the two will a ReLU network want 2/fan_out?")

QUESTIONS = (standardise, six_numbers, rescale)
