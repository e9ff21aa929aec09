"""The monitor: what it says is what a loop by hand would measure, it changes nothing, and each warning has a case."""

import math
import os
import sys
import time
import types

import numpy as np
import pytest
import torch
from torch import nn

from gdcore import figures
from gdcore.curvature import Hessian
from gdcore.training import Monitor, monitor


def network(seed=0, activation=nn.ReLU, width=16):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, width), activation(), nn.Linear(width, width), activation(), nn.Linear(width, 1))


def batches(steps, seed=0, size=32):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        x = torch.randn(size, 5, generator=generator)
        yield x, x[:, :1] - x[:, 1:2] + 0.5 * torch.randn(size, 1, generator=generator)


def train(net, optimizer, steps=20, watch=None, make=batches):
    for x, y in make(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        (watch(loss) if watch else loss).backward()
        optimizer.step()


def watched(steps=20, every=5, lr=0.01, net=None, **more):
    net = net or network()
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    with monitor(net, optimizer, every, **more) as watch:
        train(net, optimizer, steps, watch)
    return net, watch


def test_a_watched_training_is_the_same_training():
    plain, (net, watch) = network(), watched()
    train(plain, torch.optim.SGD(plain.parameters(), lr=0.01))
    assert all(torch.equal(p, q) for p, q in zip(net.parameters(), plain.parameters()))
    before = len(watch.points)
    train(net, watch.optimizer)  # outside the with, nothing looks any more
    assert len(watch.points) == before and not net._forward_pre_hooks and not watch.optimizer._optimizer_step_pre_hooks


def test_it_measures_what_a_loop_by_hand_measures():
    _, watch = watched(steps=10, every=5)
    net = network()
    losses, seen = [], []
    for t, (x, y) in enumerate(batches(10), 1):
        net.zero_grad()
        hidden = net[1](net[0](x))
        last = net[3](net[2](hidden))
        loss = nn.functional.mse_loss(net[4](last), y)
        loss.backward()
        losses.append(loss.item())
        g = torch.cat([p.grad.flatten() for p in net.parameters()]).double()
        dead = 1 - torch.cat([(hidden > 0).any(0), (last > 0).any(0)]).double().mean()
        ratios = sorted(float(0.01 * p.grad.norm() / p.detach().norm()) for p in net.parameters() if p.ndim > 1)
        seen.append((g, float(g.norm()), float(ratios[1]), float(dead)))
        with torch.no_grad():
            for p in net.parameters():
                p -= 0.01 * p.grad
        if t % 5 == 0:
            point = watch.points[t // 5 - 1]
            (g1, *_), (g2, size, ratio, dead) = seen[-2:]
            assert point["step"] == t and point["loss"] == pytest.approx(sum(losses[-5:]) / 5, rel=1e-5)
            assert point["gradient"] == pytest.approx(size, rel=1e-5) and point["ratio"] == pytest.approx(ratio, rel=1e-3)
            assert point["dead"] == pytest.approx(dead, abs=1e-6)
            assert point["noise"] == pytest.approx(1 - float(g1 @ g2 / g1.norm() / g2.norm()), abs=1e-4)
            assert 0 <= point["data"] <= 1


def test_noise_tells_a_full_batch_from_a_single_example():
    same = lambda steps: [next(batches(1))] * steps
    ends = {}
    for name, make in (("full", same), ("single", lambda steps: batches(steps, size=1))):
        net = network()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.003)
        with monitor(net, optimizer, 2) as watch:
            train(net, optimizer, 40, watch, make)
        ends[name] = sum(watch["noise"]) / len(watch["noise"])
    assert ends["full"] < 0.05 and ends["single"] > 0.5


def test_units_of_pictures_and_of_sequences_are_counted():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.a, self.line, self.b = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Linear(6, 8), nn.ReLU()
            self.conv.bias.data = torch.tensor([-100.0, 1.0, 1.0, 1.0])
            self.line.bias.data = torch.tensor([-100.0] * 4 + [100.0] * 4)

        def forward(self, x):
            return self.a(self.conv(x)).sum() + self.b(self.line(x[:, 0])).sum()

    net = Both()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    with monitor(net, optimizer, 1) as watch:
        net(torch.randn(3, 1, 6, 6)).backward()
        optimizer.step()
    assert watch["dead"] == [pytest.approx((1 + 4) / 12)]


def dead_layer():
    net = network()
    net[2].bias.data.fill_(-100.0)
    return net


def frozen_by_mistake():
    net = network()
    optimizer = torch.optim.SGD(net[0].parameters(), lr=0.01)
    return net, optimizer


def deep():
    torch.manual_seed(0)
    return nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(5, 5), nn.Sigmoid())], nn.Linear(5, 1))


