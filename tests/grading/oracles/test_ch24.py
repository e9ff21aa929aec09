"""The oracles of chapter 24 against torch, a counter that is played, all plans of a day, and torch's own pruning."""

import itertools

import numpy as np
import torch
from torch.nn.utils import prune
from torch.utils.flop_counter import FlopCounterMode

from gdcore.check.declaration import question
from gdcore.check.questions import ch24_run
from tests.grading.common import solutions
from tests.grading.oracles.given import cases, expected


def test_the_grid_and_its_slope_are_torchs():
    for given, (value, slope) in expected("24.1"):
        w = torch.tensor(np.array(given["w"]), dtype=torch.float64, requires_grad=True)
        s, low, high = float(given["s"]), int(given["low"]), int(given["high"])
        seen = torch.fake_quantize_per_tensor_affine(w.float(), s, 0, low, high)
        seen.backward(torch.tensor(np.array(given["g"]), dtype=torch.float32))
        np.testing.assert_allclose(value, seen.detach().numpy(), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(slope, w.grad.numpy(), rtol=1e-6)


def test_the_mean_over_all_chances_is_the_weight():
    rounded, u = question("24.2").oracle, (np.arange(4000) + 0.5) / 4000
    for given, _ in cases("24.2"):
        s = float(given["s"])
        for w in np.array(given["w"]):
            if abs(w / s) < 126:
                assert abs(np.mean(rounded(np.full(4000, w), s, u)) - w) < s / 2000
            else:
                assert set(np.abs(rounded(np.full(4000, w), s, u)) / s) == {127.0}


def test_the_seven_numbers():
    told = question("24.3").oracle
    net = torch.nn.Sequential(torch.nn.Linear(100, 50, bias=False), torch.nn.ReLU(), torch.nn.Linear(50, 10, bias=False))
    with FlopCounterMode(display=False) as counter:
        loss = net(torch.randn(20, 100)).sum()
    assert counter.get_total_flops() == told["forward"]
    with FlopCounterMode(display=False) as counter:
        loss.backward()
    assert counter.get_total_flops() == told["both"] - told["forward"]
    assert told["bytes"] == torch.zeros(10**6, dtype=torch.int8).nbytes + torch.zeros(10**6 // 16).nbytes and told["joules"] == 84 * 15
    draw, chance = np.random.default_rng(0), question("24.2").oracle
    w = np.zeros(20_000)
    for _ in range(told["steps"]):
        w = chance(w + 0.001, 0.01, draw.random(w.shape))
    assert abs(w.mean() - 0.05) < 0.001
    assert told["floor"] == 0.25**2 and abs(told["zeros"] - 0.8 * (1 - (1 - 0.5) ** 3)) < 1e-12


def test_a_counter_that_is_played():
    for given, found in expected("24.4"):
        readings, maximum = [int(r) for r in given["readings"]], int(given["maximum"])
        used = sum((after - before) % (maximum + 1) for before, after in itertools.pairwise(readings))
        assert abs(float(found) * 1e6 - used) < 1e-3 * max(used, 1)
    assert question("24.4").oracle([990, 15], 999) == 25e-6


def test_no_plan_of_a_day_is_better():
    plan, asked = solutions()["24.5"][1], question("24.5")
    for given, case in cases("24.5"):
        grams, need, restart = [int(g) for g in given["grams"]], int(given["need"]), int(given["restart"])
        assert asked.proof(plan(np.array(grams), need, restart), case.inputs, case.hidden) == ""
        best = min(ch24_run.total(hours, grams, restart) for hours in itertools.combinations(range(len(grams)), need))
        assert ch24_run.least(grams, need, restart)[0] == best


def test_the_smallest_are_those_that_torch_prunes():
    right = question("24.6").oracle
    for given, _ in cases("24.6"):
        both, found = (given["a"], given["b"]), right(**given)
        layers = [torch.nn.Linear(*np.shape(w)[::-1]) for w in both]
        for layer, w in zip(layers, both):
            layer.weight.data = torch.tensor(np.array(w, dtype=float))
        total = sum(np.size(w) for w in both)
        pairs = [(layer, "weight") for layer in layers]
        prune.global_unstructured(pairs, prune.L1Unstructured, amount=round(float(given["share"]) * total))
        for layer, mask in zip(layers, found):
            assert np.array_equal(layer.weight_mask.numpy(), mask)
