"""The training loop: it trains as a loop by hand does, can be killed at any time, and says when a loss is no number."""

import subprocess
import sys
import textwrap
import types

import pytest
import torch
from torch import nn

import gdcore.optim
from gdcore import schedules, seed
from gdcore.progress import NoBar
from gdcore.training import Batches, InTurn, Record, fit
from gdcore.training import loop as running
from gdcore.training.batches import generator


def problem(seed=0, augment=None):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(96, 5, generator=generator)
    y = (x @ torch.randn(5, 1, generator=generator) + 0.1 * torch.randn(96, 1, generator=generator))
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Dropout(0.3), nn.Linear(16, 1))
    return net, Batches(x, y, 16, seed, augment)


def loss(model, x, y):
    return nn.functional.mse_loss(model(x), y)


def train(epochs=4, checkpoint=None, measure=None, every=None, augment=None, optimizer=None, **options):
    net, batches = problem(augment=augment)
    optimizer = (optimizer or (lambda p: gdcore.optim.AdamW(p, lr=0.02)))(net.parameters())
    record = fit(net, batches, loss, optimizer, epochs=epochs, schedule=schedules.cosine(epochs * len(batches)), clip=1.0,
                 checkpoint=checkpoint, measure=measure, every=every, progress=False, **options)
    return net, record


def numbers(record):
    return [(point["step"], point["loss"], point.get("weights")) for point in record.points]


def weights(model):
    return {"weights": sum(p.abs().sum().item() for p in model.parameters())}


def test_it_is_the_loop_one_writes_by_hand():
    net, batches = problem()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.02)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedules.cosine(24))
    losses = []
    for epoch in range(4):
        for x, y in batches.epoch(epoch):
            optimizer.zero_grad()
            found = loss(net, x, y)
            found.backward()
            losses.append(found.item())
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
    ours, record = train()
    for p, q in zip(ours.parameters(), net.parameters()):
        assert torch.allclose(p, q, rtol=1e-4, atol=1e-6)
    assert record.status == "finished" and record["step"] == [6, 12, 18, 24]
    assert record["loss"] == pytest.approx([sum(losses[k : k + 6]) / 6 for k in (0, 6, 12, 18)], rel=1e-4)


@pytest.mark.parametrize("every", [None, 4, 5, 7])
def test_points_are_where_they_were_asked_for(every):
    _, record = train(every=every, measure=weights)
    wanted = every or 6
    assert record["step"] == [*range(wanted, 24, wanted), 24]
    assert record["seconds"] == sorted(record["seconds"])


KILLED = """
    import os, sys
    import gdcore.training.checkpoint as files
    from tests.training.test_loop import train, weights
    keep, left = files.save, [int(sys.argv[2])]
    def save(path, state):                 # the process dies after some checkpoints, as by kill -9
        keep(path, state)
        left[0] -= 1
        left[0] or os._exit(9)
    files.save = save
    train(checkpoint=sys.argv[1], every=5, measure=weights)
"""


@pytest.mark.parametrize("checkpoints", [1, 3])
def test_killed_and_resumed_it_gives_the_same_curve(tmp_path, checkpoints):
    whole, expected = train(every=5, measure=weights)
    code = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "run.pt"), str(checkpoints)]
    assert subprocess.run(code).returncode == 9
    torch.rand(17)  # the generator is elsewhere by now
    resumed, record = train(every=5, measure=weights, checkpoint=tmp_path / "run.pt")
    assert numbers(record) == numbers(expected)
    for p, q in zip(resumed.parameters(), whole.parameters()):
        assert torch.equal(p, q)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_a_finished_training_is_not_trained_again(tmp_path):
    _, first = train(checkpoint=str(tmp_path / "new folder" / "run.pt"))
    net, again = train(checkpoint=str(tmp_path / "new folder" / "run.pt"))
    assert again.as_dict() == first.as_dict()


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    train(checkpoint=tmp_path / "run.pt")
    with pytest.raises(ValueError, match="of another training .other epochs.*delete it"):
        train(epochs=5, checkpoint=tmp_path / "run.pt")
    with pytest.raises(ValueError, match="of another training .other optimizers"):
        train(checkpoint=tmp_path / "run.pt", optimizer=lambda p: gdcore.optim.SGD(p, lr=0.1))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a file", b"\x80\x02]q\x00."])
def test_a_damaged_checkpoint_is_told(tmp_path, content):
    (tmp_path / "run.pt").write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read .*delete it to begin anew"):
        train(checkpoint=tmp_path / "run.pt")


def test_a_loss_that_is_no_number_ends_the_training():
    _, record = train(epochs=50, optimizer=lambda p: torch.optim.SGD(p, lr=1e30))
    assert record.status == "diverged" and len(record.points) < 10