CASES = [
    ("rate may be too high", dict(lr=0.3)), ("rate may be too low", dict(lr=1e-8)), ("of the units behind a ReLU", dict(net=dead_layer())),
    ("is exactly 0", dict(net=dead_layer())), ("vanishes or explodes", dict(net=deep())), ("not finite", dict(lr=1e20)),
    ("in evaluation mode", dict(net=network().eval())),
]  # fmt: skip


@pytest.mark.parametrize("sentence, case", CASES, ids=[sentence for sentence, _ in CASES])
def test_each_warning_has_its_case_and_a_healthy_run_has_none(sentence, case):
    _, watch = watched(**case)
    assert any(sentence in warning for warning in watch.warnings()), watch.warnings()
    healthy = watched(steps=50)[1].warnings()
    assert not any(sentence in warning for warning in healthy), healthy


def test_what_the_optimizer_does_not_know_and_what_gets_no_gradient():
    net, optimizer = frozen_by_mistake()
    with monitor(net, optimizer, 1) as watch:
        train(net, optimizer, 1, watch)
    assert any("does not know 2.weight, 2.bias, 4.weight and 1 more" in warning for warning in watch.warnings())
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    with monitor(net, optimizer, 1) as watch:
        net[:3](torch.randn(4, 5)).sum().backward()
        optimizer.step()
    assert any("No gradient has come to 4.weight, 4.bias" in warning for warning in watch.warnings())


def test_line_columns_probes_and_figure():
    probes = {"validation": lambda: 0.25}
    _, watch = watched(probes=probes)
    assert str(watch).startswith("step 20 · loss ") and "validation 0.25" in str(watch) and watch["validation"] == [0.25] * 4
    with pytest.raises(KeyError, match="no column 'los'; it has step, gradient"):
        watch["los"]
    fig, axes = figures.watched(watch.points, "A run")
    assert list(axes[0, 0].lines[0].get_ydata()) == watch["loss"] and len(axes[0, 1].lines) == 3
    assert "no look yet" in str(watched(steps=2)[1]) and watched(steps=2)[1].warnings() == []


def test_a_probe_may_take_slopes_of_slopes():
    net, (x, y) = network(activation=nn.Tanh), next(batches(1))
    sharpness = lambda: Hessian(nn.functional.mse_loss(net(x), y), net.parameters()).sharpness(0.01)
    _, watch = watched(net=net, steps=10, probes={"sharpness": sharpness})
    assert watch["sharpness"][-1] == pytest.approx(sharpness(), rel=0.05) and len(watch["sharpness"]) == 2
    plain, _ = watched(net=network(activation=nn.Tanh), steps=10)
    assert all(torch.equal(p, q) for p, q in zip(net.parameters(), plain.parameters()))


def test_it_costs_at_most_five_per_cent_of_a_step(monkeypatch):
    """Processor time inside its hooks beside that of the rest of the loop, at the usual look every 50 steps: about 1.5 per cent."""
    spent = [0.0]

    def timed(hook):
        def told(*given, **more):
            begin = time.thread_time()
            found = hook(*given, **more)
            spent[0] += time.thread_time() - begin
            return found

        return told

    for name in ("_forward", "_pre", "_post", "__call__"):
        monkeypatch.setattr(Monitor, name, timed(getattr(Monitor, name)))
    of_units = Monitor._units
    monkeypatch.setattr(Monitor, "_units", lambda watch, name: timed(of_units(watch, name)))
    net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer, x, y = torch.optim.AdamW(net.parameters()), torch.randn(128, 784), torch.randint(0, 10, (128,))
    begin = time.thread_time()
    with monitor(net, optimizer) as watch:
        for _ in range(100):
            optimizer.zero_grad()
            watch(nn.functional.cross_entropy(net(x), y)).backward()
            optimizer.step()
    assert len(watch.points) == 2 and spent[0] < 0.05 * (time.thread_time() - begin - spent[0])


def test_no_number_is_not_zero():
    net = network()
    net[0].weight.data[0, 0] = math.nan
    _, watch = watched(net=net, steps=5)
    assert math.isnan(watch.points[-1]["ratio"]) and watch.points[-1]["dead"] < 1 and any("not finite" in w for w in watch.warnings())


