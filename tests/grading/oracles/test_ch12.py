"""The oracles of chapter 12 against torch, simulation, a search by hand, and the clinic's own checksums."""

import itertools

import numpy as np
import torch

from gdcore import clinic
from gdcore.check.declaration import question
from gdcore.check.judge import expected_output
from gdcore.check.questions import ch12_tune
from gdcore.check.values import arrays

SEEDS = (0, 1, "a secret")


def cases(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield {name: arrays(value) for name, value in case.inputs.items()}, expected_output(question(id), case)["value"]


def test_the_pulse_is_torchs_norms():
    for given, found in cases("12.1"):
        w = torch.tensor(given["weights"])
        np.testing.assert_allclose(found, [float(torch.linalg.norm(b - a) / torch.linalg.norm(a)) for a, b in itertools.pairwise(w)])


def test_the_seven_numbers_are_torchs():
    told = question("12.2").oracle
    loss = torch.nn.functional.cross_entropy
    assert np.isclose(float(loss(torch.zeros(5, 1000), torch.arange(5))), told["first loss"])
    assert np.isclose(float(loss(torch.zeros(64, 10), torch.zeros(64, dtype=torch.int64), reduction="sum")), told["summed"])
    sure = torch.tensor([[1e4, 0.0, 0.0, 0.0]]).softmax(1)
    assert np.isclose(float(loss(sure, torch.tensor([0]))), told["softmax twice"])
    p = np.linspace(0.01, 0.99, 9801)
    assert np.isclose(np.min(-0.9 * np.log(p) - 0.1 * np.log(1 - p)), told["uneven"])
    layer = torch.nn.Linear(300, 2000)
    before = layer.weight.detach().clone()
    layer(torch.ones(1, 300)).sum().backward()
    torch.optim.Adam([layer.weight], lr=0.001).step()
    assert np.isclose(float((layer.weight.detach() - before).norm() / before.norm()), told["ratio"], rtol=0.01)
    assert 1 - 0.9 ** told["trials"] >= 0.9 > 1 - 0.9 ** (told["trials"] - 1) and told["noise"] == 150 / (50 + 150)


def test_the_noise_scale_solves_its_two_equations_and_finds_the_truth():
    for given, found in cases("12.3"):
        s, l = (np.mean([row @ row for row in given[name]]) for name in ("small", "large"))
        signal, scatter = np.linalg.solve([[1, 1 / given["b"]], [1, 1 / given["B"]]], [s, l])
        assert np.isclose(found, scatter / signal, rtol=1e-7)
    rng, G = np.random.default_rng(0), np.array([1.0, 2.0])
    draw = lambda batch: G + 3 / batch**0.5 * rng.normal(size=(200_000, 2))
    assert np.isclose(question("12.3").oracle(draw(4), draw(64), 4, 64), 18 / 5, rtol=0.03)


def test_the_diagnoses_are_the_clinics():
    told = question("12.4").oracle
    assert len(set(told.values())) == len(told) == 8 and "healthy" in told.values()
    for name, diagnosis in told.items():
        assert clinic.patient(int(name.split()[1])).diagnose(diagnosis)[0]


def test_the_best_of_n_is_what_a_simulation_gives():
    rng = np.random.default_rng(0)
    for given, found in cases("12.5"):
        drawn = rng.choice(given["scores"], size=(100_000, given["n"]))
        best = drawn.min(axis=1)
        assert abs(best.mean() - found) < 5 * best.std() / len(best) ** 0.5 + 1e-9


def test_a_report_by_hand():
    for given, (setting, loss) in cases("12.6"):
        means = [sum(row[: given["tuning"]]) / given["tuning"] for row in given["validation"].tolist()]
        k = min((m, i) for i, m in enumerate(means) if m == m)[1]
        rest = given["test"][k].tolist()[given["tuning"]:]
        assert setting == k and np.isclose(loss, sum(rest) / len(rest))


def test_no_smaller_number_of_rates_covers_the_range():
    for seed in SEEDS:
        for case in question("12.7").cases(seed):
            given = case.inputs
            n = ch12_tune.fewest(**given)
            assert ch12_tune.covered(ch12_tune.centres(**given, n=n), given, {}) == ""
            if n > 1:  # the pieces that n − 1 rates cover are together shorter than the range
                assert 2 * (n - 1) * np.log(given["factor"]) < np.log(given["high"] / given["low"])
            assert "suffice" in ch12_tune.covered(ch12_tune.centres(**given, n=n + 1), given, {})