def test_two_optimizers_share_a_network():
    net, batches = problem()
    matrices, others = [p for p in net.parameters() if p.ndim == 2], [p for p in net.parameters() if p.ndim != 2]
    before = [p.clone() for p in net.parameters()]
    fit(net, batches, loss, [gdcore.optim.Muon(matrices, lr=0.01), gdcore.optim.AdamW(others, lr=0.01)], epochs=1, progress=False)
    assert not any(torch.equal(p, q) for p, q in zip(net.parameters(), before))


def test_in_bfloat16_it_trains_too():
    _, record = train(epochs=20, mixed=True)
    assert record["loss"][-1] < record["loss"][0] / 2 and torch.backends.mkldnn.enabled  # as it was before


def test_in_bfloat16_an_lstm_trains_on_a_cpu_without_such_numbers():
    """On a processor that has them the test is the same and proves less."""
    seed(0)
    net = torch.nn.LSTM(3, 5, batch_first=True)
    batches = Batches(torch.randn(16, 4, 3), torch.randn(16, 4, 5), 8)
    squared = lambda model, x, y: (model(x)[0] - y).square().mean()
    record = fit(net, batches, squared, gdcore.optim.Adam(net.parameters(), 0.01), epochs=5, mixed=True, progress=False)
    assert record["loss"][-1] < record["loss"][0]


def test_measuring_is_done_in_evaluation_mode_and_leaves_no_trace():
    modes = []
    net, _ = train(measure=lambda model: modes.append(model.training) or {"mode": 0.0})
    assert modes == [False] * 4 and not net.training
    plain, _ = train()
    for p, q in zip(net.parameters(), plain.parameters()):
        assert torch.equal(p, q)


def test_an_epoch_can_be_had_again():
    flipped = lambda x, draws: torch.where(torch.rand(len(x), 1, generator=draws) < 0.5, -x, x)
    _, batches = problem(augment=flipped)
    first = [x for x, _ in batches.epoch(3)]
    list(batches.epoch(1))
    torch.rand(5)
    again, other = [x for x, _ in batches.epoch(3)], [x for x, _ in batches.epoch(4)]
    assert all(torch.equal(a, b) for a, b in zip(first, again))
    assert not any(torch.equal(a, b) for a, b in zip(first, other))


def test_each_example_comes_once_an_epoch():
    batches = Batches(torch.arange(50), torch.arange(50), 8)
    seen = torch.cat([x for x, _ in batches.epoch(0)])
    assert len(seen) == 48 == len(seen.unique()) and len(batches) == 6


@pytest.mark.parametrize("size", [0, 97, 2.0, True, "8"])
def test_a_batch_size_that_cannot_be(size):
    with pytest.raises(ValueError, match="batch size is .*from 1 to 96"):
        Batches(torch.zeros(96), torch.zeros(96), size)


def test_targets_must_match():
    with pytest.raises(ValueError, match="96 examples and y 95"):
        Batches(torch.zeros(96), torch.zeros(95), 8)


def test_a_record_names_its_columns():
    record = Record()
    assert record.seconds == 0.0
    with pytest.raises(KeyError, match="no points yet"):
        record["loss"]
    record.add(step=1, seconds=0.1, loss=2.0, accuracy=0.5)
    with pytest.raises(KeyError, match="step, seconds, loss, accuracy"):
        record["acc"]
    assert record.as_run("loss", accuracy="accuracy") == {"losses": [2.0], "steps": [1], "seconds": [0.1], "accuracy": [0.5]}


