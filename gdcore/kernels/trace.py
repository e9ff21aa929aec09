"""A rule, run once on values that write down what is done to them.

`trace(rule)` gives a `Program`: what one step does to one entry, as a graph. All that does not depend on the entry (powers
of t, products of hyper-parameters) is marked scalar, so a printer can compute it once a step, outside the loop.
"""

import sys
from dataclasses import dataclass

from gdcore.rules.base import Rule

__all__ = ["NotTraceable", "Program", "Value", "late", "reach", "structure", "trace"]

SYMBOLIC_BOOLEAN = "A rule may branch on its own options only; use where(condition, a, b) on values."


class NotTraceable(TypeError):
    """The rule does something to whole tensors that no program for single entries can say."""


class Value:
    """A node of the graph: an operation on other nodes, an input, or a constant."""

    _arithmetic_ = sys.modules[__name__]
    __slots__ = ("args", "array", "number", "op")
    known = {}  # equal operations on equal values are one node
    matrix = False  # whether the rule traced takes matrices only

    def __new__(cls, op, *args, array=None):
        key = (op, args, array)
        if key not in cls.known:
            node = super().__new__(cls)
            node.op, node.args, node.number = op, args, len(cls.known)
            node.array = any(a.array for a in args if isinstance(a, Value)) if array is None else array
            cls.known[key] = node
        return cls.known[key]

    def partial(self):
        """A value on the way to this one. Its number is its own, and not the next of a trace that may be another rule's by now."""
        node = super().__new__(Value)
        node.op, node.args, node.number, node.array = "partial", (self,), -1 - self.number, True
        return node

    def __add__(self, other): return add(self, other)
    def __radd__(self, other): return add(other, self)
    def __sub__(self, other): return add(self, mul(-1.0, other))
    def __rsub__(self, other): return add(other, mul(-1.0, self))
    def __mul__(self, other): return mul(self, other)
    def __rmul__(self, other): return mul(other, self)
    def __truediv__(self, other): return div(self, other)
    def __rtruediv__(self, other): return div(other, self)
    def __neg__(self): return mul(-1.0, self)
    def __abs__(self): return Value("abs", self)
    def __pow__(self, other): return power(self, other)
    def __rpow__(self, other): return power(other, self)
    def __mod__(self, other): return Value("mod", self, _value(other))
    def __gt__(self, other): return Value("gt", self, _value(other))
    def __lt__(self, other): return Value("gt", _value(other), self)

    def __bool__(self):
        raise NotTraceable(SYMBOLIC_BOOLEAN)

    def __getattr__(self, name):
        raise NotTraceable(f"A rule for single entries asked for .{name}, which only whole arrays have.")


def _value(x):
    return x if isinstance(x, Value) else Value("const", float(x), array=False)


def _constant(x):
    """The number that x is known to be, else None."""
    return None if isinstance(x, Value) and x.op != "const" else float(x.args[0] if isinstance(x, Value) else x)


# -- the arithmetic of traced values: what is known already is done at once ---------------------------------------------------
# A scalar factor of an array is pulled outwards (("mul", array, scalar), at most one at each level), so that factors meet
# and become one number a step.


def add(a, b):
    ka, kb = _constant(a), _constant(b)
    if ka is not None and kb is not None:
        return _value(ka + kb)
    if ka == 0:
        return b
    return a if kb == 0 else Value("add", _value(a), _value(b))


def mul(a, b):
    ka, kb = _constant(a), _constant(b)
    if ka is not None and kb is not None:
        return _value(ka * kb)
    if 0 in (ka, kb):
        return _value(0.0)
    if ka == 1:
        return b
    if kb == 1:
        return a
    a, b = _value(a), _value(b)
    if b.array and not a.array:
        a, b = b, a
    if a.array and not b.array:
        inner, factor = _factor(a)
        return Value("mul", inner, mul(factor, b))
    if not a.array:
        return Value("mul", a, b)
    (a, fa), (b, fb) = _factor(a), _factor(b)
    return mul(Value("mul", a, b), mul(fa, fb))


def div(a, b):
    ka, kb = _constant(a), _constant(b)
    if ka is not None and kb is not None:
        return _value(ka / kb)
    if ka == 0:
        return _value(0.0)
    if kb == 1:
        return a
    a, b = _value(a), _value(b)
    if a.array and not b.array:
        inner, factor = _factor(a)
        return mul(inner, div(factor, b))
    if a.array:
        inner, factor = _factor(a)
        return mul(Value("div", inner, b), factor)
    return Value("div", a, b)


def _factor(a):
    """(array, scalar) with a = array * scalar."""
    return a.args if a.op == "mul" and not a.args[1].array else (a, 1.0)


def power(a, b):
    ka, kb = _constant(a), _constant(b)
    if ka is not None and kb is not None:
        return _value(ka**kb)
    a, b = _value(a), _value(b)
    if not a.array:
        return Value("pow", a, b)
    if kb != 2:
        raise NotTraceable(f"A rule for single entries may square an array, not raise it to the power {kb}.")
    inner, factor = _factor(a)
    return mul(Value("mul", inner, inner), mul(factor, factor))


