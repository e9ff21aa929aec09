"""Gradients of what is only experienced: a policy acts, a reward comes back, and the slope is read from chance.

A `World` is a table of states, actions, next states and rewards, so that everything can be computed exactly and compared with what was
experienced. A policy is softmax of a table θ of shape (states, actions). `play` gives episodes; the estimators make of them a gradient of
the expected return, for any rule of gdcore, which descends: it is given the negative. For networks and simulators of others use torch
and gymnasium; the formulas are the same, and `advantages` and `ppo_loss` work there.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Episodes", "World", "advantages", "best_baseline", "gridworld", "play", "policy", "policy_gradient", "ppo_loss",
           "returns_to_go"]


@dataclass(frozen=True)
class World:
    """next: (states, actions), the state that follows, −1 for the end; reward: (states, actions); start: the first state; shape: of a grid
    (rows, columns), or None; discount: γ."""

    next: np.ndarray
    reward: np.ndarray
    start: int = 0
    discount: float = 1.0
    shape: tuple | None = None

    def value(self, pi):
        """(V, Q) of a policy pi, (states, actions), exactly, by a linear system. Raises LinAlgError where an episode might never end and
        the discount is 1."""
        states, last = np.arange(len(pi)), self.next < 0
        onward = np.zeros((len(pi), len(pi)))
        for a in range(pi.shape[1]):
            go = ~last[:, a]
            np.add.at(onward, (states[go], self.next[go, a]), pi[go, a])
        v = np.linalg.solve(np.eye(len(pi)) - self.discount * onward, (pi * self.reward).sum(axis=1))
        return v, self.reward + self.discount * np.where(last, 0.0, v[self.next])

    def visits(self, pi):
        """How often each state is visited in an episode, each visit after t steps counted γᵗ times."""
        onward = np.zeros((len(pi), len(pi)))
        for a in range(pi.shape[1]):
            go = self.next[:, a] >= 0
            np.add.at(onward, (np.flatnonzero(go), self.next[go, a]), pi[go, a])
        return np.linalg.solve(np.eye(len(pi)) - self.discount * onward.T, np.eye(len(pi))[self.start])

    def gradient(self, theta):
        """(the expected return, its gradient by θ), exactly: Sutton, McAllester, Singh and Mansour (2000), the policy gradient theorem."""
        pi = policy(theta)
        v, q = self.value(pi)
        return v[self.start], self.visits(pi)[:, None] * pi * (q - v[:, None])


def gridworld(rows, discount=0.99, step=-0.04):
    """A World drawn in text: `S` start, `G` goal (+1), `X` pit (−1), `#` wall, `.` free. Actions: 0 up, 1 right, 2 down, 3 left.

    A step into a wall or off the grid stays; each step costs `step`; goal and pit end the episode. Raises ValueError for other letters,
    rows of different lengths, or not exactly one S.
    """
    letters = "".join(rows)
    if len({len(row) for row in rows}) != 1 or set(letters) - set("SGX#.") or letters.count("S") != 1:
        raise ValueError(f"A gridworld is drawn in rows of one length of the letters S G X # . with one S, got {rows!r}.")
    grid = np.array([list(row) for row in rows])
    height, width = grid.shape
    follows, reward = np.zeros((grid.size, 4), dtype=int), np.full((grid.size, 4), float(step))
    for state in range(grid.size):
        r, c = divmod(state, width)
        for action, (dr, dc) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
            y, x = r + dr, c + dc
            there = state if not (0 <= y < height and 0 <= x < width) or grid[y, x] == "#" else y * width + x
            follows[state, action] = there
            if grid.flat[there] in "GX" and there != state:
                follows[state, action], reward[state, action] = -1, 1.0 if grid.flat[there] == "G" else -1.0
    return World(follows, reward, letters.index("S"), discount, (height, width))


def policy(theta):
    """softmax over the actions, the last axis."""
    e = np.exp(theta - theta.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Episodes:
    """What was experienced: states, actions, rewards, (episodes, steps); alive: whether the step was taken at all."""

    states: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    alive: np.ndarray

    @property
    def returns(self):
        """The undiscounted return of each episode."""
        return (self.rewards * self.alive).sum(axis=1)


def play(world, theta, episodes, draw, most=100):
    """So many episodes of the policy of θ, at most `most` steps each. draw: a NumPy generator, or uniform numbers (most, episodes)."""
    pi = policy(theta).cumsum(axis=1)
    chance = draw.random((most, episodes)) if hasattr(draw, "random") else np.asarray(draw)
    states, actions = np.zeros((episodes, most), dtype=int), np.zeros((episodes, most), dtype=int)
    rewards, alive = np.zeros((episodes, most)), np.zeros((episodes, most), dtype=bool)
    now, on = np.full(episodes, world.start), np.ones(episodes, dtype=bool)
    for t in range(most):
        chosen = np.minimum((chance[t][:, None] >= pi[now]).sum(axis=1), pi.shape[1] - 1)
        states[:, t], actions[:, t], alive[:, t] = now, chosen, on
        rewards[:, t] = np.where(on, world.reward[now, chosen], 0.0)
        after = world.next[now, chosen]
        on = on & (after >= 0)
        now = np.where(after >= 0, after, now)
        if not on.any():
            break
    t += 1
    return Episodes(states[:, :t], actions[:, :t], rewards[:, :t], alive[:, :t])


def returns_to_go(rewards, discount=1.0):
    """From each step on, the discounted rewards that are still to come, (episodes, steps)."""
    found, after = np.zeros_like(rewards, dtype=float), 0.0
    for t in reversed(range(rewards.shape[1])):
        found[:, t] = after = rewards[:, t] + discount * after
    return found


def policy_gradient(world, theta, seen, weights):
    """Mean over episodes of Σ γᵗ ∇ log π(aₜ|sₜ) · weightsₜ: REINFORCE, Williams (1992). weights: (episodes, steps), such as returns to go
    minus a baseline, or advantages; unbiased where the baseline does not depend on the action."""
    pi, g = policy(theta), np.zeros_like(theta, dtype=float)
    late = world.discount ** np.arange(seen.states.shape[1])
    w = np.where(seen.alive, weights * late, 0.0) / len(seen.states)
    np.add.at(g, (seen.states, seen.actions), w)
    total = np.zeros(len(theta))
    np.add.at(total, seen.states, w)
    return g - total[:, None] * pi


def best_baseline(scores, rewards):
    """The constant that makes the variance of score · (reward − b) least: E[|score|² r]/E[|score|²].

    Weaver and Tao (2001). scores: (n, k); rewards: (n,).
    """
    long = (np.asarray(scores) ** 2).sum(axis=1)
    return float((long * rewards).sum() / long.sum())


def advantages(rewards, values, alive, discount=0.99, lam=0.95):
    """Generalized advantage estimates: Schulman et al. (2016), arXiv:1506.02438. values: (episodes, steps) of the states seen, 0 beyond an
    end. lam: 1 gives returns to go minus values, 0 the one-step error."""
    found, after = np.zeros_like(rewards, dtype=float), 0.0
    following = np.concatenate([values[:, 1:] * alive[:, 1:], np.zeros((len(values), 1))], axis=1)
    for t in reversed(range(rewards.shape[1])):
        error = rewards[:, t] + discount * following[:, t] - values[:, t]
        found[:, t] = after = np.where(alive[:, t], error + discount * lam * after, 0.0)
    return found


def ppo_loss(new, old, advantage, clip=0.2):
    """PPO's clipped loss, to descend: −mean min(r A, clip(r, 1 − c, 1 + c) A), r = exp(new − old), of log-probabilities: Schulman et al.
    (2017), arXiv:1707.06347. On NumPy arrays and on torch tensors."""
    ratio = (new - old).exp() if hasattr(new, "exp") else np.exp(new - old)
    held = ratio.clip(1 - clip, 1 + clip)
    plain, cut = ratio * advantage, held * advantage
    less = plain.minimum(cut) if hasattr(plain, "minimum") else np.minimum(plain, cut)
    return -less.mean()
