"""The questions of chapter 12 on tuning: what trials are worth, a search that knew too much, the fewest rates, a letter (12.5 to 12.8)."""

from math import comb

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 12.5 -----------------------------------------------------------------------------------------------------------------------


def trial_cases(rng):
    def case(name, count, n, low=0.1):
        scores = np.round(low + rng.gamma(1.5, 0.3, size=count), 3)
        least = int(scores.argmin())
        scores[[0, least]] = scores[[least, 0]] if least else scores[[0, -1]]
        return Case(name, {"scores": np.roll(scores, -3), "n": n})

    yield case("two of six", 6, 2)
    yield case("one trial", 9, 1)
    yield case("five of eight", 8, 5)
    yield case("ten of thirty", 30, 10)
    yield case("as many as there are", 7, 7)


def chances(count, n):
    """Of each place, the best first, that it is the best of n draws with repetition."""
    left = np.arange(count, 0, -1) / count
    return left**n - (left - 1 / count) ** n


def expected(scores, n):
    return np.sort(scores) @ chances(len(scores), n)


def without(scores, n):
    count = len(scores)
    return np.sort(scores) @ np.array([comb(count - i - 1, n - 1) / comb(count, n) for i in range(count)])


worth = Question(
    "12.5", "What n trials are worth", "function", points=3, difficulty=2, minutes=12, name="best_of",
    objectives=("compute the expected best of n random trials", "compare searches at equal numbers of trials"),
    draw=trial_cases, oracle=expected,
    mistakes=(
        Mistake("You drew without repetition: then no setting comes twice. Asked are n draws, each of any of the trials.",
                "The chance that all n are at least the i-th best is (the share of trials from it on) to the power n.", without),
        Mistake("This is the expected worst.", "Lower is better here.", lambda scores, n: -expected(-scores, n)),
        Mistake("The scores are not sorted: chances by place belong to the places.", "np.sort(scores) first.",
                lambda scores, n: scores @ chances(len(scores), n)),
        Mistake("You took the best of the first n. Another order would give another number.", "Average over all draws, by their chances.",
                lambda scores, n: scores[:n].min()),
        Mistake("You took the mean of the first n.", "Asked is the mean of the best of n.", lambda scores, n: scores[:n].mean()),
        Mistake("You took the mean of the n best.", "Asked is the mean of the best of n.", lambda scores, n: np.sort(scores)[:n].mean()),
        Mistake("You took the best of all trials: so good it gets only with many draws.", "Average over all draws, by their chances.",
                lambda scores, n: scores.min()),
        Mistake("You took a quantile, the share 1/n. The mean of the best is another number.",
                "Each trial has a chance to be the best: sum chance times score.", lambda scores, n: np.quantile(scores, 1 / n)),
        Mistake("You took a quantile, the share 1/(n + 1). The mean of the best is another number.",
                "Each trial has a chance to be the best: sum chance times score.", lambda scores, n: np.quantile(scores, 1 / (n + 1))),
        Mistake("You took the median of the best, not its mean.", "Sum chance times score.",
                lambda scores, n: np.sort(scores)[np.searchsorted(np.cumsum(chances(len(scores), n)), 0.5)]),
        Mistake("Your chances are one place off.", "The best trial of all has the chance 1 − ((N − 1)/N)ⁿ.",
                lambda scores, n: np.sort(scores)[1:] @ chances(len(scores), n)[:-1]),
        Mistake("Your chances are those of at least one draw of each trial: they add up to more than 1.",
                "Subtract two neighbours: at least the i-th best, less at least the next one.",
                lambda scores, n: np.sort(scores).sum() * (1 - (1 - 1 / len(scores)) ** n)),
        Mistake("You return the chances.", "Sum chance times score.", lambda scores, n: chances(len(scores), n)),
        Mistake("You took the mean of all trials: that is the worth of a single one.", "The best of n: n must come in.",
                lambda scores, n: scores.mean()),
        Mistake("Your chances are those that all draws lie at this place or later. They are not yet those of the best.",
                "Subtract two neighbours: at least the i-th best, less at least the next one.",
                lambda scores, n: np.sort(scores) @ (np.arange(len(scores), 0, -1) / len(scores)) ** n),
        Mistake("Your draws are one too few.", "The power is n.", lambda scores, n: expected(scores, max(n - 1, 1))),
        Mistake("You took one draw for the best and all others for worse. A trial may come twice.",
                "Subtract two neighbours: at least the i-th best, less at least the next one.",
                lambda scores, n: np.sort(scores) @ (n / len(scores) * (np.arange(len(scores))[::-1] / len(scores)) ** (n - 1))),
        Mistake("You cut the record into pieces of n and took the mean of their best. Another order would give another number.",
                "Average over all draws, by their chances.",
                lambda scores, n: np.mean([scores[i:i + n].min() for i in range(0, len(scores) - n + 1, n)])),
    ),
    success="Sort, give each place its chance to be the best of n, and sum. A curve over n compares searches at equal numbers of trials.",
    onwards="draw the curve for two methods. May the one that wins at n = 3 lose at n = 60? Then a verdict needs its n beside it.")

