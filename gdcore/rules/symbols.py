"""The arithmetic of symbols: what SymPy lacks for rules, so that an `update` can be called on symbols and printed."""

import sys

import sympy
from sympy import sign, sqrt  # noqa: F401  (part of this world's arithmetic)

SYMBOLIC = OWN = True  # its functions are called with our signatures


class _Operator(sympy.Function):
    """A function of arrays that stays as it is written."""

    _arithmetic_ = sys.modules[__name__]

    @classmethod
    def eval(cls, *args):
        return None


class Norm(_Operator):
    def _latex(self, printer, exp=None):
        return r"\lVert %s \rVert" % printer._print(self.args[0]) + (f"^{{{exp}}}" if exp else "")


class RMS(_Operator):
    def _latex(self, printer, exp=None):
        return r"\operatorname{RMS}(%s)" % printer._print(self.args[0]) + (f"^{{{exp}}}" if exp else "")


class Mean(_Operator):
    def _latex(self, printer, exp=None):
        if len(self.args) == 1:
            return r"\operatorname{mean}(%s)" % printer._print(self.args[0]) + (f"^{{{exp}}}" if exp else "")
        over = {-1: "row", -2: "column"}[int(self.args[1])]
        return r"\operatorname{mean}_{\text{%s}}(%s)" % (over, printer._print(self.args[0]))


class Total(_Operator):
    def _latex(self, printer, exp=None):
        return r"\operatorname{sum}(%s)" % printer._print(self.args[0]) + (f"^{{{exp}}}" if exp else "")


class MatrixProduct(_Operator):
    def _latex(self, printer, exp=None):
        return r" \, ".join(printer.parenthesize(a, 50) for a in self.args)


class Transposed(_Operator):
    def _latex(self, printer, exp=None):
        return r"{%s}^{\top}" % printer.parenthesize(self.args[0], 100)


class InverseRoot(_Operator):
    def _latex(self, printer, exp=None):
        return r"{%s}^{-1/%s}" % (printer.parenthesize(self.args[0], 100), printer._print(self.args[1]))


class Maximum(_Operator):
    """max(a, b) with the arguments in the order they were written (sympy.Max sorts and merges them)."""

    def _latex(self, printer, exp=None):
        return r"\max\left(%s,\ %s\right)" % tuple(map(printer._print, self.args)) + (f"^{{{exp}}}" if exp else "")


class Minimum(_Operator):
    def _latex(self, printer, exp=None):
        return r"\min\left(%s,\ %s\right)" % tuple(map(printer._print, self.args)) + (f"^{{{exp}}}" if exp else "")


norm, rms, total, matmul, transpose, inverse_root = Norm, RMS, Total, MatrixProduct, Transposed, InverseRoot
maximum, minimum = Maximum, Minimum


def mean(x, axis=None):
    return Mean(x) if axis is None else Mean(x, axis)


def where(condition, a, b):
    return sympy.Piecewise((a, condition), (b, True))


def equal(a, b):
    return sympy.Eq(a, b)


def shape(x):
    return sympy.Symbol("rows", positive=True, integer=True), sympy.Symbol("columns", positive=True, integer=True)


def operator(name, latex, *args):
    """An operator that is shown as `latex` of its first argument and stays as it is written."""

    def printed(self, printer, exp=None):
        return r"%s\left(%s\right)" % (latex, printer._print(self.args[0]))

    return type(name, (_Operator,), {"_latex": printed})(*(a for a in args if not isinstance(a, (str, tuple))))


def machine_eps(x):
    return sympy.Symbol(r"\varepsilon_{\text{machine}}", positive=True)
