"""What every rule is: a frozen set of hyper-parameters with a pure `update`."""

import inspect
from dataclasses import dataclass, fields, replace
from typing import ClassVar

from gdcore.rules.arithmetic import zeros_like
from gdcore.rules.hyperparameters import check

__all__ = ["Rule", "Wrapper"]


@dataclass(frozen=True)
class Rule:
    """An optimizer as plain mathematics.

    Subclass it as a frozen dataclass: the fields are the hyper-parameters, and

        update(self, x, g, t, *state) -> (new x, *new state)

    is one step: `x` the parameters, `g` the gradient at x (same shape), `t` the number of this step, from 1. The names
    after `t` are the rule's memory. `update` changes nothing in place and names no framework.

    Raises ValueError if a hyper-parameter lies outside its range (see `hyperparameters.py`).
    """

    reads: ClassVar[str] = "entry"  # what one entry of x depends on: its own "entry", the whole "tensor", or a "matrix"
    second_gradient: ClassVar[bool] = False  # True if `probe` names a point at which it wants another gradient
    lazy: ClassVar[bool] = False  # True if a zero gradient changes nothing: then a sparse gradient needs only its rows

    _parameters: ClassVar[tuple] = ()  # of `update`, read once for each class: that takes as long as a small step

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        cls._parameters = tuple(inspect.signature(cls.update).parameters.values())

    def __post_init__(self):
        for field in fields(self):
            check(type(self).__name__, field.name, getattr(self, field.name))

    @property
    def state_names(self):
        """The names of the memory, read off the signature of `update`."""
        return tuple(p.name for p in self._parameters)[4:]

    def init(self, x):
        """The memory before the first step, one entry for each of `state_names`; zeros shaped like x unless a rule says otherwise.

        An entry that is a Python float is one number for the whole tensor.
        """
        return tuple(zeros_like(x) for _ in self.state_names)

    def update(self, x, g, t):
        raise NotImplementedError(f"{type(self).__name__} has no update: write update(self, x, g, t, *state).")

    def probe(self, x, g, t, *state):
        """Where a second gradient is wanted before `update` (sharpness-aware rules); None if nowhere."""
        return None

    def answer(self, x, *state):
        """The point to report and to evaluate: x itself, unless the rule keeps a better one (an average)."""
        return x

    # -- hyper-parameters as one flat dictionary, inner rules included --------------------------------------------------

    def hyperparameters(self):
        """{name: value} of all fields, those of a wrapped rule included."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def with_hyperparameters(self, **values):
        """The same rule with some hyper-parameters changed."""
        return replace(self, **values)


@dataclass(frozen=True)
class Wrapper(Rule):
    """A rule around another rule, whose memory follows its own."""

    rule: Rule

    def __post_init__(self):
        if not isinstance(self.rule, Rule):
            raise TypeError(f"{type(self).__name__} wraps a rule such as Adam(lr=1e-3), got {type(self.rule).__name__}.")
        super().__post_init__()

    @property
    def reads(self):
        return self.rule.reads

    @property
    def state_names(self):
        own = tuple(p.name for p in self._parameters if p.kind is p.POSITIONAL_OR_KEYWORD)[4:]
        return own + self.rule.state_names

    def init(self, x):
        return self.rule.init(x)  # a wrapper with memory of its own puts that before

    def probe(self, x, g, t, *state):
        return self.rule.probe(x, g, t, *self._inner(state))

    def answer(self, x, *state):
        return self.rule.answer(x, *self._inner(state))

    def _inner(self, state):
        """The memory of the inner rule, which follows the wrapper's own."""
        return state[len(self.state_names) - len(self.rule.state_names):]

    def hyperparameters(self):
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "rule"}
        return {**self.rule.hyperparameters(), **own}

    def with_hyperparameters(self, **values):
        own = {f.name for f in fields(self)} - {"rule"}
        inner = self.rule.with_hyperparameters(**{k: v for k, v in values.items() if k not in own})
        return replace(self, rule=inner, **{k: v for k, v in values.items() if k in own})
