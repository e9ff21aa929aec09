"""The scripts of the worked examples run from end to end, on a handful of examples; what is stored is what they make."""

import json

import pytest
import torch

from examples import cnn_images, ledger
from gdcore.training.vision import as_input

STORED = ledger.RESULTS / "cnn_images.json"


@pytest.fixture
def few_images(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "RESULTS", tmp_path)
    draws = torch.Generator().manual_seed(0)
    part = lambda n: (as_input(torch.randint(0, 256, (n, 28, 28), generator=draws).numpy()), torch.randint(0, 10, (n,), generator=draws))
    found = {"train": part(256), "validation": part(64), "test": part(64)}
    monkeypatch.setattr(cnn_images, "parts", lambda: found)
    for name, value in {"RATES": {"SGD": (0.1,), "AdamW": (0.01,), "Muon": (0.05,)}, "SEEDS": (0,), "EPOCHS": 1}.items():
        monkeypatch.setattr(cnn_images, name, value)
    monkeypatch.setattr(cnn_images.optimizer_time, "__defaults__", (2, 1))
    return tmp_path


@pytest.mark.slow
def test_the_image_example_makes_what_its_chapter_reads(few_images):
    cnn_images.main()
    made = json.loads((few_images / "cnn_images.json").read_text())["entries"]
    stored = json.loads(STORED.read_text())["entries"]
    assert set(made["Muon seed 0"]) == set(stored["Muon seed 0"]) and set(made["optimizer time"]) == set(stored["optimizer time"])
    assert {f"{name} seed 0" for name in ("SGD", "AdamW", "Muon", *cnn_images.REGULARISERS)} | {"optimizer time"} <= set(stored)
    full = made["Muon seed 0"]
    assert sum(map(sum, full["confusion"])) == 64
    assert all(entry["machine"]["torch"] == torch.__version__ for entry in made.values())
