"""The oracles of chapter 20 against sums written out, torch's own distributions and autograd, and a search for the least variance."""

import numpy as np
import torch
from scipy import optimize

from gdcore.algorithms.reinforcement import ppo_loss
from gdcore.check.declaration import question
from gdcore.check.questions import ch20_use
from tests.grading.oracles.given import SEEDS, expected


def test_rewards_to_go_are_sums_over_the_rest_of_the_episode():
    for given, found in expected("20.1"):
        r, ends, gamma = given["rewards"], np.flatnonzero(given["ended"]), given["gamma"]
        for t in range(len(r)):
            last = min([e for e in ends if e >= t], default=len(r) - 1)
            assert np.isclose(found[t], sum(gamma ** (k - t) * r[k] for k in range(t, last + 1)))


def test_the_score_is_torchs():
    for given, found in expected("20.2"):
        w, log_sd = (torch.tensor(given[name], dtype=torch.float64, requires_grad=True) for name in ("w", "log_sd"))
        policy = torch.distributions.Normal(w @ torch.tensor(given["x"]), log_sd.exp())
        chance = policy.log_prob(torch.tensor(given["a"], dtype=torch.float64))
        chance.backward()
        np.testing.assert_allclose(found, [*w.grad.tolist(), log_sd.grad.item()], rtol=1e-9, atol=1e-12)


def test_the_eight_numbers():
    told = question("20.3").oracle
    theta, r = torch.log(torch.tensor([0.25, 0.75], dtype=torch.float64)).requires_grad_(), torch.tensor([8.0, 4.0], dtype=torch.float64)
    (torch.softmax(theta, 0) @ r).backward()
    assert np.isclose(told["slope"], theta.grad[0]) and np.isclose(told["after"], torch.softmax(theta + theta.grad, 0)[0].item())
    pi, scores = np.array([0.25, 0.75]), np.eye(2) - [0.25, 0.75]
    assert np.isclose(told["one"], (scores[0] * (8 - 5))[0])
    noise = lambda b: pi @ ((scores * (r.numpy() - b)[:, None]) ** 2).sum(1)
    assert np.isclose(told["baseline"], optimize.minimize_scalar(noise).x)
    z, t = -np.log(99), 0.0
    while z < 0:
        p = 1 / (1 + np.exp(-z))
        z, t = z + 2 * 0.001 * p * (1 - p), t + 0.001
    assert abs(t / told["leave"] - 1) < 1e-3
    assert told["episodes"] == (64 * 63 / 4) / (64 / 2) and np.isclose(told["value"], sum(0.9**k for k in range(500)))
    assert np.isclose(told["clip"], -ppo_loss(np.log(1.5), 0.0, -2.0))


def test_the_loop_follows_autograd():
    for given, found in expected("20.4"):
        pay, theta = torch.tensor(given["pay"]), torch.zeros(len(given["pay"]), dtype=torch.float64, requires_grad=True)
        for k, chance in enumerate(torch.tensor(given["u"])):
            np.testing.assert_allclose(found[k], theta.detach().numpy(), rtol=1e-9, atol=1e-12)
            log, sums = torch.log_softmax(theta, 0), torch.softmax(theta, 0).detach().cumsum(0)
            episodes = []
            for row in chance:
                acts = []
                for u in row:
                    acts.append(int((u >= sums[:-1]).sum()))
                    if acts[-1] == 0:
                        break
                later = torch.flip(torch.cumsum(torch.flip(pay[acts], (0,)), 0), (0,))
                episodes.append((acts, later))
            b = torch.stack([later[0] for _, later in episodes]).mean()
            value = sum((log[acts] * (later - b)).sum() for acts, later in episodes) / len(episodes)
            (g,) = torch.autograd.grad(value, theta)
            theta = (theta + given["lr"] * g).detach().requires_grad_()
        np.testing.assert_allclose(found[-1], theta.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_no_baselines_have_less_noise():
    for seed in SEEDS:
        for case in question("20.5").cases(seed):
            pi, r = (np.array(case.inputs[name]) for name in ("pi", "r"))
            least = optimize.minimize(lambda b, pi=pi, r=r: ch20_use.variances(pi, r, b).sum(), np.full(len(pi), r.mean()), tol=1e-12)
            np.testing.assert_allclose(ch20_use.best(pi, r), least.x, atol=1e-3)
            simple = (1 - pi) * r + pi * (pi @ r - pi * r) / (1 - pi)
            assert ch20_use.quiet(simple, case.inputs, {}) == "" != ch20_use.quiet(simple + 0.3, case.inputs, {})


def test_the_clips_slope_is_autograds():
    for given, found in expected("20.6"):
        new = torch.tensor(given["new"], requires_grad=True)
        ppo_loss(new, torch.tensor(given["old"]), torch.tensor(given["A"]), given["c"]).backward()
        np.testing.assert_allclose(found, new.grad.numpy(), rtol=1e-9, atol=1e-12)
