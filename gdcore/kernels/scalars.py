"""The part of a step that is the same for all entries, printed as Python: once a step, on plain numbers."""

import math

from gdcore.kernels.trace import Value, late, reach
from gdcore.rules.arithmetic import maximum, minimum, ratio, sign, sqrt, where

__all__ = ["FORMS", "SCOPE", "Scalars"]

SCOPE = {"sqrt": sqrt, "sign": sign, "max": maximum, "min": minimum, "where": where, "ratio": ratio, "math": math}
FORMS = {"add": "{} + {}", "mul": "{} * {}", "div": "ratio({}, {})", "pow": "{} ** {}", "mod": "{} % {}", "gt": "{} > {}",
          "eq": "{} == {}", "sqrt": "sqrt({})", "sign": "sign({})", "abs": "abs({})", "max": "max({}, {})",
          "min": "min({}, {})", "where": "where({}, {}, {})"}


class Scalars:
    """Collects the scalars that a kernel wants and computes them: `scalars(h, t, s)` -> (values, new scalar memory).

    h: {hyper-parameter: number}, t: number of the step, s: {scalar memory: number}.
    """

    def __init__(self, program):
        self.program, self.wanted = program, []

    def name(self, node):
        """The kernel's name of a scalar node: c0, c1, …"""
        for i, known in enumerate(self.wanted):
            if known is node:
                return f"c{i}"
        self.wanted.append(node)
        return f"c{len(self.wanted) - 1}"

    def build(self):
        """Compile the collected scalars into one function; returns (function, its source). TypeError for a scalar memory of an array."""
        memory = {n: self.program.state[n][1] for n in self.program.scalars}
        if own := [n for n, new in memory.items() if new.number in late([new])]:
            raise TypeError(f"{type(self.program.rule).__name__} begins {own[0]} as a number, which all tensors share, and then makes it "
                            "depend on the tensor. Let init give an array for it, such as zeros_like(x).")  # fmt: skip
        lines, names = [], {}
        for node in reach(*self.wanted, *memory.values()):
            if node.op == "const":
                names[node.number] = repr(node.args[0])
            elif node.op == "t":
                names[node.number] = "t"
            elif node.op in ("hyper", "state"):
                names[node.number] = f"{'h' if node.op == 'hyper' else 's'}[{node.args[0]!r}]"
            else:
                names[node.number] = f"n{len(lines)}"
                args = [names[a.number] for a in node.args if isinstance(a, Value)]
                lines.append(f"    n{len(lines)} = {FORMS[node.op].format(*(f'({a})' if a[0] == '-' else a for a in args))}")
        values = "".join(f"{names[n.number]}, " for n in self.wanted)
        new = ", ".join(f"{n!r}: {names[v.number]}" for n, v in memory.items())
        source = "\n".join(["def scalars(h, t, s):", *lines, f"    return ({values}), {{{new}}}", ""])
        scope = dict(SCOPE)
        exec(source, scope)  # our own text, made from the rule's own operations
        return scope["scalars"], source
