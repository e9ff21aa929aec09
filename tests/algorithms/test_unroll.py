"""Hypergradients: equal to finite differences, to closed forms, and to each other, for every rule that has a slope."""

import math

import pytest
import torch

from gdcore import rules
from gdcore.algorithms.unroll import hypergradient, train, with_tensors

CURVATURES = torch.tensor([1.0, 3.0, 10.0], dtype=torch.float64)
START = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)


def bowl(x, t=None):
    return 0.5 * (CURVATURES * x * x).sum()


def bent(x, t):
    """Not quadratic, and another one each step."""
    return (torch.cosh(CURVATURES**0.5 * x) * (1 + 0.1 * math.sin(t))).sum()


def tensors(**values):
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}


SLOPES = {
    "GD": (rules.GD(lr=0.05), ["lr"]), "momentum": (rules.HeavyBall(lr=0.02, momentum=0.8), ["lr", "momentum"]),
    "Nesterov": (rules.Nesterov(lr=0.02, momentum=0.7), ["lr", "momentum"]), "Adam": (rules.Adam(lr=0.03), ["lr", "beta1", "beta2", "eps"]),
    "AdamW": (rules.AdamW(lr=0.03, weight_decay=0.1), ["lr", "weight_decay"]), "Adagrad": (rules.AdaGrad(lr=0.1), ["lr"]),
    "SAM": (rules.SAM(rules.GD(lr=0.03), radius=0.1), ["lr", "radius"]), "EMA": (rules.EMA(rules.GD(lr=0.05), decay=0.7), ["lr", "decay"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOPES)
def test_both_ways_are_the_finite_difference(name):
    rule, names = SLOPES[name]
    hyper = tensors(**{key: rule.hyperparameters()[key] for key in names})
    value, back = hypergradient(rule, hyper, bent, START, 12, bowl)
    also, along = hypergradient(rule, hyper, bent, START, 12, bowl, mode="forward")
    assert value == also == bowl(train(rule, hyper, bent, START, 12)[0])
    for key in names:
        h = 1e-5 * max(abs(hyper[key].item()), 1e-3)
        ends = [bowl(train(rule, {**hyper, key: hyper[key] + way * h}, bent, START, 12)[0]) for way in (1, -1)]
        wanted = ((ends[0] - ends[1]) / (2 * h)).item()
        assert back[key].item() == pytest.approx(wanted, rel=1e-5, abs=1e-9) and wanted != 0
        assert along[key].item() == pytest.approx(back[key].item(), rel=1e-10)


def test_the_closed_form_of_descent_on_a_bowl():
    """x_T = Π (1 − η_t λ) x_0, so the slope in η_k is −λ / (1 − η_k λ) times it."""
    rates = torch.tensor([0.05, 0.15, 0.02, 0.08], dtype=torch.float64)
    value, slopes = hypergradient(rules.GD(lr=0.1), {"lr": rates}, bowl, START, 4, bowl)
    end = START * (1 - rates[:, None] * CURVATURES).prod(0)
    wanted = torch.stack([-(CURVATURES * end * CURVATURES / (1 - r * CURVATURES) * end).sum() for r in rates])
    assert value == pytest.approx(bowl(end).item(), rel=1e-12)
    assert torch.allclose(slopes["lr"], wanted, rtol=1e-12, atol=0)


def test_a_network_is_trained_by_its_names_and_in_place_of_nothing():
    torch.manual_seed(0)
    net = torch.nn.Linear(3, 1).double()
    x, y = torch.randn(8, 3, dtype=torch.float64), torch.randn(8, 1, dtype=torch.float64)
    start = {name: p.detach() for name, p in net.named_parameters()}
    before = {name: p.clone() for name, p in start.items()}

    def loss(p, t=None):
        return ((torch.func.functional_call(net, p, (x,)) - y) ** 2).mean()

    end, losses = train(rules.Adam(lr=0.1), tensors(lr=0.1), loss, start, 20)
    assert all(torch.equal(start[name], before[name]) for name in start) and losses[0] > losses[-1]
    peer = torch.optim.Adam(net.parameters(), lr=0.1)
    for _ in range(20):
        peer.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        peer.step()
    assert all(torch.allclose(end[name], p, rtol=1e-9) for name, p in net.named_parameters())
    _, slope = hypergradient(rules.Adam(lr=0.1), tensors(lr=0.1), loss, start, 20, loss)
    assert slope["lr"].ndim == 0 and slope["lr"] != 0


def test_chebyshevs_rates_are_where_the_slope_is_zero():
    """The worst case over an interval of curvatures is least at the inverse roots of a Chebyshev polynomial (Young, 1953)."""
    low, high, steps = 1.0, 10.0, 3
    roots = [(high + low) / 2 + (high - low) / 2 * math.cos(math.pi * (2 * k + 1) / (2 * steps)) for k in range(steps)]
    s = (high + low) / (high - low)
    best = 1 / math.cosh(steps * math.acosh(s))
    grid = torch.linspace(low, high, 2001, dtype=torch.float64)
    rates = torch.tensor([1 / r for r in roots], dtype=torch.float64)
    end, _ = train(rules.GD(lr=0.1), {"lr": rates}, lambda x, t: 0.5 * (grid * x * x).sum(), torch.ones_like(grid), steps)
    assert end.abs().max().item() == pytest.approx(best, rel=1e-9)


def test_nothing_to_do_and_nothing_to_differentiate():
    end, losses = train(rules.GD(lr=0.1), {}, bowl, START, 0)
    assert torch.equal(end, START) and losses.shape == (0,)
    value, slopes = hypergradient(rules.GD(lr=0.1), {}, bowl, START, 3, bowl, mode="forward")
    assert value == bowl(train(rules.GD(lr=0.1), {}, bowl, START, 3)[0]) and slopes == {}


def test_a_rule_with_tensors_is_another_one():
    rule = rules.EMA(rules.GD(lr=0.1), decay=0.9)
    made = with_tensors(rule, tensors(lr=0.5))
    assert made.rule.lr == 0.5 and rule.rule.lr == 0.1 and made.decay == 0.9


@pytest.mark.parametrize("rule, hyper, words", [
    ("GD", {}, "A training needs a rule such as GD"),
    (rules.GD(lr=0.1), tensors(rate=0.1), "GD has no hyper-parameter 'rate'; it has lr"),
    (rules.GD(lr=0.1), tensors(lr=[0.1, 0.2]), "one number, or 3, one for each step"),
    (rules.GD(lr=0.1), {"lr": 0.1}, "give a tensor of floats"),
])
def test_bad_input_is_told(rule, hyper, words):
    with pytest.raises((TypeError, ValueError), match=words):
        train(rule, hyper, bowl, START, 3)


def test_another_mode_is_refused():
    with pytest.raises(ValueError, match="mode is 'both'"):
        hypergradient(rules.GD(lr=0.1), {}, bowl, START, 3, bowl, mode="both")


class Told(rules.GD):
    """A rule that writes down which rate it is given where."""

    def init(self, x):
        return (1000 * self.lr,)

    def update(self, x, g, t, first):
        return 10 * x + self.lr, first

    def answer(self, x, first):
        return x + first + 10_000 * self.lr


def test_each_step_has_its_own_numbers():
    one = torch.ones((), dtype=torch.float64)
    assert train(Told(lr=0.1), tensors(lr=[2.0, 3.0, 5.0]), lambda x, t: t * x, one, 3)[0] == 1235 + 2000 + 50_000
    end, losses = train(Told(lr=0.1), tensors(lr=[4.0]), lambda x, t: t * x, one, 1)
    assert end == 14 + 4000 + 40_000 and losses.tolist() == [1.0]
    for mode in ("forward", "reverse"):
        value, slopes = hypergradient(Told(lr=0.1), tensors(lr=[2.0, 3.0, 5.0]), lambda x, t: x, one, 3, lambda x: x, mode=mode)
        assert value == 53_235 and slopes["lr"].tolist() == [1100.0, 10.0, 10_001.0]
        value, slopes = hypergradient(Told(lr=0.1), {"lr": 2.0}, lambda x, t: x, one, 1, lambda x: x, mode=mode)
        assert value == 22_012 and slopes["lr"] == 11_001
