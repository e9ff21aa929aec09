"""Expressions of a rule as LaTeX, with the terms in the order in which the rule writes them."""

import ast
import functools
from dataclasses import dataclass

from gdcore.rules.hyperparameters import HYPERPARAMETERS
from gdcore.views.syntax import names_in

__all__ = ["expression", "hyperparameter_symbol", "hyperparameters", "symbol", "symbols"]

_GREEK = {"alpha", "beta", "gamma", "delta", "eta", "lambda", "mu", "nu", "rho", "sigma", "tau", "psi"}
_LETTERS = {"agree": "a", "slow": "s", "weight": "w", "total": "W", "share": "q", "length": r"\ell", "Rprop.d": r"\Delta", "start": "x_0"}
_ACCENTS = {"hat": r"\hat{%s}", "bar": r"\bar{%s}"}
_SUM, _QUOTIENT, _PRODUCT, _SIGNED, _POWER, _ATOM = range(6)  # how tightly a text holds together


# -- names ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class symbol:
    """A letter with its marks: symbol("v", accent="hat", time="t") prints as \\hat{v}_t."""

    letter: str
    accent: str = ""
    above: str = ""
    below: str = ""
    primes: int = 0
    time: str = ""

    def __str__(self):
        text = _ACCENTS[self.accent] % self.letter if self.accent else self.letter
        text += "'" * self.primes + (f"^{{{self.above}}}" if self.above else "")
        below = ",".join(filter(None, (self.below, self.time)))
        return text + (f"_{below}" if len(below) == 1 or below == r"\infty" else f"_{{{below}}}" if below else "")

    def at(self, time, primes=None):
        return symbol(self.letter, self.accent, self.above, self.below, self.primes if primes is None else primes, time)


def _named(name, rule):
    """The symbol of a name of the rule's source, without a time."""
    stem, _, mark = name.rpartition("_")
    if f"{rule}.{name}" in _LETTERS:
        return symbol(_LETTERS[f"{rule}.{name}"])
    if name == "probe":
        return symbol("x", accent="hat")
    if name in HYPERPARAMETERS and name != "d":
        letter, _, below = HYPERPARAMETERS[name].symbol.partition("_")
        return symbol(letter, below=below.strip("{}"))
    if mark in _ACCENTS:
        return symbol(_named(stem, rule).letter, accent=mark)
    if mark == "max":
        return symbol(_named(stem, rule).letter, above=r"\max")
    if mark == "inf":
        return symbol(_named(stem, rule).letter, below=r"\infty")
    if mark == "next":
        return _named(stem, rule)
    return symbol(_LETTERS.get(name, f"\\{name}" if name in _GREEK else name))


def symbols(program):
    """{key: LaTeX} of all names in a program: m before the step is m_{t-1}, after it m_t, in between m'_t."""
    kind = type(program.rule).__name__
    matrix = type(program.rule).__dict__.get("reads") == "matrix"
    final = {v.id: n for n, v in program.returns.items() if isinstance(v, ast.Name)}
    last = {line.name: line.key for line in program.lines}
    moving = {"t.0", "g.0", f"{program.x}.0", *(f"{n}.0" for n in program.memory)}
    found = {"t.0": symbol("t")}

    def named(name):
        s = _named(name, kind)
        return symbol(s.letter.upper(), s.accent, s.above, s.below) if matrix and len(s.letter) == 1 else s

    for n in (program.x, *program.memory):  # what stays as it was at the start has no time
        stays = isinstance(program.returns[n], ast.Name) and program.returns[n].id == f"{n}.0"
        found[f"{n}.0"] = named(n) if stays else named(n).at("t-1")
    found["g.0"] = named("g").at("t")
    for line in program.lines:
        if not _is_call(line.value, "machine_eps") and any(key in moving for key in names_in(line.value)):
            moving.add(line.key)
        is_last = line.key in final or last[line.name] == line.key and line.name not in (program.x, "g")
        if line.key in final and final[line.key] != line.name:  # a memory of another name's last value, such as the last gradient
            is_last = False
        number = int(line.key.rpartition(".")[2])
        time = ("t+1" if line.name.endswith("_next") else "t") if line.key in moving else ""
        found[line.key] = named(line.name).at(time, primes=0 if is_last else number)
    for key, n in final.items():
        if key.rpartition(".")[0] != n and key in found:
            found[f"{n}.0"] = found[key].at("t-1")
    found.update({"rows": r"\text{rows}", "columns": r"\text{columns}"})
    for node in (*(line.value for line in program.lines), *program.returns.values()):
        found.update(hyperparameters(node))
    return {key: str(s) for key, s in found.items()} | {f"{n}.new": str(named(n).at("t")) for n in program.returns}


