"""The same numbers again: one seed for every generator, and the device to compute on."""

import importlib.util
import os
import random

import numpy as np

__all__ = ["device", "seed"]


def seed(n):
    """Seed Python's, NumPy's and (if installed) torch's global generators, and return a NumPy generator of its own.

    torch is also asked for deterministic algorithms; operations that have none warn. On CUDA some of them need
    CUBLAS_WORKSPACE_CONFIG, which is set here unless it is set already, and which counts only before the first CUDA call.
    n: a whole number from 0 to 2³² − 1. Raises TypeError or ValueError for anything else.
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"A seed is a whole number, got {n!r}.")
    if not 0 <= n < 2**32:
        raise ValueError(f"A seed lies between 0 and 2³² − 1, got {n}.")
    n = int(n)
    random.seed(n)
    np.random.seed(n)
    if importlib.util.find_spec("torch") is not None:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        import torch

        torch.manual_seed(n)
        torch.use_deterministic_algorithms(True, warn_only=True)
        if torch.backends.cudnn.benchmark:  # torch forbids even an assignment that changes nothing once its flags are frozen
            torch.backends.cudnn.benchmark = False
    return np.random.default_rng(n)


def device():
    """The torch.device to compute on: what the environment variable GDCORE_DEVICE names, else CUDA if there is one, else the CPU.

    Raises ImportError without torch, ValueError if GDCORE_DEVICE names no device or one that is not there.
    """
    try:
        import torch
    except ImportError:
        raise ImportError("gdcore.device() needs torch: install it with `pip install torch`.") from None
    name = os.environ.get("GDCORE_DEVICE", "").strip()
    if not name:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(name)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ValueError(f"GDCORE_DEVICE is {name!r}, which is no device of this machine; "
                         "unset it, or give cpu or cuda.") from None
    return chosen
