"""The oracles of chapter 29 against autograd, search, scikit-learn, SciPy and the long way."""

import numpy as np
import torch
from scipy.optimize import minimize
from sklearn.metrics import mean_pinball_loss

from gdcore.check.declaration import question
from tests.grading.common import solutions
from tests.grading.oracles.given import cases, expected


def test_the_pinball_loss_is_scikit_learns_and_its_slope_autograds():
    for given, found in expected("29.1"):
        X, y = torch.tensor(given["X"]), torch.tensor(given["y"])
        w = torch.tensor(given["w"], dtype=torch.float64, requires_grad=True)
        e = y - X @ w
        assert e.detach().abs().min() > 1e-6  # no day on the line: the slope is one number
        torch.maximum(given["q"] * e, (given["q"] - 1) * e).mean().backward()
        np.testing.assert_allclose(found[0], mean_pinball_loss(given["y"], given["X"] @ given["w"], alpha=given["q"]), rtol=1e-12)
        np.testing.assert_allclose(found[1:], w.grad, rtol=1e-10, atol=1e-14)


def test_the_calls_are_the_cheapest_of_all():
    for given, found in expected("29.2"):
        p, miss, alarm, visit = np.array(given["risks"]), given["miss"], given["alarm"], given["visit"]
        both = np.array([p * miss, p * visit + (1 - p) * alarm])
        np.testing.assert_array_equal(found[1:-1], both.argmin(axis=0))
        np.testing.assert_allclose(found[-1], both.min(axis=0).sum(), rtol=1e-12)
        t = found[0]
        np.testing.assert_allclose(t * miss, t * visit + (1 - t) * alarm, rtol=1e-12)
        assert 0 < found[1:-1].sum() < len(p)


def test_the_eight_numbers():
    told, days = question("29.3").oracle, np.array([2, 4, 5, 9, 20])
    answers = np.linspace(0, 25, 2501)
    e = days - answers[:, None]
    for name, cost in (("squared", (e**2).mean(1)), ("absolute", abs(e).mean(1)), ("pinball", np.maximum(7 * e, -3 * e).mean(1)),
                       ("largest", abs(e).max(1))):
        assert abs(answers[cost.argmin()] - told[name]) < 1e-9
    batches = np.random.default_rng(0).random((20_000, 100)) < 0.004
    assert abs((batches.sum(1) == 0).mean() - told["none"]) < 0.015
    t = told["threshold"]
    assert np.isclose(30 * t, 2 * (1 - t))
    q = np.linspace(0.001, 0.999, 999)
    assert np.isclose(q[(-9 * 0.1 * np.log(q) - 0.9 * np.log(1 - q)).argmin()], told["weighted"])
    b = np.linspace(0, 1, 10_001)
    assert np.isclose(b[(12 * (0.6 - b) ** 2 + 6 * b**2).argmin()], told["shrunk"])


def test_an_honest_loss_is_that_of_models_trained_on_what_came_before():
    for given, found in expected("29.4"):
        clicks, liked = given["clicks"], np.array(given["liked"])

        def weights(k, given=given, clicks=clicks, liked=liked):
            w = np.zeros(given["words"])
            for click, y in zip(clicks[:k], liked[:k]):
                w[np.array(click)] -= given["rate"] * (1 / (1 + np.exp(-w[np.array(click)].sum())) - y)
            return w

        later = range(given["skip"], len(liked))
        z = np.array([weights(k)[np.array(clicks[k])].sum() for k in later])
        share = np.array([(1 + liked[:k].sum()) / (2 + k) for k in later])
        y = liked[given["skip"]:]
        model, base = np.mean(np.logaddexp(0, z) - y * z), -np.mean(np.where(y == 1, np.log(share), np.log(1 - share)))
        np.testing.assert_allclose(found, [model, base, model / base], rtol=1e-9)


def test_no_line_has_a_better_worst_group_by_more_than_the_target_allows():
    asked, solve = question("29.5"), solutions()["29.5"][1]
    for given, case in cases("29.5"):
        B, y, group = np.array(given["B"]), np.array(given["y"]), np.array(given["group"])
        worst = lambda w, B=B, y=y, group=group: (np.bincount(group, (B @ w - y) ** 2) / np.bincount(group)).max()
        start = np.linalg.lstsq(B, y, rcond=None)[0]
        found = min(minimize(worst, start + d, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 2000}).fun
                     for d in (0.0, 0.5, -0.5))
        assert 0.999 * case.hidden["best"] < found < 1.001 * case.hidden["best"]
        assert asked.proof(solve(B, y, group), case.inputs, case.hidden) == ""


def test_a_debt_paid_late_is_the_same_debt():
    for given, (w, since) in expected("29.6"):
        words = np.array(given["words"])
        for i, (before, paid) in enumerate(zip(given["w"], given["since"])):
            if i not in words:
                assert (w[i], since[i]) == (before, paid)
                continue
            v = before
            for _ in range(int(paid), given["t"]):  # one step after the other
                v = np.sign(v) * max(abs(v) - given["rate"] * given["lam"], 0.0)
            np.testing.assert_allclose(w[i], v - given["rate"] * given["g"], rtol=1e-9, atol=1e-12)
            assert since[i] == given["t"]


def test_the_numbers_of_the_letter():
    assert 9 / (9 + 1) == 0.9 and 0.6 / (0.6 + 2000 * 0.4) < 1e-3
    p = 0.6 / (0.6 + 2000 * 0.4)
    assert np.isclose(2000 * p / (2000 * p + 1 - p), 0.6)