def test_a_noise_above_1_stays_in_the_picture():
    points = [{"step": k, "loss": 1.0, "gradients": {"w": 1.0}, "ratios": {"w": 1e-3}, "dead": None, "noise": 0.9 + k / 10, "data": 0.0}
              for k in range(5)]  # fmt: skip
    _, axes = figures.watched(points)
    assert axes[1, 1].get_ylim()[1] > 1.3


def test_the_ratio_is_the_median_over_the_matrices():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 1))  # two: the median lies between
    _, watch = watched(net=net, steps=5)
    assert watch.points[0]["ratio"] == pytest.approx(np.mean([watch.points[0]["ratios"][f"{k}.weight"] for k in (0, 2)]))


def test_tensorboards_files_hold_the_numbers(tmp_path):
    if not os.environ.get("CI"):  # there it must be installed
        pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _, watch = watched(tensorboard=tmp_path)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    expected = [(point["step"], pytest.approx(point["loss"], rel=1e-6)) for point in watch.points]
    assert [(event.step, event.value) for event in events.Scalars("run/loss")] == expected
    assert len(events.Scalars("gradients/0.weight")) == 4


@pytest.mark.parametrize("make, error, sentence", [
    (lambda: monitor(5, None), TypeError, "model must be a torch.nn.Module, got int"),
    (lambda: monitor(network(), network()), TypeError, "optimizer must be a torch.optim.Optimizer, got Sequential"),
    (lambda: monitor(network(), torch.optim.SGD(network().parameters(), 0.1)), ValueError, "steps none of the model's parameters"),
    (lambda: watched(every=0), ValueError, "every is 0"), (lambda: watched(every=2.0), ValueError, "every is 2.0")])
def test_what_makes_no_sense_is_one_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


def test_a_point_is_plain_numbers():
    import json

    _, watch = watched()
    assert json.loads(json.dumps(watch.points)) == watch.points and all(math.isfinite(g) for g in watch["gradient"])


@pytest.mark.parametrize("change, said", [
    ({}, []),
    ({"ratio": 0.0101}, ["high"]), ({"ratio": 0.0099}, []), ({"ratio": 0.99e-5}, ["low"]), ({"ratio": 1.01e-5}, []), ({"ratio": 0.0}, []),
    ({"dead": 0.5}, ["50% of the units"]), ({"dead": 0.49}, []), ({"dead": None}, []),
    ({"data": 0.51}, ["51% of the time"]), ({"data": 0.5}, []), ({"data": None}, []), ({"loss": math.nan}, ["loss is not finite"]),
    ({"gradients": dict(a=2.0, b=9.0, c=20001.0)}, ["1.0e+04 times"]), ({"gradients": dict(a=2.0, b=9.0, c=1.98e4)}, []),
    ({"gradients": dict(a=2.0, b=9.0, c=1.98e-4)}, ["9.9e-05 times"]), ({"gradients": dict(a=2.0, b=9.0, c=2.02e-4)}, []),
    ({"gradients": dict(a=2.0, b=0.0, c=9e4)}, ["gradient of b is exactly 0"]),  # of two that are left no trend is read
    ({"gradients": dict(a=2.0, b=math.inf, c=9e4)}, ["gradient of b is not finite"]),
    ({"gradients": dict(a=2.0, b=1.0)}, ["come to c:"]), ({"gradients": {}}, ["come to a, b, c:"])])  # fmt: skip
def test_each_warning_begins_exactly_where_it_should(change, said):
    point = {"ratio": 1e-3, "dead": 0.1, "data": 0.1, "loss": 1.0, "gradients": dict(a=1.0, b=2.0, c=3.0), **change}
    weights = dict.fromkeys("abc", torch.zeros(2, 2))
    watch = types.SimpleNamespace(points=[{}, {}, point], parameters=weights, left_out=[], model=nn.Identity())
    found = [sentence for sentence in sys.modules[Monitor.__module__]._unusual(watch) if sentence]
    assert len(found) == len(said) and all(part in sentence for part, sentence in zip(said, found)), found


def test_names_are_counted_beyond_three():
    few = sys.modules[Monitor.__module__]._few
    assert [few(list("abcdef"[:n])) for n in (1, 3, 4, 6)] == ["a", "a, b, c", "a, b, c and 1 more", "a, b, c and 3 more"]


class Weights(nn.Module):
    """Parameters whose gradients are set by hand."""

    def __init__(self, **values):
        super().__init__()
        for name, value in values.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(value, dtype=torch.float64)))

    def forward(self):
        return 0.0


