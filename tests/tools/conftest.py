"""What the tests of the tools share."""

import os
import random

import numpy as np
import pytest
import torch


@pytest.fixture
def restore_generators():
    """Puts back what gdcore.seed changes for the whole process."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    deterministic = torch.are_deterministic_algorithms_enabled()
    environment = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    torch.use_deterministic_algorithms(deterministic)
    if environment is None:
        os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
