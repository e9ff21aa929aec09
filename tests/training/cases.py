"""Small trainings of every kind of this book, on any device: (model, batches, loss), made anew and the same each time."""

import numpy as np
import torch
import torch.nn.functional as F

from gdcore import optim
from gdcore.models.cnn import FashionNet
from gdcore.models.sentiment import Reader
from gdcore.models.transformer import Transformer
from gdcore.models.translation import SentencePairs
from gdcore.training.batches import Batches
from gdcore.training.lengths import ByLength
from gdcore.training.reading import bill
from gdcore.training.vision import as_input, flipped, shifted

__all__ = ["CASES", "OPTIMIZERS", "SEQUENCES"]

_DRAWS = np.random.default_rng(0)
SEQUENCES = [_DRAWS.integers(1, 40, size=n) for n in _DRAWS.integers(3, 9, size=24)]
IMAGES, LABELS = _DRAWS.integers(0, 255, size=(24, 28, 28), dtype=np.uint8), torch.arange(24) % 10


def images(device):
    augment = lambda x, draws: shifted(flipped(x, draws), draws)
    batches = Batches(as_input(IMAGES, device), LABELS.to(device), 6, augment=augment)
    torch.manual_seed(0)
    return FashionNet(dropout=0.1).to(device), batches, lambda model, x, y: F.cross_entropy(model(x), y)


def reviews(cell, device):
    torch.manual_seed(0)
    return Reader(50, cell, dropout=0.1).to(device), ByLength(SEQUENCES, torch.arange(24) % 2 * 1.0, 6, device=device), bill


def sentences(device):
    rows = [[*map(int, s), 0] for s in SEQUENCES]
    torch.manual_seed(0)
    model = Transformer(vocabulary=50, d=16, wide=32, heads=2, encoders=1, decoders=1, dropout=0.1).to(device)
    return model, SentencePairs(rows, rows, 6, device=device), lambda model, x, y: model.loss(x, y)


CASES = {"images": images, "sentences": sentences} | {c: lambda device, c=c: reviews(c, device) for c in ("rnn", "gru", "lstm")}
OPTIMIZERS = {
    "SGD": lambda net: optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True),
    "AdamW": lambda net: optim.AdamW(net.parameters(), 1e-3),
    "two": lambda net: [optim.Muon([p for p in net.parameters() if p.ndim == 2], 0.02),
                        optim.AdamW([p for p in net.parameters() if p.ndim != 2], 1e-3)],
}  # fmt: skip
