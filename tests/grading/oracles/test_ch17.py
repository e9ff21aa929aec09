"""The oracles of chapter 17 against gdcore's ring and compressors, torch's AdaGrad on all rows, a search by hand, walks that run off."""

import numpy as np
import torch

from gdcore.algorithms.distributed import TopK, all_reduce_seconds, compressed_mean, ring_all_reduce
from gdcore.check.declaration import question
from gdcore.check.questions import ch17, ch17_plan
from tests.grading.oracles.given import cases, expected


def test_the_ring_sends_growing_sums_and_ends_with_the_whole():
    for given, found in expected("17.1"):
        parts = given["parts"]
        K = len(parts)
        for turn in range(K - 1):
            for k in range(K):  # the sum of the piece over the workers that it has visited
                visited = [(k - turn + j) % K for j in range(turn + 1)]
                np.testing.assert_allclose(found[turn, k], parts[visited, (k - turn) % K].sum(0), rtol=1e-12, atol=1e-12)
        whole, sent = ring_all_reduce(list(parts))
        for k in range(K):  # what arrives last and what is there make a piece of the sum
            piece = (k + 1) % K
            np.testing.assert_allclose(found[-1, (k - 1) % K] + parts[k, piece], whole[k][piece], rtol=1e-12, atol=1e-12)
        assert sent[0] == 2 * (K - 1) * parts[0].nbytes // K


def test_the_eight_numbers():
    told = question("17.2").oracle
    _, sent = ring_all_reduce([np.ones(160)] * 16)
    assert told["ring"] == 400 * sent[0] / np.ones(160).nbytes
    talk = all_reduce_seconds(400e6, 16, 50e-6, 1 / 1.25e9)
    assert np.isclose(told["step"], talk) and np.isclose(told["tiny"], 1e3 * all_reduce_seconds(1e3, 16, 50e-6, 1 / 1.25e9))
    assert np.isclose(told["share"], 0.4 / (0.4 + talk), rtol=1e-3)
    assert told["local"] == min(H for H in range(1, 100) if H * 0.4 / (H * 0.4 + talk) >= 0.9)
    parcel = TopK(0.01).send(np.ones(100_000, np.float32), np.zeros(100_000, np.float32))[2] * 1000 / 1e6
    assert told["gather"] == 15 * parcel
    assert told["equal"] == min(K for K in range(2, 400) if (K - 1) * parcel >= 2 * (K - 1) / K * 400)
    assert told["shards"] == 7 * (2 + 2 + 12 / 8)


def test_feedback_is_gdcores_top_k_and_loses_nothing():
    for given, found in expected("17.3"):
        steps, workers, n = given["gradients"].shape
        compressor = TopK(int(given["k"]) / n)
        memories = [compressor.init(np.zeros(n)) for _ in range(workers)]
        for g, arrived in zip(given["gradients"], found):
            mean, memories, _ = compressed_mean(compressor, list(g), memories)
            np.testing.assert_allclose(arrived, mean, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found.sum(0) + np.mean(memories, 0), given["gradients"].mean(1).sum(0), rtol=1e-9, atol=1e-12)


def test_many_workers_are_torchs_adagrad_on_all_their_rows():
    for given, found in expected("17.4"):
        A, y, size = torch.tensor(given["A"]), torch.tensor(given["y"]), int(given["workers"] * given["batch"])
        w = torch.zeros(A.shape[1], dtype=torch.float64, requires_grad=True)
        adagrad, losses = torch.optim.Adagrad([w], lr=float(given["lr"]), eps=1e-8), []
        for t in range(int(given["steps"]) + 1):
            losses.append(((A @ w - y) ** 2).mean().item())
            rows = (t * size + torch.arange(size)) % len(y)
            adagrad.zero_grad()
            ((A[rows] @ w - y[rows]) ** 2).mean().backward()
            adagrad.step()
        np.testing.assert_allclose(found, losses, rtol=1e-9)


def test_no_plan_ends_earlier():
    for given, case in cases("17.5"):
        model = {name: float(given[name]) for name in ch17_plan.MODEL}
        plans = {}
        for K in range(1, 65):
            for H in range(1, 65):
                N = model["steps"] * (1 + model["critical"] / K) * (1 + model["drift"] * (H - 1))
                seconds = N * model["work"] + N / H * all_reduce_seconds(model["wire"], K, model["latency"], 1.0)
                if K * seconds <= given["budget"]:
                    plans[K, H] = seconds
        best = min(plans, key=plans.get)
        assert ch17_plan.in_time(list(best), case.inputs, {}) == ""
        other = sorted(plans, key=plans.get)[1]
        assert "possible" in ch17_plan.in_time(list(other), case.inputs, {}) or np.isclose(plans[other], plans[best])
        assert "machine seconds" in ch17_plan.in_time([64, 1], case.inputs, {}) or (64, 1) in plans


def runs_off(rate, delay, momentum, steps=6000):
    x = [1.0] * (delay + 2)
    for _ in range(steps):
        x.append(x[-1] + momentum * (x[-1] - x[-2]) - rate * x[-1 - delay])
        if abs(x[-1]) > 1e6:
            return True
    return abs(x[-1]) > 1


def test_below_the_limit_a_walk_arrives_and_above_it_runs_off():
    for given, found in expected("17.6"):
        delay, momentum, curvature = int(given["delay"]), float(given["momentum"]), float(given["curvature"])
        limit = float(found) * curvature
        assert not runs_off(0.98 * limit, delay, momentum) and runs_off(1.02 * limit, delay, momentum)
        for share in (0.01, 0.2, 0.5, 0.9):  # and there is no other limit below
            assert ch17_plan.slowest(share * limit, delay, momentum) < 1
    for delay in range(6):
        assert np.isclose(ch17_plan.limit(2.0, delay, 0.0), np.sin(np.pi / (2 * (2 * delay + 1))))
    assert np.isclose(ch17_plan.limit(1.0, 0, 0.7), 2 * 1.7)


def test_planted_rings_differ():
    for given, _ in cases("17.1"):
        assert ch17.added_up(given["parts"]).shape == given["parts"].shape
