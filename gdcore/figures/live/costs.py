"""What one error costs: the losses that a figure of fits can show, in plain arithmetic, so that they run here and print as JavaScript."""

from gdcore.rules.arithmetic import minimum

__all__ = ["COSTS"]


def huber(e, delta):
    """½ e² up to delta, from there on a straight line (Huber 1964)."""
    near = minimum(abs(e), delta)
    return near * (abs(e) - near / 2)


COSTS = {"squared": lambda e, delta: e**2, "absolute": lambda e, delta: abs(e), "Huber": huber}
