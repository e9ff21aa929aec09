"""Rules as Keras optimizers, on each backend, each in a process of its own: TensorFlow and torch do not always bear each other."""

import functools
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CI = bool(os.environ.get("CI"))  # there a library that is missing is a failure and no reason to skip
BACKENDS = ["tensorflow", "jax", "torch"]
# not by importorskip: an import of Keras brings TensorFlow into this process, and whoever meets triton after it dies
MISSING = "is not installed: pip install -r requirements-tools.txt"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(importlib.util.find_spec("keras") is None and not CI, reason=f"Keras {MISSING}")]


@functools.cache
def asked(backend):
    if importlib.util.find_spec(backend) is None and not CI:
        pytest.skip(f"{backend} {MISSING}")
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-m", "tests.bridges.in_keras", backend], capture_output=True, text=True, timeout=600,
                          cwd=Path(__file__).parents[2], env=quiet)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(params=BACKENDS)
def found(request):
    return asked(request.param)


def test_it_is_the_rule(found):
    """float32: 12 steps of rounding, magnified by roots; single eigenvalues of Shampoo lose most."""
    far = {name: error for name, (error, _) in found["iterates"].items()}
    assert max(far.values()) < 3e-4 and len(far) > 30, far


@pytest.mark.parametrize("what", ["fit", "schedule", "clipped"])
def test_in_fit_it_is_the_optimizer_of_keras(found, what):
    ours, theirs = (np.array(found[what][of]) for of in ("ours", "theirs"))
    assert np.allclose(ours, theirs, rtol=1e-4) and ours[-1] < 0.9 * ours[0]


def test_a_model_from_a_file_goes_on_where_it_was(found):
    for losses, here, there, same in found["resumed"].values():
        assert same and here == there and here[-1] < losses[0]


def test_an_embeddings_rows_feel_the_momentum(found):
    used, now, never = found["embedding"]
    assert used > 1e-3 and now > 1e-3 and never == 0


def test_what_it_cannot_do_is_one_sentence(found):
    said = found["refused"]
    assert said["bias"].startswith("ValueError: Muon works on matrices, and ") and "others=gdcore.rules.AdamW" in said["bias"]
    assert said["second"].startswith("TypeError: SAM asks for a second gradient")
    assert said["type"].startswith("TypeError: rule must be a rule such as")
