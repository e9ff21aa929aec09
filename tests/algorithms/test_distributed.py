"""Several workers: what they compute together is what one would, and what it costs is what theory says."""

import numpy as np
import pytest

from gdcore.algorithms.distributed import QSGD, DiLoCo, PowerSGD, TopK, all_reduce_seconds, compressed_mean, fit_network, ring_all_reduce


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("shape", [(84,), (12, 14), (5,), ()])
def test_the_ring_sums_and_sends_what_theory_says(rng, workers, shape):
    parts = [rng.normal(size=shape) for _ in range(workers)]
    before = [part.copy() for part in parts]
    found, sent = ring_all_reduce(parts)
    assert all(one.shape == shape and np.abs(one - np.sum(parts, 0)).max() < 1e-13 for one in found)
    assert all(np.array_equal(one, found[0]) for one in found)  # to the bit: replicas must not drift apart
    assert all(np.array_equal(a, b) for a, b in zip(before, parts, strict=True))
    size = parts[0].nbytes
    assert sum(sent) == 2 * (workers - 1) * size
    if parts[0].size % workers == 0:
        assert set(sent) == {2 * (workers - 1) * size // workers}


def test_parts_of_several_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape, got \[\(2,\), \(3,\)\]"):
        ring_all_reduce([np.zeros(2), np.zeros(3)])
    with pytest.raises(ValueError, match="got none"):
        ring_all_reduce([])


def test_with_feedback_nothing_is_lost(rng):
    """What was sent and what is kept add up to what was there, at every step; every entry is sent at last."""
    for compressor in (TopK(0.1), PowerSGD(2)):
        memory, total, sent = compressor.init(np.zeros((9, 7))), np.zeros((9, 7)), np.zeros((9, 7))
        for _ in range(50):
            g = rng.normal(size=(9, 7))
            arrived, memory, _ = compressor.send(g, memory)
            total, sent = total + g, sent + arrived
            residual = memory[0] if isinstance(memory, tuple) else memory
            assert np.abs(sent + residual - total).max() < 1e-13
        assert (sent != 0).all()


def test_top_k_sends_the_largest_and_counts_their_bytes():
    a = np.array([0.1, -5.0, 2.0, 0.0])
    arrived, residual, sent = TopK(0.5).send(a, np.zeros(4))
    assert arrived.tolist() == [0, -5, 2, 0] and residual.tolist() == [0.1, 0, 0, 0] and sent == 2 * (8 + 4)
    assert TopK(0.01).send(a, np.zeros(4))[0].tolist() == [0, -5, 0, 0]  # at least one
    with pytest.raises(ValueError, match="share = 0"):
        TopK(0)


def test_top_k_sends_so_many_where_some_are_equal():
    rng = np.random.default_rng(0)
    for share in (0.05, 0.3, 0.9):
        a = rng.integers(1, 500, (40, 50)) * rng.choice([-1.0, 1.0], (40, 50))
        sent, count = TopK(share).send(a, 0 * a)[0], round(2000 * share)
        assert sorted(np.abs(sent[sent != 0])) == sorted(np.abs(a.ravel()))[-count:]


def test_without_feedback_top_1_goes_the_wrong_way():
    """Karimireddy et al. (2019), counter-example 3: two slopes whose small common part is never sent."""
    gradients = [np.array([-3.0, 1.0]), np.array([3.0, 1.0])]  # the mean is (0, 1)
    ends = {}
    for feedback in (True, False):
        compressor, x = TopK(0.5, feedback), np.array([0.0, 10.0])
        memories = [compressor.init(x) for _ in gradients]
        for _ in range(100):
            step, memories, _ = compressed_mean(compressor, gradients, memories)
            x = x - 0.1 * step
        ends[feedback] = x[1]
    assert ends[False] == 10.0 and abs(ends[True]) < 0.5


def test_qsgd_is_right_on_the_mean_and_as_rough_as_its_bound(rng):
    a, compressor = rng.normal(size=64), QSGD(4)
    draw = compressor.init(a)
    sent = np.array([compressor.send(a, draw)[0] for _ in range(4000)])
    spread = sent.std(0) / 4000**0.5
    assert (np.abs(sent.mean(0) - a) < 5 * spread + 1e-12).all()
    bound = min(64 / 4**2, 64**0.5 / 4) * (a @ a)  # Alistarh et al. (2017), lemma 3.1
    assert 0.1 * bound < ((sent - a) ** 2).sum(1).mean() < bound
    assert compressor.send(a, draw)[2] == 64 + 8 and not compressor.send(np.zeros(3), draw)[0].any()
    with pytest.raises(ValueError, match="levels = 200"):
        QSGD(200)


def test_power_sgd_finds_a_matrix_of_its_rank(rng):
    a = rng.normal(size=(20, 2)) @ rng.normal(size=(2, 15))
    compressor = PowerSGD(2)
    arrived, (residual, _), sent = compressor.send(a, compressor.init(a))
    assert np.abs(arrived - a).max() < 1e-12 and np.abs(residual).max() < 1e-12 and sent == 8 * 2 * (20 + 15)
    with pytest.raises(ValueError, match=r"matrices and got an array of shape \(3,\)"):
        compressor.init(np.zeros(3))


def test_power_iteration_goes_on_from_the_last_factor(rng):
    """Of one matrix sent again and again, without feedback's sum, the product comes to the best of its rank."""
    a = rng.normal(size=(20, 15))
    compressor, (_, right) = PowerSGD(3), PowerSGD(3).init(a)
    for _ in range(300):
        arrived, (_, right), _ = compressor.send(a, (np.zeros_like(a), right))
    u, s, v = np.linalg.svd(a)
    assert np.linalg.norm(arrived - (u[:, :3] * s[:3]) @ v[:3]) < 1e-3


def test_diloco_at_rate_1_without_momentum_is_the_mean(rng):
    x, found = rng.normal(size=5), [rng.normal(size=5) for _ in range(3)]
    new, _ = DiLoCo(1.0, 0.0).update(x, found, np.zeros(5))
    assert np.abs(new - np.mean(found, 0)).max() < 1e-15


def test_diloco_is_torchs_nesterov_on_the_way_come(rng):
    import torch

    p = torch.nn.Parameter(torch.zeros(5, dtype=torch.float64))
    optimizer, x = torch.optim.SGD([p], lr=0.7, momentum=0.9, nesterov=True), np.zeros(5)
    v = DiLoCo().init(x)
    for _ in range(6):
        found = [x + rng.normal(size=5) for _ in range(4)]
        p.grad = torch.tensor(x - np.mean(found, 0))
        optimizer.step()
        x, v = DiLoCo().update(x, found, v)
        assert np.abs(x - p.detach().numpy()).max() < 1e-14


def test_the_network_is_found_again_from_its_own_times():
    rows = [(size, workers) for size in (1e3, 1e5, 1e7) for workers in (2, 4)]
    sizes, workers = zip(*rows, strict=True)
    seconds = [all_reduce_seconds(size, k, 2e-5, 3e-10) for size, k in rows]
    latency, per_byte = fit_network(sizes, workers, seconds)
    assert abs(latency / 2e-5 - 1) < 1e-9 and abs(per_byte / 3e-10 - 1) < 1e-9
    assert abs(all_reduce_seconds(1e9, 1000, 0, 1e-9) - 2 * 0.999) < 1e-12  # and 2 (K − 1)/K of the bytes
    assert min(fit_network([1e3, 1e7], [2, 2], [1e-6, 1e-1])) == 0


def test_what_is_sent_and_what_it_costs_by_hand():
    class Half:
        random = staticmethod(lambda shape: np.full(shape, 0.5))

    for a, levels, steps, length in (([3.0, -4.0], 5, [3, -4], 5.0), ([3.0, -4.0], 2, [1, -2], 5.0), ([0.3, -0.4], 5, [3, -4], 0.5)):
        arrived, _, sent = QSGD(levels).send(np.array(a), Half)
        assert arrived == pytest.approx(np.array(steps) * length / levels, rel=1e-12) and sent == 2 + 8
    for cannot in (lambda: QSGD(0), lambda: QSGD(128), lambda: TopK(0.0), lambda: TopK(1.01)):
        with pytest.raises(ValueError, match="it must"):
            cannot()
    assert (QSGD(1).levels, QSGD(127).levels, TopK(1.0).share) == (1, 127, 1.0)
    a = np.array([4.0, -3.0, 2.0, 1.0])
    arrived, left, sent = TopK(0.5).send(a, np.array([0.0, 2.5, 1.5, 0.0]))
    assert (arrived.tolist(), left.tolist(), sent) == ([4, 0, 3.5, 0], [0, -0.5, 0, 1], 24)
    many = np.random.default_rng(0).normal(size=(20, 50))
    for share in (0.01, 0.3, 0.9):
        sent = TopK(share).send(many, 0 * many)[0] != 0
        assert np.array_equal(sent, np.abs(many) > np.sort(np.abs(many), None)[-round(1000 * share) - 1])
    assert ring_all_reduce([[1.0, 2.0], [3.0, 4.0]])[0][1].tolist() == [4, 6]
    assert TopK(0.5, False).send(a, 9 * a)[0].tolist() == [4, -3, 0, 0] and TopK(0.5).send(a.astype(np.float32), 0 * a)[2] == 16
    arrived, (left, right), sent = PowerSGD(1).send(np.diag([2.0, 1.0]), (np.zeros((2, 2)), np.array([[0.5], [0.0]])))
    assert np.allclose(arrived, [[2, 0], [0, 0]]) and np.allclose(left, [[0, 0], [0, 1]]) and np.allclose(abs(right), [[2], [0]])
    assert sent == 8 * 4 and PowerSGD(3).init(np.zeros((5, 4)))[1].shape == (4, 3)
    assert PowerSGD(1).init(np.zeros((2, 2), np.float32))[1].dtype == np.float32
    x, v = DiLoCo(0.5, 0.25).update(np.array([4.0]), [np.array([1.0]), np.array([3.0])], np.array([8.0]))
    assert (x.tolist(), v.tolist()) == ([4 - 0.5 * (2 + 0.25 * 4)], [4.0])
    assert all_reduce_seconds(100.0, 5, 0.5, 0.25) == 8 * (0.5 + 5.0)


def test_a_network_without_latency_or_without_a_price_by_hand():
    """What would come out below 0 is 0, and the other fits alone: the factor that brings its column, relative to seconds, nearest to 1."""
    alone = lambda column: sum(column) / sum(c * c for c in column)
    assert fit_network([10, 100], [2, 2], [1.0, 20.0]) == pytest.approx((0.0, alone([10.0, 5.0])), rel=1e-12)
    assert fit_network([10, 100], [2, 2], [2.0, 1.0]) == pytest.approx((alone([1.0, 2.0]), 0.0), rel=1e-12)
    assert fit_network([30, 60], [3, 3], [44.0, 84.0]) == pytest.approx((1.0, 1.0), rel=1e-9)  # 4 · (1 + 30/3), 4 · (1 + 60/3)
