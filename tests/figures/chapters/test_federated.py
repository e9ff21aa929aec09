"""The drawings of the chapter on federated learning show the numbers they are given, and its record is whole."""

import pathlib

import numpy as np
import pytest

from examples import federated_training as script
from gdcore.figures.chapters import federated as draw
from gdcore.training import read_results

RECORD = read_results(pathlib.Path(__file__).parents[3] / "examples/results/federated_training.json")["entries"]


def test_a_place_of_rest_lies_between_named_levels():
    _, ax = draw.resting([1, 10, 100], [0.0, 0.5, 0.9], {"best": 0.0, "mean": 1.0})
    curve, *levels = ax.lines
    assert list(curve.get_ydata()) == [0.0, 0.5, 0.9] and [line.get_ydata()[0] for line in levels] == [0.0, 1.0]
    assert [text.get_text() for text in ax.texts] == ["best", "mean"] and ax.get_xscale() == "log"


def test_spreads_have_a_dot_a_seed_and_a_bar_at_the_mean():
    _, ax = draw.by_spread([0.1, 1], {"A": np.array([[0.2, 0.4], [0.5, 0.7]])}, {"end": [0.8, 0.9]})
    dots, bars = ([line.get_ydata() for line in ax.lines if line.get_marker() == mark] for mark in "o_")
    assert [list(row) for row in dots] == [[0.2, 0.4], [0.5, 0.7]] and np.allclose(np.ravel(bars), [0.3, 0.6])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["α = 0.1", "α = 1"]


def test_attacks_stand_in_panels():
    found = {"none": {"mean": [0.8, 0.9], "median": [0.7, 0.7]}, "loud lie": {"mean": [0.1, 0.2], "median": [0.6, 0.7]}}
    _, axes = draw.by_attack({"one": found, "two": found})
    assert [ax.get_title(loc="left") for ax in axes] == ["one", "two"]
    assert [list(line.get_ydata()) for line in axes[0].lines] == [[0.8, 0.9], [0.7, 0.7], [0.1, 0.2], [0.6, 0.7]]


def test_the_price_falls_on_a_logarithmic_axis():
    _, ax = draw.price([300, 45, 12], np.array([[0.76, 0.78], [0.7, 0.72], [0.5, 0.6]]), 0.8)
    level, means = ax.lines[:2]
    assert level.get_ydata()[0] == 0.8 and np.allclose(means.get_ydata(), [0.77, 0.71, 0.55]) and ax.get_xscale() == "log"


def test_each_picture_has_its_place():
    fig, axes = draw.pictures({"one": np.eye(4)[None], "three": np.zeros((3, 2, 2))})
    assert axes.shape == (2, 3) and np.array_equal(axes[0, 0].images[0].get_array(), np.eye(4)) and not axes[0, 1].images
    assert [line[0].get_ylabel() for line in axes] == ["one", "three"]


@pytest.mark.parametrize("alpha", ["0.1", "1", "100"])
def test_the_record_is_whole(alpha):
    """Each method chose the best of what it tried, by validation; the bytes are those of 13,258 weights in float32."""
    for name, (_, knobs, rounds) in script.METHODS.items():
        found = RECORD[f"{name}, {alpha}"]
        tried = {(lr, knob): value for lr, knob, value in found["tried"]}
        assert set(tried) == {(lr, knob) for lr in script.RATES for knob in knobs} and found["rounds"] == rounds
        assert tried[found["lr"], found["knob"]] == max(tried.values())
        assert len(found["test"]) == len(found["curves"]) == len(script.SEEDS) and {len(c) for c in found["curves"]} == {script.ROUNDS}
        assert found["bytes"] == script.PRESENT * 13_258 * 4 * (4 if name == "SCAFFOLD" else 2)
    for end in ("pooled", "alone"):
        assert len(RECORD[f"{end}, {alpha}"]["test"]) == len(script.SEEDS)


def test_the_network_of_the_script_has_the_gradient_of_its_loss():
    rng = np.random.default_rng(0)
    w, x, y = script.start(rng) + 0.01, rng.normal(size=(7, 196)), rng.integers(0, 10, 7)

    def loss(w):
        W, b, V, c = script.parts(w)
        z = np.maximum(x @ W + b, 0) @ V + c
        return np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(7), y])

    slope = script.gradient(w, x, y)
    for _ in range(5):
        way = rng.normal(size=len(w))
        assert (loss(w + 1e-6 * way) - loss(w - 1e-6 * way)) / 2e-6 == pytest.approx(slope @ way, rel=1e-5)


@pytest.mark.parametrize("alpha", [0.1, 100.0])
def test_the_shops_share_out_all_photographs(alpha):
    kinds = np.repeat(np.arange(10), 600)
    shops = script.spread(kinds, alpha, np.random.default_rng(0))
    assert len(shops) == script.SHOPS and {len(shop) for shop in shops} == {script.EACH}
    assert sorted(np.concatenate(shops)) == list(range(6000))
    most = np.mean([np.bincount(kinds[shop]).max() / script.EACH for shop in shops])
    assert most > 0.45 if alpha == 0.1 else most < 0.2
