"""What both bridges share: which rule steps a leaf, at which learning rate, and which way round it sees a matrix."""

from dataclasses import dataclass

from gdcore.rules import Rule, Wrapper
from gdcore.rules.arithmetic import transpose

__all__ = ["Leaf", "chosen", "checked"]


def checked(rule, others):
    """Raise TypeError, in one sentence, for what no bridge can carry."""
    for given, name in ((rule, "rule"), (others, "others")):
        if given is None and name == "others":
            continue
        if not isinstance(given, Rule):
            raise TypeError(f"{name} must be a rule such as gdcore.rules.Adam(lr=1e-3), got {type(given).__name__}.")
        if given.second_gradient or _wants_a_second(given):
            raise TypeError(f"{type(given).__name__} asks for a second gradient at another point, which this library's step cannot give; "
                            "take it with gdcore.optim, or write the two gradients into the training step.")
    if others is not None and others.reads == "matrix":
        raise TypeError(f"others steps what is no matrix, and {type(others).__name__} is for matrices only; give a rule such as AdamW.")


def _wants_a_second(rule):
    return isinstance(rule, Wrapper) and (rule.rule.second_gradient or _wants_a_second(rule.rule))


@dataclass(frozen=True)
class Leaf:
    """How one array is stepped. turned: the rule sees it transposed, as (outputs, inputs), like torch's weights."""

    rule: Rule
    turned: bool = False

    def see(self, x):
        return transpose(x) if self.turned else x

    def init(self, x):
        """The memory before the first step, a tuple."""
        return tuple(self.rule.init(self.see(x)))

    def update(self, x, g, t, memory, rate=None):
        """(the new x, the new memory); rate: a learning rate in place of the rule's own, a number or a traced one."""
        rule = self.rule if rate is None else self.rule.with_hyperparameters(lr=rate)
        new, *memory = rule.update(self.see(x), self.see(g), t, *memory)
        return self.see(new), tuple(memory)

    def answer(self, x, memory):
        return self.see(self.rule.answer(self.see(x), *memory))


def chosen(rule, others, shape, out_axis, name):
    """The `Leaf` for an array of this shape. Raises ValueError, with its name, for one that the rule cannot step."""
    if rule.reads != "matrix":
        return Leaf(rule)
    if len(shape) == 2:
        return Leaf(rule, turned=out_axis in (-1, 1))
    if others is None:
        raise ValueError(f"{type(rule).__name__} works on matrices, and {name} has the shape {tuple(shape)}: name a rule for the "
                         "rest, as in others=gdcore.rules.AdamW(lr=1e-3).")
    return Leaf(others)
