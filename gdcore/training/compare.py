"""A fair race on your own model: equal trials to tune, shared seeds to judge, intervals on the paired differences.

In comes `make(seed)`, the same data, network and loss for every contender. Each contender draws as many settings as the others from its
own ranges and is tuned by one measure; then its best setting trains anew on seeds that no tuning saw. Out comes a `Comparison`: scores,
a table to paste, and what a figure needs (`gdcore.figures.runs`).
"""

import math
from dataclasses import dataclass, field

import numpy as np

from gdcore.training.loop import fit

__all__ = ["Comparison", "compare"]


def compare(make, contenders, *, epochs, measure, better="lower", trials=8, seeds=5, tuning_seeds=1, seed=0, schedule=None, progress=None):
    """Tune and race optimizers on your own task, each with the same number of trials, and return the `Comparison`.

    make: make(seed) -> (model, batches, loss, measure), as `gdcore.training.fit` takes them; the seed decides the start and the order
    of the batches. contenders: {name: (build, ranges)}; build(parameters, **setting) gives a torch optimizer, ranges {"lr": (low,
    high), …} are searched on a logarithmic scale, and a range that is one number is not. measure: which of make's measures decides,
    on data that is not the training data. better: "lower" or "higher". trials: settings for each contender, at the same points of the
    unit cube for all. seeds: of the race; tuning_seeds: over how many a trial is averaged. They do not overlap. seed: the first of all.
    A training that diverges is as bad as can be. Raises ValueError for ranges, counts or a measure that make no sense.
    """
    _check(contenders, better, trials, seeds, tuning_seeds)
    sign = 1 if better == "lower" else -1
    tuning = range(seed, seed + tuning_seeds)
    racing = range(seed + tuning_seeds, seed + tuning_seeds + seeds)
    found = Comparison(measure, better, list(racing))

    def run(build, setting, number):
        model, batches, loss, measures = make(number)
        record = fit(model, batches, loss, build(model.parameters(), **setting), epochs=epochs, schedule=schedule, measure=measures,
                     progress=progress)
        score = record[measure][-1] if record.status == "finished" else math.nan
        return (score if math.isfinite(score) else sign * math.inf), record

    for name, (build, ranges) in contenders.items():
        for setting in _settings(ranges, trials):
            score = float(np.mean([run(build, setting, number)[0] for number in tuning]))
            found.trials.append({"contender": name, "setting": setting, "score": score})
        own = [trial for trial in found.trials if trial["contender"] == name]
        best = min(own, key=lambda trial: sign * trial["score"])["setting"]
        runs = [run(build, best, number) for number in racing]
        found.best[name], found.edges[name] = best, _edges(best, ranges, own)
        found.scores[name] = np.array([score for score, _ in runs])
        found.seconds[name] = np.array([record.seconds for _, record in runs])
        found.records[name] = [record for _, record in runs]
    return found


@dataclass
class Comparison:
    """What `compare` found. trials: each setting with its score; best: the setting that raced; edges: those of its numbers that were the
    last tried in their direction, so that the range may be too narrow; scores: (seeds,) of each contender; seconds: of training."""

    measure: str
    better: str
    seeds: list
    trials: list = field(default_factory=list)
    best: dict = field(default_factory=dict)
    edges: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)
    seconds: dict = field(default_factory=dict)
    records: dict = field(default_factory=dict)

    def difference(self, name, to=None, level=0.95):
        """(mean, low, high): by how much `name` scores above the contender `to` (the first), seed by seed, with Student's interval."""
        to = next(iter(self.scores)) if to is None else to
        for known in (name, to):
            if known not in self.scores:
                raise KeyError(f"There is no contender {known!r}; there are {', '.join(self.scores)}.")
        return paired(self.scores[name] - self.scores[to], level)

    def rows(self):
        """[contender, setting, mean score, standard deviation, difference to the first, low, high, seconds] of each."""
        table = []
        for name, scores in self.scores.items():
            spread = float(scores.std(ddof=1)) if len(scores) > 1 else math.nan
            mean, seconds = float(scores.mean()), float(self.seconds[name].mean())
            table.append([name, dict(self.best[name]), mean, spread, *self.difference(name), seconds])
        return table

    def markdown(self, digits=3):
        """The table, to paste: a star marks a number at the edge of what was tried, and the seconds are those of this machine."""
        lines = [f"| contender | setting | {self.measure} | difference (95 %) | s |", "|---|---|---|---|---|"]
        for name, setting, mean, spread, gap, low, high, seconds in self.rows():
            told = ", ".join(f"{k} {v:.2g}{'*' if k in self.edges[name] else ''}" for k, v in setting.items())
            first = name == next(iter(self.scores))
            against = "–" if first else f"{gap:+.{digits}g} ({low:+.{digits}g} to {high:+.{digits}g})"
            lines.append(f"| {name} | {told} | {mean:.{digits}g} ± {spread:.2g} | {against} | {seconds:.1f} |")
        return "\n".join(lines) + "\n"


def paired(differences, level=0.95):
    """(mean, low, high) of paired differences by Student's t; one pair has no interval, and what diverged makes it infinite."""
    from scipy import stats

    differences = np.asarray(differences, dtype=float)
    mean, n = float(differences.mean()), len(differences)
    if n < 2 or not np.isfinite(differences).all():
        return mean, -math.inf, math.inf
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * differences.std(ddof=1) / math.sqrt(n))
    return mean, mean - half, mean + half


def _settings(ranges, trials):
    """`trials` points of the ranges, spread evenly on logarithmic axes: Halton's sequence, the same for every contender."""
    from scipy.stats import qmc

    open_ = [name for name, span in ranges.items() if not _is_number(span)]
    points = qmc.Halton(len(open_), scramble=False).random(trials + 1)[1:] if open_ else np.zeros((1, 0))
    spans = [ranges[name] for name in open_]
    fixed = {name: span for name, span in ranges.items() if _is_number(span)}
    return [fixed | {name: float(low * (high / low) ** share) for name, (low, high), share in zip(open_, spans, point)} for point in points]


def _edges(best, ranges, own):
    """The searched numbers of the best setting beyond which nothing was tried."""
    tried = {name: sorted(trial["setting"][name] for trial in own) for name, span in ranges.items() if not _is_number(span)}
    return [name for name, values in tried.items() if len(values) > 1 and best[name] in (values[0], values[-1])]


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check(contenders, better, trials, seeds, tuning_seeds):
    if better not in ("lower", "higher"):
        raise ValueError(f'better is {better!r}; say "lower" or "higher".')
    for name, count in (("trials", trials), ("seeds", seeds), ("tuning_seeds", tuning_seeds)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ValueError(f"{name} is {count!r}; give a whole number from 1 up.")
    if len(contenders) < 2:
        raise ValueError(f"A race needs at least two contenders, got {len(contenders)}.")
    for name, (_, ranges) in contenders.items():
        for hyper, span in ranges.items():
            if not _is_number(span) and not (len(span) == 2 and 0 < span[0] < span[1]):
                raise ValueError(f"{name} would search {hyper} in {span!r}; give (low, high) with 0 < low < high, or one number.")