# -- 12.6 -----------------------------------------------------------------------------------------------------------------------


def record_cases(rng):
    def case(name, settings, seeds, tuning, noise, gone=()):
        level = rng.permutation(settings)[:, None] * 0.1 + 0.5
        validation = np.round(level + noise * rng.normal(size=(settings, seeds)), 3)
        test = np.round(level[::-1] * 0.9 + noise * rng.normal(size=(settings, seeds)), 3)
        best = np.argsort(validation[:, :tuning].mean(axis=1))
        for place, seed in gone:
            validation[best[place], seed] = test[best[place], seed] = np.nan
        return Case(name, {"validation": validation, "test": test, "tuning": tuning})

    def drawn():
        return [case("five settings, six seeds", 5, 6, 2, 0.4), case("one tuning seed", 6, 4, 1, 0.5),
                case("the best one diverged once", 6, 7, 3, 0.3, gone=((0, 1),)),
                case("the two best ones diverged once each", 8, 8, 4, 0.4, gone=((0, 2), (1, 0))),
                case("much noise", 10, 9, 4, 1.0)]  # fmt: skip

    def tells_apart(cases):  # no two of the known answers agree on all of them
        found = {tuple(np.concatenate([code(**c.inputs) for c in cases]).round(9)) for code in KNOWN}
        return len(found) == len(KNOWN)

    cases = drawn()
    while not tells_apart(cases):
        cases = drawn()
    return cases


def reported(validation, test, tuning, choose="validation", seeds="tuning", lost="worst", part="test", judge="fresh", cell=False, end=None):
    """(the setting, what is reported of it); each argument after `tuning` is a fault."""
    by, told = (validation if name == "validation" else test for name in (choose, part))
    pieces = {"tuning": slice(0, tuning), "all": slice(None), "fresh": slice(tuning, None), "first": slice(0, 1),
              "last": slice(tuning - 1, tuning), "late": slice(tuning + 1, None)}  # fmt: skip
    seen = by[:, pieces[seeds]]
    if lost == "worst":
        seen = np.where(np.isnan(seen), np.inf, seen)
    k = int(np.nanargmin(np.nanmin(seen, axis=1) if cell else np.nanmean(seen, axis=1)))
    return np.array([k, (end or np.nanmean)(told[k, pieces[judge]])])


def faulty(**faults):
    return lambda validation, test, tuning: reported(validation, test, tuning, **faults)


