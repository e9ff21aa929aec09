"""The scripts of the worked examples, on a handful of data, on a device that is not the CPU. `test_elsewhere.py` runs it."""

import os

from gdcore import device
from tests.elsewhere.device import register
from tests.training.test_examples import *  # noqa: F403
from tests.training.test_translation_results import test_a_tiny_training_of_each_kind  # noqa: F401

os.environ["GDCORE_DEVICE"] = str(register())


def test_they_are_there():
    assert device().type == "elsewhere"
