"""The scripts of the worked examples, on a handful of data, on a device that is not the CPU. `test_elsewhere.py` runs it."""

import os

import pytest

from examples import cnn_images, rnn_sentiment, transformer_translation
from gdcore.training import fit
from tests.elsewhere.device import register
from tests.training.test_examples import *  # noqa: F403
from tests.training.test_translation_results import test_a_tiny_training_of_each_kind  # noqa: F401

pytestmark = pytest.mark.usefixtures("traced", "fewer")
os.environ["GDCORE_DEVICE"] = str(register())


def fit_there(model, *given, **options):
    assert {p.device.type for p in model.parameters()} == {"elsewhere"}
    return fit(model, *given, **options)


@pytest.fixture
def fewer(monkeypatch):
    """All trainings there; of each recipe one change, since calls take longer than on the CPU, which runs them all."""
    for example in (cnn_images, rnn_sentiment, transformer_translation):
        monkeypatch.setattr(example, "fit", fit_there)
    monkeypatch.setattr(cnn_images, "REGULARISERS", {"with shifts": cnn_images.REGULARISERS["with shifts"]})
    monkeypatch.setattr(cnn_images, "MOVED", {"as it is": {}})
    monkeypatch.setattr(transformer_translation, "TRIALS", {})  # each is the recipe with another number
    monkeypatch.setattr(rnn_sentiment, "CHANGES", {"last thought": rnn_sentiment.CHANGES["last thought"]})
