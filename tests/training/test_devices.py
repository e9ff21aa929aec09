"""The loop, its batches and its losses stay where the parameters lie: trainings on torch's meta device, which has shapes and no numbers.

The one thing that a device without numbers cannot do is to tell one, so `Tensor.item` is given an answer; that it is asked once a look, and
not once a step, is counted on the way: on a GPU each question waits for the card.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gdcore import optim, schedules
from gdcore.models.cnn import FashionNet
from gdcore.models.sentiment import Reader
from gdcore.models.transformer import Transformer
from gdcore.models.translation import SentencePairs
from gdcore.training import fit
from gdcore.training.batches import Batches
from gdcore.training.lengths import ByLength
from gdcore.training.reading import bill
from gdcore.training.vision import as_input, flipped, shifted

META = torch.device("meta")
DRAWS = np.random.default_rng(0)
SEQUENCES = [DRAWS.integers(1, 40, size=n) for n in DRAWS.integers(3, 9, size=24)]


@pytest.fixture
def asked(monkeypatch):
    """How often a number was wanted of a tensor on the meta device."""
    questions = []
    plain = torch.Tensor.item
    monkeypatch.setattr(torch.Tensor, "item", lambda a: questions.append(a) or 1.0 if a.device.type == "meta" else plain(a))
    return questions


def images():
    x = as_input(DRAWS.integers(0, 255, size=(24, 28, 28), dtype=np.uint8), META)
    augment = lambda x, draws: shifted(flipped(x, draws), draws)
    batches = Batches(x, torch.zeros(24, dtype=torch.long, device=META), 6, augment=augment)
    return FashionNet(dropout=0.1), batches, lambda model, x, y: F.cross_entropy(model(x), y)


def reviews(cell):
    return Reader(50, cell, dropout=0.1), ByLength(SEQUENCES, torch.ones(24), 6, device=META), bill


def sentences():
    rows = [[*map(int, s), 0] for s in SEQUENCES]
    model = Transformer(vocabulary=50, d=16, wide=32, heads=2, encoders=1, decoders=1, dropout=0.1)
    return model, SentencePairs(rows, rows, 6, device=META), lambda model, x, y: model.loss(x, y)


CASES = {"images": images, "sentences": sentences} | {cell: lambda cell=cell: reviews(cell) for cell in ("rnn", "gru", "lstm")}
OPTIMIZERS = {
    "SGD": lambda net: optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True),
    "AdamW": lambda net: optim.AdamW(net.parameters(), 1e-3),
    "two": lambda net: [optim.Muon([p for p in net.parameters() if p.ndim == 2], 0.02),
                        optim.AdamW([p for p in net.parameters() if p.ndim != 2], 1e-3)],
}  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("case", CASES)
def test_a_training_stays_on_its_device_and_asks_once_a_look(asked, case, optimizer):
    model, batches, loss = CASES[case]()
    model.to(META)
    record = fit(model, batches, loss, OPTIMIZERS[optimizer](model), epochs=2, schedule=schedules.one_cycle(2 * len(batches)), clip=1.0,
                 progress=False)
    assert (record.status, len(batches)) == ("finished", 4)
    assert {p.grad.device.type for p in model.parameters() if p.grad is not None} == {"meta"}
    assert len(asked) == 2, f"{len(asked)} numbers were fetched in 8 steps and 2 looks"


def test_a_batch_that_stays_behind_is_found_out(asked):
    model, batches, loss = reviews("gru")
    batches.device = torch.device("cpu")
    model.to(META)
    with pytest.raises((RuntimeError, NotImplementedError), match="meta|device"):
        fit(model, batches, loss, optim.SGD(model.parameters(), 0.1), epochs=1, progress=False)


def test_a_question_in_every_step_is_counted(asked):
    model, batches, loss = reviews("gru")
    model.to(META)
    fit(model, batches, lambda *batch: loss(*batch) * loss(*batch).item(), optim.SGD(model.parameters(), 0.1), epochs=1, progress=False)
    assert len(asked) == 5
