"""Clients and a server: where theory knows the fixed point, it is reached; what is meant to resist, resists."""

import numpy as np
import pytest

from gdcore.algorithms.federated import FedAvg, Scaffold, clipped_mean, krum, masked, mean, median, trimmed_mean, unmasked_sum
from gdcore.rules import GD, Adam, HeavyBall, Yogi

A, C = np.array([1.0, 10.0]), np.array([0.0, 1.0])  # f_i = a_i/2 (x − c_i)²
CLIENTS = {i: (lambda x, a=a, c=c: a * (x - c)) for i, (a, c) in enumerate(zip(A, C, strict=True))}
OPTIMUM = (A * C).sum() / A.sum()


def run(method, rounds=400, clients=CLIENTS, x=0.3, **options):
    x = np.array([x])
    memory = method.init(x)
    for t in range(1, rounds + 1):
        x, *memory = method.update(clients, x, t, *memory, **options)
    return x[0]


def test_the_drift_is_its_closed_form():
    """After E steps a client keeps (1 − ηa)^E of its distance; so the fixed point weighs the centres by 1 − (1 − ηa)^E."""
    r = 1 - (1 - 0.05 * A) ** 10
    assert abs(run(FedAvg(0.05, 10)) - (r * C).sum() / r.sum()) < 1e-12 and abs(run(FedAvg(0.05, 10)) - OPTIMUM) > 0.19
    assert abs(run(FedAvg(0.05, 1)) - OPTIMUM) < 1e-12  # one step of all is a step of descent


@pytest.mark.parametrize("examples", [{0: 30, 1: 10}, {0: 1, 1: 1}])
def test_clients_weigh_as_they_have_examples(examples):
    w = np.array([*examples.values()])
    r = 1 - (1 - 0.05 * A) ** 10
    assert abs(run(FedAvg(0.05, 10), examples=examples) - (w * r * C).sum() / (w * r).sum()) < 1e-12


def test_fedprox_holds_on_and_has_its_own_fixed_point():
    q = A / (A + 1)  # solved to the end, with μ = 1
    assert abs(run(FedAvg(0.05, 400, mu=1.0)) - (q * C).sum() / q.sum()) < 1e-9
    for mu, steps in ((0.5, 3), (2.0, 7)):
        s = A / (A + mu) * (1 - (1 - 0.05 * (A + mu)) ** steps)
        assert abs(run(FedAvg(0.05, steps, mu=mu)) - (s * C).sum() / s.sum()) < 1e-12


def test_scaffold_reaches_the_optimum_also_when_only_some_take_part():
    assert abs(run(Scaffold(0.05, 10)) - OPTIMUM) < 1e-12
    rng, x, method = np.random.default_rng(0), np.array([0.3]), Scaffold(0.02, 10, all_clients=4)
    clients = {i: (lambda x, a=a, c=c: a * (x - c)) for i, (a, c) in enumerate([(1, 0), (10, 1), (3, -1), (2, 2)])}
    memory = method.init(x)
    for t in range(3000):
        some = rng.choice(4, 2, replace=False)
        x, *memory = method.update({i: clients[i] for i in some}, x, t, *memory)
        if t == 0:
            assert memory[0] == pytest.approx(np.sum([*memory[1].values()], axis=0) / 4)  # the mean over all four, two of them still 0
    assert abs(x[0] - (10 - 3 + 4) / 16) < 1e-9


@pytest.mark.parametrize("examples", [{0: 30, 1: 10}, {0: 1, 1: 5}])
def test_scaffold_reaches_the_optimum_of_all_examples(examples):
    """Unweighted, it would rest at the optimum of clients that are all alike."""
    w = np.array([*examples.values()])
    assert abs(run(Scaffold(0.05, 10), examples=examples) - (w * A * C).sum() / (w * A).sum()) < 1e-12


@pytest.mark.parametrize("rule", [HeavyBall(0.5, 0.9), Adam(0.01), Yogi(0.01, eps=1e-3)], ids=lambda r: type(r).__name__)
def test_any_rule_steps_the_server_to_the_same_fixed_point(rule):
    assert abs(run(FedAvg(0.05, 10, server=rule), 4000) - run(FedAvg(0.05, 10))) < 1e-2
    assert run(FedAvg(0.05, 10, server=GD(0.5)), 1) == pytest.approx((0.3 + run(FedAvg(0.05, 10), 1)) / 2)


