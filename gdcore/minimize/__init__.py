"""Any rule on any function: see `minimize`, and `Trace` for what it returns."""

from gdcore.minimize.run import minimize
from gdcore.minimize.trace import Trace

__all__ = ["Trace", "minimize"]
