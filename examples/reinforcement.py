"""A cart learns to balance its pole: policy gradients with more and more help, and searches by values alone, on the same 640 episodes.

The world is Gymnasium's CartPole-v1. What leaves: for each method its mean return in each batch of sixteen episodes, and that of thirty-two
fresh ones with the last policy, for ten seeds at a rate that three other seeds chose.
"""

import functools

import gymnasium
import numpy as np
import torch
from torch import nn

from examples.ledger import Ledger
from gdcore.algorithms.gradient_free import CMAES
from gdcore.algorithms.reinforcement import advantages, ppo_loss, returns_to_go

MANY, BATCHES, MOST = 16, 40, 500  # episodes at once, how often, and the steps after which the world stops
DISCOUNT, LAM, CLIP, HIDDEN, CRITIC = 0.99, 0.95, 0.2, 32, 0.01
AGAIN, PART = 20, 1024  # steps on the same batch, of so many of its moments
RATES, TUNING, SEEDS = (0.003, 0.01, 0.03, 0.1), (101, 102, 103), tuple(range(1, 11))
LINEAR_RATES = (0.03, 0.1, 0.3, 1.0)
SIGMAS = (0.1, 0.3, 1.0)

# what differs: the weights of the score, whether steps are repeated and clipped, the policy, Adam's ε, what follows the limit of time,
# whether the fresh episodes are drawn by chance, too
GRADIENTS = {
    "returns": {},
    "batch mean": {"mean": True},
    "baseline": {"critic": True},
    "PPO": {"critic": True, "repeat": True, "clip": CLIP},
    "PPO, no clip": {"critic": True, "repeat": True},
    "baseline, linear": {"critic": True, "linear": True},
}
VARIANTS = {"PPO, ε 1e-5": {"eps": 1e-5}, "PPO, limit as end": {"limit_ends": True}}  # at PPO's rate
DECIDED = {"baseline, linear, decided": "baseline, linear"}  # the same trainings; in the fresh episodes the likelier act is taken
SEARCHES = {"CMA-ES, linear": True, "CMA-ES, network": False}


def main(again=False):
    torch.set_num_threads(1)
    ledger = Ledger("reinforcement", again)
    for name, setup in GRADIENTS.items():
        ledger.once(name, functools.partial(tuned, lambda rate, seed, setup=setup: learn(seed, rate, **setup),
                                             LINEAR_RATES if "linear" in setup else RATES))
    for name, change in VARIANTS.items():
        rate = ledger["PPO"]["rate"]
        ledger.once(name, functools.partial(tuned, lambda rate, seed, change=change: learn(seed, rate, **GRADIENTS["PPO"], **change),
                                             (rate,)))  # fmt: skip
    for name, same in DECIDED.items():
        ledger.once(name, functools.partial(tuned, lambda rate, seed, same=same: learn(seed, rate, **GRADIENTS[same], decide=True),
                                             (ledger[same]["rate"],)))  # fmt: skip
    for name, linear in SEARCHES.items():
        ledger.once(name, functools.partial(tuned, lambda rate, seed, linear=linear: evolve(seed, rate, linear),
                                             SIGMAS[1:2] if linear else SIGMAS))  # fmt: skip
    ledger.once("random, linear", functools.partial(tuned, lambda rate, seed: guess(seed), (1.0,)))