a_search = Question(
    "12.6", "The search that knew the answer", "bug", points=3, difficulty=2, minutes=12, name="report", each=True,
    objectives=("find what makes a tuned result too good", "treat a run that diverged as what it is"),
    draw=record_cases, oracle=faulty(),
    mistakes=(
        Mistake("This is what the code as it was given reports, with its three faults.",
                "Which part may choose? What is a run worth that diverged? Which seeds may report?",
                faulty(choose="test", lost="ignored", judge="all")),
        Mistake("One fault is found, the choice by the test part. Two are left.", "What about diverged runs, and about the seeds reported?",
                faulty(lost="ignored", judge="all")),
        Mistake("One fault is found, the runs that diverged. Two are left.", "Which part chooses, and which seeds are reported?",
                faulty(choose="test", judge="all")),
        Mistake("One fault is found, the seeds of the report. Two are left.", "Which part chooses? What is a run worth that diverged?",
                faulty(choose="test", lost="ignored")),
        Mistake("Two faults are found. The test part still chooses.", "Choose by validation.", faulty(choose="test")),
        Mistake("Two faults are found. A setting that diverged on a seed is still judged by the seeds it survived.",
                "Let nan count as infinite.", faulty(lost="ignored")),
        Mistake("Two faults are found. The report still holds the seeds that chose.", "Report test[k, tuning:].", faulty(judge="all")),
        Mistake("You choose over all seeds: then no seed is fresh.", "Choose by validation[:, :tuning].", faulty(seeds="all")),
        Mistake("You choose on the seeds that report.", "Choose by validation[:, :tuning].", faulty(seeds="fresh")),
        Mistake("You report validation: that part has chosen.", "Report the test part.", faulty(part="validation")),
        Mistake("You report the seeds that chose.", "Report test[k, tuning:].", faulty(judge="tuning")),
        Mistake("You choose the setting with the best single run.", "Choose by the mean over the tuning seeds.", faulty(cell=True)),
        Mistake("You report the best fresh seed.", "Report the mean.", faulty(end=np.min)),
        Mistake("You choose by the first seed alone.", "Choose by the mean over the tuning seeds.", faulty(seeds="first")),
        Mistake("You choose by the last tuning seed alone.", "Choose by the mean over the tuning seeds.", faulty(seeds="last")),
        Mistake("You leave out one fresh seed: seeds count from 0.", "The fresh ones begin at `tuning`.", faulty(judge="late")),
        Mistake("The two are in the wrong order.", "The setting first, then its loss.",
                lambda validation, test, tuning: reported(validation, test, tuning)[::-1]),
    ),
    success="Validation chooses, on seeds of its own; what diverged is as bad as can be; the test part speaks once, on fresh seeds.",
    onwards="what should be reported if the chosen setting diverges on a fresh seed? (Not the mean of the others.)")

KNOWN = (a_search.oracle, *(mistake.code for mistake in a_search.mistakes))

# -- 12.7 -----------------------------------------------------------------------------------------------------------------------


def range_cases(rng):
    for name, decades, factor in (("three decades, to a factor of 3", 3, 3.0), ("one decade, to a factor of 4", 1, 4.0),
                                  ("five decades, to a factor of 2", 5, 2.0), ("two decades, to a factor of 1.5", 2, 1.5),
                                  ("hardly a range, to a factor of 10", 0.5, 10.0)):
        low = float(f"{10 ** rng.uniform(-5, -2):.2g}")
        yield Case(name, {"low": low, "high": low * 10**decades * float(f"{rng.uniform(1.0, 1.2):.2f}"), "factor": factor})


def fewest(low, high, factor):
    return int(np.ceil(np.log(high / low) / (2 * np.log(factor)) - 1e-9))


def covered(value, inputs, hidden):
    rates = np.sort(np.array(value, dtype=float).ravel())
    low, high, factor = (inputs[name] for name in ("low", "high", "factor"))
    if not rates.size or not np.isfinite(rates).all() or rates[0] <= 0:
        return "Give an array of finite rates above 0."
    ends = np.log(rates[0]) - np.log(low), np.log(high) - np.log(rates[-1])
    if max(ends) > np.log(factor) * (1 + 1e-6):
        which = "lowest" if ends[0] >= ends[1] else "highest"
        return f"The {which} rates of the range have no trial within a factor of {factor:g}."
    gaps = np.diff(np.log(rates))
    if gaps.size and gaps.max() > 2 * np.log(factor) * (1 + 1e-6):
        k = int(gaps.argmax())
        return f"Between {rates[k]:.3g} and {rates[k + 1]:.3g} there are rates with no trial within a factor of {factor:g}."
    most = fewest(low, high, factor)
    return "" if len(rates) <= most else f"The range is covered by {len(rates)} trials, and {most} suffice."


def centres(low, high, factor, n):
    return low * (high / low) ** ((np.arange(n) + 0.5) / n)


def arithmetic_middles(low, high, factor):
    ends = np.geomspace(low, high, fewest(low, high, factor) + 1)
    return (ends[1:] + ends[:-1]) / 2


