"""Any function of numbers as straight-line JavaScript: it is called once, on values that write down what is done to them.

A value is one number, or one number for each row of some data; a `Vector` is a few values. Both bring their own arithmetic
(see gdcore.rules.arithmetic.world), so that a function in plain mathematics takes them as it takes arrays, its closures included.
Operations stay in the order in which they are done, so JavaScript rounds as Python does; only whole powers become products.
"""

import functools
import math
import operator
import sys
import weakref

import numpy as np

__all__ = ["Printer", "Value", "Vector", "number"]

_SIGNS = {"add": ("+", 4), "sub": ("-", 4), "mul": ("*", 5), "div": ("/", 5), "mod": ("%", 5), "or": ("??", 1),
          "lt": ("<", 3), "le": ("<=", 3), "gt": (">", 3), "ge": (">=", 3)}
_LETTERS = "abcdefghjklmnoqrstuvw"  # i counts rows, p are the parameters, x, y and z the point
_CHOICE = 0
_UNARY, _ATOM = 6, 9  # precedence, as the numbers above


class Value:
    """An operation on other values, or an input ("name", its JavaScript). Equal operations on equal values are one value."""

    _arithmetic_ = sys.modules[__name__]
    __array_ufunc__ = None  # NumPy's numbers leave arithmetic with values to them
    __slots__ = ("__weakref__", "args", "op", "rows", "varies")
    known = weakref.WeakValueDictionary()
    dtype = float

    def __new__(cls, op, *args, rows=None, varies=None):
        key = (op, *args, rows, varies)
        value = cls.known.get(key)
        if value is None:
            value = super().__new__(cls)
            inner = [a for a in args if isinstance(a, Value)]
            value.op, value.args = op, args
            value.rows = rows or next((a.rows for a in inner if a.rows and op != "sum"), None)
            value.varies = any(a.varies for a in inner) if varies is None else varies  # with the point, not only with parameters
            cls.known[key] = value
        return value

    def __add__(self, other): return Value("add", self, other)
    def __radd__(self, other): return self if other == 0 else Value("add", other, self)  # sum(…) begins with 0
    def __sub__(self, other): return Value("sub", self, other)
    def __rsub__(self, other): return Value("sub", other, self)
    def __mul__(self, other): return self if other == 1 else Value("mul", self, other)
    def __rmul__(self, other): return self if other == 1 else Value("mul", other, self)  # math.prod(…) begins with 1
    def __truediv__(self, other): return Value("div", self, other)
    def __rtruediv__(self, other): return Value("div", other, self)
    def __neg__(self): return Value("neg", self)
    def __abs__(self): return Value("abs", self)

    def __pow__(self, n):
        if n not in (2, 3, 4):
            raise TypeError(f"A value can be raised to the powers 2, 3 and 4 and was raised to {n!r}; write it with exp, or as products.")
        square = self * self
        return {2: lambda: square, 3: lambda: square * self, 4: lambda: square * square}[n]()

    def __bool__(self):
        raise TypeError("A function that branches on its point has no straight-line code; use maximum, minimum, abs or sign.")

    def __matmul__(self, matrix):
        """One number for each row of the data, times the data: a few sums over the rows."""
        return Vector(Value("sum", self * _data(column)) for column in np.asarray(matrix).T)

    def sum(self, axis):
        return Value("sum", self)

    def mean(self, axis):
        return self.sum(axis) / self.rows

    def __format__(self, spec):
        """In an f-string: the place where JavaScript's template literal puts the number."""
        return "${short(%s)}" % Printer().text(self)


class Vector:
    """A few values: the coordinates of a point, or the slopes of a function."""

    _arithmetic_ = sys.modules[__name__]
    dtype = float

    def __init__(self, parts):
        self.parts = tuple(parts)
        self.shape = (len(self.parts),)

    def __getitem__(self, index):
        *rest, i = index
        assert rest == [...]
        return self.parts[i]

    def __truediv__(self, other):
        return Vector(part / other for part in self.parts)

    def __matmul__(self, matrix):
        """A weighted sum of the rows of a matrix that is as wide as the data is long."""
        return functools.reduce(operator.add, (part * _data(row) for part, row in zip(self.parts, np.asarray(matrix))))