def tuned(run, rates):
    """The rate with the best mean return over the last half of the training of three seeds, and with it the runs of ten others."""
    score = {rate: float(np.mean([run(rate, seed)[0][BATCHES // 2 :] for seed in TUNING])) if len(rates) > 1 else 0.0 for rate in rates}
    rate = max(score, key=score.get)
    runs = [run(rate, seed) for seed in SEEDS]
    return {"rate": rate, "tried": {f"{r:g}": round(s, 1) for r, s in score.items()} if len(rates) > 1 else {},
            "curves": [[round(float(v), 1) for v in curve] for curve, *_ in runs], "fresh": [round(float(run[1]), 1) for run in runs],
            **{name: [run[2][name] for run in runs] for name in runs[0][2]}}  # fmt: skip


# -- acting ---------------------------------------------------------------------------------------------------------------------


class Cart:
    """Sixteen carts at once, an episode each. Each call begins anew."""

    def __init__(self, seed):
        self.worlds, self.seed = gymnasium.make_vec("CartPole-v1", num_envs=MANY, vectorization_mode="sync"), seed

    def play(self, act):
        """(states (16, T + 1, 4), actions, rewards, alive (16, T), whether the time ran out) of an episode each; act: states → 0 or 1."""
        state, _ = self.worlds.reset(seed=self.seed)
        self.seed = None  # only the first call seeds; later ones go on
        states, actions, alive, on, out = [state], [], [], np.ones(MANY, dtype=bool), np.zeros(MANY, dtype=bool)
        while on.any():
            action = act(state)
            state, _, ended, truncated, _ = self.worlds.step(action)
            states.append(np.where(on[:, None], state, states[-1]))  # after its end a cart stays where it was
            actions.append(action)
            alive.append(on)
            out = out | on & truncated & ~ended
            on = on & ~(ended | truncated)
        alive = np.array(alive).T
        return np.swapaxes(states, 0, 1), np.array(actions).T, alive.astype(float), alive, out


def policy_act(policy, draw):
    """Chance decides, with the policy's present weights; without `draw` the likelier act is taken."""
    with torch.no_grad():
        weights = [p.double().numpy().copy() for p in policy.parameters()]

    def act(state):
        chance = 0.5 if draw is None else draw.random(len(state))
        return (chance < 1 / (1 + np.exp(-logit(weights, state)))).astype(int)

    return act


def logit(weights, state):
    """The score of going right, of a network with one hidden layer or none: torch's weights and biases in their order."""
    for k in range(0, len(weights), 2):
        state = (np.tanh(state) if k else state) @ weights[k].T + weights[k + 1]
    return state[:, 0]


def network(linear=False):
    return nn.Linear(4, 1) if linear else nn.Sequential(nn.Linear(4, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))


# -- learning by gradients --------------------------------------------------------------------------------------------------------


def learn(seed, rate, critic=False, repeat=False, clip=None, linear=False, eps=1e-8, limit_ends=False, mean=False,
          decide=False):  # fmt: skip
    """(mean return of each batch, that of fresh episodes, facts) of one training."""
    torch.manual_seed(seed)
    draw, cart, policy, value = np.random.default_rng(seed), Cart(seed), network(linear), network()
    adam, adam_v = torch.optim.Adam(policy.parameters(), rate), torch.optim.Adam(value.parameters(), CRITIC, eps=eps)
    curve, far, late = [], [], []
    for _ in range(BATCHES):
        states, actions, rewards, alive, out = cart.play(policy_act(policy, draw))
        curve.append(rewards.sum(axis=1).mean())
        x = torch.tensor(states, dtype=torch.float32)
        with torch.no_grad():
            v = value(x)[..., 0].double().numpy()
        rewards = rewards * (1 - DISCOUNT)  # so that values lie between 0 and 1
        ends = np.zeros_like(rewards)
        last = alive.sum(axis=1) - 1
        if critic and not limit_ends:  # where only the time ran out, the future is worth what the critic says
            ends[out, last[out]] = DISCOUNT * v[out, last[out] + 1]
        togo = returns_to_go(rewards + ends, DISCOUNT)
        weight = advantages(rewards + ends, v[:, :-1] * alive, alive, DISCOUNT, LAM if repeat else 1.0) if critic else togo
        seen, a = x[:, :-1][alive], torch.tensor(actions[alive])
        weight = torch.tensor(weight[alive], dtype=torch.float32)
        weight = (weight - weight.mean()) / (weight.std() + 1e-8) if repeat else weight - weight.mean() if mean else weight
        far.append(steps_of(policy, adam, seen, a, weight, repeat, clip))
        if critic:
            fit(value, adam_v, seen, torch.tensor(togo[alive], dtype=torch.float32))
        late.append(float(v[out, last[out] + 1].mean()) if out.any() else None)
    act = policy_act(policy, None if decide else draw)
    fresh = Cart(10_000 + seed).play(act)[2].sum(axis=1).mean()
    fresh = (fresh + Cart(20_000 + seed).play(act)[2].sum(axis=1).mean()) / 2
    facts = {"ratio": [round(f, 3) for f in far], "at the limit": [v and round(v, 3) for v in late]} if repeat else {}
    return curve, fresh, facts


def steps_of(policy, adam, states, actions, weight, repeat, clip):
    """One step on the whole batch, or many on parts of it; the largest deviation of the probability ratio from 1, in the 99th per cent."""
    chance = lambda s, a: -nn.functional.binary_cross_entropy_with_logits(policy(s)[:, 0], a.float(), reduction="none")
    with torch.no_grad():
        old = chance(states, actions)
    for _ in range(AGAIN if repeat else 1):
        part = torch.randint(len(states), (PART,)) if repeat else slice(None)
        new = chance(states[part], actions[part])
        if repeat:
            loss = ppo_loss(new, old[part], weight[part], clip) if clip else -((new - old[part]).exp() * weight[part]).mean()
        else:
            loss = -(new * weight).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        return float(((chance(states, actions) - old).exp() - 1).abs().quantile(0.99))


def fit(value, adam, states, targets):
    for _ in range(AGAIN):
        part = torch.randint(len(states), (PART,))
        adam.zero_grad()
        ((value(states[part])[:, 0] - targets[part]) ** 2).mean().backward()
        adam.step()


# -- searching by values alone ------------------------------------------------------------------------------------------------------


def unpacked(points, linear):
    """Weights for each cart: of each point of a search the matrices of `network`."""
    shapes = [tuple(p.shape) for p in network(linear).parameters()]
    cut = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(len(points), *shape) for part, shape in zip(np.split(points, cut[:-1], axis=1), shapes)]


def decided(points, linear):
    """Each cart goes to the side that its own weights prefer, without chance."""
    weights = unpacked(points, linear)

    def act(state):
        for k in range(0, len(weights), 2):
            state = np.einsum("noi,ni->no", weights[k], np.tanh(state) if k else state) + weights[k + 1]
        return (state[:, 0] > 0).astype(int)

    return act


def size(linear):
    return sum(p.numel() for p in network(linear).parameters())


def evolve(seed, sigma, linear):
    """CMA-ES with a generation of sixteen, an episode each."""
    draw, cart, method, curve = np.random.default_rng(seed), Cart(seed), CMAES(sigma, MANY), []
    state = method.init(np.zeros(size(linear)))
    for _ in range(BATCHES):
        points = method.ask(state, draw)
        found = cart.play(decided(points, linear))[2].sum(axis=1)
        state = method.tell(state, points, -found, draw)
        curve.append(found.mean())
    return curve, judged(method.answer(state), linear, seed), {}


def guess(seed):
    """Random weights of the linear policy, an episode each; the first best is kept. The curve is the best so far."""
    draw, cart, best, curve = np.random.default_rng(seed), Cart(seed), (-1.0, None), []
    for _ in range(BATCHES):
        points = draw.normal(size=(MANY, size(True)))
        found = cart.play(decided(points, True))[2].sum(axis=1)
        if found.max() > best[0]:
            best = found.max(), points[found.argmax()]
        curve.append(best[0])
    return curve, judged(best[1], True, seed), {}


def judged(x, linear, seed):
    act = decided(np.tile(x, (MANY, 1)), linear)
    return np.mean([Cart(k + seed).play(act)[2].sum(axis=1).mean() for k in (10_000, 20_000)])
