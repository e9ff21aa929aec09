"""A rule in other libraries: `optax(rule)` is a GradientTransformation, `keras(rule)` a keras.Optimizer, `flower(rule)` a strategy.

Gradients come in as the library has them, trees of arrays or variables. They pass through the rule's own `update`, leaf by leaf, in the
library's arithmetic, so they may be compiled there (`jax.jit`, `tf.function`). They leave as the updates or the assignments that the
library expects; the memory lies in the library's own state, so it is saved, sharded and restored like that of its own optimizers.

None of them is imported before it is asked for. In a program that imports TensorFlow, import triton (or torch._dynamo)
before it where triton is installed: the other way round the process dies (tensorflow/tensorflow#124205).
"""

import importlib

_WHERE = {"optax": "to_optax", "answer": "to_optax", "keras": "to_keras", "flower": "to_flower", "LocalGrid": "to_flower"}
__all__ = sorted(_WHERE)


def __getattr__(name):
    if name in _WHERE:
        return getattr(importlib.import_module(f"gdcore.bridges.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'gdcore.bridges' has no attribute {name!r}")


def __dir__():
    return __all__
