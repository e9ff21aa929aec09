"""The record of the carts is complete, and the cheapest of its runs comes out again."""

import pathlib

import numpy as np

from examples import reinforcement as R
from gdcore.training import read_results

RECORD = read_results(pathlib.Path(__file__).parents[1] / "examples/results/reinforcement.json")["entries"]


def test_each_method_has_ten_seeds_of_forty_batches():
    assert set(RECORD) == {*R.GRADIENTS, *R.VARIANTS, *R.DECIDED, *R.SEARCHES, "random, linear"}
    for entry in RECORD.values():
        assert np.shape(entry["curves"]) == (len(R.SEEDS), R.BATCHES) and len(entry["fresh"]) == len(R.SEEDS)
        assert 1 <= np.min(entry["curves"]) and np.max(entry["curves"]) <= R.MOST


def test_a_run_repeats():
    curve, fresh, _ = R.guess(R.SEEDS[0])
    assert np.allclose(curve, RECORD["random, linear"]["curves"][0]) and abs(fresh - RECORD["random, linear"]["fresh"][0]) < 0.06


def test_a_cart_counts_only_until_its_first_end():
    states, actions, rewards, alive, out = R.Cart(0).play(lambda state: np.zeros(len(state), dtype=int))
    assert states.shape[1] == actions.shape[1] + 1 == alive.shape[1] + 1 and not out.any()
    assert (np.diff(alive.astype(int), axis=1) <= 0).all() and (rewards == alive).all()
    assert 8 <= rewards.sum(1).min() <= rewards.sum(1).max() <= 11


def test_the_numpy_score_is_torchs():
    import torch

    torch.manual_seed(0)
    net, state = R.network().double(), np.random.default_rng(0).normal(size=(5, 4))
    weights = [p.detach().numpy() for p in net.parameters()]
    np.testing.assert_allclose(R.logit(weights, state), net(torch.tensor(state))[:, 0].detach().numpy(), rtol=1e-12)
    points = np.tile(np.concatenate([w.ravel() for w in weights]), (5, 1))
    assert (R.decided(points, False)(state) == (R.logit(weights, state) > 0)).all()
