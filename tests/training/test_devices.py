"""The loop, its batches and its losses stay where the parameters lie: trainings on torch's meta device, which has shapes and no numbers.

The one thing that a device without numbers cannot do is to tell one, so `Tensor.item` is given an answer; that it is asked once a look, and
not once a step, is counted on the way: on a GPU each question waits for the card. With numbers: tests/elsewhere.
"""

import pytest
import torch

from gdcore import optim, schedules
from gdcore.training import fit
from tests.training.cases import CASES, OPTIMIZERS

pytestmark = pytest.mark.slow
META = torch.device("meta")


@pytest.fixture
def asked(monkeypatch):
    """How often a number was wanted of a tensor on the meta device."""
    questions = []
    plain = torch.Tensor.item
    monkeypatch.setattr(torch.Tensor, "item", lambda a: questions.append(a) or 1.0 if a.device.type == "meta" else plain(a))
    return questions


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("case", CASES)
def test_a_training_stays_on_its_device_and_asks_once_a_look(asked, case, optimizer):
    model, batches, loss = CASES[case](META)
    record = fit(model, batches, loss, OPTIMIZERS[optimizer](model), epochs=2, schedule=schedules.one_cycle(2 * len(batches)), clip=1.0,
                 progress=False)
    assert (record.status, len(batches)) == ("finished", 4)
    assert {p.grad.device.type for p in model.parameters() if p.grad is not None} == {"meta"}
    assert len(asked) == 2, f"{len(asked)} numbers were fetched in 8 steps and 2 looks"


def test_a_batch_that_stays_behind_is_found_out(asked):
    model, batches, loss = CASES["gru"](META)
    batches.device = torch.device("cpu")
    with pytest.raises((RuntimeError, NotImplementedError), match="meta|device"):
        fit(model, batches, loss, optim.SGD(model.parameters(), 0.1), epochs=1, progress=False)


def test_a_question_in_every_step_is_counted(asked):
    model, batches, loss = CASES["gru"](META)
    fit(model, batches, lambda *batch: loss(*batch) * loss(*batch).item(), optim.SGD(model.parameters(), 0.1), epochs=1, progress=False)
    assert len(asked) == 5
