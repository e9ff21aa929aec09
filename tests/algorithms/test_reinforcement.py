"""Policy gradients: the exact one against finite differences, the experienced ones against the exact one."""

import numpy as np
import pytest
import torch

import gdcore.algorithms.reinforcement as R

WORLD = R.gridworld(["...G", ".#.X", "S..."], discount=0.9)
BANDIT = R.World(np.full((1, 4), -1), np.array([[1.0, 0.2, -0.5, 3.0]]))


def theta(world, scale=0.7, seed=0):
    return scale * np.random.default_rng(seed).normal(size=world.reward.shape)


def test_the_exact_gradient_is_that_of_differences():
    for world in (WORLD, BANDIT):
        at = theta(world)
        _, g = world.gradient(at)
        for index in np.ndindex(at.shape):
            e = np.zeros_like(at)
            e[index] = 1e-6
            assert (world.gradient(at + e)[0] - world.gradient(at - e)[0]) / 2e-6 == pytest.approx(g[index], abs=1e-8)


def test_the_bandits_gradient_is_known():
    """π_a (r_a − Σ π r)."""
    at = theta(BANDIT)
    pi, r = R.policy(at)[0], BANDIT.reward[0]
    value, g = BANDIT.gradient(at)
    np.testing.assert_allclose(g[0], pi * (r - pi @ r), rtol=1e-12)
    assert value == pytest.approx(pi @ r)


def test_the_grid_is_what_is_drawn():
    up, right, down, left = range(4)
    assert WORLD.start == 8 and WORLD.shape == (3, 4)
    assert WORLD.next[8, up] == 4 and WORLD.next[8, left] == 8 and WORLD.next[4, right] == 4  # a wall
    assert WORLD.next[2, right] == -1 and WORLD.reward[2, right] == 1.0 and WORLD.reward[6, right] == -1.0 and WORLD.reward[8, up] == -0.04
    v, q = WORLD.value(R.policy(np.zeros_like(WORLD.reward)))
    assert v[2] == pytest.approx(np.mean([1.0, -0.04 + 0.9 * v[2], -0.04 + 0.9 * v[6], -0.04 + 0.9 * v[1]]))
    with pytest.raises(ValueError, match="A gridworld is drawn in rows of one length"):
        R.gridworld(["..", "S"])


@pytest.mark.parametrize("what", ["returns", "baseline", "advantages", "lam 1"])
def test_what_is_experienced_is_unbiased(what):
    """Within five standard errors of the exact gradient, for each way of weighing; no baseline has a bias."""
    at, draw = theta(WORLD), np.random.default_rng(1)
    exact, v = WORLD.gradient(at)[1], WORLD.value(R.policy(at))[0]
    found = []
    for _ in range(200):
        seen = R.play(WORLD, at, 100, draw, most=400)
        weights = R.returns_to_go(seen.rewards, 0.9)
        if what == "baseline":
            weights = weights - v[seen.states]
        elif what == "advantages":
            weights = R.advantages(seen.rewards, v[seen.states], seen.alive, 0.9, 0.5)  # with the true values no λ has a bias
        elif what == "lam 1":
            other = np.random.default_rng(5).normal(size=len(at))
            weights = R.advantages(seen.rewards, other[seen.states], seen.alive, 0.9, 1.0)
        found.append(R.policy_gradient(WORLD, at, seen, weights))
    error = np.std(found, axis=0) / np.sqrt(len(found))
    assert np.abs(np.mean(found, axis=0) - exact).max() < 5 * error.max() and error.max() < 0.01


def test_advantages_are_returns_minus_values_at_one_and_errors_at_zero():
    seen = R.play(WORLD, theta(WORLD), 50, np.random.default_rng(0), most=400)
    v = np.random.default_rng(2).normal(size=12)[seen.states] * seen.alive
    ones = R.advantages(seen.rewards, v, seen.alive, 0.9, 1.0)
    np.testing.assert_allclose(ones[seen.alive], (R.returns_to_go(seen.rewards, 0.9) - v)[seen.alive], rtol=1e-9, atol=1e-12)
    zeros = R.advantages(seen.rewards, v, seen.alive, 0.9, 0.0)
    after = np.concatenate([v[:, 1:], np.zeros((50, 1))], axis=1)
    np.testing.assert_allclose(zeros[seen.alive], (seen.rewards + 0.9 * after - v)[seen.alive], rtol=1e-12)


def test_the_mean_is_not_the_best_baseline():
    """On a bandit the variance is least at E[|∇log π|² r]/E[|∇log π|²]; here the mean reward makes it larger than no baseline at all."""
    pi = np.array([0.02, 0.98])
    r = np.array([0.0, 10.0])
    scores = np.eye(2) - pi
    variance = lambda b: pi @ (((scores * (r - b)[:, None]) ** 2).sum(axis=1))
    grid = np.linspace(-5, 15, 4001)
    least = grid[np.argmin([variance(b) for b in grid])]
    draw = np.random.default_rng(0).choice(2, size=400_000, p=pi)
    assert R.best_baseline(scores[draw], r[draw]) == pytest.approx(least, abs=0.05)
    assert variance(least) < variance(0.0) < variance(pi @ r) / 20


def test_ppo_is_flat_where_it_clips():
    old = torch.log(torch.tensor([0.2, 0.5, 0.4, 0.1], dtype=torch.float64))
    new = (old + torch.log(torch.tensor([1.5, 1.5, 0.5, 0.5], dtype=torch.float64))).requires_grad_()
    advantage = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    loss = R.ppo_loss(new, old, advantage)
    loss.backward()
    assert loss.item() == pytest.approx(-(1.2 - 1.5 + 0.5 - 0.8) / 4)
    assert (new.grad != 0).tolist() == [False, True, True, False]  # it never stops a step back
    assert R.ppo_loss(new.detach().numpy(), old.numpy(), advantage.numpy()) == pytest.approx(loss.item())


