"""Gradient Descent for Deep Learning: every optimizer of the book, written once and run everywhere."""

import importlib

__version__ = "0.1.0"

# imported on first use, so that `import gdcore` stays light and needs no torch
_LAZY = {
    "minimize": "gdcore.minimize",
    "device": "gdcore.seeding",
    "seed": "gdcore.seeding",
    "claim": "gdcore.check",
    "show": "gdcore.views",
}
__all__ = sorted(_LAZY)


def __getattr__(name):
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'gdcore' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_LAZY])