def _data(numbers):
    return Value("data", tuple(numbers.tolist()), rows=len(numbers), varies=False)


# -- the arithmetic of values ----------------------------------------------------------------------------------------------------


def _function(name):
    return lambda *args: Value(name, *args)


sqrt, sign, exp, log, cos, sin, logaddexp = map(_function, ("sqrt", "sign", "exp", "log", "cos", "sin", "logaddexp"))
maximum, minimum = _function("max"), _function("min")


def stack(parts, axis):
    return Vector(parts)


def asarray(values, dtype):
    return np.asarray(values)


# -- printing --------------------------------------------------------------------------------------------------------------------


def number(x):
    """A number of Python as one of JavaScript."""
    x = float(x)
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return repr(x).removesuffix(".0")


class Printer:
    """Writes values as JavaScript; those that it has named already are not written again.

    data: {numbers: name} of all data met so far, to be shared by several printers; names: those given by another one.
    """

    def __init__(self, data=None, names=()):
        self.names, self.data = dict(names), {} if data is None else data

    def constants(self, *results):
        """What is the same for all points gets a name, once and for all: the lines of code, to be written before the others."""
        wanted = []
        for value in _reach(results, self.names):
            wanted += [a for a in value.args if isinstance(a, Value) and value.varies]
        wanted += [r for r in results if not r.varies]
        return self._name([v for v in _reach(results, {}) if not v.varies and v in wanted])

    def shared(self, *results):
        """What these results use more than once gets a name: the lines of code."""
        order = _reach(results, self.names)
        uses = [a for value in order for a in value.args if isinstance(a, Value)] + list(results)
        return self._name([v for v in order if uses.count(v) > 1])

    def _name(self, values):
        parts = []
        for value in values:
            if value.op not in ("name", "data") and value not in self.names:
                text = self.text(value)
                self.names[value] = _LETTERS[len(self.names)]
                parts.append(f"{self.names[value]} = {f'rows({value.rows}, (i) => {text})' if value.rows else text}")
        return [f"const {', '.join(parts)};"] if parts else []

    def text(self, value, least=0):
        """The expression of a value."""
        text, tightness = self._text(value) if isinstance(value, Value) else _of_number(value)
        return f"({text})" if tightness < least else text

    def _text(self, value):
        if value in self.names:
            return self.names[value] + ("[i]" if value.rows else ""), _ATOM
        if value.op == "name":
            return value.args[0], _ATOM
        if value.op == "data":
            return self.data.setdefault(value.args[0], f"D{len(self.data)}") + "[i]", _ATOM
        if value.op == "sum":
            (of,) = value.args
            return f"sum({of.rows}, (i) => {self.text(of)})", _ATOM
        if value.op == "neg":
            return f"-{self.text(value.args[0], _ATOM)}", _UNARY
        if value.op in _SIGNS:
            sign, tightness = _SIGNS[value.op]
            left, right = value.args
            return f"{self.text(left, tightness)} {sign} {self.text(right, tightness + 1)}", tightness
        if value.op == "where":
            test, yes, no = value.args
            return f"{self.text(test, 1)} ? {self.text(yes)} : {self.text(no)}", _CHOICE
        called = value.op if value.op == "logaddexp" else f"Math.{value.op}"
        return f"{called}({', '.join(map(self.text, value.args))})", _ATOM


def _of_number(x):
    text = number(x)
    return text, _UNARY if text.startswith("-") else _ATOM


def _reach(roots, stop):
    """All values below the roots, each once and after its arguments, but for those in `stop`."""
    order = {}

    def visit(value):
        if isinstance(value, Value) and value not in order and value not in stop:
            for a in value.args:
                visit(a)
            order[value] = True

    for root in roots:
        visit(root)
    return list(order)