def test_play_is_fair_and_repeats():
    at = theta(WORLD)
    seen = R.play(WORLD, at, 20_000, np.random.default_rng(3), most=1)
    shares = np.bincount(seen.actions[:, 0], minlength=4) / 20_000
    assert np.abs(shares - R.policy(at)[8]).max() < 0.015
    chance = np.random.default_rng(0).random((50, 7))
    first, again = (R.play(WORLD, at, 7, chance, most=50) for _ in range(2))
    assert np.array_equal(first.actions, again.actions) and (first.rewards[~first.alive] == 0).all()


def test_a_grid_a_game_and_its_weights_by_hand():
    world = R.gridworld(["..", "GS", "XX"], discount=0.5, step=-0.25)
    assert world.next.tolist() == [[0, 1, -1, 0], [1, 1, 3, 0], [0, 3, -1, 2], [1, 3, -1, -1], [-1, -1, 4, 4], [3, 5, 5, -1]]
    assert world.reward.tolist() == [[-0.25, -0.25, 1, -0.25], [-0.25] * 4, [-0.25, -0.25, -1, -0.25], [-0.25, -0.25, -1, 1],
                                     [1, -1, -0.25, -0.25], [-0.25, -0.25, -0.25, -1]]  # fmt: skip
    assert (world.start, world.shape, world.discount) == (3, (3, 2), 0.5)
    for wrong in (["SS"], ["..", ".."], ["S?"], ["S.", "."]):
        with pytest.raises(ValueError, match="A gridworld is drawn"):
            R.gridworld(wrong)
    chain = R.World(np.array([[1, -1], [0, 2], [-1, 2]]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), start=1, discount=0.5)
    v, q = chain.value(np.full((3, 2), 0.5))
    assert v == pytest.approx([1.5 + 0.25 * v[1], 3.5 + 0.25 * v[0] + 0.25 * v[2], 5.5 + 0.25 * v[2]], rel=1e-14)
    assert q == pytest.approx(np.array([[1 + v[1] / 2, 2], [3 + v[0] / 2, 4 + v[2] / 2], [5, 6 + v[2] / 2]]), rel=1e-14)
    often = chain.visits(np.full((3, 2), 0.5))
    assert often == pytest.approx([often[1] / 4, 1 + often[0] / 4, often[1] / 4 + often[2] / 4], rel=1e-14)
    chance = np.array([[0.4, 0.6, 0.5], [0.9, 0.9, 0.1], [0.1, 0.2, 0.3], [0.7, 0.2, 0.9], [0.0, 0.0, 0.0]])
    seen = R.play(chain, np.zeros((3, 2)), 3, chance, most=5)
    assert seen.states.tolist() == [[1, 0, 0], [1, 2, 2], [1, 2, 2]] and seen.actions.tolist() == [[0, 1, 0], [1, 1, 0], [1, 0, 0]]
    assert seen.rewards.tolist() == [[3, 2, 0], [4, 6, 5], [4, 5, 0]] and seen.returns.tolist() == [5, 15, 9]
    assert seen.alive.tolist() == [[True, True, False], [True] * 3, [True, True, False]]
    cut = R.play(chain, np.zeros((3, 2)), 3, chance, most=2)
    assert cut.states.tolist() == [[1, 0], [1, 2], [1, 2]] and cut.returns.tolist() == [5, 10, 9]
    assert R.Episodes(None, None, np.array([[1.0, 2.0]]), np.array([[True, False]])).returns.tolist() == [1]
    assert R.play(chain, np.zeros((3, 2)), 1, np.ones((1, 1)), most=1).actions.tolist() == [[1]]  # a sum a little below 1 is the last one's
    table = np.array([[1000.0, 1000.0], [0.0, np.log(3)], [0.0, 0.0]])
    assert R.policy(table) == pytest.approx(np.array([[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]), rel=1e-12)
    assert R.policy(table[1]) == pytest.approx([0.25, 0.75]) and R.policy(table.reshape(1, 3, 2)) == pytest.approx(R.policy(table)[None])
    weights, g = np.array([[3.0, 5.0, 100.0], [1.0, 2.0, 4.0], [-1.0, 6.0, 100.0]]), np.zeros((3, 2))
    for i, t in np.argwhere(seen.alive):
        s, a = seen.states[i, t], seen.actions[i, t]
        g[s] += (np.eye(2)[a] - R.policy(table)[s]) * 0.5**t * weights[i, t] / 3
    assert R.policy_gradient(chain, table, seen, weights) == pytest.approx(g, rel=1e-12)
    assert R.returns_to_go(np.array([[1.0, 2.0, 4.0]]), 0.5).tolist() == [[3, 4, 4]]
    found = R.advantages(np.array([[1.0, 2.0, 4.0]]), np.array([[2.0, 3.0, 8.0]]), np.array([[True, True, False]]), 0.5, 0.25)
    assert found.tolist() == [[1 + 1.5 - 2 + (2 - 3) / 8, 2 - 3, 0]]
    assert R.best_baseline([[1.0, 2.0], [3.0, 1.0]], np.array([1.0, 4.0])) == pytest.approx(45 / 15, rel=1e-14)
    ratios, gain = np.array([1.25, 0.5, 1.05]), np.array([2.0, -4.0, 1.0])
    assert R.ppo_loss(np.log(ratios), np.zeros(3), gain, 0.125) == pytest.approx(-(2.25 - 3.5 + 1.05) / 3, rel=1e-12)
