"""A rule as a keras.Optimizer, on TensorFlow, JAX or torch, whichever Keras runs on."""

import contextlib
import functools
from dataclasses import fields

import numpy as np

with contextlib.suppress(ImportError):  # Keras imports TensorFlow, and triton after TensorFlow kills the process
    import triton  # noqa: F401
from keras import Optimizer, backend, ops, saving

import gdcore.rules as R
from gdcore.bridges.leaves import checked, chosen

__all__ = ["RuleOptimizer", "keras"]


def keras(rule, *, others=None, out_axis=-1, **common):
    """Any rule of gdcore as a keras.Optimizer: for `compile` and `fit`, or `apply` in a loop of your own.

    rule: such as gdcore.rules.Muon(lr=0.02); its lr is the optimizer's learning rate, unless `learning_rate`, a number or a schedule of
    Keras, is among the rest. others: the rule for variables that are no matrices, if `rule` is for matrices only; its learning rate
    keeps its proportion to that of the rule. out_axis: of a matrix, the axis of its outputs: −1 as in Keras, 0 as in torch.
    common: what every Keras optimizer takes, such as clipnorm, global_clipnorm, use_ema, gradient_accumulation_steps, weight_decay
    (beside the rule, times the learning rate) and name.
    It is saved and loaded with its model, memory included. For rules that keep an average, `fit` ends with it in the weights; in your
    own loop call finalize_variable_values(variables). Raises TypeError for a rule with a second gradient, ValueError for a variable
    that the rule cannot step.
    """
    return RuleOptimizer(rule, others=others, out_axis=out_axis, **common)


@saving.register_keras_serializable(package="gdcore")
class RuleOptimizer(Optimizer):
    """See `keras`."""

    def __init__(self, rule, others=None, out_axis=-1, learning_rate=None, name=None, **common):
        checked(rule, others)
        own = rule.hyperparameters().get("lr", 1.0)
        super().__init__(learning_rate=own if learning_rate is None else learning_rate, name=name or type(rule).__name__.lower(), **common)
        self.gdcore_rule, self.gdcore_others, self.out_axis, self._leaves, self._memories = rule, others, out_axis, [], []

    def build(self, variables):
        if self.built:
            return
        leaves = [chosen(self.gdcore_rule, self.gdcore_others, v.shape, self.out_axis, v.path) for v in variables]
        super().build(variables)
        self._leaves, self._memories = leaves, [self._memory(leaf, v) for leaf, v in zip(leaves, variables)]

    def _memory(self, leaf, variable):
        """Variables for what the rule keeps; each starts where the rule says, which may be at the variable's own value."""
        begin = lambda i, shape, dtype=None: ops.reshape(ops.cast(leaf.init(ops.copy(variable))[i], dtype or variable.dtype), shape)
        shapes = [np.shape(m) for m in leaf.init(np.zeros(variable.shape, "float32"))]
        named = f"{variable.path.replace('/', '_')}_{{}}".format
        return [self.add_variable(shape, functools.partial(begin, i), dtype=variable.dtype, name=named(name))
                for i, (shape, name) in enumerate(zip(shapes, leaf.rule.state_names))]  # fmt: skip

    def update_step(self, gradient, variable, learning_rate):
        leaf, kept = self._of(variable)
        kind = backend.standardize_dtype(variable.dtype)
        x, g, *memory = (ops.convert_to_tensor(v) for v in (variable, _dense(gradient), *kept))
        t, rate = ops.cast(self.iterations + 1, kind), ops.cast(learning_rate, kind) * self._share(leaf)
        with _numbers(kind):
            new, memory = leaf.update(x, ops.cast(g, kind), t, memory, rate)
        self.assign(variable, new)
        for place, value in zip(kept, memory):
            self.assign(place, ops.cast(value, kind))

    def _of(self, variable):
        """The leaf and the memory of a variable."""
        index = self._get_variable_index(variable)
        return self._leaves[index], self._memories[index]

    def _share(self, leaf):
        """What the learning rate of this leaf's rule is of the optimizer's."""
        main, own = (rule.hyperparameters().get("lr", 1.0) for rule in (self.gdcore_rule, leaf.rule))
        return own / main if main else 1.0

    def finalize_variable_values(self, variables):
        """Put the rule's answer into the variables, as `fit` does when it ends."""
        super().finalize_variable_values(variables)
        for variable in variables if self.built else []:
            leaf, kept = self._of(variable)
            x, *memory = (ops.copy(v) for v in (variable, *kept))
            with _numbers(variable.dtype):
                variable.assign(leaf.answer(x, memory))

    def get_config(self):
        own = {"rule": _told(self.gdcore_rule), "others": self.gdcore_others and _told(self.gdcore_others), "out_axis": self.out_axis}
        return super().get_config() | own

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        rule, others = _made(config.pop("rule")), config.pop("others")
        config["learning_rate"] = saving.deserialize_keras_object(config["learning_rate"], custom_objects=custom_objects)
        return cls(rule, others=others and _made(others), **config)


def _dense(gradient):
    """TensorFlow gives the gradient of an embedding as the rows that were used; a rule sees the whole."""
    if not hasattr(gradient, "indices"):
        return gradient
    import tensorflow as tf

    return tf.convert_to_tensor(gradient)


def _numbers(kind):
    """Where TensorFlow must be told of which type plain numbers are."""
    if backend.backend() != "tensorflow":
        return contextlib.nullcontext()
    from gdcore.rules.tensorflow_world import numbers_are

    return numbers_are(kind)


def _told(rule):
    """A rule as plain values, for a file."""
    own = {f.name: getattr(rule, f.name) for f in fields(rule) if f.name != "rule"}
    return {"rule": type(rule).__name__, "hyper": own} | ({"inner": _told(rule.rule)} if isinstance(rule, R.Wrapper) else {})


def _made(told):
    """The rule that plain values mean."""
    kind = getattr(R, told["rule"], None)
    if not (isinstance(kind, type) and issubclass(kind, R.Rule)):
        raise ValueError(f"The saved optimizer is of the rule {told['rule']!r}, which this gdcore does not have.")
    hyper = {k: tuple(v) if isinstance(v, list) else v for k, v in told["hyper"].items()}
    return kind(_made(told["inner"]), **hyper) if "inner" in told else kind(**hyper)
