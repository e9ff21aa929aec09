"""The chapter on tools: libraries brought in without their log lines, and a drawing of steps after a change of the rate."""

import contextlib
import gc
import importlib
import importlib.util
import os
import sys
import tempfile

import numpy as np

from gdcore.figures.style import INK, PALETTE, figure, label_ends

__all__ = ["after_a_cut", "library"]


def library(name):
    """The library of that name, imported without a word, or None where it is not installed.

    TensorFlow needs triton imported before it where there is one (tensorflow/tensorflow#124205). Keras runs on TensorFlow, or on what
    there is, and keeps its settings file in a temporary folder.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = next((kind for kind in ("tensorflow", "jax") if _there(kind)), "torch")
        os.environ.setdefault("KERAS_HOME", os.path.join(tempfile.gettempdir(), "keras-of-gdcore"))
    if not _there(name):
        return None
    with _silence(), contextlib.nullcontext() if name in sys.modules else _uncollected():
        if name in ("tensorflow", "keras") and _there("triton"):
            importlib.import_module("triton")
        with contextlib.suppress(ImportError):
            found = importlib.import_module(name)
            if name == "tensorflow":
                found.constant(0.0) + 1.0  # the first sum starts the devices, which say so
            return found
    return None


def _there(name):
    """Whether the library can be imported: None in sys.modules blocks it."""
    return sys.modules[name] is not None if name in sys.modules else importlib.util.find_spec(name) is not None


@contextlib.contextmanager
def _silence():
    """What is written to the process's error stream, also by C++, goes nowhere."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def _uncollected():
    """The garbage collector rests meanwhile, and leaves alone for good what is there then: modules stay, and each walk over all of theirs
    takes a part of a second."""
    at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if at_work:
            gc.enable()


def after_a_cut(steps, cut, title=None):
    """Lengths of steps around a cut of the rate, a dotted line; step 1 is the first after it. `steps` is {name: lengths}, of which the
    first `cut` are before it. Returns (fig, ax)."""
    fig, ax = figure(title)
    ends = []
    for (name, lengths), color in zip(steps.items(), PALETTE):
        lengths = np.asarray(lengths)
        ax.plot(np.arange(1, len(lengths) + 1) - cut, lengths, "o-", color=color, markersize=3, linewidth=1.4)
        ends.append((len(lengths) - cut, lengths[-1], name, color))
    ax.axvline(0.5, linestyle=":", color=INK, linewidth=1)
    ax.set(xlabel="step after the cut", ylabel="length of the step", yscale="log")
    label_ends(ax, ends)
    return fig, ax
