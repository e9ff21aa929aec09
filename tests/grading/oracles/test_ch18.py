"""The oracles of chapter 18 against gdcore's rounds run to the end, FedAvg over Flower's own weights, and sums done another way."""

import numpy as np

from gdcore.algorithms import federated
from gdcore.check.declaration import question
from gdcore.check.questions import ch18_trust
from gdcore.rules import GD, HeavyBall
from tests.grading.oracles.given import cases, expected


def bowl(a, c):
    return lambda x: a * (x - c)


def test_a_round_is_gdcores_local_work_weighed_by_those_there():
    for given, found in expected("18.1"):
        points, weights = [], []
        for i in np.asarray(given["there"], dtype=int):
            steps = int(given["n"][i] // given["batch"])  # FedAvg takes at least one; with none a client stays
            go = federated.FedAvg(given["lr"], max(steps, 1)).local
            points.append(go(bowl(given["a"][i], given["c"][i]), given["x"]) if steps else given["x"])
            weights.append(given["n"][i])
        np.testing.assert_allclose(found, federated.mean(points, weights), rtol=1e-12, atol=1e-14)


def test_the_eight_numbers():
    told, weights = question("18.2").oracle, np.zeros(250_000, np.float32)
    plain, variates = (method.bytes(weights) / 1e6 for method in (federated.FedAvg(), federated.Scaffold()))
    assert told["all"] == 30 * 20 * plain and told["scaffold"] == 30 * 20 * variates and told["client"] == told["all"] / 200
    assert told["short"] == 30 * 20 * (weights.nbytes + weights.astype(np.float16).nbytes) / 1e6 and told["late"] == 20 * 1 + 15 * 1
    x, both = np.array([0.3]), {0: bowl(1.0, 0.0), 1: bowl(4.0, 1.0)}
    for t in range(1, 200):
        x, *_ = federated.FedAvg(0.1, 2).update(both, x, t)
    assert np.isclose(told["rest"], x[0], rtol=1e-4)
    draw, still = np.random.default_rng(0), np.zeros((50, 20_000))
    assert np.isclose(federated.clipped_mean(still, np.zeros(20_000), 2.0, 1.5, draw).std(), told["noise"], rtol=0.02)
    assert np.isclose(told["noise"] * 50 / told["crowd"], 0.001)


def test_where_unequal_work_rests_rounds_end():
    for given, found in expected("18.3"):
        x = np.zeros(given["a"].shape[1])
        for _ in range(4000):
            points = [federated.FedAvg(given["lr"], int(steps), mu=given["mu"]).local(bowl(a, c), x)
                      for a, c, steps in zip(given["a"], given["c"], given["steps"], strict=True)]  # fmt: skip
            before, x = x, federated.mean(points, given["n"])
            if np.abs(x - before).max() < 1e-14:
                break
        np.testing.assert_allclose(found, x, rtol=1e-9, atol=1e-10)


def test_the_server_is_the_heavy_ball_on_those_present():
    for given, found in expected("18.4"):
        rule = HeavyBall(given["server_lr"], given["beta"]) if given["beta"] else GD(given["server_lr"])
        method, x, path = federated.FedAvg(given["lr"], given["steps"], server=rule), np.zeros(given["a"].shape[1]), []
        memory, t = method.init(x), 0
        for row in given["present"]:
            path.append(x)
            if row.any():
                t, there = t + 1, np.flatnonzero(row)
                clients = {i: bowl(given["a"][i], given["c"][i]) for i in there}
                x, *memory = method.update(clients, x, t, *memory, examples={i: given["n"][i] for i in there})
        np.testing.assert_allclose(found, [*path, x], rtol=1e-9, atol=1e-12)


def test_no_plan_is_better_and_the_distances_are_gdcores():
    aggregates = (federated.mean, federated.median, lambda points, n: federated.trimmed_mean(points, share=1 / len(points)))
    for given, case in cases("18.5"):
        a, c, liar = given["a"], given["c"], given["liar"]
        honest = [i for i in range(len(a)) if i != liar]
        goal = np.linalg.solve(np.diag(a[honest].sum(0)), (a[honest] * c[honest]).sum(0))
        found = {}
        for which, aggregate in enumerate(aggregates):
            for steps in range(1, given["most"] + 1, 3):
                method, x = federated.FedAvg(given["lr"], steps), np.zeros(a.shape[1])
                for _ in range(given["budget"] // (method.bytes(x.astype(np.float32)) * len(a))):
                    points = [method.local(bowl(*pair), x) for pair in zip(a, c, strict=True)]
                    if liar >= 0:
                        points[liar] = x - 10 * (points[liar] - x)
                    x = aggregate(points, np.ones(len(a)))
                found[which, steps] = np.linalg.norm(x - goal)
        told = ch18_trust.all_plans(**given)
        for one, value in found.items():
            np.testing.assert_allclose(min(value, 1e6), min(told[one], 1e6), rtol=1e-6)
        best = ch18_trust.best(**given)
        assert ch18_trust.near(best, case.inputs, {}) == "" and told[tuple(best)] <= min(found.values()) * (1 + 1e-9)
        assert ch18_trust.near([best[0], given["most"] if best[1] < given["most"] else 1], case.inputs, {}) != ""


def test_a_private_mean_is_gdcores_with_another_divisor():
    class Given:
        def __init__(self, xi):
            self.xi = xi

        def normal(self, size):
            return self.xi

    for given, found in expected("18.6"):
        x, came = given["x"], len(given["found"])
        peer = federated.clipped_mean(given["found"], x, given["clip"], given["noise"], Given(given["xi"]))
        np.testing.assert_allclose(found, x + (peer - x) * came / given["expected"], rtol=1e-9, atol=1e-12)