def test_liars_move_the_mean_and_not_the_others():
    rng = np.random.default_rng(0)
    honest = rng.normal(size=(8, 5))
    lies = np.full((2, 5), 1e6)
    found, same = np.concatenate([honest, lies]), np.ones(10)
    assert np.abs(mean(found, same)).max() > 1e5
    for robust in (median(found), trimmed_mean(found, share=0.2), krum(found, bad=2)):
        assert np.abs(robust).max() < np.abs(honest).max() + 1e-12
    assert any(np.array_equal(krum(found, bad=2), one) for one in honest)
    assert np.allclose(trimmed_mean(honest, share=0), honest.mean(0)) and np.allclose(mean(honest, np.ones(8)), honest.mean(0))


def test_krum_takes_the_point_with_the_nearest_neighbours():
    points = np.array([[0.0], [1.0], [2.1], [50.0], [1.2]])  # with one liar: sums over the two nearest
    assert krum(points, bad=1)[0] == 1.2
    with pytest.raises(ValueError, match="needs at least 7 clients, got 5"):
        krum(points, bad=2)


def test_clipping_bounds_what_one_client_can_do_and_the_noise_is_as_said():
    draw, x, found = np.random.default_rng(0), np.ones(3), np.ones((4, 3)) + np.array([[100.0, 0, 0], [0, 0.1, 0], [0, 0, 0], [0, 0, 0]])
    assert np.allclose(clipped_mean(found, x, 2.0, 0.0, draw), [1 + 2 / 4, 1 + 0.1 / 4, 1])
    noisy = np.array([clipped_mean(found, x, 2.0, 3.0, draw) for _ in range(4000)])
    assert np.allclose(noisy.std(0), 3.0 * 2.0 / 4, rtol=0.05)


def test_masks_hide_each_and_cancel_in_the_sum():
    rng, everybody = np.random.default_rng(0), range(5)
    values = rng.normal(size=(5, 1000))
    secret = lambda i, j: (7, i, j)
    parcels = [masked(v, k, everybody, secret) for k, v in enumerate(values)]
    exact = np.round(values * 2**24).sum(0) / 2**24
    assert np.array_equal(unmasked_sum(parcels), exact) and np.abs(exact - values.sum(0)).max() < 5 * 2.0**-24
    hidden = parcels[0].astype(float) / 2**64  # looks like evenly spread numbers, whatever the values
    assert abs(hidden.mean() - 0.5) < 0.05 and abs(np.corrcoef(hidden, values[0])[0, 1]) < 0.1
    assert np.abs(unmasked_sum(parcels[:4]) - values[:4].sum(0)).max() > 1e3  # one silent client, and the sum is noise


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="steps = 0"):
        FedAvg(steps=0)
    with pytest.raises(ValueError, match=r"share is 0\.5"):
        trimmed_mean(np.ones((3, 2)), share=0.5)
    with pytest.raises(ValueError, match="vectors of one length"):
        median([1.0, 2.0])
    assert FedAvg().bytes(np.zeros(10)) == 160 and Scaffold().bytes(np.zeros(10)) == 320


