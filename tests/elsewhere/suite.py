"""What the book does on a GPU, done on a device that is not the CPU: the same numbers as there. `test_elsewhere.py` runs it."""

import numpy as np
import pytest
import torch

import gdcore
from gdcore import optim, schedules
from gdcore import rules as R
from gdcore.rules.arithmetic import where
from gdcore.training import fit
from gdcore.training.reading import scores
from gdcore.training.vision import judge, predict
from tests.elsewhere import some
from tests.elsewhere.device import register
from tests.optim.common import MATRICES, SHAPES, distance, overflow, walk
from tests.optim.test_parity import CLASSES
from tests.rules.table import distance as apart
from tests.rules.test_worlds import ALL, in_world, name, near
from tests.training.cases import CASES, IMAGES, LABELS, OPTIMIZERS, SEQUENCES, as_input

THERE = register()
NEAR = 1e-5  # relative, in single precision


def test_it_is_as_strict_as_a_gpu():
    a, b = torch.ones(2, 2, device=THERE), torch.ones(2, 2)
    for mix in (lambda: a @ b, lambda: a + b, lambda: torch.cat([a, b]), lambda: torch.nn.functional.linear(b, a)):
        with pytest.raises(RuntimeError, match="same device"):
            mix()
    assert (a * torch.tensor(2.0)).sum().item() == 8 and a[torch.tensor([0])].device.type == "elsewhere"
    with pytest.raises(TypeError, match="elsewhere"):
        a.numpy()


def test_a_condition_goes_where_the_arrays_lie():
    yes, number, array = torch.tensor(True), torch.tensor(2.0), torch.ones((), device=THERE)
    for a, b in ((number, array), (array, number), (array, 0.0), (1.0, array)):
        assert where(yes, a, b).device == array.device and where(yes, a, b).item() == float(a)
    assert where(yes, number, 0.0).device.type == "cpu"


def test_the_environment_names_it(monkeypatch):
    monkeypatch.setenv("GDCORE_DEVICE", "elsewhere")
    assert gdcore.device() == THERE


@pytest.mark.parametrize("rule", ALL, ids=name)
def test_each_rule_gives_the_numbers_of_the_cpu(rule):
    here = in_world(rule, np.asarray)
    there = in_world(rule, lambda a: torch.tensor(a, device=THERE), read=lambda x: x.cpu().numpy())
    assert apart(there, here) < near(rule, 1e-12)


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_each_optimizer_gives_the_numbers_of_the_cpu(kind):
    cls, shapes = getattr(optim, kind), MATRICES if kind == "Muon" else SHAPES
    dtype, near = (torch.float32, 2e-2) if kind == "Muon" else (torch.float64, 1e-11)  # Muon iterates in bfloat16
    assert distance(walk(cls, THERE, False, shapes, dtype), walk(cls, "cpu", False, shapes, dtype)) <= near


COMPILED = [*(rule() for rule in R.RULES), R.EMA(R.Adam()), R.Lookahead(R.NAdam(), sync_period=3), R.EMA(R.LAMB()), R.SAM(R.GD()),
            R.L2(R.RAdam(), weight_decay=0.1), R.Ascent(R.LARS())]  # fmt: skip
# of each kind: no memory, two, a number as memory, a branch on t, lengths, means of rows, a matrix, rules around rules
KINDS = ("GD()", "Adam()", "NAdam()", "L2(RAdam)", "LAMB()", "Adafactor()", "Muon()", "Lookahead(NAdam)", "EMA(LAMB)", "SAM(GD)")


def kind(rule):
    return f"{type(rule).__name__}({type(rule.rule).__name__ if isinstance(rule, R.Wrapper) else ''})"


@pytest.mark.parametrize("rule", some(COMPILED, KINDS, kind), ids=name)
def test_each_compiled_rule_gives_the_numbers_of_the_cpu(traced, rule):
    make = lambda params, compile: optim.Optimizer(params, rule, compile=compile)
    shapes = MATRICES if rule.reads == "matrix" else SHAPES
    assert distance(walk(make, THERE, True, shapes, torch.float64), walk(make, "cpu", False, shapes, torch.float64)) <= 1e-14


