"""Networks that leave torch answer and train as they did in it."""

import importlib.util
import os

import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn import functional as F

from gdcore import export

CI = bool(os.environ.get("CI"))  # there a library that is missing is a failure and no reason to skip
MISSING = [n for n in ("onnx", "onnxscript", "onnxruntime", "executorch") if importlib.util.find_spec(n) is None]
needs_them = pytest.mark.skipif(bool(MISSING) and not CI, reason=f"{MISSING} not installed: pip install -r requirements-tools.txt")
pytestmark = pytest.mark.slow


def digits():
    data = load_digits()
    return torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target)


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))


@needs_them
def test_a_file_answers_as_the_network_for_any_number_of_rows(capsys):
    model, (x, _) = network(), digits()
    content = export.to_onnx(model, x[:2])
    for rows in (1, 7, 300):
        assert torch.allclose(export.run_onnx(content, x[:rows]), model(x[:rows]).detach(), atol=1e-5)
    small = export.to_onnx(torch.nn.Sequential(torch.nn.Linear(64, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10)), x[:2], int8=True)
    assert len(small) < 0.4 * 4 * (64 * 512 + 512 * 10) and export.run_onnx(small, x[:5]).shape == (5, 10)
    assert capsys.readouterr() == ("", "")


@needs_them
def test_a_program_trains_as_torch_does():
    (x, y), model = digits(), network()
    program = export.training_program(model, F.cross_entropy, x[:32], y[:32])
    assert len(program) < 30_000
    there, here = export.TrainingProgram(program, x[:32], y[:32], lr=0.1, momentum=0.9), torch.optim.SGD(model.parameters(), 0.1, 0.9)
    for at in range(0, 1600, 32):
        told = there.step(x[at : at + 32], y[at : at + 32])
        here.zero_grad()
        loss = F.cross_entropy(model(x[at : at + 32]), y[at : at + 32])
        loss.backward()
        here.step()
        assert told == pytest.approx(loss.item(), abs=2e-6)
    assert loss.item() < 1.8


@needs_them
def test_what_is_no_program_or_another_batch_is_told_and_changes_nothing():
    (x, y), model = digits(), network()
    x, y = x[:32], y[:32]
    program = export.training_program(model, F.cross_entropy, x, y)
    with pytest.raises(RuntimeError, match="These bytes are no training program"):
        export.TrainingProgram(b"no program" * 50, x, y, lr=0.1)
    there, again = (export.TrainingProgram(program, x, y, lr=0.1) for _ in range(2))
    for bad in ((x[:8], y[:8]), (x.double(), y), (x, y.int()), (x.tolist(), y)):
        with pytest.raises(RuntimeError, match=r"[xy] is .*; this program was made for"):
            there.step(*bad)
    with pytest.raises(RuntimeError, match="are all of its targets among the classes"):
        there.step(x, y + 100)
    strided = x.T.contiguous().T
    assert not strided.is_contiguous() and [there.step(strided, y) for _ in range(3)] == [again.step(x, y) for _ in range(3)]


@needs_them
def test_the_model_keeps_its_mode():
    model = torch.nn.Sequential(torch.nn.Linear(64, 10), torch.nn.Dropout())
    model[1].eval()
    export.to_onnx(model, torch.zeros(2, 64))
    assert (model.training, model[0].training, model[1].training) == (True, True, False)


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="onnx is not installed: pip install -r requirements-tools.txt"):
        export.to_onnx(network(), torch.zeros(2, 64))
    with pytest.raises(ImportError, match="executorch is not installed"):
        export.training_program(network(), F.cross_entropy, torch.zeros(2, 64), torch.zeros(2))