def sqrt(a):
    return Value("sqrt", _value(a))


def sign(a):
    return Value("sign", _value(a))


def maximum(a, b):
    return Value("max", _value(a), _value(b))


def minimum(a, b):
    return Value("min", _value(a), _value(b))


def where(condition, a, b):
    if _constant(a) is not None and _constant(a) == _constant(b):
        return a
    return Value("where", condition, _value(a), _value(b))


def equal(a, b):
    return Value("eq", _value(a), _value(b))


def ratio(a, b):
    return div(a, b)


def full_like(x, value):
    return _value(value)


SYMBOLIC = OWN = True  # asks gdcore.rules.arithmetic for this module's own `equal`, `shape`, …


def norm(a):
    """The length of a whole array: one number, known after a first pass over the entries."""
    return Value("norm", a, array=False) if _value(a).array else Value("abs", a)


def operator(name, latex, a, *args):
    """A function of a matrix that is `named`: another matrix of the same shape, made as a whole."""
    if not Value.matrix:
        _whole()
    return Value("operator", a, name, *args)


def shape(a):
    """All arrays of a traced rule have the shape of the parameter."""
    if not Value.matrix:
        _whole()
    return Value("rows", array=False), Value("columns", array=False)


def _whole(*args):
    raise NotTraceable("This rule asks for more than entries and lengths.")


rms = mean = total = matmul = transpose = eye = inverse_root = machine_eps = size = _whole


# -- programs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Program:
    """One step as a graph. `x` is the new parameter; `state` maps each name to (its input, its new value)."""

    rule: Rule
    x: Value
    state: dict
    arrays: tuple  # names of the memory with one number an entry
    scalars: tuple  # names of the memory with one number a tensor

    @property
    def outputs(self):
        """{name: new value} of the parameter and of each array memory, in that order."""
        return {"param": self.x} | {name: self.state[name][1] for name in self.arrays}


def structure(rule):
    """What a program depends on: the rule's class and its options, not the values of its hyper-parameters."""
    inner = getattr(rule, "rule", None)
    values = {k: v for k, v in vars(rule).items() if k != "rule"}
    return type(rule), tuple((k, _frozen(type(rule), k, v)) for k, v in values.items()), structure(inner) if inner else None


def _frozen(cls, name, value):
    """The value if the program must know it (an option, or a term that is switched off), else None."""
    if isinstance(value, (bool, str, tuple)) or value is None:
        return value
    off = cls.__dataclass_fields__[name].default == 0 or name == "weight_decay"
    return 0.0 if off and value == 0 else None


def trace(rule):
    """Run `rule.update` once on recording values. NotTraceable if it needs more than entries, lengths and named functions of arrays."""
    Value.known = {}  # numbers start again, so that the same rule gives the same program text
    Value.matrix = rule.reads == "matrix"
    symbolic, t = _symbolic(rule), Value("t", array=False)
    x, g = Value("x", array=True), Value("g", array=True)
    initial = dict(zip(rule.state_names, rule.init(Value("x", array=True)), strict=True))
    scalars = tuple(n for n, v in initial.items() if not isinstance(v, Value))
    inputs = {n: Value("state", n, array=n not in scalars) for n in rule.state_names}
    new_x, *new = symbolic.update(x, g, t, *inputs.values())
    state = {n: (inputs[n], _value(v)) for n, v in zip(inputs, new, strict=True)}
    live = _live(_value(new_x), state)
    arrays = tuple(n for n in live if n not in scalars)
    return Program(rule, _value(new_x), state, arrays, tuple(n for n in live if n in scalars))


def _symbolic(rule):
    """The same rule with recording values for hyper-parameters; options stay as they are."""
    cls, options, inner = structure(rule)
    values = {k: Value("hyper", k, array=False) if frozen is None and getattr(rule, k) is not None else getattr(rule, k)
              for k, frozen in options}
    return cls(_symbolic(rule.rule), **values) if inner else cls(**values)


def reach(*roots):
    """All nodes below the roots, each after its arguments."""
    order, seen = [], set()

    def visit(node):
        if node.number not in seen:
            seen.add(node.number)
            for a in node.args:
                if isinstance(a, Value):
                    visit(a)
            order.append(node)

    for root in roots:
        visit(root)
    return order


_LATE = {"norm", "rows", "columns"}


def late(roots):
    """The numbers of those scalars that depend on the length or the shape of an array, and so cannot be known before the step."""
    return {n.number for n in reach(*roots) if not n.array and any(below.op in _LATE for below in reach(n))}


def _live(x, state):
    """The names of the memory that anything else reads: a switched-off term needs no memory."""
    live, todo = [], [x]
    while todo:
        for node in reach(todo.pop()):
            if node.op == "state" and node.args[0] not in live:
                live.append(node.args[0])
                todo.append(state[node.args[0]][1])
    # an average that is kept for the answer is read by nobody in `update`
    kept = [n for n, (old, new) in state.items() if new is not old and any(node is old for node in reach(new))]
    return [n for n in state if n in live or n in kept]

