"""Gradient Descent for Deep Learning: every optimizer of the book, written once and run everywhere."""

import importlib
import sys
import types

__version__ = "0.1.0"

# imported on first use, so that `import gdcore` stays light and needs no torch
_LAZY = {
    "minimize": "gdcore.minimize",
    "device": "gdcore.seeding",
    "seed": "gdcore.seeding",
    "claim": "gdcore.check",
    "show": "gdcore.views",
}
_MODULES = ("algorithms", "bridges", "check", "clinic", "clipping", "curvature", "data", "figures", "grade", "line_search", "models",
            "optim", "propagation", "rules", "schedules", "surfaces", "training", "views")
__all__ = sorted([*_LAZY, *_MODULES])


def __getattr__(name):
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"gdcore.{name}")
    raise AttributeError(f"module 'gdcore' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])


class _Package(types.ModuleType):
    """Importing a submodule makes it an attribute of its package; gdcore.minimize stays the function of that name."""

    def __setattr__(self, name, value):
        if not (name in _LAZY and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
