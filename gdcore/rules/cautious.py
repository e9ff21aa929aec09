"""A rule around any other that keeps of its step what goes downhill now."""

from dataclasses import dataclass

from gdcore.rules.arithmetic import maximum, mean, sign
from gdcore.rules.base import Wrapper

__all__ = ["Cautious"]


@dataclass(frozen=True)
class Cautious(Wrapper):
    """Cautious: of any rule's step only the entries that go against the present gradient, made longer by as much as were dropped.

    Liang et al. (2024), arXiv:2411.16085. The scale is that of the authors' present code: one over the share of the entries that are kept,
    a share of at least `least`. Each tensor has its own. A weight decay is not masked there, so it belongs outside:
    DecoupledDecay(Cautious(Adam()), 0.01) is their C-AdamW. Raises ValueError for a rule with a weight decay inside, TypeError for no rule.
    """

    least: float = 1e-3

    def __post_init__(self):
        super().__post_init__()
        if inner := self.rule.hyperparameters().get("weight_decay"):
            raise ValueError(f"Cautious would mask a weight decay inside of it, and {type(self.rule).__name__} has one of {inner!r}: "
                             "take that out and write DecoupledDecay(Cautious(…), weight_decay=…) or L2(Cautious(…), weight_decay=…).")

    @property
    def reads(self):
        return "tensor" if self.rule.reads == "entry" else self.rule.reads

    @property
    def lr(self):
        """The learning rate of the rule inside, for a weight decay outside."""
        return self.rule.lr

    def update(self, x, g, t, *inner):
        before = x
        x, *inner = self.rule.update(x, g, t, *inner)
        u = x - before
        agree = maximum(sign(-u * g), 0.0)
        share = maximum(mean(agree), self.least)
        return (before + agree * u / share, *inner)
