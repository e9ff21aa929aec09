"""One seed for every generator, and the device."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

import gdcore
from gdcore.seeding import device, seed


def draw():
    return random.random(), np.random.random(), torch.rand(1).item()


def test_a_seed_repeats_every_generator(restore_generators):
    own = seed(7).random(3)
    first, second = draw(), draw()
    assert (seed(7).random(3) == own).all() and draw() == first != second
    seed(8)
    assert not set(draw()) & set(first)


def test_the_returned_generator_is_numpys_own(restore_generators):
    assert (seed(3).random(5) == np.random.default_rng(3).random(5)).all()
    assert isinstance(seed(np.int64(3)), np.random.Generator)


def test_torch_is_asked_for_deterministic_algorithms_that_warn(restore_generators):
    torch.use_deterministic_algorithms(False)
    seed(0)
    assert torch.are_deterministic_algorithms_enabled() and torch.is_deterministic_algorithms_warn_only_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"]


@pytest.mark.slow
def test_no_timing_chooses_the_algorithms():
    # in a process of its own: torch's test suite, which other tests import, freezes this flag
    code = "import torch, gdcore; torch.backends.cudnn.benchmark = True; gdcore.seed(0); print(torch.backends.cudnn.benchmark)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


@pytest.mark.slow
def test_frozen_flags_are_no_reason_to_fail():
    code = "import torch, gdcore; torch.backends.disable_global_flags(); gdcore.seed(0)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("n, kind, match", [
    (1.5, TypeError, "A seed is a whole number, got 1.5"), ("1", TypeError, "got '1'"), (None, TypeError, "got None"),
    (True, TypeError, "got True"), (-1, ValueError, "A seed lies between 0 and"), (2**32, ValueError, "got 4294967296")])
def test_bad_seeds_are_refused(n, kind, match):
    with pytest.raises(kind, match=match):
        seed(n)


def test_without_torch_a_seed_works_and_a_device_asks_for_it():
    code = """
import sys, importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torch" else find(name, *rest)
sys.modules["torch"] = None
import gdcore
print(gdcore.seed(0).random() == gdcore.seed(0).random())
try:
    gdcore.device()
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True", "gdcore.device() needs torch: install it with `pip install torch`."]


def test_importing_the_module_imports_no_torch():
    code = "import sys, gdcore.seeding; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


@pytest.mark.parametrize("there, name", [(True, "cuda"), (False, "cpu")])
def test_the_device_is_cuda_if_there_is_one(monkeypatch, there, name):
    monkeypatch.delenv("GDCORE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert gdcore.device() == torch.device(name)


def test_the_environment_decides(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("GDCORE_DEVICE", " cpu ")
    assert device() == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "cpu:x", "cuda:99"])
def test_a_device_that_is_not_there_is_refused_in_one_sentence(monkeypatch, name):
    monkeypatch.setenv("GDCORE_DEVICE", name)
    with pytest.raises(ValueError, match=f"GDCORE_DEVICE is '{name}', which is no device of this machine") as caught:
        device()
    assert "\n" not in str(caught.value)