def test_batches_in_turn_come_one_kind_after_the_other_in_new_orders():
    numbers = Batches(torch.arange(4), torch.arange(4), 2, seed=1)
    letters = Batches(torch.arange(10, 13), torch.arange(3), 1, seed=1)
    batches = InTurn(letters, numbers, numbers)
    epochs = [[x.tolist() for x, _ in batches.epoch(k)] for k in range(2)]
    assert len(batches) == 7 == len(epochs[0])
    for epoch in epochs:
        assert sorted(sum(epoch[:3], [])) == [10, 11, 12] and sorted(sum(epoch[3:5], [])) == sorted(sum(epoch[5:], [])) == [0, 1, 2, 3]
    assert epochs[0][3:5] == [x.tolist() for x, _ in numbers.epoch(1)] and epochs[0][5:] == [x.tolist() for x, _ in numbers.epoch(2)]
    assert epochs[1][5:] == [x.tolist() for x, _ in numbers.epoch(5)]
    asked = types.SimpleNamespace(epoch=lambda number: [number])
    assert [list(InTurn(asked, asked, asked).epoch(k)) for k in (0, 1, 2)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert generator(3, 5).initial_seed() == 4895867234429419378  # of an epoch in every process and at every time


def test_resumed_with_other_points_it_comes_to_them(tmp_path):
    looks = iter([weights, None])
    with pytest.raises(TypeError):
        train(checkpoint=tmp_path / "run.pt", every=4, measure=lambda model: next(looks)(model))
    assert train(checkpoint=tmp_path / "run.pt", every=6, measure=weights)[1]["step"] == [4, 6, 12, 18, 24]


@pytest.mark.parametrize("told", [None, 2.5])
def test_joules_are_kept_and_counted_on(tmp_path, monkeypatch, told):
    made, of_scalers, scaler = [], [], torch.amp.GradScaler

    class Counter:
        seconds, joules = 1.5, told

        def __init__(self, device, *before):
            made.append(before)

        start = hold = lambda self: None

    monkeypatch.setattr(running, "Meter", Counter)
    monkeypatch.setattr(torch.amp, "GradScaler", lambda device, enabled: of_scalers.append(enabled) or scaler(device, enabled=enabled))
    net, batches = nn.Linear(5, 1, bias=False), problem()[1]  # one parameter is enough
    for _ in range(2):
        record = fit(net, batches, loss, torch.optim.SGD(net.parameters(), 0.1), epochs=1, checkpoint=tmp_path / "run.pt", progress=False)
    assert record.joules == told and made == [(), (), (1.5, told or 0.0)] and of_scalers == [False] * 2


def test_the_generator_of_a_card_is_kept_too(monkeypatch):
    card, told, here = types.SimpleNamespace(type="cuda"), [], torch.get_rng_state()
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: f"of {device.type}")
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: told.append((state, device)))
    states = running._random_state(card)
    assert torch.equal(states[0], here) and states[1:] == ["of cuda"] and len(running._random_state(torch.device("cpu"))) == 1
    torch.rand(3)
    running._set_random_state(card, states)
    assert torch.equal(torch.get_rng_state(), here) and told == [("of cuda", card)]


def test_the_bar_is_full_at_the_end(monkeypatch):
    class Bar(NoBar):
        def __init__(self, total):
            bars.append(self)
            self.total, self.n = total, 0

        def update(self, n):
            self.n += n

    bars = []
    monkeypatch.setattr(running, "bar", lambda progress, total: Bar(total))
    train(epochs=2)
    train(epochs=3, every=4)
    assert [(bar.n, bar.total) for bar in bars] == [(12, 12), (18, 18)]


class Short(Batches):
    """One batch fewer than promised."""

    def epoch(self, number):
        yield from list(super().epoch(number))[:-1]


@pytest.mark.parametrize("every", [None, 4])
def test_an_epoch_that_is_too_short_is_told(every):
    net, batches = problem()
    short = Short(batches.x, batches.y, 16)
    with pytest.raises(ValueError, match=r"Epoch 0 ended after 5 batches, but len\(batches\) says 6"):
        fit(net, short, loss, torch.optim.SGD(net.parameters(), lr=0.01), epochs=2, every=every, progress=False)


def test_a_scaled_gradient_that_overflows_skips_the_step_and_clips_what_is_unscaled(monkeypatch):
    """float16 on a card without bfloat16, played on the CPU: a scaler of 2¹⁶, one loss that is infinite, a limit on the norm."""
    made = []

    def scaler(device, enabled):
        made.append(torch.amp.grad_scaler.GradScaler("cpu", init_scale=2.0**16, growth_interval=1000))
        return made[-1]

    monkeypatch.setattr("gdcore.training.loop.torch.amp.GradScaler", scaler)
    net, batches = problem()
    before = [p.detach().clone() for p in net.parameters()]
    seen = []

    def broken(model, x, y):
        seen.append([p.detach().clone() for p in model.parameters()])
        return loss(model, x, y) * (float("inf") if len(seen) == 3 else 1.0)

    class Kept(torch.optim.SGD):
        lengths = []

        def step(self, *args, **kwargs):
            (group,) = self.param_groups
            self.lengths.append(float(torch.cat([p.grad.flatten() for p in group["params"]]).norm()))
            return super().step(*args, **kwargs)

    fit(net, batches, broken, Kept(net.parameters(), lr=0.1), epochs=1, clip=1e-3, progress=False)
    assert all(torch.isfinite(p).all() for p in net.parameters()) and made[0].get_scale() == 2.0**15
    assert not any(torch.equal(p, q) for p, q in zip(net.parameters(), before))
    assert all(torch.equal(p, q) for p, q in zip(seen[2], seen[3])), "the step of the infinite loss was taken"
    assert len(Kept.lengths) == 5 and max(Kept.lengths) == pytest.approx(1e-3, rel=1e-3), Kept.lengths


def test_a_batch_keeps_each_input_with_its_target():
    numbers = torch.arange(50)
    for epoch in range(3):
        for x, y in Batches(numbers, numbers, 8, seed=1).epoch(epoch):
            assert torch.equal(x, y)


@pytest.mark.parametrize("name", ["loss", "step", "seconds"])
def test_a_measure_may_not_take_the_records_own_names(name):
    with pytest.raises(ValueError, match=f"measure gave '{name}', which the record keeps for the training itself"):
        train(epochs=1, measure=lambda model: {name: 1.0})
