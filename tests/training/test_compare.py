"""The fair race: equal trials, shared seeds that no tuning saw, and intervals that are Student's."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from gdcore import figures
from gdcore.training import Batches, compare
from gdcore.training.compare import Comparison, _check, _edges, _settings, paired

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
    found = compare(make, contenders, epochs=3, measure="minus", better="higher", trials=2, seeds=2, progress=False)
    assert (found.scores["wild"] == -np.inf).all()


def test_each_score_is_the_last_measure_and_a_trial_is_the_mean_over_its_seeds():
    found = race(seed=5, tuning_seeds=2, trials=2, seeds=2)
    assert found.seeds == [7, 8]

    def last(rate, number):
        net, batches, loss, measures = make(number)
        optimizer = SGD(net.parameters(), rate)
        for epoch in range(3):
            for batch in batches.epoch(epoch):
                optimizer.zero_grad()
                loss(net, *batch).backward()
                optimizer.step()
        with torch.no_grad():
            return measures(net)["loss on all"]

    for trial in found.trials[:2]:
        assert trial["score"] == pytest.approx(np.mean([last(trial["setting"]["lr"], number) for number in (5, 6)]))
    assert found.scores["SGD"] == pytest.approx([last(found.best["SGD"]["lr"], number) for number in (7, 8)])
    assert found.seconds["SGD"] == pytest.approx([record.seconds for record in found.records["SGD"]])


def test_settings_edges_and_counts_by_hand():
    ranges = {"lr": (0.01, 1.0), "momentum": 0.9, "width": (1.0, 27.0)}
    told = [(0.1, 3.0), (10**-1.5, 9.0), (10**-0.5, 27 ** (1 / 9))]  # Halton's points: halves and quarters, thirds and ninths
    wanted = [dict(momentum=0.9, lr=lr, width=width) for lr, width in told]
    assert all(one == pytest.approx(other) for one, other in zip(_settings(ranges, 3), wanted, strict=True))
    assert _settings({"lr": 0.1}, 3) == [{"lr": 0.1}]
    own = [{"setting": setting} for setting in wanted]
    assert [_edges(one, ranges, own) for one in wanted] == [[], ["lr", "width"], ["lr", "width"]]
    assert _edges(wanted[0], ranges, own[:1]) == [] and _edges(wanted[0], ranges, own[:2]) == ["lr", "width"]
    two = {"a": (SGD, {"lr": (0.5, 1.0)}), "b": (SGD, {"lr": 0.0})}
    _check(two, "lower", 1, 1, 1)
    for span in ((0.0, 1.0), (1.0, 1.0), (1.0, 2.0, 3.0), (1.0,)):
        with pytest.raises(ValueError, match="a would search lr in"):
            _check({**two, "a": (SGD, {"lr": span})}, "lower", 1, 1, 1)


def test_a_table_by_hand():
    found = Comparison("error", "lower", [3, 4], best={"a": {"lr": 0.5}, "b": {"lr": 0.25, "momentum": 0.5}}, edges={"a": [], "b": ["lr"]},
                       scores={"a": np.array([1.0, 2.0]), "b": np.array([4.0, 7.0])},
                       seconds={"a": np.array([1.0, 2.0]), "b": np.array([5.0, 6.0])})  # fmt: skip
    half = 12.706204736 * math.sqrt(2) / math.sqrt(2)  # Student's t of one degree, for differences 3 and 5
    assert found.difference("b") == pytest.approx((4.0, 4 - half, 4 + half))
    assert paired([3.0, 5.0], 0.5) == pytest.approx((4.0, 3.0, 5.0))
    first, second = found.rows()
    assert first[:2] == ["a", {"lr": 0.5}] and first[2:] == pytest.approx([1.5, 0.5**0.5, 0, 0, 0, 1.5])
    assert second[2:] == pytest.approx([5.5, 4.5**0.5, 4.0, 4 - half, 4 + half, 5.5])
    assert found.markdown() == ("| contender | setting | error | difference (95 %) | s |\n|---|---|---|---|---|\n"
                                "| a | lr 0.5 | 1.5 ± 0.71 | – | 1.5 |\n"
                                "| b | lr 0.25*, momentum 0.5 | 5.5 ± 2.1 | +4 (-8.71 to +16.7) | 5.5 |\n")  # fmt: skip
    one = Comparison("error", "lower", [3], best={"a": {}}, scores={"a": np.array([1.0])}, seconds={"a": np.array([1.0])})
    assert math.isnan(one.rows()[0][3])


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