def test_a_look_by_hand(monkeypatch):
    """Gradients, weights, losses and the clock are given; the looks are at steps 2 and 4."""
    now, written = [100.0], []
    monkeypatch.setattr(sys.modules[Monitor.__module__], "time", types.SimpleNamespace(perf_counter=lambda: now[0]))
    net = Weights(a=[[7.5], [8.0]], b=[4.0], c=[0.0], d=[1.0])
    watch = monitor(net, torch.optim.SGD(net.parameters(), lr=0.5), 2, probes={"sharp": lambda: 7})
    watch.writer = types.SimpleNamespace(add_scalar=lambda *given: written.append(given), close=lambda: written.append("closed"))

    def step(a, b, data, rest, loss=None, d=0.0):
        now[0] += data
        net()
        now[0] += 0.5
        net()  # called twice, as by a closure: the first call counts
        net.a.grad, net.b.grad, net.d.grad = (torch.tensor(g, dtype=torch.float64) for g in (a, b, [d]))
        if loss is not None:
            assert watch(loss := torch.tensor([loss])) is loss
        now[0] += rest - 0.5
        watch.optimizer.step()

    with watch:
        step([[3.0], [0.0]], [4.0], 2.0, 6.0, 1.0)
        step([[0.0], [12.0]], [5.0], 1.0, 1.0, 4.0)
        assert watch._before is watch._last is None  # no copy is kept longer than it is needed
        net.eval()
        step([[0.0], [0.5]], [0.0], 5.0, 5.0)
        net.train()
        step([[0.0], [0.5]], [0.0], 3.0, 1.0)
        step([[0.0], [0.5]], [0.0], 3.0, 1.0)
        assert watch._last is not None
    assert watch._before is watch._last is None
    first, second = watch.points
    assert first == {"step": 2, "gradient": 13.0, "ratio": 0.6, "gradients": {"a": 12.0, "b": 5.0, "d": 0.0},
                     "ratios": {"a": 0.6, "b": 1.25, "d": 0.0}, "dead": None,  # of the zeros of c no share can be taken
                     "noise": pytest.approx(1 - 20 / 65), "data": 0.3, "loss": 2.5, "sharp": 7.0}  # fmt: skip
    assert second["noise"] == pytest.approx(0, abs=1e-15) and second["data"] == 0.75 and second["step"] == 4 and "loss" not in second
    assert second["ratio"] == pytest.approx(0.25 / math.hypot(6, 1.75))
    assert str(watch) == f"step 4 · gradient 0.5 · update/weight {second['ratio']:.1e} · noise 0.00 · data 75% of the time · sharp 7"
    watch.points.append({"step": 6})
    with pytest.raises(KeyError, match="no column 'loss'; it has step[.]"):
        watch["loss"]
    told = [(f"gradients/{name}", value, 2) for name, value in first["gradients"].items()]
    assert written[:2] == [("run/gradient", 13.0, 2), ("run/ratio", 0.6, 2)] and written[2:5] == told and written[-1] == "closed"
    assert ("run/data", 0.3, 2) in written and ("run/loss", 2.5, 2) in written
    assert not any(given[0] in ("run/step", "run/dead") for given in written)


def test_a_look_at_nothing():
    net = Weights(a=[[0.0], [0.0]])
    with monitor(net, torch.optim.SGD(net.parameters(), lr=0.5), 1) as watch:
        watch.optimizer.step()
    point = watch.points[0]
    assert (point["gradient"], point["ratio"], point["ratios"], point["noise"], point["data"]) == (0.0, 0.0, {}, None, None)


@pytest.mark.parametrize("outputs, alive", [
    ([[[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]], [True, False, True]), ([[[1.0, 0.0, 0.0]], [[0.0, 3.0, 0.0]]], [True, True, False]),
    ([[[[1.0, 0.0], [0.0, 0.0]], [[2.0, 0.0], [0.0, 0.0]]]], [True, False]),
    ([[[[[1.0, 0.0]], [[0.0, 0.0]], [[0.0, 1.0]]]]], [True, False, True]),
    ([[1.0, 2.0]], None)])  # fmt: skip
def test_units_by_hand(outputs, alive):
    """Columns, of sequences too; channels of pictures; two calls of one layer; and what has no batch is not counted."""
    net = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
    watch = monitor(net, torch.optim.SGD(net.parameters(), lr=0.1), 1)
    with watch:
        for output in outputs:
            net[1](torch.tensor(output))
    assert {name: found.tolist() for name, found in watch._alive.items()} == ({"1": alive} if alive else {})
