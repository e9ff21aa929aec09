"""What libraries add to every rule: weight decay in its two forms, and going uphill."""

from dataclasses import dataclass

from gdcore.rules.base import Wrapper

__all__ = ["L2", "DecoupledDecay", "Ascent"]


@dataclass(frozen=True)
class L2(Wrapper):
    """Weight decay as a penalty: the gradient of (λ/2)‖x‖² is added to the gradient, and goes through the whole rule.

    Hanson and Pratt (1988), NIPS 1. Matches the weight_decay of torch.optim.SGD and torch.optim.Adam.
    """

    weight_decay: float = 0.0

    def update(self, x, g, t, *inner):
        g = g + self.weight_decay * x
        return self.rule.update(x, g, t, *inner)


@dataclass(frozen=True)
class DecoupledDecay(Wrapper):
    """Weight decay beside the rule: weights shrink by the share ηλ before the step.

    Loshchilov and Hutter (2019), arXiv:1711.05101. Matches decoupled_weight_decay=True of torch.optim.NAdam and RAdam.
    """

    weight_decay: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        if not hasattr(self.rule, "lr") and "lr" in self.rule.hyperparameters():
            name = type(self.rule).__name__
            raise TypeError(f"DecoupledDecay needs the learning rate of the rule in it, and {name} has none of its own; "
                            "put DecoupledDecay inside.")

    def update(self, x, g, t, *inner):
        x = (1 - self.rule.lr * self.weight_decay) * x
        return self.rule.update(x, g, t, *inner)


@dataclass(frozen=True)
class Ascent(Wrapper):
    """Uphill: the rule gets the opposite gradient, so that it maximises. Matches maximize=True of torch.optim."""

    @property
    def lazy(self):
        return self.rule.lazy

    def update(self, x, g, t, *inner):
        g = -g
        return self.rule.update(x, g, t, *inner)

    def probe(self, x, g, t, *inner):
        return self.rule.probe(x, -g, t, *inner)
