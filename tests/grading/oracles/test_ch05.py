"""The oracles of chapter 5 are right: against simulation, torch's loader, autograd and a search; and its notebook tells true numbers."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from gdcore.algorithms.finite_sum import SVRG
from gdcore.check.declaration import question
from gdcore.check.execute import run
from gdcore.check.questions.ch05_run import best_rates, mean_square
from tests.grading.common import SEEDS, code, graded

NAME = "05_stochastic.ipynb"


def arrays(case):
    return {name: np.array(value) if isinstance(value, list) else value for name, value in case.inputs.items()}


def expected(asked, case):
    return run("function", asked.oracle, case.inputs)["value"]


def test_the_six_numbers_are_those_of_counts_and_draws():
    told, rng = question("05.1").oracle, np.random.default_rng(0)
    population = np.resize([-1.0, 1.0], 10) * 12**0.5  # variance 12
    every = np.array([population[list(c)].mean() for c in itertools.combinations(range(10), 4)])
    assert every.var() == pytest.approx(told["without"]) and population.var() / 4 == pytest.approx(told["with"])
    v = 0.0
    for _ in range(500):
        v = (1 - 0.1 * 4) ** 2 * v + 0.1**2 * 9 / 3
    assert v == pytest.approx(told["floor"])
    loader = torch.utils.data.DataLoader(range(1000), batch_size=128, drop_last=True)
    assert 3 * len(loader) == told["steps"]
    assert 1 - len(np.unique(rng.integers(0, 10**5, 2 * 10**5))) / 10**5 == pytest.approx(told["unseen"], abs=0.005)
    a = (400 * 400 - 1000 * 100) / (400 - 100)  # S B = a B + b
    assert (1000 - a) * 100 / a == pytest.approx(told["critical"])


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_are_those_of_the_loader_of_torch(seed):
    asked = question("05.2")
    for case in asked.cases(seed):
        order, batch, drop_last = case.inputs.values()
        loader = torch.utils.data.DataLoader(order, batch_size=batch, drop_last=drop_last)
        assert expected(asked, case) == [places.tolist() for places in loader]


def test_the_noise_scale_is_unbiased():
    asked, rng, d = question("05.3"), np.random.default_rng(0), 3
    g, spread, found = np.array([1.0, -2.0, 0.5]), 2.0, []
    for _ in range(4000):
        small, big = (g + spread * rng.normal(size=(5, d)) / size**0.5 for size in (4, 32))
        found.append(asked.oracle(small, big, 4, 32)[:2])
    found = np.array(found)
    error = found.std(axis=0) / 4000**0.5
    assert np.all(np.abs(found.mean(axis=0) - [g @ g, d * spread**2]) < 5 * error)


def by_autograd(A, y, x):
    """The gradient of the mean of ½(a·x − y)², by torch."""
    return torch.func.grad(lambda z: ((torch.tensor(A) @ z - torch.tensor(y)) ** 2).mean() / 2)(x)


def slope_of(A, y, x, i):
    return (A[i] @ x - y[i]) * A[i]


@pytest.mark.parametrize("seed", SEEDS)
def test_svrg_is_that_of_gdcore_and_of_autograd(seed):
    asked = question("05.4")
    for case in asked.cases(seed):
        A, y, x, lr, inner, order = arrays(case).values()
        path = np.array(expected(asked, case))
        w = point = torch.tensor(x)
        for t, i in enumerate(order):
            w = point if t % inner == 0 else w
            point = point - lr * (by_autograd(A[[i]], y[[i]], point) - by_autograd(A[[i]], y[[i]], w) + by_autograd(A, y, w))
            assert np.allclose(path[t + 1], point.numpy(), rtol=1e-11, atol=1e-12)
        method, slope = SVRG(lr, inner / len(y)), partial(slope_of, A, y)
        z, (memory, _) = x, method.init(slope, x, len(y))
        for i in order:
            z, memory, _ = method.update(slope, z, i, len(y), *memory)
        assert np.allclose(path[-1], z, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_epochs_are_those_of_torch(seed):
    asked = question("05.5")
    for case in asked.cases(seed):
        A, y, lr, batch, orders = arrays(case).values()
        data = torch.utils.data.TensorDataset(torch.tensor(A), torch.tensor(y))
        model = torch.nn.Linear(A.shape[1], 1, bias=False, dtype=torch.float64)
        torch.nn.init.ones_(model.weight)
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        for order, told in zip(orders, expected(asked, case)):
            total = 0.0
            for a, b in torch.utils.data.DataLoader(data, batch_size=batch, sampler=order.tolist()):
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(model(a)[:, 0], b)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(b)
            assert total / len(y) == pytest.approx(told, rel=1e-10)


def test_no_rates_that_a_search_finds_are_better_than_the_best():
    for curvature, noise, start, n in ((1.0, 1.0, 10.0, 5), (2.0, 3.5, 0.5, 4), (0.1, 0.5, 3.0, 6)):
        least = 1 / (1 / start**2 + n * (curvature / noise) ** 2)
        share = lambda r, *bowl: mean_square(r / bowl[0], *bowl[:3]) / bowl[3]
        bowl = (curvature, noise, start, least)
        assert share(curvature * best_rates(curvature, noise, start, n), *bowl) == pytest.approx(1, rel=1e-12)
        assert 1 - 1e-9 < minimize(share, np.full(n, 0.5), bowl).fun < 1.001


def test_other_right_answers_count():
    assert graded(question("05.2"), lambda order, batch, drop_last: [
        list(order[i : i + batch]) for i in range(0, len(order), batch) if len(order[i : i + batch]) == batch or not drop_last])[0] == 2
    assert graded(question("05.6"), lambda *arguments: best_rates(*arguments) * 1.01)[0] == 3
    assert graded(question("05.6"), best_rates)[0] == 3


def test_the_broken_training_that_the_notebook_gives_is_named():
    scope = {"np": np}
    exec(next(source for source in code("exercises", NAME) if "def given" in source), scope)
    for seed in SEEDS:
        assert graded(question("05.5"), scope["given"], seed) == (0, [question("05.5").mistakes[0].name])


def test_the_five_runs_of_the_letter_lie_on_one_curve():
    b = (12_000 - 1030) / (1 / 64 - 1 / 4096)
    a = 1030 - b / 4096
    assert a + b / 512 == pytest.approx(2250, rel=0.01) and 800 < b / a < 860
    assert a + b / 1024 == pytest.approx(1550, rel=0.01)