def hyperparameters(node):
    """{key: LaTeX} of the hyper-parameters in an expression."""
    return {key: hyperparameter_symbol(key[5:]) for key in names_in(node) if key.startswith("self.")}


def hyperparameter_symbol(name):
    known = HYPERPARAMETERS.get(name)
    return known.symbol if known else rf"\text{{{name}}}".replace("_", r"\_")


# -- expressions ---------------------------------------------------------------------------------------------------------------


def expression(node, symbols, program, inline=False):
    """The LaTeX of an expression; inside fractions and exponents (inline) a quotient is written with a slash."""
    return _Printer(symbols, program).text(node, inline=inline)


class _Printer:
    """Each method gives (text, how tightly it holds together)."""

    def __init__(self, symbols, program):
        self.symbols, self.program, self.inline, self.frac = symbols, program, False, "frac"
        inner = getattr(program.rule, "rule", None)
        self.step = type(inner).__name__ if inner is not None and type(inner).__name__ != "Step" else "step"
        # a factor that is one number for all entries is written before a fraction, not in it
        arrays = {"g.0", f"{program.x}.0", *(f"{n}.0" for n in program.memory)}
        self.scalars = {"t.0"}
        for line in program.lines:
            used = set(names_in(line.value))
            if not used & arrays:
                self.scalars.add(line.key)
            else:
                arrays.add(line.key)

    def text(self, node, least=_SUM, inline=None):
        """The text, in brackets if it holds together less than asked for."""
        outer = self.inline
        self.inline = outer if inline is None else inline
        text, tightness = getattr(self, type(node).__name__)(node)
        self.inline = outer
        return _brackets(text) if tightness < least else text

    def Name(self, node):
        return self.symbols[node.id], _ATOM

    def Constant(self, node):
        text = f"{node.value:g}" if isinstance(node.value, float) else str(node.value)
        return text, _SIGNED if text.startswith("-") else _ATOM

    def UnaryOp(self, node):
        return "-" + self.text(node.operand, _PRODUCT), _SIGNED if not isinstance(node.operand, ast.BinOp) else _SUM

    def Compare(self, node):
        sign = {ast.Gt: ">", ast.Lt: "<", ast.Eq: "="}[type(node.ops[0])]
        return f"{self.text(node.left)} {sign} {self.text(node.comparators[0])}", _SUM

    def BinOp(self, node):
        return getattr(self, type(node.op).__name__)(node.left, node.right)

    def Add(self, a, b):
        return f"{self.text(a)} + {self.text(b)}", _SUM

    def Sub(self, a, b):
        return f"{self.text(a)} - {self.text(b, _QUOTIENT)}", _SUM

    def Mult(self, a, b):
        return _beside(self.text(a, _PRODUCT), self.text(b, _PRODUCT), room=_is_call(_factors(a)[-1], "sqrt")), _PRODUCT

    def Div(self, a, b):
        if _is_guard(b):
            b = b.args[1]
        if self.inline:
            return f"{self.text(a, _PRODUCT)} / {self.text(b, _POWER)}", _QUOTIENT
        factors = _factors(a)
        before = []
        while (
            len(factors) > 1 and isinstance(factors[0], ast.Name) and (factors[0].id in self.scalars or factors[0].id.startswith("self."))
        ):
            before.append(self.text(factors.pop(0), _PRODUCT))
        above = self.text(functools.reduce(lambda u, v: ast.BinOp(u, ast.Mult(), v), factors), inline=True)
        fraction = rf"\{self.frac}{{{above}}}{{{self.text(b, inline=True)}}}"
        for factor in reversed(before):
            fraction = _beside(factor, fraction)
        return fraction, _PRODUCT

    def Pow(self, a, b):
        base = self.text(a, _ATOM)
        if "'" in base or isinstance(a, ast.Name) and "^" in base:
            base = _brackets(base)
        exponent = self.text(b, inline=True)
        return f"{base}^{exponent}" if len(exponent) == 1 else f"{base}^{{{exponent}}}", _POWER

    def Mod(self, a, b):
        return rf"{self.text(a, _PRODUCT)} \bmod {self.text(b, _PRODUCT)}", _PRODUCT

    def Call(self, node):
        name, args = node.func.id, node.args
        if hasattr(self, f"_{name}"):
            return getattr(self, f"_{name}")(*args)
        shown = getattr(self.program.functions.get(name), "latex", None)
        if shown is None:
            raise NotImplementedError(f"{name} has no notation; decorate it with gdcore.rules.arithmetic.named(…).")
        return f"{shown}{_brackets(self.text(args[0]))}", _ATOM

    def _sqrt(self, a):
        return rf"\sqrt{{{self.text(a)}}}", _ATOM

    def _abs(self, a):
        return rf"\lvert {self.text(a)} \rvert", _ATOM

    def _norm(self, a):
        return rf"\lVert {self.text(a)} \rVert", _ATOM

    def _sign(self, a):
        return rf"\operatorname{{sign}}{_brackets(self.text(a))}", _ATOM

    def _rms(self, a):
        return rf"\operatorname{{RMS}}{_brackets(self.text(a))}", _ATOM

    def _total(self, a):
        return rf"\operatorname{{sum}}{_brackets(self.text(a))}", _ATOM

    def _mean(self, a, axis=None):
        if axis is None:
            return rf"\operatorname{{mean}}{_brackets(self.text(a))}", _ATOM
        over = {-1: "row", -2: "column"}[axis.value]
        return rf"\operatorname{{mean}}_{{\text{{{over}}}}}{_brackets(self.text(a))}", _ATOM

    def both(self, a, b):
        return _brackets(self.text(a, inline=True) + r",\ " + self.text(b, inline=True))

    def _maximum(self, a, b):
        return rf"\max{self.both(a, b)}", _ATOM

    def _minimum(self, a, b):
        return rf"\min{self.both(a, b)}", _ATOM

    def _clip(self, x, low, high):
        bounds = r",\ ".join(self.text(a, inline=True) for a in (x, low, high))
        return rf"\operatorname{{clip}}{_brackets(bounds)}", _ATOM

    def _equal(self, a, b):
        return f"{self.text(a)} = {self.text(b)}", _SUM

    def _ratio(self, a, b):
        return self.Div(a, b)

    def _matmul(self, a, b):
        return _beside(self.text(a, _PRODUCT), self.text(b, _PRODUCT)), _PRODUCT

    def _transpose(self, a):
        return rf"{self.text(a, _ATOM)}^{{\top}}", _POWER

    def _inverse_root(self, a, p):
        return f"{self.text(a, _ATOM)}^{{-1/{self.text(p)}}}", _POWER

    def _machine_eps(self, x):
        return r"\varepsilon_{\text{machine}}", _ATOM

    def _gradient(self, x):
        return rf"\nabla f{_brackets(self.text(x))}", _ATOM

    def _step(self, x, g):
        return rf"\operatorname{{{self.step}}}{self.both(x, g)}", _ATOM

    def _where(self, condition, a, b):
        rows, outer = [], self.frac
        self.frac = "dfrac"  # LaTeX sets cases in small type
        while True:
            rows.append(rf"{self.text(a)} & \text{{if }} {self.text(condition)}")
            if not (_is_call(b, "where")):
                break
            condition, a, b = b.args
        rows.append(rf"{self.text(b)} & \text{{otherwise}}")
        self.frac = outer
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", _SUM


def _brackets(text):
    tall = any(mark in text for mark in (r"\frac", r"\dfrac", r"\begin"))
    return rf"\left({text}\right)" if tall else f"({text})"


def _beside(a, b, room=False):
    """A product: two numbers need a dot, roots, fractions and lengths a little room (LaTeX itself gives it to named functions)."""
    if b[0].isdigit():
        return rf"{a} \cdot {b}"
    return a + (r"\, " if room or b.startswith((r"\sqrt", r"\frac", r"\dfrac", r"\lVert")) else " ") + b


def _factors(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), node.right]
    return [node]


def _is_call(node, name):
    return isinstance(node, ast.Call) and node.func.id == name


def _is_guard(node):
    """where(d > 0, d, 1) below a fraction keeps a computer from dividing by zero; on paper the fraction is 0 there."""
    return (_is_call(node, "where") and isinstance(node.args[0], ast.Compare)
            and ast.dump(node.args[0].left) == ast.dump(node.args[1]) and isinstance(node.args[2], ast.Constant))