def test_a_new_step_or_rate_compiles_nothing_anew(traced):
    """But once for RAdam's other branch, from the sixth step on, and once for a number that is nan, in the branch not taken."""
    p = torch.nn.Parameter(torch.ones(7, device=THERE))
    optimizer, counts = optim.RAdam([p], lr=0.1, compile=True), []
    for t in range(12):
        p.grad = torch.full_like(p, 1.0 + t)
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + t)
        optimizer.step()
        counts.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
    assert counts[-1] <= counts[0] + 2 and counts[6:] == counts[6:7] * 6


def train(case, device, optimizer="AdamW", **options):
    model, batches, loss = CASES[case](device)
    found = fit(model, batches, loss, OPTIMIZERS[optimizer](model), epochs=3, schedule=schedules.one_cycle(3 * len(batches)), clip=1.0,
                progress=False, **options)  # fmt: skip
    return model, found


PAIRS = [(case, optimizer) for case in CASES for optimizer in OPTIMIZERS]


@pytest.mark.parametrize("case, optimizer", some(PAIRS, [("images", "SGD"), ("sentences", "two"), ("lstm", "AdamW"), ("gru", "SGD")]))
def test_a_training_is_that_of_the_cpu(case, optimizer):
    losses = [train(case, device, optimizer)[1]["loss"] for device in (THERE, "cpu")]
    assert losses[0] == pytest.approx(losses[1], rel=2e-2 if optimizer == "two" else NEAR)


@pytest.mark.parametrize("case", CASES)
def test_half_precision_ends_near(case):
    full, half = (train(case, THERE, mixed=mixed)[1] for mixed in (False, True))
    assert half["loss"] != full["loss"] and half["loss"] == pytest.approx(full["loss"], rel=0.05)


@pytest.mark.parametrize("case", CASES)
def test_killed_and_resumed(case, tmp_path):
    class Killed(Exception):
        pass

    def stop(model):
        looks.append(None)
        if len(looks) == 2:
            raise Killed
        return {}

    whole, looks = train(case, THERE, measure=lambda model: {}, checkpoint=tmp_path / "whole.pt")[1], []
    with pytest.raises(Killed):
        train(case, THERE, measure=stop, checkpoint=tmp_path / "killed.pt")
    resumed = train(case, THERE, measure=lambda model: {}, checkpoint=tmp_path / "killed.pt")[1]
    assert resumed["loss"] == whole["loss"]


def test_the_scaler_skips_a_step_that_overflowed():
    assert overflow(THERE)


# -- what is asked of a trained model ---------------------------------------------------------------------------------------------


def both(case):
    """The same model there and on the CPU."""
    return train(case, THERE)[0].eval(), CASES[case]("cpu")[0].eval()


def test_photographs_are_judged_alike():
    there, here = both("images")
    here.load_state_dict({n: a.cpu() for n, a in there.state_dict().items()})
    assert torch.allclose(predict(there, as_input(IMAGES, THERE)).cpu(), predict(here, as_input(IMAGES)), atol=NEAR)
    found, wanted = judge(there, as_input(IMAGES, THERE), LABELS.to(THERE)), judge(here, as_input(IMAGES), LABELS)
    assert found == pytest.approx(wanted, rel=NEAR)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_reviews_are_read_alike(cell):
    there, here = both(cell)
    here.load_state_dict({n: a.cpu() for n, a in there.state_dict().items()})
    assert torch.allclose(scores(there, SEQUENCES), scores(here, SEQUENCES), atol=NEAR)


@pytest.mark.parametrize("pieces", [None, list(range(40))], ids=["all", "some"])
def test_sentences_are_translated_alike(pieces):
    there, here = both("sentences")
    here.load_state_dict({n: a.cpu() for n, a in there.state_dict().items()})
    source = torch.tensor([[3, 5, 7, 0], [9, 2, 4, 6]])
    for model in (there, here):
        model.restrict(pieces)
    assert there.translate(source.to(THERE)).tolist() == here.translate(source).tolist()
    assert there.search(source.to(THERE)).tolist() == here.search(source).tolist()
    there.extend([[1, 2], [3]])
    assert there.embedding.weight.device.type == there.bias.device.type == "elsewhere"
