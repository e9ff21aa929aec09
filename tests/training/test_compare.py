"""The fair race: equal trials, shared seeds that no tuning saw, and intervals that are Student's."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from gdcore import figures
from gdcore.training import Batches, compare
from gdcore.training.compare import paired

SEEN = []


def make(seed):
    SEEN.append(seed)
    generator = torch.Generator().manual_seed(100)
    x = torch.randn(64, 3, generator=generator)
    y = x @ torch.ones(3, 1)
    torch.manual_seed(seed)
    net = nn.Linear(3, 1)
    loss = lambda model, x, y: nn.functional.mse_loss(model(x), y)
    return net, Batches(x, y, 16, seed), loss, lambda model: {"loss on all": float(loss(model, x, y)), "minus": -float(loss(model, x, y))}


SGD = lambda parameters, lr, momentum=0.0: torch.optim.SGD(parameters, lr, momentum)
ADAM = lambda parameters, lr: torch.optim.Adam(parameters, lr)


def race(**more):
    contenders = {"SGD": (SGD, {"lr": (1e-3, 1.0)}), "Adam": (ADAM, {"lr": (1e-4, 1e-2)})}
    given = dict(epochs=3, measure="loss on all", trials=6, seeds=4, progress=False)
    return compare(make, contenders, **{**given, **more})


def test_equal_trials_shared_seeds_and_no_seed_for_both():
    SEEN.clear()
    found = race(tuning_seeds=2)
    tuned, raced = SEEN[:12], SEEN[12:16]
    assert sorted(set(tuned)) == [0, 1] and raced == found.seeds == [2, 3, 4, 5] and SEEN[16:28] == tuned and SEEN[28:] == raced
    for name, (low, high) in (("SGD", (1e-3, 1.0)), ("Adam", (1e-4, 1e-2))):
        own = [trial for trial in found.trials if trial["contender"] == name]
        rates = [trial["setting"]["lr"] for trial in own]
        assert len(own) == 6 and all(low < lr < high for lr in rates)
        assert found.best[name] == min(own, key=lambda trial: trial["score"])["setting"]
    share = lambda name, low, high: [math.log(t["setting"]["lr"] / low, high / low) for t in found.trials if t["contender"] == name]
    assert np.allclose(share("SGD", 1e-3, 1.0), share("Adam", 1e-4, 1e-2))  # the same points of the unit cube


def test_the_best_is_the_best_in_both_directions():
    low, high = race(), race(measure="minus", better="higher")
    assert low.best == high.best and np.allclose(low.scores["SGD"], -high.scores["SGD"])
    assert low.scores["SGD"].mean() < low.scores["Adam"].mean()  # whose range is too low: it must be told so
    assert low.edges["Adam"] == ["lr"] and "*" in low.markdown().splitlines()[3]


def test_differences_are_paired_and_have_students_interval():
    found = race()
    gaps = found.scores["Adam"] - found.scores["SGD"]
    mean, low, high = found.difference("Adam")
    expected = stats.ttest_rel(found.scores["Adam"], found.scores["SGD"]).confidence_interval(0.95)
    assert mean == pytest.approx(gaps.mean()) and (low, high) == pytest.approx(tuple(expected))
    assert found.difference("SGD") == (0.0, 0.0, 0.0) and found.difference("SGD", to="Adam")[0] == pytest.approx(-mean)
    with pytest.raises(KeyError, match="no contender 'adam'; there are SGD, Adam"):
        found.difference("adam")
    assert paired([1.0]) == (1.0, -math.inf, math.inf) and paired([1.0, math.inf])[1:] == (-math.inf, math.inf)


def test_what_diverges_loses():
    contenders = {"wild": (SGD, {"lr": 1e9}), "tame": (SGD, {"lr": (0.01, 0.1), "momentum": 0.5})}
    found = compare(make, contenders, epochs=3, measure="loss on all", trials=2, seeds=2, progress=False)
    assert np.isinf(found.scores["wild"]).all() and np.isfinite(found.scores["tame"]).all()
    assert all(trial["setting"]["momentum"] == 0.5 for trial in found.trials if trial["contender"] == "tame")
    assert len([trial for trial in found.trials if trial["contender"] == "wild"]) == 1  # nothing to search


def test_table_and_figure():
    found = race()
    lines = found.markdown().splitlines()
    assert lines[0] == "| contender | setting | loss on all | difference (95 %) | s |" and lines[2].startswith("| SGD | lr ")
    assert lines[2].split("|")[4].strip() == "–" and "to" in lines[3].split("|")[4]
    fig, (scores, gaps) = figures.comparison(found, "A fair race")
    assert len(scores.lines[0].get_xdata()) == 4 and [t.get_text() for t in scores.get_yticklabels()] == ["SGD", "Adam"]


@pytest.mark.parametrize("more, sentence", [
    (dict(better="less"), "better is 'less'"), (dict(trials=0), "trials is 0"), (dict(seeds=True), "seeds is True"),
    (dict(tuning_seeds=0), "tuning_seeds is 0")])
def test_counts_that_make_no_sense(more, sentence):
    with pytest.raises(ValueError, match=sentence):
        race(**more)
    with pytest.raises(ValueError, match="at least two contenders, got 1"):
        compare(make, {"SGD": (SGD, {"lr": 0.1})}, epochs=1, measure="loss on all")
    with pytest.raises(ValueError, match=r"SGD would search lr in \(1, 0.1\)"):
        compare(make, {"SGD": (SGD, {"lr": (1, 0.1)}), "Adam": (ADAM, {"lr": 0.1})}, epochs=1, measure="loss on all")
