"""The oracles of chapter 28 against autograd, scikit-learn, sorted lists and plain counting."""

import numpy as np
import torch
from sklearn.metrics import ndcg_score

from gdcore.check.declaration import question
from gdcore.check.values import arrays
from tests.grading.common import solutions
from tests.grading.oracles.given import cases, expected


def test_a_rating_is_autograds_step():
    for given, found in expected("28.1"):
        b, c, p, q = (torch.tensor(np.atleast_1d(given[name]), dtype=torch.float64, requires_grad=True) for name in "bcpq")
        held = sum((v**2).sum() for v in (b, c, p, q)) * given["keep"] / 2
        loss = (given["r"] - given["mean"] - b - c - p @ q).square().sum() / 2 + held
        loss.backward()
        after = torch.cat([(v - given["lr"] * v.grad) for v in (b, c, p, q)]).detach()
        np.testing.assert_allclose(found, after, rtol=1e-12, atol=1e-14)


def test_each_day_of_a_walk_is_judged_once_and_never_known():
    for given, found in expected("28.2"):
        days, train, ahead, gap = (given[name] for name in ("days", "train", "ahead", "gap"))
        judged = [day for row in found for day in range(int(row[2]), int(row[3]))]
        assert judged == list(range(train + gap, train + gap + len(judged)))
        assert (found[:, 1] - found[:, 0] == train).all() and (found[:, 2] - found[:, 1] == gap).all()
        assert found[-1, 3] <= days < found[-1, 3] + ahead  # and no further walk fits


def test_the_eight_numbers():
    told = question("28.3").oracle
    model = [torch.nn.Embedding(1000, 11), torch.nn.Embedding(5000, 11)]
    assert sum(m.weight.numel() for m in model) + 1 == told["numbers"]
    loss = (model[0](torch.tensor(5)) * model[1](torch.tensor(7))).sum()
    loss.backward()
    assert sum(int((m.weight.grad != 0).sum()) for m in model) == told["moved"]
    for make, name in ((torch.optim.Adam, "dense"), (lambda p: torch.optim.AdamW(p, weight_decay=0.1), "decayed")):
        films = torch.nn.Embedding(5000, 10)
        optimizer = make(films.parameters())
        for rows in (range(500), range(500, 1000)):
            before = films.weight.detach().clone()
            optimizer.zero_grad()
            films(torch.tensor(list(rows))).square().sum().backward()
            optimizer.step()
        assert int((films.weight.detach() != before).any(1).sum()) == told[name]
    b = np.linspace(0, 2, 200_001)
    assert abs(b[np.argmin(3 * (2 - b) ** 2 + 5 * b**2)] - told["generous"]) < 1e-4
    pinball = lambda q, y: np.where(y > q, 0.85 * (y - q), 0.15 * (q - y)).mean()
    cars = np.arange(1.0, 101.0)
    assert abs((pinball(60.7, cars) - pinball(60.3, cars)) / 0.4 - told["slope"]) < 1e-9
    assert abs(0.9 * 1 + 0.1 * 3**2 - told["variance"]) < 1e-12
    wanted, order = np.zeros((1, 10)), np.arange(10.0, 0, -1)[None]
    wanted[0, 2] = 1
    assert abs(ndcg_score(wanted, order) - told["NDCG"]) < 1e-12


def test_a_surprise_is_the_gaussians_and_knows_no_today():
    for given, found in expected("28.4"):
        returns, decay = np.array(given["returns"]), given["decay"]
        for day, r in enumerate(returns):  # the sum written out, in place of the recursion
            s = decay**day * given["first"] + sum((1 - decay) * decay ** (day - 1 - k) * returns[k] ** 2 for k in range(day))
            normal = torch.distributions.Normal(torch.tensor(0.0, dtype=torch.float64), torch.tensor(np.sqrt(s)))
            assert abs(-normal.log_prob(torch.tensor(r)).item() - np.log(2 * np.pi) / 2 - found[day]) < 1e-9


def test_the_new_task_needs_both_and_the_solution_has_room():
    solve, asked = solutions()["28.5"][1], question("28.5")
    for seed in range(10):
        for case in asked.cases(seed):
            given = {name: arrays(value) for name, value in case.inputs.items()}
            assert not asked.proof(solve(**given), case.inputs, case.hidden)
            alone = np.linalg.lstsq(given["x"] @ given["W"].T, given["y"], rcond=None)[0]
            assert "1.00 is left" in asked.proof(np.append(given["W"], alone), case.inputs, case.hidden)
            whole = np.linalg.lstsq(given["x"], given["y"], rcond=None)[0]  # one feature that answers it all: the old task is lost
            body = np.vstack([whole, np.zeros((len(given["W"]) - 1, len(whole)))])
            assert "old task" in asked.proof(np.append(body, np.eye(len(body))[0]), case.inputs, case.hidden)


def test_a_percentile_descends_the_pinball_loss_to_the_sorted_lists_answer():
    oracle = question("28.6").oracle
    for given, _ in cases("28.6"):
        x, y, w = (torch.tensor(np.array(given[name], dtype=float)) for name in "xyw")
        w.requires_grad_()
        far = y - x @ w
        torch.where(far >= 0, given["tau"] * far, (given["tau"] - 1) * far).mean().backward()
        first = oracle(*(np.array(given[name], dtype=float) for name in "xyw"), given["tau"], given["lr"], 1)[0]
        np.testing.assert_allclose(first, (w - given["lr"] * w.grad).detach(), rtol=1e-12)
    y = np.random.default_rng(0).normal(size=501)
    end = oracle(np.ones((501, 1)), y, np.zeros(1), 0.85, 1.0, 20_000)[-1000:].mean()
    assert abs(end - np.quantile(y, 0.85)) < 0.02