def test_aggregates_and_rounds_by_hand():
    found = np.array([[1.0, 8.0], [2.0, 6.0], [6.0, 1.0], [3.0, 2.0], [13.0, 3.0]])
    assert mean(found[:2], [3, 1]).tolist() == [1.25, 7.5] and median(found).tolist() == [3, 3] and median(found[:2]).tolist() == [1.5, 7]
    assert trimmed_mean(found, share=0.2) == pytest.approx([11 / 3, 11 / 3]) and trimmed_mean(found, share=0.4).tolist() == [3, 3]
    assert trimmed_mean(found).tolist() == trimmed_mean(found, share=0.39).tolist()
    ten = np.arange(10.0)[:, None] ** 2
    assert trimmed_mean(ten, share=0.3)[0] == (9 + 16 + 25 + 36) / 4
    assert trimmed_mean(ten, share=0.1)[0] == (ten.sum() - 81) / 8
    hundred = np.arange(100.0)[:, None] ** 2
    assert trimmed_mean(hundred, share=0.29)[0] == pytest.approx((hundred[29:71]).mean())  # 0.29 · 100 is a little below 29
    assert krum(np.array([[0.0], [5.0], [5.5]]), bad=0)[0] == 5
    line = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [3.0, 4.0], [1.0, 1.0]])  # squared, to the two nearest: 11, 14, 19, 18, 7
    assert krum(line, bad=1).tolist() == [1, 1] and krum(line, bad=0).tolist() == [1, 1]
    assert krum(np.array([[0.0], [0.9], [5.0], [5.8], [6.7], [30.0], [40.0]]), bad=2)[0] == 5.0  # by its three nearest; by two 5.8
    assert krum(np.array([[0.0], [1.1], [2.0], [3.0], [4.2], [9.0], [9.5]]), bad=2)[0] == 1.1  # by four 2

    class Twos:
        normal = staticmethod(lambda size: np.full(size, 2.0))

    x = np.array([1.0, 1.0])
    points = x + np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [0.0, 0.0]])
    assert clipped_mean(points, x, 2.5, 3.0, Twos) == pytest.approx([1 + (1.8 + 15) / 4, 1 + (2.4 + 15) / 4], rel=1e-14)
    assert clipped_mean(points[1:], x, 0.25, 0.0, Twos) == pytest.approx([1.05, 1 + 0.2 / 3], rel=1e-14)
    told = []
    FedAvg(aggregate=lambda found, weights: told.append(weights) or mean(found, weights)).update(CLIENTS, np.ones(1), 1)
    assert told == [[1.0, 1.0]]
    method, slope = FedAvg(0.5, 2, mu=0.5), lambda y: 2 * y - 2
    assert method.local(slope, np.array([3.0])).tolist() == [1.5]  # 3 → 1 → 1 − 0.5 · (0 − 1)
    assert method.update({"a": slope, "b": lambda y: 0 * y}, np.array([3.0]), 1, examples={"a": 1, "b": 3})[0].tolist() == [2.625]
    for cannot in (dict(lr=0.0), dict(steps=0), dict(mu=-0.1)):
        with pytest.raises(ValueError, match="give lr > 0"):
            FedAvg(**cannot)
    assert FedAvg(0.5, 1, 0.0).steps == 1
    one = {"a": lambda y: 2 * y}
    scaffold = Scaffold(0.25, 2, server_lr=0.5, all_clients=4)
    x, c, own = scaffold.update(one, np.array([4.0]), 1, np.array([1.0]), {"a": np.array([3.0])})
    # 4 → 4 − (8 − 3 + 1)/4 = 2.5 → 2.5 − (5 − 3 + 1)/4 = 1.75; its variate is 3 − 1 + 2.25/0.5
    assert (x.tolist(), c.tolist(), own["a"].tolist()) == ([4 - 2.25 / 2], [1 + (6.5 - 3) / 4], [6.5])
    assert Scaffold(0.25, 2).update(one, np.array([4.0]), 1, np.array([1.0]), {"a": np.array([3.0])})[1].tolist() == [4.5]
    assert [m.tolist() for m in Scaffold().init(np.ones(2))[:1]] == [[0, 0]] and Scaffold().init(np.ones(2))[1] == {}


def test_masks_by_hand():
    draws = lambda seed: np.random.default_rng(seed).integers(0, 2**64, size=2, dtype=np.uint64, endpoint=False)
    values = np.array([1.5, -0.25])
    whole = (values * 2**24).astype(np.int64).astype(np.uint64)
    secret = lambda i, j: 10 * i + j
    assert np.array_equal(masked(values, 2, [2], secret), whole)
    assert np.array_equal(masked(values, 2, [1, 2], secret), whole - draws(12)) and np.array_equal(unmasked_sum([whole]), values)
    assert np.array_equal(masked(values, 2, [1, 2, 4], secret), whole - draws(12) + draws(24))
    assert unmasked_sum([whole, whole, whole]).tolist() == [4.5, -0.75]
