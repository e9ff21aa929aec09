"""Rules on Flower's server: its own strategies agree where they mean the same, and clients that fall silent are left out."""

import logging

import numpy as np
import pytest

import gdcore.rules as R
from gdcore.algorithms import federated
from gdcore.bridges import LocalGrid, flower

logging.getLogger("flwr").setLevel(logging.ERROR)
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict  # noqa: E402
from flwr.clientapp import ClientApp  # noqa: E402
from flwr.serverapp import strategy as S  # noqa: E402

draw = np.random.default_rng(0)
CLIENTS, ROUNDS, STEPS, LR = 6, 7, 4, 0.07
PULLS = [(np.diag(draw.uniform(0.5, 2.0, 3)), draw.normal(size=3), n) for n in (5, 9, 4, 20, 7, 11)]
SILENT = {2: {1, 3}, 4: {0}}
START = {"w": np.array([3.0, -2.0, 1.0]), "calls": np.array(0)}
# of its own accord Flower counts the rounds of FedAdam's bias correction from 2
SERVERS = {
    "FedAvg": (R.GD(1.0), lambda more: S.FedAvg(**more)),
    "FedAvgM": (R.HeavyBall(0.8, 0.5), lambda more: S.FedAvgM(server_learning_rate=0.8, server_momentum=0.5, **more)),
    "FedAdagrad": (R.AdaGrad(0.3, eps=1e-2), lambda more: S.FedAdagrad(eta=0.3, tau=1e-2, **more)),
}


def client():
    app = ClientApp()

    @app.train()
    def train(message, context):
        arrays = message.content["arrays"]
        A, centre, n = PULLS[context.node_config["partition-id"]]
        y = arrays["w"].numpy()
        for _ in range(STEPS):
            y = y - LR * A @ (y - centre)
        found = ArrayRecord({"w": Array(y), "calls": Array(np.asarray(arrays["calls"].numpy() + 1))})
        return Message(RecordDict({"arrays": found, "metrics": MetricRecord({"num-examples": n})}), reply_to=message)

    return app


def run(strategy, lost=lambda round, i: False, start=START, rounds=ROUNDS, seed=0):
    """(the points after each round, the grid)"""
    grid, points = LocalGrid(client(), CLIENTS, seed=seed, lost=lost), []
    seen = lambda round, arrays: points.append(arrays["w"].numpy().copy()) or MetricRecord({"none": 0.0})
    arrays = ArrayRecord({name: Array(value) for name, value in start.items()})
    end = strategy.start(grid, arrays, num_rounds=rounds, train_config=ConfigRecord({}), evaluate_fn=seen)
    return np.array(points), grid, end.arrays


MORE = {"fraction_evaluate": 0.0}


@pytest.mark.parametrize("name", SERVERS)
def test_where_the_same_is_meant_the_numbers_are_the_same(name):
    rule, theirs = SERVERS[name]
    mine, _, end = run(flower(rule, S.FedAvg(**MORE)))
    peer, *_ = run(theirs(MORE))
    np.testing.assert_allclose(mine, peer, rtol=1e-12, atol=1e-13)
    assert len(mine) == ROUNDS + 1 and np.linalg.norm(mine[-1] - mine[0]) > 0.5
    assert end["calls"].numpy() == ROUNDS and end["calls"].numpy().dtype.kind == "i"


@pytest.mark.parametrize("rule", [R.GD(1.0), R.Adam(0.2), R.Yogi(0.1), R.Lion(0.05)], ids=lambda rule: type(rule).__name__)
def test_it_is_the_fedavg_of_gdcore_with_clients_lost(rule):
    """The pure function and the engine say the same, and a client that falls silent has no part in its round."""
    points, *_ = run(flower(rule, S.FedAvg(**MORE)), lost=lambda round, i: i in SILENT.get(round, ()))
    ours, x = federated.FedAvg(lr=LR, steps=STEPS, server=rule), START["w"]
    memory = ours.init(x)
    for t in range(1, ROUNDS + 1):
        there = [i for i in range(CLIENTS) if i not in SILENT.get(t, ())]
        clients = {i: (lambda y, A=PULLS[i][0], c=PULLS[i][1]: A @ (y - c)) for i in there}
        x, *memory = ours.update(clients, x, t, *memory, examples={i: PULLS[i][2] for i in there})
        np.testing.assert_allclose(points[t], x, rtol=1e-12)


def test_flower_corrects_the_bias_of_fedadam_one_round_late():
    """Their first factor is √(1 − β₂²)/(1 − β₁²): a rule that counts from 1 is theirs once it counts from 2."""
    mine = flower(R.Adam(0.2, 0.9, 0.99, eps=0.0), S.FedAvg(**MORE))
    mine.t = 1
    theirs, *_ = run(S.FedAdam(eta=0.2, beta_1=0.9, beta_2=0.99, tau=0.0, **MORE), start={"w": START["w"], "calls": np.array(0.0)})
    np.testing.assert_allclose(run(mine)[0], theirs, rtol=1e-12)


def test_a_robust_aggregate_keeps_its_rule():
    points, *_ = run(flower(R.GD(1.0), S.FedMedian(**MORE)))
    ours = federated.FedAvg(lr=LR, steps=STEPS, aggregate=federated.median)
    x, *_ = ours.update({i: (lambda y, A=A, c=c: A @ (y - c)) for i, (A, c, _) in enumerate(PULLS)}, START["w"], 1)
    np.testing.assert_allclose(points[1], x, rtol=1e-12)


def test_a_run_repeats_and_its_bytes_are_counted():
    some = lambda seed: run(S.FedAvg(fraction_train=0.5, fraction_evaluate=0.0), seed=seed)
    (first, grid, _), (again, *_), (other, *_) = some(1), some(1), some(2)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    sent = ROUNDS * 3 * (3 * 8 + 8)  # rounds, clients a round, three numbers and a counter
    assert (grid.bytes_sent, grid.bytes_received) == (sent, sent)
    _, silent, _ = run(S.FedAvg(**MORE), lost=lambda round, i: i == 0)
    assert silent.bytes_received == silent.bytes_sent * 5 // 6


def test_what_cannot_be_is_told_in_a_sentence():
    with pytest.raises(TypeError, match="rule must be a rule such as"):
        flower("adam")
    with pytest.raises(ValueError, match="Muon works on matrices, and w has the shape"):
        run(flower(R.Muon(0.1), S.FedAvg(**MORE)))
    with pytest.raises(ValueError, match="clients is 0; give at least 1"):
        LocalGrid(client(), 0)


def test_no_telemetry():
    from flwr.supercore import telemetry

    assert telemetry.FLWR_TELEMETRY_ENABLED == "0"