fewest_rates = Question(
    "12.7", "The fewest rates that suffice", "target", points=3, difficulty=2, minutes=12, name="rates",
    objectives=("lay out trials of a scale that is logarithmic", "count what a search must cost before it starts"),
    draw=range_cases, proof=covered,
    mistakes=(
        Mistake("You spread the rates evenly. The scale of a rate is logarithmic: the small ones are not covered.",
                "Equal quotients, not equal differences.",
                lambda low, high, factor: low + (high - low) * (np.arange(fewest(low, high, factor)) + 0.5) / fewest(low, high, factor)),
        Mistake("Your rates begin at one end and stop at the other. What lies beyond the ends is not asked for: trials are wasted.",
                "Put each rate in the middle of a piece.",
                lambda low, high, factor: np.geomspace(low, high, int(np.ceil(np.log(high / low) / (2 * np.log(factor)))) + 1)),
        Mistake("Your rates are a factor apart. Each covers a factor to both sides, so they may stand a factor squared apart.",
                "A piece is as wide as factor².",
                lambda low, high, factor: centres(low, high, factor, int(np.ceil(np.log(high / low) / np.log(factor))))),
        Mistake("Your rates begin at `low` and go on by factor². Half of the first piece lies outside, and the end may be left open.",
                "Begin at low · factor.",
                lambda low, high, factor: low * factor ** (2 * np.arange(fewest(low, high, factor)))),
        Mistake("You rounded the number of pieces down: then they are too wide.", "Round up.",
                lambda low, high, factor: centres(low, high, factor, max(1, int(np.log(high / low) / (2 * np.log(factor)))))),
        Mistake("Your rates begin at `low` and go on by the factor to the end: twice as many as are needed.",
                "Each rate covers a factor to both sides.",
                lambda low, high, factor: low * factor ** np.arange(int(np.ceil(np.log(high / low) / np.log(factor))) + 1)),
        Mistake("You took one rate a decade, whatever the factor.", "The number of pieces follows from the factor.",
                lambda low, high, factor: centres(low, high, factor, max(1, round(np.log10(high / low))))),
        Mistake("You returned the logarithms of the rates.", "Take the exponential.",
                lambda low, high, factor: np.log(centres(low, high, factor, fewest(low, high, factor)))),
        Mistake("You returned how many, not which.", "Return the rates themselves.",
                lambda low, high, factor: fewest(low, high, factor)),
        Mistake("You took one rate in the middle, whatever the factor.", "How wide a piece does a rate cover?",
                lambda low, high, factor: np.array([(low * high) ** 0.5])),
        Mistake("Your rates are a factor apart, from one end to the other. Each covers a factor to both sides.",
                "A piece is as wide as factor², and a rate stands in its middle.",
                lambda low, high, factor: np.geomspace(low, high, int(np.ceil(np.log(high / low) / np.log(factor))) + 1)),
        Mistake("You rounded the number of pieces to the nearest: then they may be too wide.", "Round up.",
                lambda low, high, factor: centres(low, high, factor, max(1, round(np.log(high / low) / (2 * np.log(factor)))))),
        Mistake("Your rates stand at the left ends of their pieces.", "Put each rate in the middle, on the logarithmic axis.",
                lambda low, high, factor: low * (high / low) ** (np.arange(fewest(low, high, factor)) / fewest(low, high, factor))),
        Mistake("Your rates stand in the middle of their pieces on the plain axis, not on the logarithmic one.",
                "The middle of two rates is the root of their product.", arithmetic_middles),
        Mistake("You have one trial more than the pieces need.", "Round up, and add nothing.",
                lambda low, high, factor: centres(low, high, factor, fewest(low, high, factor) + 1)),
    ),
    success="⌈ln(high/low) / (2 ln factor)⌉ rates, each in the middle of its piece on the logarithmic axis.",
    onwards="the same for two knobs: how many trials has the grid, and why does nobody lay it for five?")

# -- 12.8 -----------------------------------------------------------------------------------------------------------------------

a_consultation = Manual(
    "12.8", "A consultation by letter", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("read a monitor's lines", "propose the next test, and say what each outcome would mean"),
    rubric=(("says what the first loss and the losses after it show, with ln 100", 1),
            ("reads the ratio, the dead units and the noise together, and names a likely cause", 1),
            ("proposes one cheap test next, and says what each outcome would mean", 1),
            ("says why the colleague's comparison of the two optimizers proves nothing yet", 1)))

QUESTIONS = (worth, a_search, fewest_rates)
MANUAL = (a_consultation,)
