"""No model mixes in a tensor of the CPU: forwards and backwards on torch's meta device, which has shapes and no numbers."""

import pytest
import torch
from torch import nn

from gdcore.models.cnn import Convolution, FashionNet
from gdcore.models.sentiment import BagOfWords, Reader
from gdcore.models.transformer import Transformer

IDS, LENGTHS = torch.ones(3, 7, dtype=torch.long), torch.full((3,), 7)
IMAGES = torch.ones(2, 1, 28, 28)


def small():
    return Transformer(vocabulary=50, d=16, wide=32, heads=2, encoders=1, decoders=1, dropout=0.1)


class Forgetful(nn.Module):
    def forward(self, ids, lengths):
        return (torch.arange(ids.shape[1]) < lengths[:, None]).float()


CASES = [
    (FashionNet(dropout=0.1), (IMAGES,)),
    (Convolution(1, 4), (IMAGES,)),
    (BagOfWords(50), (IDS, LENGTHS)),
    *((Reader(50, cell, last=last), (IDS, LENGTHS)) for cell in ("rnn", "gru", "lstm") for last in (False, True)),
    (small(), (IDS, IDS)),
]


@pytest.mark.parametrize(("model", "inputs"), CASES, ids=lambda c: type(c).__name__)
def test_a_model_runs_where_its_parameters_lie(model, inputs):
    out = model.to("meta")(*(a.to("meta") for a in inputs))
    out.sum().backward()
    assert out.device.type == "meta"
    assert {p.grad.device.type for p in model.parameters() if p.grad is not None} == {"meta"}


def test_the_loss_of_the_translation_runs_there_too():
    model, ids = small().to("meta"), IDS.to("meta")
    loss = model.loss(ids, ids)
    loss.backward()
    assert loss.device.type == model.bias.grad.device.type == "meta"


def test_a_model_that_forgets_its_device_is_found_out():
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        Forgetful()(IDS.to("meta"), LENGTHS.to("meta"))
