"""The questions of chapter 30 on rules of the craft: scaling, clipping, eight numbers (30.1 to 30.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 30.1 -----------------------------------------------------------------------------------------------------------------------


def table_cases(rng):
    """Tables whose later rows come from elsewhere, with one column that is constant in the training part alone."""
    for name, n, m, d in (("a small table", 6, 3, 3), ("more later rows", 5, 9, 4), ("four columns", 12, 4, 4), ("one later row", 8, 1, 5)):
        size, place = 10 ** rng.uniform(-1, 2, d), rng.normal(size=d)
        size[0] = 0.3
        train = size * (place + rng.normal(size=(n, d)))
        later = size * (place + 1.5 + 2 * rng.normal(size=(m, d)))
        train[:, d - 1] = float(rng.integers(2, 6))
        later[:, d - 1] = train[0, d - 1] + rng.integers(1, 4, m)
        yield Case(name, {"train": np.round(train, 3), "later": np.round(later, 3)})


def scaled(train, later, centre=None, spread=None, constant=1.0, of="train", own=False):
    """Both parts by means and spreads of the training part; each argument after `later` is a fault."""
    source = {"train": train, "all": np.concatenate([train, later]), "later": later}[of]
    centre = source.mean(axis=0) if centre is None else centre(source)
    wide = source.std(axis=0) if spread is None else spread(source)
    wide = np.where(wide == 0, constant, wide)
    if own:
        sd = later.std(axis=0)
        return np.concatenate([(train - centre) / wide, (later - later.mean(axis=0)) / np.where(sd == 0, 1, sd)])
    with np.errstate(all="ignore"):
        return np.concatenate([(train - centre) / wide, (later - centre) / wide])


def table(**faults):
    return lambda train, later: scaled(train, later, **faults)


def by_rows(train, later):
    rows = np.concatenate([train, later])
    wide = rows.std(axis=1, keepdims=True)
    return (rows - rows.mean(axis=1, keepdims=True)) / np.where(wide == 0, 1, wide)


by_training = Question(
    "30.1", "What tomorrow must not tell", "function", points=2, difficulty=1, minutes=10, name="standardise",
    objectives=("scale new data with what was measured on the training part", "treat a column that does not vary"),
    draw=table_cases, oracle=scaled, rtol=1e-8,
    mistakes=(
        Mistake("The means and spreads come from all rows together. The later ones are not known yet.", "From `train` alone.",
                table(of="all")),
        Mistake("Each part is scaled by itself. A shift between the two becomes invisible, and one row alone becomes zero.",
                "Both parts with the numbers of `train`.", table(own=True)),
        Mistake("The means and spreads come from the later rows.", "From `train` alone.", table(of="later")),
        Mistake("You divide by the variance. Its unit is the square of the column's.", "By its root.",
                table(spread=lambda a: a.var(axis=0))),
        Mistake("The spread is the one with n − 1. Here it is the root of the mean square, as `np.std` gives it.", "The mean over n.",
                table(spread=lambda a: a.std(axis=0, ddof=1))),
        Mistake("The mean is not taken off.", "First the mean, then the spread.", table(centre=lambda a: np.zeros(a.shape[1]))),
        Mistake("The mean is taken off, and the spread is not divided by.", "Divide as well.", table(spread=lambda a: np.ones(a.shape[1]))),
        Mistake("The constant column is divided by its spread, 0: there is no number left in it.", "By 1, where the spread is 0.",
                table(constant=0.0)),
        Mistake("The constant column is divided by a tiny number, so a later change becomes huge.", "By 1, where the spread is 0.",
                table(constant=1e-8)),
        Mistake("The constant column is zero in the later rows, too. There it may change, and the change stays.",
                "Take off the mean, and divide by 1.", table(constant=np.inf)),
        Mistake("The constant column is gone. The model expects all columns.", "Keep it, divided by 1.",
                lambda train, later: scaled(train, later)[:, :-1]),
        Mistake("The columns are brought from 0 to 1 by smallest and largest value. Asked is mean and spread.", "(x − mean)/spread.",
                table(centre=lambda a: a.min(axis=0), spread=lambda a: np.ptp(a, axis=0))),
        Mistake("The largest minus the smallest value divides. Asked is the standard deviation.", "`train.std(axis=0)`.",
                table(spread=lambda a: np.ptp(a, axis=0))),
        Mistake("One mean and one spread serve all columns.", "One of each for every column: along axis 0.",
                table(centre=lambda a: a.mean(), spread=lambda a: np.full(a.shape[1], a.std()))),
        Mistake("Each row is scaled by itself. A row is one patient, a column one kind of number.", "Along axis 0.", by_rows),
        Mistake("The median is taken off. Asked is the mean.", "`train.mean(axis=0)`.", table(centre=lambda a: np.median(a, axis=0))),
        Mistake("The constant column is divided by 0 and what comes out is made a number. A change becomes huge.",
                "By 1, where the spread is 0.", lambda train, later: np.nan_to_num(scaled(train, later, constant=0.0))),
        Mistake("These are the later rows alone.", "First the training rows, then the later ones.",
                lambda train, later: scaled(train, later)[len(train):]),
        Mistake("These are the training rows alone.", "The later rows below them.", lambda train, later: scaled(train, later)[:len(train)]),
        Mistake("The later rows come first.", "First the training rows.",
                lambda train, later: np.concatenate([scaled(train, later)[len(train):], scaled(train, later)[:len(train)]])),
        Mistake("The mean is that of the training part, the spread that of all rows.", "Both from `train`.",
                lambda train, later: scaled(train, later, spread=lambda a: np.concatenate([train, later]).std(axis=0))),
        Mistake("The later rows lose their own mean, and only the spread is that of the training part.", "Both from `train`.",
                lambda train, later: scaled(train, later - later.mean(axis=0) + train.mean(axis=0))),
        Mistake("The later rows are as they came.", "The same map for both parts.",
                lambda train, later: np.concatenate([scaled(train, later)[:len(train)], later])),
        Mistake("The constant column is as it came. Its mean has to go, too.", "Take off the mean, and divide by 1.",
                lambda train, later: np.where(train.std(axis=0) == 0, np.concatenate([train, later]), scaled(train, later))),
        Mistake("Every spread below 1 became 1. Only a spread of 0 should.", "`np.where(spread == 0, 1, spread)`.",
                table(spread=lambda a: np.maximum(a.std(axis=0), 1))),
    ),
    success="The means and the spreads belong to the model, like its weights: both parts pass through the same map.",
    onwards="scale a table whose last column is constant up to rounding, such as 0.1 + 0.2 beside 0.3. What does your test `== 0` say?")

# -- 30.2 -----------------------------------------------------------------------------------------------------------------------


def clip_cases(rng):
    for name, sizes, length, limit in (("far too long", (3, 4), 9.0, 1.0), ("one layer is the culprit", (4, 2, 5), 6.0, 2.0),
                                       ("short enough", (2, 3), 0.4, 1.0), ("a little too long", (5, 1, 2), 1.3, 1.0),
                                       ("a wide limit", (3, 3), 30.0, 12.0)):
        g = rng.normal(size=sum(sizes))
        g[:sizes[0]] *= 4
        yield Case(name, {"g": np.round(g * length / np.linalg.norm(g), 4), "sizes": list(sizes), "limit": limit})


def layers(g, sizes):
    return np.split(g, np.cumsum(np.array(sizes, dtype=int))[:-1])


def clipped(g, sizes, limit, factor=None, report=np.linalg.norm, before=False):
    """The gradients after clipping and the norm of each layer; each argument after `limit` is a fault."""
    factor = factor or (lambda g, sizes, limit: min(1.0, limit / np.linalg.norm(g)))
    h = g * factor(g, sizes, limit)
    return np.concatenate([h, [report(part) for part in layers(g if before else h, sizes)]])


def limited(**faults):
    return lambda g, sizes, limit: clipped(g, sizes, limit, **faults)


def each_layer(g, sizes, limit):
    return np.concatenate([np.full(len(part), min(1.0, limit / np.linalg.norm(part))) for part in layers(g, sizes)])


def shared_out(g, sizes, limit):
    return each_layer(g, sizes, limit / np.sqrt(len(sizes)))


def worst_layer(g, sizes, limit):
    return min(1.0, limit / max(np.linalg.norm(part) for part in layers(g, sizes)))


one_limit = Question(
    "30.2", "One limit for all layers", "function", points=2, difficulty=1, minutes=10, name="clip",
    objectives=("clip all layers by their common norm", "report what each layer has left"),
    draw=clip_cases, oracle=clipped, rtol=1e-5,
    mistakes=(
        Mistake("Each layer is clipped by itself. That turns the direction of the whole.", "One norm over all layers, one factor.",
                limited(factor=each_layer)),
        Mistake("Each entry is clipped by itself. That turns the direction.", "One norm over all entries.",
                lambda g, sizes, limit: clipped(np.clip(g, -limit, limit), sizes, np.inf)),
        Mistake("Short gradients are made longer. A limit only shortens.", "At most 1 for the factor.",
                limited(factor=lambda g, s, c: c / np.linalg.norm(g))),
        Mistake("You compare with the squared norm: the root is missing.", "The root of the sum of squares.",
                limited(factor=lambda g, s, c: min(1.0, c / (g @ g)))),
        Mistake("The sum of absolute values stands for the length.", "The root of the sum of squares.",
                limited(factor=lambda g, s, c: min(1.0, c / np.abs(g).sum()))),
        Mistake("The largest entry stands for the length.", "The root of the sum of squares.",
                limited(factor=lambda g, s, c: min(1.0, c / np.abs(g).max()))),
        Mistake("The longest layer's norm decides. Together the layers are longer.", "The norm of all layers.",
                limited(factor=worst_layer)),
        Mistake("The sum of the layers' norms is longer than their common norm.", "Squares add up, norms do not.",
                limited(factor=lambda g, s, c: min(1.0, c / sum(np.linalg.norm(p) for p in layers(g, s))))),
        Mistake("The mean of the layers' norms decides. Together the layers are longer.", "The norm of all layers.",
                limited(factor=lambda g, s, c: min(1.0, c / np.mean([np.linalg.norm(p) for p in layers(g, s)])))),
        Mistake("The limit is shared out among the layers, and each is clipped by itself. That turns the direction.",
                "One norm over all layers, one factor.", limited(factor=shared_out)),
        Mistake("The factor is never below 1: what is too short becomes longer, and what is too long stays.", "At most 1 for the factor.",
                limited(factor=lambda g, s, c: max(1.0, c / np.linalg.norm(g)))),
        Mistake("Behind the gradients stand root mean squares. A norm is a root of a sum.", "np.linalg.norm of each layer.",
                limited(report=lambda part: np.sqrt(np.mean(part**2)))),
        Mistake("A gradient that is too long is multiplied by the limit and not by limit over norm.", "limit/norm.",
                limited(factor=lambda g, s, c: c if np.linalg.norm(g) > c else 1.0)),
        Mistake("Too long gradients are thrown away. They still point somewhere.", "Shorten them.",
                limited(factor=lambda g, s, c: float(np.linalg.norm(g) <= c))),
        Mistake("Nothing is clipped.", "Multiply by limit/norm where the norm is larger.", limited(factor=lambda g, s, c: 1.0)),
        Mistake("The factor is turned round: what is too long becomes longer.", "limit/norm.",
                limited(factor=lambda g, s, c: max(1.0, np.linalg.norm(g) / c))),
        Mistake("The norms are those before clipping.", "What each layer has left.", limited(before=True)),
        Mistake("The norms of the layers are squared.", "Take their roots.", limited(report=lambda part: part @ part)),
        Mistake("These are the clipped gradients without the norms of the layers.", "Append a norm for each layer.",
                lambda g, s, c: clipped(g, s, c)[:len(g)]),
        Mistake("The gradients' mean squares, and not their sums, were taken for the length.", "Sum, then root.",
                limited(factor=lambda g, s, c: min(1.0, c / np.sqrt(np.mean(g**2))))),
        Mistake("Too long gradients get the length 1 and not the limit.", "limit/norm.",
                limited(factor=lambda g, s, c: 1 / np.linalg.norm(g) if np.linalg.norm(g) > c else 1.0)),
        Mistake("The factor is norm over limit: it shortens what is short, and leaves what is long.", "limit/norm.",
                limited(factor=lambda g, s, c: min(1.0, np.linalg.norm(g) / c))),
        Mistake("The norms come first. Asked are the gradients, then the norms.", "Append the norms.",
                lambda g, s, c: np.roll(clipped(g, s, c), len(s))),
        Mistake("Behind the gradients stands one norm, that of the whole.", "A norm for each layer.",
                lambda g, s, c: np.append(clipped(g, s, c)[:len(g)], np.linalg.norm(clipped(g, s, c)[:len(g)]))),
        Mistake("`np.split` was given the sizes. It cuts at places, counted from the start.", "`np.cumsum(sizes)[:-1]`.",
                lambda g, s, c: np.concatenate([h := clipped(g, s, c)[:len(g)], [np.linalg.norm(part) for part in np.split(h, s)]])),
    ),
    success="One factor for all entries keeps the direction; the shares of the layers stay as they were.",
    onwards="let one entry be nan. What does your function return, and what should a training do then?")

# -- 30.3 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "30.3", "Eight numbers from all over the book", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("foretell edges, floors and factors without a run", "know what luck alone achieves"),
    draw=items("edge", "unit", "memory", "batch", "depth", "start", "champion", "verdict"), rtol=5e-3,
    oracle={"edge": 0.08, "unit": 1e-4, "memory": 20, "batch": 0.1, "depth": 0.9**20, "start": np.log(8), "champion": 0.56875,
            "verdict": 0.158655},
    mistakes=(
        Mistake("For `edge` this is 1/L, where a step just reaches the bottom.", "It is 2/L.", {"edge": 0.04}),
        Mistake("For `edge` this is the curvature over two.", "It is 2/L.", {"edge": 12.5}),
        Mistake("For `edge` you took the flat direction. The steep one explodes first.", "2/L with the largest curvature.", {"edge": 2.0}),
        Mistake("For `edge` this is 2/(L + μ), the best rate and not the largest.", "It is 2/L.", {"edge": 2 / 26}),
        Mistake("For `edge` this is 2/5. The largest curvature is 25, and no root is taken.", "2/L with the largest curvature.",
                {"edge": 0.4}),
        Mistake("For `edge` either you took a half in place of 2, or you halved 1/L.", "It is 2/L.",
                {"edge": 0.02}),
        Mistake("For `edge` this is 4/L.", "It is 2/L.",
                {"edge": 0.16}),
        Mistake("For `edge` this is the curvature itself.", "It is 2/L.",
                {"edge": 25}),
        Mistake("For `unit` you took a thousand for a hundred.", "1/100².",
                {"unit": 0.001}, also=({"unit": 1e-6},)),
        Mistake("For `memory` this is 2, as if memory doubled the rate.", "The root of κ.",
                {"memory": 2}),
        Mistake("For `memory` one is added to the root or taken from it.", "The root of κ.",
                {"memory": 21}, also=({"memory": 19},)),
        Mistake("For `batch` you took one ninth off. A ninth is left.", "8/72 of 0.9.",
                {"batch": 0.8}),
        Mistake("For `start` this is for two classes.", "Here there are 8.",
                {"start": np.log(2)}),
        Mistake("For `champion` you added two spreads.", "2.75/(2√400) above a half.",
                {"champion": 0.55}),
        Mistake("For `champion` this is how much it is above a half, for 100 questions or for a spread of 1/√400.",
                "Add the half to 2.75/(2√400).", {"champion": 0.1375}),
        Mistake("For `champion` this is the number of spreads.", "A share of the questions: 2.75/(2√400) above a half.",
                {"champion": 2.75}),
        Mistake("For `verdict` you halved the share on one side once more.", "Φ(−1).",
                {"verdict": 0.07933}),
        Mistake("For `unit` the curvature grows with the square.", "1/100².", {"unit": 0.01}),
        Mistake("For `unit` the rate has to go the other way: numbers grew, so curvature grew.", "1/100².", {"unit": 1e4}),
        Mistake("For `unit` the rate has to go the other way, and by the square.", "1/100².", {"unit": 100}),
        Mistake("For `unit` the slope grows as well, but the curvature decides.", "1/100².", {"unit": 1}),
        Mistake("For `memory` you took κ itself.", "The root of κ.", {"memory": 400}),
        Mistake("For `memory` this is 1/(1 − 0.9), the effective rate of the usual setting.", "The root of κ.", {"memory": 10}),
        Mistake("For `memory` you halved the root.", "2/√κ against 2/κ.", {"memory": 200}),
        Mistake("For `memory` this is the root of the root.", "The root of κ.", {"memory": 400**0.25}),
        Mistake("For `memory` this is twice the root.", "2/√κ against 2/κ.", {"memory": 40}),
        Mistake("For `memory` the ratio is turned round.", "Plain descent needs more.", {"memory": 0.05}),
        Mistake("For `batch` the standard deviation falls with the root; asked is the variance.", "8/72 of 0.9.", {"batch": 0.3}),
        Mistake("For `batch` the ratio is turned round.", "8/72 of 0.9.", {"batch": 8.1}),
        Mistake("For `batch` this is the variance of one example over 8 · 72.", "8/72 of 0.9.", {"batch": 0.0125}),
        Mistake("For `batch` this is the share that is left, not the variance.", "8/72 of 0.9.", {"batch": 1 / 9}),
        Mistake("For `batch` the ratio 9 is squared. A variance is a square already.", "8/72 of 0.9.", {"batch": 0.9 / 81}),
        Mistake("For `batch` nothing changed. A larger batch has less noise.", "8/72 of 0.9.", {"batch": 0.9}),
        Mistake("For `depth` this is the squared length after one layer.", "Twenty factors of its root.", {"depth": 0.81}),
        Mistake("For `depth` this is the squared length.", "The root of 0.81 for each layer.", {"depth": 0.81**20}),
        Mistake("For `depth` you took one layer.", "Twenty factors.", {"depth": 0.9}),
        Mistake("For `depth` the losses do not add up, they multiply.", "Twenty factors.", {"depth": 0.0}),
        Mistake("For `depth` you took a root too many.", "0.9 for each layer.", {"depth": 0.9**10}),
        Mistake("For `start` this is the logarithm to the base 2.", "The natural one.", {"start": 3}),
        Mistake("For `start` this is the logarithm to the base 10.", "The natural one.", {"start": np.log10(8)}),
        Mistake("For `start` this is for ten classes.", "Here there are 8.", {"start": np.log(10)}),
        Mistake("For `start` this is the probability, not its logarithm.", "−ln(1/8).", {"start": 0.125}),
        Mistake("For `start` either this is the share of wrong answers, or 1 − p stands for −ln p.", "−ln(1/8).", {"start": 0.875}),
        Mistake("For `start` this is the number of classes, not its logarithm.", "−ln(1/8).", {"start": 8}),
        Mistake("For `start` equal scores are no certainty: the truth has the probability 1/8.", "−ln(1/8).", {"start": 0.0}),
        Mistake("For `start` the sign is missing.", "−ln(1/8).", {"start": -np.log(8)}),
        Mistake("For `champion` this is one coin. The best of 200 is asked.", "2.75 spreads above a half.", {"champion": 0.5}),
        Mistake("For `champion` either these are 100 questions, or the one half of the spread is missing.", "1/(2√400) is one spread.",
                {"champion": 0.6375}),
        Mistake("For `champion` this is how much it is above a half.", "Add the half.", {"champion": 0.06875}),
        Mistake("For `champion` a whole 2.75 stands for 0.275.", "2.75/(2√400) above a half.", {"champion": 0.775}),
        Mistake("For `champion` either one spread is added, or half of each spread.", "2.75/(2√400) above a half.", {"champion": 0.525}),
        Mistake("For `verdict` this is the share within one spread of the mean.", "Φ(−1).", {"verdict": 0.682689}),
        Mistake("For `verdict` this is a share that belongs to 1.96 spreads.", "Φ(−1).", {"verdict": 0.025}),
        Mistake("For `verdict` this is the usual level of a test.", "Φ(−1).", {"verdict": 0.05}),
        Mistake("For `verdict` both sides are counted. Only one is wrong.", "Φ(−1).", {"verdict": 0.31731}),
        Mistake("For `verdict` this is the share of right seeds.", "Φ(−1).", {"verdict": 0.841345}),
        Mistake("For `verdict` chance alone would be one half; the difference helps.", "Φ(−1).", {"verdict": 0.5}),
        Mistake("For `verdict` you took half a spread.", "Φ(−1).", {"verdict": 0.308538}),
        Mistake("For `verdict` you took two spreads.", "Φ(−1).", {"verdict": 0.02275}),
    ),
    success="2/L, the square of a unit, the root of κ, 1/B, a power of depth, ln K, and two pieces of luck.",
    onwards="which of the eight changes if all inputs are standardised? Which if the seed changes?")

QUESTIONS = (by_training, one_limit, eight_numbers)
